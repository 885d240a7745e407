//! Capture files found in the wild, read by us and by tshark: both must see the
//! same frames. Runs on the directory that `SR6_CORPUS` names.

mod support;

use std::path::Path;

use sr6::capture::{ReadError, Reader};
use support::captures::corpus;
use support::witness::{self, Run};

/// Files that tshark reads otherwise on purpose or by accident, and why.
const KNOWN: [(&str, &str); 2] = [
    ("fuzz.pcap", "damaged after its first record; tshark guesses Nokia's layout for it, tcpdump stops where we do"),
    ("timestamp_invalid_micro.pcap", "2147483648 microseconds past the second overflow 32 bits in tshark"),
];

/// One frame, as `tshark -T fields` prints it: number, length, captured length,
/// time.
type Row = (u64, u32, usize, Option<i128>);

/// Frames by our reader, and how reading ended.
fn ours(path: &Path) -> (Vec<Row>, Result<(), ReadError>) {
    let mut rows = Vec::new();
    let end = Reader::open(path).and_then(|mut reader| {
        reader.for_each(|f| {
            rows.push((f.number, f.original_len, f.data.len(), f.time.map(|t| t.0)));
            Ok(())
        })
    });
    (rows, end)
}

/// Frames by tshark, and whether it reached the end of the file.
fn tsharks(path: &Path) -> Option<(Vec<Row>, bool)> {
    let fields = ["frame.encap_type", "frame.len", "frame.cap_len", "frame.time_epoch"];
    let Run { stdout, success, .. } = witness::fields(path, &[], &fields)?;
    let mut rows = Vec::new();
    for line in stdout.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let [encapsulation, length, captured, time] = columns[..] else { panic!("{line:?}") };
        // tshark numbers custom blocks as well, which have no link type.
        if encapsulation.is_empty() {
            continue;
        }
        // The pseudo-header that the link type puts before ATM cells counts as
        // part of the frame for libpcap, and not for Wireshark.
        let pseudo = if encapsulation == "13" { 4 } else { 0 };
        let number = rows.len() as u64 + 1;
        let length = length.parse::<u32>().expect("a length") + pseudo;
        let captured = captured.parse::<usize>().expect("a length") + pseudo as usize;
        rows.push((number, length, captured, (!time.is_empty()).then(|| nanos(time))));
    }
    Some((rows, success))
}

/// `1.5` in nanoseconds. A fraction of more than nine digits is what tshark
/// makes of a file's "1000000 microseconds": whole nanoseconds.
fn nanos(time: &str) -> i128 {
    let (seconds, fraction) = time.split_once('.').expect("a fraction");
    let fraction = fraction.parse::<i128>().expect("digits");
    seconds.parse::<i128>().expect("seconds") * 1_000_000_000 + fraction
}

#[test]
fn tshark_sees_the_same_frames() {
    let Some(mut found) = corpus() else { return };
    found.retain(|path| path.extension().is_some_and(|suffix| suffix != "tsv"));
    let mut differences = Vec::new();
    for path in &found {
        if let Some((_, why)) = KNOWN.iter().find(|(name, _)| path.to_string_lossy().ends_with(name)) {
            eprintln!("not compared: {} ({why})", path.display());
            continue;
        }
        let Some((theirs, whole)) = tsharks(path) else { return };
        let (rows, end) = ours(path);
        if rows != theirs {
            let at = rows.iter().zip(&theirs).position(|(a, b)| a != b).unwrap_or(rows.len().min(theirs.len()));
            differences.push(format!(
                "{}: ours {} frames, tshark's {}; at {at}: {:?} and {:?} ({end:?})",
                path.display(),
                rows.len(),
                theirs.len(),
                rows.get(at),
                theirs.get(at)
            ));
        }
        if end.is_ok() != whole {
            differences.push(format!("{}: ours ends {end:?}, tshark's {whole}", path.display()));
        }
    }
    eprintln!("{} files compared", found.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
