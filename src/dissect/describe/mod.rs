//! Shows every field of a packet to a visitor: which fields, in which order,
//! under which titles. The words are Wireshark's where it has them.

mod discovery;
mod framing;
mod icmp;
mod link;
mod network;
mod options;
mod routing;
mod sid;
mod srh;
mod stamp;
mod tcp_options;
mod transport;
mod tunnel;

use crate::capture::Comments;
use crate::dissect::refrain::Run;
use crate::dissect::visit::{Erase, Out};
use crate::dissect::{Layer, MAX_LAYERS, Packet, Visitor};
use crate::wire::data;
use crate::wire::field::Value;
use crate::wire::frame;
use crate::wire::link_type::LinkType;
use crate::wire::phrase::phrase;
use crate::wire::proto::Proto;

impl Packet<'_> {
    /// Shows every field of the packet, in the order of the bytes, to `visitor`.
    pub fn visit(&self, visitor: &mut dyn Visitor) {
        self.show(visitor);
    }

    /// As [`Packet::visit`], compiled for this kind of visitor: for those that are
    /// shown all fields of every packet.
    pub fn visit_closely<V: Visitor>(&self, visitor: &mut V) {
        self.show(visitor);
    }

    fn show<V: Erase + ?Sized>(&self, visitor: &mut V) {
        if visitor.wants(Proto::Frame) {
            describe_frame(self, visitor);
        }
        let mut index = 0;
        while let Some(layer) = self.layers().get(index) {
            index = self.show_layer(index, layer, visitor);
        }
    }

    /// Shows one layer and those that a tree shows inside it; returns the index
    /// of the first that is not.
    fn show_layer<V: Erase + ?Sized>(&self, index: usize, layer: &Layer, visitor: &mut V) -> usize {
        let wanted = visitor.wants_layer(index, layer);
        if wanted {
            let mut out = Out::new(&mut *visitor, self.header(layer), layer.start);
            match layer.proto {
                Proto::Ethernet => link::ethernet(self, index, layer, &mut out),
                Proto::Ipv4 => network::ipv4(self, layer, &mut out),
                Proto::Ipv6 => network::ipv6(self, layer, &mut out),
                Proto::Srh => srh::srh(self, layer, &mut out),
                Proto::Udp => transport::udp(self, layer, &mut out),
                Proto::Tcp => transport::tcp(self, layer, &mut out),
                Proto::Data => describe_data(&mut out),
                _ => self.describe_rare(index, layer, &mut out.erased()),
            }
        }
        let mut next = index + 1;
        while let Some(inner) = self.layers().get(next).filter(|inner| self.is_inside(index, layer, next, inner)) {
            next = self.show_layer(next, inner, visitor);
        }
        if wanted && !matches!(layer.proto, Proto::Trailer | Proto::Frame) {
            visitor.close();
        }
        next
    }

    /// Shows a layer of those that few packets have, to any visitor.
    fn describe_rare(&self, index: usize, layer: &Layer, out: &mut Out<'_, '_>) {
        match layer.proto {
            Proto::Vlan => link::vlan(self, index, layer, out),
            Proto::Cooked => link::cooked(self, index, layer, out),
            Proto::Loopback => link::loopback(self, out),
            Proto::Llc => framing::llc(out),
            Proto::Ppp => framing::ppp(out),
            Proto::Pppoe | Proto::PppoeDiscovery => framing::pppoe(layer.proto, out),
            Proto::CiscoHdlc => framing::cisco_hdlc(out),
            Proto::Mpls => framing::mpls(out),
            Proto::ControlWord => framing::control_word(out),
            Proto::Arp => link::arp(out),
            Proto::HopByHop | Proto::Destination => options::options(layer, out),
            Proto::Fragment => network::fragment(out),
            Proto::Routing => routing::other(self, layer, out),
            Proto::Ah => network::authentication(out),
            Proto::Esp => network::encrypted(out),
            Proto::Mobility => network::mobility(out),
            Proto::Gre => tunnel::gre(self, layer, out),
            Proto::Gtp => tunnel::gtp(out),
            Proto::Vxlan => tunnel::vxlan(out),
            Proto::Geneve => tunnel::geneve(out),
            Proto::Stamp => stamp::stamp(out),
            Proto::Icmpv6 => icmp::v6(self, layer, out),
            Proto::IcmpExtensions => icmp::extensions(out),
            Proto::Icmpv4 => icmp::v4(self, layer, out),
            Proto::Trailer => describe_trailer(self, layer, out),
            // The frame is no layer, and the others are not rare.
            Proto::Frame
            | Proto::Ethernet
            | Proto::Ipv4
            | Proto::Ipv6
            | Proto::Srh
            | Proto::Udp
            | Proto::Tcp
            | Proto::Data => {}
        }
    }

    /// Whether a tree shows `inner` inside `layer`: extension headers inside
    /// their IPv6 header, a quotation inside the error, an echo's data inside
    /// the echo.
    fn is_inside(&self, outer_index: usize, layer: &Layer, inner_index: usize, inner: &Layer) -> bool {
        match layer.proto {
            Proto::Ipv6 => inner.proto.info().inside && usize::from(inner.network) == outer_index,
            Proto::Icmpv6 | Proto::Icmpv4 => {
                (inner.quoted && !layer.quoted)
                    || inner.proto == Proto::IcmpExtensions
                    || (inner.proto == Proto::Data && inner_index == outer_index + 1)
            }
            _ => false,
        }
    }
}

