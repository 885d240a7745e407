//! What is told of a run: packet by packet, while it goes on, and in the end.

use std::collections::HashMap;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::listen::{self, Answers};
use super::{Form, unsent};
use crate::cli::{Exit, Failure, Outcome};
use crate::sys::route::{self, Counters, Link};
use crate::sys::signal;
use crate::transmit::{Packet, Plan, Progress, Refusal, SendError, Summary, Watch};

/// Tells of each packet: its length (-v) and its bytes (-vv).
pub struct Told {
    /// The bytes of the packets under way, in hexadecimal.
    bytes: Option<Mutex<HashMap<u64, String>>>,
}

impl Told {
    /// `None` where nobody wants to know.
    pub fn new(verbose: u8) -> Option<Self> {
        (verbose > 0).then(|| Self { bytes: (verbose > 1).then(Mutex::default) })
    }
}

impl Watch for Told {
    fn taken(&self, number: u64, packet: Packet<'_>) {
        if let Some(bytes) = &self.bytes {
            bytes.lock().unwrap_or_else(PoisonError::into_inner).insert(number, hex::encode(packet.bytes()));
        }
    }

    fn left(&self, number: u64, _: SystemTime, outcome: &Result<usize, SendError>) {
        let number_text = number + 1;
        match outcome {
            Ok(length) => anstream::eprintln!("packet {number_text}: {length} bytes sent"),
            Err(e) => anstream::eprintln!("packet {number_text}: {e}"),
        }
        let bytes = self.bytes.as_ref().map(|bytes| bytes.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(text) = bytes.and_then(|mut bytes| bytes.remove(&number)) {
            anstream::eprintln!("{text}");
        }
    }
}

/// A line on the terminal that is written over once a second; gone when
/// dropped.
pub struct StatusLine {
    shown: bool,
    before: Progress,
}

impl StatusLine {
    pub fn new() -> Self {
        Self { shown: false, before: Progress::default() }
    }

    /// Shows how far the run is, where somebody looks.
    pub fn show(&mut self, now: &Progress, plan: &Plan) {
        if !stderr().is_terminal() {
            return;
        }
        let step = now.elapsed.saturating_sub(self.before.elapsed);
        let rates = rates(now.sent - self.before.sent, now.bytes - self.before.bytes, step);
        let of = plan.count.map(|count| format!(" of {count}")).unwrap_or_default();
        let failed = if now.failed > 0 { format!(", {} failed", now.failed) } else { String::new() };
        let seconds = now.elapsed.as_secs();
        // A terminal that is gone is nothing to complain about.
        let _ = write!(stderr(), "\r{seconds} s: {}{of} sent{failed}, {}\x1b[K", now.sent, rates.unwrap_or_default());
        (self.shown, self.before) = (true, *now);
    }
}

impl Drop for StatusLine {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

/// The interface's own count of what passed.
pub struct Device {
    link: Option<Link>,
    before: Option<Counters>,
}

impl Device {
    /// Counts before the run.
    pub fn before(link: Option<Link>) -> Self {
        let before = link.as_ref().and_then(|link| route::counters(link.index).ok());
        Self { link, before }
    }

    /// The counts now; `None` where the device is gone.
    fn now(&self) -> Option<Counters> {
        route::counters(self.link.as_ref()?.index).ok()
    }
}

/// The summary as an object.
#[derive(Serialize)]
struct Object<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    engine: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    fallbacks: &'a [String],
    sent: u64,
    bytes: u64,
    failed: u64,
    errors: Vec<ErrorCount<'a>>,
    error: Option<String>,
    interrupted: bool,
    seconds: f64,
    packets_per_second: Option<f64>,
    bits_per_second: Option<f64>,
    device: Option<DeviceObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<listen::Object>,
}

#[derive(Serialize)]
struct ErrorCount<'a> {
    errno: &'a str,
    count: u64,
}

#[derive(Serialize)]
struct DeviceObject<'a> {
    name: &'a str,
    before: Option<CountersObject>,
    after: Option<CountersObject>,
}

#[derive(Serialize)]
struct CountersObject {
    tx_packets: u64,
    tx_bytes: u64,
    tx_errors: u64,
    tx_dropped: u64,
}

impl From<Counters> for CountersObject {
    fn from(counters: Counters) -> Self {
        let Counters { tx_packets, tx_bytes, tx_errors, tx_dropped, rx_packets: _ } = counters;
        Self { tx_packets, tx_bytes, tx_errors, tx_dropped }
    }
}

/// Tells the summary, and what it means for the exit code.
pub fn finish(summary: Summary, device: &Device, answers: Option<&Answers>, form: Form) -> Outcome {
    let after = device.now();
    match form {
        Form::Text => {
            for fallback in &summary.fallbacks {
                anstream::eprintln!("{fallback}");
            }
            anstream::eprintln!("{}", line(&summary, device, after));
            if let Some(answers) = answers {
                anstream::eprintln!("{}", answers.line());
            }
        }
        Form::Json => {
            let text = serde_json::to_string(&object(&summary, device, after, answers)).map_err(Failure::no)?;
            writeln!(stdout(), "{text}").map_err(|e| Failure::output(&e))?;
        }
    }
    if let Some(failure) = summary.failure {
        return Err(Failure::input(failure));
    }
    match (summary.interrupted, summary.first_error) {
        (true, _) if signal::caught() == Some(libc::SIGINT) => Ok(Exit::Interrupted),
        (true, _) | (_, None) => Ok(Exit::Done),
        (_, Some(error)) => Err(unsent(error)),
    }
}

