//! IPv6 Hop-by-Hop and Destination Options headers (RFC 8200 §4.3, §4.6).
//!
//! ```text
//! | Next Header | Hdr Ext Len | options: type 1, length 1, value ... |
//! ```

use crate::wire::element::{self, Family, Form, Shape};
use crate::wire::field::{At, Field, Protocol, bits, bytes, fields, joined};
use crate::wire::{ioam, names};

/// Option types, with the bits that say what to do with an unknown one
/// (RFC 8200 §4.2).
#[allow(missing_docs)]
pub mod kind {
    pub const PAD1: u8 = 0x00;
    pub const PADN: u8 = 0x01;
    pub const TUNNEL_LIMIT: u8 = 0x04;
    pub const ROUTER_ALERT: u8 = 0x05;
    pub const CALIPSO: u8 = 0x07;
    pub const SMF_DPD: u8 = 0x08;
    pub const PDM: u8 = 0x0f;
    pub const IOAM_UNCHANGED: u8 = 0x11;
    pub const EXPERIMENTAL: u8 = 0x1e;
    pub const QUICK_START: u8 = 0x26;
    pub const PATH_MTU: u8 = 0x30;
    pub const IOAM: u8 = 0x31;
    pub const PATH_TRACING: u8 = 0x32;
    pub const RPL: u8 = 0x63;
    pub const MPL: u8 = 0x6d;
    pub const ILNP_NONCE: u8 = 0x8b;
    pub const LINE_ID: u8 = 0x8c;
    pub const JUMBO: u8 = 0xc2;
    pub const HOME_ADDRESS: u8 = 0xc9;
    pub const DFF: u8 = 0xee;
}

