//! The fields of neighbour discovery and multicast listener discovery.

use crate::dissect::describe::icmp::reserved;
use crate::dissect::describe::link::Mac;
use crate::dissect::visit::Out;
use crate::wire::bytes::{array_at, tail, u8_at, u16_at};
use crate::wire::field::Value;
use crate::wire::icmpv6::{self, message};
use crate::wire::mld;
use crate::wire::nd::{self, Opt, option};

/// A neighbour discovery message after its checksum.
pub(super) fn neighbour(kind: u8, out: &mut Out<'_, '_>) {
    let options = match kind {
        message::ROUTER_SOLICITATION => {
            out.field(&icmpv6::RESERVED);
            8
        }
        message::ROUTER_ADVERTISEMENT => {
            out.field(&nd::RA_HOP_LIMIT);
            if out.open_plain(&nd::RA_FLAGS) {
                out.fields(&[&nd::RA_MANAGED, &nd::RA_OTHER, &nd::RA_HOME_AGENT, &nd::RA_PREFERENCE]);
                out.fields(&[&nd::RA_PROXY, &nd::RA_RESERVED]);
                out.close();
            }
            out.fields(&[&nd::RA_LIFETIME, &nd::RA_REACHABLE, &nd::RA_RETRANS]);
            16
        }
        message::NEIGHBOR_SOLICITATION => {
            out.fields(&[&icmpv6::RESERVED, &nd::NS_TARGET]);
            24
        }
        message::NEIGHBOR_ADVERTISEMENT => {
            if out.open_plain(&nd::NA_FLAGS) {
                out.fields(&[&nd::NA_ROUTER, &nd::NA_SOLICITED, &nd::NA_OVERRIDE, &nd::NA_RESERVED]);
                out.close();
            }
            out.field(&nd::NA_TARGET);
            24
        }
        _ => {
            out.fields(&[&icmpv6::RESERVED, &nd::REDIRECT_TARGET, &nd::REDIRECT_DESTINATION]);
            40
        }
    };
    for found in nd::options(out.bytes, options) {
        one_option(out, &found);
    }
}

fn one_option(out: &mut Out<'_, '_>, found: &Opt<'_>) {
    let (at, bytes) = (found.offset, found.bytes);
    let name = nd::option_name(u64::from(found.kind)).unwrap_or("Unknown");
    let mac: Option<[u8; 6]> = array_at(bytes, 2).filter(|_| found.claimed == 8);
    match (found.kind, mac, array_at::<16>(bytes, 16), u8_at(bytes, 2)) {
        (option::SOURCE | option::TARGET, Some(mac), ..) => {
            let text = format_args!("ICMPv6 Option ({name} : {})", Mac(mac));
            out.open_group(&nd::OPTION, at, bytes.len(), text);
        }
        (option::PREFIX, _, Some(prefix), Some(length)) => {
            let prefix = std::net::Ipv6Addr::from(prefix);
            let text = format_args!("ICMPv6 Option ({name} : {prefix}/{length})");
            out.open_group(&nd::OPTION, at, bytes.len(), text);
        }
        _ => out.open_group(&nd::OPTION, at, bytes.len(), format_args!("ICMPv6 Option ({name})")),
    }
    let mut inner = out.over(bytes, at);
    inner.field(&nd::OPTION_TYPE);
    let text = format_args!("Length: {} ({} bytes)", found.claimed / 8, found.claimed);
    inner.field_as(&nd::OPTION_LENGTH, text);
    if found.claimed != 0 {
        content(&mut inner, found.kind);
    }
    inner.close();
}

