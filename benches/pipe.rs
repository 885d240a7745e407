//! How much memory a capture takes that is far larger than memory should be:
//! `cargo bench --bench pipe`
//!
//! A capture of SR6_BENCH_GB gigabytes (5, unless told) goes through a pipe, and
//! lies nowhere; each form of output goes to /dev/null. The goal is a peak
//! below 64 MiB.

mod measure;
mod traffic;

use std::io::Write;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::time::Instant;

/// The peak that is to be stayed below, in KiB.
const GOAL_KIB: u64 = 64 << 10;

/// Bytes of a pcap file before its first packet.
const FILE_HEADER: usize = 24;

/// Writes the capture over and over, as one, until it has `total` bytes or more.
fn feed(mut pipe: ChildStdin, capture: &[u8], total: u64) -> std::io::Result<u64> {
    pipe.write_all(&capture[..FILE_HEADER])?;
    let mut written = FILE_HEADER as u64;
    while written < total {
        pipe.write_all(&capture[FILE_HEADER..])?;
        written += (capture.len() - FILE_HEADER) as u64;
    }
    Ok(written)
}

fn main() {
    // `cargo test --benches` only wants to know that it starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let total = measure::setting("SR6_BENCH_GB", 5) * 1_000_000_000;
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("srv6-2000.pcap");
    traffic::write(&path, 2000, traffic::Mix::Flows).expect("the capture can be written");
    let capture = std::fs::read(&path).expect("the capture");
    println!("{:10} {:>8} {:>9} {:>10} {:>9}", "arguments", "GB", "seconds", "peak MiB", "< 64 MiB");
    for arguments in ["-q", "", "-V", "-T json", "-T ek"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sr6"));
        command.arg("read").args(arguments.split_whitespace()).arg("-");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        let mut child = command.spawn().expect("sr6 starts");
        let pipe = child.stdin.take().expect("its input");
        let (written, peak) = std::thread::scope(|scope| {
            let feeder = scope.spawn(|| feed(pipe, &capture, total).expect("sr6 reads to the end"));
            let mut peak = 0;
            while child.try_wait().expect("a child to wait for").is_none() {
                peak = measure::peak(child.id()).max(peak);
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            (feeder.join().expect("the feeder"), peak)
        });
        let verdict = if peak < GOAL_KIB { "met" } else { "missed" };
        println!(
            "{:10} {:>8.1} {:>9.1} {:>10.1} {verdict:>9}",
            if arguments.is_empty() { "(line)" } else { arguments },
            written as f64 / 1e9,
            start.elapsed().as_secs_f64(),
            peak as f64 / 1024.0
        );
    }
}
