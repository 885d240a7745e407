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
use super::{Checksum, KnownChecksum, Layer, MAX_LAYERS, Settings, UsedDestination};
use crate::capture::Frame;
use crate::wire::bytes::u16_at;
use crate::wire::ethernet::{self, Ethernet};
use crate::wire::ipv6::{self, Ipv6};
use crate::wire::link_type::LinkType;
use crate::wire::names::{ether_type, ip_proto};
use crate::wire::proto::Proto;
use crate::wire::srh::{self, SEGMENT_LEN, flag};
use crate::wire::{tcp, udp};

/// Where the headers of a usual packet lie in its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usual {
    /// What the Ethernet header carries.
    pub outer: Network,
    /// What that carries, if it is no upper layer.
    pub inner: Option<Network>,
    /// Whether the upper layer is TCP; otherwise it is UDP.
    pub is_tcp: bool,
    /// The first byte of the upper layer's header.
    pub upper: u32,
    /// The first byte of its data.
    payload: u32,
}

/// An IPv6 header, with an SRH or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    /// Its first byte.
    at: u32,
    /// The first byte of the SRH; that of what follows where there is none.
    srh: u32,
    /// The first byte of what follows.
    end: u32,
}

impl Network {
    /// The header that is at `at` in the frame, which it is in to the end, and the
    /// protocol number of what follows.
    #[inline(always)]
    fn new(data: &[u8], at: usize) -> Option<(Self, u8)> {
        let header = Ipv6::new(data.get(at..)?).ok()?;
        let srh = at + ipv6::LEN;
        let length = usize::from(header.payload_len());
        if header.version() != 6 || length == 0 || srh + length != data.len() {
            return None;
        }
        let (mut number, mut end) = (header.next_header(), srh);
        if number == ip_proto::ROUTING {
            let [following, units, srh::ROUTING_TYPE, ..] = data.get(srh..)? else { return None };
            (number, end) = (*following, srh + (usize::from(*units) + 1) * 8);
            if end > data.len() {
                return None;
            }
        }
        Some((Self { at: at as u32, srh: srh as u32, end: end as u32 }, number))
    }

    /// The IPv6 header.
    #[inline(always)]
    pub fn header<'a>(&self, data: &'a [u8]) -> Option<Ipv6<'a>> {
        Ipv6::new(data.get(self.at as usize..)?).ok()
    }

    /// The bytes of the SRH, if there is one.
    #[inline(always)]
    pub fn srh<'a>(&self, data: &'a [u8]) -> Option<&'a [u8]> {
        if self.srh < self.end { data.get(self.srh as usize..self.end as usize) } else { None }
    }
}

impl Usual {
    /// Where the headers of a frame lie; `None` where it is not usual.
    #[inline(always)]
    pub(super) fn of(frame: &Frame<'_>, settings: &Settings) -> Option<Self> {
        let data = frame.data;
        let whole = frame.link == LinkType::ETHERNET && frame.original_len as usize == data.len();
        if !whole || !settings.decode_as.is_empty() || Ethernet::new(data).ok()?.type_or_length() != ether_type::IPV6 {
            return None;
        }
        let (outer, mut number) = Network::new(data, ethernet::LEN)?;
        let (mut inner, mut at) = (None, outer.end as usize);
        if number == ip_proto::IPV6 {
            let (network, following) = Network::new(data, at)?;
            (inner, number, at) = (Some(network), following, network.end as usize);
        }
        let upper = data.get(at..)?;
        let len = match number {
            ip_proto::UDP => {
                let [a, b, c, d, high, low, ..] = upper else { return None };
                let is_tunnel = |port: [u8; 2]| tunnel::port(u16::from_be_bytes(port)).is_some();
                let fits = usize::from(u16::from_be_bytes([*high, *low])) == upper.len();
                if !fits || is_tunnel([*a, *b]) || is_tunnel([*c, *d]) {
                    return None;
                }
                udp::LEN
            }
            ip_proto::TCP => usize::from(upper.get(12)? >> 4) * 4,
            _ => return None,
        };
        let is_tcp = number == ip_proto::TCP;
        if len > upper.len() || is_tcp && len < tcp::MIN_LEN {
            return None;
        }
        Some(Self { outer, inner, is_tcp, upper: at as u32, payload: (at + len) as u32 })
    }

