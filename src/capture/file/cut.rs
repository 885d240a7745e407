//! What the two formats tell the reader about the bytes it shows them.

use super::error::{Problem, Unit};

/// How far a format got with the bytes it was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Bytes that are done with.
    pub consumed: usize,
    /// Why it did not go on.
    pub stop: Stop,
}

/// Why a format stopped at the byte where it stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The bytes end here, between two records or within one.
    Short(Short),
    /// The record here makes no sense.
    Damaged {
        /// What it is.
        unit: Unit,
        /// What is wrong with it.
        problem: Problem,
        /// Bytes of it that are consumed already, as in [`Short`].
        consumed: u32,
    },
    /// The section that starts here has an unknown version.
    Version {
        /// Major version.
        major: u16,
        /// Minor version.
        minor: u16,
    },
}

/// The record that the bytes end in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short {
    /// What it is.
    pub unit: Unit,
    /// Bytes it has as far as is known, from its start to its end.
    pub needed: u32,
    /// Bytes of it that are consumed already; more than 0 only where a long
    /// block is skipped.
    pub consumed: u32,
}

/// Reads numbers in the byte order of a file or section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Order {
    /// Whether the most significant byte comes first.
    pub big_endian: bool,
}

impl Order {
    /// The 16-bit number at `at`; 0 where there is none, which callers that
    /// checked the length never see.
    pub fn u16(self, bytes: &[u8], at: usize) -> u16 {
        let pair = array(bytes, at);
        if self.big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
    }

    /// The 32-bit number at `at`; 0 where there is none.
    pub fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let four = array(bytes, at);
        if self.big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|b| b.first_chunk().copied()).unwrap_or([0; N])
}
