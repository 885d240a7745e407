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

use crate::wire::field::{At, Field, Protocol, Words, bits, bytes, fields};
use crate::wire::names;

/// Bytes of the header without options.
pub const MIN_LEN: usize = 20;

/// Names of option kinds.
pub fn option_name(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "End of Option List (EOL)",
        1 => "No-Operation (NOP)",
        2 => "Maximum Segment Size",
        3 => "Window Scale",
        4 => "SACK Permitted",
        5 => "SACK",
        8 => "Time Stamp Option",
        30 => "Multipath TCP",
        34 => "TCP Fast Open Cookie",
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
    OPTIONS = Field::bytes("tcp.options", "TCP Options", At::Varies).arg("options");
    OPTION_KIND = Field::dec("tcp.option_kind", "Kind", At::Varies).size(1).names(option_name).many();
    OPTION_LENGTH = Field::dec("tcp.option_len", "Length", At::Varies).size(1).many();
    MSS = Field::dec("tcp.options.mss_val", "MSS Value", At::Varies).size(2);
    WINDOW_SCALE = Field::dec("tcp.options.wscale.shift", "Shift count", At::Varies).size(1);
    TIMESTAMP = Field::dec("tcp.options.timestamp.tsval", "Timestamp value", At::Varies);
    TIMESTAMP_ECHO = Field::dec("tcp.options.timestamp.tsecr", "Timestamp echo reply", At::Varies);
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
