//! Walks one line of an expectation file, word by word, and knows where it is
//! in the whole text.

use std::str::FromStr;

use crate::caret::{Fault, Span};

/// What is left of a line.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'t> {
    /// The whole text.
    text: &'t str,
    /// The number of the line, from 1.
    line: usize,
    /// Where the walk is, in bytes of the text.
    at: usize,
    /// Where the line's content ends.
    end: usize,
}

/// The statements of a text, without blank lines and comments. A comment is a
/// line that begins with `#`, or what follows ` # ` outside quotes.
pub(super) fn statements(text: &str) -> impl Iterator<Item = Cursor<'_>> {
    let mut start = 0;
    text.split_inclusive('\n').zip(1..).filter_map(move |(line, number)| {
        let at = start;
        start += line.len();
        let content = uncommented(line).trim_end();
        let blank = content.len() - content.trim_start().len();
        let content = content.trim_start();
        let cursor = Cursor { text, line: number, at: at + blank, end: at + blank + content.len() };
        (!content.is_empty()).then_some(cursor)
    })
}

/// The line up to its comment.
fn uncommented(line: &str) -> &str {
    if line.trim_start().starts_with('#') {
        return "";
    }
    let mut quotes = Quotes::default();
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        let outside = quotes.takes(c, before);
        let comment =
            c == '#' && before.is_whitespace() && line[at + 1..].chars().next().is_none_or(char::is_whitespace);
        if outside && comment {
            return &line[..at];
        }
        before = c;
    }
    line
}

/// Whether a walk is inside quotes.
#[derive(Debug, Default)]
struct Quotes {
    open: Option<char>,
    /// In `r"…"` a backslash is only a backslash.
    raw: bool,
    escaped: bool,
}

impl Quotes {
    /// Takes the next character, and the one before it, and tells whether the
    /// character is outside quotes.
    fn takes(&mut self, c: char, before: char) -> bool {
        let Some(quote) = self.open else {
            // An apostrophe within a word is one.
            if c == '"' || (c == '\'' && !before.is_alphanumeric()) {
                (self.open, self.raw) = (Some(c), before == 'r');
            }
            return true;
        };
        if std::mem::take(&mut self.escaped) {
        } else if c == '\\' && !self.raw {
            self.escaped = true;
        } else if c == quote {
            self.open = None;
        }
        false
    }
}

