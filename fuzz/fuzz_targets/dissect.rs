//! Any bytes under any link type: layers that cover every byte, no panic in any
//! rendering, the same from the shorter way that usual packets have as from the
//! general one, and the same text from writers that keep what packets have in
//! common as from those that have seen no packet before. The first byte chooses
//! the link type, the second one as well or which writer is compared, the third
//! how much of the frame was not captured.
#![no_main]

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use sr6::capture::Frame;
use sr6::dissect::{Dissection, Packet, Settings};
use sr6::show::ek::Ek;
use sr6::show::json::Json;
use sr6::show::tree::{self, Trees};
use sr6::show::{hex, line};
use sr6::wire::link_type::LinkType;
use sr6::wire::proto::Proto;

/// Something to verify and to expand.
static SETTINGS: LazyLock<Arc<Settings>> = LazyLock::new(|| {
    let mut settings = Settings::default();
    settings.keys.add_file("42:sha256:secret\n1:sha1:other").unwrap();
    settings.locators.add("auto").unwrap();
    settings.locators.add("2001:db8::/32:16").unwrap();
    settings.locators.add("2001:db8:b::/48:32:replace").unwrap();
    Arc::new(settings)
});

/// The same, and something to know of a port, which stands in the way of taking
/// any packet for a usual one.
static GENERAL: LazyLock<Arc<Settings>> =
    LazyLock::new(|| Arc::new(Settings { decode_as: vec![(0, Proto::Data)], ..Settings::clone(&SETTINGS) }));

/// What goes on from packet to packet.
struct Kept {
    dissection: Dissection,
    trees: Trees,
    json: Json,
    ek: Ek,
}

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::new(Kept {
        dissection: Dissection::with(Arc::clone(&SETTINGS)),
        trees: Trees::default(),
        json: Json::new(false),
        ek: Ek::default(),
    });
}

fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).expect("text is UTF-8")
}

/// Whether `GENERAL` knows more of a packet than `SETTINGS`.
fn is_about(packet: &Packet<'_>) -> bool {
    let zero = |header: &[u8]| header.starts_with(&[0, 0]) || header.get(2..4) == Some(&[0, 0]);
    packet.layers().iter().any(|layer| layer.proto == Proto::Udp && zero(packet.header(layer)))
}

/// Line and tree, which show all that is known of a packet.
fn shown(packet: &Packet<'_>) -> String {
    text(|out| {
        line::line(out, packet, None);
        tree::tree(out, packet);
    })
}

fuzz_target!(|input: &[u8]| {
    let [a, b, missing, bytes @ ..] = input else { return };
    let link = match a % 4 {
        0 => LinkType::ETHERNET,
        1 => LinkType::IPV6,
        _ => LinkType(u16::from_be_bytes([*a >> 7, *b])),
    };
    let mut frame = Frame::new(link, bytes);
    frame.original_len += u32::from(*missing);
    KEPT.with_borrow_mut(|Kept { dissection, trees, json, ek }| {
        let (mut packet, unjudged) = dissection.begin(&frame);
        unjudged.complete(&mut packet, true);
        let mut covered = 0;
        for layer in packet.layers() {
            assert_eq!(layer.start, covered);
            covered = layer.header_end;
        }
        assert_eq!(covered as usize, bytes.len());

        let anew = shown(&packet);
        if !is_about(&packet) {
            let mut general = Dissection::with(Arc::clone(&GENERAL));
            general.refill(&frame);
            assert_eq!((packet.layers(), packet.findings()), (general.layers(), general.findings()));
            assert_eq!(anew, shown(&Packet::new(&frame, &general)));
        }

        let drawn = text(|out| trees.packet(out, &packet));
        assert!(anew.ends_with(&drawn), "kept:\n{drawn}\nanew:\n{anew}");
        let lines = [text(|out| json.packet(out, &packet)), text(|out| ek.packet(out, &packet))];
        match b % 16 {
            0 => assert_eq!(lines[0], text(|out| Json::new(false).packet(out, &packet))),
            1 => assert_eq!(lines[1], text(|out| Ek::default().packet(out, &packet))),
            _ => {}
        }
        let others = text(|out| {
            hex::dump(out, bytes);
            Json::new(true).packet(out, &packet);
        });
        assert!([anew, others].iter().chain(&lines).all(|text| !text.contains('\x1b')));
    });
});
