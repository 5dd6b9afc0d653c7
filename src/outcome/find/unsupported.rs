//! How likely is an enumeration wrong that no register supports?
//!
//! Takes which registers know each enumerated person, gives the probability that an enumeration without support is
//! wrong, and how far registers can know the enumerated at all.
//!
//! A rightful person may well be in no register. How many such there are at least follows, for each kind of person,
//! from how many are in just one register (`f1`, of them `z` in each) and in just two (`f2`): Chao's lower bound for
//! lists of unlike coverage, `(f1² − Σ z²) / 2 (f2 + 1)` (Chao 1987, 1989; of two lists it is Chapman's estimator),
//! times what lists that go together leave out beyond it. Only what exceeds that speaks against the roll, and of it
//! only as much as chance does not explain: of sixty persons nobody in just one of two registers is no proof that
//! nobody is in neither. Who is known to one register alone, and why nobody is known to two of them, is not to be told:
//! there no enumeration is held to be wrong. Of rows that say nothing of where somebody is registered the bound is too
//! low, as those registered here, whom registers know well, and the others, whom they know badly, are one kind: what
//! exceeds it is not to be told either. What exceeds the bound is then shared out: an area and a household with more
//! such rows than expected has more of the wrong ones (a gamma-Poisson shrinkage of the ratio of rows found to rows
//! expected).

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::intake::study::{Role, RowKind, Study};
use crate::linkage::Linked;
use crate::outcome::discrepancy::Support;
use crate::person::lexicon::Symbol;
use crate::person::table::{PersonTable, RecordId};

/// Share of wrong ones among enumerations without support that the bound cannot rule out: a judgement, of the order of
/// the erroneous enumerations other than duplicates in published post-enumeration surveys (0.5 % of all persons in the
/// United States in 2010 and 2020), as the persons without support are fewer than all.
const SHARE_MIN: f64 = 0.01;
/// No single row is taken as wrong more surely than this, as absence from registers is never proof: a judgement.
const PROBABILITY_MAX: f64 = 0.95;
/// A register can know a kind of person if it has at least this share of the enumerated ones: a judgement.
const KNOWN_SHARE_MIN: f64 = 0.1;
/// Who is in one register is likelier to be in another, and who is in none in no other: as an odds ratio, which the
/// bound is multiplied by. A judgement; so much is in Chao's bound for lists of like coverage, which of two is
/// twice Chapman's estimator.
const DEPENDENCE: f64 = 2.0;
/// Persons by whom the bound of a kind is drawn to that of all ages registered as they are: a judgement.
const KIND_PRIOR: f64 = 50.0;
/// Rows as expected, in no register, by which an area is drawn to all others: a judgement.
const AREA_PRIOR: f64 = 5.0;
/// The same for the other members of a household.
const HOUSEHOLD_PRIOR: f64 = 1.0;
/// An area is named if it has so many rows in no register, and so many times as many as expected. Of chance alone one
/// area in twenty thousand has (Poisson, two expected).
const NAMED_ROWS_MIN: f64 = 10.0;
const NAMED_RATIO_MIN: f64 = 5.0;
/// Halvings of the search for how much a kind's shares must be moved.
const HALVINGS: usize = 50;

/// Registered here, elsewhere, or not known; by age under 15, under 60, over, or not known.
const KINDS: usize = 3 * AGES;
const AGES: usize = 4;

/// An enumerated person.
struct Enumerated {
    person: u32,
    kind: usize,
    area: Symbol,
    household: Symbol,
    /// Registers that know the person alive, as bits.
    registers: u64,
}

/// Persons of one kind.
#[derive(Clone, Default)]
struct Counted {
    persons: f64,
    in_none: f64,
    in_two: f64,
    /// By register: persons whom it knows, and persons whom it alone knows.
    known: Vec<(f64, f64)>,
}

impl Counted {
    /// Registers that can know this kind of person.
    fn lists(&self) -> usize {
        self.known.iter().filter(|(known, _)| self.is_list(*known)).count()
    }

    fn is_list(&self, known: f64) -> bool {
        known > 0.0 && known >= KNOWN_SHARE_MIN * self.persons
    }

    /// At least so many rightful persons are in no register.
    fn rightful(&self) -> f64 {
        let alone: f64 = self.known.iter().map(|(_, alone)| alone).sum();
        let squares: f64 = self.known.iter().map(|(_, alone)| alone * alone).sum();
        DEPENDENCE * (alone * alone - squares) / (2.0 * (self.in_two + 1.0))
    }

