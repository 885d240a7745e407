//! The lists inside headers: from their bytes to elements that build the same.

use crate::craft::{Arg, Element};
use crate::rebuild::arg;
use crate::wire::bytes::tail;
use crate::wire::element::{Family, Form};
use crate::wire::field::{At, Field, Kind, Value, bits};
use crate::wire::srh_tlv::HMAC_NAME;

/// The elements that `bytes` are made of, as far as they are any: what is left
/// over stays bytes.
pub(super) fn read(family: &'static Family, bytes: &[u8]) -> Vec<Arg> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = tail(bytes, at);
        match family.shape.measure(rest).and_then(|len| rest.get(..len)) {
            Some(chunk) => {
                found.push(one(family, family.shape.kind_of(chunk), chunk));
                at += chunk.len();
            }
            None => {
                found.push(Arg::Bytes(rest.to_vec()));
                break;
            }
        }
    }
    found
}

/// One element, by the first form that comes out as its bytes.
pub(super) fn one(family: &'static Family, kind: Option<u64>, chunk: &[u8]) -> Arg {
    let forms = family.forms.iter().filter(|form| form.kind.is_none() || form.kind == kind);
    forms
        .filter_map(|form| by_form(family, form, kind, chunk))
        .next()
        .map_or_else(|| Arg::Bytes(chunk.to_vec()), Arg::Element)
}

/// The element of a form that comes out as `chunk`, if there is one, with
/// nothing given that it has by itself.
fn by_form(family: &'static Family, form: &'static Form, kind: Option<u64>, chunk: &[u8]) -> Option<Element> {
    let fixed = family.shape.head + form.template.len();
    let mut plain = Element::new(family, form);
    // A type that stands elsewhere.
    if let (Some(field), Some(kind)) = (form.params.iter().find(|f| f.arg == "type" && f.at == At::Derived), kind) {
        plain.set(field, kind);
    }
    if let Some(field) = form.params.iter().find(|field| field.arg == "n") {
        // Padding, whose only field is how long it is.
        plain.set(field, u16::try_from(chunk.len()).ok()?);
    }
    if plain.bytes().is_ok_and(|bytes| bytes == chunk) && form.name != HMAC_NAME {
        return Some(plain);
    }
    let mut element = plain;
    let value = tail(chunk, fixed);
    let value = value.get(..value.len().checked_sub(family.shape.tail)?)?;
    let mut value = value;
    for field in form.params.iter().filter(|field| field.at == At::Varies) {
        // As much as is counted; all that is left, where nothing is.
        let count = form.counts.iter().find(|count| count.of == field.arg);
        let size = match count {
            Some(count) => {
                Field::dec("", "", bits(count.at.0, count.at.1)).read(chunk).and_then(|value| match value {
                    Value::Uint(number) => Some(number as usize * count.unit),
                    _ => None,
                })?
            }
            None => value.len(),
        };
        let (own, after) = value.split_at_checked(size)?;
        value = after;
        if !own.is_empty() || form.name == HMAC_NAME {
            element.set(field, values(field, own)?);
        }
    }
    // What one field says can change what another has by itself.
    for _ in 0..2 {
        let built = element.bytes().ok()?;
        if built == chunk {
            break;
        }
        let missing: Vec<_> = form
            .all_params(family)
            .filter_map(|field| {
                let value = field.read(chunk)?;
                (field.read(&built) != Some(value)).then(|| (field, arg(field, value)))
            })
            .collect();
        missing.into_iter().for_each(|(field, value)| element.set(field, value));
    }
    let same = |element: &Element| element.bytes().is_ok_and(|bytes| bytes == chunk);
    if !same(&element) {
        return None;
    }
    Some(in_order(element))
}

/// The same element with its fields in the order of the form, so that the
/// first need no names.
fn in_order(element: Element) -> Element {
    let mut ordered = Element::new(element.family(), element.form());
    for field in element.form().all_params(element.family()) {
        if let Some((_, value)) = element.args().find(|(known, _)| std::ptr::eq(*known, field)) {
            ordered.set(field, value.clone());
        }
    }
    ordered
}

/// What a field without a fixed place holds.
fn values(field: &'static Field, bytes: &[u8]) -> Option<Arg> {
    if let Some(family) = field.elements {
        return Some(Arg::List(read(family, bytes)));
    }
    let size = match field.kind {
        Kind::Ipv6 => 16,
        Kind::Ipv4 => 4,
        Kind::Uint(_, size) if field.many => usize::from(size),
        _ => return Some(Arg::Bytes(bytes.to_vec())),
    };
    if !bytes.len().is_multiple_of(size) {
        return None;
    }
    let value = |chunk: &[u8]| match field.kind {
        Kind::Ipv6 => chunk.first_chunk::<16>().map(|octets| Arg::Ipv6((*octets).into())),
        Kind::Ipv4 => chunk.first_chunk::<4>().map(|octets| Arg::Ipv4((*octets).into())),
        _ => Some(Arg::Uint(chunk.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))),
    };
    bytes.chunks(size).map(value).collect::<Option<Vec<_>>>().map(Arg::List)
}
