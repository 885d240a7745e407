//! Tokens → a tree of what was written, before anything is known of fields.

use std::borrow::Cow;

use crate::caret::{Fault, Span};
use crate::filter::lex::{Token, tokens};

/// The most brackets inside each other, and the most operators in one sum.
const MAX_DEPTH: usize = 64;

/// How two things are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// The right is somewhere in the left.
    Contains,
    /// The left matches the regular expression on the right.
    Matches,
}

impl Relation {
    /// The relation that holds with the sides exchanged; `None` where the
    /// sides cannot be.
    pub fn mirrored(self) -> Option<Self> {
        Some(match self {
            Self::Equal | Self::Unequal => self,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            Self::Contains | Self::Matches => return None,
        })
    }

    /// How an error names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Contains => "contains",
            Self::Matches => "matches",
        }
    }
}

/// Which of a field's occurrences must fulfil a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantifier {
    /// At least one.
    Any,
    /// Every one, and there must be one.
    All,
}

/// Arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    /// The bits that both have.
    BitAnd,
}

/// Something that is true or false of a packet.
#[derive(Debug)]
pub(super) enum Expression<'t> {
    Or(Vec<Self>),
    Xor(Vec<Self>),
    And(Vec<Self>),
    Not(Box<Self>),
    /// There is such a thing.
    Bare(Term<'t>),
    Compared {
        quantifier: Quantifier,
        left: Term<'t>,
        relation: Relation,
        relation_span: Span,
        right: Term<'t>,
    },
    Within {
        quantifier: Quantifier,
        left: Term<'t>,
        set: Vec<Element<'t>>,
    },
}

/// One element of a set: a value, or the first and last of a range.
#[derive(Debug)]
pub(super) struct Element<'t> {
    pub first: Term<'t>,
    pub last: Option<Term<'t>>,
}

