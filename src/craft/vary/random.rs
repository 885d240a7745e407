//! Random numbers that anyone can compute again: SplitMix64 (Steele, Lea and
//! Flood, "Fast splittable pseudorandom number generators", 2014), addressed by
//! position instead of drawn one after the other.
//!
//! Output `i` of the generator seeded with `s` is the finalizer below of
//! `s + (i + 1) * GOLDEN`. The `k`-th varying value of a packet, in the order in
//! which they are written and counted from 0, has a generator of its own, seeded
//! with output `k` of the one that the user's seed starts. In packet `n` a value
//! out of `count` possible ones is the one in place `output(2n) * count >> 64`;
//! where there are more than 2^64 of them, `output(2n) << 64 | output(2n + 1)`
//! takes the place of `output(2n)`, and 128 that of 64. The chance of each value
//! is the same to within `count / 2^64` (or `/ 2^128`) of it.

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Random(u64);

impl Random {
    /// The generator of the `axis`-th varying value.
    pub fn new(seed: u64, axis: u64) -> Self {
        Self(Self(seed).output(axis))
    }

    /// Its output number `index`, from 0.
    pub fn output(self, index: u64) -> u64 {
        let mut z = self.0.wrapping_add(index.wrapping_add(1).wrapping_mul(GOLDEN));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Where packet `packet` falls among the numbers up to `most`.
    pub fn up_to(self, most: u128, packet: u64) -> u128 {
        let high = self.output(packet.wrapping_mul(2));
        match u64::try_from(most) {
            Ok(u64::MAX) => u128::from(high),
            Ok(most) => (u128::from(high) * (u128::from(most) + 1)) >> 64,
            Err(_) => {
                let low = self.output(packet.wrapping_mul(2).wrapping_add(1));
                let number = u128::from(high) << 64 | u128::from(low);
                most.checked_add(1).map_or(number, |count| high_half(number, count))
            }
        }
    }

    /// Fills bytes of packet `packet`: its outputs in big-endian order, one after
    /// the other.
    pub fn fill(self, to: &mut [u8], packet: u64) {
        let first = packet.wrapping_mul(to.len().div_ceil(8) as u64);
        for (index, place) in to.chunks_mut(8).enumerate() {
            place.copy_from_slice(&self.output(first.wrapping_add(index as u64)).to_be_bytes()[..place.len()]);
        }
    }
}

/// The upper 128 bits of a product.
fn high_half(a: u128, b: u128) -> u128 {
    let low = |x: u128| x & u128::from(u64::MAX);
    let (a1, a0, b1, b0) = (a >> 64, low(a), b >> 64, low(b));
    let middle = a1 * b0 + ((a0 * b0) >> 64);
    let (carry, rest) = (middle >> 64, low(middle));
    a1 * b1 + carry + ((a0 * b1 + rest) >> 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs of the reference implementation for seed 1234567.
    #[test]
    fn is_splitmix64() {
        let outputs: Vec<u64> = (0..3).map(|index| Random(1_234_567).output(index)).collect();
        assert_eq!(outputs, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn stays_within_and_reaches_all() {
        let random = Random::new(1, 2);
        for most in [0u128, 1, 6, 255, u128::from(u64::MAX), 1 << 64, 1 << 100, u128::MAX] {
            assert!((0..200).all(|packet| random.up_to(most, packet) <= most), "{most}");
        }
        let seen: std::collections::BTreeSet<u128> = (0..200).map(|packet| random.up_to(6, packet)).collect();
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn wide_products() {
        assert_eq!(high_half(u128::MAX, u128::MAX), u128::MAX - 1);
        assert_eq!(high_half(1 << 127, 6), 3);
        assert_eq!(high_half(u128::MAX, 1), 0);
        assert_eq!(high_half(0xffff_ffff_ffff_ffff_0000_0000_0000_0001, 0x1_0000_0000_0000_0001), 1 << 64);
    }

    #[test]
    fn bytes_do_not_repeat_from_packet_to_packet() {
        let random = Random::new(0, 0);
        let (mut a, mut b) = ([0; 20], [0; 20]);
        random.fill(&mut a, 0);
        random.fill(&mut b, 1);
        assert_ne!(a, b);
        random.fill(&mut b, 0);
        assert_eq!(a, b);
    }
}
