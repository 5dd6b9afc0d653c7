//! What does the page say of how complete the census is?

use super::{Words, expected, words};
use crate::intake::study::Language;
use crate::outcome::coverage::estimated::{Estimate, STEPS, Warning, WarningKind};
use crate::outcome::report::cases::shown_area;
use crate::outcome::report::traced::within;

/// Under the total.
pub const NOTE: Words = words(
    "应登记人数按双系统估计：普查登记与行政记录的并集，先按证据逐人修正，再按小层估计两者都没有的人。估计应登记人数和漏登率带 95% 区间；\
     表内为整数，精确数在 coverage.parquet 与 coverage.json。",
    "Dual-system estimate: roll and the union of the registers are first mended person by person, then those whom neither \
     has are estimated in small strata. The persons estimated and the omission rate have a 95 % interval; exact figures: \
     coverage.parquet, coverage.json.",
);
/// Heading.
pub const WARNINGS: Words = words("数据提出的警告", "Warnings from the data");
/// Heading.
pub const ASSUMPTIONS: Words = words("估计所依据的假定", "What the estimates assume");
/// Heading.
pub const BY_AREA: Words = words("按街道和社区估计", "Estimates by street and community");
/// Heading.
pub const DEPENDENCE: Words = words("如果两份名单并不独立", "If the two lists are not independent");
/// Heading.
pub const POST_STRATA: Words = words("估计所用的层", "Strata of the estimate");
/// Heading.
pub const COUNTS: Words = words("计数（未经估计）", "Counts, not estimates");
/// Caption.
pub const INTERVALS: Words =
    words("漏登率及其 95% 区间（点为估计值，线为区间）", "Omission rate with its 95 % interval (dot: estimate)");
/// Caption.
pub const PYRAMID: Words = words(
    "年龄性别：登记正确的人（实）与估计应登记的人（线）",
    "Age and sex: rightly enumerated (filled), estimated (outline)",
);
/// All areas.
pub const ALL: Words = words("合计", "All");
/// Left and right of the pyramid.
pub const SEXES: [Words; 2] = [words("男", "Men"), words("女", "Women")];

/// Columns of the table.
pub const COLUMNS: [Words; 8] = [
    words("区域", "Area"),
    words("登记正确", "Enumerated rightly"),
    words("登记有误", "Wrongly"),
    words("重复登记", "Twice"),
    words("估计应登记", "Estimated"),
    words("95% 区间", "95 % interval"),
    words("漏登率", "Omitted"),
    words("净差率", "Net"),
];
/// Under the table.
pub const TABLE_NOTE: Words = words(
    "漏登率＝（估计应登记−登记正确）÷估计应登记；净差率＝（估计应登记−登记正确−登记有误−重复登记）÷估计应登记，正数为净漏登。\
     按普查规则应在别处统计的在场登记不计入。每个差异可用 rollcall trace 追到记录。",
    "Omitted: (estimated − rightly) ÷ estimated. Net: (estimated − rightly − wrongly − twice) ÷ estimated, positive if too \
     few. Rows whose persons the census counts elsewhere are left out. `rollcall trace` leads from a figure to its records.",
);
/// Columns of the table of dependence.
pub const DEPENDENCE_COLUMNS: [Words; 2] =
    [words("优势比（1 为独立）", "Odds ratio (1: independent)"), words("应登记人数", "Persons")];
/// Columns of the table of strata.
pub const POST_STRATA_COLUMNS: [Words; 2] = [words("层", "Stratum"), words("在此层估计的人", "Persons estimated")];

/// What must hold.
pub const ASSUMED: [Words; 4] = [
    words(
        "在每一层内，是否被普查登记与是否有行政记录相互独立（普查员若拿着行政名单入户，估计会偏低，见下表）。",
        "Within a stratum being on the roll and being in a register are independent (enumerators who carried a register's \
         list make the estimate too low: see below).",
    ),
    words(
        "在每一层内，所有人被登记的可能性相同，或者有行政记录的可能性相同。",
        "Within a stratum all persons are equally likely to be on the roll, or equally likely to be in a register.",
    ),
    words(
        "居住证据给出的“确实住在这里”的概率是对的；其抽样误差已计入区间。",
        "The residence evidence gives right probabilities that a person of the registers lived here; its sampling error is in \
         the interval.",
    ),
    words(
        "模型给出的“同一个人”的概率是对的。",
        "The model gives right probabilities that linked records are one person.",
    ),
];

