//! `sr6 client` and `sr6 server` through a real kernel: n1 sends, n2 is a
//! segment, n3 receives.

mod support;
mod three_nodes;

use serde_json::{Value, json};
use support::process::{stderr, stdout};
use three_nodes::ThreeNodes;

const N3: &str = "2001:db9::1";
const VIA: &str = "2001:db8::2";

/// The SRH of the article as n3 sees it.
fn assert_arrived(message: &Value, next_header: u8) {
    assert_eq!(message["from"], "2001:db8::1");
    assert_eq!(message["control_truncated"], false);
    let headers = message["routing_headers"].as_array().unwrap();
    assert_eq!(headers.len(), 1, "{message}");
    let expected = json!({
        "length": 40, "hdr_ext_len": 4, "type": 4, "next_header": next_header,
        "segments_left": 0, "last_entry": 1, "flags": 0, "tag": 0, "tlvs": "",
        "segments": [N3, VIA], "path": [VIA, N3], "truncated": false,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&headers[0][name], value, "{name}");
    }
}

#[test]
fn udp_with_and_without_the_destination_in_the_path() {
    let Some(net) = ThreeNodes::up() else { return };
    let server = net.server("n3", &["::", "3000", "--count", "2", "--timeout", "10s", "-T", "json"]);
    for path in [VIA.to_owned(), format!("{VIA},{N3}")] {
        let client = net.sr6("n1", &["client", N3, "3000", "--path", &path, "--data", "Hello, I'm here"]);
        assert!(client.status.success());
    }
    let messages = server.messages();
    assert_eq!(messages.len(), 2);
    for message in &messages {
        assert_eq!((&message["text"], &message["transport"]), (&json!("Hello, I'm here"), &json!("udp")));
        assert_arrived(message, 17);
    }
}

