//! Endpoints as the RFCs have them: RFC 8986 §4 for SIDs, with RFC 9800's
//! compressed ones; RFC 8754 §4.3 for plain addresses. Names of steps (S01,
//! N01, R01) are theirs.

use std::net::IpAddr;

use crate::wire::srh::{ROUTING_TYPE, flag};

use super::advance::{Numbers, advance, is_container_done, segments_left_error};
use super::decision::{Decision, Forward, Kind, Reason};
use super::model::{Behavior, Bridge, Lookup as DtLookup, Proxy, Sid};
use super::packet::{Header, next};
use super::run::{Lookup, Next, Run};
use super::trace::Step;
use super::{proxy, verify};

/// A packet to one of the node's SIDs.
pub(super) fn sid(run: &mut Run<'_>, sid: &Sid) -> Next {
    if !run.packet.is_ipv6() {
        return Next::dropped(Reason::NotIp);
    }
    let oam = run.packet.routing(false).and_then(|header| run.packet.srh(header.offset)).map(|srh| srh.flags());
    if oam.is_some_and(|flags| flags & flag::OAM != 0) {
        run.oam_copy = true;
        run.step(Step::OamCopy);
    }
    if let Some(layout) = sid.flavors.next().filter(|_| takes_next(&sid.behavior))
        && let Some(shifted) = layout.shift(run.packet.destination6())
    {
        // N01-N08: the argument is another SID.
        if run.packet.hop_limit() <= 1 {
            return run.hop_limit_exceeded().into();
        }
        run.shift(shifted);
        take_hop(run);
        return leave(run, sid);
    }
    let mut header = run.packet.first_header();
    loop {
        let after = match header.number {
            next::ROUTING => match routing(run, sid, header) {
                Ok(after) => Some(after),
                Err(next) => return next,
            },
            next::HOP_BY_HOP | next::DESTINATION => run.packet.header_after(header),
            _ => return upper_layer(run, sid, header),
        };
        let Some(after) = after else { return Next::dropped(Reason::Truncated) };
        header = after;
    }
}

fn take_hop(run: &mut Run<'_>) {
    run.take_hop();
    run.hop_taken = true;
}

/// Does the behaviour lead to a next segment? The others are the last, and
/// what RFC 9800 §4.1 and §4.2 do to find the next one is not for them.
fn takes_next(behavior: &Behavior) -> bool {
    match behavior {
        Behavior::End
        | Behavior::EndX { .. }
        | Behavior::EndT { .. }
        | Behavior::EndBm { .. }
        | Behavior::EndB6 { .. }
        | Behavior::EndB6Encaps { .. }
        | Behavior::EndProxy { kind: Proxy::Dynamic | Proxy::Masquerading, .. } => true,
        Behavior::EndProxy { kind: Proxy::Static, .. }
        | Behavior::EndDx2 { .. }
        | Behavior::EndDx4 { .. }
        | Behavior::EndDx6 { .. }
        | Behavior::EndDt4 { .. }
        | Behavior::EndDt6(_)
        | Behavior::EndDt46 { .. }
        | Behavior::EndDt2u(_) => false,
    }
}

/// A Routing header of type other than 4 (RFC 8200 §4.4), if it is one.
fn other_routing(run: &mut Run<'_>, header: Header, after: Header) -> Option<Result<Header, Next>> {
    let octet = |at: usize| run.packet.0.get(header.offset + at).copied().unwrap_or(0);
    match (octet(2), octet(3)) {
        (ROUTING_TYPE, _) => None,
        (_, 0) => Some(Ok(after)),
        _ => Some(Err(run.error(4, 0, header.offset as u32 + 2, Reason::UnknownRouting))),
    }
}

