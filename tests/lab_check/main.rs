//! `sr6 lab check`: what it says is as predicted is, and what is not it finds.
//! On the real kernel, as whoever runs the tests and as an ordinary user.

#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use support::captures::{files, read};
use support::process::{self, as_nobody, objects, stderr};
use support::scratch::shared;

const SIX: &str = include_str!("six.toml");

fn file(name: &str) -> String {
    shared().text(name)
}

/// A topology of one's own.
fn topology(name: &str, text: &str) -> String {
    let path = file(name);
    fs::write(&path, text).unwrap();
    path
}

/// The same: [`SIX`] with a change.
fn changed(name: &str, from: &str, to: &str) -> String {
    assert!(SIX.contains(from), "{from}");
    topology(name, &SIX.replacen(from, to, 1))
}

/// `sr6 lab check`, as whoever runs the tests.
fn check(args: &[&str]) -> Command {
    let mut command = Command::new(shared().path("sr6"));
    command.args(["lab", "check"]).args(args).stdin(Stdio::null());
    command
}

/// The same, as an ordinary user.
fn check_as_nobody(args: &[&str]) -> Command {
    let mut command = as_nobody(shared().path("sr6"));
    command.args(["lab", "check"]).args(args).stdin(Stdio::null());
    command
}

/// What it prints and its exit code; `None`, with a word, where the machine does
/// not allow labs.
fn run(mut command: Command) -> Option<(Output, String)> {
    let output = command.output().unwrap();
    if output.status.code() == Some(3) {
        support::skip(stderr(&output));
        return None;
    }
    let all = [process::text(&output.stdout), stderr(&output)].concat();
    Some((output, all))
}

#[test]
fn the_built_in_line_is_as_predicted() {
    for command in [check, check_as_nobody] {
        let Some((output, text)) = run(command(&["line3"])) else { continue };
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert!(text.contains("2. n2, by v21: forwarded: 91 bytes by v23 to 2001:db9::1"), "{text}");
        assert!(text.contains("its answer, not predicted: 2001:db8::2 → 2001:db8::1  ICMPv6 Dest"), "{text}");
        assert!(text.trim_end().ends_with("all as predicted"), "{text}");
    }
}

/// Every suggested packet, over SIDs, carriers, lists, decapsulation and loops.
#[test]
fn a_ring_of_routers_is_as_predicted_hop_by_hop() {
    let Some((output, text)) = run(check_as_nobody(&[&topology("ring.toml", SIX), "-T", "json"])) else { return };
    assert_eq!(output.status.code(), Some(0), "{text}");
    let packets = objects(process::text(&output.stdout));
    let hops: Vec<_> = packets.iter().flat_map(|packet| packet["hops"].as_array().unwrap()).collect();
    assert!(packets.len() > 100 && hops.len() > 1000, "{} packets, {} hops", packets.len(), hops.len());
    for behavior in ["End", "End.X", "End.DT6", "End.DX2", "End.DX4", "End.B6.Encaps"] {
        let equal = |hop: &&&Value| hop["behavior"]["name"] == behavior && hop["equal"] == true;
        assert!(hops.iter().filter(equal).count() > 0, "{behavior}");
    }
    // Equal is: the bytes that were seen.
    let links = hops.iter().flat_map(|hop| hop["links"].as_array().unwrap());
    let equal: Vec<_> = links.filter(|link| link["verdict"] == "equal").collect();
    assert!(equal.len() > 1000);
    assert!(equal.iter().all(|link| link["predicted"].is_string() && link["predicted"] == link["seen"]));
}

/// HMACs, signed by the kernel and by us, and a packet in a packet that ends at
/// a plain address. Keys are for the root of the machine.
#[test]
fn signed_packets_are_as_predicted() {
    let path = topology("signed.toml", include_str!("signed.toml"));
    let Some((output, text)) = run(check(&[&path])) else { return };
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("dropped in silence: the HMAC TLV that the interface requires is missing"), "{text}");
    let signed = |secret: &str| {
        let tlv = format!("hmac(key=42, secret=\"{secret}\", form=linux)");
        format!("ip6(src=fc00:a::1)/srh(path=[fc00:e::1, 2001:db8:b::1], flags=8, tlvs=[{tlv}])/udp(dport=9)")
    };
    let Some((output, text)) = run(check(&[&path, &signed("secret-key"), &signed("another")])) else { return };
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("3. b, by bx: delivered: UDP"), "{text}");
    assert!(text.contains("2. x, by xa: dropped in silence: the HMAC does not fit"), "{text}");
}

#[test]
fn where_linux_is_not_as_the_rfcs_have_it_is_found() {
    let reduced = "ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1], reduced)/udp(dport=9)";
    let Some((output, text)) = run(check(&["line3", "--profile", "rfc", reduced])) else { return };
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("  DIFFERENT  2. n2, by v21: forwarded: 72 bytes by v23 to 2001:db9::1\n"), "{text}");
    assert!(text.contains("n2 → n3: predicted, did not come: 2001:db8::1 → 2001:db9::1"), "{text}");
    assert!(text.contains("n2 → n1: came, not predicted: 2001:db8::2 → 2001:db8::1  ICMPv6 Parameter Pro"), "{text}");
    assert!(text.contains("1 hop of 1 packet not as predicted"), "{text}");

    // H.Encaps: two hop limits, and no more than that.
    let path = changed("router.toml", "name = \"a\"\n", "name = \"a\"\nforwarding = true\n");
    let encap = "ip6(src=2001:db8:b::1, dst=fc00:e::1)/udp(dport=9)";
    let args = [&path[..], "--profile", "rfc", "-T", "json", "--from", "a", "--arriving", "a1", encap];
    let Some((output, text)) = run(check(&args)) else { return };
    assert_eq!(output.status.code(), Some(1), "{text}");
    let link = &objects(process::text(&output.stdout))[0]["hops"][0]["links"][0];
    let value = |field: &str, predicted: &str, seen: &str| serde_json::json!({ "field": field, "predicted": predicted, "seen": seen });
    let expected = [value("ipv6.hlim", "64", "63"), value("ipv6.hlim#2", "63", "64")];
    assert_eq!(link["differences"], serde_json::Value::from(expected.to_vec()), "{link}");
}

