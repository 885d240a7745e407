//! Taking back what the builder does by itself.

use crate::craft::{self, Arg, Stack};
use crate::wire::field::{At, Field};
use crate::wire::proto::Proto;
use crate::wire::{data, gre, icmpv4, icmpv6, ipv6};

/// Takes back, one after the other, what was given without being compared with
/// what the builder does by itself, as long as the packet stays the same.
pub(super) fn shorten(stack: &mut Stack, frame: &[u8]) {
    without_fill(stack, frame);
    for index in 0..stack.len() {
        let given: Vec<(&'static Field, Arg)> =
            stack[index].args().map(|(field, value)| (field, value.clone())).collect();
        for (field, value) in given {
            if is_guess(stack[index].proto, field) || is_led(stack, index, field) {
                attempt(stack, index, frame, |layer| layer.unset(field));
            }
            if let (Arg::List(items), Some(_)) = (value, field.elements) {
                without_padding(stack, index, field, items, frame);
                // Lists are long: they read better behind the rest.
                if let Some(list) = stack[index].get(field).cloned() {
                    stack.0[index].unset(field);
                    stack.0[index].set(field, list);
                }
            }
        }
    }
}

/// Takes back the zeros that fill up a quoted packet, where the builder puts
/// them there by itself.
fn without_fill(stack: &mut Stack, frame: &[u8]) {
    let Some(at) = stack.iter().rposition(|layer| layer.proto == Proto::Trailer) else { return };
    let mut fewer = stack.clone();
    fewer.0.remove(at);
    for layer in &mut fewer.0 {
        layer.unset(&icmpv4::QUOTE);
        layer.unset(&icmpv6::QUOTE);
    }
    if craft::build(&fewer).is_ok_and(|built| built == frame) {
        *stack = fewer;
    }
}

/// Changes a layer, unless the packet changes by it; whether it was changed.
fn attempt(stack: &mut Stack, index: usize, frame: &[u8], change: impl FnOnce(&mut craft::Layer)) -> bool {
    let before = stack.0[index].clone();
    change(&mut stack.0[index]);
    let same = craft::build(stack).is_ok_and(|built| built == frame);
    if !same {
        stack.0[index] = before;
    }
    same
}

/// Whether a field is given before anybody knows if it must be.
fn is_guess(proto: Proto, field: &'static Field) -> bool {
    let one_of = |fields: &[&'static Field]| fields.iter().any(|known| std::ptr::eq(*known, field));
    match proto {
        Proto::Cooked | Proto::Loopback | Proto::Ppp | Proto::Llc | Proto::Gre | Proto::Arp => {
            field.at != At::Derived && !one_of(&[&gre::CHECKSUM_BIT])
        }
        Proto::Trailer => one_of(&[&data::INSIDE]),
        Proto::Icmpv4 | Proto::Icmpv6 => one_of(&[&icmpv4::QUOTE, &icmpv6::QUOTE]),
        _ => false,
    }
}

/// Whether a field is the destination before an SRH, which may have been given
/// only because the Segments Left that it follows from were given in the same
/// round.
fn is_led(stack: &Stack, index: usize, field: &'static Field) -> bool {
    std::ptr::eq(field, &ipv6::DESTINATION) && stack[index..].iter().any(|layer| layer.proto == Proto::Srh)
}

/// Takes back the padding that the builder would put into a list by itself.
///
/// It puts some before elements that have to be aligned, and at the end: only
/// there it can be taken back. Trying that on the layer alone, where it can be
/// alone, takes no longer for what else is in the packet.
fn without_padding(stack: &mut Stack, index: usize, field: &'static Field, mut items: Vec<Arg>, frame: &[u8]) {
    let set = |layer: &mut craft::Layer, items: &[Arg]| {
        if items.is_empty() {
            layer.unset(field);
        } else {
            layer.set(field, items.to_vec());
        }
    };
    let alone = Stack(vec![stack[index].clone()]);
    let (mut tried, at, built) = match craft::build(&alone) {
        Ok(built) => (alone, 0, built),
        Err(_) => (stack.clone(), index, frame.to_vec()),
    };
    let before = items.len();
    for candidate in (0..items.len()).rev() {
        if !is_padding(&items[candidate]) || !items.get(candidate + 1).is_none_or(is_aligned) {
            continue;
        }
        let padding = items.remove(candidate);
        set(&mut tried.0[at], &items);
        if craft::build(&tried).is_ok_and(|fewer| fewer == built) {
            continue;
        }
        items.insert(candidate, padding);
    }
    if items.len() < before {
        attempt(stack, index, frame, |layer| set(layer, &items));
    }
}

/// Whether an element does nothing but fill.
fn is_padding(item: &Arg) -> bool {
    matches!(item, Arg::Element(element) if matches!(element.form().name, "pad1" | "padn" | "eol"))
}

/// Whether an element may have padding put before it.
fn is_aligned(item: &Arg) -> bool {
    matches!(item, Arg::Element(element) if element.form().align.0 > 1)
}
