//! How a field's values are read from a packet.
//!
//! Fields at fixed places, and those that filters ask for most, are read
//! straight from the layers' bytes. Any other is found by having the
//! dissection show the fields of the protocols that have it. Both ways give the
//! same values, which a test checks for every field of the vocabulary.

use crate::dissect::{Item, Layer, Packet, Visitor};
use crate::filter::place::{Layers, Place, Scope};
use crate::srv6::path;
use crate::wire::bytes::{tail, u16_at};
use crate::wire::field::{At, Field, Kind, Value};
use crate::wire::proto::Proto;
use crate::wire::{ethernet, frame, icmpv4, icmpv6, ipv4, ipv6, routing, srh, tcp, udp};

/// A value, as conditions see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Datum<'a> {
    /// It is there, and nothing more.
    Present,
    /// A number, a flag, or nanoseconds.
    Integer(i128),
    /// An address, bytes or text.
    Bytes(&'a [u8]),
}

/// Takes values one by one; says whether it has seen enough.
pub(super) type Each<'f> = &'f mut dyn FnMut(Datum<'_>) -> bool;

/// How a field is read.
#[derive(Debug, Clone)]
pub(super) enum Read {
    /// From its fixed place in each header that has it.
    Fixed(Box<[(Proto, &'static Field)]>),
    /// From the segment lists, in wire order.
    Segments,
    /// From the segment lists, in travelling order.
    Path,
    /// The segments that Segments Left points at.
    Active,
    /// The last segments of the paths.
    Final,
    /// Source and destination ports.
    Ports,
    /// Source and destination addresses.
    Addresses,
    /// The results of checking checksums.
    ChecksumStatus,
    /// What is known of the frame as a whole.
    Frame(fn(&Packet<'_>) -> Option<i128>),
    /// The identifiers of what is wrong or unusual.
    Diagnosis,
    /// The severities of what is wrong or unusual.
    Severity,
    /// By having every field of its protocols shown.
    Shown(&'static str),
}

impl Read {
    /// The best way to read the field of this name, which the `homes` have.
    pub fn choose(name: &'static str, homes: Vec<(Proto, &'static Field)>) -> Self {
        let special: [(&Field, Self); 16] = [
            (&srh::SEGMENT, Self::Segments),
            (&srh::PATH, Self::Path),
            (&srh::ACTIVE, Self::Active),
            (&srh::FINAL, Self::Final),
            (&udp::PORT, Self::Ports),
            (&tcp::PORT, Self::Ports),
            (&ipv4::ADDRESS, Self::Addresses),
            (&ipv6::ADDRESS, Self::Addresses),
            (&udp::CHECKSUM_STATUS, Self::ChecksumStatus),
            (&tcp::CHECKSUM_STATUS, Self::ChecksumStatus),
            (&icmpv6::CHECKSUM_STATUS, Self::ChecksumStatus),
            (&ipv4::CHECKSUM_STATUS, Self::ChecksumStatus),
            (&frame::NUMBER, Self::Frame(|packet| Some(packet.frame.number.into()))),
            (&frame::LENGTH, Self::Frame(|packet| Some(packet.frame.original_len.into()))),
            (&frame::CAPTURED, Self::Frame(|packet| i128::try_from(packet.frame.data.len()).ok())),
            (&frame::TIME, Self::Frame(|packet| packet.frame.time.map(|time| time.0))),
        ];
        if let Some((_, read)) = special.into_iter().find(|(field, _)| field.name == name) {
            return read;
        }
        if homes.iter().all(|(proto, field)| is_always_shown(*proto, field)) {
            Self::Fixed(homes.into_boxed_slice())
        } else {
            Self::Shown(name)
        }
    }

    /// Gives the values in the layers of `place` to `each`, in their order;
    /// returns whether it has seen enough.
    pub fn values(&self, place: &Place, packet: &Packet<'_>, each: Each<'_>) -> bool {
        let mut layers = place.layers(packet);
        match self {
            Self::Fixed(homes) => layers.any(|index| {
                let layer = &packet.layers()[index];
                let field = homes.iter().find(|(proto, _)| *proto == layer.proto);
                let value = field.and_then(|(_, field)| field.read(packet.header(layer)));
                value.is_some_and(|value| give(value, each))
            }),
            Self::Segments => with_srh(layers, packet, |srh| srh.segments().any(|s| each(Datum::Bytes(&s.octets())))),
            Self::Path => with_srh(layers, packet, |srh| path::travelled(srh).any(|s| each(Datum::Bytes(&s.octets())))),
            Self::Active => {
                with_srh(layers, packet, |srh| path::active(srh).is_some_and(|s| each(Datum::Bytes(&s.octets()))))
            }
            Self::Final => with_srh(layers, packet, |srh| {
                path::final_destination(srh).is_some_and(|s| each(Datum::Bytes(&s.octets())))
            }),
            Self::Ports => layers.any(|index| {
                // A header that is cut may have one of the two.
                let header = packet.header(&packet.layers()[index]);
                [0, 2].into_iter().filter_map(|at| u16_at(header, at)).any(|port| each(Datum::Integer(port.into())))
            }),
            Self::Addresses => layers.any(|index| {
                let layer = &packet.layers()[index];
                let (first, len) = if layer.proto == Proto::Ipv6 { (8, 16) } else { (12, 4) };
                let both = tail(packet.header(layer), first);
                both.chunks_exact(len).take(2).any(|address| each(Datum::Bytes(address)))
            }),
            Self::ChecksumStatus => layers.any(|index| {
                let result = packet.checksum(&packet.layers()[index]);
                result.is_some_and(|result| each(Datum::Integer(result.status().into())))
            }),
            Self::Frame(value) => value(packet).is_some_and(|value| each(Datum::Integer(value))),
            Self::Diagnosis => findings(place, packet, |what| each(Datum::Bytes(what.id().as_bytes()))),
            Self::Severity => findings(place, packet, |what| each(Datum::Integer(what.severity() as i128))),
            Self::Shown(name) => {
                let mut seek = Seek { name, place, layers, each, enough: false };
                packet.visit(&mut seek);
                seek.enough
            }
        }
    }
}

/// Whether the dissection shows this field, as it stands at its fixed place,
/// for every header of the protocol.
fn is_always_shown(proto: Proto, field: &Field) -> bool {
    if !matches!(field.at, At::Bits { .. }) || field.kind == Kind::Group {
        return false;
    }
    let among = |fields: &[&Field]| fields.iter().any(|known| known.name == field.name);
    match proto {
        Proto::Ethernet => among(&[&ethernet::DESTINATION, &ethernet::SOURCE]),
        // Some fields show what their bits mean: bytes in place of words.
        Proto::Ipv4 => !among(&[&ipv4::HEADER_LENGTH, &ipv4::FRAGMENT_OFFSET]),
        Proto::Tcp => !among(&[&tcp::HEADER_LENGTH]),
        Proto::Ipv6 | Proto::Fragment | Proto::Udp => true,
        // What TLVs and other types have stands where they do.
        Proto::Srh | Proto::Routing => {
            let common = [&routing::NEXT_HEADER, &routing::LENGTH, &routing::TYPE, &routing::SEGMENTS_LEFT];
            among(&common) || among(&[&srh::LAST_ENTRY, &srh::FLAGS, &srh::TAG])
        }
        // The rest of these headers depends on the type.
        Proto::Icmpv6 => among(&[&icmpv6::TYPE, &icmpv6::CODE, &icmpv6::CHECKSUM]),
        Proto::Icmpv4 => among(&[&icmpv4::TYPE, &icmpv4::CODE, &icmpv4::CHECKSUM]),
        _ => false,
    }
}

fn with_srh(mut layers: Layers, packet: &Packet<'_>, mut each: impl FnMut(&srh::Srh<'_>) -> bool) -> bool {
    layers.any(|index| packet.srh(&packet.layers()[index]).is_some_and(|srh| each(&srh)))
}

fn findings(place: &Place, packet: &Packet<'_>, mut each: impl FnMut(crate::dissect::Diagnosis) -> bool) -> bool {
    let layers = (place.scope != Scope::Everywhere).then(|| place.scope.layers(packet));
    let admitted = |layer: u8| layers.is_none_or(|layers| layers.has(usize::from(layer)));
    packet.findings().iter().filter(|finding| admitted(finding.layer)).any(|finding| each(finding.what))
}

/// Gives a value of the vocabulary to `each`.
fn give(value: Value<'_>, each: Each<'_>) -> bool {
    match value {
        Value::None => each(Datum::Present),
        Value::Bool(flag) => each(Datum::Integer(flag.into())),
        Value::Uint(number) => each(Datum::Integer(number.into())),
        Value::Nanos(nanos) => each(Datum::Integer(nanos)),
        Value::Ether(octets) => each(Datum::Bytes(&octets)),
        Value::Ipv4(octets) => each(Datum::Bytes(&octets)),
        Value::Ipv6(octets) => each(Datum::Bytes(&octets)),
        Value::Bytes(bytes) => each(Datum::Bytes(bytes)),
        Value::Text(text) => each(Datum::Bytes(text.as_bytes())),
    }
}

/// Picks one field from all that are shown.
struct Seek<'s, 'f> {
    name: &'static str,
    place: &'s Place,
    layers: Layers,
    each: Each<'f>,
    enough: bool,
}

impl Visitor for Seek<'_, '_> {
    fn wants(&mut self, proto: Proto) -> bool {
        !self.enough && self.place.protos.contains(proto)
    }

    fn wants_layer(&mut self, index: usize, _layer: &Layer) -> bool {
        !self.enough && self.layers.has(index)
    }

    fn leaf(&mut self, item: &Item<'_>) {
        // Several definitions may carry one name: the name is the field.
        if !self.enough && item.field.name == self.name {
            self.enough = give(item.value, self.each);
        }
    }

    fn open(&mut self, item: &Item<'_>) {
        self.leaf(item);
    }

    fn close(&mut self) {}
}
