//! The goldens `bytes` and `digest`: every byte of a capture, by packet, so that
//! nothing in it can change unseen, and a way to say what did.
//!
//! ```text
//! file 159 bytes sha256 5f2b…          the file as it is stored
//! start d4c3b2a1020004…                its first 24 bytes
//! parts 64 1c6ef2a0 99e2b1d7 …         a digest of each so many bytes
//! 1 1700000000.000001000 1 119/119 0200000000210200…
//! ```
//!
//! A packet's line has its number, time, link type, captured and original length,
//! interface if it has one (`@0`), and bytes, or in `digest` their SHA-256, cut
//! to 16 digits.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use super::compare::Difference;
use super::difference::{self, Shown};
use crate::capture::{Frame, Timestamp};
use crate::dissect::{Dissection, Packet, Settings};
use crate::show::{line, text, time, tree};
use crate::wire::link_type::LinkType;

/// Bytes of the start of the file that are stored as they are: pcap's header.
const START: usize = 24;

/// Digests of parts of the file: so many at most, each of so many bytes at
/// least.
const MAX_PARTS: u64 = 256;
const PART: u64 = 64;

/// Packets that are told in full where they differ.
const TOLD: usize = 5;

/// Places in a packet that are listed where they differ.
const PLACES: usize = 8;

/// Appends what comes before the packets: the file as a whole.
pub(super) fn header(out: &mut Vec<u8>, path: &Path) -> io::Result<()> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let part = (length.div_ceil(MAX_PARTS)).next_power_of_two().max(PART) as usize;
    let (mut whole, mut count, mut start, mut parts) = (Sha256::new(), 0u64, Vec::new(), String::new());
    let mut buffer = vec![0; part];
    loop {
        let mut filled = 0;
        while filled < part {
            match file.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(more) => filled += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if filled == 0 {
            break;
        }
        let bytes = &buffer[..filled];
        start.extend_from_slice(&bytes[..filled.min(START.saturating_sub(start.len()))]);
        whole.update(bytes);
        parts.push(' ');
        parts.push_str(&hex::encode(&Sha256::digest(bytes)[..4]));
        count += filled as u64;
    }
    writeln!(out, "file {count} bytes sha256 {}", hex::encode(whole.finalize()))?;
    writeln!(out, "start {}", hex::encode(start))?;
    writeln!(out, "parts {part}{parts}")
}

/// Appends a packet's line.
pub(super) fn packet(out: &mut Vec<u8>, frame: &Frame<'_>, digest: bool) {
    text::decimal(out, frame.number);
    // Writing to a Vec cannot fail.
    let _ = match frame.time {
        Some(time) => write!(out, " {time}"),
        None => write!(out, " -"),
    };
    let _ = write!(out, " {} {}/{}", frame.link.0, frame.data.len(), frame.original_len);
    if let Some(interface) = frame.interface {
        let _ = write!(out, "@{interface}");
    }
    out.push(b' ');
    if digest {
        out.extend_from_slice(b"sha256:");
        text::hex_bytes(out, &Sha256::digest(frame.data)[..8]);
    } else if frame.data.is_empty() {
        out.push(b'-');
    } else {
        text::hex_bytes(out, frame.data);
    }
    out.push(b'\n');
}

/// A packet's line, read.
struct Line<'t> {
    number: u64,
    /// Everything but the number.
    rest: &'t str,
    time: &'t str,
    link: u16,
    /// Lengths and interface.
    lengths: &'t str,
    original: u32,
    /// The bytes, where they are there.
    data: Option<Vec<u8>>,
}

impl<'t> Line<'t> {
    fn read(line: &'t str) -> Option<Self> {
        let (number, rest) = line.split_once(' ')?;
        let mut words = rest.split(' ');
        let (time, link, lengths, bytes) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let original = lengths.split('/').nth(1)?.split('@').next()?;
        let data = if bytes == "-" { Some(Vec::new()) } else { hex::decode(bytes).ok() };
        let (number, link, original) = (number.parse().ok()?, link.parse().ok()?, original.parse().ok()?);
        Some(Self { number, rest, time, link, lengths, original, data })
    }

    fn timestamp(&self) -> Option<Timestamp> {
        let (seconds, nanos) = self.time.split_once('.')?;
        let negative = seconds.starts_with('-');
        let (seconds, nanos): (i128, i128) = (seconds.parse().ok()?, nanos.parse().ok()?);
        Some(Timestamp(seconds * 1_000_000_000 + if negative { -nanos } else { nanos }))
    }

