//! What is wrong with a header's length, as a sentence.

use thiserror::Error;

/// A header needs more bytes than there are.
///
/// It reads as a sentence: "SRH: 40 bytes needed at offset 54, 12 available
/// (Hdr Ext Len says 4)".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{layer}: {needed} bytes needed at offset {offset}, {available} available{}", Source(*.says))]
pub struct LengthError {
    /// The header that does not fit, by its usual short name.
    pub layer: &'static str,
    /// Where the header starts, in bytes from the start of what was decoded.
    pub offset: usize,
    /// Bytes the header needs.
    pub needed: usize,
    /// Bytes there are from `offset` on.
    pub available: usize,
    /// The field that asked for `needed`, with its value; `None` where the
    /// header's fixed part itself does not fit.
    pub says: Option<(&'static str, u32)>,
}

/// The part in parentheses of a [`LengthError`].
struct Source(Option<(&'static str, u32)>);

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some((field, value)) => write!(f, " ({field} says {value})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_a_sentence() {
        let e = LengthError { layer: "SRH", offset: 54, needed: 40, available: 12, says: Some(("Hdr Ext Len", 4)) };
        assert_eq!(e.to_string(), "SRH: 40 bytes needed at offset 54, 12 available (Hdr Ext Len says 4)");
    }
}
