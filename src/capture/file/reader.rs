//! From a file's bytes to chunks of frames.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::CHUNK;
use super::chunk::Chunk;
use super::cut::{Cut, Short, Stop};
use super::error::{Place, ReadError, Unit};
use super::pcap::{BadHeader, FILE_HEADER, Pcap};
use super::pcapng::Pcapng;
use super::source::Source;
use crate::capture::Compression;
use crate::capture::frame::Frame;

/// Reads a capture file from its start to its end.
///
/// Frames come by the [`chunk`](Self::next_chunk), for threads to share, or
/// [one by one](Self::next_frame). Both give every frame that is whole before
/// they tell of damage, once; after that there are no more frames.
#[derive(Debug)]
pub struct Reader {
    source: Source,
    layout: Layout,
    /// Bytes read that belong to the next chunk.
    carry: Vec<u8>,
    /// Where in the file `carry` starts.
    offset: u64,
    /// The number the next frame will have.
    number: u64,
    /// Where in the file the next [`Piece`] starts; 0 before the first.
    ahead: u64,
    /// How many bytes of `carry` are needed for what it starts with.
    needed: usize,
    /// What to tell once the frames before it are handed out.
    failure: Option<ReadError>,
    finished: bool,
    /// What `next_frame` is in the middle of.
    current: Chunk,
    position: usize,
}

/// What kind of capture file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Classic pcap.
    Pcap,
    /// pcapng.
    Pcapng,
}

impl Format {
    /// What the name of a file to be written asks for: pcapng where it ends in
    /// `.pcapng`, before a suffix of compression; pcap otherwise.
    pub fn by_name(path: &Path) -> Self {
        let (_, inner) = Compression::by_name(path);
        let pcapng = inner.extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case("pcapng"));
        if pcapng { Self::Pcapng } else { Self::Pcap }
    }
}

#[derive(Debug)]
enum Layout {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

impl Reader {
    /// Opens the capture file at `path`, or standard input for `-`, and reads
    /// its header.
    ///
    /// # Errors
    /// Where the file cannot be opened, is no capture, or is one of a version
    /// that is not known.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ReadError> {
        let source = Source::open(path.as_ref()).map_err(|(file, source)| ReadError::Io { file, source })?;
        Self::start(source)
    }

    /// Opens the capture file at `path`, which is being written to: at its end,
    /// waits for more, until a signal is caught (see [`crate::sys::signal`]).
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn follow(path: impl AsRef<Path>) -> Result<Self, ReadError> {
        let source = Source::follow(path.as_ref()).map_err(|(file, source)| ReadError::Io { file, source })?;
        Self::start(source)
    }

