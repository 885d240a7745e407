//! The Test Anything Protocol, version 14.

use super::{harmless, headline};
use crate::check::run::{Outcome, Status};

/// What comes before the first case.
pub fn tap_plan(cases: usize) -> String {
    format!("TAP version 14\n1..{cases}\n")
}

/// What came of a case, the `number`th, counted from 1.
pub fn tap(outcome: &Outcome, number: usize) -> String {
    // A # would begin a directive.
    let name = harmless(&outcome.name).replace('\\', "\\\\").replace('#', "\\#").replace('\n', " ");
    if outcome.status == Status::Pass {
        return format!("ok {number} - {name}\n");
    }
    let mut text = format!("not ok {number} - {name}\n  ---\n  severity: {}\n  failures:\n", outcome.status.name());
    for failure in &outcome.failures {
        text += &format!("    - kind: {}\n      message: |-\n", failure.kind.name());
        block(&mut text, &headline(outcome, failure));
        if !failure.detail.is_empty() {
            // An indicator, because the first line may begin with blanks.
            text += "      detail: |2-\n";
            block(&mut text, &failure.detail);
        }
    }
    text + "  ...\n"
}

/// Lines of a YAML block.
fn block(text: &mut String, lines: &str) {
    for line in harmless(lines).replace('\t', " ").lines() {
        text.push_str("        ");
        text.push_str(line);
        text.push('\n');
    }
}
