//! Elements of lists inside headers: options, TLVs, records.

use crate::craft::build::{Site, Step};
use crate::craft::given::Given;
use crate::craft::{Arg, ArgError, Problem, tlv};
use crate::wire::element::{Family, Form};
use crate::wire::field::{At, Field, Kind};

/// One element of a list, and the fields that are given to it. What is not
/// given is as the form has it: zero, as a rule.
#[derive(Debug, Clone)]
pub struct Element {
    family: &'static Family,
    form: &'static Form,
    args: Given,
}

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.form, other.form) && self.args == other.args
    }
}

impl Eq for Element {}

impl Element {
    /// An element with nothing given.
    pub fn new(family: &'static Family, form: &'static Form) -> Self {
        Self { family, form, args: Given::default() }
    }

    /// The list it is for.
    pub fn family(&self) -> &'static Family {
        self.family
    }

    /// What it is.
    pub fn form(&self) -> &'static Form {
        self.form
    }

    /// Gives a field of the form, or of the family. Whether the value suits it
    /// shows when the packet is built.
    pub fn set(&mut self, field: &'static Field, value: impl Into<Arg>) {
        self.args.set(field, value.into());
    }

    /// Gives the field of a name; one that the form does not have changes
    /// nothing.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Arg>) -> Self {
        if let Some(field) = self.form.param(self.family, name) {
            self.set(field, value);
        }
        self
    }

    /// Takes a field back.
    pub fn unset(&mut self, field: &'static Field) {
        self.args.unset(field);
    }

    /// The given fields, in the order they were given.
    pub fn args(&self) -> impl ExactSizeIterator<Item = (&'static Field, &Arg)> {
        self.args.iter()
    }

    /// What the field of a name was given.
    pub fn get(&self, name: &str) -> Option<&Arg> {
        self.args.iter().find(|(field, _)| field.arg == name).map(|(_, value)| value)
    }

    /// The number given to the field of a name.
    pub(super) fn uint(&self, name: &str) -> Option<u64> {
        if let Some(Arg::Uint(number)) = self.get(name) { Some(*number) } else { None }
    }

    /// The bytes given to the field of a name.
    pub(super) fn raw(&self, name: &str) -> Option<&[u8]> {
        if let Some(Arg::Bytes(bytes)) = self.get(name) { Some(bytes) } else { None }
    }

    /// Checks that every value suits its field.
    ///
    /// # Errors
    /// One does not, or is of another form.
    pub(super) fn check(&self) -> Result<(), ArgError> {
        for (field, value) in self.args() {
            if !self.form.all_params(self.family).any(|own| std::ptr::eq(own, field)) {
                return Err(ArgError::ReadOnly(field.name));
            }
            value.check(field)?;
        }
        Ok(())
    }

    /// The element's bytes, alone.
    ///
    /// # Errors
    /// Its length, or a count, has no room for what it holds.
    pub fn bytes(&self) -> Result<Vec<u8>, Problem> {
        let (shape, form) = (&self.family.shape, self.form);
        let mut bytes = vec![0; shape.head];
        bytes.iter_mut().zip(shape.preset).for_each(|(byte, preset)| *byte = *preset);
        if shape.is_single(form.kind) {
            bytes.truncate(1);
            put(&mut bytes, shape.kind, form.kind.unwrap_or_default());
            return Ok(bytes);
        }
        bytes.extend(form.template);
        put(&mut bytes, shape.kind, form.kind.unwrap_or_default());
        let mut sizes = Vec::new();
        for field in form.params.iter().filter(|field| field.at == At::Varies) {
            let before = bytes.len();
            if let Some(value) = self.args.get(field) {
                append(&mut bytes, field, value)?;
            } else if tlv::is_unsigned(self) {
                bytes.resize(before + tlv::digest_len(self), 0);
            }
            sizes.push((field.arg, bytes.len() - before));
        }
        self.put_given(&mut bytes);
        if let Some(finish) = form.finish {
            finish(&mut bytes, &|name| self.uint(name));
        }
        for count in form.counts {
            let size = sizes.iter().find(|(name, _)| *name == count.of).map_or(0, |(_, size)| *size);
            put(&mut bytes, count.at, (size / count.unit) as u64);
        }
        bytes.resize(bytes.len() + shape.tail, 0);
        let counted = |len: usize| if shape.whole { len } else { len - shape.head };
        let padded = counted(bytes.len()).next_multiple_of(shape.unit);
        bytes.resize(padded + if shape.whole { 0 } else { shape.head }, 0);
        let (length, most) = ((padded / shape.unit) as u64, (1u64 << shape.length.1) - 1);
        if shape.length.1 > 0 {
            if length > most && self.get("len").is_none() {
                let of = if shape.unit == 1 { "bytes of value" } else { "units of length" };
                let (arg, hint) = ("len", "shorten it, or give len=");
                return Err(Problem::TooMany { value: length, of, arg, most, hint });
            }
            put(&mut bytes, shape.length, length & most);
        }
        self.put_given(&mut bytes);
        Ok(bytes)
    }

    /// Writes what was given to fields at fixed places.
    fn put_given(&self, bytes: &mut [u8]) {
        for (field, value) in self.args() {
            // Values are checked, and places are within the template.
            let _ = match value {
                Arg::Uint(number) => field.write_uint(bytes, *number),
                Arg::Ether(octets) => field.write_bytes(bytes, octets),
                Arg::Ipv4(address) => field.write_bytes(bytes, &address.octets()),
                Arg::Ipv6(address) => field.write_bytes(bytes, &address.octets()),
                Arg::Bytes(raw) if field.at != At::Varies => field.write_bytes(bytes, raw),
                Arg::Bytes(_) | Arg::Bad | Arg::Element(_) | Arg::List(_) | Arg::Vary(_) => continue,
            };
        }
    }
}

