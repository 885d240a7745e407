//! Any bytes as a recipe: every packet in it prints as a line from which the
//! same packet is read, and what is no packet is refused with its place. What
//! may name a file, which would be read, is left out.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use sr6::capture::Timestamp;
use sr6::recipe::{self, Batch, Clock, Recipe, Told};
use sr6::wire::link_type::LinkType;

fuzz_target!(|bytes: &[u8]| {
    if bytes.windows(4).any(|four| four == b"file") {
        return;
    }
    let mut recipe = Recipe::new("recipe", Box::new(Cursor::new(bytes.to_vec())));
    let mut batch = Batch::default();
    let mut clock = Clock::new(Some(Timestamp(0)));
    loop {
        match recipe.next_batch(&mut batch) {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                let _ = error.to_string();
                return;
            }
        }
        for index in 0..batch.len() {
            let record = match batch.record(index).expect("within the batch") {
                Ok(record) => record,
                Err(error) => {
                    let _ = error.to_string();
                    continue;
                }
            };
            let link = record.link().unwrap_or(LinkType(147));
            let frame = record.about.frame(1, clock.next(record.about.time), link, &record.bytes);
            let mut line = Vec::new();
            recipe::print(&mut line, &frame, &record.layers, Told { time: true, notes: true });
            let again = Recipe::new("line", Box::new(Cursor::new(line))).records().expect("prints what it reads");
            assert_eq!(again.len(), 1);
            assert_eq!(again[0].bytes, record.bytes);
            let time = Clock::new(None).next(again[0].about.time);
            let back = again[0].about.frame(1, time, again[0].link().expect("told"), &again[0].bytes);
            assert_eq!((back.link, back.time, back.original_len), (frame.link, frame.time, frame.original_len));
        }
    }
});
