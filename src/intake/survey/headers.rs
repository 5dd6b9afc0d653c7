//! What does a column's name say?
//!
//! Takes a header in Chinese or English, gives what it is if it is no field of a person ([`fields`](super::fields)): a
//! label that says who is who, a record's number, the kind of a row. Case, width, blanks and underscores do not matter.

use unicode_normalization::UnicodeNormalization;

use super::fields::{BY_WORD, field_of, plain, words};
use super::foreign;
use crate::intake::study::file::LINK_COLUMNS;
use crate::intake::study::plain_letters::in_plain_letters;
use crate::intake::study::{Field, RowKind};

/// Common names of fields that are not built in: what they are called in a study.
const OTHERS: [(&str, &[&str]); 12] = [
    ("postcode", &["postcode", "zip", "zipcode", "postalcode", "邮编", "邮政编码"]),
    ("city", &["city", "town", "cityname", "rescitydesc"]),
    ("suburb", &["suburb", "locality"]),
    ("state", &["state", "province", "statecode", "statecd"]),
    ("street_number", &["streetnumber", "streetno", "housenumber", "houseno", "housenum"]),
    ("street_name", &["streetname", "street"]),
    ("email", &["email", "emailaddress", "mail", "电子邮箱"]),
    ("soc_sec_id", &["socsecid", "ssn", "socialsecuritynumber", "socsecnumber"]),
    ("middle_name", &["middlename", "midlname", "secondname", "mname"]),
    ("middle_initial", &["middleinitial", "mi"]),
    ("birth_place", &["birthplace", "placeofbirth", "出生地"]),
    ("occupation", &["occupation", "job", "jobtitle", "职业"]),
];

/// The name under which a study declares a column that is no built-in field; `repeats` says whether many persons share
/// each of its values.
pub(super) fn custom_name(header: &str, repeats: bool) -> String {
    let flat = plain(header);
    if let Some((name, _)) = OTHERS.iter().find(|(_, names)| names.contains(&flat.as_str())) {
        return (*name).to_owned();
    }
    if let Some(name) = foreign::custom_name(&in_plain_letters(&flat), repeats) {
        return name.to_owned();
    }
    name_as_written(header)
}

/// The header itself as the name of a field.
pub(super) fn name_as_written(header: &str) -> String {
    let letters = header.nfkc().flat_map(char::to_lowercase).map(|c| if c.is_alphanumeric() { c } else { '_' });
    let letters: String = letters.collect();
    let parts: Vec<&str> = letters.split('_').filter(|part| !part.is_empty()).collect();
    let name = if parts.is_empty() { String::from("column") } else { parts.join("_") };
    let is_taken = Field::BUILT_IN.iter().any(|field| field.name() == name) || LINK_COLUMNS.contains(&name.as_str());
    if is_taken { format!("{name}_text") } else { name }
}

/// Columns that say who is who, or that were made by somebody's linkage: never compared.
pub(super) fn is_label(header: &str) -> bool {
    const LABELS: [&str; 26] = [
        "cluster",
        "clusterid",
        "truth",
        "uid",
        "person",
        "personid",
        "entityid",
        "entity",
        "ent",
        "matchid",
        "match",
        "blockingnumber",
        "householdid",
        "trueid",
        "truthid",
        "truecluster",
        "label",
        "goldid",
        "groundtruth",
        "groupid",
        "duplicateof",
        "duplicateid",
        "originalid",
        "simulantid",
        "hhid",
        "linkid",
    ];
    LABELS.contains(&plain(header).as_str())
}

/// Is it a label that may be an office's number of a record, of which it has one for each person?
pub(super) fn may_number_records(header: &str) -> bool {
    ["personid", "person", "uid", "entityid", "entity"].contains(&plain(header).as_str())
}

/// Is it a label that may be an office's number of a household?
pub(super) fn may_number_households(header: &str) -> bool {
    ["householdid", "hhid"].contains(&plain(header).as_str())
}

/// The rank of a number of persons as that of a record: below every header that says a record.
pub(super) const OF_PERSON: u32 = 1;

/// How likely a header names the number of a record; 0 is no.
pub(super) fn record_id_rank(header: &str) -> u32 {
    const SURE: [&str; 12] = [
        "登记编号",
        "人员编号",
        "业务编号",
        "合同编号",
        "记录编号",
        "编号",
        "recordid",
        "recid",
        "id",
        "uniqueid",
        "rowid",
        "recno",
    ];
    let plain = plain(header);
    if SURE.contains(&plain.as_str()) {
        return 3;
    }
    let is_other_field = field_of(header).is_some() || OTHERS.iter().any(|(_, names)| names.contains(&plain.as_str()));
    if is_other_field || is_label(header) {
        return 0;
    }
    let ends = ["编号", "序号", "流水号", "id", "key", "recordnumber"];
    u32::from(ends.iter().any(|end| plain.ends_with(end))) * 2
}

