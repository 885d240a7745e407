//! Where frames come from and go to: capture files and live interfaces.
//!
//! Every source yields the same [`Frame`]; nothing here looks inside a packet.

mod frame;

pub use frame::{Comments, Frame, Timestamp};
