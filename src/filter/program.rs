//! What a filter is compiled to, and how a packet is tested against it.

use std::cmp::Ordering;
use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use regex::bytes::Regex;

use crate::dissect::Packet;
use crate::filter::names::Type;
use crate::filter::parse::{End, Operator, Piece, Quantifier, Relation};
use crate::filter::place::{Place, Scope};
use crate::filter::read::{Datum, Each, Read};
use crate::wire::proto::Proto;

/// Something that is true or false of a packet.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Or(Box<[Test]>),
    /// An odd number of them is true.
    Xor(Box<[Test]>),
    And(Box<[Test]>),
    Not(Box<Test>),
    /// There is a value.
    Exists(Operand),
    /// The packet has such a part.
    Part(Scope),
    /// A value fulfils the condition, or all do.
    Where(Quantifier, Operand, Condition),
    /// Two values stand in the relation, or every two do.
    Pair(Quantifier, Operand, Relation, Operand, Collation),
}

/// What a single value must fulfil.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Integer(Relation, i128),
    Bytes(Relation, Box<[u8]>, Collation),
    /// The first bits of both, so many, stand in the relation; the bytes have
    /// no others set.
    Prefix(Relation, Box<[u8]>, u8),
    Matches(Regex),
    /// Between a first and a last, both included.
    IntegerIn(Box<[(i128, i128)]>),
    BytesIn(Box<[Bounds]>, Collation),
    NonZero,
}

/// What comes before what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Collation {
    /// As in a dictionary.
    Text,
    /// What is shorter comes first, as in Wireshark.
    Bytes,
}

impl Collation {
    pub fn compare(self, left: &[u8], right: &[u8]) -> Ordering {
        match self {
            Self::Text => left.cmp(right),
            Self::Bytes => left.len().cmp(&right.len()).then_with(|| left.cmp(right)),
        }
    }
}

/// The first and last of a range of bytes.
type Bounds = (Box<[u8]>, Box<[u8]>);

/// Something with values.
#[derive(Debug, Clone)]
pub(super) enum Operand {
    Field(Read, Place),
    /// The bytes of headers, or of headers and all they carry.
    Protocol(Place, Extent),
    Integer(i128),
    Bytes(Box<[u8]>),
    Slice(Box<Operand>, Box<[Piece]>),
    /// The count of bytes of each value.
    Length(Box<Operand>),
    /// The same number for each value.
    Constant(Box<Operand>, i128),
    /// The count of values, where there are any.
    Count(Box<Operand>),
    Lower(Box<Operand>),
    Upper(Box<Operand>),
    /// The value as text.
    Written(Box<Operand>, Type),
    Smallest(Box<[Operand]>),
    Largest(Box<[Operand]>),
    Magnitude(Box<Operand>),
    Negative(Box<Operand>),
    Computed(Operator, Box<Operand>, Box<Operand>),
}

/// How much of a protocol's bytes is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// As Wireshark's slices have it: of link layers, IP and UDP the header, of
    /// others everything from their header on.
    Own,
    /// Everything from the header on.
    Whole,
}

impl Test {
    /// Whether a finding of the dissection is among what it asks for.
    pub fn asks_findings(&self) -> bool {
        match self {
            Self::Or(tests) | Self::And(tests) | Self::Xor(tests) => tests.iter().any(Self::asks_findings),
            Self::Not(test) => test.asks_findings(),
            Self::Part(_) => false,
            Self::Exists(operand) | Self::Where(_, operand, _) => operand.asks_findings(),
            Self::Pair(_, left, _, right, _) => left.asks_findings() || right.asks_findings(),
        }
    }

