//! The two passes over a stack.
//!
//! Laying out goes from the outermost layer inwards and writes each header
//! with everything that depends only on the layers themselves: defaults, next
//! headers, options and segments, and last the given fields, over whatever is
//! there. Sealing goes back outwards and fills in what depends on the bytes
//! inside: lengths, then checksums. Neither touches a field that was given.

use crate::craft::Arg;
use crate::craft::check::Check;
use crate::craft::rules::Rules;
use crate::craft::{CraftError, Layer, Problem, icmp};
use crate::wire::field::{At, Field, WriteError};
use crate::wire::link_type::LinkType;
use crate::wire::proto::Proto;
use crate::wire::{cooked, data};

/// What every step returns.
pub(super) type Step<T = ()> = Result<T, CraftError>;

/// Turns layers into bytes.
///
/// # Errors
/// A value that does not suit its field, a computed length or number that its
/// field has no room for, a header that cannot announce the next one. A field
/// that is given is never in the way: giving it lifts the limit.
pub fn build(layers: &[Layer]) -> Result<Vec<u8>, CraftError> {
    assemble(layers).map(|packet| packet.bytes)
}

/// As [`build`], with where each layer starts, in bytes from the first.
///
/// # Errors
/// As [`build`].
pub fn build_with_starts(layers: &[Layer]) -> Result<(Vec<u8>, Vec<usize>), CraftError> {
    assemble(layers).map(|packet| (packet.bytes, packet.starts))
}

/// As [`build`], with what is known of the bytes: where layers start, which
/// checksums were computed and over what.
pub(super) fn assemble(layers: &[Layer]) -> Result<Packet, CraftError> {
    let mut packet = Packet {
        bytes: Vec::new(),
        starts: Vec::with_capacity(layers.len()),
        outside: outside(layers),
        resized: false,
        extensions: layers.iter().position(|layer| layer.proto == Proto::IcmpExtensions),
        checks: Vec::new(),
    };
    for index in 0..layers.len() {
        let site = Site { layers, index };
        packet.starts.push(packet.bytes.len());
        lay(&site, &mut packet.bytes)?;
    }
    for index in (0..layers.len()).rev() {
        seal(&Site { layers, index }, &mut packet)?;
    }
    Ok(packet)
}

/// The layers that lie beyond the end of some before them, and how many of the
/// outermost layers have each inside.
fn outside(layers: &[Layer]) -> Vec<(usize, usize)> {
    let inside = |(index, layer): (usize, &Layer)| match layer.proto {
        Proto::Trailer => Some((index, layer.uint(&data::INSIDE).unwrap_or(0) as usize)),
        Proto::IcmpExtensions => Some((index, icmp::extended_by(layers).map_or(0, |message| message + 1))),
        _ => None,
    };
    layers.iter().enumerate().filter_map(inside).collect()
}

/// What a capture file must say its frames start with to hold this packet;
/// `None` where no link type says it (a packet that starts with UDP, say).
pub fn link_type(layers: &[Layer]) -> Option<LinkType> {
    let first = layers.first()?;
    Some(match first.proto {
        Proto::Ethernet => LinkType::ETHERNET,
        Proto::Ipv4 | Proto::Ipv6 => LinkType::RAW,
        Proto::Loopback => LinkType::NULL,
        Proto::Cooked if first.has(&cooked::INTERFACE) => LinkType::LINUX_SLL2,
        Proto::Cooked => LinkType::LINUX_SLL,
        Proto::Ppp => LinkType::PPP,
        Proto::Pppoe => LinkType::PPP_ETHER,
        Proto::CiscoHdlc => LinkType::C_HDLC,
        _ => return None,
    })
}

/// A packet under construction.
pub(super) struct Packet {
    /// Its bytes so far.
    pub bytes: Vec<u8>,
    /// Where each layer starts, in bytes from the first.
    pub starts: Vec<usize>,
    /// The layers beyond the end of some before them, and how many of the
    /// outermost have each inside.
    outside: Vec<(usize, usize)>,
    /// The extensions of an ICMP message, if there are any.
    extensions: Option<usize>,
    /// Whether bytes were cut off or filled in after checksums over them.
    pub resized: bool,
    /// The checksums that were computed, in the order in which they can be:
    /// one that covers another comes after it.
    pub checks: Vec<Check>,
}

impl Packet {
    /// A layer's bytes, with everything inside it.
    pub fn onwards(&self, index: usize) -> &[u8] {
        &self.bytes[self.starts[index]..self.end(index)]
    }

    /// As [`Packet::onwards`], to write to.
    pub fn onwards_mut(&mut self, index: usize) -> &mut [u8] {
        let end = self.end(index);
        &mut self.bytes[self.starts[index]..end]
    }

    /// Where what is inside a layer ends.
    fn end(&self, index: usize) -> usize {
        let beyond = self.outside.iter().find(|(at, inside)| *at > index && *inside <= index);
        beyond.map_or(self.bytes.len(), |(at, _)| self.starts[*at])
    }

    /// Where a layer's own bytes end.
    fn header_end(&self, index: usize) -> usize {
        self.starts.get(index + 1).copied().unwrap_or(self.bytes.len())
    }

    /// How many bytes follow a layer's own, and are inside it.
    pub fn inside(&self, index: usize) -> usize {
        self.end(index).saturating_sub(self.header_end(index))
    }

    /// How many bytes an ICMP message quotes: up to its extensions.
    pub fn quoted(&self, index: usize) -> usize {
        self.quote_end(index).saturating_sub(self.header_end(index))
    }

