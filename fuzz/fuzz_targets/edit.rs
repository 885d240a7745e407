//! Any bytes as a packet that is changed: maps and their opposites give back
//! the same bytes, and changes of layers give a packet or an error.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use sr6::capture::Frame;
use sr6::dissect::{Dissection, Packet};
use sr6::edit::{Change, Edit, Editor, Maps, Place};
use sr6::wire::link_type::LinkType;

fn edited(edit: Edit, frame: Frame<'_>) -> Option<Vec<u8>> {
    let dissection = Dissection::of(&frame);
    let mut out = Vec::new();
    let edited = Editor::new(Arc::new(edit)).edit(&Packet::new(&frame, &dissection), &mut out);
    edited.ok().flatten().map(|_| out)
}

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (link, missing, data) = input;
    let link = LinkType::NAMED[usize::from(link) % LinkType::NAMED.len()];
    let frame = Frame { original_len: data.len() as u32 + u32::from(missing), ..Frame::new(link, data) };
    // The upper half of all addresses for the lower one, and back.
    let mut maps = Maps::default();
    for map in ["::/1=8000::/1", "8000::/1=::/1", "0.0.0.0/1=128.0.0.0/1", "128.0.0.0/1=0.0.0.0/1"] {
        maps.add_address(map).expect("a map");
    }
    if let Some(out) = edited(Edit { maps: maps.clone(), ..Edit::default() }, frame) {
        assert_eq!(out.len(), data.len());
        if let Some(back) = edited(Edit { maps: maps.clone(), ..Edit::default() }, Frame { data: &out, ..frame }) {
            assert_eq!(back.len(), data.len());
        }
    }
    let changes = [
        Change::set("ip6.hlim=3"),
        Change::set("srh.path=[::2, ::3]"),
        Change::set("data=\"x\""),
        Change::push("vlan(id=7)", Place::Usual),
        Change::push("ip6(src=::1)/srh(path=[::2])", Place::Usual),
        Change::pop("srh[last]"),
        Change::pop("ip6"),
    ];
    for change in changes {
        let changes = vec![change.expect("a change")];
        edited(Edit { changes, fix: missing & 1 == 1, maps: maps.clone(), ..Edit::default() }, frame);
    }
});
