//! Where frames come from and go to: capture files and live interfaces.
//!
//! Every source yields the same [`Frame`]; nothing here looks inside a packet.

pub mod file;
mod frame;

pub use file::{Chunk, ReadError, Reader};
pub use frame::{Comments, Frame, Timestamp};
