//! A recipe's bytes → statements, with bounded memory.
//!
//! Finding where statements end and what variables stand for needs the whole
//! text in order and is quick; what a statement means takes longer, and can be
//! worked out by several threads at once, a [`Batch`] each.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::AsFd;
use std::path::Path;

use super::expand::{Expanded, Variables, expand, name};
use super::{RecipeError, Record};
use crate::caret::{Fault, Span};
use crate::sys::socket::{Ready, wait_readable};

/// The longest text of one statement, in bytes: enough for the longest frame,
/// each byte written as an escape.
pub(super) const MAX_STATEMENT: usize = 4 << 20;

/// The most variables there can be.
const MAX_VARIABLES: usize = 10_000;

/// The most bytes that all variables together may stand for.
const MAX_VALUES: usize = 16 << 20;

/// Text after which a batch is full, in bytes.
const BATCH: usize = 128 << 10;

/// A recipe being read.
pub struct Recipe {
    input: Box<dyn BufRead + Send>,
    name: String,
    /// Lines read so far.
    lines: u64,
    /// The statement that may still go on.
    open: Open,
    variables: Variables,
    /// Bytes that the variables stand for.
    values: usize,
    ended: bool,
    /// What ends the recipe, once the batch before it is handed out.
    failure: Option<RecipeError>,
}

/// A file or pipe. A signal that is caught while it is waited for is its end.
struct Waking(File);

impl Read for Waking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match wait_readable(&self.0, None)? {
            Ready::Readable => self.0.read(buffer),
            Ready::TimedOut | Ready::Interrupted => Ok(0),
        }
    }
}

/// Lines of a statement, and what keeps it from ending.
#[derive(Default)]
struct Open {
    text: Vec<u8>,
    /// The number of its first line.
    line: u64,
    /// Where parentheses and brackets stand open.
    brackets: Vec<usize>,
    /// Whether its last line ends with `/`.
    slash: bool,
    /// Whether it has comments or variables.
    expands: bool,
}

/// Some statements of a recipe. Made to be reused: its buffers stay.
#[derive(Debug, Default)]
pub struct Batch {
    file: String,
    text: String,
    statements: Vec<Statement>,
}

/// One packet's text.
#[derive(Debug)]
struct Statement {
    /// Where its lines are in the batch's text.
    lines: Span,
    /// The number of the first.
    line: u64,
    /// What it means, where that is not what is written.
    expanded: Option<Box<Expanded>>,
}

impl Batch {
    /// How many packets it has.
    pub fn len(&self) -> usize {
        self.statements.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// What the statement at `index` means.
    ///
    /// # Errors
    /// It is no packet in notation, or one that cannot be built.
    pub fn record(&self, index: usize) -> Option<Result<Record, RecipeError>> {
        let statement = self.statements.get(index)?;
        let lines = self.text.get(statement.lines.clone())?;
        let text = statement.expanded.as_ref().map_or(lines, |expanded| &expanded.text);
        Some(Record::read(text).map_err(|fault| {
            let span = fault.span();
            let span = statement.expanded.as_ref().map_or(span.clone(), |expanded| expanded.source(span));
            located(&self.file, statement.line, lines, fault.moved(span))
        }))
    }
}

/// An error at its place in a file.
fn located(file: &str, first_line: u64, lines: &str, fault: Fault) -> RecipeError {
    let Span { start, .. } = fault.span();
    let before = lines.get(..start).unwrap_or(lines);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    RecipeError::Text {
        file: file.to_owned(),
        line: first_line + before.matches('\n').count() as u64,
        column: before[line_start..].chars().count() + 1,
        error: Box::new(fault.within(lines)),
    }
}

impl Recipe {
    /// Opens the file at `path`; `-` is standard input.
    ///
    /// # Errors
    /// Where the system refuses to.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RecipeError> {
        let path = path.as_ref();
        if path.as_os_str() == "-" {
            let stdin = io::stdin().as_fd().try_clone_to_owned().map(File::from);
            return Self::read("standard input".to_owned(), stdin);
        }
        Self::read(path.display().to_string(), File::open(path))
    }

