//! What display filters mean that Wireshark does not have, and what people see
//! when they are wrong.

mod support;

use sr6::capture::{Frame, Timestamp};
use sr6::dissect::{Dissection, Packet};
use sr6::filter::Filter;
use sr6::wire::link_type::LinkType;
use support::captures::build;
use support::process::{sr6, stderr, text};
use support::scratch::Scratch;

/// A packet over Ethernet, as the notation writes it.
fn bytes(text: &str) -> Vec<u8> {
    build(&format!("eth(src=02:00:00:00:00:01, dst=02:00:00:00:00:02)/{text}"))
}

fn matches(bytes: &[u8], filter: &str) -> bool {
    let mut frame = Frame::new(LinkType::ETHERNET, bytes);
    frame.time = Some(Timestamp::new(1_700_000_000, 500_000_000));
    let dissection = Dissection::of(&frame);
    Filter::parse(filter).unwrap_or_else(|error| panic!("{error}")).matches(&Packet::new(&frame, &dissection))
}

/// Checks filters that are true of a packet, and filters that are not.
fn check(packet: &str, yes: &[&str], no: &[&str]) {
    let bytes = bytes(packet);
    for filter in yes {
        assert!(matches(&bytes, filter), "false: {filter}");
    }
    for filter in no {
        assert!(!matches(&bytes, filter), "true: {filter}");
    }
}

/// The error for a filter.
fn error(filter: &str) -> String {
    Filter::parse(filter).map(|_| ()).expect_err(filter).to_string()
}

#[test]
fn the_path_of_a_packet() {
    check(
        "ip6(src=2001:db8::1)/srh(path=[fc00:a::1, fc00:b::1, fc00:c::1], sl=1, tag=7)/udp(sport=1, dport=2)",
        &[
            "srh",
            "srh.active == fc00:b::1",
            "srh.final == fc00:c::1",
            "srh.path == fc00:a::1",
            "srh.segment in fc00:b::/32",
            "srh.segment in {fc00:9::/32, fc00:a::1..fc00:b::1}",
            "all srh.segment in fc00::/16",
            "count(srh.path) == 3",
            "srh.segs == fc00:a::1",
            "srh.segleft == 1 && srh.sl == 1 && srh.last_entry == 2",
            "srh.tag == 00:07",
            "srh.path != fc00:d::1",
            "srh.active == srh.path && srh.active != srh.final",
        ],
        &[
            "srh.active == fc00:a::1",
            "srh.final != fc00:c::1",
            "srh.segment in {fc00:d::/32}",
            "all srh.segment in fc00:b::/32",
            "srh.path === fc00:a::1",
            "inner",
            "quoted",
            "diag == \"srh.segments_left\"",
        ],
    );
    // A reduced list has no active entry before the first segment is reached.
    let reduced = "ip6(src=2001:db8::1)/srh(path=[fc00:a::1, fc00:b::1], reduced)/udp(sport=1, dport=2)";
    check(reduced, &["srh.final == fc00:b::1", "!srh.active"], &["srh.active", "srh.active != ::1"]);
    // Other Routing headers are no SRH.
    let other = "ip6(src=2001:db8::1, dst=2001:db8::2)/routing(type=253, data=00000000)/udp(sport=1, dport=2)";
    check(other, &["ipv6.routing", "ipv6.routing.type == 253"], &["srh", "srh.segleft", "srh.segleft >= 0"]);
}

#[test]
fn parts_of_a_packet() {
    let packet = "ip6(src=2001:db8::1, hlim=9)/srh(path=[fc00:a::1, fc00:b::1])/ip4(src=10.0.0.1, dst=10.0.0.2, ttl=5)/udp(sport=1000, dport=53)/\"inside\"";
    check(
        packet,
        &[
            "inner",
            "outer",
            "inner.ip.dst == 10.0.0.2",
            "inner.udp.dstport == 53",
            "outer.ipv6.hlim == 9",
            "outer.srh.segleft == 1",
            "outer.eth.src == 02:00:00:00:00:01",
            "inner.udp contains \"inside\"",
            "count(outer.ipv6.addr) == 2",
            "ip4.ttl == 5 && ip6.hlim == 9",
            "udp.dstport == 53",
        ],
        &["inner.ipv6", "inner.srh", "outer.udp", "outer.ip", "quoted", "quoted.udp", "inner.eth"],
    );
    check(
        "ip6(src=2001:db8::1, dst=2001:db8::2)/udp(sport=1, dport=2)/\"x\"",
        &["outer.udp.dstport == 2", "outer.data", "!inner"],
        &["inner.udp", "inner.udp.dstport != 3"],
    );
    check(
        "ip6(src=2001:db8::1, dst=2001:db8::2)/eth(src=02:00:00:00:11:01, dst=02:00:00:00:11:02)/vlan(id=7)/ip4(src=10.0.0.1, dst=10.0.0.2)/udp(sport=1, dport=2)",
        &[
            "inner.eth.src == 02:00:00:00:11:01",
            "inner.vlan.id == 7",
            "inner.udp",
            "outer.eth.src == 02:00:00:00:00:01",
        ],
        &["outer.vlan", "outer.eth.src == 02:00:00:00:11:01"],
    );
    check(
        "ip6(src=2001:db8::3, dst=2001:db8::1)/icmp6(type=3)/ip6(src=2001:db8::1, hlim=1)/srh(path=[fc00:a::1, fc00:b::1])/ip4(src=10.0.0.1, dst=10.0.0.2)/udp(sport=1, dport=2)",
        &[
            "quoted",
            "quoted.ipv6.hlim == 1",
            "quoted.srh.final == fc00:b::1",
            "quoted.udp.dstport == 2",
            "outer.icmpv6.type == 3",
            "ipv6.hlim == 1",
            "!inner",
        ],
        &["inner.udp", "outer.srh", "quoted.icmpv6", "outer.ipv6.hlim == 1", "inner.ip"],
    );
}

