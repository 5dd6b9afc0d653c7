//! Which cases does each field team carry, and what does it see of them?
//!
//! Takes the discrepancies that need a visit, gives one [`AreaList`] per enumeration area (or community, township, or
//! `unknown`, as far as the place is known): cases in walking order, those of one dwelling together, every value masked
//! as far as its matter allows. What a worker must not learn has no field here at all.

use std::collections::BTreeSet;
use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

mod around;
mod door;
mod door_areas;
pub mod table;

pub use around::Around;
pub use door::{AreaCodes, Door, door, file_name, is_area, short_digest, shown_area, written_address};

use super::ReportInput;
use super::words::code;
use super::words::field::{self, Matter};
use crate::intake::study::Language;
use crate::outcome::discrepancy::{Discrepancy, DiscrepancyKind, VISIT};
use crate::outcome::residence::features;
use crate::outcome::settled::record_name;
pub use crate::outcome::settled::{digest_and_mark, record_digest};
use crate::outcome::visit::is_omission;
use crate::person::id_number::IdNumber;
use crate::person::table::RecordId;
use crate::privacy::{mask, personal};
use around::Enumerated;

/// The cases of one area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaList {
    /// Code of the area; [`file_name`] of it names its files.
    pub area: String,
    /// The dwellings in walking order.
    pub dwellings: Vec<DwellingCases>,
}

/// The cases of one dwelling.
#[derive(Clone, PartialEq, Eq)]
pub struct DwellingCases {
    /// Estate, building, unit and room as they are written, as far as known.
    pub dwelling: String,
    /// Is it one door? If it is not, each case has its own.
    pub is_one: bool,
    /// The cases.
    pub cases: Vec<Case>,
}

/// A case with its place.
#[derive(Clone)]
pub struct Placed {
    /// Code of the area whose list it is on.
    pub area: String,
    /// Where its door is.
    pub door: Door,
    /// The door in words.
    pub dwelling: String,
    /// The case.
    pub case: Case,
}

/// What a field worker sees of a discrepancy.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    pub sex: String,
    /// Year and month of birth.
    pub birth: String,
    /// Relationship to the head of the household.
    pub relationship: String,
    /// Masked ID number; empty unless it is needed at the door.
    pub id_number: String,
    /// What to ask.
    pub ask: String,
}

/// A discrepancy as a case: what a field worker sees, and what the office needs to plan visits and to learn from them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseRow {
    /// What a field worker sees.
    pub case: Case,
    /// Name of the kind of discrepancy.
    pub kind: String,
    /// Code of the area whose list it is on.
    pub area: String,
    /// Where its door is.
    pub door: Door,
    /// The door as it is written; empty in tables that were written before there was this.
    #[serde(default)]
    pub dwelling: String,
    /// Probability that the discrepancy is real.
    pub probability: f64,
    /// Is it within the visits of the run?
    pub listed: bool,
    /// Has a visit settled it of which the run had heard? Nothing where the run knew of no such case, and in tables
    /// that were written before there was this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_visit: Option<bool>,
    /// Whom it counts: members of a household, one otherwise.
    pub persons: u32,
    /// The records that it rests on by their digests, ascending, each with the mark of its person; see
    /// [`digest_and_mark`].
    pub records: Vec<String>,
    /// What the residence evidence saw of the person, as `feature=level`.
    pub traits: Vec<String>,
    /// What the roll has around an omission; nothing in tables that were written before there was this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<Around>,
}

impl CaseRow {
    /// Has a visit settled it of which the run had heard, if it has heard of any? Nobody is sent again then. Where the
    /// table does not say it, a case is settled that is certain.
    #[must_use]
    pub fn is_settled(&self, has_outcomes: bool) -> bool {
        has_outcomes && self.by_visit.unwrap_or(self.probability >= 1.0)
    }

    /// Was nobody enumerated at the dwelling?
    #[must_use]
    pub fn is_empty_dwelling(&self) -> bool {
        let empty = trait_of(features::DWELLING, features::NOBODY_ENUMERATED);
        self.traits.iter().any(|seen| seen.starts_with(&empty))
    }

