//! The Internet checksum (RFC 1071) and the IPv6 pseudo-header (RFC 8200 §8.1).
//!
//! Which destination goes into the pseudo-header of a packet with a Routing
//! Header is not decided here: [`crate::srv6`] answers that.

/// A ones'-complement sum under way. Ranges may be added in any order; each
/// but the last must have an even length.
///
/// Ones'-complement addition commutes with byte order, so words are added as
/// they lie in memory, carries and all, and the total is folded and swapped
/// once. The sum cannot overflow for anything that fits in memory.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum(u64);

impl Sum {
    /// Adds bytes as big-endian 16-bit words; an odd last byte counts as the
    /// high half of a word.
    #[must_use]
    #[inline]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        match bytes.len() {
            LARGE.. => self.blocks::<LARGE>(bytes),
            SMALL.. => self.blocks::<SMALL>(bytes),
            _ => self.few(bytes),
        }
    }

    /// As [`bytes`](Self::bytes), for a block at least.
    #[inline(always)]
    fn blocks<const N: usize>(self, bytes: &[u8]) -> Self {
        let (blocks, rest) = bytes.as_chunks::<N>();
        let mut wide = Wide::default();
        for block in blocks {
            wide.add(block, &[0xff; N]);
        }
        let sum = self.0 + wide.folded();
        // How much is left varies from packet to packet, which no processor
        // foresees: so the last bytes are taken as a block, too, with those zeroed
        // that are counted already.
        let mut wide = Wide::default();
        let mask = MASKS.get(LARGE - N + rest.len()..).and_then(<[u8]>::first_chunk);
        if let (Some(last), Some(mask)) = (bytes.last_chunk::<N>(), mask) {
            wide.add(last, mask);
        }
        // In a block that starts in the middle of a word the bytes of each word are
        // swapped, which is multiplying by 256 in ones' complement.
        Self(sum + (wide.folded() << (8 * (bytes.len() % 2))))
    }

    /// As [`bytes`](Self::bytes), for less than a block.
    fn few(self, bytes: &[u8]) -> Self {
        let (words, rest) = bytes.as_chunks::<8>();
        let mut sum = self.0 + words.iter().map(|word| halves(u64::from_ne_bytes(*word))).sum::<u64>();
        let (four, rest) = rest.as_chunks::<4>();
        sum += four.iter().map(|four| u64::from(u32::from_ne_bytes(*four))).sum::<u64>();
        let (pair, rest) = rest.as_chunks::<2>();
        sum += pair.iter().map(|pair| u64::from(u16::from_ne_bytes(*pair))).sum::<u64>();
        if let [last] = rest {
            sum += u64::from(u16::from_ne_bytes([*last, 0]));
        }
        Self(sum)
    }

    /// Adds bytes that start in the middle of a word: the first is the low half
    /// of one.
    #[must_use]
    pub fn odd_bytes(self, bytes: &[u8]) -> Self {
        match bytes {
            [first, rest @ ..] => self.word(u16::from(*first)).bytes(rest),
            [] => self,
        }
    }

    /// Adds one 16-bit word.
    #[must_use]
    pub fn word(self, word: u16) -> Self {
        Self(self.0 + u64::from(word.to_be()))
    }

    /// Adds the pseudo-header: addresses of 4 or 16 bytes, the upper-layer
    /// length in bytes, and the upper-layer protocol number.
    #[must_use]
    #[inline(always)]
    pub fn pseudo_header(self, source: &[u8], destination: &[u8], length: u32, protocol: u8) -> Self {
        self.bytes(source).bytes(destination).word((length >> 16) as u16).word(length as u16).word(u16::from(protocol))
    }

    /// The sum itself, folded to 16 bits.
    pub fn folded(self) -> u16 {
        u16::from_be(fold(self.0))
    }

    /// The checksum to store: the complement of the sum.
    pub fn checksum(self) -> u16 {
        !self.folded()
    }

    /// As [`Sum::checksum`], with 0 sent as 0xffff, since a zero UDP checksum
    /// means "none" (RFC 768; RFC 8200 §8.1).
    pub fn udp_checksum(self) -> u16 {
        match self.checksum() {
            0 => 0xffff,
            sum => sum,
        }
    }
}

