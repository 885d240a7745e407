//! A statement as it was written → as it is meant: comments gone, variables
//! in place, and for every byte of that where it was written.

use std::collections::BTreeMap;

use super::cut::MAX_STATEMENT;
use crate::caret::{Fault, Span};

/// What names stand for.
pub(super) type Variables = BTreeMap<String, String>;

/// The text as it is meant.
#[derive(Debug, Default)]
pub(super) struct Expanded {
    /// The text.
    pub text: String,
    /// Where it was written, in the order of the text.
    runs: Vec<Run>,
}

/// A piece of the expanded text.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// Where it starts.
    at: usize,
    /// Where it was written.
    source: usize,
    /// Of what stands for a variable: the length of `$NAME`.
    name: Option<usize>,
}

impl Expanded {
    /// Where what stands at `span` was written. A place inside a variable's
    /// value is where the variable is used.
    pub fn source(&self, span: Span) -> Span {
        let place = |at: usize| {
            let after = self.runs.partition_point(|run| run.at <= at);
            match after.checked_sub(1).map(|run| self.runs[run]) {
                Some(Run { source, name: Some(length), .. }) => source..source + length,
                Some(Run { at: start, source, name: None }) => source + at - start..source + at - start + 1,
                None => 0..0,
            }
        };
        let start = place(span.start).start;
        // The last byte rather than the end, which may be in another run.
        let end = if span.is_empty() { start } else { place(span.end - 1).end };
        start..end.max(start)
    }

    fn copy(&mut self, text: &str, from: usize, to: usize) {
        if from < to {
            self.runs.push(Run { at: self.text.len(), source: from, name: None });
            self.text.push_str(&text[from..to]);
        }
    }
}

/// Expands the part of `text` from byte `from` on.
pub(super) fn expand(text: &str, from: usize, variables: &Variables) -> Result<Expanded, Fault> {
    let bytes = text.as_bytes();
    let mut out = Expanded::default();
    // Bytes from here to `at` are yet to be copied as they are.
    let mut start = from;
    let mut at = from;
    let mut string = false;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if string => at += 1,
            b'"' => string = !string,
            // No string goes on in the next line.
            b'\n' => string = false,
            b'#' if !string => {
                out.copy(text, start, at);
                start = text[at..].find('\n').map_or(text.len(), |end| at + end);
                at = start;
                continue;
            }
            b'$' if !string => {
                out.copy(text, start, at);
                let name = name(&text[at + 1..]);
                let span = at..at + 1 + name.len();
                if name.is_empty() {
                    return Err(Fault::new(span, "'$' needs a variable's name: $NAME"));
                }
                let Some(value) = variables.get(name) else {
                    let known = variables.keys().map(String::as_str);
                    return Err(Fault::unknown(span, "variable", name, "", known));
                };
                if out.text.len() + value.len() > MAX_STATEMENT {
                    let message = format!("with this variable the text has more than {MAX_STATEMENT} bytes");
                    return Err(Fault::new(span, message));
                }
                out.runs.push(Run { at: out.text.len(), source: at, name: Some(span.len()) });
                out.text.push_str(value);
                start = span.end;
                at = start;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    out.copy(text, start, text.len());
    Ok(out)
}

/// The variable's name that `text` starts with; may be empty.
pub(super) fn name(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if text.starts_with(|c: char| c.is_ascii_digit()) { "" } else { &text[..end] }
}
