//! What was asked, and what was handed in?
//!
//! Two rooms: [`study`] is the question (one TOML file, every default written out), [`extract`] is what the
//! departments sent, read as it is. [`survey`] looks at a folder of extracts and drafts the first study file.

pub mod extract;
pub mod study;
pub mod survey;
