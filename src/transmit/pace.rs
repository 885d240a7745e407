//! When packets leave: pure functions from what has been sent to a moment, as
//! the time since the start, so that nothing drifts with the time a send takes.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What decides when the next packet is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As fast as the engine goes.
    TopSpeed,
    /// A rate, from the start on.
    At(Rate),
    /// As the packets were recorded, sped up. Packets without a time are due
    /// at once.
    Recorded(Speed),
}

/// What a rate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Packets,
    /// Bits of frames, as the engine takes them.
    Bits,
}

/// Packets or bits in a time, kept as a fraction so that it is exact for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    unit: Unit,
    /// So many in `nanos` nanoseconds; neither is 0.
    amount: u64,
    nanos: u64,
}

const SECOND: u64 = 1_000_000_000;

impl Rate {
    /// A packet every so often; `None` for no time at all.
    pub fn every(interval: Duration) -> Option<Self> {
        let nanos = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
        (nanos > 0).then_some(Self { unit: Unit::Packets, amount: 1, nanos })
    }

    /// So many packets a second; `None` for none.
    pub fn packets(per_second: u64) -> Option<Self> {
        (per_second > 0).then_some(Self { unit: Unit::Packets, amount: per_second, nanos: SECOND })
    }

    /// When a packet is due that so many packets and bits are before.
    pub fn due(&self, packets: u64, bits: u64) -> Duration {
        let before = match self.unit {
            Unit::Packets => packets,
            Unit::Bits => bits,
        };
        // 64 bits times 64 bits fit.
        let nanos = u128::from(before) * u128::from(self.nanos) / u128::from(self.amount);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Whether it is more than so many packets a second, or bits that make as
    /// many of the smallest frames (64 bytes).
    pub fn exceeds(&self, packets_per_second: u64) -> bool {
        let limit = match self.unit {
            Unit::Packets => packets_per_second,
            Unit::Bits => packets_per_second * 64 * 8,
        };
        u128::from(self.amount) * u128::from(SECOND) > u128::from(limit) * u128::from(self.nanos)
    }
}

/// Reads `500`, `10kpps`, `1.5Mpps`, `100kbit`, `1Gbit/s`, `10Mbps`.
impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let split = text.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let (scale, rest) = match unit.as_bytes().first() {
            Some(b'k' | b'K') => (1_000, &unit[1..]),
            Some(b'M') => (1_000_000, &unit[1..]),
            Some(b'G') => (SECOND, &unit[1..]),
            _ => (1, unit),
        };
        let unit = match rest {
            "" | "pps" | "p/s" => Unit::Packets,
            "bit" | "bit/s" | "bps" => Unit::Bits,
            _ => return Err(format!("{unit:?} is no unit of a rate: pps, kpps, Mpps, bit/s, kbit/s, Mbit/s, Gbit/s")),
        };
        let (amount, divisor) = fraction(number)?;
        let amount = amount.checked_mul(scale).ok_or("too high a rate")?;
        let nanos = SECOND.checked_mul(divisor).ok_or("too many decimals")?;
        match amount {
            0 => Err("a rate is more than 0".to_owned()),
            _ => Ok(Self { unit, amount, nanos }),
        }
    }
}

/// How much faster than recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speed {
    amount: u64,
    divisor: u64,
}

impl Speed {
    /// As recorded.
    pub const ORIGINAL: Self = Self { amount: 1, divisor: 1 };

    /// When a packet is due that was recorded so long after the first.
    pub fn due(&self, recorded: Duration) -> Duration {
        let nanos = recorded.as_nanos().saturating_mul(u128::from(self.divisor)) / u128::from(self.amount);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x", self.amount as f64 / self.divisor as f64)
    }
}

/// Reads `2x`, `0.5x`, `10`.
impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (amount, divisor) = fraction(text.strip_suffix('x').unwrap_or(text))?;
        match amount {
            0 => Err("a speed is more than 0".to_owned()),
            _ => Ok(Self { amount, divisor }),
        }
    }
}

