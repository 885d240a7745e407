//! Renderings of a dissected packet, each into a caller's buffer.
//!
//! Text from packets is escaped; nothing here writes to a terminal itself.

pub mod choose;
pub mod color;
pub mod columns;
pub mod ek;
pub mod hex;
pub mod json;
pub mod kept;
pub mod line;
pub mod printer;
pub mod row;
pub mod schema;
pub mod text;
pub mod time;
pub mod tree;
