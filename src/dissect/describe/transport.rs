//! The fields of UDP and TCP.

use crate::dissect::describe::tcp_options;
use crate::dissect::visit::{Erase, Out};
use crate::dissect::{Checksum, Layer, Packet, UsedDestination};
use crate::wire::bytes::{u8_at, u16_at};
use crate::wire::field::{Field, Value};
use crate::wire::phrase::{Part, phrase};
use crate::wire::text::Fast;
use crate::wire::{tcp, udp};

/// A checksum's line: the stored value and what was found of it. Inlined, since
/// the fields are known where it is called.
#[inline(always)]
pub(super) fn checksum<V: Erase + ?Sized>(
    out: &mut Out<'_, '_, V>,
    field: &'static Field,
    calculated: Option<&'static Field>,
    status: &'static Field,
    result: Checksum,
) {
    let Some(Value::Uint(number)) = field.read(out.bytes) else { return };
    let digits = Part::Hex(number, 4);
    match result {
        Checksum::Good(UsedDestination::Final(to)) => {
            out.field_as(field, phrase!["Checksum: 0x", digits, " [correct for final destination ", to, "]"]);
        }
        Checksum::Good(UsedDestination::Arriving(to)) => {
            out.field_as(field, phrase!["Checksum: 0x", digits, " [correct for the destination on arrival, ", to, "]"]);
        }
        Checksum::Good(_) => out.field_as(field, phrase!["Checksum: 0x", digits, " [correct]"]),
        Checksum::Bad { expected, used } => {
            bad_checksum(&mut out.erased(), field, Fast(number as u16), Fast(expected), used);
        }
        Checksum::Unverified(_) | Checksum::NotPresent | Checksum::Illegal => {
            unverified_checksum(&mut out.erased(), field, Fast(number as u16), result);
        }
    }
    if let (Some(field), Some(value)) = (calculated, result.calculated(number as u16)) {
        out.derived(field, Value::Uint(u64::from(value)));
    }
    out.derived(status, Value::Uint(result.status()));
}

/// The line of a checksum that cannot be verified, or is none.
fn unverified_checksum(out: &mut Out<'_, '_>, field: &'static Field, stored: Fast<u16>, result: Checksum) {
    let why = match result {
        Checksum::Unverified(why) => {
            return out.field_as(field, format_args!("Checksum: 0x{stored} [unverified: {}]", why.reason()));
        }
        Checksum::Illegal => "zero is illegal over IPv6",
        _ => "zero-value ignored",
    };
    out.field_as(field, format_args!("Checksum: 0x{stored} [{why}]"));
}

/// The line of a wrong checksum.
fn bad_checksum(
    out: &mut Out<'_, '_>,
    field: &'static Field,
    stored: Fast<u16>,
    expected: Fast<u16>,
    used: UsedDestination,
) {
    let line = format_args!("Checksum: 0x{stored} [incorrect, should be 0x{expected}");
    match used {
        UsedDestination::Arriving(to) => {
            out.field_as(field, format_args!("{line} for the destination on arrival, {to}]"));
        }
        UsedDestination::Final(to) => out.field_as(field, format_args!("{line} for final destination {to}]")),
        UsedDestination::Header(to) => out.field_as(field, format_args!("{line} for destination {to}]")),
        UsedDestination::NoPseudoHeader => out.field_as(field, format_args!("{line}]")),
    }
}

