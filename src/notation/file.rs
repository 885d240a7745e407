//! Payload that stands in a file: `file("hello.bin")`.

use std::fs::File;
use std::io::Read;

use crate::caret::{Fault, Span};
use crate::notation::syntax::{Item, Value};
use crate::wire::data;

/// What the notation calls it.
pub(super) const NAME: &str = "file";

/// The bytes of the file that is named, if files may be read.
pub(super) fn read(span: &Span, items: &[Item<'_>], allowed: bool) -> Result<Vec<u8>, Fault> {
    let usage = || Fault::new(span.clone(), "file takes the name of a file: file(\"payload.bin\")");
    let [Item { name: None, value }] = items else { return Err(usage()) };
    let Value::Text(path) = &value.node else { return Err(usage()) };
    let path = std::str::from_utf8(path).map_err(|_| usage())?;
    let wrong = |problem: String| Fault::new(value.span.clone(), problem);
    if !allowed {
        return Err(wrong("files are not read here".to_owned()));
    }
    let cannot = |error: std::io::Error| wrong(format!("cannot read {}: {error}", path.escape_debug()));
    let file = File::open(path).map_err(cannot)?;
    // Devices and pipes may have no end, or make us wait for one.
    if !file.metadata().map_err(cannot)?.is_file() {
        return Err(wrong(format!("{} is no ordinary file", path.escape_debug())));
    }
    let mut bytes = Vec::new();
    file.take(data::MAX_LENGTH + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > data::MAX_LENGTH {
        return Err(wrong(format!("{} is longer than {} bytes", path.escape_debug(), data::MAX_LENGTH)));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use crate::notation::{parse, parse_with_files};

    #[test]
    fn a_file_is_payload_where_files_may_be_read() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/rustfmt.toml");
        let text = format!("ip6/udp/file(\"{path}\")");
        let stack = parse_with_files(&text).unwrap();
        assert_eq!(crate::craft::build(&stack).unwrap()[48..], std::fs::read(path).unwrap());
        assert!(parse(&text).unwrap_err().to_string().starts_with("files are not read here"));
        let error = |text: &str| parse_with_files(text).unwrap_err().to_string();
        assert!(error("file(\"/nonexistent/x\")").starts_with("cannot read /nonexistent/x: No such file"));
        assert!(error("file(\"/dev/zero\")").starts_with("/dev/zero is no ordinary file"));
        assert!(error("file(x)").starts_with("file takes the name of a file"));
        assert!(error("file").starts_with("file takes the name of a file"));
    }
}
