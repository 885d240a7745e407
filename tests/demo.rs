//! `sr6 demo` from start to finish, as the user one is and as an ordinary one,
//! and what it keeps in the eyes of tshark and tcpdump.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use support::captures::{build, read};
use support::process::{as_nobody, sr6, stderr, stdout, text};
use support::scratch::Scratch;
use support::witness;

/// Runs the demo; nothing where this machine does not allow it.
fn demo(command: &mut Command, keep: &Path) -> Option<String> {
    let output: Output = command.args(["demo", "--keep"]).arg(keep).output().unwrap();
    if output.status.code() == Some(3) {
        support::skip(stderr(&output).trim());
        return None;
    }
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), stderr(&output));
    Some(text(&output.stdout).to_owned())
}

/// What every successful run says.
fn every_step_is_ok(text: &str) {
    assert!(text.contains("16 of 16 steps OK"), "{text}");
    assert!(!text.contains("FAIL"), "{text}");
    assert!(text.contains("Segments Left: 1") && text.contains("Segments Left: 0"), "{text}");
}

#[test]
fn every_step_is_ok_and_the_captures_prove_it() {
    let place = Scratch::for_everybody();
    let captures = place.path("captures");
    let Some(text) = demo(&mut sr6(), &captures) else { return };
    every_step_is_ok(&text);

    let columns = ["ipv6.dst", "ipv6.hlim", "ipv6.routing.segleft", "udp.checksum.status"];
    for (file, line) in [("n1-v12.pcap", "2001:db8::2\t64\t1\t1"), ("n3-v32.pcap", "2001:db9::1\t63\t0\t1")] {
        let Some(run) = witness::fields(captures.join(file), &["-Y", "udp.dstport == 3000"], &columns) else { return };
        assert_eq!(run.lines(), [line; 3]);
    }

    let mut tcpdump = witness::command("tcpdump");
    tcpdump.arg("-nnvvr").arg(captures.join("n1-v12.pcap")).arg("ip6 proto 43");
    let Some(run) = witness::run(tcpdump) else { return };
    assert_eq!(run.stdout.matches("[udp sum ok]").count(), 3, "{}", run.stdout);
}

/// The article's Wireshark view of the packet on n3's link, line by line.
#[test]
fn the_tree_shows_what_the_article_shows() {
    let place = Scratch::for_everybody();
    let captures = place.path("captures");
    if demo(&mut sr6(), &captures).is_none() {
        return;
    }
    let output = sr6().args(["read", "-V"]).arg(captures.join("n3-v32.pcap")).output().unwrap();
    let text = stdout(&output);
    for line in [
        "Ethernet II, Src: 02:00:00:00:00:23, Dst: 02:00:00:00:00:32",
        "    Type: IPv6 (0x86dd)",
        "Internet Protocol Version 6, Src: 2001:db8::1, Dst: 2001:db9::1",
        "    0110 .... = Version: 6",
        "    .... 0000 0000 .... .... .... .... .... = Traffic Class: 0x00 (DSCP: CS0, ECN: Not-ECT)",
        "    Next Header: Routing Header for IPv6 (43)",
        "    Hop Limit: 63",
        "    Source Address: 2001:db8::1",
        "    Destination Address: 2001:db9::1",
        "    Routing Header for IPv6 (Segment Routing)",
        "        Next Header: UDP (17)",
        "        Length: 4",
        "        [Length: 40 bytes]",
        "        Type: Segment Routing (4)",
        "        Segments Left: 0",
        "        Last Entry: 1",
        "        Flags: 0x00",
        "        Tag: 0000",
        "        Address[1]: 2001:db8::2",
        "    Destination Port: 3000",
        "    [Checksum Status: Good]",
        "Data (15 bytes)",
    ] {
        assert!(text.lines().any(|have| have == line), "{line:?} is not in\n{text}");
    }
    assert!(text.lines().any(|have| have.starts_with("        Address[0]: 2001:db9::1")), "{text}");
}

#[test]
fn an_ordinary_user_can_run_it() {
    let place = Scratch::for_everybody();
    if let Some(text) = demo(&mut as_nobody(place.path("sr6")), &place.path("captures")) {
        every_step_is_ok(&text);
        assert!(place.path("captures/n1-v12.pcap").exists());
    }
}

#[test]
fn nothing_is_left_behind() {
    let place = Scratch::for_everybody();
    let namespaces = || fs::read_dir("/run/netns").map_or(0, Iterator::count);
    let before = namespaces();
    if demo(&mut sr6(), &place.path("captures")).is_some() {
        assert_eq!(namespaces(), before);
    }
}

/// The frames with an SRH in a capture that a station sent. A packet that Linux
/// takes out of its tunnel at a plain address goes through the interface once
/// more, so that a capture shows its frame twice, at one and the same time.
fn srv6_frames(file: &Path, from: [u8; 6]) -> Vec<Vec<u8>> {
    let mut frames = read(file, |frame| (frame.time, frame.data.to_vec()));
    frames.retain(|(_, data)| data[6..12] == from && data[12..14] == [0x86, 0xdd] && data[20] == 43);
    frames.dedup();
    frames.into_iter().map(|(_, bytes)| bytes).collect()
}

