//! The fields of Hop-by-Hop and Destination Options.

use crate::dissect::Layer;
use crate::dissect::visit::Out;
use crate::wire::bytes::{array_at, tail, u8_at, u16_at, u32_at};
use crate::wire::field::{Field, Value};
use crate::wire::ioam;
use crate::wire::options::{self, Opt, kind, option};
use crate::wire::proto::Proto;

pub(super) fn options(layer: &Layer, out: &mut Out<'_, '_>) {
    let (next, length, octets) = if layer.proto == Proto::HopByHop {
        out.open_group(&options::HBH_HEADER, 0, out.bytes.len(), options::HOP_BY_HOP.title);
        (&options::HBH_NEXT_HEADER, &options::HBH_LENGTH, &options::HBH_OCTETS)
    } else {
        out.open_group(&options::DST_HEADER, 0, out.bytes.len(), options::DESTINATION.title);
        (&options::destination::NEXT_HEADER, &options::destination::LENGTH, &options::destination::OCTETS)
    };
    out.fields(&[next, length]);
    let claimed = (u64::from(u8_at(out.bytes, 1).unwrap_or_default()) + 1) * 8;
    out.derived_as(octets, Value::Uint(claimed), format_args!("Length: {claimed} bytes"));
    for found in options::walk(tail(out.bytes, 2)) {
        one_option(out, &found);
    }
}

fn one_option(out: &mut Out<'_, '_>, found: &Opt<'_>) {
    let at = found.offset + 2;
    let len = 1 + usize::from(found.length.is_some()) + found.value.len();
    match options::option_name(u64::from(found.kind)) {
        Some(name) => out.open_group(&option::OPTION, at, len, format_args!("{name}")),
        None => {
            out.open_group(&option::OPTION, at, len, format_args!("Unknown IPv6 Option ({})", found.kind));
        }
    }
    let mut inner = out.over(tail(out.bytes, at), at);
    // As in Wireshark, Pad1's type is not taken apart.
    if inner.open_plain(&option::TYPE) {
        if found.kind != kind::PAD1 {
            inner.fields(&[&option::ACTION, &option::CHANGE, &option::REST]);
        }
        inner.close();
    }
    if found.kind == kind::PAD1 {
        inner.value_as(&option::PAD1, Value::None, 0, 1, format_args!("Pad1"));
    }
    if found.length.is_some() {
        inner.field(&option::LENGTH);
        value(&mut inner, found);
    }
    inner.close();
}

