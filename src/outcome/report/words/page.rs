//! What does the report's page say?

use super::{Words, count, expected, share, words};
use crate::intake::study::Language;
use crate::outcome::estimate::stratified::Share;
use crate::outcome::report::missed::Missed;
use crate::outcome::report::traced::{MISSED, within};

/// Title of the page.
pub const TITLE: Words = words("普查登记与行政记录比对报告", "Census cross-check report");
/// Under the title.
pub const INTERNAL: Words = words("内部资料，仅限人口普查使用", "Confidential: for the census only");
/// Reference time.
pub const REFERENCE: Words = words("普查时点", "Reference time");
/// Area under study.
pub const AREA: Words = words("区域代码", "Area");
/// Digest of the study file.
pub const DIGEST: Words = words("研究文件摘要", "Study file digest");
/// Contents.
pub const CONTENTS: Words = words("目录", "Contents");
/// How many follow-up lists there are and where.
pub const LISTS: Words =
    words("入户核查表在 follow-up 文件夹中，每个普查小区一份", "Follow-up lists: folder follow-up, one per area");

/// Headings of the sections, in order.
pub const SECTIONS: [Words; 9] = [
    words("摘要", "Summary"),
    words("读入了什么", "What was read"),
    words("候选对：哪些记录值得比较", "Blocking rules: which pairs were compared"),
    words("匹配结果", "Links found"),
    words("人", "Persons"),
    words("差异", "Discrepancies"),
    words("漏登人员", "Missed persons"),
    words("普查有多完整", "How complete the census is"),
    words("读者须知", "What the reader should know"),
];

/// Anchors of the sections.
pub const ANCHORS: [&str; 9] =
    ["summary", "read", "blocking", "links", "persons", "discrepancies", "missed", "coverage", "limits"];

/// Labels of the figures in the summary.
pub const FIGURES: [Words; 6] = [
    words("普查登记在此居住的人", "persons enumerated here"),
    words("其中行政记录也有", "of them also in a register"),
    words("可能漏登，待核实", "perhaps missed, to be checked"),
    words("预计其中属实", "of them expected to be real"),
    words("安排走访（人）", "persons to be visited"),
    words("预计找到", "expected to be found"),
];

/// A table column or a label.
pub const SOURCE: Words = words("来源", "Source");
/// Role of a source.
pub const ROLE: Words = words("性质", "Role");
/// Files.
pub const FILES: Words = words("文件", "Files");
/// Rows.
pub const ROWS: Words = words("行数", "Rows");
/// Rows that went on.
pub const USED: Words = words("采用", "Used");
/// Rows set aside.
pub const SET_ASIDE: Words = words("搁置", "Set aside");
/// Why.
pub const REASON: Words = words("原因", "Reason");
/// What was noticed.
pub const NOTED: Words = words("发现或修正的问题（这些行照常采用）", "Noticed or mended (these rows were used)");
/// Filled shares.
pub const FILLED: Words = words("各字段填写率", "Share of records with a value");
/// A field.
pub const FIELD: Words = words("字段", "Field");
/// The source does not have the field.
pub const NOT_THERE: Words = words("无此字段", "no such field");
/// Nothing to list.
pub const NOTHING: Words = words("没有。", "None.");

/// Under the blocking table.
pub const BLOCKING_NOTE: Words = words(
    "只有至少符合一条规则的两条记录才比较。“新增”是前面各条规则都没有给出的对；“略去”是区块过大、细分后仍未比较的对。",
    "Two records are compared only if at least one rule brings them together. New: pairs that no earlier rule had \
     given. Left out: pairs of blocks that were too large even after being divided.",
);
/// Columns of the blocking table.
pub const BLOCKING: [Words; 7] = [
    words("规则", "Rule"),
    words("键", "Keys"),
    words("区块", "Blocks"),
    words("最大区块", "Largest"),
    words("对", "Pairs"),
    words("新增", "New"),
    words("略去", "Left out"),
];

