//! Packets and answers to them, made by the crafter.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use super::*;
use crate::capture::{Frame, Timestamp};
use crate::craft;
use crate::notation;
use crate::transmit::{Packet, SendError, Watch};
use crate::wire::link_type::LinkType;

const SENT: u64 = 1_700_000_000;

fn bytes(text: &str) -> Vec<u8> {
    let packet = notation::parse(text).unwrap_or_else(|e| panic!("{e}"));
    craft::build(&packet).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn frame(data: &[u8], millis: u64) -> Frame<'_> {
    let time = Timestamp::new(SENT as i64, 0).0 + i128::from(millis) * 1_000_000;
    Frame { time: Some(Timestamp(time)), ..Frame::new(LinkType::IPV6, data) }
}

/// Sends packets, then hears frames a millisecond apart: what was told, as
/// `number kind`, and what is missing.
fn told(sent: &[&str], heard: &[&str]) -> (Vec<String>, String) {
    let told = Mutex::new(Vec::new());
    let book = Book::new(|answer: &Answer| told.lock().unwrap().push(answer.clone()));
    for (number, text) in sent.iter().enumerate() {
        let packet = bytes(text);
        book.taken(number as u64, Packet::Ipv6(&packet));
        book.left(number as u64, SystemTime::UNIX_EPOCH + Duration::from_secs(SENT), &Ok(packet.len()));
    }
    for (number, text) in heard.iter().enumerate() {
        book.heard(&frame(&bytes(text), number as u64 + 1));
    }
    let (tally, missing) = book.close();
    assert_eq!(tally.sent, sent.len() as u64);
    let told = told.into_inner().unwrap();
    assert_eq!(told.iter().filter(|answer| !answer.duplicate).count() as u64, tally.answered);
    let line = |answer: &Answer| {
        format!("{} {}{}", answer.number + 1, answer.kind, if answer.duplicate { " again" } else { "" })
    };
    (told.iter().map(line).collect(), missing.to_string())
}

const ECHO: &str = "ip6(src=fc00::1)/srh(path=[fc00:2::, fc00::9])/icmp6(id=7, seq=3)/\"hello\"";

#[test]
fn echo_replies_by_their_numbers() {
    let replies = [
        "ip6(src=fc00::9, dst=fc00::1)/icmp6(type=reply, id=7, seq=4)",
        "ip6(src=fc00::9, dst=fc00::2)/icmp6(type=reply, id=7, seq=3)",
        // An anycast address's owner may answer.
        "ip6(src=fc00::99, dst=fc00::1)/icmp6(type=reply, id=7, seq=3)/\"hello\"",
    ];
    assert_eq!(told(&[ECHO], &replies), (vec!["1 Echo (ping) reply".into()], String::new()));
    let (answers, missing) = told(&[ECHO], &replies[..2]);
    assert_eq!((answers.len(), missing.as_str()), (0, "1"));
}

#[test]
fn a_reply_comes_encapsulated_and_once_more_without() {
    let inner = "ip6(src=fc00::9, dst=fc00::1)/icmp6(type=reply, id=7, seq=3)";
    let outer = bytes(&format!("ip6(src=fc00:3::)/srh(path=[fc00:2::, fc00:1::])/{inner}"));
    let inner = bytes(inner);
    let told = Mutex::new(0);
    let book = Book::new(|_: &Answer| *told.lock().unwrap() += 1);
    book.taken(0, Packet::Ipv6(&bytes(ECHO)));
    book.left(0, SystemTime::UNIX_EPOCH, &Ok(1));
    for (data, millis) in [(&outer, 5), (&inner, 5), (&inner, 6)] {
        book.heard(&frame(data, millis));
    }
    let (tally, _) = book.close();
    assert_eq!((tally.answered, tally.duplicates), (1, 1));
    assert_eq!(*told.lock().unwrap(), 2);
}

#[test]
fn an_error_is_about_the_packet_it_quotes_however_that_changed() {
    let sent = "ip6(src=fc00::1)/srh(path=[fc00:2::, fc00::9])/udp(sport=4000, dport=9)/\"x\"";
    // As sent; behind the first segment; without the SRH; and in an
    // encapsulation that a node on the way added.
    for quoted in [
        "ip6(src=fc00::1)/srh(path=[fc00:2::, fc00::9])/udp(sport=4000, dport=9)/\"x\"",
        "ip6(src=fc00::1, hlim=1)/srh(path=[fc00:2::, fc00::9], sl=0)/udp(sport=4000, dport=9)/\"x\"",
        "ip6(src=fc00::1, dst=fc00::9, hlim=1)/udp(sport=4000, dport=9)/\"x\"",
        "ip6(src=fc00:5::)/srh(path=[fc00:6::])/ip6(src=fc00::1, dst=fc00::9)/udp(sport=4000, dport=9)/\"x\"",
    ] {
        let error = format!("ip6(src=fc00:2::1, dst=fc00::1)/icmp6(type=timex)/{quoted}");
        let (answers, missing) = told(&[sent], &[&error]);
        assert_eq!(answers, ["1 Time Exceeded (hop limit exceeded in transit)"], "{quoted}");
        assert_eq!(missing, "");
    }
    // Another port, another source.
    for quoted in [
        "ip6(src=fc00::1, dst=fc00::9)/udp(sport=4001, dport=9)/\"x\"",
        "ip6(src=fc00::2, dst=fc00::9)/udp(sport=4000, dport=9)/\"x\"",
    ] {
        let error = format!("ip6(src=fc00:2::1, dst=fc00::1)/icmp6(type=timex)/{quoted}");
        assert_eq!(told(&[sent], &[&error]), (vec![], "1".into()), "{quoted}");
    }
}

