//! Sending many packets through a real kernel: every engine's frames and
//! counts, as the peer's interface saw them.

mod pair;
mod support;

use std::process::Stdio;
use std::time::{Duration, Instant};

use pair::{FRAME, Pair};
use support::captures::build;
use support::process::{SR6, signal, stderr};

/// Bytes of [`FRAME`].
const LENGTH: u64 = 14 + 40 + 40 + 8 + 26;

#[test]
fn counts_are_exact_at_the_peer() {
    let Some(net) = Pair::silent() else { return };
    assert_eq!(net.received(), (0, 0));
    let mut expected = 0;
    for (arguments, count) in [
        (&["-c", "1"][..], 1),
        (&["-c", "63", "--topspeed"], 63),
        (&["-c", "20001", "--topspeed"], 20_001),
        (&["-c", "10007", "--topspeed", "--threads", "3"], 10_007),
        (&["-c", "500", "--rate", "20kpps", "--threads", "2"], 500),
        (&["--rate", "4kpps", "--duration", "250ms"], 1000),
    ] {
        let all: Vec<&str> = [FRAME, "-i", "va"].iter().chain(arguments).copied().collect();
        let (code, summary, said) = net.send(&all);
        assert_eq!(code, 0, "{said}");
        assert_eq!((&summary["sent"], &summary["failed"]), (&count.into(), &0.into()), "{arguments:?}");
        assert_eq!(summary["bytes"], count * LENGTH);
        expected += count;
        assert_eq!(net.received(), (expected, expected * LENGTH), "{arguments:?}");
        let device = &summary["device"];
        let out = device["after"]["tx_packets"].as_u64().unwrap() - device["before"]["tx_packets"].as_u64().unwrap();
        assert_eq!((out, &device["name"]), (count, &"va".into()));
    }
}

/// Packets of several lengths, with an SRH each.
fn packets() -> Vec<String> {
    let packet = |tag: u32, payload: String| {
        format!(
            "ip6(src=2001:db8::a, dst=2001:db8::b)/srh(path=[2001:db8::b, 2001:db9::1], tag={tag})/udp(dport=9)/{payload}"
        )
    };
    vec![packet(1, "\"one\"".into()), packet(2, format!("hex({})", "a5".repeat(1412))), packet(3, "\"three!\"".into())]
}

/// What a run with these arguments puts on the wire, and its summary.
fn on_the_wire(net: &Pair, arguments: &[&str], count: usize) -> Option<(Vec<Vec<u8>>, serde_json::Value)> {
    let capture = net.capture(count, "ip6[6] == 43")?;
    let (code, summary, said) = net.send(arguments);
    assert_eq!(code, 0, "{said}");
    Some((capture.frames().into_iter().map(|(_, frame)| frame).collect(), summary))
}

#[test]
fn every_engine_sends_the_same_frames() {
    let Some(net) = Pair::with_ipv6() else { return };
    let packets = packets();
    let frames = |via: &[&str]| {
        let packets = packets.iter().map(String::as_str);
        let all: Vec<&str> = packets.chain(["-i", "va", "-c", "40"]).chain(via.iter().copied()).collect();
        on_the_wire(&net, &all, 120)
    };
    let Some((expected, summary)) = frames(&["--interval", "100us"]) else { return };
    assert_eq!(summary["engine"], "packet");
    assert_eq!(expected.len(), 120);
    for (n, frame) in expected.iter().enumerate() {
        let header = [2, 0, 0, 0, 0, 0x0b, 2, 0, 0, 0, 0, 0x0a, 0x86, 0xdd];
        assert_eq!(*frame, [&header[..], &build(&packets[n % 3])].concat(), "frame {n}");
    }
    let (frames_of_batches, summary) = frames(&["--topspeed"]).unwrap();
    assert_eq!((summary["engine"].as_str(), frames_of_batches == expected), (Some("packet (sendmmsg)"), true));
    let (frames_of_raw6, summary) = frames(&["--topspeed", "--via", "raw6"]).unwrap();
    assert_eq!((summary["engine"].as_str(), frames_of_raw6 == expected), (Some("raw6 (sendmmsg)"), true));
    let (frames_of_afxdp, summary) = frames(&["--topspeed", "--via", "afxdp"]).unwrap();
    assert_eq!((summary["engine"].as_str(), frames_of_afxdp == expected), (Some("afxdp (copy)"), true));
    if !net.is_of_user() && net.set_gro() {
        let (frames_of_xdp, summary) = frames(&["--topspeed", "--via", "xdp"]).unwrap();
        assert_eq!((summary["engine"].as_str(), frames_of_xdp == expected), (Some("xdp (live frames)"), true));
    }
}

