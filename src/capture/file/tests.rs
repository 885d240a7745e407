//! Files made byte by byte, whole, cut and mangled.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::path::Path;

use proptest::prelude::*;

use super::pcap::FILE_HEADER;
use super::reader::GAP;
use super::*;
use crate::capture::Frame;
use crate::wire::link_type::LinkType;

/// What a test asserts of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    number: u64,
    time: Option<i128>,
    link: u16,
    data: Vec<u8>,
    original: u32,
    interface: Option<u32>,
    name: Option<String>,
    comments: Vec<String>,
}

impl From<Frame<'_>> for Seen {
    fn from(f: Frame<'_>) -> Self {
        Self {
            number: f.number,
            time: f.time.map(|t| t.0),
            link: f.link.0,
            data: f.data.to_vec(),
            original: f.original_len,
            interface: f.interface,
            name: f.interface_name.map(str::to_owned),
            comments: f.comments.iter().map(|c| c.into_owned()).collect(),
        }
    }
}

/// A source that gives at most so many bytes at once, as a pipe may.
struct Dripping(io::Cursor<Vec<u8>>, usize);

impl Read for Dripping {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = buffer.len().min(self.1);
        self.0.read(&mut buffer[..room])
    }
}

fn open(bytes: &[u8], at_once: usize) -> Result<Reader, ReadError> {
    Reader::new("FILE", Box::new(Dripping(io::Cursor::new(bytes.to_vec()), at_once)))
}

/// All frames, and how reading ended. Checks that the end is the end.
fn read_in(bytes: &[u8], at_once: usize) -> (Vec<Seen>, Option<String>) {
    let mut seen = Vec::new();
    let mut reader = match open(bytes, at_once) {
        Ok(reader) => reader,
        Err(error) => return (seen, Some(error.to_string())),
    };
    let end = loop {
        match reader.next_frame() {
            Ok(Some(frame)) => seen.push(frame.into()),
            Ok(None) => break None,
            Err(error) => break Some(error.to_string()),
        }
    };
    assert!(matches!(reader.next_frame(), Ok(None)), "nothing comes after the end");
    (seen, end)
}

fn read(bytes: &[u8]) -> (Vec<Seen>, Option<String>) {
    read_in(bytes, usize::MAX)
}

/// Writes numbers in either byte order.
#[derive(Debug, Clone, Copy)]
struct Bytes {
    big_endian: bool,
}

impl Bytes {
    fn u16(self, n: u16) -> [u8; 2] {
        if self.big_endian { n.to_be_bytes() } else { n.to_le_bytes() }
    }
    fn u32(self, n: u32) -> [u8; 4] {
        if self.big_endian { n.to_be_bytes() } else { n.to_le_bytes() }
    }
    fn u32s(self, numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|n| self.u32(*n)).collect()
    }

    fn pcap(self, magic: u32, version: (u16, u16), link: u32) -> Vec<u8> {
        [
            self.u32s(&[magic]),
            self.u16(version.0).to_vec(),
            self.u16(version.1).to_vec(),
            self.u32s(&[0, 0, 65535, link]),
        ]
        .concat()
    }

    fn block(self, kind: u32, body: &[u8]) -> Vec<u8> {
        let pad = vec![0; body.len().next_multiple_of(4) - body.len()];
        let length = (12 + body.len() + pad.len()) as u32;
        [&self.u32s(&[kind, length]), body, &pad, &self.u32(length)[..]].concat()
    }

    fn section(self) -> Vec<u8> {
        let body = [&self.u32(0x1a2b_3c4d)[..], &self.u16(1), &self.u16(0), &[0xff; 8]].concat();
        self.block(0x0a0d_0d0a, &body)
    }

    fn interface(self, link: u16, snaplen: u32, options: &[u8]) -> Vec<u8> {
        self.block(1, &[&self.u16(link)[..], &[0; 2], &self.u32(snaplen), options].concat())
    }

    fn option(self, code: u16, value: &[u8]) -> Vec<u8> {
        let pad = vec![0; value.len().next_multiple_of(4) - value.len()];
        [&self.u16(code)[..], &self.u16(value.len() as u16), value, &pad].concat()
    }

    fn enhanced(self, interface: u32, ticks: u64, data: &[u8], original: u32, options: &[u8]) -> Vec<u8> {
        let pad = vec![0; data.len().next_multiple_of(4) - data.len()];
        let fields = [interface, (ticks >> 32) as u32, ticks as u32, data.len() as u32, original];
        self.block(6, &[&self.u32s(&fields), data, &pad, options].concat())
    }

    fn simple(self, original: u32, data: &[u8]) -> Vec<u8> {
        self.block(3, &[&self.u32(original)[..], data].concat())
    }
}

