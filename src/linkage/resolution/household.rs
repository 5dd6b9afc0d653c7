//! Do the other members of the two households support the pair?
//!
//! After a first resolution, a pair whose records live in households of which *other* members are linked to one another
//! is more likely a match (or a pair of relatives: the model knows both). ONS calls it associative matching.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::Resolution;
use crate::linkage::blocking::{Pair, PairsInBlocks};
use crate::linkage::comparison::household::Households;
use crate::linkage::comparison::level::{MISSING, SUPPORT_MANY, SUPPORT_NONE, SUPPORT_ONE};
use crate::linkage::comparison::{Comparison, Pattern, date};
use crate::linkage::scoring::{Marks, Sieves, Sifter, Standing};
use crate::person::table::{HOUSEHOLD_MEMBERS_MAX, RecordId};

/// What a resolution says of the members of households.
#[derive(Debug, Clone, Copy)]
pub struct Support<'a> {
    /// Who lives with whom.
    pub households: &'a Households,
    /// The comparison whose level it is.
    pub comparison: &'a Comparison,
    /// Which person each record belongs to.
    pub person_of: &'a [u32],
}

impl Support<'_> {
    /// The pattern of a pair with the level of its households.
    #[must_use]
    pub fn filled(&self, pattern: Pattern, (one, other): Pair) -> Pattern {
        self.comparison.set(pattern, self.of(one, other))
    }

    /// Fills the household level into the patterns of pairs.
    pub fn fill(&self, pairs: &[Pair], patterns: &mut [Pattern]) {
        patterns.par_iter_mut().zip(pairs).for_each(|(pattern, pair)| *pattern = self.filled(*pattern, *pair));
    }

    fn of(&self, one: RecordId, other: RecordId) -> u8 {
        if !self.households.may_support(one, other) {
            return MISSING;
        }
        let (members, others) = (self.households.members(one), self.households.members(other));
        let (mut mine, mut theirs) = ([0; HOUSEHOLD_MEMBERS_MAX], [0; HOUSEHOLD_MEMBERS_MAX]);
        let (mine, theirs) = (self.persons(members, &mut mine), self.persons(others, &mut theirs));
        let place = |members: &[RecordId], record| members.iter().position(|member| *member == record).unwrap_or(0);
        level((mine, place(members, one)), (theirs, place(others, other)))
    }

    /// The persons that the members of a household are, into room for them.
    fn persons<'a>(&self, members: &[RecordId], room: &'a mut [u32; HOUSEHOLD_MEMBERS_MAX]) -> &'a [u32] {
        room.iter_mut().zip(members).for_each(|(person, member)| *person = self.person_of[*member as usize]);
        &room[..members.len().min(HOUSEHOLD_MEMBERS_MAX)]
    }
}

/// How many of the others in two households are the same, beside one member of each.
fn level((mine, one): (&[u32], usize), (theirs, other): (&[u32], usize)) -> u8 {
    let is_other = |person: u32| person != mine[one] && person != theirs[other];
    let is_there = |person: u32| theirs.iter().enumerate().any(|(place, own)| *own == person && place != other);
    // Somebody entered twice is one.
    let is_first = |place: usize, person: u32| !mine[..place].contains(&person);
    let linked = mine
        .iter()
        .enumerate()
        .filter(|(place, own)| *place != one && is_other(**own) && is_there(**own) && is_first(*place, **own));
    match linked.count() {
        0 => SUPPORT_NONE,
        1 => SUPPORT_ONE,
        _ => SUPPORT_MANY,
    }
}

/// Households whose pairs are looked for together, so that what is known of pairs is fetched for many at a time.
const HOUSEHOLDS_TOGETHER: u32 = 64;

/// Pairs that their households support, each with class and pattern, sorted.
#[derive(Debug, Default)]
pub struct Supported {
    /// Those that waited for it.
    pub waited: Vec<(Pair, u32, Pattern)>,
    /// Those that no blocking rule gave.
    pub unblocked: Vec<(Pair, u32, Pattern)>,
}

