//! Holds an output against what was stored, piece by piece as it is made.
//!
//! Memory is bounded whatever the length: of what is the same only the last
//! lines are kept, and of what follows the first difference no more than
//! anybody reads.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use crate::capture::write::target::Target;

/// Bytes of what is the same that are kept at least, for the lines before a
/// difference.
const BEFORE: usize = 16 << 10;

/// Bytes that are kept of what follows a difference.
const AFTER: usize = 2 << 20;

/// A comparison under way.
pub(super) struct Comparison {
    /// What was stored, from where it was last the same.
    stored: Stored,
    /// The end of what is the same, from the start of a line.
    same: Vec<u8>,
    /// How many lines were before that.
    lines: usize,
    /// What came where it was no longer the same.
    made: Option<Vec<u8>>,
    /// Where the output goes if it is to become the stored one.
    update: Option<BufWriter<Target>>,
    /// Why that did not work.
    failure: Option<io::Error>,
}

enum Stored {
    Missing,
    Unreadable(io::Error),
    Open(BufReader<File>),
}

/// What came of a comparison.
pub(super) enum Verdict {
    /// They are the same.
    Same,
    /// They are not.
    Different(Difference),
    /// Nothing is stored.
    Missing,
    /// What is stored cannot be read.
    Unreadable(io::Error),
}

/// The part of two texts that differs, with a few lines before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    /// The number of the first line of both, from 0.
    pub line: usize,
    /// The stored text.
    pub stored: String,
    /// The text as it came.
    pub made: String,
    /// Whether there is more of either.
    pub cut: bool,
}

