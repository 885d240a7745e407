//! `sr6 send` through a real kernel: n1 sends by AF_PACKET and raw IPv6, n2
//! processes the segment, n3's socket receives. Delivery is the kernel's word
//! that checksums, lengths and headers are right.

mod support;
mod three_nodes;

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::process::{SR6, as_nobody, signal, stderr};
use support::scratch::Scratch;
use three_nodes::ThreeNodes;

const N3: &str = "2001:db9::1";
const ARTICLE: &str = "ip6/srh(path=[2001:db8::2, 2001:db9::1])/udp(sport=51129, dport=3000)/\"Hello, I'm here\"";

/// What of a message n3 must not see differently by any way of sending.
fn essence(message: &Value) -> Value {
    json!({
        "from": message["from"], "port": message["port"], "text": message["text"],
        "routing_headers": message["routing_headers"],
    })
}

fn assert_done(output: &std::process::Output) {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
}

#[test]
fn every_way_gives_n3_the_same_message() {
    let Some(net) = ThreeNodes::up() else { return };
    let server = net.server("n3", &["::", "3000", "--count", "5", "--timeout", "20s", "-T", "json"]);
    assert_done(&net.sr6("n1", &["send", ARTICLE, "-i", "v12", "--via", "packet"]));
    let scratch = Scratch::new();
    let recipe = scratch.text("two.sr6");
    std::fs::write(&recipe, format!("let packet = {ARTICLE} # one\nframe(time=+1ms)/$packet\n")).unwrap();
    let from_file = net.sr6("n1", &["send", "-f", &recipe, "-i", "v12"]);
    assert_done(&from_file);
    assert_done(&net.sr6("n1", &["send", ARTICLE, "-i", "v12", "--via", "raw6"]));
    // The route to the first segment leads out of v12.
    assert_done(&net.sr6("n1", &["send", ARTICLE]));
    let path = format!("2001:db8::2,{N3}");
    let flags = ["send", "--path", &path, "--udp", "51129:3000", "--data", "Hello, I'm here", "-i", "v12", "-v"];
    let by_flags = net.sr6("n1", &flags);
    assert_done(&by_flags);
    assert_eq!(stderr(&by_flags).lines().next(), Some(ARTICLE));

    let messages = server.messages();
    assert_eq!(messages.len(), 5);
    let header = &messages[0]["routing_headers"][0];
    assert_eq!(
        essence(&messages[0]),
        json!({"from": "2001:db8::1", "port": 51129, "text": "Hello, I'm here", "routing_headers": [header]})
    );
    // As sent, but for Segments Left, which n2 took from 1 to 0.
    assert_eq!(header["bytes"], "110404000100000020010db900000000000000000000000120010db8000000000000000000000002");
    for message in &messages[1..] {
        assert_eq!(essence(message), essence(&messages[0]));
    }
}

#[test]
fn two_srhs_are_two_blocks() {
    let Some(net) = ThreeNodes::up() else { return };
    let packet = "ip6()/srh(path=[2001:db8::2, 2001:db9::1], tag=1)/srh(path=[2001:db9::1], tag=2)\
                  /udp(sport=51129, dport=3000)/\"two\"";
    let server = net.server("n3", &["::", "3000", "--count", "2", "--timeout", "20s", "-T", "json"]);
    for via in ["packet", "raw6"] {
        assert_done(&net.sr6("n1", &["send", packet, "-i", "v12", "--via", via]));
    }
    for message in server.messages() {
        let headers = message["routing_headers"].as_array().unwrap();
        assert_eq!(headers.len(), 2);
        assert_eq!((&headers[0]["tag"], &headers[0]["length"]), (&json!(1), &json!(40)));
        assert_eq!((&headers[1]["tag"], &headers[1]["length"]), (&json!(2), &json!(24)));
        assert_eq!((&headers[0]["next_header"], &headers[1]["next_header"]), (&json!(43), &json!(17)));
    }
}