/// A decimal number as a fraction: `1.25` is 125 of 100.
fn fraction(text: &str) -> Result<(u64, u64), String> {
    let wrong = || format!("{text:?} is not a number");
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && decimals.is_empty()) || !digits(whole) || !digits(decimals) {
        return Err(wrong());
    }
    if decimals.len() > 9 {
        return Err(format!("{text:?} has more than nine decimals"));
    }
    let amount = format!("{whole}{decimals}").parse().map_err(|_| format!("{text:?} is too large"))?;
    Ok((amount, 10u64.pow(decimals.len() as u32)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    #[test]
    fn rates_with_units() {
        let packets = |amount, nanos| Rate { unit: Unit::Packets, amount, nanos };
        let bits = |amount| Rate { unit: Unit::Bits, amount, nanos: SECOND };
        for (text, expected) in [
            ("500", packets(500, SECOND)),
            ("10kpps", packets(10_000, SECOND)),
            ("1.5Mpps", packets(15_000_000, 10 * SECOND)),
            ("0.5", packets(5, 10 * SECOND)),
            ("100kbit", bits(100_000)),
            ("1Gbit/s", bits(SECOND)),
            ("10Mbps", bits(10_000_000)),
        ] {
            assert_eq!(rate(text), expected, "{text}");
        }
        for text in ["", "0", "0.0pps", "kpps", "-1", "1e3", "1..2", "10 kpps", "1Tpps", "1.0123456789", "1m", "5MB"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
        assert!("99999999999999999999".parse::<Rate>().is_err());
        assert!("99999999999999999999Gbit".parse::<Rate>().is_err());
    }

    #[test]
    fn speeds() {
        for (text, seconds) in [("2x", 5.0), ("0.5", 20.0), ("10x", 1.0), ("1", 10.0)] {
            let speed: Speed = text.parse().unwrap();
            assert_eq!(speed.due(Duration::from_secs(10)), Duration::from_secs_f64(seconds), "{text}");
        }
        for text in ["0", "x", "2xx", "-2", "fast"] {
            assert!(text.parse::<Speed>().is_err(), "{text}");
        }
        assert_eq!("0.50x".parse::<Speed>().unwrap().to_string(), "0.5x");
    }

    #[test]
    fn limits() {
        assert!(!rate("10kpps").exceeds(10_000));
        assert!(rate("10.001kpps").exceeds(10_000));
        assert!(!rate("5.12Mbit").exceeds(10_000));
        assert!(rate("5.13Mbit").exceeds(10_000));
        assert!(!Rate::every(Duration::from_micros(100)).unwrap().exceeds(10_000));
        assert!(Rate::every(Duration::from_micros(99)).unwrap().exceeds(10_000));
        assert_eq!(Rate::every(Duration::ZERO), None);
    }

    /// Packets due before a moment.
    fn before(rate: Rate, moment: Duration, guess: u64) -> u64 {
        let mut packets = guess;
        while rate.due(packets, 0) < moment {
            packets += 1;
        }
        while packets > 0 && rate.due(packets - 1, 0) >= moment {
            packets -= 1;
        }
        packets
    }

    proptest! {
        /// Any second at a rate of a thousand packets or more has as many
        /// packets as it should, to one.
        #[test]
        fn every_second_is_exact(per_second in 1_000u64..100_000_000, second in 0u64..1_000_000, offset in 0u64..SECOND) {
            let rate = Rate::packets(per_second).unwrap();
            let start = Duration::new(second, offset as u32);
            let guess = |at: Duration| (at.as_nanos() * u128::from(per_second) / u128::from(SECOND)) as u64;
            let end = start + Duration::from_secs(1);
            let sent = before(rate, end, guess(end)) - before(rate, start, guess(start));
            prop_assert!(sent.abs_diff(per_second) <= 1, "{sent} of {per_second}");
        }

        #[test]
        fn due_never_goes_back_and_never_overflows(amount in 1u64.., nanos in 1u64.., packets: u64, bits: u64) {
            for unit in [Unit::Packets, Unit::Bits] {
                let rate = Rate { unit, amount, nanos };
                prop_assert!(rate.due(packets, bits) <= rate.due(packets.saturating_add(1), bits.saturating_add(9)));
            }
        }

        #[test]
        fn any_text_is_read_without_a_panic(text: String) {
            let _ = text.parse::<Rate>();
            let _ = text.parse::<Speed>();
        }
    }
}
