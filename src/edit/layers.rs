//! Packets changed by way of their layers.

use super::maps::is_signed;
use super::{Edit, Problem, follows};
use crate::capture::Frame;
use crate::capture::file::MAX_FRAME;
use crate::craft::vary::Series;
use crate::craft::{self, Arg, Layer, Stack};
use crate::dissect::{Checksum, Dissection, Packet, Unverified};
use crate::rebuild;
use crate::wire::bytes::u16_at;
use crate::wire::checksum::Sum;
use crate::wire::field::Field;
use crate::wire::proto::Proto;
use crate::wire::srh;
use crate::wire::{data, icmpv4, icmpv6, ipv4, tcp, udp};

/// A packet's layers while they are changed.
pub(super) struct Draft {
    /// The layers.
    pub layers: Vec<Layer>,
    /// Of each, its place in the packet as captured, and whether its checksum
    /// was set since.
    origins: Vec<Option<(usize, bool)>>,
}

impl Draft {
    /// Gives a field, or takes it back.
    pub fn set(&mut self, place: usize, field: &'static Field, value: Option<Arg>) {
        let layer = &mut self.layers[place];
        // The two orders of a list exclude each other.
        for (one, other) in [(&srh::PATH, &srh::SEGMENTS), (&srh::SEGMENTS, &srh::PATH)] {
            if std::ptr::eq(field, one) {
                layer.unset(other);
            }
        }
        match value {
            Some(value) => layer.set(field, value),
            None => layer.unset(field),
        }
        if let Some((_, set)) = &mut self.origins[place] {
            *set |= field.arg == "cksum";
        }
    }

    /// Puts a layer in.
    pub fn insert(&mut self, place: usize, layer: Layer) {
        self.shift(place, 1);
        self.layers.insert(place, layer);
        self.origins.insert(place, None);
    }

    /// Takes a layer out.
    pub fn remove(&mut self, place: usize) -> Layer {
        self.shift(place, -1);
        self.origins.remove(place);
        self.layers.remove(place)
    }

    /// Counts one layer more or less around trailers that are inside `place`.
    fn shift(&mut self, place: usize, by: i64) {
        for layer in self.layers.iter_mut().filter(|layer| layer.proto == Proto::Trailer) {
            if let Some(Arg::Uint(inside)) = layer.get(&data::INSIDE)
                && place < *inside as usize
            {
                let inside = inside.saturating_add_signed(by);
                layer.set(&data::INSIDE, inside);
            }
        }
    }
}

/// The checksum of a layer, if it has one.
fn checksum_field(proto: Proto) -> Option<&'static Field> {
    Some(match proto {
        Proto::Udp => &udp::CHECKSUM,
        Proto::Tcp => &tcp::CHECKSUM,
        Proto::Icmpv4 => &icmpv4::CHECKSUM,
        Proto::Icmpv6 => &icmpv6::CHECKSUM,
        Proto::Ipv4 => &ipv4::CHECKSUM,
        _ => return None,
    })
}

/// Appends the changed packet to `out`; `None` where nothing applies to it.
pub(super) fn apply(
    edit: &Edit,
    packet: &Packet<'_>,
    dissection: &mut Dissection,
    out: &mut Vec<u8>,
) -> Result<Option<super::Edited>, Problem> {
    let frame = packet.frame;
    // What the capture lacks is made up, so that lengths are what they say, and
    // left out again.
    let missing = (frame.original_len as usize).saturating_sub(frame.data.len());
    let missing = if frame.original_len <= MAX_FRAME { missing } else { 0 };
    let padded;
    let whole = if missing > 0 {
        padded = [frame.data, &vec![0; missing]].concat();
        Frame { data: &padded, ..*frame }
    } else {
        *frame
    };
    let before = if missing > 0 {
        dissection.refill_layers(&whole);
        rebuild::layers(&Packet::new(&whole, dissection)).0
    } else {
        rebuild::layers(packet).0
    };
    let origins = (0..before.len()).map(|place| Some((place, false))).collect();
    let mut edited = Draft { layers: before.clone(), origins };
    let mut applies = false;
    for change in &edit.changes {
        applies |= change.apply(&mut edited);
    }
    if edit.fix {
        applies |= fix(packet, &before, &mut edited);
    }
    if !applies {
        return Ok(None);
    }
    let stack = Stack(std::mem::take(&mut edited.layers));
    edited.layers = if stack.varies() {
        let series = Series::new(stack, &edit.vary).map_err(|error| error.error)?;
        series.layers(frame.number.saturating_sub(1)).0
    } else {
        stack.0
    };
    let Some(first) = edited.layers.first() else { return Err(Problem::Empty) };
    let link = if before.first().is_some_and(|old| old.proto == first.proto) {
        frame.link
    } else {
        craft::link_type(&edited.layers).ok_or(Problem::Link(first.proto.info().notation))?
    };
    let mut built = craft::build(&edited.layers)?;
    carry(packet, &before, &edited, &mut built);
    let unsigned = is_signed(packet) && built != whole.data;
    let original_len = built.len();
    built.truncate(original_len.saturating_sub(missing));
    out.extend_from_slice(&built);
    let original_len = u32::try_from(original_len).unwrap_or(u32::MAX);
    let made_up = frame.original_len.saturating_sub(whole.data.len() as u32);
    Ok(Some(super::Edited { link, original_len: original_len.saturating_add(made_up), unsigned }))
}

