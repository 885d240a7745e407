//! Where frames come from and go to: capture files and live interfaces.
//!
//! Every source yields the same [`Frame`]; nothing here looks inside a packet.

use crate::wire::link_type::LinkType;

/// A moment, in nanoseconds since 1970-01-01T00:00:00 UTC, without leap
/// seconds. Signed and 128 bits wide, so that no file's claim overflows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i128);

/// One captured frame, as a source hands it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// When it was captured; `None` where the file does not say (pcapng SPB).
    pub time: Option<Timestamp>,
    /// What the bytes start with.
    pub link: LinkType,
    /// The bytes that were captured.
    pub data: &'a [u8],
    /// How long the frame was on the wire, in bytes.
    pub original_len: u32,
    /// Which of the source's interfaces saw it, counted from 0.
    pub interface: u32,
}
