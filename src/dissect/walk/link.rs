//! Link layers: frames, tags, and what stands in for them.

use crate::dissect::diagnosis::Diagnosis;
use crate::dissect::walk::Walk;
use crate::wire::bytes::{array_at, u16_at};
use crate::wire::cooked::{self, Cooked};
use crate::wire::ethernet::{self, Ethernet};
use crate::wire::link_type::LinkType;
use crate::wire::names::ether_type;
use crate::wire::ppp::{self, Ppp};
use crate::wire::proto::Proto;
use crate::wire::{arp, chdlc, llc, loopback, pppoe, vlan};

impl<'a> Walk<'_, 'a> {
    pub(super) fn link(&mut self, link: LinkType) {
        match link {
            LinkType::ETHERNET => self.ethernet(0),
            LinkType::LINUX_SLL => self.cooked(Cooked::v1(self.data), cooked::V1_LEN),
            LinkType::LINUX_SLL2 => self.cooked(Cooked::v2(self.data), cooked::V2_LEN),
            LinkType::NULL | LinkType::LOOP => self.loopback(link == LinkType::LOOP),
            LinkType::PPP => self.ppp(0),
            // The first octet tells PPP's framing from Cisco's.
            LinkType::PPP_HDLC if self.data.first() == Some(&0xff) => self.ppp(0),
            LinkType::PPP_HDLC | LinkType::C_HDLC => self.cisco_hdlc(0),
            LinkType::PPP_ETHER => self.pppoe(0),
            LinkType::IPV4 => self.ipv4(0),
            LinkType::IPV6 => self.ipv6(0),
            LinkType::RAW | LinkType(12) | LinkType(14) => self.ip(0),
            LinkType(other) => {
                self.data(0);
                self.find(Diagnosis::UnknownLinkType, 0, 0, u64::from(other), 0);
            }
        }
    }

    pub(super) fn ethernet(&mut self, at: usize) {
        if !self.fits(Proto::Ethernet, at, ethernet::LEN) {
            return;
        }
        let Ok(header) = Ethernet::new(self.rest(at)) else { return };
        let field = header.type_or_length();
        let next = at + ethernet::LEN;
        if field <= ethernet::MAX_LENGTH_FIELD {
            self.narrow(at, next + usize::from(field));
            self.header(Proto::Ethernet, at, ethernet::LEN);
            self.llc_or_raw(next);
        } else {
            self.header(Proto::Ethernet, at, ethernet::LEN);
            self.ether_type(field, next);
        }
    }

    /// What an Ethertype announces. Types up to 1535 are none.
    pub(super) fn ether_type(&mut self, number: u16, at: usize) {
        match number {
            ether_type::IPV6 => self.ipv6(at),
            ether_type::IPV4 => self.ipv4(at),
            ether_type::VLAN | ether_type::SERVICE_VLAN | ether_type::OLD_SERVICE_VLAN => self.vlan(at),
            ether_type::ARP | ether_type::RARP => self.arp(at),
            ether_type::MPLS | ether_type::MPLS_MULTICAST => self.mpls(at),
            ether_type::PPPOE => self.pppoe(at),
            ether_type::PPPOE_DISCOVERY => self.pppoe_discovery(at),
            ether_type::BRIDGED => self.ethernet(at),
            ether_type::PPP => self.ppp(at),
            _ => self.data(at),
        }
    }

    fn vlan(&mut self, at: usize) {
        if !self.fits(Proto::Vlan, at, vlan::LEN) {
            return;
        }
        let field = u16_at(self.data, at + 2).unwrap_or_default();
        let next = at + vlan::LEN;
        if field <= ethernet::MAX_LENGTH_FIELD {
            self.narrow(at, next + usize::from(field));
            self.header(Proto::Vlan, at, vlan::LEN);
            self.llc_or_raw(next);
        } else {
            self.header(Proto::Vlan, at, vlan::LEN);
            self.ether_type(field, next);
        }
    }

    /// What follows a length: LLC, or Novell's frames, which go without.
    fn llc_or_raw(&mut self, at: usize) {
        match self.rest(at) {
            [] | [0xff, 0xff, ..] => self.data(at),
            _ => self.llc(at),
        }
    }

    fn llc(&mut self, at: usize) {
        let rest = self.rest(at);
        let Some((_, control_len)) = llc::control(rest) else {
            self.data(at);
            self.cut(at, llc::LEN);
            return;
        };
        let len = if llc::is_snap(rest) { llc::SNAP_LEN } else { llc::LEN - 1 + control_len };
        if !self.fits(Proto::Llc, at, len) {
            return;
        }
        self.header(Proto::Llc, at, len);
        match llc::snap_type(rest).filter(|_| llc::is_snap(rest)) {
            Some(kind) => self.ether_type(kind, at + len),
            None => self.data(at + len),
        }
    }

    fn arp(&mut self, at: usize) {
        if !self.fits(Proto::Arp, at, arp::FIXED_LEN) {
            return;
        }
        let len = arp::claimed_len(self.rest(at)).unwrap_or(arp::FIXED_LEN);
        if self.fits(Proto::Arp, at, len) {
            self.narrow(at, at + len);
            self.header(Proto::Arp, at, len);
        }
    }

    pub(super) fn cooked(&mut self, header: Option<Cooked<'a>>, len: usize) {
        /// Protocols below 0x0600 are Linux's own.
        const ETH_P_802_2: u16 = 4;
        let Some(header) = header else {
            self.data(0);
            self.cut(0, len);
            return;
        };
        self.header(Proto::Cooked, 0, len);
        match header.protocol() {
            ETH_P_802_2 => self.llc(len),
            other => self.ether_type(other, len),
        }
    }

    fn loopback(&mut self, network_order: bool) {
        if self.data.starts_with(&[0xff, 0x03]) {
            return self.ppp(0);
        }
        if !self.fits(Proto::Loopback, 0, loopback::LEN) {
            return;
        }
        let family = array_at(self.data, 0).map_or(0, |bytes| loopback::read_family(bytes, network_order));
        self.header(Proto::Loopback, 0, loopback::LEN);
        match loopback::family(u64::from(family)) {
            Some("IP") => self.ipv4(loopback::LEN),
            Some("IPv6") => self.ipv6(loopback::LEN),
            None if family > loopback::MAX_FAMILY => match u16::try_from(family) {
                Ok(kind) => self.ether_type(kind, loopback::LEN),
                Err(_) => self.data(loopback::LEN),
            },
            _ => self.data(loopback::LEN),
        }
    }

    pub(super) fn ppp(&mut self, at: usize) {
        let Some(header) = Ppp::new(self.rest(at)) else {
            self.data(at);
            self.cut(at, 2);
            return;
        };
        let len = header.header_len();
        if !self.fits(Proto::Ppp, at, len) {
            return;
        }
        self.header(Proto::Ppp, at, len);
        match header.protocol {
            ppp::protocol::IPV4 => self.ipv4(at + len),
            ppp::protocol::IPV6 => self.ipv6(at + len),
            ppp::protocol::MPLS | ppp::protocol::MPLS_MULTICAST => self.mpls(at + len),
            _ => self.data(at + len),
        }
    }

    fn cisco_hdlc(&mut self, at: usize) {
        if !self.fits(Proto::CiscoHdlc, at, chdlc::LEN) {
            return;
        }
        let kind = u16_at(self.rest(at), 2).unwrap_or_default();
        self.header(Proto::CiscoHdlc, at, chdlc::LEN);
        // SLARP has the number that is RARP's elsewhere.
        if kind == ether_type::RARP { self.data(at + chdlc::LEN) } else { self.ether_type(kind, at + chdlc::LEN) }
    }

    fn pppoe(&mut self, at: usize) {
        if !self.fits(Proto::Pppoe, at, pppoe::LEN) {
            return;
        }
        let length = usize::from(u16_at(self.rest(at), 4).unwrap_or_default());
        self.narrow(at, at + pppoe::LEN + length);
        self.header(Proto::Pppoe, at, pppoe::LEN);
        if !self.rest(at + pppoe::LEN).is_empty() {
            self.ppp(at + pppoe::LEN);
        }
    }

    fn pppoe_discovery(&mut self, at: usize) {
        if !self.fits(Proto::Pppoe, at, pppoe::LEN) {
            return;
        }
        let length = usize::from(u16_at(self.rest(at), 4).unwrap_or_default());
        self.narrow(at, at + pppoe::LEN + length);
        self.header(Proto::PppoeDiscovery, at, pppoe::LEN + length);
    }
}
