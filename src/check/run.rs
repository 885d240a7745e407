//! Runs a case: one way through its capture, whatever is asked about it.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::bytes;
use super::case::{Breaks, Case, CaseError, Form, Golden, What};
use super::compare::{Comparison, Difference, Verdict};
use super::difference::{self, Shown};
use super::judge;
use super::look::{Look, Seen, Tally};
use crate::capture::{Frames, ReadError, Reader};
use crate::pipeline::{self, Batch, Failed};
use crate::show::printer;

/// How cases are run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Whether goldens become what they were compared with.
    pub update: bool,
    /// Threads for one case at most; `None` for one per core.
    pub threads: Option<NonZeroUsize>,
}

/// What came of a case.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The case's name: its file's path without `.check`.
    pub name: String,
    /// The expectation file.
    pub file: PathBuf,
    /// The capture, where the expectation file could be read.
    pub capture: Option<PathBuf>,
    /// Whether all was as expected.
    pub status: Status,
    /// Packets that were read.
    pub packets: u64,
    /// Goldens and assertions that were looked at.
    pub checks: usize,
    /// What was not as expected.
    pub failures: Vec<Failure>,
    /// Goldens that were rewritten.
    pub changes: Vec<Change>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Whether all was as expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It was.
    Pass,
    /// It was not.
    Fail,
    /// The expectation file says nothing that can be checked.
    Error,
}

impl Status {
    /// Its name in outputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }
}

/// Something that was not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of check it was.
    pub kind: Kind,
    /// The line of the expectation file that asked for it, if any did.
    pub line: Option<usize>,
    /// The statement there, or what stands for it.
    pub check: String,
    /// What was not so, in one line.
    pub message: String,
    /// The difference, or packets that do not fit; possibly empty. Lines.
    pub detail: String,
}

/// What kind of check fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The expectation file itself.
    Expectations,
    /// Reading the capture.
    Capture,
    /// A stored output.
    Golden,
    /// An assertion.
    Assertion,
}

impl Kind {
    /// Its name in outputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Expectations => "expectations",
            Self::Capture => "capture",
            Self::Golden => "golden",
            Self::Assertion => "assertion",
        }
    }
}

/// A golden that was rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The file.
    pub file: PathBuf,
    /// Whether it was not there before.
    pub is_new: bool,
    /// How many lines are new; of the goldens `bytes` and `digest`, packets.
    pub added: usize,
    /// How many are gone.
    pub removed: usize,
    /// What changed, in a few words.
    pub words: String,
    /// What differs.
    pub detail: String,
}

impl Outcome {
    /// Of an expectation file that cannot be read.
    pub fn of_error(error: &CaseError) -> Self {
        let failure = Failure {
            kind: Kind::Expectations,
            line: None,
            check: "expectations".to_owned(),
            message: error.to_string(),
            detail: String::new(),
        };
        Self {
            name: error.name.clone(),
            file: error.file.clone(),
            capture: None,
            status: Status::Error,
            packets: 0,
            checks: 0,
            failures: vec![failure],
            changes: Vec::new(),
            elapsed: Duration::ZERO,
        }
    }
}

/// Runs a case.
pub fn run(case: &Case, options: &Options) -> Outcome {
    let start = Instant::now();
    let case = Arc::new(case.clone());
    let mut gathered = Gathered {
        goldens: case.goldens.iter().map(|golden| Comparison::open(&golden.file, options.update)).collect(),
        tallies: case.expectations.iter().map(|_| Tally::default()).collect(),
        kept: Frames::new(),
        packets: 0,
    };
    let mut failures = Vec::new();
    let broken = read(&case, options, &mut gathered);
    let Gathered { goldens, tallies, kept, packets } = gathered;
    failures.extend(capture_failure(&case, broken.as_ref(), packets));
    let mut changes = Vec::new();
    // What a capture that cannot be read shows is not what it must be.
    let trusted = failures.is_empty();
    // Where nothing could be read, that says it all.
    let most = if trusted || packets > 0 { usize::MAX } else { 0 };
    for (golden, comparison) in case.goldens.iter().zip(goldens).take(most) {
        if options.update && !trusted {
            failures.push(golden_failure(
                golden,
                "it is not updated from a capture that fails".to_owned(),
                Shown::default(),
            ));
            continue;
        }
        match conclude(golden, comparison, &case, options) {
            Ok(change) => changes.extend(change),
            Err(failure) => failures.push(failure),
        }
    }
    for (expectation, tally) in case.expectations.iter().zip(&tallies).take(most) {
        let find = |number, file: Option<&Path>| judge::find(&kept, number, file, packets);
        let failed = judge::verdict(expectation, tally, packets, &case.settings, find);
        failures.extend(failed.map(|(message, detail)| Failure {
            kind: Kind::Assertion,
            line: Some(expectation.line),
            check: expectation.text.clone(),
            message,
            detail,
        }));
    }
    failures.sort_by_key(|failure| failure.line);
    Outcome {
        name: case.name.clone(),
        file: case.file.clone(),
        capture: Some(case.capture.clone()),
        status: if failures.is_empty() { Status::Pass } else { Status::Fail },
        packets,
        checks: case.goldens.len() + case.expectations.len() + usize::from(case.breaks.is_some()),
        failures,
        changes,
        elapsed: start.elapsed(),
    }
}

