//! Bytes ⇄ fields, one file per protocol.
//!
//! A protocol's file draws its header, names its fields once (the vocabulary,
//! [`field::Field`]) and offers a view that answers questions straight from
//! the bytes. Nothing here does I/O, allocates, or panics on any input: an
//! accessor returns `Option` or `Result`, never a value it did not read.

pub mod ah;
pub mod arp;
pub mod bytes;
pub mod chdlc;
pub mod checksum;
pub mod cooked;
pub mod data;
pub mod element;
pub mod error;
pub mod esp;
pub mod ethernet;
pub mod field;
pub mod field_map;
pub mod fragment;
pub mod frame;
pub mod geneve;
pub mod gre;
pub mod gtp;
pub mod icmp_extensions;
pub mod icmpv4;
pub mod icmpv6;
pub mod ioam;
pub mod ipv4;
pub mod ipv6;
pub mod link_type;
pub mod llc;
pub mod loopback;
pub mod mld;
pub mod mobility;
pub mod mpls;
pub mod names;
pub mod nd;
pub mod options;
pub mod padded;
pub mod phrase;
pub mod ppp;
pub mod pppoe;
pub mod proto;
pub mod routing;
pub mod sid;
pub mod srh;
pub mod srh_tlv;
pub mod stamp;
pub mod tcp;
pub mod text;
pub mod udp;
pub mod vlan;
pub mod vxlan;
