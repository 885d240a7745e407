//! Three nodes in a row on the real kernel.

// Every test binary compiles this file and uses its own part of it.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Read};
use std::ops::Deref;
use std::process::{Child, Output, Stdio};
use std::thread::JoinHandle;

use crate::support::namespaces::Namespaces;
use crate::support::process::{SR6, feed, objects, signal};

/// The topology: namespaces `n1`, `n2` and `n3`.
pub struct ThreeNodes(Namespaces);

impl Deref for ThreeNodes {
    type Target = Namespaces;

    fn deref(&self) -> &Namespaces {
        &self.0
    }
}

impl ThreeNodes {
    /// Brings it up.
    pub fn up() -> Option<Self> {
        Namespaces::up("three_nodes/up.sh", &[], true).map(Self)
    }

    /// sr6 on a node, with something to read, to its end.
    pub fn sr6_reading(&self, node: &str, arguments: &[&str], input: &[u8]) -> Output {
        feed(self.on(node, SR6).args(arguments), input).unwrap()
    }

    /// `sr6 server` on a node, listening.
    pub fn server(&self, node: &str, arguments: &[&str]) -> Server {
        let mut child = self
            .on(node, SR6)
            .arg("server")
            .args(arguments)
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
        objects(&output)
    }

    /// Sends it a signal by name.
    pub fn signal(&self, name: &str) {
        signal(&self.child, name);
    }
}
