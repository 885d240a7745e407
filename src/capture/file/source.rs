//! Where a capture file's bytes come from.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::capture::Compression;
use crate::sys::signal;
use crate::sys::socket::{Ready, wait_readable};

/// An opened file or pipe.
pub struct Source {
    /// How messages call it.
    pub name: String,
    bytes: Box<dyn Read + Send>,
    /// The file itself, where any place of it can be read at any time.
    pub file: Option<Arc<File>>,
    /// Whether waiting for a full chunk makes nobody wait for frames that are
    /// there already: so with files, not so with pipes.
    pub patient: bool,
    /// Whether the bytes have come to their end.
    pub ended: bool,
    /// Where it is compressed: how many compressed bytes were read.
    compressed: Option<Arc<AtomicU64>>,
}

impl Source {
    /// Opens `path`; `-` is standard input.
    pub fn open(path: &Path) -> Result<Self, (String, io::Error)> {
        let (name, opened) = if path.as_os_str() == "-" {
            ("standard input".to_owned(), io::stdin().as_fd().try_clone_to_owned().map(File::from))
        } else {
            (path.display().to_string(), File::open(path))
        };
        match opened.and_then(|file| Ok((file.metadata()?.is_file(), file))) {
            // Standard input may stand in the middle of a file.
            Ok((true, file)) if path.as_os_str() == "-" => Ok(Self::new(name, Box::new(file), true)),
            Ok((true, file)) => {
                let file = Arc::new(file);
                Ok(Self { file: Some(Arc::clone(&file)), ..Self::new(name, Box::new(file), true) })
            }
            Ok((false, file)) => Ok(Self::new(name, Box::new(Pipe(file)), false)),
            Err(error) => Err((name, error)),
        }
    }

    /// Opens the file at `path`, which is being written to, and does not take
    /// its end for the end.
    pub fn follow(path: &Path) -> Result<Self, (String, io::Error)> {
        let name = path.display().to_string();
        match File::open(path) {
            Ok(file) => Ok(Self::new(name, Box::new(Growing { file, position: 0 }), false)),
            Err(error) => Err((name, error)),
        }
    }

    /// Takes any reader.
    pub fn new(name: String, bytes: Box<dyn Read + Send>, patient: bool) -> Self {
        Self { name, bytes, file: None, patient, ended: false, compressed: None }
    }

    /// Goes on with what the bytes hold, of which `start` was read already.
    pub fn decompress(self, compression: Compression, start: &[u8]) -> Result<Self, (String, io::Error)> {
        let Self { name, bytes, patient, .. } = self;
        let count = Arc::new(AtomicU64::new(0));
        let bytes = Counted { bytes: Cursor::new(start.to_vec()).chain(bytes), count: Arc::clone(&count) };
        match compression.decoder(bytes) {
            Ok(bytes) => Ok(Self { compressed: Some(count), ..Self::new(name, bytes, patient) }),
            Err(error) => Err((name, error)),
        }
    }

    /// How many compressed bytes were read; `None` where it is not compressed.
    pub fn compressed(&self) -> Option<u64> {
        self.compressed.as_ref().map(|count| count.load(Ordering::Relaxed))
    }

    /// Reads once, into what follows the first `filled` bytes of `buffer`:
    /// how many bytes came.
    pub fn read(&mut self, buffer: &mut [u8], filled: usize) -> io::Result<usize> {
        let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) else { return Ok(0) };
        loop {
            match self.bytes.read(room) {
                Ok(count) => {
                    self.ended |= count == 0;
                    return Ok(count.min(room.len()));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads until `buffer` is full or the bytes end: how many there are.
    pub fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() && !self.ended {
            filled += self.read(buffer, filled)?;
        }
        Ok(filled)
    }
}

/// Counts what is read.
struct Counted<R> {
    bytes: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// What may keep its reader waiting. A signal that is caught meanwhile is its end.
struct Pipe(File);

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match wait_readable(&self.0, None)? {
            Ready::Readable => self.0.read(buffer),
            Ready::TimedOut | Ready::Interrupted => Ok(0),
        }
    }
}

/// How often a file is looked at for having grown.
const LOOK: Duration = Duration::from_millis(100);

/// A file that others write to. Only a caught signal is its end.
struct Growing {
    file: File,
    position: u64,
}

impl Read for Growing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.file.read(buffer)?;
            self.position += count as u64;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            if self.file.metadata()?.len() < self.position {
                return Err(io::Error::other("it became shorter while it was followed"));
            }
            if !signal::sleep_until(Instant::now() + LOOK)? {
                return Ok(0);
            }
        }
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("name", &self.name).field("patient", &self.patient).finish_non_exhaustive()
    }
}
