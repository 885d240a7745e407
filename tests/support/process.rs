//! Running sr6 and other programs, and what they said.

use std::io::{ErrorKind, Result, Write};
use std::process::{Command, Output, Stdio};

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

/// Standard output as text, after a success.
#[track_caller]
pub fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}: {}", output.status, stderr(output));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// Standard error as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
