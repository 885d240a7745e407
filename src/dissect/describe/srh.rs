//! The fields of the Segment Routing Header.

use std::cmp::Ordering;
use std::fmt;
use std::io::Write;
use std::net::Ipv6Addr;

use crate::dissect::describe::{routing, sid as sids};
use crate::dissect::refrain::Run;
use crate::dissect::visit::{Erase, Out};
use crate::dissect::{Layer, Packet};
use crate::srv6::hmac::{HmacTlv, Status};
use crate::srv6::linux::Verdict;
use crate::srv6::path;
use crate::wire::bytes::{tail, u32_at};
use crate::wire::field::Value;
use crate::wire::phrase::phrase;
use crate::wire::proto::Proto;
use crate::wire::text::Fast;
use crate::wire::{sid, srh, srh_tlv};

/// The names of flag bits.
struct FlagNames(u8);

impl fmt::Display for FlagNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = " (";
        for (bit, name) in [
            (srh::flag::DRAFT_CLEANUP, "draft C: Clean-up"),
            (srh::flag::DRAFT_PROTECTED, "draft P: Protected"),
            (srh::flag::OAM, "O: OAM"),
            (srh::flag::DRAFT_ALERT, "draft A: Alert"),
            (srh::flag::DRAFT_HMAC, "draft H: HMAC"),
        ] {
            if self.0 & bit != 0 {
                write!(f, "{separator}{name}")?;
                separator = ", ";
            }
        }
        f.write_str(if separator == ", " { ")" } else { "" })
    }
}

pub(super) fn srh<V: Erase + ?Sized>(packet: &Packet<'_>, layer: &Layer, out: &mut Out<'_, '_, V>) {
    let Some(header) = packet.srh(layer) else {
        return out.open_group(&srh::HEADER, 0, out.bytes.len(), srh::PROTOCOL.title);
    };
    match dependencies(packet, layer, &header) {
        Some((number, destination)) => {
            out.refrain(Run::Srh, number, [out.bytes, &destination], |out| fields(packet, layer, &header, out));
        }
        None => fields(packet, layer, &header, out),
    }
}

/// What the fields of an SRH depend on besides its bytes, where that is not
/// much: its IPv6 header's hop limit, how far it is from that, and the
/// destination. An HMAC depends on more, as does a second Routing header.
fn dependencies(packet: &Packet<'_>, layer: &Layer, header: &srh::Srh<'_>) -> Option<(u64, [u8; 16])> {
    let routing = |l: &&Layer| l.network == layer.network && matches!(l.proto, Proto::Srh | Proto::Routing);
    if !header.tlv_bytes().is_empty() || packet.layers().iter().filter(routing).count() > 1 {
        return None;
    }
    let network = packet.network(layer)?;
    let start = packet.layers().get(usize::from(layer.network))?.start;
    let offset = u64::from(layer.start - start);
    Some((offset << 8 | u64::from(network.hop_limit()), network.destination().octets()))
}

fn fields<V: Erase + ?Sized>(packet: &Packet<'_>, layer: &Layer, header: &srh::Srh<'_>, out: &mut Out<'_, '_, V>) {
    let fixed = out.bytes.get(..srh::FIXED_LEN).unwrap_or_default();
    out.refrain(Run::SrhStart, 0, [fixed, &[]], |out| start(header, out));
    segments(packet, header, out);
    travelled(header, out);
    let destination = packet.network(layer).map(|network| network.destination());
    if out.wants(&srh::DESTINATION)
        && let Some(relation) = packet.relation(layer, header)
    {
        let text = phrase!["Destination Address is: ", relation.sentence()];
        out.derived_as(&srh::DESTINATION, Value::Text(relation.name()), text);
    }
    if let Some(destination) = destination {
        sids::still_to_visit(packet, destination, Some(header), &mut out.erased());
    }
    match destination.map_or(0, |destination| path::hidden_segments(header, destination)) {
        0 => header.tlvs().for_each(|tlv| one_tlv(packet, layer, header, &tlv, &mut out.erased())),
        hidden => hidden_slots(header, hidden, &mut out.erased()),
    }
    if (out.wants(&sid::LINUX_PLAIN) || out.wants(&sid::LINUX_END))
        && let Some(seen) = packet.seen_by_linux(layer, header)
    {
        let mut room = [0; VERDICT];
        out.derived(&sid::LINUX_PLAIN, Value::Text(verdict_text(&seen.plain_address(), &mut room)));
        out.derived(&sid::LINUX_END, Value::Text(verdict_text(&seen.end_sid(), &mut room)));
    }
}