/// The pairs of households that have members in common: those that waited for support, among the `candidates` that were
/// sifted for `least` and left their `marks`; and others that no blocking rule gave, where sex and birth date let them
/// be one person. (Where a mother and her sons are linked, so may be the daughter whose name and number were left out.)
#[must_use]
pub fn supported(
    sifter: &Sifter<'_>,
    (candidates, marks): (&PairsInBlocks, &Marks),
    resolution: &Resolution,
    support: Support<'_>,
    least: f64,
) -> Supported {
    let Sifter { scorer, households } = sifter;
    let linked = |household: u32, found: &mut FxHashSet<u32>| {
        found.clear();
        for member in households.get(household) {
            let records = resolution.records_of(resolution.person_of[*member as usize]);
            found.extend(records.iter().map(|record| households.household(*record)).filter(|other| *other > household));
        }
    };
    let together = |household: u32, others: &mut FxHashSet<u32>, pairs: &mut Vec<Pair>| {
        if households.get(household).len() < 2 {
            return;
        }
        linked(household, others);
        let (mut mine, mut theirs) = ([0; HOUSEHOLD_MEMBERS_MAX], [0; HOUSEHOLD_MEMBERS_MAX]);
        let mine = support.persons(households.get(household), &mut mine);
        for other_household in others.iter() {
            let theirs = support.persons(households.get(*other_household), &mut theirs);
            for (place, one) in households.get(household).iter().enumerate() {
                for (other_place, other) in households.get(*other_household).iter().enumerate() {
                    if level((mine, place), (theirs, other_place)) != SUPPORT_NONE {
                        pairs.push(((*one).min(*other), (*one).max(*other)));
                    }
                }
            }
        }
    };
    let table = scorer.comparer.table();
    let may_be_one = |(one, other): &Pair| {
        let sexes = (table.sex[*one as usize], table.sex[*other as usize]);
        support.person_of[*one as usize] != support.person_of[*other as usize]
            && (sexes.0 == sexes.1 || sexes.0 == 0 || sexes.1 == 0)
            && date::may_be_one(table.birth[*one as usize], table.birth[*other as usize])
    };
    let of_households = |(others, pairs, sieves): &mut (FxHashSet<u32>, Vec<Pair>, Sieves), first: u32| {
        pairs.clear();
        let some = first..=households.last().min(first + HOUSEHOLDS_TOGETHER - 1);
        some.for_each(|household| together(household, others, pairs));
        let mut unblocked: Vec<Pair> = pairs.iter().filter(|pair| may_be_one(pair)).copied().collect();
        candidates.drop_from(&mut unblocked);
        marks.retain(pairs);
        candidates.retain(pairs);
        let mut standing = |pair: &Pair| {
            let pattern = scorer.comparer.compare(pair.0, pair.1);
            let standing = sifter.standing(sieves, *pair, pattern, least);
            (standing, (*pair, scorer.class(pair.0, pair.1), pattern))
        };
        let mut found = Supported::default();
        found
            .waited
            .extend(pairs.iter().map(&mut standing).filter(|(s, _)| *s == Standing::Waits).map(|(_, pair)| pair));
        let matters = unblocked.iter().map(&mut standing).filter(|(standing, _)| *standing != Standing::Rest);
        found.unblocked.extend(matters.map(|(_, pair)| pair));
        found
    };
    let parts = households.last().div_ceil(HOUSEHOLDS_TOGETHER);
    let firsts = (0..parts).into_par_iter().map(|part| 1 + part * HOUSEHOLDS_TOGETHER);
    let mut found =
        firsts.map_init(<(FxHashSet<u32>, Vec<Pair>, Sieves)>::default, of_households).reduce(Supported::default, both);
    found.waited.par_sort_unstable_by_key(|(pair, ..)| *pair);
    found.unblocked.par_sort_unstable_by_key(|(pair, ..)| *pair);
    found
}

fn both(mut one: Supported, mut other: Supported) -> Supported {
    one.waited.append(&mut other.waited);
    one.unblocked.append(&mut other.unblocked);
    one
}

#[cfg(test)]
mod tests {
    use super::{Support, level, supported};
    use crate::intake::study;
    use crate::linkage::blocking::Pair;
    use crate::linkage::comparison::household::Households;
    use crate::linkage::comparison::level::{SUPPORT_MANY, SUPPORT_ONE};
    use crate::linkage::comparison::{Comparer, Variable};
    use crate::linkage::model::frequency::NameFrequencies;
    use crate::linkage::model::{em, expected, measured, slot};
    use crate::linkage::resolution::Resolution;
    use crate::linkage::scoring::{Score, Scorer, Sieves, Sifter, Standing};
    use crate::linkage::{blocking, resolution};
    use crate::person::practice::table_of;
    use crate::progress::Silent;
    use crate::synthetic::{self, Plan};