/// An SRH at a SID. The header after it, if this one has no segments left.
fn routing(run: &mut Run<'_>, sid: &Sid, header: Header) -> Result<Header, Next> {
    let after = run.packet.header_after(header).ok_or(Next::dropped(Reason::Truncated))?;
    if let Some(result) = other_routing(run, header, after) {
        return result;
    }
    let numbers = Numbers::of(run, header).ok_or(Next::dropped(Reason::Truncated))?;
    verify::rfc(run, header)?;
    let layout = sid.flavors.replace().filter(|_| takes_next(&sid.behavior));
    if numbers.left == 0 && layout.is_none_or(|layout| is_container_done(run, layout, header)) {
        if sid.flavors.usp {
            // The same place now holds the header that followed.
            run.remove_srh(header, "USP").ok_or(Next::dropped(Reason::Truncated))?;
            return Ok(Header { number: run.packet.0[header.named_at], ..header });
        }
        run.step(Step::PassedOver { offset: header.offset });
        return Ok(after);
    }
    match &sid.behavior {
        Behavior::EndProxy { kind: Proxy::Static, .. } => return Err(proxy::to_service(run, sid)),
        behavior if !takes_next(behavior) => return Err(segments_left_error(run, header, Reason::SegmentsRemain)),
        _ => {}
    }
    if run.packet.hop_limit() <= 1 {
        return Err(run.hop_limit_exceeded().into());
    }
    if let Behavior::EndB6 { path, reduced } = &sid.behavior {
        // The SRH that is there stays as it is, and is gone on with at the end
        // of the one that is inserted.
        if !numbers.are_valid(1) {
            return Err(segments_left_error(run, header, Reason::SegmentsLeftTooBig));
        }
        take_hop(run);
        let inserted = run.insert_srh(sid.behavior.name(), path, *reduced, None);
        return Err(inserted.map_or_else(Next::dropped, |()| Next::Route(Lookup::default())));
    }
    let was_last = advance(run, layout, header, numbers)?;
    take_hop(run);
    if sid.flavors.psp && was_last {
        // §4.16.1. All of the header was seen above, so that it can be removed.
        run.remove_srh(header, "PSP").unwrap_or_default();
    }
    Err(leave(run, sid))
}

/// Where a packet goes whose next segment is in place.
fn leave(run: &mut Run<'_>, sid: &Sid) -> Next {
    match &sid.behavior {
        Behavior::EndBm { labels, oif } => {
            let mut stack = Vec::with_capacity(4 * labels.len());
            for (number, label) in labels.iter().enumerate() {
                let bottom = u32::from(number + 1 == labels.len());
                let entry = label << 12 | bottom << 8 | u32::from(run.packet.hop_limit());
                stack.extend(entry.to_be_bytes());
            }
            run.packet.insert(0, &stack);
            run.step(Step::Labelled { labels: labels.len() });
            let packet = std::mem::take(&mut run.packet.0);
            Decision::Forward(Forward { packet, kind: Kind::Mpls, interface: *oif, next_hop: None }).into()
        }
        Behavior::EndB6Encaps { path, reduced } => {
            match run.encapsulate(sid.behavior.name(), path, *reduced, next::IPV6, sid.interface) {
                Ok(()) => Next::Route(Lookup::default()),
                Err(reason) => Next::dropped(reason),
            }
        }
        // After a shift: there may be no SRH that knows the rest of the way.
        Behavior::EndB6 { path, reduced } => {
            let then = Some(run.packet.destination6());
            match run.insert_srh(sid.behavior.name(), path, *reduced, then) {
                Ok(()) => Next::Route(Lookup::default()),
                Err(reason) => Next::dropped(reason),
            }
        }
        Behavior::EndProxy { .. } => proxy::to_service(run, sid),
        _ => Next::Route(run.onwards(sid)),
    }
}

/// The end of the chain at a SID: decapsulate, or give it to the node, or
/// refuse.
fn upper_layer(run: &mut Run<'_>, sid: &Sid, header: Header) -> Next {
    let towards = |run: &Run<'_>, address: IpAddr| match address.is_unspecified() {
        true => Lookup::default(),
        false => run.towards(address, sid, false),
    };
    let table = |table| Lookup { table: Some(table), ..Lookup::default() };
    let (upper, offset) = (header.number, header.offset);
    let lookup = match (&sid.behavior, upper) {
        (behavior, next::IPV6 | next::IPV4) if sid.flavors.usd => match behavior {
            Behavior::EndX { nh6 } => towards(run, (*nh6).into()),
            Behavior::EndT { lookup } => table(*lookup),
            _ => Lookup::default(),
        },
        (Behavior::EndDx6 { nh6 }, next::IPV6) => towards(run, (*nh6).into()),
        (Behavior::EndDx4 { nh4 }, next::IPV4) => towards(run, (*nh4).into()),
        (Behavior::EndDt6(DtLookup::Table(vrf) | DtLookup::Vrf(vrf)), next::IPV6)
        | (Behavior::EndDt4 { vrf }, next::IPV4)
        | (Behavior::EndDt46 { vrf }, next::IPV4 | next::IPV6) => table(*vrf),
        (Behavior::EndDx2 { oif }, next::ETHERNET) => {
            run.decapsulate(offset, upper);
            return match run.packet.0.len() {
                ..14 => Next::dropped(Reason::NotEthernet),
                _ => run.frame_out(*oif).into(),
            };
        }
        (Behavior::EndDt2u(bridge), next::ETHERNET) => {
            run.decapsulate(offset, upper);
            return bridged(run, bridge);
        }
        (Behavior::EndProxy { kind: Proxy::Static, .. }, next::IPV4 | next::IPV6 | next::ETHERNET) => {
            return proxy::to_service(run, sid);
        }
        _ if run.node.allowed_upper.contains(&upper) => return run.deliver(upper, offset).into(),
        _ => return run.error(4, 4, offset as u32, Reason::UpperLayer),
    };
    run.decapsulate(offset, upper);
    if !run.packet.trim() {
        return Next::dropped(Reason::Truncated);
    }
    Next::Route(lookup)
}

