//! The command on captures: what matches what, and what is printed.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::Stdio;

use sr6::capture::{Frame, Timestamp};
use sr6::wire::link_type::LinkType;

use crate::captures::{Scratch, command, json, run, short};
use crate::support::captures::{framed, read, write};
use crate::support::process::{signal, stderr, text};

/// A packet with a number in its port and payload.
fn numbered(number: usize) -> String {
    format!(
        "ip6(src=fc00::1)/srh(path=[fc00:a::1, fc00:b::1])/udp(sport={}, dport=53)/\"packet {number}\"",
        1000 + number
    )
}

fn several(count: usize) -> Vec<String> {
    (1..=count).map(numbered).collect()
}

#[test]
fn a_capture_is_itself() {
    let scratch = Scratch::new();
    let a = scratch.capture("a.pcapng", &several(20));
    let (records, summary) = json("", &a, &a);
    assert!(records.is_empty());
    assert_eq!(summary["pairs"]["same"], 20);
    let output = run("", &a, &a);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("20 pairs are the same"));
    // With each way of matching.
    for by in ["key", "position", "time"] {
        assert_eq!(json(&format!("--by {by}"), &a, &a).1["pairs"]["same"], 20, "{by}");
    }
}

#[test]
fn one_field_that_differs_is_one_line() {
    let scratch = Scratch::new();
    let a = scratch.capture("a.pcapng", &several(5));
    let changed = |from: &str, to: &str| {
        let mut packets = several(5);
        packets[2] = packets[2].replace(from, to);
        scratch.capture("b.pcapng", &packets)
    };
    let b = changed("src=fc00::1", "src=fc00::1, hlim=9");
    assert_eq!(short("", &a, &b), ["3~3 ipv6.hlim 64>9"]);
    let output = run("", &a, &b);
    let text = text(&output.stdout);
    assert!(text.starts_with("packet 3 ↔ 3\n  ip6    ipv6.hlim                     64 → 9\n"), "{text}");
    let b = changed("fc00:b::1])", "fc00:b::1], tag=0x12, flags=0x20)");
    assert_eq!(short("", &a, &b), ["3~3 ipv6.routing.srh.flags 0>32, ipv6.routing.srh.tag 0000>0012"]);
    let b = changed("src=fc00::1", "src=fc00::1, tc=0xb8");
    assert_eq!(short("", &a, &b), ["3~3 ipv6.tclass.dscp 0>46"]);
}

#[test]
fn what_the_key_is_made_of_is_matched_by_its_place() {
    let scratch = Scratch::new();
    let a = scratch.capture("a.pcapng", &several(5));
    let mut packets = several(5);
    packets[2] = packets[2].replace("dport=53", "dport=54, cksum=1");
    let b = scratch.capture("b.pcapng", &packets);
    let found = short("", &a, &b);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("3~3? udp.dstport 53>54, udp.checksum "), "{found:?}");
    // By key alone it is two packets.
    assert_eq!(short("--by key", &a, &b), ["-3", "+3"]);
    // What has too little in common is no pair.
    packets[2] = "ip6(src=fc00::9, dst=fc00::8)/tcp/\"something else\"".into();
    let b = scratch.capture("b.pcapng", &packets);
    assert_eq!(short("", &a, &b), ["-3", "+3"]);
}

#[test]
fn lost_and_added_packets() {
    let scratch = Scratch::new();
    let all = several(9);
    let a = scratch.capture("a.pcapng", &all);
    let without = |lost: &[usize]| {
        let kept: Vec<_> = all.iter().enumerate().filter(|(i, _)| !lost.contains(&(i + 1))).map(|(_, p)| p).collect();
        scratch.capture("b.pcapng", &kept)
    };
    assert_eq!(short("", &a, &without(&[4])), ["-4"]);
    assert_eq!(short("", &a, &without(&[1, 2, 9])), ["-1", "-2", "-9"]);
    assert_eq!(short("", &without(&[5, 6]), &a), ["+5", "+6"]);
    assert_eq!(short("", &a, &without(&[1, 2, 3, 4, 5, 6, 7, 8, 9])).len(), 9);
    let (_, summary) = json("", &a, &without(&[4]));
    assert_eq!((summary["left"]["only"].as_u64(), summary["pairs"]["same"].as_u64()), (Some(1), Some(8)));
    let output = run("", &a, &without(&[4]));
    let text = text(&output.stdout);
    assert!(text.contains("packet 4, only in ") && text.contains("UDP 1004 → 53"), "{text}");
}

