//! From what was written to what is tested: names are looked up, types
//! checked, and values read.

use regex::bytes::RegexBuilder;

use crate::caret::{Fault, Span};
use crate::filter::literal::{self, Literal, Written};
use crate::filter::names::{self, Meaning, Named, Type};
use crate::filter::parse::{Element, Expression, Operator, Quantifier, Relation, Term, TermKind};
use crate::filter::place::{Place, Scope};
use crate::filter::program::{Collation, Condition, Extent, Operand, Test, mask};
use crate::filter::read::Read;
use crate::wire::field::Names;
use crate::wire::proto::{Proto, ProtoSet};

/// The most memory that a regular expression may take, in bytes.
const MAX_PATTERN: usize = 1 << 20;

/// Compiles an expression.
pub(super) fn expression(written: &Expression<'_>) -> Result<Test, Fault> {
    let all = |parts: &[Expression<'_>]| parts.iter().map(expression).collect::<Result<Box<[_]>, _>>();
    match written {
        Expression::Or(parts) => all(parts).map(Test::Or),
        Expression::Xor(parts) => all(parts).map(Test::Xor),
        Expression::And(parts) => all(parts).map(Test::And),
        Expression::Not(inner) => Ok(Test::Not(Box::new(expression(inner)?))),
        Expression::Bare(term) => bare(term),
        Expression::Compared { quantifier, left, relation, relation_span, right } => {
            compared(*quantifier, left, *relation, relation_span, right)
        }
        Expression::Within { quantifier, left, set } => within(*quantifier, left, set),
    }
}

/// An operand, and what is known of its values.
struct Typed {
    operand: Operand,
    kind: Type,
    names: Option<Names>,
    span: Span,
}

impl Typed {
    fn new(operand: Operand, kind: Type, span: &Span) -> Self {
        Self { operand, kind, names: None, span: span.clone() }
    }

    fn collation(&self) -> Collation {
        if self.kind == Type::Text { Collation::Text } else { Collation::Bytes }
    }

    /// Whether its values are identifiers of diagnoses.
    fn is_diagnosis(&self) -> bool {
        matches!(self.operand, Operand::Field(Read::Diagnosis, _))
    }
}

/// Something that stands alone: it is there, or, if computed, is not zero.
fn bare(term: &Term<'_>) -> Result<Test, Fault> {
    if let TermKind::Word(word) = term.kind
        && let Some(Named { meaning: Meaning::Part, scope, .. }) = names::resolve(word)
    {
        return Ok(Test::Part(scope));
    }
    let typed = operand(term)?;
    match term.kind {
        TermKind::Call(..) => Err(Fault::new(term.span.clone(), "a function's value must be compared with something")),
        TermKind::Computed(..) | TermKind::Negative(_) => {
            Ok(Test::Where(Quantifier::Any, typed.operand, Condition::NonZero))
        }
        _ => Ok(Test::Exists(typed.operand)),
    }
}

fn compared(
    quantifier: Quantifier,
    left: &Term<'_>,
    relation: Relation,
    relation_span: &Span,
    right: &Term<'_>,
) -> Result<Test, Fault> {
    match (is_constant(left), is_constant(right)) {
        (false, false) => {
            let (left, right) = (operand(left)?, operand(right)?);
            if relation == Relation::Matches {
                return Err(Fault::new(right.span, "matches takes a regular expression in quotes"));
            }
            takes_part(&left, relation)?;
            takes_part(&right, relation)?;
            if !left.kind.fits(right.kind) {
                let message = format!("{} and {} cannot be compared", left.kind.describe(), right.kind.describe());
                return Err(Fault::new(left.span.start..right.span.end, message));
            }
            let collation = left.collation();
            Ok(Test::Pair(quantifier, left.operand, relation, right.operand, collation))
        }
        (false, true) => with_constant(quantifier, operand(left)?, relation, right),
        (true, false) => match relation.mirrored() {
            Some(relation) => with_constant(quantifier, operand(right)?, relation, left),
            None => {
                let message = format!("the left side of {} must be a field", relation.name());
                Err(Fault::new(left.span.clone(), message))
            }
        },
        (true, true) => Err(no_field(&[left, right]).unwrap_or_else(|| {
            let message = format!("one side of {} must be a field", relation.name());
            Fault::new(relation_span.clone(), message)
        })),
    }
}

/// The error for the first of these words that was meant to be a field.
fn no_field(terms: &[&Term<'_>]) -> Option<Fault> {
    terms.iter().find_map(|term| match term.kind {
        TermKind::Word(word) if word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '.') => {
            Some(names::unknown(word, term.span.clone()))
        }
        _ => None,
    })
}

/// Whether values of this type have such a relation.
fn takes_part(typed: &Typed, relation: Relation) -> Result<(), Fault> {
    let able = match relation {
        Relation::Contains | Relation::Matches => {
            matches!(typed.kind, Type::Text | Type::Bytes | Type::Protocol | Type::Ether)
        }
        _ => typed.kind != Type::Label,
    };
    if able {
        return Ok(());
    }
    let message = format!("this is {}, for which there is no {}", typed.kind.describe(), relation.name());
    Err(Fault::new(typed.span.clone(), message))
}

fn with_constant(quantifier: Quantifier, mut left: Typed, relation: Relation, right: &Term<'_>) -> Result<Test, Fault> {
    takes_part(&left, relation)?;
    // What is sought in a packet is sought in all the bytes of the protocol.
    if let (Operand::Protocol(_, extent), Relation::Contains | Relation::Matches) = (&mut left.operand, relation) {
        *extent = Extent::Whole;
    }
    let condition = match relation {
        Relation::Matches => pattern(right)?,
        Relation::Contains => {
            let kind = if left.kind == Type::Text { Type::Text } else { Type::Bytes };
            match literal(&Typed { kind, operand: left.operand.clone(), names: None, span: left.span.clone() }, right)?
            {
                Literal::Bytes(bytes) => containing(&bytes, &right.span)?,
                Literal::Integer(_) | Literal::Prefix(..) => {
                    return Err(Fault::new(right.span.clone(), "contains takes bytes or text"));
                }
            }
        }
        _ => {
            if let (true, TermKind::Quoted(_) | TermKind::Word(_)) = (left.is_diagnosis(), &right.kind) {
                diagnosis_exists(right)?;
            }
            match literal(&left, right)? {
                Literal::Integer(number) => Condition::Integer(relation, number),
                Literal::Bytes(bytes) => Condition::Bytes(relation, bytes, left.collation()),
                Literal::Prefix(bytes, bits) => Condition::Prefix(relation, bytes, bits),
            }
        }
    };
    Ok(Test::Where(quantifier, left.operand, condition))
}

/// Having these bytes somewhere, which a regular expression's search finds
/// fastest. No bytes at all are nowhere, as in Wireshark.
fn containing(bytes: &[u8], span: &Span) -> Result<Condition, Fault> {
    if bytes.is_empty() {
        return Ok(Condition::BytesIn(Box::default(), Collation::Bytes));
    }
    let pattern: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    RegexBuilder::new(&pattern)
        .unicode(false)
        .size_limit(MAX_PATTERN)
        .build()
        .map(Condition::Matches)
        .map_err(|_| Fault::new(span.clone(), "this is too long to look for"))
}

fn diagnosis_exists(term: &Term<'_>) -> Result<(), Fault> {
    let id = match &term.kind {
        TermKind::Word(word) => word,
        TermKind::Quoted(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
        _ => return Ok(()),
    };
    names::unknown_diagnosis(id, term.span.clone()).map_or(Ok(()), Err)
}

/// A regular expression. As in Wireshark it ignores case and sees bytes.
fn pattern(term: &Term<'_>) -> Result<Condition, Fault> {
    let wrong = |message: String| Fault::new(term.span.clone(), message);
    let TermKind::Quoted(bytes) = &term.kind else {
        return Err(wrong("matches takes a regular expression in quotes".into()));
    };
    let text =
        std::str::from_utf8(bytes).map_err(|_| wrong("bytes in a pattern are written as in r\"\\xff\"".into()))?;
    RegexBuilder::new(text)
        .case_insensitive(true)
        .unicode(false)
        .size_limit(MAX_PATTERN)
        .dfa_size_limit(MAX_PATTERN)
        .build()
        .map(Condition::Matches)
        .map_err(|error| {
            // The parser's own message draws carets of its own; its last line says it.
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            wrong(format!("the regular expression cannot be read: {last}"))
        })
}

fn within(quantifier: Quantifier, left: &Term<'_>, set: &[Element<'_>]) -> Result<Test, Fault> {
    if is_constant(left) {
        let message = "the left side of 'in' must be a field";
        return Err(no_field(&[left]).unwrap_or_else(|| Fault::new(left.span.clone(), message)));
    }
    let left = operand(left)?;
    takes_part(&left, Relation::Equal)?;
    let (mut integers, mut bytes) = (Vec::new(), Vec::new());
    for element in set {
        for term in [Some(&element.first), element.last.as_ref()].into_iter().flatten() {
            if !is_constant(term) {
                return Err(Fault::new(term.span.clone(), "a set holds values, not fields"));
            }
            if left.is_diagnosis() {
                diagnosis_exists(term)?;
            }
        }
        let first = literal(&left, &element.first)?;
        let last = element.last.as_ref().map_or_else(|| Ok(first.clone()), |last| literal(&left, last))?;
        let span = element.first.span.start..element.last.as_ref().unwrap_or(&element.first).span.end;
        let backwards = || Fault::new(span.clone(), "the range ends before it begins");
        match (first, last) {
            (Literal::Integer(first), Literal::Integer(last)) => {
                if first > last {
                    return Err(backwards());
                }
                integers.push((first, last));
            }
            (first, last) => {
                let (first, last) = (bound(first, false), bound(last, true));
                if left.collation().compare(&first, &last).is_gt() {
                    return Err(backwards());
                }
                bytes.push((first, last));
            }
        }
    }
    let condition = if left.kind.is_integer() {
        Condition::IntegerIn(integers.into())
    } else {
        Condition::BytesIn(bytes.into(), left.collation())
    };
    Ok(Test::Where(quantifier, left.operand, condition))
}

/// The first or last of the values that a literal stands for.
fn bound(literal: Literal, last: bool) -> Box<[u8]> {
    match literal {
        Literal::Prefix(bytes, bits) if last => {
            bytes.iter().enumerate().map(|(at, byte)| byte | !mask(bits, at)).collect()
        }
        Literal::Bytes(bytes) | Literal::Prefix(bytes, _) => bytes,
        // Sets of numbers have their own bounds.
        Literal::Integer(_) => Box::default(),
    }
}

/// Whether a term names no field, and so is a value by itself.
fn is_constant(term: &Term<'_>) -> bool {
    match &term.kind {
        TermKind::Word(word) => names::resolve(word).is_none(),
        TermKind::Quoted(_) | TermKind::Character(_) => true,
        TermKind::Call(..) | TermKind::Layers(..) => false,
        TermKind::Slice(inner, _) | TermKind::Negative(inner) => is_constant(inner),
        TermKind::Computed(_, left, right) => is_constant(left) && is_constant(right),
    }
}

/// Reads a constant as a value of the kind that it is compared with.
fn literal(beside: &Typed, term: &Term<'_>) -> Result<Literal, Fault> {
    let wrong = |message: String| Fault::new(term.span.clone(), message);
    let written = match &term.kind {
        TermKind::Word(word) => Written::Plain(word),
        TermKind::Quoted(bytes) => Written::Quoted(bytes),
        TermKind::Character(byte) => Written::Character(*byte),
        TermKind::Negative(_) | TermKind::Computed(..) => return computed_literal(beside, term),
        TermKind::Call(..) | TermKind::Layers(..) | TermKind::Slice(..) => {
            return Err(wrong("only fields have parts".into()));
        }
    };
    literal::read(written, beside.kind, beside.names).map_err(|message| match written {
        // What looks like a name was probably meant to be one.
        Written::Plain(word) if word.starts_with(|c: char| c.is_ascii_alphabetic()) && word.contains('.') => {
            if names::suggestion(word).is_some() {
                names::unknown(word, term.span.clone())
            } else {
                wrong(message)
            }
        }
        _ => wrong(message),
    })
}

/// A sum of constants, or a negative one.
fn computed_literal(beside: &Typed, term: &Term<'_>) -> Result<Literal, Fault> {
    let wrong = |message: &str| Fault::new(term.span.clone(), message);
    // Parts of the sum may be larger than the field, if the sum is not.
    let part_kind = if let Type::Number(_) = beside.kind { Type::Number(None) } else { beside.kind };
    if !matches!(part_kind, Type::Number(_) | Type::Duration) {
        let message = format!("this is a number, and beside it is {}", beside.kind.describe());
        return Err(Fault::new(term.span.clone(), message));
    }
    let part = |inner: &Term<'_>| {
        let beside =
            Typed { kind: part_kind, names: beside.names, ..Typed::new(Operand::Integer(0), part_kind, &beside.span) };
        match literal(&beside, inner)? {
            Literal::Integer(number) => Ok(number),
            Literal::Bytes(_) | Literal::Prefix(..) => Err(Fault::new(inner.span.clone(), "this is not a number")),
        }
    };
    let result = match &term.kind {
        TermKind::Negative(inner) => part(inner)?.checked_neg(),
        TermKind::Computed(operator, left, right) => {
            let (left, right) = (part(left)?, part(right)?);
            match operator {
                Operator::Add => left.checked_add(right),
                Operator::Subtract => left.checked_sub(right),
                Operator::Multiply if part_kind != Type::Duration => left.checked_mul(right),
                Operator::Divide if part_kind != Type::Duration => left.checked_div(right),
                Operator::Remainder if part_kind != Type::Duration => left.checked_rem(right),
                Operator::BitAnd if part_kind != Type::Duration => Some(left & right),
                _ => return Err(wrong("durations can only be added and subtracted")),
            }
        }
        _ => None,
    };
    let result = result.ok_or_else(|| wrong("this has no value"))?;
    match beside.kind {
        Type::Number(Some(_)) if result < 0 => Err(wrong("the field is never negative")),
        Type::Number(Some(size @ 0..=7)) if result >> (u32::from(size) * 8) != 0 => {
            Err(wrong(&format!("{result} is too big for the field of {size} bytes")))
        }
        _ => Ok(Literal::Integer(result)),
    }
}

