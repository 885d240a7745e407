//! Every diagnosis has a packet that triggers it, and a neighbour, as alike as
//! can be, that does not.

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;

use sr6::capture::{Frame, Reader};
use sr6::dissect::{Diagnosis, Dissection, Settings};
use sr6::wire::link_type::LinkType;
use support::captures::framed;

/// Identifier; the packet that triggers it; the neighbour that does not.
type Case = (String, Packet, Packet);

/// A packet in notation, and how many of its last bytes are not captured.
type Packet = (String, usize);

/// The keys that HMACs are verified with.
const KEYS: &str = include_str!("../testdata/diagnoses/hmac-keys");

/// The cases of `testdata/diagnoses/recipes`, which its captures are made from:
/// an identifier and two packets each.
fn cases() -> Vec<Case> {
    let text = include_str!("../testdata/diagnoses/recipes");
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    let packet = |line: &str| match line.trim().strip_prefix("cut ").and_then(|rest| rest.split_once(": ")) {
        Some((count, notation)) => (notation.to_owned(), count.parse().expect("a number")),
        None => (line.trim().to_owned(), 0),
    };
    let cases = lines.chunks(3).map(|lines| match lines {
        [id, trigger, neighbour] if !id.starts_with(' ') => ((*id).to_owned(), packet(trigger), packet(neighbour)),
        _ => panic!("an identifier and two packets: {lines:?}"),
    });
    cases.collect()
}

/// The bytes of a packet that are captured, how many there were, and what they
/// start with.
fn build((text, missing): &Packet) -> (Vec<u8>, u32, LinkType) {
    let (link, mut bytes) = framed(text);
    let original = bytes.len();
    bytes.truncate(original - missing);
    (bytes, original as u32, link)
}

fn found(case: &Packet) -> BTreeSet<&'static str> {
    let (bytes, original, link) = build(case);
    let frame = Frame { original_len: original, ..Frame::new(link, &bytes) };
    let mut settings = Settings::default();
    settings.keys.add_file(KEYS).unwrap();
    let mut dissection = Dissection::with(Arc::new(settings));
    dissection.refill(&frame);
    dissection.findings().iter().map(|finding| finding.what.id()).collect()
}

#[test]
fn each_has_a_trigger_and_a_neighbour() {
    let mut wrong = Vec::new();
    for (id, trigger, neighbour) in cases() {
        let (with, without) = (found(&trigger), found(&neighbour));
        if !with.contains(&*id) {
            wrong.push(format!("{id}: not found in {:.120}; found {with:?}", trigger.0));
        }
        if without.contains(&*id) {
            wrong.push(format!("{id}: found in {:.120}", neighbour.0));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn none_is_without_a_case() {
    let covered: BTreeSet<_> = cases().into_iter().map(|(id, ..)| id).collect();
    let missing: Vec<_> = Diagnosis::ALL
        .iter()
        .map(|diagnosis| diagnosis.id())
        // No notation writes a frame of an unknown link type.
        .filter(|id| !covered.contains(*id) && *id != "link.unknown")
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let frame = |link| Dissection::of(&Frame::new(LinkType(link), &[0; 20])).findings().len();
    assert_eq!((frame(147), frame(1)), (1, 0));
}

#[test]
fn captures_are_made_from_the_recipes() {
    for (id, trigger, neighbour) in cases() {
        let path = format!("testdata/diagnoses/{id}.pcap");
        let mut reader = Reader::open(&path).unwrap_or_else(|e| panic!("{e}; run testdata/make.sh"));
        for packet in [trigger, neighbour] {
            let (bytes, original, link) = build(&packet);
            let frame = reader.next_frame().unwrap().unwrap_or_else(|| panic!("{path}: a packet is missing"));
            assert_eq!(
                (frame.data, frame.original_len, frame.link),
                (&bytes[..], original, link),
                "{path}: {}",
                packet.0
            );
        }
        assert!(reader.next_frame().unwrap().is_none(), "{path}: a packet too many");
    }
}

#[test]
fn a_normal_packet_has_none() {
    let srh = "ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/udp/\"x\"";
    // The flag is how Linux tells an HMAC; nobody else's keys are known.
    let (_, _, (linux_hmac, _)) = cases().into_iter().find(|(id, ..)| id == "srh.hmac.wrong").unwrap();
    let foreign_hmac = linux_hmac.replace("00000000002a", "00000000002b");
    assert_ne!(foreign_hmac, linux_hmac);
    for text in [
        srh,
        &foreign_hmac,
        "ip6/udp",
        "ip4/tcp",
        "eth/vlan(id=7)/ip6/srh(path=[::2, ::1], reduced)/ip4/icmp4(type=echo)",
    ] {
        assert_eq!(found(&(text.to_owned(), 0)), BTreeSet::new(), "{text}");
    }
}
