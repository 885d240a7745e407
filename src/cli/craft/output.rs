//! Where crafted packets go: to standard output in some form, and to a file.

use std::io::{self, Write};

use super::show::Show;
use super::{Arguments, Format, series};
use crate::capture::write::{Options, WriteError, Writer};
use crate::capture::{Frame, Timestamp};
use crate::cli::Failure;
use crate::cli::vary::VaryArguments;
use crate::craft::Stack;
use crate::craft::vary::{self, Series};
use crate::dissect::{Dissection, Packet};
use crate::rebuild;
use crate::recipe::{self, Clock, Record, Time, Told};
use crate::wire::link_type::LinkType;

/// Shows and stores packets as the arguments ask for.
pub struct Output {
    pub(super) show: Show,
    pub(super) writer: Option<Writer>,
    clock: Clock,
    /// From a packet that does not tell its time to the next, in nanoseconds.
    interval: Option<i128>,
    /// Packets of each notation, where it is said.
    copies: Option<u64>,
    vary: vary::Options,
    /// Tells the seed, once there is something that varies.
    tell: Option<VaryArguments>,
    /// Packets so far.
    pub(super) count: u64,
    dissection: Box<Dissection>,
    /// Text not printed yet.
    text: Vec<u8>,
}

/// Text that is gathered before it is printed, in bytes.
const BUFFER: usize = 64 << 10;

/// More packets than this are made only where someone says how many.
const MANY: u64 = 100_000_000;

impl Output {
    /// Opens the file, if there is one.
    pub fn new(arguments: &Arguments, verbose: bool) -> Result<Self, Failure> {
        let format = match (arguments.output, &arguments.write) {
            (Some(format), _) => Some(format),
            (None, Some(_)) => None,
            (None, None) => Some(Format::Tree),
        };
        let create = |path| Writer::create(path, &Options::default()).map_err(unwritten);
        // Times that are told start at one moment, not at each packet's own.
        let base = arguments.time.or_else(|| arguments.interval.map(|_| Timestamp::now()));
        Ok(Self {
            show: Show { format, hex: arguments.hex },
            writer: arguments.write.as_ref().map(create).transpose()?,
            clock: Clock::new(base),
            interval: arguments.interval.map(|interval| interval.as_nanos() as i128),
            copies: arguments.count,
            vary: arguments.vary.options(),
            tell: verbose.then(|| arguments.vary.clone()),
            count: 0,
            dissection: Box::default(),
            text: Vec::new(),
        })
    }

    /// Takes a packet, or all that it stands for.
    pub fn record(&mut self, record: &Record) -> Result<(), Failure> {
        if !record.layers.varies() && self.copies.is_none_or(|copies| copies == 1) {
            return self.packet(record);
        }
        if record.layers.varies()
            && let Some(arguments) = self.tell.take()
        {
            arguments.tell(&self.vary);
        }
        let series = Series::new(record.layers.clone(), &self.vary).map_err(Failure::input)?;
        let count = self.copies.unwrap_or(series.size());
        if self.copies.is_none() && count > MANY {
            let many = if count < u64::MAX { format!("{count} packets") } else { "2^64 packets or more".to_owned() };
            return Err(Failure::input(format_args!("this makes {many}; say how many of them with --count N")));
        }
        self.print()?;
        series::run(self, record, &series, count)
    }

    /// Takes a packet that was captured.
    pub fn captured(&mut self, frame: &Frame<'_>) -> Result<(), Failure> {
        self.count += 1;
        if let Some(writer) = &mut self.writer {
            writer.write(frame).map_err(unwritten)?;
        }
        let shown = Frame { number: self.count, ..*frame };
        if self.show.format == Some(Format::Notation) {
            self.dissection.refill_layers(frame);
            let layers = rebuild::layers(&Packet::new(frame, &self.dissection));
            recipe::print(&mut self.text, frame, &layers, Told::default());
            Show { format: None, ..self.show }.packet(&mut self.text, &mut self.dissection, shown, Stack::default);
        } else {
            self.show.packet(&mut self.text, &mut self.dissection, shown, Stack::default);
        }
        if self.text.len() >= BUFFER { self.print() } else { Ok(()) }
    }

    /// Takes a single packet.
    fn packet(&mut self, record: &Record) -> Result<(), Failure> {
        let time = self.time(record.about.time);
        self.count += 1;
        let link = self.link(record)?;
        let frame = record.about.frame(self.count, time, link, &record.bytes);
        if let Some(writer) = &mut self.writer {
            writer.write(&frame).map_err(unwritten)?;
        }
        let frame = self.shown(frame);
        self.show.packet(&mut self.text, &mut self.dissection, frame, || record.layers.clone());
        if self.text.len() >= BUFFER { self.print() } else { Ok(()) }
    }

    /// The moment of the next packet.
    pub(super) fn time(&mut self, time: Time) -> Option<Timestamp> {
        match (time, self.interval) {
            (Time::Unsaid, Some(interval)) if self.count > 0 => self.clock.next(Time::After(interval)),
            (time, _) => self.clock.next(time),
        }
    }

    /// From one packet of a series to the next.
    pub(super) fn step(&self, time: Time) -> i128 {
        match time {
            Time::After(nanos) => nanos,
            _ => self.interval.unwrap_or(0),
        }
    }

    /// Lets the clock go on to the last packet of a series.
    pub(super) fn passed(&mut self, start: Option<Timestamp>, step: i128, count: u64) {
        if start.is_some() && step != 0 && count > 1 {
            self.clock.next(Time::After(step.saturating_mul(i128::from(count - 1))));
        }
    }

    /// The frame as it is shown: where nobody asked what time it is, without.
    pub(super) fn shown<'a>(&self, frame: Frame<'a>) -> Frame<'a> {
        Frame { time: frame.time.filter(|_| self.clock.is_told()), ..frame }
    }

    /// The link type of a packet; an error where none fits it and it matters.
    pub(super) fn link(&self, record: &Record) -> Result<LinkType, Failure> {
        match record.link() {
            Some(link) => Ok(link),
            None if self.writer.is_none() && self.show.format != Some(Format::Tree) => Ok(LinkType::ETHERNET),
            None => {
                let first = record.layers.first().map_or("nothing", |layer| layer.proto.info().notation);
                Err(Failure::input(format_args!(
                    "no link type is for packets that start with {first}: begin with eth, ip6, ip4, sll or null, or say frame(link=…)/, or use -o hex"
                )))
            }
        }
    }

    fn print(&mut self) -> Result<(), Failure> {
        print(&mut self.text)
    }

    /// Completes the file, and prints what is left.
    pub fn finish(mut self) -> Result<(), Failure> {
        if let Some(writer) = self.writer.take() {
            writer.finish().map_err(unwritten)?;
        }
        self.print()
    }
}

/// Prints text, and empties it.
pub(super) fn print(text: &mut Vec<u8>) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text).and_then(|()| stdout.flush()).map_err(|error| Failure::output(&error))?;
    text.clear();
    Ok(())
}

/// Why a capture was not written; a pipe closed by its reader is no failure.
pub(super) fn unwritten(error: WriteError) -> Failure {
    match error {
        WriteError::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe => Failure::output(&source),
        error => Failure::input(error),
    }
}
