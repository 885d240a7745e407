//! IPv4 (RFC 791).
//!
//! ```text
//! +-------+-------+---------------+-------------------------------+
//! |Version|  IHL  | DSCP 6 | ECN 2|         Total Length          |
//! +-------+-------+---------------+-------------------------------+
//! |        Identification         |  Flags 3 | Fragment Offset 13 |
//! +---------------+---------------+-------------------------------+
//! |  Time to Live |    Protocol   |        Header Checksum        |
//! +---------------+---------------+-------------------------------+
//! |                        Source Address                         |
//! |                      Destination Address                      |
//! |                     Options, 4 * IHL - 20 bytes               |
//! ```

use std::net::Ipv4Addr;

use crate::wire::checksum::Sum;
use crate::wire::element::{self, Family, Form, Shape};
use crate::wire::error::LengthError;
use crate::wire::field::{At, Field, Protocol, bits, bytes, fields};
use crate::wire::names;

/// Bytes of the header without options.
pub const MIN_LEN: usize = 20;

fields! {
    VERSION = Field::dec("ip.version", "Version", bits(0, 4).drawn(0, 1)).arg("version");
    HEADER_LENGTH = Field::dec("ip.hdr_len", "Header Length", bits(4, 4)).arg("ihl");
    DS_FIELD = Field::hex("ip.dsfield", "Differentiated Services Field", bytes(1, 1)).arg("tos");
    DSCP = Field::dec("ip.dsfield.dscp", "Differentiated Services Codepoint", bits(8, 6).drawn(1, 1)).names(names::dscp).arg("dscp");
    ECN = Field::dec("ip.dsfield.ecn", "Explicit Congestion Notification", bits(14, 2).drawn(1, 1)).names(names::ecn).arg("ecn");
    TOTAL_LENGTH = Field::dec("ip.len", "Total Length", bytes(2, 2)).arg("len");
    ID = Field::hex("ip.id", "Identification", bytes(4, 2)).hex_dec().arg("id");
    FLAGS = Field::hex("ip.flags", "Flags", bits(48, 3)).arg("flags");
    FLAG_RESERVED = Field::bool("ip.flags.rb", "Reserved bit", bits(48, 1).drawn(6, 1)).names(names::set).arg("rb");
    FLAG_DF = Field::bool("ip.flags.df", "Don't fragment", bits(49, 1).drawn(6, 1)).names(names::set).arg("df");
    FLAG_MF = Field::bool("ip.flags.mf", "More fragments", bits(50, 1).drawn(6, 1)).names(names::set).arg("mf");
    FRAGMENT_OFFSET = Field::dec("ip.frag_offset", "Fragment Offset", bits(51, 13)).arg("off");
    TTL = Field::dec("ip.ttl", "Time to Live", bytes(8, 1)).arg("ttl");
    PROTO = Field::dec("ip.proto", "Protocol", bytes(9, 1)).names(names::ip_proto).words(names::IP_PROTO_WORDS).arg("proto");
    CHECKSUM = Field::hex("ip.checksum", "Header Checksum", bytes(10, 2)).arg("cksum");
    CALCULATED = Field::hex("ip.checksum_calculated", "Calculated Checksum", At::Derived).size(2);
    CHECKSUM_STATUS = Field::dec("ip.checksum.status", "Header checksum status", At::Derived).size(1).names(names::checksum_status).name_only();
    SOURCE = Field::ipv4("ip.src", "Source Address", bytes(12, 4)).arg("src");
    DESTINATION = Field::ipv4("ip.dst", "Destination Address", bytes(16, 4)).arg("dst");
    ADDRESS = Field::ipv4("ip.addr", "Source or Destination Address", At::Varies).many();
    OPTIONS = Field::bytes("ip.options", "Options", At::Varies).own("The options as bytes").arg("options").elements(&OPTION_FORMS);
}

/// The header as a field.
pub static HEADER: Field = Field::group("ip", "Internet Protocol Version 4");

/// IPv4.
pub static PROTOCOL: Protocol = Protocol {
    name: "ip",
    notation: "ip4",
    title: "Internet Protocol Version 4",
    short: "IPv4",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};

/// A list of addresses that an option has been through, or is to go through.
macro_rules! route {
    ($name:literal, $kind:literal, $about:literal) => {
        Form {
            name: $name,
            kind: Some($kind),
            template: &[4],
            params: &[ADDRESS.param("route", At::Varies).list(), element::NUMBER.param("ptr", bytes(2, 1))],
            positional: 1,
            about: $about,
            ..Form::EMPTY
        }
    };
}

