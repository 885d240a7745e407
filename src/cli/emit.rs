//! From packets to standard output, a file and a summary: what `sr6 read` and
//! `sr6 capture` have in common.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::output::Plan;
use super::{Exit, Failure, Outcome};
use crate::capture::write::rotate::Rotating;
use crate::capture::{Frame, WriteError, Writer};
use crate::dissect::{Diagnosis, Packet};
use crate::filter::Filter;
use crate::pipeline::{self, Batch, Failed, Options, Source, Work};
use crate::show::printer::Printer;
use crate::sys::signal;
use crate::wire::proto::Proto;

/// Takes what `source` has through `plan`, and the packets to `writer`.
/// Returns how many of them were written. `fail` says how the source's errors end
/// the command.
///
/// Everything from before an error is printed and written.
pub fn run<S: Source>(
    source: S,
    options: &Options,
    plan: &Plan,
    store: Option<Box<dyn Store>>,
    fail: impl Fn(S::Error) -> Failure,
) -> Outcome {
    let mut sink = Sink { store, totals: Tally::default() };
    let mut head = Vec::new();
    if let Some(printer) = &plan.printer {
        printer.header(&mut head);
        io::stdout().write_all(&head).map_err(|e| Failure::output(&e))?;
    }
    let work = || Emit {
        filter: plan.filter.clone(),
        printer: plan.printer.clone(),
        tally: plan.summary,
        keep: sink.store.is_some(),
        comments: plan.comments,
    };
    let work = work();
    let result = pipeline::run(source, options, || work.clone(), |batch, output| sink.take(batch, output));
    let Sink { store, totals } = sink;
    let failure = match result {
        Ok(()) => None,
        // What was cut by the interruption is no fault of the source.
        Err(Failed::Source(_)) if signal::caught().is_some() => None,
        Err(Failed::Source(error)) => Some(fail(error)),
        Err(Failed::Sink(error)) => return Err(error.into()),
    };
    if let Some(store) = store {
        store.finish().map_err(SinkError::Write)?;
    }
    if plan.summary {
        io::stdout().write_all(totals.summary().as_bytes()).map_err(|e| Failure::output(&e))?;
    }
    match (failure, signal::caught()) {
        (Some(failure), _) => Err(failure),
        (None, Some(libc::SIGINT)) => Ok(Exit::Interrupted),
        (None, _) => Ok(Exit::Done),
    }
}

/// Where packets are written.
pub trait Store: Send {
    /// Adds a packet.
    fn write(&mut self, frame: &Frame<'_>) -> Result<(), WriteError>;
    /// Is told that no more packets are at hand for now.
    fn batch_done(&mut self) -> Result<(), WriteError>;
    /// Completes what was written.
    fn finish(self: Box<Self>) -> Result<(), WriteError>;
}

impl Store for Writer {
    fn write(&mut self, frame: &Frame<'_>) -> Result<(), WriteError> {
        Self::write(self, frame)
    }

    fn batch_done(&mut self) -> Result<(), WriteError> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), WriteError> {
        (*self).finish().map(|_| ())
    }
}

impl Store for Rotating {
    fn write(&mut self, frame: &Frame<'_>) -> Result<(), WriteError> {
        Self::write(self, frame)
    }

    fn batch_done(&mut self) -> Result<(), WriteError> {
        self.flush()
    }

    fn finish(mut self: Box<Self>) -> Result<(), WriteError> {
        Self::finish(&mut self)
    }
}

/// A file that others follow while it grows, or a pipe.
pub struct Followed(pub Writer);

impl Store for Followed {
    fn write(&mut self, frame: &Frame<'_>) -> Result<(), WriteError> {
        self.0.write(frame)
    }

    fn batch_done(&mut self) -> Result<(), WriteError> {
        self.0.flush()
    }

    fn finish(self: Box<Self>) -> Result<(), WriteError> {
        self.0.finish().map(|_| ())
    }
}

/// What each thread does with a packet.
#[derive(Clone)]
struct Emit {
    filter: Option<Filter>,
    printer: Option<Printer>,
    tally: bool,
    keep: bool,
    comments: bool,
}

/// What became of a batch.
#[derive(Default)]
struct Output {
    text: Vec<u8>,
    /// The packets to write: each one's position, and where the comments on it
    /// end, which start where those on the one before end.
    kept: Vec<(usize, usize)>,
    /// Comments on them, a line each.
    comments: String,
    tally: Tally,
}

/// The most text to gather before it is handed on, in bytes. Only packets made
/// to be large in print get there within a batch.
const MUCH_TEXT: usize = 6 << 20;

