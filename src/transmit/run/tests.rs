//! The logic of runs, with engines that only pretend.

use std::sync::Mutex;

use super::*;
use crate::transmit::prepare::Prepared;
use crate::transmit::{Rate, Supply, Told, Turns};

/// What an engine did.
#[derive(Default)]
struct Log {
    /// First bytes of the packets that left, and when.
    left: Vec<(u8, Instant)>,
    batches: Vec<usize>,
}

/// Refuses packets that start with a 0, and everything after so many.
struct Mock<'a> {
    log: &'a Mutex<Log>,
    room: usize,
    taken: Vec<u8>,
    takes: Duration,
    breaks_after: usize,
    lasting: bool,
    too_long: bool,
}

impl<'a> Mock<'a> {
    fn new(log: &'a Mutex<Log>) -> Self {
        Self {
            log,
            room: 4,
            taken: vec![],
            takes: Duration::ZERO,
            breaks_after: usize::MAX,
            lasting: false,
            too_long: false,
        }
    }
}

impl Engine for Mock<'_> {
    fn name(&self) -> &str {
        "mock"
    }

    fn room(&self) -> usize {
        self.room
    }

    fn take(&mut self, packet: Packet<'_>) -> Result<usize, SendError> {
        assert!(self.taken.len() < self.room);
        let length = packet.bytes().len();
        if length > 3 && self.too_long {
            return Err(SendError::TooLong { length, interface: "x".into(), mtu: 3 });
        }
        if length > 3 {
            return Err(SendError::Io { doing: "take it", source: std::io::Error::from_raw_os_error(libc::EINVAL) });
        }
        self.taken.push(packet.bytes()[0]);
        Ok(packet.bytes().len())
    }

    fn flush(&mut self, told: &mut Told<'_>) {
        let mut log = self.log.lock().unwrap();
        log.batches.push(self.taken.len());
        for first in self.taken.drain(..) {
            std::thread::sleep(self.takes);
            if log.left.len() >= self.breaks_after || (first == 0 && self.lasting) {
                return told(Err(SendError::Down { interface: "x".into() }));
            }
            if first == 0 {
                told(Err(SendError::Io { doing: "send", source: std::io::Error::from_raw_os_error(libc::ENOMEM) }));
                continue;
            }
            log.left.push((first, Instant::now()));
            told(Ok(()));
        }
    }
}

fn plan(count: Option<u64>, pace: Pace) -> Plan {
    Plan { count, duration: None, pace, link: None }
}

fn packets(all: &[&[u8]]) -> Vec<Prepared> {
    all.iter().map(|bytes| Prepared::Frame(bytes.to_vec())).collect()
}

