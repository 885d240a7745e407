//! Writes a case from a capture as it is today.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::case::{Case, CaseError};
use super::run::{Options, Outcome, reason, run};
use super::suite::expectation_files;
use crate::capture::Reader;
use crate::dissect::{Diagnosis, Dissection, Packet};
use crate::wire::proto::Proto;

/// Captured bytes up to which they are stored as they are, beyond which their
/// digests are.
const MAX_BYTES: u64 = 256 << 10;

/// Packets up to which each has its line.
const MAX_LINES: u64 = 10_000;

/// Packets up to which each has its digest; of longer captures the first so
/// many, and the file's own digest, which covers them all.
const MAX_DIGESTS: u64 = 100_000;

/// Why no case is written.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // every field is explained by the sentence it is in
pub enum InitError {
    /// A capture that cannot be looked at.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// No file at all.
    #[error("{}: no regular file, which a stored capture is", path.display())]
    NoFile { path: PathBuf },
    /// A name that no expectation file can hold.
    #[error("{}: the name has characters that an expectation file cannot hold; rename it", path.display())]
    Name { path: PathBuf },
    /// Something is there already.
    #[error("{} is there already; 'sr6 check --update' renews what it stores", path.display())]
    Exists { path: PathBuf },
    /// What was written cannot be read, which is a mistake of this program.
    #[error(transparent)]
    Case(#[from] CaseError),
}

/// Writes a case for the capture at `path` beside it, and what it is today as
/// its goldens. The outcome is that of running it, and names the files.
///
/// # Errors
/// The capture cannot be looked at, or files are in the way.
pub fn init(path: &Path, options: &Options) -> Result<Outcome, InitError> {
    let failed = |path: &Path, source| InitError::Io { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(|e| failed(path, e))?.is_file() {
        return Err(InitError::NoFile { path: path.to_owned() });
    }
    File::open(path).map_err(|e| failed(path, e))?;
    let name = path.file_name().and_then(|name| name.to_str()).and_then(quoted);
    let name = name.ok_or_else(|| InitError::Name { path: path.to_owned() })?;
    let text = Seen::of(path).text(&name);
    for file in expectation_files(path) {
        let stem = file.with_extension("");
        let goldens = ["line", "bytes", "digest"].map(|form| PathBuf::from(format!("{}.{form}", stem.display())));
        if let Some(path) = goldens.into_iter().find(|golden| golden.exists() && !file.exists()) {
            return Err(InitError::Exists { path });
        }
        match OpenOptions::new().write(true).create_new(true).open(&file) {
            Ok(mut opened) => opened.write_all(text.as_bytes()).map_err(|e| failed(&file, e))?,
            // Of another capture of that name perhaps; this one has another to try.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !is_about(&file, path) => continue,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(InitError::Exists { path: file });
            }
            Err(error) => return Err(failed(&file, error)),
        }
        let case = Case::load(&file)?;
        return Ok(run(&case, &Options { update: true, ..*options }));
    }
    let [_, last] = expectation_files(path);
    Err(InitError::Exists { path: last })
}

/// Whether an expectation file is about this capture.
fn is_about(file: &Path, capture: &Path) -> bool {
    let same = |one: &Path| one.canonicalize().ok() == capture.canonicalize().ok();
    Case::load(file).is_ok_and(|case| same(&case.capture))
}

/// A file's name as a statement takes it; `None` where none does.
fn quoted(name: &str) -> Option<String> {
    if name.contains(char::is_control) {
        return None;
    }
    let plain = !name.starts_with(['"', '\'']) && !name.contains('#') && name.trim() == name;
    Some(if plain { name.to_owned() } else { format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")) })
}

/// What a capture is today.
#[derive(Default)]
struct Seen {
    packets: u64,
    bytes: u64,
    srv6: u64,
    findings: BTreeSet<usize>,
    breaks: Option<String>,
}

impl Seen {
    fn of(path: &Path) -> Self {
        let mut seen = Self::default();
        let mut dissection = Dissection::new();
        let read = Reader::open(path).and_then(|mut reader| {
            while let Some(frame) = reader.next_frame()? {
                dissection.refill(&frame);
                seen.add(&Packet::new(&frame, &dissection));
            }
            Ok(())
        });
        seen.breaks = read.err().map(|error| reason(path, &error));
        seen
    }

    fn add(&mut self, packet: &Packet<'_>) {
        self.packets += 1;
        self.bytes += packet.frame.data.len() as u64;
        self.srv6 += u64::from(packet.layers().iter().any(|layer| layer.proto == Proto::Srh));
        self.findings.extend(packet.findings().iter().map(|finding| finding.what as usize));
    }

    /// The expectation file.
    fn text(&self, name: &str) -> String {
        let mut text = format!(
            "# What {name} has to be, as written by 'sr6 check --init'. Take out what need not\n\
             # stay as it is, add what must be true; 'sr6 check --help' lists the statements.\n\
             capture {name}\n"
        );
        if let Some(reason) = &self.breaks {
            text += &format!("breaks {reason}\n");
        }
        text += &format!("packets == {}\n", self.packets);
        if self.srv6 > 0 {
            text += &format!("count(srh) == {}\n", self.srv6);
        }
        let ids: Vec<_> = self.findings.iter().filter_map(|index| Diagnosis::ALL.get(*index)).map(|d| d.id()).collect();
        if self.packets > 0 {
            let except = if ids.is_empty() { String::new() } else { format!(" except {}", ids.join(", ")) };
            text += &format!("no diagnostics{except}\n");
        }
        if (1..=MAX_LINES).contains(&self.packets) {
            text += "golden line\n";
        }
        text += &match self.packets {
            _ if self.bytes <= MAX_BYTES => "golden bytes\n".to_owned(),
            ..=MAX_DIGESTS => "golden digest\n".to_owned(),
            _ => format!("golden digest -Y 'frame.number <= {MAX_DIGESTS}'\n"),
        };
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_they_must_be() {
        assert_eq!(quoted("a b.pcap").as_deref(), Some("a b.pcap"));
        assert_eq!(quoted(" a#\"b\\").as_deref(), Some("\" a#\\\"b\\\\\""));
        assert_eq!(quoted("a\nb"), None);
    }
}
