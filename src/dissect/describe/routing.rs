//! The fields of Routing headers other than the SRH.

use crate::dissect::visit::Out;
use crate::wire::bytes::{array_at, tail, u8_at};
use crate::wire::field::Value;
use crate::wire::routing;

/// What Next Header, Length, Type and Segments Left say, in every type.
pub(super) fn common(out: &mut Out<'_, '_>) {
    out.fields(&[&routing::NEXT_HEADER, &routing::LENGTH]);
    let claimed = (u64::from(u8_at(out.bytes, 1).unwrap_or_default()) + 1) * 8;
    out.derived_as(&routing::OCTETS, Value::Uint(claimed), format_args!("Length: {claimed} bytes"));
    out.fields(&[&routing::TYPE, &routing::SEGMENTS_LEFT]);
}

pub(super) fn other(out: &mut Out<'_, '_>) {
    let kind = u8_at(out.bytes, 2).unwrap_or_default();
    match routing::type_name(u64::from(kind)) {
        Some(name) => {
            out.open_group(&routing::HEADER, 0, out.bytes.len(), format_args!("Routing Header for IPv6 ({name})"));
        }
        None => out.open_group(&routing::HEADER, 0, out.bytes.len(), format_args!("Routing Header for IPv6")),
    }
    common(out);
    let bytes = out.bytes;
    let data = tail(bytes, 4);
    match kind {
        0 => {
            out.value(&routing::SOURCE_RESERVED, Value::Bytes(bytes.get(4..8).unwrap_or_default()), 4, 4);
            let (addresses, _) = tail(bytes, 8).as_chunks::<16>();
            for (index, octets) in addresses.iter().enumerate() {
                let address = std::net::Ipv6Addr::from(*octets);
                out.value_as(
                    &routing::SOURCE_ADDRESS,
                    Value::Ipv6(*octets),
                    8 + index * 16,
                    16,
                    format_args!("Address[{}]: {address}", index + 1),
                );
            }
        }
        2 => {
            out.value(&routing::HOME_RESERVED, Value::Bytes(bytes.get(4..8).unwrap_or_default()), 4, 4);
            if let Some(octets) = array_at(bytes, 8) {
                out.value(&routing::HOME_ADDRESS, Value::Ipv6(octets), 8, 16);
            }
        }
        _ if !data.is_empty() => out.value(&routing::UNKNOWN, Value::Bytes(data), 4, data.len()),
        _ => {}
    }
}
