//! The two passes over a stack.
//!
//! Laying out goes from the outermost layer inwards and writes each header
//! with everything that depends only on the layers themselves: defaults, next
//! headers, options and segments, and last the given fields, over whatever is
//! there. Sealing goes back outwards and fills in what depends on the bytes
//! inside: lengths, then checksums. Neither touches a field that was given.

use crate::craft::Arg;
use crate::craft::check::Check;
use crate::craft::{CraftError, Layer, Problem, extension, internet, link, srh, upper};
use crate::wire::cooked;
use crate::wire::data;
use crate::wire::field::{At, Field, WriteError};
use crate::wire::link_type::LinkType;
use crate::wire::proto::Proto;

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

/// As [`build`], with what is known of the bytes: where layers start, which
/// checksums were computed and over what.
pub(super) fn assemble(layers: &[Layer]) -> Result<Packet, CraftError> {
    let mut packet = Packet { bytes: Vec::new(), starts: Vec::with_capacity(layers.len()), checks: Vec::new() };
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
        _ => return None,
    })
}

/// A packet under construction.
pub(super) struct Packet {
    /// Its bytes so far.
    pub bytes: Vec<u8>,
    /// Where each layer starts, in bytes from the first.
    pub starts: Vec<usize>,
    /// The checksums that were computed, in the order in which they can be:
    /// one that covers another comes after it.
    pub checks: Vec<Check>,
}

impl Packet {
    /// A layer's bytes, with everything inside it.
    pub fn onwards(&self, index: usize) -> &[u8] {
        &self.bytes[self.starts[index]..]
    }

    /// As [`Packet::onwards`], to write to.
    pub fn onwards_mut(&mut self, index: usize) -> &mut [u8] {
        &mut self.bytes[self.starts[index]..]
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

    /// How many bytes follow a layer's own.
    pub fn inside(&self, index: usize) -> usize {
        self.bytes.len() - self.starts.get(index + 1).copied().unwrap_or(self.bytes.len())
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

    /// The next layer's protocol.
    pub fn next(&self) -> Option<Proto> {
        self.following().first().map(|layer| layer.proto)
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
    match layer.proto {
        Proto::Ethernet => link::ethernet(site, bytes),
        Proto::Vlan => link::vlan(site, bytes),
        Proto::Cooked => link::cooked(site, bytes),
        Proto::Loopback => link::loopback(site, bytes),
        Proto::Ipv4 => internet::ipv4(site, bytes),
        Proto::Ipv6 => internet::ipv6(site, bytes),
        Proto::HopByHop | Proto::Destination => extension::options(site, bytes),
        Proto::Routing => extension::routing(site, bytes),
        Proto::Fragment => extension::fragment(site, bytes),
        Proto::Srh => srh::lay(site, bytes),
        Proto::Udp => upper::udp(site, bytes),
        Proto::Tcp => upper::tcp(site, bytes),
        Proto::Icmpv4 | Proto::Icmpv6 => upper::icmp(site, bytes),
        Proto::Data => {
            bytes.extend(layer.raw(&data::DATA));
            if let Some(len) = layer.uint(&data::LENGTH) {
                bytes.resize(start + len.min(data::MAX_LENGTH) as usize, 0);
            }
            Ok(())
        }
        // Everything else is only read.
        _ => Err(site.error(Problem::NotCraftable)),
    }?;
    site.put_given(&mut bytes[start..])
}

/// Fills in what depends on the bytes inside a layer.
fn seal(site: &Site, packet: &mut Packet) -> Step {
    match site.layer().proto {
        Proto::Ipv4 => internet::seal_ipv4(site, packet),
        Proto::Ipv6 => internet::seal_ipv6(site, packet),
        Proto::Udp => upper::seal_udp(site, packet),
        Proto::Tcp => upper::seal_tcp(site, packet),
        Proto::Icmpv4 => upper::seal_icmpv4(site, packet),
        Proto::Icmpv6 => upper::seal_icmpv6(site, packet),
        Proto::Srh => srh::seal(site, packet),
        // Their lengths are their own, or they have none.
        _ => Ok(()),
    }
}
