//! The system calls that no safe crate covers, and with them the only `unsafe`
//! of the crate: sockets with their options and control messages, route and
//! neighbour look-ups over netlink, signals, processors, namespaces and capabilities.
//!
//! Each wrapper is small, owns its descriptors, and is safe to call with any
//! argument; nothing here decides what a packet means or talks to a user.

pub mod bpf;
pub mod capability;
pub mod control;
pub mod libpcap;
mod mapping;
pub mod mmsg;
pub mod namespace;
pub mod netlink;
pub mod packet;
pub mod privilege;
pub mod process;
pub mod processor;
pub mod route;
pub mod signal;
pub mod socket;
pub mod xsk;