fn describe_frame<V: Erase + ?Sized>(packet: &Packet<'_>, visitor: &mut V) {
    let number = packet.frame.number;
    let original = u64::from(packet.frame.original_len);
    let captured = packet.frame.data.len();
    let mut out = Out::new(visitor, packet.frame.data, 0);
    out.open_group(
        &frame::HEADER,
        0,
        captured,
        phrase![
            "Frame ",
            number,
            ": ",
            original,
            " bytes on wire (",
            original * 8,
            " bits), ",
            captured,
            " bytes captured (",
            captured * 8,
            " bits)"
        ],
    );
    if let Some(interface) = packet.frame.interface {
        let name = packet.frame.interface_name.unwrap_or("unknown");
        out.value(&frame::INTERFACE, Value::Uint(u64::from(interface)), 0, 0);
        out.value(&frame::INTERFACE_NAME, Value::Text(name), 0, 0);
    }
    let link = packet.frame.link;
    if let Some(encapsulation) = wiretap_encapsulation(link) {
        out.value(&frame::ENCAPSULATION, Value::Uint(encapsulation), 0, 0);
    }
    out.hidden(&frame::LINK_TYPE, Value::Uint(u64::from(link.0)), 0, 0);
    if let Some(time) = packet.frame.time {
        out.value(&frame::TIME, Value::Nanos(time.0), 0, 0);
        out.value(&frame::TIME_EPOCH, Value::Nanos(time.0), 0, 0);
        let since = |earlier: Option<crate::capture::Timestamp>| time.0 - earlier.unwrap_or(time).0;
        out.derived(&frame::TIME_DELTA, Value::Nanos(since(packet.previous_time)));
        out.derived(&frame::TIME_RELATIVE, Value::Nanos(since(packet.first_time)));
    }
    out.value(&frame::NUMBER, Value::Uint(number), 0, 0);
    let text = phrase!["Frame Length: ", original, " bytes (", original * 8, " bits)"];
    out.value_as(&frame::LENGTH, Value::Uint(original), 0, 0, text);
    let text = phrase!["Capture Length: ", captured, " bytes (", captured * 8, " bits)"];
    out.value_as(&frame::CAPTURED, Value::Uint(captured as u64), 0, 0, text);
    if out.wants(&frame::PROTOCOLS) {
        let show = |out: &mut Out<'_, '_, V>| {
            out.derived(&frame::PROTOCOLS, Value::Text(protocol_names(packet, &mut [0; 1024])));
        };
        if out.keeps {
            let mut key = [0; MAX_LAYERS];
            out.refrain(Run::Protocols, u64::from(link.0), [protocols_key(packet, &mut key), &[]], show);
        } else {
            show(&mut out);
        }
    }
    if packet.frame.comments != Comments::default() {
        for comment in packet.frame.comments.iter() {
            out.value(&frame::COMMENT, Value::Text(&comment), 0, 0);
        }
    }
    out.close();
}