#[test]
fn fifteen_segments() {
    let Some(net) = ThreeNodes::up() else { return };
    let mut path: Vec<&str> = ["2001:db8::2", "2001:db9::2"].into_iter().cycle().take(14).collect();
    path.push(N3);
    let server = net.server("n3", &["::", "3000", "--count", "1", "--timeout", "20s", "-T", "json"]);
    let path_argument = path.join(",");
    let arguments = ["send", "--path", &path_argument, "--udp", "1:3000", "--data", "15", "-i", "v12"];
    assert_done(&net.sr6("n1", &arguments));
    let messages = server.messages();
    let header = &messages[0]["routing_headers"][0];
    assert_eq!((&header["path"], &header["segments_left"]), (&json!(path), &json!(0)));
}

#[test]
fn a_neighbour_the_kernel_does_not_know_is_asked() {
    let Some(net) = ThreeNodes::up() else { return };
    let known = || net.ip("n1", "-6 neigh show to 2001:db8::2 dev v12");
    assert_eq!(known(), "");
    let server = net.server("n3", &["::", "3000", "--count", "1", "--timeout", "20s", "-T", "json"]);
    assert_done(&net.sr6("n1", &["send", ARTICLE, "-i", "v12"]));
    assert_eq!(server.messages().len(), 1);

    let start = Instant::now();
    let silent = net.sr6("n1", &["send", "ip6(dst=2001:db8::dead)/udp(sport=1, dport=2)", "-i", "v12"]);
    assert_eq!(silent.status.code(), Some(1));
    assert!(stderr(&silent).contains("no neighbour answer from 2001:db8::dead on v12"), "{}", stderr(&silent));
    assert!(start.elapsed() >= Duration::from_secs(3), "three solicitations, a second apart");
}

#[test]
fn the_next_hop_of_a_route_is_its_gateway() {
    let Some(net) = ThreeNodes::up() else { return };
    net.ip("n1", "route add 2001:db9::/64 via 2001:db8::2");
    let server = net.server("n3", &["::", "3000", "--count", "1", "--timeout", "20s", "-T", "json"]);
    let packet = format!("ip6(dst={N3})/udp(sport=1, dport=3000)/\"plain\"");
    assert_done(&net.sr6("n1", &["send", &packet, "-i", "v12", "--via", "packet"]));
    assert_eq!(server.messages()[0]["text"], "plain");
}

#[test]
fn link_local_and_multicast_destinations() {
    let Some(net) = ThreeNodes::up() else { return };
    let server = net.server("n2", &["::", "3000", "--count", "4", "--timeout", "20s", "-T", "json"]);
    for via in ["packet", "raw6"] {
        for to in ["fe80::2", "ff02::1"] {
            let packet = format!("ip6(src=fe80::1, dst={to})/udp(sport=1, dport=3000)/\"{via} {to}\"");
            assert_done(&net.sr6("n1", &["send", &packet, "-i", "v12", "--via", via]));
        }
    }
    let mut texts: Vec<String> = server.messages().iter().map(|m| m["text"].as_str().unwrap().to_owned()).collect();
    texts.sort();
    assert_eq!(texts, ["packet fe80::2", "packet ff02::1", "raw6 fe80::2", "raw6 ff02::1"]);

    let lost = net.sr6("n1", &["send", "ip6(src=fe80::1, dst=fe80::2)/udp()", "--via", "raw6"]);
    assert_eq!(lost.status.code(), Some(2));
    assert!(stderr(&lost).contains("fe80::2 is valid on one link only"), "{}", stderr(&lost));
}