/// What an option says, as far as it is there.
fn value(out: &mut Out<'_, '_>, found: &Opt<'_>) {
    let bytes = found.value;
    let mut used = 0;
    let mut number = |out: &mut Out<'_, '_>, field: &'static Field, at: usize, len: usize| {
        let number = match len {
            1 => u8_at(bytes, at).map(u64::from),
            2 => u16_at(bytes, at).map(u64::from),
            _ => u32_at(bytes, at).map(u64::from),
        };
        if let Some(number) = number {
            out.value(field, Value::Uint(number), 2 + at, len);
            used = at + len;
        }
    };
    match found.kind {
        kind::PADN => return out.value(&option::PADN, Value::Bytes(bytes), 2, bytes.len()),
        kind::ROUTER_ALERT => number(out, &option::ROUTER_ALERT, 0, 2),
        kind::TUNNEL_LIMIT => number(out, &option::TUNNEL_LIMIT, 0, 1),
        kind::JUMBO => number(out, &option::JUMBO, 0, 4),
        kind::HOME_ADDRESS => {
            if let Some(octets) = array_at(bytes, 0) {
                out.value(&option::HOME_ADDRESS, Value::Ipv6(octets), 2, 16);
                used = 16;
            }
        }
        kind::PATH_MTU => {
            number(out, &option::PATH_MTU_MIN, 0, 2);
            // The lowest bit says that the sender wants the number returned.
            if let Some(returned) = u16_at(bytes, 2) {
                out.value(&option::PATH_MTU_RETURN, Value::Uint(u64::from(returned & 0xfffe)), 4, 2);
                out.value(&option::PATH_MTU_FLAG, Value::Bool(returned & 1 == 1), 5, 1);
                used = 4;
            }
        }
        kind::PDM => {
            number(out, &option::PDM_SCALE_RECEIVED, 0, 1);
            number(out, &option::PDM_SCALE_SENT, 1, 1);
            number(out, &option::PDM_THIS, 2, 2);
            number(out, &option::PDM_LAST, 4, 2);
            number(out, &option::PDM_DELTA_RECEIVED, 6, 2);
            number(out, &option::PDM_DELTA_SENT, 8, 2);
        }
        kind::RPL => {
            if out.open_plain(&option::RPL_FLAG) {
                out.fields(&[&option::RPL_DOWN, &option::RPL_RANK_ERROR, &option::RPL_FORWARDING_ERROR]);
                out.field(&option::RPL_RESERVED);
                out.close();
            }
            number(out, &option::RPL_INSTANCE, 1, 1);
            number(out, &option::RPL_RANK, 2, 2);
        }
        kind::IOAM => return ioam(out, bytes),
        // Wireshark does not know the other option number of IOAM, nor Path Tracing.
        kind::IOAM_UNCHANGED => {
            ioam_own(out, bytes);
            return out.hidden(&option::UNKNOWN, Value::Bytes(bytes), 2, bytes.len());
        }
        kind::PATH_TRACING => {
            path_tracing(out, bytes);
            return out.hidden(&option::UNKNOWN, Value::Bytes(bytes), 2, bytes.len());
        }
        kind::EXPERIMENTAL => return out.value(&option::EXPERIMENTAL, Value::Bytes(bytes), 2, bytes.len()),
        kind::ILNP_NONCE => return out.value(&option::ILNP_NONCE, Value::Bytes(bytes), 2, bytes.len()),
        // Options that Wireshark takes apart and sr6 does not.
        kind::CALIPSO | kind::SMF_DPD | kind::QUICK_START | kind::MPL | kind::DFF | kind::LINE_ID => {
            return out.value(&option::CONTENT, Value::Bytes(bytes), 2, bytes.len());
        }
        _ => return out.value(&option::UNKNOWN, Value::Bytes(bytes), 2, bytes.len()),
    }
    rest(out, bytes, used, 2);
}

/// What an option has beyond its format: what is left of `bytes`, which start
/// `base` bytes into it, after the first `used`.
fn rest(out: &mut Out<'_, '_>, bytes: &[u8], used: usize, base: usize) {
    let rest = tail(bytes, used);
    if !rest.is_empty() {
        out.value(&option::UNKNOWN_DATA, Value::Bytes(rest), base + used, rest.len());
    }
}

/// The midpoint compressed data of Path Tracing: three bytes per hop, the
/// newest first; zeros where no hop has written yet.
fn path_tracing(out: &mut Out<'_, '_>, bytes: &[u8]) {
    let (hops, _) = bytes.as_chunks::<3>();
    for (index, &[a, b, time]) in hops.iter().enumerate().filter(|(_, hop)| **hop != [0; 3]) {
        let at = 2 + index * 3;
        let (interface, load) = (u16::from_be_bytes([a, b]) >> 4, b & 15);
        let text = format_args!("Hop {}: interface {interface}, load {load}, time 0x{time:02x}", index + 1);
        out.open_group(&option::PATH_TRACING_HOP, at, 3, text);
        out.value(&option::PATH_TRACING_INTERFACE, Value::Uint(u64::from(interface)), at, 2);
        out.value(&option::PATH_TRACING_LOAD, Value::Uint(u64::from(load)), at + 1, 1);
        out.value(&option::PATH_TRACING_TIME, Value::Uint(u64::from(time)), at + 2, 1);
        out.close();
    }
}

