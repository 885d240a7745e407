//! `--listen`: answers, as they come and in the end.

use std::io::{Write, stdout};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use clap::Args;
use serde::Serialize;

use super::Form;
use crate::capture::live::{self, Live, LiveError};
use crate::cli::value::duration;
use crate::cli::{Exit, Failure, Outcome};
use crate::probe::{Answer, Book, Kind, Missing, Tally};
use crate::sys::route::Link;
use crate::sys::signal;
use crate::transmit::{Packet, SendError, Watch};

/// Arguments about answers.
#[derive(Debug, Args)]
#[command(next_help_heading = "Answers")]
pub(super) struct Answering {
    /// Listen for answers, until each packet has one or so long after the last one was sent: 2s,
    /// 0.5; 1s where it is not given
    ///
    /// Replies are told by addresses, ports and numbers exchanged, ICMP errors by the packet they
    /// quote, however it was changed on its way. The exit code is 1 where nothing was answered.
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "1s",
        value_parser = duration)]
    pub(super) listen: Option<Duration>,
    /// Interface that answers come in by, where it is another one; any is all of them
    #[arg(long, value_name = "IF", requires = "listen")]
    pub(super) listen_on: Option<String>,
}

impl Answering {
    /// Starts to listen, on the interface that packets leave by where no other
    /// is named, and on all of them where that is the kernel's choice.
    pub fn open(&self, link: Option<&Link>, form: Form) -> Result<Listener<'static>, Failure> {
        Listener::open(self.listen_on.as_deref().or(link.map(|link| link.name.as_str())).unwrap_or("any"), form)
    }
}

/// The listening side of a run.
pub(super) struct Listener<'a> {
    book: Book<'a>,
    live: Live,
}

impl<'a> Listener<'a> {
    /// Starts to listen on an interface, and tells of answers in a form.
    pub fn open(interface: &str, form: Form) -> Result<Self, Failure> {
        // Times of receipt are the kernel's, so batches may take their time;
        // but somebody waits for what is shown.
        let options = live::Options { incoming: true, promiscuous: false, immediate: true, ..live::Options::default() };
        let live = Live::open(interface, &options).map_err(|error| match error {
            LiveError::Permission { .. } | LiveError::NotBuilt => Failure::missing(error),
            _ => Failure::input(error),
        })?;
        Ok(Self { book: Book::new(move |answer| tell(answer, form)), live })
    }

    /// Sends by `run`, which takes note of every packet with the watch it is
    /// given, while answers come in; then waits for those that are left.
    pub fn around<T>(self, wait: Duration, run: impl FnOnce(&dyn Watch) -> T) -> Result<(T, Answers), Failure> {
        let Self { book, mut live } = self;
        let stop = AtomicBool::new(false);
        let (result, heard) = std::thread::scope(|scope| {
            let listening = scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    live.next_batch(STEP, None, |frame| book.heard(&frame))?;
                }
                // What is there already counts.
                live.next_batch(Duration::ZERO, None, |frame| book.heard(&frame))?;
                live.stats()
            });
            let result = run(&book);
            let deadline = Instant::now() + wait;
            while signal::caught().is_none() {
                let left = deadline.saturating_duration_since(Instant::now());
                if book.wait(left.min(STEP)) || left.is_zero() {
                    break;
                }
            }
            stop.store(true, Ordering::Relaxed);
            (result, listening.join())
        });
        match heard {
            Ok(Ok(stats)) if stats.dropped > 0 => {
                anstream::eprintln!("sr6: {} frames that came in were lost unread", stats.dropped);
            }
            Ok(Ok(_)) => {}
            Ok(Err(error)) => anstream::eprintln!("sr6: {error}"),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        let (tally, missing) = book.close();
        Ok((result, Answers { tally, missing }))
    }
}

/// How long the threads sleep between looks at what the other does.
const STEP: Duration = Duration::from_millis(50);

/// What came of listening.
pub(super) struct Answers {
    tally: Tally,
    missing: Missing,
}

/// Answers, for the summary as an object. Times are in seconds.
#[derive(Debug, Serialize)]
pub(super) struct Object {
    answered: u64,
    unanswered: u64,
    icmp_errors: u64,
    duplicates: u64,
    rtt_min: Option<f64>,
    rtt_avg: Option<f64>,
    rtt_max: Option<f64>,
}

impl Answers {
    /// Tells of the packets that nobody answered.
    pub fn tell_missing(&self, form: Form) -> Result<(), Failure> {
        if self.missing.runs().is_empty() {
            return Ok(());
        }
        let mut out = stdout().lock();
        let written = match form {
            Form::Text => writeln!(out, "no answer to {}", self.missing),
            Form::Json => self
                .missing
                .numbers()
                .try_for_each(|number| writeln!(out, "{{\"type\":\"unanswered\",\"packet\":{}}}", number + 1)),
        };
        written.map_err(|e| Failure::output(&e))
    }