    /// By chance there may well be so many, where these are expected: two standard errors more, of the bound with one
    /// person more in each count, as of a count of none the error would be none, and of the number itself.
    fn by_chance(&self, expected: f64) -> f64 {
        let counts: Vec<f64> =
            self.known.iter().map(|(known, alone)| alone + f64::from(u8::from(self.is_list(*known)))).collect();
        let (alone, in_two) = (counts.iter().sum::<f64>(), self.in_two + 1.0);
        let slopes = counts.iter().map(|count| count * (DEPENDENCE * (alone - count) / in_two).powi(2)).sum::<f64>();
        let squares: f64 = counts.iter().map(|count| count * count).sum();
        let bound = DEPENDENCE * (alone * alone - squares) / (2.0 * in_two);
        let centre = bound.max(expected);
        centre + 2.0 * (slopes + bound * bound / in_two + centre).sqrt()
    }
}

/// Enumerations that no register supports.
#[derive(Default)]
pub(super) struct Unsupported {
    probabilities: FxHashMap<u32, f64>,
    pub support: Support,
}

impl Unsupported {
    pub fn of(study: &Study, table: &PersonTable, linked: &Linked) -> Unsupported {
        // Where there is no register, nobody can be in one.
        if !study.has_two_lists() {
            return Unsupported::default();
        }
        let persons = 0..u32::try_from(linked.resolution.persons()).unwrap_or(u32::MAX);
        let look = |person: u32| enumerated(study, table, linked.resolution.records_of(person), person);
        let enumerated: Vec<Enumerated> = persons.into_par_iter().filter_map(look).collect();
        let in_none: FxHashSet<u32> =
            enumerated.iter().filter(|one| one.registers == 0).map(|one| one.person).collect();
        let is_apart = |record: RecordId| {
            table.is_present(record) && in_none.contains(&linked.resolution.person_of[record as usize])
        };
        let is_alive =
            |record: RecordId| is_register(study, table, record) && table.kind[record as usize] != RowKind::Death;
        let held_apart = linked.held_apart(is_apart, is_alive);
        let open = |person: u32| 1.0 - held_apart.get(&person).copied().unwrap_or(0.0);
        let mut found = judge(&enumerated, table.source_count(), open);
        found.support.areas = found.areas.iter().map(|area| table.divisions.text(*area).to_owned()).collect();
        found.support.areas.sort_unstable();
        if !found.areas.is_empty() {
            let (areas, share) = (found.areas.len(), found.support.areas_share);
            tracing::warn!(areas, share, "enumeration areas with far more rows in no register than others: made up?");
        }
        Unsupported { probabilities: found.probabilities, support: found.support }
    }

    /// Of somebody enumerated and in no register, the probability that this is wrong, where that can be told.
    pub fn probability(&self, person: u32) -> Option<f64> {
        self.probabilities.get(&person).copied()
    }
}

fn is_register(study: &Study, table: &PersonTable, record: RecordId) -> bool {
    study.sources.get(table.source(record)).is_some_and(|source| source.role == Role::Register)
}

/// Nothing of persons who are not counted here. Whom only a death is known of neither is without support nor has any.
fn enumerated(study: &Study, table: &PersonTable, records: &[RecordId], person: u32) -> Option<Enumerated> {
    let is_counted = |record: &RecordId| table.is_present(*record) && table.is_counted(*record, study.reference.day);
    let row = *records.iter().find(|record| is_counted(record))?;
    let (mut registers, mut is_dead) = (0_u64, false);
    for record in records.iter().filter(|record| is_register(study, table, **record)) {
        match table.kind[*record as usize] {
            RowKind::Death => is_dead = true,
            _ => registers |= 1 << table.source(*record).min(63),
        }
    }
    if is_dead && registers == 0 {
        return None;
    }
    let at = row as usize;
    let age = match table.birth[at].age_on(study.reference.day) {
        Some(age) if age < 15 => 0,
        Some(age) if age < 60 => 1,
        Some(_) => 2,
        None => 3,
    };
    let kind = AGES * registration(study, table, at) + age;
    Some(Enumerated { person, kind, area: table.area[at], household: table.household[at], registers })
}