#[test]
fn text_output_shows_every_field() {
    let Some(net) = ThreeNodes::up() else { return };
    let server = net.server("n3", &[N3, "3000", "--count", "1", "--timeout", "10"]);
    let client = net.sr6_reading("n1", &["client", N3, "3000", "--path", VIA], b"from stdin\n");
    assert!(client.status.success());
    let (code, output, _) = server.end();
    assert_eq!(code, 0);
    let (first, rest) = output.split_once('\n').unwrap();
    assert!(first.starts_with("message 1 from [2001:db8::1]:"), "{first}");
    assert!(first.ends_with(", 11 bytes: \"from stdin\\n\""), "{first}");
    assert_eq!(
        rest,
        "  Routing Header 1 of 1: 40 bytes (Hdr Ext Len 4)
    Next Header: 17 (UDP)
    Routing Type: 4 (Segment Routing)
    Segments Left: 0
    Last Entry: 1 (the first segment's index)
    Flags: 0x00
    Tag: 0x0000
    Segment List[0]: 2001:db9::1
    Segment List[1]: 2001:db8::2
    Travelled: 2001:db8::2, 2001:db9::1
"
    );
}

#[test]
fn tcp_there_and_back() {
    let Some(net) = ThreeNodes::up() else { return };
    let server = net.server("n3", &[N3, "3000", "--tcp", "--count", "1", "--timeout", "10s", "-T", "json", "--echo"]);
    let client = net.sr6("n1", &["client", N3, "3000", "--path", VIA, "--tcp", "--data", "stream", "--reply", "5s"]);
    assert_eq!(stdout(&client), "answer from [2001:db9::1]:3000, 6 bytes: \"stream\"\n");
    let messages = server.messages();
    assert_eq!((&messages[0]["text"], &messages[0]["transport"]), (&json!("stream"), &json!("tcp")));
    assert_arrived(&messages[0], 6);
}

#[test]
fn an_answer_to_a_datagram_and_none() {
    let Some(net) = ThreeNodes::up() else { return };
    let server = net.server("n3", &["::", "3000", "--count", "2", "--timeout", "10s", "--echo"]);
    let arguments = ["client", N3, "3000", "--path", VIA, "--data", "\u{1b}[31m", "--reply", "5s"];
    let client = net.sr6("n1", &[&arguments[..], &["--count", "2", "--interval", "10ms"]].concat());
    assert!(client.status.success());
    let line = "answer from [2001:db9::1]:3000, 5 bytes: \"\\u{1b}[31m\"\n";
    assert_eq!(stdout(&client), line.repeat(2));
    assert_eq!(server.end().0, 0);

    let server = net.server("n3", &["::", "3000", "--count", "1", "--timeout", "10s"]);
    let client = net.sr6("n1", &["client", N3, "3000", "--path", VIA, "--data", "x", "--reply", "50ms"]);
    assert_eq!(client.status.code(), Some(1));
    assert_eq!(server.end().0, 0);
}

#[test]
fn a_datagram_without_an_srh_has_none() {
    let Some(net) = ThreeNodes::up() else { return };
    net.ip("n1", "route add 2001:db9::/64 via 2001:db8::2");
    let server = net.server("n3", &["::", "3000", "--count", "1", "--timeout", "10s"]);
    assert!(net.sr6("n1", &["client", N3, "3000", "--data", "plain"]).status.success());
    let (code, output, _) = server.end();
    assert_eq!(code, 0);
    assert!(output.ends_with("\"plain\"\n  the kernel handed over no Routing Header\n"), "{output}");
}

#[test]
fn the_kernel_takes_no_srh_per_packet() {
    let Some(net) = ThreeNodes::up() else { return };
    let client = net.sr6("n1", &["client", N3, "3000", "--path", VIA, "--data", "x", "--per-packet"]);
    assert_eq!(client.status.code(), Some(3));
    assert!(stderr(&client).contains("EINVAL"), "{}", stderr(&client));
}

#[test]
fn fifteen_segments() {
    let Some(net) = ThreeNodes::up() else { return };
    // n2's two addresses in turn, so that every entry differs from the next.
    let path: Vec<&str> = [VIA, "2001:db9::2"].into_iter().cycle().take(14).collect();
    let server = net.server("n3", &["::", "3000", "--count", "1", "--timeout", "10s", "-T", "json"]);
    assert!(net.sr6("n1", &["client", N3, "3000", "--path", &path.join(","), "--data", "15"]).status.success());
    let messages = server.messages();
    let header = &messages[0]["routing_headers"][0];
    assert_eq!((&header["length"], &header["last_entry"]), (&json!(248), &json!(14)));
    assert_eq!(header["path"], json!([&path[..], &[N3]].concat()));
}

#[test]
fn the_limits_are_said() {
    let Some(net) = ThreeNodes::up() else { return };
    let many = |n: usize| vec![VIA; n - 1].join(",");
    for (segments, tcp, said) in [
        (128, false, "a path of 128 segments: Linux takes at most 127"),
        (127, false, "EMSGSIZE); the MTU towards 2001:db8::2 is 1500"),
        (127, true, "leaves no room for TCP: the MTU towards 2001:db8::2 is 1500"),
    ] {
        let path = many(segments);
        let mut arguments = vec!["client", N3, "3000", "--path", &path, "--data", "x"];
        arguments.extend(tcp.then_some("--tcp"));
        let client = net.sr6("n1", &arguments);
        assert_eq!(client.status.code(), Some(2), "{segments} segments");
        assert!(stderr(&client).contains(said), "{}", stderr(&client));
    }
    let client = net.sr6("n1", &["client", N3, "3000", "--path", "2001:dbc::1", "--data", "x"]);
    assert_eq!(client.status.code(), Some(1));
    assert!(stderr(&client).contains("no route to 2001:dbc::1"), "{}", stderr(&client));
}

#[test]
fn cut_control_data_is_said() {
    let Some(net) = ThreeNodes::up() else { return };
    // A control message of 40 bytes has room for 24 of the SRH's 40.
    let arguments = ["::", "3000", "--count", "1", "--timeout", "10s", "--control-buffer", "40"];
    let server = net.server("n3", &arguments);
    assert!(net.sr6("n1", &["client", N3, "3000", "--path", VIA, "--data", "x"]).status.success());
    let (code, output, _) = server.end();
    assert_eq!(code, 0);
    assert!(output.contains("(MSG_CTRUNC)"), "{output}");
    assert!(output.contains("24 bytes (Hdr Ext Len 4), cut short"), "{output}");
    assert!(output.contains("Segment List[0]: 2001:db9::1\n    Travelled: 2001:db9::1\n"), "{output}");
}

#[test]
fn how_a_server_ends() {
    let Some(net) = ThreeNodes::up() else { return };
    for (signal, expected) in [("INT", 130), ("TERM", 0)] {
        let server = net.server("n3", &["::", "3000"]);
        server.signal(signal);
        assert_eq!(server.end().0, expected, "SIG{signal}");
    }
    let (code, _, errors) = net.server("n3", &["::", "3000", "--timeout", "100ms", "--count", "2"]).end();
    assert_eq!((code, errors.as_str()), (1, "sr6: 0 of 2 messages came in time\n"));
    assert_eq!(net.server("n3", &["::", "3000", "--timeout", "100ms"]).end().0, 0);

    let server = net.sr6("n3", &["server", "2001:db8::77", "3000"]);
    assert_eq!(server.status.code(), Some(2));
    assert!(stderr(&server).contains("cannot use [2001:db8::77]:3000"), "{}", stderr(&server));
}

#[test]
fn segments_that_the_kernel_cuts_each_carry_the_srh() {
    let Some(net) = ThreeNodes::up() else { return };
    let server = net.server("n3", &["::", "3000", "--count", "100", "--timeout", "20s", "-T", "json"]);
    let client = net.sr6(
        "n1",
        &["client", N3, "3000", "--path", VIA, "--data", "cut me", "--count", "100", "--interval", "10us", "--gso"],
    );
    assert!(client.status.success());
    assert!(stderr(&client).contains("100 sent, 6 bytes each behind an SRH of 40"), "{}", stderr(&client));
    let messages = server.messages();
    assert_eq!(messages.len(), 100);
    for message in &messages {
        assert_eq!(message["text"], "cut me");
        assert_arrived(message, 17);
    }
}

#[test]
fn segments_that_do_not_fit_are_refused() {
    let Some(net) = ThreeNodes::up() else { return };
    let long = "x".repeat(1500 - 40 - 40 - 8 + 1);
    for (arguments, said) in [
        (
            &["--data", &long, "--count", "9"][..],
            "the kernel refuses 1413 bytes behind an SRH of 40 (EMSGSIZE); the MTU",
        ),
        (&["--data", ""], "nothing to cut into datagrams"),
        (&["--data", "x", "--tcp"], "cannot be used with"),
    ] {
        let all: Vec<&str> = ["client", N3, "3000", "--path", VIA, "--gso"].iter().chain(arguments).copied().collect();
        let refused = net.sr6("n1", &all);
        assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
        assert!(stderr(&refused).contains(said), "{}", stderr(&refused));
    }
}