/// The number Wireshark gives a link type.
fn wiretap_encapsulation(link: LinkType) -> Option<u64> {
    Some(match link {
        LinkType::ETHERNET => 1,
        LinkType::PPP | LinkType::PPP_HDLC => 4,
        LinkType::RAW | LinkType(12) | LinkType(14) => 7,
        LinkType::NULL => 15,
        LinkType::LINUX_SLL => 25,
        LinkType::C_HDLC => 28,
        LinkType::IPV4 => 129,
        LinkType::IPV6 => 130,
        LinkType::PPP_ETHER => 139,
        LinkType::LOOP => 174,
        LinkType::LINUX_SLL2 => 210,
        _ => return None,
    })
}

/// What the names of the protocols depend on, but for the link type: a byte for
/// each layer.
fn protocols_key<'k>(packet: &Packet<'_>, key: &'k mut [u8; MAX_LAYERS]) -> &'k [u8] {
    const { assert!(Proto::ALL.len() < 64) };
    let layers = packet.layers();
    for (index, (place, layer)) in key.iter_mut().zip(layers).enumerate() {
        let typed = u8::from(link::has_ether_type(packet, layer));
        let service = u8::from(layer.proto == Proto::Vlan && link::is_service_tag(packet, index));
        *place = (layer.proto as u8) << 2 | typed << 1 | service;
    }
    &key[..layers.len()]
}

/// The protocols from the outside in, as Wireshark joins them.
fn protocol_names<'b>(packet: &Packet<'_>, buffer: &'b mut [u8; 1024]) -> &'b str {
    let mut used = 0;
    // The buffer holds the longest list there can be; were it not to, the
    // list would end early.
    let mut add = |words: &str| {
        let place = buffer.get_mut(used..used + words.len())?;
        place.copy_from_slice(words.as_bytes());
        used += words.len();
        Some(())
    };
    if matches!(packet.frame.link, LinkType::RAW | LinkType(12 | 14)) {
        add("raw:");
    }
    for (index, layer) in packet.layers().iter().enumerate() {
        let (before, name) = match layer.proto {
            Proto::Trailer | Proto::IcmpExtensions => continue,
            // A stack of labels is one protocol.
            Proto::Mpls if follows(packet, index, Proto::Mpls) => continue,
            // Wireshark's guess at what a label stack carries is a protocol.
            Proto::Ethernet if follows(packet, index, Proto::Mpls) => ("pwethheuristic:pwethnocw:", "eth"),
            Proto::ControlWord => ("pwethheuristic:", "pwethcw"),
            Proto::Vlan if link::is_service_tag(packet, index) => ("", "ieee8021ad"),
            other => ("", other.info().name),
        };
        let after = if link::has_ether_type(packet, layer) { ":ethertype" } else { "" };
        let all = [before, name, after, ":"].into_iter().try_for_each(&mut add);
        if all.is_none() {
            break;
        }
    }
    // Without the last colon.
    std::str::from_utf8(&buffer[..used.saturating_sub(1)]).unwrap_or_default()
}

/// Whether the layer before `index` is one of `proto`.
fn follows(packet: &Packet<'_>, index: usize, proto: Proto) -> bool {
    index.checked_sub(1).and_then(|before| packet.layers().get(before)).is_some_and(|before| before.proto == proto)
}

fn describe_data<V: Erase + ?Sized>(out: &mut Out<'_, '_, V>) {
    let len = out.bytes.len();
    let unit = if len == 1 { "byte" } else { "bytes" };
    out.open_group(&data::HEADER, 0, len, phrase!["Data (", len, " ", unit, ")"]);
    out.value(&data::DATA, Value::Bytes(out.bytes), 0, len);
    out.derived(&data::LENGTH, Value::Uint(len as u64));
}

/// A tail that no link layer shows itself.
fn describe_trailer(packet: &Packet<'_>, layer: &Layer, out: &mut Out<'_, '_>) {
    if !link::shows(packet, layer) {
        out.value(&data::TAIL, Value::Bytes(out.bytes), 0, out.bytes.len());
    }
}
