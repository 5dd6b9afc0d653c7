//! Which discrepancies does each person raise?
//!
//! Takes the table, who is who and the residence evidence, gives the [`Findings`]. One pass over the persons; each rule
//! is one function. `docs/discrepancies.md` defines the kinds.

mod addressed;
mod areas;
mod attributes;
mod dwellings;
mod items;
mod places;
mod rows;
#[cfg(test)]
mod tests;
mod unsupported;

use std::borrow::Cow;
use std::cmp::Reverse;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::discrepancy::{Discrepancy, DiscrepancyKind, Evidence, Findings, VISIT};
use super::residence::{Candidate, Residence};
use super::settled::Settled;
use crate::intake::study::{RowKind, Study};
use crate::linkage::Linked;
use crate::linkage::comparison::Comparer;
use crate::linkage::resolution::chain::best_chain;
use crate::linkage::scoring::Scorer;
use crate::person::lexicon::Symbol;
use crate::person::table::{PersonTable, RecordId};
use addressed::Door;
use areas::Areas;
use dwellings::Dwellings;
use items::ItemErrors;
use places::Places;
use rows::COUNTED_ELSEWHERE;
use unsupported::Unsupported;

/// Missed persons less likely than this are not listed.
const MISSED_PROBABILITY_MIN: f64 = 0.01;
/// Contributions of the residence evidence that are kept with a case.
const CONTRIBUTIONS_KEPT: usize = 5;

/// Everything the rules look at.
struct Case<'a> {
    study: &'a Study,
    table: &'a PersonTable,
    linked: &'a Linked,
    comparer: &'a Comparer<'a>,
    areas: Areas,
    /// Of pairs that linking did not keep.
    scorer: Scorer<'a>,
    /// How often each source has each item wrong.
    errors: ItemErrors,
    /// Which estates have rooms.
    dwellings: Dwellings,
    /// Where registers mostly name another dwelling than the roll.
    places: Places,
    /// Enumerations that no register supports.
    unsupported: Unsupported,
    /// Of persons listed as living elsewhere in the area, how likely a present row is theirs that was held apart.
    held_apart: FxHashMap<u32, f64>,
}

/// Finds all discrepancies. `visits` overrides the study's number of visits.
#[must_use]
pub fn find(
    study: &Study,
    table: &PersonTable,
    comparer: &Comparer<'_>,
    linked: &Linked,
    residence: &Residence,
    settled: &Settled,
    visits: Option<u64>,
) -> Findings {
    if study.roll().is_none() {
        return Findings::default();
    }
    let case = Case::of(study, table, comparer, linked);
    let persons = u32::try_from(linked.resolution.persons()).unwrap_or(u32::MAX);
    let of_each = (0..persons).into_par_iter().fold(Vec::new, |mut found, person| {
        case.of_person(person, &mut found);
        found
    });
    // Pieces come back in the order of the persons.
    let mut found: Vec<Discrepancy> = of_each.collect::<Vec<_>>().into_iter().flatten().collect();
    rows::warn_of_many_duplicates(study, table, &found);
    case.missed(residence, &mut found);
    let wrongly_counted = answer(settled, &mut found);
    rank(&mut found);
    let (visits, expected_found) = plan_visits(&case, settled, &mut found, visits);
    let support = case.unsupported.support;
    Findings { discrepancies: found, visits, expected_found, wrongly_counted, support }
}

/// What a visit has answered: a discrepancy that was none is not raised again, one that was real is certain. Gives the
/// persons of whom a visit found that they are counted wrongly, though for another reason than the one that was asked
/// about.
fn answer(settled: &Settled, found: &mut Vec<Discrepancy>) -> Vec<u32> {
    let mut wrongly_counted = Vec::new();
    found.retain_mut(|discrepancy| {
        let kind = discrepancy.kind;
        let Some(outcome) = settled.answer(discrepancy) else { return true };
        let real = outcome.label(kind) == Some(true);
        if real {
            discrepancy.probability = 1.0;
            discrepancy.evidence.insert(0, evidence(VISIT, format!("outcome {}", outcome.code())));
        } else if outcome.says_counted_wrongly(kind) {
            wrongly_counted.push(discrepancy.person);
        }
        real
    });
    wrongly_counted
}

