//! How long a diff takes, next to only reading both captures:
//!
//! ```text
//! cargo bench --bench diff                 # a million packets on each side
//! SR6_BENCH_PACKETS=100000 SR6_BENCH_ROUNDS=3 cargo bench --bench diff
//! ```
//!
//! `sr6 diff` is held against `sr6 read -q` of the one file and then of the
//! other, as they take turns, on captures that are the same and on captures
//! before and after an End that every packet went through: there every pair
//! differs. Everything is in the page cache, and output goes to /dev/null.
//! Nothing here fails because something is slow.

mod measure;
mod traffic;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use measure::setting;
use sr6::capture::write::{Options, Precision};
use sr6::capture::{Frame, Reader, Writer};
use sr6::wire::link_type::LinkType;

/// What an End makes of a frame of the traffic: the next segment where there
/// is one, a hop limit less, and MAC addresses of its own.
fn end(bytes: &mut [u8]) {
    /// After Ethernet: Hop Limit, destination, SRH.
    const HOP_LIMIT: usize = 14 + 7;
    const DESTINATION: usize = 14 + 24;
    const SRH: usize = 14 + 40;
    bytes[0..12].copy_from_slice(&[2, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 3]);
    bytes[HOP_LIMIT] -= 1;
    let left = usize::from(bytes[SRH + 3]);
    if let Some(next) = left.checked_sub(1) {
        bytes[SRH + 3] = next as u8;
        let segment = SRH + 8 + 16 * next;
        bytes.copy_within(segment..segment + 16, DESTINATION);
    }
}

/// The capture after the End, made unless it is there.
fn after(before: &Path, path: &Path) {
    if path.exists() {
        return;
    }
    let options = Options { precision: Precision::Micros, link: Some(LinkType::ETHERNET), ..Options::default() };
    let mut writer = Writer::create(path, &options).expect("the capture can be written");
    let mut reader = Reader::open(before).expect("the capture");
    let mut bytes = Vec::new();
    while let Some(frame) = reader.next_frame().expect("the capture can be read") {
        bytes.clear();
        bytes.extend_from_slice(frame.data);
        end(&mut bytes);
        writer.write(&Frame { data: &bytes, ..frame }).expect("the capture can be written");
    }
    writer.finish().expect("the capture can be written");
}

fn run(arguments: &[&str], files: &[&Path]) -> Duration {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sr6"));
    command.args(arguments).args(files).stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status().expect("sr6 runs");
    assert!(matches!(status.code(), Some(0 | 1)), "{arguments:?}: {status}");
    start.elapsed()
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

fn main() {
    // `cargo test --benches` only wants to know that it starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let packets = setting("SR6_BENCH_PACKETS", 1_000_000);
    let rounds = setting("SR6_BENCH_ROUNDS", 5).max(1);
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let before = directory.join(format!("srv6-{packets}.pcap"));
    if !before.exists() {
        traffic::write(&before, packets, traffic::Mix::Flows).expect("the capture can be written");
    }
    let behind = directory.join(format!("srv6-{packets}-after.pcap"));
    after(&before, &behind);
    println!("{packets} packets on each side, {rounds} rounds");
    println!("{:34} {:>10} {:>14} {:>8}", "diff of", "median", "packets/s", "reading");
    let contests: [(&str, &[&str], &Path); 6] = [
        ("the same, summary", &["diff", "-q"], &before),
        ("the same, text", &["diff"], &before),
        ("before/after End, summary", &["diff", "-q"], &behind),
        ("before/after End, text", &["diff"], &behind),
        ("before/after End, JSON", &["diff", "-T", "json"], &behind),
        ("before/after End, --semantic", &["diff", "--semantic"], &behind),
    ];
    for (name, arguments, other) in contests {
        let (mut reading, mut diffing) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            reading.push(run(&["read", "-q"], &[&before]) + run(&["read", "-q"], &[other]));
            diffing.push(run(arguments, &[&before, other]));
        }
        let (reading, diffing) = (median(&mut reading), median(&mut diffing));
        let rate = 2.0 * packets as f64 / diffing;
        println!("{name:34} {:>7.1} ms {rate:>14.0} {:>7.2}x", diffing * 1e3, diffing / reading);
    }
}
