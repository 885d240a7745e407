//! The notation, both ways, and what its errors look like.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::{parse, print};
use crate::craft::{self, Arg, Element, Layer, Stack, pad1, padn, tlv};
use crate::wire::element::Family;
use crate::wire::field::{At, Field, Kind};
use crate::wire::proto::Proto;
use crate::wire::{data, srh, srh_tlv};

fn error(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn reads_the_articles_packet() {
    let text = r#"ip6(src=2001:db8::1, dst=2001:db8::2)/srh(path=[2001:db8::2, 2001:db9::1])/udp(sport=51129, dport=2000)/"Hello, I'm here\n""#;
    let segments: Vec<Ipv6Addr> = ["2001:db8::2", "2001:db9::1"].map(|a| a.parse().unwrap()).to_vec();
    let typed = craft::ip6().src("2001:db8::1".parse().unwrap()).dst(segments[0])
        / craft::srh().path(segments)
        / craft::udp(51129, 2000)
        / "Hello, I'm here\n";
    assert_eq!(parse(text).unwrap(), typed);
    assert_eq!(print(&typed), text);
}

#[test]
fn reads_every_kind_of_value() {
    let text = "eth(src=02:00:00:00:00:01)/vlan(id=0x7, dei)/ip4(src=10.0.0.1, df, mf=0, cksum=bad)/tcp(flags=SA, options=hex(0204 05b4))/hex(00 ff\n)";
    let stack = parse(text).unwrap();
    let typed = craft::eth().src([2, 0, 0, 0, 0, 1])
        / craft::vlan().id(7).dei(true)
        / craft::ip4()
            .src(Ipv4Addr::new(10, 0, 0, 1))
            .df(true)
            .with(&crate::wire::ipv4::FLAG_MF, 0u8)
            .with(&crate::wire::ipv4::CHECKSUM, Arg::Bad)
        / Layer::new(Proto::Tcp)
            .with(&crate::wire::tcp::FLAGS, 0x12u8)
            .with(&crate::wire::tcp::OPTIONS, vec![2, 4, 5, 0xb4])
        / craft::bytes([0, 0xff]);
    assert_eq!(stack, typed);
    let printed = "eth(src=02:00:00:00:00:01)/vlan(id=7, dei)/ip4(src=10.0.0.1, df, mf=0, cksum=bad)/tcp(flags=SA, options=hex(020405b4))/hex(00ff)";
    assert_eq!(print(&stack), printed);
}

#[test]
fn reads_tlvs_words_and_line_breaks() {
    let text = "ip6(nxt=udp)/\n  srh( segs = [::1, ::2,], tag=0x12, reduced,\n tlvs=[padn(4), pad1, tlv(9, 00ff00), tlv(10), 0a0101] ) / icmp6(type=reply)";
    let stack = parse(text).unwrap();
    assert_eq!(
        stack[1].get(&srh::TLVS),
        Some(&Arg::List(vec![
            Arg::Element(padn(4)),
            Arg::Element(pad1()),
            Arg::Element(tlv(9, [0, 255, 0])),
            Arg::Element(Element::new(&srh_tlv::TLVS, srh_tlv::TLVS.form("tlv").unwrap()).with("type", 10u8)),
            Arg::Bytes(vec![10, 1, 1]),
        ]))
    );
    assert_eq!(stack[0].get(&crate::wire::ipv6::NEXT_HEADER), Some(&Arg::Uint(17)));
    assert_eq!(stack[2].get(&crate::wire::icmpv6::TYPE), Some(&Arg::Uint(129)));
    assert_eq!(parse(&print(&stack)).unwrap(), stack);
}

#[test]
fn reads_typed_elements() {
    let text = "ip6/hbh(options=[ra(0), pt, ioam(ns=1, trace=0xc00000, hops=3)])/srh(path=[::2], tlvs=[hmac(key=42, \
                secret=\"a \\\"b\", form=linux, d), pt(if=5, load=3), egress(::9), tlv(9)])/tcp(options=[mss(1460), \
                nop, wscale(7), sackok, ts(1, 2), sack([1, 2]), opt(254, 00ff)])";
    let stack = parse(text).unwrap();
    assert_eq!(print(&stack), text);
    let bytes = craft::build(&stack).unwrap();
    assert!(bytes.ends_with(&[
        2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2, 254, 4, 0, 255,
        0, 0
    ]));
    // Names and flags in any order; a value without its name stands first.
    assert_eq!(
        parse("tcp(options=[ts(ecr=2, val=1)])").unwrap()[0],
        parse("tcp(options=[ts(ecr=2, val=1)])").unwrap()[0]
    );
    assert_eq!(
        error("tcp(options=[mss(1460, 2)])"),
        "give it by name: mss takes size=, len=\n  tcp(options=[mss(1460, 2)])\n                         ^"
    );
    assert_eq!(
        error("srh(tlvs=[hmac(kye=1)])"),
        "unknown argument 'kye' of hmac; did you mean 'key'?\n  srh(tlvs=[hmac(kye=1)])\n                 ^^^"
    );
    assert_eq!(
        error("tcp(options=[mss(70000)])"),
        "70000 does not fit in the 16 bits of size (at most 65535)\n  tcp(options=[mss(70000)])\n                   ^^^^^"
    );
    assert_eq!(error("tcp(options=[nop(1)])"), "nop takes nothing\n  tcp(options=[nop(1)])\n                   ^");
}

#[test]
fn strings_hold_any_byte() {
    let stack = parse(r#""\"\\\n\t\r\0\xFFé""#).unwrap();
    let Some(Arg::Bytes(bytes)) = stack[0].get(&data::DATA) else { panic!() };
    assert_eq!(bytes, b"\"\\\n\t\r\0\xff\xc3\xa9");
}

#[test]
fn errors_point_at_the_place() {
    assert_eq!(
        error("ip6(hlmi=3)/udp"),
        "unknown argument 'hlmi' of ip6; did you mean 'hlim'?\n  ip6(hlmi=3)/udp\n      ^^^^"
    );
    assert_eq!(error("ip6/ud/hex(00)"), "unknown layer 'ud'; did you mean 'udp'?\n  ip6/ud/hex(00)\n      ^^");
    assert_eq!(
        error("ip6(hlim=300)"),
        "300 does not fit in the 8 bits of hlim (at most 255)\n  ip6(hlim=300)\n           ^^^"
    );
    assert_eq!(error("ip6(src=::g)"), "src takes an IPv6 address\n  ip6(src=::g)\n          ^^^");
    assert_eq!(error("ip6(nxt=upd)"), "unknown value 'upd' of nxt; did you mean 'udp'?\n  ip6(nxt=upd)\n          ^^^");
    assert_eq!(error("ip6(hlim)"), "'hlim' needs a value: it takes a number\n  ip6(hlim)\n      ^^^^");
    assert_eq!(error("ip6(hlim=1, hlim=2)"), "'hlim' is given twice\n  ip6(hlim=1, hlim=2)\n              ^^^^");
    assert_eq!(error("ip6/\n udp(sport=x)"), "sport takes a number\n   udp(sport=x)\n             ^");
    assert_eq!(error("ip6/"), "expected a layer, like ip6(…) or \"text\", found the end\n  ip6/\n      ^");
    assert_eq!(error(""), "expected a layer, like ip6(…) or \"text\", found the end\n  \n  ^");
    assert_eq!(error("ip6(src=::1"), "expected ',' or ')', found the end\n  ip6(src=::1\n             ^");
    assert_eq!(error("ip6 udp"), "expected '/' and the next layer, or the end, found 'u'\n  ip6 udp\n      ^");
    assert_eq!(error("hex(0)"), "1 hexadecimal digits; bytes have two each\n  hex(0)\n      ^");
    assert_eq!(error("\"a\\q\""), "unknown escape; there are \\n \\t \\r \\0 \\\" \\\\ and \\xHH\n  \"a\\q\"\n    ^^");
    assert_eq!(error("\"abc"), "this string has no end: a '\"' is missing\n  \"abc\n  ^");
    assert_eq!(
        error("srh(tlvs=[pdn(4)])"),
        "unknown TLV 'pdn'; did you mean 'padn'?\n  srh(tlvs=[pdn(4)])\n            ^^^"
    );
    assert_eq!(
        error("srh(tlvs=[padn(1)])"),
        "a PadN is at least 2 bytes long; pad1 is the single byte\n  srh(tlvs=[padn(1)])\n                 ^"
    );
    assert_eq!(error("srh(path=::1)"), "path takes a list of IPv6 addresses: [A, B]\n  srh(path=::1)\n           ^^^");
    assert_eq!(error("udp(sport=+1)"), "expected a value, found '+'\n  udp(sport=+1)\n            ^");
    assert!(error(&format!("srh(path={}", "[".repeat(5000))).contains("too many brackets"));
}

#[test]
fn long_and_hostile_lines_stay_on_the_screen() {
    let text = format!("ip6/{}(x=1)\u{1b}[2J", "\"é\"/".repeat(100) + "udx");
    let shown = error(&text);
    assert!(shown.lines().all(|line| line.chars().count() < 130), "{shown}");
    assert!(!shown.contains('\u{1b}'));
    let [_, line, carets] = shown.lines().collect::<Vec<_>>()[..] else { panic!("{shown}") };
    let at = carets.chars().position(|c| c == '^').unwrap();
    assert_eq!(line.chars().skip(at).take(3).collect::<String>(), "\u{fffd}[2");
}

/// Any value that suits a field.
fn arg_of(field: &'static Field) -> BoxedStrategy<Arg> {
    let width = match (field.at, field.kind) {
        (At::Bits { width, .. }, _) => width,
        (_, Kind::Uint(_, size)) => u16::from(size) * 8,
        _ => 1,
    };
    let uint = move || any::<u64>().prop_map(move |n| Arg::Uint(n & (u64::MAX >> (64 - width))));
    let bytes = || proptest::collection::vec(any::<u8>(), 0..40).prop_map(Arg::Bytes);
    let aligned = matches!(field.at, At::Bits { offset, width, .. } if offset % 8 == 0 && width % 8 == 0);
    match field.kind {
        Kind::Bytes if field.elements.is_some() => {
            let element = any_element(field.elements.unwrap()).prop_map(Arg::Element);
            let item = prop_oneof![4 => element, 1 => bytes()];
            prop_oneof![4 => proptest::collection::vec(item, 0..5).prop_map(Arg::List), 1 => bytes()].boxed()
        }
        Kind::Ipv6 if craft::is_list(field) => {
            let address = any::<[u8; 16]>().prop_map(|octets| Arg::Ipv6(octets.into()));
            proptest::collection::vec(address, 0..5).prop_map(Arg::List).boxed()
        }
        Kind::Ipv4 if craft::is_list(field) => {
            let address = any::<[u8; 4]>().prop_map(|octets| Arg::Ipv4(octets.into()));
            proptest::collection::vec(address, 0..5).prop_map(Arg::List).boxed()
        }
        Kind::Uint(..) if craft::is_list(field) => proptest::collection::vec(uint(), 0..5).prop_map(Arg::List).boxed(),
        Kind::Uint(..) if field.arg == "cksum" => prop_oneof![uint(), Just(Arg::Bad)].boxed(),
        Kind::Uint(..) | Kind::Bytes if aligned => {
            let raw = proptest::collection::vec(any::<u8>(), usize::from(width) / 8).prop_map(Arg::Bytes);
            if width > 64 { raw.boxed() } else { prop_oneof![uint(), raw].boxed() }
        }
        Kind::Uint(..) | Kind::Bool => uint().boxed(),
        Kind::Bytes => bytes().boxed(),
        Kind::Ether => any::<[u8; 6]>().prop_map(Arg::Ether).boxed(),
        Kind::Ipv4 => any::<[u8; 4]>().prop_map(|octets| Arg::Ipv4(octets.into())).boxed(),
        Kind::Ipv6 => any::<[u8; 16]>().prop_map(|octets| Arg::Ipv6(octets.into())).boxed(),
        Kind::Text => bytes().boxed(),
        Kind::Group | Kind::Time | Kind::Duration => unreachable!("{} cannot be written", field.name),
    }
}

/// Any element of a family with any of its fields given, that can be built.
fn any_element(family: &'static Family) -> impl Strategy<Value = Element> {
    proptest::sample::select(family.forms.iter().collect::<Vec<_>>()).prop_flat_map(move |form| {
        let must = form.name == "padn";
        let fields: Vec<&'static Field> = form.all_params(family).filter(|field| !must || field.arg != "n").collect();
        let count = fields.len();
        proptest::sample::subsequence(fields, 0..=count)
            .prop_flat_map(|fields| fields.into_iter().map(|f| arg_of(f).prop_map(move |a| (f, a))).collect::<Vec<_>>())
            .prop_map(move |args| {
                let padding = Element::new(family, form).with("n", if must { 5u8 } else { 0 });
                let mut element = if must { padding } else { Element::new(family, form) };
                args.into_iter().for_each(|(field, arg)| element.set(field, arg));
                element
            })
            .prop_filter("it can be built", |element| element.bytes().is_ok())
    })
}

fn any_layer() -> impl Strategy<Value = Layer> {
    let protos: Vec<Proto> = Proto::ALL.iter().copied().filter(|p| !p.info().notation.is_empty()).collect();
    proptest::sample::select(protos).prop_flat_map(|proto| {
        if proto == Proto::Data {
            let text = "[ -~\n\t\r\"\\\\]{0,30}".prop_map(|text| Layer::data(text.as_bytes()));
            let bytes = proptest::collection::vec(any::<u8>(), 0..30).prop_map(Layer::data);
            return prop_oneof![text, bytes].boxed();
        }
        let fields: Vec<_> = proto.info().fields.iter().copied().filter(|field| !field.arg.is_empty()).collect();
        let count = fields.len().min(6);
        proptest::sample::subsequence(fields, 0..=count)
            .prop_shuffle()
            .prop_flat_map(|fields| fields.into_iter().map(|f| arg_of(f).prop_map(move |a| (f, a))).collect::<Vec<_>>())
            .prop_map(move |args| {
                args.into_iter().fold(Layer::new(proto), |layer, (field, arg)| layer.with(field, arg))
            })
            .boxed()
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(layers in proptest::collection::vec(any_layer(), 1..6)) {
        let text = print(&layers);
        prop_assert_eq!(parse(&text).map_err(|e| TestCaseError::fail(e.to_string()))?, Stack(layers));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        if let Err(error) = parse(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn mangled_notation_is_read_or_refused(
        cut in 0usize..200,
        with in "[(),=/\\[\\]\"\\\\a-z0-9 :é\n]{0,6}",
        gone in 0usize..8,
    ) {
        let text = "eth/ip6(src=::1, flow=0x12)/srh(path=[::2, ::3], tlvs=[padn(2), tlv(9, 00)])/udp(cksum=bad)/\"é\\n\"";
        let mut chars: Vec<char> = text.chars().collect();
        let from = cut.min(chars.len());
        let to = (from + gone).min(chars.len());
        chars.splice(from..to, with.chars());
        match parse(&chars.into_iter().collect::<String>()) {
            Ok(stack) => prop_assert_eq!(parse(&print(&stack)).unwrap(), stack),
            Err(error) => prop_assert!(error.to_string().contains('^')),
        }
    }
}

#[test]
fn headends_wrap_what_is_behind_them() {
    let same = |helper: &str, plain: &str| assert_eq!(print(&parse(helper).unwrap()), plain);
    same(
        "eth/encap(src=::1, path=[::2, ::3], tag=7)/ip6(src=::4, dst=::5, tc=3, hlim=9)/udp",
        "eth/ip6(src=::1, hlim=9, tc=0x3)/srh(path=[::2, ::3], tag=0x7)/ip6(src=::4, dst=::5, tc=0x3, hlim=9)/udp",
    );
    same("encap.red(path=[::2, ::3])/ip4", "ip6/srh(path=[::2, ::3], reduced)/ip4");
    same("encap.red(path=[::2])/ip4", "ip6(dst=::2)/ip4");
    same("l2encap.red(path=[::2])/eth/ip4", "ip6(dst=::2)/eth/ip4");
    same("inline(path=[::2])/ip6(dst=::5, hlim=4)/udp", "ip6(hlim=4)/srh(path=[::2, ::5])/udp");
    same(
        "encap(path=[::2])/encap.red(path=[fcbb:bb00:1::, fcbb:bb00:2::], csid=fcbb:bb00::/32:16)/ip4",
        "ip6/srh(path=[::2])/ip6(dst=fcbb:bb00:1:2::)/ip4",
    );
    assert_eq!(error("encap(path=[::2])/udp"), "encap needs an ip6 or ip4 behind it\n  encap(path=[::2])/udp\n  ^^^^^");
    assert_eq!(
        error("encap(src=::1)/ip6"),
        "encap needs path=: the segments in the order they are travelled\n  encap(src=::1)/ip6\n  ^^^^^"
    );
    assert!(error("encap(pth=[::1])/ip6").starts_with("unknown argument 'pth' of encap; did you mean 'path'?"));
    assert!(error("encap(path=[::2])/ip6(hlim=1..3)").starts_with("hlim varies, and encap depends on it"));
    let text = "ip6(src=::1)/srh(path=[fcbb:bb00:1::, fcbb:bb00:2::], csid=fcbb:bb00::/32:16)/udp";
    assert_eq!(parse(&print(&parse(text).unwrap())).unwrap(), parse(text).unwrap());
}
