//! How far a long file is read, on a terminal.

use std::fs::File;
use std::io::{IsTerminal, stderr, stdout};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on stderr, gone when dropped.
pub struct Progress(ProgressBar);

/// Files smaller than this are read before a bar could be looked at, in bytes.
const SMALL: u64 = 64 << 20;

impl Progress {
    /// Starts one where somebody is there to see it and nothing else is shown:
    /// stderr is a terminal, and the output goes into a file.
    pub fn start(files: &[PathBuf], written: Option<&Path>) -> Option<Self> {
        let into_file = stdout_is_file() || written.is_some_and(|path| path != Path::new("-"));
        if !stderr().is_terminal() || !into_file {
            return None;
        }
        let size =
            |path: &PathBuf| std::fs::metadata(path).ok().filter(|about| about.is_file()).map(|about| about.len());
        let total: u64 = files.iter().map(size).sum::<Option<u64>>().filter(|total| *total >= SMALL)?;
        let style =
            ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left").ok()?;
        Some(Self(ProgressBar::new(total).with_style(style)))
    }

    /// Tells how many bytes are read.
    pub fn at(&mut self, offset: u64) {
        self.0.set_position(offset);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Whether standard output is a regular file.
fn stdout_is_file() -> bool {
    let file = stdout().as_fd().try_clone_to_owned().map(File::from);
    file.and_then(|file| file.metadata()).is_ok_and(|about| about.is_file())
}
