//! A packet built once, and written over for each packet that follows.
//!
//! The varying bits are blank in it, and the checksums over them too. Of each
//! such checksum it keeps the sum of all that stays; a packet adds what its own
//! values come to. This is exact where updating the last packet's checksum
//! (RFC 1624) has to tell the two zeros of ones' complement apart.

use std::ops::Range;

use super::axis::{Axis, Picked};
use crate::craft::build::{Packet, assemble};
use crate::craft::check::Check;
use crate::craft::{Arg, CraftError, Layer, internet, srh};
use crate::wire::checksum::Sum;
use crate::wire::field::{At, Field};
use crate::wire::proto::Proto;
use crate::wire::{arp, data, gre, gtp, icmpv4, icmpv6, ipv6, llc, routing, srh as wire_srh, udp};

/// A packet with blanks.
#[derive(Debug)]
pub(super) struct Template {
    bytes: Vec<u8>,
    blanks: Vec<Blank>,
    sums: Vec<Live>,
    /// The sums of the packet under way.
    scratch: Vec<Sum>,
}

/// A place that a value is written to.
#[derive(Debug)]
struct Blank {
    /// The place of its axis among all.
    axis: usize,
    /// Its first byte.
    at: usize,
    /// Its bytes.
    count: usize,
    /// Bits after the value in its last byte.
    shift: u32,
    /// The value's bits; all of the bytes where it is 0.
    mask: u64,
    covered: Vec<Covered>,
}

/// A checksum that covers a place.
#[derive(Debug, Clone, Copy)]
struct Covered {
    /// Its place among the live ones.
    live: usize,
    /// Whether the place starts in the middle of a word.
    odd: bool,
}

/// A checksum over something that varies.
#[derive(Debug)]
struct Live {
    check: Check,
    /// The sum of what stays.
    base: Sum,
    /// The checksums over this one; they come later.
    covered: Vec<Covered>,
}

/// Which of the axes can be written into a finished packet.
///
/// Not those whose values decide about other bytes than their own: what the
/// builder reads back, what changes lengths, what is signed, and what has no
/// place of its own.
pub(super) fn in_place(layers: &[Layer], axes: &[Axis]) -> Vec<bool> {
    axes.iter().map(|axis| is_plain(layers, axis) && !is_signed(layers, axis) && !overlaps(layers, axis)).collect()
}

/// Fields by which the builder decides about the rest of the packet: which
/// segment is active, where the packet ends, how much a checksum covers, what
/// of a header is there.
const DECIDING: [&Field; 15] = [
    &routing::SEGMENTS_LEFT,
    &routing::TYPE,
    &wire_srh::REDUCED,
    &udp::LENGTH,
    &icmpv4::TYPE,
    &icmpv6::TYPE,
    &llc::DSAP,
    &llc::SSAP,
    &arp::HARDWARE_SIZE,
    &arp::PROTOCOL_SIZE,
    &gre::CHECKSUM_BIT,
    &gtp::FLAGS,
    &gtp::FLAG_E,
    &gtp::FLAG_S,
    &gtp::FLAG_PN,
];

fn is(field: &Field, others: &[&Field]) -> bool {
    others.iter().any(|other| std::ptr::eq(field, *other))
}

fn is_plain(layers: &[Layer], axis: &Axis) -> bool {
    let layer = &layers[axis.layer];
    if is(axis.field, &DECIDING) {
        return false;
    }
    if axis.element.is_some() {
        // Segments lie in the header as they are given, unless something else
        // is said of them.
        let lists = [&wire_srh::PATH, &wire_srh::SEGMENTS, &wire_srh::REDUCED, &wire_srh::TLVS];
        let known = |field: &Field| matches!(field.at, At::Bits { .. }) || is(field, &lists);
        return is(axis.list, &lists[..2]) && axis.is_numbers() && layer.args().all(|(field, _)| known(field));
    }
    match axis.field.at {
        _ if layer.proto == Proto::Data => is(axis.field, &[&data::DATA]) && axis.size().is_some(),
        // One that is no number of whole bytes must fit in a word.
        At::Bits { offset, width, .. } => {
            axis.is_numbers() && (offset % 8 == 0 && width % 8 == 0 || axis.field.byte_range().1 <= 8)
        }
        At::Varies | At::Derived => false,
    }
}

