//! Properties of matching and comparing, over lists of packets.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::Arc;

use proptest::prelude::*;

use super::feed::{Entry, Keyed};
use super::key::Key;
use super::matcher::{Event, Matcher, Stop};
use super::{Between, By, Comparer, Form, Options, Rules, Tally, Window, run};
use crate::capture::file::Resolution;
use crate::capture::{Frame, Reader, Timestamp};
use crate::pipeline::{Batch, Source};
use crate::wire::link_type::LinkType;
use crate::{craft, notation};

/// Frames in batches of a few.
struct List {
    frames: Vec<(LinkType, Vec<u8>)>,
    at: usize,
    batch: usize,
}

impl Source for List {
    type Error = Infallible;

    fn next(&mut self, batch: &mut Batch) -> Result<bool, Infallible> {
        let frames = batch.frames();
        frames.clear();
        for (number, (link, bytes)) in self.frames.iter().enumerate().skip(self.at).take(self.batch) {
            let time = Some(Timestamp(number as i128 * 1000));
            let frame = Frame { number: number as u64 + 1, time, ..Frame::new(*link, bytes) };
            frames.push(&frame, Resolution::NANOS);
        }
        self.at += self.batch;
        Ok(!batch.is_empty())
    }
}

fn list(frames: &[(LinkType, Vec<u8>)], batch: usize) -> List {
    List { frames: frames.to_vec(), at: 0, batch }
}

/// What a diff comes to, and its text.
fn diff(left: List, right: List, options: &Options) -> (Tally, String) {
    let mut text = Vec::new();
    let (tally, result) = run(left, right, options, |more: &[u8]| {
        text.extend_from_slice(more);
        Ok::<_, Infallible>(())
    });
    assert!(result.is_ok());
    (tally, String::from_utf8(text).unwrap())
}

/// Packets of many kinds, some of them more than once.
fn packets() -> Vec<(LinkType, Vec<u8>)> {
    let mut all = Vec::new();
    for number in 0..12 {
        for text in [
            format!("ip6(src=fc00::1)/srh(path=[fc00:a::1, fc00:b::1])/udp(dport={number})/\"hello\""),
            format!("eth/ip4(src=10.0.0.1, dst=10.0.0.2, id={number})/icmp4(type=echo)/\"ping\""),
            "ip6(src=fc00::1, dst=fc00::2)/tcp/\"again\"".to_owned(),
        ] {
            let layers = notation::parse(&text).unwrap();
            all.push((craft::link_type(&layers).unwrap_or(LinkType::RAW), craft::build(&layers).unwrap()));
        }
    }
    all
}

#[derive(Debug, Clone)]
enum Mutation {
    Flip(usize, usize, u8),
    Drop(usize),
    Double(usize),
    Swap(usize, usize),
    Cut(usize, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (any::<usize>(), any::<usize>(), 1u8..=255).prop_map(|(at, byte, bits)| Mutation::Flip(at, byte, bits)),
        any::<usize>().prop_map(Mutation::Drop),
        any::<usize>().prop_map(Mutation::Double),
        (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Mutation::Swap(a, b)),
        (any::<usize>(), any::<usize>()).prop_map(|(at, len)| Mutation::Cut(at, len)),
    ]
}

fn mutated(mutations: &[Mutation]) -> Vec<(LinkType, Vec<u8>)> {
    let mut all = packets();
    for mutation in mutations {
        let count = all.len();
        match *mutation {
            Mutation::Flip(at, byte, bits) => {
                let bytes = &mut all[at % count].1;
                if !bytes.is_empty() {
                    let byte = byte % bytes.len();
                    bytes[byte] ^= bits;
                }
            }
            Mutation::Drop(at) if count > 1 => drop(all.remove(at % count)),
            Mutation::Drop(_) => {}
            Mutation::Double(at) => all.push(all[at % count].clone()),
            Mutation::Swap(a, b) => all.swap(a % count, b % count),
            Mutation::Cut(at, len) => {
                let bytes = &mut all[at % count].1;
                bytes.truncate(len % (bytes.len() + 1));
            }
        }
    }
    all
}

