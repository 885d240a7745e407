//! Compressed SIDs (RFC 9800): NEXT-C-SID and REPLACE-C-SID at every behaviour
//! that is registered with them.

use super::*;

/// What the SIDs have in common: every one there is once with NEXT-C-SID, as
/// `fcbb:bb00:1NN::/48`, and once with REPLACE-C-SID, as
/// `2001:db8:b0:1NN:1::/80`.
const BOTH: [(&str, &str); 16] = [
    ("00", "action='End'"),
    ("01", "action='End.X'\nnh6='2001:db8:c::1'"),
    ("02", "action='End.T'\nlookup=100"),
    ("03", "action='End.DX2'\noif='xb'"),
    ("04", "action='End.DX4'\nnh4='10.0.2.1'"),
    ("05", "action='End.DX6'\nnh6='2001:db8:c::1'"),
    ("06", "action='End.DT4'\nvrf=100"),
    ("07", "action='End.DT6'\nlookup=100"),
    ("08", "action='End.DT46'\nvrf=100"),
    ("09", "action='End.DT2U'\nbridge=['xb','xc']\nmacs={'02:00:00:00:00:01'='xc'}"),
    ("0a", "action='End.BM'\nlabels=[100,200]\noif='xb'"),
    ("0b", "action='End.B6.Encaps'\nsrh={segs=['fc00:b::1','fc00:b::2']}"),
    ("0c", "action='End.B6.Encaps.Red'\nsrh={segs=['fc00:b::1','fc00:b::2']}"),
    ("0d", "action='End.AS'\noif='xc'\niif='xb'\nsrh={segs=['fc00:b::5']}"),
    ("0e", "action='End.AD'\noif='xc'\niif='xb'"),
    ("0f", "action='End.AM'\noif='xc'\niif='xc'"),
];

/// Those with NEXT-C-SID and more.
const NEXT: [(&str, &str); 4] = [
    ("20", "action='End'\nflavors=['next-csid','psp']"),
    ("21", "action='End'\nflavors=['next-csid','usp','usd']"),
    ("22", "action='End.B6.Insert.Red'\nflavors=['next-csid']\nsrh={segs=['fc00:b::8']}"),
    ("23", "action='End.B6.Encaps.Red'\nflavors=['next-csid','psp','usd']\nsrh={segs=['fc00:b::8']}"),
];

/// Those with REPLACE-C-SID and more.
const REPLACE: [(&str, &str); 3] = [
    ("20", "action='End'\nflavors=['replace-csid','psp']"),
    ("21", "action='End'\nflavors=['replace-csid','usp','usd']"),
    ("22", "action='End.T'\nlookup=100\nflavors=['replace-csid','usd']"),
];

/// The SIDs and the routes to what follows them.
pub fn toml() -> String {
    let mut text = String::new();
    let mut sid = |sid: String, toml: &str| text += &format!("[[sid]]\nnode='x'\nsid='{sid}'\n{toml}\n");
    for (number, toml) in BOTH {
        sid(format!("fcbb:bb00:1{number}::/48"), &format!("{toml}\nflavors=['next-csid']"));
        let replace = format!("{toml}\nflavors=['replace-csid']\ncsid={{block=48,function=32}}");
        sid(format!("2001:db8:b0:1{number}:1::/80"), &replace);
    }
    NEXT.iter().for_each(|(number, toml)| sid(format!("fcbb:bb00:1{number}::/48"), toml));
    for (number, toml) in REPLACE {
        sid(format!("2001:db8:b0:1{number}:1::/80"), &format!("{toml}\ncsid={{block=48,function=32}}"));
    }
    for (to, table) in [("fcbb:bb00::/32", 100), ("2001:db8:b0::/48", 254), ("2001:db8:b0::/48", 100)] {
        let via = if table == 100 { "2001:db8:c::1" } else { "2001:db8:b::1" };
        text += &format!("[[route]]\nnode='x'\nto='{to}'\nvia='{via}'\ntable={table}\n");
    }
    text
}

