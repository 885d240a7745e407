//! Any bytes as a capture file: frames and an error, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sr6::capture::Reader;

fuzz_target!(|input: &[u8]| {
    let Ok(mut reader) = Reader::new("fuzz", Box::new(std::io::Cursor::new(input.to_vec()))) else { return };
    while let Ok(Some(frame)) = reader.next_frame() {
        assert!(frame.data.len() <= input.len());
    }
});
