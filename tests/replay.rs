//! `sr6 send -r`: a capture sent again through a real kernel is the same
//! capture at the peer.

mod pair;
mod support;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use pair::Pair;
use sr6::capture::{Frame, Timestamp};
use sr6::wire::link_type::LinkType;
use support::captures::{build, write};
use support::process::{SR6, stderr};
use support::scratch::Scratch;

/// A capture: link type, milliseconds, bytes of each frame.
fn capture(path: &Path, frames: &[(LinkType, u32, Vec<u8>)]) {
    let frames = frames.iter().map(|(link, millis, data)| {
        let time = Timestamp::new(1_700_000_000, 0).0 + i128::from(*millis) * 1_000_000;
        Frame { time: Some(Timestamp(time)), ..Frame::new(*link, data) }
    });
    write(path, frames);
}

/// An Ethernet frame for nobody, of its own number and length.
fn frame(number: u32) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 0x0b, 2, 0, 0, 0, 0, 0x0a, 0x88, 0xb5];
    frame.extend(number.to_be_bytes());
    frame.resize(60 + (number as usize * 37) % 1400, number as u8);
    frame
}

/// Three hundred frames, two milliseconds apart, more than one chunk of a
/// reader can hold.
fn long() -> Vec<(LinkType, u32, Vec<u8>)> {
    (0..800).map(|n| (LinkType::ETHERNET, n * 2, frame(n))).collect()
}

const OURS: &str = "ether proto 0x88b5";

fn sent(net: &Pair, path: &Path, arguments: &[&str], count: usize) -> Option<(Vec<pair::Arrived>, serde_json::Value)> {
    let capture = net.capture(count, OURS)?;
    let all: Vec<&str> = ["-r", path.to_str().unwrap(), "-i", "va"].iter().chain(arguments).copied().collect();
    let (code, summary, said) = net.send(&all);
    assert_eq!(code, 0, "{said}");
    assert_eq!((&summary["sent"], &summary["failed"]), (&count.into(), &0.into()));
    Some((capture.frames(), summary))
}

#[test]
fn what_arrives_is_the_capture() {
    let Some(net) = Pair::silent() else { return };
    let scratch = Scratch::new();
    for (name, arguments) in [
        ("a.pcap", &["--topspeed"][..]),
        ("b.pcapng", &["--topspeed", "--preload", "--via", "afxdp"]),
        ("c.pcapng.gz", &["--rate", "20kpps"]),
    ] {
        let frames = long();
        let path = scratch.path(name);
        capture(&path, &frames);
        let Some((arrived, _)) = sent(&net, &path, arguments, 800) else { return };
        assert_eq!(arrived.len(), 800, "{name}");
        for ((_, frame), (_, _, expected)) in arrived.iter().zip(&frames) {
            assert_eq!(frame, expected, "{name}");
        }
    }
}

#[test]
fn times_are_kept() {
    let Some(net) = Pair::silent() else { return };
    let frames: Vec<_> =
        [0, 50, 50, 120, 300].iter().enumerate().map(|(n, at)| (LinkType::ETHERNET, *at, frame(n as u32))).collect();
    let scratch = Scratch::new();
    let path = scratch.path("times.pcap");
    capture(&path, &frames);
    for (arguments, divisor) in [(&[][..], 1), (&["--speed", "3x"], 3)] {
        let start = Timestamp::now();
        let Some((arrived, summary)) = sent(&net, &path, arguments, 5) else { return };
        for ((time, bytes), (_, millis, expected)) in arrived.iter().zip(&frames) {
            assert_eq!(bytes, expected);
            // Nobody can promise that none is late; early is what must not be.
            let since = (time.0 - start.0) / 1_000_000;
            assert!(since >= i128::from(millis / divisor), "{since} ms, due {millis} / {divisor}");
        }
        assert!(summary["seconds"].as_f64().unwrap() >= 0.3 / f64::from(divisor));
    }
}

#[test]
fn passes_selections_and_counts() {
    let Some(net) = Pair::silent() else { return };
    let scratch = Scratch::new();
    let path = scratch.path("loops.pcap");
    capture(&path, &long());
    for (arguments, count) in [
        (&["--topspeed", "--loop", "3"][..], 2400),
        (&["--topspeed", "--loop", "3", "--preload"], 2400),
        (&["--topspeed", "--loop", "0", "-c", "1900"], 1900),
        (
            &["--topspeed", "-Y", "frame.len == 60", "--loop", "2"],
            2 * long().iter().filter(|(_, _, f)| f.len() == 60).count(),
        ),
        (&["--topspeed", "-c", "7"], 7),
    ] {
        assert!(count > 0);
        let Some((arrived, _)) = sent(&net, &path, arguments, count) else { return };
        assert_eq!(arrived.len(), count, "{arguments:?}");
    }
}