const STEP_WORDS: [&str; STEPS.len()] = [
    "社区 × 性别 × 年龄 × 户籍",
    "街道 × 性别 × 年龄 × 户籍",
    "区县 × 性别 × 年龄 × 户籍",
    "性别 × 年龄 × 户籍",
    "年龄 × 户籍",
    "年龄",
    "全部合并",
];

/// The name of a merging step.
#[must_use]
pub fn step(language: Language, name: &str) -> String {
    let at = STEPS.iter().position(|step| *step == name);
    match (language, at) {
        (Language::Zh, Some(at)) => STEP_WORDS[at].to_owned(),
        _ => name.to_owned(),
    }
}

/// A share with two decimals; a minus sign is one.
#[must_use]
pub fn percent(share: f64) -> String {
    let text = format!("{:.2} %", 100.0 * share);
    if text == "-0.00 %" { String::from("0.00 %") } else { text.replace('-', "−") }
}

/// The total in a sentence, as markup.
#[must_use]
pub fn total(language: Language, total: &Estimate) -> String {
    let part = |part: &str| format!("--estimate {part}");
    let persons = within(&expected(total.persons), &part("persons"));
    let [low, high] = [total.low, total.high].map(|end| within(&expected(end), &part("variance")));
    let omitted = within(&percent(total.omission()), &part("enumerated"));
    let of_all = |persons: f64, name: &str| within(&percent(persons / total.persons.max(1.0)), &part(name));
    let (wrongly, twice) = (of_all(total.erroneous, "erroneous"), of_all(total.duplicates, "duplicates"));
    let register = within(&expected(total.only_register), &part("only_register"));
    let unseen = within(&expected(total.unseen), &part("unseen"));
    match language {
        Language::Zh => format!(
            "估计应登记 {persons} 人（95% 区间 {low} 至 {high}）。漏登率 {omitted}，其中预计 {register} 人只有行政记录、{unseen} 人哪里都没有；\
             登记有误 {wrongly}，重复登记 {twice}（均占应登记人数）。"
        ),
        Language::En => format!(
            "An estimated {persons} persons lived here (95 % interval {low} to {high}). {omitted} were omitted: {register} are \
             expected to be in registers only, {unseen} on no list. Enumerated wrongly: {wrongly}; twice: {twice} (of all)."
        ),
    }
}

/// The command that leads to what a warning speaks of.
#[must_use]
pub fn warned_of(warning: &Warning) -> &'static str {
    match warning.kind {
        WarningKind::Merged => "--estimate listed",
        WarningKind::Residence => "--estimate only_register",
        WarningKind::Erroneous => "--estimate erroneous",
        WarningKind::OneList | WarningKind::Unknowable | WarningKind::Unlinked => "--persons roll_present",
        WarningKind::UnknownKinds | WarningKind::OneRegister | WarningKind::UnsupportedAreas => "--persons only_roll",
        WarningKind::Absent | WarningKind::AbsentPlaces => "--persons only_register",
        WarningKind::Stale => "--estimate only_register",
        WarningKind::Unjudged => "--estimate only_roll",
        WarningKind::NoModel => "--estimate listed",
        WarningKind::NoDeaths => "--estimate only_register",
    }
}

/// The warning with areas as pages and screens show them: what was taken for the code of an area may be a name.
fn shown(warning: &Warning) -> Warning {
    let mut warning = warning.clone();
    if matches!(warning.kind, WarningKind::Absent | WarningKind::AbsentPlaces | WarningKind::UnsupportedAreas) {
        warning.detail = warning.detail.split(", ").map(shown_area).collect::<Vec<_>>().join(", ");
    }
    warning
}

/// Codes of areas that a sentence names, at most.
const CODES_SHOWN: usize = 5;

/// How many codes the detail of a warning holds, and the first of them.
fn codes(warning: &Warning) -> (usize, String) {
    let codes: Vec<&str> = warning.detail.split(", ").collect();
    let more = if codes.len() > CODES_SHOWN { " …" } else { "" };
    (codes.len(), format!("{}{more}", codes[..codes.len().min(CODES_SHOWN)].join(", ")))
}