fn ways() -> impl Strategy<Value = Options> {
    let by = prop_oneof![Just(By::KeyAndPlace), Just(By::Key), Just(By::Position), Just(By::Time(0))];
    (by, prop_oneof![Just(3u64), Just(1000)], 1usize..4).prop_map(|(by, window, threads)| Options {
        by,
        window: Window::Packets(window),
        threads: NonZeroUsize::new(threads),
        ..Options::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_list_is_itself(mutations in prop::collection::vec(mutation(), 0..12), options in ways(), one in 1usize..50, two in 1usize..50) {
        let all = mutated(&mutations);
        let (tally, text) = diff(list(&all, one), list(&all, two), &options);
        prop_assert!(tally.is_same(), "{tally:?}\n{text}");
        prop_assert_eq!((tally.same, text.as_str()), (all.len() as u64, ""));
    }

    /// Nothing is lost or counted twice, and threads and batches do not matter.
    #[test]
    fn every_packet_is_told_once(left in prop::collection::vec(mutation(), 0..12), right in prop::collection::vec(mutation(), 0..12), options in ways(), batch in 1usize..50) {
        let (left, right) = (mutated(&left), mutated(&right));
        let (tally, text) = diff(list(&left, batch), list(&right, 7), &options);
        prop_assert_eq!(tally.packets, [left.len() as u64, right.len() as u64]);
        prop_assert_eq!(tally.pairs() + tally.alone[0], left.len() as u64);
        prop_assert_eq!(tally.pairs() + tally.alone[1], right.len() as u64);
        prop_assert_eq!(tally.same + tally.different, tally.pairs());
        let alone = Options { threads: NonZeroUsize::new(1), ..options };
        let (_, again) = diff(list(&left, 50), list(&right, 50), &alone);
        prop_assert_eq!(text, again);
    }
}

/// Two frames that have something in common, mostly.
fn frames() -> impl Strategy<Value = [(LinkType, Vec<u8>); 2]> {
    let link = prop::sample::select(vec![0u16, 1, 9, 101, 113, 228, 229, 276, 147]);
    let noise = (link, prop::collection::vec(any::<u8>(), 0..200)).prop_map(|(link, bytes)| (LinkType(link), bytes));
    let known = || {
        (any::<usize>(), prop::collection::vec(mutation(), 0..6)).prop_map(|(which, mutations)| {
            let all = mutated(&mutations);
            all[which % all.len()].clone()
        })
    };
    let one = || prop_oneof![1 => noise.clone(), 6 => known()];
    let twice = (one(), any::<usize>(), any::<u8>(), any::<usize>()).prop_map(|((link, bytes), at, bits, len)| {
        let mut other = bytes.clone();
        if let Some(byte) = at.checked_rem(other.len()).and_then(|at| other.get_mut(at)) {
            *byte ^= bits;
        }
        if len % 3 == 0 {
            other.truncate(len % (bytes.len() + 1));
        }
        [(link, bytes), (link, other)]
    });
    prop_oneof![twice, (one(), one()).prop_map(|(a, b)| [a, b])]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever two frames there are, what differs is told, and judged, and
    /// written, and each side can be asked for every value.
    #[test]
    fn any_two_frames_compare([left, right] in frames(), missing in 0u32..3, hops in prop::option::of(0u8..3), both_ways in any::<bool>()) {
        let semantic = Some(Between { hops, both_ways });
        let plain = Rules { times: true, ..Rules::default() };
        for rules in [plain.clone(), Rules { semantic, ..plain }] {
            let judged = rules.semantic.is_some();
            let mut comparer = Comparer::new(Arc::new(rules), &Arc::default());
            let mut a = Frame::new(left.0, &left.1);
            a.original_len += missing;
            let b = Frame::new(right.0, &right.1);
            let same = comparer.is_same(&a, &b);
            let comparison = comparer.compare(&a, &b);
            if same {
                prop_assert!(comparison.differences.is_empty());
            } else if !judged && a.link == b.link && missing == 0 {
                prop_assert!(!comparison.differences.is_empty());
            }
            prop_assert!(comparison.differences.iter().all(|d| d.verdict.is_some() == judged));
            let json: serde_json::Value = match told(&comparison) {
                text if text.is_empty() => serde_json::Value::Null,
                text => serde_json::from_str(&text).unwrap(),
            };
            prop_assert_eq!(json["differences"].as_array().map_or(0, Vec::len), comparison.differences.len());
            let mut text = Vec::new();
            super::text::pair(&mut text, &comparison, super::How::Key, false, true);
            prop_assert!(String::from_utf8(text).is_ok_and(|text| text.lines().count() <= comparison.differences.len() + 1));
        }
    }
}

/// The differences as JSON has them.
fn told(comparison: &super::Comparison<'_>) -> String {
    let mut out = Vec::new();
    super::json::pair(&mut out, comparison, super::How::Key, true, true);
    String::from_utf8(out).unwrap()
}

#[test]
fn every_bit_counts() {
    // Whatever byte of whatever captured frame changes, something is said.
    let mut comparer = Comparer::new(Arc::new(Rules::default()), &Arc::default());
    let mut visiting = Comparer::new(Arc::new(Rules::default()), &Arc::default());
    visiting.visits_all = true;
    let mut compared = 0;
    let directories = ["testdata/crafted", "testdata/kernel"];
    let files = directories.iter().flat_map(|directory| std::fs::read_dir(directory).unwrap());
    for file in files {
        let path = file.unwrap().path();
        // What is expected of captures lies beside them.
        if path.extension().is_none_or(|ending| ending != "pcap") {
            continue;
        }
        let mut reader = Reader::open(&path).unwrap();
        while let Some(frame) = reader.next_frame().unwrap() {
            let mut changed = frame.data.to_vec();
            // Long lists repeat what is in short ones.
            for at in 0..changed.len().min(300) {
                for bit in [0x01, 0x80] {
                    changed[at] ^= bit;
                    let other = Frame { data: &changed, ..frame };
                    assert!(!comparer.is_same(&frame, &other));
                    let comparison = comparer.compare(&frame, &other);
                    assert!(
                        !comparison.differences.is_empty(),
                        "{} frame {} byte {at} bit {bit:#x}",
                        path.display(),
                        frame.number
                    );
                    // Fields at fixed places are the same as visited ones.
                    assert_eq!(told(&comparison), told(&visiting.compare(&frame, &other)));
                    changed[at] ^= bit;
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 10_000);
}

/// A batch of packets with these keys.
fn keyed(keys: &[u64]) -> Keyed {
    let entry = |(position, key): (usize, &u64)| Entry {
        key: Key { whole: *key, parts: [*key, *key, *key], cut: false },
        time: None,
        position: position as u32,
    };
    Keyed { entries: keys.iter().enumerate().map(entry).collect(), bytes: 100 * keys.len(), ..Keyed::default() }
}

/// Matches to the end and counts pairs and what is alone; batches of ten.
fn matched(mut matcher: Matcher, left: &[u64], right: &[u64]) -> (usize, usize, usize) {
    let (mut events, mut most_held) = (Vec::new(), 0);
    let mut rest = [left.chunks(10), right.chunks(10)];
    let (mut pairs, mut alone) = (0, 0);
    loop {
        let stop = matcher.advance(&mut events);
        loop {
            for event in events.drain(..) {
                match event {
                    Event::Pair { .. } => pairs += 1,
                    Event::Alone { .. } => alone += 1,
                }
            }
            matcher.release();
            most_held = most_held.max(matcher.sides.iter().map(super::side::Side::held).sum());
            matcher.make_room(&mut events);
            if events.is_empty() {
                break;
            }
        }
        match stop {
            Stop::Needs(side) => match rest[side].next() {
                Some(keys) => matcher.push(side, keyed(keys)),
                None => matcher.sides[side].ended = true,
            },
            Stop::Pause => {}
            Stop::End => return (pairs, alone, most_held),
        }
    }
}

fn numbers(from: u64) -> Vec<u64> {
    (from..from + 50_000).collect()
}

fn matcher(window: u64) -> Matcher {
    Matcher::new(By::KeyAndPlace, Window::Packets(window))
}

/// Bytes of what a window of 1000 packets may hold: as many that wait for their
/// turn, and a region.
const FEW: usize = 100 * 2 * 4000;

#[test]
fn memory_is_bounded_where_all_match() {
    let (pairs, alone, held) = matched(matcher(1000), &numbers(0), &numbers(0));
    assert_eq!((pairs, alone), (50_000, 0));
    assert!(held <= 10_000, "{held}");
}

#[test]
fn memory_is_bounded_where_nothing_matches() {
    let (pairs, alone, held) = matched(matcher(1000), &numbers(0), &numbers(1 << 20));
    assert_eq!((pairs, alone), (0, 100_000));
    assert!(held < FEW, "{held}");
    let (pairs, alone, held) = matched(matcher(1000), &numbers(0), &[5, 6, 7]);
    assert_eq!((pairs, alone), (3, 49_997));
    assert!(held < FEW, "{held}");
}

#[test]
fn captures_stay_level_where_few_match() {
    let few: Vec<_> = numbers(0).into_iter().step_by(10).collect();
    let (pairs, alone, held) = matched(matcher(1000), &numbers(0), &few);
    assert_eq!((pairs, alone), (5_000, 45_000));
    assert!(held < FEW, "{held}");
}

#[test]
fn memory_is_bounded_where_all_cross() {
    let mut crossed = numbers(0);
    crossed.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
    crossed[1..49_999].chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
    let (pairs, alone, held) = matched(matcher(1000), &numbers(0), &crossed);
    assert_eq!((pairs, alone), (50_000, 0));
    assert!(held < FEW, "{held}");
}

#[test]
fn memory_is_bounded_without_a_window() {
    let (pairs, alone, held) = matched(matcher(u64::MAX).with_room(200_000), &numbers(0), &numbers(1 << 20));
    assert_eq!((pairs, alone), (0, 100_000));
    assert!(held < 300_000, "{held}");
}

#[test]
fn a_quiet_diff_writes_nothing() {
    let (mut left, right) = (packets(), packets());
    left[3].1[20] ^= 1;
    let options = Options { form: Form::Quiet, ..Options::default() };
    let (tally, text) = diff(list(&left, 5), list(&right, 9), &options);
    assert!(!tally.is_same() && text.is_empty());
}