#[test]
fn raw_and_shared_memory_engines_count_exactly_too() {
    let Some(net) = Pair::silent() else { return };
    let (mut packets, mut bytes) = (0, 0);
    for count in [1, 64, 257, 20_000] {
        let (code, summary, said) =
            net.send(&[FRAME, "-i", "va", "--topspeed", "--via", "afxdp", "-c", &count.to_string()]);
        assert_eq!((code, &summary["sent"]), (0, &count.into()), "{said}");
        packets += count;
        bytes += count * LENGTH;
        assert_eq!(net.received(), (packets, bytes));
    }
    let more = net.sr6(&["send", FRAME, "-i", "va", "--topspeed", "--via", "afxdp", "-c", "9", "--threads", "2"]);
    assert_eq!(more.status.code(), Some(2));
    assert!(stderr(&more).contains("queue 1 of va takes no AF_XDP socket"), "{}", stderr(&more));
}

#[test]
fn live_frames_are_exact_or_replaced() {
    let Some(net) = Pair::silent() else { return };
    if net.is_of_user() {
        let refused = net.sr6(&["send", FRAME, "-i", "va", "--via", "xdp"]);
        assert_eq!(refused.status.code(), Some(3));
        assert!(stderr(&refused).contains("CAP_BPF"), "{}", stderr(&refused));
        return support::skip("bpf(2) needs root of the machine");
    }
    let other = FRAME.replace("more", "more, and longer");
    let mut expected = 0;
    let mut send = |arguments: &[&str], count: u64| {
        let all: Vec<&str> = ["-i", "va", "--topspeed", "--via", "xdp"].iter().chain(arguments).copied().collect();
        let (code, summary, said) = net.send(&all);
        assert_eq!((code, &summary["sent"], &summary["failed"]), (0, &count.into(), &0.into()), "{said}");
        expected += count;
        assert_eq!(net.received().0, expected);
        summary
    };
    // A veth whose peer has no NAPI drops what XDP hands over, in silence.
    for (arguments, count) in [
        (&[FRAME, "-c", "1"][..], 1),
        (&[FRAME, "-c", "5000"], 5000),
        (&[FRAME, &other, "-c", "500", "--threads", "2"], 1000),
    ] {
        let summary = send(arguments, count);
        assert_ne!(summary["engine"], "xdp (live frames)");
        let note = summary["fallbacks"][0].as_str().unwrap();
        assert!(note.starts_with("xdp sends nothing on va: its counter stood still"), "{note}");
    }
    if !net.set_gro() {
        return;
    }
    for (arguments, count) in
        [(&[FRAME, "-c", "1"][..], 1), (&[FRAME, "-c", "40000"], 40_000), (&[FRAME, &other, "-c", "10000"], 20_000)]
    {
        let summary = send(arguments, count);
        assert_eq!((&summary["engine"], summary.get("fallbacks")), (&"xdp (live frames)".into(), None));
    }
    // Two threads may be more than the peer takes; what it drops is counted.
    let arguments = ["-i", "va", "--topspeed", "--via", "xdp", FRAME, &other, &other, "-c", "2000", "--threads", "2"];
    let before = net.received().0;
    let (_, summary, _) = net.send(&arguments);
    let (sent, failed) = (summary["sent"].as_u64().unwrap(), summary["failed"].as_u64().unwrap());
    assert_eq!((sent + failed, net.received().0 - before), (6000, sent));
}

#[test]
fn what_is_too_long_is_said_by_every_engine() {
    let Some(net) = Pair::silent() else { return };
    let long = FRAME.replace("\"Hello, I am here once more\"", &format!("hex({})", "00".repeat(1413)));
    for via in ["packet", "afxdp"] {
        let refused = net.sr6(&["send", &long, FRAME, "-i", "va", "--topspeed", "-c", "3", "--via", via]);
        assert_eq!(refused.status.code(), Some(2), "{via}");
        assert!(stderr(&refused).contains("3 sent, 384 bytes, 3 failed (3 EMSGSIZE)"), "{}", stderr(&refused));
        assert!(stderr(&refused).contains("1501 bytes exceed the MTU of va, 1500 bytes"), "{}", stderr(&refused));
    }
    assert_eq!(net.received().0, 6);
}

#[test]
fn a_rate_takes_its_time() {
    let Some(net) = Pair::silent() else { return };
    for (rate, count, least) in [("2kpps", "1001", 500), ("1.016Mbit", "301", 300)] {
        let start = Instant::now();
        let (code, summary, said) = net.send(&[FRAME, "-i", "va", "--rate", rate, "-c", count]);
        assert_eq!(code, 0, "{said}");
        assert!(start.elapsed() >= Duration::from_millis(least), "{rate}: {:?}", start.elapsed());
        assert!(summary["seconds"].as_f64().unwrap() * 1000.0 >= least as f64, "{summary}");
    }
}

