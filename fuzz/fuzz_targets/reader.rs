//! Any bytes as a capture file: frames and an error, never a panic; and the same
//! frames and the same error whether they are read one by one from a pipe, in
//! chunks from a file, or in pieces of it, of which several are read before the
//! first is cut. (Chunks and pieces are small in fuzzing, to have many of them.)
#![no_main]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Cursor;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;

use libfuzzer_sys::fuzz_target;
use sr6::capture::file::{MAX_FRAME, Piece, Resolution};
use sr6::capture::{Chunk, Frames, ReadError, Reader};

thread_local! {
    /// A file in memory, without a name, and what to open it by.
    static FILE: RefCell<(File, String)> = RefCell::new({
        let name = format!("/dev/shm/sr6-fuzz-{}", std::process::id());
        let file = File::options().read(true).write(true).create_new(true).open(&name).expect("a file in memory");
        fs::remove_file(name).expect("its name taken away");
        let name = format!("/proc/self/fd/{}", file.as_raw_fd());
        (file, name)
    });
}

/// All frames, and the error that they end with. Times are compared, and what
/// they count in is not kept.
fn one_by_one(mut reader: Reader) -> (Frames, Option<String>) {
    let mut frames = Frames::new();
    let end = loop {
        match reader.next_frame() {
            Ok(Some(frame)) => {
                assert!(frame.data.len() <= MAX_FRAME as usize);
                frames.push(&frame, Resolution::NANOS);
            }
            Ok(None) => break None,
            Err(error) => break Some(error.to_string()),
        }
    };
    assert!(matches!(reader.next_frame(), Ok(None)), "nothing comes after the end");
    (frames, end)
}

/// Reads by the chunk as `next` does, and compares.
fn compare(
    mut reader: Reader,
    (frames, end): &(Frames, Option<String>),
    mut next: impl FnMut(&mut Reader, &mut Chunk) -> Result<bool, ReadError>,
) {
    let (mut chunk, mut count) = (Chunk::new(), 0);
    loop {
        let more = next(&mut reader, &mut chunk);
        for frame in chunk.frames() {
            assert_eq!(Some(frame), frames.frame(count));
            count += 1;
        }
        match more {
            Ok(true) => continue,
            Ok(false) => assert_eq!(*end, None),
            Err(error) => assert_eq!(*end, Some(error.to_string())),
        }
        break;
    }
    assert_eq!(count, frames.len());
}

/// Reads pieces, up to so many ahead, the last one first; and after so many of
/// them without.
fn by_pieces(ahead: usize, mut most: usize) -> impl FnMut(&mut Reader, &mut Chunk) -> Result<bool, ReadError> {
    let mut given: VecDeque<(Piece, Chunk)> = VecDeque::new();
    let mut used = Vec::new();
    move |reader, chunk| {
        let new = given.len();
        while given.len() < ahead
            && most > 0
            && let Some(piece) = reader.next_piece()
        {
            given.push_back((piece, used.pop().unwrap_or_default()));
            most -= 1;
        }
        for (piece, own) in given.range_mut(new..).rev() {
            piece.read(own);
        }
        let Some((piece, own)) = given.pop_front() else { return reader.next_chunk(chunk) };
        used.push(std::mem::replace(chunk, own));
        reader.next_chunk_from(piece, chunk)
    }
}

fuzz_target!(|input: &[u8]| {
    FILE.with_borrow(|(file, name)| {
        file.set_len(0).expect("emptied");
        file.write_all_at(input, 0).expect("written");
        let piped = Reader::new(name, Box::new(Cursor::new(input.to_vec())));
        let open = || Reader::open(name);
        let reader = match piped {
            Ok(reader) => reader,
            Err(error) => return assert_eq!(error.to_string(), open().expect_err("the same").to_string()),
        };
        let all = one_by_one(reader);
        compare(open().expect("read before"), &all, |reader, chunk| reader.next_chunk(chunk));
        compare(open().expect("read before"), &all, by_pieces(3, usize::MAX));
        compare(open().expect("read before"), &all, by_pieces(2, input.len() % 4));
    });
});
