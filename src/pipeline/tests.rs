use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::capture::file::Resolution;
use crate::capture::{Frame, Frames};
use crate::wire::link_type::LinkType;

/// Gives `batches` batches of three frames, then fails if told to.
struct Counted {
    batches: u64,
    number: u64,
    fails: bool,
}

impl Source for Counted {
    type Error = &'static str;

    fn next(&mut self, batch: &mut Batch) -> Result<bool, &'static str> {
        let frames: &mut Frames = batch.frames();
        frames.clear();
        if self.batches == 0 {
            return if self.fails { Err("broken") } else { Ok(false) };
        }
        self.batches -= 1;
        for _ in 0..3 {
            self.number += 1;
            let time = Some(Timestamp(i128::from(self.number)));
            frames.push(&Frame { number: self.number, time, ..Frame::new(LinkType::RAW, &[0]) }, Resolution::NANOS);
        }
        Ok(true)
    }
}

/// Notes each frame's number and times; slow for some batches, so that they
/// are finished out of order.
struct Note;

impl Work for Note {
    type Output = Vec<(u64, i128, i128)>;

    fn packet(&mut self, packet: &Packet<'_>, position: usize, output: &mut Self::Output) {
        let number = packet.frame.number;
        if position == 0 && number % 7 < 3 {
            std::thread::sleep(Duration::from_millis(number % 3));
        }
        let nanos = |time: Option<Timestamp>| time.unwrap().0;
        output.push((number, nanos(packet.first_time), nanos(packet.previous_time)));
    }

    fn is_full(&self, output: &Self::Output) -> bool {
        output.len() == 2
    }
}

fn options(threads: usize, limit: Option<u64>) -> Options {
    Options { threads: NonZeroUsize::new(threads), limit, ..Options::default() }
}

#[test]
fn results_come_in_order_whoever_is_faster() {
    for (threads, limit) in [(1, None), (2, None), (5, None), (3, Some(100)), (4, Some(1)), (2, Some(0))] {
        let mut seen = Vec::new();
        let source = Counted { batches: 50, number: 0, fails: false };
        run(
            source,
            &options(threads, limit),
            || Note,
            |_, output| {
                seen.append(output);
                Ok::<_, ()>(())
            },
        )
        .unwrap();
        let expected: Vec<_> = (1..=limit.unwrap_or(150)).map(|n| (n, 1, i128::from(n.max(2) - 1))).collect();
        assert_eq!(seen, expected, "{threads} {limit:?}");
    }
}

#[test]
fn a_source_that_breaks_gives_what_it_had() {
    let mut seen = 0;
    let source = Counted { batches: 20, number: 0, fails: true };
    let result = run(
        source,
        &options(3, None),
        || Note,
        |_, output| {
            seen += std::mem::take(output).len();
            Ok::<_, ()>(())
        },
    );
    assert!(matches!(result, Err(Failed::Source("broken"))));
    assert_eq!(seen, 60);
}

#[test]
fn a_sink_that_fails_stops_the_source() {
    let calls = AtomicUsize::new(0);
    let source = Counted { batches: u64::MAX, number: 0, fails: false };
    let result = run(
        source,
        &options(4, None),
        || Note,
        |_, output| {
            output.clear();
            if calls.fetch_add(1, Ordering::Relaxed) == 30 { Err("full") } else { Ok(()) }
        },
    );
    assert!(matches!(result, Err(Failed::Sink("full"))));
    assert_eq!(calls.into_inner(), 31);
}

#[test]
fn a_panic_ends_all_threads() {
    struct Panics;
    impl Work for Panics {
        type Output = ();

        fn packet(&mut self, packet: &Packet<'_>, _: usize, (): &mut ()) {
            assert!(packet.frame.number != 40, "on purpose");
        }
    }
    let caught = std::panic::catch_unwind(|| {
        let source = Counted { batches: u64::MAX, number: 0, fails: false };
        let _ = run(source, &options(3, None), || Panics, |_, ()| Ok::<_, ()>(()));
    });
    assert!(caught.is_err());
}
