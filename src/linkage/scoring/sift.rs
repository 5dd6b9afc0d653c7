//! Which candidate pairs may yet matter?
//!
//! Takes the [`CandidatePairs`], gives what [`Sifted`] holds: the pairs that could reach the threshold, and how many of
//! the others showed which pattern. Of each pair the comparison that settles most for least work comes first; as soon
//! as nothing that is still open could lift the pair to the threshold, it is let go (Fagin, Lotem and Naor 2003 call
//! this a threshold algorithm). Where there are many such hopeless pairs, they are counted by a sample: they only tell
//! the fit what pairs of strangers and relatives look like. No pair that could become a link is ever decided by a
//! sample.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::answers::{LetGo, UNKNOWN};
use super::asking::{Asking, Orders};
use super::bounds::Bounds;
use super::marks::Marks;
use super::sieve::{Best, Sieve, Sieves, Standing};
use super::{ComparedPairs, Scorer};
use crate::linkage::blocking::{CandidatePairs, Pair};
use crate::linkage::comparison::household::Households;
use crate::linkage::comparison::row::{Rows, Weighing};
use crate::linkage::comparison::{Comparison, Pattern, UNSETTLED, Variable};
use crate::linkage::model::em::PatternCounts;
use crate::linkage::model::slot;
use crate::person::table::RecordId;

/// Up to so many candidate pairs, every one is compared in full.
const COMPARED_IN_FULL: u64 = 4_000_000;

/// What comparing all candidate pairs left: those that may yet matter, and how many of the others showed what.
#[derive(Debug, Default, PartialEq)]
pub struct Sifted {
    /// The pairs that may reach the threshold, sorted.
    pub kept: ComparedPairs,
    /// Patterns of the pairs that only other members of their households could lift to the threshold, sorted: they are
    /// found again once it is known which households have members in common.
    pub waiting: PatternCounts,
    /// Which pairs these are, as far as a mark may tell that others have as well.
    pub marks: Marks,
    /// Patterns of all other pairs, sorted; of many pairs, as a sample tells.
    pub rest: PatternCounts,
    /// Candidate pairs, each counted once.
    pub pairs: u64,
    /// By rule, the pairs that its blocks were the first to give.
    pub new_pairs: Vec<u64>,
    /// Of the patterns of pairs that were not kept, the most that one of them could have had.
    missed: Vec<((u32, Pattern), Best)>,
    /// Partial patterns of pairs that were let go, with the most that the rarity of values could add to their odds.
    hopeless: Vec<((u32, Pattern), LetGo)>,
}

/// Pairs that are asked together: step by step, so that the memory is fetched for many at a time.
pub(super) const BATCH_PAIRS: usize = 256;

/// A compared pair.
pub(super) struct Seen {
    pub(super) class: u32,
    pub(super) pattern: Pattern,
    pub(super) pair: Pair,
    /// Pairs that it counts for.
    pub(super) weight: u64,
}

/// How pairs are sifted.
enum Way {
    /// What settles most first, until they are hopeless.
    StepByStep(Orders),
    /// All that is compared of them at once, from rows if there are some.
    InFull(Option<Rows>),
}

/// What one thread has sifted.
#[derive(Default)]
pub(super) struct Sifting<'a> {
    /// The log2 odds that pairs must be able to reach.
    pub(super) least: f64,
    /// Where pairs that wait leave a mark.
    marks: Option<&'a Marks>,
    /// Pairs of the batch that wait and are not marked yet.
    pub(super) unmarked: Vec<Pair>,
    /// Pairs to compare in full.
    batch: Vec<Pair>,
    /// Pairs that are asked step by step.
    pub(super) asking: Asking,
    sieves: Sieves,
    /// Partial patterns of pairs that were let go, with the most that rarity could add to their odds.
    hopeless: FxHashMap<(u32, Pattern), LetGo>,
    kept: Vec<(Pair, Pattern)>,
    /// What other threads have kept.
    kept_by_others: Vec<Vec<(Pair, Pattern)>>,
    pub(super) pairs: u64,
    new_pairs: Vec<u64>,
}

