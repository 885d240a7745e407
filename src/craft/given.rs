//! What is given to a layer, or to an element of a list: fields with values.

use crate::craft::Arg;
use crate::wire::field::Field;

/// Fields with the values they were given, each at most once, in the order they
/// are written in; where two overlap, the later one wins.
#[derive(Debug, Clone, Default)]
pub(super) struct Given(Vec<(&'static Field, Arg)>);

impl Given {
    /// Gives a field, in place of what it may have been given before.
    pub fn set(&mut self, field: &'static Field, value: Arg) {
        match self.0.iter_mut().find(|(known, _)| std::ptr::eq(*known, field)) {
            Some((_, old)) => *old = value,
            None => self.0.push((field, value)),
        }
    }

    /// Takes a field back.
    pub fn unset(&mut self, field: &'static Field) {
        self.0.retain(|(known, _)| !std::ptr::eq(*known, field));
    }

    /// What the field was given.
    pub fn get(&self, field: &'static Field) -> Option<&Arg> {
        self.0.iter().find(|(known, _)| std::ptr::eq(*known, field)).map(|(_, value)| value)
    }

    /// All of it, in the order it was given.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'static Field, &Arg)> {
        self.0.iter().map(|(field, value)| (*field, value))
    }
}

impl PartialEq for Given {
    fn eq(&self, other: &Self) -> bool {
        let same = |((a, x), (b, y)): (&(&Field, Arg), &(&Field, Arg))| std::ptr::eq(*a, *b) && x == y;
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(same)
    }
}

impl Eq for Given {}
