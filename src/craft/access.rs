//! What links carry besides IP: LLC, PPP and PPPoE, Cisco HDLC, ARP.

use crate::craft::build::{Packet, Site, Step};
use crate::craft::link::{append, ether_type_of_next, size_error};
use crate::craft::rules::Rules;
use crate::craft::{Arg, ArgError, Problem, element};
use crate::wire::field::Field;
use crate::wire::names::ether_type;
use crate::wire::proto::Proto;
use crate::wire::{arp, chdlc, llc, ppp, pppoe};

pub(super) const LLC: Rules = Rules::new(llc);
pub(super) const PPPOE: Rules = Rules::new(pppoe).sealed(seal_pppoe).ether(ether_type::PPPOE);
pub(super) const PPPOE_DISCOVERY: Rules = Rules::new(pppoe).sealed(seal_pppoe).ether(ether_type::PPPOE_DISCOVERY);
pub(super) const PPP: Rules = Rules::new(ppp).ether(ether_type::PPP);
pub(super) const CISCO_HDLC: Rules = Rules::new(cisco_hdlc);
pub(super) const ARP: Rules = Rules::new(arp).ether(ether_type::ARP);

/// Appends an LLC header: with SNAP, unless other access points are given.
fn llc(site: &Site, bytes: &mut Vec<u8>) -> Step {
    /// Unnumbered information.
    const UI: u64 = 3;

    let layer = site.layer();
    let sap = |field| layer.uint(field).unwrap_or(llc::SNAP.into()) as u8;
    let control = layer.uint(&llc::CONTROL).unwrap_or(UI);
    if control > 0xffff {
        return Err(site.error(ArgError::TooWide { arg: llc::CONTROL.arg, value: control, width: 16 }));
    }
    let [low, high] = (control as u16).to_le_bytes();
    let start = [sap(&llc::DSAP), sap(&llc::SSAP), low];
    if !llc::is_snap(&start) {
        bytes.extend(start);
        // Unnumbered frames have one octet of control, the others two.
        if low & 3 != 3 || high != 0 {
            bytes.push(high);
        }
        return Ok(());
    }
    let header = append(bytes, llc::SNAP_LEN);
    header[..3].copy_from_slice(&start);
    if layer.has(&llc::TYPE) {
        return Ok(());
    }
    site.put(header, &llc::TYPE, ether_type_of_next(site, &llc::TYPE)?)
}

/// Appends a PPPoE header of either kind; discovery goes on with its tags.
fn pppoe(site: &Site, bytes: &mut Vec<u8>) -> Step {
    /// PADI, the start of discovery.
    const PADI: u8 = 0x09;

    let tags = element::list(site, &pppoe::discovery::TAGS, 0, element::zeros)?.bytes;
    let header = append(bytes, pppoe::LEN + tags.len());
    header[pppoe::LEN..].copy_from_slice(&tags);
    site.put(header, &pppoe::VERSION, 1u8)?;
    site.put(header, &pppoe::TYPE, 1u8)?;
    if site.layer().proto == Proto::PppoeDiscovery { site.put(header, &pppoe::CODE, PADI) } else { Ok(()) }
}

/// Fills in PPPoE's length.
fn seal_pppoe(site: &Site, packet: &mut Packet) -> Step {
    let bytes = packet.onwards_mut(site.index);
    let inside = (bytes.len() - pppoe::LEN) as u64;
    site.put_counted(bytes, &pppoe::LENGTH, inside, "bytes of payload", "shorten the payload, or give len=")
}

