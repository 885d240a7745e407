//! Runs the transcripts in README.md and in `tests/transcripts/*.md`: every
//! fenced block of the kind `console`, line by line after `$ `, with the output
//! that must follow and, where a command fails, its exit code after `? `.
//!
//! A block of the kind `console varies` may differ in its numbers, as times,
//! ports and checksums do from run to run; its words may not.
//!
//! `SR6_UPDATE=1 cargo test --test transcripts` writes what the commands print
//! today into the files instead; look at the diff before keeping it.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use support::scratch::Scratch;

/// One command of a transcript.
struct Entry {
    command: String,
    expected: String,
    varies: bool,
}

/// A file taken apart: text to keep as it is, and commands.
enum Part {
    Text(String),
    Run(Entry),
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut block: Option<bool> = None;
    for line in text.lines() {
        let fence = line.strip_prefix("```");
        match (block, fence) {
            (None, Some(kind)) if kind.starts_with("console") => {
                block = Some(kind.contains("varies"));
                parts.push(Part::Text(line.to_owned()));
            }
            (Some(_), Some("")) => {
                block = None;
                parts.push(Part::Text(line.to_owned()));
            }
            (Some(varies), _) => match (line.strip_prefix("$ "), parts.last_mut()) {
                (Some(command), _) => {
                    parts.push(Part::Run(Entry { command: command.to_owned(), expected: String::new(), varies }));
                }
                (None, Some(Part::Run(entry))) => {
                    entry.expected.push_str(line);
                    entry.expected.push('\n');
                }
                _ => parts.push(Part::Text(line.to_owned())),
            },
            (None, _) => parts.push(Part::Text(line.to_owned())),
        }
    }
    parts
}

/// A directory for the commands to run in: they see `testdata`, and what they
/// write goes away.
fn workplace() -> Scratch {
    let scratch = Scratch::new();
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    std::os::unix::fs::symlink(testdata, scratch.path("testdata")).unwrap();
    scratch
}

fn run(command: &str, directory: &Path) -> String {
    let binaries = Path::new(env!("CARGO_BIN_EXE_sr6")).parent().unwrap().to_owned();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(directory)
        .env("PATH", path)
        .env("NO_COLOR", "1")
        .env("TZ", "UTC")
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    match output.status.code() {
        Some(0) => {}
        Some(code) => text.push_str(&format!("? {code}\n")),
        None => text.push_str("? signal\n"),
    }
    text
}

/// The text with every run of digits and hexadecimal letters that has a digit
/// replaced by `#`, with its decimals, and runs of spaces by one.
fn masked(text: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_hexdigit() {
            word.push(c);
            continue;
        }
        if word.contains(|c: char| c.is_ascii_digit()) {
            // 107 one day is 76.2 the next.
            if out.ends_with("#.") {
                out.pop();
            } else {
                out.push('#');
            }
        } else {
            out.push_str(&word);
        }
        word.clear();
        if !(c == ' ' && out.ends_with(' ')) {
            out.push(c);
        }
    }
    out
}

/// Whether this machine can run what the command needs.
fn possible(command: &str) -> Result<(), String> {
    let needs_namespaces = ["sr6 demo", "sr6 lab"].iter().any(|name| command.contains(name));
    if needs_namespaces {
        let probe = Command::new("unshare").args(["-Urn", "true"]).output();
        if !probe.is_ok_and(|output| output.status.success()) {
            return Err("user namespaces are not allowed here".to_owned());
        }
    }
    Ok(())
}

fn check(file: &Path) {
    let update = std::env::var_os("SR6_UPDATE").is_some();
    let text = fs::read_to_string(file).unwrap();
    let place = workplace();
    let mut rewritten = String::new();
    let mut wrong = Vec::new();
    let mut commands = 0;
    for part in parts(&text) {
        let entry = match part {
            Part::Text(line) => {
                rewritten.push_str(&line);
                rewritten.push('\n');
                continue;
            }
            Part::Run(entry) => entry,
        };
        commands += 1;
        if let Err(reason) = possible(&entry.command) {
            support::skip(format!("'{}': {reason}", entry.command));
            rewritten.push_str(&format!("$ {}\n{}", entry.command, entry.expected));
            continue;
        }
        let actual = run(&entry.command, place.root());
        let same = if entry.varies { masked(&actual) == masked(&entry.expected) } else { actual == entry.expected };
        if !same {
            wrong.push(format!("$ {}\n--- expected\n{}--- actual\n{actual}", entry.command, entry.expected));
        }
        let kept = if same { &entry.expected } else { &actual };
        rewritten.push_str(&format!("$ {}\n{kept}", entry.command));
    }
    assert!(commands > 0, "{} has no transcripts", file.display());
    if update {
        fs::write(file, rewritten).unwrap();
    } else {
        assert!(wrong.is_empty(), "{}:\n{}", file.display(), wrong.join("\n"));
    }
}

#[test]
fn readme() {
    check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
}

#[test]
fn goldens() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut files: Vec<_> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "md")) {
        check(file);
    }
}

#[test]
fn numbers_are_masked_and_words_are_not() {
    assert_eq!(masked("at 0x7a3e, feed 12  beef"), "at #x#, feed # beef\n");
}
