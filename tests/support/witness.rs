//! The independent tools that tests call as witnesses.
//!
//! A tool that is not installed skips its test.

use std::io::ErrorKind;
use std::process::Command;

use super::skip;

/// What a tool said.
#[derive(Debug)]
pub struct Run {
    /// Standard output, as text.
    pub stdout: String,
    /// Standard error, as text.
    pub stderr: String,
    /// Whether it ended with 0.
    pub success: bool,
}

/// A command whose output depends neither on language nor on time zone.
pub fn command(tool: &str) -> Command {
    let mut command = Command::new(tool);
    command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
    command
}

/// Runs it to its end; `None` where it is not installed.
pub fn run(mut command: Command) -> Option<Run> {
    match command.output() {
        Ok(output) => Some(Run {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            success: output.status.success(),
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            skip(format!("{} is not installed", command.get_program().display()));
            None
        }
        Err(error) => panic!("cannot run {command:?}: {error}"),
    }
}
