//! Names → definitions, words → values: what the grammar's parts mean.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::caret::{Fault, Span};
use crate::craft::{self, Arg, Element, Headend, Stack};
use crate::notation::syntax::{Item, Layer, Spanned, Value};
use crate::notation::{file, vary};
use crate::wire::element::{Family, Form};
use crate::wire::field::{Field, Kind, Words};
use crate::wire::proto::Proto;
use crate::wire::sid;

/// Gives a parsed packet its meaning.
pub(super) fn packet(layers: &[Spanned<Layer<'_>>], files: bool) -> Result<Stack, Fault> {
    let mut stack = Stack::default();
    // From the innermost outwards: a headend wraps all that is behind it.
    for parsed in layers.iter().rev() {
        let helper = match &parsed.node {
            Layer::Named { name, items } => Headend::by_name(name.node).map(|helper| (helper, name, items)),
            Layer::Text(_) => None,
        };
        stack = match helper {
            Some((helper, name, items)) => wrap(helper, name, items, stack)?,
            None => layer(parsed, files)? / stack,
        };
    }
    Ok(stack)
}

/// A headend around a packet: it takes the arguments of the IPv6 header and of
/// the SRH.
fn wrap(helper: Headend, name: &Spanned<&str>, items: &[Item<'_>], inner: Stack) -> Result<Stack, Fault> {
    let (mut outer, mut header) = (craft::Layer::new(Proto::Ipv6), craft::Layer::new(Proto::Srh));
    for item in items {
        let word = match (&item.name, &item.value.node) {
            (Some(name), _) => name.node,
            (None, Value::Word(word)) => word,
            _ => "",
        };
        // The compression is the path's; all else that both know is the outer
        // header's.
        let of = |proto: Proto| proto.info().fields.iter().any(|field| field.arg == word && !word.is_empty());
        let compression = word == sid::NEXT_PLAN.arg;
        let layer = if of(Proto::Ipv6) && !compression { &mut outer } else { &mut header };
        if layer.proto == Proto::Srh && !of(Proto::Srh) {
            let known = [Proto::Ipv6, Proto::Srh].iter().flat_map(|proto| proto.info().fields).map(|field| field.arg);
            let span = item.name.as_ref().map_or(&item.value.span, |name| &name.span);
            let known = known.filter(|arg| !arg.is_empty());
            return Err(Fault::unknown(span.clone(), "argument", word, &format!(" of {}", name.node), known));
        }
        let (field, value, place) = argument(layer.proto, item)?;
        if layer.has(field) {
            return Err(Fault::new(place, format!("'{}' is given twice", field.arg)));
        }
        layer.set(field, value);
    }
    craft::headend(helper, outer, header, inner).map_err(|error| Fault::new(name.span.clone(), error.to_string()))
}

/// The layers that can be written by name.
fn layers() -> impl Iterator<Item = Proto> {
    Proto::ALL.iter().copied().filter(|proto| !proto.info().notation.is_empty())
}

fn layer(parsed: &Spanned<Layer<'_>>, files: bool) -> Result<craft::Layer, Fault> {
    let (name, items) = match &parsed.node {
        Layer::Text(text) => return Ok(craft::Layer::data(text.as_slice())),
        Layer::Named { name, items } => (name, items),
    };
    if name.node == file::NAME {
        return file::read(&parsed.span, items, files).map(craft::Layer::data);
    }
    if let Some(payload) = vary::payload(&parsed.span, name, items)? {
        return Ok(payload);
    }
    let Some(proto) = layers().find(|proto| proto.info().notation == name.node) else {
        let known = layers().map(|proto| proto.info().notation).chain(vary::PAYLOADS).chain([file::NAME]);
        let known = known.chain(Headend::ALL.map(Headend::name));
        return Err(Fault::unknown(name.span.clone(), "layer", name.node, "", known));
    };
    if proto == Proto::Data {
        return Ok(craft::Layer::data(digits(parsed.span.clone(), items)?));
    }
    let mut layer = craft::Layer::new(proto);
    for item in items {
        let (field, value, place) = argument(proto, item)?;
        if layer.has(field) {
            return Err(Fault::new(place, format!("'{}' is given twice", field.arg)));
        }
        layer.set(field, value);
    }
    Ok(layer)
}

/// One argument of a layer, and where its name stands.
fn argument(proto: Proto, item: &Item<'_>) -> Result<(&'static Field, Arg, Span), Fault> {
    let info = proto.info();
    let writable = || info.fields.iter().copied().filter(|field| !field.arg.is_empty());
    let find = |name: &str, span: &Span| {
        writable().find(|field| field.arg == name).ok_or_else(|| {
            let of = format!(" of {}", info.notation);
            Fault::unknown(span.clone(), "argument", name, &of, writable().map(|field| field.arg))
        })
    };
    match (&item.name, &item.value.node) {
        (Some(name), _) => {
            let field = find(name.node, &name.span)?;
            Ok((field, value(field, &item.value)?, name.span.clone()))
        }
        (None, Value::Word(word)) => {
            let field = find(word, &item.value.span)?;
            if field.kind != Kind::Bool {
                let message = format!("'{word}' needs a value: it takes {}", craft::expects(field));
                return Err(Fault::new(item.value.span.clone(), message));
            }
            Ok((field, Arg::Uint(1), item.value.span.clone()))
        }
        (None, _) => {
            let message = format!("arguments of {} are given by name: name=value", info.notation);
            Err(Fault::new(item.value.span.clone(), message))
        }
    }
}

/// A value, as `field` understands it.
pub(super) fn value(field: &'static Field, parsed: &Spanned<Value<'_>>) -> Result<Arg, Fault> {
    let arg = match &parsed.node {
        _ if vary::is_varying(field, parsed) => Arg::from(vary::value(field, parsed, false)?),
        Value::List(items) => items
            .iter()
            .map(|item| match &item.name {
                Some(name) => Err(Fault::new(name.span.clone(), "a list has no names in it")),
                None => self::item(field, &item.value),
            })
            .collect::<Result<Vec<_>, _>>()
            .map(Arg::List)?,
        _ => single(field, parsed)?,
    };
    arg.check(field).map_err(|error| Fault::new(parsed.span.clone(), error.to_string()))?;
    Ok(arg)
}

/// One value of a list.
fn item(field: &'static Field, parsed: &Spanned<Value<'_>>) -> Result<Arg, Fault> {
    match (&parsed.node, field.elements) {
        (Value::List(_), _) => Err(Fault::new(parsed.span.clone(), "a list inside a list means nothing here")),
        (Value::Call { name, items }, Some(family)) if name.node != "hex" => {
            element(family, name.node, &name.span, items).map(Arg::Element)
        }
        // A name alone, or hexadecimal digits.
        (Value::Word(word), Some(family)) if family.form(word).is_some() || !is_hex(word) => {
            element(family, word, &parsed.span, &[]).map(Arg::Element)
        }
        (_, None) if vary::is_varying(field, parsed) => vary::value(field, parsed, true).map(Arg::from),
        _ => single(field, parsed),
    }
}

fn is_hex(word: &str) -> bool {
    word.strip_prefix("0x").unwrap_or(word).bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An element of a list: an option, a TLV.
fn element(family: &'static Family, name: &str, span: &Span, items: &[Item<'_>]) -> Result<Element, Fault> {
    let Some(form) = family.form(name) else {
        let known = family.forms.iter().map(|form| form.name).chain(["hex"]);
        return Err(Fault::unknown(span.clone(), family.what, name, "", known));
    };
    let mut element = Element::new(family, form);
    for (index, item) in items.iter().enumerate() {
        let (field, place) = param(family, form, index, item)?;
        if element.args().any(|(known, _)| std::ptr::eq(known, field)) {
            return Err(Fault::new(place, format!("'{}' is given twice", field.arg)));
        }
        let flag = field.kind == Kind::Bool && item.name.is_none();
        element.set(field, if flag { Arg::Uint(1) } else { value(field, &item.value)? });
    }
    let fault = |text: &str| Fault::new(span.clone(), text);
    match (form.name, element.get("n")) {
        ("padn", Some(Arg::Uint(0 | 1))) => {
            let place = items.first().map_or(span.clone(), |item| item.value.span.clone());
            return Err(Fault::new(place, "a PadN is at least 2 bytes long; pad1 is the single byte"));
        }
        ("padn", None) => return Err(fault("padn takes the bytes it is long in all: padn(4)")),
        _ => {}
    }
    element.bytes().map_err(|problem| fault(&problem.to_string()))?;
    Ok(element)
}

/// Which field of an element its `index`th argument gives, and where that is
/// said.
fn param(
    family: &'static Family,
    form: &'static Form,
    index: usize,
    item: &Item<'_>,
) -> Result<(&'static Field, Span), Fault> {
    let span = item.value.span.clone();
    let known = || form.all_params(family).map(|field| field.arg);
    let find = |name: &str, span: Span| match form.param(family, name) {
        Some(field) => Ok((field, span)),
        None if known().next().is_none() => Err(Fault::new(span, format!("{} takes nothing", form.name))),
        None => Err(Fault::unknown(span, "argument", name, &format!(" of {}", form.name), known())),
    };
    if let Some(name) = &item.name {
        return find(name.node, name.span.clone());
    }
    if let Value::Word(word) = item.value.node
        && let Some(field) = form.param(family, word).filter(|field| field.kind == Kind::Bool)
    {
        return Ok((field, span));
    }
    match form.params.get(index).filter(|_| index < form.positional) {
        Some(field) => Ok((field, span)),
        None if known().next().is_none() => Err(Fault::new(span, format!("{} takes nothing", form.name))),
        None => {
            let names: Vec<_> = known().map(|name| format!("{name}=")).collect();
            Err(Fault::new(span, format!("give it by name: {} takes {}", form.name, names.join(", "))))
        }
    }
}

/// Bytes: hexadecimal digits, `hex(…)`, or a string.
pub(super) fn raw(parsed: &Spanned<Value<'_>>) -> Result<Vec<u8>, Fault> {
    match &parsed.node {
        Value::Text(text) => Ok(text.clone()),
        Value::Word(word) => unhex(parsed.span.clone(), word),
        Value::Call { name, items } if name.node == "hex" => digits(parsed.span.clone(), items),
        _ => Err(Fault::new(parsed.span.clone(), "expected bytes in hexadecimal")),
    }
}

/// A value that is no list.
pub(super) fn single(field: &'static Field, parsed: &Spanned<Value<'_>>) -> Result<Arg, Fault> {
    let wrong = || Fault::new(parsed.span.clone(), format!("{} takes {}", field.arg, craft::expects(field)));
    let word = match &parsed.node {
        Value::Word(word) => *word,
        Value::Text(_) if matches!(field.kind, Kind::Bytes | Kind::Text) => return raw(parsed).map(Arg::Bytes),
        Value::Call { name, .. } if name.node == "hex" => return raw(parsed).map(Arg::Bytes),
        Value::Call { name, .. } => {
            return Err(Fault::new(name.span.clone(), format!("{} takes {}", field.arg, craft::expects(field))));
        }
        Value::Text(_) | Value::List(_) => return Err(wrong()),
    };
    match field.kind {
        Kind::Uint(..) if word == "bad" && field.arg == "cksum" => Ok(Arg::Bad),
        Kind::Uint(..) | Kind::Bool => {
            number(word).or_else(|| named(field.words, word)).map(Arg::Uint).ok_or_else(|| {
                let known = field.words.iter().map(|(name, _)| *name);
                match Fault::unknown(parsed.span.clone(), "value", word, &format!(" of {}", field.arg), known) {
                    fault if fault.suggests() => fault,
                    _ => wrong(),
                }
            })
        }
        // A field that is shown as bytes, but short: a number.
        Kind::Bytes if matches!(field.byte_range().1, 1..=8) => number(word).map(Arg::Uint).ok_or_else(wrong),
        Kind::Bytes => unhex(parsed.span.clone(), word).map(Arg::Bytes),
        Kind::Ether => mac(word).map(Arg::Ether).ok_or_else(wrong),
        Kind::Ipv4 => word.parse::<Ipv4Addr>().map(Arg::Ipv4).map_err(|_| wrong()),
        Kind::Ipv6 => word.parse::<Ipv6Addr>().map(Arg::Ipv6).map_err(|_| wrong()),
        Kind::Text => Ok(Arg::Bytes(word.as_bytes().to_vec())),
        Kind::Group | Kind::Time | Kind::Duration => Err(wrong()),
    }
}

/// A decimal number, or a hexadecimal one after `0x`.
pub(super) fn number(word: &str) -> Option<u64> {
    // Only digits: from_str_radix would take a sign as well.
    match word.strip_prefix("0x").or(word.strip_prefix("0X")) {
        Some(digits) if digits.bytes().all(|b| b.is_ascii_hexdigit()) => u64::from_str_radix(digits, 16).ok(),
        None if word.bytes().all(|b| b.is_ascii_digit()) => word.parse().ok(),
        _ => None,
    }
}

/// A number by its word, or by its letters where the words are flags.
fn named(words: Words, word: &str) -> Option<u64> {
    let find = |wanted: &str| words.iter().find(|(name, _)| *name == wanted).map(|(_, number)| *number);
    if let Some(number) = find(word) {
        return Some(number);
    }
    if words.is_empty() || words.iter().any(|(name, _)| name.len() != 1) {
        return None;
    }
    word.split_inclusive(|_| true).map(find).try_fold(0, |sum, flag| Some(sum | flag?))
}

fn mac(word: &str) -> Option<[u8; 6]> {
    let mut octets = [0; 6];
    let mut parts = word.split([':', '-']);
    for octet in &mut octets {
        let part = parts.next().filter(|part| matches!(part.len(), 1 | 2))?;
        *octet = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(octets)
}

/// The digits of `hex(…)`, which the grammar hands over as one word.
fn digits(span: Span, items: &[Item<'_>]) -> Result<Vec<u8>, Fault> {
    match items {
        [] => Err(Fault::new(span, "hex needs its digits in parentheses: hex(00ff)")),
        [Item { value: Spanned { node: Value::Word(word), span }, .. }, ..] => unhex(span.clone(), word),
        _ => Err(Fault::new(span, "expected hexadecimal digits")),
    }
}

/// Hexadecimal digits, spaces between them ignored, to bytes.
fn unhex(span: Span, word: &str) -> Result<Vec<u8>, Fault> {
    let word: String = word.split_whitespace().collect();
    let digits = word.strip_prefix("0x").unwrap_or(&word);
    hex::decode(digits).map_err(|error| match error {
        hex::FromHexError::OddLength => {
            Fault::new(span, format!("{} hexadecimal digits; bytes have two each", digits.len()))
        }
        _ => Fault::new(span, "expected bytes in hexadecimal"),
    })
}