const LE: Bytes = Bytes { big_endian: false };
const BE: Bytes = Bytes { big_endian: true };

#[test]
fn classic_magics_give_order_precision_and_header_length() {
    for order in [LE, BE] {
        for (magic, extra, time) in
            [(0xa1b2_c3d4, 0, 7_000_009_000), (0xa1b2_3c4d, 0, 7_000_000_009), (0xa1b2_cd34, 8, 7_000_009_000)]
        {
            let mut file = order.pcap(magic, (2, 4), 0x1400_0001);
            for data in [&b"abc"[..], b"", b"defgh"] {
                file.extend(order.u32s(&[7, 9, data.len() as u32, 99]));
                file.extend(vec![0xee; extra]);
                file.extend(data);
            }
            let (seen, end) = read(&file);
            assert_eq!(end, None);
            let data: Vec<_> = seen.iter().map(|s| &s.data[..]).collect();
            assert_eq!(data, [&b"abc"[..], b"", b"defgh"]);
            assert_eq!(seen.iter().map(|s| s.number).collect::<Vec<_>>(), [1, 2, 3]);
            for frame in seen {
                assert_eq!((frame.time, frame.link, frame.original, frame.interface), (Some(time), 1, 99, None));
            }
        }
    }
}

#[test]
fn old_versions_swap_the_lengths() {
    for (version, lengths, captured) in
        [((2, 4), [2, 5], 2), ((2, 2), [5, 2], 2), ((2, 3), [5, 2], 2), ((2, 3), [2, 5], 2), ((543, 0), [5, 2], 2)]
    {
        let file = [LE.pcap(0xa1b2_c3d4, version, 1), LE.u32s(&[0, 0, lengths[0], lengths[1]]), vec![1; 2]].concat();
        let (seen, end) = read(&file);
        assert_eq!((seen.len(), end), (1, None), "{version:?}");
        assert_eq!((seen[0].data.len(), seen[0].original), (captured, 5), "{version:?}");
    }
}

#[test]
fn what_is_no_capture_is_refused_at_the_door() {
    let refused = |bytes: &[u8]| open(bytes, usize::MAX).expect_err("refused").to_string();
    assert_eq!(refused(b""), "FILE: the file is empty, which no capture file is");
    assert_eq!(refused(b"GIF89a..."), "FILE: not a pcap or pcapng file (it starts with 4749463839612e2e)");
    assert_eq!(refused(b"\n"), "FILE: not a pcap or pcapng file (it starts with 0a)");
    assert_eq!(refused(b"\n\r\r\nsome text"), "FILE: not a pcap or pcapng file (it starts with 0a0d0d0a736f6d65)");
    let header = LE.pcap(0xa1b2_c3d4, (2, 4), 1);
    assert_eq!(refused(&header[..20]), "FILE: the file header at offset 0 is cut short: 24 bytes announced, 20 left");
    let old = BE.pcap(0xa1b2_c3d4, (1, 9), 1);
    assert_eq!(refused(&old), "FILE: pcap version 1.9 at offset 0 is not supported");
    let bits = BE.pcap(0xa1b2_c3d4, (2, 4), 0x0001_0001);
    assert!(refused(&bits).ends_with("the reserved bits of its link type field 0x00010001 are not zero"));
}

#[test]
fn a_cut_record_comes_after_those_before_it() {
    let mut file = LE.pcap(0xa1b2_c3d4, (2, 4), 1);
    for _ in 0..3 {
        file.extend(LE.u32s(&[1, 2, 4, 4]));
        file.extend(b"data");
    }
    let (seen, end) = read(&file[..file.len() - 3]);
    assert_eq!(seen.len(), 2);
    assert_eq!(end.unwrap(), "FILE: record 3 at offset 64 is cut short: 20 bytes announced, 17 left");
}