/// How likely a header of a roll says where somebody lived at the reference time; 0 is no.
pub(super) fn roll_residence_rank(header: &str) -> u32 {
    const SURE: [&str; 3] = ["普查时点居住", "普查标准时点居住", "普查时居住"];
    const LIVING: [&str; 6] = ["residence", "residency", "residing", "resides", "living", "lived"];
    const AT_THE_TIME: [&str; 3] = ["census", "reference", "enumeration"];
    const OTHERS: [&str; 11] =
        ["address", "number", "no", "id", "street", "persons", "people", "members", "count", "size", "total"];
    /// The item of the census's form.
    const ITEMS: [&str; 2] = ["d7", "r7"];
    let (plain, words) = (plain(header), words(header));
    let has = |of: &[&str]| words.iter().any(|word| of.contains(&word.as_str()));
    let is_of_time = plain.contains("普查时") || plain.contains("时点");
    match plain.as_str() {
        "residenceatcensus" | "usualresidence" => SURELY,
        plain if SURE.iter().any(|name| plain.starts_with(name)) => SURELY,
        _ if is_of_time
            && ["居住", "住地", "住处"].iter().any(|word| plain.contains(word))
            && !plain.contains('址') =>
        {
            BY_WORDS
        }
        _ if has(&LIVING) && has(&AT_THE_TIME) && !has(&OTHERS) => BY_WORDS,
        plain if ITEMS.contains(&plain) => BY_ITEM,
        plain if sounds_like_living(plain, &words) => BY_LIVING,
        _ => 0,
    }
}

/// The ranks of the header of a roll's residence column that is known, of one of which words say it, of the number of
/// the census's item, and of one that speaks of living somewhere and no more.
pub(super) const SURELY: u32 = 4;
pub(super) const BY_WORDS: u32 = 3;
pub(super) const BY_ITEM: u32 = 2;
pub(super) const BY_LIVING: u32 = 1;

/// Does a header speak of living somewhere: of no address, permit or number, and not of how, how long or why?
fn sounds_like_living(plain: &str, words: &[String]) -> bool {
    const LIVING: [&str; 4] = ["居住", "住在", "现住", "jzd"];
    #[rustfmt::skip]
    const OTHERS: [&str; 21] = [
        "址", "证", "登记", "时间", "时长", "年", "月", "日期", "人数", "人口", "面积", "方式", "原因", "间数", "条件", "环境", "用途",
        "城乡", "jzdz", "jzdxz", "jzdxx",
    ];
    const LIVING_WORDS: [&str; 6] = ["residence", "residency", "residing", "resides", "living", "lived"];
    #[rustfmt::skip]
    const OTHER_WORDS: [&str; 29] = [
        "address", "number", "no", "id", "street", "persons", "people", "members", "count", "size", "total", "permit", "years",
        "year", "months", "duration", "length", "time", "since", "date", "reason", "arrangement", "arrangements", "area", "rooms",
        "urban", "rural", "cost", "children",
    ];
    let has = |of: &[&str]| words.iter().any(|word| of.contains(&word.as_str()));
    let in_han = LIVING.iter().any(|word| plain.contains(word)) && !OTHERS.iter().any(|word| plain.contains(word));
    (in_han || has(&LIVING_WORDS) && !has(&OTHER_WORDS)) && !is_of_another_place(plain)
}

/// Does a header speak of another place or time than where somebody lives now, which has the same codes: where they are
/// registered, were born, work, or lived years ago?
pub(super) fn is_of_another_place(header: &str) -> bool {
    #[rustfmt::skip]
    const WORDS: [&str; 27] = [
        "户口", "户籍", "登记地", "出生", "年前", "此前", "之前", "以前", "原居", "原住", "工作", "就业", "上学", "就学", "就读", "学校", "迁",
        "母亲", "父亲", "配偶", "hukou", "regist", "birth", "previous", "former", "work", "school",
    ];
    let plain = plain(header);
    WORDS.iter().any(|word| plain.contains(word))
}