    /// Where the packet that an ICMP message quotes ends.
    fn quote_end(&self, index: usize) -> usize {
        self.extensions.filter(|at| *at > index).map_or(self.end(index), |at| self.starts[at].min(self.end(index)))
    }

    /// Makes what a layer carries, up to extensions, as long as `len` bytes, by
    /// cutting it off or by adding zeros. Checksums that covered what is gone
    /// stay as they are: they are right for the packet as it was.
    pub fn resize_inside(&mut self, index: usize, len: usize) {
        let (start, end) = (self.header_end(index), self.quote_end(index));
        let (keep, there) = (start + len, end.saturating_sub(start));
        if len == there {
            return;
        }
        self.resized = true;
        if len < there {
            self.bytes.drain(keep..end);
        } else {
            self.bytes.splice(end..end, std::iter::repeat_n(0, len - there));
        }
        let moved = |at: usize| match at {
            at if at >= end => at - there + len,
            at => at.min(keep),
        };
        for at in &mut self.starts[index + 1..] {
            *at = moved(*at);
        }
        self.checks.retain(|check| check.covers.iter().all(|range| range.end <= keep.min(end)));
    }

    /// Writes a checksum as it was asked for: the right one, or a wrong one;
    /// one given as a number is already there.
    pub fn put_checksum(&mut self, site: &Site, field: &'static Field, mut check: Check) -> Step {
        check.spoiled = match site.layer().get(field) {
            None => false,
            Some(Arg::Bad) => true,
            Some(_) => return Ok(()),
        };
        let sum = check.value(&self.bytes);
        let place = self.bytes.get_mut(check.at..check.at + 2);
        place.ok_or_else(|| site.error(Problem::ForeignField(field.name)))?.copy_from_slice(&sum.to_be_bytes());
        self.checks.push(check);
        Ok(())
    }
}

/// A layer in its place in the stack.
pub(super) struct Site<'a> {
    /// The whole stack.
    pub layers: &'a [Layer],
    /// The layer's place in it.
    pub index: usize,
}

impl<'a> Site<'a> {
    /// The layer.
    pub fn layer(&self) -> &'a Layer {
        &self.layers[self.index]
    }

    /// The layers inside it.
    pub fn following(&self) -> &'a [Layer] {
        &self.layers[self.index + 1..]
    }

    /// The next layer's protocol; what lies beyond the end of this one is none.
    pub fn next(&self) -> Option<Proto> {
        let next = self.following().first().map(|layer| layer.proto);
        next.filter(|proto| !matches!(proto, Proto::Trailer | Proto::IcmpExtensions))
    }

    /// An error about this layer.
    pub fn error(&self, problem: impl Into<Problem>) -> CraftError {
        let layer = self.layer().proto.info().notation;
        CraftError { number: self.index + 1, layer, problem: problem.into() }
    }

    /// Writes a default or a number known to fit, unless the field was given.
    pub fn put(&self, header: &mut [u8], field: &'static Field, value: impl Into<u64>) -> Step {
        self.put_counted(header, field, value.into(), "", "")
    }

    /// Writes a computed number, unless the field was given: `of` says what it
    /// counts, `hint` what to do where there is no room for it.
    pub fn put_counted(
        &self,
        header: &mut [u8],
        field: &'static Field,
        value: u64,
        of: &'static str,
        hint: &'static str,
    ) -> Step {
        if self.layer().has(field) {
            return Ok(());
        }
        field.write_uint(header, value).map_err(|error| match error {
            WriteError::TooWide { width, .. } => {
                self.error(Problem::TooMany { value, of, arg: field.arg, most: u64::MAX >> (64 - width), hint })
            }
            WriteError::NoPlace(name) => self.error(Problem::ForeignField(name)),
        })
    }

    /// Whether the checksum in `field` must be worked out.
    pub fn wants_checksum(&self, field: &'static Field) -> bool {
        matches!(self.layer().get(field), None | Some(Arg::Bad))
    }

    /// Writes the fields that were given a fixed place's worth of value. The
    /// others are the layer's own business.
    fn put_given(&self, header: &mut [u8]) -> Step {
        for (field, value) in self.layer().args() {
            if !matches!(field.at, At::Bits { .. }) {
                continue;
            }
            match value {
                Arg::Uint(number) => field.write_uint(header, *number),
                Arg::Ether(octets) => field.write_bytes(header, octets),
                Arg::Ipv4(address) => field.write_bytes(header, &address.octets()),
                Arg::Ipv6(address) => field.write_bytes(header, &address.octets()),
                Arg::Bytes(bytes) => field.write_bytes(header, bytes),
                Arg::Bad | Arg::Element(_) | Arg::List(_) | Arg::Vary(_) => Ok(()),
            }
            .map_err(|_| self.error(Problem::ForeignField(field.name)))?;
        }
        Ok(())
    }
}

/// Appends one layer's own bytes.
fn lay(site: &Site, bytes: &mut Vec<u8>) -> Step {
    let layer = site.layer();
    for (field, value) in layer.args() {
        if !layer.proto.info().fields.iter().any(|own| std::ptr::eq(*own, field)) {
            return Err(site.error(Problem::ForeignField(field.name)));
        }
        if layer.proto != Proto::Data {
            value.check(field).map_err(|error| site.error(error))?;
        }
        if value.varies() {
            return Err(site.error(Problem::Varies(field.arg)));
        }
    }
    let start = bytes.len();
    (Rules::of(layer.proto).lay)(site, bytes)?;
    site.put_given(&mut bytes[start..])
}

/// Fills in what depends on the bytes inside a layer.
fn seal(site: &Site, packet: &mut Packet) -> Step {
    Rules::of(site.layer().proto).seal.map_or(Ok(()), |seal| seal(site, packet))
}