#[test]
fn another_order_moves_as_few_as_can_be() {
    let scratch = Scratch::new();
    let all = several(6);
    let order = |order: &[usize]| {
        let packets: Vec<_> = order.iter().map(|number| &all[number - 1]).collect();
        scratch.capture("b.pcapng", &packets)
    };
    let a = scratch.capture("a.pcapng", &all);
    assert_eq!(short("", &a, &order(&[2, 3, 4, 1, 5, 6])), ["1~4!"]);
    assert_eq!(short("", &a, &order(&[6, 1, 2, 3, 4, 5])), ["6~1!"]);
    assert_eq!(short("", &a, &order(&[6, 5, 4, 3, 2, 1])).len(), 5);
    assert_eq!(short("", &a, &order(&[2, 1, 4, 5, 6])), ["1~2!", "-3"]);
    let b = order(&[2, 1, 3, 4, 5, 6]);
    assert_eq!(run("", &a, &b).status.code(), Some(1));
    assert_eq!(run("--any-order", &a, &b).status.code(), Some(0));
}

#[test]
fn packets_with_one_key_are_matched_in_order() {
    let scratch = Scratch::new();
    let same = |hops: &[u8]| {
        let packets: Vec<_> =
            hops.iter().map(|hops| format!("ip6(src=fc00::1, dst=fc00::2, hlim={hops})/udp/\"again\"")).collect();
        scratch.capture(&format!("{}.pcapng", hops.len()), &packets)
    };
    let (three, two) = (same(&[9, 8, 7]), same(&[9, 8]));
    assert_eq!(short("", &three, &two), ["-3"]);
    let four = same(&[9, 8, 6, 5]);
    assert_eq!(short("", &three, &four), ["3~3 ipv6.hlim 7>6", "+4"]);
}

#[test]
fn links_of_another_type_are_one_difference() {
    let scratch = Scratch::new();
    let raw = scratch.capture("raw.pcapng", &several(2));
    let framed: Vec<_> = several(2).iter().map(|packet| format!("eth/{packet}")).collect();
    let framed = scratch.capture("eth.pcapng", &framed);
    assert_eq!(short("", &framed, &raw), ["1~1 -eth", "2~2 -eth"]);
    assert_eq!(short("", &raw, &framed), ["1~1 +eth", "2~2 +eth"]);
    for ignored in ["eth", "eth.*"] {
        assert_eq!(run(&format!("--ignore {ignored}"), &raw, &framed).status.code(), Some(0), "{ignored}");
    }
    // Linux's cooked link, as the kernel wrote it.
    let (sll, sll2) = (Path::new("testdata/kernel/any-sll.pcap"), Path::new("testdata/kernel/any-sll2.pcap"));
    let (_, summary) = json("", sll, sll2);
    let packets = summary["left"]["packets"].as_u64().unwrap();
    assert!(summary["pairs"]["all"].as_u64().unwrap() > 0 && packets > 0, "{summary}");
}

#[test]
fn a_layer_on_one_side_is_one_difference() {
    let scratch = Scratch::new();
    let inner = "ip6(src=fc00::1, dst=fc00:b::1, flow=7)/udp/\"x\"";
    let a = scratch.capture("a.pcapng", &[inner]);
    let b = scratch.capture("b.pcapng", &[format!("ip6(src=fc00:9::1)/srh(path=[fc00:a::1, fc00:b::9])/{inner}")]);
    assert_eq!(short("", &a, &b), ["1~1 +ip6#1, +srh"]);
    let c = scratch.capture("c.pcapng", &["ip6(src=fc00::1, flow=7)/srh(path=[fc00:a::1, fc00:b::1])/udp/\"x\""]);
    let found = short("", &a, &c);
    assert_eq!(found, ["1~1 ipv6.plen 9>49, ipv6.nxt 17>43, ipv6.dst fc00:b::1>fc00:a::1, +srh"]);
}

