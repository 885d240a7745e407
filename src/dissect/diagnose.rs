//! What the headers say that does not fit together.

use crate::capture::Frame;
use crate::dissect::diagnosis::{Diagnosis, Finding};
use crate::dissect::{Checksum, Dissection, Packet};
use crate::wire::proto::Proto;
use crate::wire::srh::{Srh, flag};

/// Adds the findings about headers that were walked.
pub(super) fn diagnose(dissection: &mut Dissection, frame: &Frame<'_>) {
    for index in 0..dissection.layer_count {
        let layer = dissection.layers[usize::from(index)];
        let mut report = |what, offset: usize, len: u32, a: u64, b: u64| {
            dissection.report(Finding { what, layer: index, start: layer.start + offset as u32, len, a, b });
        };
        if layer.proto == Proto::Srh {
            let bytes = frame.data.get(layer.start as usize..layer.header_end as usize).unwrap_or_default();
            if let Ok(srh) = Srh::lax(bytes) {
                diagnose_srh(&srh, &mut report);
            }
        }
        diagnose_checksum(dissection, frame, index);
    }
}

fn diagnose_srh(srh: &Srh<'_>, report: &mut impl FnMut(Diagnosis, usize, u32, u64, u64)) {
    let (left, last) = (u64::from(srh.segments_left()), u64::from(srh.last_entry()));
    if left > last + 1 {
        report(Diagnosis::SegmentsLeft, 3, 1, left, last);
    }
    if srh.last_entry_overruns() {
        report(Diagnosis::LastEntry, 4, 1, last, srh.slots() as u64);
    }
    let draft = srh.flags() & (flag::DRAFT_CLEANUP | flag::DRAFT_PROTECTED | flag::DRAFT_ALERT | flag::DRAFT_HMAC);
    if draft != 0 {
        report(Diagnosis::DraftFlags, 5, 1, u64::from(draft), 0);
    }
    // A header that was cut short ends in the middle of a TLV by no fault of its own.
    if srh.len() == srh.claimed_len() {
        for tlv in srh.tlvs().filter(|tlv| tlv.overruns) {
            let claimed = tlv.length.map_or(1, u64::from);
            report(Diagnosis::TlvOverrun, tlv.offset, tlv.len() as u32, claimed, tlv.value.len() as u64);
        }
    }
}

fn diagnose_checksum(dissection: &mut Dissection, frame: &Frame<'_>, index: u8) {
    let layer = dissection.layers[usize::from(index)];
    let offset = match layer.proto {
        Proto::Udp => 6,
        Proto::Tcp => 16,
        Proto::Icmpv6 | Proto::Icmpv4 => 2,
        Proto::Ipv4 => 10,
        _ => return,
    };
    let what = match Packet::new(*frame, dissection).checksum(&layer) {
        Some(Checksum::Bad { expected, .. }) => (Diagnosis::ChecksumBad, u64::from(expected)),
        Some(Checksum::Illegal) => (Diagnosis::ChecksumZero, 0),
        _ => return,
    };
    let start = layer.start as usize + offset;
    let stored = crate::wire::bytes::u16_at(frame.data, start).unwrap_or_default();
    dissection.report(Finding {
        what: what.0,
        layer: index,
        start: start as u32,
        len: 2,
        a: u64::from(stored),
        b: what.1,
    });
}
