//! Neighbour discovery (RFC 4861): the fields of its messages and options.
//!
//! ```text
//! option: | Type 1 | Length 1, in units of 8 bytes | content |
//! ```

use crate::wire::bytes::{array_at, tail};
use crate::wire::field::{At, Field, bits, bytes, fields};
use crate::wire::names;

/// Option types.
pub mod option {
    /// Source Link-Layer Address.
    pub const SOURCE: u8 = 1;
    /// Target Link-Layer Address.
    pub const TARGET: u8 = 2;
    /// Prefix Information.
    pub const PREFIX: u8 = 3;
    /// Redirected Header.
    pub const REDIRECTED: u8 = 4;
    /// MTU.
    pub const MTU: u8 = 5;
    /// Advertisement Interval (RFC 6275).
    pub const INTERVAL: u8 = 7;
    /// Nonce (RFC 3971).
    pub const NONCE: u8 = 14;
    /// Route Information (RFC 4191).
    pub const ROUTE: u8 = 24;
    /// Recursive DNS Server (RFC 8106).
    pub const RDNSS: u8 = 25;
    /// DNS Search List (RFC 8106).
    pub const DNSSL: u8 = 31;
    /// PREF64 (RFC 8781).
    pub const PREF64: u8 = 38;
}

/// Names of option types (IANA "IPv6 Neighbor Discovery Option Formats").
pub fn option_name(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "Source link-layer address",
        2 => "Target link-layer address",
        3 => "Prefix information",
        4 => "Redirected header",
        5 => "MTU",
        7 => "Advertisement Interval",
        8 => "Home Agent Information",
        11 => "CGA",
        12 => "RSA Signature",
        13 => "Timestamp",
        14 => "Nonce",
        24 => "Route Information",
        25 => "Recursive DNS Server",
        26 => "RA Flags Extension",
        31 => "DNS Search List Option",
        33 => "Address Registration Option",
        37 => "DHCP Captive-Portal",
        38 => "PREF64 Option",
        _ => return None,
    })
}

/// Names of preferences (RFC 4191 §2.1).
pub fn preference(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "Medium",
        1 => "High",
        2 => "Reserved",
        3 => "Low",
        _ => return None,
    })
}

fields! {
    NS_TARGET = Field::ipv6("icmpv6.nd.ns.target_address", "Target Address", bytes(8, 16));
    NA_FLAGS = Field::hex("icmpv6.nd.na.flag", "Flags", bytes(4, 4));
    NA_ROUTER = Field::bool("icmpv6.nd.na.flag.r", "Router", bits(32, 1).drawn(4, 4)).names(names::set);
    NA_SOLICITED = Field::bool("icmpv6.nd.na.flag.s", "Solicited", bits(33, 1).drawn(4, 4)).names(names::set);
    NA_OVERRIDE = Field::bool("icmpv6.nd.na.flag.o", "Override", bits(34, 1).drawn(4, 4)).names(names::set);
    NA_RESERVED = Field::dec("icmpv6.nd.na.flag.rsv", "Reserved", bits(35, 29).drawn(4, 4));
    NA_TARGET = Field::ipv6("icmpv6.nd.na.target_address", "Target Address", bytes(8, 16));
    RA_HOP_LIMIT = Field::dec("icmpv6.nd.ra.cur_hop_limit", "Cur hop limit", bytes(4, 1));
    RA_FLAGS = Field::hex("icmpv6.nd.ra.flag", "Flags", bytes(5, 1));
    RA_MANAGED = Field::bool("icmpv6.nd.ra.flag.m", "Managed address configuration", bits(40, 1).drawn(5, 1)).names(names::set);
    RA_OTHER = Field::bool("icmpv6.nd.ra.flag.o", "Other configuration", bits(41, 1).drawn(5, 1)).names(names::set);
    RA_HOME_AGENT = Field::bool("icmpv6.nd.ra.flag.h", "Home Agent", bits(42, 1).drawn(5, 1)).names(names::set);
    RA_PREFERENCE = Field::dec("icmpv6.nd.ra.flag.prf", "Prf (Default Router Preference)", bits(43, 2).drawn(5, 1)).names(preference);
    RA_PROXY = Field::bool("icmpv6.nd.ra.flag.p", "Proxy", bits(45, 1).drawn(5, 1)).names(names::set);
    RA_RESERVED = Field::dec("icmpv6.nd.ra.flag.rsv", "Reserved", bits(46, 2).drawn(5, 1));
    RA_LIFETIME = Field::dec("icmpv6.nd.ra.router_lifetime", "Router lifetime (s)", bytes(6, 2));
    RA_REACHABLE = Field::dec("icmpv6.nd.ra.reachable_time", "Reachable time (ms)", bytes(8, 4));
    RA_RETRANS = Field::dec("icmpv6.nd.ra.retrans_timer", "Retrans timer (ms)", bytes(12, 4));
    REDIRECT_TARGET = Field::ipv6("icmpv6.nd.rd.target_address", "Target Address", bytes(8, 16));
    REDIRECT_DESTINATION = Field::ipv6("icmpv6.rd.na.destination_address", "Destination Address", bytes(24, 16));
    OPTION = Field::group("icmpv6.opt", "ICMPv6 Option").many();
    OPTION_TYPE = Field::dec("icmpv6.opt.type", "Type", bytes(0, 1)).names(option_name);
    OPTION_LENGTH = Field::dec("icmpv6.opt.length", "Length", bytes(1, 1));
    LINK_ADDRESS = Field::bytes("icmpv6.opt.linkaddr", "Link-layer address", At::Varies).colons();
    SOURCE_LINK_ADDRESS = Field::bytes("icmpv6.opt.src_linkaddr", "Source Link-layer address", At::Varies).colons();
    TARGET_LINK_ADDRESS = Field::bytes("icmpv6.opt.target_linkaddr", "Target Link-layer address", At::Varies).colons();
    PREFIX_LENGTH = Field::dec("icmpv6.opt.prefix.length", "Prefix Length", bytes(2, 1));
    PREFIX_FLAGS = Field::hex("icmpv6.opt.prefix.flag", "Flag", bytes(3, 1));
    PREFIX_ON_LINK = Field::bool("icmpv6.opt.prefix.flag.l", "On-link flag(L)", bits(24, 1).drawn(3, 1)).names(names::set);
    PREFIX_AUTO = Field::bool("icmpv6.opt.prefix.flag.a", "Autonomous address-configuration flag(A)", bits(25, 1).drawn(3, 1)).names(names::set);
    PREFIX_ROUTER = Field::bool("icmpv6.opt.prefix.flag.r", "Router address flag(R)", bits(26, 1).drawn(3, 1)).names(names::set);
    PREFIX_RESERVED = Field::dec("icmpv6.opt.prefix.flag.reserved", "Reserved", bits(27, 5).drawn(3, 1));
    PREFIX_VALID = Field::dec("icmpv6.opt.prefix.valid_lifetime", "Valid Lifetime", bytes(4, 4));
    PREFIX_PREFERRED = Field::dec("icmpv6.opt.prefix.preferred_lifetime", "Preferred Lifetime", bytes(8, 4));
    PREFIX = Field::ipv6("icmpv6.opt.prefix", "Prefix", At::Varies);
    MTU = Field::dec("icmpv6.opt.mtu", "MTU", bytes(4, 4));
    INTERVAL = Field::dec("icmpv6.opt.advertisement_interval", "Advertisement Interval", bytes(4, 4));
    NONCE = Field::bytes("icmpv6.opt.nonce", "Nonce", At::Varies);
    ROUTE_FLAGS = Field::hex("icmpv6.opt.route_info.flag", "Flag", bytes(3, 1));
    ROUTE_PREFERENCE = Field::dec("icmpv6.opt.route_info.flag.route_preference", "Route Preference", bits(27, 2).drawn(3, 1)).names(preference);
    ROUTE_LIFETIME = Field::dec("icmpv6.opt.route_lifetime", "Route Lifetime", bytes(4, 4));
    RDNSS_LIFETIME = Field::dec("icmpv6.opt.rdnss.lifetime", "Lifetime", bytes(4, 4));
    RDNSS = Field::ipv6("icmpv6.opt.rdnss", "Recursive DNS Servers", At::Varies).many();
    DNSSL_LIFETIME = Field::dec("icmpv6.opt.dnssl.lifetime", "Lifetime", bytes(4, 4));
    DNSSL = Field::text("icmpv6.opt.dnssl", "Domain Names", At::Varies).many();
    PREF64_LIFETIME = Field::dec("icmpv6.opt.pref64.scaled_lifetime", "Scaled Lifetime", bits(16, 13).drawn(2, 2));
    PREF64_CODE = Field::hex("icmpv6.opt.pref64.plc", "PLC (Prefix Length Code)", bits(29, 3).drawn(2, 2));
    OPTION_CONTENT = Field::bytes("icmpv6.opt.content", "Content", At::Varies).own("The content of an option that is not taken apart");
}

