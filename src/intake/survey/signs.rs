//! Which column says when somebody was last seen, and which are of the work of clerks?
//!
//! Takes a header, gives whether it dates a sign of life, the making of a record, or says who kept it. A date of the
//! first kind tells best who has left; of the others none tells one person from another.

use super::fields;

/// Usual names of dates of a last sign of life, the surest first: of what somebody came for, of what changed, of what
/// was registered or issued, of what somebody typed in.
#[rustfmt::skip]
pub(super) const HEADERS: [&str; 118] = [
    "最近就诊日期", "末次就诊日期", "末次就诊时间", "最后就诊时间", "zjjzrq", "djrq", "lastvisitdate", "regdate", "最后就诊日期",
    "最近就诊时间", "最近一次就诊日期", "最近一次就诊时间", "最后一次就诊日期", "最后一次就诊时间", "就诊日期", "就诊时间",
    "最近联系日期", "最近随访日期", "最近随访时间", "最近一次随访日期", "最近一次随访时间", "末次随访日期", "末次随访时间", "最后随访日期",
    "随访日期", "随访时间", "最后活动日期", "最近活动时间", "最近缴费日期", "最近缴费时间", "最近缴费年月", "最近缴费月份", "最后缴费年月",
    "最后缴费日期", "缴费年月", "缴费月份", "缴费日期", "缴费时间", "更新日期", "更新时间", "最后更新日期", "最后更新时间",
    "数据更新时间", "数据更新日期", "变更日期", "变更时间", "最后变更日期", "最后变更时间", "变动日期", "变动时间", "修改日期", "修改时间",
    "最后修改时间", "业务时间", "业务日期", "办理日期", "办理时间", "最近服务日期", "最近服务时间", "最近活动日期", "核查日期", "核查时间",
    "核对日期", "核对时间", "走访日期", "走访时间", "接种日期", "接种时间", "体检日期", "体检时间",
    "登记日期", "登记时间", "登簿日期", "登簿时间", "备案日期", "备案时间", "签订日期", "签订时间", "合同签订日期", "签约日期", "续签日期",
    "签发日期", "签发时间", "发证日期", "发证时间", "办证日期", "办证时间", "gxrq", "gxsj", "djsj", "bgrq", "bgsj", "lastseen",
    "lastcontact", "lastvisit", "lastupdate", "lastupdated", "updatedate", "updatetime", "updatedat", "registrationdate",
    "registeredon", "registeredat", "registereddate", "dateregistered", "dateofregistration", "regdt",
    "参保日期", "注册日期", "申报日期", "采集日期", "采集时间", "录入日期", "录入时间", "入库日期", "入库时间", "建档日期", "lrsj",
];

/// What may stand before such a name: that it is the latest, and of what.
const LATEST: [&str; 8] = ["最近一次", "最后一次", "最近", "最后", "最新", "末次", "zh", "zj"];
const OF_RECORD: [&str; 4] = ["登记", "数据", "信息", "记录"];

/// The rank of a header that is a usual name but for words before it: 最近更新时间, 登记更新时间, ZHGXSJ.
pub(super) fn rank_of_latest(plain: &str) -> Option<usize> {
    let rest = LATEST.iter().chain(&OF_RECORD).find_map(|word| plain.strip_prefix(word))?;
    HEADERS.iter().position(|name| *name == rest).or_else(|| rank_of_latest(rest))
}

/// Does the header date the making of a record, after which somebody may have been seen?
pub(super) fn is_of_making(header: &str) -> bool {
    const WORDS: [&str; 8] = ["参保", "注册", "申报", "采集", "录入", "入库", "建档", "lrsj"];
    let plain = fields::plain(header);
    let bare = OF_RECORD.iter().find_map(|word| plain.strip_prefix(word)).unwrap_or(&plain);
    WORDS.iter().any(|word| bare.starts_with(word))
}

/// Does the header date the work on a record, whatever it is called besides?
pub(super) fn is_of_work(header: &str) -> bool {
    #[rustfmt::skip]
    const WORK: [&str; 24] = [
        "录入", "更新", "入库", "修改", "变更", "创建", "采集", "核查", "审核", "上传", "导入", "同步", "操作", "填表", "填报", "申报", "调查",
        "普查", "访问", "入户", "走访", "受理", "签字", "发证",
    ];
    const DATES: [&str; 3] = ["日期", "时间", "年月"];
    #[rustfmt::skip]
    const LATIN: [&str; 33] = [
        "event", "created", "updated", "modified", "entered", "recorded", "issued", "transaction", "registered",
        "registration", "enumerated", "enumeration", "interview", "interviewed", "visited", "visit", "surveyed",
        "survey", "filed", "filled", "form", "submitted", "submission", "reported", "report", "received", "collected",
        "collection", "captured", "signed", "completed", "verified", "checked",
    ];
    /// A date of birth is the person's, wherever it was registered.
    const OF_PERSON: [&str; 4] = ["birth", "born", "dob", "marriage"];
    let plain = fields::plain(header);
    let words = fields::words(header);
    let has = |of: &[&str]| words.iter().any(|word| of.contains(&word.as_str()));
    let work = DATES.iter().find_map(|date| plain.strip_suffix(date));
    work.is_some_and(|work| WORK.iter().any(|word| work.ends_with(word))) || has(&LATIN) && !has(&OF_PERSON)
}

