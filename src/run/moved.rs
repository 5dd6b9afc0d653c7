//! What was said of records that are no longer what they were?
//!
//! Takes how many decisions or outcomes are not followed because their records are other persons' now, and how many go
//! by the number of a row alone; gives warnings, and what to do about it.

use crate::intake::study::Study;

/// What was said of records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moved {
    /// What it is, in the plural.
    pub what: &'static str,
    /// The command that writes it anew.
    pub written_by: &'static str,
    /// Not followed: the records are other persons' now.
    pub of_others: u64,
    /// Followed by the number of a row alone.
    pub by_row_number: u64,
}

impl Moved {
    /// Warns of both.
    pub(super) fn warn(self, study: &Study) {
        let Moved { what, written_by, of_others, by_row_number } = self;
        let unnamed = || study.sources.iter().filter(|source| source.record_id.is_none());
        if of_others > 0 {
            tracing::warn!(of_others, "{what} are not followed: the records with these ids are other persons' now");
            for source in unnamed() {
                tracing::warn!(
                    source = source.name,
                    "has no record_id: its rows are known by their numbers, which are others in another delivery; name the \
                     column of the department's own numbers as `record_id` (`rollcall init` proposes one), from the first run on"
                );
            }
        }
        if by_row_number > 0 {
            let sources: Vec<&str> = unnamed().map(|source| source.name.as_str()).collect();
            tracing::warn!(
                by_row_number,
                sources = sources.join(", "),
                "{what} go by the number of a row alone, and hold only as long as the files are the same: the table has no marks \
                 of persons; write it anew with {written_by}, and name a `record_id`"
            );
        }
    }
}
