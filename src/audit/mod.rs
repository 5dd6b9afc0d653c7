//! Can it be proved later?
//!
//! [`manifest`] says what went in, what came out, and that the counts add up.

pub mod manifest;
pub mod publication;
