//! The captures that unit tests read.

use std::path::{Path, PathBuf};

/// Adds the captures in a directory and below, but for compressed ones.
pub fn captures(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        match path.extension().and_then(|suffix| suffix.to_str()) {
            _ if path.is_dir() => captures(&path, found),
            Some("pcap" | "pcapng") => found.push(path),
            _ => {}
        }
    }
}
