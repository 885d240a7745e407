//! Neighbour discovery (RFC 4861): the fields of its messages and options.
//!
//! ```text
//! option: | Type 1 | Length 1, in units of 8 bytes | content |
//! ```

use crate::wire::bytes::{array_at, tail};
use crate::wire::element::{self, Family, Form, Shape};
use crate::wire::field::{At, Field, Words, bits, bytes, fields};
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

/// The notation's words for preferences.
static PREFERENCE_WORDS: Words = &[("medium", 0), ("high", 1), ("low", 3)];

fields! {
    NS_TARGET = Field::ipv6("icmpv6.nd.ns.target_address", "Target Address", bytes(8, 16)).arg("target");
    NA_FLAGS = Field::hex("icmpv6.nd.na.flag", "Flags", bytes(4, 4));
    NA_ROUTER = Field::bool("icmpv6.nd.na.flag.r", "Router", bits(32, 1).drawn(4, 4)).names(names::set).arg("router");
    NA_SOLICITED = Field::bool("icmpv6.nd.na.flag.s", "Solicited", bits(33, 1).drawn(4, 4)).names(names::set).arg("solicited");
    NA_OVERRIDE = Field::bool("icmpv6.nd.na.flag.o", "Override", bits(34, 1).drawn(4, 4)).names(names::set).arg("override");
    NA_RESERVED = Field::dec("icmpv6.nd.na.flag.rsv", "Reserved", bits(35, 29).drawn(4, 4)).arg("narsv");
    NA_TARGET = Field::ipv6("icmpv6.nd.na.target_address", "Target Address", bytes(8, 16));
    RA_HOP_LIMIT = Field::dec("icmpv6.nd.ra.cur_hop_limit", "Cur hop limit", bytes(4, 1)).arg("hlim");
    RA_FLAGS = Field::hex("icmpv6.nd.ra.flag", "Flags", bytes(5, 1)).arg("flags");
    RA_MANAGED = Field::bool("icmpv6.nd.ra.flag.m", "Managed address configuration", bits(40, 1).drawn(5, 1)).names(names::set).arg("managed");
    RA_OTHER = Field::bool("icmpv6.nd.ra.flag.o", "Other configuration", bits(41, 1).drawn(5, 1)).names(names::set).arg("other");
    RA_HOME_AGENT = Field::bool("icmpv6.nd.ra.flag.h", "Home Agent", bits(42, 1).drawn(5, 1)).names(names::set).arg("ha");
    RA_PREFERENCE = Field::dec("icmpv6.nd.ra.flag.prf", "Prf (Default Router Preference)", bits(43, 2).drawn(5, 1)).names(preference).words(PREFERENCE_WORDS).arg("pref");
    RA_PROXY = Field::bool("icmpv6.nd.ra.flag.p", "Proxy", bits(45, 1).drawn(5, 1)).names(names::set).arg("proxy");
    RA_RESERVED = Field::dec("icmpv6.nd.ra.flag.rsv", "Reserved", bits(46, 2).drawn(5, 1)).arg("rarsv");
    RA_LIFETIME = Field::dec("icmpv6.nd.ra.router_lifetime", "Router lifetime (s)", bytes(6, 2)).arg("lifetime");
    RA_REACHABLE = Field::dec("icmpv6.nd.ra.reachable_time", "Reachable time (ms)", bytes(8, 4)).arg("reachable");
    RA_RETRANS = Field::dec("icmpv6.nd.ra.retrans_timer", "Retrans timer (ms)", bytes(12, 4)).arg("retrans");
    REDIRECT_TARGET = Field::ipv6("icmpv6.nd.rd.target_address", "Target Address", bytes(8, 16));
    REDIRECT_DESTINATION = Field::ipv6("icmpv6.rd.na.destination_address", "Destination Address", bytes(24, 16)).arg("dest");
    OPTIONS = Field::bytes("icmpv6.options", "Options", At::Varies).own("The options of a neighbour discovery message").arg("options").elements(&OPTION_FORMS);
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

/// What the options can be. Lengths count 8 bytes, and what does not fill them
/// is filled up with zeros.
pub static OPTION_FORMS: Family = Family {
    what: "option",
    shape: Shape { unit: 8, whole: true, single: &[], ..Shape::TLV },
    common: &[OPTION_LENGTH.param("len", bytes(1, 1))],
    forms: &[
        Form {
            name: "slla",
            kind: Some(option::SOURCE as u64),
            template: &[0; 6],
            params: &[MAC.param("mac", bytes(2, 6))],
            positional: 1,
            about: "Source Link-Layer Address",
            ..Form::EMPTY
        },
        Form {
            name: "tlla",
            kind: Some(option::TARGET as u64),
            template: &[0; 6],
            params: &[MAC.param("mac", bytes(2, 6))],
            positional: 1,
            about: "Target Link-Layer Address",
            ..Form::EMPTY
        },
        Form {
            name: "prefix",
            kind: Some(option::PREFIX as u64),
            template: &[64, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            params: &[
                PREFIX.param("prefix", bytes(16, 16)),
                PREFIX_LENGTH.param("plen", bytes(2, 1)),
                PREFIX_FLAGS.param("flags", bytes(3, 1)),
                PREFIX_ON_LINK.param("l", bits(24, 1)),
                PREFIX_AUTO.param("a", bits(25, 1)),
                PREFIX_ROUTER.param("r", bits(26, 1)),
                PREFIX_VALID.param("valid", bytes(4, 4)),
                PREFIX_PREFERRED.param("preferred", bytes(8, 4)),
                element::HEX.param("rsv", bytes(12, 4)),
            ],
            positional: 1,
            about: "Prefix Information: /64, on-link, for autoconfiguration",
            ..Form::EMPTY
        },
        Form {
            name: "mtu",
            kind: Some(option::MTU as u64),
            template: &[0; 6],
            params: &[MTU.param("mtu", bytes(4, 4)), element::HEX.param("rsv", bytes(2, 2))],
            positional: 1,
            about: "MTU",
            ..Form::EMPTY
        },
        Form {
            name: "nonce",
            kind: Some(option::NONCE as u64),
            params: &[NONCE.param("nonce", At::Varies)],
            positional: 1,
            about: "Nonce",
            ..Form::EMPTY
        },
        Form {
            name: "route",
            kind: Some(option::ROUTE as u64),
            template: &[0; 6],
            params: &[
                element::DATA.param("prefix", At::Varies),
                element::NUMBER.param("plen", bytes(2, 1)),
                ROUTE_FLAGS.param("flags", bytes(3, 1)),
                ROUTE_LIFETIME.param("lifetime", bytes(4, 4)),
            ],
            positional: 1,
            about: "Route Information, its prefix as bytes",
            ..Form::EMPTY
        },
        Form {
            name: "rdnss",
            kind: Some(option::RDNSS as u64),
            template: &[0; 6],
            params: &[
                RDNSS.param("servers", At::Varies),
                RDNSS_LIFETIME.param("lifetime", bytes(4, 4)),
                element::HEX.param("rsv", bytes(2, 2)),
            ],
            positional: 1,
            about: "Recursive DNS Servers",
            ..Form::EMPTY
        },
        Form {
            name: "dnssl",
            kind: Some(option::DNSSL as u64),
            template: &[0; 6],
            params: &[
                element::DATA.param("names", At::Varies),
                DNSSL_LIFETIME.param("lifetime", bytes(4, 4)),
                element::HEX.param("rsv", bytes(2, 2)),
            ],
            positional: 1,
            about: "DNS Search List, its names as bytes",
            ..Form::EMPTY
        },
        Form {
            name: "pref64",
            kind: Some(option::PREF64 as u64),
            template: &[0; 14],
            params: &[
                element::DATA.param("prefix", bytes(4, 12)),
                PREF64_LIFETIME.param("lifetime", bits(16, 13)),
                PREF64_CODE.param("plc", bits(29, 3)),
            ],
            positional: 1,
            about: "PREF64, its prefix as 12 bytes",
            ..Form::EMPTY
        },
        Form {
            name: "opt",
            params: &[OPTION_TYPE.param("type", bytes(0, 1)), element::DATA.param("data", At::Varies)],
            positional: 2,
            about: "any type, with its content as bytes",
            ..Form::EMPTY
        },
    ],
};

/// A link-layer address of Ethernet.
static MAC: Field = Field::ether("icmpv6.opt.mac", "Link-layer address", At::Varies);

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
