//! TCP (RFC 9293 §3.1).
//!
//! ```text
//! +-------------------------------+-------------------------------+
//! |          Source Port          |       Destination Port        |
//! +-------------------------------+-------------------------------+
//! |                        Sequence Number                        |
//! |                     Acknowledgment Number                     |
//! +-------+---------+-------------+-------------------------------+
//! |Offset | Reserved |    Flags   |            Window             |
//! +-------+---------+-------------+-------------------------------+
//! |           Checksum            |        Urgent Pointer         |
//! +-------------------------------+-------------------------------+
//! |             Options, 4 * Data Offset - 20 bytes               |
//! ```

use crate::wire::element::{self, Family, Form, Shape};
use crate::wire::field::{At, Field, Protocol, Words, bits, bytes, fields};
use crate::wire::names;

/// Bytes of the header without options.
pub const MIN_LEN: usize = 20;

/// Option kinds (IANA "TCP Option Kind Numbers").
#[allow(missing_docs)]
pub mod option {
    pub const EOL: u8 = 0;
    pub const NOP: u8 = 1;
    pub const MSS: u8 = 2;
    pub const WINDOW_SCALE: u8 = 3;
    pub const SACK_PERMITTED: u8 = 4;
    pub const SACK: u8 = 5;
    pub const TIMESTAMP: u8 = 8;
    pub const MD5: u8 = 19;
    pub const USER_TIMEOUT: u8 = 28;
    pub const AO: u8 = 29;
    pub const MULTIPATH: u8 = 30;
    pub const FAST_OPEN: u8 = 34;
    pub const EXPERIMENT_1: u8 = 253;
    pub const EXPERIMENT_2: u8 = 254;
}

/// Names of option kinds.
pub fn option_name(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "End of Option List",
        1 => "No-Operation",
        2 => "Maximum Segment Size",
        3 => "Window Scale",
        4 => "SACK Permitted",
        5 => "SACK",
        6 => "Echo",
        7 => "Echo Reply",
        8 => "Time Stamp Option",
        14 => "TCP Alternate Checksum Request",
        15 => "TCP Alternate Checksum Data",
        19 => "MD5 Signature Option",
        27 => "Quick-Start Response",
        28 => "User Timeout Option",
        29 => "The TCP Authentication Option",
        30 => "Multipath TCP",
        34 => "TCP Fast Open Cookie",
        172 => "Accurate ECN Order 0",
        174 => "Accurate ECN Order 1",
        253 => "RFC3692-style Experiment 1",
        254 => "RFC3692-style Experiment 2",
        _ => return None,
    })
}

/// Names of Multipath TCP's messages (RFC 8684 §3).
fn multipath_name(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "Multipath Capable",
        1 => "Join Connection",
        2 => "Data Sequence Signal",
        3 => "Add Address",
        4 => "Remove Address",
        5 => "Change Subflow Priority",
        6 => "TCP Fallback",
        7 => "Fast Close",
        8 => "TCP Reset",
        _ => return None,
    })
}

/// Letters of the flags, lowest bit first, as scapy and tcpdump users know them.
static FLAG_LETTERS: Words =
    &[("F", 0x001), ("S", 0x002), ("R", 0x004), ("P", 0x008), ("A", 0x010), ("U", 0x020), ("E", 0x040), ("C", 0x080)];

