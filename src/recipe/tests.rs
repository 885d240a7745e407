use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::capture::{Frame, Timestamp};
use crate::craft;
use crate::notation;
use crate::wire::link_type::LinkType;

/// Everything in a recipe, and what ended it.
fn all(text: &[u8]) -> (Vec<Record>, Option<String>) {
    let mut recipe = Recipe::new("r", Box::new(Cursor::new(text.to_vec())));
    let (mut batch, mut records) = (Batch::default(), Vec::new());
    loop {
        match recipe.next_batch(&mut batch) {
            Ok(true) => {}
            Ok(false) => return (records, None),
            Err(error) => return (records, Some(error.to_string())),
        }
        for index in 0..batch.len() {
            match batch.record(index).unwrap() {
                Ok(record) => records.push(record),
                Err(error) => return (records, Some(error.to_string())),
            }
        }
    }
}

fn records(text: &str) -> Vec<Record> {
    let (records, error) = all(text.as_bytes());
    assert_eq!(error, None, "{text}");
    records
}

fn error(text: &str) -> String {
    all(text.as_bytes()).1.unwrap_or_else(|| panic!("{text}"))
}

fn notations(text: &str) -> Vec<String> {
    records(text).iter().map(|record| notation::print(&record.layers)).collect()
}

#[test]
fn packets_end_with_their_line_unless_they_go_on() {
    let text = "\
# a comment
ip6/\"a\"   # another

  ip6(src=::1,   # comments stand anywhere
      dst=::2)

/ udp(dport=53) /

# even here
  hex(00
      ff)
\"# $ no / ( comment\"\r
ip6
";
    assert_eq!(
        notations(text),
        ["ip6/\"a\"", "ip6(src=::1, dst=::2)/udp(dport=53)/hex(00ff)", "\"# $ no / ( comment\"", "ip6"]
    );
    assert!(records("").is_empty() && records("\n# nothing").is_empty());
    assert_eq!(notations("ip6"), ["ip6"]);
}

#[test]
fn variables_stand_for_any_piece_of_text() {
    let text = "\
let n2 = 2001:db8::2
let path = [$n2,  # the first
            2001:db9::1]
let hello = udp(dport=3000)/\"$n2\"
let hello = udp(dport=3000)
  /\"$n2\"
ip6/srh(path=$path)/$hello
let n2 = ::2
ip6(dst=$n2)/srh(path=$path)
let t = +1ms
frame(time=$t)/ip6
";
    assert_eq!(
        notations(text),
        [
            "ip6/srh(path=[2001:db8::2, 2001:db9::1])/udp(dport=3000)/\"$n2\"",
            "ip6(dst=::2)/srh(path=[2001:db8::2, 2001:db9::1])",
            "ip6"
        ]
    );
    assert_eq!(records(text)[2].about.time, Time::After(1_000_000));
}

