//! Which cases does each field team carry, and what does it see of them?
//!
//! Takes the discrepancies that need a visit, gives one [`AreaList`] per enumeration area (or community, township, or
//! `unknown`, as far as the place is known): cases in walking order, those of one dwelling together, every value masked
//! as far as its matter allows. What a worker must not learn has no field here at all.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::ReportInput;
use super::words::code;
use super::words::field::{self, Matter};
use crate::intake::study::Language;
use crate::outcome::coverage::UNKNOWN_AREA;
use crate::outcome::discrepancy::{Discrepancy, DiscrepancyKind};
use crate::person::id_number::IdNumber;
use crate::person::table::{PersonTable, RecordId};
use crate::privacy::mask;

/// The cases of one area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaList {
    /// Code of the area: the name of its files.
    pub area: String,
    /// The dwellings in walking order.
    pub dwellings: Vec<DwellingCases>,
}

/// The cases of one dwelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DwellingCases {
    /// Estate, building, unit and room, as far as known.
    pub dwelling: String,
    /// The cases.
    pub cases: Vec<Case>,
}

/// What a field worker sees of a discrepancy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Position in the findings. Not shown: it would tell the kind.
    pub discrepancy: usize,
    /// Number by which office and field speak of the case.
    pub number: String,
    /// What it is about.
    pub matter: Matter,
    /// Language of its texts.
    pub language: Language,
    /// Full name of a missed person, masked name of anybody else; empty where only the household matters.
    pub name: String,
    /// Sex.
    pub sex: &'static str,
    /// Year and month of birth.
    pub birth: String,
    /// Relationship to the head of the household.
    pub relationship: &'static str,
    /// Masked ID number; empty unless it is needed at the door.
    pub id_number: String,
    /// What to ask.
    pub ask: String,
}

impl AreaList {
    /// All cases in walking order.
    pub fn cases(&self) -> impl Iterator<Item = (&DwellingCases, &Case)> {
        self.dwellings.iter().flat_map(|dwelling| dwelling.cases.iter().map(move |case| (dwelling, case)))
    }

    /// How many cases there are of each matter, in a fixed order.
    #[must_use]
    pub fn by_matter(&self) -> Vec<(Matter, usize)> {
        let count = |matter: Matter| self.cases().filter(|(_, case)| case.matter == matter).count();
        Matter::ALL.into_iter().map(|matter| (matter, count(matter))).filter(|(_, count)| *count > 0).collect()
    }
}

/// Where a case stands in walking order: places that are known first.
type Walk<'a> = (bool, &'a str, u16, u16, u16);

/// The lists of all areas, in the order of their codes.
#[must_use]
pub fn compose(input: &ReportInput<'_>) -> Vec<AreaList> {
    let mut numbers = CaseNumbers::new(&input.study.digest);
    let mut areas: BTreeMap<String, BTreeMap<Walk<'_>, Vec<Case>>> = BTreeMap::new();
    for (at, discrepancy) in input.findings.discrepancies.iter().enumerate() {
        if !discrepancy.listed {
            continue;
        }
        let record = shown(discrepancy);
        let case = compose_case(input, at, discrepancy, numbers.next(at));
        let dwellings = areas.entry(area_code(&discrepancy.area)).or_default();
        dwellings.entry(walk(input.table, record)).or_default().push(case);
    }
    let list = |(area, dwellings): (String, BTreeMap<Walk<'_>, Vec<Case>>)| AreaList {
        area,
        dwellings: dwellings
            .into_iter()
            .map(|(walk, mut cases)| {
                // By number, not by position: the order of the findings would tell the kind.
                cases.sort_by(|a, b| (a.matter, &a.number).cmp(&(b.matter, &b.number)));
                DwellingCases { dwelling: dwelling(input.study.language, walk), cases }
            })
            .collect(),
    };
    areas.into_iter().map(list).collect()
}

fn shown(discrepancy: &Discrepancy) -> RecordId {
    discrepancy.roll_record.unwrap_or(discrepancy.shown_record)
}

/// The code that names an area's files: letters and digits only; coarser than a township is as good as unknown.
#[must_use]
pub fn area_code(code: &str) -> String {
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
    let numeric = code.bytes().all(|byte| byte.is_ascii_digit());
    let unknown = code.is_empty() || code.eq_ignore_ascii_case(UNKNOWN_AREA);
    if unknown || (numeric && code.len() < 9) { UNKNOWN_AREA.to_owned() } else { code.to_ascii_uppercase() }
}

fn walk(table: &PersonTable, record: RecordId) -> Walk<'_> {
    let at = record as usize;
    let estate = table.estates.text(table.estate[at]);
    (estate.is_empty(), estate, table.building[at], table.unit[at], table.room[at])
}

/// Letters of buildings are numbered from here in the table.
const LETTERS_FROM: u16 = 30_000;