    fn read(file: String, opened: io::Result<File>) -> Result<Self, RecipeError> {
        match opened {
            Ok(opened) => Ok(Self::new(file, Box::new(BufReader::with_capacity(BATCH, Waking(opened))))),
            Err(source) => Err(RecipeError::Io { file, source }),
        }
    }

    /// Reads from anywhere; `name` is what errors call it.
    pub fn new(name: impl Into<String>, input: Box<dyn BufRead + Send>) -> Self {
        Self {
            input,
            name: name.into(),
            lines: 0,
            open: Open::default(),
            variables: Variables::new(),
            values: 0,
            ended: false,
            failure: None,
        }
    }

    /// All packets, held in memory.
    ///
    /// # Errors
    /// The first, whether of reading or of a packet.
    pub fn records(mut self) -> Result<Vec<Record>, RecipeError> {
        let (mut batch, mut records) = (Batch::default(), Vec::new());
        while self.next_batch(&mut batch)? {
            for record in (0..batch.len()).filter_map(|index| batch.record(index)) {
                records.push(record?);
            }
        }
        Ok(records)
    }

    /// Fills `batch` with the next packets, at least one; false at the end.
    ///
    /// # Errors
    /// Where the text cannot be cut into statements, or names a variable that
    /// is not set; the statements before that are handed out first.
    pub fn next_batch(&mut self, batch: &mut Batch) -> Result<bool, RecipeError> {
        batch.file.clone_from(&self.name);
        batch.text.clear();
        batch.statements.clear();
        while self.failure.is_none() && !self.ended && batch.text.len() < BATCH {
            if let Err(failure) = self.line(batch) {
                self.failure = Some(failure);
            }
        }
        match self.failure.take_if(|_| batch.is_empty()) {
            Some(failure) => {
                self.ended = true;
                Err(failure)
            }
            None => Ok(!batch.is_empty()),
        }
    }

    /// Reads a line, and hands on the statement before it where that is done.
    fn line(&mut self, batch: &mut Batch) -> Result<(), RecipeError> {
        let start = self.open.text.len();
        let room = (MAX_STATEMENT - start) as u64 + 1;
        let read = (&mut self.input).take(room).read_until(b'\n', &mut self.open.text);
        let read = read.map_err(|source| RecipeError::Io { file: self.name.clone(), source })?;
        if read == 0 {
            self.ended = true;
            return self.finish(batch);
        }
        self.lines += 1;
        let first = self.open.text[start..].iter().find(|byte| !byte.is_ascii_whitespace()).copied();
        if matches!(first, None | Some(b'#')) && self.open.brackets.is_empty() {
            // Where the statement may go on after it, its line has to be counted.
            self.open.text.truncate(start);
            if start > 0 {
                self.open.text.push(b'\n');
            }
        } else if start > 0 && self.open.brackets.is_empty() && !self.open.slash && first != Some(b'/') {
            let line = self.open.text.split_off(start);
            self.finish(batch)?;
            self.open.text = line;
            self.open.begin(self.lines);
            self.open.scan(0);
        } else {
            if start == 0 {
                self.open.begin(self.lines);
            }
            self.open.scan(start);
        }
        if self.open.text.len() > MAX_STATEMENT {
            let message = format!("this packet's text has more than {MAX_STATEMENT} bytes");
            return Err(self.endless(message));
        }
        Ok(())
    }

    /// An error about the open statement never ending.
    fn endless(&mut self, otherwise: String) -> RecipeError {
        let open = std::mem::take(&mut self.open);
        let lines = String::from_utf8_lossy(&open.text);
        let fault = match open.brackets.first() {
            Some(&at) => {
                let at = String::from_utf8_lossy(&open.text[..at]).len();
                Fault::new(at..at + 1, "this is never closed")
            }
            None => Fault::new(0..0, otherwise),
        };
        located(&self.name, open.line, &lines, fault)
    }