/// Columns of the links table.
pub const LINKS: [Words; 3] = [words("来源对", "Sources"), words("匹配", "Links"), words("待审", "Possible links")];
/// Pairs within one source.
pub const WITHIN: Words = words("（内部重复）", " (within)");
/// Under the links table.
pub const LINKS_NOTE: Words = words(
    "匹配：归为同一人的两条记录；待审：达到复核概率而未归为同一人。",
    "Links: pairs of records that were put into one person. Possible links: at or above the review probability, but \
     not put together.",
);
/// Captions of the charts, then what they show.
pub const WEIGHTS_CHART: Words = words("候选对的匹配权重分布", "Match weights of the compared pairs");
/// Axis.
pub const WEIGHT_AXIS: Words = words("匹配权重（比特，log₂ 贝叶斯因子）", "match weight (bits, log₂ Bayes factor)");
/// Axis.
pub const PAIRS_AXIS: Words = words("对数（对数刻度）", "pairs (log scale)");
/// Series.
pub const SAME_PERSON: Words = words("归为同一人", "put into one person");
/// Series.
pub const NOT_SAME: Words = words("未归为同一人", "not put together");
/// Caption.
pub const LEVELS_CHART: Words = words("各比较水平的匹配权重（log₂ m/u）", "Match weight of each level (log₂ m/u)");
/// Explanation.
pub const LEVELS_NOTE: Words = words(
    "向右：该水平支持两条记录是同一人；向左：反对。每多一个比特，可能性的比值加倍。缺失不计为不同。",
    "To the right, the level speaks for a match, to the left against it; each bit doubles the odds. Missing is never \
     counted as different.",
);
/// Caption.
pub const WATERFALL_CHART: Words = words("权重如何累加：例", "How weights add up: an example");
/// Explanation.
pub const WATERFALL_NOTE: Words = words(
    "例子是最常见的比较结果，只列比较水平，不含任何个人数据；姓名常见与否的调整不计在内。",
    "The examples are the most frequent results of comparing: levels only, no personal data; the adjustment for how \
     common a name is has been left out.",
);
/// First bar of a waterfall.
pub const PRIOR: Words = words("起点：任意两条记录", "start: any two records");
/// Last bar.
pub const TOTAL: Words = words("合计", "total");
/// Which example.
pub const EXAMPLE_LINK: Words = words("最常见的匹配", "the most frequent link");
/// Which example.
pub const EXAMPLE_POSSIBLE: Words = words("最常见的待审对", "the most frequent possible link");

/// Columns of the persons table.
pub const PERSONS: [Words; 2] = [words("出现在几个来源", "In how many sources"), words("人数", "Persons")];
/// Total.
pub const ALL_PERSONS: Words = words("合计", "All");

/// Columns of the discrepancies table.
pub const DISCREPANCIES: [Words; 6] = [
    words("类别", "Kind"),
    words("定义", "Definition"),
    words("数量", "Count"),
    words("预计属实", "Expected real"),
    words("列入核查", "On lists"),
    words("处理", "Action"),
];
/// Caption of the curve.
pub const CURVE: Words = words("走访多少，预计找到多少", "Expected finds against visits");
/// Axis.
pub const VISITS: Words = words("走访人数（可能性高者在先）", "persons visited, most probable first");
/// Axis.
pub const FINDS: Words = words("预计找到（人）", "expected finds");
/// Columns of the tables by area.
pub const BY_AREA: [Words; 4] = [
    words("区域", "Area"),
    words("可能漏登", "Perhaps missed"),
    words("预计属实", "Expected real"),
    words("列入核查", "On lists"),
];
/// Streets.
pub const BY_TOWNSHIP: Words = words("按街道（乡镇）", "By street or township");
/// Communities.
pub const BY_COMMUNITY: Words = words("按社区（村）", "By community");
/// Area not known.
pub const UNKNOWN: Words = words("不明", "unknown");