#[test]
fn lists_are_compared_entry_by_entry() {
    let scratch = Scratch::new();
    let tlvs = |tlvs: &str| format!("ip6(src=fc00::1)/srh(path=[fc00:a::1, fc00:b::1], tlvs=[{tlvs}])/udp/\"x\"");
    let a = scratch.capture("a.pcapng", &[tlvs("tlv(9, 0011), tlv(10, 2233)")]);
    let b = scratch.capture("b.pcapng", &[tlvs("tlv(9, 0011), tlv(10, 2244)")]);
    assert_eq!(short("", &a, &b), ["1~1 srh.tlv.value 2233>2244"]);
    // A TLV less is one difference, beside the padding that makes up for it.
    let c = scratch.capture("c.pcapng", &[tlvs("tlv(10, 2233), padn(4)")]);
    let found = short("", &a, &c);
    assert!(found[0].contains("srh.tlvs 09020011>null"), "{found:?}");
    let segments = |path: &str| format!("ip6(src=fc00::1)/srh(path=[{path}])/udp/\"x\"");
    let a = scratch.capture("a.pcapng", &[segments("fc00:a::1, fc00:b::1, fc00:c::1")]);
    let b = scratch.capture("b.pcapng", &[segments("fc00:a::1, fc00:d::1, fc00:c::1")]);
    assert_eq!(short("", &a, &b), ["1~1 ipv6.routing.srh.addr fc00:b::1>fc00:d::1"]);
}

#[test]
fn fields_can_be_ignored() {
    let scratch = Scratch::new();
    let a = scratch.capture("a.pcapng", &several(2));
    let packets: Vec<_> =
        several(2).iter().map(|p| p.replace("src=fc00::1", "src=fc00::1, hlim=3, flow=9, tc=4")).collect();
    let b = scratch.capture("b.pcapng", &packets);
    assert_eq!(short("", &a, &b)[0], "1~1 ipv6.tclass.dscp 0>1, ipv6.flow 0>9, ipv6.hlim 64>3");
    assert_eq!(short("--ignore ipv6.hlim,ip6.flow", &a, &b)[0], "1~1 ipv6.tclass.dscp 0>1");
    assert_eq!(short("--ignore ipv6.hlim,ipv6.flow --ignore ipv6.tclass", &a, &b), [""; 0]);
    assert_eq!(short("--ignore ipv6.*", &a, &b), [""; 0]);
    let output = run("--ignore ipv6.hlmi", &a, &b);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert_eq!(said, "sr6: --ignore: there is no field or layer 'ipv6.hlmi'; did you mean 'ipv6.hlim'?\n");
}

#[test]
fn position_and_time() {
    let scratch = Scratch::new();
    let packets: Vec<_> = several(4).iter().map(|packet| framed(packet)).collect();
    let a = scratch.frames("a.pcapng", &packets, 0);
    let late = scratch.frames("late.pcapng", &packets, 250);
    let mut less = packets.clone();
    less.remove(1);
    let b = scratch.frames("b.pcapng", &less, 0);
    let found = short("--by position", &a, &b);
    assert_eq!(found.len(), 3);
    assert!(found[0].starts_with("2~2 udp.srcport 1002>1003") && found[2] == "-4", "{found:?}");
    assert_eq!(short("--by time", &a, &late).len(), 8);
    assert_eq!(short("--by time --within 250ns", &a, &late), [""; 0]);
    assert_eq!(run("--within 1s", &a, &late).status.code(), Some(2));
    // Times are compared only if asked.
    assert_eq!(run("", &a, &late).status.code(), Some(0));
    let (records, summary) = json("--times", &a, &late);
    assert_eq!((records.len(), records[0]["differences"][0]["field"].as_str()), (4, Some("frame.time")));
    assert_eq!(summary["delay"]["mean"], 2.5e-7);
    let output = run("--times", &a, &late);
    let text = text(&output.stdout);
    assert!(text.contains("(+0.000000250 s)"), "{text}");
    assert!(text.contains("later on the right by (least / mean / most) 0.000000250 / 0.000000250 / 0.000000250 s"));
}

