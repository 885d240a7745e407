//! The system calls that no safe crate covers, and with them the only `unsafe`
//! of the crate: sockets with their options and control messages, route and
//! neighbour look-ups over netlink, signals.
//!
//! Each wrapper is small, owns its descriptors, and is safe to call with any
//! argument; nothing here decides what a packet means or talks to a user.

pub mod control;
pub mod netlink;
pub mod route;
pub mod signal;
pub mod socket;
