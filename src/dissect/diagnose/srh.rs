//! What an SRH says that does not fit together, or that Linux will not take.

use std::net::Ipv6Addr;

use super::Report;
use crate::dissect::diagnosis::Diagnosis;
use crate::dissect::{Layer, Packet};
use crate::srv6::hmac::{Form, HmacTlv, LINUX_MAX_SEGMENTS, Status};
use crate::srv6::path::Relation;
use crate::srv6::{linux, path};
use crate::wire::srh::{FIXED_LEN, SEGMENT_LEN, Srh, flag};
use crate::wire::srh_tlv;

/// Where the fixed fields lie.
const LENGTH: usize = 1;
const SEGMENTS_LEFT: usize = 3;
const LAST_ENTRY: usize = 4;
const FLAGS: usize = 5;

/// Where an entry of the list lies.
fn entry(index: usize) -> usize {
    FIXED_LEN + index * SEGMENT_LEN
}

pub(super) fn diagnose(packet: &Packet<'_>, layer: &Layer, report: &mut Report<'_>) {
    let Some(srh) = packet.srh(layer) else { return };
    lengths(&srh, report);
    destination(packet, layer, &srh, report);
    segments(&srh, report);
    // Linux keeps using the one for HMACs, which is looked at together with them.
    let draft = flag::DRAFT_CLEANUP | flag::DRAFT_PROTECTED | flag::DRAFT_ALERT;
    if srh.flags() & draft != 0 {
        report.add(Diagnosis::DraftFlags, FLAGS, 1, u64::from(srh.flags() & draft), 0);
    }
    let unknown = srh.flags() & !(draft | flag::DRAFT_HMAC | flag::OAM);
    if unknown != 0 {
        report.add(Diagnosis::UnknownFlags, FLAGS, 1, u64::from(unknown), 0);
    }
    // A header that was cut short ends in the middle of a TLV by no fault of its own.
    if srh.len() == srh.claimed_len() {
        tlvs(packet, layer, &srh, report);
    }
}

/// Numbers that contradict each other.
fn lengths(srh: &Srh<'_>, report: &mut Report<'_>) {
    let (left, last) = (u64::from(srh.segments_left()), u64::from(srh.last_entry()));
    if left > last + 1 {
        report.add(Diagnosis::SegmentsLeft, SEGMENTS_LEFT, 1, left, last);
    }
    if srh.slots() == 0 {
        report.add(Diagnosis::NoRoom, LENGTH, 1, u64::from(srh.hdr_ext_len()), 0);
    } else if srh.last_entry_overruns() {
        report.add(Diagnosis::LastEntry, LAST_ENTRY, 1, last, srh.slots() as u64);
    }
}

/// What the IPv6 header says beside the SRH that the destination is taken from.
fn destination(packet: &Packet<'_>, layer: &Layer, srh: &Srh<'_>, report: &mut Report<'_>) {
    let Some(relation) = packet.relation(layer, srh) else { return };
    let left = srh.segments_left();
    // In a quotation it is what the error was about.
    let last_hop = packet.network(layer).is_some_and(|network| network.hop_limit() == 1) && !layer.quoted;
    if left > 0 && last_hop {
        report.add(Diagnosis::HopLimitOne, SEGMENTS_LEFT, 1, u64::from(left), 0);
    }
    match relation {
        Relation::Masqueraded => report.add(Diagnosis::Masqueraded, SEGMENTS_LEFT, 1, u64::from(left), 0),
        Relation::Other => report.add(Diagnosis::DestinationDiffers, SEGMENTS_LEFT, 1, u64::from(left), 0),
        Relation::Active | Relation::First | Relation::Compressed => {}
    }
}

/// Addresses that can be no segments, and segments that come twice.
fn segments(srh: &Srh<'_>, report: &mut Report<'_>) {
    let (list, _) = srh.list_bytes().as_chunks::<SEGMENT_LEN>();
    let (special, twice) = glance(list);
    if special {
        let wrong = |what, wrong: fn(&Ipv6Addr) -> bool, report: &mut Report<'_>| {
            if let Some(index) = srh.segments().position(|segment| wrong(&segment)) {
                report.add(what, entry(index), SEGMENT_LEN, index as u64, 0);
            }
        };
        wrong(Diagnosis::SegmentMulticast, Ipv6Addr::is_multicast, report);
        wrong(Diagnosis::SegmentUnspecified, Ipv6Addr::is_unspecified, report);
    }
    if twice && let Some((earlier, index)) = repetition(list) {
        report.add(Diagnosis::Loop, entry(index), SEGMENT_LEN, earlier as u64, index as u64);
    }
}

