//! The grammar: text → names, words, lists and calls, each with its place.
//! What they mean is decided in `resolve`.

use crate::caret::{Fault, Span};

/// Something, and where it stands.
#[derive(Debug)]
pub(super) struct Spanned<T> {
    /// The thing.
    pub node: T,
    /// Its place in the text.
    pub span: Span,
}

/// One layer.
#[derive(Debug)]
pub(super) enum Layer<'t> {
    /// A payload in quotes.
    Text(Vec<u8>),
    /// A name with arguments.
    Named { name: Spanned<&'t str>, items: Vec<Item<'t>> },
}

/// One argument: of a layer, a call, or a list.
#[derive(Debug)]
pub(super) struct Item<'t> {
    /// The name before `=`.
    pub name: Option<Spanned<&'t str>>,
    /// The value.
    pub value: Spanned<Value<'t>>,
}

/// A value.
#[derive(Debug)]
pub(super) enum Value<'t> {
    /// A number, an address, hexadecimal digits, or a name.
    Word(&'t str),
    /// A string, its escapes resolved.
    Text(Vec<u8>),
    /// Values in brackets.
    List(Vec<Item<'t>>),
    /// A name with arguments.
    Call { name: Spanned<&'t str>, items: Vec<Item<'t>> },
}

/// How deep lists and calls may nest; nothing needs more than two.
const MAX_DEPTH: usize = 16;

/// Parses a packet.
pub(super) fn parse(text: &str) -> Result<Vec<Spanned<Layer<'_>>>, Fault> {
    let mut parser = Parser { text, at: 0 };
    let mut layers = vec![parser.layer()?];
    while parser.eat('/') {
        layers.push(parser.layer()?);
    }
    match parser.peek() {
        None => Ok(layers),
        Some(_) => Err(parser.expected("'/' and the next layer, or the end")),
    }
}

struct Parser<'t> {
    text: &'t str,
    /// How far it has read, in bytes.
    at: usize,
}