/// Runs mock engines over packets that take turns.
fn go(packets: &[Prepared], plan: &Plan, lanes: u64, adapt: impl Fn(&mut Mock<'_>)) -> (Summary, Log) {
    let log = Mutex::new(Log::default());
    let turns = Turns(packets);
    let lane = |n| {
        let mut engine = Mock::new(&log);
        adapt(&mut engine);
        Lane { engine: Box::new(engine), source: turns.cursor(n, lanes) }
    };
    let summary = run((0..lanes).map(lane).collect(), plan, None, &mut |_| ());
    (summary, log.into_inner().unwrap())
}

#[test]
fn counts_are_exact_however_many_lanes() {
    let packets = packets(&[&[1], &[2, 2], &[3, 3, 3]]);
    for lanes in 1..=5 {
        for count in [0, 1, 2, 7, 50, 101] {
            let (summary, log) = go(&packets, &plan(Some(count), Pace::TopSpeed), lanes, |_| ());
            assert_eq!((summary.sent, summary.failed), (count, 0), "{lanes} lanes, {count} packets");
            let mut firsts: Vec<_> = log.left.iter().map(|(first, _)| *first).collect();
            let mut expected: Vec<_> = (0..count).map(|n| (n % 3) as u8 + 1).collect();
            assert_eq!(summary.bytes, expected.iter().map(|n| u64::from(*n)).sum::<u64>());
            firsts.sort_unstable();
            expected.sort_unstable();
            assert_eq!(firsts, expected);
        }
    }
}

#[test]
fn batches_are_full_at_top_speed() {
    let (_, log) = go(&packets(&[&[1], &[2]]), &plan(Some(10), Pace::TopSpeed), 1, |_| ());
    assert_eq!(log.batches, [4, 4, 2]);
    // The first of many copies shows how long they are.
    let (summary, log) = go(&packets(&[&[1, 1]]), &plan(Some(10), Pace::TopSpeed), 1, |_| ());
    assert_eq!((log.batches, summary.bytes), (vec![1, 4, 4, 1], 20));
}

#[test]
fn a_copy_that_is_too_long_ends_the_run_and_a_packet_among_others_does_not() {
    let long: &[u8] = &[1, 2, 3, 4];
    let too_long = |mock: &mut Mock<'_>| mock.too_long = true;
    let (summary, _) = go(&packets(&[long]), &plan(Some(10), Pace::TopSpeed), 1, too_long);
    assert_eq!((summary.sent, summary.failed), (0, 1));
    let (summary, _) = go(&packets(&[long, &[1]]), &plan(Some(10), Pace::TopSpeed), 1, too_long);
    assert_eq!((summary.sent, summary.failed), (5, 5));
    // An error that may pass is met again and again.
    let (summary, _) = go(&packets(&[long]), &plan(Some(10), Pace::TopSpeed), 1, |_| ());
    assert_eq!((summary.sent, summary.failed), (0, 10));
}

#[test]
fn a_source_ends_the_run() {
    struct Three(u8);
    impl Source for Three {
        fn next(&mut self) -> Option<Packet<'_>> {
            self.0 += 1;
            (self.0 <= 3).then_some(Packet::Frame(&[9]))
        }
    }
    let log = Mutex::new(Log::default());
    let lane = Lane { engine: Box::new(Mock::new(&log)), source: Box::new(Three(0)) };
    let summary = run(vec![lane], &plan(None, Pace::TopSpeed), None, &mut |_| ());
    assert_eq!((summary.sent, summary.engine.as_str()), (3, "mock"));
}

#[test]
fn deadlines_do_not_drift() {
    let interval = Duration::from_millis(10);
    let pace = Pace::At(Rate::every(interval).unwrap());
    let start = Instant::now();
    let (summary, log) = go(&packets(&[&[1, 2]]), &plan(Some(20), pace), 1, |mock| mock.takes = interval * 4 / 5);
    assert_eq!((summary.sent, summary.bytes, summary.failed), (20, 40, 0));
    assert_eq!(log.batches.iter().sum::<usize>(), 20);
    // None is early, though one that is late does not make the others late.
    for (n, (_, time)) in log.left.iter().enumerate() {
        assert!(*time >= start + interval * n as u32, "packet {n} left early");
    }
    assert!(summary.elapsed >= interval * 19);
}

#[test]
fn a_duration_takes_what_is_due_in_it() {
    let pace = Pace::At(Rate::packets(1000).unwrap());
    let limited = |count| Plan { duration: Some(Duration::from_millis(50)), ..plan(count, pace) };
    for lanes in [1, 3] {
        let (summary, _) = go(&packets(&[&[1]]), &limited(None), lanes, |_| ());
        assert_eq!(summary.sent, 50);
        assert!(summary.elapsed >= Duration::from_millis(48));
    }
    assert_eq!(go(&packets(&[&[1]]), &limited(Some(7)), 1, |_| ()).0.sent, 7);
    let flat_out = Plan { duration: Some(Duration::from_millis(20)), ..plan(None, Pace::TopSpeed) };
    let start = Instant::now();
    let (summary, _) = go(&packets(&[&[1]]), &flat_out, 1, |mock| mock.takes = Duration::from_millis(1));
    // Its own time ends with the last packet, which may be a little earlier.
    assert!(summary.sent > 0 && start.elapsed() >= Duration::from_millis(20), "{summary:?}");
}

#[test]
fn bits_are_paced_by_what_was_sent() {
    // Frames of one and three bytes at 16 kbit/s: 0.5 ms and 1.5 ms.
    let pace = Pace::At("16kbit".parse().unwrap());
    let start = Instant::now();
    let (summary, log) = go(&packets(&[&[1], &[3, 3, 3]]), &plan(Some(20), pace), 1, |_| ());
    assert_eq!(summary.bytes, 40);
    for (n, (_, time)) in log.left.iter().enumerate() {
        let due = Duration::from_micros(2000 * (n as u64 / 2) + 500 * (n as u64 % 2));
        assert!(*time >= start + due, "packet {n}");
    }
}