/// Whether a list may have addresses that can be no segments, and whether it may
/// have a segment twice. One look at each rules both out for nearly every list:
/// the first octet of such addresses, and a bit that equal segments share.
#[inline(always)]
pub(in crate::dissect) fn glance(list: &[[u8; SEGMENT_LEN]]) -> (bool, bool) {
    let (mut special, mut twice, mut seen) = (false, false, 0u64);
    for segment in list {
        special |= matches!(segment[0], 0 | 0xff);
        let bit = bit_of(segment);
        twice |= seen & bit != 0;
        seen |= bit;
    }
    (special, twice)
}

/// The first segment that was in the list before: there, and where it comes again.
pub(in crate::dissect) fn repetition(list: &[[u8; SEGMENT_LEN]]) -> Option<(usize, usize)> {
    list.iter().enumerate().find_map(|(index, segment)| {
        let earlier = list[..index].iter().position(|before| before == segment)?;
        Some((earlier, index))
    })
}

/// One of 64 bits, which depends on all of a segment.
fn bit_of(segment: &[u8; SEGMENT_LEN]) -> u64 {
    let number = u128::from_ne_bytes(*segment);
    let mixed = (number as u64 ^ (number >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    1 << (mixed >> 58)
}

fn tlvs(packet: &Packet<'_>, layer: &Layer, srh: &Srh<'_>, report: &mut Report<'_>) {
    if srh.tlv_bytes().is_empty() {
        if srh.flags() & flag::DRAFT_HMAC != 0 {
            report.add(Diagnosis::HmacFlagAlone, FLAGS, 1, 0, 0);
        }
        return;
    }
    let destination = packet.network(layer).map(|network| network.destination());
    let hidden = destination.map_or(0, |destination| path::hidden_segments(srh, destination));
    if hidden > 0 {
        let (last, at) = (u64::from(srh.last_entry()), srh.tlv_offset());
        return report.add(Diagnosis::HiddenSlots, at, hidden * SEGMENT_LEN, last, hidden as u64);
    }
    let (mut overruns, mut pad1, mut hmac) = (false, false, None);
    for tlv in srh.tlvs() {
        if tlv.overruns {
            overruns = true;
            let claimed = tlv.length.map_or(1, u64::from);
            report.add(Diagnosis::TlvOverrun, tlv.offset, tlv.len(), claimed, tlv.value.len() as u64);
        } else if tlv.kind == srh_tlv::PADN {
            if tlv.value.len() > 5 {
                report.add(Diagnosis::PadnLength, tlv.offset, tlv.len(), tlv.value.len() as u64, 0);
            }
            if tlv.value.iter().any(|byte| *byte != 0) {
                report.add(Diagnosis::PadnNonZero, tlv.offset, tlv.len(), 0, 0);
            }
        }
        pad1 |= tlv.kind == 0;
        hmac = hmac.or((tlv.kind == srh_tlv::HMAC).then_some(tlv));
    }
    if pad1 && !overruns && !linux::tlvs_parse_on_linux(srh.tlv_bytes()) {
        report.add(Diagnosis::Pad1OnLinux, srh.tlv_offset(), srh.tlv_bytes().len(), 0, 0);
    }
    if path::is_reduced(srh) && srh.last_entry() == 0 && !overruns {
        report.add(Diagnosis::ReducedWithTlvs, LAST_ENTRY, 1, 0, 0);
    }
    let flagged = srh.flags() & flag::DRAFT_HMAC != 0;
    match hmac {
        None if flagged => report.add(Diagnosis::HmacFlagAlone, FLAGS, 1, 0, 0),
        None => {}
        Some(tlv) => {
            let (at, len) = (tlv.offset, tlv.len());
            let segments = srh.segment_count();
            if path::is_reduced(srh) && HmacTlv::of(&tlv).is_some_and(|hmac| !hmac.d_bit()) {
                report.add(Diagnosis::HmacReduced, at, len, 0, 0);
            }
            if !flagged {
                report.add(Diagnosis::HmacNoFlag, at, len, 0, 0);
            } else if segments > LINUX_MAX_SEGMENTS {
                report.add(Diagnosis::HmacTooLong, at, len, segments as u64, 0);
            }
            // Quotations show what became of the packet on the way, which no
            // HMAC covers.
            match packet.hmac_status(layer, srh, &tlv) {
                Some(Status::Wrong) => {
                    let id = HmacTlv::of(&tlv).map_or(0, |hmac| u64::from(hmac.key_id));
                    report.add(Diagnosis::HmacWrong, at, len, id, 0);
                }
                Some(Status::Valid(Form::Rfc8754)) if flagged => report.add(Diagnosis::HmacNotLinux, at, len, 0, 0),
                _ => {}
            }
        }
    }
}