    /// Whether it is true of `packet`.
    pub fn holds(&self, packet: &Packet<'_>) -> bool {
        match self {
            Self::Or(tests) => tests.iter().any(|test| test.holds(packet)),
            Self::And(tests) => tests.iter().all(|test| test.holds(packet)),
            Self::Xor(tests) => tests.iter().fold(false, |odd, test| odd ^ test.holds(packet)),
            Self::Not(test) => !test.holds(packet),
            Self::Exists(operand) => operand.exists(packet),
            Self::Part(scope) => !scope.layers(packet).is_empty(),
            Self::Where(quantifier, operand, condition) => {
                let any = *quantifier == Quantifier::Any;
                let mut seen = false;
                // The first value that decides ends the search.
                let decided = operand.values(packet, &mut |value| {
                    seen = true;
                    condition.holds(value) == any
                });
                if any { decided } else { seen && !decided }
            }
            Self::Pair(quantifier, left, relation, right, collation) => {
                let any = *quantifier == Quantifier::Any;
                let mut seen = false;
                let decided = pairs(left, right, packet, &mut |left, right| {
                    seen = true;
                    stand(left, *relation, right, *collation) == any
                });
                if any { decided } else { seen && !decided }
            }
        }
    }
}

/// Gives every pair of values to `each`, until it has seen enough; returns
/// whether it has.
fn pairs(
    left: &Operand,
    right: &Operand,
    packet: &Packet<'_>,
    each: &mut dyn FnMut(Datum<'_>, Datum<'_>) -> bool,
) -> bool {
    left.values(packet, &mut |left| right.values(packet, &mut |right| each(left, right)))
}

/// Whether two values stand in a relation.
fn stand(left: Datum<'_>, relation: Relation, right: Datum<'_>, collation: Collation) -> bool {
    match (left, right) {
        (Datum::Integer(left), Datum::Integer(right)) => ordered(relation, left.cmp(&right)),
        (Datum::Bytes(left), Datum::Bytes(right)) => bytes_stand(left, relation, right, collation),
        _ => false,
    }
}

fn bytes_stand(left: &[u8], relation: Relation, right: &[u8], collation: Collation) -> bool {
    match relation {
        Relation::Contains => !right.is_empty() && left.windows(right.len()).any(|window| window == right),
        Relation::Equal => left == right,
        _ => ordered(relation, collation.compare(left, right)),
    }
}

/// Whether a relation includes this order of left and right.
fn ordered(relation: Relation, order: Ordering) -> bool {
    match relation {
        Relation::Equal => order.is_eq(),
        Relation::Unequal => order.is_ne(),
        Relation::Less => order.is_lt(),
        Relation::LessOrEqual => order.is_le(),
        Relation::Greater => order.is_gt(),
        Relation::GreaterOrEqual => order.is_ge(),
        Relation::Contains | Relation::Matches => false,
    }
}

impl Condition {
    fn holds(&self, value: Datum<'_>) -> bool {
        match (self, value) {
            (Self::Integer(relation, right), Datum::Integer(left)) => ordered(*relation, left.cmp(right)),
            (Self::IntegerIn(ranges), Datum::Integer(value)) => {
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&value))
            }
            (Self::NonZero, Datum::Integer(value)) => value != 0,
            (Self::Bytes(relation, right, collation), Datum::Bytes(left)) => {
                bytes_stand(left, *relation, right, *collation)
            }
            (Self::Prefix(relation, right, bits), Datum::Bytes(left)) => {
                let masked = left.iter().enumerate().map(|(at, byte)| byte & mask(*bits, at));
                ordered(*relation, masked.cmp(right.iter().copied()))
            }
            (Self::Matches(pattern), Datum::Bytes(value)) => pattern.is_match(value),
            (Self::BytesIn(ranges, collation), Datum::Bytes(value)) => ranges
                .iter()
                .any(|(first, last)| collation.compare(first, value).is_le() && collation.compare(value, last).is_le()),
            // An address, of which some bits are left.
            (Self::NonZero, Datum::Bytes(value)) => value.iter().any(|byte| *byte != 0),
            _ => false,
        }
    }
}

/// The bits of byte `at` that belong to the first `bits` of all.
pub(super) fn mask(bits: u8, at: usize) -> u8 {
    let left = usize::from(bits).saturating_sub(at * 8).min(8);
    !(0xff_u16 >> left) as u8
}