/// The title, and the fields that every SRH has.
fn start<V: Erase + ?Sized>(header: &srh::Srh<'_>, out: &mut Out<'_, '_, V>) {
    out.open_group(&srh::HEADER, 0, out.bytes.len(), srh::PROTOCOL.title);
    routing::common(out);
    out.field(&srh::LAST_ENTRY);
    let flags = header.flags();
    if flags == 0 {
        out.field_as(&srh::FLAGS, "Flags: 0x00");
    } else {
        out.field_as(&srh::FLAGS, format_args!("Flags: 0x{flags:02x}{}", FlagNames(flags)));
    }
    out.field(&srh::TAG);
}

/// Room for a verdict's text, which is cut at that: more than any has.
const VERDICT: usize = 160;

/// A verdict as text, without the heap.
fn verdict_text<'b>(verdict: &Verdict, buffer: &'b mut [u8; VERDICT]) -> &'b str {
    if *verdict == Verdict::Accept {
        return "accept";
    }
    let mut rest = &mut buffer[..];
    // What does not fit is left out.
    let _ = write!(rest, "{verdict}");
    let used = VERDICT - rest.len();
    std::str::from_utf8(&buffer[..used]).unwrap_or_default()
}

/// The segment list in wire order.
fn segments<V: Erase + ?Sized>(packet: &Packet<'_>, header: &srh::Srh<'_>, out: &mut Out<'_, '_, V>) {
    let locators = &packet.settings().locators;
    for (index, segment) in header.segments().enumerate() {
        let at = srh::FIXED_LEN + index * srh::SEGMENT_LEN;
        let active = if index == usize::from(header.segments_left()) { "  <- active" } else { "" };
        let named = if locators.is_empty() { None } else { locators.named(segment) };
        match named {
            Some(named) => {
                let called = sids::Called(Some(named));
                let text = format_args!("Address[{index}]: {}{called}{active}", Fast(segment));
                out.open_value(&srh::SEGMENT, Value::from(segment), at, srh::SEGMENT_LEN, text);
                sids::parts(locators, named, segment, &mut out.erased());
                out.close();
            }
            None => {
                let text = phrase!["Address[", index, "]: ", segment, active];
                out.value_as(&srh::SEGMENT, Value::from(segment), at, srh::SEGMENT_LEN, text);
            }
        }
    }
}

/// The segments once more in the order they are travelled, and what they say.
fn travelled<V: Erase + ?Sized>(header: &srh::Srh<'_>, out: &mut Out<'_, '_, V>) {
    let left = usize::from(header.segments_left());
    let count = header.segment_count();
    if count == 0 {
        return;
    }
    let reduced = if path::is_reduced(header) { " (first segment only in the destination address)" } else { "" };
    let title = phrase!["Segments in traversal order: ", count, reduced];
    out.open_derived(&srh::SEGMENTS, Value::None, title);
    for (index, segment) in path::travelled(header).enumerate() {
        let entry = count - 1 - index;
        let mark = match entry.cmp(&left) {
            Ordering::Greater => " (visited)",
            Ordering::Equal => " (active)",
            Ordering::Less => "",
        };
        out.derived_as(&srh::PATH, Value::from(segment), phrase![index + 1, ". ", segment, mark]);
    }
    out.close();
    if let Some(segment) = path::active(header) {
        out.derived(&srh::ACTIVE, Value::from(segment));
    }
    if let Some(segment) = path::final_destination(header) {
        out.derived(&srh::FINAL, Value::from(segment));
    }
}

/// What a Last Entry that is too small leaves out, and the rest behind it.
fn hidden_slots(header: &srh::Srh<'_>, hidden: usize, out: &mut Out<'_, '_>) {
    let (at, bytes) = (header.tlv_offset(), header.tlv_bytes());
    let (slots, rest) = bytes.split_at(hidden * srh::SEGMENT_LEN);
    out.open_group(
        &srh::TLVS,
        at,
        bytes.len(),
        format_args!("Behind Last Entry: {hidden} more, by their looks segments"),
    );
    for (index, octets) in slots.as_chunks::<{ srh::SEGMENT_LEN }>().0.iter().enumerate() {
        let slot = header.segment_count() + index;
        out.value_as(
            &srh_tlv::HIDDEN,
            Value::Ipv6(*octets),
            at + index * srh::SEGMENT_LEN,
            srh::SEGMENT_LEN,
            format_args!("Slot[{slot}]: {}", Fast(Ipv6Addr::from(*octets))),
        );
    }
    if !rest.is_empty() {
        out.value(&srh::TLV_VALUE, Value::Bytes(rest), at + slots.len(), rest.len());
    }
    out.close();
}

