//! Differences between texts, for people.

use std::time::Duration;

use serde_json::Value;
use similar::{ChangeTag, DiffOp, TextDiff};

use super::compare::Difference;

/// Lines that are the same around those that are not.
const CONTEXT: usize = 3;

/// The most lines of one difference that are shown.
const MAX_LINES: usize = 80;

/// The most characters of a line that are shown.
const MAX_WIDTH: usize = 400;

/// A difference is sought so long; then a coarser one will do.
const PATIENCE: Duration = Duration::from_millis(500);

/// A difference as lines, and how many were added and removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// The hunks, every line with `-`, `+`, a blank or `@@` in front.
    pub text: String,
    /// The difference in a few words.
    pub words: String,
    /// Lines that only the first text has.
    pub removed: usize,
    /// Lines that only the second text has.
    pub added: usize,
}

/// A unified difference, without the lines that name the files.
pub(super) fn unified(difference: &Difference) -> Shown {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(&difference.stored, &difference.made);
    let mut writer = Writer::default();
    for group in diff.grouped_ops(CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let (old, new) = (first.old_range().start..last.old_range().end, first.new_range().start..last.new_range().end);
        let range = |range: &std::ops::Range<usize>| format!("{},{}", difference.line + range.start + 1, range.len());
        let section = section(&difference.made, new.start);
        writer.line("@@", &format!(" -{} +{} @@{section}", range(&old), range(&new)));
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            writer.change(change.tag(), change.value());
        }
    }
    writer.finish(difference.cut)
}

/// A difference of lines that are JSON objects: of each line that differs, the
/// lines of the object.
pub(super) fn json(difference: &Difference) -> Shown {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(&difference.stored, &difference.made);
    let (old, new): (Vec<_>, Vec<_>) = (difference.stored.lines().collect(), difference.made.lines().collect());
    let mut writer = Writer::default();
    for op in diff.ops() {
        if let DiffOp::Equal { .. } = op {
            continue;
        }
        let (old_range, new_range) = (op.old_range(), op.new_range());
        let pairs = old_range.len().min(new_range.len());
        for step in 0..pairs {
            let (before, after) = (pretty(old[old_range.start + step]), pretty(new[new_range.start + step]));
            let inner = TextDiff::configure().timeout(PATIENCE).diff_lines(&before, &after);
            writer.line("@@", &format!(" line {} @@", difference.line + new_range.start + step + 1));
            for group in inner.grouped_ops(CONTEXT) {
                group.iter().flat_map(|op| inner.iter_changes(op)).for_each(|c| writer.change(c.tag(), c.value()));
            }
        }
        let gone = old_range.skip(pairs).map(|line| (ChangeTag::Delete, old[line]));
        let come = new_range.skip(pairs).map(|line| (ChangeTag::Insert, new[line]));
        gone.chain(come).for_each(|(tag, line)| writer.change(tag, &format!("{line}\n")));
    }
    writer.finish(difference.cut)
}

/// A JSON text over several lines; anything else as it is.
fn pretty(line: &str) -> String {
    let value = serde_json::from_str::<Value>(line).ok();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| line.to_owned()) + "\n"
}

/// The frame of a tree that a line belongs to, with a blank before it.
fn section(text: &str, line: usize) -> String {
    let title = text.lines().take(line + 1).filter(|line| line.starts_with("Frame ")).last();
    let frame = title.and_then(|title| title.split(':').next());
    frame.map(|frame| format!(" {frame}")).unwrap_or_default()
}

/// Collects lines, as many as anybody reads.
#[derive(Default)]
struct Writer {
    shown: Shown,
    lines: usize,
}

impl Writer {
    fn line(&mut self, mark: &str, line: &str) {
        self.lines += 1;
        if self.lines > MAX_LINES {
            return;
        }
        self.shown.text.push_str(mark);
        let mut characters = line.chars();
        self.shown.text.extend(characters.by_ref().take(MAX_WIDTH).map(harmless));
        if characters.next().is_some() {
            self.shown.text.push('…');
        }
        self.shown.text.push('\n');
    }

    fn change(&mut self, tag: ChangeTag, value: &str) {
        let mark = match tag {
            ChangeTag::Equal => " ",
            ChangeTag::Delete => "-",
            ChangeTag::Insert => "+",
        };
        self.shown.removed += usize::from(tag == ChangeTag::Delete);
        self.shown.added += usize::from(tag == ChangeTag::Insert);
        self.line(mark, value.trim_end_matches('\n'));
        if !value.ends_with('\n') {
            self.line("\\", " no newline at the end of the file");
        }
    }

    fn finish(mut self, cut: bool) -> Shown {
        let hidden = self.lines.saturating_sub(MAX_LINES);
        if hidden > 0 {
            self.shown.text.push_str(&format!("… {hidden} more lines differ, or stand around those that do\n"));
        }
        if cut {
            self.shown.text.push_str("… there is more that was not compared\n");
        }
        let Shown { removed, added, words, .. } = &mut self.shown;
        let lines = |count: usize| format!("{count} line{}", if count == 1 { "" } else { "s" });
        *words = format!("{} removed, {} added", lines(*removed), lines(*added));
        self.shown
    }
}

/// A character as it may go to a terminal.
fn harmless(c: char) -> char {
    if c.is_control() && c != '\t' { '\u{fffd}' } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(stored: &str, made: &str) -> Difference {
        Difference { line: 10, stored: stored.into(), made: made.into(), cut: false }
    }

    #[test]
    fn hunks_tell_lines_and_frames() {
        let stored = "Frame 3: 10 bytes\n    a\n    b\n    c\n    d\n    e\n";
        let shown = unified(&difference(stored, &stored.replace("d\n", "x\n")));
        assert_eq!(shown.text, "@@ -12,5 +12,5 @@ Frame 3\n     a\n     b\n     c\n-    d\n+    x\n     e\n");
        assert_eq!((shown.removed, shown.added), (1, 1));
    }

    #[test]
    fn objects_are_compared_line_by_line() {
        let shown = json(&difference("{\"a\":1,\"b\":2}\n", "{\"a\":1,\"b\":3}\n"));
        assert_eq!(shown.text, "@@ line 11 @@\n {\n   \"a\": 1,\n-  \"b\": 2\n+  \"b\": 3\n }\n");
        let shown = json(&difference("{\"a\":1}\nx\n", "{\"a\":1}\n"));
        assert_eq!(shown.text, "-x\n");
    }

    #[test]
    fn a_golden_cannot_write_to_the_terminal() {
        assert_eq!(unified(&difference("\x1b[2J", "")).text.lines().nth(1), Some("-\u{fffd}[2J"));
    }

    #[test]
    fn long_differences_are_cut() {
        let many: String = (0..500).map(|n| format!("{n}\n")).collect();
        let shown = unified(&difference(&many, ""));
        assert_eq!((shown.text.lines().count(), shown.removed), (MAX_LINES + 1, 500));
        assert!(shown.text.ends_with("… 421 more lines differ, or stand around those that do\n"));
    }
}