/// A packet without an SRH.
fn plain(dst: &str, hlim: u8, rest: &str) -> String {
    format!("ip6(src=2001:db8:a::1, dst={dst}, hlim={hlim})/{rest}")
}

/// A carrier at the SID of that number: two more C-SIDs follow.
fn carrier(number: &str) -> String {
    format!("fcbb:bb00:1{number}:200:300::")
}

const SHIFTED: &str = "fcbb:bb00:200:300::";
const OUTER: &str = "ip6(src=fc00:ff::1, dst=fc00:b::1, hlim=64)";

/// RFC 9800 §4.1: the argument moves up, whatever is or is not in an SRH, and
/// then each behaviour does what it does with a next segment.
#[test]
fn next_shifts_at_every_behavior_that_goes_on() {
    let at = |number: &str| plain(&carrier(number), 64, UDP);
    let shifted = plain(SHIFTED, 63, UDP);
    check(&[
        ("End (§4.1.1)", at("00"), by("xb", &shifted)),
        ("End.X (§4.1.2)", at("01"), by("xc", &shifted)),
        ("End.T (§4.1.3)", at("02"), by("xc", &shifted)),
        ("End.B6.Encaps (§4.1.4)", at("0b"), by("xb", &format!("{OUTER}/srh(path=[fc00:b::1, fc00:b::2])/{shifted}"))),
        ("End.B6.Encaps.Red (§4.1.5)", at("0c"), by("xb", &format!("{OUTER}/srh(segs=[fc00:b::2], sl=1)/{shifted}"))),
        ("End.BM (§4.1.6)", at("0a"), format!("xb: 0006403f000c813f{}", hex::encode(build(&shifted)))),
        (
            "End.B6.Insert.Red: the rest of the carrier follows the list",
            at("22"),
            by("xb", &srv6("fc00:b::8", 63, &format!("segs=[{SHIFTED}], sl=1"), UDP)),
        ),
        ("hop limit", plain(&carrier("00"), 1, UDP), "icmp 3/0 0".into()),
        ("hop limit at End.B6.Encaps", plain(&carrier("0b"), 1, UDP), "icmp 3/0 0".into()),
        ("hop limit at End.AD", plain(&carrier("0e"), 1, INNER6), "icmp 3/0 0".into()),
        (
            "Segments Left stays, and is not looked at",
            srv6(&carrier("00"), 64, "segs=[fc00:b::1], sl=9", UDP),
            by("xb", &srv6(SHIFTED, 63, "segs=[fc00:b::1], sl=9", UDP)),
        ),
    ]);
}

/// RFC 8986 §4 with the argument used up, PSP, USP and USD included (RFC 9800
/// §4.1.7: unchanged).
#[test]
fn next_with_no_argument_is_the_plain_behavior() {
    let srh = |number: &str, rest: &str| srv6(&format!("fcbb:bb00:1{number}::"), 64, TWO, rest);
    let done = |number: &str, rest: &str| srv6(&format!("fcbb:bb00:1{number}::"), 64, TWO_DONE, rest);
    let after = srv6("fc00:b::1", 63, TWO_DONE, UDP);
    check(&[
        ("End", srh("00", UDP), by("xb", &after)),
        ("End.X", srh("01", UDP), by("xc", &after)),
        ("End.T", srh("02", UDP), by("xc", &after)),
        ("PSP", srh("20", UDP), by("xb", &plain("fc00:b::1", 63, UDP))),
        ("USP and USD", done("21", INNER6), by("xb", INNER6_AFTER)),
        ("nothing left", done("00", UDP), "icmp 4/4 80".into()),
        (
            "B6.Encaps.Red with PSP",
            srh("23", UDP),
            by("xb", &format!("ip6(src=fc00:ff::1, dst=fc00:b::8, hlim=64)/{}", plain("fc00:b::1", 63, UDP))),
        ),
        ("B6.Encaps.Red with USD", done("23", INNER6), by("xb", INNER6_AFTER)),
        ("B6.Insert.Red", srh("22", UDP), by("xb", &srv6("fc00:b::8", 63, TWO, UDP))),
    ]);
}