/// End.DT2U (§4.11): to the port of a known address, else to all.
fn bridged(run: &mut Run<'_>, bridge: &Bridge) -> Next {
    let Some(to) = run.packet.0.get(..14).and_then(|header| header.first_chunk::<6>()).copied() else {
        return Next::dropped(Reason::NotEthernet);
    };
    let text = "the source address would be learned for the port it came from";
    run.step(Step::Rule { text, section: "RFC 8986 §4.11" });
    match bridge.table.iter().find(|(address, _)| *address == to) {
        Some((_, port)) => run.frame_out(*port).into(),
        None => Decision::Flood { frame: std::mem::take(&mut run.packet.0), ports: bridge.ports.clone() }.into(),
    }
}

/// One of the node's plain addresses (RFC 8754 §4.3.1 where SRHs are
/// processed, §4.3.2 where not).
pub(super) fn plain(run: &mut Run<'_>) -> Next {
    let port = run.input.interface.and_then(|interface| run.node.interfaces.get(interface.0));
    let seg6 = port.is_none_or(|port| port.seg6);
    let mut header = run.packet.first_header();
    let mut was_segment = false;
    loop {
        let Some(after) = run.packet.header_after(header) else {
            return match header.number {
                next::HOP_BY_HOP | next::DESTINATION | next::ROUTING => Next::dropped(Reason::Truncated),
                upper => plain_upper_layer(run, header, upper, was_segment),
            };
        };
        header = match header.number {
            next::HOP_BY_HOP | next::DESTINATION => after,
            next::ROUTING => match plain_routing(run, header, after, seg6) {
                Ok(after) => {
                    was_segment |= seg6;
                    after
                }
                Err(next) => return next,
            },
            upper => return plain_upper_layer(run, header, upper, was_segment),
        };
    }
}

fn plain_routing(run: &mut Run<'_>, header: Header, after: Header, seg6: bool) -> Result<Header, Next> {
    if let Some(result) = other_routing(run, header, after) {
        return result;
    }
    let numbers = Numbers::of(run, header).ok_or(Next::dropped(Reason::Truncated))?;
    match numbers.left {
        0 => {
            if seg6 {
                verify::rfc(run, header)?;
            }
            return Ok(after);
        }
        _ if !seg6 => return Err(run.error(4, 0, header.offset as u32 + 2, Reason::UnknownRouting)),
        _ => verify::rfc(run, header)?,
    }
    if !numbers.are_valid(1) {
        return Err(segments_left_error(run, header, Reason::SegmentsLeftTooBig));
    }
    run.next_segment(header).ok_or(Next::dropped(Reason::SegmentsLeftTooBig))?;
    if run.packet.destination().is_multicast() {
        return Err(Next::dropped(Reason::Multicast));
    }
    // Here, unlike at a SID, the hop limit is looked at last (§4.3.1.1, S13).
    if run.packet.hop_limit() <= 1 {
        return Err(run.hop_limit_exceeded().into());
    }
    take_hop(run);
    Err(Next::Route(Lookup::default()))
}

fn plain_upper_layer(run: &mut Run<'_>, header: Header, upper: u8, was_segment: bool) -> Next {
    match upper {
        // §4.3.1.2: a tunnel that ends at a segment.
        next::IPV6 | next::IPV4 if was_segment => {
            run.decapsulate(header.offset, upper);
            run.admit()
        }
        next::NONE => Next::dropped(Reason::NoNextHeader),
        6 | 17 | next::ICMPV6 | next::FRAGMENT | 50 | next::AUTHENTICATION | 132 | 136 => {
            run.deliver(upper, header.offset).into()
        }
        _ => run.error(4, 1, header.named_at as u32, Reason::UnknownNextHeader),
    }
}
