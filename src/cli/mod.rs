//! What did the user ask for?
//!
//! The command door: [`args`] are the arguments; each command has a file of its own, calls the corridor or a side room,
//! and prints its result through [`screen`]. Results go to stdout, logs and errors to stderr. No personal value is
//! printed: an [`Error`](crate::error::Error) holds none, and a panic says only where it happened.

mod accuracy;
mod allowance;
mod args;
mod completions;
mod coverage;
mod coverage_trial;
mod demo;
mod destination;
mod earlier;
mod evaluate;
mod explain;
mod files;
mod follow_up;
mod init;
mod key;
mod log;
mod noted;
mod profile;
mod progress;
mod publish;
mod purge;
mod review;
mod run;
mod sample;
mod screen;
mod seal;
mod synth;
mod trace;
mod truth;
mod verify;

use std::fs::File;
use std::path::Path;
use std::process::ExitCode;
use std::thread::JoinHandle;
use std::time::SystemTime;

use clap::Parser;

use crate::error::{Error, Kind, Result};
use crate::intake::extract::decoder;
use crate::progress::Progress;
use args::{Arguments, Command, Global};

/// Stack of the thread that does the work, in bytes.
const STACK_BYTES: usize = 16 << 20;

/// What a process ends with that panicked.
const PANICKED: u8 = 101;

/// Runs the command line; gives the exit status of the contract.
#[must_use]
pub fn main() -> ExitCode {
    leave_no_memory_image();
    log::hide_panics();
    // How large the main thread's stack is, the system says, and may say too little.
    match std::thread::Builder::new().stack_size(STACK_BYTES).spawn(open_door).map(JoinHandle::join) {
        Ok(Ok(code)) => code,
        Ok(Err(_)) => ExitCode::from(PANICKED),
        Err(_) => {
            screen::complain("rollcall: the system gives no thread to work in");
            status(Kind::Environment)
        }
    }
}

/// An image of the memory of a process that dies would hold everybody who was read.
fn leave_no_memory_image() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // A limit may always be lowered.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
}

fn open_door() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(shown) => {
            // Help and version come this way too; a reader that has gone away is no failure.
            let _ = shown.print();
            return if shown.use_stderr() { status(Kind::Usage) } else { ExitCode::SUCCESS };
        }
    };
    if matches!(arguments.command, Command::DecodeApart) {
        return decode_apart();
    }
    log::begin(&arguments.global);
    use_own_program();
    let result = obey(&arguments);
    decoder::finish();
    match result {
        Ok(code) => code,
        Err(error) => {
            log::complain(error.kind(), &error.to_string());
            status(error.kind())
        }
    }
}

/// Serves the process that started this one; what goes wrong is that one's to say.
fn decode_apart() -> ExitCode {
    // Rows are no lines: they go to the pipe itself. The file to be decoded stands in place of stderr.
    #[cfg(unix)]
    let handles = {
        use std::os::fd::AsFd;
        (std::io::stdout().as_fd().try_clone_to_owned(), std::io::stderr().as_fd().try_clone_to_owned())
    };
    #[cfg(windows)]
    let handles = {
        use std::os::windows::io::AsHandle;
        (std::io::stdout().as_handle().try_clone_to_owned(), std::io::stderr().as_handle().try_clone_to_owned())
    };
    let served = match handles {
        (Ok(replies), Ok(file)) => decoder::serve(std::io::stdin(), File::from(replies), File::from(file)),
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => status(Kind::Environment),
    }
}

/// Has files decoded by children that run this very program.
fn use_own_program() {
    // On Linux the program is found even if its file was replaced meanwhile.
    let link = Path::new("/proc/self/exe");
    if link.exists() {
        decoder::use_program(link.to_path_buf());
    } else if let Ok(program) = std::env::current_exe() {
        decoder::use_program(program);
    }
}

fn status(kind: Kind) -> ExitCode {
    ExitCode::from(kind.exit_status())
}

fn obey(arguments: &Arguments) -> Result<ExitCode> {
    prepare(&arguments.global)?;
    let progress = progress::for_people(&arguments.global);
    let progress: &dyn Progress = progress.as_ref();
    let memory = allowance::memory(arguments.global.memory);
    match &arguments.command {
        Command::Demo(demo) => demo::demo(demo, memory, progress),
        Command::Init(init) => init::init(init),
        Command::Profile(profile) => profile::profile(profile, progress),
        Command::Run(run) => run::run(run, memory, progress),
        Command::Explain(explain) => explain::explain(explain, progress),
        Command::Evaluate(evaluate) => evaluate::evaluate(evaluate),
        Command::Accuracy(accuracy) => accuracy::accuracy(accuracy, progress),
        Command::Coverage(coverage) => coverage::coverage(coverage),
        Command::CoverageTrial(trial) => coverage_trial::trial(trial),
        Command::Verify(verify) => verify::verify(verify, memory, progress),
        Command::Trace(trace) => trace::trace(trace, memory, progress),
        Command::Seal(seal) => seal::seal(seal, progress),
        Command::Purge(purge) => purge::purge(purge),
        Command::Sample(sample) => sample::sample(sample, memory, progress),
        Command::Publish(publish) => publish::publish(publish, progress),
        Command::Key(key) => key::key(key),
        Command::FollowUp(follow_up) => follow_up::follow_up(follow_up),
        Command::Review(review) => review::review(review, progress),
        Command::Synth(synth) => synth::synth(synth, progress),
        Command::DecodeApart => Ok(decode_apart()),
        Command::Completions(completions) => completions::completions(completions),
    }
}

/// Libraries that ask for the time know no year before 1970 or after 9999, and would end the program.
fn check_clock(now: SystemTime) -> Result<()> {
    if now >= SystemTime::UNIX_EPOCH && jiff::Timestamp::try_from(now).is_ok() {
        return Ok(());
    }
    let error = Error::new(Kind::Environment, "the clock of this machine shows no year between 1970 and 9999");
    Err(error.hint("set it right"))
}

/// Starts the threads now: where the system gives none, this says so; left to the first use, it would be a fault.
fn prepare(global: &Global) -> Result<()> {
    check_clock(SystemTime::now())?;
    let threads = global.threads.map_or(0, usize::from);
    let started = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    started.map_err(|_| {
        let error = Error::new(Kind::Environment, "the threads cannot be started");
        error.hint("allow more memory (`ulimit -v`) or processes (`ulimit -u`), or fewer threads (--threads)")
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::check_clock;
    use crate::error::Kind;

    #[test]
    fn a_clock_that_no_library_can_read_is_a_fault_of_the_machine() {
        let year = Duration::from_hours(365 * 24);
        let epoch = SystemTime::UNIX_EPOCH;
        for (time, is_right) in
            [(epoch, true), (epoch + 200 * year, true), (epoch - year, false), (epoch + 9000 * year, false)]
        {
            let checked = check_clock(time);
            assert_eq!(checked.is_ok(), is_right);
            assert!(checked.err().is_none_or(|error| error.kind() == Kind::Environment));
        }
    }
}
