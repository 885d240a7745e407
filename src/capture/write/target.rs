//! Where a capture file's bytes go, and what becomes of them if writing ends
//! early.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// An open file or stream.
pub enum Target {
    /// A regular file that only appears under its name once it is complete.
    Replacing {
        /// The file as it is being written.
        file: File,
        /// Where it is meanwhile.
        temporary: PathBuf,
        /// Where it is to be.
        path: PathBuf,
    },
    /// A file written under its own name, for others to follow as it grows.
    InPlace(File),
    /// Anything else.
    Stream(Box<dyn Write + Send>),
}

impl Target {
    /// Opens `path` to be replaced as a whole. Symbolic links are followed;
    /// what is no regular file (a pipe, `/dev/null`) is written to directly.
    pub fn replacing(path: &Path) -> io::Result<Self> {
        let path = match fs::metadata(path) {
            Ok(about) if !about.is_file() => return Self::in_place(path),
            Ok(_) => fs::canonicalize(path)?,
            Err(_) => path.to_owned(),
        };
        let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?.to_string_lossy();
        let mut attempt = 0;
        loop {
            let temporary = path.with_file_name(format!(".{name}.{}-{attempt}.tmp", std::process::id()));
            // Readable, because the timestamps may have to be rewritten.
            match OpenOptions::new().read(true).write(true).create_new(true).open(&temporary) {
                Ok(file) => return Ok(Self::Replacing { file, temporary, path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Opens `path` and empties it.
    pub fn in_place(path: &Path) -> io::Result<Self> {
        Ok(Self::InPlace(OpenOptions::new().write(true).create(true).truncate(true).open(path)?))
    }

    /// The file, where nobody has seen it yet.
    pub fn unseen(&self) -> Option<&File> {
        match self {
            Self::Replacing { file, .. } => Some(file),
            Self::InPlace(_) | Self::Stream(_) => None,
        }
    }

    /// Gives the finished file its name.
    pub fn publish(mut self) -> io::Result<()> {
        if let Self::Replacing { temporary, path, .. } = &mut self {
            fs::rename(&temporary, path)?;
            // Nothing is left for drop to remove.
            temporary.clear();
        }
        Ok(())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Self::Replacing { temporary, .. } = self
            && !temporary.as_os_str().is_empty()
        {
            let _ = fs::remove_file(temporary);
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Replacing { file, .. } | Self::InPlace(file) => file.write(bytes),
            Self::Stream(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Replacing { file, .. } | Self::InPlace(file) => file.flush(),
            Self::Stream(stream) => stream.flush(),
        }
    }
}
