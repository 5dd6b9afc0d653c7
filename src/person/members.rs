//! Who belongs to a group?
//!
//! Takes the group of each record, gives [`Members`]: the records group by group, in two plain lists. A list of lists
//! would take several times as much memory, and there are as many households as half the records.

use serde::{Deserialize, Serialize};

use super::table::RecordId;

/// The records of each group, ascending.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Members {
    /// Where each group begins; one more entry than groups.
    starts: Vec<u32>,
    records: Vec<RecordId>,
}

impl Members {
    /// Groups the records by their labels; 0 is no group.
    #[must_use]
    pub fn of(labels: impl Iterator<Item = u32> + Clone) -> Members {
        let groups = labels.clone().max().map_or(0, |label| label as usize + 1);
        Members::placed(groups, (0..).zip(labels).filter(|(_, label)| *label != 0))
    }

    /// Groups all records by their labels, which are below the number of groups.
    #[must_use]
    pub fn of_all(groups: usize, labels: &[u32]) -> Members {
        Members::placed(groups, (0..).zip(labels.iter().copied()))
    }

    fn placed(groups: usize, labelled: impl Iterator<Item = (RecordId, u32)> + Clone) -> Members {
        let mut starts = vec![0u32; groups + 1];
        for (_, label) in labelled.clone() {
            starts[label as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut records = vec![0; starts.last().map_or(0, |end| *end as usize)];
        for (record, label) in labelled {
            let place = &mut next[label as usize];
            records[*place as usize] = record;
            *place += 1;
        }
        Members { starts, records }
    }

    /// Number of groups.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The records of a group; empty for groups that there are not.
    #[must_use]
    pub fn get(&self, label: u32) -> &[RecordId] {
        match (self.starts.get(label as usize), self.starts.get(label as usize + 1)) {
            (Some(&start), Some(&end)) => self.records.get(start as usize..end as usize).unwrap_or(&[]),
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Members;

    #[test]
    fn records_are_found_by_their_group() {
        let members = Members::of([2, 0, 1, 2, 0, 4].into_iter());
        assert_eq!((members.get(2), members.get(1), members.get(4)), (&[0, 3][..], &[2][..], &[5][..]));
        assert!(members.get(0).is_empty() && members.get(3).is_empty() && members.get(9).is_empty());
        assert!(Members::of(std::iter::empty()).get(0).is_empty());
        let all = Members::of_all(3, &[2, 0, 1, 2, 0]);
        assert_eq!((all.get(0), all.get(1), all.get(2), all.groups()), (&[1, 4][..], &[2][..], &[0, 3][..], 3));
        assert!(all.get(3).is_empty() && Members::of_all(0, &[]).groups() == 0);
    }
}
