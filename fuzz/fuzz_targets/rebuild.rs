//! Any bytes under any link type as notation, and back: the same bytes, link
//! type and length on the wire. The first byte chooses the link type, the second
//! how much of the frame was not captured.
#![no_main]

use std::io::Cursor;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use sr6::capture::Frame;
use sr6::dissect::{Dissection, Packet, Settings};
use sr6::rebuild;
use sr6::recipe::{self, Clock, Recipe, Told};
use sr6::wire::link_type::LinkType;

fuzz_target!(|input: &[u8]| {
    let [link, missing, data @ ..] = input else { return };
    // The upper bit for compressed SIDs that are looked for.
    let known = LinkType::NAMED.get(usize::from(link & 0x7f) % (LinkType::NAMED.len() + 1));
    let mut frame = Frame::new(*known.unwrap_or(&LinkType(147)), data);
    frame.original_len += u32::from(*missing);
    let mut settings = Settings::default();
    if link & 0x80 != 0 {
        settings.locators.add("auto").expect("a locator");
    }
    let mut dissection = Dissection::with(Arc::new(settings));
    dissection.refill(&frame);
    let mut line = Vec::new();
    let layers = rebuild::layers(&Packet::new(&frame, &dissection));
    recipe::print(&mut line, &frame, &layers, Told { time: true, notes: true });
    let text = String::from_utf8_lossy(&line).into_owned();
    let records = Recipe::new("line", Box::new(Cursor::new(line))).records();
    let records = records.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(records.len(), 1, "{text}");
    let record = &records[0];
    let time = Clock::new(None).next(record.about.time);
    let again = record.about.frame(frame.number, time, record.link().expect("told"), &record.bytes);
    assert_eq!(again.data, frame.data, "{text}");
    assert_eq!((again.link, again.original_len), (frame.link, frame.original_len), "{text}");
});
