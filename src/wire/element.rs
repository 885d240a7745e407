//! What lists inside headers are made of: options, TLVs, tags, records.
//!
//! A [`Family`] is one kind of list, such as TCP options; its [`Shape`] is what
//! all its elements have in common: where the type and the length stand and
//! what the length counts. A [`Form`] is one element by name, with its fields,
//! whose places count from the element's first byte.
//!
//! ```text
//! SRH TLVs, IPv6 options: | type 1 | length 1: of the value      | value |
//! TCP and IPv4 options:   | type 1 | length 1: of it all         | value |
//! ND options:             | type 1 | length 1: of it all, in 8s  | value |
//! ```

use crate::wire::field::{At, Field};

/// How long the element at the start of some bytes is; `None` where it is cut.
pub type Measure = fn(&[u8]) -> Option<usize>;

/// How the elements of a family say what they are and how long.
#[derive(Debug)]
pub struct Shape {
    /// Bytes before the value.
    pub head: usize,
    /// Where the type stands: first bit and count, 0 where there is none.
    pub kind: (u16, u16),
    /// Where the length stands: first bit and count, 0 where there is none.
    pub length: (u16, u16),
    /// Bytes that the length counts in; elements are padded to as many.
    pub unit: usize,
    /// Whether the length counts the head too.
    pub whole: bool,
    /// Types that are a single byte, without a length.
    pub single: &'static [u64],
    /// Bytes after the value, which belong to the element.
    pub tail: usize,
    /// The head's bytes where nothing is given; zeros where it is empty.
    pub preset: &'static [u8],
    /// How long an element is, where no length says it.
    pub measured: Option<Measure>,
}

impl Shape {
    /// Type and length of a byte each; the length is the value's.
    pub const TLV: Self = Self {
        head: 2,
        kind: (0, 8),
        length: (8, 8),
        unit: 1,
        whole: false,
        single: &[0],
        tail: 0,
        preset: &[],
        measured: None,
    };
    /// As in TCP and IPv4: the length counts type and length too.
    pub const COUNTED: Self = Self { whole: true, single: &[0, 1], ..Self::TLV };

    /// Whether elements of this type are a single byte.
    pub fn is_single(&self, kind: Option<u64>) -> bool {
        kind.is_some_and(|kind| self.single.contains(&kind))
    }

    /// The type of the element at the start of `bytes`.
    pub fn kind_of(&self, bytes: &[u8]) -> Option<u64> {
        number(bytes, self.kind)
    }

    /// The length in bytes of the element at the start of `bytes`; `None`
    /// where it is cut, or claims less than its head.
    pub fn measure(&self, bytes: &[u8]) -> Option<usize> {
        if self.kind.1 == 8 && self.kind.0 == 0 && self.is_single(bytes.first().map(|kind| u64::from(*kind))) {
            return Some(1);
        }
        if let Some(measured) = self.measured {
            return measured(bytes).filter(|len| (1..=bytes.len()).contains(len));
        }
        let counted = number(bytes, self.length)? as usize * self.unit;
        let len = if self.whole { counted } else { counted + self.head };
        (len >= self.head + self.tail && len > 0 && len <= bytes.len()).then_some(len)
    }
}

/// `width` (at most 32) bits after the first `offset` of `bytes`.
fn number(bytes: &[u8], (offset, width): (u16, u16)) -> Option<u64> {
    let (first, end) = (usize::from(offset / 8), usize::from((offset + width).div_ceil(8)));
    let raw = bytes.get(first..end).filter(|_| width > 0)?;
    let wide = raw.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    let below = end as u32 * 8 - u32::from(offset + width);
    Some(wide >> below & ((1 << width) - 1))
}

/// A list's elements.
#[derive(Debug)]
pub struct Family {
    /// What one of them is called: "option".
    pub what: &'static str,
    /// What they have in common.
    pub shape: Shape,
    /// The fields that every one of them has: the length, as a rule.
    pub common: &'static [Field],
    /// What there is, by name. Those without a type of their own stand for any,
    /// and come last.
    pub forms: &'static [Form],
}