/// Appends a PPP header: framed where it is asked for, or where address or
/// control are given.
fn ppp(site: &Site, bytes: &mut Vec<u8>) -> Step {
    let layer = site.layer();
    let octet = |field: &'static Field, default: u64| match layer.uint(field).unwrap_or(default) {
        value @ 0..=0xff => Ok(value as u8),
        value => Err(site.error(ArgError::TooWide { arg: field.arg, value, width: 8 })),
    };
    let flag = |field| layer.uint(field).is_some_and(|flag| flag != 0);
    if flag(&ppp::FRAMED) || layer.has(&ppp::ADDRESS) || layer.has(&ppp::CONTROL) {
        bytes.extend([octet(&ppp::ADDRESS, 0xff)?, octet(&ppp::CONTROL, 0x03)?]);
    }
    let protocol = match (layer.uint(&ppp::PROTOCOL_NUMBER), site.next()) {
        (Some(given), _) => given,
        (None, None | Some(Proto::Data)) => 0,
        (None, Some(next)) => match Rules::of(next).ppp {
            Some(number) => number.into(),
            None => return Err(site.cannot_announce(next, &ppp::PROTOCOL_NUMBER)),
        },
    };
    if let Some(Arg::Bytes(raw)) = layer.get(&ppp::PROTOCOL_NUMBER) {
        bytes.extend(raw);
    } else if flag(&ppp::COMPRESSED) {
        let byte = u8::try_from(protocol);
        let arg = ppp::PROTOCOL_NUMBER.arg;
        bytes.push(byte.map_err(|_| site.error(ArgError::TooWide { arg, value: protocol, width: 8 }))?);
    } else {
        bytes.extend((protocol as u16).to_be_bytes());
    }
    Ok(())
}

/// Appends a Cisco HDLC header.
fn cisco_hdlc(site: &Site, bytes: &mut Vec<u8>) -> Step {
    const UNICAST: u8 = 0x0f;

    let header = append(bytes, chdlc::LEN);
    site.put(header, &chdlc::ADDRESS, UNICAST)?;
    if site.layer().has(&chdlc::TYPE) {
        return Ok(());
    }
    site.put(header, &chdlc::TYPE, ether_type_of_next(site, &chdlc::TYPE)?)
}

/// Appends an ARP packet: Ethernet and IPv4 addresses, a request.
fn arp(site: &Site, bytes: &mut Vec<u8>) -> Step {
    const ETHERNET: u8 = 1;
    const REQUEST: u8 = 1;

    let layer = site.layer();
    let size = |field, default: u64| layer.uint(field).unwrap_or(default) as usize;
    let (hardware, protocol) = (size(&arp::HARDWARE_SIZE, 6), size(&arp::PROTOCOL_SIZE, 4));
    let header = append(bytes, arp::FIXED_LEN);
    site.put(header, &arp::HARDWARE, ETHERNET)?;
    site.put(header, &arp::PROTOCOL_TYPE, ether_type::IPV4)?;
    site.put(header, &arp::HARDWARE_SIZE, hardware as u64)?;
    site.put(header, &arp::PROTOCOL_SIZE, protocol as u64)?;
    site.put(header, &arp::OPCODE, REQUEST)?;
    for (field, size) in [
        (&arp::SENDER_MAC, hardware),
        (&arp::SENDER_IPV4, protocol),
        (&arp::TARGET_MAC, hardware),
        (&arp::TARGET_IPV4, protocol),
    ] {
        let place = append(bytes, size);
        let mut put = |value: &[u8]| {
            if value.len() == size {
                place.copy_from_slice(value);
                Ok(())
            } else {
                Err(site.error(size_error(field, size, value.len())))
            }
        };
        match layer.get(field) {
            Some(Arg::Ether(octets)) => put(octets)?,
            Some(Arg::Ipv4(address)) => put(&address.octets())?,
            Some(Arg::Bytes(raw)) => put(raw)?,
            _ => {}
        }
    }
    Ok(())
}

/// An error about a layer that this one has no number for.
impl Site<'_> {
    pub(super) fn cannot_announce(&self, next: Proto, field: &'static Field) -> crate::craft::CraftError {
        self.error(Problem::CannotAnnounce { next: next.info().notation, arg: field.arg })
    }
}