fn part(number: u16) -> String {
    match number {
        0 => String::new(),
        number if number < LETTERS_FROM => number.to_string(),
        letter => u8::try_from(letter - LETTERS_FROM)
            .ok()
            .filter(|offset| *offset < 26)
            .map_or_else(String::new, |offset| char::from(b'A' + offset).to_string()),
    }
}

fn dwelling(language: Language, (_, estate, building, unit, room): Walk<'_>) -> String {
    field::dwelling(language, [&mask::plain(estate), &part(building), &part(unit), &part(room)])
}

fn matter(kind: DiscrepancyKind) -> Matter {
    match kind {
        DiscrepancyKind::MissedPerson => Matter::Person,
        DiscrepancyKind::MissedNewborn => Matter::Children,
        DiscrepancyKind::MissedHousehold => Matter::Household,
        DiscrepancyKind::DuplicateEnumeration | DiscrepancyKind::CountedElsewhere => Matter::Residence,
        DiscrepancyKind::DeadBeforeReference
        | DiscrepancyKind::BornAfterReference
        | DiscrepancyKind::UnsupportedEnumeration => Matter::Member,
        DiscrepancyKind::AttributeConflict => Matter::Items,
        DiscrepancyKind::HouseholdMismatch => Matter::Place,
    }
}

fn compose_case(input: &ReportInput<'_>, at: usize, discrepancy: &Discrepancy, number: String) -> Case {
    let (table, language) = (input.table, input.study.language);
    let record = shown(discrepancy);
    let row = record as usize;
    let matter = matter(discrepancy.kind);
    let items = items(discrepancy);
    let words: Vec<String> = items.iter().map(|item| code::field(language, item)).collect();
    let joined = words.join(if language == Language::Zh { "、" } else { ", " });
    let ask = matter.ask(language, discrepancy.members.len().max(1), &joined);
    let mut case = Case {
        discrepancy: at,
        number,
        matter,
        language,
        name: String::new(),
        sex: "",
        birth: String::new(),
        relationship: "",
        id_number: String::new(),
        ask,
    };
    if matches!(matter, Matter::Children | Matter::Household) {
        return case;
    }
    let name = table.name_text(record);
    let family = table.names.form(table.name[row]).map_or(0, |form| form.family);
    case.name = if matter == Matter::Person { mask::plain(name) } else { mask::name(name, family) };
    if case.name.is_empty() {
        case.name = field::NO_NAME.of(language).to_owned();
    }
    case.sex = field::sex(table.sex[row]).of(language);
    let (year, month, _) = table.birth[row].parts();
    case.birth = field::birth(language, (year, month));
    let id_number = id_characters(table.id_number[row]);
    if matter == Matter::Person {
        case.id_number = mask::id_tail(&id_number);
    } else {
        case.relationship = field::relationship(table.relationship[row]).of(language);
        if matter == Matter::Items && items.contains("id_number") {
            case.id_number = mask::id_number(&id_number);
        }
    }
    case
}

/// What to check again on a form: names of items only. Without any that is known here, all that can conflict.
fn items(discrepancy: &Discrepancy) -> BTreeSet<&'static str> {
    const ITEMS: [&str; 5] = ["name", "id_number", "sex", "birth_date", "ethnicity"];
    let about = |item: &str, what: &str| what == item || what.strip_prefix("level_of_") == Some(item);
    let agrees = |found: &str| found.starts_with("equal") || found == "missing";
    let named = |item: &&str| {
        let evidence = &discrepancy.evidence;
        evidence.iter().any(|e| (about(item, &e.what) && !agrees(&e.found)) || e.found == **item)
    };
    let found: BTreeSet<&str> = ITEMS.into_iter().filter(named).collect();
    if found.is_empty() { ITEMS.into_iter().take(4).collect() } else { found }
}

fn id_characters(id_number: IdNumber) -> String {
    let mut buffer = [0; 20];
    let length = id_number.characters(&mut buffer);
    buffer.iter().take(length).map(|byte| char::from(*byte)).collect()
}

/// Case numbers that say nothing: eight characters of a digest, without letters that look like digits.
struct CaseNumbers<'a> {
    digest: &'a str,
    given: BTreeSet<String>,
}

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl CaseNumbers<'_> {
    fn new(digest: &str) -> CaseNumbers<'_> {
        CaseNumbers { digest, given: BTreeSet::new() }
    }

    fn next(&mut self, position: usize) -> String {
        let mut attempt = 0u32;
        loop {
            let digest = Sha256::digest(format!("case\u{1f}{}\u{1f}{position}\u{1f}{attempt}", self.digest));
            let character = |byte: &u8| char::from(ALPHABET[usize::from(byte & 31)]);
            let mut number: String = digest.iter().take(8).map(character).collect();
            number.insert(4, '-');
            if self.given.insert(number.clone()) {
                return number;
            }
            attempt += 1;
        }
    }
}
