//! What the headers say that does not fit together.

pub(super) mod srh;

use crate::dissect::diagnosis::{Diagnosis, Finding};
use crate::dissect::{Checksum, Findings, Layer, Packet};
use crate::wire::bytes::{tail, u8_at, u16_at};
use crate::wire::ipv6::Ipv6;
use crate::wire::names::ip_proto;
use crate::wire::options;
use crate::wire::proto::Proto;

/// The most findings that one layer can have.
const PER_LAYER: usize = 16;

/// Where the findings about one layer go.
struct Report<'f> {
    layer: u8,
    start: u32,
    /// How many more the layer may have.
    left: usize,
    findings: &'f mut Findings,
}

impl Report<'_> {
    /// Notes something about `len` bytes from `offset` on, counted from the
    /// layer's first.
    fn add(&mut self, what: Diagnosis, offset: usize, len: usize, a: u64, b: u64) {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            let (layer, start) = (self.layer, self.start + offset as u32);
            self.findings.add(Finding { what, layer, start, len: len as u32, a, b });
        }
    }
}

/// Adds the findings about headers that were walked. Not inlined, so that what
/// usual packets need instead stays small.
#[inline(never)]
pub(super) fn diagnose(packet: &Packet<'_>, findings: &mut Findings) {
    for (index, layer) in (0..).zip(packet.layers()) {
        let report = &mut Report { layer: index, start: layer.start, left: PER_LAYER, findings };
        match layer.proto {
            Proto::Srh => srh::diagnose(packet, layer, report),
            Proto::Ipv6 => ipv6(packet, index, layer, report),
            Proto::Data => no_next_header(packet, index, layer, report),
            Proto::Udp => checksum(packet, layer, 6, report),
            Proto::Tcp => checksum(packet, layer, 16, report),
            Proto::Icmpv6 | Proto::Icmpv4 => checksum(packet, layer, 2, report),
            Proto::Ipv4 => checksum(packet, layer, 10, report),
            Proto::Trailer => trailing(packet, layer, report),
            _ => {}
        }
    }
}

fn ipv6(packet: &Packet<'_>, index: u8, layer: &Layer, report: &mut Report<'_>) {
    let Ok(header) = Ipv6::new(packet.header(layer)) else { return };
    // In a quotation it is what the error was about.
    if header.hop_limit() == 0 && !layer.quoted {
        report.add(Diagnosis::HopLimitZero, 7, 1, 0, 0);
    }
    let next = packet.layers().get(usize::from(index) + 1);
    if header.payload_len() == 0
        && header.next_header() != ip_proto::NONE
        && !next.is_some_and(|next| next.proto == Proto::HopByHop && has_jumbo(packet.header(next)))
        && let following @ 1.. = layer.end - layer.header_end
    {
        report.add(Diagnosis::NoPayloadLength, 4, 2, u64::from(following), 0);
    }
}

/// Whether a Hop-by-Hop Options header has a Jumbo Payload option (RFC 2675 §2).
fn has_jumbo(header: &[u8]) -> bool {
    options::walk(tail(header, 2)).any(|option| option.kind == options::kind::JUMBO)
}

/// Bytes after a header that says that there are none.
fn no_next_header(packet: &Packet<'_>, index: u8, layer: &Layer, report: &mut Report<'_>) {
    let Some(before) = index.checked_sub(1).and_then(|before| packet.layers().get(usize::from(before))) else { return };
    let at = match before.proto {
        Proto::Ipv6 => 6,
        proto if proto.info().inside => 0,
        _ => return,
    };
    if u8_at(packet.header(before), at) == Some(ip_proto::NONE) {
        report.add(Diagnosis::NoNextHeader, 0, layer.header_len(), layer.header_len() as u64, 0);
    }
}

/// Bytes between the end of a packet and the end of the one it is in. Frames
/// are padded, so that behind them it means nothing.
fn trailing(packet: &Packet<'_>, layer: &Layer, report: &mut Report<'_>) {
    let framed = |l: &Layer| l.proto == Proto::Ethernet && l.network == layer.network;
    if layer.network != Layer::NO_NETWORK && !layer.quoted && !packet.layers().iter().any(framed) {
        report.add(Diagnosis::TrailingBytes, 0, layer.header_len(), layer.header_len() as u64, 0);
    }
}

/// Whether a UDP packet is of a protocol that may go without a checksum over
/// IPv6 (RFC 6935; RFC 8762 §4.2.2 for STAMP).
fn may_be_zero(packet: &Packet<'_>, layer: &Layer) -> bool {
    // STAMP, GTP-U, LISP, VXLAN, Geneve, MPLS-in-UDP, VXLAN as Linux had it first.
    const PORTS: [u16; 7] = [862, 2152, 4341, 4789, 6081, 6635, 8472];
    packet.ports(layer).is_some_and(|(from, to)| PORTS.contains(&from) || PORTS.contains(&to))
}

fn checksum(packet: &Packet<'_>, layer: &Layer, offset: usize, report: &mut Report<'_>) {
    let stored = u64::from(u16_at(packet.header(layer), offset).unwrap_or_default());
    let result = packet.checksum(layer);
    report.findings.checksums.extend(result.map(|result| (layer.start, result)));
    match result {
        Some(Checksum::Bad { expected, .. }) => {
            let header = layer.proto == Proto::Ipv4;
            let what = if header { Diagnosis::HeaderChecksumBad } else { Diagnosis::ChecksumBad };
            report.add(what, offset, 2, stored, u64::from(expected));
        }
        Some(Checksum::Illegal) if !may_be_zero(packet, layer) => report.add(Diagnosis::ChecksumZero, offset, 2, 0, 0),
        _ => {}
    }
}
