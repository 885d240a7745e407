//! Which layers of a packet a name speaks of.

use crate::dissect::{Layer, MAX_LAYERS, Packet};
use crate::filter::parse::{End, Piece};
use crate::wire::proto::{Proto, ProtoSet};

/// A part of the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// All of it.
    Everywhere,
    /// Up to the outermost IP header and what it carries itself.
    Outer,
    /// The IP packets and Ethernet frames inside the outermost IP packet.
    Inner,
    /// The packet that an ICMP error quotes.
    Quoted,
}

impl Scope {
    /// Takes the scope off a name: `inner.udp.dstport`. A scope alone leaves
    /// nothing.
    pub fn split(name: &str) -> (Self, &str) {
        for scope in [Self::Outer, Self::Inner, Self::Quoted] {
            if let Some(rest) = name.strip_prefix(scope.name()) {
                match rest.strip_prefix('.') {
                    Some(rest) if !rest.is_empty() => return (scope, rest),
                    None if rest.is_empty() => return (scope, rest),
                    _ => {}
                }
            }
        }
        (Self::Everywhere, name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Everywhere => "",
            Self::Outer => "outer",
            Self::Inner => "inner",
            Self::Quoted => "quoted",
        }
    }
}

/// Some of a packet's layers, a bit each, the first layer's the lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layers(u64);

const _: () = assert!(MAX_LAYERS <= u64::BITS as usize);

impl Layers {
    pub fn has(self, index: usize) -> bool {
        index < MAX_LAYERS && self.0 >> index & 1 == 1
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl Iterator for Layers {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let index = self.0.trailing_zeros();
        self.0 &= self.0.checked_sub(1)?;
        Some(index as usize)
    }
}

/// The layers that a name speaks of.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub protos: ProtoSet,
    pub scope: Scope,
    /// Only those with these numbers among the layers of `protos`, from 1.
    pub numbers: Box<[Piece]>,
}

impl Place {
    /// Those of `packet`'s layers.
    #[inline]
    pub fn layers(&self, packet: &Packet<'_>) -> Layers {
        let mut found = 0;
        for (index, layer) in packet.layers().iter().enumerate() {
            found |= u64::from(self.protos.contains(layer.proto)) << index;
        }
        if !self.numbers.is_empty() {
            found = numbered(found, &self.numbers);
        }
        Layers(if self.scope == Scope::Everywhere { found } else { found & self.scope.layers(packet).0 })
    }
}

impl Scope {
    /// The layers in this part of `packet`.
    pub fn layers(self, packet: &Packet<'_>) -> Layers {
        let layers = packet.layers();
        let network = layers.iter().position(|layer| matches!(layer.proto, Proto::Ipv4 | Proto::Ipv6));
        let begins_inner = |layer: &Layer| matches!(layer.proto, Proto::Ipv4 | Proto::Ipv6 | Proto::Ethernet);
        // Of the outermost IP packet's own layers, the last before something is carried in it.
        let inner = network.and_then(|first| {
            layers
                .iter()
                .enumerate()
                .skip(first + 1)
                .find(|(_, l)| !l.quoted && begins_inner(l))
                .map(|(index, _)| index)
        });
        let is_inner = |index: usize, layer: &Layer| {
            // What lies after the end of the outermost packet is noted last.
            let outer_tail = layer.proto == Proto::Trailer
                && (layer.network == Layer::NO_NETWORK || Some(usize::from(layer.network)) == network);
            !layer.quoted && !outer_tail && inner.is_some_and(|first| index >= first)
        };
        let mut found = 0;
        for (index, layer) in layers.iter().enumerate() {
            let belongs = match self {
                Self::Everywhere => true,
                Self::Outer => !layer.quoted && !is_inner(index, layer),
                Self::Inner => is_inner(index, layer),
                Self::Quoted => layer.quoted,
            };
            found |= u64::from(belongs) << index;
        }
        Layers(found)
    }
}

/// Of the layers in `found`, those with the given numbers, counted from 1.
fn numbered(found: u64, numbers: &[Piece]) -> u64 {
    let count = i64::from(found.count_ones());
    let place = |number: i64| if number < 0 { count + 1 + number } else { number };
    let mut kept = 0;
    for (index, number) in Layers(found).zip(1..) {
        let wanted = numbers.iter().any(|piece| {
            let first = place(piece.start);
            let last = match piece.end {
                End::Length(length) => first + i64::from(length) - 1,
                End::Last(last) => place(last),
                End::Rest => count,
            };
            (first..=last).contains(&number)
        });
        kept |= u64::from(wanted) << index;
    }
    kept
}
