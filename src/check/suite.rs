//! Finds cases, and runs many of them on all cores.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use super::case::Case;
use super::parse::{CAPTURE_ENDINGS, ENDING};
use super::run::{Options, Outcome, Status, run};
use crate::sys::signal;

/// The most directories below one another.
const MAX_DEPTH: usize = 64;

/// Why no cases are found.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // every field is explained by the sentence it is in
pub enum FindError {
    /// A path that cannot be looked at.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// A capture that nobody expects anything of.
    #[error("{0}: no {1} is beside it; 'sr6 check --init {0}' writes one")]
    NoExpectations(String, String),
    /// A directory without expectation files.
    #[error("{}: no expectation file (*.check) in it or below; 'sr6 check --init CAPTURE' writes one", path.display())]
    Nothing { path: PathBuf },
}

/// The expectation files that a path stands for: itself, those of a capture, or
/// all in a directory and below, in the order of their names.
///
/// # Errors
/// There are none, or it cannot be looked at.
pub fn find(path: &Path) -> Result<Vec<PathBuf>, FindError> {
    let failed = |source| FindError::Io { path: path.to_owned(), source };
    if fs::metadata(path).map_err(failed)?.is_dir() {
        let files = walk(path, &|path| path.extension().is_some_and(|ending| ending == ENDING))?;
        return if files.is_empty() { Err(FindError::Nothing { path: path.to_owned() }) } else { Ok(files) };
    }
    if path.extension().is_some_and(|ending| ending == ENDING) {
        return Ok(vec![path.to_owned()]);
    }
    let beside = expectation_files(path);
    match beside.iter().find(|file| file.is_file()) {
        Some(file) => Ok(vec![file.clone()]),
        None => {
            let name = beside[0].file_name().unwrap_or_default().to_string_lossy().into_owned();
            Err(FindError::NoExpectations(path.display().to_string(), name))
        }
    }
}

/// What the expectation file of a capture may be called: `x.check` or
/// `x.pcap.check` for `x.pcap`.
pub(super) fn expectation_files(capture: &Path) -> [PathBuf; 2] {
    let name = capture.file_name().unwrap_or_default().to_string_lossy();
    // The longest ending first: of x.pcap.gz, not only gz.
    let mut endings = CAPTURE_ENDINGS;
    endings.sort_by_key(|ending| std::cmp::Reverse(ending.len()));
    let stem = endings.iter().find_map(|ending| name.strip_suffix(ending)?.strip_suffix('.'));
    let stem = stem.filter(|stem| !stem.is_empty()).unwrap_or(&name);
    [stem, &name].map(|stem| capture.with_file_name(format!("{stem}.{ENDING}")))
}

/// The captures in a directory and below, by their names.
///
/// # Errors
/// It cannot be looked at.
pub fn captures(directory: &Path) -> Result<Vec<PathBuf>, FindError> {
    let is_capture = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        CAPTURE_ENDINGS.iter().any(|ending| name.strip_suffix(ending).is_some_and(|stem| stem.ends_with('.')))
    };
    walk(directory, &is_capture)
}

/// The files that are wanted in a directory and below, in the order of their
/// names. What is hidden is left out, and links to directories are not followed.
fn walk(directory: &Path, wanted: &dyn Fn(&Path) -> bool) -> Result<Vec<PathBuf>, FindError> {
    let mut found = Vec::new();
    let mut waiting = vec![(directory.to_owned(), 0)];
    while let Some((directory, depth)) = waiting.pop() {
        let failed = |source| FindError::Io { path: directory.clone(), source };
        for entry in fs::read_dir(&directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
            } else if kind.is_dir() {
                if depth < MAX_DEPTH {
                    waiting.push((path, depth + 1));
                }
            } else if wanted(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What came of many cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Cases that were run.
    pub cases: usize,
    /// Those of which all was as expected.
    pub passed: usize,
    /// Those of which something was not.
    pub failed: usize,
    /// Expectation files that could not be read.
    pub errors: usize,
    /// Cases that were not run, because one before them failed or because of an
    /// interruption.
    pub left: usize,
    /// Goldens that were rewritten.
    pub changed: usize,
}

/// Runs the cases of these expectation files on all cores, and hands over what
/// came of each, in the order of the files. With `fail_fast`, nothing that comes
/// after the first failure is handed over.
///
/// # Errors
/// Those of `each`, which ends the run.
pub fn run_all<E>(
    files: &[PathBuf],
    options: &Options,
    fail_fast: bool,
    mut each: impl FnMut(Outcome) -> Result<(), E>,
) -> Result<Totals, E> {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let workers = options.threads.map_or(cores, NonZeroUsize::get).min(files.len()).max(1);
    // Few cases leave cores for those with long captures.
    let options = Options { threads: NonZeroUsize::new((cores / workers).max(1)), ..*options };
    // Cases at or after this place are not wanted.
    let (next, end) = (AtomicUsize::new(0), AtomicUsize::new(files.len()));
    let mut totals = Totals::default();
    let mut failure = None;
    std::thread::scope(|scope| {
        let (outcomes, arriving) = mpsc::channel();
        for _ in 0..workers {
            let outcomes = outcomes.clone();
            let (next, end, options) = (&next, &end, &options);
            scope.spawn(move || {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= end.load(Ordering::Relaxed) || signal::caught().is_some() {
                        return;
                    }
                    let outcome = match Case::load(&files[place]) {
                        Ok(case) => run(&case, options),
                        Err(error) => Outcome::of_error(&error),
                    };
                    // A case that a signal cut short is not done.
                    if signal::caught().is_some() {
                        return;
                    }
                    if fail_fast && outcome.status != Status::Pass {
                        end.fetch_min(place + 1, Ordering::Relaxed);
                    }
                    if outcomes.send((place, outcome)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(outcomes);
        let mut early = BTreeMap::new();
        let mut place = 0;
        for (at, outcome) in arriving {
            early.insert(at, outcome);
            while let Some(outcome) = early.remove(&place) {
                if place >= end.load(Ordering::Relaxed) || failure.is_some() {
                    break;
                }
                place += 1;
                totals.add(&outcome);
                if let Err(error) = each(outcome) {
                    failure = Some(error);
                    end.store(0, Ordering::Relaxed);
                }
            }
        }
    });
    totals.left = files.len() - totals.cases;
    failure.map_or(Ok(totals), Err)
}

impl Totals {
    /// Counts a case.
    pub fn add(&mut self, outcome: &Outcome) {
        self.cases += 1;
        self.changed += outcome.changes.len();
        match outcome.status {
            Status::Pass => self.passed += 1,
            Status::Fail => self.failed += 1,
            Status::Error => self.errors += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectation_files_are_called_after_captures() {
        let names = |capture: &str| expectation_files(Path::new(capture)).map(|path| path.display().to_string());
        assert_eq!(names("a/x.pcap"), ["a/x.check", "a/x.pcap.check"]);
        assert_eq!(names("x.pcap.gz"), ["x.check", "x.pcap.gz.check"]);
        assert_eq!(names("x"), ["x.check", "x.check"]);
        assert_eq!(names("x.dump"), ["x.dump.check", "x.dump.check"]);
    }
}
