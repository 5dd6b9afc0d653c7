//! What do all models of a linkage stand on, and which pairs are worth keeping?
//!
//! Takes the records and what is measured beside the blocks, gives scorers and fits over them; takes the candidate
//! pairs, keeps those that may matter ([`Ground::sift`]). Pairs are sifted before a model is fitted to them: by a model
//! that is expected, or fitted to a sample, and with slack for how far the fit may go from it.

use super::blocking::{CandidatePairs, Pair};
use super::comparison::household::Households;
use super::comparison::{Comparer, Pattern};
use super::lesson::Lesson;
use super::model::em::PatternCounts;
use super::model::frequency::NameFrequencies;
use super::model::slot::{self, Slot};
use super::model::{Model, Shares, em, expected, measured};
use super::scoring::{Scorer, Sifted, Sifter};
use crate::intake::study::Study;
use crate::person::table::{PersonTable, RecordId};

/// By how many bits the fitted model may value a pair higher than the expected one before pairs are sifted again.
const SLACK: f64 = 12.0;
/// The same, where what pairs are sifted by was fitted to some of them.
const SLACK_FITTED: f64 = 6.0;
/// The same, where pairs are asked about text after text: what is still open may rise with every weight.
const SLACK_ASKED: f64 = 8.0;

/// What blocks do not bear on, and what can be found while they are made.
pub(super) struct Beside {
    pub names: NameFrequencies,
    pub households: Households,
    pub measured: Vec<Shares>,
}

impl Beside {
    pub fn of(study: &Study, table: &PersonTable, comparer: &Comparer<'_>) -> Beside {
        let of_households = || {
            let households = Households::of(table);
            let measured = measured::measure(comparer, table, &households, study.linkage.seed);
            (households, measured)
        };
        let (names, (households, measured)) = rayon::join(|| NameFrequencies::of(table), of_households);
        Beside { names, households, measured }
    }
}

/// What all models of a linkage stand on.
pub(super) struct Ground<'a> {
    pub comparer: &'a Comparer<'a>,
    pub table: &'a PersonTable,
    pub slot_of: &'a [u8],
    pub slots: &'a [Slot],
    pub beside: &'a Beside,
}

/// What pairs were sifted by.
pub(super) struct Criterion {
    pub reference: Model,
    /// Pairs that can reach so many bits, by the reference, are kept.
    pub least: f64,
}

impl Ground<'_> {
    pub fn scorer<'m>(&'m self, model: &'m Model) -> Scorer<'m> {
        Scorer::new(self.comparer, self.table, model, self.slot_of, &self.beside.names)
    }

    pub fn sifter<'m>(&'m self, model: &'m Model) -> Sifter<'m> {
        Sifter { scorer: self.scorer(model), households: &self.beside.households }
    }

    pub fn fit(&self, counts: &PatternCounts) -> Model {
        em::fit(self.comparer, self.beside.measured.clone(), self.slots.to_vec(), counts)
    }

    /// The same, where some pairs are known to be matches or none.
    pub fn fit_to(&self, lesson: &Lesson) -> Model {
        let measured = self.beside.measured.clone();
        em::fit_to(self.comparer, measured, self.slots.to_vec(), &lesson.counts, &lesson.labels)
    }

    /// A pair with its class and pattern.
    pub fn compared(&self, pair: Pair) -> (Pair, u32, Pattern) {
        let slot = |record: RecordId| self.slot_of[record as usize];
        let class = slot::class_of(self.slots.len(), slot(pair.0), slot(pair.1));
        (pair, class, self.comparer.compare(pair.0, pair.1))
    }

    /// Sifts all pairs, fits a model to what they showed, and gives both, what was sifted by, and the counts.
    pub fn sift(&self, candidates: &CandidatePairs, review: f64) -> (Sifted, Criterion, Model, PatternCounts) {
        let mut criterion = Criterion {
            reference: expected::expected(self.comparer, self.beside.measured.clone(), self.slots.to_vec()),
            least: review - SLACK,
        };
        if let Some(counts) = self.sifter(&criterion.reference).glance(candidates) {
            // Where there are many pairs, a sample of them says beforehand what the fit will be like.
            let slack = if self.table.text_fields.is_empty() { SLACK_FITTED } else { SLACK_ASKED };
            criterion = Criterion { reference: self.fit(&counts), least: review - slack };
        }
        let sift = |criterion: &Criterion| {
            let sifted = self.sifter(&criterion.reference).sift(candidates, criterion.least);
            let kept = em::count_patterns(&sifted.kept.classes, &sifted.kept.patterns);
            let counts = em::add_counts(&em::add_counts(&sifted.rest, &sifted.waiting), &kept);
            let model = self.fit(&counts);
            (sifted, model, counts)
        };
        let (sifted, model, counts) = sift(&criterion);
        let again = self.sifter(&model).misses(&sifted, &self.sifter(&criterion.reference), review);
        tracing::debug!(kept = sifted.kept.pairs.len(), again, "sifted");
        if !again {
            return (sifted, criterion, model, counts);
        }
        // The fit went further from what was expected than the slack allows: once more, by what was fitted.
        drop(sifted);
        let criterion = Criterion { reference: model, least: review - SLACK_FITTED };
        let (sifted, model, counts) = sift(&criterion);
        (sifted, criterion, model, counts)
    }
}
