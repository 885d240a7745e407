//! What segments mean: the path a segment list spells, where it ends, and
//! which destination a checksum is over. Pure functions of headers; no I/O.

pub mod behavior;
pub mod csid;
pub mod endpoint;
pub mod hmac;
pub mod linux;
pub mod path;
