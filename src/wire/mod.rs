//! Bytes ⇄ fields, one file per protocol.
//!
//! A protocol's file draws its header, names its fields once (the vocabulary,
//! [`field::Field`]) and offers a view that answers questions straight from
//! the bytes. Nothing here does I/O, allocates, or panics on any input: an
//! accessor returns `Option` or `Result`, never a value it did not read.

pub mod bytes;
pub mod checksum;
pub mod error;
pub mod field;
pub mod link_type;
pub mod names;
pub mod routing;
pub mod srh;
