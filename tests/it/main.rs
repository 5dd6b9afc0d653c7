//! Does the house stand, seen from outside? One binary, one link step.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in tests a panic is how a law says that it is broken"
)]

mod areas;
mod audit;
mod bad_inputs;
mod browser;
mod cli;
mod cli_run;
mod confinement;
mod corpus;
mod delivery;
mod durability;
mod encryption;
mod faults;
mod figures;
mod follow_up;
mod follow_up_days;
mod laws;
mod libreoffice;
mod mutations;
mod noted;
mod outputs;
mod parquet_file;
mod purge;
mod readme;
mod review;
mod row_numbers;
mod sample;
mod tidy;
mod village;
mod vouched;
