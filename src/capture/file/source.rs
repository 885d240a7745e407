//! Where a capture file's bytes come from.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::sys::signal;
use crate::sys::socket::{Ready, wait_readable};

/// An opened file or pipe.
pub struct Source {
    /// How messages call it.
    pub name: String,
    bytes: Box<dyn Read + Send>,
    /// Whether waiting for a full chunk makes nobody wait for frames that are
    /// there already: so with files, not so with pipes.
    pub patient: bool,
    /// Whether the bytes have come to their end.
    pub ended: bool,
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
            Ok((true, file)) => Ok(Self::new(name, Box::new(file), true)),
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
        Self { name, bytes, patient, ended: false }
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
