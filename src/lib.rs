//! SRv6 on the wire: craft, send, capture, dissect and check IPv6 packets that
//! carry a Segment Routing Header (SRH, RFC 8754; IPv6 Routing Header type 4).
//!
//! A packet exists in four forms, and this crate is the set of honest roads
//! between them:
//!
//! ```text
//!    notation ──parse──▶ layers ──build──▶ bytes ──send/write──▶ wire, pcap
//!             ◀─print──         ◀─dissect─       ◀─read/capture─
//! ```
//!
//! The modules, from the ground up. A module may use only modules of a lower
//! floor, or of its own; `tests/layering.rs` holds the code to it.
//!
//! - floor 1, [`wire`]: bytes ⇄ fields, one file per protocol, and the one
//!   vocabulary of fields that every other module uses. No I/O, never panics.
//! - floor 1, [`sys`]: the system calls, and with them the only `unsafe`.
//! - floor 1, [`caret`]: errors that point at the place in a text.
//! - floor 2, [`srv6`]: what segments mean: paths, final destinations.
//! - floor 2, [`capture`]: where frames come from and go to.
//! - floor 3, [`topology`]: networks of SRv6 nodes as typed text files.
//! - floor 3, [`dissect`]: bytes → layers and diagnostics, for any bytes.
//! - floor 3, [`craft`]: layers → bytes, everything not given is computed.
//! - floor 4, [`notation`]: text ⇄ layers.
//! - floor 4, [`show`]: renderings of a dissected packet.
//! - floor 4, [`pipeline`]: frames through dissection on all cores, results in order.
//! - floor 4, [`filter`]: display filters in Wireshark's language.
//! - floor 4, [`transmit`]: how bytes leave the machine.
//! - floor 4, [`socket`]: the std-socket path: SRH by socket option.
//! - floor 4, [`simulate`]: a packet's way through a network, on paper.
//! - floor 5, [`probe`]: which answer is to which packet.
//! - floor 5, [`rebuild`]: from a packet's bytes to layers that build the same.
//! - floor 5, [`recipe`]: files of packets in notation.
//! - floor 5, [`lab`]: network namespaces with kernel SRv6.
//! - floor 5, [`diff`]: two captures, packet by packet and field by field.
//! - floor 6, [`edit`]: captured packets, changed.
//! - floor 6, [`check`]: stored captures as tests.
//! - floor 6, [`demo`]: the article's experiment, from all of the above.
//! - floor 7, `cli`: the command line, known to no other module.

pub mod capture;
pub mod caret;
pub mod check;
pub mod craft;
pub mod demo;
pub mod diff;
pub mod dissect;
pub mod edit;
pub mod filter;
pub mod lab;
pub mod notation;
pub mod pipeline;
pub mod probe;
pub mod rebuild;
pub mod recipe;
pub mod show;
pub mod simulate;
pub mod socket;
pub mod srv6;
pub mod sys;
pub mod topology;
pub mod transmit;
pub mod wire;

#[doc(hidden)]
pub mod cli;