/// Decides what is worth a visit: of the missed persons and newborns together the most probable ones, as many as the
/// office pays for; a missed household with any of its members, and with it the others at its door, who cost no visit
/// more; anything else that is likelier than the study's bound. Where a visit has answered nobody is sent again.
/// Gives the missed persons on the lists, and how many of them are expected to be found.
fn plan_visits(case: &Case<'_>, settled: &Settled, found: &mut [Discrepancy], visits: Option<u64>) -> (u64, f64) {
    let bound = case.study.follow_up.probability_min;
    let answered = |discrepancy: &Discrepancy| settled.answer(discrepancy).is_some();
    let wanted = |at: &usize| found[*at].kind.is_missed() && !answered(&found[*at]);
    let mut missed: Vec<usize> = (0..found.len()).filter(wanted).collect();
    missed.sort_by(|a, b| {
        found[*b].probability.total_cmp(&found[*a].probability).then(found[*a].person.cmp(&found[*b].person))
    });
    let worth = missed.iter().filter(|at| found[**at].probability >= bound).count() as u64;
    let visits = visits.or(case.study.follow_up.visits).unwrap_or(worth).min(missed.len() as u64);
    let paid_for = usize::try_from(visits).unwrap_or(usize::MAX);
    let mut visited: FxHashSet<u32> = missed.iter().take(paid_for).map(|at| found[*at].person).collect();
    come_along(case, found, &missed, answered, &mut visited);
    missed.retain(|at| visited.contains(&found[*at].person));
    // From 0: `sum` makes -0 of no visits, and that would be shown.
    let expected_found = missed.iter().fold(0.0, |sum, at| sum + found[*at].probability);
    for discrepancy in found {
        discrepancy.listed = match discrepancy.kind {
            kind if kind.is_missed() => visited.contains(&discrepancy.person),
            DiscrepancyKind::MissedHousehold => discrepancy.members.iter().any(|person| visited.contains(person)),
            // One register against the roll is settled at a desk; where the roll is likelier wrong, somebody looks.
            DiscrepancyKind::AttributeConflict => discrepancy.probability > bound.max(0.5),
            _ => discrepancy.probability > bound,
        } && !answered(discrepancy);
    }
    (missed.len() as u64, expected_found)
}

/// Adds to those visited the missed persons of the same households at the same doors. Without a row of their own they
/// would be registered there and be looked for again: the outcome of a household says of nobody that it is found.
fn come_along(
    case: &Case<'_>,
    found: &[Discrepancy],
    missed: &[usize],
    answered: impl Fn(&Discrepancy) -> bool,
    visited: &mut FxHashSet<u32>,
) {
    let addressed: FxHashMap<u32, RecordId> =
        missed.iter().map(|at| (found[*at].person, found[*at].addressed_record)).collect();
    let is_asked =
        |household: &&Discrepancy| household.kind == DiscrepancyKind::MissedHousehold && !answered(household);
    let households: Vec<&Discrepancy> = found.iter().filter(is_asked).collect();
    // Who comes along may be a member of another household, too, which then is listed as well.
    let mut before = usize::MAX;
    while before != visited.len() {
        before = visited.len();
        for household in &households {
            if household.members.iter().any(|person| visited.contains(person)) {
                let door = case.door(household.addressed_record);
                let is_there = |person: &&u32| {
                    door.is_some() && addressed.get(person).is_some_and(|record| case.door(*record) == door)
                };
                visited.extend(household.members.iter().filter(is_there));
            }
        }
    }
}

/// Sorts by kind, then by probability, and numbers the ranks.
fn rank(found: &mut [Discrepancy]) {
    found.par_sort_by(|a, b| {
        a.kind.cmp(&b.kind).then(b.probability.total_cmp(&a.probability)).then(a.person.cmp(&b.person))
    });
    let mut last = None;
    let mut priority = 0;
    for discrepancy in found {
        priority = if last == Some(discrepancy.kind) { priority + 1 } else { 1 };
        last = Some(discrepancy.kind);
        discrepancy.priority = priority;
    }
}

fn evidence(what: &'static str, found: impl Into<Cow<'static, str>>) -> Evidence {
    Evidence { what: what.into(), found: found.into(), bits: None }
}