#[test]
fn layers_by_number() {
    check(
        "ip6(src=2001:db8::1, dst=2001:db8::2, hlim=1)/ip6(src=2001:db8::3, dst=::4, hlim=2)/ip6(src=::5, dst=::6, hlim=3)/udp(sport=1, dport=2)",
        &[
            "ipv6.hlim#1 == 1",
            "ipv6.hlim#[-1] == 3",
            "ipv6.hlim#[2-3] > 2",
            "count(ipv6.addr#2) == 2",
            "ipv6#3",
            "inner.ipv6.hlim#2 == 2",
        ],
        &["ipv6.hlim#2 == 1", "ipv6.hlim#4", "ipv6.hlim#[:1] == 2", "inner.ipv6.hlim#1"],
    );
}

#[test]
fn findings() {
    check(
        "ip6(src=2001:db8::1, dst=2001:db8::2)/srh(path=[2001:db8::2, 2001:db9::1], sl=9)/udp(sport=1, dport=2)/\"x\"",
        &[
            "diag",
            "diag == \"srh.segments_left\"",
            "diag == srh.segments_left",
            "diag contains \"srh\"",
            "diag in {\"srh.segments_left\", \"checksum.bad\"}",
            "diag.severity >= warn",
            "diag.severity == error",
            "outer.diag contains \"srh\"",
        ],
        &["diag == \"srh.tlv.overrun\"", "inner.diag", "quoted.diag"],
    );
    check(
        "ip6(src=2001:db8::1, dst=2001:db8::2)/udp(sport=1, dport=2)/\"x\"",
        &["!diag.severity"],
        &["diag", "diag != \"checksum.bad\""],
    );
}

#[test]
fn relations_that_join() {
    let packet = "ip6(src=2001:db8::1, dst=2001:db8::2, hlim=64)/udp(sport=1000, dport=53)/\"payload\"";
    check(
        packet,
        &[
            "udp ^^ tcp",
            "udp xor tcp xor icmpv6",
            "50 < udp.dstport < 60 <= ipv6.hlim",
            "53 == udp.dstport",
            "2001:db8::/32 == ipv6.src",
            "udp.dstport in 50..60",
            "{udp.length - 8} % 7 == 0",
            "len(udp.payload) + 1 == 8",
            "ipv6.src & ffff:: == 2001::",
            "udp.payload contains udp.payload[1:3]",
            "udp.payload[3:] matches \"LOAD$\"",
            "frame.time >= \"2023-11-14 22:13:20\" && frame.time < \"2023-11-14T23:13:21+01:00\"",
            "frame.time_epoch == 1700000000.5",
            "not tcp and (udp or tcp) or icmpv6",
            "udp.srcport bitwise_and 8",
            "udp.port in {1000, 2000} and udp.port not in {2000}",
            ".udp.dstport == 53",
        ],
        &[
            "udp ^^ ipv6",
            "udp ^^ ipv6 ^^ tcp ^^ icmpv6",
            "udp.dstport in 54..60",
            "udp.srcport & 7",
            "tcp.port != 1",
            "max(tcp.port) == 0",
        ],
    );
}