#[test]
fn an_ethernet_header_is_kept_or_completed() {
    let Some(net) = ThreeNodes::up() else { return };
    let mac = |node: &str, link: &str| {
        let links: Value = serde_json::from_str(&net.ip(node, &format!("-j link show {link}"))).unwrap();
        links[0]["address"].as_str().unwrap().to_owned()
    };
    let server = net.server("n3", &["::", "3000", "--count", "3", "--timeout", "20s", "-T", "json"]);
    // The source is nobody's, and n2 does not mind.
    let whole = format!("eth(src=02:00:00:00:00:99, dst={})/{ARTICLE}", mac("n2", "v21"));
    for packet in [whole, format!("eth()/{ARTICLE}"), format!("eth(src={})/{ARTICLE}", mac("n1", "v12"))] {
        assert_done(&net.sr6("n1", &["send", &packet, "-i", "v12"]));
    }
    assert_eq!(server.messages().len(), 3);

    for (arguments, said) in [
        (vec!["send", "eth()/ip6()", "-i", "v12", "--via", "raw6"], "leave eth(...) out"),
        (vec!["send", "eth()/vlan(id=7)/ip6(dst=2001:db8::2)", "-i", "v12"], "give eth(dst=…)"),
        (vec!["send", "eth()/ip6(dst=2001:db8::2)"], "-i IF"),
        (vec!["send", "udp()", "-i", "v12"], "starts with eth or ip6, not udp"),
    ] {
        let refused = net.sr6("n1", &arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&refused).contains(said), "{}", stderr(&refused));
    }
}

#[test]
fn what_cannot_be_sent_is_one_line() {
    let Some(net) = ThreeNodes::up() else { return };
    let long = format!("ip6(dst=2001:db8::2)/udp()/hex({})", "00".repeat(1453));
    for via in ["packet", "raw6"] {
        for (packet, interface, code, said) in [
            ("ip6(dst=2001:db8::2)", "v99", 2, "there is no interface v99"),
            ("ip6(dst=2001:db8::2)", "lo", 1, "no route to 2001:db8::2 through lo"),
            ("ip6(src=::1, dst=2001:dbc::1)", "v12", 1, "no route to 2001:dbc::1 through v12"),
            (&long, "v12", 2, "1501 bytes exceed the MTU of v12, 1500 bytes"),
        ] {
            let refused = net.sr6("n1", &["send", packet, "-i", interface, "--via", via]);
            assert_eq!(refused.status.code(), Some(code), "{via} {interface}: {}", stderr(&refused));
            assert!(stderr(&refused).lines().last().unwrap().contains(said), "{via}: {}", stderr(&refused));
        }
    }
    net.ip("n1", "link set v12 down");
    for via in ["packet", "raw6"] {
        let refused = net.sr6("n1", &["send", ARTICLE, "-i", "v12", "--via", via]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(stderr(&refused).contains("interface v12 is down"), "{}", stderr(&refused));
    }
}

#[test]
fn count_interval_and_interruption() {
    let Some(net) = ThreeNodes::up() else { return };
    let server = net.server("n3", &["::", "3000", "--count", "5", "--timeout", "20s", "-T", "json"]);
    let start = Instant::now();
    let sent = net.sr6("n1", &["send", ARTICLE, "-i", "v12", "--count", "5", "--interval", "20ms", "-v"]);
    assert_done(&sent);
    assert!(start.elapsed() >= Duration::from_millis(80));
    let lines = stderr(&sent);
    assert_eq!(lines.lines().filter(|line| line.ends_with(": 117 bytes sent")).count(), 5, "{lines}");
    assert!(lines.lines().last().unwrap().starts_with("5 sent, 585 bytes, 0 failed, in 0."), "{lines}");
    assert_eq!(server.messages().len(), 5);

    let server = net.server("n3", &["::", "3000", "--count", "2", "--timeout", "20s", "-T", "json"]);
    let mut endless = net
        .on("n1", SR6)
        .args(["send", ARTICLE, "-i", "v12", "--count", "0", "--interval", "1ms"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    assert_eq!(server.messages().len(), 2);
    signal(&endless, "INT");
    assert_eq!(endless.wait().unwrap().code(), Some(130));
}

#[test]
fn without_privilege_the_missing_one_is_named() {
    let scratch = Scratch::for_everybody();
    let outputs = ["packet", "raw6"].map(|via| {
        as_nobody(scratch.path("sr6"))
            .args(["send", "ip6(src=::1, dst=::1)/udp()", "-i", "lo", "--via", via])
            .output()
            .unwrap()
    });
    for output in outputs {
        let said = stderr(&output);
        if said.contains("setpriv:") {
            return support::skip(format!("no other user to run as: {said}"));
        }
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("setcap cap_net_raw+ep"), "{said}");
    }
}
