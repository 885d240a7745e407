//! What SRv6 nodes do by the RFCs, case by case: a packet in notation, and the
//! packet, error or drop that must come of it. The node is `x`, between `a`
//! and `b`; `tests/conformance` asks the same of Linux.

mod csid;
mod hmac;
#[path = "../support/mod.rs"]
mod support;

use sr6::simulate::{Network, NodeId};
use sr6::srv6::endpoint::{self, Decision, Input, Kind, Outcome, Profile};
use sr6::topology::Topology;
use support::captures::build;
use support::{KEYS, NODE};

/// What `x` has besides [`NODE`].
const ROUTES: &str = r#"
[[route]]
node = "x"
to = "10.9.0.0/16"
via = "10.0.2.1"
table = 100
[[route]]
node = "x"
to = "fc00:e1::/64"
dev = "xb"
encap = { mode = "encap", segs = ["fc00:b::1", "fc00:b::2"] }
[[route]]
node = "x"
to = "fc00:e2::/64"
dev = "xb"
encap = { mode = "encap.red", segs = ["fc00:b::1", "fc00:b::2"] }
[[route]]
node = "x"
to = "fc00:e3::/64"
dev = "xb"
encap = { mode = "inline", segs = ["fc00:b::1"] }
[[route]]
node = "x"
to = "fc00:e4::/64"
dev = "xb"
encap = { mode = "l2encap.red", segs = ["fc00:b::1"] }
[[route]]
node = "x"
to = "10.8.0.0/16"
dev = "xb"
encap = { mode = "encap", segs = ["fc00:b::1"] }
"#;

/// The SIDs of `x`: each `fc00::N` by what stands here.
const SIDS: [(&str, &str); 25] = [
    ("1", "action='End'"),
    ("2", "action='End'\nflavors=['psp']"),
    ("3", "action='End'\nflavors=['usp']"),
    ("4", "action='End'\nflavors=['usd']"),
    ("5", "action='End.X'\nnh6='2001:db8:c::1'"),
    ("6", "action='End.T'\nlookup=100"),
    ("7", "action='End.DX2'\noif='xb'"),
    ("8", "action='End.DX4'\nnh4='10.0.2.1'"),
    ("9", "action='End.DX6'\nnh6='2001:db8:c::1'"),
    ("a", "action='End.DT4'\nvrf=100"),
    ("b", "action='End.DT6'\nlookup=100"),
    ("c", "action='End.DT46'\nvrf=100"),
    ("d", "action='End.B6.Encaps'\nsrh={segs=['fc00:b::1','fc00:b::2']}"),
    ("e", "action='End.B6.Encaps.Red'\nsrh={segs=['fc00:b::1','fc00:b::2']}"),
    ("f", "action='End.B6.Insert'\nsrh={segs=['fc00:b::8','fc00:b::9']}"),
    ("10", "action='End.BM'\nlabels=[100,200]\noif='xb'"),
    ("11", "action='End.DT2U'\nbridge=['xb','xc']\nmacs={'02:00:00:00:00:01'='xc'}"),
    ("12", "action='End.AM'\noif='xc'\niif='xc'"),
    ("13", "action='End.X'\nnh6='2001:db8:c::1'\nflavors=['psp','usd']"),
    ("14", "action='End.T'\nlookup=100\nflavors=['usd']"),
    ("15", "action='End.B6.Insert.Red'\nsrh={segs=['fc00:b::8','fc00:b::9']}"),
    ("19", "action='End.B6.Insert.Red'\nsrh={segs=['fc00:b::8']}"),
    ("16", "action='End'\nflavors=['psp','usp','usd']"),
    ("17", "action='End.AD'\noif='xc'\niif='xb'"),
    ("18", "action='End.AS'\noif='xc'\niif='xb'\nsrh={segs=['fc00:b::5']}"),
];

/// The topology, without SIDs.
fn net() -> String {
    NODE.replace(KEYS, "hmac = [{ id = 7, algorithm = \"sha256\", secret = \"secret\" }]\n") + ROUTES
}

fn network() -> Network {
    let mut text = net();
    for (number, sid) in SIDS {
        text += &format!("[[sid]]\nnode='x'\nsid='fc00::{number}'\n{sid}\n");
    }
    text += &csid::toml();
    Network::new(&Topology::parse("cases", &text).unwrap()).unwrap()
}

const FRAME: [u8; 14] = [2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 0x86, 0xdd];

