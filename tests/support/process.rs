//! Running sr6 and other programs, and what they said.

use std::ffi::OsStr;
use std::io::{ErrorKind, Result, Write};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use sr6::sys::capability::Capability;

/// The binary under test.
pub const SR6: &str = env!("CARGO_BIN_EXE_sr6");

/// The binary under test, as it is in a pipe: without colours, whatever the
/// surroundings want.
pub fn sr6() -> Command {
    let mut command = Command::new(SR6);
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// Runs a command to its end with something to read. That is written beside the
/// reading of what it says, so that neither pipe can fill up; it may end before
/// it has read everything.
pub fn feed(command: &mut Command, input: &[u8]) -> Result<Output> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().expect("a pipe");
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || stdin.write_all(input));
        let output = child.wait_with_output()?;
        match writer.join().expect("no panic") {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => Ok(output),
        }
    })
}

/// A command that runs a program as an ordinary user: whoever runs the tests, or
/// nobody if that is root.
pub fn as_nobody(program: impl AsRef<OsStr>) -> Command {
    if !Capability::SysAdmin.held() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--"]).arg(program);
    command
}

/// Sends a process a signal by its name. What nsenter, ip and setpriv run takes
/// their place, so that it gets theirs.
#[track_caller]
pub fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
}

/// The most memory that a running process has had, in KiB.
pub fn peak(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().strip_suffix("kB").unwrap().trim().parse().unwrap()
}

/// What was printed.
pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// Standard output, after a success.
#[track_caller]
pub fn stdout(output: &Output) -> &str {
    assert!(output.status.success(), "{}: {}", output.status, stderr(output));
    text(&output.stdout)
}

/// Standard error.
pub fn stderr(output: &Output) -> &str {
    text(&output.stderr)
}

/// The JSON objects in a text, one a line.
pub fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}