    /// Hands on the open statement, if there is any.
    fn finish(&mut self, batch: &mut Batch) -> Result<(), RecipeError> {
        if self.open.text.is_empty() {
            return Ok(());
        }
        if !self.open.brackets.is_empty() {
            return Err(self.endless(String::new()));
        }
        let mut open = std::mem::take(&mut self.open);
        let located = |lines: &str, fault| located(&self.name, open.line, lines, fault);
        let lines = match std::str::from_utf8(&open.text) {
            Ok(lines) => lines,
            Err(error) => {
                let valid = String::from_utf8_lossy(&open.text[..error.valid_up_to()]);
                let end = valid.len();
                return Err(located(&valid, Fault::new(end..end, "what follows is no text in UTF-8")));
            }
        };
        if let Some(value) = let_value(lines) {
            let defined = define(&mut self.variables, &mut self.values, lines, value);
            defined.map_err(|fault| located(lines, fault))?;
        } else {
            let expanded = if open.expands {
                Some(Box::new(expand(lines, 0, &self.variables).map_err(|fault| located(lines, fault))?))
            } else {
                None
            };
            let start = batch.text.len();
            batch.text.push_str(lines);
            batch.statements.push(Statement { lines: start..batch.text.len(), line: open.line, expanded });
        }
        open.text.clear();
        self.open.text = open.text;
        Ok(())
    }
}

impl Open {
    /// Forgets what was known of another statement.
    fn begin(&mut self, line: u64) {
        self.line = line;
        self.brackets.clear();
        self.slash = false;
        self.expands = false;
    }

    /// Takes in the line that starts at `start`.
    fn scan(&mut self, start: usize) {
        let mut string = false;
        let mut at = start;
        while let Some(byte) = self.text.get(at) {
            match byte {
                b'\\' if string => at += 1,
                b'"' => {
                    string = !string;
                    self.slash = false;
                }
                _ if string => {}
                b'#' => {
                    self.expands = true;
                    break;
                }
                b'$' => {
                    self.expands = true;
                    self.slash = false;
                }
                b'(' | b'[' => {
                    self.brackets.push(at);
                    self.slash = false;
                }
                b')' | b']' => {
                    self.brackets.pop();
                    self.slash = false;
                }
                b'/' => self.slash = true,
                byte if byte.is_ascii_whitespace() => {}
                _ => self.slash = false,
            }
            at += 1;
        }
        // What is wrong with a string without end is said when it is parsed.
        if string {
            self.brackets.clear();
        }
    }
}

/// Where the text after `let` starts, if this is such a line.
fn let_value(lines: &str) -> Option<usize> {
    let rest = lines.trim_start().strip_prefix("let")?;
    rest.starts_with(|c: char| c.is_whitespace()).then_some(lines.len() - rest.len())
}

/// Takes in a `let` line, whose name comes after byte `at`.
fn define(variables: &mut Variables, values: &mut usize, lines: &str, at: usize) -> Result<(), Fault> {
    let skip = |at: usize| lines.len() - lines[at..].trim_start().len();
    let start = skip(at);
    let name = name(&lines[start..]);
    let here = |at: usize| at..at + lines[at..].chars().next().map_or(0, char::len_utf8);
    if name.is_empty() {
        return Err(Fault::new(here(start), "expected a name of letters, digits and _: let NAME = …"));
    }
    let equals = skip(start + name.len());
    if !lines[equals..].starts_with('=') {
        return Err(Fault::new(here(equals), "expected '=' and what the name stands for: let NAME = …"));
    }
    let value = expand(lines, skip(equals + 1), variables)?;
    let value = value.text.trim();
    if value.is_empty() {
        return Err(Fault::new(start..start + name.len(), "this stands for nothing: let NAME = …"));
    }
    *values += value.len();
    if let Some(before) = variables.insert(name.to_owned(), value.to_owned()) {
        *values -= before.len();
    }
    if variables.len() > MAX_VARIABLES || *values > MAX_VALUES {
        let message = format!("more than {MAX_VARIABLES} variables, or than {MAX_VALUES} bytes in them");
        return Err(Fault::new(start..start + name.len(), message));
    }
    Ok(())
}