/// The dissected layer that a layer of the stack was, found by being the same
/// among those of its protocol.
fn dissected<'p>(packet: &'p Packet<'_>, stack: &[Layer], place: usize) -> Option<&'p crate::dissect::Layer> {
    let proto = stack[place].proto;
    let nth = stack[..place].iter().filter(|layer| layer.proto == proto).count();
    packet.layers().iter().filter(|layer| layer.proto == proto).nth(nth)
}

/// Takes back checksums that are wrong and need not be; whether there were any.
fn fix(packet: &Packet<'_>, before: &[Layer], edited: &mut Draft) -> bool {
    let mut any = false;
    for place in 0..edited.layers.len() {
        let (Some(field), Some((origin, _))) = (checksum_field(edited.layers[place].proto), edited.origins[place])
        else {
            continue;
        };
        let status = dissected(packet, before, origin).and_then(|layer| packet.checksum(layer));
        let wrong = matches!(
            status,
            Some(
                Checksum::Bad { .. }
                    | Checksum::Illegal
                    | Checksum::Unverified(Unverified::Partial | Unverified::Blank)
            )
        );
        if wrong && edited.layers[place].has(field) {
            edited.set(place, field, None);
            any = true;
        }
    }
    any
}

/// Carries along the checksums that were right, or may have been, and that the
/// builder could not compute: by the difference between what it would have
/// computed before and would compute now (RFC 1624 §3).
fn carry(packet: &Packet<'_>, before: &[Layer], edited: &Draft, built: &mut [u8]) {
    let mut carried = Vec::new();
    for (place, (layer, origin)) in edited.layers.iter().zip(&edited.origins).enumerate() {
        let (Some(field), Some((origin, false))) = (checksum_field(layer.proto), origin) else { continue };
        let was = dissected(packet, before, *origin);
        let follows = was.is_some_and(|was| packet.checksum(was).is_some_and(|status| follows(packet, was, status)));
        if follows && layer.has(field) {
            carried.push((place, *origin, field));
        }
    }
    if carried.is_empty() {
        return;
    }
    let without = |layers: &[Layer], place: fn(&(usize, usize, &'static Field)) -> usize| {
        let mut layers = layers.to_vec();
        carried.iter().for_each(|carry| layers[place(carry)].unset(carry.2));
        craft::build_with_starts(&layers)
    };
    // Where the builder has no idea of a checksum, there is nothing to follow.
    let (Ok((old, old_starts)), Ok((new, new_starts))) =
        (without(before, |carry| carry.1), without(&edited.layers, |carry| carry.0))
    else {
        return;
    };
    for (place, origin, field) in carried {
        let offset = field.byte_range().0;
        let at = new_starts[place] + offset;
        let values = (u16_at(&old, old_starts[origin] + offset), u16_at(&new, at), u16_at(built, at));
        let (Some(computed), Some(computes), Some(stored)) = values else { continue };
        let sum = Sum::default().word(!stored).word(computed).word(!computes);
        let udp = edited.layers[place].proto == Proto::Udp;
        let value = if udp { sum.udp_checksum() } else { sum.checksum() };
        if computed != computes {
            built[at..at + 2].copy_from_slice(&value.to_be_bytes());
        }
    }
}
