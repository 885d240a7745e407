//! The walk: from the link header inwards, noting where each header lies.
//!
//! Lengths narrow the walk as it goes in: an IPv6 Payload Length that ends
//! before the frame does leaves a tail, which becomes a layer of its own once
//! the walk is over, so that no byte is lost. A length that claims more than
//! there is never widens it.

use crate::capture::Frame;
use crate::dissect::diagnosis::{Diagnosis, Finding};
use crate::dissect::{Dissection, Layer, MAX_LAYERS};
use crate::wire::bytes::{tail, u8_at, u16_at};
use crate::wire::cooked::Cooked;
use crate::wire::ethernet::{self, Ethernet};
use crate::wire::ipv4::{self, Ipv4};
use crate::wire::ipv6::{self, Ipv6};
use crate::wire::link_type::LinkType;
use crate::wire::names::{ether_type, ip_proto};
use crate::wire::proto::Proto;
use crate::wire::{fragment, icmpv4, icmpv6, loopback, srh, tcp, udp, vlan};

/// The most lengths that may narrow one walk.
const MAX_TAILS: usize = 16;

/// Headers noted before the walk stops going in: the rest of the list is for
/// the data and the tails.
const MAX_HEADERS: usize = MAX_LAYERS - MAX_TAILS - 1;

/// Dissects `frame` into `dissection`, which is empty.
pub(super) fn walk(dissection: &mut Dissection, frame: &Frame<'_>) {
    let captured = frame.data.len();
    let original = (frame.original_len as usize).max(captured);
    let mut walk = Walk {
        dissection,
        data: frame.data,
        end: captured,
        claimed_end: original,
        network: Layer::NO_NETWORK,
        quoted: false,
        tails: [(0, Layer::NO_NETWORK); MAX_TAILS],
        tail_count: 0,
    };
    if original > captured {
        walk.find(Diagnosis::SnapLen, captured, 0, original as u64, captured as u64);
    }
    walk.link(frame.link);
    walk.tails();
}

struct Walk<'w, 'a> {
    dissection: &'w mut Dissection,
    data: &'a [u8],
    /// Where the bytes of the packet being walked end.
    end: usize,
    /// Where its length fields claim that they end.
    claimed_end: usize,
    /// The IP layer being walked.
    network: u8,
    quoted: bool,
    /// Ends that were narrowed, outermost first, with the IP layer they belong to.
    tails: [(usize, u8); MAX_TAILS],
    tail_count: usize,
}

