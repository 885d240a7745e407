//! The packet in one line, telling the SRv6 truth: who sent it, which segment
//! is active, where it ends, how far it is, what it carries, and the worst
//! that is wrong with it.
//!
//! ```text
//! 1   0.000000 2001:db8::1 → 2001:db8::2  final 2001:db9::1  SL 1/2  UDP 51129 → 3000  118 bytes
//! ```

use crate::dissect::{Layer, Packet};
use crate::show::row::{ROOM, Row};
use crate::show::time;
use crate::wire::bytes::u8_at;
use crate::wire::icmpv6;
use crate::wire::proto::Proto;
use crate::wire::{icmpv4, names};

/// Writes packets as lines, one after another.
#[derive(Debug, Clone)]
pub struct Lines {
    time: Option<time::Form>,
    room: Box<[u8; ROOM]>,
    spare: Vec<u8>,
}

impl Lines {
    /// Lines that tell the time in a form, or not at all.
    pub fn new(time: Option<time::Form>) -> Self {
        Self { time, room: Box::new([0; ROOM]), spare: Vec::new() }
    }

    /// Appends the packet's line: number and time come first, so that lines of one
    /// capture align.
    pub fn packet(&mut self, out: &mut Vec<u8>, packet: &Packet<'_>) {
        let row = Row::new(&mut self.room).right(packet.frame.number, 5).put(b" ");
        let row = match self.time {
            Some(form) => time::column(row, &mut self.spare, packet, form),
            None => row,
        };
        let (row, upper) = networks(row.put(b" "), packet);
        let row = match upper {
            Some(upper) => message(row.put(b"  "), packet, upper),
            None => protocol_number(row, packet),
        };
        let row = row.put(b"  ").decimal(u64::from(packet.frame.original_len)).put(b" bytes");
        out.extend_from_slice(worst(row, packet).put(b"\n").text());
    }
}

/// Appends one packet's line.
pub fn line(out: &mut Vec<u8>, packet: &Packet<'_>, time: Option<time::Form>) {
    Lines::new(time).packet(out, packet);
}

/// The IP headers and their segments, or what a frame without IP is; and the
/// innermost layer that says what it carries.
#[inline(always)]
fn networks<'r, 'a>(mut row: Row<'r>, packet: &Packet<'a>) -> (Row<'r>, Option<&'a Layer>) {
    let (mut any, mut upper) = (false, None);
    for layer in packet.layers().iter().filter(|layer| !layer.quoted) {
        match layer.proto {
            Proto::Ipv4 | Proto::Ipv6 => {
                row = match layer.proto {
                    _ if !any => row,
                    Proto::Ipv6 => row.put(b"  IPv6 "),
                    _ => row.put(b"  IPv4 "),
                };
                row = addresses(row, packet, layer);
                any = true;
            }
            Proto::Srh => row = progress(row, packet, layer),
            Proto::Udp | Proto::Tcp | Proto::Icmpv6 | Proto::Icmpv4 | Proto::Fragment => upper = Some(layer),
            _ => {}
        }
    }
    (if any { row } else { links(row, packet) }, upper)
}

/// Source and destination as they stand in the header: with an SRH, the
/// destination is the active segment.
#[inline(always)]
fn addresses<'r>(row: Row<'r>, packet: &Packet<'_>, network: &Layer) -> Row<'r> {
    match packet.addresses(network) {
        Some((source, destination)) => row.address(source).arrow().address(destination),
        None => row,
    }
}

/// Where an SRH ends, and how many of its segments are left.
#[inline(always)]
fn progress<'r>(mut row: Row<'r>, packet: &Packet<'_>, layer: &Layer) -> Row<'r> {
    let Some(srh) = packet.srh(layer) else { return row };
    if let Some(end) = srh.segment(0) {
        row = row.put(b"  final ").address(end.into());
    }
    let (left, count) = (u64::from(srh.segments_left()), u64::from(srh.last_entry()) + 1);
    row.put(b"  SL ").decimal(left).put(b"/").decimal(count)
}

