//! Bytes ⇄ fields, one file per protocol.
//!
//! A protocol's file draws its header, names its fields once (the vocabulary,
//! [`field::Field`]) and offers a view that answers questions straight from
//! the bytes. Nothing here does I/O, allocates, or panics on any input: an
//! accessor returns `Option` or `Result`, never a value it did not read.

pub mod arp;
pub mod bytes;
pub mod checksum;
pub mod cooked;
pub mod data;
pub mod error;
pub mod ethernet;
pub mod field;
pub mod fragment;
pub mod frame;
pub mod icmpv4;
pub mod icmpv6;
pub mod ipv4;
pub mod ipv6;
pub mod link_type;
pub mod loopback;
pub mod names;
pub mod options;
pub mod proto;
pub mod routing;
pub mod sid;
pub mod srh;
pub mod srh_tlv;
pub mod tcp;
pub mod text;
pub mod udp;
pub mod vlan;
