//! The std-socket path: an SRH without building a packet.
//!
//! A [`Client`] hands the kernel a Segment Routing Header as a socket option
//! (IPV6_RTHDR, sticky) and sends plain UDP or TCP; a [`Server`] asks for the
//! Routing Headers of what arrives as control messages (IPV6_RECVRTHDR). What
//! the kernel does with either is its own business: this module reports it and
//! never helps out.

mod burst;
mod client;
mod error;
pub mod option;
mod report;
mod server;

pub use burst::Burst;
pub use client::{Client, Mode, Plan};
pub use error::SocketError;
pub use report::{Report, quoted};
pub use server::{Received, Server};

/// What carries the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A connection.
    Tcp,
}
