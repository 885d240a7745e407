//! The independent tools that tests call as witnesses.
//!
//! A tool that is not installed skips its test.

use std::io::{ErrorKind, Result};
use std::path::Path;
use std::process::{Command, Output};

use super::process::feed;
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
    let ended = command.output();
    said(&command, ended)
}

/// What a Python script with scapy prints of its input. The script ends with 77
/// where scapy is not installed.
pub fn scapy(script: &str, input: &str) -> Option<String> {
    // The distribution's own Python is the one that has its scapy.
    let python = if Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" };
    let mut command = command(python);
    let ended = feed(command.args(["-c", script]), input.as_bytes());
    if ended.as_ref().is_ok_and(|output| output.status.code() == Some(77)) {
        skip("scapy is not installed");
        return None;
    }
    let run = said(&command, ended)?;
    assert!(run.success, "{}", run.stderr);
    Some(run.stdout)
}

fn said(command: &Command, ended: Result<Output>) -> Option<Run> {
    match ended {
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
