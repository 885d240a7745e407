//! Any text as notation: what parses prints and parses again to the same, and
//! builds or says why not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sr6::{craft, notation};

fuzz_target!(|text: &str| match notation::parse(text) {
    Ok(layers) => {
        let printed = notation::print(&layers);
        assert_eq!(notation::parse(&printed).map(|again| notation::print(&again)), Ok(printed));
        if let Err(error) = craft::build(&layers) {
            let _ = error.to_string();
        }
    }
    Err(error) => {
        let _ = error.to_string();
    }
});
