//! Changes of a packet's layers.

use super::select::Selector;
use super::{ChangeError, layers::Draft};
use crate::craft::{Arg, Layer, Stack};
use crate::notation;
use crate::wire::field::Field;
use crate::wire::names::{ETHER_TYPE_WORDS, IP_PROTO_WORDS};
use crate::wire::proto::Proto;
use crate::wire::{data, ipv6, srh};

/// One change of a packet's layers. A packet that has no such layer stays as it
/// is.
#[derive(Debug, Clone)]
pub enum Change {
    /// Gives a field, or with `None` takes it back to be computed.
    Set(Selector, &'static Field, Option<Arg>),
    /// Puts layers in.
    Push(Stack, Place),
    /// Takes layers out.
    Pop(Selector),
}

/// Where layers are put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Where such layers usually are: a link layer outermost, a tag behind the
    /// link layer, an extension header behind the outermost IPv6 header (and
    /// its Hop-by-Hop Options), an IP header before the outermost one.
    Usual,
    /// As the layer with this number, counted from 0.
    At(usize),
    /// Before a layer.
    Before(Selector),
    /// After a layer.
    After(Selector),
}

impl Change {
    /// Reads `FIELD=VALUE`, `FIELD=auto`, or for a flag `FIELD`; the field is
    /// `LAYER.FIELD` in the notation's names, or in Wireshark's.
    ///
    /// # Errors
    /// There is no such field, or it cannot take the value.
    pub fn set(text: &str) -> Result<Self, ChangeError> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (text.trim(), None),
        };
        if matches!(name, "data" | "payload") {
            let stack = notation::parse(value.unwrap_or_default())?;
            return match &stack[..] {
                [layer] if layer.proto == Proto::Data => {
                    let (field, value) = layer.args().next().ok_or_else(|| ChangeError::Name("no data".to_owned()))?;
                    Ok(Self::Set(Selector::layer("data[last]")?, field, Some(value.clone())))
                }
                _ => Err(ChangeError::Name(format!("{name} takes \"text\" or hex(…)"))),
            };
        }
        let (selector, layer, field) = Selector::field(name)?;
        if value == Some("auto") {
            return Ok(Self::Set(selector, field, None));
        }
        // The notation reads values of fields in layers only.
        let stack = match value {
            Some(value) => notation::parse(&format!("{layer}({}={value})", field.arg))?,
            None => notation::parse(&format!("{layer}({})", field.arg))?,
        };
        let value = match &stack[..] {
            [layer] if layer.args().len() == 1 => layer.args().next().map(|(_, value)| value.clone()),
            _ => None,
        };
        let wrong = || ChangeError::Name(format!("'{text}' is more than a field and its value"));
        Ok(Self::Set(selector, field, Some(value.ok_or_else(wrong)?)))
    }

    /// Reads layers to be put in.
    ///
    /// # Errors
    /// They are no layers.
    pub fn push(text: &str, place: Place) -> Result<Self, ChangeError> {
        let layers = notation::parse(text)?;
        if place == Place::Usual && layers.first().is_none_or(|first| usual(first.proto).is_none()) {
            let name = layers.first().map_or("nothing", |first| first.proto.info().notation);
            let message = format!("say where {name} is to go: --before LAYER, --after LAYER or --at N");
            return Err(ChangeError::Name(message));
        }
        Ok(Self::Push(layers, place))
    }

    /// Reads which layers are to be taken out.
    ///
    /// # Errors
    /// There is no such layer.
    pub fn pop(text: &str) -> Result<Self, ChangeError> {
        Selector::layer(text).map(Self::Pop)
    }

    /// Changes the layers; whether there was anything to change.
    pub(super) fn apply(&self, packet: &mut Draft) -> bool {
        match self {
            Self::Set(selector, field, value) => {
                let places = selector.places(&packet.layers);
                // A packet without payload can be given one.
                if let (true, true, Some(value)) = (places.is_empty(), std::ptr::eq(*field, &data::DATA), value) {
                    push(packet, packet.layers.len(), &[Layer::new(Proto::Data).with(field, value.clone())]);
                    return true;
                }
                for &place in &places {
                    packet.set(place, field, value.clone());
                }
                !places.is_empty()
            }
            Self::Push(layers, place) => {
                let Some(at) = place.find(layers, &packet.layers) else { return false };
                push(packet, at, layers);
                true
            }
            Self::Pop(selector) => {
                let places = selector.places(&packet.layers);
                for &place in places.iter().rev() {
                    pop(packet, place);
                }
                !places.is_empty()
            }
        }
    }
}

/// Where layers of a kind usually go.
enum Usual {
    Outermost,
    BehindLink,
    BehindIpv6,
    BeforeIp,
}

fn usual(proto: Proto) -> Option<Usual> {
    Some(match proto {
        Proto::Ethernet | Proto::Cooked | Proto::Loopback => Usual::Outermost,
        Proto::Vlan | Proto::Mpls | Proto::Pppoe => Usual::BehindLink,
        Proto::HopByHop | Proto::Destination | Proto::Routing | Proto::Srh | Proto::Fragment | Proto::Ah => {
            Usual::BehindIpv6
        }
        Proto::Ipv4 | Proto::Ipv6 => Usual::BeforeIp,
        _ => return None,
    })
}