#[test]
fn a_link_that_goes_down_ends_the_run_with_what_left() {
    let Some(net) = Pair::silent() else { return };
    for (change, said) in [("link set va down", "interface va is down"), ("link del va", "interface va is gone")] {
        let before = net.received().0;
        let run = net
            .on("a", SR6)
            .args(["send", FRAME, "-i", "va", "--topspeed", "--duration", "20s", "-T", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while net.received().0 < before + 100 {
            assert!(Instant::now() < deadline, "nothing arrives");
        }
        let started = Instant::now();
        // The peer's counter goes with the device.
        net.ip("a", change);
        let output = run.wait_with_output().unwrap();
        assert!(started.elapsed() < Duration::from_secs(10));
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(summary["sent"].as_u64().unwrap() >= 100);
        if change.ends_with("down") {
            assert_eq!(net.received().0 - before, summary["sent"].as_u64().unwrap());
            net.ip("a", "link set va up");
        }
    }
}

#[test]
fn a_link_that_loses_its_peer_ends_the_run() {
    let Some(net) = Pair::silent() else { return };
    let run = net
        .on("a", SR6)
        .args(["send", FRAME, "-i", "va", "--rate", "1kpps", "--duration", "20s"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while net.received().0 < 10 {}
    net.ip("b", "link set vb down");
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("interface va has no carrier"), "{}", stderr(&output));
    let refused = net.sr6(&["send", FRAME, "-i", "va"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("interface va has no carrier"), "{}", stderr(&refused));
}

#[test]
fn an_interruption_ends_with_the_summary() {
    let Some(net) = Pair::silent() else { return };
    for pace in [&["--topspeed", "--duration", "1m"][..], &["--rate", "10", "--threads", "2"]] {
        let before = net.received().0;
        let run = net
            .on("a", SR6)
            .args(["send", FRAME, "-i", "va", "-T", "json"])
            .args(pace)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        while net.received().0 == before {}
        signal(&run, "INT");
        let output = run.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130));
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(summary["interrupted"], true);
        assert_eq!(summary["sent"], net.received().0 - before);
    }
}

#[test]
fn a_fast_run_on_a_default_route_is_asked_for_twice() {
    let Some(net) = Pair::with_ipv6() else { return };
    net.ip("a", "-6 route add default via 2001:db8::b");
    for (arguments, said) in [
        (
            &["--topspeed", "-c", "5"][..],
            "va carries a default route: more than 10000 packets a second need --yes-really-on va",
        ),
        (&["--rate", "10001", "-c", "5"], "--yes-really-on va"),
        (&["--rate", "10001", "-c", "5", "--yes-really-on", "lo"], "--yes-really-on lo: the packets leave by va"),
        (&["--topspeed", "--yes-really-on", "va"], "--count N or --duration TIME"),
    ] {
        let all: Vec<&str> = ["send", FRAME, "-i", "va"].iter().chain(arguments).copied().collect();
        let refused = net.sr6(&all);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&refused).contains(said), "{}", stderr(&refused));
    }
    for arguments in
        [&["--topspeed", "-c", "5", "--yes-really-on", "va"][..], &["--rate", "10kpps", "-c", "5"], &["-c", "1"]]
    {
        let all: Vec<&str> = [FRAME, "-i", "va"].iter().chain(arguments).copied().collect();
        let (code, summary, said) = net.send(&all);
        assert_eq!((code, &summary["failed"]), (0, &0.into()), "{said}");
    }
}

#[test]
fn lines_for_people() {
    let Some(net) = Pair::silent() else { return };
    let output = net.sr6(&["send", FRAME, "-i", "va", "--topspeed", "-c", "100"]);
    let said = stderr(&output);
    let line = said.lines().last().unwrap();
    assert!(line.starts_with(&format!("100 sent, {} bytes, 0 failed, in 0.", 100 * LENGTH)), "{line}");
    assert!(line.ends_with("bit/s, by packet (sendmmsg); va counted 100 out"), "{line}");
    assert!(output.stdout.is_empty());
}

#[test]
fn frames_cut_by_the_kernel_are_those_sent_one_by_one() {
    let Some(net) = Pair::with_ipv6() else { return };
    // An interface without offload, as most are: the kernel cuts before it.
    net.ip("a", "link set va gso_max_segs 1");
    let client =
        ["client", "2001:db9::1", "9", "--path", "2001:db8::b", "--data", "01234567", "--interval", "0", "-c", "100"];
    let mut seen = Vec::new();
    for more in [&[][..], &["--gso"]] {
        let Some(capture) = net.capture(100, "ip6[6] == 43") else { return };
        let all: Vec<&str> = client.iter().chain(more).copied().collect();
        assert!(net.sr6(&all).status.success());
        let mut frames: Vec<_> = capture.frames().into_iter().map(|(_, frame)| frame).collect();
        assert_eq!(frames.len(), 100);
        for frame in &mut frames {
            assert_eq!(frame.len(), 14 + 40 + 40 + 8 + 8);
            // What differs from one socket to another: the flow label, the
            // source port, and with it the checksum.
            frame[15..18].fill(0);
            frame[94..96].fill(0);
            frame[100..102].fill(0);
        }
        frames.dedup();
        seen.push(frames);
    }
    assert_eq!(seen[0].len(), 1);
    assert_eq!(seen[0], seen[1]);
}
