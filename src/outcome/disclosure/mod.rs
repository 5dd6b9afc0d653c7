//! What may be said of counts to people outside?
//!
//! Takes persons with their cells and a secret key, gives counts that reveal nobody: every count is moved by a noise
//! that its own persons decide ([`noise`]), so the same cell is always moved alike, in every table, and nothing can be
//! averaged away; rates are made of moved counts only, and small bases are not published at all ([`release`]).
//! How: `docs/publishing.md`.

pub mod noise;
pub mod release;
