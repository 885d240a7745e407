//! The usual packet, in a few looks: Ethernet, IPv6 with an SRH or without, the
//! same once more, and UDP or TCP with data, where every length fits exactly
//! and there is nothing to say but that the checksum is good.
//!
//! Most packets are like this, and take half the time so. Whatever looks
//! otherwise is left to [`walk`](super::walk) and [`diagnose`](super::diagnose),
//! which know all there is to know; what is said here of a packet is what they
//! would say, which the tests below and fuzzing hold it to.

use std::net::Ipv6Addr;

use super::checksum::{self, Sums};
use super::diagnose::srh::{glance, repetition};
use super::walk::tunnel;
use super::{Checksum, KnownChecksum, Layer, MAX_LAYERS, Packet, Settings, UsedDestination};
use crate::capture::Frame;
use crate::wire::bytes::u16_at;
use crate::wire::ethernet::{self, Ethernet};
use crate::wire::ipv6::{self, Ipv6};
use crate::wire::link_type::LinkType;
use crate::wire::names::{ether_type, ip_proto};
use crate::wire::proto::Proto;
use crate::wire::srh::{self, SEGMENT_LEN, Srh, flag};
use crate::wire::{tcp, udp};

/// IPv6 headers that a usual packet has at most: one around another.
const MAX_NETWORKS: usize = 2;

/// Notes the layers of a usual frame, and returns how many they are; `None`
/// where the frame is not usual, and `layers` then holds nothing of use.
pub(super) fn walk(layers: &mut [Layer; MAX_LAYERS], frame: &Frame<'_>, settings: &Settings) -> Option<u8> {
    let data = frame.data;
    let whole = frame.link == LinkType::ETHERNET && frame.original_len as usize == data.len();
    if !whole || !settings.decode_as.is_empty() || Ethernet::new(data).ok()?.type_or_length() != ether_type::IPV6 {
        return None;
    }
    let end = data.len() as u32;
    let mut count = 0;
    let mut network = Layer::NO_NETWORK;
    let mut note = |proto, network, start: usize, header_end: usize| {
        let (start, header_end) = (start as u32, header_end as u32);
        let layer = Layer { proto, quoted: false, network, start, header_end, end, claimed_end: end };
        *layers.get_mut(usize::from(count))? = layer;
        count += 1;
        Some(count)
    };
    let mut next = note(Proto::Ethernet, network, 0, ethernet::LEN)?;
    let (mut number, mut at) = (ip_proto::IPV6, ethernet::LEN);
    for _ in 0..MAX_NETWORKS {
        if number != ip_proto::IPV6 {
            break;
        }
        let header = Ipv6::new(data.get(at..)?).ok()?;
        let start = at;
        at += ipv6::LEN;
        let length = usize::from(header.payload_len());
        if header.version() != 6 || length == 0 || at + length != data.len() {
            return None;
        }
        network = next;
        next = note(Proto::Ipv6, network, start, at)?;
        number = header.next_header();
        if number == ip_proto::ROUTING {
            let [following, units, srh::ROUTING_TYPE, ..] = data.get(at..)? else { return None };
            let header_end = at + (usize::from(*units) + 1) * 8;
            if header_end > data.len() {
                return None;
            }
            next = note(Proto::Srh, network, at, header_end)?;
            (number, at) = (*following, header_end);
        }
    }
    let upper = data.get(at..)?;
    let (proto, len) = match number {
        ip_proto::UDP => {
            let [a, b, c, d, high, low, ..] = upper else { return None };
            let is_tunnel = |port: [u8; 2]| tunnel::port(u16::from_be_bytes(port)).is_some();
            let fits = usize::from(u16::from_be_bytes([*high, *low])) == upper.len();
            if !fits || is_tunnel([*a, *b]) || is_tunnel([*c, *d]) {
                return None;
            }
            (Proto::Udp, udp::LEN)
        }
        ip_proto::TCP => {
            let len = usize::from(upper.get(12)? >> 4) * 4;
            if len < tcp::MIN_LEN {
                return None;
            }
            (Proto::Tcp, len)
        }
        _ => return None,
    };
    if len > upper.len() {
        return None;
    }
    next = note(proto, network, at, at + len)?;
    if len < upper.len() {
        next = note(Proto::Data, network, at + len, data.len())?;
    }
    Some(next)
}

