//! Live capture on interfaces of a network namespace that the test makes for
//! itself: the test binary runs again inside it, as root of nothing else.

#![cfg(feature = "pcap")]

mod support;

use std::net::UdpSocket;
use std::process::Command;
use std::time::{Duration, Instant};

use sr6::capture::live::{self, LiveError};
use sr6::capture::{Filter, Live, Timestamp};
use sr6::wire::link_type::LinkType;
use support::witness::{self, Run};

const INSIDE: &str = "SR6_TEST_INSIDE";

/// Runs `test` of this binary again through unshare(1); whether the caller is
/// the one inside, and has the work to do.
fn inside(test: &str, unshare: &[&str]) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let mut command = witness::command("unshare");
    command.args(unshare).arg(std::env::current_exe().expect("this binary"));
    command.args(["--exact", test, "--nocapture"]).env(INSIDE, "1");
    let Some(Run { stdout, stderr, success }) = witness::run(command) else { return false };
    if !success && stderr.starts_with("unshare: ") {
        support::skip(format!("no namespaces here: {}", stderr.trim()));
        return false;
    }
    assert!(success, "inside the namespace:\n{stdout}{stderr}");
    false
}

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status().expect("iproute2 is installed");
    assert!(status.success(), "ip {arguments}");
}

/// A socket that sends to itself, so that whatever it sends is captured on lo.
fn echo() -> UdpSocket {
    let socket = UdpSocket::bind("[::1]:0").expect("a port");
    socket.connect(socket.local_addr().expect("its address")).expect("itself");
    socket
}

/// The payloads of frames until there are `count`, for at most five seconds.
fn payloads(live: &mut Live, count: usize) -> Vec<Vec<u8>> {
    let deadline = Instant::now() + Duration::from_secs(5);
    let mut seen = Vec::new();
    while seen.len() < count && Instant::now() < deadline {
        if let Some(frame) = live.next_frame(Duration::from_millis(200)).expect("a frame") {
            assert_eq!(frame.number, seen.len() as u64 + 1);
            assert_eq!(frame.original_len as usize, frame.data.len());
            seen.push(frame.data.get(62..).unwrap_or_default().to_vec());
        }
    }
    seen
}

#[test]
fn what_is_sent_on_lo_is_captured() {
    if !inside("what_is_sent_on_lo_is_captured", &["--map-root-user", "--net"]) {
        return;
    }
    ip("link set lo up");
    let socket = echo();
    let port = socket.local_addr().unwrap().port();
    let filter = Some(format!("udp dst port {port}"));
    let options = live::Options { immediate: true, filter, ..live::Options::default() };
    let mut live = Live::open("lo", &options).unwrap();
    assert_eq!((live.link(), live.interface()), (LinkType::ETHERNET, "lo"));

    // Nothing has come, and waiting for it ends.
    let asked = Instant::now();
    assert!(live.next_frame(Duration::from_millis(50)).unwrap().is_none());
    assert!((Duration::from_millis(50)..Duration::from_secs(2)).contains(&asked.elapsed()));

    let before = Timestamp::now();
    echo().send(b"to another port").unwrap();
    socket.send(b"one").unwrap();
    socket.send(b"two").unwrap();
    let wait = Duration::from_secs(5);
    let frame = live.next_frame(wait).unwrap().expect("the first");
    assert_eq!((&frame.data[62..], frame.number, frame.interface_name), (&b"one"[..], 1, Some("lo")));
    assert_eq!(frame.original_len, 65);
    let time = frame.time.expect("the kernel's time");
    assert!(before <= time && time <= Timestamp::now(), "{before} {time}");

    let mut batch = Vec::new();
    let count = live.next_batch(wait, Some(8), |frame| batch.push((frame.number, frame.data[62..].to_vec())));
    assert_eq!((count.unwrap(), batch), (1, vec![(2, b"two".to_vec())]));
    let stats = live.stats().unwrap();
    // The kernel shows libpcap both directions of a loopback interface.
    assert!((2..=4).contains(&stats.received), "{stats:?}");
    assert_eq!((stats.dropped, stats.dropped_by_interface), (0, 0));
    assert_eq!(live.stats().unwrap(), stats, "asking does not count");
}

#[test]
fn batches_come_without_immediate_mode() {
    if !inside("batches_come_without_immediate_mode", &["--map-root-user", "--net"]) {
        return;
    }
    ip("link set lo up");
    let filter = Some("udp".to_owned());
    let options = live::Options { snaplen: 70, filter, ..live::Options::default() };
    let mut live = Live::open("lo", &options).unwrap();
    let socket = echo();
    for n in 0..100u8 {
        socket.send(&[n; 20]).unwrap();
    }
    let (mut seen, deadline) = (Vec::new(), Instant::now() + Duration::from_secs(5));
    while seen.len() < 100 && Instant::now() < deadline {
        let limit = Some(100 - seen.len());
        let each = |f: sr6::capture::Frame<'_>| seen.push((f.number, f.data.len(), f.original_len, f.data[62]));
        live.next_batch(Duration::from_millis(300), limit, each).unwrap();
    }
    let expected: Vec<_> = (0..100u8).map(|n| (u64::from(n) + 1, 70, 82, n)).collect();
    assert_eq!(seen, expected);
}

