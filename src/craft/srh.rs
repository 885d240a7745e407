//! The Segment Routing Header (RFC 8754 §2, §4.1).

use std::net::Ipv6Addr;

use crate::craft::build::{Packet, Site, Step};
use crate::craft::element::{self, Laid};
use crate::craft::extension::hdr_ext_len;
use crate::craft::internet::put_protocol;
use crate::craft::link::append;
use crate::craft::rules::Rules;
use crate::craft::{Arg, Layer, Problem, csid, tlv};
use crate::srv6::csid::Flavor;
use crate::srv6::hmac::{Form, Key, Signed};
use crate::wire::field::Field;
use crate::wire::ipv6::Ipv6;
use crate::wire::names::ip_proto;
use crate::wire::proto::Proto;
use crate::wire::routing;
use crate::wire::srh::{self, FIXED_LEN, ROUTING_TYPE, SEGMENT_LEN};

pub(super) const SRH: Rules = Rules::extension(lay, ip_proto::ROUTING).sealed(seal);

/// Appends an SRH.
fn lay(site: &Site, bytes: &mut Vec<u8>) -> Step {
    let layer = site.layer();
    if layer.has(&srh::PATH) && layer.has(&srh::SEGMENTS) {
        return Err(site.error(Problem::Exclusive("path=", "segs=")));
    }
    csid::compression(layer).map_err(|problem| site.error(problem))?;
    let Some(list) = segment_list(layer) else { return Err(site.error(Problem::Needs("path= or segs="))) };
    let laid = tlvs(site)?;
    let tlvs = &laid.bytes;
    let count = list.segments.len();
    if list.reduced && count == 0 && layer.has(&srh::PATH) && !layer.has(&srh::LAST_ENTRY) {
        return Err(site.error(Problem::ReducedToNothing { tlvs: !tlvs.is_empty() }));
    }

    let len = FIXED_LEN + count * SEGMENT_LEN + tlvs.len();
    let header = append(bytes, len);
    let (segments, rest) = header[FIXED_LEN..].split_at_mut(count * SEGMENT_LEN);
    for (place, segment) in segments.as_chunks_mut::<SEGMENT_LEN>().0.iter_mut().zip(&list.segments) {
        *place = segment.octets();
    }
    rest.copy_from_slice(tlvs);

    put_protocol(site, header, &routing::NEXT_HEADER)?;
    site.put(header, &routing::TYPE, ROUTING_TYPE)?;
    // To Linux, only a flag says that there is an HMAC.
    if laid.places.iter().any(|(_, element)| tlv::is_unsigned(element) && tlv::text(element) == Form::Linux) {
        site.put(header, &srh::FLAGS, srh::flag::DRAFT_HMAC)?;
    }
    if !layer.has(&routing::LENGTH) {
        if count > srh::MAX_SEGMENTS {
            let hint = "use fewer segments, or give len=";
            let (value, of, arg, most) = (count as u64, "segments", "len", srh::MAX_SEGMENTS as u64);
            return Err(site.error(Problem::TooMany { value, of, arg, most, hint }));
        }
        let hint = "use fewer segments or shorter TLVs, or give len=";
        site.put_counted(header, &routing::LENGTH, hdr_ext_len(len), "units of 8 bytes", hint)?;
    }
    let last = (count as u64).saturating_sub(1);
    site.put_counted(header, &srh::LAST_ENTRY, last, "segments before the last", "use fewer segments, or give last=")?;
    let left = list.segments_left();
    site.put_counted(header, &routing::SEGMENTS_LEFT, left, "segments left", "use fewer segments, or give sl=")
}

/// What follows the segment list, aligned. What is given as plain bytes stays
/// plain where it is aligned by itself.
fn tlvs<'a>(site: &Site<'a>) -> Step<Laid<'a>> {
    let mut laid = element::list(site, &srh::TLVS, 0, tlv::pad)?;
    // The RFC's D bit: the destination is not in a reduced list (§2.1.2).
    let reduced = site.layer().uint(&srh::REDUCED).is_some_and(|flag| flag != 0);
    for (at, element) in laid.places.iter().filter(|(_, element)| reduced && tlv::is_unsigned(element)) {
        if tlv::text(element) == Form::Rfc8754 && element.get("d").is_none() && element.get("reserved").is_none() {
            laid.bytes[at + 2] |= 0x80;
        }
    }
    tlv::align(&mut laid.bytes);
    Ok(laid)
}

/// Computes the HMACs, which cover bytes that are final by now: the source
/// address, Last Entry, Flags and the list (RFC 8754 §2.1.2.1).
fn seal(site: &Site, packet: &mut Packet) -> Step {
    let laid = tlvs(site)?;
    for (at, element) in laid.places.iter().filter(|(_, element)| tlv::is_unsigned(element)) {
        let Some(secret) = element.raw("secret") else {
            return Err(site.error(Problem::Needs("secret= or digest= for its HMAC")));
        };
        let network = site.layers[..site.index].iter().rposition(|layer| layer.proto == Proto::Ipv6);
        let source = network.and_then(|index| Ipv6::new(packet.onwards(index)).ok()).map(|header| header.source());
        let source =
            source.ok_or_else(|| site.error(Problem::Needs("an ip6 before it, whose source its HMAC covers")))?;
        let header = packet.onwards_mut(site.index);
        let end = FIXED_LEN + segment_list(site.layer()).map_or(0, |list| list.segments.len()) * SEGMENT_LEN;
        let (last_entry, flags) = (header[4], header[5]);
        let claimed = FIXED_LEN + (usize::from(last_entry) + 1) * SEGMENT_LEN;
        let (covered, rest) = header.split_at_mut(end);
        let Some([_, _, high, low, id @ .., _]) = rest.get_mut(*at..at + 9) else { continue };
        let (reserved, id) = (u16::from_be_bytes([*high, *low]), u32::from_be_bytes([id[0], id[1], id[2], id[3]]));
        let signed = Signed { last_entry, flags, list: &covered[FIXED_LEN..claimed.min(end)] };
        let key = Key::new(id, tlv::algorithm(element), secret);
        let digest = key.digest(tlv::text(element), source, &signed, reserved);
        let place = &mut rest[at + 8..][..tlv::digest_len(element)];
        place.copy_from_slice(&digest.linux()[..place.len()]);
    }
    Ok(())
}