/// Whether TLVs of an SRH may be computed over the axis: all but plain bytes are
/// taken for an HMAC.
fn is_signed(layers: &[Layer], axis: &Axis) -> bool {
    let plain = |item: &Arg| match item {
        Arg::Bytes(_) => true,
        Arg::Element(element) => matches!(element.form().name, "pad1" | "padn" | "tlv"),
        _ => false,
    };
    let signed = |layer: &Layer| match layer.get(&wire_srh::TLVS) {
        Some(Arg::List(items)) => !items.iter().all(plain),
        Some(Arg::Bytes(_)) | None => false,
        Some(_) => true,
    };
    matches!(layers[axis.layer].proto, Proto::Srh | Proto::Ipv6) && layers.iter().any(signed)
}

/// Whether an axis' bits are also those of another given field of its layer.
fn overlaps(layers: &[Layer], axis: &Axis) -> bool {
    let At::Bits { offset, width, .. } = axis.field.at else { return false };
    layers[axis.layer].args().any(|(field, _)| match field.at {
        At::Bits { offset: other, width: bits, .. } if !std::ptr::eq(field, axis.field) => {
            offset < other + bits && other < offset + width
        }
        _ => false,
    })
}

impl Template {
    /// Builds the packet of `layers` and blanks what the axes marked in `plain`
    /// write. `None` where one of them is only partly covered by a checksum, or
    /// where a checksum is over bytes that are not there any more.
    ///
    /// # Errors
    /// Where the layers do not build.
    pub fn new(layers: &[Layer], axes: &[Axis], plain: &[bool]) -> Result<Option<Self>, CraftError> {
        let Packet { mut bytes, starts, checks, resized, .. } = assemble(layers)?;
        if resized {
            return Ok(None);
        }
        let mut blanks = Vec::new();
        for (number, axis) in axes.iter().enumerate().filter(|(number, _)| plain[*number]) {
            places(layers, &starts, number, axis, &mut blanks);
        }
        for blank in &blanks {
            blank.clear(&mut bytes);
        }
        let mut sums: Vec<Live> = Vec::new();
        for check in checks {
            let live = sums.len();
            let covered = |at: usize, count: usize, list: &mut Vec<Covered>| {
                for range in &check.covers {
                    if range.start <= at && at + count <= range.end {
                        list.push(Covered { live, odd: (at - range.start) % 2 == 1 });
                    } else if at < range.end && range.start < at + count {
                        return false;
                    }
                }
                true
            };
            let mut whole = true;
            for blank in &mut blanks {
                whole &= covered(blank.at, blank.count, &mut blank.covered);
            }
            for sum in &mut sums {
                whole &= covered(sum.check.at, 2, &mut sum.covered);
            }
            if !whole {
                return Ok(None);
            }
            let varies = |covered: &[Covered]| covered.iter().any(|covered| covered.live == live);
            if blanks.iter().any(|blank| varies(&blank.covered)) || sums.iter().any(|sum| varies(&sum.covered)) {
                bytes[check.at..check.at + 2].fill(0);
                sums.push(Live { check, base: Sum::default(), covered: Vec::new() });
            }
        }
        for sum in &mut sums {
            let add = |base: Sum, range: &Range<usize>| base.bytes(&bytes[range.clone()]);
            sum.base = sum.check.covers.iter().fold(sum.check.beside, add);
        }
        let scratch = vec![Sum::default(); sums.len()];
        Ok(Some(Self { bytes, blanks, sums, scratch }))
    }

    /// The bytes it takes up.
    pub fn size(&self) -> usize {
        self.bytes.len() + size_of_val(&*self.blanks) + size_of_val(&*self.sums)
    }

