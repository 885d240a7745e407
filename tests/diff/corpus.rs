//! Every capture there is, against itself.

use std::path::{Path, PathBuf};

use sr6::capture::{ReadError, Reader};

use crate::captures::run;
use crate::support::captures::{corpus, files};
use crate::support::process::stderr;

/// Whether it can be read to its end.
fn is_whole(path: &Path) -> bool {
    Reader::open(path).and_then(|mut reader| reader.for_each(|_| Ok::<_, ReadError>(()))).is_ok()
}

fn check(files: Vec<PathBuf>) -> usize {
    let mut compared = 0;
    for path in files {
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
    assert!(check(files("testdata")) > 20);
    if let Some(corpus) = corpus() {
        assert!(check(corpus) > 0);
    }
}