/// Does a header sound like the kind of a row?
pub(super) fn is_kind_header(header: &str) -> bool {
    const KINDS: [&str; 31] = [
        "登记类型",
        "登记类别",
        "人口类别",
        "档案类别",
        "权属类型",
        "权属类别",
        "djlx",
        "djlb",
        "ywlx",
        "regtype",
        "业务类型",
        "业务类别",
        "类型",
        "类别",
        "人员类别",
        "人员类型",
        "记录类型",
        "记录类别",
        "数据类型",
        "数据类别",
        "人员属性",
        "房产类别",
        "businesstype",
        "righttype",
        "户籍类型",
        "recordtype",
        "type",
        "category",
        "kind",
        "registrationtype",
        "eventtype",
    ];
    KINDS.contains(&plain(header).as_str())
}

/// Words of kinds of rows in a register; those that come first decide.
const ROW_KINDS: [(RowKind, &[&str]); 8] = [
    (RowKind::Death, &["死亡", "火化", "殡葬", "death", "deceased"]),
    (RowKind::Birth, &["出生", "新生儿", "birth"]),
    (RowKind::Permit, &["居住证", "暂住", "流动人口", "外来", "居住登记", "permit"]),
    (RowKind::Tenancy, &["租赁", "承租", "租房", "出租", "tenan", "lease", "rental"]),
    (RowKind::Ownership, &["不动产", "产权", "所有权", "业主", "自有", "owner", "realestate"]),
    (
        RowKind::Residence,
        &["健康档案", "居民档案", "建档", "就诊", "healthfile", "healthrecord", "residence", "resident", "patient"],
    ),
    (RowKind::HouseholdRegistration, &["户籍", "户口", "常住人口", "householdreg", "hukou"]),
    (RowKind::Residence, &["居民", "居住"]),
];

/// What a value of such a column means in a register.
pub(super) fn row_kind(value: &str) -> Option<RowKind> {
    let plain = plain(value);
    ROW_KINDS.iter().find(|(_, words)| words.iter().any(|word| plain.contains(word))).map(|(kind, _)| *kind)
}

/// Does a header speak of a state, a reason or a remark? Its values have words of kinds, and are none.
pub(super) fn is_of_state(header: &str) -> bool {
    #[rustfmt::skip]
    const WORDS: [&str; 18] = [
        "状态", "状况", "原因", "备注", "说明", "来源", "职业", "住房", "何因", "事由", "变动", "迁", "status", "state", "reason", "remark",
        "note", "cause",
    ];
    let plain = plain(header);
    WORDS.iter().any(|word| plain.contains(word))
}

/// What all rows are of which a column of this header has a value: the words speak of one newborn or dead for each.
pub(super) fn kind_of_all(header: &str) -> Option<RowKind> {
    const DEATHS: [&str; 6] = ["死者", "逝者", "亡者", "死亡证", "死亡医学证明", "火化"];
    const BIRTHS: [&str; 2] = ["新生儿", "newborn"];
    let plain = plain(header);
    let has = |words: &[&str]| words.iter().any(|word| plain.contains(word));
    match () {
        () if has(&DEATHS) => Some(RowKind::Death),
        () if has(&BIRTHS) => Some(RowKind::Birth),
        () => None,
    }
}

/// Is it a column of a certificate of birth, as lists of children have it as well?
pub(super) fn is_of_birth_certificate(header: &str) -> bool {
    ["出生证", "出生医学证明", "birthcert"].iter().any(|word| plain(header).contains(word))
}

/// Is it a column of a school or of vaccinations, where children of any age stand beside their mothers?
pub(super) fn is_of_older_children(header: &str) -> bool {
    const WORDS: [&str; 10] = ["学校", "年级", "班级", "学籍", "入学", "接种", "疫苗", "school", "grade", "vaccin"];
    let plain = plain(header);
    WORDS.iter().any(|word| plain.contains(word))
}

/// Is a value such a word and nothing else?
pub(super) fn is_kind_word(value: &str) -> bool {
    let plain = plain(value);
    let is = |words: &[&str]| words.contains(&plain.as_str());
    ROW_KINDS.iter().any(|(_, words)| is(words)) || ROLL_KINDS.iter().any(|(_, words)| is(words))
}

/// Does a value say of a person that they have left the register?
pub(super) fn speaks_of_leaving(value: &str) -> bool {
    const WORDS: [&str; 8] = ["注销", "迁出", "死亡", "失效", "cancel", "moved out", "deceased", "inactive"];
    let value = value.to_lowercase();
    WORDS.iter().any(|word| value.contains(word))
}