#[test]
fn all_interfaces_at_once_are_cooked_and_a_veth_is_seen() {
    if !inside("all_interfaces_at_once_are_cooked_and_a_veth_is_seen", &["--map-root-user", "--net"]) {
        return;
    }
    for step in ["link set lo up", "link add v0 type veth peer name v1", "link set v0 up", "link set v1 up"] {
        ip(step);
    }
    let names: Vec<_> = live::list_interfaces().unwrap().into_iter().map(|i| (i.name, i.up, i.loopback)).collect();
    assert!(names.contains(&("v0".into(), true, false)) && names.contains(&("lo".into(), true, true)), "{names:?}");

    let filter = Some("udp".to_owned());
    let options = live::Options { immediate: true, filter: filter.clone(), ..live::Options::default() };
    let mut any = Live::open("any", &options).unwrap();
    assert_eq!(any.link(), LinkType::LINUX_SLL2);
    echo().send(b"hello").unwrap();
    let frame = any.next_frame(Duration::from_secs(5)).unwrap().expect("a frame");
    assert!(frame.data.ends_with(b"hello") && frame.data.len() == 20 + 40 + 8 + 5);

    // What is sent into one end of a veth comes out of the other.
    let mut veth = Live::open("v1", &live::Options { filter: Some("udp port 9".into()), ..options }).unwrap();
    let socket = UdpSocket::bind("[::]:0").unwrap();
    let v0 = std::fs::read_to_string("/proc/net/if_inet6").unwrap();
    let index = v0.lines().find(|l| l.ends_with(" v0")).map(|l| l.split(' ').nth(1).unwrap());
    let index = u32::from_str_radix(index.expect("v0 has a link-local address"), 16).unwrap();
    let everybody = std::net::SocketAddrV6::new("ff02::1".parse().unwrap(), 9, 0, index);
    // Its address may still be tentative.
    let deadline = Instant::now() + Duration::from_secs(5);
    while socket.send_to(b"across", everybody).is_err() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(payloads(&mut veth, 1), [b"across"]);
}

#[test]
fn refusals_say_what_to_do() {
    if !inside("refusals_say_what_to_do", &["--map-root-user", "--net"]) {
        return;
    }
    ip("link set lo up");
    let open = |name: &str, filter: Option<&str>| {
        let options = live::Options { filter: filter.map(str::to_owned), ..live::Options::default() };
        Live::open(name, &options).expect_err("refused")
    };
    let missing = open("eth77", None);
    assert!(matches!(&missing, LiveError::NoInterface { known, .. } if known.contains(&"lo".into())), "{missing}");
    assert!(missing.to_string().starts_with("no interface eth77; there are: "), "{missing}");
    let filter = open("lo", Some("udp and and"));
    assert!(filter.to_string().starts_with("the filter 'udp and and' does not compile: "), "{filter}");
    assert!(filter.to_string().contains("syntax error"), "{filter}");
}

#[test]
fn without_privilege_it_names_the_capability() {
    // A user namespace alone gives nothing over this network.
    if !inside("without_privilege_it_names_the_capability", &["--user"]) {
        return;
    }
    let refused = Live::open("lo", &live::Options::default()).expect_err("refused");
    assert!(matches!(refused, LiveError::Permission { .. }), "{refused:?}");
    assert!(refused.to_string().contains("setcap cap_net_raw+ep"), "{refused}");
}

#[test]
fn filters_work_on_bytes_from_anywhere() {
    let mut packet = vec![0; 48];
    packet[0] = 0x60;
    packet[6] = 17;
    packet[42..44].copy_from_slice(&4789u16.to_be_bytes());
    let mut framed = vec![0; 14];
    framed[12..14].copy_from_slice(&[0x86, 0xdd]);
    framed.extend(&packet);
    for (link, bytes) in [(LinkType::RAW, &packet), (LinkType::IPV6, &packet), (LinkType::ETHERNET, &framed)] {
        for (text, expected) in
            [("udp dst port 4789", true), ("udp port 53", false), ("ip6 proto 43", false), ("", true)]
        {
            let filter = Filter::compile(text, link).unwrap();
            assert_eq!(filter.matches(bytes), expected, "{text:?} on {link}");
        }
    }
    assert!(!Filter::compile("udp", LinkType::ETHERNET).unwrap().matches(&[]));
    let bad = Filter::compile("proto proto", LinkType::ETHERNET).expect_err("no filter");
    assert!(bad.to_string().starts_with("the filter 'proto proto' does not compile: "), "{bad}");
}
