//! Endpoints as Linux has them: `net/ipv6/seg6_local.c` for SIDs,
//! `net/ipv6/exthdrs.c` for plain addresses. Where the RFCs ask for an ICMPv6
//! error, a SID drops in silence. What Linux asks of an SRH itself is written in
//! [`srv6::linux`](crate::srv6::linux).

use std::net::IpAddr;

use crate::srv6::linux as rules;
use crate::wire::ipv6;
use crate::wire::srh::{self, Srh};

use super::decision::{Decision, Reason};
use super::fib::Table;
use super::model::{Behavior, Flavors, InLinux, Lookup as DtLookup, Sid};
use super::packet::{Header, next};
use super::run::{Lookup, Next, Run};
use super::trace::Step;
use super::verify;

/// What a seg6local route does (`seg6_action_table`).
pub(super) fn sid(run: &mut Run<'_>, sid: &Sid) -> Next {
    if !run.packet.is_ipv6() {
        return Next::dropped(Reason::NotIp);
    }
    match sid.behavior.in_linux(&sid.flavors) {
        InLinux::There => {}
        InLinux::FlavorsIgnored => {
            let text = "Linux takes these flavors, and does as if there were none";
            run.step(Step::Rule { text, section: "Linux seg6_action_table" });
        }
        InLinux::Missing => return Next::dropped(Reason::NotInLinux),
    }
    let result = match &sid.behavior {
        Behavior::End | Behavior::EndX { .. } => end(run, sid, &sid.flavors),
        Behavior::EndT { .. } => advance(run).map(|()| Next::Route(run.onwards(sid))),
        Behavior::EndDx2 { oif } => decapsulate(run, next::ETHERNET).and_then(|()| {
            let ethertype = run.packet.0.get(12..14).map(|b| u16::from_be_bytes([b[0], b[1]]));
            let mtu = run.node.interfaces.get(oif.0).map_or(0, |port| port.mtu);
            match ethertype {
                Some(0x0600..) if run.packet.0.len() <= mtu + 14 => Ok(run.frame_out(*oif).into()),
                Some(0x0600..) => Err(Reason::TooBig),
                _ => Err(Reason::NotEthernet),
            }
        }),
        Behavior::EndDx6 { nh6 } => decapsulate(run, next::IPV6).and_then(|()| {
            let neighbour = (!nh6.is_unspecified()).then_some(IpAddr::V6(*nh6));
            inner(run, 6).map(|()| Next::Route(Lookup { neighbour, never_local: true, ..Lookup::default() }))
        }),
        Behavior::EndDx4 { nh4 } => decapsulate(run, next::IPV4).and_then(|()| {
            // The route is that to the neighbour, but who is asked for on its
            // link is the inner destination; a gateway works.
            let neighbour = (!nh4.is_unspecified()).then_some(IpAddr::V4(*nh4));
            inner(run, 4).map(|()| Next::Route(Lookup { neighbour, by_destination: true, ..Lookup::default() }))
        }),
        Behavior::EndDt6(DtLookup::Table(table)) => decapsulate(run, next::IPV6).and_then(|()| into(run, 6, *table)),
        Behavior::EndDt6(DtLookup::Vrf(vrf)) => decapsulate(run, next::IPV6).and_then(|()| into(run, 6, *vrf)),
        Behavior::EndDt4 { vrf } => decapsulate(run, next::IPV4).and_then(|()| into(run, 4, *vrf)),
        Behavior::EndDt46 { vrf } => match run.packet.upper().map(|upper| upper.number) {
            Some(next::IPV4) => decapsulate(run, next::IPV4).and_then(|()| into(run, 4, *vrf)),
            Some(next::IPV6) => decapsulate(run, next::IPV6).and_then(|()| into(run, 6, *vrf)),
            _ => Err(Reason::WrongUpper),
        },
        Behavior::EndB6 { path, reduced: false } => unspent_srh(run)
            .and_then(|_| run.insert_srh(sid.behavior.name(), path, false, Some(run.packet.destination6())))
            .map(|()| Next::Route(run.onwards(sid))),
        Behavior::EndB6Encaps { path, reduced: false } => advance(run)
            .and_then(|()| run.encapsulate(sid.behavior.name(), path, false, next::IPV6, sid.interface))
            .map(|()| Next::Route(run.onwards(sid))),
        Behavior::EndB6 { .. }
        | Behavior::EndB6Encaps { .. }
        | Behavior::EndDt2u(_)
        | Behavior::EndBm { .. }
        | Behavior::EndProxy { .. } => Err(Reason::NotInLinux),
    };
    result.unwrap_or_else(Next::dropped)
}