impl Comparison {
    /// Opens what is stored at `path`, which `update` replaces if it differs.
    pub fn open(path: &Path, update: bool) -> Self {
        let stored = match File::open(path).and_then(|file| match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(io::Error::other("no regular file")),
        }) {
            Ok(file) => Stored::Open(BufReader::new(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Stored::Missing,
            Err(error) => Stored::Unreadable(error),
        };
        let readable = !matches!(stored, Stored::Unreadable(_));
        let made = (!matches!(stored, Stored::Open(_))).then(Vec::new);
        let mut comparison = Self { stored, same: Vec::new(), lines: 0, made, update: None, failure: None };
        if update && readable {
            match Target::replacing(path) {
                Ok(target) => comparison.update = Some(BufWriter::new(target)),
                Err(error) => comparison.failure = Some(error),
            }
        }
        comparison
    }

    /// Takes the next piece of the output.
    pub fn feed(&mut self, mut piece: &[u8]) {
        if let Some(update) = &mut self.update
            && let Err(error) = update.write_all(piece)
        {
            (self.update, self.failure) = (None, Some(error));
        }
        while !piece.is_empty() && self.made.is_none() {
            let Stored::Open(stored) = &mut self.stored else { break };
            let there = match stored.fill_buf() {
                Ok(there) => there,
                Err(error) => {
                    (self.stored, self.made) = (Stored::Unreadable(error), Some(Vec::new()));
                    break;
                }
            };
            let count = common(there, piece);
            let ends = count < piece.len().min(there.len()) || there.is_empty();
            self.same.extend_from_slice(&piece[..count]);
            stored.consume(count);
            piece = &piece[count..];
            if ends {
                self.made = Some(Vec::new());
            }
            self.forget();
        }
        if let Some(made) = &mut self.made {
            // One byte more tells that there is more.
            let room = (AFTER + 1).saturating_sub(made.len());
            made.extend_from_slice(&piece[..piece.len().min(room)]);
        }
    }

    /// Drops lines that are far enough back.
    fn forget(&mut self) {
        if self.same.len() < 4 * BEFORE {
            return;
        }
        let far = self.same.len() - BEFORE;
        if let Some(end) = self.same[..far].iter().rposition(|byte| *byte == b'\n') {
            self.lines += self.same[..=end].iter().filter(|byte| **byte == b'\n').count();
            self.same.drain(..=end);
        }
    }

    /// What came of it, and whether the output was stored.
    ///
    /// # Errors
    /// The output was to be stored, and could not be.
    pub fn finish(self) -> io::Result<(Verdict, bool)> {
        let Self { stored, same, lines, made, update, failure } = self;
        let verdict = match stored {
            Stored::Missing => Verdict::Missing,
            Stored::Unreadable(error) => Verdict::Unreadable(error),
            Stored::Open(file) => match rest(file) {
                Err(error) => Verdict::Unreadable(error),
                Ok(rest) if rest.is_empty() && made.is_none() => Verdict::Same,
                Ok(rest) => {
                    let made = made.unwrap_or_default();
                    let cut = rest.len().max(made.len()) > AFTER;
                    let text = |tail: &[u8]| window(&same, &tail[..tail.len().min(AFTER)], cut);
                    Verdict::Different(Difference { line: lines, stored: text(&rest), made: text(&made), cut })
                }
            },
        };
        let wanted = matches!(verdict, Verdict::Different(_) | Verdict::Missing);
        if let Some(failure) = failure.filter(|_| wanted) {
            return Err(failure);
        }
        match update.filter(|_| wanted) {
            Some(update) => {
                update.into_inner().map_err(io::IntoInnerError::into_error)?.publish()?;
                Ok((verdict, true))
            }
            None => Ok((verdict, false)),
        }
    }
}

/// How many bytes two slices begin with in common.
fn common(one: &[u8], other: &[u8]) -> usize {
    let length = one.len().min(other.len());
    if one[..length] == other[..length] {
        return length;
    }
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

/// What is left of the stored text, as far as it is shown.
fn rest(file: BufReader<File>) -> io::Result<Vec<u8>> {
    let mut rest = Vec::new();
    file.take(AFTER as u64 + 1).read_to_end(&mut rest)?;
    Ok(rest)
}

/// Text from before a difference and after it; of a part only whole lines.
fn window(same: &[u8], tail: &[u8], cut: bool) -> String {
    let mut bytes = [same, tail].concat();
    if cut && bytes.len() > AFTER {
        let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
        bytes.truncate(end);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Golden(std::path::PathBuf);

    impl Golden {
        fn new(name: &str, text: Option<&str>) -> Self {
            let path = std::env::temp_dir().join(format!("sr6-compare-{name}-{}", std::process::id()));
            if let Some(text) = text {
                std::fs::write(&path, text).unwrap();
            }
            Self(path)
        }

        fn compare(&self, pieces: &[&str], update: bool) -> (Verdict, bool) {
            let mut comparison = Comparison::open(&self.0, update);
            pieces.iter().for_each(|piece| comparison.feed(piece.as_bytes()));
            comparison.finish().unwrap()
        }
    }

    impl Drop for Golden {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    #[test]
    fn pieces_do_not_matter() {
        let golden = Golden::new("same", Some("one\ntwo\n"));
        for pieces in [&["one\ntwo\n"][..], &["on", "e\n", "", "two", "\n"]] {
            assert!(matches!(golden.compare(pieces, false), (Verdict::Same, false)));
        }
        for pieces in [&["one\n"][..], &["one\ntwo\nthree\n"], &["one\n", "twx\n"], &[]] {
            let (Verdict::Different(difference), false) = golden.compare(pieces, false) else { panic!("{pieces:?}") };
            assert_eq!((difference.stored.as_str(), difference.made), ("one\ntwo\n", pieces.concat()));
        }
    }

    #[test]
    fn an_update_replaces_what_differs() {
        let golden = Golden::new("update", Some("one\n"));
        assert!(matches!(golden.compare(&["two\n"], true), (Verdict::Different(_), true)));
        assert!(matches!(golden.compare(&["two\n"], true), (Verdict::Same, false)));
        let missing = Golden::new("missing", None);
        assert!(matches!(missing.compare(&["x"], false), (Verdict::Missing, false)));
        assert!(matches!(missing.compare(&["x"], true), (Verdict::Missing, true)));
        assert_eq!(std::fs::read_to_string(&missing.0).unwrap(), "x");
    }

    #[test]
    fn of_long_texts_only_the_neighbourhood_is_kept() {
        let lines: String = (0..300_000).map(|number| format!("line {number}\n")).collect();
        let golden = Golden::new("long", Some(&lines));
        let changed = lines.replace("line 200000\n", "other\n");
        let (Verdict::Different(difference), _) = golden.compare(&[&changed], false) else { panic!() };
        let at = difference.made.lines().position(|line| line == "other").unwrap();
        assert_eq!(difference.line + at, 200_000);
        assert!(at >= 3 && difference.stored.len() < 2 * AFTER);
    }
}
