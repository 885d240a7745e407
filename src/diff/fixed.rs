//! Headers whose fields all stand at fixed places, compared without a visit of
//! the packet: nearly everything that nodes change is in one of these.
//!
//! Says exactly what a comparison of visited fields says, in the same order;
//! tests hold it to that.

use crate::dissect::Layer;
use crate::wire::bytes::u16_at;
use crate::wire::field::{Field, Value};
use crate::wire::proto::Proto;
use crate::wire::{data, ethernet, ipv4, ipv6, routing, srh, udp};

use super::compare::Held;

/// A field, and the one that it is shown under, which stands for it where
/// fields are ignored.
pub(super) type Placed = (&'static Field, Option<&'static Field>);

static ETHERNET: &[Placed] = &[(&ethernet::DESTINATION, None), (&ethernet::SOURCE, None), (&ethernet::TYPE, None)];

static IPV6: &[Placed] = &[
    (&ipv6::VERSION, None),
    (&ipv6::DSCP, Some(&ipv6::TRAFFIC_CLASS)),
    (&ipv6::ECN, Some(&ipv6::TRAFFIC_CLASS)),
    (&ipv6::FLOW, None),
    (&ipv6::PAYLOAD_LENGTH, None),
    (&ipv6::NEXT_HEADER, None),
    (&ipv6::HOP_LIMIT, None),
    (&ipv6::SOURCE, None),
    (&ipv6::DESTINATION, None),
];

static IPV4: &[Placed] = &[
    (&ipv4::DSCP, Some(&ipv4::DS_FIELD)),
    (&ipv4::ECN, Some(&ipv4::DS_FIELD)),
    (&ipv4::TOTAL_LENGTH, None),
    (&ipv4::ID, None),
    (&ipv4::TTL, None),
    (&ipv4::PROTO, None),
    (&ipv4::CHECKSUM, None),
    (&ipv4::SOURCE, None),
    (&ipv4::DESTINATION, None),
];

static SRH: &[Placed] =
    &[(&routing::NEXT_HEADER, None), (&routing::SEGMENTS_LEFT, None), (&srh::FLAGS, None), (&srh::TAG, None)];

static UDP: &[Placed] =
    &[(&udp::SOURCE, None), (&udp::DESTINATION, None), (&udp::LENGTH, None), (&udp::CHECKSUM, None)];

static DATA: &[Placed] = &[(&data::DATA, None)];

/// The fields that two headers of a protocol, which are not the same, can
/// differ in; `None` where what differs takes a visit.
pub(super) fn fields(proto: Proto, left: &[u8], right: &[u8]) -> Option<&'static [Placed]> {
    let both = |fits: &dyn Fn(&[u8]) -> bool| fits(left) && fits(right);
    let same = |range: std::ops::Range<usize>| left.get(range.clone()).is_some_and(|own| right.get(range) == Some(own));
    match proto {
        Proto::Ethernet if both(&|header| u16_at(header, 12).is_some_and(|kind| kind > 1535)) => Some(ETHERNET),
        Proto::Ipv6 if both(&|header| header.len() == ipv6::LEN) => Some(IPV6),
        // An offset of a fragment is shown in bytes, and counts in eights.
        Proto::Ipv4 if both(&|header| header.len() == ipv4::MIN_LEN) && same(0..1) && same(6..8) => Some(IPV4),
        // Lengths, type and Last Entry say how the rest is to be read.
        Proto::Srh if left.len() == right.len() && same(1..3) && same(4..5) && left.get(8..) == right.get(8..) => {
            Some(SRH)
        }
        Proto::Udp if both(&|header| header.len() == udp::LEN) => Some(UDP),
        Proto::Data => Some(DATA),
        _ => None,
    }
}

/// What a field holds in a layer's header.
pub(super) fn held(field: &'static Field, layer: &Layer, header: &[u8]) -> Held {
    let (first, count) = match std::ptr::eq(field, &data::DATA) {
        true => (0, header.len()),
        false => field.byte_range(),
    };
    match field.read(header) {
        Some(Value::Bool(flag)) => Held::Fixed(Value::Bool(flag)),
        Some(Value::Ether(octets)) => Held::Fixed(Value::Ether(octets)),
        Some(value @ (Value::Uint(_) | Value::Ipv4(_) | Value::Ipv6(_))) => Held::fixed(Some(value)),
        _ => Held::Raw { start: layer.start + first as u32, len: count as u32 },
    }
}
