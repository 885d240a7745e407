//! Upper layers, and the packets that errors quote.

use crate::dissect::diagnosis::Diagnosis;
use crate::dissect::walk::{Walk, tunnel};
use crate::wire::bytes::{u8_at, u16_at};
use crate::wire::proto::Proto;
use crate::wire::{icmpv4, icmpv6, tcp, udp};

impl Walk<'_, '_> {
    pub(super) fn udp(&mut self, at: usize) {
        if !self.fits(Proto::Udp, at, udp::LEN) {
            return;
        }
        let rest = self.rest(at);
        let (source, destination) = (u16_at(rest, 0).unwrap_or_default(), u16_at(rest, 2).unwrap_or_default());
        let len = usize::from(u16_at(rest, 4).unwrap_or_default());
        // A length below the header's own is no length; zero is a jumbogram's.
        if len >= udp::LEN && !self.first_fragment() {
            self.narrow(at, at + len);
        }
        self.header(Proto::Udp, at, udp::LEN);
        let next = at + udp::LEN;
        // What the user says goes first; then the lower port, which is more
        // likely the well-known one.
        let told = self.dissection.settings.decoded_as(source, destination);
        let carried =
            told.or_else(|| tunnel::port(source.min(destination))).or_else(|| tunnel::port(source.max(destination)));
        match carried {
            Some(proto) if !self.rest(next).is_empty() => self.carried(proto, next),
            _ => self.data(next),
        }
    }

    pub(super) fn tcp(&mut self, at: usize) {
        if !self.fits(Proto::Tcp, at, tcp::MIN_LEN) {
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

    pub(super) fn icmpv6(&mut self, at: usize) {
        use icmpv6::message;
        if !self.fits(Proto::Icmpv6, at, 4) {
            return;
        }
        let rest = self.rest(at);
        match rest[0] {
            // Errors quote the packet they are about (RFC 4443 §3).
            kind @ message::UNREACHABLE..=message::PARAMETER_PROBLEM => {
                self.header(Proto::Icmpv6, at, icmpv6::LEN);
                // RFC 4884 §4.3: two of them may say where the quotation ends.
                let units = match kind {
                    message::UNREACHABLE | message::TIME_EXCEEDED => u8_at(rest, 4).unwrap_or_default(),
                    _ => 0,
                };
                self.error(at + icmpv6::LEN, usize::from(units) * 8);
            }
            message::REDIRECT => {
                let (start, end) = icmpv6::redirected_packet(rest).unwrap_or((rest.len(), rest.len()));
                self.header(Proto::Icmpv6, at, start);
                self.error(at + start, end - start);
            }
            message::ECHO_REQUEST | message::ECHO_REPLY | message::EXTENDED_ECHO_REPLY => {
                self.header(Proto::Icmpv6, at, icmpv6::LEN);
                self.data(at + icmpv6::LEN);
            }
            message::EXTENDED_ECHO_REQUEST => {
                self.header(Proto::Icmpv6, at, icmpv6::LEN);
                self.extensions(at + icmpv6::LEN);
            }
            _ => self.header(Proto::Icmpv6, at, rest.len()),
        }
    }

    pub(super) fn icmpv4(&mut self, at: usize) {
        if !self.fits(Proto::Icmpv4, at, icmpv4::LEN) {
            return;
        }
        let rest = self.rest(at);
        match rest[0] {
            kind @ (3 | 4 | 5 | 11 | 12) => {
                self.header(Proto::Icmpv4, at, icmpv4::LEN);
                // RFC 4884 §4.1, §4.2: in units of 4 bytes.
                let units = if matches!(kind, 3 | 11 | 12) { u8_at(rest, 5).unwrap_or_default() } else { 0 };
                self.error(at + icmpv4::LEN, usize::from(units) * 4);
            }
            0 | 8 => {
                self.header(Proto::Icmpv4, at, icmpv4::LEN);
                self.data(at + icmpv4::LEN);
            }
            _ => self.header(Proto::Icmpv4, at, rest.len()),
        }
    }

    /// The start of a packet, as an ICMP error quotes it: `length` bytes of it,
    /// or all there is where that is 0; what follows are extensions (RFC 4884).
    fn error(&mut self, at: usize, length: usize) {
        if self.rest(at).is_empty() {
            return;
        }
        // An error about an error is never sent; its quotation is data.
        if self.quoted {
            return self.data(at);
        }
        let (end, claimed_end, network) = (self.end, self.claimed_end, self.network);
        let tails = self.tail_count;
        if length != 0 && at + length < end {
            (self.end, self.claimed_end) = (at + length, at + length);
        }
        self.quoted = true;
        self.ip(at);
        self.close_tails(tails);
        self.quoted = false;
        let rest = self.end;
        (self.end, self.claimed_end, self.network) = (end, claimed_end, network);
        self.extensions(rest);
    }

    /// The rest as extensions of an ICMP message, if there is any.
    fn extensions(&mut self, at: usize) {
        if at < self.end {
            self.header(Proto::IcmpExtensions, at, self.end - at);
        }
    }
}
