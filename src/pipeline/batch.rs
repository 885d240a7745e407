//! What the pipeline moves: frames, a few hundred at a time.

use crate::capture::file::{Piece, Resolution};
use crate::capture::{Chunk, Frame, Frames, Merge, ReadError, Reader, Timestamp};

/// A few hundred frames, and what they have to know of those before them.
#[derive(Debug, Default)]
pub struct Batch {
    chunk: Chunk,
    frames: Frames,
    /// Which of the two it is.
    is_chunk: bool,
    /// When the first frame of all was seen.
    pub first_time: Option<Timestamp>,
    /// When the frame before this batch was seen; of the first, its own time.
    pub previous_time: Option<Timestamp>,
}

impl Batch {
    /// The batch as a piece of a file, to be filled.
    pub fn chunk(&mut self) -> &mut Chunk {
        self.is_chunk = true;
        &mut self.chunk
    }

    /// The batch as copied frames, to be filled.
    pub fn frames(&mut self) -> &mut Frames {
        self.is_chunk = false;
        &mut self.frames
    }

    /// How many frames it holds.
    pub fn len(&self) -> usize {
        if self.is_chunk { self.chunk.len() } else { self.frames.len() }
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The frame at `position`, counted from 0.
    #[inline]
    pub fn frame(&self, position: usize) -> Option<Frame<'_>> {
        if self.is_chunk { self.chunk.frame(position) } else { self.frames.frame(position) }
    }

    /// As [`frame`](Self::frame), with the decimals of a second that its time is
    /// worth showing with: 6, or 9 where its source counts finer. Inlined, since a
    /// frame is too large to be handed back without being copied.
    #[inline(always)]
    pub fn seen(&self, position: usize) -> Option<(Frame<'_>, u8)> {
        let (frame, resolution) = if self.is_chunk {
            let (frame, interface) = self.chunk.seen(position)?;
            (frame, Some(interface.resolution))
        } else {
            (self.frames.frame(position)?, self.frames.resolution(position))
        };
        let digits = match resolution {
            Some(Resolution::Decimal(0..=6) | Resolution::Binary(0..=19)) | None => 6,
            Some(_) => 9,
        };
        Some((frame, digits))
    }

    pub(super) fn truncate(&mut self, count: usize) {
        if self.is_chunk { self.chunk.truncate(count) } else { self.frames.truncate(count) }
    }
}

/// Where frames come from.
pub trait Source: Send {
    /// Why it could give no more.
    type Error: Send;

    /// Fills `batch` with the next frames, at least one; false at the end.
    ///
    /// # Errors
    /// Where the source breaks, after all frames before that.
    fn next(&mut self, batch: &mut Batch) -> Result<bool, Self::Error>;

    /// A piece that the next batch is to come from, if it can be read while
    /// others are: it is read into [`Batch::chunk`].
    fn next_piece(&mut self) -> Option<Piece> {
        None
    }

    /// As [`next`](Self::next), from a piece that was read. They come in the
    /// order in which they were given out. A batch may have no frame.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    fn next_from(&mut self, _piece: Piece, batch: &mut Batch) -> Result<bool, Self::Error> {
        self.next(batch)
    }
}

impl Source for Reader {
    type Error = ReadError;

    fn next(&mut self, batch: &mut Batch) -> Result<bool, ReadError> {
        self.next_chunk(batch.chunk())
    }

    fn next_piece(&mut self) -> Option<Piece> {
        self.next_piece()
    }

    fn next_from(&mut self, piece: Piece, batch: &mut Batch) -> Result<bool, ReadError> {
        self.next_chunk_from(piece, batch.chunk())
    }
}

/// Bytes of frames to merge into one batch.
const MERGED: usize = 256 << 10;

impl Source for Merge {
    type Error = ReadError;

    fn next(&mut self, batch: &mut Batch) -> Result<bool, ReadError> {
        self.next_frames(batch.frames(), MERGED)
    }
}
