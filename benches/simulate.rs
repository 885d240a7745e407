//! How many hops a core simulates in a second: `cargo bench --bench simulate`.
//! The goal is 2 million, and each line tells how many times that a core does:
//! one behaviour of a node of `NET` on one packet, all bytes of which are copied
//! to the outgoing one.

use std::hint::black_box;
use std::time::{Duration, Instant};

use sr6::simulate::Network;
use sr6::srv6::endpoint::{self, Decision, Input, Profile};
use sr6::topology::Topology;

const NET: &str = r#"
name = "bench"
[[node]]
name = "x"
forwarding = true
[[node]]
name = "b"
[[link]]
a = { node = "x", interface = "xb", addresses = ["2001:db8:b::2/64"] }
b = { node = "b", interface = "bx", addresses = ["2001:db8:b::1/64"] }
[[route]]
node = "x"
to = "fc00:b::/32"
via = "2001:db8:b::1"
[[route]]
node = "x"
to = "fc00:e::/32"
dev = "xb"
encap = { mode = "encap", segs = ["fc00:b::1", "fc00:b::2"] }
[[sid]]
node = "x"
sid = "fc00::1"
action = "End"
[[sid]]
node = "x"
sid = "fc00::2"
action = "End"
flavors = ["psp"]
[[sid]]
node = "x"
sid = "fcbb:bb00:100::/48"
action = "End"
flavors = ["next-csid"]
[[route]]
node = "x"
to = "fcbb:bb00::/32"
via = "2001:db8:b::1"
[[sid]]
node = "x"
sid = "fc00::6"
action = "End.DT6"
lookup = "main"
[[sid]]
node = "x"
sid = "fc00::7"
action = "End.B6.Encaps"
srh = { segs = ["fc00:b::1", "fc00:b::2"] }
"#;

/// Millions of hops a second that a core is to do.
const GOAL: f64 = 2.0;

fn main() {
    let mut least = f64::INFINITY;
    let network = Network::new(&Topology::parse("bench", NET).expect("a topology")).expect("a network");
    let node = network.find("x").expect("x");
    let interface = network.find_interface(node, "xb").expect("xb");
    let payload = "udp(sport=1, dport=2)/\"0123456789012345678901234567890123456789012345678901234567890123\"";
    for (name, packet) in [
        ("plain forwarding", format!("ip6(src=2001:db8:a::1, dst=fc00:b::1)/{payload}")),
        ("SRH at a plain address", format!("ip6(src=2001:db8:a::1)/srh(path=[2001:db8:b::2, fc00:b::1])/{payload}")),
        ("End", format!("ip6(src=2001:db8:a::1)/srh(path=[fc00::1, fc00:b::1])/{payload}")),
        ("End with PSP", format!("ip6(src=2001:db8:a::1)/srh(path=[fc00::2, fc00:b::1])/{payload}")),
        ("End with NEXT-C-SID", format!("ip6(src=2001:db8:a::1, dst=fcbb:bb00:100:200::)/{payload}")),
        ("End.DT6", format!("ip6(src=2001:db8:a::1, dst=fc00::6)/ip6(src=fc00:a::1, dst=fc00:b::7)/{payload}")),
        ("End.B6.Encaps", format!("ip6(src=2001:db8:a::1)/srh(path=[fc00::7, fc00:b::1])/{payload}")),
        ("H.Encaps", format!("ip6(src=2001:db8:a::1, dst=fc00:e::1)/{payload}")),
    ] {
        let packet = sr6::craft::build(&sr6::notation::parse(&packet).expect("notation")).expect("a packet");
        for profile in [Profile::Rfc, Profile::Linux] {
            let hop = || {
                let input = Input::arrived(black_box(&packet), interface);
                endpoint::process(input, network.node(node), profile, &mut ())
            };
            assert!(matches!(hop().decision, Decision::Forward(_)), "{name}");
            // The best of many short windows: other programs share the machine.
            let window = || {
                let (mut hops, start) = (0_u64, Instant::now());
                while start.elapsed() < Duration::from_millis(5) {
                    (0..500).for_each(|_| {
                        black_box(hop());
                    });
                    hops += 500;
                }
                hops as f64 / start.elapsed().as_secs_f64() / 1e6
            };
            let rate = (0..60).map(|_| window()).fold(0.0, f64::max);
            println!("{name:28} {profile:6?} {rate:6.2} M hops/s  {:5.2} x the goal", rate / GOAL);
            least = least.min(rate);
        }
    }
    println!("the slowest: {least:.2} M hops/s, {:.2} x the goal of {GOAL} M", least / GOAL);
}
