//! The bytes of a pcapng file, in little-endian order. The layout is drawn
//! where it is read.

use super::Unstorable;
use crate::capture::frame::Frame;
use crate::wire::link_type::LinkType;

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

const OPT_COMMENT: u16 = 1;
const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;

/// The interfaces a file has described.
#[derive(Debug, Clone, Default)]
pub struct Interfaces(Vec<Described>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Described {
    interface: u32,
    link: LinkType,
    name: Option<Box<str>>,
}

impl Interfaces {
    /// The number that the file has for the frame's interface. Where it has
    /// none yet, appends the block that gives it one.
    pub fn number(&mut self, out: &mut Vec<u8>, frame: &Frame<'_>, snaplen: u32) -> u32 {
        let interface = frame.interface.unwrap_or_default();
        let same = |known: &Described| {
            (known.interface, known.link, known.name.as_deref()) == (interface, frame.link, frame.interface_name)
        };
        if let Some(known) = self.0.iter().position(same) {
            return known as u32;
        }
        self.describe(out, interface, frame.link, frame.interface_name, snaplen)
    }

    /// Appends an interface's block: its number in the file.
    pub fn describe(
        &mut self,
        out: &mut Vec<u8>,
        interface: u32,
        link: LinkType,
        name: Option<&str>,
        snaplen: u32,
    ) -> u32 {
        block(out, INTERFACE, |out| {
            out.extend(link.0.to_le_bytes());
            out.extend([0; 2]);
            out.extend(snaplen.to_le_bytes());
            if let Some(name) = name {
                option(out, IF_NAME, name.as_bytes());
            }
            option(out, IF_TSRESOL, &[9]);
            end_of_options(out);
        });
        self.0.push(Described { interface, link, name: name.map(Into::into) });
        (self.0.len() - 1) as u32
    }
}

/// Appends a section header, of unknown length.
pub fn section_header(out: &mut Vec<u8>) {
    block(out, SECTION, |out| {
        out.extend(0x1a2b_3c4d_u32.to_le_bytes());
        out.extend(1u16.to_le_bytes());
        out.extend(0u16.to_le_bytes());
        out.extend(u64::MAX.to_le_bytes());
    });
}

/// Appends a frame's block, after its interface's where that is new.
/// Nothing is appended where this fails.
pub fn frame(
    out: &mut Vec<u8>,
    interfaces: &mut Interfaces,
    frame: &Frame<'_>,
    snaplen: u32,
) -> Result<(), Unstorable> {
    let captured = frame.data.len() as u32;
    let ticks = match frame.time {
        None => None,
        Some(time) => Some(u64::try_from(time.0).map_err(|_| Unstorable::Time(time))?),
    };
    let number = interfaces.number(out, frame, snaplen);
    let commented = frame.comments.iter().next().is_some();
    // Only the simple packet block says that a frame has no time; it knows
    // interface 0 alone, and can be cut by the snapshot length only.
    let simple = ticks.is_none() && number == 0 && !commented && captured == frame.original_len.min(snaplen);
    if simple {
        block(out, SIMPLE_PACKET, |out| {
            out.extend(frame.original_len.to_le_bytes());
            padded(out, frame.data);
        });
        return Ok(());
    }
    let ticks = ticks.unwrap_or(0);
    block(out, ENHANCED_PACKET, |out| {
        for field in [number, (ticks >> 32) as u32, ticks as u32, captured, frame.original_len] {
            out.extend(field.to_le_bytes());
        }
        padded(out, frame.data);
        if commented {
            frame.comments.iter().for_each(|comment| option(out, OPT_COMMENT, comment.as_bytes()));
            end_of_options(out);
        }
    });
    Ok(())
}

/// Appends a block around the body that `body` appends.
fn block(out: &mut Vec<u8>, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend(kind.to_le_bytes());
    out.extend([0; 4]);
    body(out);
    let length = ((out.len() - start + 4) as u32).to_le_bytes();
    out.extend(length);
    out[start + 4..start + 8].copy_from_slice(&length);
}

/// Appends an option; a value past 65,535 bytes is cut at a character.
fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    let mut length = value.len().min(usize::from(u16::MAX));
    while length < value.len() && length > 0 && value[length] & 0xc0 == 0x80 {
        length -= 1;
    }
    out.extend(code.to_le_bytes());
    out.extend((length as u16).to_le_bytes());
    padded(out, &value[..length]);
}

fn end_of_options(out: &mut Vec<u8>) {
    out.extend([0; 4]);
}

/// Appends bytes, and zeros up to the next multiple of four.
fn padded(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(bytes);
    out.extend(&[0; 3][..bytes.len().next_multiple_of(4) - bytes.len()]);
}