/// What `sr6 simulate` makes of line3 is what the kernel made of it: every
/// SRv6 packet that leaves one end comes to the other as predicted, Ethernet
/// header included, and no other comes.
#[test]
fn a_simulation_predicts_the_captures() {
    use sr6::simulate::Network;
    use sr6::srv6::endpoint::Profile;
    use sr6::topology::Topology;

    let place = Scratch::for_everybody();
    let captures = place.path("captures");
    if demo(&mut sr6(), &captures).is_none() {
        return;
    }
    let network = Network::new(&Topology::built_in("line3").unwrap()).unwrap();
    let mac = |number| [2, 0, 0, 0, 0, number];
    let mut seen = 0;
    // From each end, over n2, to the other.
    for (end, near, far, own, n2, links) in [
        ("n1", "n1-v12.pcap", "n3-v32.pcap", mac(0x12), mac(0x23), [0, 1]),
        ("n3", "n3-v32.pcap", "n1-v12.pcap", mac(0x32), mac(0x21), [1, 0]),
    ] {
        let mut predicted = Vec::new();
        for frame in srv6_frames(&captures.join(near), own) {
            let walk = network.walk(&frame[14..], network.find(end).unwrap(), Profile::Linux);
            assert_eq!(walk.frames(links[0]).next().map(|(_, bytes)| bytes), Some(&frame[..]));
            predicted.extend(walk.frames(links[1]).map(|(_, bytes)| bytes.to_vec()));
        }
        let mut came = srv6_frames(&captures.join(far), n2);
        seen += came.len();
        predicted.sort();
        came.sort();
        let hex = |frames: &[Vec<u8>]| frames.iter().map(hex::encode).collect::<Vec<_>>();
        assert_eq!(hex(&predicted), hex(&came), "from {end}");
    }
    assert!(seen >= 3, "the demo sends by three ways: {seen}");
}

/// The same from nothing but what the demo says it does: its recipe, its
/// commands and its ping. Every SRv6 frame on both links, both ways, byte for
/// byte; only the flow labels that a kernel picks are taken from the captures.
#[test]
fn a_simulation_predicts_the_captures_from_the_recipe() {
    use sr6::simulate::Network;
    use sr6::srv6::endpoint::Profile;
    use sr6::topology::{Topology, built_in_text};

    let place = Scratch::for_everybody();
    let captures = place.path("captures");
    let Some(text) = demo(&mut sr6(), &captures) else { return };
    let line3 = built_in_text("line3").unwrap();
    let routes = [
        ("n1", "2001:db9::/64", "v12", "2001:db8::2", "2001:db9::1"),
        ("n3", "2001:db8::/64", "v32", "2001:db9::2", "2001:db8::1"),
    ]
    .map(|(node, to, dev, first, last)| {
        let command = format!("{node}# ip -6 route add {to} encap seg6 mode encap segs {first},{last} dev {dev}");
        assert!(text.contains(&command), "{command}\n{text}");
        format!(
            "\n[[route]]\nnode = '{node}'\nto = '{to}'\ndev = '{dev}'\nencap = {{ segs = ['{first}', '{last}'] }}\n"
        )
    });
    let plain = Network::new(&Topology::parse("line3", line3).unwrap()).unwrap();
    let encapsulating = format!("{line3}{}", routes.concat());
    let encapsulating = Network::new(&Topology::parse("line3", &encapsulating).unwrap()).unwrap();

    let recipe = text.lines().find_map(|line| line.strip_prefix("Packet: ")).expect("the demo tells its recipe");
    let packet = build(recipe);
    let captured = |file: &str, from: u8| srv6_frames(&captures.join(file), [2, 0, 0, 0, 0, from]);
    // The label of the packet by the socket, and of the answer to the ping.
    let label = |frames: &[Vec<u8>], wanted: &dyn Fn(&[u8]) -> bool| -> [u8; 3] {
        let frame = frames.iter().find(|frame| wanted(frame)).expect("it was captured");
        frame[15..18].try_into().unwrap()
    };
    let labelled = |packet: &[u8], label: [u8; 3]| [&packet[..1], &label, &packet[4..]].concat();
    let by_socket = label(&captured("n1-v12.pcap", 0x12), &|frame| frame[15..18] != [0; 3]);
    let of_reply = label(&captured("n3-v32.pcap", 0x32), &|_| true);
    let ping = |kind: u8, from: &str, to: &str| {
        build(&format!("ip6(src={from}, dst={to})/icmp6(type={kind}, id=0x5236, seq=1)/\"Hello, I'm here\""))
    };
    let (request, reply) = (ping(128, "2001:db8::1", "2001:db9::1"), ping(129, "2001:db9::1", "2001:db8::1"));
    let sent = [
        (&plain, "n1", packet.clone()),
        (&plain, "n1", packet.clone()),
        (&plain, "n1", labelled(&packet, by_socket)),
        (&encapsulating, "n1", request),
        (&encapsulating, "n3", labelled(&reply, of_reply)),
    ];
    let walks: Vec<_> = sent
        .iter()
        .map(|(network, node, packet)| network.walk(packet, network.find(node).unwrap(), Profile::Linux))
        .collect();
    for (link, file, stations) in [(0, "n1-v12.pcap", [0x12, 0x21]), (1, "n3-v32.pcap", [0x23, 0x32])] {
        for (end, station) in stations.into_iter().enumerate() {
            let frames = walks.iter().flat_map(|walk| walk.frames(link));
            let mut predicted: Vec<_> =
                frames.filter(|(from, _)| *from == end).map(|(_, frame)| hex::encode(frame)).collect();
            let mut came: Vec<_> = captured(file, station).iter().map(hex::encode).collect();
            predicted.sort();
            came.sort();
            assert_eq!(predicted, came, "{file}, from station {station:02x}");
        }
    }
}