#[test]
fn passing_errors_are_counted_and_lasting_ones_end_the_run() {
    let mixed = packets(&[&[1], &[0], &[1, 2, 3], &[1, 2, 3, 4]]);
    let (summary, _) = go(&mixed, &plan(Some(8), Pace::TopSpeed), 1, |_| ());
    assert_eq!((summary.sent, summary.bytes, summary.failed), (4, 8, 4));
    let refusals: Vec<_> = summary.refusals.iter().map(|r| (r.code.as_str(), r.count)).collect();
    assert_eq!(refusals, [("EINVAL", 2), ("ENOMEM", 2)]);
    assert!(matches!(summary.first_error, Some(SendError::Io { .. })));

    let (summary, log) = go(&mixed, &plan(Some(100), Pace::TopSpeed), 1, |mock| mock.lasting = true);
    assert_eq!((summary.sent, summary.bytes, log.left.len()), (1, 1, 1));
    assert!(matches!(summary.first_error, Some(SendError::Io { doing: "take it", .. })), "{summary:?}");
    assert_eq!(summary.refusals.iter().map(|r| r.count).sum::<u64>(), 2);
}

#[test]
fn what_left_before_the_link_went_down_is_counted_exactly() {
    for breaks_after in [0, 1, 3, 4, 6] {
        let (summary, log) =
            go(&packets(&[&[1]]), &plan(Some(100), Pace::TopSpeed), 1, |mock| mock.breaks_after = breaks_after);
        assert_eq!((summary.sent, summary.failed, log.left.len()), (breaks_after as u64, 1, breaks_after));
        assert!(matches!(summary.first_error, Some(SendError::Down { .. })));
    }
}

#[test]
fn a_watch_hears_of_every_packet() {
    #[derive(Default)]
    struct Heard(Mutex<Vec<(u64, u8, Option<usize>)>>, Mutex<Vec<SystemTime>>);
    impl Watch for Heard {
        fn taken(&self, number: u64, packet: Packet<'_>) {
            self.0.lock().unwrap().push((number, packet.bytes()[0], None));
        }

        fn left(&self, number: u64, time: SystemTime, outcome: &Result<usize, SendError>) {
            let mut heard = self.0.lock().unwrap();
            let entry = heard.iter_mut().find(|(n, ..)| *n == number).expect("it was taken");
            entry.2 = outcome.as_ref().ok().copied();
            self.1.lock().unwrap().push(time);
        }
    }
    let (log, heard) = (Mutex::new(Log::default()), Heard::default());
    let packets = packets(&[&[5], &[0], &[6, 6], &[7, 7, 7, 7]]);
    let turns = Turns(&packets);
    let lane = |n| Lane { engine: Box::new(Mock::new(&log)), source: turns.cursor(n, 2) };
    let before = SystemTime::now();
    let summary = run(vec![lane(0), lane(1)], &plan(Some(7), Pace::TopSpeed), Some(&heard), &mut |_| ());
    assert_eq!((summary.sent, summary.bytes, summary.failed), (4, 6, 3));
    let mut all = heard.0.into_inner().unwrap();
    all.sort_unstable();
    let expected =
        [(0, 5, Some(1)), (1, 0, None), (2, 6, Some(2)), (3, 7, None), (4, 5, Some(1)), (5, 0, None), (6, 6, Some(2))];
    assert_eq!(all, expected);
    let times = heard.1.into_inner().unwrap();
    assert!(times.len() == 7 && times.iter().all(|time| *time >= before));
}

#[test]
fn recorded_times_are_kept_and_sped_up() {
    struct Recorded(u32);
    impl Source for Recorded {
        fn next(&mut self) -> Option<Packet<'_>> {
            self.0 += 1;
            (self.0 <= 4).then_some(Packet::Frame(&[1]))
        }

        fn recorded(&mut self) -> Option<Duration> {
            Some(Duration::from_millis(20) * self.0)
        }
    }
    for (speed, gap) in [("1x", 20), ("4x", 5)] {
        let log = Mutex::new(Log::default());
        let lane = Lane { engine: Box::new(Mock::new(&log)), source: Box::new(Recorded(0)) };
        let start = Instant::now();
        run(vec![lane], &plan(None, Pace::Recorded(speed.parse().unwrap())), None, &mut |_| ());
        for (n, (_, time)) in log.into_inner().unwrap().left.iter().enumerate() {
            assert!(*time >= start + Duration::from_millis(gap) * n as u32, "packet {n} at {speed}");
        }
    }
}
