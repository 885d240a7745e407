//! Sending many packets through a real kernel: every engine's frames and
//! counts, as the peer's interface saw them.

mod pair;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pair::{FRAME, Pair, SR6, stderr};

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
        assert!(Command::new("kill").args(["-s", "INT", &run.id().to_string()]).status().unwrap().success());
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