    /// The packet as `show` shows it; nothing where its bytes are not there.
    fn shown(&self, settings: &Arc<Settings>, show: impl Fn(&mut Vec<u8>, &Packet<'_>)) -> String {
        let Some(data) = &self.data else { return String::new() };
        let mut frame = Frame::new(LinkType(self.link), data);
        (frame.number, frame.time, frame.original_len) = (self.number, self.timestamp(), self.original);
        let mut dissection = Dissection::with(Arc::clone(settings));
        dissection.refill(&frame);
        let mut out = Vec::new();
        show(&mut out, &Packet::new(&frame, &dissection));
        String::from_utf8_lossy(&out).into_owned()
    }

    fn tree(&self, settings: &Arc<Settings>) -> String {
        self.shown(settings, tree::tree)
    }

    fn line(&self, settings: &Arc<Settings>) -> String {
        let show = |out: &mut Vec<u8>, packet: &Packet<'_>| {
            line::line(out, packet, Some(time::Form::Epoch));
        };
        let line = self.shown(settings, show);
        if line.is_empty() { format!("{} {} {}\n", self.number, self.time, self.lengths) } else { line }
    }
}

/// Says what differs between two goldens, by packet, field and byte.
pub(super) fn explain(of: &Difference, settings: &Arc<Settings>) -> Shown {
    let [old, new] = [&of.stored, &of.made].map(|text| text.lines().filter_map(Line::read).collect::<Vec<_>>());
    let keys = |lines: &[Line<'_>]| lines.iter().map(|line| line.rest.to_owned()).collect::<Vec<_>>();
    let deadline = Some(Instant::now() + Duration::from_millis(500));
    let ops = capture_diff_slices_deadline(Algorithm::Myers, &keys(&old), &keys(&new), deadline);
    let mut shown = Shown::default();
    let mut differing = 0;
    let mut tell = |shown: &mut Shown, text: &dyn Fn() -> String| {
        differing += 1;
        if differing <= TOLD {
            shown.text += &text();
        }
    };
    for op in ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. })) {
        let (old, new) = (&old[op.old_range()], &new[op.new_range()]);
        for (before, after) in old.iter().zip(new) {
            (shown.removed, shown.added) = (shown.removed + 1, shown.added + 1);
            tell(&mut shown, &|| pair(before, after, settings));
        }
        for gone in old.iter().skip(new.len()) {
            shown.removed += 1;
            tell(&mut shown, &|| format!("packet {} is gone:\n-{}", gone.number, gone.line(settings)));
        }
        for come in new.iter().skip(old.len()) {
            shown.added += 1;
            tell(&mut shown, &|| format!("packet {} was not there before:\n+{}", come.number, come.line(settings)));
        }
    }
    shown.words = match differing {
        0 => "the file differs, and no packet does".to_owned(),
        1 => "1 packet differs".to_owned(),
        _ => format!("{differing} packets differ"),
    };
    match differing {
        0 => shown.text += &around(of),
        _ if differing > TOLD => shown.text += &format!("… and {} more packets differ\n", differing - TOLD),
        _ => {}
    }
    shown
}

/// What differs between two packets.
fn pair(old: &Line<'_>, new: &Line<'_>, settings: &Arc<Settings>) -> String {
    let mut what = Vec::new();
    let mut differs = |name: &str, old: &str, new: &str| {
        if old != new {
            what.push(format!("{name} {old} → {new}"));
        }
    };
    differs("time", old.time, new.time);
    differs("link type", &old.link.to_string(), &new.link.to_string());
    differs("length", old.lengths, new.lengths);
    match (&old.data, &new.data) {
        (Some(old), Some(new)) => what.extend(places(old, new)),
        _ if old.rest.rsplit(' ').next() != new.rest.rsplit(' ').next() => what.push("other bytes".to_owned()),
        _ => {}
    }
    let trees = Difference { line: 0, stored: old.tree(settings), made: new.tree(settings), cut: false };
    let number =
        if old.number == new.number { new.number.to_string() } else { format!("{} → {}", old.number, new.number) };
    format!("packet {number}: {}\n{}", what.join(", "), difference::unified(&trees).text)
}

/// The places where bytes differ.
pub(super) fn places(old: &[u8], new: &[u8]) -> Vec<String> {
    let pairs = || old.iter().zip(new).enumerate().filter(|(_, (old, new))| old != new);
    let mut told: Vec<_> =
        pairs().take(PLACES).map(|(at, (old, new))| format!("byte {at} {old:02x} → {new:02x}")).collect();
    let more = pairs().count().saturating_sub(PLACES);
    if more > 0 {
        told.push(format!("{more} more bytes"));
    }
    told
}

/// What pcap's file header is made of: name, first byte, byte after the last.
const PCAP_HEADER: [(&str, usize, usize); 7] = [
    ("magic number", 0, 4),
    ("major version", 4, 6),
    ("minor version", 6, 8),
    ("time zone", 8, 12),
    ("time accuracy", 12, 16),
    ("snapshot length", 16, 20),
    ("link type", 20, 24),
];

