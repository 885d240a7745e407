//! Where a capture file's bytes come from.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

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
        if path.as_os_str() == "-" {
            return Ok(Self::new("standard input".to_owned(), Box::new(io::stdin()), false));
        }
        let name = path.display().to_string();
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
        match opened {
            Ok((about, file)) => Ok(Self::new(name, Box::new(file), about.is_file())),
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

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("name", &self.name).field("patient", &self.patient).finish_non_exhaustive()
    }
}