/// A warning in a sentence.
#[must_use]
pub fn warning(language: Language, warning: &Warning) -> String {
    match language {
        Language::Zh => in_chinese(&shown(warning)),
        Language::En => in_english(&shown(warning)),
    }
}

fn in_chinese(warning: &Warning) -> String {
    let share = percent(warning.share);
    match warning.kind {
        WarningKind::Merged => {
            format!("{share} 的人所在的层太小，不能在本区县内单独估计：区域之间借用了彼此的数据。")
        }
        WarningKind::Residence => {
            let why = match warning.detail.as_str() {
                "no_dates" => "行政记录没有最近活动日期",
                "one_date" => "某项行政记录的最近活动日期几乎全是同一天",
                "few_positives" => "可供学习的在登居民太少",
                "few_negatives" => "已知不住这里的人太少，先验比例由密度比得出",
                "stated_share" => {
                    "无法得知漏登比例（只有登记资料知道的人太少，或没有最近活动日期，或户籍在集体户），先验比例主要依据一般经验设定"
                }
                "unlike_negatives" => "只有登记资料知道的人大多不像已知不住这里的人，先验比例由密度比得出",
                "no_convergence" => "迭代未收敛",
                other => other,
            };
            format!("居住证据不够可靠：{why}。")
        }
        WarningKind::Unlinked => format!(
            "普查登记与行政记录中人数较少的一方，有 {share} 的人不在另一方：漏登人数的一切预计均不可靠。请核对两者是否为同一地区、\
             列是否对应正确、关联概率阈值是否过高。"
        ),
        WarningKind::Unknowable => {
            format!("未作估计：普查登记中 {share} 的人属于行政记录几乎覆盖不到的人群（按年龄和户籍划分）。")
        }
        WarningKind::UnknownKinds => format!(
            "普查登记中 {share} 的人属于行政记录几乎覆盖不到的人群（按年龄和户籍划分）：其中的漏登由其他人群推算，可能偏差很大。"
        ),
        WarningKind::OneRegister => format!(
            "普查登记中 {share} 的人属于只有一份行政记录能覆盖的人群（按年龄和户籍划分）：没有行政记录的人是否登记有误无从判断，\
             一律未予扣除，估计可能偏高。"
        ),
        WarningKind::UnsupportedAreas => {
            let (count, codes) = codes(warning);
            format!(
                "有 {count} 个普查小区的无记录佐证登记远多于其他小区，占全部此类登记的 {share}（{codes}）：是否有编造？"
            )
        }
        WarningKind::OneList => String::from("未作估计：估计普查完整性至少需要一份普查登记和一份行政记录。"),
        WarningKind::Absent => {
            let (count, codes) = codes(warning);
            format!(
                "有 {count} 个社区（村）在行政记录中有人（占 {share}），普查登记中却没有人（{codes}）：是否提取完整？"
            )
        }
        WarningKind::AbsentPlaces => {
            let (_, codes) = codes(warning);
            format!(
                "有的楼栋或单位（集体户）在行政记录中有许多人（占 {share}），普查登记中却几乎没有人，而其他地方大多已登记（所在社区：{codes}）：\
                 是整体漏登，还是已拆除或不在本区？"
            )
        }
        WarningKind::Stale => {
            let (_, registers) = codes(warning);
            format!(
                "有的行政记录（占 {share}）截止于普查时点之前数月（{registers} 个月）：此后死亡或迁出的人看起来像漏登的居民，预计漏登人数会偏多。"
            )
        }
        WarningKind::Unjudged => {
            format!("普查登记中 {share} 的人所属年龄在行政记录中几乎没有人：这些年龄中哪里都没有的人未作估计。")
        }
        WarningKind::NoModel => {
            format!("未给出各行政记录分别作为一份名单的估计：{share} 的人所属年龄没有可估计的对数线性模型。")
        }
        WarningKind::NoDeaths => {
            format!(
                "没有任何一份记录说明谁已死亡：未注销户口的死亡老人看起来像漏登的居民（65 岁及以上占行政记录的 {share}），\
                 预计漏登人数会偏多。请向卫生健康或民政部门索取死亡记录。"
            )
        }
        WarningKind::Erroneous => format!("预计登记有误的占 {share}，超过 2%。"),
    }
}

