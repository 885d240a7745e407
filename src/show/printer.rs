//! One packet after another, in the form that was asked for.

use crate::dissect::Packet;
use crate::show::columns::Columns;
use crate::show::ek::Ek;
use crate::show::json::Json;
use crate::show::line::Lines;
use crate::show::tree::Trees;
use crate::show::{color, hex};

/// A form of output.
#[derive(Debug, Clone)]
pub enum Form {
    /// A line per packet.
    Line(Lines),
    /// A tree per packet.
    Tree(Trees),
    /// Chosen fields.
    Columns(Columns),
    /// An object per packet and line.
    Json(Json),
    /// As `tshark -T ek`.
    Ek(Ek),
    /// A form that somebody else knows how to write.
    Other(fn(&mut Vec<u8>, &Packet<'_>)),
}

/// Writes packets in one form. Each thread has its own.
#[derive(Debug, Clone)]
pub struct Printer {
    /// The form.
    pub form: Form,
    /// Whether the bytes follow each packet, as a hexdump.
    pub hex: bool,
    /// Whether lines are coloured.
    pub color: bool,
}

impl Printer {
    /// Appends what comes before the first packet.
    pub fn header(&self, out: &mut Vec<u8>) {
        if let Form::Columns(columns) = &self.form {
            columns.header(out);
        }
    }

    /// Whether it makes a difference what was found about a packet.
    pub fn shows_findings(&self) -> bool {
        !matches!(self.form, Form::Columns(_) | Form::Ek(_))
    }

    /// Appends a packet.
    pub fn packet(&mut self, out: &mut Vec<u8>, packet: &Packet<'_>) {
        self.gather(out, packet);
        self.rest(out);
    }

    /// As [`packet`](Self::packet), now or together with the packets that follow.
    #[inline]
    pub fn gather(&mut self, out: &mut Vec<u8>, packet: &Packet<'_>) {
        match &mut self.form {
            Form::Line(lines) if !self.color && !self.hex => lines.gather(out, packet),
            _ => self.now(out, packet),
        }
    }

    /// Appends what was gathered.
    pub fn rest(&mut self, out: &mut Vec<u8>) {
        if let Form::Line(lines) = &mut self.form {
            lines.rest(out);
        }
    }

    #[inline(never)]
    fn now(&mut self, out: &mut Vec<u8>, packet: &Packet<'_>) {
        match &mut self.form {
            Form::Line(lines) if self.color => {
                color::line(out, color::of_packet(packet), |out| lines.packet(out, packet));
            }
            Form::Line(lines) => lines.packet(out, packet),
            Form::Tree(trees) => {
                trees.packet(out, packet);
                out.push(b'\n');
            }
            Form::Columns(columns) => columns.line(out, packet),
            Form::Json(json) => json.packet(out, packet),
            Form::Ek(ek) => ek.packet(out, packet),
            Form::Other(write) => write(out, packet),
        }
        if self.hex {
            hex::dump(out, packet.frame.data);
            out.push(b'\n');
        }
    }
}