/// Words of the roll's residence column; those that come first decide.
const ROLL_KINDS: [(RowKind, &[&str]); 3] = [
    (
        RowKind::ElsewhereInArea,
        &["其他普查小区", "其他村", "其他居委", "其他乡", "其他街道", "其他镇", "本区其他", "本县其他"],
    ),
    (
        RowKind::Elsewhere,
        &[
            "其他",
            "港澳台",
            "国外",
            "区外",
            "外出",
            "外地",
            "外省",
            "不在",
            "他处",
            "elsewhere",
            "abroad",
            "absent",
            "notpresent",
            "away",
        ],
    ),
    (RowKind::Present, &["本普查小区", "本户", "住本", "在住", "present", "here"]),
];

/// What a value of the roll's residence column means: census item *place of residence at the reference time*.
pub(super) fn roll_kind(value: &str) -> Option<RowKind> {
    let plain = plain(value);
    match plain.as_str() {
        "1" | "01" => return Some(RowKind::Present),
        "2" | "3" | "4" | "02" | "03" | "04" => return Some(RowKind::ElsewhereInArea),
        "5" | "6" | "05" | "06" => return Some(RowKind::Elsewhere),
        _ => {}
    }
    roll_kind_in_words(value)
}

/// The same where a word says it, and no bare code.
pub(super) fn roll_kind_in_words(value: &str) -> Option<RowKind> {
    let plain = plain(value);
    ROLL_KINDS.iter().find(|(_, words)| words.iter().any(|word| plain.contains(word))).map(|(kind, _)| *kind)
}

/// How much a file name and its headers look like a census roll.
pub(super) fn roll_score(stem: &str, headers: &[String]) -> u32 {
    let stem = stem.to_lowercase();
    let named = ["roll", "census", "enumerat", "普查", "短表"].iter().any(|word| stem.contains(word));
    // Registers have the area's code and name, too, and much else that has its word in it.
    let is_area = |header: &String| {
        field_of(header).is_some_and(|(field, rank)| field == Field::EnumerationArea && rank != BY_WORD)
    };
    let of_header = |header: &String| match () {
        () if roll_residence_rank(header) >= BY_WORDS => OF_A_ROLL,
        () if ["登记编号", "户编号"].contains(&plain(header).as_str()) => 1,
        () => 0,
    };
    let area = if headers.iter().any(is_area) { OF_A_ROLL } else { 0 };
    headers.iter().map(of_header).sum::<u32>() + area + u32::from(named) * 2
}

/// What a column counts that hardly any register has.
pub(super) const OF_A_ROLL: u32 = 3;

/// Is this a table of who is who instead of an extract?
pub(super) fn is_truth(stem: &str, headers: &[String]) -> bool {
    let named =
        ["truth", "gold_standard", "ground_truth", "真值"].iter().any(|word| stem.to_lowercase().contains(word));
    let is_id = |header: &String| {
        let plain = plain(header);
        let sides = ["idl", "idr", "ida", "idb", "id1", "id2", "source", "sourcel", "sourcer", "left", "right"];
        is_label(header) || plain.ends_with("id") || plain.starts_with("recordid") || sides.contains(&plain.as_str())
    };
    named || (headers.len() >= 2 && headers.len() <= 5 && headers.iter().all(is_id))
}

/// Is it a table that this program wrote, and that was put beside the extracts? Each has columns that no office has.
pub(super) fn is_of_this_program(headers: &[String]) -> bool {
    const TABLES: [&[&str]; 6] = [
        // Links and decisions.
        &["source_l", "record_l", "source_r", "record_r"],
        &["discrepancy", "kind", "person", "roll_record"],
        &["source", "file", "row", "column", "reason"],
        &["area", "level", "sex", "age_group", "roll_present"],
        &["case", "kind", "area", "content"],
        // Outcomes of visits.
        &["case", "kind", "outcome", "visited_on", "records"],
    ];
    let has = |name: &&str| headers.iter().any(|header| header.trim().eq_ignore_ascii_case(name));
    TABLES.iter().any(|table| table.iter().all(has))
}

