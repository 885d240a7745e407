//! Packets in notation and as bytes, and captures of them.

use std::path::{Path, PathBuf};

use sr6::capture::write::Options;
use sr6::capture::{Frame, ReadError, Reader, Writer};
use sr6::wire::link_type::LinkType;
use sr6::{craft, notation};

/// A packet in notation as bytes.
#[track_caller]
pub fn build(text: &str) -> Vec<u8> {
    framed(text).1
}

/// A packet in notation as bytes, and the link type of what they start with.
#[track_caller]
pub fn framed(text: &str) -> (LinkType, Vec<u8>) {
    let layers = notation::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let bytes = craft::build(&layers).unwrap_or_else(|error| panic!("{text}: {error}"));
    (craft::link_type(&layers).unwrap_or(LinkType::RAW), bytes)
}

/// Writes a capture in the format that its name tells.
#[track_caller]
pub fn write<'a>(path: impl AsRef<Path>, frames: impl IntoIterator<Item = Frame<'a>>) {
    let mut writer = Writer::create(path.as_ref(), &Options::default()).unwrap();
    frames.into_iter().for_each(|frame| writer.write(&frame).unwrap());
    writer.finish().unwrap();
}

/// What a test wants of each frame of a capture, which must be whole.
#[track_caller]
pub fn read<T>(path: impl AsRef<Path>, mut of: impl FnMut(Frame<'_>) -> T) -> Vec<T> {
    let mut all = Vec::new();
    let each = |frame: Frame<'_>| {
        all.push(of(frame));
        Ok::<_, ReadError>(())
    };
    Reader::open(path).and_then(|mut reader| reader.for_each(each)).expect("a whole capture");
    all
}

/// Every file of a directory and below, in order.
pub fn files(directory: impl AsRef<Path>) -> Vec<PathBuf> {
    let directory = directory.as_ref();
    let entries = std::fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().flat_map(|path| if path.is_dir() { files(path) } else { vec![path] }).collect()
}

/// The files of the directory of captures that `SR6_CORPUS` names, if it does.
pub fn corpus() -> Option<Vec<PathBuf>> {
    let Some(directory) = std::env::var_os("SR6_CORPUS") else {
        super::leave_out("SR6_CORPUS names no directory of captures");
        return None;
    };
    let found = files(&directory);
    assert!(!found.is_empty(), "no files in {}", directory.display());
    Some(found)
}