impl<'t> Cursor<'t> {
    /// The number of the line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// What is left.
    pub fn rest(&self) -> &'t str {
        &self.text[self.at..self.end]
    }

    /// Where that is.
    pub fn span(&self) -> Span {
        self.at..self.end
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.at == self.end
    }

    /// Goes over blanks.
    pub fn blanks(&mut self) {
        self.at = self.end - self.rest().trim_start().len();
    }

    /// Goes over `token`, where it comes next, and blanks after it. A token of
    /// letters has to be a whole word.
    pub fn eat(&mut self, token: &str) -> bool {
        let word = token.ends_with(|c: char| c.is_ascii_alphanumeric());
        let goes_on =
            |rest: &str| word && rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        match self.rest().strip_prefix(token) {
            Some(rest) if !goes_on(rest) => {
                self.at += token.len();
                self.blanks();
                true
            }
            _ => false,
        }
    }

    /// As [`eat`](Self::eat), for a token that has to be there.
    pub fn expect(&mut self, token: &str) -> Result<(), Fault> {
        if self.eat(token) { Ok(()) } else { Err(self.fault(format!("expected '{token}'"))) }
    }

    /// What is wrong with the next word.
    pub fn fault(&self, message: impl Into<String>) -> Fault {
        let mut ahead = self.clone();
        let (_, span) = ahead.bare();
        Fault::new(if span.is_empty() { self.at..self.at } else { span }, message)
    }

    /// The next run of characters that are neither blank nor punctuation of the
    /// language.
    pub fn bare(&mut self) -> (&'t str, Span) {
        let stops = |c: char| c.is_whitespace() || "()[],=<>!\"'".contains(c);
        let length = self.rest().find(stops).unwrap_or(self.rest().len());
        self.take(length)
    }

    /// The next word up to a blank, in quotes where it has blanks.
    pub fn word(&mut self) -> Result<(String, Span), Fault> {
        self.word_until(char::is_whitespace)
    }

    /// The next word up to a blank, a comma or a closing parenthesis.
    pub fn argument(&mut self) -> Result<(String, Span), Fault> {
        self.word_until(|c| c.is_whitespace() || c == ',' || c == ')')
    }

    fn word_until(&mut self, ends: impl Fn(char) -> bool) -> Result<(String, Span), Fault> {
        let quote = self.rest().chars().next().filter(|c| matches!(c, '"' | '\''));
        let Some(quote) = quote else {
            let length = self.rest().find(|c: char| ends(c)).unwrap_or(self.rest().len());
            let (word, span) = self.take(length);
            if word.is_empty() {
                return Err(Fault::new(span, "expected a word"));
            }
            return Ok((word.to_owned(), span));
        };
        let inside = &self.rest()[1..];
        let mut word = String::new();
        let mut chars = inside.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == quote => {
                    let (_, span) = self.take(at + 2);
                    return Ok((word, span));
                }
                // In single quotes everything is itself, as in a shell; in
                // double ones a backslash takes the next as it is.
                '\\' if quote == '"' => word.extend(chars.next().map(|(_, c)| c)),
                c => word.push(c),
            }
        }
        Err(Fault::new(self.at..self.at + 1, "the quotes are not closed"))
    }

    fn take(&mut self, length: usize) -> (&'t str, Span) {
        let span = self.at..self.at + length;
        let word = &self.text[span.clone()];
        self.at = span.end;
        self.blanks();
        (word, span)
    }

    /// Goes to the end of the line.
    pub fn skip(&mut self) {
        self.at = self.end;
    }

    /// The next so many bytes, and over blanks after them.
    pub fn digits(&mut self, length: usize) -> &'t str {
        self.take(length).0
    }

    /// The next word as a value.
    pub fn value<T: FromStr>(&mut self, expected: &str) -> Result<T, Fault> {
        let fault = self.fault(format!("expected {expected}"));
        self.bare().0.parse().map_err(|_| fault)
    }

    /// What stands between the parenthesis that comes next and the one that
    /// closes it, outside quotes.
    pub fn parenthesized(&mut self) -> Result<Self, Fault> {
        let open = self.at;
        if !self.rest().starts_with('(') {
            return Err(self.fault("expected '('"));
        }
        let mut quotes = Quotes::default();
        let (mut depth, mut before) = (0usize, ' ');
        for (at, c) in self.rest().char_indices() {
            if quotes.takes(c, before) {
                depth += usize::from(c == '(');
                if c == ')' {
                    depth -= 1;
                }
                if depth == 0 {
                    let mut inside = Self { at: open + 1, end: open + at, ..*self };
                    inside.blanks();
                    inside.end = inside.at + inside.rest().trim_end().len();
                    self.at = open + at + 1;
                    self.blanks();
                    return Ok(inside);
                }
            }
            before = c;
        }
        Err(Fault::new(open..open + 1, "the parenthesis is not closed"))
    }

    /// That nothing is left.
    pub fn finish(&self) -> Result<(), Fault> {
        if self.is_empty() { Ok(()) } else { Err(Fault::new(self.span(), "nothing more was expected here")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(text: &str) -> Vec<&str> {
        statements(text).map(|cursor| cursor.rest()).collect()
    }

    #[test]
    fn comments_and_blank_lines_are_no_statements() {
        assert_eq!(
            contents("# a\n\n  b c # d\n\te#f # g\r\nany packet: x == \"a # b\" # c\n#"),
            ["b c", "e#f", "any packet: x == \"a # b\""]
        );
        assert_eq!(contents("it's # gone"), ["it's"]);
        assert_eq!(contents(r#"x matches r"\" # gone"#), [r#"x matches r"\""#]);
        assert_eq!(contents("a #"), ["a"]);
        assert_eq!(statements("\n\n a\n").next().unwrap().line(), 3);
    }

    #[test]
    fn parentheses_are_matched_outside_quotes() {
        let mut cursor = statements("count( (a) && b contains \")\" ) == 3").next().unwrap();
        assert!(cursor.eat("count"));
        assert_eq!(cursor.parenthesized().unwrap().rest(), "(a) && b contains \")\"");
        assert_eq!(cursor.rest(), "== 3");
        assert!(statements("(a").next().unwrap().parenthesized().is_err());
    }

    #[test]
    fn words_may_be_quoted() {
        let mut cursor = statements(r#"a 'b c\' "d \" e" f"#).next().unwrap();
        let words: Vec<_> = std::iter::from_fn(|| cursor.word().ok()).map(|(word, _)| word).collect();
        assert_eq!(words, ["a", "b c\\", "d \" e", "f"]);
        assert!(statements("'a").next().unwrap().word().is_err());
    }

    #[test]
    fn whole_words_are_eaten() {
        let mut cursor = statements("packets == 3").next().unwrap();
        assert!(!cursor.eat("packet"));
        assert!(cursor.eat("packets") && cursor.eat("=="));
        assert_eq!(cursor.value::<u64>("a number").unwrap(), 3);
        assert!(cursor.finish().is_ok());
    }
}