/// What the options can be (RFC 791 §3.1, RFC 2113).
pub static OPTION_FORMS: Family = Family {
    what: "option",
    shape: Shape::COUNTED,
    common: &[element::NUMBER.param("len", bytes(1, 1))],
    forms: &[
        Form { name: "eol", kind: Some(0), about: "the end of the list", ..Form::EMPTY },
        Form { name: "nop", kind: Some(1), about: "a single byte of padding", ..Form::EMPTY },
        route!("rr", 7, "Record Route"),
        route!("lsrr", 131, "Loose Source Route"),
        route!("ssrr", 137, "Strict Source Route"),
        Form {
            name: "ra",
            kind: Some(148),
            template: &[0; 2],
            params: &[element::NUMBER.param("value", bytes(2, 2))],
            positional: 1,
            about: "Router Alert",
            ..Form::EMPTY
        },
        Form {
            name: "ts",
            kind: Some(68),
            template: &[5, 0],
            params: &[
                element::DATA.param("data", At::Varies),
                element::NUMBER.param("ptr", bytes(2, 1)),
                element::NUMBER.param("oflw", bits(24, 4)),
                element::NUMBER.param("flag", bits(28, 4)),
            ],
            positional: 1,
            about: "Internet Timestamp",
            ..Form::EMPTY
        },
        Form {
            name: "opt",
            params: &[element::NUMBER.param("type", bytes(0, 1)), element::DATA.param("data", At::Varies)],
            positional: 2,
            about: "any type, with its value as bytes",
            ..Form::EMPTY
        },
    ],
};

/// An IPv4 header as it lies in a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv4<'a> {
    fixed: &'a [u8; MIN_LEN],
    bytes: &'a [u8],
}

impl<'a> Ipv4<'a> {
    /// Views the header at the start of `bytes`; options cut short are viewed
    /// as far as they go.
    ///
    /// # Errors
    /// There are fewer than 20 bytes.
    pub fn new(bytes: &'a [u8]) -> Result<Self, LengthError> {
        let fixed = bytes.first_chunk().ok_or(LengthError {
            layer: "IPv4",
            offset: 0,
            needed: MIN_LEN,
            available: bytes.len(),
            says: None,
        })?;
        Ok(Self { fixed, bytes })
    }

    /// The version nibble; 4 in IPv4.
    pub fn version(&self) -> u8 {
        self.fixed[0] >> 4
    }

    /// The header's length in bytes as IHL says, which may be less than 20.
    pub fn claimed_len(&self) -> usize {
        usize::from(self.fixed[0] & 15) * 4
    }

    /// The header's bytes that are there, options included.
    pub fn header(&self) -> &'a [u8] {
        &self.bytes[..self.claimed_len().clamp(MIN_LEN, self.bytes.len())]
    }

    /// Total Length, in bytes; 0 in captures of frames the kernel has yet to segment.
    pub fn total_len(&self) -> u16 {
        u16::from_be_bytes([self.fixed[2], self.fixed[3]])
    }

    /// Whether this is a fragment other than a whole packet.
    pub fn is_fragment(&self) -> bool {
        self.fragment_offset() != 0 || self.fixed[6] & 0x20 != 0
    }

    /// Fragment Offset, in units of 8 bytes.
    pub fn fragment_offset(&self) -> u16 {
        u16::from_be_bytes([self.fixed[6] & 0x1f, self.fixed[7]])
    }

    /// Time to Live.
    pub fn ttl(&self) -> u8 {
        self.fixed[8]
    }

    /// The protocol of the payload.
    pub fn protocol(&self) -> u8 {
        self.fixed[9]
    }

    /// The Header Checksum as stored.
    pub fn checksum(&self) -> u16 {
        u16::from_be_bytes([self.fixed[10], self.fixed[11]])
    }

    /// The Header Checksum that the other bytes of the header ask for.
    pub fn computed_checksum(&self) -> u16 {
        let header = self.header();
        Sum::default().bytes(&header[..10]).bytes(&header[12..]).checksum()
    }

    /// The source address.
    pub fn source(&self) -> Ipv4Addr {
        Ipv4Addr::new(self.fixed[12], self.fixed[13], self.fixed[14], self.fixed[15])
    }

    /// The destination address.
    pub fn destination(&self) -> Ipv4Addr {
        Ipv4Addr::new(self.fixed[16], self.fixed[17], self.fixed[18], self.fixed[19])
    }
}
