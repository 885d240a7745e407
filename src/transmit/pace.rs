//! When packets leave: a count, and a clock of absolute deadlines that does
//! not drift with the time a send takes.

use std::time::{Duration, Instant};

use super::{Engine, Packet, SendError};
use crate::sys::signal;

/// How many packets, and how far apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How many; `None`: until a signal is caught.
    pub count: Option<u64>,
    /// From the start of one packet to the start of the next; zero is as fast
    /// as the engine goes.
    pub interval: Duration,
}

/// Where the packets come from.
pub trait Packets {
    /// The packet of an index, counted from 0.
    fn packet(&mut self, index: u64) -> Packet<'_>;
}

/// One packet after the other, from the start again after the last. An empty
/// list yields empty frames.
impl Packets for &[Packet<'_>] {
    fn packet(&mut self, index: u64) -> Packet<'_> {
        let at = index % (self.len() as u64).max(1);
        self.get(at as usize).copied().unwrap_or(Packet::Frame(&[]))
    }
}

/// What a run came to.
#[derive(Debug, Default)]
pub struct Summary {
    /// Packets that the engine took.
    pub sent: u64,
    /// Their bytes on the wire, link-layer headers included where the engine
    /// makes them.
    pub bytes: u64,
    /// Packets that failed.
    pub errors: u64,
    /// Why the first of them failed.
    pub first_error: Option<SendError>,
    /// From the first packet to the last.
    pub elapsed: Duration,
    /// A signal ended the run before its count.
    pub interrupted: bool,
}

impl Summary {
    fn count(&mut self, outcome: Result<usize, SendError>) {
        match outcome {
            Ok(bytes) => {
                self.sent += 1;
                self.bytes += bytes as u64;
            }
            Err(e) => {
                self.errors += 1;
                self.first_error.get_or_insert(e);
            }
        }
    }
}

/// Is told of each packet: its index, the packet, and its bytes on the wire or
/// why it failed.
pub type Report<'a> = dyn FnMut(u64, Packet<'_>, &Result<usize, SendError>) + 'a;

/// Sends packets through an engine at a pace. `report` is told how each fared.
///
/// A run that is late catches up: packet `n` is due at the start plus `n`
/// intervals, whatever happened before. An error that would only repeat itself
/// ends the run, as does a caught signal.
pub fn run(engine: &mut dyn Engine, packets: &mut dyn Packets, pace: Pace, report: &mut Report<'_>) -> Summary {
    let start = Instant::now();
    let mut summary = Summary::default();
    let mut index = 0;
    while pace.count.is_none_or(|count| index < count) {
        if !wait(engine, start, index, pace.interval, &mut summary) {
            summary.interrupted = true;
            break;
        }
        let packet = packets.packet(index);
        let outcome = engine.send(packet);
        report(index, packet, &outcome);
        let lasting = outcome.as_ref().is_err_and(SendError::is_lasting);
        summary.count(outcome);
        if lasting {
            break;
        }
        index += 1;
    }
    flush(engine, &mut summary);
    summary.interrupted |= matches!(summary.first_error, Some(SendError::Interrupted));
    summary.elapsed = start.elapsed();
    summary
}

/// Waits until packet `index` is due; false where a signal came first.
fn wait(engine: &mut dyn Engine, start: Instant, index: u64, interval: Duration, summary: &mut Summary) -> bool {
    if signal::caught().is_some() {
        return false;
    }
    let due = due(start, index, interval);
    if due <= Instant::now() {
        return true;
    }
    flush(engine, summary);
    signal::sleep_until(due).unwrap_or(true)
}

/// When packet `index` is due; centuries ahead where the clock ends.
fn due(start: Instant, index: u64, interval: Duration) -> Instant {
    let nanos = interval.as_nanos().saturating_mul(u128::from(index));
    start + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

fn flush(engine: &mut dyn Engine, summary: &mut Summary) {
    if let Err(e) = engine.flush() {
        summary.count(Err(e));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a while for each packet, and refuses those that start with 0.
    struct Slow {
        times: Vec<Instant>,
        takes: Duration,
        lasting: bool,
    }

    impl Engine for Slow {
        fn send(&mut self, packet: Packet<'_>) -> Result<usize, SendError> {
            let (Packet::Frame(bytes) | Packet::Ipv6(bytes)) = packet;
            self.times.push(Instant::now());
            std::thread::sleep(self.takes);
            match (bytes[0], self.lasting) {
                (0, true) => Err(SendError::FrameGiven),
                (0, false) => Err(SendError::Down { interface: "x".into() }),
                _ => Ok(bytes.len()),
            }
        }
    }

    fn go(engine: &mut Slow, packets: &[Packet<'_>], count: u64, interval: Duration) -> Summary {
        run(engine, &mut &*packets, Pace { count: Some(count), interval }, &mut |_, _, _| ())
    }

    #[test]
    fn deadlines_do_not_drift() {
        let mut engine = Slow { times: vec![], takes: Duration::from_millis(8), lasting: false };
        let interval = Duration::from_millis(10);
        let start = Instant::now();
        let summary = go(&mut engine, &[Packet::Ipv6(&[1, 2])], 20, interval);
        assert_eq!((summary.sent, summary.bytes, summary.errors), (20, 40, 0));
        for (n, time) in engine.times.iter().enumerate() {
            assert!(*time >= start + interval * n as u32, "packet {n} left early");
        }
        // Sleeping 10 ms after each 8 ms send would be 152 ms late by now.
        let late = engine.times[19] - (start + interval * 19);
        assert!(late < Duration::from_millis(120), "{late:?}");
    }

    #[test]
    fn packets_take_turns_and_passing_errors_are_counted() {
        let mut engine = Slow { times: vec![], takes: Duration::ZERO, lasting: false };
        let packets = [Packet::Frame(&[1]), Packet::Frame(&[0]), Packet::Frame(&[1, 2, 3])];
        let summary = go(&mut engine, &packets, 7, Duration::ZERO);
        assert_eq!((summary.sent, summary.bytes, summary.errors), (5, 9, 2));
        assert!(matches!(summary.first_error, Some(SendError::Down { .. })));
    }

    #[test]
    fn a_lasting_error_ends_the_run() {
        let mut engine = Slow { times: vec![], takes: Duration::ZERO, lasting: true };
        let summary = go(&mut engine, &[Packet::Frame(&[1]), Packet::Frame(&[0])], 100, Duration::ZERO);
        assert_eq!((summary.sent, summary.errors, engine.times.len()), (1, 1, 2));
    }

    #[test]
    fn far_deadlines_saturate() {
        let start = Instant::now();
        assert_eq!(due(start, u64::MAX, Duration::MAX), due(start, 1, Duration::MAX));
        assert_eq!(due(start, 3, Duration::from_millis(5)), start + Duration::from_millis(15));
    }
}