/// Names of option types.
pub fn option_name(number: u64) -> Option<&'static str> {
    Some(match number {
        0x00 => "Pad1",
        0x01 => "PadN",
        0x04 => "Tunnel Encapsulation Limit",
        0x05 => "Router Alert",
        0x07 => "CALIPSO",
        0x08 => "SMF_DPD",
        0x0f => "Performance and Diagnostic Metrics",
        0x11 => "IOAM Option (unchanged en route)",
        0x1e => "Experimental (0x1E)",
        0x26 => "Quick-Start",
        0x30 => "Path MTU Option",
        0x31 => "IOAM Option",
        0x32 => "Path Tracing (draft)",
        0x63 => "RPL Option",
        0x6d => "MPL Option",
        0x8a => "Endpoint Identification",
        0x8b => "ILNP Nonce",
        0x8c => "Line-Identification",
        0xc2 => "Jumbo Payload",
        0xc9 => "Home Address",
        0xee => "IP_DFF",
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
        PAD1 = Field::group("ipv6.opt.pad1", "Pad1");
        HOME_ADDRESS = Field::ipv6("ipv6.opt.mipv6.home_address", "MIPv6 Home Address", At::Varies);
        PATH_MTU_MIN = Field::dec("ipv6.opt.pmtu.min", "Minimum Reported PMTU", At::Varies).size(2);
        PATH_MTU_RETURN = Field::dec("ipv6.opt.pmtu.rtn", "Return Minimum PMTU", At::Varies).size(2);
        PATH_MTU_FLAG = Field::bool("ipv6.opt.pmtu.r_flag", "Return Flag", At::Varies);
        PDM_SCALE_RECEIVED = Field::dec("ipv6.opt.pdm.scale_dtlr", "Scale DTLR", At::Varies).size(1);
        PDM_SCALE_SENT = Field::dec("ipv6.opt.pdm.scale_dtls", "Scale DTLS", At::Varies).size(1);
        PDM_THIS = Field::dec("ipv6.opt.pdm.psn_this_pkt", "PSN This Packet", At::Varies).size(2);
        PDM_LAST = Field::dec("ipv6.opt.pdm.psn_last_recv", "PSN Last Received", At::Varies).size(2);
        PDM_DELTA_RECEIVED = Field::dec("ipv6.opt.pdm.delta_last_recv", "Delta Time Last Received", At::Varies).size(2);
        PDM_DELTA_SENT = Field::dec("ipv6.opt.pdm.delta_last_sent", "Delta Time Last Sent", At::Varies).size(2);
        RPL_FLAG = Field::hex("ipv6.opt.rpl.flag", "Flag", crate::wire::field::bytes(2, 1));
        RPL_DOWN = Field::bool("ipv6.opt.rpl.flag.o", "Down", bits(16, 1).drawn(2, 1));
        RPL_RANK_ERROR = Field::bool("ipv6.opt.rpl.flag.r", "Rank Error", bits(17, 1).drawn(2, 1));
        RPL_FORWARDING_ERROR = Field::bool("ipv6.opt.rpl.flag.f", "Forwarding Error", bits(18, 1).drawn(2, 1));
        RPL_RESERVED = Field::hex("ipv6.opt.rpl.flag.rsv", "Reserved", bits(19, 5).drawn(2, 1));
        RPL_INSTANCE = Field::hex("ipv6.opt.rpl.instance_id", "RPLInstanceID", At::Varies).size(1);
        RPL_RANK = Field::hex("ipv6.opt.rpl.sender_rank", "Sender Rank", At::Varies).size(2);
        EXPERIMENTAL = Field::bytes("ipv6.opt.experimental", "Experimental Option", At::Varies);
        ILNP_NONCE = Field::bytes("ipv6.opt.ilnp_nonce", "ILNP Nonce", At::Varies);
        PATH_TRACING_HOP = Field::group("pt.hop", "Hop").own("What one hop wrote into a Path Tracing option (draft-filsfils-ippm-path-tracing)").many();
        PATH_TRACING_INTERFACE = Field::dec("pt.if", "Interface", At::Varies).size(2).own("The outgoing interface that a hop wrote into a Path Tracing option");
        PATH_TRACING_LOAD = Field::dec("pt.load", "Load", At::Varies).size(1).own("The load of the interface that a hop wrote into a Path Tracing option");
        PATH_TRACING_TIME = Field::hex("pt.time", "Truncated timestamp", At::Varies).size(1).own("Eight bits of the time that a hop wrote into a Path Tracing option");
        CONTENT = Field::bytes("ipv6.opt.content", "Content", At::Varies).own("The content of an option that is not taken apart");
        UNKNOWN_DATA = Field::bytes("ipv6.opt_unknown_data", "Unknown Data", At::Varies);
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
    HBH_NEXT_HEADER = Field::dec("ipv6.hopopts.nxt", "Next Header", bytes(0, 1)).names(names::ip_proto).words(names::IP_PROTO_WORDS).arg("nxt");
    HBH_LENGTH = Field::dec("ipv6.hopopts.len", "Length", bytes(1, 1)).arg("len");
    HBH_OCTETS = Field::dec("ipv6.hopopts.len_oct", "Length", At::Derived).size(2);
    HBH_OPTIONS = Field::bytes("ipv6.hopopts.options", "Options", At::Varies).own("The options as bytes").arg("options").elements(&OPTION_FORMS);
}

/// Destination Options' own fields.
pub mod destination {
    use super::{At, Field, bytes, fields, names};

    fields! {
        NEXT_HEADER = Field::dec("ipv6.dstopts.nxt", "Next Header", bytes(0, 1)).names(names::ip_proto).words(names::IP_PROTO_WORDS).arg("nxt");
        LENGTH = Field::dec("ipv6.dstopts.len", "Length", bytes(1, 1)).arg("len");
        OCTETS = Field::dec("ipv6.dstopts.len_oct", "Length", At::Derived).size(2);
        OPTIONS = Field::bytes("ipv6.dstopts.options", "Options", At::Varies).own("The options as bytes").arg("options").elements(&super::OPTION_FORMS);
    }
}

/// The Hop-by-Hop header as a field.
pub static HBH_HEADER: Field = Field::group("ipv6.hopopts", "IPv6 Hop-by-Hop Option");
/// The Destination Options header as a field.
pub static DST_HEADER: Field = Field::group("ipv6.dstopts", "Destination Options for IPv6");

static HBH_FIELDS: [&Field; FIELDS.len() + option::FIELDS.len() + ioam::FIELDS.len()] =
    joined(&[FIELDS, option::FIELDS, ioam::FIELDS]);
static DST_FIELDS: [&Field; destination::FIELDS.len() + option::FIELDS.len() + ioam::FIELDS.len()] =
    joined(&[destination::FIELDS, option::FIELDS, ioam::FIELDS]);

/// Hop-by-Hop Options.
pub static HOP_BY_HOP: Protocol = Protocol {
    name: "ipv6.hopopts",
    notation: "hbh",
    title: "IPv6 Hop-by-Hop Option",
    short: "Hop-by-Hop Options",
    header: &HBH_HEADER,
    fields: &HBH_FIELDS,
    inside: true,
};

/// Destination Options.
pub static DESTINATION: Protocol = Protocol {
    name: "ipv6.dstopts",
    notation: "dst",
    title: "Destination Options for IPv6",
    short: "Destination Options",
    header: &DST_HEADER,
    fields: &DST_FIELDS,
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

/// What the options of either header can be.
pub static OPTION_FORMS: Family = Family {
    what: "option",
    shape: Shape::TLV,
    common: &[option::LENGTH.param("len", bytes(1, 1))],
    forms: &[
        Form { name: "pad1", kind: Some(0), about: "a single byte of padding", ..Form::EMPTY },
        Form {
            name: "padn",
            kind: Some(kind::PADN as u64),
            params: &[element::BYTES.param("n", At::Derived)],
            positional: 1,
            finish: Some(element::as_long_as_told),
            about: "zeros, n bytes in all",
            ..Form::EMPTY
        },
        Form {
            name: "tel",
            kind: Some(kind::TUNNEL_LIMIT as u64),
            template: &[0],
            params: &[option::TUNNEL_LIMIT.param("limit", bytes(2, 1))],
            positional: 1,
            about: "Tunnel Encapsulation Limit",
            ..Form::EMPTY
        },
        Form {
            name: "ra",
            kind: Some(kind::ROUTER_ALERT as u64),
            template: &[0; 2],
            params: &[option::ROUTER_ALERT.param("value", bytes(2, 2))],
            positional: 1,
            align: (2, 0),
            about: "Router Alert",
            ..Form::EMPTY
        },
        Form {
            name: "jumbo",
            kind: Some(kind::JUMBO as u64),
            template: &[0; 4],
            params: &[option::JUMBO.param("length", bytes(2, 4))],
            positional: 1,
            align: (4, 2),
            about: "Jumbo Payload, whose length is given",
            ..Form::EMPTY
        },
        Form {
            name: "home",
            kind: Some(kind::HOME_ADDRESS as u64),
            template: &[0; 16],
            params: &[option::HOME_ADDRESS.param("address", bytes(2, 16))],
            positional: 1,
            align: (8, 6),
            about: "Home Address",
            ..Form::EMPTY
        },
        Form {
            name: "pmtu",
            kind: Some(kind::PATH_MTU as u64),
            template: &[0; 4],
            params: &[
                option::PATH_MTU_MIN.param("min", bytes(2, 2)),
                option::PATH_MTU_RETURN.param("rtn", bits(32, 15)),
                option::PATH_MTU_FLAG.param("r", bits(47, 1)),
            ],
            align: (2, 0),
            about: "Path MTU, the lowest on the way (RFC 9268)",
            ..Form::EMPTY
        },
        Form {
            name: "pdm",
            kind: Some(kind::PDM as u64),
            template: &[0; 10],
            params: &[
                option::PDM_THIS.param("this", bytes(4, 2)),
                option::PDM_LAST.param("last", bytes(6, 2)),
                option::PDM_DELTA_RECEIVED.param("dtlr", bytes(8, 2)),
                option::PDM_DELTA_SENT.param("dtls", bytes(10, 2)),
                option::PDM_SCALE_RECEIVED.param("sdtlr", bytes(2, 1)),
                option::PDM_SCALE_SENT.param("sdtls", bytes(3, 1)),
            ],
            about: "Performance and Diagnostic Metrics (RFC 8250)",
            ..Form::EMPTY
        },
        Form {
            name: "rpl",
            kind: Some(kind::RPL as u64),
            template: &[0; 4],
            params: &[
                option::RPL_INSTANCE.param("instance", bytes(3, 1)),
                option::RPL_RANK.param("rank", bytes(4, 2)),
                option::RPL_FLAG.param("flags", bytes(2, 1)),
            ],
            about: "RPL (RFC 6553)",
            ..Form::EMPTY
        },
        Form {
            name: "ioam",
            kind: Some(kind::IOAM as u64),
            template: &[0; 2 + ioam::TRACE_LEN],
            params: &[
                ioam::NAMESPACE.param("ns", bytes(4, 2)),
                ioam::TRACE_TYPE.param("trace", bytes(8, 3)),
                element::HOPS.param("hops", At::Derived),
                ioam::TYPE.param("kind", bytes(3, 1)),
                ioam::NODE_LENGTH.param("nodelen", bits(48, 5)),
                ioam::FLAGS.param("flags", bits(53, 4)),
                ioam::REMAINING.param("remlen", bits(57, 7)),
                ioam::TRACE_RESERVED.param("rsv", bytes(11, 1)),
                ioam::RESERVED.param("reserved", bytes(2, 1)),
                element::DATA.param("nodes", At::Varies),
            ],
            align: (4, 0),
            finish: Some(trace),
            about: "an IOAM trace with room for hops, or with what nodes have written",
            ..Form::EMPTY
        },
        Form {
            name: "pt",
            kind: Some(kind::PATH_TRACING as u64),
            params: &[element::HOPS.param("hops", At::Derived), element::DATA.param("mcd", At::Varies)],
            finish: Some(path_tracing),
            about: "Path Tracing with room for 12 hops, or with what they have written (draft)",
            ..Form::EMPTY
        },
        Form {
            name: "opt",
            params: &[option::TYPE.param("type", bytes(0, 1)), element::DATA.param("data", At::Varies)],
            positional: 2,
            about: "any type, with its value as bytes",
            ..Form::EMPTY
        },
    ],
};

/// An IOAM trace: how long a node's data is, and the room for as many nodes as
/// were asked for.
fn trace(bytes: &mut Vec<u8>, given: &dyn Fn(&str) -> Option<u64>) {
    const START: usize = 4;
    let node = ioam::Trace::new(bytes.get(START..).unwrap_or_default())
        .map_or(0, |trace| trace.parts().map(|part| part.len).sum::<usize>());
    let room = node * given("hops").unwrap_or(0) as usize;
    bytes.resize(bytes.len() + room, 0);
    if let Some([_, _, first, second]) = bytes.get_mut(START..START + 4) {
        *first = ((node / 4) << 3) as u8 | *first & 7;
        *second = *second & 0x80 | (room / 4).min(0x7f) as u8;
    }
}

/// Path Tracing: three zero bytes for each hop that nothing was given for.
fn path_tracing(bytes: &mut Vec<u8>, given: &dyn Fn(&str) -> Option<u64>) {
    const HOPS: u64 = 12;
    if bytes.len() == 2 || given("hops").is_some() {
        bytes.resize(bytes.len() + given("hops").unwrap_or(HOPS) as usize * 3, 0);
    }
}