/// The good checksum of a usual packet of which there is nothing else to say;
/// `None` where there is, or may be.
pub(super) fn judge(packet: &Packet<'_>) -> Option<KnownChecksum> {
    let mut network: Option<Ipv6<'_>> = None;
    let mut last = None;
    for layer in packet.layers() {
        match layer.proto {
            Proto::Ipv6 => {
                let header = Ipv6::new(packet.header(layer)).ok()?;
                // With one hop left it depends on the segments.
                if header.hop_limit() <= 1 {
                    return None;
                }
                (network, last) = (Some(header), None);
            }
            Proto::Srh => last = final_destination(packet.header(layer), network?)?,
            Proto::Udp | Proto::Tcp => {
                let (field, protocol) = checksum::place(layer.proto)?;
                let (network, bytes) = (network?, packet.whole(layer));
                let stored = u16_at(bytes, field).filter(|stored| *stored != 0)?;
                let used = match last {
                    Some(last) => UsedDestination::Final(last),
                    None => UsedDestination::Header(network.destination().into()),
                };
                let sums = Sums::of(bytes, stored, network.source().into(), protocol);
                return sums.are_good(used).then_some((layer.start, Checksum::Good(used)));
            }
            _ => {}
        }
    }
    None
}

/// Where a usual SRH sends a packet in the end, if it has segments left: it is
/// a list of distinct unicast addresses that fills the header, and the active
/// one is the IPv6 destination.
fn final_destination(header: &[u8], network: Ipv6<'_>) -> Option<Option<Ipv6Addr>> {
    let srh = Srh::lax(header).ok()?;
    let (list, rest) = header.get(srh::FIXED_LEN..)?.as_chunks::<SEGMENT_LEN>();
    let fills = rest.is_empty() && list.len() == usize::from(srh.last_entry()) + 1;
    let left = usize::from(srh.segments_left());
    if !fills || srh.flags() & !flag::OAM != 0 || *list.get(left)? != network.destination().octets() {
        return None;
    }
    let (special, twice) = glance(list);
    if special || twice && repetition(list).is_some() {
        return None;
    }
    Some((left > 0).then(|| list[0].into()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::capture::Reader;
    use crate::capture::testdata::captures;
    use crate::dissect::{Dissection, Finding};
    use crate::wire::checksum::Sum;

    type Said = (Vec<Layer>, Vec<Finding>, Vec<KnownChecksum>);

    fn said(dissection: &Dissection) -> Said {
        let Dissection { findings, .. } = dissection;
        (dissection.layers().to_vec(), findings.list().to_vec(), findings.checksums.clone())
    }

    /// What is said of a frame without a look at whether it is usual.
    fn said_in_general(frame: &Frame<'_>) -> Said {
        let mut dissection = Dissection::new();
        crate::dissect::walk::walk(&mut dissection, frame);
        dissection.complete(frame);
        said(&dissection)
    }

    /// Compares what is said of a frame; returns whether its layers are usual, and
    /// whether all of it is.
    fn compare(bytes: &[u8], missing: u32) -> (bool, bool) {
        let mut frame = Frame::new(LinkType::ETHERNET, bytes);
        frame.original_len += missing;
        let dissection = Dissection::of(&frame);
        assert_eq!(said(&dissection), said_in_general(&frame), "{}", hex::encode(bytes));
        let packet = Packet::unjudged(&frame, dissection.settings(), dissection.layers());
        (dissection.is_usual, dissection.is_usual && judge(&packet).is_some())
    }

    #[test]
    fn a_usual_packet_is_no_other_one() {
        let mut files = Vec::new();
        captures(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata"), &mut files);
        let (mut usual, mut good) = (0, 0);
        for file in files {
            // One of them ends within its own header.
            let Ok(mut reader) = Reader::open(&file) else { continue };
            while let Ok(Some(frame)) = reader.next_frame() {
                let mut bytes = frame.data.to_vec();
                let (is_usual, is_good) = compare(&bytes, 0);
                (usual, good) = (usual + u32::from(is_usual), good + u32::from(is_good));
                compare(&bytes, 1);
                for at in 0..bytes.len() {
                    let original = bytes[at];
                    compare(&bytes[..at], 0);
                    for other in [0, 41, 43, original ^ 1, original ^ 0x80] {
                        bytes[at] = other;
                        compare(&bytes, 0);
                    }
                    bytes[at] = original;
                }
            }
        }
        assert!(good > 20 && usual > good, "{usual} of them have usual layers, {good} are usual");
    }

    /// An upper layer with a good checksum, in IPv6 with a list of segments or none.
    fn packet(list: &[[u8; 16]], left: u8, tcp: bool, payload: &[u8]) -> Vec<u8> {
        let source = [0x20; 16];
        let (number, mut upper, at) = match tcp {
            true => (ip_proto::TCP, vec![0, 80, 0xc0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10, 0, 99, 0, 0, 0, 0], 16),
            false => (ip_proto::UDP, vec![0xc0, 0, 0xc0, 1, 0, 0, 0, 0], 6),
        };
        upper.extend(payload);
        if !tcp {
            let length = upper.len() as u16;
            upper[4..6].copy_from_slice(&length.to_be_bytes());
        }
        let last = list.first().unwrap_or(&source);
        let sum = Sum::default().pseudo_header(&source, last, upper.len() as u32, number).bytes(&upper);
        let checksum = if tcp { sum.checksum() } else { sum.udp_checksum() };
        upper[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
        if list.is_empty() {
            return network(number, source, source, &upper);
        }
        let mut routed = vec![number, list.len() as u8 * 2, 4, left, list.len() as u8 - 1, 0, 0, 9];
        routed.extend(list.concat());
        routed.extend(upper);
        network(ip_proto::ROUTING, source, list[usize::from(left)], &routed)
    }

    fn network(number: u8, source: [u8; 16], destination: [u8; 16], payload: &[u8]) -> Vec<u8> {
        let [high, low] = (payload.len() as u16).to_be_bytes();
        [&[0x60, 0, 0, 0, high, low, number, 64][..], &source, &destination, payload].concat()
    }

    proptest! {
        #[test]
        fn usual_packets_are_recognised(
            hops in prop::collection::vec(any::<[u8; 15]>(), 0..6),
            left in any::<prop::sample::Index>(),
            outer in any::<bool>(),
            tcp in any::<bool>(),
            payload in prop::collection::vec(any::<u8>(), 0..90),
            changed in any::<prop::sample::Index>(),
            to in any::<u8>(),
        ) {
            let list: Vec<[u8; 16]> = hops.iter().map(|hop| std::array::from_fn(|i| if i == 0 { 0xfc } else { hop[i - 1] })).collect();
            let left = if list.is_empty() { 0 } else { left.index(list.len()) as u8 };
            // Where nothing is left, the destination is the last segment, too.
            let mut bytes = packet(&list, left, tcp, &payload);
            if outer {
                bytes = network(ip_proto::IPV6, [0x30; 16], [0x31; 16], &bytes);
            }
            bytes = [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd][..], &bytes].concat();
            prop_assert_eq!(compare(&bytes, 0), (true, true));
            let at = changed.index(bytes.len());
            bytes[at] = to;
            compare(&bytes, 0);
        }
    }
}
