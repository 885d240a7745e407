//! What carries packets within packets: label stacks, GRE, and the tunnels
//! that ride on UDP.

use crate::craft::build::{Packet, Site, Step};
use crate::craft::check::Check;
use crate::craft::link::{append, ether_type_of_next};
use crate::craft::rules::Rules;
use crate::craft::{Arg, element};
use crate::wire::field::Field;
use crate::wire::names::{ether_type, ip_proto};
use crate::wire::proto::Proto;
use crate::wire::{geneve, gre, gtp, mpls, ppp, vxlan};

pub(super) const MPLS: Rules =
    Rules::new(mpls).ip(ip_proto::MPLS).ether(ether_type::MPLS).ppp(ppp::protocol::MPLS).port(mpls::PORT);
pub(super) const CONTROL_WORD: Rules = Rules::new(control_word);
pub(super) const GRE: Rules = Rules::new(gre).sealed(seal_gre).ip(ip_proto::GRE);
pub(super) const GTP: Rules = Rules::new(gtp).sealed(seal_gtp).port(gtp::PORT);
pub(super) const VXLAN: Rules = Rules::new(vxlan).port(vxlan::PORT);
pub(super) const GENEVE: Rules = Rules::new(geneve).port(geneve::PORT);

/// Appends an entry of a label stack: the last one where no other follows.
fn mpls(site: &Site, bytes: &mut Vec<u8>) -> Step {
    /// The first label that means nothing by itself.
    const FIRST_UNRESERVED: u8 = 16;

    let header = append(bytes, mpls::LEN);
    site.put(header, &mpls::LABEL, FIRST_UNRESERVED)?;
    site.put(header, &mpls::BOTTOM, u8::from(site.next() != Some(Proto::Mpls)))?;
    site.put(header, &mpls::TTL, 64u8)
}

fn control_word(_: &Site, bytes: &mut Vec<u8>) -> Step {
    append(bytes, mpls::CONTROL_WORD_LEN);
    Ok(())
}

/// Whether a GRE header has room for a checksum: it is asked for, or given.
fn has_checksum(site: &Site) -> bool {
    let layer = site.layer();
    let asked = layer.uint(&gre::CHECKSUM_BIT).is_some_and(|flag| flag != 0);
    asked || layer.has(&gre::CHECKSUM) || layer.has(&gre::OFFSET)
}

/// Appends a GRE header with the optional fields that are given.
fn gre(site: &Site, bytes: &mut Vec<u8>) -> Step {
    let layer = site.layer();
    let start = bytes.len();
    append(bytes, gre::MIN_LEN);
    let mut optional = |field: &'static Field, size: usize| match layer.get(field) {
        Some(Arg::Bytes(raw)) => bytes.extend(raw),
        _ => {
            let value = layer.uint(field).unwrap_or_default();
            bytes.extend(&value.to_be_bytes()[8 - size..]);
        }
    };
    if has_checksum(site) {
        optional(&gre::CHECKSUM, 2);
        optional(&gre::OFFSET, 2);
    }
    for field in [&gre::KEY, &gre::SEQUENCE, &gre::ACK] {
        if layer.has(field) {
            optional(field, 4);
        }
    }
    bytes.extend(layer.raw(&gre::ROUTING));
    let header = &mut bytes[start..];
    for (bit, present) in [
        (&gre::CHECKSUM_BIT, has_checksum(site)),
        (&gre::ROUTING_BIT, layer.has(&gre::ROUTING)),
        (&gre::KEY_BIT, layer.has(&gre::KEY)),
        (&gre::SEQUENCE_BIT, layer.has(&gre::SEQUENCE)),
        (&gre::ACK_BIT, layer.has(&gre::ACK)),
    ] {
        if present {
            site.put(header, bit, 1u8)?;
        }
    }
    if layer.has(&gre::ACK) {
        site.put(header, &gre::VERSION, 1u8)?;
    }
    if layer.has(&gre::TYPE) {
        return Ok(());
    }
    site.put(header, &gre::TYPE, ether_type_of_next(site, &gre::TYPE)?)
}

