//! Which links were found, and what do the weights look like?
//!
//! Takes what [`links`] and [`weights`] found, gives it in the order of the page.

use super::ReportInput;
use crate::outcome::links;
use crate::outcome::weights::{self, ComparisonWeights, Waterfall, waterfall};
use crate::privacy::mask;

/// The links of a study.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LinksFound {
    /// By pair of sources: their names, links, possible links, as many as `links.parquet` has rows.
    pub by_sources: Vec<(String, String, u64, u64)>,
    /// Pairs by weight: put into one person, not put together.
    pub weights: Vec<(u64, u64)>,
    /// Weight of every level of every comparison, in bits.
    pub comparisons: Vec<ComparisonWeights>,
    /// Example waterfalls: of a link, of a possible link.
    pub examples: Vec<Waterfall>,
}

/// Arranges the links.
#[must_use]
pub fn compose(input: &ReportInput<'_>) -> LinksFound {
    let linked = input.linked;
    let by_sources = links::by_sources(input.table, input.links);
    let name = |at: usize| input.study.sources.get(at).map_or(String::new(), |source| mask::plain(&source.name));
    let [link, possible] = weights::examples(input.study, linked);
    let examples = [(true, link), (false, possible)].into_iter();
    LinksFound {
        by_sources: by_sources.into_iter().map(|((a, b), (l, p))| (name(a), name(b), l, p)).collect(),
        weights: weights::histogram(linked),
        comparisons: weights::of_levels(&linked.model),
        examples: examples
            .filter_map(|(link, most)| most.map(|(pattern, class)| waterfall(&linked.model, link, pattern, class)))
            .collect(),
    }
}