    /// For the summary's line.
    pub fn line(&self) -> String {
        let Tally { sent, answered, errors, duplicates, min, max, .. } = self.tally;
        let mut text = format!("{answered} of {sent} answered");
        if errors > 0 {
            text += &format!(", {errors} by errors");
        }
        if duplicates > 0 {
            text += &format!(", {duplicates} duplicates");
        }
        if let (Some(min), Some(mean), Some(max)) = (min, self.tally.mean(), max) {
            let ms = |time: Duration| time.as_secs_f64() * 1e3;
            text += &format!("; round trip {:.3}/{:.3}/{:.3} ms (min/avg/max)", ms(min), ms(mean), ms(max));
        }
        text
    }

    /// For the summary as an object.
    pub fn object(&self) -> Object {
        let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
        let Tally { sent, answered, errors, duplicates, min, max, .. } = self.tally;
        Object {
            answered,
            unanswered: sent.saturating_sub(answered),
            icmp_errors: errors,
            duplicates,
            rtt_min: seconds(min),
            rtt_avg: seconds(self.tally.mean()),
            rtt_max: seconds(max),
        }
    }

    /// The exit code, where sending ended with `outcome`.
    pub fn judge(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Ok(Exit::Done) if self.tally.answered == 0 => Ok(Exit::No),
            outcome => outcome,
        }
    }
}

/// An answer as an object.
#[derive(Serialize)]
struct AnswerObject<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    packet: u64,
    answer: &'static str,
    text: String,
    from: IpAddr,
    hop_limit: u8,
    length: u32,
    rtt: Option<f64>,
    duplicate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    icmp: Option<IcmpObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp_flags: Option<&'a u16>,
}

#[derive(Serialize)]
struct IcmpObject {
    version: u8,
    #[serde(rename = "type")]
    kind: u8,
    code: u8,
    pointer: Option<u32>,
    mtu: Option<u32>,
    quoted: QuotedObject,
}

#[derive(Serialize)]
struct QuotedObject {
    destination: IpAddr,
    hop_limit: u8,
    segments_left: Option<u8>,
    last_entry: Option<u8>,
}

/// Tells of an answer on standard output. A reader that is gone does not end
/// the run; the summary will meet it.
fn tell(answer: &Answer, form: Form) {
    let mut out = stdout().lock();
    let _ = match form {
        Form::Text => writeln!(out, "{}: {answer}", answer.number + 1),
        Form::Json => match serde_json::to_string(&object(answer)) {
            Ok(text) => writeln!(out, "{text}"),
            Err(error) => Err(error.into()),
        },
    };
}

fn object(answer: &Answer) -> AnswerObject<'_> {
    let (name, icmp, tcp_flags) = match &answer.kind {
        Kind::EchoReply => ("echo-reply", None, None),
        Kind::Udp { .. } => ("udp", None, None),
        Kind::Tcp { flags } => ("tcp", None, Some(flags)),
        Kind::Error { v6, kind, code, pointer, mtu, quoted } => {
            let quoted = QuotedObject {
                destination: quoted.destination,
                hop_limit: quoted.hop_limit,
                segments_left: quoted.segments.map(|(left, _)| left),
                last_entry: quoted.segments.map(|(_, last)| last),
            };
            let version = if *v6 { 6 } else { 4 };
            let icmp = IcmpObject { version, kind: *kind, code: *code, pointer: *pointer, mtu: *mtu, quoted };
            ("icmp-error", Some(icmp), None)
        }
    };
    AnswerObject {
        kind: "answer",
        packet: answer.number + 1,
        answer: name,
        text: answer.kind.to_string(),
        from: answer.from,
        hop_limit: answer.hop_limit,
        length: answer.length,
        rtt: answer.round_trip.map(|time| time.as_secs_f64()),
        duplicate: answer.duplicate,
        icmp,
        tcp_flags,
    }
}

/// Two watches as one.
pub(super) struct Both<'a>(pub &'a dyn Watch, pub Option<&'a dyn Watch>);

impl Watch for Both<'_> {
    fn taken(&self, number: u64, packet: Packet<'_>) {
        self.0.taken(number, packet);
        if let Some(other) = self.1 {
            other.taken(number, packet);
        }
    }

    fn left(&self, number: u64, time: SystemTime, outcome: &Result<usize, SendError>) {
        self.0.left(number, time, outcome);
        if let Some(other) = self.1 {
            other.left(number, time, outcome);
        }
    }
}