#[test]
fn datagrams_from_the_port_that_was_asked() {
    let sent = "ip6(src=fc00::1)/srh(path=[fc00:2::, fc00::9])/udp(sport=4000, dport=53)";
    let reply = |from: &str, sport: u16, dport: u16| {
        format!("ip6(src={from}, dst=fc00::1)/udp(sport={sport}, dport={dport})/\"yes\"")
    };
    let right = reply("fc00::9", 53, 4000);
    assert_eq!(told(&[sent], &[&right]), (vec!["1 UDP, 3 bytes".into()], String::new()));
    for wrong in [reply("fc00::9", 54, 4000), reply("fc00::9", 53, 4001), reply("fc00::8", 53, 4000)] {
        assert_eq!(told(&[sent], &[&wrong]).1, "1", "{wrong}");
    }
    let group = "ip6(src=fc00::1, dst=ff02::fb)/udp(sport=4000, dport=53)";
    assert_eq!(told(&[group], &[&reply("fc00::8", 53, 4000)]).1, "");
}

#[test]
fn segments_by_what_they_acknowledge() {
    let syn = "ip6(src=fc00::1)/srh(path=[fc00:2::, fc00::9])/tcp(sport=4000, dport=80, seq=100)";
    let data = "ip6(src=fc00::1, dst=fc00::9)/tcp(sport=4000, dport=80, seq=101, ack=7, flags=A)/\"four\"";
    let reply = |rest: &str| format!("ip6(src=fc00::9, dst=fc00::1)/tcp(sport=80, dport=4000, {rest})");
    let synack = reply("seq=6, ack=101, flags=SA");
    assert_eq!(told(&[syn], &[&synack]).0, ["1 TCP SYN,ACK"]);
    assert_eq!(told(&[syn], &[&reply("ack=101, flags=RA")]).0, ["1 TCP RST,ACK"]);
    assert_eq!(told(&[syn], &[&reply("ack=102, flags=SA")]).1, "1");
    assert_eq!(told(&[data], &[&reply("ack=105, flags=A")]).0, ["1 TCP ACK"]);
    assert_eq!(told(&[data], &[&reply("seq=7, flags=R")]).0, ["1 TCP RST"]);
    assert_eq!(told(&[data], &[&reply("seq=8, flags=R")]).1, "1");
    let quoted = format!("ip6(src=fc00:2::1, dst=fc00::1)/icmp6(type=timex)/{syn}");
    assert_eq!(told(&[data, syn], &[&quoted]).0, ["2 Time Exceeded (hop limit exceeded in transit)"]);
}

#[test]
fn packets_without_numbers_are_known_by_how_they_start() {
    let sent = ["ip6(src=fc00::1, dst=fc00::9, nxt=253)/hex(0102030405060708ff)", "ip6(src=fc00::1, dst=fc00::9)"];
    let error = "ip6(src=fc00::9, dst=fc00::1)/icmp6(type=paramprob, code=1, seq=6)/ip6(src=fc00::1, dst=fc00::9, nxt=253)/hex(0102030405060708ff)";
    assert_eq!(
        told(&sent, &[error]),
        (vec!["1 Parameter Problem (unrecognized Next Header type encountered, pointer 6)".into()], "2".into())
    );
}

#[test]
fn packets_that_are_the_same_are_answered_in_turn() {
    let reply = "ip6(src=fc00::9, dst=fc00::1)/icmp6(type=reply, id=7, seq=3)";
    let name = |number| format!("{number} Echo (ping) reply");
    let (answers, missing) = told(&[ECHO; 4], &[reply, reply]);
    assert_eq!((answers, missing), (vec![name(1), name(2)], "3-4".into()));
    let (answers, _) = told(&[ECHO], &[reply, reply]);
    assert_eq!(answers, [name(1), format!("{} again", name(1))]);
}

#[test]
fn an_answer_before_the_sender_is_back_counts_when_it_is() {
    let told = Mutex::new(Vec::new());
    let book = Book::new(|answer: &Answer| told.lock().unwrap().push(answer.round_trip));
    let reply = bytes("ip6(src=fc00::9, dst=fc00::1)/icmp6(type=reply, id=7, seq=3)");
    for number in 0..2 {
        book.taken(number, Packet::Ipv6(&bytes(ECHO)));
    }
    book.heard(&frame(&reply, 2));
    assert!(told.lock().unwrap().is_empty());
    book.left(0, SystemTime::UNIX_EPOCH + Duration::from_secs(SENT), &Ok(1));
    assert_eq!(*told.lock().unwrap(), [Some(Duration::from_millis(2))]);
    // What never left is missed by nobody.
    book.left(1, SystemTime::UNIX_EPOCH, &Err(SendError::Interrupted));
    assert!(book.wait(Duration::ZERO));
    let (tally, missing) = book.close();
    assert_eq!((tally.sent, tally.answered, tally.mean()), (1, 1, Some(Duration::from_millis(2))));
    assert!(missing.runs().is_empty());
}

#[test]
fn any_frame_may_come_in() {
    let book = Book::new(|_: &Answer| ());
    let reply = bytes(&format!("ip6(src=fc00:2::1, dst=fc00::1)/icmp6(type=timex)/{ECHO}"));
    for cut in 0..reply.len() {
        book.heard(&frame(&reply[..cut], 1));
        book.taken(cut as u64, Packet::Ipv6(&reply[..cut]));
    }
}
