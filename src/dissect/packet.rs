//! A frame together with its dissection: what everything above asks questions of.

use std::net::{IpAddr, Ipv6Addr};

use crate::capture::{Frame, Timestamp};
use crate::dissect::{Checksum, Dissection, Finding, Findings, Layer, Settings, Usual};
use crate::srv6::hmac::{self, Status};
use crate::srv6::path::Relation;
use crate::srv6::{linux, path};
use crate::wire::bytes::{u8_at, u16_at};
use crate::wire::ipv4::Ipv4;
use crate::wire::ipv6::Ipv6;
use crate::wire::proto::Proto;
use crate::wire::srh::{Srh, Tlv};
use crate::wire::srh_tlv;

/// A dissected frame.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a> {
    /// The frame.
    pub frame: &'a Frame<'a>,
    /// When the capture's first frame was seen, for relative times.
    pub first_time: Option<Timestamp>,
    /// When the frame before this one was seen.
    pub previous_time: Option<Timestamp>,
    /// Decimals of a second that the source's times have: 6, or 9.
    pub time_digits: u8,
    settings: &'a Settings,
    layers: &'a [Layer],
    usual: Option<&'a Usual>,
    findings: &'a Findings,
}

impl<'a> Packet<'a> {
    /// Joins a frame and what [`Dissection::of`] made of it, as the first of
    /// its capture.
    pub fn new(frame: &'a Frame<'a>, dissection: &'a Dissection) -> Self {
        let mut packet = Self::unjudged(frame, dissection.settings(), dissection.layers(), dissection.usual.as_ref());
        packet.judge(&dissection.findings);
        packet
    }

    /// Adds what was found.
    pub(super) fn judge(&mut self, findings: &'a Findings) {
        self.findings = findings;
    }

    /// A frame with its layers, of which nothing is found yet.
    pub(super) fn unjudged(
        frame: &'a Frame<'a>,
        settings: &'a Settings,
        layers: &'a [Layer],
        usual: Option<&'a Usual>,
    ) -> Self {
        let (first_time, previous_time) = (frame.time, frame.time);
        static NONE: Findings = Findings::NONE;
        Self { frame, first_time, previous_time, time_digits: 9, settings, layers, usual, findings: &NONE }
    }