/// Something with values that come from the packet.
fn operand(term: &Term<'_>) -> Result<Typed, Fault> {
    match &term.kind {
        TermKind::Word(word) => named(word, &term.span, &[]),
        TermKind::Quoted(_) | TermKind::Character(_) => Err(Fault::new(term.span.clone(), "expected a field")),
        TermKind::Layers(inner, numbers) => match inner.kind {
            TermKind::Word(word) => named(word, &inner.span, numbers).map(|t| Typed { span: term.span.clone(), ..t }),
            _ => Err(Fault::new(term.span.clone(), "only a field has layers to choose from")),
        },
        TermKind::Slice(inner, pieces) => {
            let inner = operand(inner)?;
            if !inner.kind.is_bytes() {
                let message = format!("this is {}, which has no bytes to take a part of", inner.kind.describe());
                return Err(Fault::new(inner.span, message));
            }
            let slice = Operand::Slice(Box::new(inner.operand), pieces.clone().into());
            Ok(Typed::new(slice, Type::Bytes, &term.span))
        }
        TermKind::Negative(inner) => {
            let inner = operand(inner)?;
            computable(&inner, Operator::Subtract)?;
            let kind = if inner.kind == Type::Duration { inner.kind } else { Type::Number(None) };
            Ok(Typed::new(Operand::Negative(Box::new(inner.operand)), kind, &term.span))
        }
        TermKind::Computed(operator, left, right) => computed(*operator, left, right, &term.span),
        TermKind::Call(name, arguments) => call(name, arguments, &term.span),
    }
}

