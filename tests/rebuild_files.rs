//! `sr6 read -T notation F | sr6 craft -f - -w G`: G has the packets of F, byte
//! for byte, with their link types, lengths on the wire and, with `--times`,
//! times. Runs on `testdata`, and on the directory that `SR6_CORPUS` names.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use proptest::prelude::*;
use sr6::capture::{Comments, Frame, Reader, Timestamp};
use sr6::dissect::{Dissection, Packet};
use sr6::recipe::{Batch, Clock, Recipe, Told};
use sr6::wire::link_type::LinkType;
use sr6::{craft, notation, rebuild, recipe};
use support::captures::{corpus, files, read};
use support::process::{peak, sr6, stderr};
use support::scratch::Scratch;

/// A packet with everything a file says of it.
#[derive(Debug, PartialEq, Eq)]
struct Stored {
    link: LinkType,
    data: Vec<u8>,
    original_len: u32,
    time: Timestamp,
    /// The first packet of the same interface: a file may number them anew.
    same: usize,
    interface: u32,
    name: Option<String>,
    comments: Vec<String>,
}

/// Every packet that can be read of a file.
fn stored(path: &Path) -> Vec<Stored> {
    let mut packets = Vec::new();
    let Ok(mut reader) = Reader::open(path) else { return packets };
    while let Ok(Some(frame)) = reader.next_frame() {
        packets.push(Stored {
            link: frame.link,
            data: frame.data.to_vec(),
            original_len: frame.original_len,
            time: frame.time.unwrap_or_default(),
            same: 0,
            interface: frame.interface.unwrap_or_default(),
            name: frame.interface_name.map(str::to_owned),
            comments: frame.comments.iter().map(|comment| comment.into_owned()).collect(),
        });
    }
    for at in 0..packets.len() {
        let of = |packet: &Stored| (packet.interface, packet.link, packet.name.clone());
        packets[at].same = packets.iter().position(|earlier| of(earlier) == of(&packets[at])).unwrap();
    }
    packets.iter_mut().for_each(|packet| packet.interface = 0);
    packets
}

/// Pipes what `read` prints of a file through `craft`, which writes another.
fn there_and_back(from: &Path, options: &[&str], to: &Path) -> Output {
    let mut read = sr6()
        .args(["read", "-T", "notation"])
        .args(options)
        .arg(from)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let text = read.stdout.take().unwrap();
    let craft = sr6().args(["craft", "-f", "-", "-w"]).arg(to).stdin(text).output().unwrap();
    read.wait().unwrap();
    craft
}

/// Holds every file to what comes back of it; how many packets that were.
fn check(files: Vec<PathBuf>) -> usize {
    let scratch = Scratch::new();
    let mut packets = 0;
    for path in files {
        let before = stored(&path);
        if before.is_empty() {
            continue;
        }
        packets += before.len();
        let copy = scratch.path("copy.pcapng");
        let craft = there_and_back(&path, &["--times", "--notes"], &copy);
        assert!(craft.status.success(), "{}: {}", path.display(), stderr(&craft));
        let after = stored(&copy);
        assert_eq!(before.len(), after.len(), "{}", path.display());
        for (number, (before, after)) in before.iter().zip(&after).enumerate() {
            assert_eq!(before, after, "{}, packet {}", path.display(), number + 1);
        }
        // The same as pcap, which holds one link type.
        let copy = scratch.path("copy.pcap");
        let craft = there_and_back(&path, &[], &copy);
        if before.iter().any(|packet| packet.link != before[0].link) {
            let error = stderr(&craft);
            assert_eq!(craft.status.code(), Some(2), "{}: {error}", path.display());
            assert!(error.contains("write .pcapng"), "{error}");
            assert!(!copy.exists());
            continue;
        }
        assert!(craft.status.success(), "{}: {}", path.display(), stderr(&craft));
        let bytes = |packet: &Stored| (packet.link, packet.data.clone(), packet.original_len);
        assert!(before.iter().map(bytes).eq(stored(&copy).iter().map(bytes)), "{}", path.display());
        std::fs::remove_file(copy).unwrap();
    }
    packets
}

#[test]
fn every_file_of_testdata() {
    let packets = check(files("testdata"));
    assert!(packets > 50, "{packets}");
}

#[test]
fn every_file_of_the_corpus() {
    let Some(corpus) = corpus() else { return };
    let packets = check(corpus);
    println!("{packets} packets came back");
    assert!(packets > 0);
}

/// A frame by way of text, in this process.
fn comes_back(frame: &Frame<'_>) -> Result<(), TestCaseError> {
    let dissection = Dissection::of(frame);
    let mut line = Vec::new();
    let layers = rebuild::layers(&Packet::new(frame, &dissection));
    recipe::print(&mut line, frame, &layers, Told { time: true, notes: true });
    let text = String::from_utf8(line).unwrap();
    let mut recipe = Recipe::new("line", Box::new(std::io::Cursor::new(text.clone())));
    let mut batch = Batch::default();
    prop_assert!(recipe.next_batch(&mut batch).unwrap());
    prop_assert_eq!(batch.len(), 1);
    let record = batch.record(0).unwrap().map_err(|error| TestCaseError::fail(error.to_string()))?;
    let time = Clock::new(None).next(record.about.time);
    let again = record.about.frame(frame.number, time, record.link().unwrap(), &record.bytes);
    prop_assert_eq!(again.data, frame.data, "{}", text);
    prop_assert_eq!((again.link, again.original_len, again.time), (frame.link, frame.original_len, frame.time));
    prop_assert_eq!(again.interface.unwrap_or(0), frame.interface.unwrap_or(0));
    prop_assert_eq!(again.comments.iter().collect::<Vec<_>>(), frame.comments.iter().collect::<Vec<_>>());
    prop_assert!(!recipe.next_batch(&mut batch).unwrap());
    Ok(())
}

