//! What is the ranked list of missed persons worth to those who must go and look?
//!
//! The missed persons and newborns together, the most probable first, are the list of visits. A visit belongs to
//! the true person that most of the discrepancy's register records belong to, and finds somebody if that person is
//! a resident who was not enumerated, has a register record, and was not found before. Of a discrepancy without a
//! record that the truth knows nobody can tell what a visit finds: it is left out. The average precision is
//! Σ precision(rank of the k-th find) over the number of truly missed.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Judged, Known, MissedList, Visits};
use crate::outcome::discrepancy::DiscrepancyKind;
use crate::outcome::files::DiscrepancyRow;

impl Known<'_> {
    pub(super) fn missed(&self, judged: &[Judged], discrepancies: &[DiscrepancyRow]) -> Option<MissedList> {
        let missed = self.truly_missed()?;
        let is_missed =
            |row: &&DiscrepancyRow| DiscrepancyKind::of_name(&row.kind).is_some_and(DiscrepancyKind::is_missed);
        let person_of = self.persons_of_clusters(judged);
        let all: Vec<&DiscrepancyRow> = discrepancies.iter().filter(is_missed).collect();
        let mut list = all.clone();
        list.retain(|row| person_of.contains_key(&row.person));
        list.sort_by(|one, other| {
            other.probability.total_cmp(&one.probability).then_with(|| one.discrepancy.cmp(&other.discrepancy))
        });
        let mut waiting = missed.clone();
        let finds: Vec<bool> =
            list.iter().map(|row| person_of.get(&row.person).is_some_and(|person| waiting.remove(person))).collect();
        let (mut found, mut precisions) = (0u64, 0.0);
        for (rank, find) in (1u64..).zip(&finds) {
            if *find {
                found += 1;
                precisions += found as f64 / rank as f64;
            }
        }
        let head = |visits: usize| {
            let visits = visits.min(list.len());
            Visits {
                visits: visits as u64,
                found: finds.iter().take(visits).filter(|find| **find).count() as u64,
                expected: list.iter().take(visits).fold(0.0, |sum, row| sum + row.probability),
            }
        };
        Some(MissedList {
            missed: missed.len() as u64,
            listed: list.len() as u64,
            unknown: (all.len() - list.len()) as u64,
            average_precision: if missed.is_empty() { 0.0 } else { precisions / missed.len() as f64 },
            visits: vec![head(missed.len()), head(2 * missed.len()), head(list.len())],
        })
    }

    /// Residents who were not enumerated and are in at least one register.
    fn truly_missed(&self) -> Option<FxHashSet<u64>> {
        let persons = self.truth.persons.as_ref()?;
        let in_register: FxHashSet<u64> =
            self.records.iter().filter(|record| Some(record.source) != self.roll).map(|record| record.person).collect();
        let missed = persons.iter().filter(|person| person.resident && !person.enumerated);
        let numbers = missed.filter_map(|person| self.number.get(person.person.as_str()).copied());
        Some(numbers.filter(|number| in_register.contains(number)).collect())
    }

    /// The true person that most register records of each of the run's persons belong to; of equals, the first.
    fn persons_of_clusters(&self, judged: &[Judged]) -> FxHashMap<u64, u64> {
        let registered = judged.iter().filter(|record| Some(record.source) != self.roll);
        let mut members: Vec<(u64, u64)> = registered.map(|record| (record.cluster, record.person)).collect();
        members.sort_unstable();
        let mut person_of = FxHashMap::default();
        for cluster in members.chunk_by(|one, other| one.0 == other.0) {
            let mut best = 0;
            for run in cluster.chunk_by(|one, other| one.1 == other.1) {
                if run.len() > best {
                    best = run.len();
                    run.first().map(|(cluster, person)| person_of.insert(*cluster, *person));
                }
            }
        }
        person_of
    }
}