/// Something with a value, and its place in the text.
#[derive(Debug, Clone)]
pub(super) struct Term<'t> {
    pub kind: TermKind<'t>,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub(super) enum TermKind<'t> {
    Word(&'t str),
    Quoted(Cow<'t, [u8]>),
    Character(u8),
    Call(&'t str, Vec<Term<'t>>),
    Slice(Box<Term<'t>>, Vec<Piece>),
    /// Only of the layers with these numbers among their kind.
    Layers(Box<Term<'t>>, Vec<Piece>),
    Negative(Box<Term<'t>>),
    Computed(Operator, Box<Term<'t>>, Box<Term<'t>>),
}

/// Part of a sequence: from `start` on, which counts from the end if negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub start: i64,
    pub end: End,
}

/// Where a [`Piece`] ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// So many elements after its start.
    Length(u32),
    /// With this element, which counts from the end if negative.
    Last(i64),
    /// Where the sequence does.
    Rest,
}

/// Reads a whole filter.
pub(super) fn parse(text: &str) -> Result<Expression<'_>, Fault> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, end: text.len(), depth: 0 };
    if parser.tokens.is_empty() {
        return Err(Fault::new(0..0, "the filter is empty"));
    }
    let expression = parser.any_of()?;
    if parser.peek().is_some() {
        return Err(parser.unexpected("'&&', '||' or the end"));
    }
    Ok(expression)
}

struct Parser<'t> {
    tokens: Vec<(Token<'t>, Span)>,
    at: usize,
    /// Where the text ends.
    end: usize,
    /// Brackets and signs open around what is being read.
    depth: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<&Token<'t>> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    /// The place of the next token, or of the text's end.
    fn span(&self) -> Span {
        self.tokens.get(self.at).map_or(self.end..self.end, |(_, span)| span.clone())
    }

    /// Where the last token ended.
    fn last_end(&self) -> usize {
        self.at.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(0, |(_, span)| span.end)
    }

    fn unexpected(&self, expected: &str) -> Fault {
        let found = self.peek().map_or_else(|| "the end".into(), Token::describe);
        Fault::new(self.span(), format!("expected {expected}, found {found}"))
    }

    /// Takes the next token if it is this sign.
    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(found)) if *found == sign);
        self.at += usize::from(found);
        found
    }

    /// Takes the next token if it is this sign or this keyword.
    fn either(&mut self, sign: &str, keyword: &str) -> bool {
        self.sign(sign) || self.keyword(keyword)
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(found)) if *found == keyword);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), Fault> {
        if self.sign(sign) { Ok(()) } else { Err(self.unexpected(&format!("'{sign}'"))) }
    }

    /// Reads something one level further in.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth >= MAX_DEPTH {
            return Err(Fault::new(self.span(), "too much inside each other"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Operands of one kind, joined by a sign or keyword.
    fn joined(
        &mut self,
        sign: &str,
        keyword: &str,
        operand: fn(&mut Self) -> Result<Expression<'t>, Fault>,
        join: fn(Vec<Expression<'t>>) -> Expression<'t>,
    ) -> Result<Expression<'t>, Fault> {
        let first = operand(self)?;
        let mut all = Vec::new();
        while self.either(sign, keyword) {
            all.push(operand(self)?);
        }
        if all.is_empty() {
            return Ok(first);
        }
        all.insert(0, first);
        Ok(join(all))
    }

    fn any_of(&mut self) -> Result<Expression<'t>, Fault> {
        self.joined("||", "or", Self::one_of, Expression::Or)
    }

    fn one_of(&mut self) -> Result<Expression<'t>, Fault> {
        self.joined("^^", "xor", Self::all_of, Expression::Xor)
    }

    fn all_of(&mut self) -> Result<Expression<'t>, Fault> {
        self.joined("&&", "and", Self::negated, Expression::And)
    }

    fn negated(&mut self) -> Result<Expression<'t>, Fault> {
        let mut negations = 0;
        while self.either("!", "not") {
            negations += 1;
        }
        let inner = if self.sign("(") {
            self.deeper(|parser| {
                let inner = parser.any_of()?;
                parser.expect(")")?;
                Ok(inner)
            })?
        } else {
            self.relations()?
        };
        Ok(if negations % 2 == 1 { Expression::Not(Box::new(inner)) } else { inner })
    }

    /// `a`, `a == b`, and `a < b < c`, which is `a < b && b < c`.
    fn relations(&mut self) -> Result<Expression<'t>, Fault> {
        let quantifier = if self.keyword("any") {
            Some(Quantifier::Any)
        } else if self.keyword("all") {
            Some(Quantifier::All)
        } else {
            None
        };
        let mut left = self.term()?;
        let mut all = Vec::new();
        loop {
            let relation_span = self.span();
            if let Some((relation, usual)) = self.relation() {
                let right = self.term()?;
                let next = right.clone();
                let quantifier = quantifier.unwrap_or(usual);
                all.push(Expression::Compared { quantifier, left, relation, relation_span, right });
                left = next;
                continue;
            }
            let before = self.at;
            let not = self.either("!", "not");
            if self.keyword("in") {
                let set = self.set()?;
                let within = Expression::Within { quantifier: quantifier.unwrap_or(Quantifier::Any), left, set };
                all.push(if not { Expression::Not(Box::new(within)) } else { within });
                break;
            }
            self.at = before;
            if all.is_empty() {
                if quantifier.is_some() {
                    return Err(self.unexpected("a comparison"));
                }
                return Ok(Expression::Bare(left));
            }
            break;
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expression::And(all) })
    }

    /// A relation, and how it quantifies if nothing else is said.
    fn relation(&mut self) -> Option<(Relation, Quantifier)> {
        use Quantifier::{All, Any};
        let name = match self.peek()? {
            Token::Word(word) => *word,
            Token::Sign(sign) => *sign,
            _ => return None,
        };
        let relation = match name {
            "==" | "eq" | "any_eq" => (Relation::Equal, Any),
            "===" | "all_eq" => (Relation::Equal, All),
            "!=" | "ne" | "all_ne" => (Relation::Unequal, All),
            "!==" | "~=" | "any_ne" => (Relation::Unequal, Any),
            "<" | "lt" => (Relation::Less, Any),
            "<=" | "le" => (Relation::LessOrEqual, Any),
            ">" | "gt" => (Relation::Greater, Any),
            ">=" | "ge" => (Relation::GreaterOrEqual, Any),
            "contains" => (Relation::Contains, Any),
            "matches" | "~" => (Relation::Matches, Any),
            _ => return None,
        };
        self.at += 1;
        Some(relation)
    }

    /// `{a, b..c}`, or a single element without braces.
    fn set(&mut self) -> Result<Vec<Element<'t>>, Fault> {
        if !self.sign("{") {
            return Ok(vec![self.element()?]);
        }
        let mut set = vec![self.element()?];
        while self.sign(",") {
            set.push(self.element()?);
        }
        self.expect("}")?;
        Ok(set)
    }

    fn element(&mut self) -> Result<Element<'t>, Fault> {
        let first = self.term()?;
        let last = if self.sign("..") { Some(self.term()?) } else { None };
        Ok(Element { first, last })
    }

    fn term(&mut self) -> Result<Term<'t>, Fault> {
        self.chain(&[("&", Operator::BitAnd)], |parser| {
            parser.chain(&[("+", Operator::Add), ("-", Operator::Subtract)], |parser| {
                let products = [("*", Operator::Multiply), ("/", Operator::Divide), ("%", Operator::Remainder)];
                parser.chain(&products, Self::signed)
            })
        })
    }

    /// Operands joined by operators that bind from the left.
    fn chain(
        &mut self,
        operators: &[(&str, Operator)],
        operand: impl Fn(&mut Self) -> Result<Term<'t>, Fault>,
    ) -> Result<Term<'t>, Fault> {
        let mut left = operand(self)?;
        for _ in 0..MAX_DEPTH {
            let found = operators.iter().find(|(sign, operator)| {
                self.sign(sign) || (*operator == Operator::BitAnd && self.keyword("bitwise_and"))
            });
            let Some((_, operator)) = found else { return Ok(left) };
            let right = operand(self)?;
            let span = left.span.start..right.span.end;
            left = Term { kind: TermKind::Computed(*operator, Box::new(left), Box::new(right)), span };
        }
        Err(Fault::new(left.span, "too long a sum"))
    }

    fn signed(&mut self) -> Result<Term<'t>, Fault> {
        let start = self.span().start;
        if !self.sign("-") {
            return self.suffixed();
        }
        let inner = self.deeper(Self::signed)?;
        let span = start..inner.span.end;
        Ok(Term { kind: TermKind::Negative(Box::new(inner)), span })
    }

    /// A term with what may follow it: `#2`, `[0:4]`.
    fn suffixed(&mut self) -> Result<Term<'t>, Fault> {
        let mut term = self.primary()?;
        if self.sign("#") {
            let pieces = match self.peek() {
                Some(Token::Bracket(text)) => pieces(text, self.span())?,
                Some(Token::Word(word)) => pieces(word, self.span())?,
                _ => return Err(self.unexpected("the number of a layer")),
            };
            self.at += 1;
            let span = term.span.start..self.last_end();
            term = Term { kind: TermKind::Layers(Box::new(term), pieces), span };
        }
        if let Some(Token::Bracket(text)) = self.peek() {
            let pieces = pieces(text, self.span())?;
            self.at += 1;
            let span = term.span.start..self.last_end();
            term = Term { kind: TermKind::Slice(Box::new(term), pieces), span };
        }
        Ok(term)
    }

    fn primary(&mut self) -> Result<Term<'t>, Fault> {
        let span = self.span();
        if self.sign("{") {
            return self.deeper(|parser| {
                let inner = parser.term()?;
                parser.expect("}")?;
                Ok(Term { kind: inner.kind, span: span.start..parser.last_end() })
            });
        }
        let kind = match self.peek() {
            Some(Token::Word(word)) if is_keyword(word) => None,
            Some(Token::Word(word)) => Some(TermKind::Word(word)),
            Some(Token::Quoted(bytes)) => Some(TermKind::Quoted(bytes.clone())),
            Some(Token::Character(byte)) => Some(TermKind::Character(*byte)),
            _ => None,
        };
        let Some(kind) = kind else { return Err(self.unexpected("a field or a value")) };
        self.at += 1;
        if let TermKind::Word(name) = kind
            && self.sign("(")
        {
            return self.deeper(|parser| {
                let mut arguments = Vec::new();
                if !parser.sign(")") {
                    arguments.push(parser.term()?);
                    while parser.sign(",") {
                        arguments.push(parser.term()?);
                    }
                    parser.expect(")")?;
                }
                Ok(Term { kind: TermKind::Call(name, arguments), span: span.start..parser.last_end() })
            });
        }
        Ok(Term { kind, span })
    }
}

