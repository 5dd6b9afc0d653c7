//! What was asked, and what was handed in?
//!
//! [`study`] is the question (one TOML file, every default written out), [`extract`] is what the
//! departments sent, read as it is. [`decisions`] is what clerks have decided of single pairs, [`outcomes`] what
//! visits found, both by way of [`named_table`]; [`text_rows`] cuts small text tables into rows. [`truth`] is what
//! somebody knows who can judge a run. [`survey`] looks at a folder of extracts and drafts the first study file.

pub mod decisions;
pub mod extract;
pub mod named_table;
pub mod outcomes;
pub mod study;
pub mod survey;
pub mod text_rows;
pub mod truth;
