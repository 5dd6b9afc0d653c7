//! What does a follow-up list say?
//!
//! Neutral throughout: nothing here tells which department knew the person or why a case was opened. The open question
//! comes first, and several kinds of discrepancy share one wording, so that a list gives no cause away.

use serde::{Deserialize, Serialize};

use super::{Words, words};
use crate::intake::study::Language;
use crate::outcome::visit::Outcome;
use crate::person::code::Relationship;

/// Title of a list.
pub const TITLE: Words = words("入户核查表", "Follow-up list");
/// Name of the sheet with instructions.
pub const COVER: Words = words("说明", "Instructions");
/// Name of the sheet with cases.
pub const CASES: Words = words("核查清单", "Cases");
/// Enumeration area.
pub const AREA: Words = words("普查小区", "Enumeration area");
/// Community or village, where the enumeration area is not known.
pub const COMMUNITY: Words = words("社区（村）", "Community");
/// Street or township.
pub const TOWNSHIP: Words = words("街道（乡镇）", "Township");
/// Nothing is known of the area.
pub const AREA_UNKNOWN: Words = words("区域不明", "Area unknown");
/// The study.
pub const STUDY: Words = words("项目", "Study");
/// Reference time.
pub const REFERENCE: Words = words("普查时点", "Reference time");
/// Number of cases.
pub const CASES_COUNT: Words = words("核查事项", "Cases");
/// Number of dwellings.
pub const DWELLINGS_COUNT: Words = words("需走访住所", "Dwellings to visit");
/// How to go about it.
pub const PROTOCOL: Words = words("入户须知", "How to proceed");
/// Signature lines.
pub const VISITOR: Words = words("核查员（签字）", "Visited by (signature)");
/// Date of the visit.
pub const VISIT_DATE: Words = words("核查日期", "Date of visit");
/// Who checked the list.
pub const SUPERVISOR: Words = words("审核人（签字）", "Checked by (signature)");
/// Confidentiality, on every page.
pub const CONFIDENTIAL: Words =
    words("内部资料，仅限人口普查使用，用后收回", "Confidential: for the census only, to be handed back");
/// Address not known.
pub const NO_ADDRESS: Words = words("住址不详", "Address unknown");
/// Name not known.
pub const NO_NAME: Words = words("（姓名不详）", "(name unknown)");

/// Column headings.
pub const COLUMNS: [Words; 9] = [
    words("序号", "No."),
    words("编号", "Case"),
    words("事项", "Kind"),
    words("住所", "Dwelling"),
    words("姓名", "Name"),
    words("性别", "Sex"),
    words("出生年月", "Born"),
    words("身份号码（部分）", "ID number (part)"),
    words("询问内容", "What to ask"),
];
/// Which of them says what is asked.
pub const ASK: usize = 8;
/// The outcome chosen from a list.
pub const OUTCOME: Words = words("核查结果", "Outcome");
/// Takes the choice of an outcome back, on a screen.
pub const CLEAR: Words = words("清除", "Clear");
/// Notes.
pub const NOTE: Words = words("备注", "Notes");
/// Born, before a year and month.
pub const BORN: Words = words("出生", "born");
/// ID number, before its masked form.
pub const ID_NUMBER: Words = words("身份号码", "ID");

/// How a visit ended, after its code.
#[must_use]
pub fn outcome(outcome: Outcome) -> Words {
    match outcome {
        Outcome::Added => words("确属漏登，已补登", "omitted, registered now"),
        Outcome::CountedElsewhere => words("已在别处登记", "counted elsewhere"),
        Outcome::NeverLivedHere => words("从未在此居住", "never lived here"),
        Outcome::MovedOutBefore => words("普查时点前已搬走", "moved out before the reference time"),
        Outcome::MovedInAfter => words("普查时点后才搬来", "moved in after the reference time"),
        Outcome::DiedBefore => words("普查时点前已死亡", "died before the reference time"),
        Outcome::BornAfter => words("普查时点后出生", "born after the reference time"),
        Outcome::Abroad => words("在境外", "abroad"),
        Outcome::Duplicate => words("重复登记，已处理", "counted twice, settled"),
        Outcome::Vacant => words("住房空置", "dwelling vacant"),
        Outcome::NotFound => words("住房已拆除或找不到", "dwelling demolished or not found"),
        Outcome::Refused => words("拒访", "refused"),
        Outcome::NoContact => words("多次走访无人", "nobody met"),
        Outcome::Corrected => words("确为本人，已更正信息", "same person, data corrected"),
        Outcome::DifferentPerson => words("不是同一人", "another person"),
        Outcome::OutOfScope => words("不属普查对象", "out of scope"),
        Outcome::Supervisor => words("需上级判定", "supervisor must decide"),
    }
}

