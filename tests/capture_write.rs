//! Capture files we write, read back by the tools people use, and by us the
//! files those tools write.

mod support;

use std::path::Path;

use sr6::capture::file::Format;
use sr6::capture::write::{Mode, Options, Precision, WriteError};
use sr6::capture::{Comments, Frame, Reader, Timestamp, Writer};
use sr6::wire::link_type::LinkType;
use support::captures::read;
use support::scratch::Scratch;
use support::witness::{self, Run, command, run};

/// An Ethernet frame with an IPv6 header and nothing behind it.
fn ethernet() -> Vec<u8> {
    let mut bytes = vec![2; 12];
    bytes.extend([0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, 59, 64]);
    bytes.extend([0xfc; 32]);
    bytes
}

/// Frames that between them use everything a frame can say.
fn frames(data: &[u8]) -> Vec<Frame<'_>> {
    let at = |nanos: i128| Some(Timestamp(1_700_000_000_000_000_000 + nanos));
    let plain = Frame::new(LinkType::ETHERNET, data);
    let named = Frame { interface_name: Some("eth0"), ..plain };
    vec![
        Frame { time: at(1_000), ..named },
        Frame { number: 2, time: at(1_000_000_007), comments: Comments::text("why, \u{e9}"), ..named },
        Frame { number: 3, time: at(2_000_000_000), data: &data[..20], ..named },
        Frame { number: 4, time: at(3), interface: Some(1), interface_name: None, ..plain },
    ]
}

