//! Layers → bytes: lengths, next headers and checksums filled in unless given.
//!
//! A packet is a [`Stack`] of [`Layer`]s, outermost first. A layer is a
//! protocol and the fields that are *given*; whatever is not given is computed
//! from the layers around it, and whatever is given is written as it is, right
//! or wrong, through the same field definition a dissector reads it with.
//!
//! ```
//! use sr6::craft;
//!
//! let packet = craft::ip6().src("2001:db8::1".parse()?)
//!     / craft::srh().path(["2001:db8::2".parse()?, "2001:db9::1".parse()?])
//!     / craft::udp(51129, 3000)
//!     / "Hello, I'm here\n";
//! let bytes = craft::build(&packet)?;
//! assert_eq!(bytes.len(), 40 + 40 + 8 + 16);
//! // The destination is the path's first segment, Segments Left points at it.
//! assert_eq!(bytes[24..40], bytes[40 + 8 + 16..40 + 40]);
//! assert_eq!(bytes[40 + 3], 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is computed, where nothing is given:
//!
//! - next headers, protocols and Ethertypes from the layer that follows; 59
//!   ("no next header") and Ethertype 0x88b5 ("local experiment") before bytes
//!   of no protocol and before nothing at all;
//! - all lengths, Segments Left, Last Entry, and the padding of extension
//!   headers to 8 bytes (in an SRH always by PadN: Linux misreads Pad1);
//! - the IPv6 destination from the SRH that follows: the segment that Segments
//!   Left points at;
//! - checksums, over the final destination (RFC 8200 §8.1) of the packet they
//!   are in, at any depth of nesting;
//! - hop limits 64, TCP SYN with window 65535, echo requests, cooked packets
//!   "sent by us" with an address of 6 bytes; everything else 0. Whether an
//!   address was given stays visible ([`Layer::get`]), so that a sender can
//!   fill it in from the interface.
//!
//! This module never looks at how bytes are dissected, and never sends them.

mod access;
mod arg;
mod build;
mod check;
mod csid;
mod element;
mod error;
mod extension;
mod fragment;
mod frame;
mod given;
mod headend;
mod icmp;
mod internet;
mod layer;
mod link;
mod rules;
mod srh;
mod stamp;
mod tlv;
mod tunnel;
mod typed;
mod upper;
pub mod vary;

pub use arg::{Arg, ArgError, expects, is_list};
pub use build::{build, build_with_starts, link_type};
pub use element::Element;
pub use error::{CraftError, Problem};
pub use fragment::{FragmentError, fragment};
pub use headend::{Headend, HeadendError, headend};
pub use layer::{Layer, Stack};
pub use tlv::{hmac, pad1, padn, tlv};
pub use typed::*;
pub use vary::{Values, Vary};

#[cfg(test)]
mod tests;
