//! Several capture files as one, by time.

use std::collections::HashMap;

use super::file::{Chunk, ReadError, Reader};
use super::frame::{Frame, Timestamp};
use super::frames::Frames;

/// Reads several files side by side and gives the earliest frame each time; of
/// frames at the same time, that of the file named first. Within a file the
/// order stays, also where its times run backwards.
///
/// Frames are numbered anew, and each file's interfaces get numbers of their
/// own. A frame without a time follows its predecessor.
#[derive(Debug)]
pub struct Merge {
    inputs: Vec<Input>,
    /// Number of the next frame.
    number: u64,
    /// (file, interface in it) → interface.
    interfaces: HashMap<(usize, Option<u32>), u32>,
    failure: Option<ReadError>,
}

#[derive(Debug)]
struct Input {
    reader: Reader,
    chunk: Chunk,
    position: usize,
    /// The time of the frame at `position`; `None` once there is none.
    next: Option<Timestamp>,
}

impl Input {
    /// Finds the next frame's time, reading on where the chunk is used up.
    fn look(&mut self) -> Result<(), ReadError> {
        let earlier = self.next.take().unwrap_or(Timestamp(i128::MIN));
        if self.position >= self.chunk.len() {
            self.position = 0;
            if !self.reader.next_chunk(&mut self.chunk)? {
                return Ok(());
            }
        }
        self.next = self.chunk.frame(self.position).map(|frame| frame.time.unwrap_or(earlier));
        Ok(())
    }
}

impl Merge {
    /// Merges what `readers` have left.
    pub fn new(readers: impl IntoIterator<Item = Reader>) -> Self {
        let inputs = readers
            .into_iter()
            .map(|reader| Input { reader, chunk: Chunk::new(), position: 0, next: None })
            .collect::<Vec<_>>();
        let mut merge = Self { inputs, number: 1, interfaces: HashMap::new(), failure: None };
        (0..merge.inputs.len()).for_each(|index| merge.look(index));
        merge
    }

    /// A file that breaks gives the frames before that; the others go on.
    fn look(&mut self, index: usize) {
        if let Err(error) = self.inputs[index].look() {
            self.failure.get_or_insert(error);
        }
    }

    /// How far the files are read, in their own bytes.
    pub fn position(&self) -> u64 {
        self.inputs.iter().map(|input| input.reader.position()).sum()
    }

    /// Fills `frames` with the next ones, at least one and about `bytes` bytes
    /// of them; false at the end.
    ///
    /// # Errors
    /// The first that any of the files had, after all frames there are.
    pub fn next_frames(&mut self, frames: &mut Frames, bytes: usize) -> Result<bool, ReadError> {
        frames.clear();
        while frames.bytes() < bytes {
            let earliest = self.inputs.iter().enumerate().filter_map(|(i, input)| Some((input.next?, i))).min();
            let Some((_, index)) = earliest else { break };
            self.take(index, frames);
            self.look(index);
        }
        match self.failure.take_if(|_| frames.is_empty()) {
            Some(failure) => Err(failure),
            None => Ok(!frames.is_empty()),
        }
    }

    fn take(&mut self, index: usize, frames: &mut Frames) {
        let input = &mut self.inputs[index];
        let position = input.position;
        input.position += 1;
        if let Some((frame, about)) = input.chunk.seen(position) {
            let count = self.interfaces.len() as u32;
            let interface = *self.interfaces.entry((index, frame.interface)).or_insert(count);
            frames.push(&Frame { number: self.number, interface: Some(interface), ..frame }, about.resolution);
            self.number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::write::{Options, Writer};
    use crate::wire::link_type::LinkType;

    /// A file with one-byte frames at these times.
    fn reader(name: &str, times: &[i128], tag: u8) -> Reader {
        let path = std::env::temp_dir().join(format!("sr6-merge-{}-{name}.pcapng", std::process::id()));
        let mut writer = Writer::create(&path, &Options::default()).unwrap();
        for time in times {
            let data = [tag];
            writer.write(&Frame { time: Some(Timestamp(*time)), ..Frame::new(LinkType::RAW, &data) }).unwrap();
        }
        writer.finish().unwrap();
        let reader = Reader::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        reader
    }

    #[test]
    fn times_decide_then_the_order_of_the_files() {
        let mut merge = Merge::new([reader("a", &[1, 5, 5, 2, 9], b'a'), reader("b", &[0, 5, 8], b'b')]);
        let mut frames = Frames::new();
        let mut seen = Vec::new();
        while merge.next_frames(&mut frames, 3).unwrap() {
            assert!(frames.len() <= 3);
            for position in 0..frames.len() {
                let frame = frames.frame(position).unwrap();
                seen.push((frame.number, frame.data[0] as char, frame.time.unwrap().0, frame.interface));
            }
        }
        let expected = [('b', 0), ('a', 1), ('a', 5), ('a', 5), ('a', 2), ('b', 5), ('b', 8), ('a', 9)];
        let interface = |file| Some(u32::from(file == 'a'));
        let expected: Vec<_> =
            expected.iter().enumerate().map(|(n, (f, t))| (n as u64 + 1, *f, *t, interface(*f))).collect();
        assert_eq!(seen, expected);
    }
}