#[test]
fn errors_point_at_the_place_as_written() {
    for (text, expected) in [
        (
            "ip6\n\nip6(hlmi=3)/udp\n",
            "r:3:5: unknown argument 'hlmi' of ip6; did you mean 'hlim'?\n  ip6(hlmi=3)/udp\n      ^^^^",
        ),
        ("ip6(src=::1,\n    dst=nowhere)", "r:2:9: dst takes an IPv6 address\n      dst=nowhere)\n          ^^^^^^^"),
        ("# ü\nip6 / # ü\n /* x */", "r:3:2: expected a layer, like ip6(…) or \"text\", found '/'\n   /* x */\n   ^"),
        (
            "let node2 = ::2\n\nip6(dst=$node3)",
            "r:3:9: unknown variable 'node3'; did you mean 'node2'?\n  ip6(dst=$node3)\n          ^^^^^^",
        ),
        (
            "let a = ::2\nip6(dst=::1)/udp(sport=$a)",
            "r:2:24: sport takes a number\n  ip6(dst=::1)/udp(sport=$a)\n                         ^^",
        ),
        ("let a = $b", "r:1:9: unknown variable 'b'\n  let a = $b\n          ^^"),
        ("ip6(dst=$)", "r:1:9: '$' needs a variable's name: $NAME\n  ip6(dst=$)\n          ^"),
        ("let = 3", "r:1:5: expected a name of letters, digits and _: let NAME = …\n  let = 3\n      ^"),
        ("let x 3", "r:1:7: expected '=' and what the name stands for: let NAME = …\n  let x 3\n        ^"),
        ("let x =", "r:1:5: this stands for nothing: let NAME = …\n  let x =\n      ^"),
        ("ip6\nip6(src=[::1\nip6/udp\n", "r:2:4: this is never closed\n  ip6(src=[::1\n     ^"),
        ("ip6/\"abc\nip6", "r:1:5: this string has no end: a '\"' is missing\n  ip6/\"abc\n      ^"),
        ("ip6/\nudp(dport=1) / ip6 / foobar", "r:2:22: unknown layer 'foobar'"),
        ("ip6/srh(path=[::1])\n/ eth /icmp4", "r:2:3: layer 3 (eth): icmp4 has no number"),
        (
            "frame(tmie=3)/ip6",
            "r:1:7: unknown argument 'tmie' of frame; did you mean 'time'?\n  frame(tmie=3)/ip6\n        ^^^^",
        ),
        ("frame(time=yesterday)/ip6", "r:1:12: time takes seconds since 1970, +TIME, or none"),
        ("frame(link=ETHERNT)/ip6", "r:1:12: unknown link type 'ETHERNT'; did you mean 'ETHERNET'?"),
        ("frame(link=65536)/ip6", "r:1:12: link takes a link type: a number from 0 to 65535, or a name"),
        ("frame(len=-1)/ip6", "r:1:11: len takes the number of bytes on the wire"),
        ("frame(len=1, len=2)/ip6", "r:1:14: 'len' is given twice"),
        ("frame(ifname=eth0)/ip6", "r:1:14: expected a string in quotes, found 'e'"),
        ("frame(comment=\"a\\q\")/ip6", "r:1:17: unknown escape"),
        ("frame(len=1)", "r:1:13: expected '/' and the packet's layers, found the end"),
        ("frame(len=1)/", "r:1:14: expected a layer"),
    ] {
        let error = error(text);
        assert!(error.starts_with(expected), "{text}\n{error}\n{expected}");
    }
}

#[test]
fn what_is_no_text_is_refused() {
    let (records, error) = all(b"ip6\nip6/\"\xc3\xbc\"\nip6/\"\xff\"\n");
    assert_eq!(
        (records.len(), error.as_deref()),
        (2, Some("r:3:6: what follows is no text in UTF-8\n  ip6/\"\n       ^"))
    );
}

#[test]
fn frames_say_what_files_know() {
    let text =
        r#"frame(time=12.000000001, link=ipv6, len=1500, if=3, ifname="eth\x30", comment="a", comment="\"ü\"")/ip6"#;
    let records = records(text);
    let about = &records[0].about;
    let frame = about.frame(1, Some(Timestamp(5)), LinkType::IPV6, &records[0].bytes);
    assert_eq!(about.time, Time::At(Timestamp(12_000_000_001)));
    assert_eq!((about.link, frame.original_len, frame.interface), (Some(LinkType::IPV6), 1500, Some(3)));
    assert_eq!(frame.interface_name, Some("eth0"));
    assert_eq!(frame.comments.iter().collect::<Vec<_>>(), ["a", "\"ü\""]);
    assert_eq!(frame.data.len(), 40);
}

#[test]
fn times_are_moments_or_steps() {
    let text = "ip6\nframe(time=+1ms)/ip6\nframe(time=100.5)/ip6\nip6\nframe(time=none)/ip6\nframe(time=+1.5us)/ip6\nframe(time=-2)/ip6";
    let times = |base| {
        let mut clock = Clock::new(base);
        records(text).iter().map(|record| clock.next(record.about.time)).collect::<Vec<_>>()
    };
    let at = |nanos: i128| Some(Timestamp(nanos));
    let expected =
        [at(7), at(1_000_007), at(100_500_000_000), at(100_500_000_000), None, at(100_500_001_500), at(-2_000_000_000)];
    assert_eq!(times(at(7)), expected);
    let now = times(None);
    assert_eq!(now[1].unwrap().0 - now[0].unwrap().0, 1_000_000);
    assert_eq!(now[2..], expected[2..]);
}