#[test]
fn filters_and_counts_hold_for_both_sides() {
    let scratch = Scratch::new();
    let with = |more: &str| {
        let mut packets = several(3);
        packets.insert(1, more.to_owned());
        packets
    };
    let a = scratch.capture("a.pcapng", &with("ip6(src=fc00::7, dst=fc00::8)/tcp/\"left\""));
    let b = scratch.capture("b.pcapng", &with("ip6(src=fc00::7, dst=fc00::9)/tcp/\"right side\""));
    assert_eq!(short("", &a, &b), ["-2", "+2"]);
    assert_eq!(short("-Y udp", &a, &b), [""; 0]);
    assert_eq!(short("-c 1", &a, &b), [""; 0]);
    assert_eq!(json("-c 1", &a, &b).1["pairs"]["all"], 1);
    assert_eq!(run("-Y nonsense", &a, &b).status.code(), Some(2));
}

#[test]
fn the_window_is_honest() {
    let scratch = Scratch::new();
    let all = several(60);
    let a = scratch.capture("a.pcapng", &all);
    let mut late = all.clone();
    let first = late.remove(0);
    late.push(first);
    let b = scratch.capture("b.pcapng", &late);
    // The match is 59 packets away.
    assert_eq!(short("", &a, &b), ["1~60!"]);
    assert_eq!(short("--window 60", &a, &b), ["1~60!"]);
    let (records, summary) = json("--window 20", &a, &b);
    assert_eq!(records.len(), 2);
    assert_eq!((records[0]["type"].as_str(), records[0]["within_window"].as_bool()), (Some("left_only"), Some(true)));
    assert_eq!((records[1]["type"].as_str(), records[1]["right"].as_u64()), (Some("right_only"), Some(60)));
    assert_eq!(summary["left"]["passed_by_window"], 1);
    let output = run("-q --window 20", &a, &b);
    let text = text(&output.stdout);
    assert!(text.contains("1   of them might have a match beyond the window: see --window"), "{text}");
    // In time: packets are a millisecond apart.
    assert_eq!(short("--window 1s", &a, &b), ["1~60!"]);
    assert_eq!(short("--window 20ms", &a, &b), ["-1", "+60"]);
    for wrong in ["0", "x", "-1", "99999999999999999999"] {
        assert_eq!(run(&format!("--window={wrong}"), &a, &b).status.code(), Some(2), "{wrong}");
    }
}

