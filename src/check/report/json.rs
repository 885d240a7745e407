//! One object per case and line.

use serde::Serialize;

use crate::check::run::{Change, Failure, Outcome};

#[derive(Serialize)]
struct CaseObject<'a> {
    case: &'a str,
    file: String,
    capture: Option<String>,
    status: &'static str,
    packets: u64,
    checks: usize,
    failures: Vec<FailureObject<'a>>,
    changes: Vec<ChangeObject<'a>>,
}

#[derive(Serialize)]
struct FailureObject<'a> {
    kind: &'static str,
    line: Option<usize>,
    check: &'a str,
    message: &'a str,
    detail: &'a str,
}

#[derive(Serialize)]
struct ChangeObject<'a> {
    file: String,
    new: bool,
    added: usize,
    removed: usize,
    message: &'a str,
    detail: &'a str,
}

impl<'a> From<&'a Failure> for FailureObject<'a> {
    fn from(failure: &'a Failure) -> Self {
        let Failure { kind, line, check, message, detail } = failure;
        Self { kind: kind.name(), line: *line, check, message, detail }
    }
}

impl<'a> From<&'a Change> for ChangeObject<'a> {
    fn from(change: &'a Change) -> Self {
        let Change { file, is_new, added, removed, words, detail } = change;
        let file = file.display().to_string();
        Self { file, new: *is_new, added: *added, removed: *removed, message: words, detail }
    }
}

/// What came of a case, as a JSON object and a line end.
pub fn json(outcome: &Outcome) -> String {
    let object = CaseObject {
        case: &outcome.name,
        file: outcome.file.display().to_string(),
        capture: outcome.capture.as_ref().map(|path| path.display().to_string()),
        status: outcome.status.name(),
        packets: outcome.packets,
        checks: outcome.checks,
        failures: outcome.failures.iter().map(FailureObject::from).collect(),
        changes: outcome.changes.iter().map(ChangeObject::from).collect(),
    };
    // Nothing in it can fail to be written.
    serde_json::to_string(&object).unwrap_or_default() + "\n"
}