/// The node `x` gets a packet by `xa`.
fn outcome(network: &Network, notation: &str) -> Outcome {
    let x = NodeId(1);
    let packet = build(notation);
    let input =
        Input { packet: &packet, frame_header: &FRAME, interface: network.find_interface(x, "xa"), cache: None };
    endpoint::process(input, network.node(x), Profile::Rfc, &mut ())
}

/// What the packet becomes, in a form that cases can be written in: `xb: `
/// with the hex of what leaves, an error's numbers, or a drop's reason.
fn said(network: &Network, notation: &str) -> String {
    match outcome(network, notation).decision {
        Decision::Forward(forward) => {
            let by = network.interface_name(NodeId(1), forward.interface);
            format!("{by}: {}", hex::encode(forward.packet))
        }
        Decision::Flood { frame, ports } => format!("flood {}: {}", ports.len(), hex::encode(frame)),
        Decision::Deliver { upper, .. } => format!("deliver {upper}"),
        Decision::Error { error, reply, .. } => {
            assert!(reply.is_some(), "{notation}: the source is not told");
            format!("icmp {}/{} {}", error.kind, error.code, error.parameter)
        }
        Decision::Drop { reason } => format!("drop {reason:?}"),
    }
}

/// From `a`, with an SRH of these arguments, to this SID.
fn srv6(sid: &str, hop_limit: u8, srh: &str, rest: &str) -> String {
    format!("ip6(src=2001:db8:a::1, dst={sid}, hlim={hop_limit})/srh({srh})/{rest}")
}

const UDP: &str = "udp(sport=1, dport=2, cksum=0x1234)/\"x\"";
const INNER6: &str = "ip6(src=fc00:a::1, dst=fc00:b::9, hlim=9)/udp(sport=1, dport=2, cksum=0x1234)/\"x\"";
const INNER6_AFTER: &str = "ip6(src=fc00:a::1, dst=fc00:b::9, hlim=8)/udp(sport=1, dport=2, cksum=0x1234)/\"x\"";
const INNER4: &str = "ip4(src=10.1.1.1, dst=10.9.1.1, ttl=9)/udp(sport=1, dport=2, cksum=0x1234)/\"x\"";
const INNER4_AFTER: &str = "ip4(src=10.1.1.1, dst=10.9.1.1, ttl=8)/udp(sport=1, dport=2, cksum=0x1234)/\"x\"";
const ETH: &str = "eth(src=02:00:00:00:00:05, dst=02:00:00:00:00:01)/ip6(src=fc00:a::1, dst=fc00:b::9)/\"y\"";

fn by(interface: &str, notation: &str) -> String {
    format!("{interface}: {}", hex::encode(build(notation)))
}

