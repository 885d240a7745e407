//! Frames copied out of sources that do not keep them.

use std::sync::Arc;

use super::file::Resolution;
use super::frame::{Comments, Frame, Timestamp};
use crate::wire::link_type::LinkType;

/// A run of frames with their bytes: what a live interface gave so far, or the
/// next frames of several files. Made to be reused: its buffers stay.
#[derive(Debug, Clone, Default)]
pub struct Frames {
    /// Data and option bytes of all frames.
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    /// The names of interfaces that occur, few as they are.
    names: Vec<Arc<str>>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    number: u64,
    time: Option<Timestamp>,
    link: LinkType,
    at: usize,
    captured: u32,
    options: u32,
    big_endian: bool,
    original: u32,
    interface: Option<u32>,
    /// An index into `names`.
    name: Option<u32>,
    resolution: Resolution,
}

impl Frames {
    /// No frames.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many frames there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes that the frames take.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a copy of `frame`, whose time counts in `resolution`. Of its
    /// comments, those that a file stored come along.
    pub fn push(&mut self, frame: &Frame<'_>, resolution: Resolution) {
        let name = frame.interface_name.map(|name| self.name(name));
        let at = self.bytes.len();
        self.bytes.extend_from_slice(frame.data);
        let (options, big_endian) = frame.comments.stored();
        self.bytes.extend_from_slice(options);
        self.entries.push(Entry {
            number: frame.number,
            time: frame.time,
            link: frame.link,
            at,
            captured: frame.data.len() as u32,
            options: options.len() as u32,
            big_endian,
            original: frame.original_len,
            interface: frame.interface,
            name,
            resolution,
        });
    }

    fn name(&mut self, name: &str) -> u32 {
        let known = self.names.iter().rposition(|known| **known == *name);
        known.unwrap_or_else(|| {
            self.names.push(name.into());
            self.names.len() - 1
        }) as u32
    }

    /// The frame at `position`, counted from 0.
    pub fn frame(&self, position: usize) -> Option<Frame<'_>> {
        let entry = self.entries.get(position)?;
        let data_end = entry.at + entry.captured as usize;
        let options = self.bytes.get(data_end..data_end + entry.options as usize)?;
        Some(Frame {
            number: entry.number,
            time: entry.time,
            link: entry.link,
            data: self.bytes.get(entry.at..data_end)?,
            original_len: entry.original,
            interface: entry.interface,
            interface_name: entry.name.and_then(|name| self.names.get(name as usize)).map(|name| &**name),
            comments: Comments::options(options, entry.big_endian),
        })
    }

    /// How finely the time of the frame at `position` counts.
    pub fn resolution(&self, position: usize) -> Option<Resolution> {
        self.entries.get(position).map(|entry| entry.resolution)
    }

    /// Forgets the frames after the first `count`.
    pub fn truncate(&mut self, count: usize) {
        self.entries.truncate(count);
    }

    /// Forgets the frames and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        self.names.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_say_what_the_frames_said() {
        let option = [1, 0, 2, 0, b'h', b'i', 0, 0];
        let one = Frame {
            number: 7,
            time: Some(Timestamp(5)),
            interface: Some(3),
            interface_name: Some("eth0"),
            original_len: 9,
            comments: Comments::options(&option, false),
            ..Frame::new(LinkType::IPV6, &[1, 2, 3])
        };
        let two = Frame { number: 8, interface_name: None, comments: Comments::default(), data: &[4], ..one };
        let mut frames = Frames::new();
        frames.push(&one, Resolution::NANOS);
        frames.push(&two, Resolution::MICROS);
        assert_eq!((frames.frame(0), frames.frame(1), frames.frame(2)), (Some(one), Some(two), None));
        assert_eq!((frames.len(), frames.bytes(), frames.resolution(1)), (2, 12, Some(Resolution::MICROS)));
        frames.truncate(1);
        assert_eq!(frames.frame(1), None);
        frames.clear();
        assert!(frames.is_empty());
    }
}