/// Does the header date what is no sign of life of this time: a birth or death, a term, leaving, a step of a life or of
/// a house, an event or a form?
pub(super) fn is_of_no_life(header: &str) -> bool {
    #[rustfmt::skip]
    const WORDS: [&str; 33] = [
        "出生", "死亡", "去世", "逝世", "火化", "有效", "到期", "期至", "截止", "失效", "终止", "结束", "届满", "期满", "注销", "迁出", "迁入", "离",
        "婚", "毕业", "入学", "工作", "入党", "竣工", "建成", "建造", "交房", "填表", "填报", "普查", "调查", "访问", "首次",
    ];
    #[rustfmt::skip]
    const LATIN: [&str; 40] = [
        "birth", "born", "dob", "death", "died", "deceased", "expiry", "expires", "expired", "expiration", "valid", "until", "end",
        "ends", "ended", "termination", "cancelled", "left", "moved", "arrived", "arrival", "marriage", "married", "divorce", "divorced",
        "graduation", "graduated", "school", "built", "construction", "completed", "event", "form", "filled", "interview",
        "interviewed", "survey", "surveyed", "enumeration", "enumerated",
    ];
    let plain = fields::plain(header);
    WORDS.iter().any(|word| plain.contains(word))
        || fields::words(header).iter().any(|word| LATIN.contains(&word.as_str()))
}

/// Does the header say who kept the record, or where that was done?
pub(super) fn is_of_clerk(header: &str) -> bool {
    #[rustfmt::skip]
    const WORDS: [&str; 24] = [
        "经办", "操作员", "操作人", "录入人", "录入员", "录入单位", "审核人", "审核员", "采集人", "采集员", "采集单位", "调查员", "普查员", "登记员",
        "登记人员", "登记单位", "登记机关", "登记机构", "受理人", "受理单位", "创建人", "修改人", "更新人", "发证机关",
    ];
    const LATIN: [&str; 5] = ["operator", "clerk", "enumerator", "interviewer", "typist"];
    let plain = fields::plain(header);
    WORDS.iter().any(|word| plain.contains(word))
        || fields::words(header).iter().any(|word| LATIN.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::study::Field;

    #[test]
    fn headers_of_dates_of_a_last_sign_of_life_are_known() {
        let field = |header: &str| fields::field_of(header).map(|(field, _)| field);
        #[rustfmt::skip]
        let known = [
            "登簿时间", "签发日期", "GXSJ", "UPDATE_TIME", "DJSJ", "最近缴费年月", "12.签约日期", "录入时间", "最近更新时间",
            "最近核查日期", "登记更新时间", "最后核对日期", "数据最近更新时间", "ZHGXSJ", "最近接种日期",
        ];
        for header in known {
            assert_eq!(field(header), Some(Field::LastSeen), "{header}");
        }
        for other in ["有效期至", "结婚日期", "出生登记", "最近出生日期", "登记类型", "系统更新日期"]
        {
            assert_eq!(field(other), None, "{other}");
        }
        let rank = |header: &str| fields::field_of(header).map(|(_, rank)| rank);
        assert!(rank("最近随访日期") < rank("登簿时间") && rank("登簿时间") < rank("录入时间"));
        assert!(
            is_of_making("录入时间")
                && is_of_making("数据采集时间")
                && is_of_making("参保日期")
                && !is_of_making("最近缴费年月")
                && !is_of_making("最近注册日期")
        );
    }

    #[test]
    fn the_work_of_clerks_is_told_from_what_persons_are() {
        for header in ["经办人", "操作员", "录入人员", "普查员姓名", "登记机关", "Enumerator"] {
            assert!(is_of_clerk(header), "{header}");
        }
        for header in
            ["信息采集时间", "系统更新日期", "event_date", "createdAt", "registered_on", "InterviewDate", "填表日期"]
        {
            assert!(is_of_work(header), "{header}");
        }
        for header in ["有效期至", "租赁终止日期", "迁入日期", "竣工日期", "interview_date", "ValidUntil"]
        {
            assert!(is_of_no_life(header), "{header}");
        }
        for header in ["受理时间", "维护时间", "租赁起始日期", "数据时间", "最近结算日期", "UpdatedOn"]
        {
            assert!(!is_of_no_life(header), "{header}");
        }
        for header in [
            "结婚登记日期",
            "birth_registration",
            "文化程度",
            "户口登记地",
            "登记类型",
            "居住时间",
            "occupation",
            "人员类别",
        ] {
            assert!(!is_of_clerk(header) && !is_of_work(header), "{header}");
        }
    }
}
