//! How bytes leave the machine.
//!
//! An [`Engine`] takes finished packets and puts them on a wire; it never
//! changes a byte of them. [`PacketEngine`] is AF_PACKET for one packet now and
//! then, [`BulkEngine`] AF_PACKET for many, [`AfxdpEngine`] AF_XDP,
//! [`XdpEngine`] XDP live frames, [`Raw6Engine`] a raw IPv6 socket.
//!
//! Packets come from a [`Source`], which lends them one by one; a [`Supply`]
//! has as many sources as threads want. [`run()`] takes them from there through
//! engines, by a count, a duration and a [`Pace`].

mod afxdp;
mod bulk;
mod error;
pub mod neighbour;
pub mod pace;
mod packet;
pub mod prepare;
mod raw6;
pub mod replay;
mod resolve;
mod retry;
mod run;
mod source;
mod summary;
mod varying;
mod xdp;

use std::net::Ipv6Addr;

pub use afxdp::AfxdpEngine;
pub use bulk::BulkEngine;
pub use error::SendError;
pub use pace::{Pace, Rate};
pub use packet::PacketEngine;
pub use raw6::Raw6Engine;
pub use replay::Replay;
pub use run::{Lane, Plan, Watch, run};
pub use source::{Source, Supply, Turns};
pub use summary::{Progress, Refusal, Summary};
pub use varying::Varying;
pub use xdp::{Trial, XdpEngine};

use crate::wire::bytes::array_at;

/// Bytes to send, by what they start with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// A whole frame, link-layer header included, to be sent as it is.
    Frame(&'a [u8]),
    /// An IPv6 packet; whoever sends it finds the link-layer header.
    Ipv6(&'a [u8]),
}

impl<'a> Packet<'a> {
    /// The bytes themselves.
    pub fn bytes(self) -> &'a [u8] {
        let (Self::Frame(bytes) | Self::Ipv6(bytes)) = self;
        bytes
    }
}

/// Hears what became of a packet.
pub type Told<'a> = dyn FnMut(Result<(), SendError>) + 'a;

/// A way to put packets on a wire.
///
/// Packets are first taken, as many as there is room for, and then handed over
/// together.
pub trait Engine: Send {
    /// What people call it.
    fn name(&self) -> &str;

    /// How many packets it can take before they have to be handed over.
    fn room(&self) -> usize;

    /// The same for copies of one packet, which some engines have their own way
    /// with.
    fn room_for_copies(&self) -> usize {
        self.room()
    }

    /// Takes a packet, which leaves with the next [`flush`](Self::flush); the
    /// bytes it will be on the wire.
    ///
    /// # Errors
    /// Where the packet cannot be sent this way. It is then not taken.
    fn take(&mut self, packet: Packet<'_>) -> Result<usize, SendError>;

    /// Takes that many copies of a packet; the bytes each will be on the wire.
    /// There is room for them, and nothing else was taken before.
    ///
    /// # Errors
    /// As [`take`](Self::take). None is then taken.
    fn take_copies(&mut self, packet: Packet<'_>, copies: usize) -> Result<usize, SendError> {
        let length = self.take(packet)?;
        for _ in 1..copies {
            self.take(packet)?;
        }
        Ok(length)
    }

    /// Hands over what was taken. `told` hears of each packet, in order, that
    /// it left or was refused; of no more after an error that is
    /// [lasting](SendError::is_lasting), for the packets behind it did not
    /// leave. Nothing taken is left in the end.
    fn flush(&mut self, told: &mut Told<'_>);

    /// Engines that were tried before, and why each of them does not do: one
    /// line each.
    fn fallbacks(&self) -> &[String] {
        &[]
    }

    /// Sends one packet now; the bytes it was on the wire.
    ///
    /// # Errors
    /// Where it cannot be sent this way, or the kernel refuses it.
    fn send(&mut self, packet: Packet<'_>) -> Result<usize, SendError> {
        let length = self.take(packet)?;
        let mut outcome = Ok(());
        self.flush(&mut |told| outcome = told);
        outcome.map(|()| length)
    }
}

/// The destination in an IPv6 header, which must be whole; nothing else of it
/// is looked at, for a packet may be wrong on purpose.
fn destination(packet: &[u8]) -> Result<Ipv6Addr, SendError> {
    array_at::<16>(packet, 24).map(Ipv6Addr::from).ok_or(SendError::NoHeader { length: packet.len() })
}