/// Columns of the coverage table.
pub const COVERAGE: [Words; 7] = [
    words("区域", "Area"),
    words("登记在此", "Enumerated"),
    words("登记为住别处", "Listed elsewhere"),
    words("行政记录", "In registers"),
    words("两者皆有", "In both"),
    words("仅普查登记", "Roll only"),
    words("仅行政记录", "Register only"),
];
/// Caption of the coverage chart.
pub const COVERAGE_CHART: Words = words("两方皆有、仅一方有的人数", "Persons in both, and in one only");
/// Under the coverage table.
pub const COVERAGE_NOTE: Words = words(
    "只是计数，不是估计。仅行政记录的人包括普查登记为住在别处的人、已迁走而记录未注销的人，不能当作漏登人数。",
    "Counts, not estimates. Register only includes persons whom the roll lists elsewhere and persons who left without \
     being struck off: it is not the number of missed persons.",
);

/// What the reader should know.
pub const LIMITS: [Words; 6] = [
    words(
        "匹配按概率作出。匹配概率是模型的判断，不是事实；概率之和是预计数，不是已证实数。",
        "Links rest on probabilities. A match probability is the model's judgement, not a fact; a sum of probabilities \
         is an expectation, not a confirmed number.",
    ),
    words(
        "差异只是线索。没有实地核实，不得据此增删普查登记。",
        "A discrepancy is a lead. Nobody is added to or taken off the roll without a check in the field.",
    ),
    words(
        "行政记录有滞后：有人已迁走、死亡而未注销，有人已迁入而未登记。",
        "Registers lag: people leave or die without being struck off, others arrive without being entered.",
    ),
    words("没有任何来源记录的人，本比对无法发现。", "A person whom no source knows cannot be found by a cross-check."),
    words(
        "分区域的小数目足以推知个人，本报告不得对外发布。",
        "Small numbers by area can reveal a person: the report is not for publication.",
    ),
    words(
        "同样的输入、同样的研究文件、同样的版本，得出逐字节相同的结果。",
        "Same inputs, same study file, same version: the same bytes.",
    ),
];

/// The summary in plain words; as the other sentences with figures, it is markup.
#[must_use]
pub fn summary(language: Language, records: u64, sources: u64, persons: u64, discrepancies: u64) -> String {
    let (records, persons) = (within(&count(records), "--used"), within(&count(persons), "--persons all"));
    let (sources, discrepancies) = (within(&count(sources), "--used"), within(&count(discrepancies), ""));
    match language {
        Language::Zh => {
            format!("从 {sources} 个来源读入可用记录 {records} 条，归并为 {persons} 人，发现差异 {discrepancies} 项。")
        }
        Language::En => format!(
            "{records} usable records of {sources} sources were put together into {persons} persons; \
             {discrepancies} discrepancies were found."
        ),
    }
}

/// How complete roll and registers are of each other.
#[must_use]
pub fn agreement(language: Language, present: u64, in_both: u64) -> String {
    let share = within(&share(in_both, present), "--persons in_both");
    let present = within(&count(present), "--persons roll_present");
    match language {
        Language::Zh => {
            format!("普查登记在此居住的 {present} 人中，{share} 在行政记录中也找到。")
        }
        Language::En => {
            format!("Of {present} persons enumerated here, {share} were found in a register as well.")
        }
    }
}

/// What the visits should bring.
#[must_use]
pub fn visits(language: Language, missed: &Missed, real: f64, lists: u64) -> String {
    let (planned, found, all) = (missed.visits, missed.expected_found, missed.count);
    let listed = format!("{MISSED} --listed");
    let one_list = lists == 1;
    let (planned, found) = (within(&count(planned), &listed), within(&expected(found), &listed));
    let (all, real) = (within(&count(all), MISSED), within(&expected(real), MISSED));
    let lists = within(&count(lists), "--listed");
    match language {
        Language::Zh => format!(
            "可能漏登 {all} 人，预计属实 {real} 人。走访可能性最高的人及其同户共 {planned} 人，预计找到 {found} 人。\
             入户核查表共 {lists} 份。{}{}",
            settled(language, missed.settled),
            outside(language, missed.not_looked_for)
        ),
        Language::En => format!(
            "{all} persons were perhaps missed, {real} of them expected to be real. Visiting the most \
             probable ones and their households, {planned} in all, is expected to find {found}. {} {lists} {}.{}{}",
            if one_list { "There is" } else { "There are" },
            if one_list { "follow-up list" } else { "follow-up lists" },
            settled(language, missed.settled),
            outside(language, missed.not_looked_for)
        ),
    }
}