/// An outcome as it stands in the list to choose from: code and words.
#[must_use]
pub fn choice(of: Outcome, language: Language) -> String {
    format!("{} {}", of.code(), outcome(of).of(language))
}

/// Name of the sheet with the outcome codes.
pub const CODES: Words = words("结果代码", "Outcome codes");
/// Any other code, to be written by hand.
pub const OTHER_CODE: Words = words("其他代码", "other code");
/// All codes, on a cover.
pub const ALL_CODES: Words = words("全部结果代码", "All outcome codes");
/// Date of the visit, in a column.
pub const VISITED_ON: Words = words("走访日期", "Visited on");
/// The team.
pub const TEAM: Words = words("小组", "Team");

/// The protocol, line by line.
pub const PROTOCOL_LINES: [Words; 6] = [
    words(
        "先提开放式问题：“普查时点这里住着哪些人？”请住户自己说出全部人员，再对照本表。",
        "Open question first: “Who was living here at the reference time?” Let the household name everybody, then turn \
         to this list.",
    ),
    words(
        "本表内容不得念给住户听，不得向住户说明或猜测线索从何而来。",
        "Do not read the list out, and do not explain or guess why somebody is on it.",
    ),
    words(
        "本表只是线索，不是结论：以住户申报和实地查看为准。",
        "The list is a lead, not a verdict: what the household declares and what you see decides.",
    ),
    words(
        "每一事项只填一个结果代码和走访日期（如 2020-12-03）；白天无人时，换晚上或周末再访，三次以上记“13”，备注写明各次日期。",
        "One outcome code and a date, such as 2020-12-03, per case; if nobody opens, come back in the evening or at the \
         weekend, and write 13 only after three attempts, their dates in the notes.",
    ),
    words(
        "同一住所的事项排在一起，一次走访全部核实；发现表外漏登人员，同样补登并在备注中写明。",
        "Cases of one dwelling stand together: settle them in one visit. Register anybody else who was missed, and say \
         so in the notes.",
    ),
    words(
        "本表含个人信息，不得拍照、复制、外传，核查结束后交回。",
        "The list holds personal data: no photographs, no copies, hand it back afterwards.",
    ),
];

/// What a case is about, as a field worker is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// A household that may have been missed.
    Household,
    /// A person who may have been missed.
    Person,
    /// All children of a household.
    Children,
    /// How a member of the household is.
    Member,
    /// Where a person usually lives.
    Residence,
    /// Which household or dwelling a person belongs to.
    Place,
    /// Items of a person's form.
    Items,
}

impl Matter {
    /// All matters in a fixed order.
    pub const ALL: [Matter; 7] = [
        Matter::Household,
        Matter::Person,
        Matter::Children,
        Matter::Member,
        Matter::Residence,
        Matter::Place,
        Matter::Items,
    ];

