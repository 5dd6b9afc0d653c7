//! What does every record say of one thing?
//!
//! [`Column`]: a value for each record, one after the other. As long as all records say the same, mostly nothing, it
//! takes no room: a study of two files with fields of its own fills few of the built-in columns.

use std::ops::Index;

use rayon::prelude::*;

use super::table::RecordId;

/// A value for each record.
#[derive(Default)]
pub struct Column<T> {
    /// What all records say, where `values` is empty.
    same: T,
    values: Vec<T>,
    length: usize,
    /// Room that values will have.
    room: usize,
}

impl<T: Copy + PartialEq + Default + Send + Sync> Column<T> {
    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Is there no record?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// What a record says, if there is such a record.
    #[must_use]
    pub fn get(&self, record: usize) -> Option<&T> {
        (record < self.length).then(|| &self[record])
    }

    /// What the last record says.
    #[must_use]
    pub fn last(&self) -> Option<&T> {
        self.get(self.length.checked_sub(1)?)
    }

    /// What all records say, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        self.values.iter().chain(std::iter::repeat_n(&self.same, self.length - self.values.len()))
    }

    /// Adds a record.
    pub(super) fn push(&mut self, value: T) {
        if self.length == 0 {
            self.same = value;
        }
        if !self.values.is_empty() || value != self.same {
            self.spread();
            self.values.push(value);
        }
        self.length += 1;
    }

    /// Adds the records of another column, whose values are translated.
    pub(super) fn extend(&mut self, other: &Column<T>, translated: impl Fn(T) -> T) {
        if other.values.is_empty() {
            let value = translated(other.same);
            if self.length == 0 {
                self.same = value;
            }
            if !self.values.is_empty() || (other.length > 0 && value != self.same) {
                self.spread();
                self.values.resize(self.length + other.length, value);
            }
        } else {
            self.spread();
            self.values.extend(other.values.iter().map(|value| translated(*value)));
        }
        self.length += other.length;
    }

    /// Translates all values.
    pub(super) fn translate(&mut self, translated: impl Fn(T) -> T + Sync) {
        self.same = translated(self.same);
        self.values.par_iter_mut().for_each(|value| *value = translated(*value));
    }

    /// Changes what a record says.
    pub(crate) fn set(&mut self, record: usize, value: T) {
        self.spread();
        self.values[record] = value;
    }

    /// Keeps the records at these positions.
    pub(super) fn keep(&mut self, kept: &[usize]) {
        if !self.values.is_empty() {
            self.values = kept.iter().map(|at| self.values[*at]).collect();
        }
        self.length = kept.len();
    }

    /// Puts the records from `first` on into another order, in which they are counted from there.
    pub(super) fn rearrange(&mut self, first: usize, order: &[RecordId]) {
        if !self.values.is_empty() {
            let values = &mut self.values[first..first + order.len()];
            let moved: Vec<T> = order.par_iter().map(|from| values[*from as usize]).collect();
            values.copy_from_slice(&moved);
        }
    }

    /// Forgets the records after the first `length`.
    pub(super) fn truncate(&mut self, length: usize) {
        self.values.truncate(length);
        self.length = self.length.min(length);
    }

    /// Makes room for so many records, once they say different things.
    pub(super) fn reserve(&mut self, records: usize) {
        self.room = records;
    }

    /// Gives each record a value of its own.
    fn spread(&mut self) {
        if self.values.is_empty() {
            // What a file says of its rows may be wrong.
            let _ = self.values.try_reserve_exact(self.room.max(self.length));
            self.values.resize(self.length, self.same);
        }
    }
}

impl<T> Index<usize> for Column<T> {
    type Output = T;

    #[inline]
    fn index(&self, record: usize) -> &T {
        if self.values.is_empty() && record < self.length { &self.same } else { &self.values[record] }
    }
}

impl<T: Copy + PartialEq + Default + Send + Sync> FromIterator<T> for Column<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Column<T> {
        let mut column = Column::default();
        values.into_iter().for_each(|value| column.push(value));
        column
    }
}

#[cfg(test)]
mod tests {
    use super::Column;

    #[test]
    fn a_column_says_the_same_whether_or_not_it_has_room_for_it() {
        let parts: [&[u32]; 6] = [&[], &[7, 7], &[7], &[7, 3, 7], &[3, 3], &[]];
        for first in parts {
            for second in parts {
                let mut column: Column<u32> = first.iter().copied().collect();
                column.reserve(9);
                column.extend(&second.iter().copied().collect(), |value| value);
                let mut plain = [first, second].concat();
                assert_eq!((column.iter().copied().collect::<Vec<_>>(), column.len()), (plain.clone(), plain.len()));
                assert_eq!((column.last(), column.get(plain.len())), (plain.last(), None));
                assert!((0..plain.len()).all(|at| column[at] == plain[at]));
                column.translate(|value| value + 1);
                plain.iter_mut().for_each(|value| *value += 1);
                if let Some(first) = plain.first_mut() {
                    *first = 5;
                    column.set(0, 5);
                }
                let kept: Vec<usize> = (0..plain.len()).filter(|at| at % 2 == 0).collect();
                column.keep(&kept);
                column.truncate(2);
                plain = kept.iter().map(|at| plain[*at]).take(2).collect();
                assert_eq!(column.iter().copied().collect::<Vec<_>>(), plain);
            }
        }
    }

    #[test]
    #[should_panic(expected = "out of bounds")]
    fn there_is_no_record_after_the_last() {
        let column: Column<u8> = [1, 1].into_iter().collect();
        let _ = column[2];
    }

    #[test]
    fn records_that_say_the_same_take_no_room() {
        let mut column: Column<u32> = std::iter::repeat_n(4, 100).collect();
        column.reserve(1_000);
        assert_eq!((column.values.capacity(), column.len()), (0, 100));
        column.push(5);
        assert!(column.values.capacity() >= 1_000 && column[99] == 4 && column[100] == 5);
    }
}
