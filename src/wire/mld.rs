//! Multicast listener discovery, versions 1 and 2 (RFC 2710, RFC 3810): the
//! fields of its messages.

use crate::wire::field::{At, Field, bits, bytes, fields};

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
    DELAY = Field::dec("icmpv6.mld.maximum_response_delay", "Maximum Response Delay [ms]", bytes(4, 2));
    CODE = Field::dec("icmpv6.mld.maximum_response_code", "Maximum Response Code", At::Varies).size(2);
    ADDRESS = Field::ipv6("icmpv6.mld.multicast_address", "Multicast Address", bytes(8, 16));
    FLAGS = Field::hex("icmpv6.mld.flag", "Flags", bytes(24, 1));
    SUPPRESS = Field::bool("icmpv6.mld.flag.s", "Suppress Router-Side Processing", bits(196, 1).drawn(24, 1));
    ROBUSTNESS = Field::dec("icmpv6.mld.flag.qrv", "QRV (Querier's Robustness Variable)", bits(197, 3).drawn(24, 1));
    FLAGS_RESERVED = Field::dec("icmpv6.mld.flag.reserved", "Reserved", bits(192, 4).drawn(24, 1));
    INTERVAL = Field::dec("icmpv6.mld.qqi", "QQIC (Querier's Query Interval Code)", bytes(25, 1));
    SOURCES = Field::dec("icmpv6.mld.nb_sources", "Number of Sources", bytes(26, 2));
    SOURCE = Field::ipv6("icmpv6.mld.source_address", "Source Address", At::Varies).many();
    RECORDS = Field::dec("icmpv6.mldr.nb_mcast_records", "Number of Multicast Address Records", bytes(6, 2));
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
