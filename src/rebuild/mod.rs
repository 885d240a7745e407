//! The road back: from a packet's bytes to the layers that build the same bytes.
//!
//! [`layers`] gives for any frame a stack of layers from which
//! [`craft::build`] makes exactly the frame's bytes,
//! malformed ones included, and which gives only what the builder would not
//! compute by itself: an ordinary packet comes out short.
//!
//! The stack is not trusted, it is tried: it is built, held against the frame,
//! and given whatever field differs, until nothing does. What no layer can say
//! becomes bytes as they are.

mod elements;

use crate::craft::{self, Arg, Layer, Stack};
use crate::dissect::{self, Packet};
use crate::srv6::path;
use crate::wire::bytes::tail;
use crate::wire::field::{At, Field, Kind, Value};
use crate::wire::icmpv6::message;
use crate::wire::ipv6::Ipv6;
use crate::wire::proto::Proto;
use crate::wire::srh::{self, Srh};
use crate::wire::{icmpv4, icmpv6, ipv4, options, routing, srh_tlv, tcp};

/// How often fields that differ are given before the attempt is given up: what
/// one round gives can make another field differ, as a length does a checksum.
const ROUNDS: usize = 8;

/// Layers that build the packet's bytes.
pub fn layers(packet: &Packet<'_>) -> Stack {
    let layers = packet.layers();
    // Each attempt says fewer of the innermost layers as layers.
    (1..=layers.len())
        .rev()
        .find_map(|count| attempt(packet, &layers[..count]))
        .unwrap_or_else(|| Stack(vec![Layer::data(packet.frame.data)]))
}

/// A stack of these layers, and whatever follows them as bytes; `None` where it
/// does not come out as the packet.
fn attempt(packet: &Packet<'_>, layers: &[dissect::Layer]) -> Option<Stack> {
    let frame = packet.frame.data;
    let (last, _) = layers.split_last()?;
    let mut stack = Stack(Vec::with_capacity(layers.len() + 1));
    // Which of the stack's layers each dissected one became.
    let mut places = Vec::with_capacity(layers.len());
    for (index, layer) in layers.iter().enumerate() {
        places.push(stack.0.len());
        let header = packet.header(layer);
        match layer.proto {
            // Bytes that nothing reads belong together, whatever they are.
            Proto::Data | Proto::Trailer => append_data(&mut stack, header),
            // So do headers that the notation has no word for.
            _ if layer.proto.info().notation.is_empty() => append_data(&mut stack, header),
            _ => {
                let before = layers[..index].iter().rfind(|l| l.proto == Proto::Ipv6);
                let (made, taken) = structure(layer.proto, header, before.map(|l| packet.header(l)))?;
                stack.0.push(made);
                append_data(&mut stack, tail(header, taken));
            }
        }
    }
    append_data(&mut stack, tail(frame, last.header_end as usize));
    for _ in 0..ROUNDS {
        let built = craft::build(&stack).ok()?;
        if built == frame {
            shorten(&mut stack, frame);
            return Some(stack);
        }
        if built.len() != frame.len() {
            return None;
        }
        // A checksum that differs may do so because of another field.
        let mut give = |checksums| give_what_differs(packet, layers, &places, &built, checksums, &mut stack);
        if !give(false) && !give(true) {
            return None;
        }
    }
    None
}

/// Takes back the padding that the builder would put there by itself.
fn shorten(stack: &mut Stack, frame: &[u8]) {
    let lists: Vec<_> = stack
        .iter()
        .enumerate()
        .flat_map(|(index, layer)| layer.args().map(move |(field, value)| (index, field, value)))
        .filter_map(|(index, field, value)| match value {
            Arg::List(items) if field.elements.is_some() => Some((index, field, items.clone())),
            _ => None,
        })
        .collect();
    for (index, field, mut items) in lists {
        let pads = |item: &Arg| matches!(item, Arg::Element(element) if matches!(element.form().name, "pad1" | "padn" | "eol"));
        for at in (0..items.len()).rev() {
            if !pads(&items[at]) {
                continue;
            }
            let mut fewer = items.clone();
            fewer.remove(at);
            let before = stack.0[index].clone();
            if fewer.is_empty() {
                stack.0[index].unset(field);
            } else {
                stack.0[index].set(field, fewer.clone());
            }
            if craft::build(stack).is_ok_and(|built| built == frame) {
                items = fewer;
            } else {
                stack.0[index] = before;
            }
        }
    }
}

fn append_data(stack: &mut Stack, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    if let Some(Layer { proto: Proto::Data, .. }) = stack.0.last() {
        let before = match stack.0.pop().as_ref().and_then(|layer| layer.args().next().map(|(_, arg)| arg.clone())) {
            Some(Arg::Bytes(before)) => before,
            _ => Vec::new(),
        };
        stack.0.push(Layer::data([before.as_slice(), bytes].concat()));
    } else {
        stack.0.push(Layer::data(bytes));
    }
}

