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

impl Run {
    /// The lines of standard output, after a success.
    #[track_caller]
    pub fn lines(&self) -> Vec<&str> {
        assert!(self.success, "{}", self.stderr);
        self.stdout.lines().collect()
    }
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

/// tshark on a capture. It does not look up names, and checks the checksums that
/// it leaves alone by default.
pub fn tshark(path: impl AsRef<Path>) -> Command {
    let mut command = command("tshark");
    command.arg("-nr").arg(path.as_ref());
    for protocol in ["ip", "udp", "tcp"] {
        command.args(["-o", &format!("{protocol}.check_checksum:TRUE")]);
    }
    command
}

/// Fields of a capture's packets in the eyes of tshark: a line a packet, the
/// fields between tabs.
pub fn fields(path: impl AsRef<Path>, arguments: &[&str], fields: &[&str]) -> Option<Run> {
    let mut tshark = tshark(path);
    tshark.args(arguments).args(["-T", "fields"]).args(fields.iter().flat_map(|field| ["-e", field]));
    run(tshark)
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
