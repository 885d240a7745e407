//! Three nodes in a row on the real kernel, made with iproute2 alone, so that
//! these tests do not lean on the lab they stand beside.

// Every test binary compiles this file and uses its own part of it.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;

/// The topology; it goes when this is dropped, or when the test dies.
pub struct ThreeNodes(Child);

impl ThreeNodes {
    /// Brings it up; `None`, with the reason printed, where the machine does
    /// not let us. Under CI that is a failure.
    pub fn up() -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/three_nodes/up.sh");
        let started = Command::new("unshare")
            .args(["--map-root-user", "--net", "--mount", "sh", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let reason = match started {
            Ok(mut child) => {
                let mut line = String::new();
                BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
                if line == "ready\n" {
                    return Some(Self(child));
                }
                String::from_utf8_lossy(&child.wait_with_output().unwrap().stderr).into_owned()
            }
            Err(e) => format!("unshare: {e}"),
        };
        assert!(std::env::var("CI").as_deref() != Ok("true"), "no namespaces: {reason}");
        eprintln!("skipped, no namespaces here: {reason}");
        None
    }

    /// A command on a node.
    pub fn on(&self, node: &str, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        let pid = self.0.id().to_string();
        command.args(["--target", &pid, "--user", "--preserve-credentials", "--net", "--mount"]);
        command.args(["ip", "netns", "exec", node, program]);
        command.env("NO_COLOR", "1");
        command
    }

    /// sr6 on a node, to its end.
    pub fn sr6(&self, node: &str, arguments: &[&str]) -> Output {
        let output = self.on(node, SR6).args(arguments).stdin(Stdio::null()).output().unwrap();
        eprint!("{node}: sr6 {arguments:?}\n{}", stderr(&output));
        output
    }

    /// sr6 on a node, with something to read, to its end.
    pub fn sr6_reading(&self, node: &str, arguments: &[&str], input: &[u8]) -> Output {
        let mut child = self
            .on(node, SR6)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // Written beside the reading, so that neither pipe can fill up.
        std::thread::scope(|scope| {
            let writer = scope.spawn(move || stdin.write_all(input));
            let output = child.wait_with_output().unwrap();
            writer.join().unwrap().unwrap();
            output
        })
    }

    /// iproute2 on a node; it must succeed.
    pub fn ip(&self, node: &str, arguments: &str) -> String {
        let output = self.on(node, "ip").args(arguments.split(' ')).output().unwrap();
        assert!(output.status.success(), "ip {arguments}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// `sr6 server` on a node, listening.
    pub fn server(&self, node: &str, arguments: &[&str]) -> Server {
        let mut child = self
            .on(node, SR6)
            .arg("server")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        assert!(line.starts_with("listening on ["), "{line}");
        let output = drain(child.stdout.take().unwrap());
        Server { child, output, errors: drain(errors) }
    }
}

impl Drop for ThreeNodes {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// A server that listens.
pub struct Server {
    child: Child,
    output: JoinHandle<String>,
    errors: JoinHandle<String>,
}

/// Reads a pipe to its end in a thread, so that a process which prints more
/// than the pipe holds never waits for the test that waits for it.
fn drain(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        text
    })
}

impl Server {
    /// Waits for its end: exit code, standard output, standard error.
    pub fn end(mut self) -> (i32, String, String) {
        let status = self.child.wait().unwrap();
        (status.code().unwrap(), self.output.join().unwrap(), self.errors.join().unwrap())
    }

    /// As [`Server::end`] for `-T json`: the messages, after a success.
    pub fn messages(self) -> Vec<serde_json::Value> {
        let (code, output, errors) = self.end();
        assert_eq!(code, 0, "{errors}");
        output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Sends it a signal by name.
    pub fn signal(&self, name: &str) {
        // nsenter and ip replace themselves, so this is sr6's own process.
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }
}

/// The binary under test.
pub const SR6: &str = env!("CARGO_BIN_EXE_sr6");

/// A command's standard error as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
