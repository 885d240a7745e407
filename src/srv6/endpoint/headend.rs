//! Pushing headers: headends (RFC 8986 §5), and the binding SIDs that do the
//! same (§4.13, §4.14).

use std::net::Ipv6Addr;

use crate::srv6::hmac::{Form, Key};
use crate::wire::ipv6;
use crate::wire::srh::{FIXED_LEN, ROUTING_TYPE, SEGMENT_LEN, flag};

use super::decision::Reason;
use super::model::{Encap, EncapMode, FlowLabel, Interface, SegmentList};
use super::packet::next;
use super::run::{Lookup, Next, Run};
use super::trace::Step;
use super::{Profile, source, verify};

/// The longest SRH: a Hdr Ext Len of 255.
const LONGEST: usize = 8 + 8 * 255;

/// An SRH to be written: which segments, and how.
struct Plan<'a> {
    path: &'a SegmentList,
    /// The segment the path ends with, after those of `path`.
    last: Option<Ipv6Addr>,
    /// Leave the first segment out of the list?
    reduced: bool,
    /// What signs it.
    key: Option<(&'a Key, Form)>,
}

impl Plan<'_> {
    /// Segments of the path.
    fn segments(&self) -> usize {
        self.path.segs.len() + usize::from(self.last.is_some())
    }

    /// Entries of the list. A list of one with TLVs is never reduced (RFC
    /// 8754, erratum 7081).
    fn entries(&self) -> usize {
        let all = self.segments();
        if self.reduced && (all > 1 || self.key.is_none()) { all - 1 } else { all }
    }

    fn tlv_len(&self) -> usize {
        self.key.map_or(0, |(key, form)| verify::tlv_len(key, form))
    }

    /// Bytes of the SRH; 0 if there is nothing to say in one.
    fn len(&self) -> usize {
        match (self.entries(), self.tlv_len()) {
            (0, 0) => 0,
            (entries, tlvs) => FIXED_LEN + SEGMENT_LEN * entries + tlvs,
        }
    }

    /// The same, if Hdr Ext Len can say it.
    fn len_if_it_fits(&self) -> Result<usize, Reason> {
        Some(self.len()).filter(|length| *length <= LONGEST).ok_or(Reason::ListTooLong)
    }

    fn first(&self) -> Ipv6Addr {
        self.path.segs.first().copied().or(self.last).unwrap_or(Ipv6Addr::UNSPECIFIED)
    }

    /// Writes the SRH into `place`, which has its length and is zero.
    fn write(&self, place: &mut [u8], next_header: u8) {
        let entries = self.entries();
        // To Linux, a flag says that there is an HMAC.
        let flags = if matches!(self.key, Some((_, Form::Linux))) { flag::DRAFT_HMAC } else { 0 };
        let fixed = [
            next_header,
            (place.len() / 8 - 1) as u8,
            ROUTING_TYPE,
            (self.segments() - 1) as u8,
            entries.saturating_sub(1) as u8,
            flags,
            0,
            0,
        ];
        place[..FIXED_LEN].copy_from_slice(&fixed);
        let wire_order = self.last.into_iter().chain(self.path.segs.iter().rev().copied());
        for (slot, segment) in place[FIXED_LEN..].chunks_exact_mut(SEGMENT_LEN).zip(wire_order).take(entries) {
            slot.copy_from_slice(&segment.octets());
        }
    }
}

impl<'a> Run<'a> {
    /// A route with a segment list.
    pub(super) fn headend(&mut self, encap: &Encap, interface: Interface) -> Next {
        if self.profile == Profile::Rfc
            && !self.own
            && let Err(next) = self.rfc_transit(encap.mode)
        {
            return next;
        }
        let name = encap.mode.name();
        let reduced = matches!(encap.mode, EncapMode::EncapRed | EncapMode::L2EncapRed);
        let pushed = match encap.mode {
            EncapMode::Encap | EncapMode::EncapRed => {
                let protocol = if self.packet.is_ipv6() { next::IPV6 } else { next::IPV4 };
                self.encapsulate(name, &encap.path, reduced, protocol, Some(interface))
            }
            EncapMode::L2Encap | EncapMode::L2EncapRed => {
                self.encapsulate(name, &encap.path, reduced, next::ETHERNET, Some(interface))
            }
            EncapMode::Inline => self.insert_srh(name, &encap.path, false, Some(self.packet.destination6())),
        };
        match pushed {
            Ok(()) => Next::Route(Lookup::default()),
            Err(reason) => Next::dropped(reason),
        }
    }

