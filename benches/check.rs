//! How fast `sr6 check` runs a thousand small suites, next to the same
//! comparisons scripted with tshark, one process for each:
//!
//! ```text
//! cargo bench --bench check
//! SR6_BENCH_SUITES=200 SR6_BENCH_SCRIPTED=10 cargo bench --bench check
//! ```
//!
//! A suite is a capture of a few packets, a golden of six fields, and two
//! assertions. The script does less: it prints the fields and compares them with
//! what tshark printed before. Only the first suites are scripted, and their time
//! is scaled to all. Nothing here fails because something is slow.

mod measure;
#[path = "../tests/support/mod.rs"]
mod support;
mod traffic;

use measure::setting;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::scratch::Scratch;

const FIELDS: [&str; 6] =
    ["frame.number", "ipv6.src", "ipv6.dst", "ipv6.routing.segleft", "ipv6.routing.srh.addr", "udp.dstport"];

/// Packets of a capture.
const PACKETS: u64 = 5;

fn sr6() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sr6"));
    command.arg("check").stdin(Stdio::null()).stderr(Stdio::inherit());
    command
}

/// Suites, in a directory each.
fn make(directory: &Path, suites: usize) {
    let fields: String = FIELDS.iter().map(|field| format!(" -e {field}")).collect();
    let first = directory.join("first.pcap");
    traffic::write(&first, PACKETS, traffic::Mix::Flows).expect("a capture");
    for number in 0..suites {
        let suite = directory.join(format!("{number:04}"));
        fs::create_dir(&suite).expect("a directory");
        fs::copy(&first, suite.join("trace.pcap")).expect("a copy");
        let text = format!("golden fields{fields}\npackets == {PACKETS}\nevery packet: srh && ipv6.hlim > 1\n");
        fs::write(suite.join("trace.check"), text).expect("an expectation file");
    }
    fs::remove_file(first).expect("a file");
    let made = sr6().arg("--update").arg(directory).stdout(Stdio::null()).status().expect("sr6 runs");
    assert!(made.success(), "the goldens are written");
}

/// The fastest of a few runs.
fn check(directory: &Path) -> Duration {
    let run = || {
        let start = Instant::now();
        let status = sr6().arg(directory).stdout(Stdio::null()).status().expect("sr6 runs");
        assert!(status.success(), "the suites pass");
        start.elapsed()
    };
    (0..5).map(|_| run()).min().unwrap_or_default()
}

/// The script's time for one suite; `None` where there is no tshark.
fn script(suite: &Path, golden: &Path) -> Option<Duration> {
    let fields: String = FIELDS.iter().map(|field| format!(" -e {field}")).collect();
    let capture = suite.join("trace.pcap");
    let start = Instant::now();
    let script =
        format!("tshark -r '{}' -T fields{fields} 2> /dev/null | cmp - '{}'", capture.display(), golden.display());
    let status = Command::new("sh").args(["-c", &script]).stdin(Stdio::null()).status().ok()?;
    status.success().then(|| start.elapsed())
}

fn main() {
    let suites = setting("SR6_BENCH_SUITES", 1000) as usize;
    let scripted = (setting("SR6_BENCH_SCRIPTED", 20) as usize).clamp(1, suites);
    let scratch = Scratch::new();
    make(scratch.root(), suites);
    let checked = check(scratch.root());
    println!("sr6 check: {suites} suites of {PACKETS} packets in {:.1} ms", checked.as_secs_f64() * 1e3);
    let golden = scratch.path("tshark.golden");
    let fields: String = FIELDS.iter().map(|field| format!(" -e {field}")).collect();
    let capture = scratch.path("0000/trace.pcap");
    let print = format!("tshark -r '{}' -T fields{fields} > '{}' 2> /dev/null", capture.display(), golden.display());
    let has_tshark = Command::new("sh").args(["-c", &print]).status().is_ok_and(|status| status.success());
    if !has_tshark {
        println!("tshark is not installed: nothing to compare with");
        return;
    }
    let times: Option<Vec<_>> =
        (0..scripted).map(|number| script(&scratch.path(&format!("{number:04}")), &golden)).collect();
    let times = times.expect("the script's comparisons hold");
    let scaled = times.iter().sum::<Duration>().as_secs_f64() / scripted as f64 * suites as f64;
    println!("tshark and cmp, a process each: {scripted} suites run, scaled to {suites}: {scaled:.1} s");
    println!("sr6 check is {:.0} times as fast", scaled / checked.as_secs_f64());
}
