//! Can it be proved later?
//!
//! [`manifest`] says what went in, what came out, and that the counts add up; [`log`] who did what and when, each entry
//! holding the digest of the one before; [`checkpoint`] signs the end of the log with a key of [`key_file`];
//! [`vouched`] says which entries that covers; [`verify`] recomputes all of it; [`located`] finds study and inputs of a
//! run again; [`publication`] puts a run's outputs in place together or not at all; [`delivery`] is the seal of what
//! senders send; [`stage`] keeps what an unfinished run has worked out; [`purge`] ends the personal data of a run.

pub mod checkpoint;
pub mod delivery;
pub mod key_file;
pub mod located;
pub mod log;
pub mod manifest;
pub mod publication;
pub mod purge;
pub mod stage;
pub mod verify;
pub mod vouched;