/// Fills in GRE's checksum, over the header and all it carries (RFC 2784 §2.3).
fn seal_gre(site: &Site, packet: &mut Packet) -> Step {
    if !has_checksum(site) || !site.wants_checksum(&gre::CHECKSUM) {
        return Ok(());
    }
    let start = packet.starts[site.index];
    let check = Check::new(start + gre::MIN_LEN, start, packet.onwards(site.index).len());
    packet.put_checksum(site, &gre::CHECKSUM, check)
}

/// Appends a GTP-U header, with the optional fields where one of them is given.
fn gtp(site: &Site, bytes: &mut Vec<u8>) -> Step {
    let layer = site.layer();
    let set = |field| layer.uint(field).is_some_and(|flag| flag != 0);
    let extensions = element::list(site, &gtp::EXTENSIONS, 0, element::zeros)?;
    let flags = [(&gtp::FLAG_S, &gtp::SEQUENCE), (&gtp::FLAG_PN, &gtp::NPDU), (&gtp::FLAG_E, &gtp::FIRST_EXTENSION)];
    let long = layer.has(&gtp::EXTENSIONS) || flags.iter().any(|(flag, field)| set(flag) || layer.has(field));
    let long = long || layer.uint(&gtp::FLAGS).is_some_and(|flags| flags & 7 != 0);
    let header = append(bytes, if long { gtp::LONG_LEN } else { gtp::MIN_LEN } + extensions.bytes.len());
    site.put(header, &gtp::VERSION, 1u8)?;
    site.put(header, &gtp::PAYLOAD, 1u8)?;
    site.put(header, &gtp::MESSAGE, gtp::T_PDU)?;
    for (flag, field) in flags {
        if layer.has(field) && flag.arg != gtp::FLAG_E.arg {
            site.put(header, flag, 1u8)?;
        }
    }
    if !extensions.bytes.is_empty() {
        site.put(header, &gtp::FLAG_E, 1u8)?;
        header[gtp::LONG_LEN..].copy_from_slice(&extensions.bytes);
        // Each type stands before its extension header: in the last byte of the
        // one before it.
        for (at, element) in &extensions.places {
            let kind = element.form().kind.or(element.uint("type"));
            header[gtp::LONG_LEN + at - 1] = kind.unwrap_or_default() as u8;
        }
    }
    Ok(())
}

/// Fills in GTP-U's length: of what follows its first 8 bytes.
fn seal_gtp(site: &Site, packet: &mut Packet) -> Step {
    let bytes = packet.onwards_mut(site.index);
    let inside = (bytes.len() - gtp::MIN_LEN) as u64;
    site.put_counted(bytes, &gtp::LENGTH, inside, "bytes of message", "shorten the payload, or give len=")
}

/// Appends a VXLAN header.
fn vxlan(site: &Site, bytes: &mut Vec<u8>) -> Step {
    site.put(append(bytes, vxlan::LEN), &vxlan::FLAG_I, 1u8)
}

/// Appends a Geneve header with its options.
fn geneve(site: &Site, bytes: &mut Vec<u8>) -> Step {
    let options = element::list(site, &geneve::OPTIONS, 0, element::zeros)?;
    let header = append(bytes, geneve::MIN_LEN + options.bytes.len().next_multiple_of(4));
    header[geneve::MIN_LEN..][..options.bytes.len()].copy_from_slice(&options.bytes);
    let words = (header.len() - geneve::MIN_LEN) as u64 / 4;
    let hint = "shorten options, or give optlen=";
    site.put_counted(header, &geneve::OPTIONS_LENGTH, words, "words of options", hint)?;
    let critical = |element: &crate::craft::Element| element.uint("type").is_some_and(|kind| kind & 0x80 != 0);
    if options.places.iter().any(|(_, element)| critical(element)) {
        site.put(header, &geneve::CRITICAL, 1u8)?;
    }
    if site.layer().has(&geneve::TYPE) {
        return Ok(());
    }
    site.put(header, &geneve::TYPE, ether_type_of_next(site, &geneve::TYPE)?)
}
