//! Exit codes, and the one line that explains a failure.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;

/// How a command ended; the numbers are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// The answer to the question is no: a difference, no reply, a failed check.
    No = 1,
    /// Bad usage or bad input.
    Input = 2,
    /// A privilege or a kernel feature is missing.
    Missing = 3,
    /// Interrupted, after everything pending was written.
    Interrupted = 130,
}

impl Exit {
    /// Help and version are successes; everything else clap says is usage.
    pub fn from_clap(error: &clap::Error) -> Self {
        if error.use_stderr() { Self::Input } else { Self::Done }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why a command could not do its work: an exit code and one line saying what,
/// where, and what to do about it.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
}

/// What every subcommand returns.
pub type Outcome = Result<Exit, Failure>;

impl Failure {
    /// The user's input or usage is at fault (exit 2).
    pub fn input(message: impl Display) -> Self {
        Self { exit: Exit::Input, message: message.to_string() }
    }

    /// A privilege or kernel feature is missing (exit 3).
    pub fn missing(message: impl Display) -> Self {
        Self { exit: Exit::Missing, message: message.to_string() }
    }

    /// The command ran, and its answer is a failure (exit 1).
    pub fn no(message: impl Display) -> Self {
        Self { exit: Exit::No, message: message.to_string() }
    }

    /// A failed write to standard output. A reader that went away (`| head`)
    /// is no failure at all.
    pub fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self { exit: Exit::Done, message: String::new() }
        } else {
            Self::input(format_args!("cannot write the output: {error}"))
        }
    }
}

/// Prints a failure's line and turns the outcome into the process's exit code.
pub fn report(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if !failure.message.is_empty() {
                anstream::eprintln!("sr6: {}", failure.message);
            }
            failure.exit.into()
        }
    }
}
