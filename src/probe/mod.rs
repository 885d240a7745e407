//! Which answer is to which packet.
//!
//! A [`Book`] is told of every packet that is sent, and hears every frame that
//! comes in. Replies come back with addresses, ports and numbers exchanged;
//! ICMP errors quote the packet they are about. On its way that packet may have
//! been given another destination, other Segments Left and another hop limit,
//! or have lost its SRH or all that was around the innermost packet. So a
//! packet is known by its innermost IP source and by what follows there: ports,
//! identifiers, sequence numbers. Destinations never count (RFC 8754 §5.4).
//!
//! Packets that are the same in all that are answered in the order they were
//! sent in.
//!
//! This module opens no socket and prints nothing.

mod answer;
mod book;
mod identity;
#[cfg(test)]
mod tests;

pub use answer::{Answer, Kind, Quoted};
pub use book::{Book, Missing, Tally};