impl Family {
    /// The form of a name.
    pub fn form(&self, name: &str) -> Option<&'static Form>
    where
        Self: 'static,
    {
        let forms: &'static [Form] = self.forms;
        forms.iter().find(|form| form.name == name)
    }
}

/// Works out what depends on other fields of an element: its bytes, and the
/// numbers that were given, by their names.
pub type Finish = fn(&mut Vec<u8>, &dyn Fn(&str) -> Option<u64>);

/// One kind of element.
#[derive(Debug)]
pub struct Form {
    /// What the notation calls it.
    pub name: &'static str,
    /// Its type; `None` where any type may be given.
    pub kind: Option<u64>,
    /// The bytes after the head that it has at least, with what they are where
    /// nothing is given.
    pub template: &'static [u8],
    /// Its fields, in the order in which they may be given without names.
    pub params: &'static [Field],
    /// How many of the fields are written without their names.
    pub positional: usize,
    /// Where it starts: at a multiple of the first number, plus the second.
    pub align: (u8, u8),
    /// Numbers that count what is in fields without a fixed place.
    pub counts: &'static [Count],
    /// What is worked out.
    pub finish: Option<Finish>,
    /// What it is, in a few words.
    pub about: &'static str,
}

/// A number that says how much a field of varying length holds.
#[derive(Debug)]
pub struct Count {
    /// Where the number stands: first bit and count.
    pub at: (u16, u16),
    /// The field, by its name.
    pub of: &'static str,
    /// In units of so many bytes.
    pub unit: usize,
}

impl Form {
    /// An element with nothing in it, to be completed.
    pub const EMPTY: Self = Self {
        name: "",
        kind: None,
        template: &[],
        params: &[],
        positional: 0,
        align: (1, 0),
        counts: &[],
        finish: None,
        about: "",
    };

    /// The field of a name, among the form's own and the family's.
    pub fn param(&'static self, family: &'static Family, name: &str) -> Option<&'static Field> {
        self.all_params(family).find(|field| field.arg == name)
    }

    /// All fields that can be given.
    pub fn all_params(&'static self, family: &'static Family) -> impl Iterator<Item = &'static Field> {
        let common: &[Field] = if family.shape.is_single(self.kind) { &[] } else { family.common };
        self.params.iter().chain(common)
    }
}

/// Bytes of any kind, after what has a fixed place.
pub static DATA: Field = Field::bytes("element.data", "Value", At::Varies).arg("data");
/// A count of bytes that an element takes up in all.
pub static BYTES: Field = Field::dec("element.bytes", "Length in all", At::Derived).size(2).arg("n");
/// A number of entries to make room for.
pub static HOPS: Field = Field::dec("element.hops", "Entries to make room for", At::Derived).size(1).arg("hops");
/// A number of any width, to be given a name and a place.
pub static NUMBER: Field = Field::dec("element.number", "Number", At::Varies);
/// The same in hexadecimal.
pub static HEX: Field = Field::hex("element.hex", "Number", At::Varies);
/// A flag, to be given a name and a place.
pub static FLAG: Field = Field::bool("element.flag", "Flag", At::Varies);

/// Makes an element as long as `n=` says, its head included.
pub fn as_long_as_told(bytes: &mut Vec<u8>, given: &dyn Fn(&str) -> Option<u64>) {
    if let Some(total) = given("n") {
        bytes.resize((total as usize).max(bytes.len()), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_what_the_shape_says() {
        assert_eq!(Shape::TLV.measure(&[5, 2, 0, 0, 9]), Some(4));
        assert_eq!(Shape::TLV.measure(&[0, 200]), Some(1));
        assert_eq!(Shape::TLV.measure(&[5, 3, 0, 0]), None);
        assert_eq!(Shape::COUNTED.measure(&[2, 4, 5, 180]), Some(4));
        assert_eq!(Shape::COUNTED.measure(&[2, 1, 5, 180]), None);
        assert_eq!(Shape::COUNTED.measure(&[1, 9]), Some(1));
        assert_eq!(Shape::TLV.measure(&[]), None);
        assert_eq!(number(&[0xff, 0x0f, 0xf0], (12, 8)), Some(0xff));
    }
}
