//! What comes in packet after packet: some fields in a row that depend on
//! nothing but a few bytes.
//!
//! Most packets of a capture have their Ethernet header, their addresses or all
//! of their SRH in common with others. A [`crate::dissect::Visitor`] can keep what
//! it made of such a run of fields, and be asked by its [`Refrain`] whether it has
//! it before it is shown the fields.

/// A run of fields that has a refrain. Some are part of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Run {
    /// The protocols of the frame.
    Protocols,
    /// A whole Ethernet header.
    Ethernet,
    /// An IPv6 header, but for its flow label and payload length, which are
    /// between the start and the rest of it.
    Ipv6,
    /// Version and traffic class of an IPv6 header.
    Ipv6Class,
    /// A whole SRH.
    Srh,
    /// The title of an SRH, and what comes before its segments.
    SrhStart,
}

impl Run {
    /// How many there are.
    pub const COUNT: usize = Self::SrhStart as usize + 1;
}

/// All that the fields of a run depend on, beyond what is the same for all
/// packets: equal refrains, equal fields. No field comes both in a run and
/// elsewhere in the same layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refrain<'a> {
    /// Which run.
    pub run: Run,
    /// A number that the fields depend on.
    pub number: u64,
    /// The bytes that they depend on. The second piece of a run has always the
    /// same length, so that the two together tell them apart.
    pub pieces: [&'a [u8]; 2],
    /// Whether these are the fields that are left of the run after others have
    /// come between. It was asked about the first ones before, and about no other
    /// run since.
    pub rest: bool,
}

impl Refrain<'_> {
    /// A number that is seldom that of another refrain.
    pub fn mixed(&self) -> u64 {
        let start = self.number ^ (self.run as u64) << 56 ^ 0x9e37_79b9_7f4a_7c15;
        self.pieces.iter().filter(|piece| !piece.is_empty()).fold(mix(start, 0), |mixed, piece| {
            let (pairs, rest) = piece.as_chunks::<16>();
            let mixed = pairs.iter().fold(mixed, |mixed, pair| {
                let pair = u128::from_ne_bytes(*pair);
                mix(mixed ^ pair as u64, (pair >> 64) as u64)
            });
            if rest.is_empty() { mixed } else { mix(mixed ^ word(rest), rest.len() as u64 ^ last_word(rest)) }
        })
    }
}

/// The first eight bytes, or all where there are not so many.
fn word(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(word) => u64::from_ne_bytes(*word),
        None => bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// The last eight bytes, where there are so many.
fn last_word(bytes: &[u8]) -> u64 {
    bytes.last_chunk().map_or(0, |word| u64::from_ne_bytes(*word))
}

/// Makes every bit depend on every bit of two words: both halves of a product.
fn mix(one: u64, other: u64) -> u64 {
    // An odd number that has no pattern.
    let product = u128::from(one) * u128::from(other ^ 0xd1b5_4a32_d192_ed03);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refrains_differ_by_each_of_their_parts() {
        let refrains = [
            (Run::Protocols, 0, [&[][..], &[]]),
            (Run::Srh, 1, [&[1; 16], &[]]),
            (Run::Srh, 2, [&[1; 16], &[]]),
            (Run::SrhStart, 1, [&[1; 16], &[]]),
            (Run::Srh, 1, [&[2; 16], &[]]),
            (Run::Srh, 1, [&[1; 15], &[]]),
            (Run::Srh, 1, [&[1; 16], &[1; 4]]),
            (Run::Srh, 1, [&[1; 16], &[2; 4]]),
        ];
        let refrains = refrains.map(|(run, number, pieces)| Refrain { run, number, pieces, rest: false });
        for (index, one) in refrains.iter().enumerate() {
            assert!(refrains[..index].iter().all(|other| other != one && other.mixed() != one.mixed()));
        }
    }
}
