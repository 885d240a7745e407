//! What is computed, what is forced, and where the limits are.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;
use crate::wire::checksum::Sum;
use crate::wire::field::{At, Field, Kind, Value};
use crate::wire::link_type::LinkType;
use crate::wire::proto::Proto;
use crate::wire::srh::Srh as View;
use crate::wire::{
    cooked, data, ethernet, ipv4, ipv6, loopback, routing, srh as wire_srh, srh_tlv as wire_srh_tlv, tcp as wire_tcp,
    udp as wire_udp,
};

fn a(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

fn build(stack: impl Into<Stack>) -> Vec<u8> {
    super::build(&stack.into()).unwrap()
}

fn error(stack: impl Into<Stack>) -> String {
    super::build(&stack.into()).unwrap_err().to_string()
}

/// The checksum stored at `at` is right for a pseudo-header of these addresses.
fn sums_up(upper: &[u8], source: &[u8], destination: &[u8], protocol: u8) -> bool {
    Sum::default().pseudo_header(source, destination, upper.len() as u32, protocol).bytes(upper).checksum() == 0
}

/// The article's packet, byte for byte as scapy 2.5.0 makes it.
#[test]
fn the_articles_packet() {
    let packet = ip6().src(a("2001:db8::1"))
        / srh().path([a("2001:db8::2"), a("2001:db9::1")])
        / udp(51129, 3000)
        / "Hello, I'm here\n";
    let expected = "6000000000402b40\
        20010db8000000000000000000000001\
        20010db8000000000000000000000002\
        1104040101000000\
        20010db9000000000000000000000001\
        20010db8000000000000000000000002\
        c7b90bb800187a3e\
        48656c6c6f2c2049276d20686572650a";
    assert_eq!(hex::encode(build(packet)), expected);
}

#[test]
fn next_headers_follow_the_layers() {
    let bytes = build(
        eth()
            / vlan().id(7)
            / ip6()
            / hbh()
            / dst()
            / routing().routing_type(253)
            / frag()
            / srh().path([a("::2")])
            / eth()
            / ip4()
            / icmp4(),
    );
    let at = |offset: usize| bytes[offset];
    assert_eq!(bytes[12..14], [0x81, 0x00]);
    assert_eq!(bytes[16..18], [0x86, 0xdd]);
    let (ip, ext) = (18, 18 + 40);
    assert_eq!(at(ip + 6), 0);
    assert_eq!((at(ext), at(ext + 8), at(ext + 16), at(ext + 24), at(ext + 32)), (60, 43, 44, 43, 143));
    // Empty option headers are one PadN.
    assert_eq!(bytes[ext + 1..ext + 8], [0, 1, 4, 0, 0, 0, 0]);
    let inner = ext + 32 + 24;
    assert_eq!(bytes[inner + 12..inner + 14], [0x08, 0x00]);
    assert_eq!((at(inner + 14 + 9), at(inner + 14 + 20)), (1, 8));
    assert_eq!(usize::from(at(ip + 4)) << 8 | usize::from(at(ip + 5)), bytes.len() - ext);
}

#[test]
fn nothing_follows_is_59() {
    assert_eq!(build(ip6())[6], 59);
    assert_eq!(build(ip6() / "x")[6], 59);
    assert_eq!(build(ip6() / srh().path([a("::2")]) / "x")[40], 59);
    assert_eq!(build(ip6().with(&ipv6::NEXT_HEADER, 253u8) / "x")[6], 253);
    assert_eq!(build(eth() / "x")[12..14], [0x88, 0xb5]);
    assert_eq!(build(eth().with(&ethernet::LENGTH, 1u8) / "x")[12..14], [0, 1]);
}

#[test]
fn a_path_is_stored_backwards() {
    let path = [a("::a"), a("::b"), a("::c")];
    let bytes = build(ip6() / srh().path(path) / "");
    let view = View::new(&bytes[40..]).unwrap();
    assert_eq!(view.segments().rev().collect::<Vec<_>>(), path);
    assert_eq!((view.hdr_ext_len(), view.segments_left(), view.last_entry()), (6, 2, 2));
    assert_eq!(bytes[24..40], path[0].octets());

    let mut backwards = path;
    backwards.reverse();
    assert_eq!(bytes, build(ip6() / srh().segs(backwards) / ""));
}

#[test]
fn a_reduced_path_leaves_out_the_first_segment() {
    let bytes = build(ip6() / srh().path([a("::a"), a("::b"), a("::c")]).reduced(true) / udp(1, 2));
    let view = View::new(&bytes[40..]).unwrap();
    assert_eq!(view.segments().collect::<Vec<_>>(), [a("::c"), a("::b")]);
    assert_eq!((view.hdr_ext_len(), view.segments_left(), view.last_entry()), (4, 2, 1));
    assert_eq!(bytes[24..40], a("::a").octets());
    assert!(sums_up(&bytes[80..], &[0; 16], &a("::c").octets(), 17));

    // With the list in wire order nobody knows the first segment.
    let listed = || srh().segs([a("::c"), a("::b")]).reduced(true);
    assert_eq!(
        error(ip6() / listed() / udp(1, 2)),
        "layer 1 (ip6): needs dst=: the first segment of a reduced list is nowhere else"
    );
    assert_eq!(build(ip6().dst(a("::a")) / listed() / udp(1, 2)), bytes);
}

#[test]
fn a_path_of_one_segment_is_not_reduced() {
    let one = || srh().path([a("::a")]).reduced(true);
    assert_eq!(
        error(ip6() / one()),
        "layer 2 (srh): a path of one segment cannot be reduced: Last Entry could not say that the list is empty; \
         drop reduced, or the whole srh, or give last="
    );
    assert!(error(ip6() / one().tlvs([padn(8)])).contains("erratum 7081"));
    let forced = build(ip6() / one().last(0).tlvs([padn(8)]));
    assert_eq!(forced[40..], [59, 1, 4, 0, 0, 0, 0, 0, 4, 6, 0, 0, 0, 0, 0, 0]);
    assert_eq!(forced[24..40], a("::a").octets());
}

#[test]
fn the_destination_is_where_segments_left_points() {
    let path = [a("::a"), a("::b"), a("::c")];
    for (left, expected) in [(2, "::a"), (1, "::b"), (0, "::c"), (9, "::a")] {
        let bytes = build(ip6() / srh().path(path).sl(left) / udp(1, 2));
        assert_eq!(bytes[24..40], a(expected).octets(), "sl={left}");
        assert_eq!(bytes[43], left);
        assert!(sums_up(&bytes[96..], &[0; 16], &a("::c").octets(), 17), "sl={left}");
    }
    // A destination that is given stays, and counts where nothing is left.
    let bytes = build(ip6().dst(a("::d")) / srh().path(path).sl(0) / udp(1, 2));
    assert_eq!(bytes[24..40], a("::d").octets());
    assert!(sums_up(&bytes[96..], &[0; 16], &a("::d").octets(), 17));
    // Only the first SRH of the same packet has a say.
    let bytes = build(ip6() / dst() / srh().path([a("::a"), a("::b")]) / ip6() / srh().path([a("::c")]));
    assert_eq!(bytes[24..40], a("::a").octets());
    assert_eq!(build(ip6() / ip6() / srh().path([a("::a")]))[24..40], [0; 16]);
}

#[test]
fn checksums_use_the_innermost_routing_header_with_segments_left() {
    let (s, out, inn) = (a("::1"), [a("::a"), a("::b")], [a("::c"), a("::d")]);
    let tail = |stack: Stack| {
        let bytes = build(stack);
        bytes[bytes.len() - 8..].to_vec()
    };
    let both = tail(ip6().src(s) / srh().path(out) / srh().path(inn) / udp(1, 2));
    assert!(sums_up(&both, &s.octets(), &a("::d").octets(), 17));
    let inner_done = tail(ip6().src(s) / srh().path(out) / srh().path(inn).sl(0) / udp(1, 2));
    assert!(sums_up(&inner_done, &s.octets(), &a("::b").octets(), 17));
    let both_done = tail(ip6().src(s).dst(a("::e")) / srh().path(out).sl(0) / srh().path(inn).sl(0) / udp(1, 2));
    assert!(sums_up(&both_done, &s.octets(), &a("::e").octets(), 17));
    // Types 0 and 2 end in their last address.
    let data: Vec<u8> = [[0; 4].as_slice(), &a("::a").octets(), &a("::f").octets()].concat();
    let source_route = |sl| routing().routing_type(0).sl(sl).data(data.clone());
    let left = tail(ip6().src(s).dst(a("::e")) / source_route(2) / udp(1, 2));
    assert!(sums_up(&left, &s.octets(), &a("::f").octets(), 17));
    let done = tail(ip6().src(s).dst(a("::e")) / source_route(0) / udp(1, 2));
    assert!(sums_up(&done, &s.octets(), &a("::e").octets(), 17));
}

#[test]
fn inner_packets_use_their_own_addresses() {
    let (x, y) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
    let outer = || ip6().src(a("::1")) / srh().path([a("::a"), a("::b")]);
    let bytes = build(outer() / ip4().src(x).dst(y) / tcp(1, 2) / "x");
    let inner = 40 + 40;
    assert_eq!(Sum::default().bytes(&bytes[inner..inner + 20]).checksum(), 0);
    assert!(sums_up(&bytes[inner + 20..], &x.octets(), &y.octets(), 6));
    let bytes = build(outer() / ip6().src(a("::2")).dst(a("::3")) / icmp6().id(1).seq(2) / "x");
    assert!(sums_up(&bytes[inner + 40..], &a("::2").octets(), &a("::3").octets(), 58));
    // An ICMPv6 error quotes a packet; both have a checksum of their own.
    let bytes = build(ip6().dst(a("::9")) / icmp6().message(3) / ip6().src(a("::2")).dst(a("::3")) / udp(1, 2));
    assert!(sums_up(&bytes[40..], &[0; 16], &a("::9").octets(), 58));
    assert!(sums_up(&bytes[88..], &a("::2").octets(), &a("::3").octets(), 17));
}

#[test]
fn udp_never_sends_a_zero_checksum() {
    // The sum of everything but the filler, so that the filler can complete it.
    let sum = |filler: u16| {
        let bytes = build(ip6() / udp(0, 0) / bytes(filler.to_be_bytes()));
        u16::from_be_bytes([bytes[46], bytes[47]])
    };
    let filler = sum(0);
    assert_eq!(sum(filler), 0xffff);
    assert_eq!(build(ip6() / udp(1, 2).with(&wire_udp::CHECKSUM, 0u8))[46..48], [0, 0]);
}

#[test]
fn forced_fields_stay_and_the_rest_computes() {
    let right = build(ip6() / srh().path([a("::a"), a("::b")]) / udp(1, 2) / "data");
    let wrong = build(
        ip6().with(&ipv6::VERSION, 5u8).with(&ipv6::PAYLOAD_LENGTH, 1u8)
            / srh().path([a("::a"), a("::b")]).last(9).with(&routing::LENGTH, 77u8).with(&routing::TYPE, 5u8)
            / udp(1, 2).with(&wire_udp::CHECKSUM, Arg::Bad)
            / "data",
    );
    let differ: Vec<_> = (0..right.len()).filter(|i| right[*i] != wrong[*i]).collect();
    assert_eq!(differ, [0, 5, 41, 42, 44, 86, 87]);
    // UDP's own Length says what the checksum covers, where it can be true.
    let short = build(ip6() / udp(1, 2).with(&wire_udp::LENGTH, 10u8) / "data");
    assert!(sums_up(&short[40..50], &[0; 16], &[0; 16], 17));
    let long = build(ip6() / udp(1, 2).with(&wire_udp::LENGTH, 99u8) / "data");
    assert!(sums_up(&long[40..], &[0; 16], &[0; 16], 17));
    // A later field wins over one it overlaps.
    assert_eq!(build(ip6().tc(0xff).with(&ipv6::ECN, 0u8))[..2], [0x6f, 0xc0]);
    assert_eq!(build(ip6().with(&ipv6::ECN, 0u8).tc(0xff))[..2], [0x6f, 0xf0]);
}

#[test]
fn options_pad_and_count() {
    let bytes =
        build(ip4().with(&ipv4::OPTIONS, vec![7, 3, 4, 0, 1]) / tcp(1, 2).options(vec![2, 4, 5, 0xb4, 1]) / "x");
    assert_eq!((bytes[0], bytes[28 + 12] >> 4), (0x47, 7));
    assert_eq!(bytes[20..28], [7, 3, 4, 0, 1, 0, 0, 0]);
    assert_eq!(bytes[48..56], [2, 4, 5, 0xb4, 1, 0, 0, 0]);
    assert_eq!(bytes[2..4], [0, 57]);
    assert_eq!(
        error(ip4().with(&ipv4::OPTIONS, vec![0; 41])),
        "layer 1 (ip4): 16 words of header do not fit in ihl (at most 15); shorten options, or give ihl="
    );
    // Hop-by-Hop pads by Pad1 or PadN.
    let padded = |n: usize| build(ip6() / hbh().data(vec![0x1e; n]))[42 + n..].to_vec();
    assert_eq!(padded(5), [0]);
    assert_eq!(padded(4), [1, 0]);
    assert_eq!(padded(6), [0u8; 0]);
    assert_eq!(padded(7), [1, 5, 0, 0, 0, 0, 0]);
}

#[test]
fn an_srh_is_aligned_by_padn_alone() {
    for value in 0..20 {
        let tlv = tlv(9, vec![0xaa; value]);
        let bytes = build(ip6() / srh().path([a("::a")]).tlvs([tlv]));
        assert_eq!(bytes.len() % 8, 0);
        let view = View::new(&bytes[40..]).unwrap();
        assert_eq!(view.len(), bytes.len() - 40);
        let tlvs: Vec<_> = view.tlvs().collect();
        assert_eq!((tlvs[0].kind, tlvs[0].value.len()), (9, value));
        for pad in &tlvs[1..] {
            assert_eq!(pad.kind, 4);
            assert!(pad.value.len() <= 5 && pad.value.iter().all(|b| *b == 0), "RFC 8754 §2.1.1.2");
        }
        assert!(tlvs.len() <= 3 && !tlvs.iter().any(|t| t.overruns));
    }
    // What is aligned already stays as it is, Pad1 and all.
    let raw = srh().path([a("::a")]).tlvs([tlv(9, vec![1; 5]), pad1()]);
    assert_eq!(build(ip6() / raw)[64..], [9, 5, 1, 1, 1, 1, 1, 0]);
}

/// A digest that the kernel made for these segments, and that of the same by
/// the RFC's text.
#[test]
fn an_hmac_is_computed_last() {
    let signed = |form: u8| {
        let hmac = hmac(42, "secret-key-0123").with("form", form);
        let header = srh().path([a("fc00:b::1"), a("fc00:c::1")]).tlvs([hmac]);
        build(ip6().src(a("fc00:a::1")) / header / ip6())
    };
    let kernel = signed(1);
    assert_eq!(kernel[40..48], [0x29, 9, 4, 1, 1, 8, 0, 0]);
    let digest = |hexadecimal: &str| [vec![5, 38, 0, 0, 0, 0, 0, 42], hex::decode(hexadecimal).unwrap()].concat();
    assert_eq!(kernel[80..120], digest("aa2ef2990f9937db621349da59573a53119a7394b837a797888f7cc6f71cf9e7"));
    let rfc = signed(0);
    assert_eq!(rfc[45], 0);

    // SHA-1 is as long as its 20 bytes padded to 8, but always 32 in Linux.
    let sha1 = |form: u8| hmac(43, "secret-key-0123").with("alg", 1u8).with("form", form);
    let path = [a("fc00:b::1"), a("fc00:c::1"), a("fc00:d:0:101::1")];
    let build = |form| build(ip6().src(a("fc00:a::1")) / srh().path(path).tlvs([sha1(form)]) / icmp6());
    let kernel = build(1);
    assert_eq!(
        hex::encode(&kernel[96..136]),
        "052600000000002b68fd4bcae00d3a580fe6daa8fa2f254fa2b3b78c000000000000000000000000"
    );
    assert_eq!((build(0)[97], build(0).len()), (30, kernel.len() - 8));
    // A reduced list sets the RFC's D bit, which Linux does not know.
    let reduced = |form: u8| {
        let header = srh().path(path).reduced(true).tlvs([hmac(1, "k").with("form", form)]);
        super::build(&(ip6() / header)).unwrap()[40 + 8 + 32 + 2]
    };
    assert_eq!((reduced(0), reduced(1)), (0x80, 0));
    let unsigned = Element::new(&wire_srh_tlv::TLVS, wire_srh_tlv::TLVS.form("hmac").unwrap());
    assert!(error(ip6() / srh().path(path).tlvs([unsigned])).contains("needs secret= or digest="));
    assert!(error(Stack::from(srh().path(path).tlvs([sha1(0)]))).contains("needs an ip6 before it"));
}

#[test]
fn elements_start_where_they_must() {
    // A Router Alert at a multiple of 2, a trace at a multiple of 4.
    let options = &crate::wire::options::OPTION_FORMS;
    let element = |name: &str| Element::new(options, options.form(name).unwrap());
    let header = |items: Vec<Element>| {
        let items: Vec<Arg> = items.into_iter().map(Arg::Element).collect();
        build(ip6() / Layer::new(Proto::HopByHop).with(&crate::wire::options::HBH_OPTIONS, items))[40..].to_vec()
    };
    let odd = header(vec![element("opt").with("type", 0x1eu8).with("data", vec![1]), element("ra")]);
    assert_eq!(odd, [59, 1, 0x1e, 1, 1, 0, 5, 2, 0, 0, 1, 4, 0, 0, 0, 0]);
    let trace = header(vec![element("ioam").with("ns", 1u8).with("trace", 0xc0_0000u32).with("hops", 2u8)]);
    assert_eq!(trace[..16], [59, 3, 1, 0, 0x31, 26, 0, 0, 0, 1, 0x10, 4, 0xc0, 0, 0, 0]);
    assert_eq!(trace.len(), 32);
    assert_eq!(header(vec![element("pt")])[..4], [59, 4, 0x32, 36]);
    let jumbo = header(vec![element("jumbo").with("length", 70_000u32)]);
    assert_eq!(jumbo, [59, 0, 0xc2, 4, 0, 1, 0x11, 0x70]);
}

#[test]
fn limits_say_what_to_do() {
    let path = |n: u16| (0..n).map(|i| Ipv6Addr::from([0, 0, 0, 0, 0, 0, 0, i])).collect::<Vec<_>>();
    assert_eq!(build(ip6() / srh().path(path(127)))[41], 254);
    assert_eq!(
        error(ip6() / srh().path(path(128))),
        "layer 2 (srh): 128 segments do not fit in len (at most 127); use fewer segments, or give len="
    );
    assert_eq!(build(ip6() / srh().path(path(128)).reduced(true))[41..45], [254, 4, 127, 126]);
    assert_eq!(
        error(ip6() / srh().path(path(127)).tlvs([padn(16)])),
        "layer 2 (srh): 256 units of 8 bytes do not fit in len (at most 255); \
         use fewer segments or shorter TLVs, or give len="
    );
    assert_eq!(build(ip6() / srh().path(path(200)).with(&routing::LENGTH, 3u8)).len(), 40 + 8 + 3200);
    assert!(error(ip6() / srh().path(path(300)).with(&routing::LENGTH, 3u8)).contains("give last="));
    let big = || bytes(vec![0; 65536]);
    assert_eq!(
        error(ip6() / big()),
        "layer 1 (ip6): 65536 bytes of payload do not fit in plen (at most 65535); shorten the payload, or give plen="
    );
    assert_eq!(build(ip6() / bytes(vec![0; 65535])).len(), 65575);
    assert_eq!(build(ip6().with(&ipv6::PAYLOAD_LENGTH, 0u8) / big()).len(), 65576);
    assert!(error(ip6() / udp(1, 2) / bytes(vec![0; 65530])).starts_with("layer 2 (udp): 65538 bytes of datagram"));
    assert!(error(ip4() / big()).starts_with("layer 1 (ip4): 65556 bytes of packet"));
    assert_eq!(
        error(ip6().flow(1 << 20)),
        "layer 1 (ip6): 1048576 does not fit in the 20 bits of flow (at most 1048575)"
    );
    let long = tlv(9, vec![0; 256]);
    assert!(
        error(ip6() / srh().path(path(1)).tlvs([long])).contains("256 bytes of value do not fit in len (at most 255)")
    );
}

#[test]
fn what_cannot_be_is_refused() {
    assert_eq!(error(ip6() / srh()), "layer 2 (srh): needs path= or segs=");
    assert!(error(ip6() / srh().path([]).segs([])).contains("path= and segs= exclude each other"));
    assert_eq!(build(ip6() / srh().segs([]))[40..], [59, 0, 4, 0, 0, 0, 0, 0]);
    assert_eq!(error(ip6() / routing()), "layer 2 (routing): needs type=, the number of the routing type");
    assert_eq!(error(ip6() / vlan()), "layer 1 (ip6): vlan has no number that nxt could announce it by; give nxt=");
    assert!(error(eth() / udp(1, 2)).contains("give type="));
    assert!(error(Layer::new(Proto::Udp)).contains("no ip6 or ip4 before it"));
    assert!(error(ip4() / icmp6()).contains("no ip6 before it"));
    assert_eq!(build(Stack::from(udp(1, 2).with(&wire_udp::CHECKSUM, 0u8))).len(), 8);
    assert!(error(ip6().with(&wire_tcp::FLAGS, 1u8)).contains("field of another protocol"));
    assert!(error(ip6().with(&ipv6::SOURCE, 1u8)).contains("src takes an IPv6 address"));
    assert!(error(ip6().with(&ipv6::ADDRESS, a("::1"))).contains("cannot be given"));
    assert!(error(ip6().with(&ipv6::PAYLOAD_LENGTH, vec![1])).contains("plen has 2 bytes, not 1"));
    assert!(error(ip6().with(&ipv6::FLOW, vec![1, 2, 3])).contains("flow takes a number"));
    assert!(error(ip6().with(&ipv6::HOP_LIMIT, Arg::Bad)).contains("hlim takes a number"));
    assert_eq!(super::build(&[]), Ok(Vec::new()));
}

#[test]
fn cooked_and_loopback() {
    let v1 = build(sll().src([1, 2, 3, 4, 5, 6]) / ip6());
    assert_eq!(v1[..16], [0, 4, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0x86, 0xdd]);
    let v2 = build(sll().src([1, 2, 3, 4, 5, 6]).ifindex(3).packet_type(0) / ip4());
    assert_eq!(v2[..20], [8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0]);
    assert!(error(sll().ifindex(1).packet_type(256) / ip4()).contains("8 bits of pkttype"));
    assert_eq!(build(sll().with(&cooked::PROTOCOL_TYPE, 4u8))[14..], [0, 4]);
    assert_eq!(build(null() / ip6())[..4], [30, 0, 0, 0]);
    assert_eq!(build(null() / ip4())[..4], [2, 0, 0, 0]);
    assert_eq!(build(null().with(&loopback::FAMILY, vec![0, 0, 0, 24]))[..4], [0, 0, 0, 24]);
    assert!(error(null().with(&loopback::FAMILY, vec![0]) / ip6()).contains("family has 4 bytes, not 1"));
}

#[test]
fn link_types_are_those_of_the_first_layer() {
    let of = |stack: Stack| link_type(&stack);
    assert_eq!(of(eth() / ip6()), Some(LinkType::ETHERNET));
    assert_eq!(of(ip6().into()), Some(LinkType::RAW));
    assert_eq!(of(null() / ip6()), Some(LinkType::NULL));
    assert_eq!(of(sll() / ip6()), Some(LinkType::LINUX_SLL));
    assert_eq!(of(sll().ifindex(1) / ip6()), Some(LinkType::LINUX_SLL2));
    assert_eq!(of(text("x").into()), None);
    assert_eq!(of(Stack::default()), None);
}

#[test]
fn unset_stays_visible() {
    let mut layer = Layer::from(eth().src([2; 6]));
    assert!(layer.has(&ethernet::SOURCE) && !layer.has(&ethernet::DESTINATION));
    layer.set(&ethernet::SOURCE, [3; 6]);
    assert_eq!((layer.args().len(), layer.get(&ethernet::SOURCE)), (1, Some(&Arg::Ether([3; 6]))));
    layer.unset(&ethernet::SOURCE);
    assert_eq!(layer, Layer::new(Proto::Ethernet));
}

/// A value of the right type for a field at a fixed place.
fn value_of(field: &'static Field) -> Option<BoxedStrategy<Arg>> {
    let At::Bits { width, .. } = field.at else { return None };
    Some(match field.kind {
        Kind::Bool => any::<bool>().prop_map(Arg::from).boxed(),
        Kind::Uint(..) => any::<u64>().prop_map(move |n| Arg::Uint(n & (u64::MAX >> (64 - width)))).boxed(),
        Kind::Ether => any::<[u8; 6]>().prop_map(Arg::Ether).boxed(),
        Kind::Ipv4 => any::<[u8; 4]>().prop_map(|octets| Arg::Ipv4(octets.into())).boxed(),
        Kind::Ipv6 => any::<[u8; 16]>().prop_map(|octets| Arg::Ipv6(octets.into())).boxed(),
        Kind::Bytes => proptest::collection::vec(any::<u8>(), usize::from(width) / 8).prop_map(Arg::Bytes).boxed(),
        Kind::Group | Kind::Text | Kind::Time | Kind::Duration => return None,
    })
}

/// What is given, as it is read back.
fn read_back(arg: &Arg, kind: Kind) -> Value<'_> {
    match arg {
        Arg::Uint(number) if kind == Kind::Bool => Value::Bool(*number != 0),
        Arg::Uint(number) => Value::Uint(*number),
        Arg::Ether(octets) => Value::Ether(*octets),
        Arg::Ipv4(address) => Value::from(*address),
        Arg::Ipv6(address) => Value::from(*address),
        Arg::Bytes(bytes) => Value::Bytes(bytes),
        other => unreachable!("{other:?}"),
    }
}