/// Whether a checksum has to be worked out: it takes a walk over all bytes.
pub(super) fn wants_checksum<V: Erase + ?Sized>(out: &Out<'_, '_, V>, fields: [&'static Field; 3]) -> bool {
    fields.into_iter().any(|field| out.wants(field))
}

pub(super) fn udp<V: Erase + ?Sized>(packet: &Packet<'_>, layer: &Layer, out: &mut Out<'_, '_, V>) {
    let (source, destination) = packet.ports(layer).unwrap_or_default();
    let title = phrase!["User Datagram Protocol, Src Port: ", source, ", Dst Port: ", destination];
    out.open_group(&udp::HEADER, 0, out.bytes.len(), title);
    ports(out, &udp::SOURCE, &udp::DESTINATION, &udp::PORT);
    out.field(&udp::LENGTH);
    if wants_checksum(out, [&udp::CHECKSUM, &udp::CALCULATED, &udp::CHECKSUM_STATUS])
        && let Some(result) = packet.checksum(layer)
    {
        checksum(out, &udp::CHECKSUM, Some(&udp::CALCULATED), &udp::CHECKSUM_STATUS, result);
    }
    let payload = packet.payload(layer);
    if !payload.is_empty() {
        let unit = if payload.len() == 1 { "byte" } else { "bytes" };
        out.value_as(
            &udp::PAYLOAD,
            Value::Bytes(payload),
            udp::LEN,
            payload.len(),
            phrase!["UDP payload (", payload.len(), " ", unit, ")"],
        );
    }
}

/// The two ports, as far as they are there, and both once more under the name
/// they share.
#[inline(always)]
fn ports<V: Erase + ?Sized>(
    out: &mut Out<'_, '_, V>,
    source_field: &'static Field,
    destination_field: &'static Field,
    either: &'static Field,
) {
    out.field(source_field);
    out.field(destination_field);
    for at in [0, 2] {
        if let Some(port) = u16_at(out.bytes, at) {
            out.hidden(either, Value::Uint(u64::from(port)), at, 2);
        }
    }
}

/// The flags as Wireshark draws them: a letter each, from the left, or a dot.
fn flag_letters(flags: u16, buffer: &mut [u8; 24]) -> &str {
    let mut at = 0;
    for (bit, letter) in (0..12).rev().zip(['R', 'R', 'R', 'A', 'C', 'E', 'U', 'A', 'P', 'R', 'S', 'F']) {
        let shown = if flags >> bit & 1 == 1 { letter } else { '·' };
        at += shown.encode_utf8(&mut buffer[at..]).len();
    }
    std::str::from_utf8(&buffer[..at]).unwrap_or_default()
}

/// The names of set flags, as in a flags summary.
struct FlagNames(u16);

impl std::fmt::Display for FlagNames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE", "Reserved"];
        let mut separator = "";
        for (bit, name) in names.iter().enumerate().filter(|(bit, _)| self.0 >> bit & 1 == 1) {
            let _ = bit;
            write!(f, "{separator}{name}")?;
            separator = ", ";
        }
        f.write_str(if separator.is_empty() { "<None>" } else { "" })
    }
}

pub(super) fn tcp<V: Erase + ?Sized>(packet: &Packet<'_>, layer: &Layer, out: &mut Out<'_, '_, V>) {
    let (source, destination) = packet.ports(layer).unwrap_or_default();
    let payload = packet.payload(layer);
    out.open_group(
        &tcp::HEADER,
        0,
        layer.header_len(),
        phrase![
            "Transmission Control Protocol, Src Port: ",
            source,
            ", Dst Port: ",
            destination,
            ", Len: ",
            payload.len()
        ],
    );
    ports(out, &tcp::SOURCE, &tcp::DESTINATION, &tcp::PORT);
    // What the length fields say, which a capture cut short does not change; of
    // a quotation they tell nothing that is there.
    let segment = layer.claimed_end.saturating_sub(layer.header_end);
    let words = u8_at(out.bytes, 12).map(|octet| u64::from(octet >> 4));
    if words.is_some() && !layer.quoted {
        out.derived(&tcp::SEGMENT_LENGTH, Value::Uint(u64::from(segment)));
    }
    out.field(&tcp::SEQUENCE);
    out.field(&tcp::ACKNOWLEDGMENT);
    if let Some(words) = words {
        let text = format_args!("{words:04b} .... = Header Length: {} bytes ({words})", words * 4);
        out.value_as(&tcp::HEADER_LENGTH, Value::Uint(words * 4), 12, 1, text);
    }
    let flags = u16_at(out.bytes, 12).unwrap_or_default() & 0xfff;
    let whole = out.open(&tcp::FLAGS, format_args!("Flags: 0x{flags:03x} ({})", FlagNames(flags)));
    out.fields(&[&tcp::RESERVED, &tcp::AE, &tcp::CWR, &tcp::ECE, &tcp::URG]);
    out.fields(&[&tcp::ACK, &tcp::PUSH, &tcp::RESET, &tcp::SYN, &tcp::FIN]);
    if whole {
        let mut letters = [0; 24];
        out.derived(&tcp::FLAGS_TEXT, Value::Text(flag_letters(flags, &mut letters)));
        out.close();
    }
    out.field(&tcp::WINDOW);
    if wants_checksum(out, [&tcp::CHECKSUM, &tcp::CALCULATED, &tcp::CHECKSUM_STATUS])
        && let Some(result) = packet.checksum(layer)
    {
        checksum(out, &tcp::CHECKSUM, Some(&tcp::CALCULATED), &tcp::CHECKSUM_STATUS, result);
    }
    out.field(&tcp::URGENT);
    tcp_options::options(&mut out.erased());
    if !payload.is_empty() {
        let unit = if payload.len() == 1 { "byte" } else { "bytes" };
        out.value_as(
            &tcp::PAYLOAD,
            Value::Bytes(payload),
            layer.header_len(),
            payload.len(),
            phrase!["TCP payload (", payload.len(), " ", unit, ")"],
        );
    }
}
