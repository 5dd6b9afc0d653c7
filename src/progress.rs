//! What may a stage say while it works?
//!
//! One trait: a stage names itself and counts. The command line shows it on a terminal; tests and libraries pass
//! [`Silent`].

/// Receives the progress of a long piece of work.
pub trait Progress: Sync {
    /// A stage begins; `total` is in the stage's own unit (rows, pairs), 0 if unknown.
    fn begin(&self, stage: &str, total: u64);
    /// `done` more units of the current stage.
    fn advance(&self, done: u64);
    /// The current stage is over; `summary` is one line for people.
    fn finish(&self, summary: &str);
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _stage: &str, _total: u64) {}
    fn advance(&self, _done: u64) {}
    fn finish(&self, _summary: &str) {}
}
