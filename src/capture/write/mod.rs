//! Writing capture files: pcap and pcapng, to a path or standard output.
//!
//! A file appears under its name only when it is complete, unless it is to be
//! followed while it grows.

mod encoder;
mod pcap;
mod pcapng;
pub mod rotate;
pub(crate) mod target;

use std::io::{self, Write};
use std::path::Path;

use thiserror::Error;

pub use self::encoder::Encoder;
use self::target::Target;
use super::compression::{Compression, Output};
use super::file::{Format, MAX_FRAME};
use super::frame::{Frame, Timestamp};
use crate::wire::link_type::LinkType;

/// How a capture file is to be written. The default: the format and the
/// compression that the file's name asks for, replacing what is there once it is complete.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The format; `None` for pcapng where the name ends in `.pcapng` (before
    /// `.gz` or `.zst`), and for pcap otherwise.
    pub format: Option<Format>,
    /// How fine pcap's timestamps are; pcapng's are nanoseconds.
    pub precision: Precision,
    /// When the file appears under its name.
    pub mode: Mode,
    /// The link type, where it is known before the first frame: the header is
    /// then written at once. A file without frames and without this is one of
    /// Ethernet.
    pub link: Option<LinkType>,
    /// The snapshot length to note; 0 for the most that a frame can have.
    pub snaplen: u32,
}

/// How fine timestamps are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// Microseconds as long as nothing is lost by it. Where this cannot be
    /// known in time (in a pipe or a growing file), nanoseconds.
    #[default]
    Lossless,
    /// Microseconds; what is finer is cut off.
    Micros,
    /// Nanoseconds.
    Nanos,
}

/// When a file appears under its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// When [`Writer::finish`] has completed it. Until then the file that was
    /// there stays, and if writing fails or ends early, nothing new is left.
    #[default]
    Replace,
    /// At once, growing a buffer at a time, or with [`Writer::flush`].
    Grow,
    /// At once, growing with every frame, for others to follow.
    GrowByFrame,
}

/// Why a capture file could not be written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The operating system refused.
    #[error("{file}: cannot {doing}: {source}")]
    Io {
        /// The file, or "standard output".
        file: String,
        /// "create it", "write" or "put it in place".
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Classic pcap has one link type for all frames.
    #[error(
        "{file}: frame {number} is of link type {second}, and a pcap file holds one link type, here {first}; write .pcapng"
    )]
    SecondLinkType {
        /// The file, or "standard output".
        file: String,
        /// The frame, counted from 1 over what was written.
        number: u64,
        /// The file's link type.
        first: LinkType,
        /// The frame's.
        second: LinkType,
    },
    /// The format has no way to store the frame.
    #[error("{file}: frame {number} cannot be stored: {reason}")]
    Unstorable {
        /// The file, or "standard output".
        file: String,
        /// The frame, counted from 1 over what was written.
        number: u64,
        /// What about it.
        reason: Unstorable,
    },
}

impl WriteError {
    /// Whether the reader of a pipe went away, which is no failure to report.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// What a format cannot store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unstorable {
    /// A moment before 1970 or too far ahead: pcap counts seconds up to 2106,
    /// pcapng nanoseconds up to 2554.
    #[error("its time {0} is out of the format's range")]
    Time(Timestamp),
    /// More bytes than readers accept.
    #[error("it has {0} bytes, and {max} are the most a record can have", max = MAX_FRAME)]
    Length(usize),
}

/// Writes frames to a capture file.
///
/// Dropped without [`finish`](Self::finish), it leaves no file behind (but for
/// a growing one, whose buffered rest is lost).
pub struct Writer {
    name: String,
    output: Output,
    layout: Layout,
    /// Encoded and not written yet.
    buffer: Vec<u8>,
    by_frame: bool,
    snaplen: u32,
    frames: u64,
    written: u64,
}

enum Layout {
    Pcap { link: Option<LinkType>, precision: Precision, nanos: bool },
    Pcapng(pcapng::Interfaces),
}

/// Bytes that are encoded before they are written.
const BUFFER: usize = 256 << 10;

impl Writer {
    /// Creates the file at `path`; `-` is standard output.
    ///
    /// # Errors
    /// Where the system refuses to.
    pub fn create(path: impl AsRef<Path>, options: &Options) -> Result<Self, WriteError> {
        let path = path.as_ref();
        if path.as_os_str() == "-" {
            return Self::new("standard output", Box::new(io::stdout()), options);
        }
        let name = path.display().to_string();
        let target = match options.mode {
            Mode::Replace => Target::replacing(path),
            Mode::Grow | Mode::GrowByFrame => Target::in_place(path),
        };
        let (compression, _) = Compression::by_name(path);
        let output = target.and_then(|target| Output::new(target, compression));
        let output = output.map_err(|source| WriteError::Io { file: name.clone(), doing: "create it", source })?;
        Self::start(name, output, options.format.unwrap_or_else(|| Format::by_name(path)), options)
    }

    /// Writes to any sink, as pcap unless told otherwise; `name` is what errors
    /// call it.
    ///
    /// # Errors
    /// Where the header cannot be written.
    pub fn new(name: impl Into<String>, sink: Box<dyn Write + Send>, options: &Options) -> Result<Self, WriteError> {
        let output = Output::Plain(Target::Stream(sink));
        Self::start(name.into(), output, options.format.unwrap_or(Format::Pcap), options)
    }