/// Every case; all that are wrong are told at once.
fn check(cases: &[(&str, String, String)]) {
    let network = network();
    let wrong: Vec<_> = cases
        .iter()
        .filter_map(|(name, packet, expected)| {
            let said = said(&network, packet);
            (said != *expected)
                .then(|| format!("{name}\n    packet {packet}\n  expected {expected}\n       got {said}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const TWO: &str = "segs=[fc00:b::1, fc00::77], sl=1";
const TWO_DONE: &str = "segs=[fc00:b::1, fc00::77], sl=0";

#[test]
fn the_end_family_takes_the_next_segment() {
    let after = srv6("fc00:b::1", 63, TWO_DONE, UDP);
    let popped = format!("ip6(src=2001:db8:a::1, dst=fc00:b::1, hlim=63)/{UDP}");
    let three = "segs=[fc00:b::1, fc00:b::2, fc00::77]";
    check(&[
        ("End", srv6("fc00::1", 64, TWO, UDP), by("xb", &after)),
        (
            "End, reduced",
            srv6("fc00::1", 64, "segs=[fc00:b::1], sl=1", UDP),
            by("xb", &srv6("fc00:b::1", 63, "segs=[fc00:b::1], sl=0", UDP)),
        ),
        ("End.X", srv6("fc00::5", 64, TWO, UDP), by("xc", &after)),
        ("End.T", srv6("fc00::6", 64, TWO, UDP), by("xc", &after)),
        ("PSP", srv6("fc00::2", 64, TWO, UDP), by("xb", &popped)),
        (
            "PSP before the last but one",
            srv6("fc00::2", 64, &format!("{three}, sl=2"), UDP),
            by("xb", &srv6("fc00:b::2", 63, &format!("{three}, sl=1"), UDP)),
        ),
        ("End.X with PSP", srv6("fc00::13", 64, TWO, UDP), by("xc", &popped)),
        (
            "PSP behind destination options",
            format!("ip6(src=2001:db8:a::1, dst=fc00::2, hlim=64)/dst/srh({TWO})/{UDP}"),
            by("xb", &format!("ip6(src=2001:db8:a::1, dst=fc00:b::1, hlim=63)/dst/{UDP}")),
        ),
        (
            "two SIDs of the node in a row",
            srv6("fc00::1", 64, "segs=[fc00:b::1, fc00::2, fc00::1], sl=2", UDP),
            by("xb", &format!("ip6(src=2001:db8:a::1, dst=fc00:b::1, hlim=62)/{UDP}")),
        ),
        (
            "a spent SRH before",
            format!("ip6(src=2001:db8:a::1, dst=fc00::1)/srh({TWO_DONE})/srh({TWO})/{UDP}"),
            by("xb", &format!("ip6(src=2001:db8:a::1, dst=fc00:b::1, hlim=63)/srh({TWO_DONE})/srh({TWO_DONE})/{UDP}")),
        ),
    ]);
}

#[test]
fn what_an_srh_must_fulfil() {
    check(&[
        ("hop limit 1", srv6("fc00::1", 1, TWO, UDP), "icmp 3/0 0".into()),
        ("Segments Left too big", srv6("fc00::1", 64, "segs=[fc00:b::1], sl=2", UDP), "icmp 4/0 43".into()),
        ("Last Entry too big", srv6("fc00::1", 64, "segs=[fc00:b::1], sl=1, last=1", UDP), "icmp 4/0 43".into()),
        ("at a plain address too", srv6("2001:db8:a::2", 64, "segs=[fc00:b::1], sl=2", UDP), "icmp 4/0 43".into()),
        (
            "another routing type",
            "ip6(src=2001:db8:a::1, dst=fc00::1)/routing(type=5, sl=1)/udp".into(),
            "icmp 4/0 42".into(),
        ),
        ("multicast next", srv6("fc00::1", 64, "segs=[ff02::1], sl=1", UDP), "drop Multicast".into()),
        ("no route to the next", srv6("fc00::1", 64, "segs=[fd00::1], sl=1", UDP), "icmp 1/0 0".into()),
        ("nothing inside", srv6("fc00::1", 64, TWO_DONE, UDP), "icmp 4/4 80".into()),
        ("no SRH", format!("ip6(src=2001:db8:a::1, dst=fc00::1)/{UDP}"), "icmp 4/4 40".into()),
        ("allowed upper layer", "ip6(src=2001:db8:a::1, dst=fc00::1)/icmp6(type=echo)".into(), "deliver 58".into()),
        ("next is the node's own", srv6("fc00::1", 64, "segs=[2001:db8:a::2], sl=1", UDP), "deliver 17".into()),
        ("D with segments left", srv6("fc00::9", 64, TWO, INNER6), "icmp 4/0 43".into()),
    ]);
}

#[test]
fn the_end_of_the_path_decapsulates() {
    let done = |sid: &str, inner: &str| srv6(sid, 64, "segs=[fc00::77], sl=0", inner);
    check(&[
        ("DX6", done("fc00::9", INNER6), by("xc", INNER6_AFTER)),
        ("DX6 without an SRH", format!("ip6(src=2001:db8:a::1, dst=fc00::9)/{INNER6}"), by("xc", INNER6_AFTER)),
        ("DX6, IPv4 inside", done("fc00::9", INNER4), "icmp 4/4 64".into()),
        ("DX4", done("fc00::8", INNER4), by("xb", INNER4_AFTER)),
        ("DT6", done("fc00::b", INNER6), by("xc", INNER6_AFTER)),
        ("DT4", done("fc00::a", INNER4), by("xb", INNER4_AFTER)),
        ("DT46 with IPv6", done("fc00::c", INNER6), by("xc", INNER6_AFTER)),
        ("DT46 with IPv4", done("fc00::c", INNER4), by("xb", INNER4_AFTER)),
        ("DX2", done("fc00::7", ETH), by("xb", ETH)),
        ("DT2U, known address", done("fc00::11", ETH), by("xc", ETH)),
        (
            "DT2U, unknown address",
            done("fc00::11", &ETH.replace("00:01)", "00:02)")),
            by("flood 2", &ETH.replace("00:01)", "00:02)")),
        ),
        ("USD", done("fc00::4", INNER6), by("xb", INNER6_AFTER)),
        ("End.X with USD", done("fc00::13", INNER6), by("xc", INNER6_AFTER)),
        ("End.T with USD", done("fc00::14", INNER4), by("xb", INNER4_AFTER)),
        ("USP and USD", done("fc00::16", INNER6), by("xb", INNER6_AFTER)),
        ("USP, upper layer allowed", done("fc00::3", "icmp6(type=echo)"), "deliver 58".into()),
        ("USP, upper layer refused where it now is", done("fc00::3", UDP), "icmp 4/4 40".into()),
        ("plain address", done("2001:db8:a::2", INNER6), by("xb", INNER6_AFTER)),
        (
            "inner hop limit",
            done("fc00::9", &INNER6.replace("hlim=9", "hlim=1").replace("src=fc00:a::1", "src=2001:db8:a::9")),
            "icmp 3/0 0".into(),
        ),
    ]);
}

#[test]
fn binding_sids_push() {
    let inner = srv6("fc00:b::1", 63, TWO_DONE, UDP);
    let outer = "ip6(src=fc00:ff::1, dst=fc00:b::1, hlim=64)";
    check(&[
        (
            "B6.Encaps",
            srv6("fc00::d", 64, TWO, UDP),
            by("xb", &format!("{outer}/srh(path=[fc00:b::1, fc00:b::2])/{inner}")),
        ),
        (
            "B6.Encaps.Red",
            srv6("fc00::e", 64, TWO, UDP),
            by("xb", &format!("{outer}/srh(segs=[fc00:b::2], sl=1)/{inner}")),
        ),
        (
            "B6.Insert",
            srv6("fc00::f", 64, TWO, UDP),
            by(
                "xb",
                &format!(
                    "ip6(src=2001:db8:a::1, dst=fc00:b::8, hlim=63)/srh(path=[fc00:b::8, fc00:b::9])/srh({TWO})/{UDP}"
                ),
            ),
        ),
        (
            "B6.Insert.Red",
            srv6("fc00::15", 64, TWO, UDP),
            by(
                "xb",
                &format!("ip6(src=2001:db8:a::1, dst=fc00:b::8, hlim=63)/srh(segs=[fc00:b::9], sl=1)/srh({TWO})/{UDP}"),
            ),
        ),
        (
            "B6.Insert.Red of one segment needs no SRH",
            srv6("fc00::19", 64, TWO, UDP),
            by("xb", &srv6("fc00:b::8", 63, TWO, UDP)),
        ),
        ("BM", srv6("fc00::10", 64, TWO, UDP), format!("xb: 0006403f000c813f{}", hex::encode(build(&inner)))),
    ]);
}

#[test]
fn headends_push() {
    let to = |address: &str, hlim: u8| {
        format!("ip6(src=2001:db8:a::1, dst={address}, hlim={hlim}, tc=0x20, flow=0x12345)/{UDP}")
    };
    let outer = "ip6(src=fc00:ff::1, dst=fc00:b::1, hlim=64, tc=0x20, flow=0x12345)";
    let v4 = |ttl: u8| format!("ip4(src=10.0.1.1, dst=10.8.0.1, ttl={ttl})/{UDP}");
    let ethernet = format!("eth(dst=02:00:00:00:00:09, src=02:00:00:00:00:08)/{}", to("fc00:e4::1", 64));
    check(&[
        (
            "H.Encaps",
            to("fc00:e1::1", 64),
            by("xb", &format!("{outer}/srh(path=[fc00:b::1, fc00:b::2])/{}", to("fc00:e1::1", 63))),
        ),
        (
            "H.Encaps.Red",
            to("fc00:e2::1", 64),
            by("xb", &format!("{outer}/srh(segs=[fc00:b::2], sl=1)/{}", to("fc00:e2::1", 63))),
        ),
        (
            "H.Insert",
            to("fc00:e3::1", 64),
            by(
                "xb",
                &format!(
                    "ip6(src=2001:db8:a::1, dst=fc00:b::1, hlim=63, tc=0x20, flow=0x12345)/srh(path=[fc00:b::1, fc00:e3::1])/{UDP}"
                ),
            ),
        ),
        ("H.Encaps.L2.Red of one segment", to("fc00:e4::1", 64), by("xb", &format!("{outer}/{ethernet}"))),
        (
            "H.Encaps of IPv4",
            v4(64),
            by("xb", &format!("ip6(src=fc00:ff::1, dst=fc00:b::1, hlim=64)/srh(path=[fc00:b::1])/{}", v4(63))),
        ),
        ("the inner hop limit ends", to("fc00:e1::1", 1), "icmp 3/0 0".into()),
    ]);
}

#[test]
fn services_behind_a_proxy() {
    let network = network();
    let x = NodeId(1);
    check(&[
        (
            "AM shows the service the end",
            srv6("fc00::12", 64, "segs=[fc00:b::1, fc00:b::2, fc00::12], sl=2", UDP),
            by("xc", &srv6("fc00:b::1", 63, "segs=[fc00:b::1, fc00:b::2, fc00::12], sl=1", UDP)),
        ),
        ("AS strips", srv6("fc00::18", 64, TWO, INNER6), by("xc", INNER6)),
        (
            "AD needs an SRH with segments left",
            format!("ip6(src=2001:db8:a::1, dst=fc00::17)/{INNER6}"),
            "icmp 4/4 40".into(),
        ),
    ]);
    // What the service returns gets its headers back.
    let sent = outcome(&network, &srv6("fc00::17", 64, TWO, INNER6));
    let (service, cache) = sent.learned.expect("AD learns");
    assert_eq!(Some(service), network.find_interface(x, "xb"), "for what the service returns");
    assert_eq!(hex::encode(&cache), hex::encode(&build(&srv6("fc00:b::1", 63, TWO_DONE, INNER6))[..80]));
    let returned = build(INNER6);
    let input =
        Input { packet: &returned, frame_header: &[], interface: network.find_interface(x, "xb"), cache: Some(&cache) };
    let Decision::Forward(forward) = endpoint::process(input, network.node(x), Profile::Rfc, &mut ()).decision else {
        panic!()
    };
    assert_eq!(forward.packet, build(&srv6("fc00:b::1", 63, TWO_DONE, INNER6)));
    assert_eq!(forward.kind, Kind::Ipv6);
}

/// RFC 8754 §4.3.2: a Routing header with segments left is of a type that the
/// node does not know; one without is passed over.
#[test]
fn a_node_without_srv6_says_so() {
    let text = net().replace("name = \"x\"\n", "name = \"x\"\nseg6 = false\n");
    let network = Network::new(&Topology::parse("off", &text).unwrap()).unwrap();
    let at_x = |srh: &str| said(&network, &srv6("2001:db8:a::2", 64, srh, UDP));
    assert_eq!(at_x("segs=[fc00:b::1, 2001:db8:a::2], sl=1"), "icmp 4/0 42");
    assert_eq!(at_x("segs=[2001:db8:a::2, fc00:b::1], sl=0"), "deliver 17");
}

/// By the Linux profile: each behaviour it has, VRFs included, which the kernel
/// of `tests/conformance` may lack; and none that it has not.
#[test]
fn linux_has_these_behaviors() {
    let network = network();
    let x = NodeId(1);
    let said = |notation: &str| {
        let packet = build(notation);
        let interface = network.find_interface(x, "xa");
        let input = Input { packet: &packet, frame_header: &FRAME, interface, cache: None };
        match endpoint::process(input, network.node(x), Profile::Linux, &mut ()).decision {
            Decision::Forward(forward) => {
                format!("{}: {}", network.interface_name(x, forward.interface), hex::encode(forward.packet))
            }
            Decision::Drop { reason } => format!("drop {reason:?}"),
            other => panic!("{notation}: {other:?}"),
        }
    };
    let done = |sid: &str, inner: &str| srv6(sid, 64, "segs=[fc00::77], sl=0", inner);
    let after = srv6("fc00:b::1", 63, TWO_DONE, UDP);
    let outer = "ip6(src=fc00:ff::1, dst=fc00:b::1, hlim=63)/srh(path=[fc00:b::1, fc00:b::2])";
    let inserted = "srh(segs=[fc00::f, fc00:b::9, fc00:b::8], sl=2)";
    for (name, packet, expected) in [
        ("End", srv6("fc00::1", 64, TWO, UDP), by("xb", &after)),
        (
            "PSP",
            srv6("fc00::2", 64, TWO, UDP),
            by("xb", &format!("ip6(src=2001:db8:a::1, dst=fc00:b::1, hlim=63)/{UDP}")),
        ),
        ("End.X", srv6("fc00::5", 64, TWO, UDP), by("xc", &after)),
        ("End.T", srv6("fc00::6", 64, TWO, UDP), by("xc", &after)),
        ("DX2", done("fc00::7", ETH), by("xb", ETH)),
        ("DX4", done("fc00::8", INNER4), by("xb", INNER4_AFTER)),
        ("DX6", done("fc00::9", INNER6), by("xc", INNER6_AFTER)),
        ("DT4", done("fc00::a", INNER4), by("xb", INNER4_AFTER)),
        ("DT4, IPv6 inside", done("fc00::a", INNER6), "drop WrongUpper".into()),
        ("DT6", done("fc00::b", INNER6), by("xc", INNER6_AFTER)),
        ("DT46 with IPv6", done("fc00::c", INNER6), by("xc", INNER6_AFTER)),
        ("DT46 with IPv4", done("fc00::c", INNER4), by("xb", INNER4_AFTER)),
        ("DT46 with UDP", done("fc00::c", UDP), "drop WrongUpper".into()),
        ("DT46 with segments left", srv6("fc00::c", 64, TWO, INNER4), "drop SegmentsRemain".into()),
        // The inner hop limit stays, the outer one is the inner one's.
        (
            "B6.Encaps",
            srv6("fc00::d", 64, TWO, UDP),
            by("xb", &format!("{outer}/{}", srv6("fc00:b::1", 64, TWO_DONE, UDP))),
        ),
        // The SID itself is the last of the list, to which the packet returns.
        (
            "B6.Insert",
            srv6("fc00::f", 64, TWO, UDP),
            by("xb", &format!("ip6(src=2001:db8:a::1, dst=fc00:b::8, hlim=63)/{inserted}/srh({TWO})/{UDP}")),
        ),
    ] {
        assert_eq!(said(&packet), expected, "{name}");
    }
    for missing in ["3", "4", "e", "10", "11", "12", "13", "15", "16", "17", "18"] {
        assert_eq!(said(&srv6(&format!("fc00::{missing}"), 64, TWO, UDP)), "drop NotInLinux", "fc00::{missing}");
    }
}

#[test]
fn the_o_flag_copies() {
    let network = network();
    assert!(outcome(&network, &srv6("fc00::1", 64, &format!("{TWO}, flags=0x20"), UDP)).oam_copy);
    assert!(!outcome(&network, &srv6("fc00::1", 64, TWO, UDP)).oam_copy);
}

/// Any bytes, any profile: an answer, and the same one again.
#[test]
fn any_bytes_have_an_answer() {
    let network = network();
    let x = NodeId(1);
    let seeds = [
        build(&srv6("fc00::1", 64, TWO, UDP)),
        build(&srv6("fc00::f", 64, "segs=[fc00::f, fc00::f], sl=1", INNER6)),
        build(&srv6("2001:db8:b0:10b:1::3", 64, "segs=[5:1:4:1:3:1:2:1], sl=0", UDP)),
        build(&srv6("2001:db8:b0:120:1::1", 64, "segs=[fc00:b::1, 5:1:4:1:3:1:2:1], sl=1", UDP)),
        build(&srv6("2001:db8:b0:10f:1::", 64, "segs=[5:1:4:1:3:1:2:1], sl=1", INNER6)),
        build(&srv6("fcbb:bb00:122:200:300::", 64, "segs=[fc00:b::1], sl=1", INNER4)),
        build(&srv6("fcbb:bb00:10e:200::", 64, "segs=[fc00:b::1], sl=1", INNER6)),
        build(&srv6("fc00::9", 64, TWO_DONE, INNER4)),
        build(&srv6("2001:db8:a::2", 2, "segs=[2001:db8:a::2, 2001:db8:a::2], sl=1, tlvs=[tlv(5, 80)]", ETH)),
    ];
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random as usize
    };
    for round in 0..20_000 {
        let mut packet = seeds[round % seeds.len()].clone();
        for _ in 0..next() % 4 {
            let at = next() % packet.len();
            packet[at] = next() as u8;
        }
        packet.truncate(packet.len() - next() % 3 * (next() % packet.len()) / 2);
        for profile in [Profile::Rfc, Profile::Linux] {
            let input = Input {
                packet: &packet,
                frame_header: &FRAME,
                interface: network.find_interface(x, "xa"),
                cache: None,
            };
            let once = endpoint::process(input, network.node(x), profile, &mut ());
            assert_eq!(once, endpoint::process(input, network.node(x), profile, &mut ()));
        }
    }
}