impl Place {
    /// The place in `layers` where `new` goes; `None` where there is none.
    fn find(&self, new: &[Layer], layers: &[Layer]) -> Option<usize> {
        let first = |protos: &[Proto]| layers.iter().position(|layer| protos.contains(&layer.proto));
        match self {
            Self::At(number) => Some(*number).filter(|number| *number <= layers.len()),
            Self::Before(selector) => selector.places(layers).first().copied(),
            Self::After(selector) => selector.places(layers).first().map(|place| place + 1),
            Self::Usual => match usual(new.first()?.proto)? {
                Usual::Outermost => Some(0),
                Usual::BehindLink => first(&[Proto::Ethernet, Proto::Cooked]).map(|place| place + 1),
                Usual::BehindIpv6 => {
                    let behind = first(&[Proto::Ipv6])? + 1;
                    let options = layers.get(behind).is_some_and(|layer| layer.proto == Proto::HopByHop);
                    Some(behind + usize::from(options))
                }
                Usual::BeforeIp => first(&[Proto::Ipv4, Proto::Ipv6]),
            },
        }
    }
}

/// The field by which a layer says what follows it, where it has one.
fn announcing(proto: Proto) -> Option<&'static Field> {
    let announces = |field: &&&'static Field| {
        [ETHER_TYPE_WORDS, IP_PROTO_WORDS].iter().any(|words| **words == *field.words) || field.arg == "family"
    };
    proto.info().fields.iter().find(announces).copied()
}

/// Whether two layers announce what follows by numbers of the same kind.
fn same_numbers(one: &'static Field, other: &'static Field) -> bool {
    one.words == other.words
}

/// Puts layers in. What the layer before them was given to announce what
/// followed it is now theirs to say.
fn push(packet: &mut Draft, at: usize, new: &[Layer]) {
    for (offset, layer) in new.iter().enumerate() {
        packet.insert(at + offset, layer.clone());
    }
    let last = at + new.len() - 1;
    let before = at.checked_sub(1);
    let given = before.and_then(|before| {
        let field = announcing(packet.layers[before].proto)?;
        Some((before, field, packet.layers[before].get(field)?.clone()))
    });
    if let Some((before, field, value)) = given {
        packet.layers[before].unset(field);
        if let Some(own) = announcing(packet.layers[last].proto)
            && same_numbers(field, own)
            && !packet.layers[last].has(own)
        {
            packet.layers[last].set(own, value);
        }
    }
    // The destination follows the path of the first SRH.
    for place in at..=last {
        let leads = packet.layers[place].proto == Proto::Srh && asks_destination(&packet.layers[place]);
        let ip6 = packet.layers[..place].iter().rposition(|layer| layer.proto == Proto::Ipv6);
        if let Some(ip6) = ip6.filter(|ip6| leads && *ip6 < at)
            && packet.layers[ip6..place].iter().all(|layer| layer.proto != Proto::Srh)
        {
            packet.layers[ip6].unset(&ipv6::DESTINATION);
        }
    }
}

/// Whether an SRH says itself what the destination is: a reduced list in wire
/// order does not.
fn asks_destination(layer: &Layer) -> bool {
    layer.has(&srh::PATH) || !layer.has(&srh::REDUCED)
}

/// Takes a layer out. What it was given to announce what follows is now for the
/// layer before it to say, and a packet without its SRH goes to where the path
/// would have ended.
fn pop(packet: &mut Draft, at: usize) {
    let gone = packet.remove(at);
    if let Some(before) = at.checked_sub(1)
        && let Some(field) = announcing(packet.layers[before].proto)
    {
        let given = announcing(gone.proto).filter(|own| same_numbers(field, own)).and_then(|own| gone.get(own));
        match given {
            Some(value) => packet.layers[before].set(field, value.clone()),
            None => packet.layers[before].unset(field),
        }
    }
    if gone.proto != Proto::Srh {
        return;
    }
    let Some(ip6) = packet.layers[..at].iter().rposition(|layer| layer.proto == Proto::Ipv6) else { return };
    let extension = |layer: &&Layer| {
        matches!(layer.proto, Proto::HopByHop | Proto::Destination | Proto::Routing | Proto::Srh | Proto::Fragment)
    };
    let leads = packet.layers[ip6 + 1..at].iter().any(|layer| layer.proto == Proto::Srh)
        || packet.layers[at..].iter().take_while(extension).any(|layer| layer.proto == Proto::Srh);
    let end = match (gone.get(&srh::PATH), gone.get(&srh::SEGMENTS)) {
        (Some(Arg::List(path)), _) => path.last(),
        (_, Some(Arg::List(segments))) => segments.first(),
        _ => None,
    };
    if let Some(end) = end.filter(|_| !leads && !packet.layers[ip6].has(&ipv6::DESTINATION)) {
        packet.layers[ip6].set(&ipv6::DESTINATION, end.clone());
    }
}
