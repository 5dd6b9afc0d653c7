//! Who belongs to a group?
//!
//! Takes the group of each record, gives [`Members`]: the records group by group, in two plain lists. A list of lists
//! would take several times as much memory, and there are as many households as half the records.

use super::table::RecordId;

/// The records of each group, ascending.
#[derive(Debug, Default)]
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
        let mut starts = vec![0u32; groups + 1];
        for label in labels.clone().filter(|label| *label != 0) {
            starts[label as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut records = vec![0; starts.last().map_or(0, |end| *end as usize)];
        for (record, label) in (0..).zip(labels).filter(|(_, label)| *label != 0) {
            let place = &mut next[label as usize];
            records[*place as usize] = record;
            *place += 1;
        }
        Members { starts, records }
    }

    /// The records of a group; empty for 0 and for groups that there are not.
    #[must_use]
    pub fn get(&self, label: u32) -> &[RecordId] {
        match (self.starts.get(label as usize), self.starts.get(label as usize + 1)) {
            (Some(&start), Some(&end)) => &self.records[start as usize..end as usize],
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
    }
}