/// A layer with all that decides how long it is, and how many of the header's
/// bytes it speaks for; `None` for what cannot be written as a layer.
fn structure(proto: Proto, header: &[u8], network: Option<&[u8]>) -> Option<(Layer, usize)> {
    let mut layer = Layer::new(proto);
    if proto.info().notation.is_empty() {
        return None;
    }
    let mut rest = |field: &'static Field, from: usize| {
        if let Some(bytes) = header.get(from..).filter(|bytes| !bytes.is_empty()) {
            match field.elements {
                Some(family) => layer.set(field, elements::read(family, bytes)),
                None => layer.set(field, bytes),
            }
        }
        header.len()
    };
    let taken = match proto {
        Proto::Srh => {
            let srh = Srh::new(header).ok()?;
            list(&srh, network, &mut layer);
            header.len()
        }
        Proto::Ipv4 => rest(&ipv4::OPTIONS, ipv4::MIN_LEN),
        Proto::Tcp => rest(&tcp::OPTIONS, tcp::MIN_LEN),
        Proto::HopByHop => rest(&options::HBH_OPTIONS, 2),
        Proto::Destination => rest(&options::destination::OPTIONS, 2),
        Proto::Routing => rest(&routing::UNKNOWN, 4),
        Proto::Icmpv6 => icmpv6::LEN.min(header.len()),
        Proto::Icmpv4 => icmpv4::LEN.min(header.len()),
        _ => header.len(),
    };
    Some((layer, taken))
}

/// The segment list and the TLVs of an SRH.
fn list(srh: &Srh<'_>, network: Option<&[u8]>, layer: &mut Layer) {
    let mut path: Vec<_> = path::travelled(srh).map(Arg::Ipv6).collect();
    let first = network.and_then(|header| Ipv6::new(header).ok()).map(|header| header.destination());
    match first {
        Some(first) if path::is_reduced(srh) && !srh.last_entry_overruns() => {
            path.insert(0, Arg::Ipv6(first));
            layer.set(&srh::PATH, path);
            layer.set(&srh::REDUCED, true);
            if srh.last_entry() == 0 {
                // Said out loud, since such a list should not be reduced.
                layer.set(&srh::LAST_ENTRY, srh.last_entry());
            }
        }
        _ => layer.set(&srh::PATH, path),
    }
    if !srh.tlv_bytes().is_empty() {
        layer.set(&srh::TLVS, elements::read(&srh_tlv::TLVS, srh.tlv_bytes()));
    }
}

/// Gives the stack every field at a fixed place in which what was built differs
/// from the packet, checksums only or all others; whether there was any.
fn give_what_differs(
    packet: &Packet<'_>,
    layers: &[dissect::Layer],
    places: &[usize],
    built: &[u8],
    checksums: bool,
    stack: &mut Stack,
) -> bool {
    let mut any = false;
    for (layer, place) in layers.iter().zip(places) {
        let actual = packet.header(layer);
        let made = built.get(layer.start as usize..layer.header_end as usize).unwrap_or_default();
        if actual == made || matches!(layer.proto, Proto::Data | Proto::Trailer) {
            continue;
        }
        // Fields overlap: whole ones come before their parts, and say it all.
        let mut given: Vec<(u16, u16)> = Vec::new();
        for field in layer.proto.info().fields.iter().filter(|field| !field.arg.is_empty()) {
            if (field.arg == "cksum") != checksums || !suits(layer.proto, actual, field) {
                continue;
            }
            let At::Bits { offset, width, .. } = field.at else { continue };
            if given.iter().any(|(from, len)| *from <= offset && offset + width <= from + len) {
                continue;
            }
            let value = field.read(actual);
            if let Some(value) = value.filter(|value| field.read(made) != Some(*value)) {
                stack.0[*place].set(field, arg(field, value));
                given.push((offset, width));
                any = true;
            }
        }
    }
    any
}

