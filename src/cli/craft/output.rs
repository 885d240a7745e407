//! Where crafted packets go: to standard output in some form, and to a file.

use std::io::{self, Write};

use super::{Arguments, Format};
use crate::capture::write::{Options, WriteError, Writer};
use crate::cli::Failure;
use crate::dissect::{Dissection, Packet};
use crate::notation;
use crate::recipe::{Clock, Record};
use crate::show::{hex, tree};
use crate::wire::link_type::LinkType;

/// Shows and stores packets as the arguments ask for.
pub struct Output {
    format: Option<Format>,
    hex: bool,
    writer: Option<Writer>,
    clock: Clock,
    /// Packets so far.
    count: u64,
    dissection: Box<Dissection>,
    /// Text not printed yet.
    text: Vec<u8>,
}

/// Text that is gathered before it is printed, in bytes.
const BUFFER: usize = 64 << 10;

impl Output {
    /// Opens the file, if there is one.
    pub fn new(arguments: &Arguments) -> Result<Self, Failure> {
        let format = match (arguments.output, &arguments.write) {
            (Some(format), _) => Some(format),
            (None, Some(_)) => None,
            (None, None) => Some(Format::Tree),
        };
        let create = |path| Writer::create(path, &Options::default()).map_err(unwritten);
        Ok(Self {
            format,
            hex: arguments.hex,
            writer: arguments.write.as_ref().map(create).transpose()?,
            clock: Clock::new(arguments.time),
            count: 0,
            dissection: Box::default(),
            text: Vec::new(),
        })
    }

    /// Takes a packet.
    pub fn packet(&mut self, record: &Record) -> Result<(), Failure> {
        self.count += 1;
        let time = self.clock.next(record.about.time);
        if self.writer.is_some() || self.format == Some(Format::Tree) {
            let link = link(record)?;
            let frame = record.about.frame(self.count, time, link, &record.bytes);
            if let Some(writer) = &mut self.writer {
                writer.write(&frame).map_err(unwritten)?;
            }
            if self.format == Some(Format::Tree) {
                if self.count > 1 {
                    self.text.push(b'\n');
                }
                let mut frame = frame;
                if !self.clock.is_told() {
                    // Nobody asked what time it is.
                    frame.time = None;
                }
                self.dissection.refill(&frame);
                tree::tree(&mut self.text, &Packet::new(frame, &self.dissection));
            }
        }
        match self.format {
            Some(Format::Hex) => {
                self.separate();
                self.text.extend(::hex::encode(&record.bytes).bytes());
                self.text.push(b'\n');
            }
            Some(Format::Notation) => {
                self.separate();
                self.text.extend(notation::print(&record.layers).bytes());
                self.text.push(b'\n');
            }
            None => self.separate(),
            Some(Format::Tree) => {}
        }
        if self.hex {
            if self.format.is_some() {
                self.text.push(b'\n');
            }
            hex::dump(&mut self.text, &record.bytes);
        }
        if self.text.len() >= BUFFER { self.print() } else { Ok(()) }
    }

    /// Keeps one packet's hexdump from another's.
    fn separate(&mut self) {
        if self.hex && self.count > 1 {
            self.text.push(b'\n');
        }
    }

    fn print(&mut self) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(&self.text).and_then(|()| stdout.flush()).map_err(|error| Failure::output(&error))?;
        self.text.clear();
        Ok(())
    }

    /// Completes the file, and prints what is left.
    pub fn finish(mut self) -> Result<(), Failure> {
        if let Some(writer) = self.writer.take() {
            writer.finish().map_err(unwritten)?;
        }
        self.print()
    }
}

/// The link type of a packet; an error where none fits it.
fn link(record: &Record) -> Result<LinkType, Failure> {
    record.link().ok_or_else(|| {
        let first = record.layers.first().map_or("nothing", |layer| layer.proto.info().notation);
        Failure::input(format_args!(
            "no link type is for packets that start with {first}: begin with eth, ip6, ip4, sll or null, or say frame(link=…)/, or use -o hex"
        ))
    })
}

/// Why a capture was not written; a pipe closed by its reader is no failure.
fn unwritten(error: WriteError) -> Failure {
    match error {
        WriteError::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe => Failure::output(&source),
        error => Failure::input(error),
    }
}
