//! Every capture there is, against itself.

use std::path::{Path, PathBuf};

use sr6::capture::Reader;

use crate::captures::run;
use crate::support::process::stderr;

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Whether it can be read to its end.
fn is_whole(path: &Path) -> bool {
    let Ok(mut reader) = Reader::open(path) else { return false };
    loop {
        match reader.next_frame() {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

fn check(directory: &Path) -> usize {
    let mut found = Vec::new();
    files(directory, &mut found);
    let mut compared = 0;
    for path in found {
        let whole = is_whole(&path);
        let arguments: &[&str] = if whole { &["-q", "-q --semantic", "-q --by position --times"] } else { &["-q"] };
        for arguments in arguments {
            let output = run(arguments, &path, &path);
            let expected = if whole { 0 } else { 2 };
            let said = stderr(&output);
            assert_eq!(output.status.code(), Some(expected), "{arguments} {}: {said}", path.display());
        }
        compared += usize::from(whole);
    }
    compared
}

#[test]
fn captures_are_themselves() {
    assert!(check(Path::new("testdata")) > 20);
    match std::env::var_os("SR6_CORPUS") {
        Some(corpus) => assert!(check(Path::new(&corpus)) > 0),
        None => crate::support::leave_out("SR6_CORPUS names no directory of captures"),
    }
}
