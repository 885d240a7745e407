//! The bytes of a classic pcap file, in little-endian order. The layout is
//! drawn where it is read.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::Unstorable;
use crate::capture::frame::Frame;
use crate::wire::link_type::LinkType;

const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;
const MAGIC_MICROS: u32 = 0xa1b2_c3d4;
const MAGIC_NANOS: u32 = 0xa1b2_3c4d;

/// Appends a file header.
pub fn file_header(out: &mut Vec<u8>, link: LinkType, snaplen: u32, nanos: bool) {
    out.extend(if nanos { MAGIC_NANOS } else { MAGIC_MICROS }.to_le_bytes());
    out.extend(2u16.to_le_bytes());
    out.extend(4u16.to_le_bytes());
    out.extend([0; 8]);
    out.extend(snaplen.to_le_bytes());
    out.extend(u32::from(link.0).to_le_bytes());
}

/// The seconds of a frame's time, as far as a record can have them. A frame
/// without time gets 1970.
pub fn seconds(frame: &Frame<'_>) -> Result<u32, Unstorable> {
    let time = frame.time.unwrap_or_default();
    u32::try_from(time.seconds()).map_err(|_| Unstorable::Time(time))
}

/// Appends a frame's record.
pub fn record(out: &mut Vec<u8>, frame: &Frame<'_>, seconds: u32, nanos: bool) {
    let subsec = frame.time.unwrap_or_default().subsec_nanos();
    let fraction = if nanos { subsec } else { subsec / 1000 };
    for field in [seconds, fraction, frame.data.len() as u32, frame.original_len] {
        out.extend(field.to_le_bytes());
    }
    out.extend(frame.data);
}

/// Makes a file of microseconds one of nanoseconds.
pub fn refine(file: &File) -> io::Result<()> {
    let length = file.metadata()?.len();
    let mut at = FILE_HEADER as u64;
    while at + RECORD_HEADER as u64 <= length {
        let mut header = [0; 12];
        file.read_exact_at(&mut header, at)?;
        let field =
            |from: usize| u32::from_le_bytes([header[from], header[from + 1], header[from + 2], header[from + 3]]);
        file.write_all_at(&(field(4) * 1000).to_le_bytes(), at + 4)?;
        at += RECORD_HEADER as u64 + u64::from(field(8));
    }
    file.write_all_at(&MAGIC_NANOS.to_le_bytes(), 0)
}