/// Every link type sr6 can dissect, and one it cannot.
fn links() -> impl Strategy<Value = LinkType> {
    prop::sample::select([&LinkType::NAMED[..], &[LinkType(147)]].concat())
}

/// Every packet of `testdata`, with its link type.
fn known() -> Vec<(LinkType, Vec<u8>)> {
    let stored = files("testdata").into_iter().flat_map(|path| stored(&path));
    let mut packets: Vec<_> = stored.map(|packet| (packet.link, packet.data)).collect();
    packets.retain(|(_, data)| !data.is_empty());
    packets
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_of_any_link_type(
        link in links(),
        data in prop::collection::vec(any::<u8>(), 0..200),
        missing in 0u32..3,
        nanos in any::<i64>(),
        interface in prop::option::of(0u32..3),
        comment in ".{0,20}",
    ) {
        let frame = Frame::new(link, &data);
        comes_back(&Frame {
            original_len: frame.original_len + missing,
            time: Some(Timestamp(nanos.into())),
            interface,
            comments: Comments::text(&comment),
            ..frame
        })?;
    }

    #[test]
    fn packets_spoiled_in_some_bytes(
        which in any::<prop::sample::Index>(),
        link in prop::option::weighted(0.1, links()),
        spoils in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in prop_oneof![Just(0usize), 0usize..200],
        more in prop_oneof![Just(0usize), 0usize..20],
    ) {
        let known = known();
        let (known_link, data) = which.get(&known);
        let mut data = data.clone();
        for (at, to) in spoils {
            let at = at.index(data.len());
            data[at] = to;
        }
        data.truncate(data.len().saturating_sub(cut));
        data.resize(data.len() + more, 0x55);
        comes_back(&Frame::new(link.unwrap_or(*known_link), &data))?;
    }
}

#[test]
fn an_ordinary_packet_needs_no_annotation() {
    let text = "eth(dst=02:00:00:00:00:21, src=02:00:00:00:00:12)/ip6(src=::1, dst=::2)/udp(sport=1, dport=2)/\"hi\"";
    let bytes = craft::build(&notation::parse(text).unwrap()).unwrap();
    for (link, expected) in [(1, text.to_owned()), (147, format!("frame(link=147)/hex({})", hex::encode(&bytes)))] {
        let frame = Frame::new(LinkType(link), &bytes);
        let dissection = Dissection::of(&frame);
        let mut line = Vec::new();
        let layers = rebuild::layers(&Packet::new(&frame, &dissection));
        recipe::print(&mut line, &frame, &layers, Told::default());
        assert_eq!(String::from_utf8(line).unwrap(), format!("{expected}\n"));
    }
}

#[test]
fn a_million_packets_through_a_pipe_take_little_memory() {
    // Fewer where nothing is optimised; the peak of memory does not grow with them.
    let count = if cfg!(debug_assertions) { 60_000 } else { 1_000_000 };
    let scratch = Scratch::new();
    let copy = scratch.path("copy.pcap");
    let line =
        "frame(time=+1us)/ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/udp(sport=1, dport=2)/\"x\"\n";
    let mut craft = sr6()
        .args(["craft", "-f", "-", "--time", "0", "-w"])
        .arg(&copy)
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = craft.stdin.take().unwrap();
    let mut most = 0;
    for at in 0..count {
        std::io::Write::write_all(&mut input, line.as_bytes()).unwrap();
        if at == count - 1 {
            most = peak(&craft);
        }
    }
    drop(input);
    assert!(craft.wait().unwrap().success());
    assert!(most > 0 && most < 64 << 10, "{most} kB");
    let times = read(&copy, |frame| frame.time.unwrap().0);
    assert!(times.into_iter().eq((1..=count).map(|packet| packet * 1000)));
}

#[test]
fn a_bad_recipe_leaves_no_file_behind() {
    let scratch = Scratch::new();
    let recipe = scratch.path("bad.sr6");
    let good = "ip6/udp\n".repeat(30_000);
    std::fs::write(&recipe, format!("{good}ip6/udp(sprt=1)\n{good}")).unwrap();
    let copy = scratch.path("copy.pcap");
    std::fs::write(&copy, "as it was").unwrap();
    let output = sr6().args(["craft", "-w"]).arg(&copy).arg("-f").arg(&recipe).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = stderr(&output);
    let expected = format!(
        "sr6: {}:30001:9: unknown argument 'sprt' of udp; did you mean 'sport'?\n  ip6/udp(sprt=1)\n          ^^^^\n",
        recipe.display()
    );
    assert_eq!(error, expected);
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), "as it was");
    assert_eq!(scratch.names(), ["bad.sr6", "copy.pcap"], "a temporary file is left");
    let gone = sr6().args(["craft", "-f"]).arg(scratch.path("none.sr6")).output().unwrap();
    assert_eq!(gone.status.code(), Some(2));
    assert!(stderr(&gone).contains("none.sr6: cannot read: No such file"));
}