/// `input_action_end` and `input_action_end_x`.
fn end(run: &mut Run<'_>, sid: &Sid, flavors: &Flavors) -> Result<Next, Reason> {
    if let Some(layout) = flavors.next() {
        // The SRH is not even looked at while the argument lasts; and with
        // this flavor, PSP is not applied either.
        match layout.shift(run.packet.destination6()) {
            Some(shifted) => run.shift(shifted),
            None => advance(run)?,
        }
    } else if flavors.psp {
        psp(run)?;
    } else {
        advance(run)?;
    }
    Ok(Next::Route(run.onwards(sid)))
}

/// `end_flv8986_core`: PSP looks at the first Routing header, spent or not.
fn psp(run: &mut Run<'_>) -> Result<(), Reason> {
    let srh = valid_srh(run, false).ok_or(Reason::NoSrh)?;
    verify::linux(run)?;
    match view(run, srh).map_or(0, |srh| srh.segments_left()) {
        0 => Err(Reason::NoSrh),
        left => {
            run.next_segment(srh).ok_or(Reason::InvalidSrh)?;
            if left == 1 { run.remove_srh(srh, "PSP").ok_or(Reason::InvalidSrh) } else { Ok(()) }
        }
    }
}

/// `get_and_validate_srh`, and then `advance_nextseg`.
fn advance(run: &mut Run<'_>) -> Result<(), Reason> {
    let srh = unspent_srh(run)?;
    run.next_segment(srh).ok_or(Reason::InvalidSrh)
}

/// `get_and_validate_srh`: the first SRH that has segments left.
fn unspent_srh(run: &mut Run<'_>) -> Result<Header, Reason> {
    let any = run.packet.routing(true).is_some();
    let srh = valid_srh(run, true).ok_or(if any { Reason::InvalidSrh } else { Reason::NoSrh })?;
    verify::linux(run)?;
    Ok(srh)
}

/// `seg6_get_srh`.
fn valid_srh(run: &mut Run<'_>, unspent: bool) -> Option<Header> {
    let first = run.packet.routing(false)?;
    let found = run.packet.routing(unspent)?;
    if found != first {
        run.step(Step::PassedOver { offset: first.offset });
    }
    let srh = view(run, found).filter(rules::validates)?;
    let (segments_left, last_entry) = (srh.segments_left(), srh.last_entry());
    run.step(Step::Srh { offset: found.offset, segments_left, last_entry });
    Some(found)
}

fn view<'r>(run: &'r Run<'_>, header: Header) -> Option<Srh<'r>> {
    run.packet.srh(header.offset)
}

/// `decap_and_validate`. An SRH that is not valid counts as none.
fn decapsulate(run: &mut Run<'_>, protocol: u8) -> Result<(), Reason> {
    if let Some(srh) = valid_srh(run, false) {
        if view(run, srh).is_some_and(|srh| srh.segments_left() > 0) {
            return Err(Reason::SegmentsRemain);
        }
        verify::linux(run)?;
    }
    let upper = run.packet.upper().filter(|upper| upper.number == protocol).ok_or(Reason::WrongUpper)?;
    run.decapsulate(upper.offset, protocol);
    Ok(())
}

/// Is what was inside a packet of that version, whole?
fn inner(run: &mut Run<'_>, version: u8) -> Result<(), Reason> {
    if run.packet.0.len() < if version == 6 { 40 } else { 20 } { Err(Reason::Truncated) } else { Ok(()) }
}

/// End.DT*: a table says where what was inside goes, the node itself included.
fn into(run: &mut Run<'_>, version: u8, table: Table) -> Result<Next, Reason> {
    inner(run, version)?;
    Ok(Next::Route(Lookup { table: Some(table), ..Lookup::default() }))
}