    /// RFC 8986 §5.1: the inner hop limit is decremented first, as the packet
    /// is forwarded. A frame is not (§5.3).
    fn rfc_transit(&mut self, mode: EncapMode) -> Result<(), Next> {
        if !self.node.forwarding {
            return Err(Next::dropped(Reason::NotForwarding));
        }
        if matches!(mode, EncapMode::Encap | EncapMode::EncapRed) && !self.hop_taken {
            if self.packet.hop_limit() <= 1 {
                return Err(self.hop_limit_exceeded().into());
            }
            self.take_hop();
        }
        Ok(())
    }

    /// Pushes an IPv6 header and an SRH for `path`.
    pub(super) fn encapsulate(
        &mut self,
        name: &'static str,
        path: &SegmentList,
        reduced: bool,
        protocol: u8,
        egress: Option<Interface>,
    ) -> Result<(), Reason> {
        let plan = Plan { path, last: None, reduced, key: self.signing_key(path)? };
        let destination = plan.first();
        let source = match self.node.tunnel_source {
            Some(source) => source,
            None => source::select(self.node, destination, egress).ok_or(Reason::NoSource)?,
        };
        let inner = self.packet.0.first_chunk::<4>().copied().unwrap_or_default();
        let inner_v6 = self.packet.is_ipv6();
        let hop_limit = match self.profile {
            Profile::Linux if inner_v6 => self.packet.hop_limit(),
            _ => self.node.hop_limit,
        };
        if protocol == next::ETHERNET {
            if self.input.frame_header.is_empty() {
                return Err(Reason::NoFrame);
            }
            self.packet.insert(0, self.input.frame_header);
        }
        let length = plan.len_if_it_fits()?;
        let pushed = ipv6::LEN + length;
        self.packet.open(0, pushed);
        let outer = &mut self.packet.0[..pushed];
        outer[0] = 0x60;
        if inner_v6 {
            // Traffic class and flow label are those of the inner packet.
            outer[..4].copy_from_slice(&inner);
            if self.node.flow_label == FlowLabel::Zero {
                outer[1] &= 0xf0;
                outer[2..4].fill(0);
            }
        }
        outer[6] = if length > 0 { next::ROUTING } else { protocol };
        outer[7] = hop_limit;
        outer[8..24].copy_from_slice(&source.octets());
        outer[24..40].copy_from_slice(&destination.octets());
        if length > 0 {
            plan.write(&mut outer[ipv6::LEN..], protocol);
        }
        let segments = if length > 0 { plan.entries() } else { 0 };
        self.step(Step::Encapsulated { name, source, destination, segments, bytes: pushed });
        // The new header is the node's own: the RFCs take no hop off it.
        self.hop_taken = self.profile == Profile::Rfc;
        self.finish_push(&plan)
    }

    /// Inserts an SRH for `path` after the IPv6 header, and `then` as the
    /// segment after it. A reduced one of a single segment is none at all.
    pub(super) fn insert_srh(
        &mut self,
        name: &'static str,
        path: &SegmentList,
        reduced: bool,
        then: Option<Ipv6Addr>,
    ) -> Result<(), Reason> {
        if !self.packet.is_ipv6() {
            return Err(Reason::NotIpv6);
        }
        let plan = Plan { path, last: then, reduced, key: self.signing_key(path)? };
        let destination = plan.first();
        let length = plan.len_if_it_fits()?;
        if length > 0 {
            let following = self.packet.first_header().number;
            self.packet.open(ipv6::LEN, length);
            plan.write(&mut self.packet.0[ipv6::LEN..ipv6::LEN + length], following);
            self.packet.put(6, &[next::ROUTING]);
        }
        self.packet.set_destination6(destination);
        self.step(Step::Inserted { name, destination, segments: plan.entries(), bytes: length });
        self.finish_push(&plan)
    }

    fn signing_key(&self, path: &SegmentList) -> Result<Option<(&'a Key, Form)>, Reason> {
        let form = match self.profile {
            Profile::Rfc => Form::Rfc8754,
            Profile::Linux => Form::Linux,
        };
        let key = |id| self.node.hmac_keys.get(id).map(|key| (key, form)).ok_or(Reason::HmacUnsigned);
        path.hmac.map(key).transpose()
    }

    fn finish_push(&mut self, plan: &Plan<'_>) -> Result<(), Reason> {
        if let Some((key, form)) = plan.key {
            verify::sign(&mut self.packet, ipv6::LEN, key, form, plan.entries() < plan.segments())?;
        }
        if self.packet.fit_payload_length() { Ok(()) } else { Err(Reason::TooLong) }
    }
}