/// Bytes that are added at once: of most packets, and of those of which that would
/// be more than there are. The more they are, the more alike are the numbers of
/// blocks, which are what a processor foresees.
const LARGE: usize = 64;
const SMALL: usize = 32;

/// From the n-th byte on: a large block of zeros but for its last n bytes, which are
/// ones.
static MASKS: [u8; 2 * LARGE] = {
    let mut masks = [0; 2 * LARGE];
    let mut at = LARGE;
    while at < masks.len() {
        masks[at] = 0xff;
        at += 1;
    }
    masks
};

/// A ones'-complement sum of words of eight bytes: what it is, and how often it
/// overflowed. It takes one operation a word, and one a block.
#[derive(Default)]
struct Wide {
    sum: u64,
    overflows: u64,
}

impl Wide {
    /// Adds a block, as far as it is in the mask.
    #[inline(always)]
    fn add<const N: usize>(&mut self, block: &[u8; N], mask: &[u8; N]) {
        let (words, _) = block.as_chunks::<8>();
        let (masks, _) = mask.as_chunks::<8>();
        let mut carry = false;
        for (word, mask) in words.iter().zip(masks) {
            let word = u64::from_ne_bytes(*word) & u64::from_ne_bytes(*mask);
            // Compilers know this as an addition with carry.
            let (sum, first) = self.sum.overflowing_add(word);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            (self.sum, carry) = (sum, first | second);
        }
        self.overflows += u64::from(carry);
    }

    /// The same as a sum that has room for more.
    #[inline(always)]
    fn folded(&self) -> u64 {
        halves(self.sum) + self.overflows
    }
}

/// The sum of the two halves of eight bytes, which leaves room for many more.
#[inline(always)]
fn halves(word: u64) -> u64 {
    (word & 0xffff_ffff) + (word >> 32)
}

/// Folds a sum of words to 16 bits with end-around carry.
fn fold(sum: u64) -> u16 {
    // The first time of each two leaves a carry at most, which the second adds.
    let halved = |sum: u64| (sum >> 32) + (sum & 0xffff_ffff);
    let quartered = |sum: u64| (sum >> 16) + (sum & 0xffff);
    quartered(quartered(halved(halved(sum)))) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 1071 §3's own numbers.
    #[test]
    fn rfc_1071_example() {
        assert_eq!(Sum::default().bytes(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]).folded(), 0xddf2);
    }

    #[test]
    fn zero_udp_checksum_is_sent_as_ones() {
        assert_eq!(Sum::default().bytes(&[0xff, 0xff]).checksum(), 0);
        assert_eq!(Sum::default().bytes(&[0xff, 0xff]).udp_checksum(), 0xffff);
    }

    proptest! {
        #[test]
        fn a_sum_is_folded_until_it_fits(sum in any::<u64>(), shift in 0u32..64, ones in 0u32..64) {
            for sum in [sum >> shift, u64::MAX >> ones, u64::MAX << ones] {
                let mut folded = sum;
                while folded > 0xffff {
                    folded = (folded >> 16) + (folded & 0xffff);
                }
                prop_assert_eq!(u64::from(fold(sum)), folded);
            }
        }

        #[test]
        fn equals_the_word_by_word_definition(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let mut sum = 0u32;
            for pair in bytes.chunks(2) {
                sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
                sum = (sum >> 16) + (sum & 0xffff);
            }
            let ours = Sum::default().bytes(&bytes).folded();
            // 0 and 0xffff are the same number in ones' complement.
            prop_assert_eq!(u32::from(ours) % 0xffff, sum % 0xffff);
        }
    }
}
