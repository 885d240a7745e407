//! Values that vary from packet to packet: ranges, lists, dice, counters.

use crate::caret::{Fault, Span};
use crate::craft::vary::Domain;
use crate::craft::{self, Arg, Layer, Values, Vary};
use crate::notation::resolve;
use crate::notation::syntax::{Item, Spanned, Value};
use crate::wire::data;
use crate::wire::field::{Field, Kind};
use crate::wire::proto::Proto;

/// The layers that are payloads made to measure.
pub(super) const PAYLOADS: [&str; 4] = ["pad", "rand", "count", "each"];

/// Whether a value is written as one that varies.
pub(super) fn is_varying(field: &Field, parsed: &Spanned<Value<'_>>) -> bool {
    // A locator is written as a prefix, too.
    if field.kind == Kind::Text {
        return false;
    }
    match &parsed.node {
        Value::Word(word @ ("rand" | "count")) => !field.words.iter().any(|(known, _)| known == word),
        Value::Word(word) => is_run(word),
        Value::Call { name, .. } => matches!(name.node, "each" | "rand" | "count"),
        Value::Text(_) | Value::List(_) => false,
    }
}

/// Whether a word stands for a run of values.
fn is_run(word: &str) -> bool {
    word.contains("..") || word.contains('/')
}

/// A varying value of `field`, or of one element of the list that it is.
pub(super) fn value(field: &'static Field, parsed: &Spanned<Value<'_>>, element: bool) -> Result<Vary, Fault> {
    let vary = match &parsed.node {
        Value::Word("rand") => Vary::Rand(Vec::new()),
        Value::Word("count") => Vary::Count { start: Box::new(domain(field, &parsed.span, element)?.arg(0)), step: 1 },
        Value::Word(word) => Vary::Each(vec![run(field, word, &parsed.span, element)?]),
        Value::Call { name, items } if name.node == "count" => {
            let domain = domain(field, &parsed.span, element)?;
            match unnamed(items)?.as_slice() {
                [] => Vary::Count { start: Box::new(domain.arg(0)), step: 1 },
                [start, rest @ ..] if rest.len() <= 1 => {
                    let step = rest.first().map_or(Ok(1), |step| distance(step))?;
                    Vary::Count { start: Box::new(resolve::single(field, start)?), step }
                }
                _ => return Err(Fault::new(parsed.span.clone(), "count takes a start and a step: count(100, 2)")),
            }
        }
        Value::Call { name, items } => {
            let values = unnamed(items)?.into_iter().map(|value| one_or_run(field, value, element));
            let values = values.collect::<Result<Vec<_>, _>>()?;
            if name.node == "each" { Vary::Each(values) } else { Vary::Rand(values) }
        }
        Value::Text(_) | Value::List(_) => return Err(Fault::new(parsed.span.clone(), "expected a varying value")),
    };
    if element {
        let list = Arg::List(vec![Arg::from(vary.clone())]);
        list.check(field).map_err(|error| Fault::new(parsed.span.clone(), error.to_string()))?;
    }
    Ok(vary)
}

/// A payload made to measure; `None` where the layer is none.
pub(super) fn payload(span: &Span, name: &Spanned<&str>, items: &[Item<'_>]) -> Result<Option<Layer>, Fault> {
    if !PAYLOADS.contains(&name.node) {
        return Ok(None);
    }
    let usage = |text: &str| Fault::new(span.clone(), text);
    let values = unnamed(items)?;
    let bytes = |value: &&Spanned<Value<'_>>| match value.node {
        Value::Text(_) => true,
        Value::Call { ref name, .. } => name.node == "hex",
        Value::Word(_) | Value::List(_) => false,
    };
    let chosen = || {
        let one = |value: &&Spanned<Value<'_>>| match bytes(value) {
            true => resolve::raw(value).map(|bytes| Values::One(Arg::Bytes(bytes))),
            false => Err(Fault::new(value.span.clone(), "expected a payload: \"text\" or hex(…)")),
        };
        values.iter().map(one).collect::<Result<Vec<_>, _>>()
    };
    let layer = Layer::new(Proto::Data);
    let layer = match (name.node, values.as_slice()) {
        ("pad", [length]) => {
            let length = resolve::value(&data::LENGTH, length)?;
            layer.with(&data::LENGTH, length)
        }
        ("pad", _) => return Err(usage("pad takes a number of bytes: pad(64), pad(64..1400)")),
        ("each", [_, ..]) => layer.with(&data::DATA, Vary::Each(chosen()?)),
        ("each", []) => return Err(usage("each takes payloads: each(\"a\", hex(00ff))")),
        ("rand", [first, ..]) if bytes(first) => layer.with(&data::DATA, Vary::Rand(chosen()?)),
        ("rand", [length]) => {
            layer.with(&data::LENGTH, size(length, data::MAX_LENGTH)?).with(&data::DATA, Vary::Rand(Vec::new()))
        }
        ("rand", _) => return Err(usage("rand takes a number of bytes, or payloads: rand(8), rand(\"a\", \"b\")")),
        (_, [length, rest @ ..]) if rest.len() <= 2 => {
            let start = rest.first().map_or(Ok(0), |start| plain_number(start))?;
            let step = rest.get(1).map_or(Ok(1), |step| distance(step))?;
            let count = Vary::Count { start: Box::new(Arg::Uint(start)), step };
            layer.with(&data::LENGTH, size(length, 16)?).with(&data::DATA, count)
        }
        _ => return Err(usage("count takes a number of bytes, a start and a step: count(4, 100, 2)")),
    };
    Ok(Some(layer))
}

