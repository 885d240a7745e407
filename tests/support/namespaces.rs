//! Network namespaces on the real kernel, made with iproute2 alone, so that
//! tests do not lean on the lab they stand beside.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

use super::process::{SR6, stderr, stdout};
use super::skip;

/// Namespaces; they go when this is dropped, or when the test dies.
pub struct Namespaces {
    child: Child,
    user: bool,
}

impl Namespaces {
    /// Those that a script of `tests` makes, within a user namespace or as the
    /// root of the machine; `None`, with the reason printed, where the machine
    /// does not let us.
    pub fn up(script: &str, arguments: &[&str], user: bool) -> Option<Self> {
        let started = Command::new("unshare")
            .args(user.then_some("--map-root-user"))
            .args(["--net", "--mount", "sh"])
            .arg(format!("{}/tests/{script}", env!("CARGO_MANIFEST_DIR")))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let reason = match started {
            Ok(mut child) => {
                let mut line = String::new();
                BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
                if line == "ready\n" {
                    return Some(Self { child, user });
                }
                stderr(&child.wait_with_output().unwrap()).to_owned()
            }
            Err(e) => format!("unshare: {e}"),
        };
        skip(format!("no namespaces here: {reason}"));
        None
    }

    /// Whether they are those of a user namespace, where bpf(2) is not allowed.
    pub fn is_of_user(&self) -> bool {
        self.user
    }

    /// A command in a namespace.
    pub fn on(&self, name: &str, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.child.id().to_string(), "--net", "--mount"]);
        if self.user {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.args(["ip", "netns", "exec", name, program]);
        command.env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    /// sr6 in a namespace, to its end.
    pub fn sr6(&self, name: &str, arguments: &[&str]) -> Output {
        let output = self.on(name, SR6).args(arguments).output().unwrap();
        eprint!("{name}: sr6 {arguments:?}\n{}", stderr(&output));
        output
    }

    /// iproute2 in a namespace; it must succeed.
    pub fn ip(&self, name: &str, arguments: &str) -> String {
        eprintln!("{name}: ip {arguments}");
        stdout(&self.on(name, "ip").args(arguments.split(' ')).output().unwrap()).to_owned()
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