/// Whether a field is the one to tell of a message by, where several share a
/// place.
fn suits(proto: Proto, header: &[u8], field: &'static Field) -> bool {
    let kind = header.first().copied().unwrap_or_default();
    let (shared, own): (&[&'static Field], &[&'static Field]) = match proto {
        Proto::Icmpv6 => (
            &[&icmpv6::RESERVED, &icmpv6::MTU, &icmpv6::POINTER, &icmpv6::ID, &icmpv6::SEQUENCE],
            match kind {
                message::ECHO_REQUEST | message::ECHO_REPLY => &[&icmpv6::ID, &icmpv6::SEQUENCE],
                message::TOO_BIG => &[&icmpv6::MTU],
                message::PARAMETER_PROBLEM => &[&icmpv6::POINTER],
                _ => &[&icmpv6::RESERVED],
            },
        ),
        Proto::Icmpv4 => (
            &[&icmpv4::REST, &icmpv4::ID, &icmpv4::SEQUENCE],
            if matches!(kind, 0 | 8) { &[&icmpv4::ID, &icmpv4::SEQUENCE] } else { &[&icmpv4::REST] },
        ),
        _ => return true,
    };
    let is_in = |list: &[&'static Field]| list.iter().any(|known| std::ptr::eq(*known, field));
    !is_in(shared) || is_in(own)
}

/// A value read from a packet, as one to be given to a field.
fn arg(field: &Field, value: Value<'_>) -> Arg {
    match value {
        Value::Uint(number) => Arg::Uint(number),
        Value::Bool(flag) => Arg::Uint(u64::from(flag)),
        Value::Ether(octets) => Arg::Ether(octets),
        Value::Ipv4(octets) => Arg::Ipv4(octets.into()),
        Value::Ipv6(octets) => Arg::Ipv6(octets.into()),
        Value::Bytes(bytes) if field.kind == Kind::Bytes && bytes.len() <= 2 => {
            Arg::Uint(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
        }
        Value::Bytes(bytes) => Arg::Bytes(bytes.to_vec()),
        Value::None | Value::Text(_) | Value::Nanos(_) => Arg::Bytes(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Frame, Reader};
    use crate::dissect::Dissection;
    use crate::notation;
    use crate::wire::link_type::LinkType;
    use proptest::prelude::*;

    fn rebuilt(link: LinkType, bytes: &[u8]) -> String {
        let frame = Frame::new(link, bytes);
        let dissection = Dissection::of(&frame);
        let stack = layers(&Packet::new(frame, &dissection));
        assert_eq!(craft::build(&stack).unwrap(), bytes);
        let text = notation::print(&stack);
        let again = notation::parse(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(craft::build(&again).unwrap(), bytes, "{text}");
        text
    }

    fn there_and_back(text: &str) -> String {
        let stack = notation::parse(text).unwrap();
        rebuilt(craft::link_type(&stack).unwrap(), &craft::build(&stack).unwrap())
    }

    #[test]
    fn an_ordinary_packet_reads_short() {
        for text in [
            r#"ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/udp(sport=51129, dport=3000)/"Hello, I am here\n""#,
            r#"ip6(src=::1)/srh(path=[::2, ::3, ::4], reduced)/ip4(src=10.0.0.1, dst=10.0.0.2)/tcp(sport=1, dport=80)"#,
            r#"ip6(src=::1)/srh(path=[::2, ::3], tlvs=[tlv(9, 00ff)], tag=0x7)/icmp6(id=0x1, seq=2)"#,
            r#"ip6(src=::1)/hbh(options=[ra(1), padn(9), opt(0x1e, 0001)])/tcp(options=[mss(1460), nop, ts(7, 8)], sport=1)"#,
            r#"ip6(src=::1)/srh(path=[::2], tlvs=[pad1, pt(if=5, seq=2), hmac(key=7, digest=0011223344556677)])/udp"#,
            r#"ip4(options=[rr([10.0.0.1, 0.0.0.0])])/udp(dport=7)"#,
        ] {
            assert_eq!(there_and_back(text), text);
        }
    }

    #[test]
    fn what_is_wrong_on_purpose_stays() {
        for text in [
            "ip6(plen=3)/udp(len=9, cksum=0x1234)/hex(00ff)",
            "ip6/srh(path=[::2, ::1], sl=9, last=7)/udp(cksum=bad)",
            "ip4(ihl=7, len=3, cksum=bad)/tcp(off=15)",
            "eth(type=0x86dd)/hex(600000)",
        ] {
            there_and_back(text);
        }
    }

    #[test]
    fn every_packet_of_testdata() {
        let mut packets = 0;
        for directory in ["crafted", "formats", "kernel"] {
            for entry in std::fs::read_dir(format!("{}/testdata/{directory}", env!("CARGO_MANIFEST_DIR"))).unwrap() {
                let Ok(mut reader) = Reader::open(entry.unwrap().path()) else { continue };
                while let Ok(Some(frame)) = reader.next_frame() {
                    rebuilt(frame.link, frame.data);
                    packets += 1;
                }
            }
        }
        assert!(packets > 50, "{packets}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_bytes(link in prop::sample::select(vec![1u16, 101, 113, 229, 0]), bytes in prop::collection::vec(any::<u8>(), 1..200)) {
            rebuilt(LinkType(link), &bytes);
        }

        #[test]
        fn mutated_packets(at in any::<prop::sample::Index>(), to in any::<u8>(), cut in 0usize..60) {
            let stack = notation::parse(
                "eth/vlan(id=7)/ip6(src=::1)/srh(path=[::2, ::3], tlvs=[padn(8)])/ip6(src=::4, dst=::5)/udp(dport=53)/hex(00112233)",
            ).unwrap();
            let mut bytes = craft::build(&stack).unwrap();
            let at = at.index(bytes.len());
            bytes[at] = to;
            bytes.truncate(bytes.len() - cut);
            rebuilt(LinkType::ETHERNET, &bytes);
        }
    }
}
