//! IP, and the headers between it and the upper layer.

use crate::dissect::diagnosis::Diagnosis;
use crate::dissect::walk::Walk;
use crate::wire::bytes::{tail, u8_at, u16_at, u32_at};
use crate::wire::ipv4::{self, Ipv4};
use crate::wire::ipv6::{self, Ipv6};
use crate::wire::names::ip_proto;
use crate::wire::proto::Proto;
use crate::wire::{ah, esp, fragment, options, srh};

/// What a header says that comes next: a protocol number, and where; `None` where
/// the walk ends with it.
type Next = Option<(u8, usize)>;

impl Walk<'_, '_> {
    /// IP of the version that the first nibble says.
    pub(super) fn ip(&mut self, at: usize) {
        match self.rest(at).first().map(|first| first >> 4) {
            Some(4) => self.ipv4(at),
            Some(6) => self.ipv6(at),
            _ => self.data(at),
        }
    }

    pub(super) fn ipv4(&mut self, at: usize) {
        let next = self.ipv4_header(at);
        self.follow(next);
    }

    pub(super) fn ipv6(&mut self, at: usize) {
        let next = self.ipv6_header(at);
        self.follow(next);
    }

    fn ipv4_header(&mut self, at: usize) -> Next {
        if !self.fits(Proto::Ipv4, at, ipv4::MIN_LEN) {
            return None;
        }
        let header = Ipv4::new(self.rest(at)).ok()?;
        if header.version() != 4 {
            self.wrong_version(at, header.version(), 4);
            return None;
        }
        let len = header.claimed_len();
        // Zero is what a capture of a frame still to be segmented says.
        if header.total_len() != 0 {
            self.narrow(at, at + usize::from(header.total_len()).max(ipv4::MIN_LEN));
        }
        self.header(Proto::Ipv4, at, len.max(ipv4::MIN_LEN));
        if len < ipv4::MIN_LEN {
            self.find(Diagnosis::BadHeaderLength, at, 1, len as u64, ipv4::MIN_LEN as u64);
            self.data(at + ipv4::MIN_LEN);
        } else if len > self.rest(at).len() {
            self.cut(at, len);
        } else if header.fragment_offset() != 0 {
            self.data(at + len);
        } else {
            return Some((header.protocol(), at + len));
        }
        None
    }

    #[inline(always)]
    fn ipv6_header(&mut self, at: usize) -> Next {
        if !self.fits(Proto::Ipv6, at, ipv6::LEN) {
            return None;
        }
        let header = Ipv6::new(self.rest(at)).ok()?;
        if header.version() != 6 {
            self.wrong_version(at, header.version(), 6);
            return None;
        }
        let next = at + ipv6::LEN;
        match usize::from(header.payload_len()) {
            // A jumbogram (RFC 2675), or a frame still to be segmented.
            0 if header.next_header() != ip_proto::NONE => {
                if let Some(length) = self.jumbo_length(header.next_header(), next) {
                    self.narrow(at, next.saturating_add(length));
                }
            }
            length => self.narrow(at, next + length),
        }
        self.header(Proto::Ipv6, at, ipv6::LEN);
        Some((header.next_header(), next))
    }

    /// What says it is IP and has another version's number is neither.
    fn wrong_version(&mut self, at: usize, version: u8, expected: u64) {
        self.data(at);
        self.find(Diagnosis::BadVersion, at, 1, u64::from(version), expected);
    }

    /// The payload length of a jumbogram whose first extension header is at `at`.
    fn jumbo_length(&self, next_header: u8, at: usize) -> Option<usize> {
        const JUMBO: u8 = 0xc2;
        if next_header != ip_proto::HOP_BY_HOP {
            return None;
        }
        let header = self.rest(at);
        let len = (usize::from(u8_at(header, 1)?) + 1) * 8;
        let mut found = options::walk(header.get(2..len)?);
        let length = found.find(|option| option.kind == JUMBO).and_then(|option| u32_at(option.value, 0))?;
        usize::try_from(length).ok()
    }

