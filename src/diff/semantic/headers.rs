//! Fields of headers that both sides have.

use crate::diff::compare::{Difference, Held, What};
use crate::dissect::{Checksum, Layer};
use crate::wire::field::Field;
use crate::wire::proto::Proto;
use crate::wire::{ipv4, ipv6, options, routing, srh};

use super::{Judge, Verdict};

/// ECN codepoints (RFC 3168 §5).
const NOT_ECT: u64 = 0;
const CE: u64 = 3;

impl Judge<'_, '_> {
    pub(super) fn ipv6(&self, difference: &Difference, left: usize, right: usize) -> Verdict {
        let is = |field: &'static Field| std::ptr::eq(difference.field, field);
        let numbers = self.numbers(difference);
        if difference.what == What::Bytes {
            Verdict::Other
        } else if is(&ipv6::HOP_LIMIT) {
            if numbers.is_some_and(|(before, after)| after < before) {
                Verdict::HopLimit
            } else {
                Verdict::HopLimitRaised
            }
        } else if is(&ipv6::DESTINATION) {
            self.destination(left, right)
        } else if is(&ipv6::SOURCE) {
            Verdict::Source
        } else if is(&ipv6::FLOW) {
            if numbers.is_some_and(|(before, _)| before == 0) { Verdict::FlowSet } else { Verdict::Flow }
        } else if is(&ipv6::PAYLOAD_LENGTH) {
            self.length(numbers, left, right)
        } else if is(&ipv6::NEXT_HEADER) {
            self.next_header(left, right)
        } else if is(&ipv6::ECN) {
            congestion(numbers)
        } else if is(&ipv6::DSCP) || is(&ipv6::TRAFFIC_CLASS) {
            Verdict::TrafficClass
        } else {
            Verdict::Other
        }
    }

    pub(super) fn ipv4(&self, difference: &Difference, left: usize, right: usize) -> Verdict {
        let is = |field: &'static Field| std::ptr::eq(difference.field, field);
        let numbers = self.numbers(difference);
        if difference.what == What::Bytes {
            Verdict::Other
        } else if is(&ipv4::TTL) {
            if numbers.is_some_and(|(before, after)| after < before) {
                Verdict::TimeToLive
            } else {
                Verdict::TimeToLiveRaised
            }
        } else if is(&ipv4::CHECKSUM) {
            let status = self.layer(1, right).and_then(|layer| self.packets[1].checksum(layer));
            if matches!(status, Some(Checksum::Good(_))) {
                Verdict::HeaderChecksum
            } else {
                Verdict::HeaderChecksumWrong
            }
        } else if is(&ipv4::TOTAL_LENGTH) {
            self.length(numbers, left, right)
        } else if is(&ipv4::SOURCE) {
            Verdict::Source
        } else if is(&ipv4::DESTINATION) {
            Verdict::Destination
        } else if is(&ipv4::ECN) {
            congestion(numbers)
        } else if is(&ipv4::DSCP) || is(&ipv4::DS_FIELD) {
            Verdict::TrafficClass
        } else {
            Verdict::Other
        }
    }

    /// A length: it is less by what was removed inside, more by what was added.
    fn length(&self, numbers: Option<(u64, u64)>, left: usize, right: usize) -> Verdict {
        let alone = |side: usize, from: usize| -> u64 {
            let layers = self.packets[side].layers().iter().enumerate().skip(from + 1);
            let inside = layers.filter(|(_, layer)| layer.proto != Proto::Trailer);
            inside.filter(|(index, _)| self.beside(side, *index).is_none()).map(|(_, l)| l.header_len() as u64).sum()
        };
        let follows = numbers.is_some_and(|(before, after)| before + alone(1, right) == after + alone(0, left));
        if follows { Verdict::LengthFollows } else { Verdict::LengthWrong }
    }

