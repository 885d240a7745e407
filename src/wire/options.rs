//! IPv6 Hop-by-Hop and Destination Options headers (RFC 8200 §4.3, §4.6).
//!
//! ```text
//! | Next Header | Hdr Ext Len | options: type 1, length 1, value ... |
//! ```

use crate::wire::field::{At, Field, Protocol, bits, bytes, fields};
use crate::wire::names;

/// Home Address (RFC 6275 §6.3), in Destination Options.
pub const HOME_ADDRESS: u8 = 0xc9;

/// Names of option types.
pub fn option_name(number: u64) -> Option<&'static str> {
    Some(match number {
        0x00 => "Pad1",
        0x01 => "PadN",
        0x04 => "Tunnel Encapsulation Limit",
        0x05 => "Router Alert",
        0x07 => "CALIPSO",
        0x0f => "PDM",
        0x11 => "IOAM Destination and Hop-by-Hop",
        0x26 => "Quick-Start",
        0x30 => "Path MTU",
        0x31 => "IOAM Destination and Hop-by-Hop",
        0x32 => "Path Tracing",
        0xc2 => "Jumbo Payload",
        0xc9 => "Home Address",
        _ => return None,
    })
}

/// Fields that both headers' options share.
pub mod option {
    use super::{At, Field, bits, fields, names, option_name};

    fields! {
        OPTION = Field::group("ipv6.opt", "IPv6 Option").many();
        TYPE = Field::hex("ipv6.opt.type", "Type", crate::wire::field::bytes(0, 1)).names(option_name);
        ACTION = Field::dec("ipv6.opt.type.action", "Action", bits(0, 2).drawn(0, 1)).names(action);
        CHANGE = Field::bool("ipv6.opt.type.change", "May Change", bits(2, 1).drawn(0, 1)).names(names::yes);
        REST = Field::hex("ipv6.opt.type.rest", "Low-Order Bits", bits(3, 5).drawn(0, 1));
        LENGTH = Field::dec("ipv6.opt.length", "Length", crate::wire::field::bytes(1, 1));
        PADN = Field::bytes("ipv6.opt.padn", "PadN", At::Varies);
        ROUTER_ALERT = Field::dec("ipv6.opt.router_alert", "Router Alert", At::Varies).size(2).names(router_alert);
        TUNNEL_LIMIT = Field::dec("ipv6.opt.tel", "Tunnel Encapsulation Limit", At::Varies).size(1);
        JUMBO = Field::dec("ipv6.opt.jumbo", "Payload Length", At::Varies);
        UNKNOWN = Field::bytes("ipv6.opt.unknown", "Unknown Option Payload", At::Varies);
    }

    /// What a node does with an option it does not know.
    fn action(number: u64) -> Option<&'static str> {
        Some(match number {
            0 => "Skip and continue",
            1 => "Discard",
            2 => "Discard, ICMP Parameter Problem",
            3 => "Discard, ICMP Parameter Problem if not multicast",
            _ => return None,
        })
    }

    /// Names of Router Alert values (RFC 2711, RFC 6398).
    fn router_alert(number: u64) -> Option<&'static str> {
        Some(match number {
            0 => "MLD",
            1 => "RSVP",
            2 => "Active Network",
            _ => return None,
        })
    }
}

fields! {
    shared [
        option::OPTION, option::TYPE, option::ACTION, option::CHANGE, option::REST, option::LENGTH, option::PADN,
        option::ROUTER_ALERT, option::TUNNEL_LIMIT, option::JUMBO, option::UNKNOWN
    ]
    HBH_NEXT_HEADER = Field::dec("ipv6.hopopts.nxt", "Next Header", bytes(0, 1)).names(names::ip_proto).words(names::IP_PROTO_WORDS).arg("nxt");
    HBH_LENGTH = Field::dec("ipv6.hopopts.len", "Length", bytes(1, 1)).arg("len");
    HBH_OCTETS = Field::dec("ipv6.hopopts.len_oct", "Length", At::Derived).size(2);
    HBH_OPTIONS = Field::bytes("ipv6.hopopts.options", "Options", At::Varies).own("The options as bytes").arg("data");
}

/// Destination Options' own fields.
pub mod destination {
    use super::{At, Field, bytes, fields, names, option};

    fields! {
        shared [
            option::OPTION, option::TYPE, option::ACTION, option::CHANGE, option::REST, option::LENGTH, option::PADN,
            option::ROUTER_ALERT, option::TUNNEL_LIMIT, option::JUMBO, option::UNKNOWN
        ]
        NEXT_HEADER = Field::dec("ipv6.dstopts.nxt", "Next Header", bytes(0, 1)).names(names::ip_proto).words(names::IP_PROTO_WORDS).arg("nxt");
        LENGTH = Field::dec("ipv6.dstopts.len", "Length", bytes(1, 1)).arg("len");
        OCTETS = Field::dec("ipv6.dstopts.len_oct", "Length", At::Derived).size(2);
        OPTIONS = Field::bytes("ipv6.dstopts.options", "Options", At::Varies).own("The options as bytes").arg("data");
    }
}

/// The Hop-by-Hop header as a field.
pub static HBH_HEADER: Field = Field::group("ipv6.hopopts", "IPv6 Hop-by-Hop Option");
/// The Destination Options header as a field.
pub static DST_HEADER: Field = Field::group("ipv6.dstopts", "Destination Options for IPv6");

/// Hop-by-Hop Options.
pub static HOP_BY_HOP: Protocol = Protocol {
    name: "ipv6.hopopts",
    notation: "hbh",
    title: "IPv6 Hop-by-Hop Option",
    short: "Hop-by-Hop Options",
    header: &HBH_HEADER,
    fields: FIELDS,
    inside: true,
};

/// Destination Options.
pub static DESTINATION: Protocol = Protocol {
    name: "ipv6.dstopts",
    notation: "dst",
    title: "Destination Options for IPv6",
    short: "Destination Options",
    header: &DST_HEADER,
    fields: destination::FIELDS,
    inside: true,
};

/// One option, as it lies in its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opt<'a> {
    /// The type octet.
    pub kind: u8,
    /// The length octet, in bytes of value; `None` for Pad1, which has none,
    /// and for an option cut off before it.
    pub length: Option<u8>,
    /// The value, as far as it is there.
    pub value: &'a [u8],
    /// Where the option starts, in bytes from the start of what was walked.
    pub offset: usize,
    /// Whether the header ends before the option does.
    pub overruns: bool,
}

/// Walks the options in `bytes` (without the header's first two octets).
pub fn walk(bytes: &[u8]) -> impl Iterator<Item = Opt<'_>> + Clone {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (&kind, rest) = crate::wire::bytes::tail(bytes, at).split_first()?;
        let offset = at;
        let option = match rest.split_first() {
            _ if kind == 0 => Opt { kind, length: None, value: &[], offset, overruns: false },
            None => Opt { kind, length: None, value: &[], offset, overruns: true },
            Some((&length, after)) => match after.get(..usize::from(length)) {
                Some(value) => Opt { kind, length: Some(length), value, offset, overruns: false },
                None => Opt { kind, length: Some(length), value: after, offset, overruns: true },
            },
        };
        at += 1 + usize::from(option.length.is_some()) + option.value.len();
        Some(option)
    })
}
