//! Where frames come from and go to: capture files and live interfaces.
//!
//! Every source yields the same [`Frame`]; nothing here looks inside a packet.

pub mod file;
mod frame;
pub mod live;
pub mod write;

pub use file::{Chunk, ReadError, Reader};
pub use frame::{Comments, Frame, Timestamp};
pub use live::{Filter, Live, LiveError};
pub use write::{WriteError, Writer};
