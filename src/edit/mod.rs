//! Captured packets, changed: what depends on a change is computed anew, what
//! was wrong on purpose stays.
//!
//! There are two roads. Changes of layers and fields ([`Change`]) go by way of
//! [`rebuild`](crate::rebuild): a packet's layers give only what the builder
//! would not compute, so once they are changed, building them brings lengths,
//! next headers, the destination of a path, and checksums over the right
//! destination up to date, and keeps what was given. Maps ([`Maps`]) of
//! addresses, ports and VLANs write into the bytes where the dissector says
//! that one of them lies, wherever that is: segment lists, tunnels, quoted
//! packets, options of neighbour discovery.
//!
//! Checksums that cannot be computed, because the capture lacks bytes or the
//! packet is a fragment, are carried along by the difference that a change
//! makes (RFC 1624). One that was wrong stays as it is, unless it is set, or
//! [`fix`](Edit::fix) asks for it.
//!
//! ```
//! use sr6::capture::Frame;
//! use sr6::dissect::{Dissection, Packet};
//! use sr6::edit::{Change, Edit, Editor};
//! use sr6::wire::link_type::LinkType;
//! use sr6::{craft, notation};
//!
//! let before = "ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/udp(dport=53)";
//! let after = "ip6(src=2001:db8::1, hlim=3)/srh(path=[2001:db8::7])/udp(dport=53)";
//! let bytes = craft::build(&notation::parse(before)?)?;
//!
//! let changes = vec![Change::set("ip6.hlim=3")?, Change::set("srh.path=[2001:db8::7]")?];
//! let mut editor = Editor::new(Edit { changes, ..Edit::default() }.into());
//! let frame = Frame::new(LinkType::RAW, &bytes);
//! let dissection = Dissection::of(&frame);
//! let mut out = Vec::new();
//! let edited = editor.edit(&Packet::new(&frame, &dissection), &mut out)?;
//! assert!(edited.is_some());
//! assert_eq!(out, craft::build(&notation::parse(after)?)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod change;
mod layers;
mod maps;
mod select;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use thiserror::Error;

pub use change::{Change, Place};
pub use maps::{MapError, Maps};
pub use select::Selector;

use crate::capture::Frame;
use crate::capture::file::MAX_FRAME;
use crate::caret::ParseError;
use crate::craft::{CraftError, vary};
use crate::dissect::{Checksum, Dissection, Layer, Packet, Unverified};
use crate::wire::link_type::LinkType;

/// What is to become of packets.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    /// Changes of layers and fields, in this order.
    pub changes: Vec<Change>,
    /// Maps of addresses, ports and VLANs, after the changes.
    pub maps: Maps,
    /// Whether checksums that are wrong become right.
    pub fix: bool,
    /// How values that vary go together: packet number 1 gets the first ones.
    pub vary: vary::Options,
}

/// A changed packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edited {
    /// Its link type.
    pub link: LinkType,
    /// How long it would have been on the wire.
    pub original_len: u32,
    /// Whether it carries an HMAC or an ICV over what was changed.
    pub unsigned: bool,
}

/// Why a change cannot be described.
#[derive(Debug, Error)]
pub enum ChangeError {
    /// A name that there is not; says which.
    #[error("{0}")]
    Name(String),
    /// The notation in it is wrong.
    #[error("{0}")]
    Notation(#[from] ParseError),
}

/// Why a packet cannot be changed so.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("packet {number}: {problem}")]
pub struct EditError {
    /// Which packet.
    pub number: u64,
    /// Why.
    pub problem: Problem,
}

/// What is wrong with a changed packet.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// It cannot be built.
    #[error("{0}")]
    Craft(#[from] CraftError),
    /// No link type says what it starts with.
    #[error("it would start with {0}, which no link type is for")]
    Link(&'static str),
    /// Nothing is left of it.
    #[error("nothing would be left of it")]
    Empty,
    /// More bytes than a capture file takes.
    #[error("it would have {0} bytes, and {MAX_FRAME} are the most that a capture file holds")]
    TooLong(usize),
}

/// Changes packets. Each thread has its own.
#[derive(Clone)]
pub struct Editor {
    edit: Arc<Edit>,
    /// Of what is neither as captured nor done.
    dissection: Box<Dissection>,
    /// The same bytes.
    between: Vec<u8>,
}

impl Editor {
    /// Makes these changes.
    pub fn new(edit: Arc<Edit>) -> Self {
        Self { edit, dissection: Box::default(), between: Vec::new() }
    }

    /// Appends the changed packet to `out`; `None`, with nothing appended,
    /// where nothing of it changes.
    ///
    /// # Errors
    /// The changes leave a packet that cannot be built.
    pub fn edit(&mut self, packet: &Packet<'_>, out: &mut Vec<u8>) -> Result<Option<Edited>, EditError> {
        let start = out.len();
        let frame = packet.frame;
        let fail = |problem| EditError { number: frame.number, problem };
        let mut edited = None;
        if !self.edit.changes.is_empty() || self.edit.fix {
            edited = layers::apply(&self.edit, packet, &mut self.dissection, out).map_err(fail)?;
        }
        if !self.edit.maps.is_empty() {
            let mapped = match edited {
                None => self.edit.maps.apply(packet, out),
                Some(before) => {
                    self.between.clear();
                    self.between.extend(out.drain(start..));
                    let frame = Frame {
                        link: before.link,
                        original_len: before.original_len,
                        ..Frame::new(before.link, &self.between)
                    };
                    self.dissection.refill_layers(&frame);
                    let mapped = self.edit.maps.apply(&Packet::new(&frame, &self.dissection), out);
                    if mapped.is_none() {
                        out.extend_from_slice(&self.between);
                    }
                    mapped
                }
            };
            edited = match (edited, mapped) {
                (Some(before), Some(unsigned)) => Some(Edited { unsigned: unsigned | before.unsigned, ..before }),
                (None, Some(unsigned)) => Some(Edited { link: frame.link, original_len: frame.original_len, unsigned }),
                (edited, None) => edited,
            };
        }
        if out.len() - start > MAX_FRAME as usize {
            return Err(fail(Problem::TooLong(out.len() - start)));
        }
        Ok(edited)
    }
}

/// Whether a checksum is to follow a change of what it covers, where that is
/// not simply computed: it is right, or nobody can say that it is not.
fn follows(packet: &Packet<'_>, layer: &Layer, status: Checksum) -> bool {
    match status {
        Checksum::Good(_) => true,
        // Bytes that no capture left out were never there: lengths lie.
        Checksum::Unverified(Unverified::Cut) => {
            layer.quoted || packet.frame.data.len() < packet.frame.original_len as usize
        }
        Checksum::Unverified(why) => !matches!(why, Unverified::Length | Unverified::Partial | Unverified::Blank),
        // What is wrong stays as it is.
        Checksum::Bad { .. } | Checksum::NotPresent | Checksum::Illegal => false,
    }
}