    /// Is it a person of a registered household?
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.stratum().and_then(|stratum| stratum.strip_prefix(STRATUM)) == Some("0")
    }

    /// The trait that names the stratum of the person, if it was looked for among those who are perhaps missed.
    #[must_use]
    pub fn stratum(&self) -> Option<&str> {
        self.traits.iter().map(String::as_str).find(|seen| seen.starts_with(STRATUM))
    }

    /// The case with its place, for a list.
    #[must_use]
    pub fn placed(&self, language: Language) -> Placed {
        let dwelling = if self.dwelling.is_empty() { self.door.words(language) } else { self.dwelling.clone() };
        Placed { area: self.area.clone(), door: self.door.clone(), dwelling, case: self.case.clone() }
    }
}

impl AreaList {
    /// How many doors there are to visit.
    #[must_use]
    pub fn doors(&self) -> usize {
        self.dwellings.iter().map(|dwelling| if dwelling.is_one { 1 } else { dwelling.cases.len() }).sum()
    }

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

/// The discrepancies as cases: numbered at once, composed a part at a time, since there may be many.
#[derive(Debug)]
pub struct CaseBook<'a> {
    input: ReportInput<'a>,
    numbers: Vec<String>,
    areas: AreaCodes<'a>,
    /// By discrepancy: the area of the other cases at its door, where that is another one.
    areas_of_doors: FxHashMap<usize, &'a str>,
    enumerated: Enumerated<'a>,
    /// Has a visit settled one of them?
    knows_visits: bool,
}

impl<'a> CaseBook<'a> {
    /// Numbers the discrepancies of a run.
    #[must_use]
    pub fn of(input: &ReportInput<'a>) -> CaseBook<'a> {
        let (numbers, enumerated) = rayon::join(|| numbers(input), || Enumerated::of(input.table));
        let (areas, areas_of_doors) = (AreaCodes::of(input.table), door_areas::differing(input));
        let knows_visits = input.findings.discrepancies.iter().any(Discrepancy::is_settled);
        CaseBook { input: *input, numbers, areas, areas_of_doors, enumerated, knows_visits }
    }

    /// Code of the area whose list a case is on.
    fn area(&self, at: usize) -> String {
        let own = self.input.findings.discrepancies[at].area.as_str();
        self.areas.code(self.areas_of_doors.get(&at).copied().unwrap_or(own))
    }

    /// Number of cases.
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Is there no case?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Some of the cases, in the order of the findings.
    #[must_use]
    pub fn rows(&self, range: Range<usize>) -> Vec<CaseRow> {
        range.into_par_iter().map(|at| self.row(at)).collect()
    }

    /// The lists of all areas, in the order of their codes, of the cases that are listed.
    #[must_use]
    pub fn lists(&self) -> Vec<AreaList> {
        let listed = |at: &usize| self.input.findings.discrepancies[*at].listed;
        let of_case = |at: usize| {
            let discrepancy = &self.input.findings.discrepancies[at];
            let (door, dwelling) = self.place(discrepancy);
            Placed { area: self.area(at), door, dwelling, case: self.case(at) }
        };
        arrange((0..self.len()).into_par_iter().filter(listed).map(of_case).collect())
    }

    fn place(&self, discrepancy: &Discrepancy) -> (Door, String) {
        let (table, record) = (self.input.table, discrepancy.addressed_record);
        let door = Door { is_house: discrepancy.at_house, ..door(table, record) };
        (door, written_address(self.input.study.language, table, record))
    }

    fn case(&self, at: usize) -> Case {
        compose_case(&self.input, at, &self.input.findings.discrepancies[at], self.numbers[at].clone())
    }

    fn row(&self, at: usize) -> CaseRow {
        let (input, discrepancy) = (&self.input, &self.input.findings.discrepancies[at]);
        let ((door, dwelling), area) = (self.place(discrepancy), self.area(at));
        let around = || self.enumerated.around(discrepancy.addressed_record, &area);
        CaseRow {
            case: self.case(at),
            kind: discrepancy.kind.name().to_owned(),
            door,
            dwelling,
            probability: discrepancy.probability,
            listed: discrepancy.listed,
            by_visit: self.knows_visits.then(|| discrepancy.is_settled()),
            persons: u32::try_from(discrepancy.members.len().max(1)).unwrap_or(u32::MAX),
            records: records(input, discrepancy),
            traits: traits(input, discrepancy),
            around: is_omission(discrepancy.kind).then(around),
            area,
        }
    }
}

/// Cases in the order of areas and doors, those of one door together. Where the door is not known, those whose address
/// is written alike stand together.
#[must_use]
pub fn arrange(cases: Vec<Placed>) -> Vec<AreaList> {
    type Walked = ([String; 3], Placed);
    fn written(placed: &Placed) -> &str {
        if placed.door.is_one() { "" } else { &placed.dwelling }
    }
    fn place((way, placed): &Walked) -> (&str, bool, &[String; 3], &Door, &str) {
        (&placed.area, placed.door.unplaced, way, &placed.door, written(placed))
    }
    // By number, not by position: the order of the findings would tell the kind.
    fn asked((_, placed): &Walked) -> (Matter, &str) {
        (placed.case.matter, &placed.case.number)
    }
    // What is written of one door in two ways is in one place of the walk.
    let mut dwellings: FxHashMap<&Door, &str> = FxHashMap::default();
    for placed in &cases {
        let dwelling = dwellings.entry(&placed.door).or_insert(&placed.dwelling);
        *dwelling = (*dwelling).max(&placed.dwelling);
    }
    let on_the_way = |placed: &Placed| placed.door.on_the_way(dwellings.get(&placed.door).copied().unwrap_or_default());
    let ways: Vec<[String; 3]> = cases.par_iter().map(on_the_way).collect();
    let mut cases: Vec<Walked> = ways.into_iter().zip(cases).collect();
    cases.par_sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| asked(a).cmp(&asked(b))));
    let mut lists: Vec<AreaList> = Vec::new();
    let mut last: Option<(Door, String)> = None;
    for (_, placed) in cases {
        if lists.last().is_none_or(|list| list.area != placed.area) {
            lists.push(AreaList { area: placed.area.clone(), dwellings: Vec::new() });
            last = None;
        }
        let Some(list) = lists.last_mut() else { continue };
        let here = (&placed.door, written(&placed));
        if last.as_ref().is_none_or(|(door, dwelling)| (door, dwelling.as_str()) != here) {
            last = Some((placed.door.clone(), here.1.to_owned()));
            let (is_one, dwelling) = (placed.door.is_one(), placed.dwelling);
            list.dwellings.push(DwellingCases { dwelling, is_one, cases: Vec::new() });
        }
        if let Some(dwelling) = list.dwellings.last_mut() {
            dwelling.cases.push(placed.case);
        }
    }
    lists
}