    /// The outcomes that are usual for it, offered first on paper; any other code may be written by hand.
    #[must_use]
    pub fn usual(self) -> &'static [Outcome] {
        use Outcome::{
            Added, BornAfter, Corrected, CountedElsewhere, DiedBefore, DifferentPerson, Duplicate, MovedInAfter,
            MovedOutBefore, NeverLivedHere, NoContact, Refused, Vacant,
        };
        match self {
            Matter::Household => &[Added, CountedElsewhere, NeverLivedHere, MovedOutBefore, Vacant, Refused, NoContact],
            Matter::Person => {
                &[Added, CountedElsewhere, NeverLivedHere, MovedOutBefore, DiedBefore, Refused, NoContact]
            }
            Matter::Children => {
                &[Added, CountedElsewhere, BornAfter, MovedOutBefore, NeverLivedHere, Refused, NoContact]
            }
            Matter::Member => &[DiedBefore, BornAfter, MovedOutBefore, NeverLivedHere, Corrected, Refused, NoContact],
            Matter::Residence => {
                &[CountedElsewhere, Duplicate, MovedOutBefore, MovedInAfter, Corrected, Refused, NoContact]
            }
            Matter::Place | Matter::Items => &[Corrected, DifferentPerson, MovedOutBefore, Refused, NoContact],
        }
    }

    /// Its name.
    #[must_use]
    pub fn words(self) -> Words {
        match self {
            Matter::Household => words("可能漏登的住户", "Household perhaps missed"),
            Matter::Person => words("可能漏登的人员", "Person perhaps missed"),
            Matter::Children => words("核对户内儿童", "Children of the household"),
            Matter::Member => words("核实成员情况", "Confirm a member"),
            Matter::Residence => words("核实常住地", "Confirm usual residence"),
            Matter::Place => words("核实所在住户", "Confirm household"),
            Matter::Items => words("核对登记项目", "Check items"),
        }
    }

    /// What to ask; `persons` is how many members a household is expected to have, `items` what to check again.
    #[must_use]
    pub fn ask(self, language: Language, persons: usize, items: &str) -> String {
        let text = match self {
            Matter::Household => {
                return match language {
                    Language::Zh => format!("先问普查时点这里住着哪些人，逐人登记。预计约 {persons} 人。"),
                    Language::En => format!(
                        "Ask who was living here at the reference time and register everybody. About {persons} expected."
                    ),
                };
            }
            Matter::Items => {
                return match language {
                    Language::Zh => format!("请看证件重新核对：{items}。不要念出已登记的内容。"),
                    Language::En => format!("Check again from the card: {items}. Do not read out what was written."),
                };
            }
            Matter::Person => words(
                "先问普查时点这里住着哪些人；没有提到此人时，再核实当时是否住在这里、是否已在别处登记。",
                "Ask who was living here at the reference time; only if this person is not named: was the person \
                 living here then, or registered elsewhere?",
            ),
            Matter::Children => words(
                "请住户说出普查时点的所有孩子，包括刚出生的，逐一核对是否登记。",
                "Ask for all children at the reference time, newborn ones too; check that each is registered.",
            ),
            Matter::Member => words(
                "请住户说出普查时点的全部成员，确认该成员情况。不提示原因。",
                "Ask for all members at the reference time and confirm this one. Suggest no reason.",
            ),
            Matter::Residence => words(
                "先问此人平时住在哪里、普查时点住在哪里，是否在别处也登记过。",
                "Ask where this person usually lives, where at the reference time, and whether also registered elsewhere.",
            ),
            Matter::Place => words(
                "先问普查时点这里住着哪些人、分几户；核实此人属于哪一户、住哪一室。",
                "Ask who was living here and in how many households; confirm which household and room this person \
                 belongs to.",
            ),
        };
        text.of(language).to_owned()
    }
}

/// Sex.
#[must_use]
pub fn sex(sex: u8) -> Words {
    match sex {
        1 => words("男", "M"),
        2 => words("女", "F"),
        _ => words("", ""),
    }
}

/// Relationship to the head of the household; empty if it is not known.
#[must_use]
pub fn relationship(relationship: Relationship) -> Words {
    match relationship {
        Relationship::Unknown => words("", ""),
        Relationship::Head => words("户主", "head"),
        Relationship::Spouse => words("配偶", "spouse"),
        Relationship::Child => words("子女", "child"),
        Relationship::Parent => words("父母", "parent"),
        Relationship::ParentInLaw => words("岳父母或公婆", "parent-in-law"),
        Relationship::Grandparent => words("祖父母", "grandparent"),
        Relationship::ChildInLaw => words("媳婿", "child-in-law"),
        Relationship::Grandchild => words("孙子女", "grandchild"),
        Relationship::Sibling => words("兄弟姐妹", "sibling"),
        Relationship::Other => words("其他", "other"),
        Relationship::Collective => words("集体户成员", "collective household"),
    }
}

/// Year and month of birth; empty if the year is not known.
#[must_use]
pub fn birth(language: Language, (year, month): (u16, u8)) -> String {
    match (language, year, month) {
        (_, 0, _) => String::new(),
        (Language::Zh, _, 0) => format!("{year}年"),
        (Language::En, _, 0) => year.to_string(),
        (Language::Zh, ..) => format!("{year}年{month}月"),
        (Language::En, ..) => format!("{year}-{month:02}"),
    }
}

/// A dwelling from its parts, each empty if unknown: estate, building, unit, room.
#[must_use]
pub fn dwelling(language: Language, [estate, building, unit, room]: [&str; 4]) -> String {
    let known = |text: &str, before: &str, after: &str| match text {
        "" => String::new(),
        text => format!("{before}{text}{after}"),
    };
    let letter = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic());
    let text = match language {
        Language::Zh => [
            known(estate, "", if estate.ends_with(|c: char| c.is_ascii_alphanumeric()) { " " } else { "" }),
            known(building, "", if letter(building) { "座" } else { "号楼" }),
            known(unit, "", "单元"),
            known(room, "", if building.is_empty() && unit.is_empty() { "号" } else { "室" }),
        ]
        .concat(),
        Language::En => [
            known(estate, "", ""),
            known(building, "building ", ""),
            known(unit, "unit ", ""),
            known(room, "room ", ""),
        ]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", "),
    };
    if text.trim().is_empty() { NO_ADDRESS.of(language).to_owned() } else { text.trim().to_owned() }
}
