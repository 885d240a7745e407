//! Reading capture files: pcap and pcapng, from a path or standard input.
//!
//! The file is read in chunks of a few hundred kilobytes, cut at record boundaries. A
//! frame is never copied and nothing is allocated per frame; memory is that of
//! the chunks in use, whatever the file claims. Nothing here looks into a
//! frame, and no input makes it panic.

mod chunk;
mod cut;
mod error;
mod interface;
mod pcap;
mod pcapng;
mod reader;
mod source;
#[cfg(test)]
mod tests;

pub use chunk::Chunk;
pub use error::{Place, Problem, ReadError, Unit};
pub use interface::{Interface, Resolution};
pub use reader::{Format, Piece, Reader};

/// Most captured bytes of one frame: what libpcap and Wireshark accept.
pub const MAX_FRAME: u32 = 262_144;

/// Longest pcapng block that is read rather than skipped, in bytes: what
/// Wireshark accepts, room for a frame and a book of comments.
pub const MAX_BLOCK: u32 = 16 << 20;

/// Most interfaces a section may describe.
pub const MAX_INTERFACES: usize = 16_384;

/// Bytes a chunk starts out with: enough that reading it and handing it to
/// another thread costs little in comparison, little enough to stay in a core's
/// own cache until its frames are dissected. A fuzzer's files are small, and are
/// to have many.
const CHUNK: usize = if cfg!(fuzzing) { 512 } else { 256 << 10 };
