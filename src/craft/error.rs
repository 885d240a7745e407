//! Why a stack of layers cannot become bytes.

use thiserror::Error;

use crate::craft::ArgError;

/// A layer that cannot be built, and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("layer {number} ({layer}): {problem}")]
pub struct CraftError {
    /// The layer's place in the stack, counted from 1.
    pub number: usize,
    /// The notation's name of the layer.
    pub layer: &'static str,
    /// What is wrong, and what to do about it.
    pub problem: Problem,
}

/// What is wrong with a layer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// A value that its field cannot take.
    #[error("{0}")]
    Arg(#[from] ArgError),
    /// A field of another protocol.
    #[error("{0} is a field of another protocol")]
    ForeignField(&'static str),
    /// A computed number that its field has no room for.
    #[error("{value} {of} do not fit in {arg} (at most {most}); {hint}")]
    TooMany {
        /// The number.
        value: u64,
        /// Of what: "bytes of payload".
        of: &'static str,
        /// The notation's name of the field.
        arg: &'static str,
        /// The largest number there is room for.
        most: u64,
        /// What to do about it.
        hint: &'static str,
    },
    /// A layer that has no number in the field that announces what follows.
    #[error("{next} has no number that {arg} could announce it by; give {arg}=")]
    CannotAnnounce {
        /// The notation's name of the following layer.
        next: &'static str,
        /// The notation's name of the announcing field.
        arg: &'static str,
    },
    /// A value that differs from packet to packet, where one packet is built.
    #[error("{} differs from packet to packet; make a series of it", if .0.is_empty() { "the payload" } else { .0 })]
    Varies(&'static str),
    /// A block of compressed SIDs that is none.
    #[error("{0}: {1}")]
    Compression(&'static str, crate::srv6::csid::LocatorError),
    /// Two fields that exclude each other.
    #[error("{0} and {1} exclude each other")]
    Exclusive(&'static str, &'static str),
    /// A field without which there is nothing to build.
    #[error("needs {0}")]
    Needs(&'static str),
    /// No IP header to take the pseudo-header's addresses from.
    #[error("no {0} before it to take the checksum's addresses from; add one, or give cksum=")]
    NoAddresses(&'static str),
    /// A path of one segment cannot leave it out (RFC 8754 §4.1.1, §2.1;
    /// erratum 7081).
    #[error(
        "a path of one segment cannot be reduced: Last Entry could not say that the list is empty{}; drop reduced, {}, or give last=",
        if *.tlvs { ", and the TLVs would be read as a segment (RFC 8754 erratum 7081)" } else { "" },
        if *.tlvs { "or the TLVs and the srh" } else { "or the whole srh" }
    )]
    ReducedToNothing {
        /// Whether the header has TLVs.
        tlvs: bool,
    },
    /// The destination is not in a reduced list, so it must be given.
    #[error("needs dst=: the first segment of a reduced list is nowhere else")]
    ReducedDestination,
}