#[test]
fn absurd_lengths_are_refused_and_not_allocated() {
    let huge = [LE.pcap(0xa1b2_c3d4, (2, 4), 1), LE.u32s(&[0, 0, u32::MAX, u32::MAX])].concat();
    let most = "FILE: record 1 at offset 24 is damaged: it claims 4294967295 captured bytes, and 262144 are the most a record can have";
    assert_eq!(read(&huge).1.unwrap(), most);

    let start = [LE.section(), LE.interface(1, 0, &[])].concat();
    let claims = |kind: u32, length: u32| [&start[..], &LE.u32s(&[kind, length, 0, 0, 0, 1, 1, 0])].concat();
    let end = read(&claims(6, u32::MAX)).1.unwrap();
    assert!(end.ends_with("it claims 4294967295 bytes, and 16777216 are the most a block can have"), "{end}");
    // A skipped block may be long, if the file is.
    let end = read(&claims(0xbad, u32::MAX)).1.unwrap();
    assert_eq!(end, "FILE: the block of type 0xbad at offset 48 is cut short: 4294967295 bytes announced, 32 left");

    // A claim alone makes no buffer grow.
    let mut reader = open(&claims(6, MAX_BLOCK), usize::MAX).unwrap();
    let mut chunk = Chunk::new();
    let end = reader.next_chunk(&mut chunk).unwrap_err().to_string();
    assert_eq!(end, "FILE: record 1 at offset 48 is cut short: 16777216 bytes announced, 32 left");
    assert_eq!(chunk.buffer.len(), CHUNK);
}

#[test]
fn sections_change_order_interfaces_and_resolution() {
    let mut file = Vec::new();
    for order in [LE, BE, LE] {
        let offset = if order.big_endian { (-2i64).to_be_bytes() } else { (-2i64).to_le_bytes() };
        let fine = [order.option(9, &[9]), order.option(2, b"eth0"), order.option(0, &[])].concat();
        let binary = [order.option(14, &offset), order.option(9, &[0x81])].concat();
        file.extend(order.section());
        file.extend(order.interface(1, 0, &fine));
        file.extend(order.enhanced(0, 5, b"first", 60, &order.option(1, b"a comment")));
        file.extend(order.block(0x0bad, &[7; 5]));
        file.extend(order.interface(276, 3, &binary));
        file.extend(order.enhanced(1, 3, b"second!", 7, &[]));
        file.extend(order.block(4, &[0; 40]));
        file.extend(order.simple(4, b"only"));
        // The obsolete block: a 16-bit interface, then drops.
        let fields = [order.u16(1), order.u16(0xffff)].concat();
        file.extend(order.block(2, &[&fields[..], &order.u32s(&[0, 4, 2, 2]), b"pb"].concat()));
    }
    for at_once in [1, 7, usize::MAX] {
        let (seen, end) = read_in(&file, at_once);
        assert_eq!(end, None);
        assert_eq!(seen.len(), 12);
        for (n, four) in seen.chunks(4).enumerate() {
            let expected = [
                (Some(5), 1, &b"first"[..], 60, 0, Some("eth0"), vec!["a comment"]),
                (Some(-500_000_000), 276, b"second!", 7, 1, None, vec![]),
                (None, 1, b"only", 4, 0, Some("eth0"), vec![]),
                (Some(0), 276, b"pb", 2, 1, None, vec![]),
            ];
            for (i, (time, link, data, original, interface, name, comments)) in expected.into_iter().enumerate() {
                let expected = Seen {
                    number: (4 * n + i + 1) as u64,
                    time,
                    link,
                    data: data.to_vec(),
                    original,
                    interface: Some(interface),
                    name: name.map(str::to_owned),
                    comments: comments.into_iter().map(str::to_owned).collect(),
                };
                assert_eq!(four[i], expected, "read {at_once} bytes at a time");
            }
        }
    }
}