fields! {
    SOURCE = Field::dec("tcp.srcport", "Source Port", bytes(0, 2)).arg("sport");
    DESTINATION = Field::dec("tcp.dstport", "Destination Port", bytes(2, 2)).arg("dport");
    PORT = Field::dec("tcp.port", "Source or Destination Port", At::Varies).size(2).many();
    SEGMENT_LENGTH = Field::dec("tcp.len", "TCP Segment Len", At::Derived);
    SEQUENCE = Field::dec("tcp.seq_raw", "Sequence Number (raw)", bytes(4, 4)).arg("seq");
    ACKNOWLEDGMENT = Field::dec("tcp.ack_raw", "Acknowledgment number (raw)", bytes(8, 4)).arg("ack");
    HEADER_LENGTH = Field::dec("tcp.hdr_len", "Header Length", bits(96, 4)).arg("off");
    FLAGS = Field::hex("tcp.flags", "Flags", bits(100, 12)).words(FLAG_LETTERS).arg("flags");
    RESERVED = Field::bool("tcp.flags.res", "Reserved", bits(100, 3).drawn_bits(100, 12)).names(names::set);
    AE = Field::bool("tcp.flags.ae", "Accurate ECN", bits(103, 1).drawn_bits(100, 12)).names(names::set);
    CWR = Field::bool("tcp.flags.cwr", "Congestion Window Reduced", bits(104, 1).drawn_bits(100, 12)).names(names::set);
    ECE = Field::bool("tcp.flags.ece", "ECN-Echo", bits(105, 1).drawn_bits(100, 12)).names(names::set);
    URG = Field::bool("tcp.flags.urg", "Urgent", bits(106, 1).drawn_bits(100, 12)).names(names::set);
    ACK = Field::bool("tcp.flags.ack", "Acknowledgment", bits(107, 1).drawn_bits(100, 12)).names(names::set);
    PUSH = Field::bool("tcp.flags.push", "Push", bits(108, 1).drawn_bits(100, 12)).names(names::set);
    RESET = Field::bool("tcp.flags.reset", "Reset", bits(109, 1).drawn_bits(100, 12)).names(names::set);
    SYN = Field::bool("tcp.flags.syn", "Syn", bits(110, 1).drawn_bits(100, 12)).names(names::set);
    FIN = Field::bool("tcp.flags.fin", "Fin", bits(111, 1).drawn_bits(100, 12)).names(names::set);
    FLAGS_TEXT = Field::text("tcp.flags.str", "TCP Flags", At::Derived);
    WINDOW = Field::dec("tcp.window_size_value", "Window", bytes(14, 2)).arg("win");
    CHECKSUM = Field::hex("tcp.checksum", "Checksum", bytes(16, 2)).arg("cksum");
    CALCULATED = Field::hex("tcp.checksum_calculated", "Calculated Checksum", At::Derived).size(2);
    CHECKSUM_STATUS = Field::dec("tcp.checksum.status", "Checksum Status", At::Derived).size(1).names(names::checksum_status).name_only();
    URGENT = Field::dec("tcp.urgent_pointer", "Urgent Pointer", bytes(18, 2)).arg("urp");
    OPTIONS = Field::bytes("tcp.options", "TCP Options", At::Varies).arg("options").elements(&OPTION_FORMS);
    OPTION_KIND = Field::dec("tcp.option_kind", "Kind", At::Varies).size(1).names(option_name).many();
    OPTION_LENGTH = Field::dec("tcp.option_len", "Length", At::Varies).size(1).many();
    OPTION_EOL = Field::bytes("tcp.options.eol", "TCP Option - End of Option List (EOL)", At::Varies).many();
    OPTION_NOP = Field::bytes("tcp.options.nop", "TCP Option - No-Operation (NOP)", At::Varies).many();
    OPTION_MSS = Field::bytes("tcp.options.mss", "TCP Option - Maximum segment size", At::Varies).many();
    MSS = Field::dec("tcp.options.mss_val", "MSS Value", At::Varies).size(2);
    OPTION_WINDOW_SCALE = Field::bytes("tcp.options.wscale", "TCP Option - Window scale", At::Varies).many();
    WINDOW_SCALE = Field::dec("tcp.options.wscale.shift", "Shift count", At::Varies).size(1);
    MULTIPLIER = Field::dec("tcp.options.wscale.multiplier", "Multiplier", At::Derived).size(2);
    OPTION_SACK_PERMITTED = Field::bytes("tcp.options.sack_perm", "TCP Option - SACK permitted", At::Varies).many();
    OPTION_SACK = Field::bytes("tcp.options.sack", "TCP Option - SACK", At::Varies).many();
    SACK_LEFT = Field::dec("tcp.sack.left", "Left edge (raw)", At::Varies).own("The first sequence number of a block received out of order, not relative to the connection's first").many();
    SACK_RIGHT = Field::dec("tcp.sack.right", "Right edge (raw)", At::Varies).own("The sequence number after a block received out of order").many();
    SACK_COUNT = Field::dec("tcp.options.sack.count", "TCP SACK Count", At::Derived).size(1);
    OPTION_TIMESTAMP = Field::group("tcp.options.timestamp", "TCP Option - Timestamps").own("The timestamp option").many();
    TIMESTAMP = Field::dec("tcp.options.timestamp.tsval", "Timestamp value", At::Varies);
    TIMESTAMP_ECHO = Field::dec("tcp.options.timestamp.tsecr", "Timestamp echo reply", At::Varies);
    OPTION_MD5 = Field::bytes("tcp.options.md5", "TCP Option - TCP MD5 signature", At::Varies).many();
    MD5 = Field::bytes("tcp.options.md5.digest", "MD5 digest", At::Varies);
    OPTION_USER_TIMEOUT = Field::bytes("tcp.options.user_to", "TCP Option - User Timeout", At::Varies).many();
    USER_TIMEOUT_GRANULARITY = Field::bool("tcp.options.user_to_granularity", "Granularity", At::Varies);
    USER_TIMEOUT = Field::dec("tcp.options.user_to_val", "User Timeout", At::Varies).size(2);
    OPTION_AO = Field::bytes("tcp.options.ao", "TCP Option - TCP AO", At::Varies).many();
    AO_KEY = Field::dec("tcp.options.ao.keyid", "AO KeyID", At::Varies).size(1);
    AO_NEXT_KEY = Field::dec("tcp.options.ao.rnextkeyid", "AO RNextKeyID", At::Varies).size(1);
    AO_MAC = Field::bytes("tcp.options.ao.mac", "AO MAC", At::Varies);
    OPTION_MULTIPATH = Field::group("mptcp", "Multipath Transmission Control Protocol").many();
    MULTIPATH_SUBTYPE = Field::dec("tcp.options.mptcp.subtype", "Multipath TCP subtype", At::Varies).size(1).names(multipath_name);
    OPTION_FAST_OPEN = Field::bytes("tcp.options.tfo", "TCP Option - TCP Fast Open", At::Varies).many();
    FAST_OPEN_REQUEST = Field::group("tcp.options.tfo.request", "Fast Open Cookie Request");
    FAST_OPEN_COOKIE = Field::bytes("tcp.options.tfo.cookie", "Fast Open Cookie", At::Varies);
    OPTION_EXPERIMENTAL = Field::bytes("tcp.options.experimental", "TCP Option - Experimental", At::Varies).many();
    EXPERIMENT = Field::hex("tcp.options.experimental.exid", "Experiment Identifier", At::Varies).size(2);
    EXPERIMENT_DATA = Field::bytes("tcp.options.experimental.data", "Data", At::Varies);
    OPTION_UNKNOWN = Field::bytes("tcp.options.unknown", "TCP Option - Unknown", At::Varies).many();
    OPTION_UNKNOWN_DATA = Field::bytes("tcp.options.unknown.payload", "Payload", At::Varies);
    OPTION_OTHER = Field::bytes("tcp.option", "TCP Option", At::Varies).own("An option that is not taken apart").many();
    PAYLOAD = Field::bytes("tcp.payload", "TCP payload", At::Varies);
}