/// Sifts the candidate pairs by what a model makes of them.
#[derive(Debug)]
pub struct Sifter<'a> {
    /// Weighs pairs.
    pub scorer: Scorer<'a>,
    /// Whose support pairs may wait for.
    pub households: &'a Households,
}

impl Sifter<'_> {
    /// What is asked of each record when its pairs are weighed.
    fn weighing(&self) -> impl Fn(RecordId) -> Weighing + Sync {
        let scorer = &self.scorer;
        |record| Weighing {
            slot: scorer.slot_of[record as usize],
            name_ratio: scorer.names.ratio(scorer.table.name[record as usize]) as f32,
            household_mark: self.households.mark(record),
        }
    }

    /// Compares all pairs of the batch in full.
    fn compare_batch(&self, rows: Option<&Rows>, state: &mut Sifting<'_>) {
        let mut batch = std::mem::take(&mut state.batch);
        let comparer = self.scorer.comparer;
        if let Some(rows) = rows {
            rows.fetch(batch.iter().flat_map(|pair| [pair.0, pair.1]));
            comparer.fetch_names(batch.iter().map(|pair| (rows.get(pair.0), rows.get(pair.1))));
        }
        for pair in batch.drain(..) {
            let Some(rows) = rows else {
                let class = self.scorer.class(pair.0, pair.1);
                self.sift_pair(class, pair, comparer.compare(pair.0, pair.1), 1, state);
                continue;
            };
            let (one, other) = (rows.get(pair.0), rows.get(pair.1));
            let pattern = comparer.compare_sides(one, other);
            let (one, other) = (one.row.weighing(), other.row.weighing());
            let class = slot::class_of(self.scorer.model.slots.len(), one.slot, other.slot);
            let records = |text| self.scorer.records_of_text(text, pair.0);
            let ratio = || self.scorer.ratio_by(pattern, pair.0, || f64::from(one.name_ratio), records);
            let may_be_supported = || Households::marks_may_support(one.household_mark, other.household_mark);
            self.sift_seen(Seen { class, pattern, pair, weight: 1 }, state, ratio, may_be_supported);
        }
        state.batch = batch;
        state.mark();
    }

    /// Keeps a pair that could reach what is asked; else its pattern counts for `weight` pairs.
    pub(super) fn sift_pair(&self, class: u32, pair: Pair, pattern: Pattern, weight: u64, state: &mut Sifting<'_>) {
        let ratio = || self.scorer.ratio(pattern, pair.0);
        let may_be_supported = || self.households.may_support(pair.0, pair.1);
        self.sift_seen(Seen { class, pattern, pair, weight }, state, ratio, may_be_supported);
    }

    /// Like [`sift_pair`](Self::sift_pair), where it is known how rare the values are and whose support there may be.
    #[inline]
    pub(super) fn sift_seen(
        &self,
        seen: Seen,
        state: &mut Sifting<'_>,
        ratio: impl FnOnce() -> f64,
        may_be_supported: impl FnOnce() -> bool,
    ) {
        let Seen { class, pattern, pair, weight } = seen;
        let sieve = state.sieves.0.entry((class, pattern)).or_insert_with(|| self.sieve(class, pattern));
        let (standing, best) = self.judge(sieve, class, state.least, ratio, may_be_supported);
        match standing {
            Standing::Kept => return state.kept.push((pair, pattern)),
            Standing::Waits => {
                sieve.waiting += weight;
                state.unmarked.push(pair);
            }
            Standing::Rest => sieve.rest += weight,
        }
        sieve.best = sieve.best.and(best);
    }

    fn sift_stretch(&self, candidates: &CandidatePairs, stretch: usize, way: &Way, state: &mut Sifting<'_>) {
        let before = state.pairs;
        match way {
            Way::StepByStep(orders) => self.ask_stretch(candidates, stretch, orders, state),
            Way::InFull(rows) => self.compare_stretch(candidates, stretch, rows.as_ref(), state),
        }
        if let Some(rule) = candidates.rule_of(stretch) {
            state.new_pairs.resize(candidates.rules.len(), 0);
            state.new_pairs[rule] += state.pairs - before;
        }
    }

    fn compare_stretch(
        &self,
        candidates: &CandidatePairs,
        stretch: usize,
        rows: Option<&Rows>,
        state: &mut Sifting<'_>,
    ) {
        candidates.each_row(stretch, |row| {
            state.pairs += row.others.len() as u64;
            for pair in row.pairs() {
                state.batch.push(pair);
                if state.batch.len() == BATCH_PAIRS {
                    self.compare_batch(rows, state);
                }
            }
        });
        self.compare_batch(rows, state);
    }

    /// Compares all candidate pairs and keeps those whose log2 odds could reach `least` if their households supported
    /// them. No pair is held longer than its stretch.
    #[must_use]
    pub fn sift(&self, candidates: &CandidatePairs, least: f64) -> Sifted {
        // Comparing texts is dear; the built-in variables are compared in less time than they are asked about.
        let dear = |comparison: &Comparison| matches!(comparison.variable, Variable::Text(_));
        let many = candidates.pairs_at_most() > COMPARED_IN_FULL;
        self.sift_with(candidates, least, many && self.scorer.comparer.comparisons.iter().any(dear))
    }

    /// Patterns of some of the candidate pairs, each counted for as many as it stands for; none if they are few.
    #[must_use]
    pub fn glance(&self, candidates: &CandidatePairs) -> Option<PatternCounts> {
        const EVERY: usize = 256;
        if candidates.pairs_at_most() <= COMPARED_IN_FULL {
            return None;
        }
        let look = |mut state: Sifting<'static>, (stretch, each): (usize, u64)| {
            candidates.each_row(stretch, |row| {
                for pair in row.pairs() {
                    let (class, pattern) =
                        (self.scorer.class(pair.0, pair.1), self.scorer.comparer.compare(pair.0, pair.1));
                    self.sift_pair(class, pair, pattern, each, &mut state);
                }
            });
            state
        };
        let sample = candidates.sample(EVERY);
        let asked = || Sifting { least: f64::INFINITY, ..Sifting::default() };
        let seen = sample.into_par_iter().fold(asked, look).reduce(Sifting::default, Sifting::and);
        Some(seen.sieves.counts(|sieve| sieve.rest))
    }

    fn sift_with(&self, candidates: &CandidatePairs, least: f64, sampled: bool) -> Sifted {
        let levels = |comparison: &Comparison| comparison.levels.len() <= usize::from(UNSETTLED);
        let bounded = sampled && self.scorer.comparer.comparisons.iter().all(levels);
        let way = if bounded {
            Way::StepByStep(Orders::of(self, candidates, least))
        } else {
            // Where a study has fields of its own, few of the others are compared.
            Way::InFull(self.scorer.table.text_fields.is_empty().then(|| Rows::of(self.scorer.table, self.weighing())))
        };
        let marks = match self.scorer.comparer.of(Variable::Household) {
            Some(_) => Marks::with_room(candidates.pairs_at_most()),
            None => Marks::default(),
        };
        let done = (0..candidates.stretches())
            .into_par_iter()
            .fold(
                || Sifting { least, marks: Some(&marks), ..Sifting::default() },
                |mut state, stretch| {
                    self.sift_stretch(candidates, stretch, &way, &mut state);
                    state
                },
            )
            .map(Sifting::done)
            .reduce(Sifting::default, Sifting::and);
        let mut kept = done.kept;
        kept.reserve_exact(done.kept_by_others.iter().map(Vec::len).sum());
        done.kept_by_others.into_iter().for_each(|more| kept.extend_from_slice(&more));
        kept.par_sort_unstable_by_key(|(pair, _)| *pair);
        let classes = kept.par_iter().map(|((one, other), _)| self.scorer.class(*one, *other)).collect();
        let patterns = kept.par_iter().map(|(_, pattern)| *pattern).collect();
        let pairs = kept.into_par_iter().map(|(pair, _)| pair).collect();
        let mut missed: Vec<_> = done.sieves.0.iter().map(|(key, sieve)| (*key, sieve.best)).collect();
        missed.retain(|(_, best)| *best != Best::NONE);
        missed.sort_unstable_by_key(|(key, _)| *key);
        let mut new_pairs = done.new_pairs;
        new_pairs.resize(candidates.rules.len(), 0);
        Sifted {
            kept: ComparedPairs { pairs, classes, patterns },
            waiting: done.sieves.counts(|sieve| sieve.waiting),
            rest: done.sieves.counts(|sieve| sieve.rest),
            missed,
            pairs: done.pairs,
            new_pairs,
            hopeless: done.hopeless.into_iter().collect(),
            marks,
        }
    }

    /// Could a pair that `before` set aside reach `least` under this model?
    #[must_use]
    pub fn misses(&self, sifted: &Sifted, before: &Sifter<'_>, least: f64) -> bool {
        // What the ratio of a shared text may have fallen by, at most, since more of its records are one person's.
        let rarer = (((self.scorer.own_records - before.scorer.own_records).max(0.0) + 0.5) / 0.5).log2();
        let is_text = |comparison: &&Comparison| matches!(comparison.variable, Variable::Text(_));
        let texts: Vec<&Comparison> = self.scorer.comparer.comparisons.iter().filter(is_text).collect();
        // Of a partial pattern, those as well that may yet be shared.
        let may_share = |level: usize| level == 1 || level == usize::from(UNKNOWN);
        let shared =
            |pattern: Pattern| texts.iter().filter(|comparison| may_share(comparison.level(pattern))).count() as f64;
        let lifted = sifted.missed.iter().any(|((class, pattern), best)| {
            let (now, then) = (self.sieve(*class, *pattern), before.sieve(*class, *pattern));
            let supported = best.supported + now.supported.1 - then.supported.1;
            let alone = best.alone + now.alone.1 - then.alone.1;
            supported.max(alone) + shared(*pattern) * rarer >= least
        });
        let bounds = Bounds::of(&self.scorer, false, &[]);
        let hopeful = |((class, partial), let_go): &((u32, Pattern), LetGo)| {
            let rare = let_go.any.max(let_go.beyond + bounds.support);
            bounds.most(*class, *partial) + f64::from(rare) + shared(*partial) * rarer >= least
        };
        lifted || sifted.hopeless.iter().any(hopeful)
    }
}