    /// The number of the next header: it may be another only where that is.
    fn next_header(&self, left: usize, right: usize) -> Verdict {
        let other =
            |side: usize, index: usize| self.layer(side, index + 1).is_some() && self.beside(side, index + 1).is_none();
        if other(0, left) || other(1, right) { Verdict::NextFollows } else { Verdict::NextWrong }
    }

    pub(super) fn srh(&self, difference: &Difference, left: usize, right: usize) -> Verdict {
        let is = |field: &'static Field| std::ptr::eq(difference.field, field);
        if is(&routing::SEGMENTS_LEFT) {
            return match self.numbers(difference) {
                Some((before, after)) if after > before => Verdict::SegmentsLeftRaised,
                Some((before, after)) if self.hops.is_some_and(|hops| before - after > u64::from(hops)) => {
                    Verdict::SegmentsLeftJump
                }
                _ => Verdict::SegmentsLeft,
            };
        }
        if is(&routing::NEXT_HEADER) {
            return self.next_header(left, right);
        }
        if is(&srh::TAG) {
            return Verdict::Tag;
        }
        if is(&srh::FLAGS) {
            return Verdict::Flags;
        }
        if is(&srh::SEGMENT) {
            return Verdict::SegmentList;
        }
        let (Some(a), Some(b)) = (self.layer(0, left), self.layer(1, right)) else { return Verdict::SrhFixed };
        // Where in the header it stands tells the TLV that it is in.
        let (Some(before), Some(after)) = (offset(difference, 0, a), offset(difference, 1, b)) else {
            return if difference.what == What::Field { Verdict::Tlv } else { Verdict::SrhFixed };
        };
        let tlv = |side: usize, index: usize, at: usize| {
            let srh = self.srh_at(side, index)?;
            srh.tlvs()
                .find(|tlv| (tlv.offset..tlv.offset + tlv.len()).contains(&at))
                .map(|tlv| (tlv.kind, tlv.length, tlv.offset))
        };
        match (tlv(0, left, before), tlv(1, right, after)) {
            (Some(one), Some(two)) if one == two && one.0 & 0x80 != 0 => Verdict::TlvMutable,
            (None, None) => Verdict::SrhFixed,
            _ => Verdict::Tlv,
        }
    }

    /// Options of a Hop-by-Hop or Destination header.
    pub(super) fn options(&self, difference: &Difference, left: usize, right: usize) -> Verdict {
        let (Some(a), Some(b)) = (self.layer(0, left), self.layer(1, right)) else { return Verdict::Option };
        let (Some(before), Some(after)) = (offset(difference, 0, a), offset(difference, 1, b)) else {
            return Verdict::Option;
        };
        if before == 0 && after == 0 && difference.what == What::Field {
            return self.next_header(left, right);
        }
        let option = |side: usize, layer: &Layer, at: usize| {
            let bytes = self.packets[side].header(layer).get(2..)?;
            options::walk(bytes)
                .map(|option| (option.kind, option.length, option.offset + 2, option.value.len()))
                .find(|(_, length, start, len)| (*start..start + 1 + usize::from(length.is_some()) + len).contains(&at))
        };
        match (option(0, a, before), option(1, b, after)) {
            (Some(one), Some(two)) if one == two && one.0 & 0x20 != 0 => Verdict::OptionMutable,
            _ => Verdict::Option,
        }
    }
}

/// Where a difference stands in its layer's header, on one side.
fn offset(difference: &Difference, side: usize, layer: &Layer) -> Option<usize> {
    match &difference.sides[side] {
        Held::Seen(seen) => Some(seen.start.checked_sub(layer.start)? as usize),
        Held::Fixed(_) => Some(difference.field.byte_range().0),
        _ => None,
    }
}

/// Congestion may be marked on what can be marked.
fn congestion(numbers: Option<(u64, u64)>) -> Verdict {
    match numbers {
        Some((before, CE)) if before != NOT_ECT => Verdict::Congestion,
        _ => Verdict::TrafficClass,
    }
}
