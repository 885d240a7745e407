//! For people.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::{harmless, headline};
use crate::check::run::{Outcome, Status};
use crate::check::suite::Totals;

const BAD: Style = AnsiColor::Red.on_default();
const GOOD: Style = AnsiColor::Green.on_default();
const NEWS: Style = AnsiColor::Yellow.on_default();
const PLACE: Style = AnsiColor::Cyan.on_default();

/// What came of a case, in colours; of one where all was as expected only with
/// `verbose`.
pub fn text(outcome: &Outcome, verbose: bool) -> String {
    let mut out = String::new();
    let name = harmless(&outcome.name);
    // Writing to a String cannot fail.
    let _ = match outcome.status {
        Status::Pass if verbose => {
            let (checks, packets) = (outcome.checks, outcome.packets);
            writeln!(out, "{GOOD}ok{GOOD:#}      {name}: {checks} checks, {packets} packets")
        }
        Status::Pass => Ok(()),
        Status::Fail => writeln!(out, "{BAD}FAIL{BAD:#}    {name}"),
        Status::Error => writeln!(out, "{BAD}ERROR{BAD:#}   {name}"),
    };
    for failure in &outcome.failures {
        indented(&mut out, &harmless(&headline(outcome, failure)), "  ", false);
        indented(&mut out, &harmless(&failure.detail), "    ", true);
    }
    for change in &outcome.changes {
        let file = harmless(&change.file.display().to_string());
        let _ = match change.is_new {
            true => writeln!(out, "{NEWS}new{NEWS:#}     {file}"),
            false => writeln!(out, "{NEWS}updated{NEWS:#} {file}: {}", change.words),
        };
        indented(&mut out, &harmless(&change.detail), "    ", true);
    }
    out
}

fn indented(out: &mut String, text: &str, indent: &str, difference: bool) {
    for line in text.lines() {
        let style = match line.as_bytes().first() {
            Some(b'-') if difference => BAD,
            Some(b'+') if difference => GOOD,
            Some(b'@') if difference => PLACE,
            _ => Style::new(),
        };
        let _ = writeln!(out, "{indent}{style}{line}{style:#}");
    }
}

/// One line about all cases.
pub fn summary(totals: &Totals) -> String {
    let plural = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let mut text = format!("{}: {} passed", plural(totals.cases, "case"), totals.passed);
    let others =
        [(totals.failed, "failed"), (totals.errors, "with expectations that cannot be read"), (totals.left, "not run")];
    for (count, what) in others.into_iter().filter(|(count, _)| *count > 0) {
        text += &format!(", {count} {what}");
    }
    if totals.changed > 0 {
        text += &format!("; {} written", plural(totals.changed, "golden"));
    }
    text.push('\n');
    text
}
