//! What a varying value is, before it is put into packets.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::craft::arg::{is_list, width};
use crate::craft::{Arg, ArgError, expects};
use crate::wire::data;
use crate::wire::field::{At, Field, Kind};

/// A value that differs from packet to packet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Vary {
    /// These, one after the other.
    Each(Vec<Values>),
    /// One of these at random, each as likely as the next; of all that the field
    /// can have where there are none.
    Rand(Vec<Values>),
    /// `start` in packet 0 and `step` more in each packet after it, wrapping
    /// where the field ends.
    Count {
        /// The first value.
        start: Box<Arg>,
        /// From one packet to the next.
        step: i64,
    },
}

/// One value, or a run of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Values {
    /// A single one.
    One(Arg),
    /// Every `step`th from `first` towards `last`, which is the last one if it is
    /// hit; downwards where it is the smaller one.
    Range {
        /// The first value: a number or an address.
        first: Arg,
        /// The end, of the same type.
        last: Arg,
        /// The distance of two neighbours, at least 1.
        step: u64,
    },
}

/// Numbers of a certain type: what ranges, counters and dice are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Domain {
    /// Numbers with this many bits, 1 to 64.
    Uint(u16),
    /// MAC addresses.
    Ether,
    /// IPv4 addresses.
    Ipv4,
    /// IPv6 addresses.
    Ipv6,
    /// Bytes, 1 to 16 of them, as one big-endian number.
    Bytes(u16),
}

impl Domain {
    /// The numbers that can be given to `field`, or as an element of it where it
    /// is a list; `None` where it takes none.
    pub fn of(field: &Field) -> Option<Self> {
        let fixed = matches!(field.at, At::Bits { .. });
        match field.kind {
            Kind::Bool | Kind::Uint(..) => Some(Self::Uint(width(field).min(64))),
            Kind::Bytes if matches!(field.byte_range().1, 1..=8) => Some(Self::Uint(width(field))),
            Kind::Bytes if fixed && matches!(field.byte_range().1, 1..=16) => Some(Self::Bytes(width(field) / 8)),
            Kind::Ether => Some(Self::Ether),
            Kind::Ipv4 => Some(Self::Ipv4),
            Kind::Ipv6 => Some(Self::Ipv6),
            _ => None,
        }
    }

    /// Whether its numbers are IP addresses, which have prefixes.
    pub fn is_address(self) -> bool {
        matches!(self, Self::Ipv4 | Self::Ipv6)
    }

    /// Its bits.
    pub fn width(self) -> u16 {
        match self {
            Self::Uint(width) => width,
            Self::Ether => 48,
            Self::Ipv4 => 32,
            Self::Ipv6 => 128,
            Self::Bytes(count) => count * 8,
        }
    }

    /// The largest number.
    pub fn max(self) -> u128 {
        u128::MAX >> (128 - self.width())
    }

    /// The number as a value of this type.
    pub fn arg(self, number: u128) -> Arg {
        let octets = number.to_be_bytes();
        match self {
            Self::Uint(_) => Arg::Uint(number as u64),
            Self::Ether => Arg::Ether([octets[10], octets[11], octets[12], octets[13], octets[14], octets[15]]),
            Self::Ipv4 => Arg::Ipv4(Ipv4Addr::from(number as u32)),
            Self::Ipv6 => Arg::Ipv6(Ipv6Addr::from(number)),
            Self::Bytes(count) => Arg::Bytes(octets[16 - usize::from(count)..].to_vec()),
        }
    }

    /// The value as a number of this type; `None` for a value of another type.
    pub fn number(self, arg: &Arg) -> Option<u128> {
        match (self, arg) {
            (Self::Uint(_), Arg::Uint(number)) => Some(u128::from(*number)),
            (Self::Ether, Arg::Ether(octets)) => {
                Some(octets.iter().fold(0, |sum, octet| sum << 8 | u128::from(*octet)))
            }
            (Self::Ipv4, Arg::Ipv4(address)) => Some(u128::from(address.to_bits())),
            (Self::Ipv6, Arg::Ipv6(address)) => Some(address.to_bits()),
            // Raw bytes stand for any value that fills its bytes.
            (_, Arg::Bytes(bytes)) if bytes.len() * 8 == usize::from(self.width()) => {
                Some(bytes.iter().fold(0, |sum, octet| sum << 8 | u128::from(*octet)))
            }
            _ => None,
        }
    }
}

impl Vary {
    /// The values it is made of.
    pub(crate) fn values(&self) -> &[Values] {
        match self {
            Self::Each(values) | Self::Rand(values) => values,
            Self::Count { .. } => &[],
        }
    }

    /// Checks that it can be given to `field`, or as one element of the list
    /// that `field` is.
    pub(crate) fn check(&self, field: &'static Field, element: bool) -> Result<(), ArgError> {
        let arg = field.arg;
        let domain = Domain::of(field).filter(|_| element || !is_list(field));
        let one = |value: &Arg| match (value, element) {
            (Arg::Vary(_), _) => Err(ArgError::Nested(arg)),
            (Arg::List(items), _) if items.iter().any(|item| matches!(item, Arg::Vary(_))) => {
                Err(ArgError::Nested(arg))
            }
            (value, true) => {
                match domain.and_then(|domain| domain.number(value).map(|number| number <= domain.max())) {
                    Some(true) => Ok(()),
                    _ => Err(ArgError::Kind { arg, takes: expects(field) }),
                }
            }
            (value, false) => value.check(field),
        };
        let number = |value: &Arg| {
            let domain = domain.ok_or(ArgError::Endless { arg, takes: expects(field) })?;
            if domain.number(value).is_none() {
                return Err(ArgError::Kind { arg, takes: expects(field) });
            }
            one(value)
        };
        match self {
            Self::Each(values) if values.is_empty() => Err(ArgError::NoValues(arg)),
            Self::Rand(values) if values.is_empty() => match domain {
                Some(_) => Ok(()),
                // As many bytes as the layer's length says.
                None if std::ptr::eq(field, &data::DATA) => Ok(()),
                None => Err(ArgError::Endless { arg, takes: expects(field) }),
            },
            Self::Each(values) | Self::Rand(values) => values.iter().try_for_each(|values| match values {
                Values::One(value) => one(value),
                Values::Range { first, last, step } => {
                    number(first)?;
                    number(last)?;
                    if *step == 0 { Err(ArgError::NoStep(arg)) } else { Ok(()) }
                }
            }),
            Self::Count { .. } if std::ptr::eq(field, &data::DATA) => Ok(()),
            Self::Count { start, .. } => number(start),
        }
    }
}
