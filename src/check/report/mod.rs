//! What came of cases, for people and for programs: text, JSON, TAP, JUnit.
//!
//! Names of files are escaped, as text from packets is.

mod json;
mod junit;
mod tap;
mod text;

pub use json::json;
pub use junit::Junit;
pub use tap::{tap, tap_plan};
pub use text::{summary, text};

use super::run::{Failure, Outcome};

/// A failure in one line: where it was asked for, what, and what is not so.
fn headline(outcome: &Outcome, failure: &Failure) -> String {
    let file = outcome.file.file_name().unwrap_or_default().to_string_lossy();
    match failure.line {
        Some(line) => format!("{file}:{line}: {}: {}", failure.check, failure.message),
        // An expectation file that cannot be read says itself where.
        None => failure.message.clone(),
    }
}

/// Text as it may go to a terminal or into XML.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}
