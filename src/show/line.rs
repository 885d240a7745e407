//! The packet in one line, telling the SRv6 truth: who sent it, which segment
//! is active, where it ends, how far it is, what it carries, and the worst
//! that is wrong with it.
//!
//! ```text
//! 1   0.000000 2001:db8::1 → 2001:db8::2  final 2001:db9::1  SL 1/2  UDP 51129 → 3000  118 bytes
//! ```

use std::net::IpAddr;

use crate::dissect::{Layer, Packet};
use crate::show::text;
use crate::wire::bytes::u8_at;
use crate::wire::icmpv6;
use crate::wire::proto::Proto;
use crate::wire::{icmpv4, names};

/// Appends the packet's line, after a time that the caller has written: number
/// and time come first, so that lines of one capture align.
pub fn line(out: &mut Vec<u8>, packet: &Packet<'_>, time: impl FnOnce(&mut Vec<u8>)) {
    right(out, packet.frame.number, 5);
    out.push(b' ');
    time(out);
    out.push(b' ');
    let mut networks = packet.layers().iter().filter(|l| matches!(l.proto, Proto::Ipv4 | Proto::Ipv6) && !l.quoted);
    match networks.next() {
        Some(network) => {
            addresses(out, packet, network);
            progress(out, packet, network);
            for inner in networks {
                out.extend_from_slice(if inner.proto == Proto::Ipv6 { b"  IPv6 " } else { b"  IPv4 " });
                addresses(out, packet, inner);
                progress(out, packet, inner);
            }
        }
        None => links(out, packet),
    }
    upper(out, packet);
    out.extend_from_slice(b"  ");
    text::decimal(out, u64::from(packet.frame.original_len));
    out.extend_from_slice(b" bytes");
    if let Some(worst) = packet.findings().iter().max_by_key(|finding| finding.what.severity()) {
        out.extend_from_slice(b"  [");
        out.extend_from_slice(worst.what.severity().name().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(worst.what.id().as_bytes());
        out.push(b']');
    }
    out.push(b'\n');
}

/// Appends a number, right-aligned in `width` columns.
pub fn right(out: &mut Vec<u8>, number: u64, width: usize) {
    let digits = number.checked_ilog10().unwrap_or(0) as usize + 1;
    out.extend(std::iter::repeat_n(b' ', width.saturating_sub(digits)));
    text::decimal(out, number);
}

fn address(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(v4) => text::ipv4(out, v4.octets()),
        IpAddr::V6(v6) => text::ipv6(out, v6.octets()),
    }
}

fn arrow(out: &mut Vec<u8>) {
    out.extend_from_slice(" → ".as_bytes());
}

/// Source and destination as they stand in the header: with an SRH, the
/// destination is the active segment.
fn addresses(out: &mut Vec<u8>, packet: &Packet<'_>, network: &Layer) {
    if let Some((source, destination)) = packet.addresses(network) {
        address(out, source);
        arrow(out);
        address(out, destination);
    }
}

/// Where each SRH of an IPv6 header ends, and how many of its segments are left.
fn progress(out: &mut Vec<u8>, packet: &Packet<'_>, network: &Layer) {
    let own = |l: &&Layer| l.proto == Proto::Srh && !l.quoted && l.network == network.network;
    for srh in packet.layers().iter().filter(own).filter_map(|l| packet.srh(l)) {
        if let Some(end) = srh.segment(0) {
            out.extend_from_slice(b"  final ");
            text::ipv6(out, end.octets());
        }
        out.extend_from_slice(b"  SL ");
        text::decimal(out, u64::from(srh.segments_left()));
        out.push(b'/');
        text::decimal(out, u64::from(srh.last_entry()) + 1);
    }
}

/// What a frame without IP is, by its innermost named layer.
fn links(out: &mut Vec<u8>, packet: &Packet<'_>) {
    let named = packet.layers().iter().rfind(|l| !matches!(l.proto, Proto::Data | Proto::Trailer));
    out.extend_from_slice(named.map_or("Data", |l| l.proto.info().title).as_bytes());
}