/// A field or protocol by name, of the layers with the given numbers.
fn named(word: &str, span: &Span, numbers: &[crate::filter::parse::Piece]) -> Result<Typed, Fault> {
    let named = names::resolve(word).ok_or_else(|| names::unknown(word, span.clone()))?;
    let place = Place { protos: named.protos, scope: named.scope, numbers: numbers.into() };
    let of_frame = named.protos == ProtoSet::from_iter([Proto::Frame]);
    if of_frame && (named.scope != Scope::Everywhere || !numbers.is_empty()) {
        let message = format!("{} belongs to the frame as a whole", named.name);
        return Err(Fault::new(span.clone(), message));
    }
    let of_packet = named.protos == ProtoSet::default();
    if of_packet && !numbers.is_empty() {
        return Err(Fault::new(span.clone(), "this has no layers to choose from"));
    }
    match named.meaning {
        Meaning::Field { kind, names, read } => {
            Ok(Typed { names, ..Typed::new(Operand::Field(read, place), kind, span) })
        }
        Meaning::Protocol => Ok(Typed::new(Operand::Protocol(place, Extent::Own), Type::Protocol, span)),
        Meaning::Part => {
            let message = format!("'{0}' stands alone, or before a field: {0}.ipv6.dst", named.name);
            Err(Fault::new(span.clone(), message))
        }
    }
}

