use proptest::prelude::*;

use super::*;
use crate::capture::Reader;
use crate::craft;
use crate::dissect::Checksum;
use crate::notation;
use crate::wire::proto::Proto;

fn bytes(text: &str) -> Vec<u8> {
    let stack = notation::parse(text).unwrap_or_else(|error| panic!("{error}"));
    craft::build(&stack).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn link(text: &str) -> LinkType {
    craft::link_type(&notation::parse(text).unwrap()).unwrap()
}

fn edit(edit: &Edit, frame: Frame<'_>) -> Result<Option<(Edited, Vec<u8>)>, EditError> {
    let dissection = Dissection::of(&frame);
    let mut out = vec![0xee];
    let edited = Editor::new(Arc::new(edit.clone())).edit(&Packet::new(&frame, &dissection), &mut out)?;
    assert_eq!(out[0], 0xee);
    assert!(edited.is_some() || out.len() == 1);
    Ok(edited.map(|edited| (edited, out[1..].to_vec())))
}

fn changes(changes: &[&str]) -> Edit {
    let one = |text: &&str| match text.split_once(' ') {
        Some(("pop", layer)) => Change::pop(layer),
        Some(("push", layers)) => Change::push(layers, Place::Usual),
        _ => Change::set(text),
    };
    Edit {
        changes: changes.iter().map(|text| one(text).unwrap_or_else(|e| panic!("{text}: {e}"))).collect(),
        ..Edit::default()
    }
}

#[test]
fn what_depends_on_a_change_is_computed() {
    for (before, what, after) in [
        (
            "ip6(src=::1, dst=::2)/udp(sport=1)/\"a\"",
            &["ip6.hlim=3", "udp.sport=7", "ip6.src=::9"][..],
            "ip6(src=::9, dst=::2, hlim=3)/udp(sport=7)/\"a\"",
        ),
        ("ip6(src=::1, dst=::2)/udp/\"a\"", &["data=\"longer\""], "ip6(src=::1, dst=::2)/udp/\"longer\""),
        ("ip6(src=::1, dst=::2)/udp/\"a\"", &["payload=hex(00ff00)"], "ip6(src=::1, dst=::2)/udp/hex(00ff00)"),
        (
            "ip6(src=::1)/srh(path=[::2, ::3])/udp",
            &["srh.path=[::7, ::8, ::9]", "srh.tag=7"],
            "ip6(src=::1)/srh(path=[::7, ::8, ::9], tag=7)/udp",
        ),
        ("ip6(src=::1)/srh(path=[::2, ::3])/udp", &["srh.segs=[::9, ::7]"], "ip6(src=::1)/srh(path=[::7, ::9])/udp"),
        ("ip6(src=::1)/srh(path=[::2, ::3])/udp", &["srh.sl=0"], "ip6(src=::1)/srh(path=[::2, ::3], sl=0)/udp"),
        ("ip6(src=::1)/srh(path=[::2, ::3], sl=0)/udp", &["srh.sl=auto"], "ip6(src=::1)/srh(path=[::2, ::3])/udp"),
        ("ip6(src=::1)/srh(path=[::2, ::3])/udp", &["pop srh"], "ip6(src=::1, dst=::3)/udp"),
        ("ip6(src=::1)/srh(path=[::2, ::3])/srh(path=[::3])/udp", &["pop srh"], "ip6(src=::1)/srh(path=[::3])/udp"),
        ("ip6(src=::1, dst=::5)/udp", &["push srh(path=[::2, ::3])"], "ip6(src=::1)/srh(path=[::2, ::3])/udp"),
        ("eth/ip6(dst=::1)/hbh/udp", &["pop hbh"], "eth/ip6(dst=::1)/udp"),
        ("ip6(dst=::5)/hbh/udp", &["push dst"], "ip6(dst=::5)/hbh/dst/udp"),
        ("eth/ip6(dst=::5)/udp", &["push vlan(id=7)"], "eth/vlan(id=7)/ip6(dst=::5)/udp"),
        (
            "eth/vlan(id=7)/ip6(dst=::5)/udp",
            &["pop vlan", "push vlan(id=8)/vlan(id=9)"],
            "eth/vlan(id=8)/vlan(id=9)/ip6(dst=::5)/udp",
        ),
        ("eth/vlan(id=7)/vlan(id=8)/ip6(dst=::5)/udp", &["pop vlan[*]"], "eth/ip6(dst=::5)/udp"),
        (
            "eth/ip4(src=10.0.0.1)/udp",
            &["push ip6(src=::1)/srh(path=[::2, ::3])"],
            "eth/ip6(src=::1)/srh(path=[::2, ::3])/ip4(src=10.0.0.1)/udp",
        ),
        ("eth/ip6/srh(path=[::2])/ip4(dst=10.0.0.1)/udp", &["pop ip6", "pop srh"], "eth/ip4(dst=10.0.0.1)/udp"),
        ("ip6(dst=::5)/udp", &["push eth(src=02:00:01:02:03:04)"], "eth(src=02:00:01:02:03:04)/ip6(dst=::5)/udp"),
        (
            "ip6(dst=::1)/ip6(dst=::2)/ip6(dst=::3)/udp",
            &["ip6[1].hlim=5", "ip6[last].hlim=6"],
            "ip6(dst=::1)/ip6(dst=::2, hlim=5)/ip6(dst=::3, hlim=6)/udp",
        ),
        ("ip6(dst=::1)/ip6(dst=::2)/udp", &["ip6[*].hlim=5"], "ip6(dst=::1, hlim=5)/ip6(dst=::2, hlim=5)/udp"),
        (
            "ip6(dst=::1)/ip6(dst=::2)/udp",
            &["inner.ip6.hlim=5", "inner.udp.dport=53"],
            "ip6(dst=::1)/ip6(dst=::2, hlim=5)/udp(dport=53)",
        ),
        (
            "ip6(src=::1)/srh(path=[::2])/udp",
            &["ipv6.hlim=3", "udp.dstport=53", "ipv6.routing.segleft=4"],
            "ip6(src=::1, hlim=3)/srh(path=[::2], sl=4)/udp(dport=53)",
        ),
        ("ip6(src=::1)/srh(path=[::2], flags=5)/udp", &["srh.flags=auto"], "ip6(src=::1)/srh(path=[::2])/udp"),
        ("ip6(dst=::1)/udp", &["data=\"a\""], "ip6(dst=::1)/udp/\"a\""),
        // What is not known keeps the number it was announced by.
        ("ip6(nxt=132)/hex(00010002)", &["push srh(path=[::2])"], "ip6/srh(path=[::2], nxt=132)/hex(00010002)"),
        ("ip6/srh(path=[::2], nxt=132)/hex(00010002)", &["pop srh"], "ip6(dst=::2, nxt=132)/hex(00010002)"),
        ("eth(type=0x1234)/hex(0001)", &["push vlan(id=7)"], "eth/vlan(id=7, type=0x1234)/hex(0001)"),
    ] {
        let plan = changes(what);
        let (edited, out) = edit(&plan, Frame::new(link(before), &bytes(before))).unwrap().expect(before);
        assert_eq!(hex::encode(out), hex::encode(bytes(after)), "{before}: {what:?}");
        assert_eq!((edited.link, edited.unsigned), (link(after), false));
        assert_eq!(edited.original_len as usize, bytes(after).len());
    }
}

#[test]
fn what_was_wrong_stays_unless_touched() {
    let text = "ip6(src=::1, dst=::2, plen=99)/udp(cksum=0x1234, len=77)/\"a\"";
    let frame = bytes(text);
    let after = |plan: &Edit| edit(plan, Frame::new(LinkType::IPV6, &frame)).unwrap();
    let set = after(&changes(&["ip6.hlim=3", "udp.sport=9"])).unwrap().1;
    assert_eq!(set, bytes("ip6(src=::1, dst=::2, plen=99, hlim=3)/udp(sport=9, cksum=0x1234, len=77)/\"a\""));
    let set = after(&changes(&["udp.cksum=auto", "udp.len=auto"])).unwrap().1;
    assert_eq!(set, bytes("ip6(src=::1, dst=::2, plen=99)/udp/\"a\""));
    let frame = bytes("ip6(src=::1)/srh(path=[::2, ::3])/udp(cksum=bad)/\"a\"");
    let fixed = edit(&Edit { fix: true, ..Edit::default() }, Frame::new(LinkType::RAW, &frame)).unwrap().unwrap().1;
    assert_eq!(fixed, bytes("ip6(src=::1)/srh(path=[::2, ::3])/udp/\"a\""));
    let right = edit(&Edit { fix: true, ..Edit::default() }, Frame::new(LinkType::RAW, &fixed)).unwrap();
    assert_eq!(right, None);
}

#[test]
fn values_vary_with_the_packets_number() {
    let data = bytes("ip6(dst=::1)/udp");
    let plan = changes(&["udp.sport=1000..1002", "ip6.hlim=7"]);
    for (number, port) in [(1, 1000), (2, 1001), (3, 1002), (4, 1000)] {
        let frame = Frame { number, ..Frame::new(LinkType::RAW, &data) };
        let (_, out) = edit(&plan, frame).unwrap().unwrap();
        assert_eq!(out, bytes(&format!("ip6(dst=::1, hlim=7)/udp(sport={port})")), "{number}");
    }
}

#[test]
fn a_packet_without_such_a_layer_stays() {
    let frame = bytes("ip6(dst=::1)/udp");
    for what in
        ["srh.tag=7", "ip6[1].hlim=3", "inner.udp.sport=1", "pop vlan", "push vlan(id=7)", "eth.src=02:00:00:00:00:01"]
    {
        assert_eq!(edit(&changes(&[what]), Frame::new(LinkType::RAW, &frame)).unwrap(), None, "{what}");
    }
}

#[test]
fn what_cannot_be_said_is_refused() {
    for (result, expected) in [
        (Change::set("ip6.hlmi=3"), "there is no field of ip6 'hlmi'; did you mean 'hlim'?"),
        (Change::set("ipv6.hlm=3"), "there is no field 'ipv6.hlm'; did you mean 'ipv6.hlim'?"),
        (Change::set("srv6.tag=3"), "there is no field 'srv6.tag'; did you mean 'srh.tag'?"),
        (Change::set("ip6=3"), "'ip6' needs a field: ip6.FIELD=VALUE"),
        (Change::set("ip6[x].hlim=3"), "'ip6[x]': an index is a number from 0, last or *"),
        (Change::set("ipv6.addr=::1"), "'ipv6.addr' cannot be set: it is worked out from other fields"),
        (
            Change::set("ip6.hlim=300"),
            "300 does not fit in the 8 bits of hlim (at most 255)\n  ip6(hlim=300)\n           ^^^",
        ),
        (Change::set("ip6.hlim=3, src=::1"), "'ip6.hlim=3, src=::1' is more than a field and its value"),
        (Change::set("ip6.hlim=3)/udp(sport=1"), "'ip6.hlim=3)/udp(sport=1' is more than a field and its value"),
        (Change::set("data=udp"), "data takes \"text\" or hex(…)"),
        (Change::pop("valn"), "there is no layer 'valn'; did you mean 'vlan'?"),
        (Change::push("udp(sport=1)", Place::Usual), "say where udp is to go: --before LAYER, --after LAYER or --at N"),
    ] {
        assert_eq!(result.unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_packet_that_cannot_be_is_an_error_that_names_it() {
    let data = bytes("ip6(dst=::1)/udp");
    let frame = Frame { number: 7, ..Frame::new(LinkType::RAW, &data) };
    let refused = |what: &[&str]| edit(&changes(what), frame).unwrap_err().to_string();
    let many = format!("push srh(path=[{}])", vec!["::2"; 128].join(", "));
    assert!(refused(&[&many]).starts_with("packet 7: layer 2 (srh): 128 segments do not fit"), "{}", refused(&[&many]));
    assert!(refused(&["pop ip6"]).starts_with("packet 7: "), "{}", refused(&["pop ip6"]));
    assert_eq!(refused(&["pop udp", "pop ip6"]), "packet 7: nothing would be left of it");
    let long = format!("data={:?}", "x".repeat(300_000));
    let plan = Edit {
        changes: vec![
            Change::set(&long).unwrap(),
            Change::set("udp.len=8").unwrap(),
            Change::set("ip6.plen=8").unwrap(),
        ],
        ..Edit::default()
    };
    let with_data = bytes("ip6(dst=::1)/udp/\"a\"");
    let error = edit(&plan, Frame::new(LinkType::RAW, &with_data)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "packet 1: it would have 300048 bytes, and 262144 are the most that a capture file holds"
    );
}

/// Maps that turn into their own opposite.
fn swaps() -> Maps {
    let mut maps = Maps::default();
    for map in [
        "2001:db8::/32=fd00:db8::/32",
        "fd00:db8::/32=2001:db8::/32",
        "fc00::/16=fc77::/16",
        "fc77::/16=fc00::/16",
        "10.0.0.0/8=11.0.0.0/8",
        "11.0.0.0/8=10.0.0.0/8",
    ] {
        maps.add_address(map).unwrap();
    }
    for map in ["02:00:00:00:00:21=02:00:00:00:aa:21", "02:00:00:00:aa:21=02:00:00:00:00:21"] {
        maps.add_mac(map).unwrap();
    }
    for map in ["3000=3001", "3001=3000", "53=5353", "5353=53"] {
        maps.add_port(map).unwrap();
    }
    maps.add_vlan("7=8").unwrap();
    maps.add_vlan("8=7").unwrap();
    maps
}

fn statuses(frame: &Frame<'_>) -> Vec<(Proto, Option<u64>)> {
    let dissection = Dissection::of(frame);
    let packet = Packet::new(frame, &dissection);
    packet.layers().iter().map(|layer| (layer.proto, packet.checksum(layer).map(Checksum::status))).collect()
}

/// Every packet of `testdata`.
fn testdata() -> Vec<(LinkType, Vec<u8>)> {
    let mut packets = Vec::new();
    for directory in ["crafted", "formats", "kernel"] {
        for entry in std::fs::read_dir(format!("{}/testdata/{directory}", env!("CARGO_MANIFEST_DIR"))).unwrap() {
            let Ok(mut reader) = Reader::open(entry.unwrap().path()) else { continue };
            while let Ok(Some(frame)) = reader.next_frame() {
                packets.push((frame.link, frame.data.to_vec()));
            }
        }
    }
    packets
}

#[test]
fn maps_reach_everything_and_keep_every_checksum_as_it_was() {
    let plan = Edit { maps: swaps(), ..Edit::default() };
    let mut mapped = 0;
    for (link, data) in testdata() {
        let frame = Frame::new(link, &data);
        let Some((edited, out)) = edit(&plan, frame).unwrap() else { continue };
        mapped += 1;
        assert_eq!((edited.link, edited.original_len, out.len()), (link, frame.original_len, data.len()));
        let after = Frame::new(link, &out);
        assert_eq!(statuses(&after), statuses(&frame), "{}", hex::encode(&data));
        let old = [0x20, 0x01, 0x0d, 0xb8];
        let place = out.windows(4).position(|four| four == old);
        assert_eq!(place, None, "an address stays: {}", hex::encode(&out));
        let (_, back) = edit(&plan, after).unwrap().unwrap();
        assert_eq!(hex::encode(back), hex::encode(&data));
    }
    assert!(mapped > 50, "{mapped}");
}

#[test]
fn a_mapped_packet_is_the_one_built_so() {
    let plan = Edit { maps: swaps(), ..Edit::default() };
    let text = "eth(dst=02:00:00:00:00:21)/vlan(id=7)/ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1], tag=9)\
                /ip6(src=fc00::1, dst=2001:db8::9)/tcp(sport=53, dport=80)/\"2001:db8::1\"";
    let (edited, out) = edit(&plan, Frame::new(LinkType::ETHERNET, &bytes(text))).unwrap().unwrap();
    let (head, data) = text.rsplit_once('/').unwrap();
    let head = head.replace("2001:db8", "fd00:db8").replace("fc00:", "fc77:").replace(":00:21", ":aa:21");
    let after = format!("{}/{data}", head.replace("id=7", "id=8").replace("sport=53", "sport=5353"));
    assert_eq!(hex::encode(out), hex::encode(bytes(&after)));
    assert!(!edited.unsigned);
    for (map, why) in [
        ("::1", "write A=B"),
        ("::1=10.0.0.1", "one family"),
        ("::/16=fc00::/17", "equally long"),
        ("fc00::1/16=::/16", "bits after the prefix"),
        ("::/129=::/129", "at most 128 bits"),
        ("x=y", "'x' is no IP address"),
    ] {
        let error = Maps::default().add_address(map).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    assert!(Maps::default().add_vlan("1=4096").is_err() && Maps::default().add_port("1=65536").is_err());
    assert!(Maps::default().add_mac("1:2:3:4:5:6=1:2:3:4:5").is_err());
}

#[test]
fn what_tunnels_cover_follows_too() {
    let plan = Edit { maps: swaps(), ..Edit::default() };
    for text in [
        "ip6(src=2001:db8::1, dst=2001:db8::2)/gre(csum)/ip6(src=2001:db8::3, dst=2001:db8::4)/udp(sport=3000)/\"x\"",
        "ip6(src=2001:db8::1, dst=2001:db8::2)/udp(dport=4789)/vxlan(vni=7)/eth/ip4(src=10.0.0.1, dst=10.0.0.2)/tcp",
        "ip6(src=2001:db8::1, dst=2001:db8::2)/icmp6(type=1)/ip6(src=2001:db8::2, dst=2001:db8::3)/udp(sport=53)/\"x\"",
    ] {
        let (_, out) =
            edit(&plan, Frame::new(LinkType::RAW, &bytes(text))).unwrap().unwrap_or_else(|| panic!("{text}"));
        let after = text.replace("2001:db8", "fd00:db8").replace("10.0.0.", "11.0.0.");
        let after = after.replace("sport=3000", "sport=3001").replace("sport=53)", "sport=5353)");
        assert_eq!(hex::encode(out), hex::encode(bytes(&after)), "{text}");
    }
}

/// What a Routing header of type 2 has behind its one address is no address:
/// neither is it mapped, nor does a checksum follow it.
#[test]
fn what_is_not_mapped_does_not_count() {
    let addresses = "20010db8000000000000000000000005 20010db8000000000000000000000002".replace(' ', "");
    for cut in [0, 1] {
        let text = format!(
            "ip6(src=2001:db8::1, dst=2001:db8::9)/routing(type=2, sl=1, data=hex(00000000{addresses}))/tcp/\"data\""
        );
        let whole = bytes(&text);
        let frame = Frame { data: &whole[..whole.len() - cut], ..Frame::new(LinkType::IPV6, &whole) };
        let plan = Edit { maps: swaps(), ..Edit::default() };
        let (_, out) = edit(&plan, frame).unwrap().unwrap();
        let mapped = Frame { data: &out, ..frame };
        assert_eq!(statuses(&mapped), statuses(&frame));
        let (_, back) = edit(&plan, mapped).unwrap().unwrap();
        assert_eq!(hex::encode(back), hex::encode(frame.data));
    }
}

#[test]
fn a_signature_that_no_longer_fits_is_noticed() {
    let text = "ip6(src=2001:db8::1)/srh(path=[2001:db8::2], tlvs=[hmac(key=1, secret=\"x\")])/udp";
    let frame = bytes(text);
    let plan = Edit { maps: swaps(), ..Edit::default() };
    assert!(edit(&plan, Frame::new(LinkType::RAW, &frame)).unwrap().unwrap().0.unsigned);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Changing a packet of which the capture lacks the end is changing the
    /// whole packet, and then cutting it.
    #[test]
    fn cut_packets_change_as_whole_ones(
        which in any::<prop::sample::Index>(),
        cut in 1usize..60,
        what in prop::sample::subsequence(vec!["ip6.src=2001:db8::77", "ip6.hlim=9", "udp.sport=99", "tcp.dport=99", "srh.tag=9", "push vlan(id=7)", "push dst(options=[010400000000])", "icmp6.id=3"], 1..4),
        map: bool,
    ) {
        let texts = [
            "eth/ip6(src=2001:db8::1, dst=2001:db8::2)/udp(sport=1, dport=2)/\"some bytes of payload that may be missing, or only in part\"",
            "ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/tcp(sport=1, dport=2)/\"some bytes of payload that may be missing, or only\"",
            "ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/icmp6(id=1)/\"some bytes of payload that may be missing, or only\"",
            "eth/ip6(src=2001:db8::1)/srh(path=[2001:db8::2])/ip4(src=10.0.0.1, dst=10.0.0.2)/udp/\"some bytes of payload that may be missing\"",
        ];
        let text = which.get(&texts[..]);
        let whole = bytes(text);
        let plan = Edit { maps: if map { swaps() } else { Maps::default() }, ..changes(&what) };
        let frame = Frame::new(link(text), &whole);
        let kept = whole.len() - cut.min(whole.rsplit(|byte| *byte == b' ').count().max(cut.min(40)));
        let cut_frame = Frame { data: &whole[..kept], ..frame };
        let of_whole = edit(&plan, frame).unwrap();
        let of_cut = edit(&plan, cut_frame).unwrap();
        prop_assert_eq!(of_whole.is_some(), of_cut.is_some());
        if let (Some((_, whole_out)), Some((edited, cut_out))) = (of_whole, of_cut) {
            prop_assert_eq!(edited.original_len as usize, whole_out.len());
            prop_assert_eq!(hex::encode(&cut_out), hex::encode(&whole_out[..whole_out.len() - (whole.len() - kept)]), "{} {:?}", text, what);
        }
    }

    /// Whatever the bytes, a map and its opposite change nothing, as long as
    /// nothing makes one address look compressed and the other not.
    #[test]
    fn maps_of_spoiled_packets_go_back(
        which in any::<prop::sample::Index>(),
        spoils in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in 0usize..60,
    ) {
        let packets = testdata();
        let (link, data) = which.get(&packets);
        let mut data = data.clone();
        prop_assume!(!data.is_empty());
        for (at, to) in spoils {
            let at = at.index(data.len());
            data[at] = to;
        }
        data.truncate(data.len().saturating_sub(cut).max(1));
        let plan = Edit { maps: swaps(), ..Edit::default() };
        let frame = Frame::new(*link, &data);
        if let Some((_, out)) = edit(&plan, frame).unwrap() {
            prop_assume!(statuses(&Frame::new(*link, &out)) == statuses(&frame));
            let (_, back) = edit(&plan, Frame::new(*link, &out)).unwrap().unwrap();
            prop_assert_eq!(hex::encode(back), hex::encode(&data));
        }
    }

    /// Whatever the bytes, an edit gives a packet, an error, or nothing.
    #[test]
    fn edits_of_any_bytes_end(
        data in prop::collection::vec(any::<u8>(), 0..120),
        link in prop::sample::select(LinkType::NAMED.to_vec()),
        what in prop::sample::subsequence(vec!["ip6.src=::1", "push vlan(id=7)", "pop ip6", "pop srh", "data=\"x\"", "push ip6(dst=::1)"], 1..6),
        missing in 0u32..20,
    ) {
        let frame = Frame::new(link, &data);
        let plan = Edit { maps: swaps(), fix: true, ..changes(&what) };
        let _ = edit(&plan, Frame { original_len: frame.original_len + missing, ..frame });
    }
}