#[test]
fn a_simple_packet_is_cut_by_the_snapshot_length() {
    let file = [BE.section(), BE.interface(1, 3, &[]), BE.simple(100, b"abc")].concat();
    let (seen, end) = read(&file);
    assert_eq!(end, None);
    assert_eq!((&seen[0].data[..], seen[0].original), (&b"abc"[..], 100));
}

#[test]
fn blocks_that_contradict_themselves_name_the_place() {
    let start = [LE.section(), LE.interface(1, 0, &[])].concat();
    let good = LE.enhanced(0, 0, b"good", 4, &[]);
    let ends = |block: Vec<u8>| {
        let (seen, end) = read(&[&start[..], &good, &block, &good].concat());
        assert_eq!(seen.len(), 1, "{end:?}");
        end.unwrap()
    };
    let mut mismatch = good.clone();
    *mismatch.last_mut().unwrap() = 1;
    let at = "FILE: record 2 at offset 84 is damaged: ";
    assert_eq!(ends(mismatch), format!("{at}its length is 36 bytes by its first field and 16777252 by its last"));
    assert_eq!(
        ends(LE.enhanced(3, 0, b"", 0, &[])),
        format!("{at}it refers to interface 3, and the section has described 1 so far")
    );
    let overrun = LE.block(6, &LE.u32s(&[0, 0, 0, 9, 9, 0]));
    assert_eq!(ends(overrun), format!("{at}it claims 9 captured bytes in a block with room for 4"));
    assert_eq!(ends(LE.block(6, &[0; 8])), format!("{at}it is 20 bytes long, and its type needs at least 32"));
    let mut skipped = LE.block(0xbad, &[0; 8]);
    *skipped.last_mut().unwrap() = 1;
    assert!(ends(skipped).starts_with("FILE: the block of type 0xbad at offset 84 is damaged: its length is 20"));
    assert!(ends(LE.u32s(&[0x0a0d_0d0a, 28, 5])).ends_with("its byte-order magic 0x00000005 is none"));
    let mut version = LE.section();
    version[12] = 2;
    assert_eq!(ends(version), "FILE: pcapng version 2.0 at offset 84 is not supported");
    assert_eq!(
        ends(LE.u32s(&[0xbad, 0, 0])).split(": ").last().unwrap(),
        "it is 0 bytes long, and its type needs at least 12"
    );
}

#[test]
fn a_frame_before_any_interface_is_damage() {
    let file = [LE.section(), LE.simple(4, b"lost")].concat();
    assert!(read(&file).1.unwrap().contains("refers to interface 0, and the section has described 0 so far"));
}

#[test]
fn broken_options_matter_where_times_depend_on_them() {
    let broken = LE.u32s(&[0x0009_0009, 0]);
    let frame = LE.enhanced(0, 0, b"data", 4, &broken);
    let (seen, end) = read(&[LE.section(), LE.interface(1, 0, &[]), frame].concat());
    assert_eq!((seen.len(), end), (1, None));
    let file = [LE.section(), LE.interface(1, 0, &broken)].concat();
    let expected =
        "FILE: the block of type 0x1 at offset 28 is damaged: an option of it is longer than the block has room for";
    assert_eq!(read(&file).1.unwrap(), expected);
    for fine in [LE.option(9, &[9]), [LE.option(9, &[9]), LE.option(0, &[])].concat(), LE.u32s(&[0, 0xffff_ffff])] {
        assert_eq!(read(&[LE.section(), LE.interface(1, 0, &fine)].concat()).1, None);
    }
}

#[test]
fn interfaces_are_limited() {
    let mut file = LE.section();
    for _ in 0..=MAX_INTERFACES {
        file.extend(LE.interface(1, 0, &[]));
    }
    assert!(read(&file).1.unwrap().ends_with("its section describes more than 16384 interfaces"));
}

