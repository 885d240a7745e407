use super::*;
use crate::capture::Frame;
use crate::dissect::{Dissection, Item, Layer, Visitor};
use crate::filter::names::Meaning;
use crate::filter::parse::Piece;
use crate::filter::place::{Place, Scope};
use crate::filter::read::{Datum, Read};
use crate::wire::field::Kind;
use crate::wire::link_type::LinkType;
use crate::wire::proto::Proto;
use proptest::prelude::*;

/// Every name of a field, and how filters read it.
fn all_fields() -> Vec<(&'static str, Read, Place)> {
    let mut found: Vec<(&'static str, Read, Place)> = Vec::new();
    for field in Proto::ALL.iter().flat_map(|proto| proto.info().fields) {
        if found.iter().any(|(name, ..)| *name == field.name) {
            continue;
        }
        let named = names::resolve(field.name).unwrap_or_else(|| panic!("{}", field.name));
        // Two names mean another field, whose values they share.
        if let (Meaning::Field { read, .. }, true) = (named.meaning, named.name == field.name) {
            let place = Place { protos: named.protos, scope: Scope::Everywhere, numbers: Box::new([]) };
            found.push((field.name, read, place));
        }
    }
    found
}

fn bytes_of(datum: Datum<'_>) -> Vec<u8> {
    match datum {
        Datum::Present => b"present".to_vec(),
        Datum::Integer(number) => number.to_be_bytes().to_vec(),
        Datum::Bytes(bytes) => bytes.to_vec(),
    }
}

fn values(read: &Read, place: &Place, packet: &Packet<'_>) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    assert!(!read.values(place, packet, &mut |datum| {
        all.push(bytes_of(datum));
        false
    }));
    all
}

/// Headers whose numbers lead from one to the next, and noise in between.
fn chain() -> impl Strategy<Value = Vec<u8>> {
    let next = prop::sample::select(vec![0u8, 1, 4, 6, 17, 41, 43, 44, 58, 60, 143]);
    prop::collection::vec((next, 0u8..5, any::<[u8; 48]>()), 1..10).prop_map(|headers| {
        let mut bytes = vec![0x60, 0, 0, 0, 1, 144, headers[0].0, 64];
        bytes.extend([0x20; 32]);
        for window in headers.windows(2) {
            let (kind, units, noise) = window[0];
            let next = window[1].0;
            let mut header = noise.to_vec();
            let len = match kind {
                0 | 43 | 60 => {
                    header[..4].copy_from_slice(&[next, units, 4, units / 2]);
                    header[4] = units / 2;
                    8 + usize::from(units) * 8
                }
                44 => {
                    header[..4].copy_from_slice(&[next, 0, 0, 0]);
                    8
                }
                4 => {
                    header[..10].copy_from_slice(&[0x45, 0, 1, 0, 0, 0, 0, 0, 64, next]);
                    20
                }
                41 => {
                    header[..8].copy_from_slice(&[0x60, 0, 0, 0, 1, 0, next, 64]);
                    40
                }
                58 => {
                    header[0] = [1, 3, 128, 135][usize::from(units) % 4];
                    8
                }
                _ => header.len(),
            };
            bytes.extend(&header[..len.min(header.len())]);
        }
        bytes
    })
}

/// Checks that each field is shown for protocols that have it: elsewhere a
/// filter would not look.
struct Homes(Proto);

impl Visitor for Homes {
    fn wants_layer(&mut self, _index: usize, layer: &Layer) -> bool {
        self.0 = layer.proto;
        true
    }

    fn leaf(&mut self, item: &Item<'_>) {
        let info = self.0.info();
        let has = info.fields.iter().any(|field| field.name == item.field.name);
        assert!(has || info.header.name == item.field.name, "{} has no {}", info.name, item.field.name);
    }

    fn open(&mut self, item: &Item<'_>) {
        self.leaf(item);
    }

    fn close(&mut self) {}
}

proptest! {
    /// The values read straight from the bytes are those that the dissection
    /// shows: in trees, columns and filters a field is one thing.
    #[test]
    fn direct_reading_agrees_with_what_is_shown(bytes in chain(), cut in 0usize..60, ethernet in any::<bool>()) {
        let mut bytes = bytes;
        if ethernet {
            bytes.splice(0..0, [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0x20, 7, 0x86, 0xdd]);
        }
        let len = bytes.len().saturating_sub(cut).max(1);
        let link = if ethernet { LinkType::ETHERNET } else { LinkType::IPV6 };
        let mut frame = Frame::new(link, &bytes[..len]);
        frame.time = Some(crate::capture::Timestamp(1_700_000_000_123_456_789));
        let dissection = Dissection::of(&frame);
        let packet = Packet::new(&frame, &dissection);
        // Fields need no findings.
        let mut layers = Dissection::new();
        layers.refill_layers(&frame);
        let walked = Packet::new(&frame, &layers);
        for (name, read, place) in all_fields() {
            let shown = values(&Read::Shown(name), &place, &packet);
            prop_assert_eq!(values(&read, &place, &walked), &*shown, "{} {:?}", name, read);
            prop_assert_eq!(values(&read, &place, &packet), shown, "{} {:?}", name, read);
        }
        packet.visit(&mut Homes(Proto::Frame));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,60}") {
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    /// Text made of a filter's own words gets further into the parser.
    #[test]
    fn any_words_are_read_or_refused(words in prop::collection::vec(prop::sample::select(WORDS), 0..14), glue in "( ?| )") {
        let text = words.join(&glue);
        match Filter::parse(&text) {
            Ok(filter) => {
                let bytes = [0x60, 0, 0, 0, 0, 8, 17, 64].into_iter().chain([0; 32]).chain([0, 53, 0, 53, 0, 8, 0, 0]);
                let bytes: Vec<u8> = bytes.collect();
                let frame = Frame::new(LinkType::IPV6, &bytes);
                let dissection = Dissection::of(&frame);
                let packet = Packet::new(&frame, &dissection);
                let again = Filter::parse(&filter.to_string()).unwrap();
                prop_assert_eq!(filter.matches(&packet), again.matches(&packet));
            }
            Err(error) => prop_assert!(error.span().end <= text.len(), "{}", error),
        }
    }
}