/// The records that a discrepancy rests on, by digests and marks; that of the row of the roll at issue first.
fn records(input: &ReportInput<'_>, discrepancy: &Discrepancy) -> Vec<String> {
    let resolution = &input.linked.resolution;
    let members = discrepancy.members.iter().copied().chain([discrepancy.person]);
    let records = members.flat_map(|person| resolution.records_of(person).iter().copied());
    let named = |record: RecordId| {
        let source = &input.study.sources[input.table.source(record)].name;
        record_name(source, input.table, record)
    };
    let at_issue = discrepancy.roll_record;
    let others: BTreeSet<String> = records.filter(|record| Some(*record) != at_issue).map(named).collect();
    at_issue.map(named).into_iter().chain(others).collect()
}

fn traits(input: &ReportInput<'_>, discrepancy: &Discrepancy) -> Vec<String> {
    if !is_omission(discrepancy.kind) {
        return Vec::new();
    }
    let candidates = &input.residence.candidates;
    let found = candidates.binary_search_by_key(&discrepancy.person, |candidate| candidate.person);
    let Ok(at) = found else { return Vec::new() };
    let candidate = &candidates[at];
    let mut traits: Vec<String> = input
        .residence
        .contributions(candidate)
        .into_iter()
        .filter(|contribution| contribution.feature != "rejected_link")
        .map(|contribution| trait_of(contribution.feature, &contribution.level))
        .collect();
    traits.push(format!("{STRATUM}{}", candidate.stratum));
    traits.sort_unstable();
    traits
}

