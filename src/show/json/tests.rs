use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor as DeVisitor};

use super::*;
use crate::capture::testdata::captures;
use crate::capture::{Frame, Reader};
use crate::dissect::{Dissection, Shown};
use crate::wire::link_type::LinkType;

/// Any JSON value of which no object has a key twice, which `serde_json::Value`
/// would let pass.
struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> DeVisitor<'de> for Any {
            type Value = Unique;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("JSON without repeated keys")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unique, A::Error> {
                let mut keys = BTreeSet::new();
                while let Some((key, Unique)) = map.next_entry::<String, Unique>()? {
                    if let Some(twice) = keys.replace(key) {
                        return Err(serde::de::Error::custom(format!("twice: {twice}")));
                    }
                }
                Ok(Unique)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unique, A::Error> {
                while items.next_element::<Unique>()?.is_some() {}
                Ok(Unique)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_str<E>(self, _: &str) -> Result<Unique, E> {
                Ok(Unique)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Writes the frame in both ways and checks what holds for any; returns the
/// JSON, and the name of a field that came twice without being known to.
fn check(frame: Frame<'_>) -> (serde_json::Value, Option<&'static str>) {
    let dissection = Dissection::of(&frame);
    let packet = Packet::new(&frame, &dissection);
    let mut last = None;
    for ranges in [false, true] {
        let mut json = Json::new(ranges);
        let mut out = Vec::new();
        json.packet(&mut out, &packet);
        let line = String::from_utf8(out).expect("JSON is UTF-8");
        let line = line.strip_suffix('\n').expect("a line");
        assert!(!line.contains('\n'));
        if let Err(error) = serde_json::from_str::<Unique>(line) {
            panic!("{error} in {line}");
        }
        // Nothing of this packet may reach the next one.
        let mut again = Vec::new();
        json.packet(&mut again, &packet);
        assert_eq!(again.strip_suffix(b"\n"), Some(line.as_bytes()));
        last = Some((serde_json::from_str(line).expect("JSON"), json.state.surprise));
    }
    last.expect("two rounds")
}

#[test]
fn no_field_of_the_test_captures_comes_as_a_surprise() {
    let mut files = Vec::new();
    captures(Path::new("testdata"), &mut files);
    assert!(files.len() > 20, "{files:?}");
    for file in files {
        let Ok(mut reader) = Reader::open(&file) else { continue };
        // Some are cut short on purpose.
        while let Ok(Some(frame)) = reader.next_frame() {
            let (_, surprise) = check(frame);
            assert_eq!(surprise, None, "mark it .many(): {} frame {}", file.display(), frame.number);
        }
    }
}

proptest! {
    #[test]
    fn any_frame_is_json(
        link in prop::sample::select(vec![0u16, 1, 101, 113, 147, 228, 229, 276]),
        start in prop::sample::select(vec![
            &[][..],
            &[0x60, 0, 0, 0, 0, 0, 43, 64],
            &[0x60, 0, 0, 0, 0, 90, 0, 64],
            &[0x60, 0, 0, 0, 0, 0, 58, 64],
            &[0x45, 0, 0, 0, 0, 0, 0, 0, 1, 6],
        ]),
        noise in prop::collection::vec(prop_oneof![any::<u8>(), 0u8..9, prop::sample::select(vec![4u8, 6, 17, 41, 43, 58, 60])], 0..400),
    ) {
        let bytes = [start, &noise].concat();
        check(Frame::new(LinkType(link), &bytes));
    }
}

#[test]
fn values_have_types_and_ranges() {
    let mut bytes = vec![0x60, 0, 0, 0, 0, 48, 43, 64];
    bytes.extend([0x20; 32]);
    bytes.extend([17, 4, 4, 1, 1, 0, 0, 7]);
    bytes.extend([0xfc; 32]);
    bytes.extend([0, 1, 0, 2, 0, 8, 0, 0]);
    let frame = Frame { interface_name: Some("a\"b\u{1b}"), ..Frame::new(LinkType::IPV6, &bytes) };
    let (json, _) = check(frame);
    assert_eq!(json["schema"], "sr6.packet/1");
    assert_eq!(json["interface_name"], "a\"b\u{1b}");
    assert_eq!(json["length"], bytes.len());
    let [ip6, srh, udp] = json["layers"].as_array().unwrap().as_slice() else { panic!("{json}") };
    assert_eq!((&ip6["protocol"], &srh["protocol"], &udp["protocol"]), (&"ip6".into(), &"srh".into(), &"udp".into()));
    assert_eq!((&ip6["ipv6.hlim"], &ip6["ranges"]["ipv6.hlim"]), (&64.into(), &[7, 1].into()));
    let segments =
        serde_json::json!(["fcfc:fcfc:fcfc:fcfc:fcfc:fcfc:fcfc:fcfc", "fcfc:fcfc:fcfc:fcfc:fcfc:fcfc:fcfc:fcfc"]);
    assert_eq!(srh["ipv6.routing.srh.addr"], segments);
    assert_eq!(srh["ranges"]["ipv6.routing.srh.addr"], serde_json::json!([[48, 16], [64, 16]]));
    assert_eq!(udp["udp.dstport"], 2);
    assert!(json["findings"].as_array().unwrap().iter().any(|f| f["id"] == "checksum.zero"), "{json}");
}

#[test]
fn repeated_fields_are_gathered_whether_known_or_not() {
    static ONE: Field = Field::dec("x.one", "One", crate::wire::field::At::Varies);
    static TWO: Field = Field::dec("x.two", "Two", crate::wire::field::At::Varies);
    static MANY: Field = Field::dec("x.many", "Many", crate::wire::field::At::Varies).many();
    static GROUPS: Field = Field::group("x.group", "Group").many();
    let item = |field, value| Item { field, value, start: 1, len: 1, shown: Shown::Plain, text: None };
    let mut state = State { next: Some((Proto::Udp, false)), ..State::default() };
    let mut out = Vec::new();
    let mut writer = Writer { out: &mut out, state: &mut state, kept: &mut Kept::default(), with_ranges: true };
    let number = |writer: &mut Writer<'_>, field, number| writer.leaf(&item(field, Value::Uint(number)));
    number(&mut writer, &ONE, 1);
    for round in 10..12 {
        number(&mut writer, &MANY, round);
        writer.open(&item(&GROUPS, Value::None));
        number(&mut writer, &ONE, round + 10);
        number(&mut writer, &MANY, round + 20);
        writer.close();
        number(&mut writer, &TWO, round + 30);
    }
    number(&mut writer, &ONE, 2);
    number(&mut writer, &ONE, 3);
    writer.end_layer();
    let pair = "[1,1]";
    assert_eq!(
        String::from_utf8(out).unwrap(),
        format!(
            "{{\"protocol\":\"udp\",\"x.one\":[1,2,3],\"x.many\":[10,11],\"x.group\":[\
             {{\"x.one\":20,\"x.many\":[30],\"ranges\":{{\"x.one\":{pair},\"x.many\":[{pair}]}}}},\
             {{\"x.one\":21,\"x.many\":[31],\"ranges\":{{\"x.one\":{pair},\"x.many\":[{pair}]}}}}],\
             \"x.two\":[40,41],\"ranges\":{{\"x.one\":[{pair},{pair},{pair}],\"x.many\":[{pair},{pair}],\
             \"x.group\":[{pair},{pair}],\"x.two\":[{pair},{pair}]}}}}"
        )
    );
    assert_eq!(state.surprise, Some("x.one"));
}