#[test]
fn captures_of_other_kinds_and_from_a_pipe() {
    let (pcap, pcapng) = (Path::new("testdata/crafted/article.pcap"), Path::new("testdata/formats/article.pcapng"));
    for other in ["testdata/formats/big-endian.pcap", "testdata/formats/nanoseconds.pcap"] {
        assert_eq!(run("", pcap, Path::new(other)).status.code(), Some(0), "{other}");
    }
    for (left, right) in [("-", "testdata/formats/article.pcapng"), ("testdata/formats/article.pcapng", "-")] {
        let output = command().args([left, right]).stdin(File::open(pcap).unwrap()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    // Compressed.
    let scratch = Scratch::new();
    let bytes = fs::read(pcap).unwrap();
    let (gz, zst) = (scratch.path("a.pcap.gz"), scratch.path("a.pcap.zst"));
    let mut encoder = flate2::write::GzEncoder::new(File::create(&gz).unwrap(), flate2::Compression::fast());
    encoder.write_all(&bytes).unwrap();
    encoder.finish().unwrap();
    fs::write(&zst, zstd::encode_all(&bytes[..], 1).unwrap()).unwrap();
    assert_eq!(json("", &gz, &zst).1["pairs"]["same"], 1);
    // A pipe that is slow.
    let mut child =
        command().args(["-q", "-"]).arg(pcapng).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for part in fs::read(pcap).unwrap().chunks(30) {
        input.write_all(part).unwrap();
        input.flush().unwrap();
    }
    drop(input);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
    assert_eq!(command().args(["-", "-"]).output().unwrap().status.code(), Some(2));
}

#[test]
fn bad_files_are_bad_input() {
    let good = Path::new("testdata/crafted/article.pcap");
    for bad in
        ["testdata/formats/no-capture.pcap", "testdata/formats/cut-header.pcap", "testdata/none.pcap", "testdata"]
    {
        for (left, right) in [(good, Path::new(bad)), (Path::new(bad), good)] {
            let output = run("", left, right);
            assert_eq!(output.status.code(), Some(2), "{bad}");
            let said = stderr(&output);
            assert!(said.starts_with("sr6: ") && said.lines().count() == 1 && said.contains(bad), "{said}");
        }
    }
    // What is there before the cut is compared.
    let (cut, whole) = (Path::new("testdata/formats/cut.pcap"), Path::new("testdata/crafted/inner.pcap"));
    let output = run("-T json", cut, whole);
    assert_eq!(output.status.code(), Some(2));
    let text = text(&output.stdout);
    let summary: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert!(summary["left"]["packets"].as_u64().unwrap() < summary["right"]["packets"].as_u64().unwrap());
    assert!(stderr(&output).contains("cut.pcap"));
}

#[test]
fn what_a_capture_left_out_is_not_a_difference_of_the_packet() {
    let scratch = Scratch::new();
    let (link, bytes) = framed(&numbered(1));
    let whole = scratch.frames("whole.pcapng", &[(link, bytes.clone())], 0);
    let path = scratch.path("cut.pcapng");
    let frame = Frame::new(LinkType::RAW, &bytes);
    write(&path, [Frame { time: Some(Timestamp(0)), data: &bytes[..bytes.len() - 4], ..frame }]);
    let found = short("", &path, &whole);
    assert_eq!(found, [format!("1~1? frame.cap_len {}>{}", bytes.len() - 4, bytes.len())]);
    assert_eq!(run("--ignore frame.cap_len", &path, &whole).status.code(), Some(0));
}

#[test]
fn compressed_destinations_are_matched_by_a_plan_or_by_their_place() {
    let scratch = Scratch::new();
    let carrying = |dst: &str| {
        let packet =
            |n: usize| format!("ip6(src=fc00::1, dst={dst})/udp(dport={}, cksum=0x1111)/\"packet {n}\"", 100 + n);
        (0..5).map(packet).collect::<Vec<_>>()
    };
    let a = scratch.capture("a.pcapng", &carrying("fcbb:bb00:1:2:3::"));
    let b = scratch.capture("b.pcapng", &carrying("fcbb:bb00:2:3::"));
    let pairs = |arguments: &str| {
        let (_, summary) = json(arguments, &a, &b);
        (summary["pairs"]["by_key"].as_u64().unwrap(), summary["pairs"]["by_place"].as_u64().unwrap())
    };
    assert_eq!(pairs("--locator fcbb:bb00::/32:16"), (5, 0));
    assert_eq!(pairs(""), (0, 5));
    assert_eq!(pairs("--by key"), (0, 0));
}

#[test]
fn an_interruption_says_nothing_of_what_was_not_read() {
    let scratch = Scratch::new();
    let a = scratch.capture("a.pcapng", &several(50));
    let other: Vec<_> = several(50).iter().map(|packet| packet.replace("src=fc00::1", "src=fc00::1, hlim=9")).collect();
    let b = scratch.capture("b.pcapng", &other);
    // A pipe that stays open, as from a capture that goes on.
    let mut child =
        command().arg("-").arg(&b).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let bytes = fs::read(&a).unwrap();
    input.write_all(&bytes[..bytes.len() / 2]).unwrap();
    input.flush().unwrap();
    // What is there already is told at once.
    let mut told = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    assert_eq!(line, "packet 1 ↔ 1\n");
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    drop(input);
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    assert!(!rest.contains("only in"), "{rest}");
}

#[test]
fn a_reader_that_goes_away_ends_it() {
    let scratch = Scratch::new();
    let a = scratch.capture("a.pcapng", &several(3000));
    let b = scratch.capture("b.pcapng", &several(3000).iter().map(|p| p.replace("53", "54")).collect::<Vec<_>>());
    let mut child = command().args([&a, &b]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

#[test]
fn text_of_a_file_name_cannot_reach_the_terminal() {
    let scratch = Scratch::new();
    let a = scratch.capture("a\x1b[2J.pcapng", &several(2));
    let b = scratch.capture("b.pcapng", &several(1));
    let output = run("", &a, &b);
    assert!(text(&output.stdout).contains("packet 2, only in ") && !output.stdout.contains(&0x1b));
}

#[test]
fn two_captures_around_a_real_node() {
    // n2 forwards what the demo sends from n1 to n3; pings are answered.
    let (n1, n3) = (Path::new("testdata/kernel/n1-v12.pcap"), Path::new("testdata/kernel/n3-v32.pcap"));
    let (records, summary) = json("-Y srh --semantic --both-ways --hops 1 --all", n1, n3);
    assert_eq!(summary["pairs"]["different"], 0, "{records:?}");
    assert!(summary["pairs"]["accepted"].as_u64().unwrap() >= 5, "{summary}");
    // Without telling that answers go the other way, those are wrong.
    let (_, summary) = json("-Y srh --semantic", n1, n3);
    assert_eq!(summary["not_allowed"]["segments_left.raised"], 1, "{summary}");
    // Field by field.
    let found = short("-Y udp --ignore eth.*", n1, n3);
    assert_eq!(found.len(), 3);
    for line in found {
        assert!(
            line.ends_with("ipv6.hlim 64>63, ipv6.dst 2001:db8::2>2001:db9::1, ipv6.routing.segleft 1>0"),
            "{line}"
        );
    }
}

#[test]
fn the_kernels_headends_against_each_other() {
    let kernel = |name: &str| Path::new("testdata/kernel").join(name);
    // A reduced list is an other list.
    let found = short("-Y icmpv6.type==128&&!quoted", &kernel("encap.pcap"), &kernel("encap.red.pcap"));
    assert_eq!(
        found,
        ["3~3 ipv6.plen 92>76, ipv6.routing.len 4>2, ipv6.routing.srh.last_entry 1>0, \
          ipv6.routing.srh.addr 2001:db8::2>null"]
    );
    // What the kernel inserted an SRH into, as it was before.
    let mut frames = read(kernel("inline.pcap"), |frame| frame.data.to_vec()).into_iter();
    let after = frames.find(|data| data.get(20) == Some(&43)).expect("one with an SRH");
    let (srh_at, srh_len) = (54, (usize::from(after[55]) + 1) * 8);
    let mut before = after.clone();
    before.drain(srh_at..srh_at + srh_len);
    let length = u16::from_be_bytes([after[18], after[19]]) - srh_len as u16;
    before[18..20].copy_from_slice(&length.to_be_bytes());
    before[20] = after[srh_at];
    before[38..54].copy_from_slice(&after[srh_at + 8..srh_at + 24]);
    let scratch = Scratch::new();
    let a = scratch.frames("before.pcapng", &[(LinkType::ETHERNET, before)], 0);
    let b = scratch.frames("after.pcapng", &[(LinkType::ETHERNET, after)], 0);
    let (_, summary) = json("--semantic", &a, &b);
    assert_eq!((summary["pairs"]["accepted"].as_u64(), summary["pairs"]["by_key"].as_u64()), (Some(1), Some(1)));
    assert_eq!(summary["allowed"]["srh.inserted"], 2, "{summary}");
    // And the kernel's own encapsulation around its echo.
    let (_, summary) = json("-Y icmpv6.type==128 --semantic --all", &kernel("n1-v12.pcap"), &kernel("n1-v12.pcap"));
    assert_eq!(summary["same"], true);
}