    /// Resolving once more what changed scores have to do with gives what resolving all of it does.
    fn assert_resolved_again(scorer: &Scorer<'_>, pairs: &[Pair], scores: &[Score], before: &Resolution) {
        let changed: Vec<usize> = (0..pairs.len()).filter(|at| at % 7 == 3).collect();
        let mut scores = scores.to_vec();
        for place in &changed {
            // Some up, some down: persons are made one, and taken apart.
            let by = if place % 3 == 0 { 30.0 } else { -30.0 };
            scores[*place].weight += by;
            scores[*place].log2_odds += by;
        }
        let again = resolution::resolve_again(scorer, pairs, &scores, 2.0, None, (before, &changed));
        assert_eq!(again, resolution::resolve(scorer, pairs, &scores, 2.0, None));
        assert_ne!(again, *before);
    }

    #[test]
    fn somebody_entered_twice_supports_a_pair_once_whichever_household_is_asked_first() {
        // The first members of both are asked about; person 7 stands twice in the one household.
        let (twice, once) = ([1, 7, 7], [2, 7]);
        assert_eq!(level((&twice, 0), (&once, 0)), SUPPORT_ONE);
        assert_eq!(level((&once, 0), (&twice, 0)), SUPPORT_ONE);
        assert_eq!(level((&[1, 7, 8], 0), (&[2, 8, 7], 0)), SUPPORT_MANY);
    }

    #[test]
    fn pairs_that_wait_are_found_again_where_their_households_have_others_in_common() {
        let folder = tempfile::tempdir().unwrap();
        let plan = Plan { persons: 5_000, seed: 4, errors: 3.0, uneven: 0.0, progress: &Silent };
        let study = study::file::read(&synthetic::write_district(folder.path(), &plan).unwrap().study).unwrap();
        let table = table_of(&study);
        let comparer = Comparer::new(&study, &table);
        let candidates = blocking::block(&study, &table, &comparer).unwrap();
        let (slots, slot_of) = slot::slots(&table, &Households::of(&table));
        let (names, households) = (NameFrequencies::of(&table), Households::of(&table));
        let model =
            expected::expected(&comparer, measured::measure(&comparer, &table, &Households::of(&table), 1), slots);
        let scorer = || Scorer::new(&comparer, &table, &model, &slot_of, &names);
        let sifter = Sifter { scorer: scorer(), households: &households };
        // Many pairs are below it by themselves, true ones as well.
        let least = 10.0;
        let sifted = sifter.sift(&candidates, least);
        let counts = em::count_patterns(&sifted.kept.classes, &sifted.kept.patterns);
        let scores = scorer().score_all(&sifted.kept, &counts);
        let resolution = resolution::resolve(&scorer(), &sifted.kept.pairs, &scores, 2.0, None);
        assert_resolved_again(&scorer(), &sifted.kept.pairs, &scores, &resolution);
        let comparison = comparer.of(Variable::Household).unwrap();
        let support = Support { households: &households, comparison, person_of: &resolution.person_of };
        let (mut sieves, all) = (Sieves::default(), candidates.all());
        let waiting = |pair: &&(u32, u32)| {
            let pattern = comparer.compare(pair.0, pair.1);
            sifter.standing(&mut sieves, **pair, pattern, least) == Standing::Waits
        };
        let waiting: Vec<(u32, u32)> = all.iter().filter(waiting).copied().collect();
        assert_eq!(sifted.waiting.iter().map(|(_, count)| count).sum::<u64>(), waiting.len() as u64);
        let has_some = |pair: &&(u32, u32)| matches!(support.of(pair.0, pair.1), SUPPORT_ONE | SUPPORT_MANY);
        let expected: Vec<(u32, u32)> = waiting.iter().filter(has_some).copied().collect();
        let (_, within) = candidates.into_rules();
        let found = supported(&sifter, (&within, &sifted.marks), &resolution, support, least);
        assert_eq!(found.waited.iter().map(|(pair, ..)| *pair).collect::<Vec<_>>(), expected);
        assert!(!found.unblocked.is_empty());
        assert!(found.unblocked.iter().all(|(pair, ..)| all.binary_search(pair).is_err() && has_some(&pair)));
        assert!(expected.len() > 10 && waiting.len() > 2 * expected.len(), "{} of {}", expected.len(), waiting.len());
    }
}
