//! Any text as a file of keys, of locators, and of a topology.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sr6::srv6::csid::Locators;
use sr6::srv6::hmac::Keys;
use sr6::topology::Topology;

fuzz_target!(|text: &str| {
    let _ = Keys::default().add_file(text);
    let _ = Locators::default().add_file(text);
    let _ = Locators::default().add(text);
    if let Err(error) = Topology::parse("fuzz", text) {
        let _ = error.to_string();
    }
});