/// Whether there is such arithmetic with values of this type.
fn computable(typed: &Typed, operator: Operator) -> Result<(), Fault> {
    let able = match operator {
        Operator::BitAnd => matches!(typed.kind, Type::Number(_) | Type::Ipv4 | Type::Ipv6),
        Operator::Add | Operator::Subtract => matches!(typed.kind, Type::Number(_) | Type::Duration),
        Operator::Multiply | Operator::Divide | Operator::Remainder => matches!(typed.kind, Type::Number(_)),
    };
    if able {
        return Ok(());
    }
    Err(Fault::new(
        typed.span.clone(),
        format!("this is {}, with which there is no such arithmetic", typed.kind.describe()),
    ))
}

fn computed(operator: Operator, left: &Term<'_>, right: &Term<'_>, span: &Span) -> Result<Typed, Fault> {
    // A constant takes the type of what it stands beside.
    let (left, right) = match (is_constant(left), is_constant(right)) {
        (true, true) => {
            return Err(no_field(&[left, right]).unwrap_or_else(|| Fault::new(span.clone(), "expected a field")));
        }
        (true, false) => {
            let right = operand(right)?;
            (constant(&right, left)?, right)
        }
        (false, true) => {
            let left = operand(left)?;
            let right = constant(&left, right)?;
            (left, right)
        }
        (false, false) => (operand(left)?, operand(right)?),
    };
    computable(&left, operator)?;
    computable(&right, operator)?;
    let kind = match (left.kind, right.kind) {
        (Type::Number(_), Type::Number(_)) => Type::Number(None),
        (left, right) if left == right => left,
        (left, right) => {
            let message = format!("no arithmetic takes both {} and {}", left.describe(), right.describe());
            return Err(Fault::new(span.clone(), message));
        }
    };
    let operand = Operand::Computed(operator, Box::new(left.operand), Box::new(right.operand));
    Ok(Typed::new(operand, kind, span))
}

