//! What of linking must be kept to go on from it, and how is it taken up again?
//!
//! Takes a [`Linked`], gives bytes; takes these and the same table, gives the same [`Linked`], bit for bit. Kept are
//! numbers of records, levels of agreement, weights and shares: no value of any record is among them. What the table
//! gives anew in no time is not kept.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::Linked;
use super::blocking::{Pair, RuleReport};
use super::comparison::household::Households;
use super::comparison::{Comparer, Pattern};
use super::model::em::PatternCounts;
use super::model::file as model_file;
use super::model::frequency::NameFrequencies;
use super::model::slot;
use super::resolution::Resolution;
use super::resolution::rivals::Level;
use super::scoring::Score;
use crate::person::table::PersonTable;

/// What is kept.
#[derive(Debug, Serialize, Deserialize)]
pub struct Kept<'a> {
    resolution: Cow<'a, Resolution>,
    undecided: Cow<'a, Option<Resolution>>,
    candidates: u64,
    unblocked: u64,
    rest: Cow<'a, PatternCounts>,
    pairs: Cow<'a, [Pair]>,
    patterns: Cow<'a, [Pattern]>,
    scores: Cow<'a, [Score]>,
    level: Cow<'a, Level>,
    model: String,
    threshold: f64,
    rules: Cow<'a, [RuleReport]>,
}

/// Writes what is kept of a linkage.
///
/// # Errors
/// If it cannot be written.
pub fn write(linked: &Linked, to: &mut dyn Write) -> io::Result<()> {
    let kept = Kept {
        resolution: Cow::Borrowed(&linked.resolution),
        undecided: Cow::Borrowed(&linked.undecided),
        candidates: linked.candidates,
        unblocked: linked.unblocked,
        rest: Cow::Borrowed(&linked.rest),
        pairs: Cow::Borrowed(&linked.pairs),
        patterns: Cow::Borrowed(&linked.patterns),
        scores: Cow::Borrowed(&linked.scores),
        level: Cow::Borrowed(&linked.level),
        model: model_file::to_json(&linked.model).map_err(io::Error::other)?,
        threshold: linked.threshold,
        rules: Cow::Borrowed(&linked.rules),
    };
    postcard::to_io(&kept, to).map(drop).map_err(io::Error::other)
}

/// Reads what [`write()`] wrote; `None` if it is anything else.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Kept<'static>> {
    postcard::take_from_bytes(bytes).ok().filter(|(_, rest)| rest.is_empty()).map(|(kept, _)| kept)
}

impl Kept<'_> {
    /// The linkage of the same table; `None` if it is of another.
    #[must_use]
    pub fn restore(self, table: &PersonTable, comparer: &Comparer<'_>) -> Option<Linked> {
        let model = model_file::from_json(&self.model, &comparer.comparisons).ok()?;
        let households = Households::of(table);
        let (slots, slot_of) = slot::slots(table, &households);
        let records = table.len();
        let (resolution, undecided) = (self.resolution.into_owned(), self.undecided.into_owned());
        let is_whole = |resolution: &Resolution| Resolution::from_labels(&resolution.person_of) == *resolution;
        let fits =
            [Some(&resolution), undecided.as_ref()].into_iter().flatten().all(|one| one.person_of.len() == records)
                && is_whole(&resolution)
                && model.slots == slots
                && self.pairs.len() == self.patterns.len()
                && self.pairs.len() == self.scores.len()
                && self.pairs.iter().all(|(one, other)| one < other && (*other as usize) < records);
        fits.then(|| Linked {
            resolution,
            undecided,
            candidates: self.candidates,
            unblocked: self.unblocked,
            rest: self.rest.into_owned(),
            pairs: self.pairs.into_owned(),
            patterns: self.patterns.into_owned(),
            scores: self.scores.into_owned(),
            level: self.level.into_owned(),
            model,
            threshold: self.threshold,
            slot_of,
            names: NameFrequencies::of(table),
            households,
            rules: self.rules.into_owned(),
        })
    }
}
