//! Any bytes under any link type: layers that cover every byte, and no panic in
//! any rendering. The first two bytes choose the link type, the third how much
//! of the frame was not captured.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use sr6::capture::Frame;
use sr6::dissect::{Dissection, Packet, Settings};
use sr6::show::ek::Ek;
use sr6::show::json::Json;
use sr6::show::{hex, line, tree};
use sr6::wire::link_type::LinkType;

/// Something to verify and to expand.
static SETTINGS: LazyLock<Arc<Settings>> = LazyLock::new(|| {
    let mut settings = Settings::default();
    settings.keys.add_file("42:sha256:secret\n1:sha1:other").unwrap();
    settings.locators.add("auto").unwrap();
    settings.locators.add("2001:db8::/32:16").unwrap();
    settings.locators.add("2001:db8:b::/48:32:replace").unwrap();
    Arc::new(settings)
});

fuzz_target!(|input: &[u8]| {
    let [a, b, missing, bytes @ ..] = input else { return };
    let link = match a % 4 {
        0 => LinkType::ETHERNET,
        1 => LinkType::IPV6,
        _ => LinkType(u16::from_be_bytes([*a >> 7, *b])),
    };
    let mut frame = Frame::new(link, bytes);
    frame.original_len += u32::from(*missing);
    let mut dissection = Dissection::with(Arc::clone(&SETTINGS));
    dissection.refill(&frame);
    let mut covered = 0;
    for layer in dissection.layers() {
        assert_eq!(layer.start, covered);
        covered = layer.header_end;
    }
    assert_eq!(covered as usize, bytes.len());
    let packet = Packet::new(&frame, &dissection);
    let mut out = Vec::new();
    tree::tree(&mut out, &packet);
    line::line(&mut out, &packet, |_| {});
    hex::dump(&mut out, bytes);
    Json::new(true).packet(&mut out, &packet);
    Ek::default().packet(&mut out, &packet);
    assert!(std::str::from_utf8(&out).is_ok_and(|text| !text.contains('\x1b')));
});