/// The values of a call, which have no names.
fn unnamed<'i, 't>(items: &'i [Item<'t>]) -> Result<Vec<&'i Spanned<Value<'t>>>, Fault> {
    let value = |item: &'i Item<'t>| match &item.name {
        Some(name) => Err(Fault::new(name.span.clone(), "values stand here without names")),
        None => Ok(&item.value),
    };
    items.iter().map(value).collect()
}

fn plain_number(parsed: &Spanned<Value<'_>>) -> Result<u64, Fault> {
    let number = if let Value::Word(word) = parsed.node { resolve::number(word) } else { None };
    number.ok_or_else(|| Fault::new(parsed.span.clone(), "expected a number"))
}

/// From one value of a counter to the next: a number, with a sign where it
/// counts down.
fn distance(parsed: &Spanned<Value<'_>>) -> Result<i64, Fault> {
    let step = match parsed.node {
        Value::Word(word) => match word.strip_prefix('-') {
            Some(digits) => resolve::number(digits).and_then(|number| 0i64.checked_sub_unsigned(number)),
            None => resolve::number(word).and_then(|number| i64::try_from(number).ok()),
        },
        _ => None,
    };
    step.ok_or_else(|| Fault::new(parsed.span.clone(), "expected a number to count by"))
}

/// How many bytes a payload has.
fn size(parsed: &Spanned<Value<'_>>, most: u64) -> Result<u64, Fault> {
    let wrong = || Fault::new(parsed.span.clone(), format!("expected a number of bytes from 1 to {most}"));
    plain_number(parsed).ok().filter(|number| (1..=most).contains(number)).ok_or_else(wrong)
}

/// What can be counted in `field`.
fn domain(field: &'static Field, span: &Span, element: bool) -> Result<Domain, Fault> {
    let list = craft::is_list(field) && !element;
    Domain::of(field).filter(|_| !list).ok_or_else(|| {
        let hint = if list {
            "; its elements can vary, and each([…], […]) goes through whole lists"
        } else {
            "; give its values by each(…)"
        };
        Fault::new(span.clone(), format!("{} takes {}{hint}", field.arg, craft::expects(field)))
    })
}

/// A single value or a run of them.
fn one_or_run(field: &'static Field, parsed: &Spanned<Value<'_>>, element: bool) -> Result<Values, Fault> {
    match parsed.node {
        Value::Word(word) if is_run(word) => run(field, word, &parsed.span, element),
        _ if element => resolve::single(field, parsed).map(Values::One),
        _ => resolve::value(field, parsed).map(Values::One),
    }
}

/// `first..last`, `first..last..step`, or `address/length`.
fn run(field: &'static Field, word: &str, span: &Span, element: bool) -> Result<Values, Fault> {
    let domain = domain(field, span, element)?;
    let part = |text: &str, at: usize| {
        let span = span.start + at..span.start + at + text.len();
        if text.is_empty() {
            return Err(Fault::new(span, "a range has a first and a last value: 1..9, or 1..9..2 in steps of two"));
        }
        let arg = resolve::single(field, &Spanned { node: Value::Word(text), span: span.clone() })?;
        match domain.number(&arg) {
            Some(number) if number <= domain.max() => Ok((arg, number)),
            Some(number) => {
                let most = domain.max();
                Err(Fault::new(span, format!("{number} does not fit in {} (at most {most})", field.arg)))
            }
            None => Err(Fault::new(span, format!("{} has no such value to count from or to", field.arg))),
        }
    };
    if let Some((address, length)) = word.split_once('/') {
        let (_, number) = part(address, 0)?;
        let at = span.start + address.len() + 1;
        let width = u32::from(domain.width());
        let length = length.parse::<u32>().ok().filter(|length| *length <= width && domain.is_address());
        let length = length.ok_or_else(|| Fault::new(at..span.end, format!("{} has no such prefix", field.arg)))?;
        let host = domain.max().checked_shr(length).unwrap_or(0);
        return Ok(Values::Range { first: domain.arg(number & !host), last: domain.arg(number | host), step: 1 });
    }
    let mut parts = word.splitn(3, "..");
    let (first, last) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let step = match parts.next() {
        None => 1,
        Some(text) => {
            let at = span.end - text.len()..span.end;
            resolve::number(text)
                .filter(|step| *step > 0)
                .ok_or_else(|| Fault::new(at, "expected a step of 1 or more"))?
        }
    };
    let (first_arg, _) = part(first, 0)?;
    let (last_arg, _) = part(last, first.len() + 2)?;
    Ok(Values::Range { first: first_arg, last: last_arg, step })
}
