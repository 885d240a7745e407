//! Every diagnosis has a packet that triggers it, and a neighbour, as alike as
//! can be, that does not.

use std::collections::BTreeSet;
use std::sync::Arc;

use sr6::capture::Frame;
use sr6::dissect::{Diagnosis, Dissection, Settings};
use sr6::wire::link_type::LinkType;
use sr6::{craft, notation};

/// What a case does to the bytes before they are dissected.
#[derive(Clone, Copy)]
enum Change {
    /// Nothing.
    None,
    /// The last bytes are not there, and the frame never had them.
    Shorter(usize),
    /// The last bytes are not there, though the frame had them.
    NotCaptured(usize),
}

use Change::{None as Whole, NotCaptured, Shorter};

/// Identifier; the packet that triggers it; the neighbour that does not.
type Case = (&'static str, (&'static str, Change), (&'static str, Change));

const SRH: &str = "ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/udp/\"x\"";

/// The HMAC TLV of a kernel, over fc00:b::1, fc00:c::1 from fc00:a::1, and the
/// RFC's digest of the same.
const LINUX_HMAC: &str = "ip6(src=fc00:a::1)/srh(path=[fc00:b::1, fc00:c::1], flags=8, \
    tlvs=[tlv(5, 00000000002aaa2ef2990f9937db621349da59573a53119a7394b837a797888f7cc6f71cf9e7)])/udp";
const RFC_HMAC: &str = "ip6(src=fc00:a::1)/srh(path=[fc00:b::1, fc00:c::1], flags=8, \
    tlvs=[tlv(5, 00000000002a2a9cb85f8dcfbe84b42baef7686e91893b5cf85c2918a7ee790c3f49089608b8)])/udp";

fn cases() -> Vec<Case> {
    vec![
        ("header.cut", ("ip6(nxt=17)/hex(0000)", Whole), ("ip6(nxt=17)/hex(0000000000080000)", Whole)),
        ("capture.snaplen", (SRH, NotCaptured(20)), (SRH, Whole)),
        ("length.overrun", (SRH, Shorter(1)), (SRH, NotCaptured(1))),
        ("ip.version", ("eth/ip6(version=5)/udp", Whole), ("eth/ip6/udp", Whole)),
        ("ip.header_length", ("ip4(ihl=4)/udp", Whole), ("ip4(ihl=5)/udp", Whole)),
        ("ip.hop_limit", ("ip6(hlim=0)/udp", Whole), ("ip6(hlim=1)/udp", Whole)),
        ("ip.payload_length", ("ip6(plen=0)/udp", Whole), ("ip6(plen=0, nxt=59)", Whole)),
        ("ip.no_next_header", ("ip6(nxt=59)/hex(00)", Whole), ("ip6(nxt=59)", Whole)),
        (
            "srh.segments_left",
            ("ip6(dst=::9)/srh(segs=[::1, ::2], sl=3)/udp", Whole),
            ("ip6(dst=::9)/srh(segs=[::1, ::2], sl=2)/udp", Whole),
        ),
        (
            "srh.last_entry",
            ("ip6/srh(path=[::2, ::1], last=2)/udp", Whole),
            ("ip6/srh(path=[::2, ::1], last=1)/udp", Whole),
        ),
        ("srh.no_room", ("ip6(dst=::9, nxt=43)/hex(3b00040000000000)", Whole), (SRH, Whole)),
        (
            "srh.hidden_slots",
            ("ip6(dst=2001:db8::2)/srh(segs=[2001:db9::1, 2001:db8::2], last=0, sl=0)/udp", Whole),
            ("ip6/srh(segs=[2001:db9::1], tlvs=[padn(7), padn(7), padn(2)])/udp", Whole),
        ),
        (
            "srh.destination",
            ("ip6(dst=2001:db8::3)/srh(path=[2001:db8::2, 2001:db9::1])/udp", Whole),
            ("ip6(dst=fcbb:bb00:2::)/srh(path=[fcbb:bb00:1:2::, 2001:db9::1])/udp", Whole),
        ),
        (
            "srh.masqueraded",
            ("ip6(dst=2001:db9::1)/srh(path=[2001:db8::2, 2001:db9::1])/udp", Whole),
            ("ip6(dst=2001:db9::1)/srh(path=[2001:db8::2, 2001:db9::1], sl=0)/udp", Whole),
        ),
        (
            "srh.hop_limit",
            ("ip6(hlim=1)/srh(path=[::2, ::1])/udp", Whole),
            ("ip6(hlim=1)/srh(path=[::2, ::1], sl=0)/udp", Whole),
        ),
        (
            "srh.segment.multicast",
            ("ip6/srh(path=[ff02::2, ::1])/udp", Whole),
            ("ip6/srh(path=[fe80::2, ::1])/udp", Whole),
        ),
        ("srh.segment.unspecified", ("ip6/srh(path=[::, ::1])/udp", Whole), ("ip6/srh(path=[::3, ::1])/udp", Whole)),
        (
            "srh.loop",
            ("ip6/srh(path=[::3, ::2, ::3, ::1])/udp", Whole),
            ("ip6/srh(path=[::3, ::2, ::4, ::1])/udp", Whole),
        ),
        (
            "srh.reduced.tlvs",
            ("ip6(dst=::2)/srh(segs=[::1], sl=1, tlvs=[padn(8)])/udp", Whole),
            ("ip6(dst=::2)/srh(segs=[::1], sl=1)/udp", Whole),
        ),
        (
            "srh.tlv.overrun",
            ("ip6/srh(path=[::2, ::1], tlvs=[0907000000000000])/udp", Whole),
            ("ip6/srh(path=[::2, ::1], tlvs=[0906000000000000])/udp", Whole),
        ),
        (
            "srh.padn.length",
            ("ip6/srh(path=[::2, ::1], tlvs=[padn(8)])/udp", Whole),
            ("ip6/srh(path=[::2, ::1], tlvs=[padn(4), padn(4)])/udp", Whole),
        ),
        (
            "srh.padn.nonzero",
            ("ip6/srh(path=[::2, ::1], tlvs=[tlv(4, 0001), padn(4)])/udp", Whole),
            ("ip6/srh(path=[::2, ::1], tlvs=[tlv(9, 0001), padn(4)])/udp", Whole),
        ),
        (
            "srh.pad1.linux",
            ("ip6/srh(path=[::2, ::1], tlvs=[tlv(9, 0102030405), pad1])/udp", Whole),
            // Read as a TLV of length 4, it ends where the real ones do.
            ("ip6/srh(path=[::2, ::1], tlvs=[pad1, tlv(4, 000000), 0000])/udp", Whole),
        ),
        (
            "srh.hmac.wrong",
            (
                "ip6(src=fc00:a::2)/srh(path=[fc00:b::1, fc00:c::1], flags=8, tlvs=[tlv(5, \
              00000000002aaa2ef2990f9937db621349da59573a53119a7394b837a797888f7cc6f71cf9e7)])/udp",
                Whole,
            ),
            (LINUX_HMAC, Whole),
        ),
        ("srh.hmac.rfc8754_only", (RFC_HMAC, Whole), (LINUX_HMAC, Whole)),
        ("srh.hmac.flag_alone", ("ip6/srh(path=[::2, ::1], flags=8)/udp", Whole), (LINUX_HMAC, Whole)),
        (
            "srh.hmac.no_flag",
            (
                "ip6/srh(path=[::2, ::1], tlvs=[tlv(5, 0000000000010000000000000000000000000000000000000000000000000000000000000000)])/udp",
                Whole,
            ),
            (LINUX_HMAC, Whole),
        ),
        ("srh.hmac.too_long", (long_hmac(15), Whole), (long_hmac(14), Whole)),
        (
            "srh.flags.draft",
            ("ip6/srh(path=[::2, ::1], flags=0x40)/udp", Whole),
            ("ip6/srh(path=[::2, ::1], flags=0x20)/udp", Whole),
        ),
        (
            "srh.flags.unknown",
            ("ip6/srh(path=[::2, ::1], flags=0x01)/udp", Whole),
            ("ip6/srh(path=[::2, ::1], flags=0x20)/udp", Whole),
        ),
        ("srh.hmac.d_bit", (reduced_hmac("0000"), Whole), (reduced_hmac("8000"), Whole)),
        ("ip.checksum", ("ip4(cksum=bad)/udp", Whole), ("ip4(cksum=0)/udp", Whole)),
        (
            "length.trailing",
            ("ip6/ip6(plen=8)/udp(len=8)/\"four\"", Whole),
            ("ip6/eth/ip6(plen=8)/udp(len=8)/\"four\"", Whole),
        ),
        ("checksum.bad", ("ip6/udp(cksum=bad)", Whole), ("ip6/udp", Whole)),
        ("checksum.zero", ("ip6/udp(cksum=0)", Whole), ("ip6/udp(dport=4789, cksum=0)", Whole)),
        ("dissect.too_deep", (nested(60), Whole), (nested(20), Whole)),
        ("dissect.too_many", (bad_inside(40), Whole), (bad_inside(5), Whole)),
    ]
}

/// An SRH of `n` segments with an HMAC nobody checked.
fn long_hmac(n: usize) -> &'static str {
    let path: Vec<_> = (1..=n).map(|i| format!("2001:db8::{i:x}")).collect();
    let digest = "00".repeat(32);
    format!("ip6/srh(path=[{}], flags=8, tlvs=[tlv(5, 000000000001{digest})])/udp", path.join(", ")).leak()
}

