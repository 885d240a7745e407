//! Why a capture file could not be read (to its end).

use std::fmt;
use std::io;

use thiserror::Error;

/// Why reading stopped. Frames before the place it names were handed out.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The operating system refused to open or to read.
    #[error("{file}: {source}")]
    Io {
        /// The file, or "standard input".
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// There is nothing in it, not even a header.
    #[error("{file}: the file is empty, which no capture file is")]
    Empty {
        /// The file, or "standard input".
        file: String,
    },
    /// It does not start like pcap or pcapng.
    #[error("{file}: not a pcap or pcapng file (it starts with {start})")]
    NotACapture {
        /// The file, or "standard input".
        file: String,
        /// Its first bytes in hex.
        start: String,
    },
    /// A version of the format whose layout is not known.
    #[error("{file}: {format} version {major}.{minor} at offset {offset} is not supported")]
    Version {
        /// The file, or "standard input".
        file: String,
        /// "pcap" or "pcapng".
        format: &'static str,
        /// Where the header starts, in bytes from the start of the file.
        offset: u64,
        /// Major version.
        major: u16,
        /// Minor version.
        minor: u16,
    },
    /// The file ends inside a record.
    #[error("{file}: {place} is cut short: {needed} bytes announced, {left} left")]
    CutShort {
        /// The file, or "standard input".
        file: String,
        /// The record that is cut.
        place: Place,
        /// Bytes the record says it has, its own header included.
        needed: u64,
        /// Bytes there are from its start on.
        left: u64,
    },
    /// A record contradicts itself or the format.
    #[error("{file}: {place} is damaged: {problem}")]
    Damaged {
        /// The file, or "standard input".
        file: String,
        /// The record in question.
        place: Place,
        /// What is wrong with it.
        problem: Problem,
    },
}

/// Where in a file something went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// What stands there.
    pub unit: Unit,
    /// Its first byte, counted from the start of the file (of what the file
    /// holds once decompressed).
    pub offset: u64,
}

/// What a capture file is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// The header a pcap file starts with.
    FileHeader,
    /// The record of a frame, with the number the frame has or would have.
    Record(u64),
    /// A pcapng block that holds no frame, with its type as far as it is there.
    Block(Option<u32>),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            Unit::FileHeader => write!(f, "the file header")?,
            Unit::Record(number) => write!(f, "record {number}")?,
            Unit::Block(Some(kind)) => write!(f, "the block of type {kind:#x}")?,
            Unit::Block(None) => write!(f, "the block")?,
        }
        write!(f, " at offset {}", self.offset)
    }
}

/// What a record gets wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Problem {
    /// More captured bytes than any capture has.
    #[error("it claims {0} captured bytes, and {max} are the most a record can have", max = super::MAX_FRAME)]
    FrameTooLong(u32),
    /// A block of a size nothing writes.
    #[error("it claims {0} bytes, and {max} are the most a block can have", max = super::MAX_BLOCK)]
    BlockTooLong(u32),
    /// A block too short for the fields every block of its type has.
    #[error("it is {length} bytes long, and its type needs at least {least}")]
    BlockTooShort {
        /// The block's length, as it says.
        length: u32,
        /// What its fixed fields need.
        least: u32,
    },
    /// The two lengths of a block differ.
    #[error("its length is {first} bytes by its first field and {last} by its last")]
    LengthMismatch {
        /// Block Total Length at the start.
        first: u32,
        /// Block Total Length at the end.
        last: u32,
    },
    /// A frame that does not fit into its block.
    #[error("it claims {captured} captured bytes in a block with room for {room}")]
    FrameOverruns {
        /// Captured length, as the block says.
        captured: u32,
        /// Bytes the block has for it.
        room: u32,
    },
    /// A frame from an interface that no block described.
    #[error("it refers to interface {interface}, and the section has described {described} so far")]
    NoSuchInterface {
        /// The interface, counted from 0.
        interface: u32,
        /// How many there are.
        described: u32,
    },
    /// More interfaces than any machine has.
    #[error("its section describes more than {max} interfaces", max = super::MAX_INTERFACES)]
    TooManyInterfaces,
    /// An interface's option that does not fit into its block.
    #[error("an option of it is longer than the block has room for")]
    OptionOverruns,
    /// A section header that gives no byte order.
    #[error("its byte-order magic {0:#010x} is none")]
    ByteOrder(u32),
    /// Bits of pcap's link type field that must be zero.
    #[error("the reserved bits of its link type field {0:#010x} are not zero")]
    LinkTypeBits(u32),
}