/// Words that join, and so cannot be names or values.
fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "and"
            | "or"
            | "xor"
            | "not"
            | "in"
            | "contains"
            | "matches"
            | "eq"
            | "ne"
            | "lt"
            | "le"
            | "gt"
            | "ge"
            | "any"
            | "all"
            | "any_eq"
            | "all_eq"
            | "any_ne"
            | "all_ne"
            | "bitwise_and"
    )
}

/// The parts of a slice: `0:4`, `2-5`, `3`, `:2`, `-2:`, joined by commas.
fn pieces(text: &str, span: Span) -> Result<Vec<Piece>, Fault> {
    let one = |part: &str| {
        let part = part.trim();
        if let Some((start, length)) = part.split_once(':') {
            let start = if start.trim().is_empty() { 0 } else { index(start)? };
            let end = match length.trim() {
                "" => End::Rest,
                length => End::Length(length.parse().ok().filter(|length| *length > 0)?),
            };
            return Some(Piece { start, end });
        }
        // The minus that is not the first letter separates first and last.
        match part.char_indices().skip(1).find(|(_, c)| *c == '-') {
            Some((at, _)) => Some(Piece { start: index(&part[..at])?, end: End::Last(index(&part[at + 1..])?) }),
            None => Some(Piece { start: index(part)?, end: End::Length(1) }),
        }
    };
    let wrong = "a slice is [start:length], [first-last], [place], or several of them joined by commas";
    text.split(',').map(|part| one(part).ok_or_else(|| Fault::new(span.clone(), wrong))).collect()
}

/// A place in a sequence.
fn index(text: &str) -> Option<i64> {
    text.trim().parse::<i32>().ok().map(i64::from)
}
