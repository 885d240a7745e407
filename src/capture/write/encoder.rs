//! Encoding frames apart from the file they are for.

use std::io::Write as _;

use super::{Layout, Unstorable, WriteError, Writer, pcap, pcapng};
use crate::capture::file::MAX_FRAME;
use crate::capture::frame::{Frame, Timestamp};

/// Turns frames of one kind into the bytes they have in a [`Writer`]'s file, so
/// that several threads can do so while one writes ([`Writer::append`]).
#[derive(Debug, Clone)]
pub struct Encoder(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Pcap { nanos: bool },
    Pcapng { interfaces: pcapng::Interfaces, snaplen: u32 },
}

impl Encoder {
    /// Appends a frame; it has the link type and the interface of the one that
    /// the encoder was made for.
    ///
    /// # Errors
    /// Where the format cannot store it, with nothing appended.
    pub fn encode(&mut self, to: &mut Vec<u8>, frame: &Frame<'_>) -> Result<(), Unstorable> {
        if frame.data.len() > MAX_FRAME as usize {
            return Err(Unstorable::Length(frame.data.len()));
        }
        match &mut self.0 {
            Kind::Pcap { nanos } => pcap::record(to, frame, pcap::seconds(frame)?, *nanos),
            Kind::Pcapng { interfaces, snaplen } => pcapng::frame(to, interfaces, frame, *snaplen)?,
        }
        Ok(())
    }
}

impl Writer {
    /// An encoder for frames like this one. `finest` is a time as fine as any of
    /// theirs.
    ///
    /// # Errors
    /// Where the file has no place for such frames, or cannot be written.
    pub fn encoder(&mut self, like: &Frame<'_>, finest: Option<Timestamp>) -> Result<Encoder, WriteError> {
        let like = Frame { time: finest, ..*like };
        let kind = match &mut self.layout {
            Layout::Pcap { .. } => Kind::Pcap { nanos: self.pcap_ready(&like)? },
            Layout::Pcapng(interfaces) => {
                // The file gets to know the interface; the frame is not for it.
                interfaces.number(&mut self.buffer, &like, self.snaplen);
                Kind::Pcapng { interfaces: interfaces.clone(), snaplen: self.snaplen }
            }
        };
        Ok(Encoder(kind))
    }

    /// Adds frames that an encoder of this writer made, so many of them. No other
    /// frames may have come in between that made times finer.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn append(&mut self, encoded: &[u8], frames: u64) -> Result<(), WriteError> {
        self.write_buffer()?;
        let result = self.output.write_all(encoded);
        self.written += encoded.len() as u64;
        self.frames += frames;
        result.map_err(|source| self.io("write", source))
    }
}

impl WriteError {
    /// That frame `number`, counted from 1, cannot be stored by `writer`.
    pub fn unstorable(writer: &Writer, number: u64, reason: Unstorable) -> Self {
        Self::Unstorable { file: writer.name().to_owned(), number, reason }
    }
}