/// They are last SIDs: RFC 8986 as it is, whatever the argument.
#[test]
fn decapsulation_knows_no_next_csid() {
    for argument in ["", "200:300:"] {
        let next = |number: &str, inner: &str| plain(&format!("fcbb:bb00:1{number}:{argument}:"), 64, inner);
        let replace = |number: &str, inner: &str| {
            let place = if argument.is_empty() { "" } else { "3" };
            srv6(&format!("2001:db8:b0:1{number}:1::{place}"), 64, "segs=[5:1:4:1:3:1:2:1], sl=0", inner)
        };
        let left = |number: &str, inner: &str| {
            srv6(&format!("2001:db8:b0:1{number}:1::"), 64, "segs=[5:1:4:1:3:1:2:1], sl=1", inner)
        };
        let mut cases = Vec::new();
        for (name, number, inner, after) in [
            ("DX2", "03", ETH, by("xb", ETH)),
            ("DX4", "04", INNER4, by("xb", INNER4_AFTER)),
            ("DX6", "05", INNER6, by("xc", INNER6_AFTER)),
            ("DT4", "06", INNER4, by("xb", INNER4_AFTER)),
            ("DT6", "07", INNER6, by("xc", INNER6_AFTER)),
            ("DT46 with IPv6", "08", INNER6, by("xc", INNER6_AFTER)),
            ("DT46 with IPv4", "08", INNER4, by("xb", INNER4_AFTER)),
            ("DT2U", "09", ETH, by("xc", ETH)),
        ] {
            cases.push((name, next(number, inner), after.clone()));
            cases.push((name, replace(number, inner), after));
            cases.push((name, left(number, inner), "icmp 4/0 43".into()));
        }
        cases.push(("DX6, UDP inside", next("05", UDP), "icmp 4/4 40".into()));
        check(&cases);
    }
}

/// Five SIDs of one block: the first in the destination, four in a container.
const CONTAINER: &str = "5:1:4:1:3:1:2:1";

/// RFC 9800 §4.2: the next C-SID comes from the container, and then each
/// behaviour does what it does with a next segment.
#[test]
fn replace_steps_at_every_behavior_that_goes_on() {
    let packet = |dst: &str, hlim: u8, left: u8| srv6(dst, hlim, &format!("segs=[{CONTAINER}], sl={left}, tag=7"), UDP);
    let at = |number: &str| packet(&format!("2001:db8:b0:1{number}:1::"), 64, 1);
    let after = packet("2001:db8:b0:2:1::3", 63, 0);
    check(&[
        ("End (§4.2.1)", at("00"), by("xb", &after)),
        ("End.X (§4.2.2)", at("01"), by("xc", &after)),
        ("End.T (§4.2.3)", at("02"), by("xc", &after)),
        ("End.B6.Encaps (§4.2.4)", at("0b"), by("xb", &format!("{OUTER}/srh(path=[fc00:b::1, fc00:b::2])/{after}"))),
        ("End.B6.Encaps.Red (§4.2.5)", at("0c"), by("xb", &format!("{OUTER}/srh(segs=[fc00:b::2], sl=1)/{after}"))),
        ("End.BM (§4.2.6)", at("0a"), format!("xb: 0006403f000c813f{}", hex::encode(build(&after)))),
        ("hop limit at End.BM", packet("2001:db8:b0:10a:1::", 1, 1), "icmp 3/0 0".into()),
        ("Segments Left too big", packet("2001:db8:b0:10b:1::", 64, 2), "icmp 4/0 43".into()),
        ("Segments Left too big inside", packet("2001:db8:b0:100:1::3", 64, 1), "icmp 4/0 43".into()),
    ]);
}