#[test]
fn chunks_continue_each_other() {
    let mut file = LE.pcap(0xa1b2_3c4d, (2, 4), 1);
    let total = 40_000u32;
    for n in 0..total {
        let data = vec![n as u8; (n % 400) as usize];
        file.extend(LE.u32s(&[n, 0, data.len() as u32, 400]));
        file.extend(data);
    }
    for patient in [false, true] {
        let source = source::Source::new("FILE".into(), Box::new(io::Cursor::new(file.clone())), patient);
        let mut reader = Reader::start(source).unwrap();
        let (mut chunk, mut chunks, mut next) = (Chunk::new(), 0, 1);
        while reader.next_chunk(&mut chunk).unwrap() {
            chunks += 1;
            assert_eq!(chunk.first_number(), next);
            assert_eq!(chunk.frames().count(), chunk.len());
            for frame in chunk.frames() {
                assert_eq!(frame.number, next);
                let n = next - 1;
                assert_eq!(frame.time.unwrap().seconds(), i128::from(n));
                assert!(frame.data.len() as u64 == n % 400 && frame.data.iter().all(|b| *b == n as u8));
                next += 1;
            }
            assert_eq!(chunk.buffer.len(), CHUNK);
        }
        assert_eq!(next, u64::from(total) + 1);
        assert!(chunks > 3 && (!patient || chunks == file.len().div_ceil(CHUNK)), "{chunks} chunks");
    }
}

#[test]
fn a_block_longer_than_a_chunk_is_read_and_a_longer_one_skipped() {
    let book = LE.option(1, &[b'x'; 65_532]).repeat(50);
    assert!(book.len() > CHUNK);
    let mut file = [LE.section(), LE.interface(1, 0, &[])].concat();
    file.extend(LE.enhanced(0, 0, b"before", 6, &[]));
    file.extend(LE.enhanced(0, 0, b"commented", 9, &book));
    file.extend(LE.block(0xbad, &vec![0; 9 << 20]));
    file.extend(LE.enhanced(0, 0, b"after", 5, &[]));
    for at_once in [4096, usize::MAX] {
        let (seen, end) = read_in(&file, at_once);
        assert_eq!(end, None);
        assert_eq!(seen.iter().map(|s| s.comments.len()).collect::<Vec<_>>(), [0, 50, 0]);
        assert_eq!(seen[2].data, b"after");
    }
}

#[test]
fn a_failing_source_gives_its_frames_first() {
    struct Failing(io::Cursor<Vec<u8>>);
    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::Error::other("the disk is gone")),
                count => Ok(count),
            }
        }
    }
    let file = [LE.pcap(0xa1b2_c3d4, (2, 4), 1), LE.u32s(&[0, 0, 1, 1]), vec![0]].concat();
    let mut reader = Reader::new("FILE", Box::new(Failing(io::Cursor::new(file)))).unwrap();
    assert!(reader.next_frame().unwrap().is_some());
    assert_eq!(reader.next_frame().unwrap_err().to_string(), "FILE: the disk is gone");
    assert!(reader.next_frame().unwrap().is_none());
}

/// How a file starts: the header of classic pcap with one of its magics, or a
/// section of pcapng with an interface.
fn start(order: Bytes, magic: Option<u32>) -> Vec<u8> {
    match magic {
        Some(magic) => order.pcap(magic, (2, 4), LinkType::ETHERNET.0.into()),
        None => [order.section(), order.interface(1, 0, &order.option(9, &[0xa0]))].concat(),
    }
}

/// The magics of classic pcap, and none for pcapng.
fn magics() -> impl Strategy<Value = Option<u32>> {
    prop::sample::select(vec![Some(0xa1b2_c3d4), Some(0xa1b2_3c4d), Some(0xa1b2_cd34), None])
}

/// A frame as a record, or as a block with or without others, by its kind.
fn record(order: Bytes, magic: Option<u32>, seconds: u32, data: &[u8], kind: u8) -> Vec<u8> {
    let Some(magic) = magic else {
        return match kind {
            0 => order.simple(data.len() as u32, data),
            1 => [order.block(5, data), order.enhanced(0, 1, data, 70, &order.option(1, data))].concat(),
            2 => [order.section(), order.interface(101, 0, &[]), order.enhanced(0, 1, data, 70, &[])].concat(),
            _ => order.enhanced(0, u64::MAX, data, 70, &[]),
        };
    };
    let longer = vec![0; if magic == 0xa1b2_cd34 { 8 } else { 0 }];
    [&order.u32s(&[seconds, 5, data.len() as u32, 70]), &longer, data].concat()
}