/// What is gathered while the capture is read.
struct Gathered {
    goldens: Vec<Comparison>,
    tallies: Vec<Tally>,
    kept: Frames,
    packets: u64,
}

impl Gathered {
    fn take(&mut self, seen: &mut Seen) {
        self.packets += std::mem::take(&mut seen.packets);
        for (golden, text) in self.goldens.iter_mut().zip(&mut seen.texts) {
            golden.feed(text);
            text.clear();
        }
        for (tally, later) in self.tallies.iter_mut().zip(&mut seen.tallies) {
            tally.merge(later);
        }
        for frame in (0..seen.kept.len()).filter_map(|at| seen.kept.frame(at)) {
            self.kept.push(&frame, crate::capture::file::Resolution::NANOS);
        }
        seen.kept.clear();
    }
}

/// Reads the capture to its end, or to where it breaks: why it does.
fn read(case: &Arc<Case>, options: &Options, gathered: &mut Gathered) -> Option<String> {
    for (golden, comparison) in case.goldens.iter().zip(&mut gathered.goldens) {
        let mut out = Vec::new();
        match &golden.form {
            Form::Printed(printer) => printer.header(&mut out),
            // Where the file cannot be read, opening it says why.
            Form::Bytes | Form::Digest => drop(bytes::header(&mut out, &case.capture)),
        }
        comparison.feed(&out);
    }
    let reader = match Reader::open(&case.capture) {
        Ok(reader) => reader,
        Err(error) => return Some(reason(&case.capture, &error)),
    };
    let options =
        pipeline::Options { threads: options.threads, settings: Arc::clone(&case.settings), ..Default::default() };
    let look = Look::new(case);
    let take = |_: &Batch, seen: &mut Seen| {
        gathered.take(seen);
        Ok::<(), std::convert::Infallible>(())
    };
    match pipeline::run(reader, &options, || look.clone(), take) {
        Ok(()) => None,
        Err(Failed::Source(error)) => Some(reason(&case.capture, &error)),
        Err(Failed::Sink(never)) => match never {},
    }
}

/// Why a capture cannot be read, without the name of the file.
pub(super) fn reason(capture: &Path, error: &ReadError) -> String {
    let text = error.to_string();
    let name = format!("{}: ", capture.display());
    text.strip_prefix(&name).unwrap_or(&text).trim().replace(char::is_control, " ")
}

/// What is wrong with the capture as such.
fn capture_failure(case: &Case, broken: Option<&String>, packets: u64) -> Option<Failure> {
    let failure = |line, check: String, message: String| {
        Some(Failure { kind: Kind::Capture, line, check, message, detail: String::new() })
    };
    let file = case.capture.display();
    let check = || format!("capture {file}");
    let told = |breaks: &Breaks| format!("breaks {}", breaks.reason);
    match (broken, &case.breaks) {
        (Some(reason), Some(breaks)) if *reason == breaks.reason => None,
        (Some(reason), Some(breaks)) => failure(Some(breaks.line), told(breaks), format!("{file}: {reason}")),
        (Some(reason), None) => failure(None, check(), format!("{file}: {reason}")),
        (None, Some(breaks)) => failure(Some(breaks.line), told(breaks), format!("{file} can be read to its end")),
        (None, None) => {
            let asked = case.expectations.iter().any(|expectation| matches!(expectation.what, What::Packets(..)));
            if packets > 0 || asked {
                return None;
            }
            failure(None, check(), format!("{file} has no packets; if that is meant, write 'packets == 0'"))
        }
    }
}

fn golden_failure(golden: &Golden, message: String, shown: Shown) -> Failure {
    Failure {
        kind: Kind::Golden,
        line: Some(golden.line),
        check: golden.text.clone(),
        message: format!("{}: {message}", golden.file.display()),
        detail: shown.text,
    }
}

/// What came of a golden.
fn conclude(
    golden: &Golden,
    comparison: Comparison,
    case: &Case,
    options: &Options,
) -> Result<Option<Change>, Failure> {
    let failure = |message: String, shown| Err(golden_failure(golden, message, shown));
    let (verdict, stored) = match comparison.finish() {
        Ok(finished) => finished,
        Err(error) => return failure(format!("it cannot be written: {error}"), Shown::default()),
    };
    let change = |is_new, shown: Shown| {
        let Shown { text, words, added, removed } = shown;
        Ok(Some(Change { file: golden.file.clone(), is_new, added, removed, words, detail: text }))
    };
    match verdict {
        Verdict::Same => Ok(None),
        Verdict::Missing if stored => change(true, Shown::default()),
        Verdict::Missing => failure("there is no such file; --update writes it".to_owned(), Shown::default()),
        Verdict::Unreadable(error) => failure(error.to_string(), Shown::default()),
        Verdict::Different(difference) => {
            let shown = show(golden, &difference, case);
            if stored {
                return change(false, shown);
            }
            debug_assert!(!options.update, "an update stores what differs");
            failure(format!("it differs: {}", shown.words), shown)
        }
    }
}

fn show(golden: &Golden, difference: &Difference, case: &Case) -> Shown {
    match &golden.form {
        Form::Bytes | Form::Digest => bytes::explain(difference, &case.settings),
        Form::Printed(printer) if matches!(printer.form, printer::Form::Json(_)) => difference::json(difference),
        Form::Printed(_) => difference::unified(difference),
    }
}