/// What an option says, as far as it is there.
fn content(out: &mut Out<'_, '_>, kind: u8) {
    let bytes = out.bytes;
    match kind {
        option::SOURCE | option::TARGET => {
            let address = tail(bytes, 2);
            let specific = if kind == option::SOURCE { &nd::SOURCE_LINK_ADDRESS } else { &nd::TARGET_LINK_ADDRESS };
            // Two units carry an EUI-64 and padding.
            let address = if bytes.len() == 16 { &address[..8] } else { address };
            out.value(&nd::LINK_ADDRESS, Value::Bytes(address), 2, address.len());
            out.hidden(specific, Value::Bytes(address), 2, address.len());
        }
        option::PREFIX => {
            out.field(&nd::PREFIX_LENGTH);
            if out.open_plain(&nd::PREFIX_FLAGS) {
                out.fields(&[&nd::PREFIX_ON_LINK, &nd::PREFIX_AUTO, &nd::PREFIX_ROUTER, &nd::PREFIX_RESERVED]);
                out.close();
            }
            out.fields(&[&nd::PREFIX_VALID, &nd::PREFIX_PREFERRED]);
            if let Some(prefix) = array_at(bytes, 16) {
                out.value(&nd::PREFIX, Value::Ipv6(prefix), 16, 16);
            }
        }
        option::REDIRECTED => {}
        option::MTU => out.field(&nd::MTU),
        option::INTERVAL => out.field(&nd::INTERVAL),
        option::NONCE => {
            let nonce = tail(bytes, 2);
            out.value(&nd::NONCE, Value::Bytes(nonce), 2, nonce.len());
        }
        option::ROUTE => {
            out.field(&nd::PREFIX_LENGTH);
            if out.open_plain(&nd::ROUTE_FLAGS) {
                out.field(&nd::ROUTE_PREFERENCE);
                out.close();
            }
            out.field(&nd::ROUTE_LIFETIME);
            // As much of the prefix as its length needs (RFC 4191 §2.3).
            let given = tail(bytes, 8);
            if matches!(given.len(), 8 | 16) {
                let mut prefix = [0; 16];
                prefix[..given.len()].copy_from_slice(given);
                out.value(&nd::PREFIX, Value::Ipv6(prefix), 8, given.len());
            }
        }
        option::RDNSS => {
            out.field(&nd::RDNSS_LIFETIME);
            for (index, server) in tail(bytes, 8).as_chunks::<16>().0.iter().enumerate() {
                out.value(&nd::RDNSS, Value::Ipv6(*server), 8 + index * 16, 16);
            }
        }
        option::DNSSL => {
            out.field(&nd::DNSSL_LIFETIME);
            let mut at = 8;
            let mut buffer = [0; 256];
            while let Some((name, len)) = nd::domain(tail(bytes, at), &mut buffer) {
                out.value(&nd::DNSSL, Value::Text(name), at, len);
                at += len;
            }
        }
        option::PREF64 => out.fields(&[&nd::PREF64_LIFETIME, &nd::PREF64_CODE]),
        _ => {
            let content = tail(bytes, 2);
            // Wireshark shows what it has no name for as data.
            let known = nd::option_name(u64::from(kind)).is_some();
            let field = if known { &nd::OPTION_CONTENT } else { &icmpv6::DATA };
            if !content.is_empty() {
                out.value(field, Value::Bytes(content), 2, content.len());
            }
        }
    }
}

/// A query, or a message of version 1, of `len` bytes.
pub(super) fn listener(len: usize, out: &mut Out<'_, '_>) {
    let bytes = out.bytes;
    if u8_at(bytes, 0) != Some(message::LISTENER_QUERY) || len <= mld::V1_LEN {
        out.field(&mld::DELAY);
        reserved(out, 6, 2);
        return out.field(&mld::ADDRESS);
    }
    if let Some(code) = u16_at(bytes, 4) {
        out.value(&mld::CODE, Value::Uint(u64::from(mld::response_time(code))), 4, 2);
    }
    reserved(out, 6, 2);
    out.field(&mld::ADDRESS);
    if out.open_plain(&mld::FLAGS) {
        out.fields(&[&mld::SUPPRESS, &mld::ROBUSTNESS, &mld::FLAGS_RESERVED]);
        out.close();
    }
    out.fields(&[&mld::INTERVAL, &mld::SOURCES]);
    let count = usize::from(u16_at(bytes, 26).unwrap_or_default());
    for (index, source) in tail(bytes, mld::QUERY_LEN).as_chunks::<16>().0.iter().take(count).enumerate() {
        out.value(&mld::SOURCE, Value::Ipv6(*source), mld::QUERY_LEN + index * 16, 16);
    }
}

/// A report of version 2.
pub(super) fn listener_report(out: &mut Out<'_, '_>) {
    let bytes = out.bytes;
    reserved(out, 4, 2);
    out.field(&mld::RECORDS);
    let mut at = 8;
    for _ in 0..u16_at(bytes, 6).unwrap_or_default() {
        let record = tail(bytes, at);
        let Some(address) = array_at::<16>(record, 4).map(std::net::Ipv6Addr::from) else { break };
        let kind = u8_at(record, 0).unwrap_or_default();
        let count = usize::from(u16_at(record, 2).unwrap_or_default());
        let auxiliary = usize::from(u8_at(record, 1).unwrap_or_default()) * 4;
        let len = (mld::RECORD_LEN + count * 16 + auxiliary).min(record.len());
        let name = mld::record_name(u64::from(kind)).unwrap_or("Unknown");
        out.open_group(&mld::RECORD, at, len, format_args!("Multicast Address Record {name}: {address}"));
        let mut inner = out.over(&record[..len], at);
        inner.fields(&[&mld::RECORD_TYPE, &mld::AUX_LENGTH, &mld::RECORD_SOURCES, &mld::RECORD_ADDRESS]);
        let sources = tail(inner.bytes, mld::RECORD_LEN);
        for (index, source) in sources.as_chunks::<16>().0.iter().take(count).enumerate() {
            inner.value(&mld::RECORD_SOURCE, Value::Ipv6(*source), mld::RECORD_LEN + index * 16, 16);
        }
        let extra = tail(sources, count * 16);
        if !extra.is_empty() {
            inner.value(&mld::AUX_DATA, Value::Bytes(extra), mld::RECORD_LEN + count * 16, extra.len());
        }
        inner.close();
        at += len;
    }
}
