//! Which candidate pairs did the run count and let go?
//!
//! Takes a study that was linked again, goes through all pairs that blocking gives, and leaves out those that the run
//! kept: what remains was sifted out by an early look at a few fields. They are far too many to keep, so they are gone
//! through twice, stretch by stretch: once to be counted by bands, and once more for those that were drawn. With bands,
//! every one of them is compared in full here; that is how the few that deserve a look are found among so many.

use rayon::prelude::*;

use super::design::Pairs;
use super::frame::band_at;
use crate::linkage::blocking::{CandidatePairs, Pair};
use crate::linkage::comparison::Comparer;
use crate::linkage::scoring::Scorer;
use crate::provenance::Remade;

/// A study that was linked again.
pub(super) struct Relinked {
    pub remade: Remade,
    /// All pairs that blocking gives.
    pub candidates: CandidatePairs,
}

/// How many pairs of a stretch are in each band, and what is expected of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Banded {
    pub pairs: Vec<u64>,
    pub matches: Vec<f64>,
}

/// What says how likely a pair is a match.
struct Judge<'a> {
    comparer: &'a Comparer<'a>,
    scorer: Scorer<'a>,
}

impl Relinked {
    /// By stretch and band, the pairs that were let go.
    pub fn count(&self, asked: &Pairs) -> Vec<Banded> {
        let bands = asked.bands.len() + 1;
        let comparer = self.comparer(asked);
        let judge = self.judge(comparer.as_ref());
        let of_stretch = |stretch: usize| {
            let mut banded = Banded { pairs: vec![0; bands], matches: vec![0.0; bands] };
            self.each(stretch, asked, judge.as_ref(), &mut |band, probability, _| {
                banded.pairs[band] += 1;
                banded.matches[band] += probability;
            });
            banded
        };
        (0..self.candidates.stretches()).into_par_iter().map(of_stretch).collect()
    }

    /// The pairs of a band with these ordinals (ascending), counted over all stretches.
    pub fn pick(&self, counted: &[Banded], asked: &Pairs, band: usize, drawn: &[u64]) -> Vec<Pair> {
        let mut picked = Vec::with_capacity(drawn.len());
        let comparer = self.comparer(asked);
        let judge = self.judge(comparer.as_ref());
        let (mut before, mut rest) = (0u64, drawn);
        for (stretch, banded) in counted.iter().enumerate() {
            let after = before + banded.pairs[band];
            let (here, later) = rest.split_at(rest.partition_point(|ordinal| *ordinal < after));
            if !here.is_empty() {
                let mut at = before;
                self.each(stretch, asked, judge.as_ref(), &mut |found, _, pair| {
                    if found == band {
                        if here.binary_search(&at).is_ok() {
                            picked.push(pair);
                        }
                        at += 1;
                    }
                });
            }
            (before, rest) = (after, later);
        }
        picked
    }

    /// `source:record` of both records.
    pub fn names(&self, pair: Pair) -> Vec<String> {
        let Remade { study, table, .. } = &self.remade;
        let name = |record: u32| {
            let source = study.sources.get(table.source(record)).map_or("", |source| source.name.as_str());
            format!("{source}:{}", table.record_id(record))
        };
        vec![name(pair.0), name(pair.1)]
    }

    /// What compares pairs in full, if bands ask for it. It holds texts of all records: one does for all stretches.
    fn comparer(&self, asked: &Pairs) -> Option<Comparer<'_>> {
        (!asked.bands.is_empty()).then(|| Comparer::new(&self.remade.study, &self.remade.table))
    }

    fn judge<'a>(&'a self, comparer: Option<&'a Comparer<'a>>) -> Option<Judge<'a>> {
        let Remade { table, linked, .. } = &self.remade;
        comparer.map(|comparer| Judge { comparer, scorer: linked.scorer(comparer, table) })
    }

    /// Calls with band, probability (0 without bands) and pair for each pair of a stretch that was let go and is not
    /// one person by other links.
    fn each(&self, stretch: usize, asked: &Pairs, judge: Option<&Judge<'_>>, take: &mut dyn FnMut(usize, f64, Pair)) {
        let linked = &self.remade.linked;
        let owner = &linked.resolution.person_of;
        self.candidates.each_row(stretch, |row| {
            for pair in row.pairs() {
                let apart = owner[pair.0 as usize] != owner[pair.1 as usize];
                if !apart || linked.pairs.binary_search(&pair).is_ok() {
                    continue;
                }
                let probability = judge.map_or(0.0, |judge| {
                    let pattern = linked.pattern_of_unblocked(judge.comparer, pair);
                    judge.scorer.score(pattern, pair.0, pair.1).probability()
                });
                take(band_at(asked, probability), probability, pair);
            }
        });
    }
}