#[test]
fn batches_are_bounded_and_in_order() {
    let mut text = String::new();
    for number in 0..20_000 {
        text += &format!("let n = {number}\nip6/udp(sport=$n)/\"{number}\"\n");
    }
    let records = records(&text);
    assert_eq!(records.len(), 20_000);
    for (number, record) in records.iter().enumerate() {
        assert_eq!(record.bytes[48..], *number.to_string().as_bytes());
    }
}

#[test]
fn nothing_makes_it_keep_much() {
    let (_, many) = all((0..20_000).map(|n| format!("let a{n} = 1\n")).collect::<String>().as_bytes());
    assert!(many.unwrap().contains("more than 10000 variables"));
    // Each line doubles the value.
    let doubled = "let a = \"0123456789\"\n".to_owned() + &"let a = $a/$a\n".repeat(30);
    assert!(error(&doubled).contains("with this variable the text has more than"));
    let endless = vec![b'x'; 5 << 20];
    assert!(all(&endless).1.unwrap().starts_with("r:1:1: this packet's text has more than"));
    let open = [b"ip6(".as_slice(), &vec![b' '; 5 << 20]].concat();
    assert!(all(&open).1.unwrap().starts_with("r:1:4: this is never closed"));
    let blank = ["ip6\n".to_owned(), "# comment\n".repeat(1 << 20)].concat();
    assert_eq!(records(&blank).len(), 1);
}

/// A frame by way of text and back.
fn there_and_back(frame: &Frame<'_>, told: Told) {
    let mut line = Vec::new();
    print(&mut line, frame, &craft::Stack::from(frame.data), told);
    let (records, error) = all(&line);
    assert_eq!(error, None);
    let [record] = records.as_slice() else { panic!("{}", String::from_utf8_lossy(&line)) };
    let time = Clock::new(Some(Timestamp(0))).next(record.about.time);
    let again = record.about.frame(frame.number, time, record.link().unwrap(), &record.bytes);
    assert_eq!((again.data, again.link, again.original_len), (frame.data, frame.link, frame.original_len));
    assert_eq!(again.interface.unwrap_or(0), frame.interface.unwrap_or(0));
    if told.time {
        assert_eq!(again.time, frame.time);
    }
    if told.notes {
        assert_eq!(again.interface_name, frame.interface_name);
        assert!(again.comments.iter().eq(frame.comments.iter()));
    }
}

proptest! {
    #[test]
    fn any_frame_comes_back(
        data in prop::collection::vec(any::<u8>(), 0..60),
        link in prop_oneof![any::<u16>(), prop::sample::select(vec![0u16, 1, 12, 101, 228, 229, 276])],
        missing in 0u32..9,
        nanos in prop_oneof![any::<i64>().prop_map(Some), Just(None)],
        interface in prop::option::of(any::<u32>()),
        name in prop::option::of(".*"),
        comment in ".*",
        time: bool,
        notes: bool,
    ) {
        let about = { let mut about = About::default(); about.comment(comment.as_bytes()).unwrap(); about };
        let original_len = data.len() as u32 + missing;
        let frame = about.frame(1, nanos.map(|nanos| Timestamp(nanos.into())), LinkType(link), &data);
        let frame = Frame { original_len, interface, interface_name: name.as_deref(), ..frame };
        there_and_back(&frame, Told { time, notes });
    }

    #[test]
    fn any_text_is_read_or_refused_with_a_place(text in r#"(let|[a$#/()\[\]"\\=ü]| |\n|ip6|frame\(|udp|\$a){0,30}"#) {
        if let (_, Some(error)) = all(text.as_bytes()) {
            prop_assert!(error.starts_with("r:"), "{error}");
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = all(&bytes);
    }
}
