//! Proxies for services that know no SRv6: End.AS, End.AD, End.AM
//! (draft-ietf-spring-sr-service-programming). Linux has none of them.

use super::Profile;
use super::decision::{Decision, Forward, Kind, Reason};
use super::model::{Behavior, Interface, Proxy, Sid};
use super::packet::next;
use super::run::{Lookup, Next, Run};
use super::trace::Step;

/// On to the service. For End.AD and End.AM, the next segment is in place.
pub(super) fn to_service(run: &mut Run<'_>, sid: &Sid) -> Next {
    let Behavior::EndProxy { kind, oif, iif, .. } = &sid.behavior else { return Next::dropped(Reason::NotInLinux) };
    match kind {
        Proxy::Static if run.packet.hop_limit() <= 1 => run.hop_limit_exceeded().into(),
        Proxy::Static => stripped(run, *oif),
        Proxy::Dynamic => {
            let Some(upper) = run.packet.upper() else { return Next::dropped(Reason::Truncated) };
            run.learned = Some((*iif, run.packet.0[..upper.offset].to_vec()));
            stripped(run, *oif)
        }
        Proxy::Masquerading => masqueraded(run, sid, *oif, *iif),
    }
}

/// The service sees where the packet is going in the end. With compressed SIDs
/// the list cannot give the destination back, so that it is remembered.
fn masqueraded(run: &mut Run<'_>, sid: &Sid, oif: Interface, iif: Interface) -> Next {
    let Some(last) = run.packet.routing(false).and_then(|srh| run.packet.slot(srh.offset, 0)) else {
        let offset = run.packet.upper().map_or(0, |upper| upper.offset);
        return run.error(4, 4, offset as u32, Reason::UpperLayer);
    };
    if sid.flavors.csid.is_some() {
        run.learned = Some((iif, run.packet.destination6().octets().to_vec()));
    }
    run.set_destination(last);
    let next_hop = Some(run.packet.destination());
    let packet = std::mem::take(&mut run.packet.0);
    Decision::Forward(Forward { packet, kind: Kind::Ipv6, interface: oif, next_hop }).into()
}

/// Without its outer headers, as the service wants it.
fn stripped(run: &mut Run<'_>, oif: Interface) -> Next {
    let Some(upper) = run.packet.upper() else { return Next::dropped(Reason::Truncated) };
    let kind = match upper.number {
        next::IPV6 => Kind::Ipv6,
        next::IPV4 => Kind::Ipv4,
        next::ETHERNET => Kind::Ethernet,
        _ => return run.error(4, 4, upper.offset as u32, Reason::UpperLayer),
    };
    run.decapsulate(upper.offset, upper.number);
    if kind == Kind::Ethernet {
        return run.frame_out(oif).into();
    }
    if !run.packet.trim() {
        return Next::dropped(Reason::Truncated);
    }
    let next_hop = Some(run.packet.destination());
    let packet = std::mem::take(&mut run.packet.0);
    Decision::Forward(Forward { packet, kind, interface: oif, next_hop }).into()
}

/// A packet that came from a service: what was taken off is put back. `None`
/// for all others.
pub(super) fn returned(run: &mut Run<'_>) -> Option<Next> {
    let from = run.input.interface.filter(|_| run.profile == Profile::Rfc)?;
    let sid =
        run.node.sids.iter().find(|sid| matches!(&sid.behavior, Behavior::EndProxy { iif, .. } if *iif == from))?;
    let Behavior::EndProxy { kind, path, .. } = &sid.behavior else { return None };
    run.step(Step::Behavior { name: sid.behavior.name(), flavors: sid.flavors });
    Some(match kind {
        Proxy::Static => {
            let Some(path) = path else { return Some(Next::dropped(Reason::NoCache)) };
            let protocol = if run.packet.is_ipv6() { next::IPV6 } else { next::IPV4 };
            match run.encapsulate(sid.behavior.name(), path, false, protocol, sid.interface) {
                Ok(()) => Next::Route(Lookup::default()),
                Err(reason) => Next::dropped(reason),
            }
        }
        Proxy::Dynamic => {
            let Some(cache) = run.input.cache else { return Some(Next::dropped(Reason::NoCache)) };
            run.packet.insert(0, cache);
            if !run.packet.fit_payload_length() {
                return Some(Next::dropped(Reason::TooLong));
            }
            let (source, destination) = (run.packet.source6(), run.packet.destination6());
            let (name, bytes) = (sid.behavior.name(), cache.len());
            let header = run.packet.routing(false).and_then(|header| run.packet.srh(header.offset));
            let segments = header.map_or(0, |srh| srh.segment_count());
            run.step(Step::Encapsulated { name, source, destination, segments, bytes });
            // It was taken when the headers were cached.
            run.hop_taken = true;
            Next::Route(Lookup::default())
        }
        Proxy::Masquerading => {
            let remembered = run.input.cache.filter(|_| sid.flavors.csid.is_some());
            let active = match remembered.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()) {
                Some(remembered) => Some(remembered.into()),
                None => run.packet.routing(true).and_then(|srh| {
                    let left = run.packet.srh(srh.offset)?.segments_left();
                    run.packet.slot(srh.offset, left)
                }),
            };
            if let Some(active) = active {
                run.set_destination(active);
            }
            run.hop_taken = true;
            Next::Route(Lookup::default())
        }
    })
}
