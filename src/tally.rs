//! Do the counts add up?
//!
//! Every source whose rows are taken in has a [`Tally`]: rows in = rows out + rows set aside, by reason. The manifest
//! holds them against the files and against the tables (`audit::manifest`).

use std::collections::BTreeMap;

use serde::Serialize;

/// Why rows of organisations are set aside: only persons are linked.
pub const ORGANISATION: &str = "organisation";

/// Why rows are set aside in which the header of a file stands again.
pub const HEADER_REPEATED: &str = "header_repeated";

/// Rows in, rows out, rows set aside and things noticed on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Rows that came in.
    pub rows_in: u64,
    /// Rows that went on.
    pub rows_out: u64,
    /// Rows set aside, by reason code.
    pub set_aside: BTreeMap<String, u64>,
    /// What was noticed or mended on the way, by code; such rows went on.
    pub noted: BTreeMap<String, u64>,
}

impl Tally {
    /// One row that went on.
    pub fn pass(&mut self) {
        self.rows_in += 1;
        self.rows_out += 1;
    }

    /// One row that was set aside for this reason.
    pub fn set_aside(&mut self, reason: &str) {
        self.rows_in += 1;
        *self.set_aside.entry(reason.to_owned()).or_default() += 1;
    }

    /// `count` things noticed that do not stop a row.
    pub fn note(&mut self, what: &str, count: u64) {
        if count > 0 {
            *self.noted.entry(what.to_owned()).or_default() += count;
        }
    }

    /// Rows set aside, over all reasons.
    #[must_use]
    pub fn rows_set_aside(&self) -> u64 {
        self.set_aside.values().sum()
    }

    /// Rows set aside that may have been persons.
    #[must_use]
    pub fn rows_lost(&self) -> u64 {
        let of_none = [ORGANISATION, HEADER_REPEATED].map(|reason| self.set_aside.get(reason).copied().unwrap_or(0));
        self.rows_set_aside() - of_none.iter().sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::{HEADER_REPEATED, ORGANISATION, Tally};

    #[test]
    fn a_row_is_either_passed_or_set_aside() {
        let mut tally = Tally::default();
        tally.pass();
        tally.set_aside("empty_row");
        tally.note("x_lower_case", 3);
        assert_eq!((tally.rows_in, tally.rows_out, tally.rows_set_aside()), (2, 1, 1));
        tally.set_aside(ORGANISATION);
        tally.set_aside(HEADER_REPEATED);
        assert_eq!((tally.rows_set_aside(), tally.rows_lost()), (3, 1));
        assert_eq!((tally.set_aside["empty_row"], tally.noted["x_lower_case"]), (1, 3));
    }
}
