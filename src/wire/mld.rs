//! Multicast listener discovery, versions 1 and 2 (RFC 2710, RFC 3810): the
//! fields of its messages.

use crate::wire::bytes::{u8_at, u16_at};
use crate::wire::element::{Count, Family, Form, Shape};
use crate::wire::field::{At, Field, Words, bits, bytes, fields};

/// Bytes of a version 1 message; a longer query is version 2.
pub const V1_LEN: usize = 24;
/// Bytes of a version 2 query before its sources.
pub const QUERY_LEN: usize = 28;
/// Bytes of a report's record before its sources.
pub const RECORD_LEN: usize = 20;

/// Names of record types.
pub fn record_name(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "Include",
        2 => "Exclude",
        3 => "Changed to include",
        4 => "Changed to exclude",
        5 => "Allow new sources",
        6 => "Block old sources",
        _ => return None,
    })
}

fields! {
    DELAY = Field::dec("icmpv6.mld.maximum_response_delay", "Maximum Response Delay [ms]", bytes(4, 2)).arg("delay");
    CODE = Field::dec("icmpv6.mld.maximum_response_code", "Maximum Response Code", At::Varies).size(2);
    ADDRESS = Field::ipv6("icmpv6.mld.multicast_address", "Multicast Address", bytes(8, 16)).arg("group");
    FLAGS = Field::hex("icmpv6.mld.flag", "Flags", bytes(24, 1)).arg("qflags");
    SUPPRESS = Field::bool("icmpv6.mld.flag.s", "Suppress Router-Side Processing", bits(196, 1).drawn(24, 1)).arg("suppress");
    ROBUSTNESS = Field::dec("icmpv6.mld.flag.qrv", "QRV (Querier's Robustness Variable)", bits(197, 3).drawn(24, 1)).arg("qrv");
    FLAGS_RESERVED = Field::dec("icmpv6.mld.flag.reserved", "Reserved", bits(192, 4).drawn(24, 1)).arg("qrsv");
    INTERVAL = Field::dec("icmpv6.mld.qqi", "QQIC (Querier's Query Interval Code)", bytes(25, 1)).arg("qqic");
    SOURCES = Field::dec("icmpv6.mld.nb_sources", "Number of Sources", bytes(26, 2)).arg("nsrc");
    SOURCE = Field::ipv6("icmpv6.mld.source_address", "Source Address", At::Varies).many().arg("sources");
    RECORDS = Field::dec("icmpv6.mldr.nb_mcast_records", "Number of Multicast Address Records", bytes(6, 2)).arg("nrec");
    RECORD_LIST = Field::bytes("icmpv6.mldr.records", "Multicast Address Records", At::Varies).own("The records of a version 2 report").arg("records").elements(&RECORD_FORMS);
    RECORD_RESERVED = Field::hex("icmpv6.mldr.reserved", "Reserved", bytes(4, 2)).own("The reserved bytes of a version 2 report").arg("rsv");
    RECORD = Field::group("icmpv6.mldr.mar", "Multicast Address Record").many();
    RECORD_TYPE = Field::dec("icmpv6.mldr.mar.record_type", "Record Type", bytes(0, 1)).names(record_name);
    AUX_LENGTH = Field::dec("icmpv6.mldr.mar.aux_data_len", "Aux Data Len", bytes(1, 1));
    RECORD_SOURCES = Field::dec("icmpv6.mldr.mar.nb_sources", "Number of Sources", bytes(2, 2));
    RECORD_ADDRESS = Field::ipv6("icmpv6.mldr.mar.multicast_address", "Multicast Address", bytes(4, 16));
    RECORD_SOURCE = Field::ipv6("icmpv6.mldr.mar.source_address", "Source Address", At::Varies).many();
    AUX_DATA = Field::bytes("icmpv6.mldr.mar.auxiliary_data", "Auxiliary Data", At::Varies);
}

/// The time in milliseconds that a response code of version 2 stands for
/// (RFC 3810 §5.1.3).
pub fn response_time(code: u16) -> u32 {
    if code < 0x8000 { u32::from(code) } else { (u32::from(code & 0xfff) | 0x1000) << ((code >> 12 & 7) + 3) }
}

/// The time in seconds that a query interval code stands for (RFC 3810 §5.1.9).
pub fn query_interval(code: u8) -> u32 {
    if code < 0x80 { u32::from(code) } else { (u32::from(code & 15) | 16) << ((code >> 4 & 7) + 3) }
}

/// The length in bytes of the record at the start of `bytes`, as its counts say.
fn record_len(bytes: &[u8]) -> Option<usize> {
    let (aux, sources) = (usize::from(u8_at(bytes, 1)?), usize::from(u16_at(bytes, 2)?));
    Some(RECORD_LEN + sources * 16 + aux * 4)
}

/// The notation's words for record types.
static RECORD_WORDS: Words = &[("include", 1), ("exclude", 2), ("toin", 3), ("toex", 4), ("allow", 5), ("block", 6)];

/// What the records of a version 2 report can be: their lengths are counts.
pub static RECORD_FORMS: Family = Family {
    what: "record",
    shape: Shape {
        head: 0,
        kind: (0, 0),
        length: (0, 0),
        whole: true,
        single: &[],
        measured: Some(record_len),
        ..Shape::TLV
    },
    common: &[],
    forms: &[Form {
        name: "rec",
        template: &[0; RECORD_LEN],
        params: &[
            RECORD_ADDRESS.param("group", bytes(4, 16)),
            RECORD_TYPE.param("type", bytes(0, 1)).words(RECORD_WORDS),
            RECORD_SOURCE.param("sources", At::Varies),
            AUX_DATA.param("aux", At::Varies),
            AUX_LENGTH.param("auxlen", bytes(1, 1)),
            RECORD_SOURCES.param("nsrc", bytes(2, 2)),
        ],
        positional: 1,
        counts: &[Count { at: (8, 8), of: "aux", unit: 4 }, Count { at: (16, 16), of: "sources", unit: 16 }],
        about: "a group, what to do with its sources, and which they are",
        ..Form::EMPTY
    }],
};
