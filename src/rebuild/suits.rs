//! Which field to tell of a message by, where several share a place.

use crate::wire::field::Field;
use crate::wire::icmpv6::message;
use crate::wire::proto::Proto;
use crate::wire::{icmpv4, icmpv6, mld, nd};

/// A list that outlives whoever asks for it.
macro_rules! list {
    ($($field:expr),* $(,)?) => {{
        static LIST: &[&Field] = &[$($field),*];
        LIST
    }};
}

/// Whether a field is one to tell of the header by.
pub(super) fn suits(proto: Proto, header: &[u8], field: &'static Field) -> bool {
    let own = match proto {
        Proto::Icmpv6 => of_v6(header),
        Proto::Icmpv4 => of_v4(header),
        _ => return true,
    };
    let every: [&'static Field; 6] =
        [&icmpv6::TYPE, &icmpv6::CODE, &icmpv6::CHECKSUM, &icmpv4::TYPE, &icmpv4::CODE, &icmpv4::CHECKSUM];
    own.iter().chain(&every).any(|known| std::ptr::eq(*known, field))
}

/// The fields of an ICMPv6 message, which between them cover it up to its
/// options.
fn of_v6(header: &[u8]) -> &'static [&'static Field] {
    match header.first().copied().unwrap_or_default() {
        message::ECHO_REQUEST | message::ECHO_REPLY | message::EXTENDED_ECHO_REQUEST | message::EXTENDED_ECHO_REPLY => {
            list![&icmpv6::ID, &icmpv6::SEQUENCE]
        }
        message::TOO_BIG => list![&icmpv6::MTU],
        message::PARAMETER_PROBLEM => list![&icmpv6::POINTER],
        message::ROUTER_ADVERTISEMENT => list![
            &nd::RA_HOP_LIMIT,
            &nd::RA_MANAGED,
            &nd::RA_OTHER,
            &nd::RA_HOME_AGENT,
            &nd::RA_PREFERENCE,
            &nd::RA_PROXY,
            &nd::RA_RESERVED,
            &nd::RA_LIFETIME,
            &nd::RA_REACHABLE,
            &nd::RA_RETRANS,
        ],
        message::NEIGHBOR_SOLICITATION => list![&icmpv6::RESERVED, &nd::NS_TARGET],
        message::NEIGHBOR_ADVERTISEMENT => {
            list![&nd::NA_ROUTER, &nd::NA_SOLICITED, &nd::NA_OVERRIDE, &nd::NA_RESERVED, &nd::NS_TARGET]
        }
        message::REDIRECT => list![&icmpv6::RESERVED, &nd::NS_TARGET, &nd::REDIRECT_DESTINATION],
        message::LISTENER_QUERY if header.len() >= mld::QUERY_LEN => list![
            &mld::DELAY,
            &mld::RECORDS,
            &mld::ADDRESS,
            &mld::SUPPRESS,
            &mld::ROBUSTNESS,
            &mld::FLAGS_RESERVED,
            &mld::INTERVAL,
            &mld::SOURCES,
        ],
        message::LISTENER_QUERY | message::LISTENER_REPORT | message::LISTENER_DONE => {
            list![&mld::DELAY, &mld::RECORDS, &mld::ADDRESS]
        }
        message::LISTENER_REPORT_V2 => list![&mld::RECORD_RESERVED, &mld::RECORDS],
        _ => list![&icmpv6::RESERVED],
    }
}

/// The fields of an ICMP message, likewise.
fn of_v4(header: &[u8]) -> &'static [&'static Field] {
    let zero =
        |range: std::ops::Range<usize>| header.get(range).is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0));
    match header.first().copied().unwrap_or_default() {
        0 | 8 => list![&icmpv4::ID, &icmpv4::SEQUENCE],
        13 | 14 => list![&icmpv4::ID, &icmpv4::SEQUENCE, &icmpv4::ORIGINATE, &icmpv4::RECEIVE, &icmpv4::TRANSMIT],
        17 | 18 => list![&icmpv4::ID, &icmpv4::SEQUENCE, &icmpv4::MASK],
        3 if zero(4..6) => list![&icmpv4::MTU],
        5 => list![&icmpv4::GATEWAY],
        12 if zero(5..8) => list![&icmpv4::POINTER],
        _ => list![&icmpv4::REST],
    }
}