fn write(path: &Path, options: &Options, frames: &[Frame<'_>]) -> Result<u64, WriteError> {
    let mut writer = Writer::create(path, options)?;
    for frame in frames {
        writer.write(frame)?;
    }
    assert_eq!(writer.frames(), frames.len() as u64);
    writer.finish()
}

/// What a reader says of a file's frames, put like what tshark says of them.
fn ours(path: &Path) -> Vec<String> {
    read(path, |f| {
        let time = f.time.map(|t| t.to_string()).unwrap_or_default();
        let comments: Vec<_> = f.comments.iter().collect();
        let (number, length, captured) = (f.number, f.original_len, f.data.len());
        format!("{number}\t{length}\t{captured}\t{time}\t{}", comments.join(","))
    })
}

fn tshark(path: &Path) -> Option<Vec<String>> {
    let fields = ["frame.number", "frame.len", "frame.cap_len", "frame.time_epoch", "frame.comment"];
    let run = witness::fields(path, &[], &fields)?;
    Some(run.lines().into_iter().map(str::to_owned).collect())
}

#[test]
fn tshark_reads_what_we_write() {
    let scratch = Scratch::new();
    let data = ethernet();
    for name in ["a.pcap", "b.pcapng", "c.cap"] {
        let path = scratch.path(name);
        assert_eq!(write(&path, &Options::default(), &frames(&data)).unwrap(), 4);
        let Some(theirs) = tshark(&path) else { return };
        assert_eq!(ours(&path), theirs, "{name}");
        let with_comments = theirs.iter().any(|row| row.ends_with("why, \u{e9}"));
        assert_eq!((theirs.len(), with_comments), (4, name == "b.pcapng"));
        assert!(theirs[1].contains("1700000001.000000007"), "{theirs:?}");
    }
    let mut capinfos = command("capinfos");
    capinfos.args(["-t", "-E", "-c", "-I"]).arg(scratch.path("b.pcapng"));
    let Some(Run { stdout, .. }) = run(capinfos) else { return };
    for line in
        ["Wireshark/... - pcapng", "Number of interfaces in file: 2", "Name = eth0", "precision = nanoseconds (9)"]
    {
        assert!(stdout.contains(line), "no {line:?} in:\n{stdout}");
    }
}

#[test]
fn tcpdump_reads_what_we_write() {
    let scratch = Scratch::new();
    let data = ethernet();
    for (name, precision) in [("micro.pcap", Precision::Micros), ("nano.pcap", Precision::Nanos)] {
        let path = scratch.path(name);
        let options = Options { precision, ..Options::default() };
        write(&path, &options, &frames(&data)).unwrap();
        let mut tcpdump = command("tcpdump");
        tcpdump.args(["-tt", "-n", "--nano", "-r"]).arg(&path);
        let Some(Run { stdout, stderr, success }) = run(tcpdump) else { return };
        assert!(success && stderr.contains("link-type EN10MB"), "{stderr}");
        let times: Vec<_> = stdout.lines().map(|line| line.split(' ').next().unwrap()).collect();
        let second = if precision == Precision::Nanos { "1700000001.000000007" } else { "1700000001.000000000" };
        assert_eq!((times.len(), times[0], times[1]), (4, "1700000000.000001000", second), "{stdout}");
    }
}

#[test]
fn what_other_tools_write_reads_the_same() {
    let scratch = Scratch::new();
    let data = ethernet();
    let ours_ng = scratch.path("ours.pcapng");
    write(&ours_ng, &Options::default(), &frames(&data)).unwrap();
    for kind in ["pcap", "nsecpcap", "modpcap", "pcapng"] {
        let theirs = scratch.path(kind);
        let mut editcap = command("editcap");
        editcap.args(["-F", kind]).arg(&ours_ng).arg(&theirs);
        let Some(Run { success, stderr, .. }) = run(editcap) else { return };
        assert!(success, "{stderr}");
        let micros = matches!(kind, "pcap" | "modpcap");
        let expected: Vec<_> = ours(&ours_ng)
            .into_iter()
            .map(|row| {
                let mut columns: Vec<_> = row.split('\t').map(str::to_owned).collect();
                if micros {
                    let whole = columns[3].len() - 3;
                    columns[3].replace_range(whole.., "000");
                }
                if kind != "pcapng" {
                    columns[4].clear();
                }
                columns.join("\t")
            })
            .collect();
        assert_eq!(ours(&theirs), expected, "{kind}");
    }
}

#[test]
fn pcapng_keeps_all_that_a_frame_says() {
    let scratch = Scratch::new();
    let path = scratch.path("all.PCAPNG");
    let data = ethernet();
    let mut written = frames(&data);
    // A frame without time, and one of another link type on the same interface.
    written.insert(0, Frame { interface_name: Some("eth0"), ..Frame::new(LinkType::ETHERNET, &data) });
    written.push(Frame { link: LinkType::RAW, ..written[1] });
    write(&path, &Options::default(), &written).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    assert_eq!(reader.format(), Format::Pcapng);
    for (n, expected) in written.iter().enumerate() {
        let read = reader.next_frame().unwrap().expect("as many frames");
        let interface = Some([0, 0, 0, 0, 1, 2][n]);
        let comments: Vec<_> = expected.comments.iter().collect();
        assert_eq!(read.comments.iter().collect::<Vec<_>>(), comments);
        let same = Frame { number: n as u64 + 1, interface, comments: read.comments, ..*expected };
        assert_eq!(read, same);
    }
    assert!(reader.next_frame().unwrap().is_none());
}

#[test]
fn microseconds_become_nanoseconds_when_they_must() {
    let scratch = Scratch::new();
    let data = ethernet();
    let at = |nanos| Frame { time: Some(Timestamp(nanos)), ..Frame::new(LinkType::ETHERNET, &data) };
    let times = |path: &Path| read(path, |frame| frame.time.unwrap().0);
    let magic = |path: &Path| std::fs::read(path).unwrap()[..4].to_vec();
    let (micro, nano) = ([0xd4, 0xc3, 0xb2, 0xa1], [0x4d, 0x3c, 0xb2, 0xa1]);

    let path = scratch.path("coarse.pcap");
    write(&path, &Options::default(), &[at(5_000), at(7_000_000)]).unwrap();
    assert_eq!((&magic(&path)[..], times(&path)), (&micro[..], vec![5_000, 7_000_000]));

    // Enough frames that some are on disk when the first fine one comes.
    let path = scratch.path("late.pcap");
    let mut late: Vec<_> = (0..9_000).map(|n| at(n * 1_000_999_000)).collect();
    late.extend([at(1), at(2_000)]);
    write(&path, &Options::default(), &late).unwrap();
    assert_eq!(magic(&path), nano);
    assert_eq!(times(&path), late.iter().map(|f| f.time.unwrap().0).collect::<Vec<_>>());

    let path = scratch.path("cut.pcap");
    write(&path, &Options { precision: Precision::Micros, ..Options::default() }, &[at(5_999)]).unwrap();
    assert_eq!((&magic(&path)[..], times(&path)), (&micro[..], vec![5_000]));

    // A file that others may be reading already is never rewritten.
    let path = scratch.path("grown.pcap");
    write(&path, &Options { mode: Mode::Grow, ..Options::default() }, &[at(5_000), at(1)]).unwrap();
    assert_eq!((&magic(&path)[..], times(&path)), (&nano[..], vec![5_000, 1]));
}

#[test]
fn nothing_half_written_stays() {
    let scratch = Scratch::new();
    let path = scratch.path("kept.pcap");
    std::fs::write(&path, "what was there").unwrap();
    let data = ethernet();
    let frame = Frame::new(LinkType::ETHERNET, &data);

    let mut writer = Writer::create(&path, &Options::default()).unwrap();
    (0..10_000).for_each(|_| writer.write(&frame).unwrap());
    assert_eq!(std::fs::read(&path).unwrap(), b"what was there");
    assert_eq!(scratch.names().len(), 2);
    drop(writer);
    assert_eq!(std::fs::read(&path).unwrap(), b"what was there");
    assert_eq!(scratch.names(), ["kept.pcap"]);

    // Through a symbolic link, which stays one.
    let link = scratch.path("link.pcap");
    std::os::unix::fs::symlink("kept.pcap", &link).unwrap();
    write(&link, &Options::default(), &[frame]).unwrap();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(ours(&path).len(), 1);

    // What is no file is written to, not replaced.
    write(Path::new("/dev/null"), &Options::default(), &[frame]).unwrap();
    assert!(!Path::new("/dev/null").metadata().unwrap().is_file());
}

#[test]
fn a_growing_file_can_be_followed() {
    let scratch = Scratch::new();
    let data = ethernet();
    let frame = Frame::new(LinkType::ETHERNET, &data);
    for name in ["grow.pcap", "grow.pcapng"] {
        let path = scratch.path(name);
        let link = Some(LinkType::ETHERNET);
        let mut writer =
            Writer::create(&path, &Options { mode: Mode::GrowByFrame, link, ..Options::default() }).unwrap();
        for count in 0..3 {
            assert_eq!(ours(&path).len(), count);
            assert_eq!(writer.bytes(), path.metadata().unwrap().len());
            writer.write(&frame).unwrap();
        }
        writer.finish().unwrap();
        assert_eq!(ours(&path).len(), 3);
    }
    let path = scratch.path("batch.pcap");
    let mut writer = Writer::create(&path, &Options { mode: Mode::Grow, ..Options::default() }).unwrap();
    writer.write(&frame).unwrap();
    assert_eq!(path.metadata().unwrap().len(), 0);
    writer.flush().unwrap();
    assert_eq!(ours(&path).len(), 1);
}

#[test]
fn files_without_frames_are_valid() {
    let scratch = Scratch::new();
    for (name, link) in [("a.pcap", None), ("b.pcap", Some(LinkType::LINUX_SLL2)), ("c.pcapng", None)] {
        let path = scratch.path(name);
        write(&path, &Options { link, ..Options::default() }, &[]).unwrap();
        assert!(ours(&path).is_empty());
        let Some(theirs) = tshark(&path) else { return };
        assert!(theirs.is_empty());
    }
    assert_eq!(std::fs::read(scratch.path("b.pcap")).unwrap()[20..], 276u32.to_le_bytes());
}

#[test]
fn what_cannot_be_stored_is_refused_and_leaves_the_file_whole() {
    let scratch = Scratch::new();
    let data = ethernet();
    let good = Frame::new(LinkType::ETHERNET, &data);
    let long = vec![0; 262_145];
    for (name, refused, reason) in [
        (
            "a.pcap",
            Frame { link: LinkType::RAW, ..good },
            "frame 2 is of link type RAW, and a pcap file holds one link type, here ETHERNET; write .pcapng",
        ),
        (
            "b.pcap",
            Frame { time: Some(Timestamp(-1)), ..good },
            "frame 2 cannot be stored: its time -0.000000001 is out of the format's range",
        ),
        (
            "c.pcap",
            Frame { time: Some(Timestamp::new(1 << 32, 0)), ..good },
            "frame 2 cannot be stored: its time 4294967296.000000000 is out of the format's range",
        ),
        (
            "d.pcapng",
            Frame { time: Some(Timestamp(-1)), ..good },
            "frame 2 cannot be stored: its time -0.000000001 is out of the format's range",
        ),
        (
            "e.pcapng",
            Frame { data: &long, ..good },
            "frame 2 cannot be stored: it has 262145 bytes, and 262144 are the most a record can have",
        ),
    ] {
        let path = scratch.path(name);
        let mut writer = Writer::create(&path, &Options::default()).unwrap();
        writer.write(&good).unwrap();
        let error = writer.write(&refused).unwrap_err().to_string();
        assert_eq!(error, format!("{}: {reason}", path.display()));
        writer.write(&good).unwrap();
        assert_eq!(writer.finish().unwrap(), 2);
        assert_eq!(ours(&path).len(), 2);
    }
    let nowhere = scratch.path("no/such/directory.pcap");
    let error = Writer::create(&nowhere, &Options::default()).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: cannot create it: ", nowhere.display())), "{error}");
    let error = write(Path::new("/dev/full"), &Options::default(), &[good]).unwrap_err().to_string();
    assert!(error.starts_with("/dev/full: cannot write: No space left"), "{error}");
}