fn in_english(warning: &Warning) -> String {
    let percent = 100.0 * warning.share;
    match warning.kind {
        WarningKind::Merged => format!(
            "{percent:.0} % of the persons are in post-strata too small for their own district: areas borrow from one \
             another"
        ),
        WarningKind::Residence => {
            let why = match warning.detail.as_str() {
                "no_dates" => "no register has dates of a last sign of life",
                "one_date" => "in a register the dates of a last sign of life are nearly all one day",
                "few_positives" => "there are too few known residents to learn from",
                "few_negatives" => "too few are known not to live here: the prior comes from the density ratio",
                "unlike_negatives" => {
                    "most whom only registers know are unlike those known not to live here: the prior is a density ratio"
                }
                "stated_share" => {
                    "nothing tells how many were missed (too few are known to registers alone, none has dates, or \
                     they are of collective households): the share is mostly a stated one"
                }
                "no_convergence" => "it did not converge",
                other => other,
            };
            format!("the residence evidence is doubtful: {why}")
        }
        WarningKind::Erroneous => {
            format!("{percent:.1} % of the enumerations are expected to be wrong, more than 2 %")
        }
        WarningKind::Absent => {
            let (count, codes) = codes(warning);
            format!(
                "of {count} communities with {percent:.1} % of the persons in registers the roll has nobody ({codes}): is \
                 its extract whole?"
            )
        }
        WarningKind::AbsentPlaces => {
            let (_, codes) = codes(warning);
            format!(
                "of buildings or institutions with {percent:.1} % of the persons in registers the roll has hardly anybody, \
                 though it has most persons elsewhere (communities: {codes}): were they left out, or are they gone or \
                 elsewhere?"
            )
        }
        WarningKind::Stale => {
            let (_, registers) = codes(warning);
            format!(
                "registers with {percent:.0} % of the records end months before the reference time ({registers}): whoever \
                 died or left since looks like a missed resident, so that too many are expected"
            )
        }
        WarningKind::Unjudged => format!(
            "registers have hardly anybody of the ages of {percent:.1} % of the persons on the roll: of these ages it is \
             not estimated whom no list has"
        ),
        WarningKind::NoModel => format!(
            "there is no estimate with each register a list of its own: no log-linear model has one for the ages of \
             {percent:.1} % of the persons"
        ),
        WarningKind::NoDeaths => format!(
            "no list says who has died: of the old ({percent:.0} % of the records in registers) those who died and were \
             not struck off look like missed residents, so that too many are expected; ask for a register of deaths"
        ),
        WarningKind::Unlinked => format!(
            "{percent:.0} % of the shorter of roll and registers are not on the other: nothing that is expected of missed \
             persons can be relied on; are both of one area, the columns right, the link probability not too high?"
        ),
        WarningKind::Unknowable => format!(
            "nothing is estimated: of {percent:.0} % of those on the roll, by age and registration, registers can know \
             hardly anybody"
        ),
        WarningKind::UnknownKinds => format!(
            "of {percent:.0} % of those on the roll, by age and registration, registers can know hardly anybody: who was \
             missed among them is estimated from the others, and may be far off"
        ),
        WarningKind::OneRegister => format!(
            "of {percent:.0} % of those on the roll, by age and registration, only one register can know: whether those \
             in none are on it wrongly cannot be told, and none is taken out; the estimate may be too high"
        ),
        WarningKind::UnsupportedAreas => {
            let (count, codes) = codes(warning);
            format!(
                "{count} enumeration areas have {percent:.1} % of all rows that no register supports, far more than \
                 others ({codes}): were they made up?"
            )
        }
        WarningKind::OneList => String::from("nothing is estimated: that takes a roll and a register at least"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Warning, WarningKind, warning};
    use crate::intake::study::Language;

    #[test]
    fn a_warning_names_areas_and_nothing_that_was_taken_for_a_code() {
        for kind in [WarningKind::Absent, WarningKind::AbsentPlaces, WarningKind::UnsupportedAreas] {
            let found = Warning { kind, share: 0.1, detail: String::from("120106001001, 王建国") };
            for language in [Language::Zh, Language::En] {
                let said = warning(language, &found);
                assert!(said.contains("120106001001, area-") && !said.contains("王建国"), "{said}");
            }
        }
    }
}
