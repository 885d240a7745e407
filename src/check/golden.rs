//! The `golden` statement: which output is stored, and where.

use std::path::{Component, Path};

use super::case::{Form, Golden};
use super::cursor::Cursor;
use super::parse::filter_in;
use crate::caret::{Fault, Span};
use crate::dissect::Packet;
use crate::filter::Filter;
use crate::show::columns::Columns;
use crate::show::ek::Ek;
use crate::show::json::Json;
use crate::show::line::Lines;
use crate::show::printer::{self, Printer};
use crate::show::{choose, time, tree};
use crate::wire::field::Field;
use crate::wire::proto::ProtoSet;
use crate::{rebuild, recipe};

/// The forms, which are also the endings of the files, and the options that
/// each of them has beside `-Y`.
const FORMS: [(&str, &[&str]); 9] = [
    ("line", &["-t", "-x"]),
    ("tree", &["-O", "-x"]),
    ("hex", &["-t"]),
    ("json", &["--ranges"]),
    ("ek", &[]),
    ("fields", &["-e", "-E"]),
    ("notation", &["--times", "--notes"]),
    ("bytes", &[]),
    ("digest", &[]),
];

/// The options, which are those of `sr6 read`.
#[derive(Default)]
struct Options {
    filter: Option<Filter>,
    only: Option<ProtoSet>,
    fields: Vec<&'static Field>,
    layout: Vec<String>,
    time: time::Form,
    hex: bool,
    ranges: bool,
    times: bool,
    notes: bool,
    file: Option<(String, Span)>,
}

/// Reads what follows the word `golden`. `directory` is that of the case, `stem`
/// its name there.
pub(super) fn golden(cursor: &mut Cursor<'_>, directory: &Path, stem: &str) -> Result<Golden, Fault> {
    let (line, statement) = (cursor.line(), cursor.rest());
    let (form, span) = cursor.bare();
    let Some((_, allowed)) = FORMS.iter().find(|(name, _)| *name == form) else {
        return Err(Fault::unknown(span, "form of output", form, "", FORMS.map(|(name, _)| name)));
    };
    let mut options = Options { hex: form == "hex", ..Options::default() };
    while !cursor.is_empty() {
        option(cursor, &mut options, allowed)?;
    }
    let name = match options.file.take() {
        None => format!("{stem}.{form}"),
        // What an update writes stays within the suite.
        Some((name, span)) => {
            let path = Path::new(&name);
            let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
            if !inside || path.extension().is_some_and(|ending| ending == "check") {
                return Err(Fault::new(span, "expected the name of a file in this directory, or below it"));
            }
            name
        }
    };
    let form = match form {
        "bytes" => Form::Bytes,
        "digest" => Form::Digest,
        name => {
            let form = printed(name, &options).map_err(|message| Fault::new(span, message))?;
            Form::Printed(Box::new(Printer { form, hex: options.hex, color: false }))
        }
    };
    Ok(Golden { line, text: format!("golden {statement}"), file: directory.join(name), filter: options.filter, form })
}

/// Reads an option, or `> FILE`.
fn option(cursor: &mut Cursor<'_>, options: &mut Options, allowed: &[&str]) -> Result<(), Fault> {
    let start = cursor.span();
    let (name, span) = cursor.word()?;
    if let Some(file) = name.strip_prefix('>') {
        let named = if file.is_empty() { cursor.word()? } else { (file.to_owned(), span.clone()) };
        return match options.file.replace(named) {
            None => Ok(()),
            Some(_) => Err(Fault::new(span, "a golden has one file")),
        };
    }
    if name != "-Y" && !allowed.contains(&name.as_str()) {
        let known = ["-Y"].iter().chain(allowed).copied();
        let list: Vec<_> = known.clone().collect();
        return Err(Fault::unknown(
            span,
            "option",
            &name,
            &format!(" of this form, which has {}", list.join(", ")),
            known,
        ));
    }
    match name.as_str() {
        "-x" => options.hex = true,
        "--ranges" => options.ranges = true,
        "--times" => options.times = true,
        "--notes" => options.notes = true,
        _ if cursor.is_empty() => return Err(Fault::new(start, format!("{name} needs a value"))),
        "-Y" => {
            let (text, span) = cursor.word()?;
            let around = span.len() - text.len();
            options.filter = Some(match around {
                // As it stands, or in quotes without backslashes: carets fall within it.
                0 | 2 => filter_in(&text, span.start + around / 2)?,
                _ => filter_in(&text, span.start).map_err(|fault| fault.moved(span))?,
            });
        }
        "-O" => {
            let (names, span) = cursor.word()?;
            let protos = choose::protocols(&names.split(',').collect::<Vec<_>>()).map_err(at(&span))?;
            // Of several, the last counts, as with other options.
            options.only = Some(protos);
        }
        "-e" => {
            let (name, span) = cursor.word()?;
            options.fields.push(choose::field(&name).map_err(at(&span))?);
        }
        "-E" => {
            let (setting, span) = cursor.word()?;
            choose::layout(&[&setting]).map_err(at(&span))?;
            options.layout.push(setting);
        }
        _ => {
            let (letters, span) = cursor.word()?;
            let expected = || Fault::new(span, format!("expected a form of time: {}", choose::TIME_FORMS.join(", ")));
            options.time = choose::time_form(&letters).ok_or_else(expected)?;
        }
    }
    Ok(())
}

/// Puts what is wrong with a choice at its place.
fn at(span: &Span) -> impl Fn(choose::ChoiceError) -> Fault {
    let span = span.clone();
    move |error| Fault::new(span.clone(), error.to_string())
}

/// The printer's form.
fn printed(name: &str, options: &Options) -> Result<printer::Form, String> {
    Ok(match name {
        "tree" => printer::Form::Tree(tree::Trees::new(tree::Options { only: options.only, color: false })),
        "json" => printer::Form::Json(Json::new(options.ranges)),
        "ek" => printer::Form::Ek(Ek::default()),
        "notation" => printer::Form::Other(match (options.times, options.notes) {
            (false, false) => notation::<false, false>,
            (false, true) => notation::<false, true>,
            (true, false) => notation::<true, false>,
            (true, true) => notation::<true, true>,
        }),
        "fields" if options.fields.is_empty() => {
            return Err("fields needs the fields to print: -e FIELD; `sr6 fields` lists them".to_owned());
        }
        "fields" => {
            let layout = choose::layout(&options.layout).map_err(|error| error.to_string())?;
            printer::Form::Columns(Columns::new(&options.fields, layout))
        }
        _ => printer::Form::Line(Lines::new(Some(options.time))),
    })
}

/// A packet as a line of a recipe.
fn notation<const TIME: bool, const NOTES: bool>(out: &mut Vec<u8>, packet: &Packet<'_>) {
    recipe::print(out, packet.frame, &rebuild::layers(packet), recipe::Told { time: TIME, notes: NOTES });
}