/// One step after the other, to the end of the container and beyond it.
#[test]
fn replace_goes_through_the_container() {
    let one = |dst: &str, hlim: u8, left: u8| srv6(dst, hlim, &format!("segs=[{CONTAINER}], sl={left}"), UDP);
    let partly = "segs=[fc00:b::1, 0:0:0:0:0:0:2:1]";
    let two = "segs=[9:1:8:1:7:1:6:1, 5:1:4:1:3:1:2:1]";
    let psp = |dst: &str, hlim: u8, left: u8| srv6(dst, hlim, &format!("{partly}, sl={left}"), UDP);
    check(&[
        ("first", one("2001:db8:b0:100:1::", 64, 1), by("xb", &one("2001:db8:b0:2:1::3", 63, 0))),
        ("second", one("2001:db8:b0:100:1::3", 64, 0), by("xb", &one("2001:db8:b0:3:1::2", 63, 0))),
        ("last", one("2001:db8:b0:100:1::1", 64, 0), by("xb", &one("2001:db8:b0:5:1::", 63, 0))),
        ("done", one("2001:db8:b0:100:1::", 64, 0), "icmp 4/4 64".into()),
        (
            "the rest of the argument stays",
            one("2001:db8:b0:100:1:77:0:3", 64, 0),
            by("xb", &one("2001:db8:b0:3:1:77:0:2", 63, 0)),
        ),
        (
            "the next container",
            srv6("2001:db8:b0:100:1::", 64, &format!("{two}, sl=1"), UDP),
            by("xb", &srv6("2001:db8:b0:6:1::3", 63, &format!("{two}, sl=0"), UDP)),
        ),
        ("an empty place leads to a whole SID", psp("2001:db8:b0:100:1::3", 64, 1), by("xb", &psp("fc00:b::1", 63, 0))),
        (
            "PSP at the whole SID, whatever its last bits (§4.2.8)",
            psp("2001:db8:b0:120:1::3", 64, 1),
            by("xb", &plain("fc00:b::1", 63, UDP)),
        ),
        (
            "PSP at the last of the container",
            one("2001:db8:b0:120:1::1", 64, 0),
            by("xb", &plain("2001:db8:b0:5:1::", 63, UDP)),
        ),
        ("PSP not before it", one("2001:db8:b0:120:1::3", 64, 0), by("xb", &one("2001:db8:b0:3:1::2", 63, 0))),
        (
            "USP and USD",
            srv6("2001:db8:b0:121:1::", 64, &format!("segs=[{CONTAINER}], sl=0"), INNER6),
            by("xb", INNER6_AFTER),
        ),
        (
            "End.T with USD",
            srv6("2001:db8:b0:122:1::", 64, &format!("segs=[{CONTAINER}], sl=0"), INNER6),
            by("xc", INNER6_AFTER),
        ),
    ]);
}

/// What the node makes of a packet that a service returns by an interface.
fn returned(network: &Network, interface: &str, packet: &str, cache: Option<&[u8]>) -> Vec<u8> {
    let x = NodeId(1);
    let packet = build(packet);
    let input = Input { packet: &packet, frame_header: &[], interface: network.find_interface(x, interface), cache };
    match endpoint::process(input, network.node(x), Profile::Rfc, &mut ()).decision {
        Decision::Forward(forward) => forward.packet,
        other => panic!("{other:?}"),
    }
}

