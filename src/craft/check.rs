//! Checksums of a packet under construction: where they are and what they
//! cover, so that they can be computed, and computed again after an edit.

use std::ops::Range;

use crate::wire::checksum::Sum;

/// A checksum that is computed.
#[derive(Debug, Clone)]
pub(super) struct Check {
    /// Where its two bytes are, counted from the packet's first byte.
    pub at: usize,
    /// What it covers of the packet, counted likewise: the pseudo-header's
    /// addresses where they lie, and all but its own two bytes of the rest. Each
    /// range but the last has an even length.
    pub covers: Vec<Range<usize>>,
    /// What it covers that is not in the packet as bytes: the pseudo-header's
    /// length and protocol.
    pub beside: Sum,
    /// From the sum to what is stored.
    pub finish: fn(Sum) -> u16,
    /// Whether a wrong one was asked for.
    pub spoiled: bool,
}

impl Check {
    /// A checksum at `at`, over the first `count` bytes from `start` on.
    pub fn new(at: usize, start: usize, count: usize) -> Self {
        let covers = vec![start..at, at + 2..(start + count).max(at + 2)];
        Self { at, covers, beside: Sum::default(), finish: Sum::checksum, spoiled: false }
    }

    /// What it is in a packet of these bytes.
    pub fn value(&self, packet: &[u8]) -> u16 {
        self.stored(self.covers.iter().fold(self.beside, |sum, range| sum.bytes(&packet[range.clone()])))
    }

    /// What is stored for a sum.
    pub fn stored(&self, sum: Sum) -> u16 {
        let right = (self.finish)(sum);
        if self.spoiled { spoiled(right) } else { right }
    }
}

/// A checksum that is wrong: neither the right one nor its other zero, nor 0,
/// which means "none" in UDP.
fn spoiled(right: u16) -> u16 {
    match right ^ 0x0bad {
        0 => !right,
        wrong => wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::spoiled;

    #[test]
    fn a_spoiled_checksum_is_wrong_for_every_right_one() {
        for right in 0..=u16::MAX {
            let wrong = spoiled(right);
            assert_ne!(wrong, 0);
            assert_ne!(u32::from(wrong) % 0xffff, u32::from(right) % 0xffff, "{right:#x}");
        }
    }
}
