//! Any text as a display filter: a filter or an error, never a panic; and what
//! is a filter is true or false of a packet.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sr6::capture::Frame;
use sr6::dissect::{Dissection, Packet};
use sr6::filter::Filter;
use sr6::wire::link_type::LinkType;

fuzz_target!(|input: (&str, &[u8])| {
    let (text, bytes) = input;
    match Filter::parse(text) {
        Ok(filter) => {
            let frame = Frame::new(LinkType::RAW, bytes);
            let dissection = Dissection::of(&frame);
            filter.matches(&Packet::new(&frame, &dissection));
        }
        Err(error) => {
            let _ = error.to_string();
        }
    }
});
