//! Compressed capture files: gzip (RFC 1952) and Zstandard (RFC 8878), by the
//! libraries made for them. What is read is recognised by its first bytes, what
//! is written by the file's name.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::write::target::Target;

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// gzip, of any number of members.
    Gzip,
    /// Zstandard, of any number of frames.
    Zstd,
}

impl Compression {
    /// What the first bytes of a file say.
    pub fn recognize(start: &[u8]) -> Option<Self> {
        match start {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            // A skippable frame: tools put one first to tell sizes (pzstd).
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    /// What the name of a file asks for, and the name without that suffix:
    /// `trace.pcapng.gz` is gzip around `trace.pcapng`.
    pub fn by_name(path: &Path) -> (Option<Self>, PathBuf) {
        let suffix = path.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default().to_ascii_lowercase();
        let compression = match suffix.as_str() {
            "gz" => Some(Self::Gzip),
            "zst" => Some(Self::Zstd),
            _ => None,
        };
        let inner = if compression.is_some() { path.with_extension("") } else { path.to_owned() };
        (compression, inner)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "Zstandard",
        }
    }

    /// Reads what `bytes` hold.
    ///
    /// # Errors
    /// Where there is no memory for the decoder.
    pub(super) fn decoder(self, bytes: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
        let inner: Box<dyn Read + Send> = match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(bytes)),
            Self::Zstd => Box::new(zstd::Decoder::new(bytes)?),
        };
        Ok(Box::new(Decoder { compression: self, inner }))
    }
}

/// A decoder whose errors say what they are about.
struct Decoder {
    compression: Compression,
    inner: Box<dyn Read + Send>,
}

impl Read for Decoder {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| {
            let name = self.compression.name();
            let what = match error.kind() {
                io::ErrorKind::UnexpectedEof => format!("the {name} data is cut short"),
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
                    format!("the {name} data is damaged: {error}")
                }
                _ => return error,
            };
            io::Error::new(error.kind(), what)
        })
    }
}

/// A target, and what is between it and the writer.
pub(super) enum Output {
    /// Nothing.
    Plain(Target),
    /// gzip, at its usual level.
    Gzip(GzEncoder<Target>),
    /// Zstandard, at its usual level.
    Zstd(zstd::Encoder<'static, Target>),
}

impl Output {
    /// Compresses what goes to `target`, or does not.
    ///
    /// # Errors
    /// Where there is no memory for the encoder.
    pub fn new(target: Target, compression: Option<Compression>) -> io::Result<Self> {
        Ok(match compression {
            None => Self::Plain(target),
            Some(Compression::Gzip) => Self::Gzip(GzEncoder::new(target, flate2::Compression::default())),
            Some(Compression::Zstd) => Self::Zstd(zstd::Encoder::new(target, zstd::DEFAULT_COMPRESSION_LEVEL)?),
        })
    }

    /// The file, where what was written can still be changed: nobody has seen
    /// it, and it is not compressed.
    pub fn unseen(&self) -> Option<&File> {
        match self {
            Self::Plain(target) => target.unseen(),
            Self::Gzip(_) | Self::Zstd(_) => None,
        }
    }

    /// Ends the compressed data and gives the file its name.
    ///
    /// # Errors
    /// Where the system refuses to.
    pub fn publish(self) -> io::Result<()> {
        let mut target = match self {
            Self::Plain(target) => target,
            Self::Gzip(encoder) => encoder.finish()?,
            Self::Zstd(encoder) => encoder.finish()?,
        };
        target.flush()?;
        target.publish()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(target) => target.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(target) => target.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_inside() {
        let by_name = |name: &str| Compression::by_name(Path::new(name));
        assert_eq!(by_name("a/trace.pcapng.gz"), (Some(Compression::Gzip), "a/trace.pcapng".into()));
        assert_eq!(by_name("trace.ZST"), (Some(Compression::Zstd), "trace".into()));
        assert_eq!(by_name("trace.pcap"), (None, "trace.pcap".into()));
        assert_eq!(by_name(".gz"), (None, ".gz".into()));
    }

    #[test]
    fn damage_is_named() {
        for (start, name) in [(&[0x1f, 0x8b, 8, 0][..], "gzip"), (&[0x28, 0xb5, 0x2f, 0xfd], "Zstandard")] {
            let compression = Compression::recognize(start).unwrap();
            let mut bytes = start.to_vec();
            let cut = compression.decoder(io::Cursor::new(bytes.clone())).unwrap().read(&mut [0; 9]).unwrap_err();
            assert_eq!(cut.to_string(), format!("the {name} data is cut short"));
            bytes.extend([0xff; 64]);
            let bad = compression.decoder(io::Cursor::new(bytes)).unwrap().read(&mut [0; 9]).unwrap_err();
            assert!(bad.to_string().starts_with(&format!("the {name} data is damaged: ")), "{bad}");
        }
    }
}