/// IOAM in the option that hops may change: the traces.
fn ioam(out: &mut Out<'_, '_>, bytes: &[u8]) {
    let number = |at| Value::Uint(u64::from(u8_at(bytes, at).unwrap_or_default()));
    if bytes.len() < ioam::HEADER_LEN {
        return rest(out, bytes, 0, 2);
    }
    out.value(&ioam::RESERVED, number(0), 2, 1);
    out.value(&ioam::TYPE, number(1), 3, 1);
    match bytes[1] {
        ioam::PREALLOCATED | ioam::INCREMENTAL if bytes.len() >= ioam::HEADER_LEN + ioam::TRACE_LEN => {
            trace(out, tail(bytes, ioam::HEADER_LEN), bytes[1]);
        }
        _ => rest(out, bytes, ioam::HEADER_LEN, 2),
    }
}

/// IOAM in the option that hops leave alone, under sr6's names.
fn ioam_own(out: &mut Out<'_, '_>, bytes: &[u8]) {
    if let Some(kind) = u8_at(bytes, 1) {
        out.value(&ioam::OWN_TYPE, Value::Uint(u64::from(kind)), 3, 1);
    }
    if let Some(namespace) = u16_at(bytes, 2) {
        out.value(&ioam::OWN_NAMESPACE, Value::Uint(u64::from(namespace)), 4, 2);
    }
}

fn trace(out: &mut Out<'_, '_>, bytes: &[u8], kind: u8) {
    let Some(view) = ioam::Trace::new(bytes) else { return };
    let base = 2 + ioam::HEADER_LEN;
    let mut inner = out.over(tail(out.bytes, base), base);
    inner.fields(&[&ioam::NAMESPACE, &ioam::NODE_LENGTH]);
    if inner.open_plain(&ioam::FLAGS) {
        inner.fields(&[&ioam::FLAG_OVERFLOW, &ioam::FLAG_LOOPBACK, &ioam::FLAG_ACTIVE, &ioam::FLAG_RESERVED]);
        inner.close();
    }
    inner.field(&ioam::REMAINING);
    if inner.open_plain(&ioam::TRACE_TYPE) {
        inner.fields(ioam::TRACE_TYPE_BITS);
        inner.close();
    }
    inner.field(&ioam::TRACE_RESERVED);
    let data = tail(bytes, ioam::TRACE_LEN);
    let free = if kind == ioam::PREALLOCATED { view.remaining() } else { 0 };
    if free > data.len() || !view.is_consistent() {
        return rest(out, bytes, ioam::TRACE_LEN, base);
    }
    let (free, written) = data.split_at(free);
    if !free.is_empty() {
        inner.value(&ioam::FREE_SPACE, Value::Bytes(free), ioam::TRACE_LEN, free.len());
    }
    let start = ioam::TRACE_LEN + free.len();
    let mut end = 0;
    for (index, node) in view.nodes(written).enumerate() {
        one_node(&mut inner, view, tail(written, node.offset), &node, start + node.offset, index + 1);
        end = node.offset + node.len;
    }
    rest(out, bytes, start + end, base);
}

fn one_node(out: &mut Out<'_, '_>, trace: ioam::Trace, bytes: &[u8], node: &ioam::Node<'_>, at: usize, ordinal: usize) {
    out.open_group(&ioam::NODE, at, node.len, format_args!("Node {ordinal}"));
    for part in trace.parts() {
        let read = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        let raw = bytes.get(part.offset..part.offset + part.len).unwrap_or_default();
        out.value(part.field, Value::Uint(raw.iter().fold(0, read)), at + part.offset, part.len);
    }
    if let Some((schema, length, data)) = node.snapshot {
        let at = at + node.len - 4 - data.len();
        out.value(&ioam::SNAPSHOT_LENGTH, Value::Uint(u64::from(length)), at, 1);
        out.value(&ioam::SNAPSHOT_SCHEMA, Value::Uint(u64::from(schema)), at + 1, 3);
        out.value(&ioam::SNAPSHOT_DATA, Value::Bytes(data), at + 4, data.len());
    }
    out.close();
}