/// The header as a field.
pub static HEADER: Field = Field::group("tcp", "Transmission Control Protocol");

/// TCP.
pub static PROTOCOL: Protocol = Protocol {
    name: "tcp",
    notation: "tcp",
    title: "Transmission Control Protocol",
    short: "TCP",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};

/// What the options can be.
pub static OPTION_FORMS: Family = Family {
    what: "option",
    shape: Shape::COUNTED,
    common: &[OPTION_LENGTH.param("len", bytes(1, 1))],
    forms: &[
        Form { name: "eol", kind: Some(0), about: "the end of the list", ..Form::EMPTY },
        Form { name: "nop", kind: Some(1), about: "a single byte of padding", ..Form::EMPTY },
        Form {
            name: "mss",
            kind: Some(option::MSS as u64),
            template: &[0; 2],
            params: &[MSS.param("size", bytes(2, 2))],
            positional: 1,
            about: "the maximum segment size",
            ..Form::EMPTY
        },
        Form {
            name: "wscale",
            kind: Some(option::WINDOW_SCALE as u64),
            template: &[0],
            params: &[WINDOW_SCALE.param("shift", bytes(2, 1))],
            positional: 1,
            about: "the window scale",
            ..Form::EMPTY
        },
        Form { name: "sackok", kind: Some(option::SACK_PERMITTED as u64), about: "SACK permitted", ..Form::EMPTY },
        Form {
            name: "sack",
            kind: Some(option::SACK as u64),
            params: &[SACK_LEFT.param("edges", At::Varies).list()],
            positional: 1,
            about: "blocks received: [left, right, …]",
            ..Form::EMPTY
        },
        Form {
            name: "ts",
            kind: Some(option::TIMESTAMP as u64),
            template: &[0; 8],
            params: &[TIMESTAMP.param("val", bytes(2, 4)), TIMESTAMP_ECHO.param("ecr", bytes(6, 4))],
            positional: 2,
            about: "timestamps",
            ..Form::EMPTY
        },
        Form {
            name: "md5",
            kind: Some(option::MD5 as u64),
            params: &[MD5.param("digest", At::Varies)],
            positional: 1,
            about: "an MD5 signature",
            ..Form::EMPTY
        },
        Form {
            name: "uto",
            kind: Some(option::USER_TIMEOUT as u64),
            template: &[0; 2],
            params: &[USER_TIMEOUT.param("time", bits(17, 15)), USER_TIMEOUT_GRANULARITY.param("minutes", bits(16, 1))],
            positional: 1,
            about: "the user timeout",
            ..Form::EMPTY
        },
        Form {
            name: "ao",
            kind: Some(option::AO as u64),
            template: &[0; 2],
            params: &[
                AO_KEY.param("key", bytes(2, 1)),
                AO_NEXT_KEY.param("next", bytes(3, 1)),
                AO_MAC.param("mac", At::Varies),
            ],
            about: "TCP-AO",
            ..Form::EMPTY
        },
        Form {
            name: "tfo",
            kind: Some(option::FAST_OPEN as u64),
            params: &[FAST_OPEN_COOKIE.param("cookie", At::Varies)],
            positional: 1,
            about: "Fast Open: a cookie, or the wish for one",
            ..Form::EMPTY
        },
        Form {
            name: "opt",
            params: &[OPTION_KIND.param("kind", bytes(0, 1)), element::DATA.param("data", At::Varies)],
            positional: 2,
            about: "any kind, with its value as bytes",
            ..Form::EMPTY
        },
    ],
};
