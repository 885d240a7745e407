//! What expectation files say, and what they cannot.

use std::path::Path;

use super::case::{Case, What};

fn parse(text: &str) -> Result<Case, String> {
    Case::parse(Path::new("suite/case.check"), text).map_err(|fault| fault.within(text).to_string())
}

#[test]
fn statements_are_understood() {
    let text = r#"
        # a comment
        capture other.pcap # another
        locator fcbb:bb00::/32:16
        decode-as 5000=stamp
        golden line
        golden tree -O srh,ipv6 -x
        golden fields -e ipv6.dst -e ipv6.routing.segleft -E header=y
        golden json -Y 'srh.segleft > 0 && ipv6' --ranges > left.json
        golden json
        golden hex -t e
        golden notation
        golden ek
        golden bytes
        golden digest
        packets >= 4
        count(-Y (udp) && frame contains ")") == 3
        every packet: ipv6.hlim > 1 && ipv6.src#1 == ::1
        every packet (udp): udp.checksum.status == good
        any packet: tcp
        no packet: icmpv6
        packet 4: ipv6.dst == 2001:db9::1
        packets 2..4: srh
        no diagnostics
        no diagnostics above note
        no diagnostics above warn except checksum.bad, srh.loop
        diagnostics of packet 2 == [checksum.zero]
        diagnostics of packet 3 == []
        path of packet 1 == [2001:db8::2, 2001:db9::1]
        packet 1 == packet 1 of other.pcap
        simulate(line3, packet 1) == packet 2
        simulate(line3, packet 1, from n2 by v21, linux) at n3 == packet 2 of n3.pcap
        simulate(line3, packet 1, rfc) at n3 == nothing
        breaks record 3 is cut short # just so
    "#;
    let case = parse(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(case.capture, Path::new("suite/other.pcap"));
    assert_eq!(case.goldens.len(), 10);
    assert_eq!(case.goldens[3].file, Path::new("suite/left.json"));
    assert_eq!(case.goldens[4].file, Path::new("suite/case.json"));
    assert_eq!(case.expectations.len(), 18);
    assert_eq!(case.expectations[0].line, 16);
    assert_eq!(case.expectations[3].text, "every packet (udp): udp.checksum.status == good");
    let names: Vec<_> = case.expectations[2].fields.iter().map(|field| field.name).collect();
    assert_eq!(names, ["ipv6.hlim", "ipv6.src"]);
    assert!(matches!(&case.expectations[14].what, What::Same(1, other) if other.packet == 1));
    assert_eq!(case.breaks.unwrap().reason, "record 3 is cut short");
}

#[test]
fn mistakes_are_pointed_at() {
    for (text, expected) in [
        ("", "nothing is checked here"),
        ("capture x.pcap", "nothing is checked here"),
        ("packet == 3", "expected a packet's number, counted from 1\n  packet == 3\n"),
        ("packets = 3", "expected ==, !=, <, <=, > or >=, and a number"),
        ("packets == many", "expected a number\n  packets == many\n             ^^^^"),
        ("packets == 3 4", "nothing more was expected here"),
        ("pakets == 3", "unknown statement 'pakets'; did you mean 'packets'?\n  pakets == 3\n  ^^^^^^"),
        ("count(ipv6.hlimm == 3) == 1", "did you mean 'ipv6.hlim'?\n  count(ipv6.hlimm == 3) == 1\n        ^^^^^^^^^^"),
        ("count(udp == 1", "the parenthesis is not closed"),
        ("count() == 1", "expected a filter"),
        ("every packet udp", "expected ':'"),
        ("every packet:", "expected a filter"),
        ("any packets: udp", "expected 'packet'"),
        ("no way", "expected 'packet: FILTER' or 'diagnostics'"),
        ("no diagnostics above nothing", "unknown severity 'nothing'"),
        ("no diagnostics except srh.lop", "did you mean 'srh.loop'?"),
        ("packets 4..2: udp", "the range ends before it begins"),
        ("packet 0: udp", "counted from 1"),
        ("path of packet 1 == [::1, fc00]", "expected an IPv6 address"),
        ("path of packet 1 == [::1", "expected ','"),
        ("golden lines", "unknown form of output 'lines'; did you mean 'line'?"),
        ("golden tree -O srhh", "there is no protocol 'srhh'"),
        ("golden line -O srh", "unknown option '-O' of this form, which has -Y, -t, -x"),
        ("golden fields", "fields needs the fields to print"),
        ("golden fields -e", "-e needs a value"),
        ("golden fields -e ipv6.dts", "did you mean 'ipv6.dst'?"),
        ("golden line -t x", "expected a form of time"),
        ("golden line -Y 'udp && ('", "golden line -Y 'udp && ('"),
        ("golden line > ../x", "a file in this directory, or below it"),
        ("golden line > /etc/passwd", "a file in this directory, or below it"),
        ("golden line > x.check", "a file in this directory, or below it"),
        ("golden line > a > b", "a golden has one file"),
        ("golden line\ngolden line -x", "case.line is another golden's already"),
        ("hmac-keys none.txt\npackets == 1", "No such file"),
        ("locator nonsense\npackets == 1", "locator nonsense\n          ^^^^^^^^"),
        ("decode-as 70000=stamp", "expected PORT=PROTOCOL"),
        ("decode-as 5000=stmp", "did you mean 'stamp'?"),
        ("simulate(line4, packet 1) == packet 2", "neither a built-in topology"),
        ("simulate(line3, packet 1, from n4) == packet 2", "unknown node 'n4' of line3, which has n1, n2, n3"),
        ("simulate(line3, packet 1, from n2 by v1) == packet 2", "unknown interface 'v1' of n2"),
        ("simulate(line3, packet 1, quickly) == packet 2", "expected 'from NODE'"),
        ("capture a.pcap\ncapture b.pcap", "a case is about one capture"),
        ("capture 'a.pcap\npackets == 1", "the quotes are not closed"),
        ("breaks", "expected one reason"),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.contains(expected), "{text}: {error}");
    }
}