    /// The packet with number `packet`, whose axes have their values in `places`.
    pub fn fill(&mut self, axes: &[Axis], places: &[u128], packet: u64) -> &[u8] {
        let Self { bytes, blanks, sums, scratch } = self;
        for (sum, live) in scratch.iter_mut().zip(&*sums) {
            *sum = live.base;
        }
        for blank in blanks {
            let to = &mut bytes[blank.at..blank.at + blank.count];
            match axes[blank.axis].value(places[blank.axis]) {
                Picked::Number(number) => {
                    blank.write(to, number);
                    let octets = (number << (blank.shift + 128 - 8 * blank.count as u32)).to_be_bytes();
                    add(scratch, &blank.covered, &octets);
                }
                Picked::Arg(arg) => {
                    if let Arg::Bytes(value) = arg {
                        to.copy_from_slice(value);
                    }
                    add(scratch, &blank.covered, to);
                }
                Picked::Random(random, _) => {
                    random.fill(to, packet);
                    add(scratch, &blank.covered, to);
                }
            }
        }
        for (index, live) in sums.iter().enumerate() {
            let value = live.check.stored(scratch[index]).to_be_bytes();
            bytes[live.check.at..live.check.at + 2].copy_from_slice(&value);
            add(scratch, &live.covered, &value);
        }
        bytes
    }
}

/// Adds a value to the checksums over it.
#[inline]
fn add(sums: &mut [Sum], covered: &[Covered], value: &[u8]) {
    for Covered { live, odd } in covered {
        sums[*live] = if *odd { sums[*live].odd_bytes(value) } else { sums[*live].bytes(value) };
    }
}

impl Blank {
    /// Zeros its bits.
    fn clear(&self, packet: &mut [u8]) {
        let to = &mut packet[self.at..self.at + self.count];
        if self.mask == 0 { to.fill(0) } else { self.write(to, 0) }
    }

    /// Writes a number to its bytes.
    #[inline]
    fn write(&self, to: &mut [u8], number: u128) {
        match (self.mask, to) {
            (0, [a, b]) => [*a, *b] = (number as u16).to_be_bytes(),
            (0, to) => to.copy_from_slice(&number.to_be_bytes()[16 - self.count..]),
            (mask, to) => {
                let old = to.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
                let new = old & !mask | (number as u64) << self.shift;
                to.copy_from_slice(&new.to_be_bytes()[8 - self.count..]);
            }
        }
    }
}

/// Adds the places where an axis is written to `blanks`.
fn places(layers: &[Layer], starts: &[usize], number: usize, axis: &Axis, blanks: &mut Vec<Blank>) {
    let start = starts[axis.layer];
    let whole = |at: usize, count: usize| Blank { axis: number, at, count, shift: 0, mask: 0, covered: Vec::new() };
    if let Some(element) = axis.element {
        let layer = &layers[axis.layer];
        blanks.extend(srh::place_of(layer, element).map(|at| whole(start + at, wire_srh::SEGMENT_LEN)));
        // An IPv6 header without a destination has a segment for one.
        for (index, ip) in layers.iter().enumerate().filter(|(_, layer)| layer.proto == Proto::Ipv6) {
            let leads = !ip.has(&ipv6::DESTINATION) && internet::leading_srh(layers, index) == Some(axis.layer);
            if leads && matches!(srh::active_segment(layer), srh::Active::Segment(_, active) if active == element) {
                let (at, count) = ipv6::DESTINATION.byte_range();
                blanks.push(whole(starts[index] + at, count));
            }
        }
        return;
    }
    match axis.field.at {
        At::Bits { offset, width, .. } => {
            let (at, count) = axis.field.byte_range();
            let mut blank = whole(start + at, count);
            if offset % 8 != 0 || width % 8 != 0 {
                blank.shift = (8 * (at + count)) as u32 - u32::from(offset + width);
                blank.mask = (u64::MAX >> (64 - width)) << blank.shift;
            }
            blanks.push(blank);
        }
        At::Varies | At::Derived => blanks.extend(axis.size().map(|count| whole(start, count))),
    }
}
