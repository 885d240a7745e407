//! Compressed captures, and comments on packets: the real binary on files and
//! pipes, with gzip and tshark as witnesses.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use support::process::{feed, sr6, stderr, stdout, text};
use support::scratch::Scratch;
use support::witness::{self, Run};

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

fn read(arguments: &str, files: &[&Path]) -> Output {
    sr6().arg("read").args(arguments.split_whitespace()).args(files).output().expect("sr6 runs")
}

/// What it prints, where all goes well.
fn good(arguments: &str, files: &[&Path]) -> String {
    stdout(&read(arguments, files)).to_owned()
}

/// Tells time and bytes, whatever the file's resolution is.
const FORM: &str = "-T fields -e frame.time_epoch -e eth.dst -e udp.payload -e icmpv6.checksum";

/// `testdata/kernel/errors.pcap`, many times over, compressed by us.
fn compressed(scratch: &Scratch, suffix: &str) -> (PathBuf, String) {
    let source = testdata("kernel/errors.pcap");
    let path = scratch.path(&format!("many.pcap.{suffix}"));
    let out = path.to_str().expect("UTF-8");
    let files = vec![source.as_path(); 64];
    good(&format!("-w {out}"), &files);
    (path, good(FORM, &files))
}

#[test]
fn what_is_written_compressed_reads_the_same() {
    let scratch = Scratch::new();
    for (suffix, magic) in [("gz", &[0x1f, 0x8b][..]), ("zst", &[0x28, 0xb5, 0x2f, 0xfd])] {
        let (path, plain) = compressed(&scratch, suffix);
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.starts_with(magic), "{suffix}: {:02x?}", &bytes[..4]);
        assert!(good(FORM, &[&path]) == plain, "{suffix}: the packets differ");
        let witness = [("gz", "gzip"), ("zst", "zstd")].into_iter().find(|(s, _)| *s == suffix).unwrap().1;
        let mut test = witness::command(witness);
        test.arg("-t").arg(&path);
        if let Some(Run { success, stderr, .. }) = witness::run(test) {
            assert!(success, "{stderr}");
        }
    }
}

#[test]
fn gzip_files_from_elsewhere_are_read_also_from_a_pipe_and_in_parts() {
    let scratch = Scratch::new();
    let source = testdata("kernel/errors.pcap");
    let Ok(made) = witness::command("gzip").arg("-9c").arg(&source).output() else {
        return support::skip("gzip is not installed");
    };
    let plain = fs::read(&source).unwrap();
    let member = |bytes: &[u8]| feed(witness::command("gzip").arg("-c"), bytes).unwrap().stdout;
    // Cut by hand into two members: gzip's files may be joined.
    let two = [member(&plain[..100]), member(&plain[100..])].concat();
    let path = scratch.path("two");
    fs::write(&path, &two).unwrap();
    let expected = good("", &[&source]);
    assert_eq!(good("", &[&path]), expected);

    let piped = feed(sr6().args(["read", "-"]), &made.stdout).unwrap();
    assert_eq!(stdout(&piped), expected);
}

#[test]
fn what_comes_before_a_cut_is_read_and_the_cut_is_told() {
    let scratch = Scratch::new();
    for (suffix, name) in [("gz", "gzip"), ("zst", "Zstandard")] {
        let (path, plain) = compressed(&scratch, suffix);
        let bytes = fs::read(&path).unwrap();
        let cut = scratch.path("cut");
        fs::write(&cut, &bytes[..bytes.len() - 5]).unwrap();
        let output = read(FORM, &[&cut]);
        assert_eq!(output.status.code(), Some(2));
        let told = stderr(&output);
        assert!(told.contains("cut: the ") && told.contains(&format!("{name} data is cut short")), "{told}");
        let text = text(&output.stdout);
        // The last block is lost with its end; gzip gives what it has.
        assert!(plain.starts_with(text), "{suffix}");
        assert!(suffix == "zst" || !text.is_empty(), "{suffix}: nothing came before the cut");

        let mut damaged = bytes.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 8].fill(0xff);
        fs::write(&cut, &damaged).unwrap();
        let output = read("-q", &[&cut]);
        assert_eq!(output.status.code(), Some(2), "{suffix}: {}", stderr(&output));
    }
}

#[test]
fn findings_become_comments_once() {
    let scratch = Scratch::new();
    let source = testdata("crafted/wrong.pcap");
    let (first, second) = (scratch.path("first.pcapng.gz"), scratch.path("second.pcapng"));
    good(&format!("--comment diag -w {}", first.display()), &[&source]);
    good(&format!("--comment diag -w {}", second.display()), &[&first]);
    let Some(seen) = witness::fields(&second, &["-E", "aggregator=|"], &["frame.comment"]) else { return };
    assert_eq!(
        seen.lines(),
        [
            "error: srh.segments_left: Segments Left is 9, more than Last Entry 1 + 1",
            "error: srh.last_entry: Last Entry is 7, but Hdr Ext Len has room for 2 segments",
            "error: srh.tlv.overrun: a TLV claims 200 bytes, 6 are left",
            "error: checksum.bad: the checksum is 0xe61d, computed 0xedb0",
            "warn: checksum.zero: the UDP checksum is zero",
        ]
    );
}

#[test]
fn comments_need_a_format_that_has_them() {
    let scratch = Scratch::new();
    let source = testdata("crafted/wrong.pcap");
    let path = scratch.path("x.pcap.gz");
    let output = read(&format!("--comment diag -w {}", path.display()), &[&source]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("call the file .pcapng, or give -F pcapng"), "{}", stderr(&output));
    assert!(!path.exists());
    good(&format!("--comment diag -F pcapng -w {}", path.display()), &[&source]);
    let reader = sr6::capture::Reader::open(&path).unwrap();
    assert_eq!(reader.format(), sr6::capture::file::Format::Pcapng);
}
