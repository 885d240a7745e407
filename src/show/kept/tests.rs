//! What is kept of one packet must be right for every other: all packets of
//! the test captures, and what a byte changed makes of them, by one printer.

use std::path::Path;

use crate::capture::testdata::captures;
use crate::capture::{Frame, Reader};
use crate::dissect::{Dissection, Packet};
use crate::show::ek::Ek;
use crate::show::json::Json;
use crate::show::tree::{self, Options, Trees};
use crate::wire::link_type::LinkType;

/// Shows every frame of the test captures, and each with single bytes changed.
fn every_frame(mut show: impl FnMut(&Packet<'_>)) {
    const MOST_FRAMES: usize = 40;
    let mut files = Vec::new();
    captures(Path::new("testdata"), &mut files);
    files.sort();
    let mut dissection = Dissection::new();
    let mut show = |frame: Frame<'_>| {
        dissection.refill(&frame);
        show(&Packet::new(&frame, &dissection));
    };
    let mut shown = 0;
    for file in files {
        let Ok(mut reader) = Reader::open(&file) else { continue };
        for _ in 0..MOST_FRAMES {
            let Ok(Some(frame)) = reader.next_frame() else { break };
            show(frame);
            shown += 1;
            let mut bytes = frame.data.to_vec();
            // Headers are in the first bytes.
            for at in 0..bytes.len().min(160) {
                let bit = 1 << ((shown + at) % 8);
                bytes[at] ^= bit;
                show(Frame { data: &bytes, ..frame });
                bytes[at] ^= bit;
            }
        }
    }
    assert!(shown > 150, "{shown}");
}

fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).expect("text is UTF-8")
}

#[test]
fn trees_are_as_they_are_without() {
    let mut trees = Trees::new(Options::default());
    every_frame(|packet| {
        assert_eq!(text(|out| trees.packet(out, packet)), text(|out| tree::tree(out, packet)));
    });
}

#[test]
fn other_trees_are_as_they_are_drawn_anew() {
    use crate::wire::proto::Proto;
    let only = Some([Proto::Srh, Proto::Ethernet].into_iter().collect());
    let options = Options { only, color: true };
    let mut trees = Trees::new(options);
    every_frame(|packet| {
        let anew = text(|out| Trees::new(options).packet(out, packet));
        assert_eq!(text(|out| trees.packet(out, packet)), anew);
    });
}

#[test]
fn json_is_as_with_ranges_of_which_nothing_is_kept() {
    /// Takes the ranges out of an object and what is in it.
    fn without_ranges(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(members) => {
                members.remove("ranges");
                members.values_mut().for_each(without_ranges);
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(without_ranges),
            _ => {}
        }
    }
    let (mut json, mut with_ranges) = (Json::new(false), Json::new(true));
    every_frame(|packet| {
        let line = text(|out| json.packet(out, packet));
        assert_eq!(line, text(|out| Json::new(false).packet(out, packet)));
        let [ours, mut theirs]: [serde_json::Value; 2] =
            [line, text(|out| with_ranges.packet(out, packet))].map(|line| serde_json::from_str(&line).expect("JSON"));
        without_ranges(&mut theirs);
        assert_eq!(ours, theirs);
    });
}

#[test]
fn ek_is_as_it_is_written_anew() {
    let mut ek = Ek::default();
    every_frame(|packet| {
        let anew = text(|out| Ek::default().packet(out, packet));
        assert_eq!(text(|out| ek.packet(out, packet)), anew);
    });
}

/// Traffic in which nothing comes again, so that looking for it pauses now and
/// then, and after it the same once more.
#[test]
fn what_is_not_looked_for_is_as_what_is() {
    let mut bytes = [0x60, 0, 0, 0, 0, 8, 17, 64].to_vec();
    bytes.extend([0x20; 32]);
    bytes.extend([0, 1, 0, 2, 0, 8, 0xab, 0xcd]);
    let (mut trees, mut json, mut ek) = (Trees::new(Options::default()), Json::new(false), Ek::default());
    let mut dissection = Dissection::new();
    for number in (0..1_000u16).chain(0..1_000) {
        bytes[22..24].copy_from_slice(&number.to_be_bytes());
        // Flow labels and hop limits change from time to time.
        (bytes[3], bytes[7]) = (number as u8, (number >> 8) as u8);
        let frame = Frame::new(LinkType::IPV6, &bytes);
        dissection.refill(&frame);
        let packet = Packet::new(&frame, &dissection);
        assert_eq!(text(|out| trees.packet(out, &packet)), text(|out| tree::tree(out, &packet)));
        assert_eq!(text(|out| json.packet(out, &packet)), text(|out| Json::new(false).packet(out, &packet)));
        assert_eq!(text(|out| ek.packet(out, &packet)), text(|out| Ek::default().packet(out, &packet)));
    }
}
