//! What a capture file says about the interfaces its frames came from.

use std::sync::Arc;

use crate::capture::frame::Timestamp;
use crate::wire::link_type::LinkType;

/// How fine a file's timestamps count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// Units of 10⁻ⁿ seconds.
    Decimal(u8),
    /// Units of 2⁻ⁿ seconds.
    Binary(u8),
}

impl Resolution {
    /// Microseconds, the default of both formats.
    pub const MICROS: Self = Self::Decimal(6);
    /// Nanoseconds.
    pub const NANOS: Self = Self::Decimal(9);

    /// Reads pcapng's `if_tsresol`: the high bit chooses 2 as the base.
    pub fn from_tsresol(octet: u8) -> Self {
        if octet & 0x80 == 0 { Self::Decimal(octet) } else { Self::Binary(octet & 0x7f) }
    }

    /// `ticks` of this resolution in whole nanoseconds; what is finer is cut
    /// off, never rounded up into the future.
    #[inline]
    pub fn nanos(self, ticks: u64) -> i128 {
        match self {
            // What nearly all files have.
            Self::MICROS => i128::from(ticks) * 1000,
            Self::NANOS => i128::from(ticks),
            _ => self.rare_nanos(ticks),
        }
    }

    #[inline(never)]
    fn rare_nanos(self, ticks: u64) -> i128 {
        let wide = u128::from(ticks);
        let nanos = match self {
            Self::Decimal(n @ ..=9) => wide * 10u128.pow(u32::from(9 - n)),
            // 10^20 is more than any count of ticks: the whole of it is less
            // than a nanosecond.
            Self::Decimal(n) => 10u128.checked_pow(u32::from(n - 9)).map_or(0, |units| wide / units),
            Self::Binary(n) => (wide * 1_000_000_000) >> n.min(127),
        };
        // At most 2^64 seconds, which is less than 2^94 nanoseconds.
        nanos as i128
    }
}

/// One interface as its file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// What its frames start with.
    pub link: LinkType,
    /// How many bytes of a frame were kept at most; 0 for no limit.
    pub snaplen: u32,
    /// Its name, where the file tells (pcapng `if_name`), cut to
    /// [`MAX_NAME`](Self::MAX_NAME) bytes. Not escaped.
    pub name: Option<Arc<str>>,
    /// Whether frames refer to it by its number, as in pcapng.
    pub numbered: bool,
    /// The unit of its timestamps.
    pub resolution: Resolution,
    /// Seconds to add to its timestamps (pcapng `if_tsoffset`).
    pub offset: i64,
}

impl Interface {
    /// Longest name that is kept, in bytes.
    pub const MAX_NAME: usize = 255;

    /// The moment that `ticks` stands for on this interface.
    #[inline]
    pub fn time(&self, ticks: u64) -> Timestamp {
        let ticking = self.resolution.nanos(ticks);
        Timestamp(ticking + i128::from(self.offset) * 1_000_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolutions_give_exact_nanoseconds() {
        assert_eq!(Resolution::Decimal(0).nanos(3), 3_000_000_000);
        assert_eq!(Resolution::MICROS.nanos(1_500_001), 1_500_001_000);
        assert_eq!(Resolution::NANOS.nanos(u64::MAX), i128::from(u64::MAX));
        assert_eq!(Resolution::Decimal(12).nanos(1_999), 1);
        assert_eq!(Resolution::Decimal(127).nanos(u64::MAX), 0);
        assert_eq!(Resolution::Binary(0).nanos(7), 7_000_000_000);
        assert_eq!(Resolution::Binary(1).nanos(3), 1_500_000_000);
        // 2^-32 s is NTP's unit: 1 is 0.23 ns, 5 is 1.16 ns.
        assert_eq!(Resolution::Binary(32).nanos(1), 0);
        assert_eq!(Resolution::Binary(32).nanos(5), 1);
        assert_eq!(Resolution::Binary(127).nanos(u64::MAX), 0);
        for octet in 0..=255 {
            let nanos = Resolution::from_tsresol(octet).nanos(u64::MAX);
            assert!((0..1 << 94).contains(&nanos), "{octet}: {nanos}");
        }
    }

    #[test]
    fn offsets_may_be_negative_and_extreme() {
        let mut eth = Interface {
            link: LinkType::ETHERNET,
            snaplen: 0,
            name: None,
            numbered: true,
            resolution: Resolution::MICROS,
            offset: -2,
        };
        assert_eq!(eth.time(500_000), Timestamp(-1_500_000_000));
        for offset in [i64::MIN, i64::MAX] {
            eth.offset = offset;
            assert_eq!(eth.time(0), Timestamp(i128::from(offset) * 1_000_000_000));
            let _ = eth.time(u64::MAX);
        }
    }
}
