//! Which records are the same person?
//!
//! [`link`]: block → compare → fit → score → resolve, then once more with what the first resolution says of
//! households. Takes a [`PersonTable`], gives [`Linked`].

pub mod blocking;
pub mod comparison;
pub mod decided;
mod draft;
mod ground;
pub mod kept;
pub mod lesson;
mod linked;
pub mod model;
pub mod resolution;
mod resolver;
pub mod scoring;
pub mod threshold;

pub use self::linked::Linked;

use crate::error::{Error, Kind, Result};
use crate::intake::study::Study;
use crate::person::table::PersonTable;
use crate::progress::Progress;
use comparison::{Comparer, Variable};
use decided::Decided;
use draft::{Draft, Waiting};
use ground::{Beside, Ground};
use model::log2_odds;
use model::slot::{self, Slot};
use resolution::household::Support;
use resolution::rivals;
use resolver::Resolver;
use scoring::{ComparedPairs, Sifted};

/// Links the records of a table. `after_blocking` is called once all blocks are made, which free and ask for much
/// memory.
///
/// # Errors
/// If the blocking rules would give more pairs than the study allows.
pub fn link(
    study: &Study,
    table: &PersonTable,
    comparer: &Comparer<'_>,
    decided: &Decided,
    after_blocking: impl FnOnce(),
    progress: &dyn Progress,
) -> Result<Linked> {
    comparer.check(study)?;
    progress.begin("block", 0);
    let (candidates, beside) =
        rayon::join(|| blocking::block(study, table, comparer), || Beside::of(study, table, comparer));
    let candidates = candidates?;
    after_blocking();
    progress.finish(&format!("{} rules", candidates.rules.len()));
    let (slots, slot_of) = slot::slots(table, &beside.households);
    check_slots(study, &slots)?;
    let ground = Ground { comparer, table, slot_of: &slot_of, slots: &slots, beside: &beside };
    progress.begin("compare", candidates.pairs_at_most());
    let review = log2_odds(study.linkage.review_probability);
    let (sifted, criterion, model, counts) = ground.sift(&candidates, review);
    let (mut rules, in_blocks) = candidates.into_rules();
    let Sifted { kept: compared, rest, waiting: patterns, marks, pairs: candidates, new_pairs, .. } = sifted;
    rules.iter_mut().zip(new_pairs).for_each(|(rule, new)| rule.new_pairs += new);
    progress.finish(&format!("{} of {candidates} pairs may matter", compared.pairs.len()));
    check_pairs(study, &compared)?;
    progress.begin("fit and resolve", 0);
    let mut resolver = Resolver { study, decided, support: None };
    let mut draft = Draft::first((&ground, &resolver), compared, rest, model, counts);
    let first = draft.resolution.person_of.clone();
    if let Some(comparison) = comparer.of(Variable::Household) {
        let support = Support { households: &beside.households, comparison, person_of: &first };
        draft.hear_households((&ground, &mut resolver), support, criterion, Waiting { patterns, in_blocks, marks });
    }
    if study.linkage.refit && !decided.is_empty() {
        draft.learn(&ground, &resolver, review);
    }
    if let Some(mark) = comparer.of(Variable::LeftOver) {
        draft.hear_left_over(&ground, &resolver, mark);
    }
    draft.hear_housemates(&ground, &resolver);
    let Draft { compared, model, scores, resolution, rest, unblocked, .. } = draft;
    let scorer = ground.scorer(&model);
    let (resolution, undecided) = resolver.impose(&scorer, resolution, &compared.pairs, &scores);
    let level = rivals::level(&scorer, (&compared.pairs, &scores), &resolution, review);
    let threshold = model::probability(resolver.minimum(&scores));
    progress.finish(&format!("{} persons", resolution.persons()));
    let ComparedPairs { pairs, patterns, .. } = compared;
    let Beside { names, households, .. } = beside;
    Ok(Linked {
        resolution,
        undecided,
        candidates,
        unblocked,
        rest,
        pairs,
        patterns,
        scores,
        level,
        model,
        threshold,
        slot_of,
        names,
        households,
        rules,
    })
}

/// Slots have numbers of one byte.
const SLOTS_MAX: usize = 1 << 8;

fn check_slots(study: &Study, slots: &[Slot]) -> Result<()> {
    if slots.len() <= SLOTS_MAX {
        return Ok(());
    }
    let what = format!("the sources have {} kinds of rows in all, more than the {SLOTS_MAX} allowed", slots.len());
    Err(Error::new(Kind::Study, what).at_file(&study.file).at_column("source").hint("join sources of one department"))
}

/// Pairs have numbers of four bytes once they are compared.
fn check_pairs(study: &Study, compared: &ComparedPairs) -> Result<()> {
    if u32::try_from(compared.pairs.len()).is_ok() {
        return Ok(());
    }
    let what = format!("{} pairs may matter, more than can be resolved", compared.pairs.len());
    let hint = "raise it, or name blocking rules that give fewer pairs";
    Err(Error::new(Kind::Study, what).at_file(&study.file).at_column("linkage.review_probability").hint(hint))
}
