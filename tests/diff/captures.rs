//! Captures made for the moment, and the command run on them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use sr6::capture::{Frame, Timestamp};
use sr6::wire::link_type::LinkType;

use crate::support::captures::{framed, write};
use crate::support::process::{objects, sr6, stderr, text};
use crate::support::scratch;

/// A directory for captures.
pub struct Scratch(scratch::Scratch);

impl Scratch {
    pub fn new() -> Self {
        Self(scratch::Scratch::new())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    /// A capture of packets in notation, a millisecond apart. Links may vary
    /// within pcapng.
    pub fn capture<T: AsRef<str>>(&self, name: &str, packets: &[T]) -> PathBuf {
        let packets: Vec<_> = packets.iter().map(|text| framed(text.as_ref())).collect();
        self.frames(name, &packets, 0)
    }

    /// A capture of frames, the first at `start` nanoseconds.
    pub fn frames(&self, name: &str, packets: &[(LinkType, Vec<u8>)], start: i128) -> PathBuf {
        let path = self.path(name);
        let frames = packets.iter().enumerate().map(|(number, (link, bytes))| {
            let time = Some(Timestamp(start + number as i128 * 1_000_000));
            Frame { time, ..Frame::new(*link, bytes) }
        });
        write(&path, frames);
        path
    }
}

pub fn command() -> Command {
    let mut command = sr6();
    command.arg("diff");
    command
}

/// Runs `sr6 diff` with arguments, split at spaces.
pub fn run(arguments: &str, left: &Path, right: &Path) -> Output {
    command().args(arguments.split_whitespace()).args([left, right]).output().expect("sr6 runs")
}

/// What `-T json` says: the records without the summary, and the summary. The
/// exit code must be the summary's.
pub fn json(arguments: &str, left: &Path, right: &Path) -> (Vec<Value>, Value) {
    let output = run(&format!("{arguments} -T json"), left, right);
    assert_eq!(stderr(&output), "", "{arguments}");
    let mut records = objects(text(&output.stdout));
    let summary = records.pop().expect("a summary");
    assert_eq!(summary["type"], "summary");
    assert!(records.iter().chain([&summary]).all(|record| record["schema"] == "sr6.diff/1"));
    let expected = if summary["same"] == true { 0 } else { 1 };
    assert_eq!(output.status.code(), Some(expected), "{arguments}: {summary}");
    (records, summary)
}

/// The records in short: `1~2 field left>right, …`, with `!` where it moved and
/// `?` where it was matched by its place; `-3` and `+4` for packets on one side.
pub fn short(arguments: &str, left: &Path, right: &Path) -> Vec<String> {
    let (records, _) = json(arguments, left, right);
    records.iter().map(in_short).collect()
}

fn in_short(record: &Value) -> String {
    match record["type"].as_str() {
        Some("left_only") => format!("-{}", record["left"]),
        Some("right_only") => format!("+{}", record["right"]),
        _ => {
            let value = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let differences: Vec<_> = record["differences"]
                .as_array()
                .unwrap()
                .iter()
                .map(|d| match d["kind"].as_str() {
                    Some("layer") if d["left"].is_null() => format!("+{}", value(&d["layer"])),
                    Some("layer") => format!("-{}", value(&d["layer"])),
                    _ => format!("{} {}>{}", value(&d["field"]), value(&d["left"]), value(&d["right"])),
                })
                .collect();
            let moved = if record["moved"] == true { "!" } else { "" };
            let placed = if record["matched"] == "place" { "?" } else { "" };
            format!("{}~{}{moved}{placed} {}", record["left"], record["right"], differences.join(", "))
                .trim()
                .to_owned()
        }
    }
}
