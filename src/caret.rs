//! Errors about a text that people wrote, pointing at the place in it.
//!
//! Shared by all the small languages: the packet notation, display filters. A
//! parser makes a `Fault` where it stands; whoever has the whole text turns it
//! into a [`ParseError`], which shows the line with carets under the place.

use std::fmt;
use std::ops::Range;

/// Where something stands in the text, in bytes.
pub(crate) type Span = Range<usize>;

/// What is wrong, and where; the text itself is added by [`Fault::within`].
#[derive(Debug)]
pub(crate) struct Fault {
    message: String,
    span: Span,
    suggests: bool,
}

impl Fault {
    /// Something wrong at `span`.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { message: message.into(), span, suggests: false }
    }

    /// An unknown name, with the nearest of the known ones.
    pub fn unknown<'a>(span: Span, what: &str, name: &str, of: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let mut message = format!("unknown {what} '{}'{of}", name.escape_default());
        let nearest = nearest(name, known);
        if let Some(nearest) = nearest {
            message.push_str(&format!("; did you mean '{nearest}'?"));
        }
        Self { message, span, suggests: nearest.is_some() }
    }

    /// Whether a known name is suggested.
    pub fn suggests(&self) -> bool {
        self.suggests
    }

    /// Where it is.
    pub fn span(&self) -> Span {
        self.span.clone()
    }

    /// The same error at another place: where the text it is about is part of
    /// a longer one.
    pub fn moved(self, span: Span) -> Self {
        Self { span, ..self }
    }

    /// Puts the error into its text.
    pub fn within(self, text: &str) -> ParseError {
        ParseError { message: self.message, text: text.to_owned(), span: self.span }
    }
}

/// The known name that is nearest to `name`, if it is near enough to have been
/// meant: a third of its letters may be wrong, one in any case.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (name.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= most && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Why a text could not be read.
///
/// It displays as the message, the line of the text it is about, and a line
/// with carets under the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    message: String,
    text: String,
    span: Span,
}

impl ParseError {
    /// What is wrong, in one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where it is, in bytes of the text.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

impl From<ParseError> for Fault {
    /// Takes the error out of its text.
    fn from(error: ParseError) -> Self {
        Self::new(error.span, error.message)
    }
}

impl std::error::Error for ParseError {}

/// How many characters of a line are shown on either side of the place.
const AROUND: usize = 60;

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Range { start, end } = self.span;
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        let (before, place, after) = (
            &self.text[line_start..start],
            &self.text[start..end.clamp(start, line_end)],
            &self.text[end.clamp(start, line_end)..line_end],
        );
        let skipped = before.chars().count().saturating_sub(AROUND);
        let dots = if skipped > 0 { "…" } else { "" };
        let before: String = dots.chars().chain(before.chars().skip(skipped).map(shown)).collect();
        let carets = place.chars().count().clamp(1, AROUND);
        let place: String = place.chars().take(AROUND).map(shown).collect();
        let after: String = after.chars().take(AROUND).map(shown).collect();
        writeln!(f, "{}", self.message)?;
        writeln!(f, "  {before}{place}{after}")?;
        write!(f, "  {:indent$}{:^<carets$}", "", "", indent = before.chars().count())
    }
}

/// A character as it may go to a terminal, one column for one character.
fn shown(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}
