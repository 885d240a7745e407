//! Upper-layer checksums over the destination that they were made for: where
//! the path of a packet ends, in every way that it can say so. Never may a right
//! one be called bad.

mod support;

use std::net::IpAddr;
use std::sync::Arc;

use sr6::capture::Frame;
use sr6::dissect::{Checksum, Dissection, Packet, Settings, Unverified, UsedDestination};
use sr6::wire::link_type::LinkType;
use sr6::wire::proto::Proto;
use support::captures::build;

const SOURCE: &str = "2001:db8::1";
const UDP: &str = "udp(sport=1, dport=2";

/// What must come of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// Right, for the destination in the IP header.
    Header,
    /// Right, for the list's last segment.
    Final,
    /// Right, for this destination at the end.
    Arriving(&'static str),
    /// Wrong, for the list's last segment, or the header's destination.
    Bad,
    /// Wrong, and should be for this destination at the end.
    BadFor(&'static str),
    /// Not checked.
    Unverified(Unverified),
}

/// The checksum that UDP has with this destination and no header in between.
fn over(destination: &str) -> u16 {
    let bytes = build(&format!("ip6(src={SOURCE}, dst={destination})/{UDP})/\"data\""));
    u16::from_be_bytes([bytes[46], bytes[47]])
}

/// Checks the last UDP of a packet.
fn check(bytes: &[u8], missing: u32, locators: &[&str]) -> Expected {
    let mut settings = Settings::default();
    locators.iter().for_each(|locator| settings.locators.add(locator).unwrap());
    let mut frame = Frame::new(LinkType::RAW, bytes);
    frame.original_len += missing;
    let mut dissection = Dissection::with(Arc::new(settings));
    dissection.refill(&frame);
    let packet = Packet::new(&frame, &dissection);
    let udp = packet.layers().iter().rfind(|layer| layer.proto == Proto::Udp).expect("UDP");
    let text = |address: String| -> &'static str { address.leak() };
    match packet.checksum(udp).expect("a checksum") {
        Checksum::Good(UsedDestination::Header(_)) => Expected::Header,
        Checksum::Good(UsedDestination::Final(_)) => Expected::Final,
        Checksum::Good(UsedDestination::Arriving(to)) => Expected::Arriving(text(to.to_string())),
        Checksum::Bad { used: UsedDestination::Arriving(to), .. } => Expected::BadFor(text(to.to_string())),
        Checksum::Bad { expected, used } => {
            let (UsedDestination::Header(IpAddr::V6(to)) | UsedDestination::Final(to)) = used else {
                return Expected::Bad;
            };
            assert_eq!(expected, over(&to.to_string()), "{used:?}");
            Expected::Bad
        }
        Checksum::Unverified(why) => Expected::Unverified(why),
        other => panic!("{other:?}"),
    }
}

/// A packet with a UDP checksum over this destination: `{u}` stands for UDP.
fn packet(text: &str, destination: &str) -> Vec<u8> {
    let udp = format!("{UDP}, cksum={:#x})/\"data\"", over(destination));
    build(&text.replace("{u}", &udp).replace("{s}", SOURCE))
}

const CONTAINER: &str = "9:1:4:1:3:1:2:1";

#[test]
fn the_end_of_the_path_counts() {
    let none: &[&str] = &[];
    let f3216: &[&str] = &["fcbb:bb00::/32:16"];
    let replace: &[&str] = &["2001:db8:b::/48:32:replace"];
    let odd: &[&str] = &["2001:db8::/40:24"];
    use Expected::{Arriving, Bad, BadFor, Final, Header, Unverified as Not};
    let start = format!("ip6(src={{s}}, dst=2001:db8:b:1:1::)/srh(segs=[{CONTAINER}], sl=1)/{{u}}");
    let way = format!("ip6(src={{s}}, dst=2001:db8:b:3:1::2)/srh(segs=[{CONTAINER}], sl=0)/{{u}}");
    let cases: Vec<(&str, &str, &str, &[&str], Expected)> = vec![
        ("no SRH", "ip6(src={s}, dst=fc00::9)/{u}", "fc00::9", none, Header),
        ("no SRH, bad", "ip6(src={s}, dst=fc00::9)/{u}", "fc00::8", none, Bad),
        ("segments left", "ip6(src={s})/srh(path=[fc00:b::1, fc00:c::1])/{u}", "fc00:c::1", none, Final),
        // For the node that it is on its way to: right for nobody at the end,
        // but seen, and no reason to cry.
        ("segments left, bad", "ip6(src={s})/srh(path=[fc00:b::1, fc00:c::1])/{u}", "fc00:d::1", none, Bad),
        (
            "none left",
            "ip6(src={s}, dst=fc00:c::1)/srh(path=[fc00:b::1, fc00:c::1], sl=0)/{u}",
            "fc00:c::1",
            none,
            Header,
        ),
        ("reduced", "ip6(src={s}, dst=fc00:b::1)/srh(segs=[fc00:c::1], sl=1)/{u}", "fc00:c::1", none, Final),
        (
            "an inserted SRH before",
            "ip6(src={s}, dst=fc00:7::)/srh(segs=[fc00:b::1, fc00:7::], sl=1)/srh(segs=[fc00:c::1, fc00:b::1], sl=1)/{u}",
            "fc00:c::1",
            none,
            Final,
        ),
        (
            "a spent SRH behind",
            "ip6(src={s}, dst=fc00:7::)/srh(segs=[fc00:c::1, fc00:7::], sl=1)/srh(segs=[fc00:c::1], sl=0)/{u}",
            "fc00:7::",
            none,
            Header,
        ),
        (
            "inside",
            "ip6(src=::5)/srh(path=[fc00:b::1, fc00:c::1])/ip6(src={s}, dst=fc00::9)/{u}",
            "fc00::9",
            none,
            Header,
        ),
        (
            "masqueraded",
            "ip6(src={s}, dst=fc00:c::1)/srh(segs=[fc00:c::1, fc00:b::1], sl=1)/{u}",
            "fc00:c::1",
            none,
            Final,
        ),
        (
            "a carrier, as its source knows no better",
            "ip6(src={s}, dst=fcbb:bb00:1:2::)/{u}",
            "fcbb:bb00:1:2::",
            none,
            Header,
        ),
        (
            "a carrier, guessed",
            "ip6(src={s}, dst=fcbb:bb00:1:2:3::)/{u}",
            "fcbb:bb00:3::",
            none,
            Arriving("fcbb:bb00:3::"),
        ),
        (
            "a carrier, planned",
            "ip6(src={s}, dst=fcbb:bb00:1:2:3::)/{u}",
            "fcbb:bb00:3::",
            f3216,
            Arriving("fcbb:bb00:3::"),
        ),
        (
            "a carrier, planned, bad",
            "ip6(src={s}, dst=fcbb:bb00:1:2:3::)/{u}",
            "fc00::8",
            f3216,
            BadFor("fcbb:bb00:3::"),
        ),
        (
            "a carrier on its way",
            "ip6(src={s}, dst=fcbb:bb00:2:3::)/{u}",
            "fcbb:bb00:3::",
            none,
            Arriving("fcbb:bb00:3::"),
        ),
        ("a carrier that arrived", "ip6(src={s}, dst=fcbb:bb00:3::)/{u}", "fcbb:bb00:3::", none, Header),
        (
            "a carrier with an argument",
            "ip6(src={s}, dst=fcbb:bb00:1:2:7::)/{u}",
            "fcbb:bb00:2:7::",
            none,
            Arriving("fcbb:bb00:2:7::"),
        ),
        (
            "a carrier at the end of a list",
            "ip6(src={s})/srh(path=[fc00:b::1, fcbb:bb00:1:2:3::])/{u}",
            "fcbb:bb00:3::",
            none,
            Arriving("fcbb:bb00:3::"),
        ),
        (
            "a carrier before a segment",
            "ip6(src={s}, dst=fcbb:bb00:2::)/srh(segs=[fc00:c::1, fcbb:bb00:1:2::], sl=1)/{u}",
            "fc00:c::1",
            none,
            Final,
        ),
        ("a container, guessed", &start, "2001:db8:b:9:1::", none, Arriving("2001:db8:b:9:1::")),
        ("a container, planned", &start, "2001:db8:b:9:1::", replace, Arriving("2001:db8:b:9:1::")),
        ("a container on its way", &way, "2001:db8:b:9:1::", none, Arriving("2001:db8:b:9:1::")),
        ("a container on its way, planned", &way, "2001:db8:b:9:1::", replace, Arriving("2001:db8:b:9:1::")),
        ("a container, planned, bad", &way, "fc00::8", replace, BadFor("2001:db8:b:9:1::")),
        ("perhaps a container", &way, "fc00::8", none, Not(Unverified::PerhapsCompressed)),
        (
            "unusual lengths",
            "ip6(src={s}, dst=2001:db8:0:1:0:200::)/{u}",
            "2001:db8:0:2::",
            none,
            Not(Unverified::PerhapsCompressed),
        ),
        (
            "unusual lengths, planned",
            "ip6(src={s}, dst=2001:db8:0:1:0:200::)/{u}",
            "2001:db8:0:2::",
            odd,
            Arriving("2001:db8:0:2::"),
        ),
        ("a first fragment", "ip6(src={s}, dst=fc00::9)/frag(more=1)/{u}", "fc00::8", none, Not(Unverified::Fragment)),
        ("an atomic fragment", "ip6(src={s}, dst=fc00::9)/frag()/{u}", "fc00::9", none, Header),
    ];
    let wrong: Vec<_> = cases
        .into_iter()
        .filter_map(|(name, text, destination, locators, expected)| {
            let found = check(&packet(text, destination), 0, locators);
            (found != expected).then(|| format!("{name}: {found:?}, expected {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn missing_bytes_are_no_reason() {
    let whole = packet("ip6(src={s}, dst=fc00::9)/{u}", "fc00::8");
    assert_eq!(check(&whole, 0, &[]), Expected::Bad);
    assert_eq!(check(&whole[..whole.len() - 1], 1, &[]), Expected::Unverified(Unverified::Cut));
    // A lie about the length, not a capture cut short.
    assert_eq!(check(&whole[..whole.len() - 1], 0, &[]), Expected::Unverified(Unverified::Cut));
}

#[test]
fn what_hardware_would_complete_is_partial() {
    // The kernel leaves the sum of the pseudo-header: not its complement.
    let whole = build("ip6(src=2001:db8::1, dst=fc00::9)/udp(sport=1, dport=2)/\"data\"");
    let words =
        |bytes: &[u8]| bytes.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum::<u32>();
    let mut sum = words(&whole[8..40]) + 12 + 17;
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    let partial = build(&format!("ip6(src=2001:db8::1, dst=fc00::9)/udp(sport=1, dport=2, cksum={sum:#x})/\"data\""));
    assert_eq!(check(&partial, 0, &[]), Expected::Unverified(Unverified::Partial));
}

#[test]
fn a_home_address_is_the_source() {
    let udp = build(&format!("ip6(src={SOURCE}, dst=fc00::9)/{UDP})/\"data\""))[40..].to_vec();
    // PadN, then a Home Address option (RFC 6275 §6.3).
    let home = "2001:db8::1".parse::<std::net::Ipv6Addr>().unwrap().octets();
    let options = [&[17, 2, 1, 2, 0, 0, 0xc9, 16][..], &home, &udp].concat();
    let packet = build(&format!("ip6(src=fc00::c0, dst=fc00::9, nxt=60)/hex({})", hex::encode(options)));
    assert_eq!(check(&packet, 0, &[]), Expected::Header);
}

/// Other Routing headers end where the tree shows it: at the last whole address of
/// type 0, and at the only one of type 2, whatever else their length has room for.
#[test]
fn older_routing_headers_end_somewhere_too() {
    let octets = |text: &str| text.parse::<std::net::Ipv6Addr>().unwrap().octets();
    let udp = &packet("ip6(src={s}, dst=fc00:d::1)/{u}", "fc00:c::1")[40..];
    let (end, other) = (octets("fc00:c::1"), octets("fc00:e::1"));
    let routed = |kind: u8, addresses: &[u8]| {
        let header = [&[17, (addresses.len() / 8) as u8, kind, 1, 0, 0, 0, 0][..], addresses, udp].concat();
        check(&build(&format!("ip6(src={SOURCE}, dst=fc00:d::1, nxt=43)/hex({})", hex::encode(header))), 0, &[])
    };
    assert_eq!(routed(0, &[other, end].concat()), Expected::Final);
    assert_eq!(routed(0, &[&other[..], &end, &[0; 8]].concat()), Expected::Final);
    assert_eq!(routed(2, &end), Expected::Final);
    assert_eq!(routed(2, &[end, other].concat()), Expected::Final);
    assert_eq!(routed(0, &[end, other].concat()), Expected::Bad);
    assert_eq!(routed(0, &[0; 8]), Expected::Unverified(Unverified::UnknownDestination));
}

#[test]
fn ipv4_is_checked_too() {
    let status = |text: &str| {
        let bytes = build(text);
        let frame = Frame::new(LinkType::RAW, &bytes);
        let dissection = Dissection::of(&frame);
        let packet = Packet::new(&frame, &dissection);
        [Proto::Ipv4, Proto::Udp].map(|proto| packet.first(proto).and_then(|layer| packet.checksum(layer)))
    };
    let [header, udp] = status("ip4(src=10.0.0.1, dst=10.0.0.2)/udp/\"x\"");
    assert!(matches!((header, udp), (Some(Checksum::Good(_)), Some(Checksum::Good(_)))));
    let [header, udp] = status("ip4(src=10.0.0.1, dst=10.0.0.2, cksum=bad)/udp(cksum=bad)/\"x\"");
    assert!(matches!((header, udp), (Some(Checksum::Bad { .. }), Some(Checksum::Bad { .. }))));
    let [header, udp] = status("ip4(src=10.0.0.1, dst=10.0.0.2, cksum=0)/udp(cksum=0)/\"x\"");
    assert_eq!((header, udp), (Some(Checksum::Unverified(Unverified::Blank)), Some(Checksum::NotPresent)));
    // A loose source route (RFC 791 §3.1), whose end is elsewhere.
    let [_, udp] = status("ip4(src=10.0.0.1, dst=10.0.0.2, options=830704c000020100)/udp(cksum=0x1234)/\"x\"");
    assert_eq!(udp, Some(Checksum::Unverified(Unverified::UnknownDestination)));
}