impl Work for Emit {
    type Output = Output;

    fn wants(&mut self, packet: &Packet<'_>) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.asks_findings() || filter.matches(packet))
    }

    fn needs_findings(&self) -> bool {
        self.tally
            || self.comments
            || self.printer.as_ref().is_some_and(Printer::shows_findings)
            || self.filter.as_ref().is_some_and(Filter::asks_findings)
    }

    #[inline(always)]
    fn packet(&mut self, packet: &Packet<'_>, position: usize, output: &mut Output) {
        if self.filter.as_ref().is_some_and(|filter| filter.asks_findings() && !filter.matches(packet)) {
            return;
        }
        if let Some(printer) = &mut self.printer {
            printer.gather(&mut output.text, packet);
        }
        if self.keep {
            if self.comments {
                comment(&mut output.comments, packet);
            }
            output.kept.push((position, output.comments.len()));
        }
        if self.tally {
            output.tally.add(packet);
        }
    }

    fn end(&mut self, output: &mut Output) {
        if let Some(printer) = &mut self.printer {
            printer.rest(&mut output.text);
        }
    }

    fn is_full(&self, output: &Output) -> bool {
        output.text.len() >= MUCH_TEXT
    }
}

/// Writes down what was found about a packet, a line each.
fn comment(out: &mut String, packet: &Packet<'_>) {
    for finding in packet.findings() {
        let (severity, id) = (finding.what.severity().name(), finding.what.id());
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{severity}: {id}: {finding}");
    }
}

/// Where it all goes, in order.
struct Sink {
    store: Option<Box<dyn Store>>,
    totals: Tally,
}

impl Sink {
    fn take(&mut self, batch: &Batch, output: &mut Output) -> Result<(), SinkError> {
        if !output.text.is_empty() {
            io::stdout().write_all(&output.text).map_err(SinkError::Print)?;
            output.text.clear();
        }
        if let Some(store) = &mut self.store {
            let mut start = 0;
            for (position, end) in output.kept.drain(..) {
                if let Some(frame) = batch.frame(position) {
                    let comments = frame.comments.and(&output.comments[start..end]);
                    store.write(&Frame { comments, ..frame }).map_err(SinkError::Write)?;
                }
                start = end;
            }
            output.comments.clear();
            store.batch_done().map_err(SinkError::Write)?;
        }
        self.totals.merge(&std::mem::take(&mut output.tally));
        Ok(())
    }
}

/// Why an output takes no more.
enum SinkError {
    Print(io::Error),
    Write(WriteError),
}

impl From<SinkError> for Failure {
    fn from(error: SinkError) -> Self {
        match error {
            SinkError::Print(error) => Self::output(&error),
            SinkError::Write(WriteError::Io { source, .. }) if source.kind() == io::ErrorKind::BrokenPipe => {
                Self::output(&source)
            }
            SinkError::Write(error) => Self::input(error),
        }
    }
}

/// Counts for the summary.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Tally {
    packets: u64,
    /// Bytes on the wire.
    bytes: u64,
    /// Packets with a Segment Routing Header.
    srv6: u64,
    /// Packets with each finding, by its place in [`Diagnosis::ALL`].
    findings: [u64; Diagnosis::ALL.len()],
}

impl Default for Tally {
    fn default() -> Self {
        Self { packets: 0, bytes: 0, srv6: 0, findings: [0; Diagnosis::ALL.len()] }
    }
}

impl Tally {
    fn add(&mut self, packet: &Packet<'_>) {
        self.packets += 1;
        self.bytes += u64::from(packet.frame.original_len);
        self.srv6 += u64::from(packet.layers().iter().any(|layer| layer.proto == Proto::Srh && !layer.quoted));
        let findings = packet.findings();
        for (index, finding) in findings.iter().enumerate() {
            // A packet counts once for each kind.
            if findings[..index].iter().all(|earlier| earlier.what != finding.what) {
                self.findings[finding.what as usize] += 1;
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        self.packets += other.packets;
        self.bytes += other.bytes;
        self.srv6 += other.srv6;
        for (count, more) in self.findings.iter_mut().zip(other.findings) {
            *count += more;
        }
    }

    fn summary(&self) -> String {
        let Self { packets, bytes, srv6, findings } = self;
        let mut text = format!("{packets:>12} packets\n{bytes:>12} bytes\n{srv6:>12} packets with SRv6\n");
        for (what, count) in Diagnosis::ALL.iter().zip(findings).filter(|(_, count)| **count > 0) {
            text += &format!("{count:>12} packets with {}: {}\n", what.severity().name(), what.id());
        }
        text
    }
}
