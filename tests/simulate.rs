//! Walks through networks: that they end, and what they leave behind.

mod support;

use sr6::simulate::{End, Network};
use sr6::srv6::endpoint::{Decision, Profile};
use sr6::topology::Topology;
use support::captures::{build, read};
use support::process::{sr6, stdout};
use support::scratch::Scratch;

/// Two routers that send `fc00:66::/32` to each other, and a binding SID that
/// leads back to itself.
const LOOPS: &str = r#"
name = "loops"
[[node]]
name = "a"
forwarding = true
[[node]]
name = "b"
forwarding = true
[[link]]
a = { node = "a", interface = "ab", addresses = ["2001:db8::1/64"] }
b = { node = "b", interface = "ba", addresses = ["2001:db8::2/64"] }
[[route]]
node = "a"
to = "fc00:66::/32"
via = "2001:db8::2"
[[route]]
node = "b"
to = "fc00:66::/32"
via = "2001:db8::1"
[[sid]]
node = "b"
sid = "fc00:b::1"
action = "End.B6.Encaps"
srh = { segs = ["fc00:b::2"] }
[[sid]]
node = "b"
sid = "fc00:b::2"
action = "End.B6.Insert"
srh = { segs = ["fc00:b::2"] }
[[route]]
node = "a"
to = "fc00:b::/32"
via = "2001:db8::2"
"#;

#[test]
fn loops_end_with_the_hop_limit() {
    let network = Network::new(&Topology::parse("loops", LOOPS).unwrap()).unwrap();
    for profile in [Profile::Rfc, Profile::Linux] {
        let packet = build("ip6(src=2001:db8::1, dst=fc00:66::1, hlim=255)/udp");
        let walk = network.walk(&packet, network.find("a").unwrap(), profile);
        // Made, 254 times forwarded, the last hop, and the error's arrival.
        assert!((255..=258).contains(&walk.hops.len()), "{}", walk.hops.len());
        let errors = walk.hops.iter().filter(|hop| matches!(hop.decision, Decision::Error { .. })).count();
        assert_eq!(errors, 1);
        assert!(!walk.is_delivered());
    }
}

#[test]
fn a_sid_that_leads_to_itself_is_left_after_a_while() {
    let network = Network::new(&Topology::parse("loops", LOOPS).unwrap()).unwrap();
    for profile in [Profile::Rfc, Profile::Linux] {
        let packet = build("ip6(src=2001:db8::1)/srh(path=[fc00:b::2, fc00:66::1])/udp");
        let walk = network.walk(&packet, network.find("a").unwrap(), profile);
        assert!(walk.hops.len() < 1024);
        assert!(walk.hops.iter().any(|hop| matches!(hop.decision, Decision::Drop { .. } | Decision::Error { .. })));
    }
}

#[test]
fn hops_and_crossings_point_at_each_other() {
    let network = Network::new(&Topology::built_in("line3").unwrap()).unwrap();
    let packet = build("ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/udp");
    let walk = network.walk(&packet, network.find("n1").unwrap(), Profile::Rfc);
    for (number, hop) in walk.hops.iter().enumerate() {
        for crossing in &hop.crossings {
            let End::Hop(next) = crossing.end else { panic!("{crossing:?}") };
            assert_eq!(walk.hops[next].cause, Some(number));
            assert_eq!(walk.hops[next].packet, crossing.frame[14..]);
        }
    }
    assert!(walk.is_delivered());
}

#[test]
fn every_link_has_its_capture_and_the_network_its_picture() {
    let scratch = Scratch::new();
    let packet = "ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/udp";
    let picture = scratch.path("way.svg");
    let output = sr6()
        .args(["simulate", "-n", "line3", "-T", "json", "-w"])
        .arg(scratch.root())
        .arg("--svg")
        .arg(&picture)
        .arg(packet)
        .output()
        .unwrap();
    let told: serde_json::Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(told["delivered"], true);
    assert_eq!(told["hops"][1]["changes"][0]["field"], "segments_left");
    for (file, hop) in [("n1-v12_n2-v21.pcapng", 0), ("n2-v23_n3-v32.pcapng", 1)] {
        let frames = read(scratch.path(file), |frame| hex::encode(frame.data));
        assert_eq!(told["hops"][hop]["crossings"][0]["frame"], frames[0]);
        assert_eq!(frames.len(), 1);
    }
    let svg = std::fs::read_to_string(&picture).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains(">n2</text>") && svg.contains("1→2"), "{svg}");
}