impl Sifting<'_> {
    /// Marks the pairs of the batch that wait.
    pub(super) fn mark(&mut self) {
        self.marks.iter().for_each(|marks| marks.set(&self.unmarked));
        self.unmarked.clear();
    }

    /// Keeps of the answers what must be known of pairs that were let go.
    fn done(mut self) -> Self {
        std::mem::take(&mut self.asking).let_go().for_each(|(key, let_go)| self.remember(key, let_go));
        self
    }

    fn remember(&mut self, key: (u32, Pattern), let_go: LetGo) {
        let most = self.hopeless.entry(key).or_insert(LetGo::NONE);
        *most = most.and(let_go);
    }

    fn and(mut self, mut more: Self) -> Self {
        self.kept_by_others.push(more.kept);
        self.kept_by_others.append(&mut more.kept_by_others);
        for (key, sieve) in more.sieves.0 {
            let known = self.sieves.0.entry(key).or_insert(Sieve { rest: 0, waiting: 0, ..sieve });
            known.rest += sieve.rest;
            known.waiting += sieve.waiting;
            known.best = known.best.and(sieve.best);
        }
        more.hopeless.into_iter().for_each(|(key, let_go)| self.remember(key, let_go));
        self.pairs += more.pairs;
        let rules = self.new_pairs.len().max(more.new_pairs.len());
        self.new_pairs.resize(rules, 0);
        self.new_pairs.iter_mut().zip(&more.new_pairs).for_each(|(all, new)| *all += new);
        self
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::{Best, LetGo, Orders, Sieves, Sifted, Sifter, Standing, UNKNOWN};
    use crate::intake::study;
    use crate::intake::study::Study;
    use crate::linkage::blocking::{self, CandidatePairs, Pair};
    use crate::linkage::comparison::household::Households;
    use crate::linkage::comparison::{Comparer, Pattern, UNSETTLED};
    use crate::linkage::model::frequency::NameFrequencies;
    use crate::linkage::model::{expected, measured, slot};
    use crate::linkage::scoring::Scorer;
    use crate::person::practice::{HEAD, field, source, table_of};
    use crate::progress::Silent;
    use crate::synthetic::{self, Plan};

    /// The least log2 odds asked of pairs, and of those of which much is no text.
    const LEAST: f64 = -10.0;
    const LEAST_MIXED: f64 = 6.0;

    /// As [`mixed`] takes them.
    const MIXED: [(bool, bool); 3] = [(true, false), (true, true), (false, false)];

    /// Two files of texts of which most persons stand in both, with slips.
    fn texts(folder: &Path) -> Study {
        let mut dice = ChaCha8Rng::seed_from_u64(3);
        let mut rows = [String::from("id,given,family,dob,identity\n"), String::from("id,given,family,dob,identity\n")];
        for person in 0..700 {
            let word = |number: u32| ["an", "ber", "co", "dar", "eli"].map(|part| part)[number as usize % 5];
            let (a, b, c) = (dice.random_range(0..25), dice.random_range(0..125), dice.random_range(0..90));
            let given = format!("{}{}", word(a), word(a / 5));
            let family = format!("{}{}{}", word(b), word(b / 5), word(b / 25));
            let (dob, id) = (format!("19{:02}-0{}-1{}", c % 60, c % 9 + 1, c % 7), dice.random_range(10_000..99_999));
            for rows in &mut rows {
                let slip = if dice.random_bool(0.1) { "x" } else { "" };
                let id = if dice.random_bool(0.3) { String::new() } else { id.to_string() };
                rows.push_str(&format!("{person},{given}{slip},{family},{dob},{id}\n"));
            }
        }
        let source = |name: &str| {
            format!(
                "[[source]]\nname = \"{name}\"\nrole = \"register\"\npath = \"{name}.csv\"\nrecord_id = \"id\"\n[source.columns]\ngiven = \"given\"\nfamily = \"family\"\ndob = \"dob\"\nidentity = \"identity\"\n"
            )
        };
        let field = |name: &str, comparator: &str| {
            format!("[[field]]\nname = \"{name}\"\ncomparator = \"{comparator}\"\nfrequency = true\n")
        };
        let fields =
            [("given", "jaro_winkler"), ("family", "jaro_winkler"), ("dob", "date"), ("identity", "levenshtein")];
        let text = format!(
            "[study]\nname = \"s\"\n{}{}{}[[linkage.blocking]]\nkeys = [\"dob\"]\n[[linkage.blocking]]\nkeys = [\"given\"]\n[linkage]\none_to_one = true\nblock_pairs_max = 1000000\n",
            source("a"),
            source("b"),
            fields.map(|(name, comparator)| field(name, comparator)).concat(),
        );
        std::fs::write(folder.join("a.csv"), &rows[0]).unwrap();
        std::fs::write(folder.join("b.csv"), &rows[1]).unwrap();
        std::fs::write(folder.join("study.toml"), text).unwrap();
        study::file::read(&folder.join("study.toml")).unwrap()
    }

    /// Two files of built-in fields beside texts, and rows of two kinds: with names in parts, some in each other's
    /// column, or whole, and with households or without.
    fn mixed(folder: &Path, (in_parts, in_households): (bool, bool)) -> Study {
        let mut dice = ChaCha8Rng::seed_from_u64(5);
        let columns = if in_parts { "given_name,family_name" } else { "name" };
        let mut files = [(); 2].map(|()| format!("id,{columns},sex,household,kind,born,identity,street,town\n"));
        for person in 0..900u32 {
            let word = |number: u32| ["an", "ber", "co", "dar", "eli"].map(|part| part)[number as usize % 5];
            let (a, b, c) = (dice.random_range(0..25), dice.random_range(0..125), dice.random_range(0..90));
            let given = format!("{}{}", word(a), word(a / 5));
            let family = format!("{}{}{}", word(b), word(b / 5), word(b / 25));
            let born = format!("19{:02}-0{}-1{}", c % 60, c % 9 + 1, c % 7);
            let id: u32 = dice.random_range(10_000_000..99_999_999);
            let (street, town) = (dice.random_range(0..300), dice.random_range(0..40));
            for rows in &mut files {
                let slip = if dice.random_bool(0.1) { "x" } else { "" };
                let id = if dice.random_bool(0.3) { String::new() } else { id.to_string() };
                let kind = if dice.random_bool(0.3) { "d" } else { "r" };
                let sex = ["男", "女"][person as usize % 2];
                let name = match (in_parts, dice.random_bool(0.1)) {
                    (true, true) => format!("{family},{given}{slip}"),
                    (true, false) => format!("{given}{slip},{family}"),
                    (false, _) => format!("{given}{slip} {family}"),
                };
                let places = format!("{street}{} street,{town} town", word(street));
                rows.push_str(&format!("{person},{name},{sex},h{},{kind},{born},{id},{places}\n", person / 3));
            }
        }
        let household = in_households.then_some("household");
        let others = ["sex", "born", "identity", "street", "town"].into_iter().chain(household);
        let names: Vec<&str> = columns.split(',').chain(others).collect();
        let columns: Vec<(&str, &str)> = names.iter().map(|name| (*name, *name)).collect();
        let rows = "[source.rows]\ncolumn = \"kind\"\ndeath = [\"d\"]\n";
        let sources = ["a", "b"].map(|name| source(name, "register", true, &columns) + rows).concat();
        let fields = [("born", "date"), ("identity", "levenshtein"), ("street", "jaro_winkler"), ("town", "exact")];
        let fields = fields.map(|(name, comparator)| field(name, comparator) + "frequency = true\n").concat();
        let key = if in_parts { "given_name" } else { "name" };
        let rules = ["born", key].map(|key| format!("[[linkage.blocking]]\nkeys = [\"{key}\"]\n")).concat();
        let text = format!("{HEAD}{sources}{fields}{rules}[linkage]\nblock_pairs_max = 1000000\n");
        files.iter().zip(["a.csv", "b.csv"]).for_each(|(rows, name)| std::fs::write(folder.join(name), rows).unwrap());
        std::fs::write(folder.join("study.toml"), text).unwrap();
        study::file::read(&folder.join("study.toml")).unwrap()
    }

    fn district(folder: &Path) -> Study {
        let plan = Plan { persons: 1_200, seed: 9, errors: 2.0, uneven: 0.0, progress: &Silent };
        study::file::read(&synthetic::write_district(folder, &plan).unwrap().study).unwrap()
    }

    fn with_sifter<T>(study: &Study, with: impl FnOnce(&Sifter<'_>, &CandidatePairs) -> T) -> T {
        let table = table_of(study);
        let comparer = Comparer::new(study, &table);
        let candidates = blocking::block(study, &table, &comparer).unwrap();
        let (slots, slot_of) = slot::slots(&table, &Households::of(&table));
        let names = NameFrequencies::of(&table);
        let model =
            expected::expected(&comparer, measured::measure(&comparer, &table, &Households::of(&table), 1), slots);
        let households = Households::of(&table);
        let scorer = Scorer::new(&comparer, &table, &model, &slot_of, &names);
        with(&Sifter { scorer, households: &households }, &candidates)
    }

    fn sifted(study: &Study, least: f64, sampled: bool, threads: usize) -> Sifted {
        with_sifter(study, |sifter, candidates| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut sifted = pool.install(|| sifter.sift_with(candidates, least, sampled));
            sifted.hopeless.sort_unstable_by_key(|(key, _)| *key);
            assert_eq!(candidates.all().len() as u64, sifted.pairs);
            sifted
        })
    }

    #[test]
    fn pairs_of_texts_are_looked_at_before_they_are_asked_and_built_in_fields_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let looks = |study: &Study, least: f64| {
            with_sifter(study, |sifter, candidates| Orders::of(sifter, candidates, least).first_looks())
        };
        assert_eq!(looks(&texts(folder.path()), LEAST), [true, true, true]);
        for form in MIXED {
            assert_eq!(looks(&mixed(folder.path(), form), LEAST_MIXED), [true, true, true], "{form:?}");
        }
        assert!(looks(&district(&folder.path().join("district")), LEAST).iter().all(|look| !look));
    }

    #[test]
    fn what_is_let_go_at_first_sight_could_not_have_been_kept() {
        let folder = tempfile::tempdir().unwrap();
        for form in MIXED {
            let study = mixed(folder.path(), form);
            let (all, quick) = (sifted(&study, LEAST_MIXED, false, 1), sifted(&study, LEAST_MIXED, true, 1));
            assert_eq!(all.kept, quick.kept, "{form:?}");
            assert!(!all.kept.pairs.is_empty() && !quick.hopeless.is_empty());
            let waiting = with_sifter(&study, |sifter, candidates| {
                let mut sieves = Sieves::default();
                let pattern = |pair: &Pair| sifter.scorer.comparer.compare(pair.0, pair.1);
                let mut stands = |pair: &Pair| sifter.standing(&mut sieves, *pair, pattern(pair), LEAST_MIXED);
                candidates.all().into_iter().filter(|pair| stands(pair) == Standing::Waits).collect::<Vec<Pair>>()
            });
            assert_eq!(waiting.is_empty(), !form.1, "{form:?}");
            let mut marked = waiting.clone();
            quick.marks.retain(&mut marked);
            assert_eq!(marked, waiting, "{form:?}");
            assert_eq!(quick, sifted(&study, LEAST_MIXED, true, 3), "whatever the threads");
        }
    }

    #[test]
    fn of_every_pair_that_is_let_go_it_is_remembered_how_rare_its_values_are() {
        let folder = tempfile::tempdir().unwrap();
        let study = texts(folder.path());
        let sifted = sifted(&study, LEAST, true, 1);
        with_sifter(&study, |sifter, candidates| {
            let comparisons = &sifter.scorer.comparer.comparisons;
            let agrees = |known: u8, level: u8| match known {
                UNKNOWN => true,
                UNSETTLED => level >= 2,
                known => known == level,
            };
            let may_be = |partial: Pattern, pattern: Pattern| {
                let levels =
                    comparisons.iter().map(|comparison| [partial, pattern].map(|of| comparison.level(of) as u8));
                levels.into_iter().all(|[known, level]| agrees(known, level))
            };
            let mut let_go = 0;
            for pair in candidates.all() {
                let (class, pattern) =
                    (sifter.scorer.class(pair.0, pair.1), sifter.scorer.comparer.compare(pair.0, pair.1));
                let ratio = || sifter.scorer.ratio(pattern, pair.0);
                let (_, own) = sifter.judge(&sifter.sieve(class, pattern), class, LEAST, ratio, || false);
                // Of those that were compared in full it is known what they came to.
                let is_known = |((of, whole), best): &((u32, Pattern), Best)| {
                    (*of, *whole) == (class, pattern) && best.and(own) == *best
                };
                if sifted.kept.pairs.binary_search(&pair).is_ok() || sifted.missed.iter().any(is_known) {
                    continue;
                }
                let rarity = -sifter.scorer.ratio(pattern, pair.0).log2() as f32;
                let is_told = |((of, partial), let_go): &((u32, Pattern), LetGo)| {
                    *of == class && may_be(*partial, pattern) && let_go.any >= rarity - 1e-3
                };
                assert!(sifted.hopeless.iter().any(is_told), "{class} {pattern:x} {rarity}");
                let_go += 1;
            }
            assert!(let_go > 200, "{let_go}");
        });
    }

    #[test]
    fn what_is_let_go_early_could_not_have_been_kept_and_a_sample_stands_for_it() {
        let folder = tempfile::tempdir().unwrap();
        for study in [texts(folder.path()), district(&folder.path().join("district"))] {
            let (all, quick) = (sifted(&study, LEAST, false, 1), sifted(&study, LEAST, true, 1));
            assert_eq!(all.kept, quick.kept);
            assert_eq!((all.pairs, &all.new_pairs), (quick.pairs, &quick.new_pairs));
            assert!(!quick.hopeless.is_empty());
            let rest = |sifted: &Sifted| sifted.rest.iter().map(|(_, count)| *count as f64).sum::<f64>();
            // One pair in 256 stands for all: three standard deviations.
            let (counted, stood_for) = (rest(&all), rest(&quick));
            assert!((stood_for - counted).abs() < 3.0 * (256.0 * counted).sqrt(), "{stood_for} {counted}");
            assert_eq!(quick, sifted(&study, LEAST, true, 3), "whatever the threads");
        }
    }
}