/// One layer with any one of its fields given, and where its header starts:
/// an IPv6 header before it lends it addresses.
fn any_field() -> impl Strategy<Value = (Proto, &'static Field, Arg)> {
    let all = Proto::ALL.iter().flat_map(|proto| {
        let info = proto.info();
        let known = !info.notation.is_empty();
        let fields = info.fields.iter().filter(move |field| known && !field.arg.is_empty());
        fields.filter_map(|field| value_of(field).map(|_| (*proto, *field)))
    });
    proptest::sample::select(all.collect::<Vec<_>>()).prop_flat_map(|(proto, field)| {
        let value = value_of(field).expect("it was filtered for that");
        value.prop_map(move |value| (proto, field, value))
    })
}

proptest! {
    #[test]
    fn what_is_given_is_what_is_read((proto, field, arg) in any_field()) {
        let mut layer = Layer::new(proto).with(field, arg.clone());
        if proto == Proto::Srh {
            layer.set(&wire_srh::PATH, vec![Arg::Ipv6(a("::a"))]);
        }
        if proto == Proto::Routing && !layer.has(&routing::TYPE) {
            layer.set(&routing::TYPE, 253u8);
        }
        let bytes = build(ip6().with(&ipv6::NEXT_HEADER, 0u8) / layer / "payload");
        prop_assert_eq!(field.read(&bytes[40..]), Some(read_back(&arg, field.kind)));
    }

    #[test]
    fn every_stack_has_right_lengths_and_checksums(
        path in proptest::collection::vec(any::<[u8; 16]>().prop_map(Ipv6Addr::from), 1..6),
        reduced in any::<bool>(),
        left in 0u8..6,
        tlv in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..30)),
        payload in proptest::collection::vec(any::<u8>(), 0..60),
        source in any::<[u8; 16]>().prop_map(Ipv6Addr::from),
        upper in 0..3,
    ) {
        let reduced = reduced && path.len() > 1;
        let left = left.min(path.len() as u8 - 1);
        let header = srh().path(path.clone()).reduced(reduced).sl(left);
        let header = match tlv {
            Some(value) => header.tlvs([super::tlv(9, value)]),
            None => header,
        };
        let (upper, protocol): (Stack, u8) = match upper {
            0 => (udp(7, 8).into(), 17),
            1 => (tcp(7, 8).into(), 6),
            _ => (icmp6().id(7).seq(8).into(), 58),
        };
        let bytes = build(ip6().src(source) / header / upper / Layer::data(payload.clone()));
        let view = View::new(&bytes[40..]).unwrap();
        prop_assert_eq!(view.segments().count(), path.len() - usize::from(reduced));
        prop_assert_eq!(view.next_header(), protocol);
        prop_assert_eq!(usize::from(bytes[4]) << 8 | usize::from(bytes[5]), bytes.len() - 40);
        prop_assert_eq!(Ipv6Addr::from(*bytes[24..].first_chunk::<16>().unwrap()), path[path.len() - 1 - usize::from(left)]);
        let last = *path.last().unwrap();
        prop_assert!(sums_up(&bytes[40 + view.len()..], &source.octets(), &last.octets(), protocol));
        prop_assert!(bytes.ends_with(&payload));
    }
}

