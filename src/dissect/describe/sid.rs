//! What a plan of locators tells about SIDs, shown where they stand.

use std::fmt;
use std::net::Ipv6Addr;

use crate::dissect::visit::{Erase, Out};
use crate::dissect::{Layer, Packet};
use crate::srv6::csid::{Locators, Named};
use crate::wire::field::Value;
use crate::wire::proto::Proto;
use crate::wire::sid;
use crate::wire::srh::Srh;
use crate::wire::text::Fast;

/// What a SID is called, in parentheses, after a space: ` (n2 End)`.
pub(super) struct Called<'a>(pub Option<&'a Named>);

impl fmt::Display for Called<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.map(|named| (named.name.as_deref(), named.behavior.as_deref())) {
            Some((Some(name), Some(behavior))) => write!(f, " ({name} {behavior})"),
            Some((Some(word), None) | (None, Some(word))) => write!(f, " ({word})"),
            Some((None, None)) | None => Ok(()),
        }
    }
}

/// The parts of a SID that the plan tells apart.
pub(super) fn parts(plan: &Locators, named: &Named, address: Ipv6Addr, out: &mut Out<'_, '_>) {
    for (field, text) in [(&sid::NAME, &named.name), (&sid::BEHAVIOR, &named.behavior)] {
        if let Some(text) = text {
            out.derived(field, Value::Text(text));
        }
    }
    // What follows in a carrier is not this SID's.
    let address = plan.current(address);
    let Some(parts) = named.parts(address) else { return };
    // Text that is not the packet's, in a buffer of its own: at most 43 bytes.
    let locator = format!("{}/{}", parts.locator.0, parts.locator.1);
    out.derived(&sid::LOCATOR, Value::Text(&locator));
    let digits = usize::from(named.function.unwrap_or_default()).div_ceil(4);
    let text = format_args!("Function: 0x{:0digits$x}", parts.function);
    out.derived_as(&sid::FUNCTION, Value::Uint(parts.function), text);
    let digits = usize::from(parts.argument.1).div_ceil(4);
    out.derived(&sid::ARGUMENT, Value::Text(&format!("0x{:0digits$x}", parts.argument.0)));
    if let Some(session) = named.mob_session(address) {
        out.derived(&sid::QFI, Value::Uint(u64::from(session.qfi)));
        out.derived(&sid::REFLECTIVE, Value::Bool(session.reflective));
        out.derived(&sid::U_BIT, Value::Bool(session.unused));
        out.derived(&sid::SESSION, Value::Uint(u64::from(session.session)));
    }
}

/// What the plan knows of an IPv6 destination; the SIDs it carries too, unless
/// an SRH follows, which shows them with the rest of the path.
pub(super) fn destination<V: Erase + ?Sized>(
    packet: &Packet<'_>,
    layer: &Layer,
    address: Ipv6Addr,
    out: &mut Out<'_, '_, V>,
) {
    let locators = &packet.settings().locators;
    if locators.is_empty() {
        return;
    }
    let out = &mut out.erased();
    if let Some(named) = locators.named(address) {
        parts(locators, named, address, out);
    }
    let routed = packet.layers().iter().any(|l| l.proto == Proto::Srh && l.network == layer.network);
    if !routed {
        still_to_visit(packet, address, None, out);
    }
}

/// The SIDs that a packet still visits, where some of them are compressed.
pub(super) fn still_to_visit(packet: &Packet<'_>, address: Ipv6Addr, srh: Option<&Srh<'_>>, out: &mut Out<'_, '_>) {
    let locators = &packet.settings().locators;
    let sids = locators.still_to_visit(address, srh);
    if sids.is_empty() {
        return;
    }
    out.open_derived(&sid::CSIDS, Value::None, format_args!("SIDs still to visit: {}", sids.len()));
    for (index, sid) in sids.into_iter().enumerate() {
        let called = Called(locators.named(sid));
        out.derived_as(&sid::CSID, Value::from(sid), format_args!("{}. {}{called}", index + 1, Fast(sid)));
    }
    if let Some(argument) = locators.argument(address) {
        out.derived(&sid::CARRIED, Value::Text(&format!("{argument:#x}")));
    }
    out.close();
}
