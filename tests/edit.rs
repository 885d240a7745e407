//! `sr6 craft --from`: captures changed as a whole, with tshark for a witness
//! and tcprewrite for a comparison.

mod support;

use std::process::{Command, Output};

use sr6::capture::{Comments, Frame, Reader, Timestamp};
use sr6::wire::link_type::LinkType;
use support::captures::{build, framed, read, write};
use support::process::{SR6, sr6, stderr, stdout};
use support::scratch::Scratch;
use support::witness;

fn run(arguments: &[&str]) -> Output {
    sr6().args(arguments).output().unwrap()
}

fn done(arguments: &[&str]) -> Output {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    output
}

fn testdata(name: &str) -> String {
    format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// What tshark says of the checksums, and of the addresses, of every packet.
fn tshark(file: &str, filter: &str) -> Option<Vec<String>> {
    let status = ["udp.checksum.status", "tcp.checksum.status", "icmpv6.checksum.status", "ip.checksum.status"];
    let run = witness::fields(file, &["-Y", filter], &[&["frame.number"][..], &status].concat())?;
    Some(run.lines().into_iter().map(str::to_owned).collect())
}

#[test]
fn tshark_finds_the_same_checksums_good_after_every_map() {
    let scratch = Scratch::new();
    for file in [
        "crafted/inner.pcap",
        "kernel/n1-v12.pcap",
        "kernel/errors.pcap",
        "kernel/encap.pcap",
        "crafted/wrong.pcap",
        "kernel/any-sll2.pcap",
    ] {
        let (from, to) = (testdata(file), scratch.text("mapped.pcap"));
        let maps = [
            "--map-addr",
            "2001:db8::/31=fd00:db8::/31",
            "--map-addr",
            "10.0.0.0/8=172.0.0.0/8",
            "--map-addr",
            "fc00::/16=fc99::/16",
            "--map-port",
            "3000=3333",
            "--map-mac",
            "02:00:00:00:00:21=02:00:00:00:77:77",
        ];
        done(&[&["craft", "--from", &from, "-w", &to][..], &maps[..]].concat());
        let Some(before) = tshark(&from, "frame") else { return };
        assert_eq!(Some(before), tshark(&to, "frame"), "{file}");
        let left = tshark(
            &to,
            "ipv6.addr == 2001:db8::/31 || ipv6.routing.srh.addr == 2001:db8::/31 || udp.port == 3000 || eth.addr == 02:00:00:00:00:21 || icmpv6.nd.ns.target_address == 2001:db8::/31",
        );
        assert_eq!(left, Some(vec![]), "{file}");
    }
}

#[test]
fn tcprewrite_breaks_what_stays_whole_here() {
    let scratch = Scratch::new();
    let from = testdata("crafted/article.pcap");
    let (theirs, ours) = (scratch.text("theirs.pcap"), scratch.text("ours.pcap"));
    let mut command = witness::command("tcprewrite");
    command.args(["--pnat=[2001:db8::/32]:[fd00::/32]", "-C", "-i", &from, "-o", &theirs]);
    let Some(run) = witness::run(command) else { return };
    assert!(run.success, "{}", run.stderr);
    done(&["craft", "--from", &from, "-w", &ours, "--map-addr", "2001:db8::/32=fd00::/32"]);
    let good = "udp.checksum.status == 1";
    let Some(right) = tshark(&ours, good) else { return };
    assert_eq!(right.len(), 1);
    assert_eq!(tshark(&ours, "ipv6.routing.srh.addr == fd00::2 && ipv6.src == fd00::1").unwrap().len(), 1);
    // The checksum is computed over the next segment, and the list keeps the
    // address that is no more.
    assert_eq!(tshark(&theirs, good).unwrap(), Vec::<String>::new());
    assert_eq!(tshark(&theirs, "ipv6.routing.srh.addr == 2001:db8::2").unwrap().len(), 1);
}

/// A capture of several link types and interfaces, with comments and times.
fn mixed(path: &str, packets: usize) -> Vec<(LinkType, Vec<u8>)> {
    let packet = |number: usize| {
        framed(&match number % 3 {
            0 => format!(
                "eth/ip6(src=2001:db8::1, hlim={})/srh(path=[2001:db8::2, 2001:db9::1])/udp(sport={number})/\"x\"",
                number % 200
            ),
            1 => format!("ip6(src=2001:db8::1, dst=2001:db8::3)/tcp(seq={number})"),
            _ => format!("sll/ip4(src=10.0.0.1, dst=10.0.0.2, id={number})/udp"),
        })
    };
    let all: Vec<_> = (0..packets).map(packet).collect();
    let comments: Vec<_> = (0..packets).map(|number| format!("number {number}")).collect();
    let frames = all.iter().enumerate().map(|(number, (link, bytes))| Frame {
        time: Some(Timestamp(1_700_000_000_000_000_000 + number as i128 * 1001)),
        interface: Some((number % 3) as u32),
        interface_name: Some(["eth0", "tun0", "any"][number % 3]),
        comments: Comments::text(&comments[number]),
        ..Frame::new(*link, bytes)
    });
    write(path, frames);
    all
}

#[test]
fn whole_captures_keep_order_times_interfaces_and_comments() {
    let scratch = Scratch::new();
    let count = if cfg!(debug_assertions) { 12_000 } else { 100_000 };
    let (from, to) = (scratch.text("from.pcapng"), scratch.text("to.pcapng.gz"));
    let before = mixed(&from, count);
    let output = done(&[
        "craft",
        "--from",
        &from,
        "-w",
        &to,
        "-Y",
        "srh",
        "--set",
        "srh.tag=7",
        "--map-addr",
        "2001:db8::/32=fd00::/32",
    ]);
    assert_eq!(stderr(&output), format!("{} of {count} packets changed\n", count / 3));
    let mut reader = Reader::open(&to).unwrap();
    for (number, (link, data)) in before.iter().enumerate() {
        let frame = reader.next_frame().unwrap().unwrap();
        assert_eq!(frame.link, *link);
        assert_eq!(frame.time, Some(Timestamp(1_700_000_000_000_000_000 + number as i128 * 1001)));
        assert_eq!(frame.interface_name, Some(["eth0", "tun0", "any"][number % 3]));
        assert_eq!(frame.comments.iter().collect::<Vec<_>>(), [format!("number {number}")]);
        if number % 3 == 0 {
            let expected = format!(
                "eth/ip6(src=fd00::1, hlim={})/srh(path=[fd00::2, 2001:db9::1], tag=7)/udp(sport={number})/\"x\"",
                number % 200
            );
            assert_eq!(hex::encode(frame.data), hex::encode(build(&expected)));
        } else {
            assert_eq!(frame.data, data);
        }
    }
    assert!(reader.next_frame().unwrap().is_none());
}

#[test]
fn the_chosen_packets_change_and_the_others_pass() {
    let scratch = Scratch::new();
    let (from, to) = (scratch.text("from.pcapng"), scratch.text("to.pcapng"));
    let before = mixed(&from, 30);
    let read = |path: &str| read(path, |frame| (frame.link, frame.data.to_vec()));
    let output = done(&["craft", "--from", &from, "-w", &to, "--packet", "4", "--packet", "7", "--set", "ip6.hlim=99"]);
    assert_eq!(stderr(&output), "2 of 30 packets changed\n");
    for (number, (old, new)) in before.iter().zip(read(&to)).enumerate() {
        assert_eq!(*old == new, ![3, 6].contains(&number), "{number}");
    }
    done(&["craft", "--from", &from, "-w", &to, "--packet", "4", "--only", "--pop", "srh", "-o", "notation"]);
    assert_eq!(
        read(&to),
        [(LinkType::ETHERNET, build("eth/ip6(src=2001:db8::1, dst=2001:db9::1, hlim=3)/udp(sport=3)/\"x\""))]
    );
    // As pcap, what is left must be of one link type.
    let pcap = scratch.text("to.pcap");
    let output = run(&["craft", "--from", &from, "-w", &pcap, "--set", "udp.sport=1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("write .pcapng"), "{}", stderr(&output));
    done(&["craft", "--from", &from, "-w", &pcap, "-Y", "sll", "--only", "--set", "udp.sport=1"]);
    assert_eq!(read(&pcap).len(), 10);
    // Nothing to change is an answer of its own.
    let output = run(&["craft", "--from", &from, "-w", &to, "--set", "frag.off=1"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(1), "0 of 30 packets changed\n"));
    assert_eq!(read(&to), before);
}

#[test]
fn what_cannot_be_leaves_nothing_behind() {
    let scratch = Scratch::new();
    let (from, to) = (scratch.text("from.pcapng"), scratch.text("to.pcapng"));
    mixed(&from, 3000);
    let long = format!("data=\"{}\"", "x".repeat(70_000));
    for (arguments, code, expected) in [
        (
            &["--packet", "2800", "--push", "vlan(id=7)/udp", "--at", "1"][..],
            2,
            "sr6: packet 2800: layer 2 (vlan): udp has no number that type could announce it by",
        ),
        (
            &["-Y", "frame.number > 2500 && udp", "--set", &long],
            2,
            "sr6: packet 2502: layer 3 (udp): 70008 bytes of datagram do not fit in len (at most 65535)",
        ),
        (&["--packet", "9999", "--set", "ip6.hlim=1"], 2, "sr6: there is no packet 9999: "),
        (&["--set", "ip6.hlmi=1"], 2, "sr6: --set ip6.hlmi=1: there is no field of ip6 'hlmi'; did you mean 'hlim'?"),
        (&["--map-addr", "::/64=::1"], 2, "sr6: a map: '::/64=::1': both sides are of one family, and equally long"),
        (&["-Y", "srh.tga == 1", "--fix"], 2, "sr6: no field 'srh.tga'"),
        (&[], 2, "sr6: nothing to change"),
    ] {
        let output = run(&[&["craft", "--from", &from, "-w", &to], arguments].concat());
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{error}");
        assert!(error.starts_with(expected), "{error}");
        assert_eq!(scratch.names(), ["from.pcapng"], "{arguments:?}");
    }
    // A file that breaks off gives what it has, and says so.
    let whole = std::fs::read(&from).unwrap();
    std::fs::write(&from, &whole[..whole.len() - 10]).unwrap();
    let output = run(&["craft", "--from", &from, "-w", &to, "--set", "ip6.hlim=1"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert_eq!(read(&to, |_| ()).len(), 2999);
}

#[test]
fn bad_checksums_become_right_when_asked() {
    let scratch = Scratch::new();
    let (from, to) = (testdata("crafted/wrong.pcap"), scratch.text("fixed.pcap"));
    let output = done(&["craft", "--from", &from, "-w", &to, "--fix"]);
    assert_eq!(stderr(&output), "2 of 5 packets changed\n");
    let left = done(&["read", &to, "-Y", "diag == \"checksum.bad\" || diag == \"checksum.zero\""]);
    assert_eq!(stdout(&left), "");
    // The other faults are as they were.
    assert_eq!(stdout(&done(&["read", &to, "-Y", "diag.severity == error"])).lines().count(), 3);
}

#[test]
fn memory_does_not_grow_with_the_file() {
    let scratch = Scratch::new();
    let (from, to) = (scratch.text("from.pcap"), scratch.text("to.pcap"));
    let packet =
        build("eth/ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/udp/\"some payload to make it longer\"");
    let count = if cfg!(debug_assertions) { 60_000 } else { 1_000_000 };
    let frame = Frame { time: Some(Timestamp(0)), ..Frame::new(LinkType::ETHERNET, &packet) };
    write(&from, std::iter::repeat_n(frame, count));
    // The shell reports the most its children had, in kB.
    let script = format!(
        "\"$0\" craft --from {from} -w {to} --set srh.tag=7 --push 'vlan(id=7)' --map-port 0=9 2> /dev/null & \
         pid=$!; most=0; while status=$(cat /proc/$pid/status 2> /dev/null); do \
         peak=$(printf '%s' \"$status\" | sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\).*/\\1/p'); most=${{peak:-$most}}; sleep 0.01; done; \
         wait $pid && echo $most"
    );
    let output = Command::new("sh").args(["-c", &script, SR6]).output().unwrap();
    let most: u64 = stdout(&output).trim().parse().unwrap();
    assert!(most > 0 && most < 64 << 10, "{most} kB");
    let expected = build(
        "eth/vlan(id=7)/ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1], tag=7)/udp(sport=9, dport=9)/\"some payload to make it longer\"",
    );
    assert_eq!(read(&to, |frame| assert_eq!(frame.data, expected)).len(), count);
}