/// Registered here (0) by item D8 or, without it, an ID number issued here; registered elsewhere (1); not known (2).
/// Here is the prefecture: within it registrations move, and numbers stay.
fn registration(study: &Study, table: &PersonTable, row: usize) -> usize {
    let here: String = study.area.chars().take(4).collect();
    match (table.registration[row], table.id_number[row].region()) {
        (1..=3, _) => 0,
        (4.., _) => 1,
        (_, Some(region)) if !here.is_empty() => usize::from(!region.to_string().starts_with(&here)),
        _ => 2,
    }
}

struct Judged {
    probabilities: FxHashMap<u32, f64>,
    support: Support,
    areas: Vec<Symbol>,
}

/// Rows found and rows expected in no register.
type Ratio = (f64, f64);

/// What is to be said of persons; `open` is the probability that no register's record of a person was held apart.
fn judge(enumerated: &[Enumerated], sources: usize, open: impl Fn(u32) -> f64) -> Judged {
    let mut kinds = vec![Counted { known: vec![(0.0, 0.0); sources.min(64)], ..Counted::default() }; KINDS];
    for one in enumerated {
        let kind = &mut kinds[one.kind];
        kind.persons += 1.0;
        match one.registers.count_ones() {
            0 => kind.in_none += open(one.person),
            2 => kind.in_two += 1.0,
            _ => {}
        }
        for (source, (known, alone)) in kind.known.iter_mut().enumerate() {
            let knows = one.registers >> source & 1 == 1;
            *known += f64::from(u8::from(knows));
            *alone += f64::from(u8::from(knows && one.registers.is_power_of_two()));
        }
    }
    let share = |lists: fn(usize) -> bool| {
        let persons = |of: &Counted| of.persons;
        let those: f64 = kinds.iter().filter(|kind| lists(kind.lists())).map(persons).sum();
        those / kinds.iter().map(persons).sum::<f64>().max(1.0)
    };
    let mut support =
        Support { unknown: share(|lists| lists == 0), one_register: share(|lists| lists == 1), ..Support::default() };
    let known: Vec<bool> = kinds.iter().map(|kind| kind.lists() >= 2).collect();
    let of_known = |value: fn(&Counted) -> f64| -> f64 {
        kinds.iter().zip(&known).filter(|(_, known)| **known).map(|(kind, _)| value(kind)).sum()
    };
    let (mut areas, mut households): (FxHashMap<Symbol, Ratio>, FxHashMap<Symbol, Ratio>) = Default::default();
    let expected = |one: &Enumerated| kinds[one.kind].in_none / kinds[one.kind].persons.max(1.0);
    let weight = |one: &Enumerated| if one.registers == 0 { open(one.person) } else { 0.0 };
    let those = || enumerated.iter().filter(|one| known[one.kind]);
    for one in those() {
        for ratio in [areas.entry(one.area).or_default(), households.entry(one.household).or_default()] {
            *ratio = (ratio.0 + weight(one), ratio.1 + expected(one));
        }
    }
    let is_named = |(found, expected): &Ratio| *found >= NAMED_ROWS_MIN && *found >= NAMED_RATIO_MIN * expected;
    let named: Vec<Symbol> =
        areas.iter().filter(|(area, ratio)| **area != 0 && is_named(ratio)).map(|(area, _)| *area).collect();
    let in_named: f64 = named.iter().map(|area| areas[area].0).sum();
    support.areas_share = in_named / of_known(|kind| kind.in_none).max(1.0);
    // A household is held against the rest of its area, a person against the others of its household.
    let factors = |one: &Enumerated| {
        let own = (weight(one), expected(one));
        let household = if one.household == 0 { own } else { households[&one.household] };
        let area = if one.area == 0 { household } else { areas[&one.area] };
        let without = |all: Ratio, part: Ratio, prior: f64| {
            ((all.0 - part.0).max(0.0) + prior) / ((all.1 - part.1).max(0.0) + prior)
        };
        (without(area, household, AREA_PRIOR), without(household, own, HOUSEHOLD_PRIOR))
    };
    let mut probabilities = FxHashMap::default();
    for kind in (0..KINDS).filter(|kind| known[*kind]) {
        let rows: Vec<(u32, f64, f64, f64)> = those()
            .filter(|one| one.kind == kind && one.registers == 0)
            .map(|one| {
                let (area, household) = factors(one);
                // What an area has beyond others was not left out by registers, whatever they leave out elsewhere.
                let made_up = if areas.get(&one.area).is_some_and(is_named) { 1.0 - 1.0 / area.max(1.0) } else { 0.0 };
                (one.person, weight(one), area * household, made_up)
            })
            .collect();
        let made_up: f64 = rows.iter().map(|(_, weight, _, made_up)| weight * made_up).sum();
        let same = kinds.chunks(AGES).nth(kind / AGES).unwrap_or_default();
        let least = SHARE_MIN * kinds[kind].in_none;
        let excess = if is_registration_unknown(kind) { least } else { excess(&kinds[kind], same).max(least) };
        let wanted = excess.max(made_up);
        let odds = odds(&rows.iter().map(|row| (row.1, row.2)).collect::<Vec<_>>(), wanted);
        probabilities
            .extend(rows.iter().map(|(person, weight, factor, _)| (*person, weight * share_of(odds * factor))));
    }
    Judged { probabilities, support, areas: named }
}