impl<'a> Walk<'_, 'a> {
    /// The bytes from `at` to the end of the packet being walked.
    fn rest(&self, at: usize) -> &'a [u8] {
        self.data.get(at..self.end).unwrap_or_default()
    }

    fn find(&mut self, what: Diagnosis, start: usize, len: usize, a: u64, b: u64) {
        let layer = self.dissection.layer_count.saturating_sub(1);
        self.dissection.report(Finding { what, layer, start: start as u32, len: len as u32, a, b });
    }

    /// Notes a header of `len` bytes, or of what is left of them.
    fn header(&mut self, proto: Proto, at: usize, len: usize) {
        let next = self.dissection.layer_count;
        if matches!(proto, Proto::Ipv4 | Proto::Ipv6) {
            self.network = next;
        }
        self.dissection.push(Layer {
            proto,
            quoted: self.quoted,
            network: self.network,
            start: at as u32,
            header_end: (at + len).min(self.end) as u32,
            end: self.end as u32,
            claimed_end: self.claimed_end as u32,
        });
    }

    /// Notes the rest as data, if there is any.
    fn data(&mut self, at: usize) {
        if at < self.end {
            self.header(Proto::Data, at, self.end - at);
        }
    }

    /// Whether a header of `needed` bytes fits at `at`, with room to note it.
    /// If not, the rest is noted as data, and what is wrong with it.
    fn fits(&mut self, at: usize, needed: usize) -> bool {
        let available = self.rest(at).len();
        if usize::from(self.dissection.layer_count) >= MAX_HEADERS || self.tail_count >= MAX_TAILS {
            self.data(at);
            self.find(Diagnosis::TooDeep, at, available, 0, 0);
            return false;
        }
        if available < needed {
            self.data(at);
            self.cut(at, needed);
            return false;
        }
        true
    }

    /// Reports that a header of `needed` bytes ends early, unless the capture
    /// is to blame or the packet is a quotation, where that is usual.
    fn cut(&mut self, at: usize, needed: usize) {
        let available = self.rest(at).len();
        if !self.quoted && at + needed > self.claimed_end {
            self.find(Diagnosis::HeaderCut, at, available, needed as u64, available as u64);
        }
    }

    /// Takes a length field's word for where the packet ends, as far as the
    /// bytes go. Call it before noting the header that has the field.
    fn narrow(&mut self, at: usize, claimed_end: usize) {
        if claimed_end > self.claimed_end {
            if !self.quoted {
                let available = self.claimed_end.saturating_sub(at);
                self.find(Diagnosis::LengthOverrun, at, 0, (claimed_end - at) as u64, available as u64);
            }
        } else if claimed_end < self.end {
            if let Some(place) = self.tails.get_mut(self.tail_count) {
                *place = (self.end, self.network);
                self.tail_count += 1;
            }
            self.end = claimed_end;
        }
        self.claimed_end = claimed_end;
    }

    /// Notes what the narrowed lengths left over, innermost first.
    fn tails(&mut self) {
        while let Some(&(end, network)) = self.tail_count.checked_sub(1).and_then(|last| self.tails.get(last)) {
            self.tail_count -= 1;
            let start = self.end;
            (self.end, self.claimed_end, self.network) = (end, end, network);
            if start < end {
                self.header(Proto::Trailer, start, end - start);
            }
        }
    }

    fn link(&mut self, link: LinkType) {
        match link {
            LinkType::ETHERNET => self.ethernet(0),
            LinkType::LINUX_SLL => self.cooked(Cooked::v1(self.data)),
            LinkType::LINUX_SLL2 => self.cooked(Cooked::v2(self.data)),
            LinkType::NULL | LinkType::LOOP => self.loopback(),
            LinkType::IPV4 => self.ipv4(0),
            LinkType::IPV6 => self.ipv6(0),
            LinkType::RAW | LinkType(12) | LinkType(14) => self.ip(0),
            LinkType(other) => {
                self.data(0);
                self.find(Diagnosis::UnknownLinkType, 0, 0, u64::from(other), 0);
            }
        }
    }

    fn ethernet(&mut self, at: usize) {
        if !self.fits(at, ethernet::LEN) {
            return;
        }
        let Ok(header) = Ethernet::new(self.rest(at)) else { return };
        let field = header.type_or_length();
        let next = at + ethernet::LEN;
        if field <= ethernet::MAX_LENGTH_FIELD {
            self.narrow(at, next + usize::from(field));
            self.header(Proto::Ethernet, at, ethernet::LEN);
            self.data(next);
        } else {
            self.header(Proto::Ethernet, at, ethernet::LEN);
            self.ether_type(field, next);
        }
    }

    fn ether_type(&mut self, number: u16, at: usize) {
        match number {
            ether_type::IPV6 => self.ipv6(at),
            ether_type::IPV4 => self.ipv4(at),
            ether_type::VLAN | ether_type::SERVICE_VLAN | ether_type::OLD_SERVICE_VLAN => {
                if self.fits(at, vlan::LEN) {
                    self.header(Proto::Vlan, at, vlan::LEN);
                    self.ether_type(u16_at(self.data, at + 2).unwrap_or_default(), at + vlan::LEN);
                }
            }
            ether_type::ARP => self.header(Proto::Arp, at, self.rest(at).len()),
            _ => self.data(at),
        }
    }

    fn cooked(&mut self, header: Option<Cooked<'a>>) {
        let Some(header) = header else {
            self.data(0);
            self.cut(0, crate::wire::cooked::V1_LEN);
            return;
        };
        let len = if header.version == 1 { crate::wire::cooked::V1_LEN } else { crate::wire::cooked::V2_LEN };
        self.header(Proto::Cooked, 0, len);
        self.ether_type(header.protocol(), len);
    }

    fn loopback(&mut self) {
        if !self.fits(0, loopback::LEN) {
            return;
        }
        let family = crate::wire::bytes::array_at(self.data, 0).map(loopback::read_family).unwrap_or_default();
        self.header(Proto::Loopback, 0, loopback::LEN);
        match loopback::family(u64::from(family)) {
            Some("IP") => self.ipv4(loopback::LEN),
            Some(_) => self.ipv6(loopback::LEN),
            None => self.data(loopback::LEN),
        }
    }

    /// IP of the version that the first nibble says.
    fn ip(&mut self, at: usize) {
        match self.rest(at).first().map(|first| first >> 4) {
            Some(4) => self.ipv4(at),
            Some(6) => self.ipv6(at),
            _ => self.data(at),
        }
    }

    fn ipv4(&mut self, at: usize) {
        if !self.fits(at, ipv4::MIN_LEN) {
            return;
        }
        let Ok(header) = Ipv4::new(self.rest(at)) else { return };
        let len = header.claimed_len();
        // Zero is what a capture of a frame still to be segmented says.
        if header.total_len() != 0 {
            self.narrow(at, at + usize::from(header.total_len()).max(ipv4::MIN_LEN));
        }
        self.header(Proto::Ipv4, at, len.max(ipv4::MIN_LEN));
        if header.version() != 4 {
            self.find(Diagnosis::BadVersion, at, 1, u64::from(header.version()), 4);
        }
        if len < ipv4::MIN_LEN {
            self.find(Diagnosis::BadHeaderLength, at, 1, len as u64, ipv4::MIN_LEN as u64);
            self.data(at + ipv4::MIN_LEN);
        } else if len > self.rest(at).len() {
            self.cut(at, len);
        } else if header.fragment_offset() != 0 {
            self.data(at + len);
        } else {
            self.ip_proto(header.protocol(), at + len);
        }
    }

    fn ipv6(&mut self, at: usize) {
        if !self.fits(at, ipv6::LEN) {
            return;
        }
        let Ok(header) = Ipv6::new(self.rest(at)) else { return };
        let next = at + ipv6::LEN;
        // Zero with something after it is a jumbogram, or a frame still to be
        // segmented.
        if header.payload_len() != 0 || header.next_header() == ip_proto::NONE {
            self.narrow(at, next + usize::from(header.payload_len()));
        }
        self.header(Proto::Ipv6, at, ipv6::LEN);
        if header.version() != 6 {
            self.find(Diagnosis::BadVersion, at, 1, u64::from(header.version()), 6);
        }
        self.ip_proto(header.next_header(), next);
    }

    fn ip_proto(&mut self, number: u8, at: usize) {
        match number {
            ip_proto::HOP_BY_HOP => self.extension(Proto::HopByHop, at),
            ip_proto::DESTINATION => self.extension(Proto::Destination, at),
            ip_proto::ROUTING => match u8_at(self.rest(at), 2) {
                Some(srh::ROUTING_TYPE) if self.rest(at).len() >= srh::FIXED_LEN => self.extension(Proto::Srh, at),
                _ => self.extension(Proto::Routing, at),
            },
            ip_proto::FRAGMENT => self.fragment(at),
            ip_proto::IPV4 => self.ipv4(at),
            ip_proto::IPV6 => self.ipv6(at),
            ip_proto::ETHERNET => self.ethernet(at),
            ip_proto::UDP => self.udp(at),
            ip_proto::TCP => self.tcp(at),
            ip_proto::ICMPV6 => self.icmpv6(at),
            ip_proto::ICMP => self.icmpv4(at),
            _ => self.data(at),
        }
    }

    /// An extension header of the usual form: Next Header, and a length in
    /// units of 8 bytes beyond the first 8.
    fn extension(&mut self, proto: Proto, at: usize) {
        if !self.fits(at, 8) {
            return;
        }
        let rest = self.rest(at);
        let (next_header, units) = (rest[0], rest[1]);
        let len = (usize::from(units) + 1) * 8;
        self.header(proto, at, len);
        if len > rest.len() {
            self.cut(at, len);
        } else {
            self.ip_proto(next_header, at + len);
        }
    }

    fn fragment(&mut self, at: usize) {
        if !self.fits(at, fragment::LEN) {
            return;
        }
        self.header(Proto::Fragment, at, fragment::LEN);
        let first = u16_at(self.rest(at), 2).is_some_and(|field| field >> 3 == 0);
        let next_header = u8_at(self.rest(at), 0).unwrap_or(ip_proto::NONE);
        if first { self.ip_proto(next_header, at + fragment::LEN) } else { self.data(at + fragment::LEN) }
    }

    fn udp(&mut self, at: usize) {
        if !self.fits(at, udp::LEN) {
            return;
        }
        let len = usize::from(u16_at(self.rest(at), 4).unwrap_or_default());
        // A length below the header's own is no length; zero is a jumbogram's.
        if len >= udp::LEN && !self.first_fragment() {
            self.narrow(at, at + len);
        }
        self.header(Proto::Udp, at, udp::LEN);
        self.data(at + udp::LEN);
    }

    fn tcp(&mut self, at: usize) {
        if !self.fits(at, tcp::MIN_LEN) {
            return;
        }
        let len = usize::from(u8_at(self.rest(at), 12).unwrap_or_default() >> 4) * 4;
        self.header(Proto::Tcp, at, len.max(tcp::MIN_LEN));
        if len < tcp::MIN_LEN {
            self.find(Diagnosis::BadHeaderLength, at + 12, 1, len as u64, tcp::MIN_LEN as u64);
            self.data(at + tcp::MIN_LEN);
        } else if len > self.rest(at).len() {
            self.cut(at, len);
        } else {
            self.data(at + len);
        }
    }

    fn icmpv6(&mut self, at: usize) {
        use icmpv6::message;
        if !self.fits(at, 4) {
            return;
        }
        let kind = self.rest(at)[0];
        match kind {
            // Errors quote the packet they are about (RFC 4443 §3).
            message::UNREACHABLE..=message::PARAMETER_PROBLEM => {
                self.header(Proto::Icmpv6, at, icmpv6::LEN);
                self.quotation(at + icmpv6::LEN);
            }
            message::ECHO_REQUEST | message::ECHO_REPLY => {
                self.header(Proto::Icmpv6, at, icmpv6::LEN);
                self.data(at + icmpv6::LEN);
            }
            _ => self.header(Proto::Icmpv6, at, self.rest(at).len()),
        }
    }

    fn icmpv4(&mut self, at: usize) {
        if !self.fits(at, icmpv4::LEN) {
            return;
        }
        self.header(Proto::Icmpv4, at, icmpv4::LEN);
        match self.rest(at)[0] {
            3 | 4 | 5 | 11 | 12 => self.quotation(at + icmpv4::LEN),
            _ => self.data(at + icmpv4::LEN),
        }
    }

    /// The start of a packet, as an ICMP error quotes it.
    fn quotation(&mut self, at: usize) {
        if self.quoted || tail(self.data, at).is_empty() {
            // An error about an error is never sent; its quotation is data.
            self.data(at);
            return;
        }
        self.quoted = true;
        self.ip(at);
    }

    /// Whether a header being walked is in the first of several fragments, so
    /// that its lengths are the whole datagram's.
    fn first_fragment(&self) -> bool {
        self.dissection.layers().iter().rev().take_while(|l| !matches!(l.proto, Proto::Ipv4 | Proto::Ipv6)).any(|l| {
            l.proto == Proto::Fragment && u16_at(self.data, l.start as usize + 2).is_some_and(|field| field & 1 == 1)
        }) || self
            .dissection
            .layers()
            .last()
            .filter(|l| l.proto == Proto::Ipv4)
            .and_then(|l| Ipv4::new(tail(self.data, l.start as usize)).ok())
            .is_some_and(|header| header.is_fragment())
    }
}