/// Writes a number to `width` bits after the first `offset` of `bytes`.
fn put(bytes: &mut [u8], (offset, width): (u16, u16), value: u64) {
    if width > 0 {
        let field = Field::dec("", "", crate::wire::field::bits(offset, width));
        // The place is within the head, and numbers of types fit.
        let _ = field.write_uint(bytes, value & (u64::MAX >> (64 - width)));
    }
}

/// Appends a value of varying length.
fn append(bytes: &mut Vec<u8>, field: &'static Field, value: &Arg) -> Result<(), Problem> {
    let size = match field.kind {
        Kind::Uint(_, size) => usize::from(size),
        _ => 0,
    };
    match value {
        Arg::Bytes(raw) => bytes.extend(raw),
        Arg::Uint(number) => bytes.extend(number.to_be_bytes().iter().skip(8 - size)),
        Arg::Ipv4(address) => bytes.extend(address.octets()),
        Arg::Ipv6(address) => bytes.extend(address.octets()),
        Arg::Ether(octets) => bytes.extend(octets),
        Arg::Element(element) => bytes.extend(element.bytes()?),
        Arg::List(items) => {
            for item in items {
                append(bytes, field, item)?;
            }
        }
        Arg::Bad | Arg::Vary(_) => {}
    }
    Ok(())
}

/// A list as it lies in its header.
#[derive(Default)]
pub(super) struct Laid<'a> {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its elements, and where each starts, in bytes from the list's start.
    pub places: Vec<(usize, &'a Element)>,
}

/// Lays out the list given to `field`, which starts `from` bytes into what its
/// elements are aligned in; `pad` appends so many bytes of padding.
pub(super) fn list<'a>(
    site: &Site<'a>,
    field: &'static Field,
    from: usize,
    pad: fn(&mut Vec<u8>, usize),
) -> Step<Laid<'a>> {
    let mut laid = Laid::default();
    match site.layer().get(field) {
        Some(Arg::Bytes(raw)) => laid.bytes.extend(raw),
        Some(Arg::List(items)) => {
            for item in items {
                match item {
                    Arg::Element(element) => {
                        let (multiple, plus) = (usize::from(element.form.align.0), usize::from(element.form.align.1));
                        let missing = (multiple + plus).wrapping_sub((from + laid.bytes.len()) % multiple) % multiple;
                        if missing > 0 {
                            pad(&mut laid.bytes, missing);
                        }
                        laid.places.push((laid.bytes.len(), element));
                        laid.bytes.extend(element.bytes().map_err(|problem| site.error(problem))?);
                    }
                    Arg::Bytes(raw) => laid.bytes.extend(raw),
                    // Refused when the arguments were checked.
                    _ => {}
                }
            }
        }
        _ => {}
    }
    Ok(laid)
}

/// Padding for lists that need none between their elements.
pub(super) fn zeros(bytes: &mut Vec<u8>, count: usize) {
    bytes.resize(bytes.len() + count, 0);
}
