//! How many packets, when, and for how long: what the arguments come to.

use std::time::Duration;

use super::{Arguments, Failure};
use crate::sys::route::Link;
use crate::transmit::Plan;
use crate::transmit::pace::{Pace, Rate, Speed};

/// Packets a second that nobody needs to be asked about.
pub const CALM: u64 = 10_000;

/// When packets leave and when that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Packets of each notation; `None` for without end.
    pub count: Option<u64>,
    /// How long at most.
    pub duration: Option<Duration>,
    /// When the next one is due.
    pub pace: Pace,
    /// Whether the arguments are of those for many packets.
    bulk: bool,
}

impl Timing {
    /// Whether it is worth collecting packets in batches.
    pub fn is_bulk(&self) -> bool {
        self.bulk
    }

    /// Whether it may be more than [`CALM`] packets a second.
    pub fn is_fast(&self) -> bool {
        match self.pace {
            // One packet is no rate.
            Pace::TopSpeed => self.count != Some(1),
            Pace::At(rate) => rate.exceeds(CALM),
            Pace::Recorded(_) => false,
        }
    }

    /// The plan for so many packets that take turns.
    pub fn plan(&self, packets: u64, link: Option<Link>) -> Plan {
        let count = self.count.map(|count| count.saturating_mul(packets));
        Plan { count, duration: self.duration, pace: self.pace, link }
    }
}

/// The timing that the arguments ask for; `size` packets are one of each kind.
pub fn timing(arguments: &Arguments, size: u64) -> Result<Timing, Failure> {
    let replays = arguments.replay.read.is_some();
    let interval = arguments.interval.unwrap_or(Duration::from_secs(1));
    let pace = match arguments.rate {
        _ if arguments.topspeed => Pace::TopSpeed,
        Some(rate) => Pace::At(rate),
        None if replays && arguments.interval.is_none() => {
            Pace::Recorded(arguments.replay.speed.unwrap_or(Speed::ORIGINAL))
        }
        None => Rate::every(interval).map_or(Pace::TopSpeed, Pace::At),
    };
    let open_end = replays || arguments.topspeed || arguments.rate.is_some() || arguments.duration.is_some();
    let bulk = open_end || arguments.threads > 1;
    let count = match arguments.count {
        None if open_end => None,
        None => Some(size),
        Some(0) => None,
        Some(count) => Some(count),
    };
    let ends = count.is_some() || arguments.duration.is_some() || (replays && arguments.replay.passes > 0);
    let timing = Timing { count, duration: arguments.duration, pace, bulk };
    if timing.is_fast() && !ends {
        return Err(Failure::input(format_args!(
            "more than {CALM} packets a second need an end: --count N or --duration TIME{}",
            if replays { ", or --loop N" } else { "" }
        )));
    }
    Ok(timing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn read(line: &str) -> Result<Timing, String> {
        let notation = if line.starts_with("-r") { &["send"][..] } else { &["send", "ip6()"] };
        let words = notation.iter().copied().chain(line.split_whitespace());
        let line = Line::try_parse_from(words).map_err(|e| e.to_string())?;
        timing(&line.arguments, 1).map_err(|failure| format!("{failure:?}"))
    }

    fn rate(text: &str) -> Pace {
        Pace::At(text.parse().unwrap())
    }

    #[test]
    fn what_arguments_come_to() {
        let second = Duration::from_secs(1);
        let every = |time| Pace::At(Rate::every(time).unwrap());
        for (line, count, duration, pace, bulk) in [
            ("", Some(1), None, every(second), false),
            ("-c 5 --interval 20ms", Some(5), None, every(second / 50), false),
            ("-c 0", None, None, every(second), false),
            ("-c 3 --interval 0", Some(3), None, Pace::TopSpeed, false),
            ("--rate 100", None, None, rate("100"), true),
            ("--rate 1Mpps --duration 1s", None, Some(second), rate("1Mpps"), true),
            ("--topspeed -c 7", Some(7), None, Pace::TopSpeed, true),
            ("--duration 1s", None, Some(second), every(second), true),
            ("--threads 2", Some(1), None, every(second), true),
            ("-r x -i va", None, None, Pace::Recorded(Speed::ORIGINAL), true),
            ("-r x -i va --speed 2x -c 3", Some(3), None, Pace::Recorded("2x".parse().unwrap()), true),
            ("-r x -i va --loop 5 --topspeed", None, None, Pace::TopSpeed, true),
            ("-r x -i va --interval 1s", None, None, every(second), true),
        ] {
            let timing = read(line).unwrap_or_else(|e| panic!("{line}: {e}"));
            assert_eq!((timing.count, timing.duration, timing.pace), (count, duration, pace), "{line}");
            assert_eq!(timing.is_bulk(), bulk, "{line}");
        }
    }

    #[test]
    fn a_fast_run_needs_an_end() {
        for line in [
            "--topspeed",
            "--rate 10001",
            "--rate 1Gbit",
            "--interval 0 -c 0",
            "--topspeed -c 0",
            "-r x -i va --topspeed --loop 0",
        ] {
            let refused = read(line).unwrap_err();
            assert!(refused.contains("--count N or --duration TIME"), "{line}: {refused}");
        }
        for line in ["--rate 10kpps", "--rate 20kpps -c 5", "--topspeed --duration 1s", "--interval 100us -c 0"] {
            assert!(read(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn what_does_not_go_together() {
        for line in [
            "--speed 2x",
            "--loop 2",
            "--preload",
            "-Y udp",
            "-r x",
            "-r x -i va --threads 2",
            "-r x -i va ip6()",
            "-r x -i va --speed 2x --rate 1",
            "--rate 1 --topspeed",
            "--rate 1 --interval 1s",
            "--topspeed --interval 1s",
            "--threads 0",
            "--rate x",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