/// The summary as a line.
fn line(summary: &Summary, device: &Device, after: Option<Counters>) -> String {
    let Summary { sent, bytes, failed, elapsed, engine, .. } = summary;
    let reasons: Vec<_> = summary.refusals.iter().map(|Refusal { code, count }| format!("{count} {code}")).collect();
    let reasons = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
    let rates = rates(*sent, *bytes, *elapsed).map(|rates| format!(", {rates}")).unwrap_or_default();
    let counted = match (&device.link, device.before, after) {
        (Some(link), Some(before), Some(after)) => {
            let dropped = after.tx_dropped.wrapping_sub(before.tx_dropped);
            let dropped = if dropped > 0 { format!(" and {dropped} dropped") } else { String::new() };
            format!("; {} counted {} out{dropped}", link.name, after.tx_packets.wrapping_sub(before.tx_packets))
        }
        _ => String::new(),
    };
    let seconds = elapsed.as_secs_f64();
    format!("{sent} sent, {bytes} bytes, {failed} failed{reasons}, in {seconds:.3} s{rates}, by {engine}{counted}")
}

fn object<'a>(
    summary: &'a Summary,
    device: &'a Device,
    after: Option<Counters>,
    answers: Option<&Answers>,
) -> Object<'a> {
    let seconds = summary.elapsed.as_secs_f64();
    let per_second = |amount: u64| (seconds > 0.0).then_some(amount as f64 / seconds);
    Object {
        kind: "summary",
        engine: &summary.engine,
        fallbacks: &summary.fallbacks,
        sent: summary.sent,
        bytes: summary.bytes,
        failed: summary.failed,
        errors: summary.refusals.iter().map(|r| ErrorCount { errno: &r.code, count: r.count }).collect(),
        error: match (&summary.failure, &summary.first_error) {
            (Some(failure), _) => Some(failure.to_string()),
            (None, error) => error.as_ref().map(ToString::to_string),
        },
        interrupted: summary.interrupted,
        seconds,
        packets_per_second: per_second(summary.sent),
        bits_per_second: per_second(summary.bytes * 8),
        device: device.link.as_ref().map(|link| DeviceObject {
            name: &link.name,
            before: device.before.map(CountersObject::from),
            after: after.map(CountersObject::from),
        }),
        answers: answers.map(Answers::object),
    }
}

/// Packets and bits a second, for people; `None` where the time is too short
/// for that to mean anything.
fn rates(packets: u64, bytes: u64, time: Duration) -> Option<String> {
    if packets < 2 || time.is_zero() {
        return None;
    }
    let per_second = |amount: u64| amount as f64 / time.as_secs_f64();
    Some(format!("{}packets/s, {}bit/s", scaled(per_second(packets)), scaled(per_second(bytes.saturating_mul(8)))))
}

/// A number with three or four digits, a space and the letter of its scale.
fn scaled(number: f64) -> String {
    let (number, letter) = match number {
        1e9.. => (number / 1e9, "G"),
        1e6.. => (number / 1e6, "M"),
        1e3.. => (number / 1e3, "k"),
        _ => (number, ""),
    };
    let decimals = if number < 10.0 {
        2
    } else if number < 100.0 {
        1
    } else {
        0
    };
    format!("{number:.decimals$} {letter}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_scaled() {
        for (number, expected) in
            [(0.5, "0.50 "), (62.5, "62.5 "), (999.0, "999 "), (1234.0, "1.23 k"), (5.7e8, "570 M")]
        {
            assert_eq!(scaled(number), expected);
        }
        assert_eq!(rates(1, 100, Duration::from_secs(1)), None);
        assert_eq!(rates(2000, 250_000, Duration::from_secs(2)).unwrap(), "1.00 kpackets/s, 1.00 Mbit/s");
    }

    #[test]
    fn the_line_and_the_object_say_the_same() {
        let summary = Summary {
            sent: 5,
            bytes: 585,
            failed: 3,
            refusals: vec![Refusal { code: "EMSGSIZE".into(), count: 3 }],
            first_error: Some(SendError::Down { interface: "v12".into() }),
            elapsed: Duration::from_millis(80),
            interrupted: false,
            engine: "packet".into(),
            fallbacks: vec![],
            failure: None,
        };
        let device = Device { link: None, before: None };
        assert_eq!(
            line(&summary, &device, None),
            "5 sent, 585 bytes, 3 failed (3 EMSGSIZE), in 0.080 s, 62.5 packets/s, 58.5 kbit/s, by packet"
        );
        let object = serde_json::to_value(object(&summary, &device, None, None)).unwrap();
        assert_eq!(object["type"], "summary");
        assert_eq!((&object["sent"], &object["errors"][0]["errno"]), (&5.into(), &"EMSGSIZE".into()));
        assert_eq!(object["packets_per_second"], 62.5);
        assert_eq!(object["device"], serde_json::Value::Null);
    }
}
