//! The packet in one line, telling the SRv6 truth: who sent it, which segment
//! is active, where it ends, how far it is, what it carries, and the worst
//! that is wrong with it.
//!
//! ```text
//! 1   0.000000 2001:db8::1 → 2001:db8::2  final 2001:db9::1  SL 1/2  UDP 51129 → 3000  118 bytes
//! ```

use crate::dissect::{Layer, Network, Packet, Usual};
use crate::show::row::{Room, Row};
use crate::show::time;
use crate::wire::bytes::{tail, u8_at};
use crate::wire::ipv6::Ipv6;
use crate::wire::proto::Proto;
use crate::wire::srh::Srh;
use crate::wire::{icmpv4, icmpv6, names};

/// Writes packets as lines, one after another.
#[derive(Debug, Clone)]
pub struct Lines {
    time: Option<time::Form>,
    /// None before the first packet: it is large, and there may be none.
    room: Option<Box<Room>>,
    spare: Vec<u8>,
}

impl Lines {
    /// Lines that tell the time in a form, or not at all.
    pub fn new(time: Option<time::Form>) -> Self {
        Self { time, room: None, spare: Vec::new() }
    }

    /// Appends the packet's line: number and time come first, so that lines of one
    /// capture align.
    pub fn packet(&mut self, out: &mut Vec<u8>, packet: &Packet<'_>) {
        self.gather(out, packet);
        self.rest(out);
    }

    /// As [`packet`](Self::packet), now or together with the lines that follow.
    pub fn gather(&mut self, out: &mut Vec<u8>, packet: &Packet<'_>) {
        let room = self.room.get_or_insert_default();
        if room.is_full() {
            room.empty(out);
        }
        let row = Row::new(room).right(packet.frame.number, 5).put(b" ");
        let row = match self.time {
            Some(form) => time::column(row, &mut self.spare, packet, form),
            None => row,
        };
        let row = match packet.usual() {
            Some(usual) => headers(row.put(b" "), packet.frame.data, usual),
            None => any_headers(row.put(b" "), packet),
        };
        let row = row.put(b"  ").decimal(u64::from(packet.frame.original_len)).put(b" bytes");
        worst(row, packet).put(b"\n").done();
    }

    /// Appends the lines that were gathered.
    pub fn rest(&mut self, out: &mut Vec<u8>) {
        if let Some(room) = &mut self.room {
            room.empty(out);
        }
    }
}

/// Appends one packet's line.
pub fn line(out: &mut Vec<u8>, packet: &Packet<'_>, time: Option<time::Form>) {
    Lines::new(time).packet(out, packet);
}

/// The headers of a usual packet.
#[inline(always)]
fn headers<'r>(row: Row<'r>, data: &[u8], usual: &Usual) -> Row<'r> {
    let mut row = network(row, data, usual.outer);
    if let Some(inner) = usual.inner {
        row = network(row.put(b"  IPv6 "), data, inner);
    }
    let row = row.put(if usual.is_tcp { b"  TCP " } else { b"  UDP " });
    match *tail(data, usual.upper as usize) {
        [a, b, c, d, ..] => {
            let [source, destination] = [[a, b], [c, d]].map(|port| u64::from(u16::from_be_bytes(port)));
            row.decimal(source).arrow().decimal(destination)
        }
        _ => row,
    }
}

/// An IPv6 header of such a packet, and its SRH if it has one.
#[inline(always)]
fn network<'r>(mut row: Row<'r>, data: &[u8], network: Network) -> Row<'r> {
    if let Some(header) = network.header(data) {
        row = addresses(row, header);
    }
    match network.srh(data).and_then(|srh| Srh::lax(srh).ok()) {
        Some(srh) => progress(row, &srh),
        None => row,
    }
}

