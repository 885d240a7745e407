//! What carries packets within packets: label stacks, GRE, and the tunnels
//! that ride on UDP.

use crate::dissect::walk::Walk;
use crate::wire::bytes::u16_at;
use crate::wire::mpls::{self, Entry, Payload};
use crate::wire::names::ether_type;
use crate::wire::proto::Proto;
use crate::wire::{geneve, gre, gtp, stamp, vxlan};

/// What a UDP port announces.
pub(in crate::dissect) fn port(number: u16) -> Option<Proto> {
    Some(match number {
        gtp::PORT => Proto::Gtp,
        vxlan::PORT => Proto::Vxlan,
        geneve::PORT => Proto::Geneve,
        stamp::PORT => Proto::Stamp,
        mpls::PORT => Proto::Mpls,
        _ => return None,
    })
}

impl Walk<'_, '_> {
    /// What UDP carries.
    pub(super) fn carried(&mut self, proto: Proto, at: usize) {
        match proto {
            Proto::Gtp => self.gtp(at),
            Proto::Vxlan => self.vxlan(at),
            Proto::Geneve => self.geneve(at),
            Proto::Stamp => self.stamp(at),
            Proto::Mpls => self.mpls(at),
            Proto::Ipv4 => self.ipv4(at),
            Proto::Ipv6 => self.ipv6(at),
            Proto::Ethernet => self.ethernet(at),
            Proto::Gre => self.gre(at),
            Proto::Esp => self.encrypted(at),
            Proto::Ppp => self.ppp(at),
            // The rest rides on nothing that has ports.
            _ => self.data(at),
        }
    }

    pub(super) fn mpls(&mut self, mut at: usize) {
        loop {
            if !self.fits(Proto::Mpls, at, mpls::LEN) {
                return;
            }
            let bottom = Entry::new(self.rest(at)).is_none_or(Entry::is_bottom);
            self.header(Proto::Mpls, at, mpls::LEN);
            at += mpls::LEN;
            if bottom {
                break;
            }
        }
        match mpls::payload(self.rest(at)) {
            Payload::Ipv4 => self.ipv4(at),
            Payload::Ipv6 => self.ipv6(at),
            Payload::Ethernet => self.ethernet(at),
            Payload::ControlWord => {
                if self.fits(Proto::ControlWord, at, mpls::CONTROL_WORD_LEN) {
                    self.header(Proto::ControlWord, at, mpls::CONTROL_WORD_LEN);
                    self.ethernet(at + mpls::CONTROL_WORD_LEN);
                }
            }
            Payload::Unknown => self.data(at),
        }
    }

    pub(super) fn gre(&mut self, at: usize) {
        let Some(places) = gre::Places::new(self.rest(at)) else {
            self.data(at);
            self.cut(at, gre::MIN_LEN);
            return;
        };
        if !self.fits(Proto::Gre, at, places.end) {
            return;
        }
        let kind = u16_at(self.rest(at), 2).unwrap_or_default();
        self.header(Proto::Gre, at, places.end);
        let next = at + places.end;
        match kind {
            // GRE carries tagged frames only with their addresses before.
            ether_type::VLAN | ether_type::SERVICE_VLAN | ether_type::OLD_SERVICE_VLAN | ether_type::PPPOE => {
                self.data(next);
            }
            _ => self.ether_type(kind, next),
        }
    }

    fn gtp(&mut self, at: usize) {
        if !self.fits(Proto::Gtp, at, gtp::MIN_LEN) {
            return;
        }
        let rest = self.rest(at);
        // Version 1, and GTP rather than GTP'.
        if rest[0] >> 4 != 3 {
            return self.data(at);
        }
        let (kind, length) = (rest[1], usize::from(u16_at(rest, 2).unwrap_or_default()));
        let fixed = if gtp::is_long(rest) { gtp::LONG_LEN } else { gtp::MIN_LEN };
        let extensions: usize = gtp::extensions(rest).map(|(_, _, len)| len).sum();
        if !self.fits(Proto::Gtp, at, fixed + extensions) {
            return;
        }
        self.narrow(at, at + (gtp::MIN_LEN + length).max(fixed + extensions));
        self.header(Proto::Gtp, at, fixed + extensions);
        let next = at + fixed + extensions;
        if kind == gtp::T_PDU { self.ip(next) } else { self.data(next) }
    }

    fn vxlan(&mut self, at: usize) {
        if self.fits(Proto::Vxlan, at, vxlan::LEN) {
            self.header(Proto::Vxlan, at, vxlan::LEN);
            self.ethernet(at + vxlan::LEN);
        }
    }

    fn geneve(&mut self, at: usize) {
        if !self.fits(Proto::Geneve, at, geneve::MIN_LEN) {
            return;
        }
        let rest = self.rest(at);
        let len = geneve::claimed_len(rest).unwrap_or(geneve::MIN_LEN);
        let kind = u16_at(rest, 2).unwrap_or_default();
        if self.fits(Proto::Geneve, at, len) {
            self.header(Proto::Geneve, at, len);
            self.ether_type(kind, at + len);
        }
    }

    fn stamp(&mut self, at: usize) {
        if self.fits(Proto::Stamp, at, stamp::LEN) {
            self.header(Proto::Stamp, at, self.rest(at).len());
        }
    }
}
