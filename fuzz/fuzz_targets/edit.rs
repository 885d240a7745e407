//! Any bytes as a packet that is changed: maps that turn into their own opposite
//! give back the same bytes when they are applied twice, as long as they leave
//! what is known of the packet alone (an address can be a segment by its looks, and
//! a checksum right for another destination by its sum); and changes of layers
//! give a packet or an error.
#![no_main]

use std::mem::{Discriminant, discriminant};
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use sr6::capture::Frame;
use sr6::dissect::{Checksum, Diagnosis, Dissection, Layer, Packet, UsedDestination};
use sr6::edit::{Change, Edit, Editor, Maps, Place};
use sr6::wire::link_type::LinkType;
use sr6::wire::proto::Proto;

static MAPS: LazyLock<Maps> = LazyLock::new(|| {
    let mut maps = Maps::default();
    for [one, other] in [["2001:db8::/32", "2001:db9::/32"], ["fc00::/16", "fc77::/16"], ["0.0.0.0/2", "64.0.0.0/2"]] {
        maps.add_address(&format!("{one}={other}")).expect("a map");
        maps.add_address(&format!("{other}={one}")).expect("a map");
    }
    for [one, other] in [["3000", "3001"], ["53", "5353"]] {
        maps.add_port(&format!("{one}={other}")).expect("a map");
        maps.add_port(&format!("{other}={one}")).expect("a map");
    }
    maps.add_vlan("7=8").expect("a map");
    maps.add_vlan("8=7").expect("a map");
    maps
});

static MAPPING: LazyLock<Arc<Edit>> = LazyLock::new(|| Arc::new(Edit { maps: MAPS.clone(), ..Edit::default() }));

/// Changes, each with the maps, and with wrong checksums left or made right.
static CHANGING: LazyLock<[Vec<Arc<Edit>>; 2]> = LazyLock::new(|| {
    let changes = || {
        [
            Change::set("ip6.hlim=3"),
            Change::set("srh.path=[::2, ::3]"),
            Change::set("data=\"x\""),
            Change::push("vlan(id=7)", Place::Usual),
            Change::push("ip6(src=::1)/srh(path=[::2])", Place::Usual),
            Change::pop("srh[last]"),
            Change::pop("ip6"),
        ]
    };
    [false, true].map(|fix| {
        let edit = |change| Edit { changes: vec![change], fix, maps: MAPS.clone(), ..Edit::default() };
        changes().into_iter().map(|change| Arc::new(edit(change.expect("a change")))).collect()
    })
});

fn edited(edit: &Arc<Edit>, packet: &Packet<'_>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let edited = Editor::new(Arc::clone(edit)).edit(packet, &mut out);
    edited.ok().flatten().map(|_| out)
}

/// A layer, the state of its checksum, and what destination that is right for.
type Known = (Proto, Option<u64>, Option<Discriminant<UsedDestination>>);

/// What is known of a packet: its layers, and what else there is to say.
fn known(packet: &Packet<'_>) -> (Vec<Known>, Vec<Diagnosis>) {
    let layer = |layer: &Layer| {
        let checksum = packet.checksum(layer);
        let used = match &checksum {
            Some(Checksum::Good(used)) => Some(discriminant(used)),
            _ => None,
        };
        (layer.proto, checksum.map(Checksum::status), used)
    };
    let findings = packet.findings().iter().map(|finding| finding.what).collect();
    (packet.layers().iter().map(layer).collect(), findings)
}

/// Whether a checksum is right for a destination that was guessed by it: without a
/// plan of locators any bits of an address can be a compressed SID.
fn is_guessed(packet: &Packet<'_>) -> bool {
    let arriving = |layer: &Layer| matches!(packet.checksum(layer), Some(Checksum::Good(UsedDestination::Arriving(_))));
    packet.layers().iter().any(arriving)
}

/// Whether bytes are the same, but for a checksum that is zero in either form.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let zero = |byte: u8| matches!(byte, 0 | 0xff);
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a == b || zero(*a) && zero(*b))
}

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (link, missing, data) = input;
    let link = LinkType::NAMED[usize::from(link) % LinkType::NAMED.len()];
    let frame = Frame { original_len: data.len() as u32 + u32::from(missing), ..Frame::new(link, data) };
    let dissection = Dissection::of(&frame);
    let packet = Packet::new(&frame, &dissection);
    if let Some(out) = edited(&MAPPING, &packet) {
        assert_eq!(out.len(), data.len());
        let frame = Frame { data: &out, ..frame };
        let dissection = Dissection::of(&frame);
        let mapped = Packet::new(&frame, &dissection);
        if known(&mapped) == known(&packet) && !is_guessed(&packet) {
            let back = edited(&MAPPING, &mapped).expect("mapped back");
            assert!(is_same(&back, data), "{back:02x?} of {data:02x?}");
        }
    }
    for edit in &CHANGING[usize::from(missing & 1)] {
        edited(edit, &packet);
    }
});