/// The upper layer: protocol and ports, or message.
fn upper(out: &mut Vec<u8>, packet: &Packet<'_>) {
    let Some(last) = packet.layers().iter().rfind(|l| {
        !l.quoted && matches!(l.proto, Proto::Udp | Proto::Tcp | Proto::Icmpv6 | Proto::Icmpv4 | Proto::Fragment)
    }) else {
        return protocol_number(out, packet);
    };
    out.extend_from_slice(b"  ");
    let header = packet.header(last);
    match last.proto {
        Proto::Icmpv6 => {
            let (kind, code) = (u8_at(header, 0).unwrap_or_default(), u8_at(header, 1).unwrap_or_default());
            message(out, "ICMPv6", kind, code, icmpv6::type_name(u64::from(kind)), icmpv6::code_name(kind, code));
            quoted(out, packet);
        }
        Proto::Icmpv4 => {
            let (kind, code) = (u8_at(header, 0).unwrap_or_default(), u8_at(header, 1).unwrap_or_default());
            message(out, "ICMP", kind, code, icmpv4::type_name(u64::from(kind)), None);
            quoted(out, packet);
        }
        Proto::Fragment => out.extend_from_slice(b"IPv6 fragment"),
        _ => ports(out, packet, last),
    }
}

fn ports(out: &mut Vec<u8>, packet: &Packet<'_>, layer: &Layer) {
    out.extend_from_slice(layer.proto.info().short.as_bytes());
    if let Some((source, destination)) = packet.ports(layer) {
        out.push(b' ');
        text::decimal(out, u64::from(source));
        arrow(out);
        text::decimal(out, u64::from(destination));
    }
}

fn message(out: &mut Vec<u8>, proto: &str, kind: u8, code: u8, name: Option<&str>, meaning: Option<&str>) {
    out.extend_from_slice(proto.as_bytes());
    out.push(b' ');
    match name {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => {
            out.extend_from_slice(b"type ");
            text::decimal(out, u64::from(kind));
        }
    }
    match meaning {
        Some(meaning) => {
            out.extend_from_slice(b" (");
            out.extend_from_slice(meaning.as_bytes());
            out.push(b')');
        }
        None if code != 0 => {
            out.extend_from_slice(b" code ");
            text::decimal(out, u64::from(code));
        }
        None => {}
    }
}

/// What an error is about.
fn quoted(out: &mut Vec<u8>, packet: &Packet<'_>) {
    let layers = || packet.layers().iter().filter(|l| l.quoted);
    if let Some(network) = layers().find(|l| matches!(l.proto, Proto::Ipv4 | Proto::Ipv6)) {
        out.extend_from_slice(b" about ");
        addresses(out, packet, network);
        for srh in layers().filter_map(|l| packet.srh(l)) {
            out.extend_from_slice(b" SL ");
            text::decimal(out, u64::from(srh.segments_left()));
        }
        if let Some(layer) = layers().find(|l| matches!(l.proto, Proto::Udp | Proto::Tcp)) {
            out.push(b' ');
            ports(out, packet, layer);
        }
    }
}

/// The protocol number that the last IP or extension header announces, where
/// nothing below knows it.
fn protocol_number(out: &mut Vec<u8>, packet: &Packet<'_>) {
    let is_header = |l: &&Layer| !l.quoted && (l.proto.info().inside || matches!(l.proto, Proto::Ipv4 | Proto::Ipv6));
    let Some(last) = packet.layers().iter().rfind(is_header) else { return };
    let at = match last.proto {
        Proto::Ipv4 => 9,
        Proto::Ipv6 => 6,
        _ => 0,
    };
    let Some(number) = u8_at(packet.header(last), at) else { return };
    out.extend_from_slice(b"  ");
    match names::ip_proto(u64::from(number)) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => {
            out.extend_from_slice(b"protocol ");
            text::decimal(out, u64::from(number));
        }
    }
}