/// The node's own address: `ip6_protocol_deliver_rcu` with `ipv6_rthdr_rcv`.
pub(super) fn plain(run: &mut Run<'_>) -> Next {
    let mut header = run.packet.first_header();
    loop {
        header = match header.number {
            next::ROUTING => match routing(run, header) {
                Ok(after) => after,
                Err(next) => return next,
            },
            next::HOP_BY_HOP | next::DESTINATION => match run.packet.header_after(header) {
                Some(after) => after,
                None => return Next::dropped(Reason::Truncated),
            },
            upper => return upper_layer(run, header, upper),
        };
    }
}

/// What the node's own upper layer is, and is not.
fn upper_layer(run: &mut Run<'_>, header: Header, upper: u8) -> Next {
    match upper {
        next::NONE => Next::dropped(Reason::NoNextHeader),
        // TCP, UDP, ICMPv6, and what reassembly and IPsec take.
        6 | 17 | next::ICMPV6 | next::FRAGMENT | 50 | next::AUTHENTICATION | 132 | 136 => {
            run.deliver(upper, header.offset).into()
        }
        _ => run.error(4, 1, header.named_at as u32, Reason::UnknownNextHeader),
    }
}

/// `ipv6_rthdr_rcv`: the header after it if there is nothing more to do here.
fn routing(run: &mut Run<'_>, header: Header) -> Result<Header, Next> {
    let Some(after) = run.packet.header_after(header) else {
        return Err(Next::dropped(Reason::Truncated));
    };
    let octet = |at: usize| run.packet.0.get(header.offset + at).copied().unwrap_or(0);
    let (kind, mut left) = (octet(2), octet(3));
    let hdr_ext_len = octet(1);
    if kind != srh::ROUTING_TYPE {
        return if left == 0 {
            Ok(after)
        } else {
            Err(run.error(4, 0, header.offset as u32 + 2, Reason::UnknownRouting))
        };
    }
    let last_entry = octet(4);
    run.step(Step::Srh { offset: header.offset, segments_left: left, last_entry });
    let port = run.input.interface.and_then(|interface| run.node.interfaces.get(interface.0));
    if port.is_some_and(|port| !port.seg6) {
        return Err(Next::dropped(Reason::Seg6Disabled));
    }
    verify::linux(run).map_err(Next::dropped)?;
    loop {
        if left == 0 {
            return spent(run, header, after);
        }
        // Last Entry is never looked at.
        if rules::is_beyond_list(left, hdr_ext_len) {
            let reduced = left == last_entry.saturating_add(1) && left == hdr_ext_len >> 1;
            let reason = if reduced { Reason::ReducedAtPlainAddress } else { Reason::SegmentsLeftTooBig };
            return Err(run.error(4, 0, header.offset as u32 + 3, reason));
        }
        run.next_segment(header).ok_or(Next::dropped(Reason::Truncated))?;
        left -= 1;
        let destination = run.packet.destination();
        if destination.is_multicast() {
            return Err(Next::dropped(Reason::Multicast));
        }
        if !run.node.is_own(destination) {
            // The kernel takes the IPv6 header to lie right before the SRH,
            // and what it sends starts there, whatever lies between.
            run.skew = header.offset - ipv6::LEN;
            return Err(Next::Route(Lookup::default()));
        }
        let text = "the next segment is the node's own, too";
        run.step(Step::Rule { text, section: "Linux ipv6_srh_rcv" });
        if run.packet.hop_limit() <= 1 {
            return Err(run.hop_limit_exceeded().into());
        }
        run.take_hop();
    }
}

/// No segments left: a packet inside is taken out and starts anew.
fn spent(run: &mut Run<'_>, header: Header, after: Header) -> Result<Header, Next> {
    match run.packet.0.get(header.offset).copied() {
        Some(protocol @ (next::IPV6 | next::IPV4)) => {
            run.decapsulate(after.offset, protocol);
            Err(run.admit())
        }
        _ => Ok(after),
    }
}

/// Kept apart from [`Decision`] so that `?` reads well above.
impl From<Reason> for Next {
    fn from(reason: Reason) -> Self {
        Next::Done(Decision::Drop { reason })
    }
}
