//! The HMAC TLV by RFC 8754 §2.1.2: what each policy of an interface asks of a
//! packet, and what a headend signs.

use super::*;

/// `x`, whose interface `xa` asks this of HMACs, and which signs by key 7.
fn network(policy: i32) -> Network {
    let text = net().replace(
        "name = \"x\"\n",
        &format!("name = \"x\"\nsysctl = {{ \"net.ipv6.conf.xa.seg6_require_hmac\" = {policy} }}\n"),
    );
    let more = "[[sid]]\nnode='x'\nsid='fc00::1'\naction='End'\n\
                [[route]]\nnode='x'\nto='fc00:e5::/64'\ndev='xb'\nencap={mode='encap',segs=['fc00:b::1','fc00:b::2'],hmac=7}\n\
                [[route]]\nnode='x'\nto='fc00:e6::/64'\ndev='xb'\nencap={mode='encap.red',segs=['fc00:b::1','fc00:b::2'],hmac=7}\n\
                [[route]]\nnode='x'\nto='fc00:e7::/64'\ndev='xb'\nencap={mode='encap.red',segs=['fc00:b::1'],hmac=7}\n";
    Network::new(&Topology::parse("hmac", &(text + more)).unwrap()).unwrap()
}

/// The SID is in the list, as the RFC's check of the destination wants it.
const BOTH: &str = "segs=[fc00:b::1, fc00::1], sl=1";
const GOOD: &str = "hmac(key=7, secret=\"secret\")";
const GOOD_D: &str = "hmac(key=7, secret=\"secret\", d=1)";

fn signed(segments: &str, tlvs: &str) -> String {
    srv6("fc00::1", 64, &format!("{segments}, tlvs=[{tlvs}]"), UDP)
}

#[test]
fn each_policy_asks_for_what_it_says() {
    let after = |tlvs: &str| {
        // The digest covers neither Segments Left nor the destination.
        let before = build(&signed(BOTH, tlvs));
        let mut after = before.clone();
        after[7] = 63;
        after[24..40].copy_from_slice(&"fc00:b::1".parse::<std::net::Ipv6Addr>().unwrap().octets());
        after[43] = 0;
        format!("xb: {}", hex::encode(after))
    };
    let pointer = 40 + 8 + 32;
    let refused = format!("icmp 4/0 {pointer}");
    let other_key = "hmac(key=8, secret=\"secret\")";
    let other_secret = "hmac(key=7, secret=\"another\")";
    let of_linux = "hmac(key=7, secret=\"secret\", form=linux)";
    let none = "padn(8)";
    for (policy, name, tlvs, expected) in [
        (0, "good", GOOD, after(GOOD)),
        (0, "none", none, after(none)),
        (0, "another secret", other_secret, refused.clone()),
        (0, "an unknown key", other_key, refused.clone()),
        (0, "Linux's text", of_linux, refused.clone()),
        (1, "good", GOOD, after(GOOD)),
        (1, "none", none, "drop HmacMissing".into()),
        (1, "another secret", other_secret, refused.clone()),
        (-1, "none", none, after(none)),
        (-1, "another secret", other_secret, after(other_secret)),
        (-1, "an unknown key", other_key, after(other_key)),
        (0, "a TLV that overruns", "hex(7cff0102030405ff)", "icmp 4/0 41".into()),
        (-1, "a TLV that nobody looks at", "hex(7cff0102030405ff)", after("hex(7cff0102030405ff)")),
    ] {
        assert_eq!(said(&network(policy), &signed(BOTH, tlvs)), expected, "policy {policy}: {name}");
    }
}

/// The destination must be the active segment, unless the D bit says that a
/// reduced list lacks it.
#[test]
fn the_destination_is_checked_too() {
    let network = network(1);
    let reduced = |tlv: &str| build(&signed("segs=[fc00:b::1], sl=1", tlv));
    let at_x = |packet: &[u8]| {
        let x = NodeId(1);
        let input = Input { packet, frame_header: &FRAME, interface: network.find_interface(x, "xa"), cache: None };
        endpoint::process(input, network.node(x), Profile::Rfc, &mut ()).decision
    };
    assert!(matches!(at_x(&reduced(GOOD_D)), Decision::Forward(_)), "reduced, and said so");
    assert!(matches!(at_x(&reduced(GOOD)), Decision::Error { .. }), "reduced, and not said so");
    // As signed, but sent to a segment that is not the active one.
    let elsewhere = srv6("fc00::1", 64, &format!("segs=[fc00:b::1, fc00::77, fc00::1], sl=1, tlvs=[{GOOD}]"), UDP);
    assert!(matches!(at_x(&build(&elsewhere)), Decision::Error { .. }));
}

#[test]
fn headends_sign() {
    let to = |address: &str, hlim: u8| format!("ip6(src=2001:db8:a::1, dst={address}, hlim={hlim})/{UDP}");
    let outer = "ip6(src=fc00:ff::1, dst=fc00:b::1, hlim=64)";
    let network = network(0);
    assert_eq!(
        said(&network, &to("fc00:e5::1", 64)),
        by("xb", &format!("{outer}/srh(path=[fc00:b::1, fc00:b::2], tlvs=[{GOOD}])/{}", to("fc00:e5::1", 63)))
    );
    // A reduced list says so; one of a single segment is not reduced (erratum 7081).
    assert_eq!(
        said(&network, &to("fc00:e6::1", 64)),
        by("xb", &format!("{outer}/srh(segs=[fc00:b::2], sl=1, tlvs=[{GOOD_D}])/{}", to("fc00:e6::1", 63)))
    );
    assert_eq!(
        said(&network, &to("fc00:e7::1", 64)),
        by("xb", &format!("{outer}/srh(segs=[fc00:b::1], sl=0, tlvs=[{GOOD}])/{}", to("fc00:e7::1", 63)))
    );
}