/// What differs where no packet does.
fn around(of: &Difference) -> String {
    fn value<'t>(text: &'t str, name: &str) -> &'t str {
        text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim()
    }
    let both = |name: &str| (value(&of.stored, name).to_owned(), value(&of.made, name).to_owned());
    let mut told = String::new();
    let (old, new) = both("start ");
    let bytes = |text: &str| hex::decode(text).unwrap_or_default();
    let (old, new) = (bytes(&old), bytes(&new));
    if old != new && [&old, &new].iter().any(|start| is_pcap(start)) {
        for (name, from, to) in PCAP_HEADER {
            let part = |start: &[u8]| hex::encode(start.get(from..to).unwrap_or_default());
            if part(&old) != part(&new) {
                told += &format!(
                    "the {name} of the pcap file header (bytes {from} to {}): {} → {}\n",
                    to - 1,
                    part(&old),
                    part(&new)
                );
            }
        }
    }
    let ((old, new), (old_file, new_file)) = (both("parts "), both("file "));
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let (old, new) = (words(&old), words(&new));
    let part: Option<u64> = new.first().and_then(|size| size.parse().ok());
    if let (Some(part), true) = (part, old.first() == new.first()) {
        let places = (1..old.len().max(new.len())).filter(|index| old.get(*index) != new.get(*index));
        let places: Vec<_> = places.map(|index| index as u64 - 1).collect();
        if let (Some(first), Some(last)) = (places.first(), places.last()) {
            told += &format!("something from byte {} to {} of the file\n", first * part, (last + 1) * part - 1);
        }
    }
    let lengths = (old_file.split(' ').next(), new_file.split(' ').next());
    if let (Some(old), Some(new)) = lengths
        && old != new
    {
        told += &format!("its length: {old} → {new} bytes\n");
    }
    told
}

fn is_pcap(start: &[u8]) -> bool {
    let magic =
        [[0xa1, 0xb2, 0xc3, 0xd4], [0xd4, 0xc3, 0xb2, 0xa1], [0xa1, 0xb2, 0x3c, 0x4d], [0x4d, 0x3c, 0xb2, 0xa1]];
    start.first_chunk().is_some_and(|first| magic.contains(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden(frames: &[Vec<u8>]) -> String {
        let mut out = b"file 9 bytes sha256 00\nstart 00\nparts 64 00\n".to_vec();
        for (index, data) in frames.iter().enumerate() {
            let frame = Frame { number: index as u64 + 1, time: Some(Timestamp(5)), ..Frame::new(LinkType::RAW, data) };
            packet(&mut out, &frame, false);
        }
        String::from_utf8(out).unwrap()
    }

    fn explained(old: &str, new: &str) -> String {
        let difference = Difference { line: 0, stored: old.into(), made: new.into(), cut: false };
        explain(&difference, &Arc::default()).text
    }

    fn ip6(hop_limit: u8, last: u8) -> Vec<u8> {
        let mut bytes = vec![0x60, 0, 0, 0, 0, 0, 59, hop_limit];
        bytes.extend([0; 31]);
        bytes.push(last);
        bytes
    }

    #[test]
    fn a_changed_byte_is_named() {
        let text = explained(&golden(&[ip6(64, 1), ip6(64, 2)]), &golden(&[ip6(64, 1), ip6(63, 2)]));
        assert!(text.starts_with("packet 2: byte 7 40 → 3f\n@@"), "{text}");
        assert!(text.contains("\n-    Hop Limit: 64\n+    Hop Limit: 63\n"), "{text}");
    }

    #[test]
    fn packets_come_and_go() {
        let (a, b, c) = (ip6(1, 1), ip6(2, 2), ip6(3, 3));
        let text = explained(&golden(&[a.clone(), b.clone(), c.clone()]), &golden(&[a.clone(), c.clone()]));
        assert!(text.starts_with("packet 2 is gone:\n-    2"), "{text}");
        let text = explained(&golden(&[a.clone(), c.clone()]), &golden(&[a, b, c]));
        assert!(text.starts_with("packet 2 was not there before:\n+    2"), "{text}");
    }

    #[test]
    fn what_no_packet_shows_is_found() {
        let header =
            |start: &str, part: &str| format!("file 40 bytes sha256 {part}\nstart {start}\nparts 64 {part} 00\n");
        let text = explained(
            &header("d4c3b2a1020004000000000000000000ffff000001000000", "aa"),
            &header("d4c3b2a1020004000000000000000000fffe000001000000", "ab"),
        );
        assert!(
            text.contains("the snapshot length of the pcap file header (bytes 16 to 19): ffff0000 → fffe0000"),
            "{text}"
        );
        assert!(text.contains("something from byte 0 to 63 of the file"), "{text}");
    }

    #[test]
    fn times_read_as_they_were_written() {
        for nanos in [0, 5, -5, 1_700_000_000_000_001_000, -1_500_000_000] {
            let time = Timestamp(nanos).to_string();
            let line = format!("1 {time} 1 0/0 -");
            assert_eq!(Line::read(&line).unwrap().timestamp(), Some(Timestamp(nanos)), "{time}");
        }
    }
}
