//! Sending packets that vary: what arrives is what `sr6 craft` makes, by every
//! engine, from one thread or several.

mod pair;
mod support;

use std::collections::HashSet;

use pair::Pair;
use support::process::{sr6, stdout};

const HEADER: &str = "eth(src=02:00:00:00:00:0a, dst=02:00:00:00:00:0b)";
const PACKET: &str = "ip6(src=2001:db8::a, dst=2001:db8::b, flow=rand)\
    /srh(path=[2001:db8::b, 2001:db9::1..2001:db9::9], tag=1..5)/udp(sport=count(1000), dport=9)/\"n\"/count(4)/rand(9)";

/// The frames of a notation, as `sr6 craft` makes them.
fn crafted(notation: &str, arguments: &[&str]) -> Vec<String> {
    let output = sr6().args(["craft", "-o", "hex", "--seed", "5", notation]).args(arguments).output().unwrap();
    stdout(&output).lines().map(str::to_owned).collect()
}

fn arrived(net: &Pair, arguments: &[&str], count: usize) -> Option<Vec<String>> {
    let capture = net.capture(count, "ip6[6] == 43")?;
    let all: Vec<&str> = arguments.iter().chain(&["-i", "va", "--seed", "5"]).copied().collect();
    let (code, summary, said) = net.send(&all);
    assert_eq!((code, &summary["sent"]), (0, &count.into()), "{said}");
    Some(capture.frames().iter().map(|(_, frame)| hex::encode(frame)).collect())
}

#[test]
fn every_engine_sends_what_craft_makes() {
    let Some(net) = Pair::with_ipv6() else { return };
    let frame = format!("{HEADER}/{PACKET}");
    // Without a count, one packet of each combination.
    let expected = crafted(&frame, &[]);
    assert_eq!(expected.len(), 9 * 5);
    let Some(one_by_one) = arrived(&net, &[PACKET, "--interval", "100us"], 45) else { return };
    assert_eq!(one_by_one, expected);
    let expected = crafted(&frame, &["-c", "500"]);
    for via in ["packet", "raw6", "afxdp"] {
        let frames = arrived(&net, &[PACKET, "-c", "500", "--topspeed", "--via", via], 500).unwrap();
        assert!(frames == expected, "{via}");
    }
    assert_eq!(arrived(&net, &[&frame, "-c", "500", "--topspeed"], 500).unwrap(), expected);
    let shared = arrived(&net, &[PACKET, "-c", "500", "--topspeed", "--threads", "3"], 500).unwrap();
    assert_eq!(shared.len(), 500);
    assert_eq!(HashSet::<&String>::from_iter(&shared), HashSet::from_iter(&expected));
}

#[test]
fn what_is_left_open_is_filled_in_once() {
    let Some(net) = Pair::with_ipv6() else { return };
    let open = "ip6(dst=2001:db8::b)/srh(path=[2001:db8::b, ::1], tag=1..3)/udp(sport=each(7, 8), dport=9)/pad(1..2)";
    let full = open.replace("dst=2001:db8::b", "src=2001:db8::a, dst=2001:db8::b");
    let expected = crafted(&format!("{HEADER}/{full}"), &["--zip"]);
    assert_eq!(expected.len(), 2);
    let Some(frames) = arrived(&net, &[open, "--zip", "--interval", "1ms"], 2) else { return };
    assert_eq!(frames, expected);
    // A frame without addresses gets those of the link.
    let frames = arrived(&net, &[&format!("eth/{open}"), "--zip", "--interval", "1ms"], 2).unwrap();
    assert_eq!(frames, expected);
    // Notations take turns; each has as many packets as the one that has most.
    let fixed = "ip6(src=2001:db8::a, dst=2001:db8::b)/srh(path=[2001:db8::b, ::1], tag=9)/udp(dport=9)";
    let frames = arrived(&net, &[fixed, open, "--zip", "--interval", "1ms"], 4).unwrap();
    let fixed = &crafted(&format!("{HEADER}/{fixed}"), &[])[0];
    assert_eq!(frames, [fixed, &expected[0], fixed, &expected[1]].map(String::clone));
}
