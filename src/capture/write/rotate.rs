//! A capture that goes to one file after another.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Mode, Options, WriteError, Writer};
use crate::capture::{Compression, Frame};

/// When to go on to the next file, and how many to keep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Bytes after which a file is full.
    pub bytes: Option<u64>,
    /// Time after which a file is full.
    pub time: Option<Duration>,
    /// Frames after which a file is full.
    pub frames: Option<u64>,
    /// How many files to keep; the oldest goes as a new one begins.
    pub keep: Option<usize>,
}

impl Rotation {
    /// Whether there is any reason for a second file.
    pub fn rotates(&self) -> bool {
        self.bytes.is_some() || self.time.is_some() || self.frames.is_some()
    }
}

/// Writes frames to files numbered `NAME_00001.pcap`, `NAME_00002.pcap`, ….
///
/// Each file grows in place, a buffer at a time.
pub struct Rotating {
    path: PathBuf,
    options: Options,
    rotation: Rotation,
    current: Option<(Writer, Instant)>,
    begun: u64,
    kept: VecDeque<PathBuf>,
}

impl Rotating {
    /// Writes to files named after `path`; the first begins with the first frame.
    pub fn new(path: impl Into<PathBuf>, options: &Options, rotation: Rotation) -> Self {
        let options = Options { mode: Mode::Grow, ..options.clone() };
        Self { path: path.into(), options, rotation, current: None, begun: 0, kept: VecDeque::new() }
    }

    /// Adds a frame, to a new file where the last one is full.
    ///
    /// # Errors
    /// As [`Writer::create`] and [`Writer::write`].
    pub fn write(&mut self, frame: &Frame<'_>) -> Result<(), WriteError> {
        let full = self.current.as_ref().is_some_and(|(writer, since)| {
            self.rotation.bytes.is_some_and(|most| writer.bytes() >= most)
                || self.rotation.frames.is_some_and(|most| writer.frames() >= most)
                || self.rotation.time.is_some_and(|most| since.elapsed() >= most)
        });
        if full {
            self.finish()?;
        }
        let (writer, _) = match &mut self.current {
            Some(current) => current,
            None => {
                let writer = self.begin()?;
                self.current.insert((writer, Instant::now()))
            }
        };
        writer.write(frame)
    }

    fn begin(&mut self) -> Result<Writer, WriteError> {
        self.begun += 1;
        let path = numbered(&self.path, self.begun);
        while self.rotation.keep.is_some_and(|keep| self.kept.len() >= keep.max(1)) {
            let Some(oldest) = self.kept.pop_front() else { break };
            // That somebody else has moved it away is no reason to stop.
            let _ = fs::remove_file(oldest);
        }
        let writer = Writer::create(&path, &self.options)?;
        self.kept.push_back(path);
        Ok(writer)
    }

    /// Hands over what is buffered.
    ///
    /// # Errors
    /// As [`Writer::flush`].
    pub fn flush(&mut self) -> Result<(), WriteError> {
        self.current.as_mut().map_or(Ok(()), |(writer, _)| writer.flush())
    }

    /// Completes the current file.
    ///
    /// # Errors
    /// As [`Writer::finish`].
    pub fn finish(&mut self) -> Result<(), WriteError> {
        self.current.take().map_or(Ok(()), |(writer, _)| writer.finish().map(|_| ()))
    }
}

/// `trace.pcap` and 3: `trace_00003.pcap`. `trace.pcap.gz`: `trace_00003.pcap.gz`.
fn numbered(path: &Path, number: u64) -> PathBuf {
    let (compression, inner) = Compression::by_name(path);
    let mut name = inner.file_stem().unwrap_or_default().to_owned();
    name.push(format!("_{number:05}"));
    let suffixes = [inner.extension(), compression.and(path.extension())];
    for suffix in suffixes.into_iter().flatten() {
        name.push(".");
        name.push(suffix);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Reader;
    use crate::wire::link_type::LinkType;

    #[test]
    fn numbers_stand_before_the_suffixes() {
        let name = |path: &str| numbered(Path::new(path), 3).to_string_lossy().into_owned();
        assert_eq!(name("d/trace.pcap"), "d/trace_00003.pcap");
        assert_eq!(name("trace.pcapng.zst"), "trace_00003.pcapng.zst");
        assert_eq!(name("trace"), "trace_00003");
    }

    #[test]
    fn the_oldest_files_go() {
        let directory = std::env::temp_dir().join(format!("sr6-rotate-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let rotation = Rotation { frames: Some(2), keep: Some(2), ..Rotation::default() };
        assert!(rotation.rotates() && !Rotation { keep: Some(2), ..Rotation::default() }.rotates());
        let mut files = Rotating::new(directory.join("a.pcap"), &Options::default(), rotation);
        for byte in 0..7u8 {
            files.write(&Frame::new(LinkType::RAW, &[byte])).unwrap();
        }
        files.flush().unwrap();
        files.finish().unwrap();
        let mut names: Vec<_> =
            fs::read_dir(&directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["a_00003.pcap", "a_00004.pcap"]);
        let mut last = Reader::open(directory.join("a_00004.pcap")).unwrap();
        assert_eq!(last.next_frame().unwrap().map(|frame| frame.data.to_vec()), Some(vec![6]));
        assert!(last.next_frame().unwrap().is_none());
        fs::remove_dir_all(&directory).unwrap();
    }
}
