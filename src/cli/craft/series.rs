//! Many packets from one notation: built, encoded and shown on all cores, a few
//! hundred at a time, in order.

use std::sync::Arc;

use super::output::{Output, print, unwritten};
use super::show::Show;
use crate::capture::Timestamp;
use crate::capture::write::{Encoder, Unstorable, WriteError};
use crate::cli::Failure;
use crate::craft::vary::{Cursor, Series, SeriesError};
use crate::dissect::Dissection;
use crate::pipeline;
use crate::recipe::Record;
use crate::sys::signal;
use crate::wire::link_type::LinkType;

/// Bytes of packets that a thread makes before it hands them on, about.
const BLOCK: u64 = 256 << 10;

/// Consecutive packets: the first one's number, counted from 0, and how many.
#[derive(Default)]
struct Block {
    from: u64,
    count: u64,
}

/// What a thread made of a block, and what it makes it with.
#[derive(Default)]
struct Made {
    cursor: Option<Cursor>,
    encoder: Option<Encoder>,
    dissection: Option<Box<Dissection>>,
    /// Records for the file.
    encoded: Vec<u8>,
    text: Vec<u8>,
    /// Why there are no more, and with which packet.
    failure: Option<(u64, Reason)>,
}

enum Reason {
    Build(SeriesError),
    Store(Unstorable),
}

/// The same for all packets of a series.
struct Job<'a> {
    record: &'a Record,
    series: &'a Arc<Series>,
    show: Show,
    link: LinkType,
    /// Packets before it.
    before: u64,
    /// When its first packet was captured, and from one to the next.
    start: Option<Timestamp>,
    step: i128,
    /// Whether times are shown.
    told: bool,
    encoder: Option<Encoder>,
}

/// Takes `count` packets of a series to `output`.
pub fn run(output: &mut Output, record: &Record, series: &Arc<Series>, count: u64) -> Result<(), Failure> {
    signal::catch().map_err(Failure::no)?;
    let first = series.build(0).map_err(Failure::input)?;
    let last = series.build(count - 1).map_err(Failure::input)?;
    let start = output.time(record.about.time);
    let step = output.step(record.about.time);
    let link = output.link(record)?;
    let like = record.about.frame(1, start, link, &first);
    // Either may count finer than microseconds.
    let finest = start.map(|start| Timestamp(if start.0 % 1000 == 0 { start.0 + step % 1000 } else { start.0 }));
    let encoder = output.writer.as_mut().map(|writer| writer.encoder(&like, finest).map_err(unwritten)).transpose()?;
    let told = output.shown(like).time.is_some();
    let job = Job { record, series, show: output.show, link, before: output.count, start, step, told, encoder };
    let size = (BLOCK / (first.len().max(last.len()) as u64 + 16)).max(1);
    let mut next = 0;
    let writer = &mut output.writer;
    pipeline::turns(
        None,
        |block: &mut Block| {
            *block = Block { from: next, count: size.min(count - next) };
            next += block.count;
            Ok(block.count > 0)
        },
        |block, made: &mut Made| job.make(block, made),
        |block, made| {
            let done = made.failure.as_ref().map_or(block.count, |(packet, _)| packet - block.from);
            if let Some(writer) = writer {
                writer.append(&made.encoded, done).map_err(unwritten)?;
            }
            print(&mut made.text)?;
            Err(match (made.failure.take(), &writer) {
                (None, _) => return Ok(()),
                (Some((_, Reason::Build(error))), _) => Failure::input(error),
                (Some((_, Reason::Store(reason))), Some(writer)) => {
                    unwritten(WriteError::unstorable(writer, writer.frames() + 1, reason))
                }
                (Some((_, Reason::Store(reason))), None) => Failure::input(reason),
            })
        },
    )?;
    output.count += count;
    output.passed(job.start, job.step, count);
    Ok(())
}

impl Job<'_> {
    /// Makes the packets of a block.
    fn make(&self, block: &Block, made: &mut Made) {
        made.encoded.clear();
        made.text.clear();
        let Made { cursor, encoder, dissection, encoded, text, failure } = made;
        let cursor = cursor.get_or_insert_with(|| self.series.cursor(block.from, 1));
        if encoder.is_none() {
            encoder.clone_from(&self.encoder);
        }
        for packet in block.from..block.from + block.count {
            let bytes = match cursor.packet(packet) {
                Ok(bytes) => bytes,
                Err(error) => {
                    *failure = Some((packet, Reason::Build(error)));
                    return;
                }
            };
            let time =
                self.start.map(|start| Timestamp(start.0.saturating_add(self.step.saturating_mul(packet.into()))));
            let mut frame = self.record.about.frame(self.before + packet + 1, time, self.link, bytes);
            if let Some(encoder) = encoder
                && let Err(reason) = encoder.encode(encoded, &frame)
            {
                *failure = Some((packet, Reason::Store(reason)));
                return;
            }
            if self.show.is_nothing() {
                continue;
            }
            if !self.told {
                frame.time = None;
            }
            let dissection = dissection.get_or_insert_default();
            self.show.packet(text, dissection, frame, || self.series.layers(packet));
        }
    }
}
