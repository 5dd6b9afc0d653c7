//! rollcall cross-matches a census roll with administrative registers.
//!
//! ```text
//!  study.toml   extracts
//!      │           │
//!  ┌───┴───────────┴──┐   ┌─────────────┐   ┌───────────────────┐   ┌──────────────────────┐
//!  │ intake           │   │ person      │   │ linkage           │   │ outcome              │
//!  │  Study, Extract ─┼──▶│ PersonTable─┼──▶│  CandidatePairs   │   │  Residence, Findings │
//!  └──────────────────┘   └─────────────┘   │  ComparedPairs    │   │  Coverage ─▶ Report  │
//!                                           │  Model, Score     │   └──────────▲───────────┘
//!                                           │  Resolution ──────┼──────────────┘
//!                                           └───────────────────┘
//!  side rooms: audit (Manifest), privacy, synthetic; corridor: run; door: cli; below all: error, tally, progress
//! ```
//!
//! [`run::run`] is the whole pipeline on one screen.

pub mod audit;
pub mod cli;
pub mod error;
pub mod intake;
pub mod linkage;
pub mod outcome;
pub mod person;
pub mod privacy;
pub mod progress;
pub mod run;
pub mod synthetic;
pub mod tally;
