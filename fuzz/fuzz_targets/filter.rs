//! Any text as a display filter: a filter or an error, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sr6::filter::Filter;

fuzz_target!(|text: &str| {
    if let Err(error) = Filter::parse(text) {
        let _ = error.to_string();
    }
});