impl<'a> Case<'a> {
    fn of(study: &'a Study, table: &'a PersonTable, comparer: &'a Comparer<'a>, linked: &'a Linked) -> Case<'a> {
        let (areas, (errors, unsupported)) = rayon::join(
            || Areas::of(table),
            || {
                rayon::join(
                    || ItemErrors::estimate(study.roll(), table, comparer, linked),
                    || Unsupported::of(study, table, linked),
                )
            },
        );
        let in_area = |record: RecordId| table.kind[record as usize] == RowKind::ElsewhereInArea;
        let held_apart = linked.held_apart(in_area, |record| table.is_present(record));
        let scorer = linked.scorer(comparer, table);
        let (dwellings, places) = (Dwellings::of(table), Places::default());
        let mut case =
            Case { study, table, linked, comparer, areas, scorer, errors, dwellings, places, unsupported, held_apart };
        case.places = Places::of(&case);
        case
    }

    fn kind(&self, record: RecordId) -> RowKind {
        self.table.kind[record as usize]
    }

    fn is_counted(&self, record: RecordId) -> bool {
        self.table.is_counted(record, self.study.reference.day)
    }

    fn of_person(&self, person: u32, found: &mut Vec<Discrepancy>) {
        let records = self.linked.resolution.records_of(person);
        let first_of = |kind: RowKind| records.iter().copied().find(|record| self.kind(*record) == kind);
        let mut present: Vec<RecordId> =
            records.iter().copied().filter(|record| self.table.is_present(*record)).collect();
        // The row that counts the person speaks before a guest's.
        present.sort_by_key(|row| !self.is_counted(*row));
        let roll = self.study.roll();
        let registers: Vec<RecordId> =
            records.iter().copied().filter(|r| Some(self.table.source(*r)) != roll).collect();
        let Some(&row) = present.first() else {
            if let Some(row) = first_of(RowKind::ElsewhereInArea) {
                let why =
                    vec![evidence("roll", "listed as living elsewhere in the area, enumerated nowhere as present")];
                let probability = COUNTED_ELSEWHERE * (1.0 - self.held_apart.get(&person).copied().unwrap_or(0.0));
                found.push(self.discrepancy(
                    DiscrepancyKind::CountedElsewhere,
                    person,
                    Some(row),
                    row,
                    probability,
                    why,
                ));
            }
            // Away for less than half a year: counted here, and dead or not yet born all the same.
            if let Some(row) = records.iter().find(|record| self.is_counted(**record)) {
                self.vital_events(person, *row, records, &registers, found);
            }
            return;
        };
        self.duplicates(person, &present, records, &registers, found);
        if let Some(other) = first_of(RowKind::Elsewhere) {
            let why = vec![evidence("roll", "present here, and listed by another row as living outside the area")];
            let probability = self.pair_probability(records, row, other) * 0.5;
            found.push(self.discrepancy(DiscrepancyKind::CountedElsewhere, person, Some(row), row, probability, why));
        }
        self.vital_events(person, row, records, &registers, found);
        if let Some(probability) = self.unsupported.probability(person) {
            let has_number = self.table.id_number[row as usize].is_valid();
            let why = vec![
                evidence("registers", "in none"),
                evidence("id_number", if has_number { "valid" } else { "missing or invalid" }),
            ];
            found.push(self.discrepancy(
                DiscrepancyKind::UnsupportedEnumeration,
                person,
                Some(row),
                row,
                probability,
                why,
            ));
        } else if !registers.is_empty() {
            self.attributes(person, row, &registers, found);
            self.dwelling(person, records, found);
        }
    }

    /// Death before, birth at or after the reference time.
    fn vital_events(
        &self,
        person: u32,
        row: RecordId,
        records: &[RecordId],
        registers: &[RecordId],
        found: &mut Vec<Discrepancy>,
    ) {
        let day = self.study.reference.day;
        let dead = registers.iter().find(|r| self.table.death[**r as usize].is_before(day) == Some(true));
        if let Some(&record) = dead {
            let why = vec![evidence("death", "registered before the reference time")];
            let probability = self.pair_probability(records, row, record);
            found.push(self.discrepancy(
                DiscrepancyKind::DeadBeforeReference,
                person,
                Some(row),
                row,
                probability,
                why,
            ));
        }
        let births = std::iter::once(row).chain(registers.iter().copied()).map(|r| self.table.birth[r as usize]);
        let known: Vec<bool> =
            births.filter(|birth| birth.is_some()).filter_map(|birth| birth.is_before(day)).collect();
        let after = known.iter().filter(|before| !**before).count();
        if after > 0 {
            let why =
                vec![evidence("birth", format!("{after} of {} records at or after the reference time", known.len()))];
            let probability = after as f64 / known.len() as f64;
            found.push(self.discrepancy(DiscrepancyKind::BornAfterReference, person, Some(row), row, probability, why));
        }
    }

    /// How sure it is that two records of a person are one, as `links.parquet` has it.
    fn pair_probability(&self, records: &[RecordId], one: RecordId, other: RecordId) -> f64 {
        let own = |low: usize, high: usize| {
            let pair = (records[low].min(records[high]), records[low].max(records[high]));
            match self.linked.pairs.binary_search(&pair) {
                Ok(at) => self.linked.probability_within(at),
                Err(_) => {
                    let pattern = self.linked.pattern_of_unblocked(self.comparer, pair);
                    self.scorer.score(pattern, pair.0, pair.1).probability()
                }
            }
        };
        let place = |record: RecordId| records.iter().position(|known| *known == record).unwrap_or(0);
        best_chain(records.len(), (place(one), place(other)), own)
    }

    /// Missed persons, newborns and households, from the residence evidence.
    fn missed(&self, residence: &Residence, found: &mut Vec<Discrepancy>) {
        let of_candidate = |candidate: &Candidate| {
            if candidate.probability < MISSED_PROBABILITY_MIN {
                return None;
            }
            let records = self.linked.resolution.records_of(candidate.person);
            let shown = self.best_record(records)?;
            let mut why: Vec<Evidence> = records.iter().map(|r| evidence("record", self.kind(*r).name())).collect();
            let contributions = residence.contributions(candidate).into_iter().take(CONTRIBUTIONS_KEPT);
            why.extend(contributions.map(|c| Evidence {
                what: c.feature.into(),
                found: c.level.into(),
                bits: Some((c.bits * 1000.0).round() / 1000.0),
            }));
            let kind =
                if self.is_newborn(records) { DiscrepancyKind::MissedNewborn } else { DiscrepancyKind::MissedPerson };
            Some(self.discrepancy(kind, candidate.person, None, shown, candidate.probability, why))
        };
        let missed: Vec<Discrepancy> = residence.candidates.par_iter().filter_map(of_candidate).collect();
        self.missed_households(&missed, found);
        found.extend(missed);
    }

    /// Registered households of two or more of which no member is on the roll; an institution's number is none.
    fn missed_households(&self, missed: &[Discrepancy], found: &mut Vec<Discrepancy>) {
        let mut households: FxHashMap<Symbol, Vec<&Discrepancy>> = FxHashMap::default();
        for missed in missed {
            for record in self.linked.resolution.records_of(missed.person) {
                let household = self.table.household[*record as usize];
                if household == 0 || self.linked.households.household(*record) == 0 {
                    continue;
                }
                let members = households.entry(household).or_default();
                if members.last().is_none_or(|last| last.person != missed.person) {
                    members.push(missed);
                }
            }
        }
        households.retain(|_, members| members.len() >= 2);
        for record in self.on_roll_in(&households) {
            households.remove(&self.table.household[record as usize]);
        }
        let mut groups: Vec<(Symbol, Vec<&Discrepancy>)> = households.into_iter().collect();
        // Of the same persons by two registers, one household; the larger one first.
        groups.sort_by_key(|(household, members)| (Reverse(members.len()), members[0].person, *household));
        let mut taken: FxHashSet<u32> = FxHashSet::default();
        for (_, members) in groups {
            let news = members.iter().filter(|member| taken.insert(member.person)).count();
            if news == 0 {
                continue;
            }
            // Members stand or fall together: that any of them was missed is hardly likelier than that the likeliest
            // was.
            let probability = members.iter().map(|member| member.probability).fold(0.0, f64::max);
            let why = vec![evidence("members_missing", members.len().to_string())];
            let (person, shown) = (members[0].person, members[0].shown_record);
            let mut discrepancy =
                self.discrepancy(DiscrepancyKind::MissedHousehold, person, None, shown, probability, why);
            discrepancy.members = members.iter().map(|member| member.person).collect();
            if let Some(placed) = self.at_most_members(&members) {
                (discrepancy.addressed_record, discrepancy.at_house) = (placed.addressed_record, placed.at_house);
                discrepancy.area.clone_from(&placed.area);
            }
            found.push(discrepancy);
        }
    }

    /// The first member at the door where most members are.
    fn at_most_members<'m>(&self, members: &[&'m Discrepancy]) -> Option<&'m Discrepancy> {
        let mut at_door: FxHashMap<Door<'_>, usize> = FxHashMap::default();
        let door = |member: &Discrepancy| self.door(member.addressed_record);
        members.iter().filter_map(|member| door(member)).for_each(|door| *at_door.entry(door).or_default() += 1);
        let with = |member: &Discrepancy| door(member).and_then(|door| at_door.get(&door)).copied().unwrap_or(0);
        let placed = members.iter().enumerate().max_by_key(|(at, member)| (with(member), Reverse(*at)));
        placed.map(|(_, member)| *member)
    }

    /// Records of these households whose persons the roll has.
    fn on_roll_in(&self, households: &FxHashMap<Symbol, Vec<&Discrepancy>>) -> Vec<RecordId> {
        let roll = self.study.roll();
        let is_on_roll = |record: &RecordId| {
            let person = self.linked.resolution.person_of[*record as usize];
            self.linked.resolution.records_of(person).iter().any(|r| Some(self.table.source(*r)) == roll)
        };
        let records = 0..u32::try_from(self.table.len()).unwrap_or(u32::MAX);
        let is_member = |record: &RecordId| {
            let household = self.table.household[*record as usize];
            household != 0 && households.contains_key(&household)
        };
        records.into_par_iter().filter(|record| is_member(record) && is_on_roll(record)).collect()
    }

    fn is_newborn(&self, records: &[RecordId]) -> bool {
        let eve = self.study.reference.day - 1;
        records.iter().any(|r| self.kind(*r) == RowKind::Birth)
            && records.iter().any(|r| self.table.birth[*r as usize].age_on(eve) == Some(0))
    }

    /// The register record with the best address: a resident's or permit record before others, the latest sign of life.
    fn best_record(&self, records: &[RecordId]) -> Option<RecordId> {
        let worth = |record: RecordId| {
            let at = record as usize;
            let kind = match self.kind(record) {
                RowKind::Residence | RowKind::Permit | RowKind::Tenancy => 2,
                RowKind::HouseholdRegistration | RowKind::Birth => 1,
                _ => 0,
            };
            let named = self.table.name[at] != 0;
            (self.table.dwelling(record).is_some(), named, kind, self.table.last_seen[at])
        };
        let roll = self.study.roll();
        records.iter().copied().filter(|r| Some(self.table.source(*r)) != roll).max_by_key(|r| (worth(*r), Reverse(*r)))
    }

    fn discrepancy(
        &self,
        kind: DiscrepancyKind,
        person: u32,
        roll_record: Option<RecordId>,
        shown_record: RecordId,
        probability: f64,
        evidence: Vec<Evidence>,
    ) -> Discrepancy {
        let addressed_record = self.addressed(person, shown_record);
        // A row of the roll is in the area that it names, whatever another record says.
        let in_area = |record: &RecordId| self.table.area[*record as usize] != 0;
        let placed = Some(shown_record).filter(in_area).unwrap_or(addressed_record);
        let area = self.areas.area(self.table, placed).or_else(|| self.areas.area(self.table, shown_record));
        Discrepancy {
            kind,
            person,
            members: vec![person],
            roll_record,
            shown_record,
            addressed_record,
            at_house: self.dwellings.is_house_door(self.table, addressed_record),
            area: area.unwrap_or_else(|| self.study.area.clone()),
            probability: probability.clamp(0.0, 1.0),
            priority: 0,
            listed: false,
            evidence,
        }
    }
}