/// An HMAC of a reduced list, with these bits before the Key ID.
fn reduced_hmac(bits: &str) -> &'static str {
    let digest = "00".repeat(32);
    format!("ip6(dst=::3)/srh(segs=[::1, ::2], sl=2, tlvs=[tlv(5, {bits}00000001{digest})])/udp").leak()
}

/// IPv6 in IPv6, many times over.
fn nested(n: usize) -> &'static str {
    format!("{}/udp", vec!["ip6(src=::1, dst=::2)"; n].join("/")).leak()
}

/// The same, and something is wrong with each.
fn bad_inside(n: usize) -> &'static str {
    format!("{}/udp", vec!["ip6(src=::1, dst=::2, hlim=0)"; n].join("/")).leak()
}

fn found(case: (&str, Change)) -> BTreeSet<&'static str> {
    let (text, change) = case;
    let layers = notation::parse(text).unwrap_or_else(|e| panic!("{e}"));
    let mut bytes = craft::build(&layers).unwrap_or_else(|e| panic!("{text}: {e}"));
    let original = bytes.len();
    let link = craft::link_type(&layers).unwrap_or(LinkType::RAW);
    let kept = match change {
        Change::None => original,
        Shorter(n) | NotCaptured(n) => original - n,
    };
    bytes.truncate(kept);
    let mut frame = Frame::new(link, &bytes);
    if let NotCaptured(_) = change {
        frame.original_len = original as u32;
    }
    let mut settings = Settings::default();
    settings.keys.add_file("42:sha256:secret-key-0123").unwrap();
    let mut dissection = Dissection::with(Arc::new(settings));
    dissection.refill(&frame);
    dissection.findings().iter().map(|finding| finding.what.id()).collect()
}

