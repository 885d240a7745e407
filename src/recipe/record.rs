//! One statement of a recipe: what its text means.

use super::about::About;
use crate::caret::{Fault, ParseError};
use crate::craft::vary::{Options, Series};
use crate::craft::{self, Stack};
use crate::notation;
use crate::wire::link_type::LinkType;

/// A packet, and what is known of it besides its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What `frame(…)` said.
    pub about: About,
    /// Its layers.
    pub layers: Stack,
    /// Its bytes; none where its layers vary ([`Stack::varies`]) and it stands for
    /// a [`Series`] of packets.
    pub bytes: Vec<u8>,
}

impl Record {
    /// The link type it says or implies.
    pub fn link(&self) -> Option<LinkType> {
        self.about.link.or_else(|| craft::link_type(&self.layers))
    }

    /// Reads one packet's text, without comments and variables.
    ///
    /// ```
    /// use sr6::recipe::Record;
    ///
    /// let record = Record::parse("frame(len=1500)/ip6(dst=::1)/udp(dport=53)")?;
    /// assert_eq!((record.bytes.len(), record.about.original_len), (48, Some(1500)));
    /// // Lengths and checksums are those of the whole packet, of which 44 bytes are kept.
    /// let record = Record::parse("frame(cap=44)/ip6(dst=::1)/udp(dport=53)")?;
    /// assert_eq!((record.bytes.len(), record.about.original_len), (44, Some(48)));
    /// # Ok::<(), sr6::caret::ParseError>(())
    /// ```
    ///
    /// # Errors
    /// It is no packet in notation, or one that cannot be built.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::read(text).map_err(|fault| fault.within(text))
    }

    /// As [`parse`](Self::parse), for a text that is part of another.
    pub(super) fn read(text: &str) -> Result<Self, Fault> {
        let (mut about, start) = About::parse(text)?;
        let layers = notation::parse_with_files(&text[start..]).map_err(|error| {
            let span = error.span();
            Fault::from(error).moved(start + span.start..start + span.end)
        })?;
        let built = if layers.varies() {
            Series::new(layers.clone(), &Options::default())
                .map(|_| Vec::new())
                .map_err(|error| (error.to_string(), error.error))
        } else {
            craft::build(&layers).map_err(|error| (error.to_string(), error))
        };
        match built {
            Ok(mut bytes) => {
                if let Some(captured) = about.captured.map(|length| length as usize).filter(|len| *len < bytes.len()) {
                    about.original_len.get_or_insert(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
                    bytes.truncate(captured);
                }
                Ok(Self { about, layers, bytes })
            }
            Err((message, error)) => {
                let places = places(&text[start..]);
                // Where the text has other layers than the packet, the whole.
                let place = if places.len() == layers.len() { places.get(error.number - 1) } else { None };
                let place = place.cloned().unwrap_or(0..text.len() - start);
                Err(Fault::new(start + place.start..start + place.end, message))
            }
        }
    }
}

/// Where the layers of a packet stand in its text, which is known to parse.
fn places(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut places = Vec::new();
    let (mut start, mut depth, mut string, mut escaped) = (0, 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if string => escaped = true,
            '"' => string = !string,
            _ if string => {}
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '/' if depth == 0 => {
                places.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    places.push(start..text.len());
    // Without the space around them.
    let trimmed = |place: std::ops::Range<usize>| {
        let part = &text[place.clone()];
        let start = place.start + part.len() - part.trim_start().len();
        start..start + part.trim().len()
    };
    places.into_iter().map(trimmed).collect()
}