/// How many persons of a kind in no register are too many, those of all ages registered as they are beside them. What
/// may be chance is none of them, and the farther the rest lies beyond it the less is taken off (the non-negative
/// garrotte of L. Breiman, Technometrics 37, 1995): all of it for less than twice the error, a ninth at six times.
fn excess(kind: &Counted, same: &[Counted]) -> f64 {
    let sum = |value: fn(&Counted) -> f64| -> f64 { same.iter().map(value).sum() };
    let pooled = sum(Counted::rightful) / sum(|kind| kind.persons).max(1.0);
    let share = (kind.rightful() + KIND_PRIOR * pooled) / (kind.persons + KIND_PRIOR);
    let expected = share * kind.persons;
    let (excess, chance) = (kind.in_none - expected, kind.by_chance(expected) - expected);
    if excess > chance { excess * (1.0 - (chance / excess).powi(2)) } else { 0.0 }
}

/// Whose row has neither item D8 nor a readable number may well be in registers, under records that could not be linked
/// for want of it: that such rows are in no register speaks less against them. And the bound of such a kind is too low,
/// as it is of those registered here and elsewhere together (Chao 1987: the more unlike the coverage, the lower).
fn is_registration_unknown(kind: usize) -> bool {
    kind >= 2 * AGES
}

/// The probability of odds.
fn share_of(odds: f64) -> f64 {
    (odds / (1.0 + odds)).clamp(SHARE_MIN, PROBABILITY_MAX)
}

/// The odds that, times the factor of each row, make as many of the rows wrong as wanted.
fn odds(rows: &[(f64, f64)], wanted: f64) -> f64 {
    let (mut low, mut high) = (-30.0_f64, 30.0_f64);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        let sum: f64 = rows.iter().map(|(weight, factor)| weight * share_of(middle.exp() * factor)).sum();
        if sum < wanted { low = middle } else { high = middle }
    }
    low.exp()
}

#[cfg(test)]
mod tests {
    use super::{Enumerated, Judged, judge};

    /// So many persons of a kind in an area, each a household, who are in these registers.
    fn persons(all: &mut Vec<Enumerated>, count: u32, kind: usize, area: u32, registers: u64) {
        for _ in 0..count {
            let person = u32::try_from(all.len()).unwrap();
            all.push(Enumerated { person, kind, area, household: person + 1, registers });
        }
    }

    fn expected(found: &Judged, all: &[Enumerated], of: impl Fn(&Enumerated) -> bool) -> f64 {
        all.iter().filter(|one| of(one)).filter_map(|one| found.probabilities.get(&one.person)).sum()
    }

    #[test]
    fn only_an_excess_over_what_registers_leave_out_speaks_against_the_roll() {
        let district = |counts: [u32; 4]| {
            let mut all = Vec::new();
            counts.into_iter().zip([3, 1, 2, 0]).for_each(|(count, bits)| persons(&mut all, count, 1, 0, bits));
            let found = judge(&all, 2, |_| 1.0);
            expected(&found, &all, |_| true)
        };
        // Chapman's estimate of whom two lists leave out is 20,000 · 7,000 / 70,001 = 2,000 persons; twice as many are
        // allowed for, and 170 more by chance.
        for (none, least, most) in [(6_000, 1_980.0, 2_000.0), (4_300, 180.0, 220.0), (4_150, 41.0, 42.0)] {
            let found = district([70_000, 20_000, 7_000, none]);
            assert!((least..most).contains(&found), "{none}: {found}");
        }
        // In a hundredth of it chance gives half as many again, and of the same share next to nothing is left.
        assert!((district([700, 200, 70, 15]) - 0.15).abs() < 1e-6);
        assert!(district([700, 200, 70, 60]) < 5.0, "{}", district([700, 200, 70, 60]));
        // Of a few persons that nobody is in the second register alone says little.
        assert!((district([8, 31, 0, 21]) - 0.21).abs() < 1e-6, "{}", district([8, 31, 0, 21]));
    }