    fn start(name: String, output: Output, format: Format, options: &Options) -> Result<Self, WriteError> {
        let layout = match format {
            Format::Pcap => Layout::Pcap { link: None, precision: options.precision, nanos: false },
            Format::Pcapng => Layout::Pcapng(pcapng::Interfaces::default()),
        };
        let by_frame = options.mode == Mode::GrowByFrame;
        let snaplen = if options.snaplen == 0 { MAX_FRAME } else { options.snaplen };
        let buffer = Vec::with_capacity(if by_frame { 4096 } else { BUFFER });
        let mut writer = Self { name, output, layout, buffer, by_frame, snaplen, frames: 0, written: 0 };
        match &mut writer.layout {
            Layout::Pcap { .. } => {
                if let Some(link) = options.link {
                    writer.pcap_header(link, None);
                }
            }
            Layout::Pcapng(_) => pcapng::section_header(&mut writer.buffer),
        }
        if options.mode != Mode::Replace {
            writer.flush()?;
        }
        Ok(writer)
    }

    /// How errors call the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Frames written so far.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Bytes the file has so far, what is buffered included.
    pub fn bytes(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Adds a frame. Its comments go with it where the format has room for them
    /// (pcapng), and so does its interface; its number does not.
    ///
    /// # Errors
    /// Where the format cannot store it, which leaves the file as it was, or
    /// where it cannot be written.
    pub fn write(&mut self, frame: &Frame<'_>) -> Result<(), WriteError> {
        if frame.data.len() > MAX_FRAME as usize {
            return Err(self.unstorable(Unstorable::Length(frame.data.len())));
        }
        match &mut self.layout {
            Layout::Pcap { .. } => {
                let seconds = pcap::seconds(frame).map_err(|reason| self.unstorable(reason))?;
                let nanos = self.pcap_ready(frame)?;
                pcap::record(&mut self.buffer, frame, seconds, nanos);
            }
            Layout::Pcapng(interfaces) => {
                pcapng::frame(&mut self.buffer, interfaces, frame, self.snaplen)
                    .map_err(|reason| self.unstorable(reason))?;
            }
        }
        self.frames += 1;
        if self.by_frame {
            self.flush()
        } else if self.buffer.len() >= BUFFER {
            self.write_buffer()
        } else {
            Ok(())
        }
    }

    /// Makes sure that a pcap file is ready for `frame`: its header is there,
    /// for this link type, and its times fine enough. Whether they are
    /// nanoseconds.
    fn pcap_ready(&mut self, frame: &Frame<'_>) -> Result<bool, WriteError> {
        let Layout::Pcap { link, precision, nanos } = self.layout else { return Ok(true) };
        match link {
            None => return Ok(self.pcap_header(frame.link, frame.time)),
            Some(first) if first != frame.link => {
                return Err(WriteError::SecondLinkType {
                    file: self.name.clone(),
                    number: self.frames + 1,
                    first,
                    second: frame.link,
                });
            }
            Some(_) => {}
        }
        if nanos || precision != Precision::Lossless || !is_finer(frame.time) {
            return Ok(nanos);
        }
        self.write_buffer()?;
        if let Some(file) = self.output.unseen() {
            pcap::refine(file).map_err(|source| self.io("write", source))?;
        }
        self.layout = Layout::Pcap { link, precision, nanos: true };
        Ok(true)
    }

    /// Starts a pcap file, with `time` as the first frame's: whether its times
    /// are nanoseconds.
    fn pcap_header(&mut self, first: LinkType, time: Option<Timestamp>) -> bool {
        let Layout::Pcap { link, precision, nanos } = &mut self.layout else { return true };
        *link = Some(first);
        *nanos = match precision {
            Precision::Micros => false,
            Precision::Nanos => true,
            Precision::Lossless => self.output.unseen().is_none() || is_finer(time),
        };
        pcap::file_header(&mut self.buffer, first, self.snaplen, *nanos);
        *nanos
    }

    /// Writes what is buffered, so that others can read it.
    ///
    /// # Errors
    /// Where the system refuses to.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        self.write_buffer()?;
        self.output.flush().map_err(|source| self.io("write", source))
    }

    fn write_buffer(&mut self) -> Result<(), WriteError> {
        let result = self.output.write_all(&self.buffer);
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        result.map_err(|source| self.io("write", source))
    }

    /// Completes the file and gives it its name: how many frames it has.
    ///
    /// # Errors
    /// Where the system refuses to; then there is no new file.
    pub fn finish(mut self) -> Result<u64, WriteError> {
        if matches!(self.layout, Layout::Pcap { link: None, .. }) {
            self.pcap_header(LinkType::ETHERNET, None);
        }
        self.flush()?;
        let Self { name, output, frames, .. } = self;
        match output.publish() {
            Ok(()) => Ok(frames),
            Err(source) => Err(WriteError::Io { file: name, doing: "put it in place", source }),
        }
    }

    fn io(&self, doing: &'static str, source: io::Error) -> WriteError {
        WriteError::Io { file: self.name.clone(), doing, source }
    }

    fn unstorable(&self, reason: Unstorable) -> WriteError {
        WriteError::Unstorable { file: self.name.clone(), number: self.frames + 1, reason }
    }
}

/// Whether microseconds would lose something of it.
fn is_finer(time: Option<Timestamp>) -> bool {
    time.is_some_and(|time| time.0.rem_euclid(1000) != 0)
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("name", &self.name).field("frames", &self.frames).finish_non_exhaustive()
    }
}