fn one_tlv(packet: &Packet<'_>, layer: &Layer, header: &srh::Srh<'_>, tlv: &srh::Tlv<'_>, out: &mut Out<'_, '_>) {
    let name = srh::tlv_name(u64::from(tlv.kind)).unwrap_or("Unknown");
    let cut = if tlv.overruns { " [runs past the end of the header]" } else { "" };
    out.open_group(&srh::TLVS, tlv.offset, tlv.len(), format_args!("TLV: {name} ({}){cut}", tlv.kind));
    out.value(&srh::TLV_TYPE, Value::Uint(u64::from(tlv.kind)), tlv.offset, 1);
    if let Some(length) = tlv.length {
        out.value(&srh::TLV_LENGTH, Value::Uint(u64::from(length)), tlv.offset + 1, 1);
        let (value, at, len) = (tlv.value, tlv.offset + 2, tlv.value.len());
        match (tlv.kind, HmacTlv::of(tlv)) {
            (_, Some(hmac)) => {
                out.hidden(&srh::TLV_VALUE, Value::Bytes(value), at, len);
                inside(out, tlv).fields(&[&srh_tlv::HMAC_D, &srh_tlv::HMAC_RESERVED, &srh_tlv::HMAC_KEY_ID]);
                out.value(&srh_tlv::HMAC_DIGEST, Value::Bytes(hmac.digest), at + 6, hmac.digest.len());
            }
            (srh_tlv::INGRESS | srh_tlv::EGRESS | srh_tlv::OPAQUE_CONTAINER, None) if len == 18 => {
                out.hidden(&srh::TLV_VALUE, Value::Bytes(value), at, len);
                let what = if tlv.kind == srh_tlv::OPAQUE_CONTAINER { &srh_tlv::OPAQUE } else { &srh_tlv::NODE };
                inside(out, tlv).fields(&[&srh_tlv::RESERVED, &srh_tlv::FLAGS, what]);
            }
            (srh_tlv::NSH_CARRIER, None) if len > 2 => {
                out.hidden(&srh::TLV_VALUE, Value::Bytes(value), at, len);
                inside(out, tlv).fields(&[&srh_tlv::RESERVED, &srh_tlv::FLAGS]);
                out.value(&srh_tlv::NSH, Value::Bytes(tail(value, 2)), at + 2, len - 2);
            }
            (srh_tlv::PATH_TRACING, None) if tlv.len() == srh_tlv::PATH_TRACING_LEN => {
                out.hidden(&srh::TLV_VALUE, Value::Bytes(value), at, len);
                path_tracing(inside(out, tlv));
            }
            _ => out.value(&srh::TLV_VALUE, Value::Bytes(value), at, len),
        }
    }
    if let Some(status) = packet.hmac_status(layer, header, tlv) {
        hmac_status(status, out);
    }
    out.close();
}

/// Fields from the start of a TLV.
fn inside<'o, 'a>(out: &'o mut Out<'_, 'a>, tlv: &srh::Tlv<'_>) -> Out<'o, 'a> {
    out.over(tail(out.bytes, tlv.offset), tlv.offset)
}

fn path_tracing(mut out: Out<'_, '_>) {
    out.fields(&[&srh_tlv::PT_INTERFACE, &srh_tlv::PT_LOAD]);
    if let (Some(seconds), Some(nanos)) = (u32_at(out.bytes, 4), u32_at(out.bytes, 8)) {
        let time = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        out.value(&srh_tlv::PT_TIME, Value::Nanos(time), 4, 8);
    }
    out.fields(&[&srh_tlv::PT_SESSION, &srh_tlv::PT_SEQUENCE]);
}

fn hmac_status(status: Status, out: &mut Out<'_, '_>) {
    let name = Value::Text(status.name());
    match status {
        Status::Valid(form) => {
            out.derived_as(
                &srh_tlv::HMAC_STATUS,
                name,
                format_args!("HMAC Status: valid in the form of {}", form.name()),
            );
            out.derived(&srh_tlv::HMAC_FORM, Value::Text(form.name()));
        }
        Status::Wrong => out.derived_as(
            &srh_tlv::HMAC_STATUS,
            name,
            format_args!("HMAC Status: wrong, in RFC 8754's form and in Linux's"),
        ),
        Status::NoKey => {
            out.derived_as(
                &srh_tlv::HMAC_STATUS,
                name,
                format_args!("HMAC Status: no-key (none of this Key ID was given)"),
            );
        }
        Status::Unverifiable(why) => {
            out.derived_as(&srh_tlv::HMAC_STATUS, name, format_args!("HMAC Status: unverifiable ({why})"));
        }
    }
}