/// A prediction that is wrong on purpose: the simulated network is another one
/// than the kernel's, here by a setting that the simulation does not know.
#[test]
fn what_the_simulation_does_not_know_is_found() {
    let path = changed("hash.toml", "name = \"a\"\n", "name = \"a\"\nsysctl = { \"net.ipv6.seg6_flowlabel\" = 1 }\n");
    let Some((output, text)) =
        run(check(&[&path, "ip6(src=2001:db8:a::1, dst=fc00:e::1)/udp(sport=5, dport=9)", "-T", "json"]))
    else {
        return;
    };
    assert_eq!(output.status.code(), Some(1), "{text}");
    let packet = &objects(process::text(&output.stdout))[0];
    let link = &packet["hops"][0]["links"][0];
    assert_eq!(link["verdict"], "different");
    let fields: Vec<_> = link["differences"].as_array().unwrap().iter().map(|d| &d["field"]).collect();
    assert_eq!(fields, ["ipv6.flow"], "{link}");
    // One difference is told once: the rest is judged by what really came.
    let others: Vec<_> = packet["hops"].as_array().unwrap()[1..].iter().map(|hop| hop["equal"].clone()).collect();
    assert!(others.len() >= 3 && others.iter().all(|equal| *equal == true), "{packet}");
}

#[test]
fn what_crossed_the_links_can_be_kept() {
    let directory = file("captures");
    let packet = "ip6(src=2001:db8:a::1)/srh(path=[fc00:3::e4, 2001:db8:b::1])/udp(sport=5, dport=9)";
    let Some((output, text)) =
        run(check_as_nobody(&[&topology("kept.toml", SIX), packet, "-T", "json", "--keep", &directory]))
    else {
        return;
    };
    assert_eq!(output.status.code(), Some(0), "{text}");
    let files = files(&directory);
    assert_eq!(files.len(), 6, "a file for each link");
    let kept: Vec<_> = files.iter().flat_map(|file| read(file, |frame| hex::encode(frame.data))).collect();
    for hop in objects(process::text(&output.stdout))[0]["hops"].as_array().unwrap() {
        for link in hop["links"].as_array().unwrap() {
            assert!(kept.contains(&link["seen"].as_str().unwrap().to_string()), "{link}");
        }
    }
}

#[test]
fn odd_packets_have_their_end_too() {
    let six = &topology("odd.toml", SIX);
    for (from, packet, said) in [
        ("r2", "ip6(src=2001:db8:12::2)/srh(path=[fc00:2::e, 2001:db8:b::1])/udp", "nobody there has that address"),
        ("r2", "ip6(src=2001:db8:12::2)/srh(path=[2001:db8:12::2, fc00:2::e, 2001:db8:b::1])/udp", "delivered: UDP"),
        ("r4", "ip4(src=10.0.2.2, dst=99.9.9.9)/udp", "did not send it: Network is unreachable"),
        ("a", "ip4(src=10.0.1.1, dst=10.9.1.2, id=4)/udp", "nobody there has that address"),
        ("a", "ip6(src=2001:db8:a::1, dst=2001:db8:b::1)/icmp6(type=echo)", "Echo (ping) reply"),
    ] {
        let Some((output, text)) = run(check(&[six, "--from", from, packet])) else { return };
        assert_eq!(output.status.code(), Some(0), "{packet}\n{text}");
        assert!(text.contains(said), "{packet}\n{text}");
    }
    let arriving =
        ["--from", "r1", "--arriving", "ra", "ip6(src=2001:db8:a::9)/srh(path=[fc00:2::e, 2001:db8:b::1])/udp"];
    let Some((output, text)) = run(check(&[&[&six[..]], &arriving[..]].concat())) else { return };
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("arriving at r1"), "{text}");
}

#[test]
fn what_cannot_be_checked_is_said_in_a_line() {
    let bm = changed(
        "bm.toml",
        "action = \"End.X\"\nnh6 = \"2001:db8:34::4\"",
        "action = \"End.BM\"\nlabels = [16]\noif = \"r34\"",
    );
    for (args, code, said) in [
        (&["nothing.toml"][..], 2, "sr6: nothing.toml: neither a built-in topology (line3) nor a readable file: "),
        (&["line3", "ip6(hlmi=1)"][..], 2, "sr6: unknown argument 'hlmi' of ip6"),
        (&["line3", "--from", "n9"][..], 2, "sr6: there is no node \"n9\", only n1, n2, n3"),
        (&["line3", "--from", "n1", "--arriving", "x", "ip6/udp"][..], 2, "sr6: n1 has no interface \"x\", only v12"),
        (&["line3", "-r", "nothing.pcap"][..], 2, "sr6: nothing.pcap: "),
        (&[&bm[..]][..], 3, "sr6: sid fc00:3::e4/128 on r3: Linux has no End.BM with these flavors; sr6 simulate does"),
    ] {
        let output = check(args).output().unwrap();
        let errors = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {errors}");
        assert!(errors.starts_with(said), "{args:?}: {errors}");
    }
}
