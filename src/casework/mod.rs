//! What became of each case?
//!
//! Beside a run stands its casework: a store of cases with all that ever happened to them, lists that went out, and
//! files that came back. [`store`] keeps what happened (`opening` sees to it that it is there, `held` that the audit
//! log has it), [`history`] says where that leaves a case, `door` which cases are asked about at one door, `waiting`
//! whether somebody is still to be sent, [`absorb`] takes over a (fresh) run, [`learning`] makes of outcomes better
//! probabilities (with what the run expects around a case, `surroundings`), `ranking` says which doors are worth most,
//! [`outgoing`] writes lists of them, [`encryption`] lets only their recipients read them, [`recall`] takes cases back
//! from a team, [`decision`] gives a supervisor what waits for one, [`incoming`] takes filled lists back, [`progress`]
//! says how far it has got, [`recount`] what that means for the estimate of coverage, [`settled`] what the next run
//! gets to know, [`campaign`] plays a whole follow-up against a truth. [`review`] asks clerks whether links are right.
//!
//! Takes the folder of a finished run, gives everything after it. The run's own outputs are never touched.

pub mod absorb;
pub mod campaign;
pub mod decision;
mod door;
pub mod encryption;
mod fault;
pub mod held;
pub mod history;
pub mod incoming;
pub mod learning;
mod opening;
pub mod outgoing;
pub mod progress;
mod ranking;
pub mod recall;
pub mod recount;
pub mod review;
pub mod settled;
pub mod store;
mod surroundings;
mod waiting;

pub use crate::audit::publication::BESIDE as FOLDER;