/// A valid file, and what is in it.
fn files() -> impl Strategy<Value = (Vec<u8>, Vec<Vec<u8>>)> {
    let frames = prop::collection::vec((prop::collection::vec(any::<u8>(), 0..70), 0..4u8), 0..9);
    (frames, any::<bool>(), magics()).prop_map(|(frames, big_endian, magic)| {
        let order = Bytes { big_endian };
        let mut file = start(order, magic);
        for (n, (data, kind)) in frames.iter().enumerate() {
            file.extend(record(order, magic, n as u32, data, *kind));
        }
        (file, frames.into_iter().map(|(data, _)| data).collect())
    })
}

proptest! {
    #[test]
    fn valid_files_read_back_however_the_bytes_come((file, frames) in files(), at_once in 1..200usize) {
        let (seen, end) = read_in(&file, at_once);
        prop_assert_eq!(end, None);
        prop_assert_eq!(&seen, &read(&file).0);
        let data: Vec<_> = seen.into_iter().map(|s| s.data).collect();
        prop_assert_eq!(data, frames);
    }

    #[test]
    fn every_truncation_gives_the_frames_before_it((file, _) in files()) {
        let (all, _) = read(&file);
        let mut ends = 0;
        for length in 0..file.len() {
            let (seen, end) = read(&file[..length]);
            prop_assert_eq!(&seen[..], &all[..seen.len()]);
            match end {
                Some(end) => prop_assert!(length < 4 || end.contains("is cut short: "), "{}", end),
                None => ends += 1,
            }
        }
        // Only whole records end well: at most one end per block.
        prop_assert!(ends <= file.len() / 12 && (all.is_empty() || ends > 0));
    }

    #[test]
    fn mangled_files_never_panic_nor_grow(
        (mut file, _) in files(),
        hits in prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![any::<u8>(), Just(0xff), Just(0)]), 1..8),
    ) {
        for (at, byte) in hits {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let (seen, _) = read(&file);
        prop_assert!(seen.iter().map(|s| s.data.len()).sum::<usize>() <= file.len());
    }

    #[test]
    fn noise_after_a_header_never_panics(noise in prop::collection::vec(any::<u8>(), 0..300), big_endian: bool) {
        let order = Bytes { big_endian };
        for start in [order.section(), order.pcap(0xa1b2_c3d4, (2, 4), 1), Vec::new()] {
            let (seen, _) = read(&[&start[..], &noise].concat());
            prop_assert!(seen.len() * 16 <= noise.len());
        }
    }
}

/// All frames of a file, and how it ends, by one way of taking the next chunk.
fn frames_by(
    path: &Path,
    mut next: impl FnMut(&mut Reader, &mut Chunk) -> Result<bool, ReadError>,
) -> (Vec<Seen>, Option<String>) {
    let mut reader = Reader::open(path).unwrap();
    let (mut chunk, mut frames) = (Chunk::new(), Vec::new());
    loop {
        let more = next(&mut reader, &mut chunk);
        frames.extend(chunk.frames().map(Seen::from));
        match more {
            Ok(true) => {}
            Ok(false) => return (frames, None),
            Err(error) => return (frames, Some(error.to_string())),
        }
    }
}

/// The next chunk by pieces, of which several are given out and read before the
/// first is cut.
fn by_pieces() -> impl FnMut(&mut Reader, &mut Chunk) -> Result<bool, ReadError> {
    let mut ahead = VecDeque::new();
    move |reader, chunk| {
        while ahead.len() < 3
            && let Some(mut piece) = reader.next_piece()
        {
            let mut own = Chunk::new();
            piece.read(&mut own);
            ahead.push_back((piece, own));
        }
        match ahead.pop_front() {
            Some((piece, own)) => {
                *chunk = own;
                reader.next_chunk_from(piece, chunk)
            }
            None => reader.next_chunk(chunk),
        }
    }
}

