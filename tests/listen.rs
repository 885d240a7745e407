//! `sr6 send --listen` on a real kernel: each kind of answer is matched to the
//! packet that it is to.

mod support;
mod three_nodes;

use serde_json::Value;
use support::process::{stderr, stdout, text};
use three_nodes::ThreeNodes;

const PATH: &str = "srh(path=[2001:db8::2, 2001:db9::1])";

/// Three nodes that know each other: on a new link, the first neighbour
/// solicitation may take seconds.
fn up() -> Option<ThreeNodes> {
    let net = ThreeNodes::up()?;
    let echo = format!("ip6/{PATH}/icmp6(id=1)");
    let output = net.sr6("n1", &["send", &echo, "-i", "v12", "--listen=20"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    Some(net)
}

/// Sends from n1 and listens: the exit code, the answers and what was not
/// answered, by the number of the packet, and the summary.
fn listen(net: &ThreeNodes, wait: &str, arguments: &[&str]) -> (Option<i32>, Vec<Value>, Vec<u64>, Value) {
    let always = ["send", wait, "-i", "v12", "--interval", "5ms", "-T", "json"];
    let output = net.sr6("n1", &[&always, arguments].concat());
    let (mut answers, mut missing, mut summary) = (Vec::new(), Vec::new(), Value::Null);
    for line in text(&output.stdout).lines() {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        match object["type"].as_str() {
            Some("answer") => answers.push(object),
            Some("unanswered") => missing.push(object["packet"].as_u64().unwrap()),
            _ => summary = object,
        }
    }
    assert!(summary["answers"].is_object(), "{}", stderr(&output));
    (output.status.code(), answers, missing, summary["answers"].clone())
}

/// Packets each of which gets another kind of answer, and what that is: its
/// kind, type, code, pointer, and the quoted Segments Left.
fn kinds() -> [(String, &'static str, [Option<u64>; 4]); 7] {
    let echo = ("echo-reply", [None; 4]);
    let error = |kind, code, pointer, left| ("icmp-error", [Some(kind), Some(code), pointer, Some(left)]);
    let case = |packet: String, (name, numbers)| (packet, name, numbers);
    [
        case(format!("ip6/{PATH}/icmp6(id=7, seq=1)/\"hello\""), echo),
        case("ip6(dst=2001:db8::2)/icmp6(id=7, seq=2)".into(), echo),
        // Port unreachable at the end of the path.
        case(format!("ip6/{PATH}/udp(sport=4000, dport=9)/\"x\""), error(1, 4, None, 0)),
        // Out of hops at n2, which has gone on to the next segment already.
        case(format!("ip6(hlim=1)/{PATH}/udp(sport=4001, dport=9)/\"x\""), error(3, 0, None, 0)),
        // Out of hops at n2, which the path only passes through.
        case(
            "ip6(hlim=1)/srh(path=[2001:db9::1, 2001:db9::1])/udp(sport=4002, dport=9)/\"x\"".into(),
            error(3, 0, None, 1),
        ),
        // Segments Left that n2 does not believe.
        case(
            "ip6/srh(path=[2001:db8::2, 2001:db9::1], sl=9)/udp(sport=4003, dport=9)/\"x\"".into(),
            error(4, 0, Some(43), 9),
        ),
        // Refused by the end of the path.
        case(format!("ip6/{PATH}/tcp(sport=4004, dport=80)"), ("tcp", [None; 4])),
    ]
}

fn assert_each_is_answered(net: &ThreeNodes, via: &str) {
    let cases = kinds();
    let packets: Vec<&str> = cases.iter().map(|(packet, ..)| packet.as_str()).collect();
    let (code, answers, missing, summary) = listen(net, "--listen=5", &[&packets[..], &["--via", via]].concat());
    assert_eq!((code, missing.as_slice()), (Some(0), &[][..]), "{via}: {summary}");
    assert_eq!((&summary["answered"], &summary["duplicates"]), (&7.into(), &0.into()), "{via}");
    for (number, (packet, kind, [icmp, code, pointer, left])) in (1u64..).zip(&cases) {
        let answer = answers.iter().find(|answer| answer["packet"] == number).unwrap_or_else(|| panic!("{packet}"));
        assert_eq!(answer["answer"], *kind, "{packet}");
        let said = &answer["icmp"];
        let quoted = &said["quoted"]["segments_left"];
        let numbers = [&said["type"], &said["code"], &said["pointer"], quoted].map(Value::as_u64);
        assert_eq!(numbers, [*icmp, *code, *pointer, *left], "{packet}: {answer}");
        let rtt = answer["rtt"].as_f64().expect("a round trip");
        assert!((0.0..5.0).contains(&rtt), "{packet}: {rtt}");
    }
}

#[test]
fn each_kind_of_answer_is_matched() {
    let Some(net) = up() else { return };
    net.ip("n1", "route add 2001:db9::/64 via 2001:db8::2");
    for via in ["packet", "raw6"] {
        assert_each_is_answered(&net, via);
    }
}

#[test]
fn answers_that_come_through_segments_count_once() {
    let Some(net) = up() else { return };
    net.ip("n1", "route add 2001:db9::/64 via 2001:db8::2");
    net.ip("n3", "route replace 2001:db8::/64 encap seg6 mode encap segs 2001:db9::2,2001:db8::1 dev v32");
    assert_each_is_answered(&net, "packet");
}

#[test]
fn a_server_answers_datagrams() {
    let Some(net) = up() else { return };
    let server = net.server("n3", &["2001:db9::1", "3000", "--echo", "--count", "3", "--timeout", "20s"]);
    let packet = format!("ip6/{PATH}/udp(sport=4000, dport=3000)/\"hello\"");
    let (code, answers, missing, summary) = listen(&net, "--listen=5", &[&packet, "--count", "3"]);
    assert_eq!((code, missing.as_slice(), &summary["answered"]), (Some(0), &[][..], &3.into()));
    for answer in answers {
        assert_eq!((&answer["answer"], &answer["from"]), (&"udp".into(), &"2001:db9::1".into()));
        assert_eq!(answer["text"], "UDP, 5 bytes");
    }
    assert_eq!(server.end().0, 0);
}

#[test]
fn what_is_not_answered_is_listed() {
    let Some(net) = up() else { return };
    let echo = format!("ip6/{PATH}/icmp6(id=7)");
    // Nobody is there, and nothing comes of a Next Header of 59.
    let (gone, quiet) = ("ip6(dst=ff02::1234)/udp(dport=9)", format!("ip6/{PATH}"));
    let (code, answers, missing, summary) = listen(&net, "--listen=0.3", &[gone, &echo, &quiet]);
    assert_eq!((code, missing.as_slice()), (Some(0), &[1, 3][..]), "{answers:?}");
    assert_eq!((&summary["answered"], &summary["unanswered"]), (&1.into(), &2.into()));
    let (code, _, missing, _) = listen(&net, "--listen=0.3", &[gone, "--count", "3"]);
    assert_eq!((code, missing.as_slice()), (Some(1), &[1, 2, 3][..]));
}

#[test]
fn people_read_lines() {
    let Some(net) = up() else { return };
    let echo = format!("ip6/{PATH}/icmp6(id=7)");
    let output = net.sr6("n1", &["send", &echo, "-i", "v12", "--listen", "--count", "2", "--interval", "5ms"]);
    let lines = stdout(&output);
    for (number, line) in (1..).zip(lines.lines()) {
        assert!(line.starts_with(&format!("{number}: Echo (ping) reply from 2001:db9::1, hop limit 63, ")), "{line}");
        assert!(line.ends_with(" ms"), "{line}");
    }
    assert_eq!(lines.lines().count(), 2);
    assert!(stderr(&output).contains("2 of 2 answered; round trip "), "{}", stderr(&output));
}