/// The headers of any packet: of each IP header the addresses and segments, or what
/// a frame without IP is; and what the innermost layer says that it carries.
#[inline(never)]
fn any_headers<'r>(mut row: Row<'r>, packet: &Packet<'_>) -> Row<'r> {
    let (mut any, mut upper) = (false, None);
    for layer in packet.layers().iter().filter(|layer| !layer.quoted) {
        match layer.proto {
            Proto::Ipv4 | Proto::Ipv6 => {
                row = match layer.proto {
                    _ if !any => row,
                    Proto::Ipv6 => row.put(b"  IPv6 "),
                    _ => row.put(b"  IPv4 "),
                };
                row = any_addresses(row, packet, layer);
                any = true;
            }
            Proto::Srh => {
                if let Some(srh) = packet.srh(layer) {
                    row = progress(row, &srh);
                }
            }
            Proto::Udp | Proto::Tcp | Proto::Icmpv6 | Proto::Icmpv4 | Proto::Fragment => upper = Some(layer),
            _ => {}
        }
    }
    if !any {
        row = links(row, packet);
    }
    match upper {
        Some(upper) => message(row.put(b"  "), packet, upper),
        None => protocol_number(row, packet),
    }
}

/// Source and destination as they stand in the header: with an SRH, the
/// destination is the active segment.
#[inline(always)]
fn addresses<'r>(row: Row<'r>, header: Ipv6<'_>) -> Row<'r> {
    row.ipv6(header.source().octets()).arrow().ipv6(header.destination().octets())
}

/// The same of any IP header.
fn any_addresses<'r>(row: Row<'r>, packet: &Packet<'_>, network: &Layer) -> Row<'r> {
    match packet.addresses(network) {
        Some((source, destination)) => row.address(source).arrow().address(destination),
        None => row,
    }
}

/// Where an SRH ends, and how many of its segments are left.
#[inline(always)]
fn progress<'r>(mut row: Row<'r>, srh: &Srh<'_>) -> Row<'r> {
    if let Some(end) = srh.segment(0) {
        row = row.put(b"  final ").ipv6(end.octets());
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
fn message<'r>(row: Row<'r>, packet: &Packet<'_>, layer: &Layer) -> Row<'r> {
    match layer.proto {
        Proto::Udp | Proto::Tcp => ports(row, packet, layer),
        Proto::Fragment => row.put(b"IPv6 fragment"),
        _ => icmp(row, packet, layer),
    }
}

fn ports<'r>(row: Row<'r>, packet: &Packet<'_>, layer: &Layer) -> Row<'r> {
    let row = if layer.proto == Proto::Udp { row.put(b"UDP") } else { row.put(b"TCP") };
    match packet.ports(layer) {
        Some((source, destination)) => row.put(b" ").decimal(u64::from(source)).arrow().decimal(u64::from(destination)),
        None => row,
    }
}

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
    let mut row = any_addresses(row.put(b" about "), packet, network);
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

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::capture::Reader;
    use crate::capture::testdata::captures;
    use crate::dissect::{Dissection, Settings};

    #[test]
    fn usual_packets_have_the_lines_of_any() {
        let mut files = Vec::new();
        captures(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata"), &mut files);
        let mut usual = Dissection::new();
        // Something to know of a port stands in the way of taking a packet for usual.
        let settings = Settings { decode_as: vec![(9, Proto::Data)], ..Settings::default() };
        let mut general = Dissection::with(Arc::new(settings));
        let (mut lines, mut together, mut apart) = (Lines::new(Some(time::Form::Epoch)), Vec::new(), Vec::new());
        let mut count = 0;
        for file in files {
            // One of them ends within its own header.
            let Ok(mut reader) = Reader::open(&file) else { continue };
            while let Ok(Some(frame)) = reader.next_frame() {
                usual.refill(&frame);
                general.refill(&frame);
                let (packet, other) = (Packet::new(&frame, &usual), Packet::new(&frame, &general));
                count += u32::from(packet.usual().is_some() && other.usual().is_none());
                lines.gather(&mut together, &packet);
                line(&mut apart, &other, Some(time::Form::Epoch));
            }
        }
        lines.rest(&mut together);
        assert!(count > 20, "{count} usual packets");
        assert!(together == apart, "{}", String::from_utf8_lossy(&together));
    }
}