#[test]
fn errors_point_at_the_place() {
    assert_eq!(
        error("ipv6.hlimm == 3"),
        "no field 'ipv6.hlimm'; did you mean 'ipv6.hlim'?\n  ipv6.hlimm == 3\n  ^^^^^^^^^^"
    );
    assert_eq!(
        error("udp && inner.upd.dstport == 3"),
        "no field 'inner.upd.dstport'; did you mean 'inner.udp.dstport'?\n  udp && inner.upd.dstport == 3\n         ^^^^^^^^^^^^^^^^^"
    );
    assert_eq!(error("ipv6.src == 5"), "'5' is not an IPv6 address or prefix\n  ipv6.src == 5\n              ^");
    assert_eq!(
        error("udp.srcport == ipv6.srcc"),
        "no field 'ipv6.srcc'; did you mean 'ipv6.src'?\n  udp.srcport == ipv6.srcc\n                 ^^^^^^^^^"
    );
    assert_eq!(
        error("udp.checksum.status == Goood"),
        "'Goood' is not a number or one of the field's words; did you mean \"Good\"?\n  udp.checksum.status == Goood\n                         ^^^^^"
    );
    assert_eq!(
        error("diag == \"srh.tlv.overun\""),
        "no diagnosis 'srh.tlv.overun'; did you mean 'srh.tlv.overrun'?\n  diag == \"srh.tlv.overun\"\n          ^^^^^^^^^^^^^^^^"
    );
    assert_eq!(error("(udp || tcp"), "expected ')', found the end\n  (udp || tcp\n             ^");
    for (filter, message) in [
        ("", "the filter is empty"),
        ("udp.dstport = 53", "equality is written '=='"),
        ("udp.dstport == 70000", "70000 is too big, the field holds at most 65535"),
        ("udp.dstport == -1", "the field is never negative"),
        ("ip.src == ipv6.src", "an IPv4 address and an IPv6 address cannot be compared"),
        ("udp.port in {60..50}", "the range ends before it begins"),
        ("frame.protocols matches \"(\"", "the regular expression cannot be read: unclosed group"),
        ("frame.protocols matches udp", "matches takes a regular expression in quotes"),
        ("inner.frame.len > 3", "frame.len belongs to the frame as a whole"),
        ("lenn(udp) > 3", "no function 'lenn'; did you mean 'len'?"),
        ("len(udp)", "a function's value must be compared with something"),
        ("inner == 3", "'inner' stands alone, or before a field: inner.ipv6.dst"),
        ("ipv6.src contains 20:01", "this is an IPv6 address, for which there is no contains"),
        ("udp.port[0] == 1", "this is a number, which has no bytes to take a part of"),
        ("1 == 2", "one side of == must be a field"),
        ("udp.port == 1 tcp", "expected '&&', '||' or the end, found 'tcp'"),
    ] {
        assert_eq!(error(filter).lines().next(), Some(message), "{filter}");
    }
}

/// Runs `sr6 read` on a capture of the testdata.
fn read(arguments: &[&str]) -> (Option<i32>, String, String) {
    let run = sr6().arg("read").args(arguments).output().expect("sr6 runs");
    (run.status.code(), text(&run.stdout).to_owned(), stderr(&run).to_owned())
}

#[test]
fn the_command_takes_only_what_matches() {
    let (inner, wrong) = ("testdata/crafted/inner.pcap", "testdata/crafted/wrong.pcap");
    let numbers = |filter: &str, file: &str| {
        let (code, out, err) = read(&["-Y", filter, "-T", "fields", "-e", "frame.number", file]);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{filter}");
        out.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(numbers("inner.udp", inner), ["2"]);
    assert_eq!(numbers("tcp && !inner", inner), ["5"]);
    // Findings are there for filters that ask, and in what is printed for those that do not.
    assert_eq!(numbers("diag.severity == warn", wrong), ["5"]);
    assert_eq!(numbers("diag == checksum.bad || diag == srh.tlv.overrun", wrong), ["3", "4"]);
    let (_, line, _) = read(&["-Y", "frame.number == 4", wrong]);
    assert!(line.contains("checksum.bad"), "{line}");
    let (_, summary, _) = read(&["-q", "-Y", "frame.number in {3, 4}", wrong]);
    assert!(summary.contains("2 packets\n") && summary.contains("checksum.bad"), "{summary}");

    let scratch = Scratch::new();
    let path = &scratch.text("kept.pcap");
    assert_eq!(read(&["-Y", "ip", "-w", path, inner]), (Some(0), String::new(), String::new()));
    assert_eq!(numbers("ip", path), ["1", "2"]);
    assert_eq!(numbers("!ip", path), [""; 0]);
}

#[test]
fn the_command_refuses_a_bad_filter_before_it_reads() {
    let (code, out, err) = read(&["-Y", "ipv6.hlimm == 3", "testdata/no-such-file.pcap"]);
    let expected = "sr6: no field 'ipv6.hlimm'; did you mean 'ipv6.hlim'?\n  ipv6.hlimm == 3\n  ^^^^^^^^^^\n";
    assert_eq!((code, out.as_str(), err.as_str()), (Some(2), "", expected));
}