/// Code points 180 to 185.
#[test]
fn proxies_step_first() {
    let network = network();
    let next = |number: &str| plain(&carrier(number), 64, INNER6);
    let in_container = |number: &str, inner: &str| {
        srv6(&format!("2001:db8:b0:1{number}:1::"), 64, &format!("segs=[{CONTAINER}], sl=1"), inner)
    };
    check(&[
        ("AS, NEXT", next("0d"), by("xc", INNER6)),
        ("AS, REPLACE", in_container("0d", INNER6), by("xc", INNER6)),
        ("AD, NEXT", next("0e"), by("xc", INNER6)),
        ("AD, REPLACE", in_container("0e", INNER6), by("xc", INNER6)),
        ("AM, NEXT, no SRH to masquerade by", next("0f"), "icmp 4/4 40".into()),
        (
            "AM, NEXT",
            srv6(&carrier("0f"), 64, "segs=[fc00:b::1], sl=1", UDP),
            by("xc", &srv6("fc00:b::1", 63, "segs=[fc00:b::1], sl=1", UDP)),
        ),
    ]);
    let learned = |packet: &str| outcome(&network, packet).learned.expect("something is remembered").1;
    let headers = learned(&next("0e"));
    assert_eq!(hex::encode(&headers), hex::encode(&build(&plain(SHIFTED, 63, INNER6))[..40]));
    assert_eq!(returned(&network, "xb", INNER6, Some(&headers)).len(), 40 + build(INNER6).len());
    let headers = learned(&in_container("0e", INNER6));
    let stepped = srv6("2001:db8:b0:2:1::3", 63, &format!("segs=[{CONTAINER}], sl=0"), INNER6);
    assert_eq!(hex::encode(&headers), hex::encode(&build(&stepped)[..64]));
    // AM: the list cannot give back what was in the destination.
    let destination = learned(&srv6(&carrier("0f"), 64, "segs=[fc00:b::1], sl=1", UDP));
    assert_eq!(destination, SHIFTED.parse::<std::net::Ipv6Addr>().unwrap().octets());
    let lonely = "[[sid]]\nnode='x'\nsid='fcbb:bb00:10f::/48'\naction='End.AM'\noif='xc'\niif='xc'\nflavors=['next-csid']\n\
                  [[route]]\nnode='x'\nto='fcbb:bb00::/32'\nvia='2001:db8:b::1'\n";
    let lonely = Network::new(&Topology::parse("lonely", &(net() + lonely)).unwrap()).unwrap();
    let masqueraded = srv6("fc00:b::1", 63, "segs=[fc00:b::1], sl=1", UDP);
    let back = returned(&lonely, "xc", &masqueraded, Some(&destination));
    assert_eq!(back, build(&srv6(SHIFTED, 63, "segs=[fc00:b::1], sl=1", UDP)));
}

/// Linux: what it does not have is not there, and what it ignores makes no
/// difference (tests/conformance holds the latter to the kernel).
#[test]
fn linux_has_few_flavors() {
    let network = network();
    let x = NodeId(1);
    let decision = |notation: &str| {
        let packet = build(notation);
        let interface = network.find_interface(x, "xa");
        let input = Input { packet: &packet, frame_header: &FRAME, interface, cache: None };
        endpoint::process(input, network.node(x), Profile::Linux, &mut ()).decision
    };
    let missing = Decision::Drop { reason: endpoint::Reason::NotInLinux };
    for (number, _) in BOTH {
        assert_eq!(decision(&plain(&format!("2001:db8:b0:1{number}:1::"), 64, UDP)), missing, "{number}");
    }
    for number in ["09", "0a", "0c", "0d", "0e", "0f", "21", "22", "23"] {
        assert_eq!(decision(&plain(&carrier(number), 64, UDP)), missing, "{number}");
    }
    // Ignored: no shift at End.T, so that it drops for lack of an SRH.
    assert_eq!(decision(&plain(&carrier("02"), 64, UDP)), Decision::Drop { reason: endpoint::Reason::NoSrh });
    for (number, inner, after) in [("05", INNER6, INNER6_AFTER), ("04", INNER4, INNER4_AFTER)] {
        let Decision::Forward(forward) = decision(&plain(&carrier(number), 64, inner)) else { panic!("{number}") };
        assert_eq!(forward.packet, build(after));
    }
}
