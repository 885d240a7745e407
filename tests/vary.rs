//! Packets that vary, as users make them: `sr6 craft` with ranges, lists, dice
//! and counters, with scapy and tshark as witnesses.

mod support;

use std::process::Output;

use support::captures::read;
use support::process::{signal, sr6, stderr, stdout};
use support::scratch::Scratch;
use support::witness;

fn craft(arguments: &[&str]) -> Output {
    sr6().arg("craft").args(arguments).output().unwrap()
}

fn text(arguments: &[&str]) -> String {
    stdout(&craft(arguments)).to_owned()
}

fn error(arguments: &[&str]) -> String {
    let output = craft(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    stderr(&output).to_owned()
}

#[test]
fn combinations_count_the_last_value_fastest() {
    let notation = "ip6/udp(sport=each(1, 5), dport=7..9)";
    let all = text(&["-o", "notation", notation]);
    let expected: String = [(1, 7), (1, 8), (1, 9), (5, 7), (5, 8), (5, 9)]
        .iter()
        .map(|(sport, dport)| format!("ip6/udp(sport={sport}, dport={dport})\n"))
        .collect();
    assert_eq!(all, expected);
    let zipped = text(&["-o", "notation", "--zip", notation]);
    assert_eq!(zipped, "ip6/udp(sport=1, dport=7)\nip6/udp(sport=5, dport=8)\n");
    let more = text(&["-o", "notation", "-c", "7", notation]);
    assert_eq!(more, expected + "ip6/udp(sport=1, dport=7)\n");
    let one = text(&["-o", "notation", "ip6/udp(sport=count(9))"]);
    assert_eq!(one, "ip6/udp(sport=9)\n");
    // A count repeats what does not vary, too.
    assert_eq!(text(&["-o", "notation", "-c", "2", "ip6"]), "ip6\nip6\n");
}

#[test]
fn the_seed_decides() {
    let packets =
        |seed: &str| text(&["-o", "hex", "-c", "20", "--seed", seed, "ip6(src=rand)/udp(sport=rand)/rand(9)"]);
    assert_eq!(packets("7"), packets("7"));
    assert_ne!(packets("7"), packets("8"));
    let unseeded = || text(&["-o", "hex", "ip6(src=rand)"]);
    assert_ne!(unseeded(), unseeded());
    let told = craft(&["-v", "-o", "hex", "ip6(src=rand)"]);
    let (seed, bytes) = (stderr(&told), stdout(&told));
    let seed = seed.trim().strip_prefix("--seed ").unwrap();
    assert_eq!(text(&["--seed", seed, "-o", "hex", "ip6(src=rand)"]), bytes);
}

const MANY: &str = "eth(src=rand, dst=02:00:00:00:00:02)/ip6(src=rand(2001:db8::/64), flow=rand, hlim=1..255)\
    /srh(path=[2001:db8:2::1..2001:db8:2::9, 2001:db9::1..2001:db9::3], tag=count)/udp(sport=rand, dport=53)/\"odd\"/rand(5)";

/// Several threads write what one would.
#[test]
fn files_are_in_order_and_complete_in_every_format() {
    let hex = text(&["--seed", "3", "-o", "hex", MANY]);
    let packets: Vec<&str> = hex.lines().collect();
    assert_eq!(packets.len(), 255 * 9 * 3);
    for name in ["all.pcap", "all.pcapng", "all.pcap.gz", "all.pcapng.zst"] {
        let scratch = Scratch::new();
        let file = scratch.text(name);
        assert_eq!(text(&["--seed", "3", "--time", "10", "--interval", "1ms", "-w", &file, MANY]), "");
        let frames = read(&file, |frame| (hex::encode(frame.data), frame.time.unwrap().0));
        for (count, ((bytes, time), packet)) in frames.iter().zip(&packets).enumerate() {
            assert_eq!(bytes, packet, "{name}, packet {count}");
            assert_eq!(*time, 10_000_000_000 + count as i128 * 1_000_000, "{name}");
        }
        assert_eq!(frames.len(), packets.len());
    }
}

#[test]
fn times_go_on_from_notation_to_notation() {
    let times = |arguments: &[&str]| {
        let scratch = Scratch::new();
        let file = scratch.text("times.pcap");
        text(&[&["-w", &file], arguments].concat());
        read(&file, |frame| frame.time.unwrap().0)
    };
    let args = ["--time", "0", "--interval", "5us", "ip6", "ip6(hlim=1..3)", "ip6"];
    assert_eq!(times(&args), [0, 5_000, 10_000, 15_000, 20_000]);
    // Nanoseconds are kept; a recipe's own step wins.
    let args = ["--time", "1", "--interval", "1ns", "frame(time=+3ns)/ip6(hlim=1..2)", "ip6"];
    assert_eq!(times(&args), [1_000_000_003, 1_000_000_006, 1_000_000_007]);
    assert_eq!(times(&["--time", "2", "ip6(hlim=1..3)"]), [2_000_000_000; 3]);
}

#[test]
fn recipes_vary_too() {
    let scratch = Scratch::new();
    let file = scratch.text("vary.sr6");
    let recipe = "let ports = 1..2\nip6/udp(dport=$ports)\nip6/\"single\"\nip6/pad(each(1, 3))\n";
    std::fs::write(&file, recipe).unwrap();
    let notation = text(&["-o", "notation", "-f", &file]);
    assert_eq!(notation, "ip6/udp(dport=1)\nip6/udp(dport=2)\nip6/\"single\"\nip6/pad(1)\nip6/pad(3)\n");
    std::fs::write(&file, "ip6\nip6/udp(dport=5..)\n").unwrap();
    assert_eq!(
        error(&["-o", "hex", "-f", &file]),
        format!(
            "sr6: {}:2:18: a range has a first and a last value: 1..9, or 1..9..2 in steps of two\n  ip6/udp(dport=5..)\n                   ^\n",
            &file
        )
    );
}

#[test]
fn frames_are_cut_as_asked() {
    let scratch = Scratch::new();
    let file = scratch.text("cut.pcap");
    text(&["-w", &file, "frame(cap=44)/ip6/udp(dport=1..3)/pad(10)"]);
    let cut = read(&file, |frame| (frame.data.len(), frame.original_len, frame.data[43]));
    assert_eq!(cut, [1, 2, 3].map(|port| (44, 58, port)));
}

#[test]
fn an_interruption_leaves_no_file() {
    let scratch = Scratch::new();
    let file = scratch.text("interrupted.pcap");
    let mut child = sr6().args(["craft", "-w", &file, "-c", "100000000000", "ip6/udp(sport=rand)"]).spawn().unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while scratch.names().is_empty() && std::time::Instant::now() < deadline {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // It catches signals once there is something to finish.
    std::thread::sleep(std::time::Duration::from_millis(200));
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(scratch.names(), [""; 0]);
}

#[test]
fn mistakes_are_pointed_at_and_leave_nothing_behind() {
    for (notation, expected) in [
        (
            "udp(sport=1..70000)",
            "70000 does not fit in sport (at most 65535)\n  udp(sport=1..70000)\n               ^^^^^",
        ),
        ("ip6(src=::1..::g)", "src takes an IPv6 address\n  ip6(src=::1..::g)\n               ^^^"),
        ("ip6(hlim=1..9..0)", "expected a step of 1 or more\n  ip6(hlim=1..9..0)\n                 ^"),
        ("ip6(src=rand(::/129))", "src has no such prefix\n  ip6(src=rand(::/129))\n                  ^^^"),
        ("ip6(hlim=rand(a=1))", "values stand here without names\n  ip6(hlim=rand(a=1))\n                ^"),
        ("ip6(hlim=count(1, x))", "expected a number to count by\n  ip6(hlim=count(1, x))\n                    ^"),
        (
            "srh(path=::1..::2)",
            "path takes a list of IPv6 addresses: [A, B]; its elements can vary, and each([…], […]) goes through whole lists\n  srh(path=::1..::2)\n           ^^^^^^^^",
        ),
        ("srh(path=[::1, each(3)])", "path takes"),
        ("ip6/pad(x)", "len takes a number\n  ip6/pad(x)\n          ^"),
        ("ip6/rand(0)", "expected a number of bytes from 1 to 262144\n  ip6/rand(0)\n           ^"),
        ("ip6/count(17)", "expected a number of bytes from 1 to 16\n  ip6/count(17)\n            ^^"),
        ("ip6/each(1)", "expected a payload: \"text\" or hex(…)\n  ip6/each(1)\n           ^"),
        ("ip6/padd(3)", "unknown layer 'padd'; did you mean 'pad'?"),
        ("tcp(options=rand)", "options has no order to count or roll dice in; give its values by each(…)"),
        ("ip6/udp/pad(65000..65600)", "packet 601: layer 2 (udp): 65608 bytes of datagram do not fit in len"),
    ] {
        let scratch = Scratch::new();
        let file = scratch.text("none.pcap");
        let said = error(&["-w", &file, notation]);
        assert!(said.starts_with(&format!("sr6: {expected}")), "{said}");
        assert_eq!(scratch.names(), [""; 0]);
    }
    let many = error(&["-o", "hex", "ip6(src=::..::ffff:ffff)"]);
    assert_eq!(many, "sr6: this makes 4294967296 packets; say how many of them with --count N\n");
}

/// Packets of all kinds, each of them varying in several ways.
const RECIPES: [&str; 8] = [
    MANY,
    "ip6(src=rand, tc=rand)/srh(path=[rand, rand, rand], flags=0..3)/tcp(sport=rand, seq=rand, ack=count(1, 1000), flags=each(S, SA, PA))/rand(31)",
    "ip6(src=2001:db8::1)/srh(path=each([::1, ::2], [::3, ::4, ::5], [::6]), tag=rand)/icmp6(id=rand, seq=count)/pad(0..40)",
    "ip6(src=rand)/srh(path=[2001:db8::1..2001:db8::9, rand], sl=0..1)/ip4(src=10.0.0.0/24, dst=rand, ttl=rand, id=count)/udp(sport=rand, dport=1..3)/\"x\"",
    "eth(dst=count)/vlan(id=1..4094..100)/ip4(src=rand(10.0.0.0/8), dst=10.1.1.1..10.1.1.9, tos=rand)/tcp(dport=each(22, 80, 8000..8010))",
    "ip6(src=rand)/dst(options=05020000)/srh(path=[rand, ::2], tlvs=[tlv(each(9, 10), 010203)])/udp(sport=rand)/each(\"a\", \"bcd\", hex(ff))",
    "ip6(src=rand)/icmp6(type=1, code=0..4)/ip6(src=rand, dst=::2)/udp(sport=rand)/\"q\"",
    "ip6(src=rand, dst=rand)/icmp4(id=rand)/count(3)",
];

#[test]
fn tshark_finds_every_checksum_good() {
    const STATUS: [&str; 5] = [
        "ip.checksum.status",
        "udp.checksum.status",
        "tcp.checksum.status",
        "icmp.checksum.status",
        "icmpv6.checksum.status",
    ];
    let scratch = Scratch::new();
    let file = scratch.text("tshark.pcapng");
    let arguments = [&["--seed", "11", "-c", "600", "-w", &file], &RECIPES[..]].concat();
    assert_eq!(text(&arguments), "");
    let Some(run) = witness::fields(&file, &["-E", "occurrence=a"], &STATUS) else { return };
    let lines = run.lines();
    assert_eq!(lines.len(), 600 * RECIPES.len());
    for (index, line) in lines.into_iter().enumerate() {
        let recipe = RECIPES[index / 600];
        let columns: Vec<&str> = line.split('\t').collect();
        // Any payload may look like a broken one of a protocol at a random port;
        // the checksums are what is asked about. 2 is "unverified": tshark does not check what an ICMP error quotes.
        let all: Vec<&str> = columns.iter().flat_map(|s| s.split(',')).filter(|s| !s.is_empty()).collect();
        let quoted = recipe.contains("type=1");
        let good = |status: &&&str| **status == "1" || quoted && **status == "2";
        assert!(
            !all.is_empty() && all.iter().filter(good).count() == all.len(),
            "{line}: packet {} of {recipe}",
            index % 600
        );
    }
}

#[test]
fn scapy_builds_the_same_packets() {
    const SCRIPT: &str = "
import sys
try:
    from scapy.layers.l2 import *
    from scapy.layers.inet import *
    from scapy.layers.inet6 import *
    from scapy.packet import Raw
except ImportError:
    sys.exit(77)
for n in range(300):
    hop, last, port = 1 + n // 60, 1 + n // 15 % 4, 1000 + n % 15 * 7
    path = ['2001:db8:2::%x' % (1 + n // 60), '2001:db9::%x' % last]
    print(bytes(
        Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02')
        / IPv6(src='2001:db8::1', dst=path[0], fl=(5 + 3 * n) % (1 << 20), hlim=64)
        / IPv6ExtHdrSegmentRouting(addresses=path[::-1], segleft=1, lastentry=1, tag=n)
        / UDP(sport=port, dport=(65530 + n) % 65536) / Raw(b'x' + n.to_bytes(4, 'big'))
    ).hex())
";
    let notation = "eth(src=02:00:00:00:00:01, dst=02:00:00:00:00:02)/ip6(src=2001:db8::1, flow=count(5, 3))\
        /srh(path=[2001:db8:2::1..2001:db8:2::5, 2001:db9::1..2001:db9::4], tag=count)\
        /udp(sport=1000..1098..7, dport=count(65530))/\"x\"/count(4)";
    let Some(theirs) = witness::scapy(SCRIPT, "") else { return };
    let ours = text(&["-o", "hex", notation]);
    assert_eq!((ours.lines().count(), theirs.lines().count()), (300, 300));
    for (number, (ours, theirs)) in ours.lines().zip(theirs.lines()).enumerate() {
        assert_eq!(ours, theirs, "packet {number}");
    }
}
