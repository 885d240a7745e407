//! What is printed of a packet.

use super::Format;
use crate::capture::Frame;
use crate::craft::Stack;
use crate::dissect::{Dissection, Packet};
use crate::notation;
use crate::show::{hex, tree};

/// What to print.
#[derive(Debug, Clone, Copy)]
pub struct Show {
    /// In which form, if any.
    pub format: Option<Format>,
    /// Whether a hexdump follows.
    pub hex: bool,
}

impl Show {
    /// Whether nothing is printed.
    pub fn is_nothing(self) -> bool {
        self.format.is_none() && !self.hex
    }

    /// Appends a packet. `frame` tells its number and, where anyone asked for it,
    /// its time; `layers` is what it was built from.
    pub fn packet(
        self,
        text: &mut Vec<u8>,
        dissection: &mut Dissection,
        frame: Frame<'_>,
        layers: impl FnOnce() -> Stack,
    ) {
        // Where packets are more than a line each, a line keeps them apart.
        if frame.number > 1 && (self.hex || self.format == Some(Format::Tree)) {
            text.push(b'\n');
        }
        match self.format {
            Some(Format::Tree) => {
                dissection.refill(&frame);
                tree::tree(text, &Packet::new(&frame, dissection));
            }
            Some(Format::Hex) => {
                text.extend(::hex::encode(frame.data).bytes());
                text.push(b'\n');
            }
            Some(Format::Notation) => {
                text.extend(notation::print(&layers()).bytes());
                text.push(b'\n');
            }
            None => {}
        }
        if self.hex {
            if self.format.is_some() {
                text.push(b'\n');
            }
            hex::dump(text, frame.data);
        }
    }
}