impl Operand {
    fn asks_findings(&self) -> bool {
        match self {
            Self::Field(read, _) => matches!(read, Read::Diagnosis | Read::Severity),
            Self::Protocol(..) | Self::Integer(_) | Self::Bytes(_) => false,
            Self::Slice(inner, _)
            | Self::Length(inner)
            | Self::Constant(inner, _)
            | Self::Count(inner)
            | Self::Lower(inner)
            | Self::Upper(inner)
            | Self::Written(inner, _)
            | Self::Magnitude(inner)
            | Self::Negative(inner) => inner.asks_findings(),
            Self::Smallest(inner) | Self::Largest(inner) => inner.iter().any(Self::asks_findings),
            Self::Computed(_, left, right) => left.asks_findings() || right.asks_findings(),
        }
    }

    /// Whether there is a value.
    fn exists(&self, packet: &Packet<'_>) -> bool {
        match self {
            Self::Protocol(place, _) if !place.protos.contains(Proto::Frame) => !place.layers(packet).is_empty(),
            _ => self.values(packet, &mut |_| true),
        }
    }

    /// Gives its values to `each`, until it has seen enough; returns whether
    /// it has. Only `lower`, `upper` and slices of several pieces allocate.
    fn values(&self, packet: &Packet<'_>, each: Each<'_>) -> bool {
        match self {
            Self::Field(read, place) => read.values(place, packet, each),
            Self::Protocol(place, extent) => {
                if place.protos.contains(Proto::Frame) {
                    return each(Datum::Bytes(packet.frame.data));
                }
                place.layers(packet).any(|index| {
                    let layer = &packet.layers()[index];
                    let own = *extent == Extent::Own && !reaches_on(layer.proto);
                    each(Datum::Bytes(if own { packet.header(layer) } else { packet.whole(layer) }))
                })
            }
            Self::Integer(number) => each(Datum::Integer(*number)),
            Self::Bytes(bytes) => each(Datum::Bytes(bytes)),
            Self::Slice(inner, pieces) => inner.values(packet, &mut |value| {
                let Datum::Bytes(bytes) = value else { return false };
                match &**pieces {
                    [piece] => slice(bytes, *piece).is_some_and(|part| each(Datum::Bytes(part))),
                    pieces => {
                        let parts: Option<Vec<&[u8]>> = pieces.iter().map(|piece| slice(bytes, *piece)).collect();
                        parts.is_some_and(|parts| each(Datum::Bytes(&parts.concat())))
                    }
                }
            }),
            Self::Length(inner) => inner.values(packet, &mut |value| match value {
                Datum::Bytes(bytes) => each(Datum::Integer(bytes.len() as i128)),
                _ => false,
            }),
            Self::Constant(inner, number) => inner.values(packet, &mut |_| each(Datum::Integer(*number))),
            Self::Count(inner) => {
                let mut count = 0;
                inner.values(packet, &mut |_| {
                    count += 1;
                    false
                });
                count > 0 && each(Datum::Integer(count))
            }
            Self::Lower(inner) => inner.values(packet, &mut |value| match value {
                Datum::Bytes(bytes) => each(Datum::Bytes(&bytes.to_ascii_lowercase())),
                _ => false,
            }),
            Self::Upper(inner) => inner.values(packet, &mut |value| match value {
                Datum::Bytes(bytes) => each(Datum::Bytes(&bytes.to_ascii_uppercase())),
                _ => false,
            }),
            Self::Written(inner, kind) => {
                let mut buffer = [0; 64];
                inner.values(packet, &mut |value| each(Datum::Bytes(written(value, *kind, &mut buffer))))
            }
            Self::Smallest(inner) => extreme(inner, Ordering::Less, packet, each),
            Self::Largest(inner) => extreme(inner, Ordering::Greater, packet, each),
            Self::Magnitude(inner) => integers(inner, packet, each, i128::checked_abs),
            Self::Negative(inner) => integers(inner, packet, each, i128::checked_neg),
            Self::Computed(operator, left, right) => {
                pairs(left, right, packet, &mut |left, right| computed(*operator, left, right, each))
            }
        }
    }
}

/// Whether Wireshark counts what follows the header among a protocol's bytes.
fn reaches_on(proto: Proto) -> bool {
    let extension = proto.info().inside && proto != Proto::Fragment;
    extension || matches!(proto, Proto::Tcp | Proto::Icmpv4 | Proto::Icmpv6)
}