    #[test]
    fn rows_without_a_number_that_could_not_be_linked_are_not_held_to_be_wrong() {
        let mut all = Vec::new();
        for kind in [1, 2 * 4 + 1] {
            let times = if kind == 1 { 10 } else { 1 };
            for (count, bits) in [(700, 3), (200, 1), (70, 2), (if kind == 1 { 2 } else { 60 }, 0)] {
                persons(&mut all, count * times, kind, 0, bits);
            }
        }
        let found = judge(&all, 2, |_| 1.0);
        let without = expected(&found, &all, |one| one.kind > 8);
        assert!((without - 0.6).abs() < 1e-6, "{without}");
    }

    #[test]
    fn rows_that_do_not_say_who_is_registered_here_are_not_held_to_be_wrong_for_the_others() {
        // Registers know those registered here well, the others badly, and the roll has neither item D8 nor numbers.
        let mut all = Vec::new();
        for counts in [[1800, 100, 60, 4], [20, 90, 60, 240]] {
            counts.into_iter().zip([3, 1, 2, 0]).for_each(|(count, bits)| persons(&mut all, count, 9, 0, bits));
        }
        let found = judge(&all, 2, |_| 1.0);
        // One bound for both would be twice 190 · 120 / 1821, and 219 of these 244 rows held to be wrong.
        assert!((expected(&found, &all, |_| true) - 2.44).abs() < 1e-6, "{}", expected(&found, &all, |_| true));
        // What an area has beyond all others is told all the same.
        persons(&mut all, 40, 9, 7, 0);
        let found = judge(&all, 2, |_| 1.0);
        assert!(expected(&found, &all, |one| one.area == 7) > 10.0);
    }

    #[test]
    fn one_register_says_of_nobody_whether_the_enumeration_is_wrong() {
        let district = |registers: [u32; 4]| {
            let mut all = Vec::new();
            registers.iter().zip([0, 1, 2, 3]).for_each(|(count, bits)| persons(&mut all, *count, 1, 0, bits));
            let found = judge(&all, 2, |_| 1.0);
            (found.probabilities.len(), found.support.unknown, found.support.one_register)
        };
        assert_eq!(district([500, 500, 0, 0]), (0, 0.0, 1.0));
        // A few whom a second one knows make it no list, nor a few whom the only one knows.
        assert_eq!(district([500, 500, 20, 20]), (0, 0.0, 1.0));
        assert_eq!(district([900, 60, 0, 0]), (0, 1.0, 0.0));
        assert_eq!(district([500, 500, 200, 200]), (500, 0.0, 0.0));
    }

    #[test]
    fn kinds_of_persons_areas_and_households_are_told_apart() {
        let mut all = Vec::new();
        for area in 1..=40 {
            // Who is registered here is known to nearly all registers, who is not to few.
            for (count, bits) in [(100, 3), (20, 1), (5, 2), (2, 0)] {
                persons(&mut all, count, 1, area, bits);
            }
            for (count, bits) in [(5, 3), (6, 1), (5, 2), (5, 0)] {
                persons(&mut all, count, 5, area, bits);
            }
        }
        persons(&mut all, 40, 1, 7, 0);
        let last = all.len();
        all[last - 3..].iter_mut().for_each(|one| one.household = 1_000_000);
        let found = judge(&all, 2, |_| 1.0);
        let (here, elsewhere) = (|one: &Enumerated| one.kind == 1, |one: &Enumerated| one.kind == 5);
        // 120 in none for twice 20 · 5 / 100 in each of 40 areas: of 40 too many a quarter may be chance. Of the others
        // fewer than may be left out.
        assert!((expected(&found, &all, here) - 30.0).abs() < 6.0, "{}", expected(&found, &all, here));
        assert!(expected(&found, &all, elsewhere) < 0.05 * 200.0, "{}", expected(&found, &all, elsewhere));
        let of = |at: usize| found.probabilities[&all[at].person];
        let other = all.iter().position(|one| one.kind == 1 && one.area == 8 && one.registers == 0).unwrap();
        assert!(of(last - 1) > of(last - 10) && of(last - 10) > of(other) + 0.1);
        assert_eq!(found.areas, [7]);
        assert!((found.support.areas_share - 47.0 / 320.0).abs() < 1e-9, "{}", found.support.areas_share);
    }
}
