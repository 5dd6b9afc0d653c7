//! Which records of a component that is too large are looked at together?
//!
//! Takes the edges of all components, gives those of their pieces. Joining costs more than the square of the records,
//! and a component of thousands of records is no person: it holds together by links of which most are wrong. So the
//! strongest links are kept, as long as no piece grows too large; the weakest are cut.

use rustc_hash::FxHashMap;

use crate::linkage::blocking::Pair;
use crate::linkage::scoring::Score;
use crate::person::table::RecordId;

/// Components of more records are cut. A judgement: a person has far fewer, and a second is enough for so many.
const RECORDS_MAX: usize = 1_000;

/// The edges (their component and their position among `pairs`, sorted) with the pieces of components that are too
/// large in place of these; edges between two pieces are left out.
pub(super) fn of_components(
    edges: Vec<(u32, u32)>,
    (pairs, scores): (&[Pair], &[Score]),
    minimum: f64,
) -> Vec<(u32, u32)> {
    cut(edges, (pairs, scores), minimum, RECORDS_MAX)
}

fn cut(
    edges: Vec<(u32, u32)>,
    (pairs, scores): (&[Pair], &[Score]),
    minimum: f64,
    records_max: usize,
) -> Vec<(u32, u32)> {
    let is_large = |edges: &[(u32, u32)]| edges.len() >= records_max && records_of(edges, pairs).len() > records_max;
    if !edges.chunk_by(|(a, _), (b, _)| a == b).any(is_large) {
        return edges;
    }
    let mut pieces = Vec::with_capacity(edges.len());
    for edges in edges.chunk_by(|(a, _), (b, _)| a == b) {
        if is_large(edges) {
            pieces.extend(pieces_of(edges, (pairs, scores), minimum, records_max));
        } else {
            pieces.extend_from_slice(edges);
        }
    }
    pieces.sort_unstable();
    pieces
}

fn records_of(edges: &[(u32, u32)], pairs: &[Pair]) -> Vec<RecordId> {
    let both = |(_, at): &(u32, u32)| [pairs[*at as usize].0, pairs[*at as usize].1];
    let mut records: Vec<RecordId> = edges.iter().flat_map(both).collect();
    records.sort_unstable();
    records.dedup();
    records
}

/// The edges of one component, each with the first record of its piece.
fn pieces_of(
    edges: &[(u32, u32)],
    (pairs, scores): (&[Pair], &[Score]),
    minimum: f64,
    records_max: usize,
) -> Vec<(u32, u32)> {
    let mut root: FxHashMap<RecordId, RecordId> = records_of(edges, pairs).into_iter().map(|one| (one, one)).collect();
    let mut records: FxHashMap<RecordId, usize> = root.keys().map(|one| (*one, 1)).collect();
    let odds = |at: u32| scores[at as usize].log2_odds;
    let mut links: Vec<u32> = edges.iter().map(|(_, at)| *at).filter(|at| odds(*at) >= minimum).collect();
    links.sort_unstable_by(|a, b| odds(*b).total_cmp(&odds(*a)).then(a.cmp(b)));
    for at in links {
        let (one, other) = pairs[at as usize];
        let (one, other) = (find(&mut root, one), find(&mut root, other));
        let together = records[&one] + records[&other];
        if one != other && together <= records_max {
            root.insert(one.max(other), one.min(other));
            records.insert(one.min(other), together);
        }
    }
    let mut inside = |(_, at): &(u32, u32)| {
        let (one, other) = pairs[*at as usize];
        let piece = find(&mut root, one);
        (piece == find(&mut root, other)).then_some((piece, *at))
    };
    edges.iter().filter_map(&mut inside).collect()
}

fn find(root: &mut FxHashMap<RecordId, RecordId>, mut record: RecordId) -> RecordId {
    while root[&record] != record {
        let above = root[&root[&record]];
        root.insert(record, above);
        record = above;
    }
    record
}

#[cfg(test)]
mod tests {
    use super::cut;
    use crate::linkage::scoring::Score;

    #[test]
    fn the_weakest_links_of_a_component_that_is_too_large_are_cut() {
        // A chain of six records whose middle link is the weakest, an unlikely pair across it, and a component apart.
        let pairs = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 5), (7, 8)];
        let scores = [9.0, 8.0, 3.0, 8.0, 9.0, -2.0, 1.0].map(|log2_odds| Score { weight: log2_odds, log2_odds });
        let edges = || vec![(0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (0, 5), (7, 6)];
        assert_eq!(cut(edges(), (&pairs, &scores), 0.0, 6), edges());
        let pieces = [(0, 0), (0, 1), (3, 3), (3, 4), (7, 6)];
        assert_eq!(cut(edges(), (&pairs, &scores), 0.0, 3), pieces);
    }
}
