//! Argument values that several subcommands read.

use std::net::Ipv6Addr;
use std::time::Duration;

use crate::capture::Timestamp;
use crate::sys::route;

/// An IPv6 address, with the index of the interface it was tied to (`%IF`), or 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scoped {
    /// The address.
    pub address: Ipv6Addr,
    /// The interface's index.
    pub scope: u32,
}

/// Reads `ADDR` or `ADDR%INTERFACE`.
pub fn scoped(text: &str) -> Result<Scoped, String> {
    let (address, interface) = match text.split_once('%') {
        Some((address, interface)) => (address, Some(interface)),
        None => (text, None),
    };
    let address: Ipv6Addr = address.parse().map_err(|_| "not an IPv6 address".to_owned())?;
    let scope = match interface {
        Some(name) => route::link(name).map_err(|e| format!("interface {name}: {e}"))?.index,
        None if address.is_unicast_link_local() => {
            return Err(format!("a link-local address needs its interface: {address}%IF"));
        }
        None => 0,
    };
    Ok(Scoped { address, scope })
}

/// Reads a duration: a decimal number of seconds, or with a unit: ns, us, ms,
/// s, m, h.
pub fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    // In nanoseconds.
    let scale: u64 = match unit {
        "ns" => 1,
        "us" | "µs" => 1_000,
        "ms" => 1_000_000,
        "" | "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return Err(format!("{unit:?} is not a unit of time: ns, us, ms, s, m or h")),
    };
    let wrong = || format!("{number:?} is not a number");
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return Err(wrong());
    }
    let too_long = || "too long a time".to_owned();
    let digits = |t: &str| if t.is_empty() { Ok(0) } else { t.parse::<u64>().map_err(|_| wrong()) };
    let whole = digits(whole)?.checked_mul(scale).ok_or_else(too_long)?;
    // Twelve digits are finer than a nanosecond of any unit.
    let fraction = fraction.get(..12).unwrap_or(fraction);
    let part = u128::from(digits(fraction)?) * u128::from(scale) / 10u128.pow(fraction.len() as u32);
    let nanos = u64::try_from(part).ok().and_then(|p| whole.checked_add(p)).ok_or_else(too_long)?;
    Ok(Duration::from_nanos(nanos))
}

/// Reads seconds since 1970, with up to nine decimals.
pub fn timestamp(text: &str) -> Result<Timestamp, String> {
    let wrong = || "not a number of seconds".to_owned();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) || !whole.bytes().all(|b| b.is_ascii_digit())
    {
        return Err(wrong());
    }
    let seconds = whole.parse().map_err(|_| wrong())?;
    let nanos = format!("{fraction:0<9}").parse().map_err(|_| wrong())?;
    Ok(Timestamp::new(seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, nanos) in [
            ("10ms", 10_000_000),
            ("1s", 1_000_000_000),
            ("0.5", 500_000_000),
            (".5", 500_000_000),
            ("2", 2_000_000_000),
            ("1.5m", 90_000_000_000),
            ("250us", 250_000),
            ("7ns", 7),
            ("0", 0),
            ("1.000000001", 1_000_000_001),
            ("0.33333333333333333333333", 333_333_333),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_nanos(nanos)), "{text}");
        }
        for text in ["", "s", ".", "-1", "1x", "1e3", "1..2", "1.2.3", "99999999999h", "1 s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_decimal_seconds() {
        assert_eq!(timestamp("0"), Ok(Timestamp(0)));
        assert_eq!(timestamp("1700000000.5"), Ok(Timestamp::new(1_700_000_000, 500_000_000)));
        assert_eq!(timestamp("1.000000001"), Ok(Timestamp(1_000_000_001)));
        for text in ["", ".", "-1", "+1", "1e3", "1.0000000001", "1.2.3", "99999999999999999999"] {
            assert!(timestamp(text).is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_with_and_without_interface() {
        assert_eq!(scoped("2001:db8::1").unwrap().scope, 0);
        assert_ne!(scoped("fe80::1%lo").unwrap().scope, 0);
        for text in ["fe80::1", "fe80::1%sr6-none", "10.0.0.1", "%lo", ""] {
            assert!(scoped(text).is_err(), "{text}");
        }
    }
}