/// How the trait begins that names a stratum; 0 is that of persons of registered households.
const STRATUM: &str = "stratum=";

/// The trait of a feature and what was seen of it.
pub(crate) fn trait_of(feature: &str, level: &str) -> String {
    format!("{feature}={level}")
}

fn shown(discrepancy: &Discrepancy) -> RecordId {
    discrepancy.roll_record.unwrap_or(discrepancy.shown_record)
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
    let items = if matter == Matter::Items { items(discrepancy) } else { BTreeSet::new() };
    let words: Vec<String> = items.iter().map(|item| code::field(language, item)).collect();
    let joined = words.join(if language == Language::Zh { "、" } else { ", " });
    let ask = matter.ask(language, discrepancy.members.len().max(1), &joined);
    let mut case = Case {
        discrepancy: at,
        number,
        matter,
        language,
        name: String::new(),
        sex: String::new(),
        birth: String::new(),
        relationship: String::new(),
        id_number: String::new(),
        ask,
    };
    if matches!(matter, Matter::Children | Matter::Household) {
        return case;
    }
    let name = table.written_name(record);
    let family = table.names.form(table.name[row]).map_or(0, |form| form.family);
    case.name = if matter == Matter::Person { mask::plain(name) } else { mask::name(name, family) };
    if case.name.is_empty() {
        case.name = field::NO_NAME.of(language).to_owned();
    }
    case.sex = field::sex(table.sex[row]).of(language).to_owned();
    let (year, month, _) = table.birth[row].parts();
    case.birth = field::birth(language, (year, month));
    let id_number = id_characters(table.id_number[row]);
    if matter == Matter::Person {
        case.id_number = mask::id_tail(&id_number);
    } else {
        case.relationship = field::relationship(table.relationship[row]).of(language).to_owned();
        if items.contains("id_number") {
            case.id_number = mask::id_tail(&id_number);
        }
    }
    case
}

/// What to check again on a form: the items that the evidence of a conflict names, and nothing of what was found.
fn items(discrepancy: &Discrepancy) -> BTreeSet<&str> {
    discrepancy.evidence.iter().map(|evidence| evidence.what.as_ref()).filter(|what| *what != VISIT).collect()
}

/// An ID number as it is written; empty if there is none, or only a part of it is known.
#[must_use]
pub fn id_characters(id_number: IdNumber) -> String {
    let mut buffer = [0; 20];
    let length = id_number.characters(&mut buffer);
    buffer.iter().take(length).map(|byte| char::from(*byte)).collect()
}

/// Eight characters of the digest of what something is about.
#[must_use]
pub fn spoken_number(about: &str) -> String {
    let character = |byte: &u8| char::from(ALPHABET[usize::from(byte & 31)]);
    let mut number: String = Sha256::digest(about).iter().take(8).map(character).collect();
    number.insert(4, '-');
    number
}

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Case numbers that say nothing: eight characters of a digest, without letters that look like digits. A number follows
/// from the study file and the records that the case rests on: where neither has changed, a later run gives the same
/// number.
fn numbers(input: &ReportInput<'_>) -> Vec<String> {
    let digest = &input.study.digest;
    let number = |discrepancy: &Discrepancy, attempt: u32| {
        let records = records(input, discrepancy);
        let digests: Vec<&str> = records.iter().map(|name| digest_and_mark(name).0).collect();
        let (kind, records) = (discrepancy.kind.name(), digests.join(" "));
        spoken_number(&format!("case\u{1f}{digest}\u{1f}{kind}\u{1f}{records}\u{1f}{attempt}"))
    };
    let discrepancies = &input.findings.discrepancies;
    let mut numbers: Vec<String> = discrepancies.par_iter().map(|discrepancy| number(discrepancy, 0)).collect();
    let mut given: FxHashSet<String> = FxHashSet::default();
    for (given_number, discrepancy) in numbers.iter_mut().zip(discrepancies) {
        let mut attempt = 0;
        while !given.insert(given_number.clone()) {
            attempt += 1;
            *given_number = number(discrepancy, attempt);
        }
    }
    numbers
}

personal!(DwellingCases, Case, Placed);
