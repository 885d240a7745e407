//! `sr6 capture` on a real interface, in a lab of the test's own.

mod support;

use std::process::Stdio;
use support::process::{SR6, sr6, stderr, stdout, text};
use support::scratch::Scratch;
use support::witness;

/// Runs a script in n1 of line3; its standard output and error, or nothing
/// where this machine does not allow it.
fn in_lab(script: &str, directory: &std::path::Path) -> Option<(String, String)> {
    let output = sr6()
        .args(["lab", "run", "line3", "n1", "--", "sh", "-c", script])
        .current_dir(directory)
        .env("PATH", format!("{}:{}", std::path::Path::new(SR6).parent()?.display(), std::env::var("PATH").ok()?))
        .env_remove("SUDO_UID")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    if output.status.code() == Some(3) {
        support::skip(stderr(&output).trim());
        return None;
    }
    Some((text(&output.stdout).to_owned(), stderr(&output).to_owned()))
}

/// Waits until `sr6 capture` says that it listens, sends, and waits for its end.
const SEND: &str = r#"
    n=0; until grep -q capturing log || [ $n -ge 100 ]; do sleep 0.05; n=$((n + 1)); done
    sr6 send --via raw6 -c 3 --interval 10ms 'ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/udp(sport=1, dport=2)/"x"' 2> /dev/null
"#;

#[test]
fn writes_what_the_interface_sees_and_stops_at_the_count() {
    let scratch = Scratch::new();
    let script = format!("sr6 capture -i v12 -f 'ip6 proto 43' -c 3 -w out.pcap 2> log & {SEND} wait $!; echo $?");
    let Some((out, _)) = in_lab(&script, scratch.root()) else { return };
    assert_eq!(out.trim(), "0", "{}", std::fs::read_to_string(scratch.path("log")).unwrap());
    let output = sr6()
        .args(["read", "-T", "fields", "-e", "ipv6.dst", "-e", "udp.checksum.status"])
        .arg(scratch.path("out.pcap"))
        .output()
        .unwrap();
    assert_eq!(stdout(&output), "2001:db8::2\t1\n".repeat(3));
    if let Some(run) = witness::fields(scratch.path("out.pcap"), &[], &["ipv6.routing.segleft"]) {
        assert_eq!(run.lines(), ["1"; 3]);
    }
}

#[test]
fn prints_live_what_a_filter_lets_through() {
    let scratch = Scratch::new();
    // -c counts frames as they come in: by the capture filter, since a new
    // interface has things of its own to say.
    let other =
        "sr6 send --via raw6 'ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::3])/udp(dport=3)' 2> /dev/null";
    let script = format!(
        "sr6 capture -i v12 -f 'ip6 proto 43' -c 4 -Y 'udp.dstport == 2' -T fields -e srh.final -P -w all.pcap > out 2> log & {SEND} {other}; wait $!; cat out"
    );
    let Some((out, _)) = in_lab(&script, scratch.root()) else { return };
    assert_eq!(out, "2001:db9::1\n".repeat(3));
}

#[test]
fn an_interrupt_ends_it_cleanly() {
    let scratch = Scratch::new();
    let script = format!(
        "sr6 capture -i v12 -f 'ip6 proto 43' -w out.pcap 2> log & pid=$!; {SEND} sleep 0.5; kill -INT $pid; wait $pid; echo $?"
    );
    let Some((out, _)) = in_lab(&script, scratch.root()) else { return };
    assert_eq!(out.trim(), "130");
    let output = sr6().args(["read", "-q"]).arg(scratch.path("out.pcap")).output().unwrap();
    assert!(stdout(&output).contains("3 packets with SRv6"));
}

#[test]
fn a_ring_keeps_the_last_files() {
    let scratch = Scratch::new();
    let script =
        format!("sr6 capture -i v12 -f 'ip6 proto 43' -c 3 -w r.pcap -b packets:1 -b files:2 2> log & {SEND} wait $!");
    if in_lab(&script, scratch.root()).is_some() {
        let exists = |name: &str| scratch.path(name).exists();
        assert!(!exists("r_00001.pcap") && exists("r_00002.pcap") && exists("r_00003.pcap"));
    }
}

#[test]
fn what_cannot_be_captured_says_why() {
    let scratch = Scratch::new();
    let script = "sr6 capture -i nowhere; echo $?; sr6 capture -i v12 -f 'no such filter'; echo $?; \
                  sr6 capture -i v12 -b files:3 -w x.pcap; echo $?; \
                  sr6 capture -i v12 -f 'udp port 53' -a duration:0.1 -q > /dev/null; echo $?";
    let Some((out, err)) = in_lab(script, scratch.root()) else { return };
    assert_eq!(out, "2\n2\n2\n0\n", "{err}");
    assert!(err.contains("no interface nowhere; there are: "), "{err}");
    assert!(err.contains("the filter 'no such filter' does not compile"), "{err}");
    assert!(err.contains("matches no packet with a Routing header"), "{err}");
    assert!(!scratch.path("x.pcap").exists());
}