#[test]
fn each_has_a_trigger_and_a_neighbour() {
    let mut wrong = Vec::new();
    for (id, trigger, neighbour) in cases() {
        let (with, without) = (found(trigger), found(neighbour));
        if !with.contains(id) {
            wrong.push(format!("{id}: not found in {:.120}; found {with:?}", trigger.0));
        }
        if without.contains(id) {
            wrong.push(format!("{id}: found in {:.120}", neighbour.0));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn none_is_without_a_case() {
    let covered: BTreeSet<_> = cases().iter().map(|(id, ..)| *id).collect();
    let missing: Vec<_> = Diagnosis::ALL
        .iter()
        .map(|diagnosis| diagnosis.id())
        // No notation writes a frame of an unknown link type.
        .filter(|id| !covered.contains(id) && *id != "link.unknown")
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let frame = |link| Dissection::of(&Frame::new(LinkType(link), &[0; 20])).findings().len();
    assert_eq!((frame(147), frame(1)), (1, 0));
}

#[test]
fn a_normal_packet_has_none() {
    // The flag is how Linux tells an HMAC; nobody else's keys are known.
    let foreign_hmac = LINUX_HMAC.replace("00000000002a", "00000000002b").leak();
    for text in [
        SRH,
        foreign_hmac,
        "ip6/udp",
        "ip4/tcp",
        "eth/vlan(id=7)/ip6/srh(path=[::2, ::1], reduced)/ip4/icmp4(type=echo)",
    ] {
        assert_eq!(found((text, Whole)), BTreeSet::new(), "{text}");
    }
}