/// What a name, number or address is made of.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '_' | '-')
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// The next character that is no space.
    fn peek(&mut self) -> Option<char> {
        self.at = self.text.len() - self.rest().trim_start().len();
        self.rest().chars().next()
    }

    /// Reads `wanted` if it is next.
    fn eat(&mut self, wanted: char) -> bool {
        let next = self.peek() == Some(wanted);
        if next {
            self.at += wanted.len_utf8();
        }
        next
    }

    /// An error at the next character.
    fn expected(&mut self, what: &str) -> Fault {
        match self.peek() {
            Some(c) => {
                Fault::new(self.at..self.at + c.len_utf8(), format!("expected {what}, found '{}'", c.escape_default()))
            }
            None => Fault::new(self.at..self.at, format!("expected {what}, found the end")),
        }
    }

    fn word(&mut self, what: &str) -> Result<Spanned<&'t str>, Fault> {
        self.peek();
        let rest = self.rest();
        let len = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if len == 0 {
            return Err(self.expected(what));
        }
        let span = self.at..self.at + len;
        self.at = span.end;
        Ok(Spanned { node: &rest[..len], span })
    }

    /// A word, or an address with the length of a prefix: `2001:db8::/64`.
    fn word_or_prefix(&mut self, what: &str) -> Result<Spanned<&'t str>, Fault> {
        let word = self.word(what)?;
        let digits =
            self.rest().strip_prefix('/').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
        if digits == 0 || !word.node.contains(['.', ':']) {
            return Ok(word);
        }
        self.at += 1 + digits;
        // And with the length of a C-SID: `fcbb:bb00::/32:16`.
        let more = self.rest().strip_prefix(':').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
        self.at += if more > 0 { 1 + more } else { 0 };
        let span = word.span.start..self.at;
        Ok(Spanned { node: &self.text[span.clone()], span })
    }

    fn layer(&mut self) -> Result<Spanned<Layer<'t>>, Fault> {
        if self.peek() == Some('"') {
            let text = self.string()?;
            return Ok(Spanned { node: Layer::Text(text.node), span: text.span });
        }
        let name = self.word("a layer, like ip6(…) or \"text\"")?;
        let items = if self.peek() == Some('(') { self.arguments(&name, 0)? } else { Vec::new() };
        let span = name.span.start..self.at;
        Ok(Spanned { node: Layer::Named { name, items }, span })
    }

    /// What stands in parentheses after `name`.
    fn arguments(&mut self, name: &Spanned<&str>, depth: usize) -> Result<Vec<Item<'t>>, Fault> {
        self.eat('(');
        if name.node == "hex" {
            return self.digits();
        }
        self.items(')', depth)
    }

    /// Hexadecimal digits with spaces anywhere, up to the parenthesis, as one
    /// word.
    fn digits(&mut self) -> Result<Vec<Item<'t>>, Fault> {
        self.peek();
        let rest = self.rest();
        let len = rest.find(|c: char| !c.is_ascii_hexdigit() && !c.is_whitespace()).unwrap_or(rest.len());
        let digits = rest[..len].trim_end();
        let value = Spanned { node: Value::Word(digits), span: self.at..self.at + digits.len() };
        self.at += len;
        if !self.eat(')') {
            return Err(self.expected("hexadecimal digits and ')'"));
        }
        Ok(vec![Item { name: None, value }])
    }

    /// Items separated by commas, up to `close`; a comma may follow the last.
    fn items(&mut self, close: char, depth: usize) -> Result<Vec<Item<'t>>, Fault> {
        let mut items = Vec::new();
        while !self.eat(close) {
            items.push(self.item(depth)?);
            if !self.eat(',') && self.peek() != Some(close) {
                return Err(self.expected(&format!("',' or '{close}'")));
            }
        }
        Ok(items)
    }

    fn item(&mut self, depth: usize) -> Result<Item<'t>, Fault> {
        let value = self.value(depth)?;
        match value.node {
            Value::Word(name) if self.eat('=') => {
                Ok(Item { name: Some(Spanned { node: name, span: value.span }), value: self.value(depth)? })
            }
            _ => Ok(Item { name: None, value }),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Spanned<Value<'t>>, Fault> {
        let next = self.peek();
        let start = self.at;
        if depth > MAX_DEPTH {
            return Err(Fault::new(start..start, "too many brackets inside each other"));
        }
        let node = match next {
            Some('"') => Value::Text(self.string()?.node),
            Some('[') => {
                self.eat('[');
                Value::List(self.items(']', depth + 1)?)
            }
            _ => {
                let word = self.word_or_prefix("a value")?;
                // A parenthesis makes it a call.
                let end = self.at;
                if self.peek() == Some('(') {
                    let items = self.arguments(&word, depth + 1)?;
                    Value::Call { name: word, items }
                } else {
                    self.at = end;
                    Value::Word(word.node)
                }
            }
        };
        Ok(Spanned { node, span: start..self.at })
    }

    fn string(&mut self) -> Result<Spanned<Vec<u8>>, Fault> {
        let start = self.at;
        let mut bytes = Vec::new();
        let mut chars = self.text[start + 1..].char_indices().map(|(at, c)| (start + 1 + at, c));
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at = at + 1;
                    return Ok(Spanned { node: bytes, span: start..self.at });
                }
                '\\' => {
                    let wrong =
                        |end: usize| Fault::new(at..end, r#"unknown escape; there are \n \t \r \0 \" \\ and \xHH"#);
                    let (end, escape) = chars.next().ok_or_else(|| wrong(self.text.len()))?;
                    let end = end + escape.len_utf8();
                    bytes.push(match escape {
                        'n' => b'\n',
                        't' => b'\t',
                        'r' => b'\r',
                        '0' => 0,
                        '"' | '\\' => escape as u8,
                        'x' => {
                            let mut digit = || chars.next().and_then(|(_, c)| c.to_digit(16));
                            let (high, low) = (digit(), digit());
                            high.zip(low).map(|(high, low)| (high * 16 + low) as u8).ok_or_else(|| wrong(end))?
                        }
                        _ => return Err(wrong(end)),
                    });
                }
                _ => bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        Err(Fault::new(start..start + 1, "this string has no end: a '\"' is missing"))
    }
}
