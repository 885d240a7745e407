//! Any text as an expectation file: a case, or an error at a place in the text,
//! never a panic. What the text names is never opened.
#![no_main]

use std::io;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use sr6::check::Case;
use sr6::topology;

/// The files that there are beside the case.
fn beside(path: &Path) -> io::Result<String> {
    match path.to_str() {
        Some("keys") => Ok("42:sha256:secret\n1:sha1:other".to_owned()),
        Some("sids") => Ok("[[locator]]\nprefix = \"fcbb:bb00::/32\"\ncsid = 16".to_owned()),
        Some("net") => Ok(topology::built_in_text("line3").expect("built in").to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

fuzz_target!(|text: &str| {
    if let Err(error) = Case::parse(Path::new("fuzz.check"), text, &beside) {
        assert!(text.get(error.span()).is_some());
        assert!(error.to_string().starts_with(error.message()));
    }
});