    /// Notes the layers of a frame of `end` bytes, and returns how many they are.
    #[inline(always)]
    pub(super) fn note(&self, layers: &mut [Layer; MAX_LAYERS], end: u32) -> usize {
        let mut list = Noted { layers, count: 0, end };
        list.add(Proto::Ethernet, Layer::NO_NETWORK, 0, self.outer.at);
        let mut network = list.network(self.outer);
        if let Some(inner) = self.inner {
            network = list.network(inner);
        }
        list.add(if self.is_tcp { Proto::Tcp } else { Proto::Udp }, network, self.upper, self.payload);
        if self.payload < end {
            list.add(Proto::Data, network, self.payload, end);
        }
        list.count
    }

    /// The good checksum of the packet, if there is nothing else to say of it;
    /// `None` where there is, or may be.
    pub(super) fn judge(&self, data: &[u8]) -> Option<KnownChecksum> {
        let mut way = Way::of(data, self.outer)?;
        if let Some(inner) = self.inner {
            way = Way::of(data, inner)?;
        }
        let (field, protocol) = checksum::place(if self.is_tcp { Proto::Tcp } else { Proto::Udp })?;
        let bytes = data.get(self.upper as usize..)?;
        let stored = u16_at(bytes, field).filter(|stored| *stored != 0)?;
        let Way { header, to, is_final } = way;
        if !Sums::of(bytes, stored, header.source().into(), protocol).are_good_for(to.into()) {
            return None;
        }
        let used = if is_final { UsedDestination::Final(to) } else { UsedDestination::Header(to.into()) };
        Some((self.upper, Checksum::Good(used)))
    }
}

/// Layers that reach to the end of the frame.
struct Noted<'l> {
    layers: &'l mut [Layer; MAX_LAYERS],
    count: usize,
    end: u32,
}

impl Noted<'_> {
    /// Adds a layer of an IP header.
    #[inline(always)]
    fn add(&mut self, proto: Proto, network: u8, start: u32, header_end: u32) {
        let Self { layers, count, end } = self;
        if let Some(place) = layers.get_mut(*count) {
            *place = Layer { proto, quoted: false, network, start, header_end, end: *end, claimed_end: *end };
            *count += 1;
        }
    }

    /// Adds an IPv6 header and its SRH, and returns its place.
    #[inline(always)]
    fn network(&mut self, network: Network) -> u8 {
        let place = self.count as u8;
        self.add(Proto::Ipv6, place, network.at, network.srh);
        if network.srh < network.end {
            self.add(Proto::Srh, place, network.srh, network.end);
        }
        place
    }
}

/// Where an IPv6 header of which there is nothing to say sends a packet.
struct Way<'a> {
    header: Ipv6<'a>,
    /// In the end.
    to: Ipv6Addr,
    /// Whether the destination in the header is another one.
    is_final: bool,
}

impl<'a> Way<'a> {
    #[inline(always)]
    fn of(data: &'a [u8], network: Network) -> Option<Self> {
        let header = network.header(data)?;
        // With one hop left it depends on the segments.
        if header.hop_limit() <= 1 {
            return None;
        }
        let (to, is_final) = match network.srh(data) {
            Some(srh) => final_destination(srh, header)?,
            None => (header.destination(), false),
        };
        Some(Self { header, to, is_final })
    }
}

/// Where a usual SRH sends a packet in the end, and whether it has segments left:
/// it is a list of distinct unicast addresses that fills the header, and the active
/// one is the IPv6 destination. With none left that is the last one, so that there
/// is no need to look.
#[inline(always)]
fn final_destination(header: &[u8], network: Ipv6<'_>) -> Option<(Ipv6Addr, bool)> {
    let (fixed, list) = header.split_first_chunk::<{ srh::FIXED_LEN }>()?;
    let (list, rest) = list.as_chunks::<SEGMENT_LEN>();
    let [_, _, _, left, last_entry, flags, ..] = *fixed;
    let fills = rest.is_empty() && list.len() == usize::from(last_entry) + 1;
    if !fills || flags & !flag::OAM != 0 || *list.get(usize::from(left))? != network.destination().octets() {
        return None;
    }
    let (special, twice) = glance(list);
    if special || twice && repetition(list).is_some() {
        return None;
    }
    Some(((*list.first()?).into(), left > 0))
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
        let usual = dissection.usual;
        (usual.is_some(), usual.is_some_and(|usual| usual.judge(bytes).is_some()))
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