    /// Where the headers lie, if it is a usual packet.
    pub(crate) fn usual(&self) -> Option<&'a Usual> {
        self.usual
    }

    /// What the dissection knows beyond the packet's bytes.
    pub fn settings(&self) -> &'a Settings {
        self.settings
    }

    /// The layers, outermost first.
    pub fn layers(&self) -> &'a [Layer] {
        self.layers
    }

    /// What is wrong or unusual.
    pub fn findings(&self) -> &'a [Finding] {
        self.findings.list()
    }

    /// What was found of a layer's checksum, where it was looked for.
    pub(super) fn known_checksum(&self, layer: &Layer) -> Option<Checksum> {
        self.findings.checksums.iter().find(|(start, _)| *start == layer.start).map(|(_, result)| *result)
    }

    /// The bytes of a layer's header.
    pub fn header(&self, layer: &Layer) -> &'a [u8] {
        self.frame.data.get(layer.start as usize..layer.header_end as usize).unwrap_or_default()
    }

    /// The bytes of a layer's header and everything it carries.
    pub fn whole(&self, layer: &Layer) -> &'a [u8] {
        self.frame.data.get(layer.start as usize..layer.end as usize).unwrap_or_default()
    }

    /// The bytes a layer carries.
    pub fn payload(&self, layer: &Layer) -> &'a [u8] {
        self.frame.data.get(layer.header_end as usize..layer.end as usize).unwrap_or_default()
    }

    /// The first layer of a protocol, outside quotations.
    pub fn first(&self, proto: Proto) -> Option<&'a Layer> {
        self.layers().iter().find(|l| l.proto == proto && !l.quoted)
    }

    /// The last layer of a protocol, outside quotations.
    pub fn last(&self, proto: Proto) -> Option<&'a Layer> {
        self.layers().iter().rev().find(|l| l.proto == proto && !l.quoted)
    }

    /// The view of an SRH layer, as far as it was captured.
    pub fn srh(&self, layer: &Layer) -> Option<Srh<'a>> {
        if layer.proto == Proto::Srh { Srh::lax(self.header(layer)).ok() } else { None }
    }

    /// Source and destination of an IPv4 or IPv6 layer, as they stand in it.
    pub fn addresses(&self, layer: &Layer) -> Option<(IpAddr, IpAddr)> {
        match layer.proto {
            Proto::Ipv6 => Ipv6::new(self.header(layer)).ok().map(|h| (h.source().into(), h.destination().into())),
            Proto::Ipv4 => Ipv4::new(self.header(layer)).ok().map(|h| (h.source().into(), h.destination().into())),
            _ => None,
        }
    }

    /// The SRHs of the outermost IPv6 header that has any, outermost first.
    pub fn outer_srhs(&self) -> impl Iterator<Item = (&'a Layer, Srh<'a>)> + use<'a> {
        let packet = *self;
        let network = self.first(Proto::Srh).map(|l| l.network);
        self.layers()
            .iter()
            .filter(move |l| Some(l.network) == network && !l.quoted)
            .filter_map(move |l| Some((l, packet.srh(l)?)))
    }

    /// Where the outermost packet with an SRH is bound for in the end: the last
    /// SRH's first list entry.
    pub fn final_destination(&self) -> Option<Ipv6Addr> {
        self.outer_srhs().last().and_then(|(_, srh)| path::final_destination(&srh))
    }

    /// Source and destination port of a UDP or TCP layer.
    pub fn ports(&self, layer: &Layer) -> Option<(u16, u16)> {
        if !matches!(layer.proto, Proto::Udp | Proto::Tcp) {
            return None;
        }
        let header = self.header(layer);
        Some((u16_at(header, 0)?, u16_at(header, 2)?))
    }

    /// The IPv6 header that a layer belongs to; `None` under IPv4.
    pub fn network(&self, layer: &Layer) -> Option<Ipv6<'a>> {
        let network = self.layers().get(usize::from(layer.network)).filter(|l| l.proto == Proto::Ipv6)?;
        Ipv6::new(self.header(network)).ok()
    }

    /// What the IPv6 destination is to the path of an SRH; `None` for an SRH
    /// that it is not taken from, which all but the first of a packet are.
    pub fn relation(&self, layer: &Layer, srh: &Srh<'_>) -> Option<Relation> {
        let own = self.layers().get(usize::from(layer.network)..).unwrap_or(self.layers());
        let first = own.iter().find(|l| l.proto == Proto::Srh && l.network == layer.network)?;
        if first.start != layer.start {
            return None;
        }
        path::relation(srh, self.network(layer)?.destination(), &self.settings().locators)
    }

    /// What verifying a TLV of an SRH found, with the keys that the dissection
    /// has; `None` for TLVs other than HMAC.
    pub fn hmac_status(&self, layer: &Layer, srh: &Srh<'_>, tlv: &Tlv<'_>) -> Option<Status> {
        if tlv.kind != srh_tlv::HMAC {
            return None;
        }
        let source = self.network(layer)?.source();
        Some(hmac::verify(&self.settings().keys, source, srh, tlv))
    }

    /// What Linux looks at to decide what to do with an SRH; `None` where the
    /// IPv6 header is missing, or an earlier Routing header still has segments
    /// left and so is the one that counts.
    pub fn seen_by_linux<'s>(&self, layer: &Layer, srh: &'s Srh<'s>) -> Option<linux::Seen<'s>>
    where
        'a: 's,
    {
        let network = self.network(layer)?;
        let start = self.layers().get(usize::from(layer.network))?.start;
        let routing = |l: &&Layer| l.network == layer.network && matches!(l.proto, Proto::Srh | Proto::Routing);
        let unspent = |l: &Layer| u8_at(self.header(l), 3).is_some_and(|left| left > 0);
        let mut others = self.layers().iter().filter(routing).filter(|l| l.start != layer.start);
        if others.clone().any(|l| l.start < layer.start && unspent(l)) {
            return None;
        }
        let hmac = srh.tlvs().find(|tlv| tlv.kind == srh_tlv::HMAC);
        Some(linux::Seen {
            srh,
            bytes: self.header(layer),
            offset: layer.start - start,
            hop_limit: network.hop_limit(),
            hmac: hmac.and_then(|tlv| self.hmac_status(layer, srh, &tlv)),
            followed: others.any(unspent),
        })
    }
}