/// One option, as it lies in its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opt<'a> {
    /// The type octet.
    pub kind: u8,
    /// The option's bytes from its type on, as far as they are there.
    pub bytes: &'a [u8],
    /// Where it starts, in bytes from the start of the message.
    pub offset: usize,
    /// The length in bytes that it claims, its header included; 0 where it
    /// cannot be walked past.
    pub claimed: usize,
}

/// Walks the options of `message` from `at` on; one that is cut, or claims no
/// length, is the last.
pub fn options(message: &[u8], mut at: usize) -> impl Iterator<Item = Opt<'_>> {
    std::iter::from_fn(move || {
        let [kind, units] = array_at(message, at)?;
        let claimed = usize::from(units) * 8;
        let rest = tail(message, at);
        let offset = at;
        at = if claimed == 0 { message.len() } else { at + claimed };
        Some(Opt { kind, bytes: &rest[..claimed.max(2).min(rest.len())], offset, claimed })
    })
}

/// A domain name of a search list, in labels, as text with dots, written to
/// `buffer`; and how many bytes it takes up. `None` at the padding after the
/// last name, and where it is cut.
pub fn domain<'b>(bytes: &[u8], buffer: &'b mut [u8; 256]) -> Option<(&'b str, usize)> {
    let (mut at, mut written) = (0, 0);
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        let label = bytes.get(at..at + length)?;
        let dot = usize::from(written > 0);
        let place = buffer.get_mut(written..written + dot + length)?;
        let (before, after) = place.split_at_mut(dot);
        before.fill(b'.');
        after.copy_from_slice(label);
        written += dot + length;
        at += length;
    }
    if written == 0 { None } else { std::str::from_utf8(&buffer[..written]).ok().map(|name| (name, at)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_options_and_domains() {
        let message = [1, 1, 2, 0, 0, 0, 0, 1, 9, 0, 1, 2];
        let found: Vec<_> = options(&message, 0).map(|o| (o.kind, o.bytes.len(), o.offset, o.claimed)).collect();
        assert_eq!(found, [(1, 8, 0, 8), (9, 2, 8, 0)]);
        let mut buffer = [0; 256];
        assert_eq!(domain(b"\x07example\x03com\0\0", &mut buffer), Some(("example.com", 13)));
        assert_eq!(domain(b"\0\0", &mut buffer), None);
        assert_eq!(domain(b"\x09cut", &mut buffer), None);
    }
}
