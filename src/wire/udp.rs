//! UDP (RFC 768).
//!
//! ```text
//! +-------------------------------+-------------------------------+
//! |          Source Port          |       Destination Port        |
//! +-------------------------------+-------------------------------+
//! |            Length             |           Checksum            |
//! +-------------------------------+-------------------------------+
//! ```

use crate::wire::field::{At, Field, Protocol, bytes, fields};
use crate::wire::names;

/// Bytes of the header.
pub const LEN: usize = 8;

fields! {
    SOURCE = Field::dec("udp.srcport", "Source Port", bytes(0, 2)).arg("sport");
    DESTINATION = Field::dec("udp.dstport", "Destination Port", bytes(2, 2)).arg("dport");
    PORT = Field::dec("udp.port", "Source or Destination Port", At::Varies).size(2).many();
    LENGTH = Field::dec("udp.length", "Length", bytes(4, 2)).arg("len");
    CHECKSUM = Field::hex("udp.checksum", "Checksum", bytes(6, 2)).arg("cksum");
    CALCULATED = Field::hex("udp.checksum_calculated", "Calculated Checksum", At::Derived).size(2);
    CHECKSUM_STATUS = Field::dec("udp.checksum.status", "Checksum Status", At::Derived).size(1).names(names::checksum_status).name_only();
    PAYLOAD = Field::bytes("udp.payload", "Payload", At::Varies);
}

/// The header as a field.
pub static HEADER: Field = Field::group("udp", "User Datagram Protocol");

/// UDP.
pub static PROTOCOL: Protocol = Protocol {
    name: "udp",
    notation: "udp",
    title: "User Datagram Protocol",
    short: "UDP",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};
