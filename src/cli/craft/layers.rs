//! What the notation knows: its layers, their arguments, and the elements of
//! their lists, straight from the vocabulary.

use std::fmt::Write;

use crate::caret::nearest;
use crate::cli::Failure;
use crate::craft;
use crate::wire::element::Family;
use crate::wire::field::{Field, Kind};
use crate::wire::proto::Proto;

/// The layers that can be written by name.
fn named() -> impl Iterator<Item = Proto> {
    Proto::ALL.iter().copied().filter(|proto| !proto.info().notation.is_empty())
}

/// All layers, a line each; or one with its arguments.
pub fn describe(name: &str) -> Result<String, Failure> {
    let mut out = String::new();
    if name.is_empty() {
        for proto in named() {
            let _ = writeln!(out, "{:9} {}", proto.info().notation, proto.info().title);
        }
        return Ok(out);
    }
    let Some(proto) = named().find(|proto| proto.info().notation == name) else {
        let hint = nearest(name, named().map(|proto| proto.info().notation));
        let hint = hint.map(|name| format!("; did you mean '{name}'?")).unwrap_or_default();
        return Err(Failure::input(format_args!("unknown layer '{}'{hint}", name.escape_default())));
    };
    let _ = writeln!(out, "{name}: {}", proto.info().title);
    let mut families: Vec<&'static Family> = Vec::new();
    for field in proto.info().fields.iter().filter(|field| !field.arg.is_empty()) {
        argument(&mut out, field);
        families.extend(field.elements);
    }
    let mut index = 0;
    while let Some(family) = families.get(index).copied() {
        index += 1;
        let _ = writeln!(out, "\n{}s:", family.what);
        for form in family.forms {
            let _ = writeln!(out, "  {:9} {}", form.name, form.about);
            for (place, field) in form.all_params(family).enumerate() {
                out.push_str(if place < form.positional { "   *" } else { "    " });
                argument(&mut out, field);
                families.extend(field.elements.filter(|inner| !families.iter().any(|f| std::ptr::eq(*f, *inner))));
            }
        }
        if family.forms.iter().any(|form| form.positional > 0) {
            out.push_str("  * may stand without its name, in this order\n");
        }
    }
    Ok(out)
}

/// One argument: its name, what it takes, and what it is.
fn argument(out: &mut String, field: &Field) {
    let takes = match field.kind {
        Kind::Bool => "flag".to_owned(),
        _ if field.elements.is_some() => "list, below".to_owned(),
        _ => craft::expects(field).trim_start_matches("an ").trim_start_matches("a ").to_owned(),
    };
    let words: Vec<&str> = field.words.iter().map(|(word, _)| *word).collect();
    let about = if field.about.is_empty() { field.label } else { field.about };
    let _ = write!(out, "  {:10} {takes:20} {about}", field.arg);
    if !words.is_empty() {
        let _ = write!(out, " ({})", words.join(" "));
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_is_described() {
        let all = describe("").unwrap();
        for proto in named() {
            let name = proto.info().notation;
            assert!(all.lines().any(|line| line.starts_with(&format!("{name} "))), "{name}");
            let one = describe(name).unwrap();
            for field in proto.info().fields.iter().filter(|field| !field.arg.is_empty()) {
                assert!(one.contains(&format!("  {} ", field.arg)), "{name}: {}", field.arg);
            }
        }
        assert!(describe("stamp").unwrap().contains("sub-TLVs:"));
    }
}
