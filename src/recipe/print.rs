//! A captured packet as a line of a recipe.

use std::io::Write as _;

use crate::capture::Frame;
use crate::craft::{self, Layer};
use crate::notation;
use crate::wire::link_type::LinkType;

/// What a line tells of a packet besides its layers, and besides what its
/// bytes cannot be written to a file without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    /// Its time.
    pub time: bool,
    /// The name of its interface, and its comments.
    pub notes: bool,
}

/// Appends the line for `frame`, whose bytes `layers` build.
///
/// It says the link type only where the first layer does not imply it, the
/// length on the wire only where bytes are missing, and the interface only
/// where it is not the first.
pub fn print(out: &mut Vec<u8>, frame: &Frame<'_>, layers: &[Layer], told: Told) {
    let start = out.len();
    // Writing to a vector cannot fail.
    let argument = |out: &mut Vec<u8>, text: std::fmt::Arguments<'_>| {
        let _ = out.write_all(if out.len() == start { b"frame(" } else { b", " });
        let _ = out.write_fmt(text);
    };
    if told.time {
        match frame.time {
            Some(time) => {
                let text = time.to_string();
                let short = text.trim_end_matches('0').trim_end_matches('.');
                argument(out, format_args!("time={short}"));
            }
            None => argument(out, format_args!("time=none")),
        }
    }
    if craft::link_type(layers) != Some(frame.link) {
        match frame.link.name().filter(|name| LinkType::named(name) == Some(frame.link)) {
            Some(name) => argument(out, format_args!("link={name}")),
            None => argument(out, format_args!("link={}", frame.link.0)),
        }
    }
    if frame.data.len() != frame.original_len as usize {
        argument(out, format_args!("len={}", frame.original_len));
    }
    if let Some(interface) = frame.interface.filter(|number| *number > 0) {
        argument(out, format_args!("if={interface}"));
    }
    if told.notes {
        let quoted = |text: &str| {
            let mut quoted = String::new();
            notation::quote(&mut quoted, text.as_bytes());
            quoted
        };
        if let Some(name) = frame.interface_name {
            argument(out, format_args!("ifname={}", quoted(name)));
        }
        for comment in frame.comments.iter() {
            argument(out, format_args!("comment={}", quoted(&comment)));
        }
    }
    if out.len() > start {
        out.extend(b")/");
    }
    out.extend(notation::print(layers).into_bytes());
    out.push(b'\n');
}