/// What a file's name says about the kind of its source.
pub(super) fn kind_of(stem: &str, words: &[String]) -> Option<&'static str> {
    const KINDS: [(&str, &[&str]); 3] = [
        ("public_security", &["public_security", "police", "公安", "户籍", "居住证", "hukou"]),
        ("housing", &["housing", "property", "不动产", "住建", "房产", "房屋", "租赁", "权利人", "坐落"]),
        ("health", &["health", "hospital", "卫健", "卫生", "健康档案", "就诊", "医学证明", "医院"]),
    ];
    let stem = stem.to_lowercase();
    let by_name = KINDS.iter().find(|(_, signs)| signs.iter().any(|sign| stem.contains(sign)));
    let by_words =
        || KINDS.iter().find(|(_, signs)| words.iter().any(|word| signs.iter().any(|sign| word.contains(sign))));
    by_name.or_else(by_words).map(|(kind, _)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_names_are_words_that_are_not_built_in() {
        let check = |header: &str, name: &str| assert_eq!(custom_name(header, false), name);
        check("Zip Code", "postcode");
        check("address_1", "address_1");
        check("Full Name (x)", "full_name_x");
        check("address", "address_text");
        check("建筑面积", "建筑面积");
        check("--", "column");
        check("decision", "decision_text");
        check("Straße", "street_name");
        check("Código Postal", "postcode");
        check("pin", "pin");
        assert_eq!(custom_name("PIN", true), "postcode");
    }

    #[test]
    fn labels_and_record_numbers_are_told_apart() {
        for label in ["cluster", "blocking_number", "household_id", "person_id", "UID"] {
            assert!(is_label(label) && record_id_rank(label) == 0, "{label}");
        }
        for (header, rank) in
            [("rec_id", 3), ("登记编号", 3), ("档案编号", 2), ("身份证号", 0), ("soc_sec_id", 0), ("name", 0)]
        {
            assert_eq!(record_id_rank(header), rank, "{header}");
        }
        assert!(!is_label("户编号"));
    }

    #[test]
    fn headers_say_where_somebody_lived_at_the_reference_time() {
        for (header, rank) in [
            ("普查时点居住地", SURELY),
            ("D7.普查标准时点居住地", SURELY),
            ("普查时居住地", SURELY),
            ("usual_residence", SURELY),
            ("居住地（2020年11月1日零时标准时点）", BY_WORDS),
            ("标准时点居住情况", BY_WORDS),
            ("residence_at_reference_time", BY_WORDS),
            ("PlaceOfResidenceAtCensus", BY_WORDS),
            ("D7", BY_ITEM),
            ("居住状态", BY_LIVING),
            ("现居住地", BY_LIVING),
            ("PCSDJZD", BY_LIVING),
            ("residence_status", BY_LIVING),
            ("placeOfResidence", BY_LIVING),
            ("居住时间", 0),
            ("居住证办理情况", 0),
            ("现居住地址", 0),
            ("五年前居住地", 0),
            ("living_arrangement", 0),
            ("previous_residence", 0),
            ("普查小区", 0),
            ("标准时点住址", 0),
            ("居住地", BY_LIVING),
            ("residence_permit", 0),
            ("census_residence_address", 0),
            ("普查时点住户编号", 0),
            ("persons_living_at_census", 0),
            ("living_at_census_total", 0),
        ] {
            assert_eq!(roll_residence_rank(header), rank, "{header}");
        }
    }

    #[test]
    fn the_enumeration_area_counts_once_for_a_roll() {
        let score =
            |headers: &[&str]| roll_score("", &headers.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(score(&["普查小区编码", "普查小区名称", "姓名"]), OF_A_ROLL);
        assert_eq!(score(&["普查小区", "普查时点居住地"]), 2 * OF_A_ROLL);
        assert_eq!(score(&["现普查小区顺序码", "普查小区普查员"]), 0);
    }

    #[test]
    fn values_say_what_a_row_is() {
        let check = |value: &str, kind: Option<RowKind>| assert_eq!(row_kind(value), kind, "{value}");
        check("户籍", Some(RowKind::HouseholdRegistration));
        check("居住证", Some(RowKind::Permit));
        check("不动产", Some(RowKind::Ownership));
        check("租赁备案", Some(RowKind::Tenancy));
        check("居民健康档案", Some(RowKind::Residence));
        check("出生医学证明", Some(RowKind::Birth));
        check("死亡医学证明", Some(RowKind::Death));
        check("x", None);
        assert_eq!(
            ["1", "3", "5", "其他县"].map(roll_kind),
            [
                Some(RowKind::Present),
                Some(RowKind::ElsewhereInArea),
                Some(RowKind::Elsewhere),
                Some(RowKind::Elsewhere)
            ]
        );
    }

    #[test]
    fn truth_tables_are_known_by_name_or_columns() {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert!(is_truth("truth_persons", &names(&["name"])));
        assert!(is_truth("pairs", &names(&["id_l", "id_r"])));
        assert!(is_truth("x", &names(&["source", "record_id", "uid"])));
        assert!(!is_truth("a", &names(&["id", "name"])));
        assert!(!is_of_this_program(&names(&["case", "kind", "name", "records"])));
    }
}
