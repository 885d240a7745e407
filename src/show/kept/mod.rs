//! What a form of output made of runs of fields, kept for the next packet that
//! has the same.

#[cfg(test)]
mod tests;

use crate::dissect::refrain::{Refrain, Run};

/// How many things are kept. Each has one place that it may be at, from which
/// the next one that belongs there drives it out.
const PLACES: usize = 4096;

/// The most bytes that are kept of one thing, with what tells it apart: so many
/// times the places is the most memory that they take, whatever is in a capture.
const LONGEST: usize = 2048;

/// What was made of [`Refrain`]s, each with what else it depended on.
#[derive(Debug, Clone)]
pub struct Kept<T> {
    /// Empty until something is asked for.
    places: Vec<Place<T>>,
    /// What is being made, the innermost last.
    open: Vec<Open>,
    /// How often each run is worth keeping.
    worth: [Worth; Run::COUNT],
    /// How many things were begun to be made.
    begun: u64,
    /// What was found or kept last, for what is left of it.
    last: Option<Open>,
}

/// A thing that is kept, or being made to be.
#[derive(Debug, Clone, Default)]
struct Place<T> {
    mixed: u64,
    number: u64,
    /// The pieces, one after the other, and then the texts: next to each other,
    /// since where they lie is mostly far from the processor.
    bytes: Vec<u8>,
    /// Which of all that were begun it is; 0 for none.
    begun: u64,
    context: u32,
    /// Where the text starts.
    text: u16,
    run: u8,
    /// How many texts there are: that of the first fields, and that of the rest.
    complete: u8,
    /// Where the first text ends.
    rest: u16,
    made: T,
    made_of_rest: T,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    place: usize,
    begun: u64,
    /// The length of the text before.
    start: usize,
}

/// What is known of a refrain.
#[derive(Debug)]
pub enum Found<'k, T> {
    /// The text that was made of it, and what else there is to know.
    Made(&'k [u8], &'k T),
    /// Nothing; it is to be made, and then [kept](Kept::keep).
    Begun,
    /// Nothing, and what is made of it is not to be kept.
    Unkept,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { places: Vec::new(), open: Vec::new(), worth: [Worth::default(); Run::COUNT], begun: 0, last: None }
    }
}

impl<T: Clone + Default> Kept<T> {
    /// What was made of `refrain` where `context` was the same. If that is not
    /// here, it is about to be made, after `start` bytes of text.
    pub fn find(&mut self, refrain: &Refrain<'_>, context: usize, start: usize) -> Found<'_, T> {
        if refrain.rest {
            return self.find_rest(refrain.run, start);
        }
        if self.places.is_empty() {
            self.places.resize(PLACES, Place::default());
        }
        self.last = None;
        let worth = &mut self.worth[refrain.run as usize];
        if !worth.is_tried() {
            return Found::Unkept;
        }
        let mixed = refrain.mixed();
        // By the upper bits, which are mixed best.
        let index = (mixed >> (u64::BITS - PLACES.ilog2())) as usize;
        let Some(place) = self.places.get_mut(index) else { return Found::Unkept };
        let context = context as u32;
        if place.complete > 0 && place.mixed == mixed && place.is_of(refrain, context) {
            worth.found();
            self.last = Some(Open { place: index, begun: place.begun, start });
            let text = place.bytes.get(usize::from(place.text)..usize::from(place.rest)).unwrap_or_default();
            return Found::Made(text, &place.made);
        }
        self.begun += 1;
        if !place.begin(refrain, mixed, context, self.begun) {
            return Found::Unkept;
        }
        self.open.push(Open { place: index, begun: self.begun, start });
        Found::Begun
    }

    /// What is left of what was found last, or of what was just kept. (If that is
    /// of another run, it is one within the first part of this, which is not kept.)
    fn find_rest(&mut self, run: Run, start: usize) -> Found<'_, T> {
        let Some(last) = self.last.take() else { return Found::Unkept };
        let is_last = |place: &&mut Place<T>| place.begun == last.begun && place.run == run as u8;
        let Some(place) = self.places.get_mut(last.place).filter(is_last) else { return Found::Unkept };
        match place.complete {
            0 => Found::Unkept,
            1 => {
                self.open.push(Open { start, ..last });
                Found::Begun
            }
            _ => Found::Made(place.bytes.get(usize::from(place.rest)..).unwrap_or_default(), &place.made_of_rest),
        }
    }

    /// Keeps what was made last, with which `out` ends. Returns where that
    /// starts, and where to keep what else there is to know; `None` where
    /// it is too long, or another thing has taken its place meanwhile.
    pub fn keep(&mut self, out: &[u8]) -> Option<(usize, &mut T)> {
        let open = self.open.pop()?;
        self.last = Some(open);
        let place = self.places.get_mut(open.place).filter(|place| place.begun == open.begun)?;
        let text = out.get(open.start..)?;
        let length = place.bytes.len() + text.len();
        if length > LONGEST {
            return None;
        }
        place.bytes.extend_from_slice(text);
        place.complete += 1;
        if place.complete > 1 {
            return Some((open.start, &mut place.made_of_rest));
        }
        place.rest = length as u16;
        Some((open.start, &mut place.made))
    }
}

impl<T> Place<T> {
    fn is_of(&self, refrain: &Refrain<'_>, context: u32) -> bool {
        // The C library's comparison of no bytes can take longer than one of many.
        let same = |own: &[u8], piece: &[u8]| piece.is_empty() && own.is_empty() || own == piece;
        let [first, second] = refrain.pieces;
        self.run == refrain.run as u8
            && self.number == refrain.number
            && self.context == context
            && self
                .bytes
                .get(..usize::from(self.text))
                .and_then(|pieces| pieces.split_at_checked(first.len()))
                .is_some_and(|own| same(own.0, first) && same(own.1, second))
    }

    /// Makes room for another thing; false where it is one that is not kept.
    fn begin(&mut self, refrain: &Refrain<'_>, mixed: u64, context: u32, begun: u64) -> bool {
        let [first, second] = refrain.pieces;
        if first.len() + second.len() > LONGEST {
            return false;
        }
        self.bytes.clear();
        self.bytes.extend_from_slice(first);
        self.bytes.extend_from_slice(second);
        (self.mixed, self.run, self.number, self.context) = (mixed, refrain.run as u8, refrain.number, context);
        (self.text, self.begun, self.complete) = (self.bytes.len() as u16, begun, 0);
        true
    }
}

/// Whether a run comes again often enough: where it does not, looking for it
/// and keeping it would only take time.
#[derive(Debug, Clone, Copy, Default)]
struct Worth {
    tried: u32,
    found: u32,
    /// How often it is not to be tried.
    paused: u32,
}

impl Worth {
    /// After so many tries the share of those found is looked at,
    const TRIES: u32 = 512;
    /// which is to be one in so many,
    const ONE_IN: u32 = 2;
    /// or else it is not tried so many times.
    const PAUSE: u32 = 16 * Self::TRIES;

    /// Whether to try this time.
    fn is_tried(&mut self) -> bool {
        if self.paused > 0 {
            self.paused -= 1;
            return false;
        }
        if self.tried == Self::TRIES {
            let rare = self.found < Self::TRIES / Self::ONE_IN;
            *self = Self { paused: if rare { Self::PAUSE } else { 0 }, ..Self::default() };
        }
        self.tried += 1;
        true
    }

    fn found(&mut self) {
        self.found += 1;
    }
}
