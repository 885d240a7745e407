//! IPv6 extension headers but for the SRH: options, routing, fragment.

use crate::craft::build::{Packet, Site, Step};
use crate::craft::internet::put_protocol;
use crate::craft::link::append;
use crate::craft::rules::Rules;
use crate::craft::upper::seal_transport;
use crate::craft::{Layer, Problem, element, srh};
use crate::wire::checksum::Sum;
use crate::wire::names::ip_proto;
use crate::wire::options::{self, destination};
use crate::wire::proto::Proto;
use crate::wire::{ah, esp, fragment, mobility, routing};

pub(super) const HOP_BY_HOP: Rules = Rules::extension(options, ip_proto::HOP_BY_HOP);
pub(super) const DESTINATION: Rules = Rules::extension(options, ip_proto::DESTINATION);
pub(super) const ROUTING: Rules = Rules::extension(routing, ip_proto::ROUTING);
pub(super) const FRAGMENT: Rules = Rules::extension(fragment, ip_proto::FRAGMENT);
pub(super) const AH: Rules = Rules::extension(authentication, ip_proto::AH);
pub(super) const ESP: Rules = Rules::extension(encrypted, ip_proto::ESP);
pub(super) const MOBILITY: Rules = Rules::extension(mobility, ip_proto::MOBILITY).sealed(seal_mobility);

/// Whether the protocol is an extension header: what may lie between an IP
/// header and the upper layer.
pub(super) fn is_extension(proto: Proto) -> bool {
    Rules::of(proto).extension
}

/// Hdr Ext Len of an extension header of `len` bytes.
pub(super) fn hdr_ext_len(len: usize) -> u64 {
    (len as u64 / 8).saturating_sub(1)
}

/// Appends a Hop-by-Hop or Destination Options header, padded to 8 bytes by
/// one Pad1 or PadN option (RFC 8200 §4.2).
fn options(site: &Site, bytes: &mut Vec<u8>) -> Step {
    let (next_header, length, data) = if site.layer().proto == Proto::HopByHop {
        (&options::HBH_NEXT_HEADER, &options::HBH_LENGTH, &options::HBH_OPTIONS)
    } else {
        (&destination::NEXT_HEADER, &destination::LENGTH, &destination::OPTIONS)
    };
    let data = element::list(site, data, 2, pad)?.bytes;
    let used = 2 + data.len();
    // An empty header is still 8 bytes long.
    let len = used.next_multiple_of(8);
    let header = append(bytes, len);
    header[2..used].copy_from_slice(&data);
    if let [kind, length, ..] = &mut header[used..] {
        (*kind, *length) = (1, (len - used - 2) as u8);
    }
    put_protocol(site, header, next_header)?;
    site.put_counted(header, length, hdr_ext_len(len), "units of 8 bytes", "shorten options, or give len=")
}

/// Appends so many bytes of padding between options: a Pad1, or a PadN.
fn pad(options: &mut Vec<u8>, missing: usize) {
    if missing == 1 {
        options.push(0);
    } else {
        options.extend([1, (missing - 2) as u8]);
        options.resize(options.len() + missing - 2, 0);
    }
}

/// Appends a Routing header of any type, its data padded with zeros.
fn routing(site: &Site, bytes: &mut Vec<u8>) -> Step {
    if !site.layer().has(&routing::TYPE) {
        return Err(site.error(Problem::Needs("type=, the number of the routing type")));
    }
    let data = site.layer().raw(&routing::UNKNOWN);
    let len = (4 + data.len()).next_multiple_of(8);
    let header = append(bytes, len);
    header[4..4 + data.len()].copy_from_slice(data);
    put_protocol(site, header, &routing::NEXT_HEADER)?;
    site.put_counted(header, &routing::LENGTH, hdr_ext_len(len), "units of 8 bytes", "shorten data, or give len=")
}

/// Appends a Fragment header.
fn fragment(site: &Site, bytes: &mut Vec<u8>) -> Step {
    let header = append(bytes, fragment::LEN);
    put_protocol(site, header, &fragment::NEXT_HEADER)
}

/// Appends an Authentication Header; what does not fill 4 bytes of its value is
/// filled up with zeros.
fn authentication(site: &Site, bytes: &mut Vec<u8>) -> Step {
    let value = site.layer().raw(&ah::ICV);
    let len = ah::FIXED_LEN + value.len().next_multiple_of(4);
    let header = append(bytes, len);
    header[ah::FIXED_LEN..][..value.len()].copy_from_slice(value);
    put_protocol(site, header, &ah::NEXT_HEADER)?;
    site.put_counted(header, &ah::LENGTH, len as u64 / 4 - 2, "units of 4 bytes", "shorten icv, or give len=")
}

/// Appends what of an ESP header is in the clear.
fn encrypted(_: &Site, bytes: &mut Vec<u8>) -> Step {
    append(bytes, esp::LEN);
    Ok(())
}

/// Appends a Mobility header, its message padded with zeros.
fn mobility(site: &Site, bytes: &mut Vec<u8>) -> Step {
    const FIXED_LEN: usize = 6;

    let message = site.layer().raw(&mobility::MESSAGE);
    let len = (FIXED_LEN + message.len()).next_multiple_of(8);
    let header = append(bytes, len);
    header[FIXED_LEN..][..message.len()].copy_from_slice(message);
    put_protocol(site, header, &mobility::PAYLOAD_PROTOCOL)?;
    site.put_counted(header, &mobility::LENGTH, hdr_ext_len(len), "units of 8 bytes", "shorten data, or give len=")
}

/// Fills in the Mobility header's checksum, which covers it alone (RFC 6275
/// §6.1.1).
fn seal_mobility(site: &Site, packet: &mut Packet) -> Step {
    let covered = packet.onwards(site.index).len() - packet.inside(site.index);
    seal_transport(site, packet, covered, &mobility::CHECKSUM, ip_proto::MOBILITY, Sum::checksum)
}

/// Where in a Routing header the address stands to which it sends the packet in
/// the end; `None` where it has no segments left, or is none, or of a type sr6
/// cannot read.
pub(super) fn final_destination(layer: &Layer, header: &[u8]) -> Option<usize> {
    let segments_left = *header.get(3)?;
    match layer.proto {
        _ if segments_left == 0 => None,
        Proto::Srh => srh::last_segment(layer),
        // Types 0 (RFC 5095) and 2 (RFC 6275 §6.4): 4 reserved bytes, then
        // addresses in the order they are travelled.
        Proto::Routing if matches!(header.get(2), Some(0 | 2)) => {
            let data = layer.raw(&routing::UNKNOWN);
            let last = data.len().checked_sub(4)? / 16;
            Some(8 + last.checked_sub(1)? * 16)
        }
        _ => None,
    }
}
