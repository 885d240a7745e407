//! How bytes leave the machine.
//!
//! An [`Engine`] takes finished packets and puts them on a wire; it never
//! changes a byte of them. [`PacketEngine`] is AF_PACKET, [`Raw6Engine`] a raw
//! IPv6 socket. [`pace::run`] drives any engine by a count and a clock.
//!
//! Packets come from a [`Source`], which lends them one by one; a [`Supply`]
//! has as many sources as threads want.

mod error;
pub mod neighbour;
pub mod pace;
mod packet;
pub mod prepare;
mod raw6;
mod source;

use std::net::Ipv6Addr;

pub use error::SendError;
pub use packet::PacketEngine;
pub use raw6::Raw6Engine;
pub use source::{Source, Supply, Turns};

use crate::wire::bytes::array_at;

/// Bytes to send, by what they start with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// A whole frame, link-layer header included, to be sent as it is.
    Frame(&'a [u8]),
    /// An IPv6 packet; whoever sends it finds the link-layer header.
    Ipv6(&'a [u8]),
}

/// A way to put packets on a wire.
///
/// An engine may collect packets and hand them over in batches: a packet is
/// surely out only once [`Engine::flush`] has returned, and an error of a
/// batch may come with a later call.
pub trait Engine {
    /// Sends one packet, or queues it; the bytes it takes on the wire.
    ///
    /// # Errors
    /// When the packet cannot be sent this way, or the kernel refuses it.
    fn send(&mut self, packet: Packet<'_>) -> Result<usize, SendError>;

    /// Hands over what is queued. Engines without a queue do nothing.
    ///
    /// # Errors
    /// As [`Engine::send`], for the packets queued.
    fn flush(&mut self) -> Result<(), SendError> {
        Ok(())
    }
}

/// The destination in an IPv6 header, which must be whole; nothing else of it
/// is looked at, for a packet may be wrong on purpose.
fn destination(packet: &[u8]) -> Result<Ipv6Addr, SendError> {
    array_at::<16>(packet, 24).map(Ipv6Addr::from).ok_or(SendError::NoHeader { length: packet.len() })
}
