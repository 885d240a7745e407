//! What expectation files say, and what they cannot.

use std::io;
use std::path::Path;

use proptest::prelude::*;

use super::case::{Case, What};
use super::parse::WORDS;
use crate::topology;

/// The text of a file beside a case: of keys, of locators, of a network.
fn beside(path: &Path) -> io::Result<String> {
    match path.to_str() {
        Some("suite/keys.txt") => Ok("42:sha256:secret".to_owned()),
        Some("suite/sids.toml") => Ok("[[locator]]\nprefix = \"fcbb:bb00::/32\"\ncsid = 16".to_owned()),
        Some("suite/net.toml") => Ok(topology::built_in_text("line3").expect("built in").to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

fn parse(text: &str) -> Result<Case, String> {
    Case::parse(Path::new("suite/case.check"), text, &beside).map_err(|error| error.to_string())
}

/// All that can be said.
const UNDERSTOOD: &str = r#"
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

#[test]
fn statements_are_understood() {
    let case = parse(UNDERSTOOD).unwrap_or_else(|error| panic!("{error}"));
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
        ("hmac-keys none.txt\npackets == 1", "suite/none.txt: entity not found"),
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

/// Where carets would be if backslashes were not counted is in the middle of a
/// character.
#[test]
fn carets_of_escaped_filters_are_under_all_of_it() {
    let text = r#"golden line -Y "\u\d\p \"éa\" $""#;
    let error = Case::parse(Path::new("case.check"), text, &beside).expect_err("no filter");
    assert_eq!(&text[error.span()], r#""\u\d\p \"éa\" $""#);
    assert!(error.to_string().contains(text));
}

#[test]
fn files_are_read_by_the_reader_alone() {
    let known = "hmac-keys keys.txt\nlocators sids.toml\nsimulate(net.toml, packet 1) == nothing";
    assert!(parse(known).is_ok_and(|case| !case.settings.keys.is_empty()));
    for (text, file) in [
        ("hmac-keys /dev/null", "/dev/null"),
        ("locators '../x'", "suite/../x"),
        ("simulate(/proc/version, packet 1) == nothing", "/proc/version"),
    ] {
        let asked = std::cell::RefCell::new(Vec::new());
        let refuse = |path: &Path| {
            asked.borrow_mut().push(path.to_owned());
            Err(io::Error::other("refused"))
        };
        let error = Case::parse(Path::new("suite/case.check"), text, &refuse).expect_err(text);
        assert!(error.message().ends_with(": refused"), "{error}");
        assert_eq!(*asked.borrow(), [Path::new(file)]);
    }
}

/// What statements are made of behind their first word.
const PIECES: [&str; 48] = [
    "of",
    "above",
    "except",
    "from",
    "by",
    "at",
    "linux",
    "nothing",
    "line",
    "tree",
    "json",
    "fields",
    "notation",
    "-Y",
    "-O",
    "-e",
    "-E",
    "-t",
    "-x",
    ">",
    "(",
    ")",
    "[",
    "]",
    ",",
    ":",
    "==",
    "=",
    "..",
    "1",
    "18446744073709551615",
    "\"",
    "'",
    "\\",
    "#",
    "é",
    "keys.txt",
    "sids.toml",
    "net.toml",
    "line3",
    "n2",
    "v21",
    "srh",
    "ipv6.hlim",
    "ipv6.src == ::1",
    "checksum.zero",
    "::1",
    "header=y",
];

/// A word or another part of a statement.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select([&WORDS[..], &PIECES].concat())
}

fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => piece().prop_map(str::to_owned),
        1 => "\\PC{0,6}",
        1 => any::<char>().prop_map(String::from),
    ];
    let blank = prop_oneof![6 => Just(" "), 2 => Just(""), 1 => Just("\n")];
    prop::collection::vec((piece, blank), 0..24)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(piece, blank)| [piece, blank.to_owned()]).collect())
}

/// A case, or an error at a place in the text.
fn is_judged(text: &str) {
    if let Err(error) = Case::parse(Path::new("suite/case.check"), text, &beside) {
        assert!(text.get(error.span()).is_some(), "{:?} of {text:?}", error.span());
        assert!(error.to_string().starts_with(error.message()));
    }
}

proptest! {
    #[test]
    fn any_text_is_a_case_or_wrong_somewhere(text in texts()) {
        is_judged(&text);
    }

    #[test]
    fn spoiled_cases_are_wrong_somewhere(
        place in any::<prop::sample::Index>(),
        length in 0..9usize,
        piece in piece(),
    ) {
        let ends: Vec<_> = UNDERSTOOD.char_indices().map(|(at, _)| at).collect();
        let start = place.index(ends.len());
        let end = (start + length).min(ends.len() - 1);
        is_judged(&[&UNDERSTOOD[..ends[start]], piece, &UNDERSTOOD[ends[end]..]].concat());
    }
}
