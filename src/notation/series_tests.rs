//! Series of packets, from text to bytes: what is written over a template is what
//! is built anew, for any packet.

use std::net::Ipv6Addr;
use std::sync::Arc;

use proptest::prelude::*;

use crate::craft::vary::{Domain, Options, Series, Values, Vary};
use crate::craft::{self, Arg, Layer, Stack, is_list, udp};
use crate::notation::parse;
use crate::wire::field::{At, Field};
use crate::wire::proto::Proto;
use crate::wire::{data, srh};

fn series(text: &str) -> Arc<Series> {
    with(text, &Options::default())
}

fn with(text: &str, options: &Options) -> Arc<Series> {
    let layers = parse(text).unwrap_or_else(|error| panic!("{error}"));
    Series::new(layers, options).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn error(text: &str) -> String {
    Series::new(parse(text).unwrap(), &Options::default()).unwrap_err().to_string()
}

/// The values of bytes `at` and `at + 1` in the first packets.
fn words(series: &Arc<Series>, at: usize, count: usize) -> Vec<u16> {
    let mut cursor = series.cursor(0, 1);
    let word = |bytes: &[u8]| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
    (0..count).map(|_| word(cursor.next().unwrap())).collect()
}

#[test]
fn the_last_value_varies_fastest() {
    let series = series("ip6(hlim=1..2)/udp(sport=each(5, 9, 7), dport=10..30..10)");
    assert_eq!(series.size(), 18);
    assert!(series.is_template());
    assert_eq!(words(&series, 42, 9), [10, 20, 30, 10, 20, 30, 10, 20, 30]);
    assert_eq!(words(&series, 40, 10), [5, 5, 5, 9, 9, 9, 7, 7, 7, 5]);
    assert_eq!(words(&series, 6, 19).iter().map(|word| word & 0xff).collect::<Vec<_>>(), {
        let mut hops = vec![1; 9];
        hops.extend([2; 9]);
        hops.push(1);
        hops
    });
}

#[test]
fn values_side_by_side_end_with_the_shortest() {
    let zip = Options { zip: true, seed: 0 };
    let series = with("ip6(hlim=1..9)/udp(sport=each(5, 9, 7), dport=count(100, -2))", &zip);
    assert_eq!(series.size(), 3);
    assert_eq!(words(&series, 40, 4), [5, 9, 7, 5]);
    // What has no end goes on.
    assert_eq!(words(&series, 42, 4), [100, 98, 96, 94]);
    assert_eq!(words(&series, 6, 4).iter().map(|word| word & 0xff).collect::<Vec<_>>(), [1, 2, 3, 1]);
}

#[test]
fn endless_values_alone_are_one_packet() {
    let series = series("ip6/udp(sport=count(65534), dport=rand)");
    assert_eq!(series.size(), 1);
    assert_eq!(words(&series, 40, 4), [65534, 65535, 0, 1]);
    let ports = words(&series, 42, 64);
    assert!(ports.iter().any(|port| *port > 0x8000) && ports.iter().any(|port| *port < 0x8000));
}

/// These numbers are what `--seed` promises for ever; they were worked out from
/// the generator's definition by another program.
#[test]
fn dice_fall_the_same_everywhere() {
    let seeded = |seed| with("ip6/udp(sport=rand, dport=rand(1..6))", &Options { zip: false, seed });
    assert_eq!(words(&seeded(0), 40, 4), [42758, 25370, 51637, 51029]);
    assert_eq!(words(&seeded(0), 42, 8), [2, 6, 3, 3, 4, 6, 1, 3]);
    assert_eq!(words(&seeded(1), 40, 4), [24129, 2965, 14359, 41043]);
}

#[test]
fn segments_vary_with_all_that_depends_on_them() {
    let text =
        "ip6(src=::1)/srh(path=[2001:db8:2::1..2001:db8:2::3, 2001:db9::1..2001:db9::2])/udp(sport=1, dport=2)/\"x\"";
    let series = series(text);
    assert_eq!(series.size(), 6);
    assert!(series.is_template());
    assert_eq!(words(&series, 38, 6), [1, 1, 2, 2, 3, 3], "the destination follows");
    assert_eq!(words(&series, 62, 6), [1, 2, 1, 2, 1, 2]);
    same(&series, 0..7);
}

#[test]
fn whole_paths_and_lengths_have_templates_of_their_own() {
    let choice = series("ip6/srh(path=each([::1, ::2], [::3, ::4, ::5], [::6]))/udp(dport=1..2)/pad(0..300)");
    assert_eq!((choice.size(), choice.is_template()), (3 * 2 * 301, false));
    same(&choice, (0..choice.size()).step_by(61));
    let long = series("ip6/udp(sport=rand)/pad(rand(0..9000))");
    same(&long, (0..1000).step_by(17));
}

#[test]
fn what_the_builder_decides_by_is_built_anew() {
    for text in [
        "ip6/srh(path=[::1, ::2, ::3], sl=0..3)/udp(sport=1..3)",
        "ip6/udp(len=0..20)/\"0123456789\"",
        "ip6/routing(type=0..4, sl=1, data=00000000000000000000000000000000000000ff)/udp",
        "ip6/srh(path=[::1, ::2], reduced=0..1)/udp",
        "ip6(src=rand)/srh(path=[::1, ::2], tlvs=[hmac(key=1, secret=\"s\")])/udp(sport=rand)",
        "ip6/srh(path=[::1, ::2..::9], tlvs=[hmac(key=1, secret=\"s\", form=linux)])/udp(sport=1..4)",
        "ip6/srh(path=[::1, ::2], tlvs=[tlv(rand, 0102), hmac(key=rand, secret=\"s\")])/udp(sport=1..4)",
        "ip6(tc=0..255, ecn=1)/udp",
        "ip6(tc=3, ecn=0..3)/udp",
        "ip6/udp(cksum=each(bad, 0, 7))",
        "ip6/udp(cksum=bad, sport=rand)",
        "sll(ifindex=1..3)/ip6/udp",
        "null(family=each(24, 28, hex(00000018)))/ip6/udp",
        "ip6/tcp(options=each(01, 01010101, 0204))/rand(3)/count(5)",
    ] {
        let series = with(text, &Options { zip: false, seed: 7 });
        same(&series, 0..40);
    }
}

#[test]
fn only_signed_values_wait_for_their_signature() {
    let signed = "ip6(src=::1)/srh(path=[::1, ::2], tlvs=[hmac(key=1, secret=\"s\")])/udp(sport=rand)";
    assert!(series(signed).is_template());
    assert!(!series(&signed.replace("src=::1", "src=rand")).is_template());
}

#[test]
fn payloads_vary() {
    let series = series("ip6/udp/\"n\"/count(4, 258)/rand(20)/each(\"a\", \"b\")/rand(\"cd\", hex(ffff))/\"x\"");
    assert_eq!(series.size(), 2);
    assert!(series.is_template());
    assert_eq!(series.build(0).unwrap()[48..53], [b'n', 0, 0, 1, 2]);
    same(&series, 0..50);
    let zero = |packet| series.build(packet).unwrap()[53..73].to_vec();
    assert_ne!(zero(0), zero(1));
}

#[test]
fn all_zeros_sum_up_to_all_ones() {
    // The only way to a sum of zero: an ICMP message has no pseudo-header.
    let series = series("ip4/icmp4(type=0, id=0..3)");
    assert!(series.is_template());
    same(&series, 0..4);
    assert_eq!(series.build(0).unwrap()[22..24], [0xff, 0xff]);
}

#[test]
fn udp_never_sends_zero_from_a_template() {
    let series = series("ip6(src=::1, dst=::2)/udp(sport=0..65535)");
    let mut cursor = series.cursor(0, 1);
    let zeros = (0..65536).filter(|_| cursor.next().unwrap()[46..48] == [0, 0]).count();
    assert_eq!(zeros, 0);
    same(&series, (0..65536).step_by(4099));
}

#[test]
fn mistakes_are_told_before_the_first_packet() {
    assert!(
        error("ip6/udp/pad(1..65600)").starts_with("packet 65600: layer 2 (udp): "),
        "{}",
        error("ip6/udp/pad(1..65600)")
    );
    assert_eq!(
        error("udp(sport=1..3)"),
        "packet 1: layer 1 (udp): no ip6 or ip4 before it to take the checksum's addresses from; add one, or give cksum="
    );
    let layers = craft::ip6() / udp(1, 2).with(&crate::wire::udp::SOURCE, Vary::Each(Vec::new()));
    assert_eq!(
        Series::new(layers.clone(), &Options::default()).unwrap_err().to_string(),
        "layer 2 (udp): sport has no values to choose from"
    );
    let layers = craft::ip6() / udp(1, 2).with(&crate::wire::udp::SOURCE, Vary::Rand(Vec::new()));
    assert_eq!(
        craft::build(&layers).unwrap_err().to_string(),
        "layer 2 (udp): sport differs from packet to packet; make a series of it"
    );
}

/// Holds what a cursor gives against what is built.
fn same(series: &Arc<Series>, packets: impl IntoIterator<Item = u64>) {
    let mut cursor = series.cursor(0, 1);
    for packet in packets {
        let built = series.build(packet).unwrap();
        let text = || crate::notation::print(series.given());
        assert_eq!(hex::encode(cursor.packet(packet).unwrap()), hex::encode(&built), "{packet} of {}", text());
    }
}

/// Any way for a field of numbers to vary.
fn any_vary(domain: Domain) -> BoxedStrategy<Vary> {
    let number =
        move || prop_oneof![any::<u128>(), 0u128..300].prop_map(move |number| domain.arg(number & domain.max()));
    let range =
        (number(), number(), 1u64..5, prop_oneof![1u64..4, any::<u64>()]).prop_map(move |(first, last, near, step)| {
            let start = domain.number(&first).unwrap_or(0);
            let close = domain.arg((start + u128::from(near)).min(domain.max()));
            Values::Range { first, last: if step < 4 { close } else { last }, step: step.max(1) }
        });
    let values = proptest::collection::vec(prop_oneof![number().prop_map(Values::One), range], 1..4).boxed();
    prop_oneof![
        values.clone().prop_map(Vary::Each),
        prop_oneof![Just(Vec::new()), values].prop_map(Vary::Rand),
        (number(), any::<i64>()).prop_map(|(start, step)| Vary::Count { start: Box::new(start), step }),
    ]
    .boxed()
}

/// A packet with several of everything, in some order that builds.
fn any_stack() -> impl Strategy<Value = Stack> {
    let address = || any::<[u8; 16]>().prop_map(Ipv6Addr::from);
    let path = || proptest::collection::vec(address(), 1..4);
    let outer = prop_oneof![
        Just(Stack::default()),
        Just(craft::eth().into()),
        Just(craft::eth() / craft::vlan()),
        Just(craft::sll().into()),
    ];
    let network = prop_oneof![
        Just(Stack::from(craft::ip6())),
        Just(Stack::from(craft::ip4())),
        (path(), any::<bool>(), proptest::option::of(0u8..4)).prop_map(|(path, reduced, left)| {
            let header = craft::srh().reduced(reduced && path.len() > 1).path(path);
            craft::ip6() / if let Some(left) = left { header.sl(left) } else { header }
        }),
        (path(), path()).prop_map(|(a, b)| craft::ip6() / craft::hbh() / craft::srh().segs(a) / craft::srh().path(b)),
        path().prop_map(|path| craft::ip6() / craft::srh().path(path) / craft::ip6()),
        path().prop_map(|path| craft::ip6() / craft::srh().path(path) / craft::ip4()),
        path().prop_map(|path| craft::ip6() / craft::icmp6().message(1) / craft::ip6() / craft::srh().path(path)),
        path().prop_map(|path| craft::ip6() / craft::srh().path(path) / craft::eth() / craft::ip6()),
        Just(craft::ip6() / udp(1, 2) / "odd" / craft::ip6()),
        proptest::sample::select(vec![
            "ip6/srh(path=[::1, ::2])/udp/vxlan(vni=3)/eth/ip6",
            "ip6/udp/gtpu(teid=1, seq=2)/ip4",
            "ip4/gre(key=1, csum=1)/ip6",
            "ip6/udp/geneve(vni=1)/ip6",
            "ip6/udp/mpls(label=16)/mpls/ip6",
            "ip6/icmp6(type=3, quote=52)/ip6",
            "ip6/udp(sport=1)/stamp/ip6",
        ])
        .prop_map(|text| parse(text).unwrap()),
    ];
    let upper = prop_oneof![
        Just(Stack::from(udp(1, 2))),
        Just(Stack::from(craft::tcp(1, 2))),
        Just(Stack::from(craft::icmp4())),
        Just(craft::frag() / udp(1, 2)),
        Just(Stack::default()),
    ];
    let payload = proptest::collection::vec(any::<u8>(), 0..5).prop_map(Layer::data);
    let more = prop_oneof![
        Just(Stack::default()),
        (0u64..9).prop_map(|n| Layer::new(Proto::Data).with(&data::LENGTH, n).into()),
        (1u64..20).prop_map(|n| {
            Layer::new(Proto::Data).with(&data::LENGTH, n).with(&data::DATA, Vary::Rand(Vec::new())).into()
        }),
        (1u64..17, any::<u64>(), any::<i64>()).prop_map(|(n, start, step)| {
            let count = Vary::Count { start: Box::new(Arg::Uint(start)), step };
            Layer::new(Proto::Data).with(&data::LENGTH, n).with(&data::DATA, count).into()
        }),
    ];
    (outer, network, upper, payload, more).prop_map(|(outer, network, upper, payload, more): (_, _, _, _, Stack)| {
        outer / network / upper / payload / more / "end"
    })
}

/// A field of a stack, or an element of a list in it.
fn spots(stack: &Stack) -> Vec<(usize, &'static Field, Option<usize>)> {
    let mut spots = Vec::new();
    for (index, layer) in stack.iter().enumerate() {
        for field in layer.proto.info().fields.iter().copied().filter(|field| !field.arg.is_empty()) {
            if Domain::of(field).is_some()
                && !is_list(field)
                && (layer.proto != Proto::Data || layer.has(field) && !layer.has(&data::DATA))
            {
                spots.push((index, field, None));
            }
            if let Some(Arg::List(items)) = layer.get(field) {
                spots.extend((0..items.len()).map(|element| (index, field, Some(element))));
            }
        }
    }
    spots
}

/// A stack with some of its values varying.
fn any_series() -> impl Strategy<Value = Stack> {
    any_stack()
        .prop_flat_map(|stack| {
            let spots = spots(&stack);
            let count = spots.len().min(4);
            (Just(stack), proptest::sample::subsequence(spots, 0..=count))
        })
        .prop_flat_map(|(stack, spots)| {
            let varied = spots.into_iter().map(|(layer, field, element)| {
                let domain = Domain::of(field).expect("it was filtered for that");
                let small = std::ptr::eq(field, &data::LENGTH);
                let vary = any_vary(if small { Domain::Uint(8) } else { domain });
                vary.prop_map(move |vary| (layer, field, element, vary))
            });
            (Just(stack), varied.collect::<Vec<_>>())
        })
        .prop_map(|(mut stack, varied)| {
            for (layer, field, element, vary) in varied {
                match (element, stack.0[layer].get(field).cloned()) {
                    (Some(element), Some(Arg::List(mut items))) => {
                        items[element] = vary.into();
                        stack.0[layer].set(field, items);
                    }
                    _ => stack.0[layer].set(field, vary),
                }
            }
            stack
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_template_is_what_is_built(
        stack in any_series(),
        zip in any::<bool>(),
        seed in any::<u64>(),
        first in prop_oneof![0u64..50, any::<u64>()],
        stride in prop_oneof![1u64..4, any::<u64>()],
    ) {
        let text = crate::notation::print(&stack);
        prop_assert_eq!(parse(&text).map_err(|error| TestCaseError::fail(error.to_string()))?, stack.clone());
        let Ok(series) = Series::new(stack, &Options { zip, seed }) else { return Ok(()) };
        let mut cursor = series.cursor(first, stride);
        for step in 0..12u64 {
            let packet = first.wrapping_add(step.wrapping_mul(stride));
            prop_assert_eq!(cursor.number(), packet);
            let given = cursor.next().map(<[u8]>::to_vec);
            prop_assert_eq!(given, series.build(packet), "packet {} of {}", packet, text);
        }
    }
}

/// Guards against a property that holds because nothing is written over.
#[test]
fn most_fields_are_written_over() {
    let text = "eth(src=rand, dst=count, type=count)/vlan(id=rand, pcp=0..7)/ip6(tc=rand, flow=rand, hlim=rand, src=rand, dst=rand)/srh(path=[rand, ::2], tag=rand, flags=rand)/ip6/udp(sport=rand, dport=rand)/ip4(id=rand, ttl=rand, src=rand)/tcp(seq=rand, flags=rand)";
    let text = text.replace("/udp(sport=rand, dport=rand)/ip4", "/srh(segs=[rand])/ip4");
    assert!(series(&text).is_template());
    same(&series(&text), 0..100);
    assert!(matches!(srh::PATH.at, At::Derived | At::Varies));
}