#[test]
fn payload_is_taken_as_it_is() {
    assert_eq!(build(text("é") / bytes([0, 255])), [0xc3, 0xa9, 0, 255]);
    assert_eq!(build(Layer::new(Proto::Data)), [0u8; 0]);
    assert_eq!(Layer::data("x").get(&data::DATA), Some(&Arg::Bytes(b"x".to_vec())));
}

/// Checksums are over the destination as it arrives at the end.
#[test]
fn compressed_paths_pack_and_checksums_follow() {
    let next = || Arg::Bytes(b"fcbb:bb00::/32:16".to_vec());
    let plan = &crate::wire::sid::NEXT_PLAN;
    let (s, path) = (a("::1"), [a("fcbb:bb00:1::"), a("fcbb:bb00:2::"), a("fcbb:bb00:3::")]);
    let bytes = build(ip6().src(s) / srh().path(path).with(plan, next()) / udp(1, 2));
    assert_eq!(bytes[24..40], a("fcbb:bb00:1:2:3::").octets());
    assert_eq!(bytes[48..64], a("fcbb:bb00:1:2:3::").octets());
    assert!(sums_up(&bytes[64..], &s.octets(), &a("fcbb:bb00:3::").octets(), 17));
    // On to an ordinary address, from the carrier's own list order, and reduced.
    let mixed = [path[0], path[1], a("2001:db8::9")];
    let bytes = build(ip6().src(s) / srh().path(mixed).with(plan, next()).reduced(true) / udp(1, 2));
    assert_eq!((bytes[24..40].to_vec(), bytes.len()), (a("fcbb:bb00:1:2::").octets().to_vec(), 40 + 24 + 8));
    assert!(sums_up(&bytes[64..], &s.octets(), &a("2001:db8::9").octets(), 17));
    // Without an SRH, or with one whose list is as it lies in the header.
    let bytes = build(ip6().src(s).dst(a("fcbb:bb00:1:2::")).with(plan, next()) / udp(1, 2));
    assert!(sums_up(&bytes[40..], &s.octets(), &path[1].octets(), 17));
    let bytes = build(ip6().src(s) / srh().segs([a("fcbb:bb00:7:8::"), path[0]]).with(plan, next()) / udp(1, 2));
    assert!(sums_up(&bytes[80..], &s.octets(), &a("fcbb:bb00:8::").octets(), 17));
    // REPLACE-C-SID: the index that is left stays in the destination.
    let replace = Arg::Bytes(b"2001:db8:b::/48:32".to_vec());
    let sids = [a("2001:db8:b:1:1::"), a("2001:db8:b:2:1::"), a("2001:db8:b:3:1::")];
    let header = srh().path(sids).with(&crate::wire::sid::REPLACE_PLAN, replace);
    let bytes = build(ip6().src(s) / header / udp(1, 2));
    assert_eq!(bytes[48..64], a("::3:1:2:1").octets());
    assert!(sums_up(&bytes[80..], &s.octets(), &a("2001:db8:b:3:1::2").octets(), 17));
    let wrong = srh().path(path).with(plan, Arg::Bytes(b"x".to_vec()));
    assert_eq!(
        error(ip6() / wrong),
        "layer 2 (srh): csid: 'x' is not a locator: BLOCK/LENGTH:C-SID-LENGTH[:next|replace], or auto"
    );
}