    /// Reads a capture file from any source of bytes; `name` is what errors
    /// call it. Frames are handed out as soon as they are read.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn new(name: impl Into<String>, bytes: Box<dyn Read + Send>) -> Result<Self, ReadError> {
        Self::start(Source::new(name.into(), bytes, false))
    }

    pub(super) fn start(mut source: Source) -> Result<Self, ReadError> {
        // Both formats start with at least as many bytes as pcap's header has.
        let mut header = [0; FILE_HEADER];
        let file = source.name.clone();
        let io = |source| ReadError::Io { file: file.clone(), source };
        let mut filled = source.fill(&mut header).map_err(io)?;
        if let Some(compression) = Compression::recognize(&header[..filled]) {
            source = source.decompress(compression, &header[..filled]).map_err(|(_, source)| io(source))?;
            filled = source.fill(&mut header).map_err(io)?;
        }
        let start = &header[..filled];
        let pcapng = Pcapng::recognizes(start);
        let known = pcapng || start.first_chunk().is_some_and(|magic| Pcap::recognizes(*magic));
        let header_place = Place { unit: Unit::FileHeader, offset: 0 };
        if filled == 0 {
            return Err(ReadError::Empty { file });
        }
        if !known {
            return Err(ReadError::NotACapture { file, start: hex::encode(&start[..filled.min(8)]) });
        }
        if filled < FILE_HEADER {
            let (needed, left) = (FILE_HEADER as u64, filled as u64);
            return Err(ReadError::CutShort { file, place: header_place, needed, left });
        }
        let (layout, carry, offset) = if pcapng {
            (Layout::Pcapng(Pcapng::default()), header.to_vec(), 0)
        } else {
            match Pcap::new(&header) {
                Some(Ok(pcap)) => (Layout::Pcap(pcap), Vec::new(), FILE_HEADER as u64),
                Some(Err(BadHeader::Version(major, minor))) => {
                    return Err(ReadError::Version { file, format: "pcap", offset: 0, major, minor });
                }
                Some(Err(BadHeader::Problem(problem))) => {
                    return Err(ReadError::Damaged { file, place: header_place, problem });
                }
                None => return Err(ReadError::NotACapture { file, start: hex::encode(&header[..8]) }),
            }
        };
        Ok(Self {
            source,
            layout,
            carry,
            offset,
            number: 1,
            ahead: 0,
            needed: 0,
            failure: None,
            finished: false,
            current: Chunk::new(),
            position: 0,
        })
    }

    /// How errors call the file.
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// What kind of file it is.
    pub fn format(&self) -> Format {
        match self.layout {
            Layout::Pcap(_) => Format::Pcap,
            Layout::Pcapng(_) => Format::Pcapng,
        }
    }

    /// How far the file is read, in its own bytes, which may be compressed ones.
    pub fn position(&self) -> u64 {
        self.source.compressed().unwrap_or(self.offset)
    }

    /// Fills `chunk` with the next frames, at least one; false at the end of
    /// the file. From a pipe, it gives what is there rather than wait for more.
    ///
    /// # Errors
    /// Where the file cannot be read further; whole frames before that place
    /// are handed out first.
    pub fn next_chunk(&mut self, chunk: &mut Chunk) -> Result<bool, ReadError> {
        chunk.clear();
        chunk.first = self.number;
        // Who has begun with pieces goes on with them.
        while self.ahead > 0
            && let Some(mut piece) = self.next_piece()
        {
            piece.read(chunk);
            let more = self.next_chunk_from(piece, chunk)?;
            if !chunk.is_empty() || !more {
                return Ok(more);
            }
        }
        if !self.finished {
            self.fill(chunk);
            self.number += chunk.len() as u64;
        }
        match self.failure.take_if(|_| chunk.is_empty()) {
            Some(failure) => Err(failure),
            None => Ok(!chunk.is_empty()),
        }
    }

    /// The next piece of the file, to be [read](Piece::read), and then handed to
    /// [`next_chunk_from`](Self::next_chunk_from); `None` where there is none, or
    /// the file can only be read from its start to its end.
    pub fn next_piece(&mut self) -> Option<Piece> {
        if self.finished || self.source.ended {
            return None;
        }
        let file = Arc::clone(self.source.file.as_ref()?);
        let offset = if self.ahead == 0 { FILE_HEADER as u64 } else { self.ahead };
        self.ahead = offset + CHUNK as u64;
        Some(Piece { file, offset, read: Ok(0) })
    }

    /// As [`next_chunk`](Self::next_chunk), from a piece that was read into
    /// `chunk`. Pieces are to come in the order in which they were given out. A
    /// chunk may be empty where the piece ends before the frame that it is in.
    ///
    /// # Errors
    /// As [`next_chunk`](Self::next_chunk).
    pub fn next_chunk_from(&mut self, piece: Piece, chunk: &mut Chunk) -> Result<bool, ReadError> {
        chunk.clear();
        chunk.first = self.number;
        if !self.finished {
            match piece.read {
                Ok(count) => self.cut_piece(count, chunk),
                Err(source) => self.fail(ReadError::Io { file: self.source.name.clone(), source }),
            }
            self.number += chunk.len() as u64;
        }
        match self.failure.take_if(|_| chunk.is_empty()) {
            Some(failure) => Err(failure),
            None => Ok(!chunk.is_empty() || !self.finished),
        }
    }

    /// Cuts what is left of the piece before together with the `count` bytes of
    /// this one, which lie in the buffer after a gap.
    fn cut_piece(&mut self, count: usize, chunk: &mut Chunk) {
        grow(&mut chunk.buffer, GAP + CHUNK);
        self.source.ended = count < CHUNK;
        let (mut start, mut end) = (GAP, GAP + count);
        match start.checked_sub(self.carry.len()) {
            Some(before) => {
                chunk.buffer[before..start].copy_from_slice(&self.carry);
                start = before;
            }
            // A frame longer than the gap is gathered until it is there whole.
            None => {
                self.carry.extend_from_slice(&chunk.buffer[start..end]);
                if self.carry.len() < self.needed && !self.source.ended {
                    return;
                }
                chunk.buffer = std::mem::take(&mut self.carry);
                (start, end) = (0, chunk.buffer.len());
            }
        }
        let bytes = &chunk.buffer[start..end];
        let cut = match &mut self.layout {
            Layout::Pcap(pcap) => pcap.cut(bytes, start, self.number, &mut chunk.index),
            Layout::Pcapng(pcapng) => pcapng.cut(bytes, start, self.number, &mut chunk.index),
        };
        let at = start + cut.consumed;
        self.offset += cut.consumed as u64;
        if let Some(short) = self.short_of(&cut, end - at) {
            self.needed = short.needed as usize;
            self.carry.clear();
            self.carry.extend_from_slice(&chunk.buffer[at..end]);
        }
    }

    /// Reads and cuts until the chunk has frames and no use for more bytes, or
    /// until the file ends or breaks.
    fn fill(&mut self, chunk: &mut Chunk) {
        grow(&mut chunk.buffer, CHUNK.max(self.carry.len()));
        let mut filled = self.carry.len();
        chunk.buffer[..filled].copy_from_slice(&self.carry);
        self.carry.clear();
        // Bytes before this are done with.
        let mut at = 0;
        loop {
            let bytes = &chunk.buffer[at..filled];
            let number = self.number + chunk.index.entries.len() as u64;
            let cut = match &mut self.layout {
                Layout::Pcap(pcap) => pcap.cut(bytes, at, number, &mut chunk.index),
                Layout::Pcapng(pcapng) => pcapng.cut(bytes, at, number, &mut chunk.index),
            };
            at += cut.consumed;
            self.offset += cut.consumed as u64;
            let Some(short) = self.short_of(&cut, filled - at) else { return };
            if !chunk.is_empty() && (filled == chunk.buffer.len() || !self.source.patient) {
                break;
            }
            if chunk.is_empty() && at > 0 {
                chunk.buffer.copy_within(at..filled, 0);
                filled -= at;
                at = 0;
            }
            if filled == chunk.buffer.len() {
                // One record longer than the buffer. It grows by what has been
                // read, not by what is claimed.
                let grown = (2 * filled).min(short.needed as usize);
                grow(&mut chunk.buffer, grown.max(filled + 1));
            }
            match self.source.read(&mut chunk.buffer, filled) {
                Ok(count) => filled += count,
                Err(source) => {
                    let file = self.source.name.clone();
                    return self.fail(ReadError::Io { file, source });
                }
            }
        }
        self.carry.extend_from_slice(&chunk.buffer[at..filled]);
    }

    /// What more bytes would be for; `None` where there are none, or where they
    /// would not help, which is noted. `left` bytes are there but not consumed.
    fn short_of(&mut self, cut: &Cut, left: usize) -> Option<Short> {
        let file = || self.source.name.clone();
        let started = |consumed: u32| self.offset - u64::from(consumed);
        let failure = match cut.stop {
            Stop::Short(short) if !self.source.ended => return Some(short),
            Stop::Short(Short { consumed: 0, .. }) if left == 0 => {
                self.finished = true;
                return None;
            }
            Stop::Short(Short { unit, needed, consumed }) => ReadError::CutShort {
                file: file(),
                place: Place { unit, offset: started(consumed) },
                needed: u64::from(needed),
                left: u64::from(consumed) + left as u64,
            },
            Stop::Damaged { unit, problem, consumed } => {
                ReadError::Damaged { file: file(), place: Place { unit, offset: started(consumed) }, problem }
            }
            Stop::Version { major, minor } => {
                ReadError::Version { file: file(), format: "pcapng", offset: self.offset, major, minor }
            }
        };
        self.fail(failure);
        None
    }

    fn fail(&mut self, failure: ReadError) {
        self.failure = Some(failure);
        self.finished = true;
    }

    /// The next frame; `None` at the end of the file.
    ///
    /// # Errors
    /// As [`next_chunk`](Self::next_chunk).
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, ReadError> {
        if self.position >= self.current.len() {
            let mut chunk = std::mem::take(&mut self.current);
            self.position = 0;
            let more = self.next_chunk(&mut chunk);
            self.current = chunk;
            if !more? {
                return Ok(None);
            }
        }
        let position = self.position;
        self.position += 1;
        Ok(self.current.frame(position))
    }

    /// Calls `each` with every frame that is left, until it fails.
    ///
    /// # Errors
    /// The first error of `each`, or of reading.
    pub fn for_each<E>(&mut self, mut each: impl FnMut(Frame<'_>) -> Result<(), E>) -> Result<(), E>
    where
        E: From<ReadError>,
    {
        while let Some(frame) = self.next_frame()? {
            each(frame)?;
        }
        Ok(())
    }
}

/// Bytes before a piece in its buffer, for what is left of the one before it:
/// more than most frames have.
pub(super) const GAP: usize = if cfg!(fuzzing) { 64 } else { 4 << 10 };

/// A piece of a file, which a thread reads while others read theirs.
#[derive(Debug)]
pub struct Piece {
    file: Arc<File>,
    offset: u64,
    /// How many bytes came.
    read: io::Result<usize>,
}

impl Piece {
    /// Reads it into `chunk`.
    pub fn read(&mut self, chunk: &mut Chunk) {
        grow(&mut chunk.buffer, GAP + CHUNK);
        self.read = self.fill(&mut chunk.buffer[GAP..GAP + CHUNK]);
    }

    fn fill(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.file.read_at(&mut buffer[filled..], self.offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

/// Makes a buffer at least so long. The new part is zeros from the system, which
/// cost nothing until they are written to.
fn grow(buffer: &mut Vec<u8>, length: usize) {
    if buffer.len() < length {
        let mut longer = vec![0; length];
        longer[..buffer.len()].copy_from_slice(buffer);
        *buffer = longer;
    }
}