/// A constant as an operand beside another.
fn constant(beside: &Typed, term: &Term<'_>) -> Result<Typed, Fault> {
    let kind = if let Type::Number(_) = beside.kind { Type::Number(None) } else { beside.kind };
    let beside = Typed::new(Operand::Integer(0), kind, &beside.span);
    let operand = match literal(&beside, term)? {
        Literal::Integer(number) => Operand::Integer(number),
        Literal::Bytes(bytes) | Literal::Prefix(bytes, _) => Operand::Bytes(bytes),
    };
    Ok(Typed::new(operand, kind, &term.span))
}

fn call(name: &str, arguments: &[Term<'_>], span: &Span) -> Result<Typed, Fault> {
    let wrong = |message: String| Fault::new(span.clone(), message);
    match name {
        "min" | "max" => return extreme(name, arguments, span),
        "len" | "count" | "lower" | "upper" | "string" | "abs" => {}
        _ => {
            let known = ["len", "count", "lower", "upper", "string", "min", "max", "abs"];
            let near = crate::caret::nearest(name, known);
            let hint = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
            let place = span.start..span.start + name.len();
            return Err(Fault::new(place, format!("no function '{}'{hint}", name.escape_default())));
        }
    }
    let [argument] = arguments else { return Err(wrong(format!("{name}() takes one field"))) };
    if is_constant(argument) {
        let message = format!("{name}() takes a field");
        return Err(no_field(&[argument]).unwrap_or_else(|| Fault::new(argument.span.clone(), message)));
    }
    let inner = operand(argument)?;
    let kind = inner.kind;
    let refuse = || Err(Fault::new(inner.span.clone(), format!("{name}() cannot take {}", kind.describe())));
    let boxed = Box::new(inner.operand.clone());
    let (operand, kind) = match (name, kind) {
        ("count", _) => (Operand::Count(boxed), Type::Number(None)),
        ("len", Type::Number(Some(size))) => (Operand::Constant(boxed, size.into()), Type::Number(None)),
        ("len", kind) if kind.is_bytes() => (Operand::Length(boxed), Type::Number(None)),
        ("lower", Type::Text) => (Operand::Lower(boxed), Type::Text),
        ("upper", Type::Text) => (Operand::Upper(boxed), Type::Text),
        ("string", Type::Number(_) | Type::Ether | Type::Ipv4 | Type::Ipv6) => {
            (Operand::Written(boxed, kind), Type::Text)
        }
        ("abs", Type::Number(_)) => (Operand::Magnitude(boxed), Type::Number(None)),
        ("abs", Type::Duration) => (Operand::Magnitude(boxed), Type::Duration),
        _ => return refuse(),
    };
    Ok(Typed::new(operand, kind, span))
}

/// `min` and `max`, of fields and values of one type.
fn extreme(name: &str, arguments: &[Term<'_>], span: &Span) -> Result<Typed, Fault> {
    let Some(first) = arguments.iter().find(|term| !is_constant(term)) else {
        return Err(Fault::new(span.clone(), format!("{name}() takes fields")));
    };
    let first = operand(first)?;
    let allowed = |kind| matches!(kind, Type::Number(_) | Type::Time | Type::Duration | Type::Ipv4 | Type::Ipv6);
    let mut all = Vec::new();
    for term in arguments {
        let typed = if is_constant(term) { constant(&first, term)? } else { operand(term)? };
        if !allowed(typed.kind) || !typed.kind.fits(first.kind) {
            let message = format!("{name}() cannot take {} here", typed.kind.describe());
            return Err(Fault::new(typed.span, message));
        }
        all.push(typed.operand);
    }
    let kind = if let Type::Number(_) = first.kind { Type::Number(None) } else { first.kind };
    let operand = if name == "min" { Operand::Smallest(all.into()) } else { Operand::Largest(all.into()) };
    Ok(Typed { names: first.names, ..Typed::new(operand, kind, span) })
}