/// Whom visits have found already; nothing before there were visits.
fn settled(language: Language, persons: u64) -> String {
    if persons == 0 {
        return String::new();
    }
    let found = count(persons);
    match language {
        Language::Zh => format!("此外，走访已确认漏登 {found} 人，不再列入。"),
        Language::En => format!(" Besides, visits have found {found} who were missed: they are not counted here."),
    }
}

/// Who is on no list because the codes of registers place them outside the area; nothing where there are none.
fn outside(language: Language, persons: u64) -> String {
    if persons == 0 {
        return String::new();
    }
    let persons = count(persons);
    match language {
        Language::Zh => format!("另有 {persons} 人不在普查登记中，行政记录的区划代码均在本区以外，未列入。"),
        Language::En => format!(
            " {persons} more are not on the roll, and all division codes of registers place them outside the area: they are not looked \
             for."
        ),
    }
}

/// Heading of the table of reliability.
pub const RELIABILITY_TITLE: Words = words("概率可信吗", "Are the probabilities what they say?");
/// Over the table of reliability.
pub const RELIABILITY_NOTE: Words = words(
    "按记录对自身概率分段：模型预计多少对是同一人；有人工判定的（linkage.decisions），按判定推算应有多少对，附 95 % 区间。只有随机抽取的判定\
     （rollcall review）才能代表整段；区间不含预计数的，该段概率不可全信。",
    "By band of the pair's own probability: how many pairs the model expects to be one person, and, where clerks have judged some \
     (linkage.decisions), how many their judgements make likely, with a 95 % interval. Only pairs that were drawn at \
     random (rollcall review) stand for their band. Where the interval does not hold what is expected, the \
     probabilities of the band are off.",
);
/// Columns of the table of reliability.
pub const RELIABILITY: [Words; 6] = [
    words("概率", "Probability"),
    words("记录对", "Pairs"),
    words("预计为同一人", "Expected to be one person"),
    words("人工判定", "Judged"),
    words("判为同一人", "Judged one person"),
    words("按判定推算", "By the judgements"),
];

/// A band of probability.
#[must_use]
pub fn band(low: f64, high: f64) -> String {
    if high < 1.0 { format!("{low} – {high}") } else { format!("≥ {low}") }
}

/// So many pairs of a band are one person, by the judgements.
#[must_use]
pub fn estimated(language: Language, pairs: u64, share: Share) -> String {
    let of = |share: f64| expected(share * pairs as f64);
    let (mean, low, high) = (of(share.share), of(share.low), of(share.high));
    match language {
        Language::Zh => format!("{mean}（{low} 至 {high}）"),
        Language::En => format!("{mean} ({low} to {high})"),
    }
}

/// From which probability on pairs are links, and how many of the links are expected to be false.
#[must_use]
pub fn threshold(language: Language, threshold: f64, false_links: f64) -> String {
    let command = "--false-links";
    let (from, wrong) =
        (within(&format!("{:.2} %", threshold * 100.0), command), within(&expected(false_links), command));
    match language {
        Language::Zh => format!("概率不低于 {from} 的记录对可归为同一人；归为同一人的记录对中预计有 {wrong} 对不实。"),
        Language::En => format!(
            "Pairs of probability {from} or more may be put into one person; of the pairs that were, {wrong} are \
             expected to be false."
        ),
    }
}

/// Weight and probability at the end of a waterfall.
#[must_use]
pub fn probability(language: Language, probability: f64) -> String {
    let percent = match probability * 100.0 {
        p if p > 99.99 => String::from("> 99.99 %"),
        p if p < 0.01 => String::from("< 0.01 %"),
        p => format!("{p:.2} %"),
    };
    match language {
        Language::Zh => format!("匹配概率 {percent}"),
        Language::En => format!("match probability {percent}"),
    }
}