/// What a frame without IP is, by its innermost named layer.
#[cold]
fn links<'r>(row: Row<'r>, packet: &Packet<'_>) -> Row<'r> {
    let named = packet.layers().iter().rfind(|l| !matches!(l.proto, Proto::Data | Proto::Trailer));
    row.bytes(named.map_or("Data", |l| l.proto.info().title).as_bytes())
}

/// The upper layer: protocol and ports, or message.
#[inline(always)]
fn message<'r>(row: Row<'r>, packet: &Packet<'_>, layer: &Layer) -> Row<'r> {
    match layer.proto {
        Proto::Udp | Proto::Tcp => ports(row, packet, layer),
        Proto::Fragment => row.put(b"IPv6 fragment"),
        _ => icmp(row, packet, layer),
    }
}

#[inline(always)]
fn ports<'r>(row: Row<'r>, packet: &Packet<'_>, layer: &Layer) -> Row<'r> {
    let row = if layer.proto == Proto::Udp { row.put(b"UDP") } else { row.put(b"TCP") };
    match packet.ports(layer) {
        Some((source, destination)) => row.put(b" ").decimal(u64::from(source)).arrow().decimal(u64::from(destination)),
        None => row,
    }
}

#[inline(never)]
fn icmp<'r>(row: Row<'r>, packet: &Packet<'_>, layer: &Layer) -> Row<'r> {
    let at = |at| u8_at(packet.header(layer), at).unwrap_or_default();
    let (kind, code) = (at(0), at(1));
    let (row, name, meaning) = if layer.proto == Proto::Icmpv6 {
        (row.put(b"ICMPv6 "), icmpv6::type_name(u64::from(kind)), icmpv6::code_name(kind, code))
    } else {
        (row.put(b"ICMP "), icmpv4::type_name(u64::from(kind)), None)
    };
    let row = match name {
        Some(name) => row.bytes(name.as_bytes()),
        None => row.put(b"type ").decimal(u64::from(kind)),
    };
    let row = match meaning {
        Some(meaning) => row.put(b" (").bytes(meaning.as_bytes()).put(b")"),
        None if code != 0 => row.put(b" code ").decimal(u64::from(code)),
        None => row,
    };
    quoted(row, packet)
}

/// What an error is about.
fn quoted<'r>(row: Row<'r>, packet: &Packet<'_>) -> Row<'r> {
    let layers = || packet.layers().iter().filter(|l| l.quoted);
    let Some(network) = layers().find(|l| matches!(l.proto, Proto::Ipv4 | Proto::Ipv6)) else { return row };
    let mut row = addresses(row.put(b" about "), packet, network);
    for srh in layers().filter_map(|l| packet.srh(l)) {
        row = row.put(b" SL ").decimal(u64::from(srh.segments_left()));
    }
    match layers().find(|l| matches!(l.proto, Proto::Udp | Proto::Tcp)) {
        Some(layer) => ports(row.put(b" "), packet, layer),
        None => row,
    }
}

/// The protocol number that the last IP or extension header announces, where
/// nothing below knows it.
#[inline(never)]
fn protocol_number<'r>(row: Row<'r>, packet: &Packet<'_>) -> Row<'r> {
    let is_header = |l: &&Layer| !l.quoted && (l.proto.info().inside || matches!(l.proto, Proto::Ipv4 | Proto::Ipv6));
    let Some(last) = packet.layers().iter().rfind(is_header) else { return row };
    let at = match last.proto {
        Proto::Ipv4 => 9,
        Proto::Ipv6 => 6,
        _ => 0,
    };
    let Some(number) = u8_at(packet.header(last), at).map(u64::from) else { return row };
    match names::ip_proto(number) {
        Some(name) => row.put(b"  ").bytes(name.as_bytes()),
        None => row.put(b"  protocol ").decimal(number),
    }
}

/// The worst that was found.
#[inline(always)]
fn worst<'r>(row: Row<'r>, packet: &Packet<'_>) -> Row<'r> {
    match packet.findings().iter().max_by_key(|finding| finding.what.severity()) {
        Some(worst) => {
            let row = row.put(b"  [").bytes(worst.what.severity().name().as_bytes());
            row.put(b": ").bytes(worst.what.id().as_bytes()).put(b"]")
        }
        None => row,
    }
}