    /// Walks on, header after header. In a loop, since most packets are little
    /// else than headers that announce the next one in this way.
    fn follow(&mut self, mut next: Next) {
        while let Some((number, at)) = next {
            next = match number {
                ip_proto::HOP_BY_HOP => self.extension(Proto::HopByHop, at),
                ip_proto::DESTINATION => self.extension(Proto::Destination, at),
                ip_proto::MOBILITY => self.extension(Proto::Mobility, at),
                ip_proto::ROUTING => match u8_at(self.rest(at), 2) {
                    Some(srh::ROUTING_TYPE) if self.rest(at).len() >= srh::FIXED_LEN => self.extension(Proto::Srh, at),
                    _ => self.extension(Proto::Routing, at),
                },
                ip_proto::FRAGMENT => self.fragment(at),
                ip_proto::AH => self.authentication(at),
                ip_proto::IPV4 => self.ipv4_header(at),
                ip_proto::IPV6 => self.ipv6_header(at),
                _ => return self.upper(number, at),
            };
        }
    }

    /// What is no header of a chain.
    fn upper(&mut self, number: u8, at: usize) {
        match number {
            ip_proto::UDP => self.udp(at),
            ip_proto::TCP => self.tcp(at),
            ip_proto::ICMPV6 => self.icmpv6(at),
            ip_proto::ICMP => self.icmpv4(at),
            ip_proto::ESP => self.encrypted(at),
            ip_proto::ETHERNET => self.ethernet(at),
            ip_proto::GRE => self.gre(at),
            ip_proto::MPLS => self.mpls(at),
            _ => self.data(at),
        }
    }

    /// An extension header of the usual form: Next Header, and a length in
    /// units of 8 bytes beyond the first 8.
    #[inline]
    fn extension(&mut self, proto: Proto, at: usize) -> Next {
        if !self.fits(proto, at, 8) {
            return None;
        }
        let rest = self.rest(at);
        let (next_header, units) = (rest[0], rest[1]);
        let len = (usize::from(units) + 1) * 8;
        self.header(proto, at, len);
        if len > rest.len() {
            self.cut(at, len);
            return None;
        }
        Some((next_header, at + len))
    }

    fn authentication(&mut self, at: usize) -> Next {
        if !self.fits(Proto::Ah, at, ah::FIXED_LEN) {
            return None;
        }
        let rest = self.rest(at);
        let len = ah::claimed_len(rest).unwrap_or(ah::FIXED_LEN).max(ah::FIXED_LEN);
        let next_header = rest[0];
        self.header(Proto::Ah, at, len);
        if len > rest.len() {
            self.cut(at, len);
            return None;
        }
        Some((next_header, at + len))
    }

    pub(super) fn encrypted(&mut self, at: usize) {
        if self.fits(Proto::Esp, at, esp::LEN) {
            self.header(Proto::Esp, at, self.rest(at).len());
        }
    }

    fn fragment(&mut self, at: usize) -> Next {
        if !self.fits(Proto::Fragment, at, fragment::LEN) {
            return None;
        }
        self.header(Proto::Fragment, at, fragment::LEN);
        let first = u16_at(self.rest(at), 2).is_some_and(|field| field >> 3 == 0);
        let next_header = u8_at(self.rest(at), 0).unwrap_or(ip_proto::NONE);
        if !first {
            self.data(at + fragment::LEN);
            return None;
        }
        Some((next_header, at + fragment::LEN))
    }

    /// Whether a header being walked is in the first of several fragments, so
    /// that its lengths are the whole datagram's.
    pub(super) fn first_fragment(&self) -> bool {
        let layers = self.dissection.layers();
        let fragmented = |l: &crate::dissect::Layer| match l.proto {
            Proto::Fragment => u16_at(self.data, l.start as usize + 2).is_some_and(|field| field & 1 == 1),
            Proto::Ipv4 => Ipv4::new(tail(self.data, l.start as usize)).is_ok_and(|header| header.is_fragment()),
            _ => false,
        };
        layers.get(usize::from(self.network)..).unwrap_or_default().iter().any(fragmented)
    }
}