const WORDS: &[&str] = &[
    "udp",
    "udp.port",
    "ipv6.src",
    "frame.protocols",
    "udp.payload",
    "tcp.flags",
    "srh.path",
    "eth.src",
    "frame.time",
    "inner.ip.src",
    "quoted",
    "diag",
    "diag.severity",
    "ipv6.src#2",
    "udp.checksum.status",
    "tcp.flags.syn",
    "53",
    "0x35",
    "-1",
    "::1",
    "fc00::/16",
    "10.0.0.1",
    "10.0.0.0/8",
    "\"a\"",
    "r\"a+\"",
    "'a'",
    "Good",
    "warn",
    "==",
    "!=",
    "===",
    "!==",
    "<",
    "<=",
    "contains",
    "matches",
    "in",
    "not in",
    "{",
    "}",
    "(",
    ")",
    ",",
    "..",
    "&&",
    "||",
    "^^",
    "!",
    "any",
    "all",
    "[0:2]",
    "[-2:]",
    "[1,2-3]",
    "#1",
    "len(",
    "count(",
    "lower(",
    "string(",
    "max(",
    "abs(",
    "+",
    "-",
    "*",
    "/",
    "%",
    "&",
    "and",
    "or",
    "xor",
    "not",
];

#[test]
fn every_field_and_protocol_has_its_own_name() {
    for info in Proto::ALL.iter().map(|proto| proto.info()) {
        assert!(Filter::parse(info.name).is_ok(), "{}", info.name);
        for field in info.fields {
            let named = names::resolve(field.name).unwrap_or_else(|| panic!("{}", field.name));
            let is_field = matches!(named.meaning, Meaning::Field { .. });
            assert!(is_field || field.kind == Kind::Group, "{} is taken for a protocol", field.name);
            assert!(Filter::parse(field.name).is_ok(), "{}", field.name);
        }
    }
}

#[test]
fn deep_nesting_and_long_chains_are_bounded() {
    for text in [
        "(".repeat(5000) + "udp",
        "!(".repeat(5000) + "udp",
        "udp.port == ".to_owned() + &"-".repeat(5000) + "1",
        "udp.port == ".to_owned() + &"{".repeat(5000) + "1",
        "len(".repeat(5000),
        "udp.port == 1".to_owned() + &" + 1".repeat(5000),
        "udp || ".repeat(20_000),
    ] {
        let error = Filter::parse(&text).unwrap_err().to_string();
        assert!(error.len() < 1000, "{error}");
    }
    // A long row of alternatives is fine, and negation does not nest.
    let row = vec!["udp.port == 1"; 3000].join(" || ");
    assert!(Filter::parse(&row).is_ok());
    assert!(Filter::parse(&("!".repeat(50_000) + "udp")).is_ok());
}

#[test]
fn a_filter_knows_whether_it_asks_for_findings() {
    for text in [
        "diag",
        "!(udp && lower(diag) contains \"x\")",
        "udp || count(diag.severity) + 1 > 2",
        "max(diag.severity) == warn",
    ] {
        assert!(Filter::parse(text).unwrap().asks_findings(), "{text}");
    }
    for text in ["udp", "inner", "udp.checksum.status == Bad", "udp.port == {tcp.port + 1}"] {
        assert!(!Filter::parse(text).unwrap().asks_findings(), "{text}");
    }
}

#[test]
fn names_take_scopes() {
    assert_eq!(Scope::split("inner.udp.dstport"), (Scope::Inner, "udp.dstport"));
    assert_eq!(Scope::split("quoted"), (Scope::Quoted, ""));
    assert_eq!(Scope::split("outermost.x"), (Scope::Everywhere, "outermost.x"));
    assert_eq!(names::suggestion("inner.udp.dstprt").as_deref(), Some("inner.udp.dstport"));
}

#[test]
fn slices_are_read_as_written() {
    let piece = |text: &str| match parse::parse(text).unwrap() {
        parse::Expression::Bare(parse::Term { kind: parse::TermKind::Slice(_, pieces), .. }) => pieces,
        other => panic!("{other:?}"),
    };
    use parse::End::{Last, Length, Rest};
    assert_eq!(piece("udp[0:4]"), [Piece { start: 0, end: Length(4) }]);
    assert_eq!(piece("udp[-2:]"), [Piece { start: -2, end: Rest }]);
    assert_eq!(piece("udp[:2]"), [Piece { start: 0, end: Length(2) }]);
    assert_eq!(piece("udp[-5--2]"), [Piece { start: -5, end: Last(-2) }]);
    assert_eq!(
        piece("udp[1, 3-5, 9:]"),
        [Piece { start: 1, end: Length(1) }, Piece { start: 3, end: Last(5) }, Piece { start: 9, end: Rest }]
    );
    for wrong in ["udp[]", "udp[0:0]", "udp[a]", "udp[1:-1]", "udp[1,]", "udp[99999999999]"] {
        assert!(Filter::parse(wrong).is_err(), "{wrong}");
    }
}