#[test]
fn standard_input_and_raw_packets() {
    let Some(net) = Pair::with_ipv6() else { return };
    let packet = "ip6(src=2001:db8::a, dst=2001:db8::b)/srh(path=[2001:db8::b, 2001:db9::1])/udp(dport=9)/\"x\"";
    let bytes = build(packet);
    let scratch = Scratch::new();
    let path = scratch.path("raw.pcap");
    capture(&path, &[(LinkType::RAW, 0, bytes.clone())]);
    for via in ["packet", "raw6"] {
        let Some(capture) = net.capture(1, "ip6[6] == 43") else { return };
        let run = net
            .on("a", SR6)
            .args(["send", "-r", "-", "-i", "va", "--via", via])
            .stdin(Stdio::from(std::fs::File::open(&path).unwrap()))
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", stderr(&run));
        let frames = capture.frames();
        assert_eq!((frames.len(), &frames[0].1[14..]), (1, &bytes[..]), "{via}");
    }
}

#[test]
fn what_does_not_fit_is_one_line() {
    let Some(net) = Pair::with_ipv6() else { return };
    let scratch = Scratch::new();
    let [cooked, mixed, fast] = ["sll.pcap", "mixed.pcapng", "fast.pcap"].map(|name| scratch.text(name));
    let of_cooked = (LinkType::LINUX_SLL, 0, vec![0; 60]);
    capture(Path::new(&cooked), std::slice::from_ref(&of_cooked));
    capture(Path::new(&mixed), &[(LinkType::ETHERNET, 0, frame(1)), of_cooked]);
    let many: Vec<_> = (0..10_001).map(|n| (LinkType::ETHERNET, n / 20, frame(1))).collect();
    capture(Path::new(&fast), &many);
    for (arguments, said) in [
        (
            vec!["-r", &cooked],
            "is of link type LINUX_SLL, which does not fit va (Ethernet frames and raw IPv6 packets do)",
        ),
        (vec!["-r", &mixed, "--topspeed"], "frame 2 of "),
        (vec!["-r", "no-such-file"], "no-such-file"),
        (vec!["-r", &mixed, "-Y", "frame.len == 1"], "no packets to send in it"),
        (vec!["-r", &mixed, "-Y", "frame.len =="], "frame.len =="),
        (vec!["-r", &fast, "--topspeed", "--loop", "0"], "need an end"),
    ] {
        let all: Vec<&str> = ["send", "-i", "va"].iter().chain(&arguments).copied().collect();
        let refused = net.sr6(&all);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&refused).contains(said), "{}", stderr(&refused));
    }
    // The frame before the one that did not fit is accounted for.
    let (_, summary, _) = net.send(&["-r", &mixed, "-i", "va", "--topspeed"]);
    assert_eq!(summary["sent"], 1);
    assert!(summary["error"].as_str().unwrap().contains("LINUX_SLL"));
    // At its own times, too, a capture may be too much for a default route.
    net.ip("a", "-6 route add default via 2001:db8::b");
    let start = Instant::now();
    let (code, summary, said) = net.send(&["-r", &fast, "-i", "va"]);
    assert_eq!((code, &summary["sent"]), (2, &10_000.into()));
    assert!(said.contains("frame 10001 of ") && said.contains("--yes-really-on"), "{said}");
    assert!(start.elapsed() >= Duration::from_millis(400));
}

#[test]
fn frames_captured_in_part_are_told() {
    let Some(net) = Pair::silent() else { return };
    let scratch = Scratch::new();
    let path = scratch.path("part.pcap");
    write(&path, [Frame { original_len: 1000, ..Frame::new(LinkType::ETHERNET, &frame(3)) }]);
    let (code, summary, said) = net.send(&["-r", path.to_str().unwrap(), "-i", "va"]);
    assert_eq!((code, &summary["sent"]), (0, &1.into()));
    assert!(said.contains("1 packets were captured in part"), "{said}");
}