#[test]
fn pieces_give_what_reading_on_gives() {
    let mut small = LE.pcap(0xa1b2_c3d4, (2, 4), 1);
    for n in 0..9000u32 {
        let data = vec![n as u8; if n % 1000 == 7 { 200_000 } else { (n % 400) as usize }];
        small.extend(LE.u32s(&[n, 0, data.len() as u32, data.len() as u32]));
        small.extend(data);
    }
    let book = LE.option(1, &[b'x'; 65_532]).repeat(50);
    let mut blocks = [LE.section(), LE.interface(1, 0, &[])].concat();
    blocks.extend(LE.enhanced(0, 0, b"before", 6, &[]));
    blocks.extend(LE.enhanced(0, 0, b"commented", 9, &book));
    blocks.extend(LE.block(0xbad, &vec![0; 9 << 20]));
    blocks.extend(LE.enhanced(0, 0, b"after", 5, &[]));
    let mut damaged = small[..700_000].to_vec();
    damaged.extend([0xff; 40]);
    let whole = small[..FILE_HEADER].to_vec();
    // Cut in the middle of a header, of a frame, and right after a piece.
    let cuts = [FILE_HEADER + 7, FILE_HEADER + CHUNK, FILE_HEADER + 2 * CHUNK + 5];
    let cut = cuts.map(|at| small[..at].to_vec());
    for file in [small, blocks, damaged, whole].into_iter().chain(cut) {
        assert!(pieces_are_as_the_whole("cut", &file), "{} bytes", file.len());
    }
}

/// Whether a file reads the same by pieces as without, and begun with pieces and
/// gone on without.
fn pieces_are_as_the_whole(name: &str, file: &[u8]) -> bool {
    let path = std::env::temp_dir().join(format!("sr6-pieces-{name}-{}.pcap", std::process::id()));
    std::fs::write(&path, file).unwrap();
    let expected = frames_by(&path, |reader, chunk| reader.next_chunk(chunk));
    let pieces = frames_by(&path, by_pieces());
    let mut first = true;
    let mixed = frames_by(&path, |reader, chunk| match std::mem::take(&mut first).then(|| reader.next_piece()) {
        Some(Some(mut piece)) => {
            piece.read(chunk);
            reader.next_chunk_from(piece, chunk)
        }
        _ => reader.next_chunk(chunk),
    });
    std::fs::remove_file(&path).unwrap();
    pieces == expected && mixed == expected
}

/// A file with small records, and some of about the gap's length, around the ends
/// of its pieces. Each run of them begins some bytes before an end.
fn over_pieces() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![0..70usize, GAP - 50..GAP + 50, Just(3 * GAP)];
    let run = (0..GAP + 300, prop::collection::vec((length, 0..4u8), 0..9));
    let runs = prop::collection::vec(run, 1..4);
    (runs, any::<bool>(), magics()).prop_map(|(runs, big_endian, magic)| {
        let order = Bytes { big_endian };
        let mut file = start(order, magic);
        for (n, (before, records)) in runs.into_iter().enumerate() {
            let room = FILE_HEADER + (n + 1) * CHUNK - before - file.len();
            match magic {
                Some(_) => {
                    let header = record(order, magic, 0, &[], 0).len();
                    file.extend(record(order, magic, 0, &vec![0xaa; room - header], 0));
                }
                // A block that is skipped, or one that is not.
                None if before % 2 == 0 => file.extend(order.block(0xbad, &vec![0xaa; (room - 12) & !3])),
                None => file.extend(order.enhanced(0, 9, &vec![0xaa; (room - 32) & !3], 70, &[])),
            }
            for (n, (length, kind)) in records.into_iter().enumerate() {
                file.extend(record(order, magic, n as u32, &vec![n as u8; length], kind));
            }
        }
        file
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn pieces_end_anywhere(
        mut file in over_pieces(),
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        // Damage is where pieces end, or at the end of all.
        let around = |index: prop::sample::Index, length: usize| {
            let places = [FILE_HEADER + CHUNK, FILE_HEADER + 2 * CHUNK, length];
            let place = index.index(places.len() * 2 * GAP);
            (places[place % places.len()] + GAP).saturating_sub(place / places.len()).min(length - 1)
        };
        for (at, byte) in hits {
            let at = around(at, file.len());
            file[at] = byte;
        }
        if let Some(at) = cut {
            file.truncate(around(at, file.len()).max(FILE_HEADER));
        }
        prop_assert!(pieces_are_as_the_whole("any", &file), "{} bytes", file.len());
    }
}