/// A segment list as it goes into the header.
struct List {
    /// The entries in wire order: the last segment of the path first.
    segments: Vec<Ipv6Addr>,
    /// Whether the path has one more segment, before all of them.
    reduced: bool,
    /// That segment, where it is known.
    first: Option<Ipv6Addr>,
    /// The destination as it arrives at the end, where compressed SIDs make it
    /// another one than the last segment.
    arrives: Option<Ipv6Addr>,
}

impl List {
    /// Segments Left of a packet that has just left its source.
    fn segments_left(&self) -> u64 {
        let last = (self.segments.len() as u64).saturating_sub(1);
        if self.reduced && !self.segments.is_empty() { last + 1 } else { last }
    }
}

/// The list that a layer asks for; `None` where it gives neither order.
fn segment_list(layer: &Layer) -> Option<List> {
    let reduced = layer.uint(&srh::REDUCED).is_some_and(|flag| flag != 0);
    // What is no compression is an error of the layer's own.
    let compression = csid::compression(layer).ok().flatten();
    if let Some(mut segments) = addresses(layer, &srh::PATH) {
        let mut arrives = None;
        if let Some((compression, _)) = compression {
            let packed = compression.pack(&segments);
            (segments, arrives) = (packed.segments, packed.arrives);
        }
        let first = if reduced && !segments.is_empty() { Some(segments.remove(0)) } else { None };
        segments.reverse();
        return Some(List { segments, reduced, first, arrives });
    }
    let segments = addresses(layer, &srh::SEGMENTS)?;
    let arrives = compression.zip(segments.first()).map(|((compression, _), last)| compression.arriving(*last));
    Some(List { segments, reduced, first: None, arrives })
}

/// The addresses of a list; a list given as bytes is refused when the
/// arguments are checked.
fn addresses(layer: &Layer, field: &'static Field) -> Option<Vec<Ipv6Addr>> {
    let Arg::List(items) = layer.get(field)? else { return None };
    let address = |item: &Arg| if let Arg::Ipv6(address) = item { Some(*address) } else { None };
    Some(items.iter().filter_map(address).collect())
}

/// What an SRH says of the destination of the packet it is in.
pub(super) enum Active {
    /// It is this segment, which stands in this place of what was given, path
    /// or list.
    Segment(Ipv6Addr, usize),
    /// It is the one that a reduced list leaves out, and nobody knows it.
    Missing,
    /// Nothing: the list is empty.
    None,
}

/// The segment that Segments Left, as given or computed, points at.
pub(super) fn active_segment(layer: &Layer) -> Active {
    let Some(list) = segment_list(layer) else { return Active::None };
    let left = layer.uint(&routing::SEGMENTS_LEFT).unwrap_or(list.segments_left()) as usize;
    let path = layer.has(&srh::PATH);
    // A path is given the other way round, and may have one segment more.
    let given = |entry: usize| match (path, list.first) {
        (false, _) => entry,
        (true, None) => list.segments.len() - 1 - entry,
        (true, Some(_)) => list.segments.len() - entry,
    };
    if let Some(segment) = list.segments.get(left) {
        return Active::Segment(*segment, given(left));
    }
    if list.reduced && list.first.is_none() {
        return Active::Missing;
    }
    // The segment that only the destination holds; also the best guess where
    // Segments Left was made to point past the path.
    if let Some(first) = list.first {
        return Active::Segment(first, 0);
    }
    match list.segments.last() {
        Some(segment) => Active::Segment(*segment, given(list.segments.len() - 1)),
        None => Active::None,
    }
}

/// Where the segment in a place of what was given, path or list, lies in the
/// header; `None` for the one that a reduced list leaves out.
pub(super) fn place_of(layer: &Layer, given: usize) -> Option<usize> {
    let list = segment_list(layer)?;
    let entry = match (layer.has(&srh::PATH), list.first) {
        (false, _) => given,
        (true, None) => list.segments.len().checked_sub(1 + given)?,
        (true, Some(_)) => list.segments.len().checked_sub(given)?,
    };
    (entry < list.segments.len()).then_some(FIXED_LEN + entry * SEGMENT_LEN)
}

/// The destination that a packet with this SRH and this destination arrives
/// with at the end, where compressed SIDs make it another one than stands there.
pub(super) fn arriving(layer: &Layer, segments_left: u8, destination: Ipv6Addr) -> Option<Ipv6Addr> {
    let (compression, flavor) = csid::compression(layer).ok()??;
    if segments_left > 0 || flavor == Flavor::Replace {
        return segment_list(layer)?.arrives;
    }
    Some(compression.arriving(destination))
}

/// Where the path ends: Segment List[0], by its place in the header.
pub(super) fn last_segment(layer: &Layer) -> Option<usize> {
    if segment_list(layer)?.segments.is_empty() { None } else { Some(FIXED_LEN) }
}