/// Part of a sequence; `None` where the sequence does not have all of it.
fn slice(bytes: &[u8], piece: Piece) -> Option<&[u8]> {
    let place = |index: i64| usize::try_from(if index < 0 { bytes.len() as i64 + index } else { index }).ok();
    let start = place(piece.start)?;
    let end = match piece.end {
        End::Length(length) => start.checked_add(length as usize)?,
        End::Last(last) => place(last)? + 1,
        End::Rest => bytes.len(),
    };
    bytes.get(start..end).filter(|part| !part.is_empty())
}

/// Each of the numbers, changed; those that cannot be are left out.
fn integers(inner: &Operand, packet: &Packet<'_>, each: Each<'_>, change: fn(i128) -> Option<i128>) -> bool {
    inner.values(packet, &mut |value| match value {
        Datum::Integer(number) => change(number).is_some_and(|number| each(Datum::Integer(number))),
        _ => false,
    })
}

/// The result of arithmetic, if there is one.
fn computed(operator: Operator, left: Datum<'_>, right: Datum<'_>, each: Each<'_>) -> bool {
    match (left, right) {
        (Datum::Integer(left), Datum::Integer(right)) => {
            let result = match operator {
                Operator::Add => left.checked_add(right),
                Operator::Subtract => left.checked_sub(right),
                Operator::Multiply => left.checked_mul(right),
                Operator::Divide => left.checked_div(right),
                Operator::Remainder => left.checked_rem(right),
                Operator::BitAnd => Some(left & right),
            };
            result.is_some_and(|result| each(Datum::Integer(result)))
        }
        // Of addresses, which have at most 16 bytes, only common bits are taken.
        (Datum::Bytes(left), Datum::Bytes(right)) if left.len() == right.len() && left.len() <= 16 => {
            let mut common = [0; 16];
            for ((common, left), right) in common.iter_mut().zip(left).zip(right) {
                *common = left & right;
            }
            each(Datum::Bytes(&common[..left.len()]))
        }
        _ => false,
    }
}

/// The largest or smallest of all values, numbers or addresses.
fn extreme(inner: &[Operand], wanted: Ordering, packet: &Packet<'_>, each: Each<'_>) -> bool {
    let mut number: Option<i128> = None;
    let mut address: Option<([u8; 16], usize)> = None;
    for operand in inner {
        operand.values(packet, &mut |value| {
            match value {
                Datum::Integer(new) if number.is_none_or(|best| new.cmp(&best) == wanted) => number = Some(new),
                Datum::Bytes(new) if address.is_none_or(|(best, len)| new.cmp(&best[..len]) == wanted) => {
                    let mut octets = [0; 16];
                    if let Some(place) = octets.get_mut(..new.len()) {
                        place.copy_from_slice(new);
                        address = Some((octets, new.len()));
                    }
                }
                _ => {}
            }
            false
        });
    }
    match (number, address) {
        (Some(number), _) => each(Datum::Integer(number)),
        (None, Some((octets, len))) => each(Datum::Bytes(&octets[..len])),
        (None, None) => false,
    }
}

/// A number or an address as text, which fits the buffer.
fn written<'b>(value: Datum<'_>, kind: Type, buffer: &'b mut [u8; 64]) -> &'b [u8] {
    let mut rest = &mut buffer[..];
    let result = match value {
        Datum::Integer(number) => write!(rest, "{number}"),
        Datum::Bytes(bytes) => match (kind, bytes.first_chunk::<4>(), bytes.first_chunk::<16>()) {
            (Type::Ipv4, Some(octets), _) => write!(rest, "{}", Ipv4Addr::from(*octets)),
            (Type::Ipv6, _, Some(octets)) => write!(rest, "{}", Ipv6Addr::from(*octets)),
            _ => bytes
                .iter()
                .take(16)
                .enumerate()
                .try_for_each(|(at, byte)| write!(rest, "{}{byte:02x}", if at > 0 { ":" } else { "" })),
        },
        Datum::Present => Ok(()),
    };
    let left = if result.is_ok() { rest.len() } else { 64 };
    &buffer[..64 - left]
}
