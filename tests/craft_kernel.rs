//! The kernel as the builder's oracle: what its headends make of a packet is
//! what ours make of it, byte for byte, and what ours sign it accepts.

mod support;

use std::fs;

use sr6::sys::capability::Capability;
use support::captures::{build, read};
use support::process::{SR6, sr6, stderr, stdout};
use support::scratch::Scratch;

/// h sends, x is the headend and the first SRv6 node, b the second, c the end.
/// A route of x for each kind of encapsulation.
const TOPOLOGY: &str = r#"
name = "oracle"
[[node]]
name = "h"
[[node]]
name = "x"
forwarding = true
tunsrc = "fc00:a::1"
addresses = ["fc00:a::1/128"]
hmac = [
    { id = 42, algorithm = "sha256", secret = "secret-key-0123" },
    { id = 43, algorithm = "sha1", secret = "another secret" },
]
[[node]]
name = "b"
forwarding = true
addresses = ["fc00:b::1/128"]
hmac = [
    { id = 42, algorithm = "sha256", secret = "secret-key-0123" },
    { id = 43, algorithm = "sha1", secret = "another secret" },
]
[[node]]
name = "c"
addresses = ["fcbb:bb00:3::/128", "fcbb:bb00:4::/128"]
[[link]]
a = { node = "h", interface = "hx", mac = "02:00:00:00:00:01", addresses = ["2001:db8:1::1/64", "10.0.1.1/24"] }
b = { node = "x", interface = "xh", mac = "02:00:00:00:00:02", addresses = ["2001:db8:1::2/64", "10.0.1.2/24"] }
[[link]]
a = { node = "x", interface = "xb", mac = "02:00:00:00:00:03", addresses = ["2001:db8:2::1/64"] }
b = { node = "b", interface = "bx", mac = "02:00:00:00:00:04", addresses = ["2001:db8:2::2/64"] }
[[link]]
a = { node = "b", interface = "bc", mac = "02:00:00:00:00:05", addresses = ["2001:db8:3::1/64"] }
b = { node = "c", interface = "cb", mac = "02:00:00:00:00:06", addresses = ["2001:db8:3::2/64"] }
[[sid]]
node = "x"
sid = "fcbb:bb00:1::/48"
action = "End"
flavors = ["next-csid"]
[[sid]]
node = "b"
sid = "fcbb:bb00:2::/48"
action = "End"
flavors = ["next-csid"]
[[route]]
node = "x"
to = "fc00:b::/32"
via = "2001:db8:2::2"
[[route]]
node = "x"
to = "fcbb:bb00::/32"
via = "2001:db8:2::2"
[[route]]
node = "x"
to = "2001:db8:3::/64"
via = "2001:db8:2::2"
[[route]]
node = "b"
to = "fcbb:bb00::/32"
via = "2001:db8:3::2"
"#;

/// A packet as h sends it, how x is told to wrap it, and what we make of it.
struct Case {
    /// The destination's prefix, for which x has the route.
    to: &'static str,
    /// The route's `encap`, as a topology has it.
    encap: &'static str,
    /// The packet behind h's Ethernet header.
    sent: &'static str,
    /// What x sends on: as sent, with our headend before it. The kernel takes
    /// a hop off the outer header as it forwards.
    ours: &'static str,
}

const FRAME: &str = "eth(dst=02:00:00:00:00:02, src=02:00:00:00:00:01)";

const CASES: &[Case] = &[
    Case {
        to: "fd01::/64",
        encap: r#"{ mode = "encap", segs = ["fc00:b::1", "fc00:c::1"] }"#,
        sent: "ip6(src=2001:db8:1::1, dst=fd01::9, flow=0x12345, tc=0x20)/udp(sport=1, dport=2)/\"data\"",
        ours: "encap(src=fc00:a::1, path=[fc00:b::1, fc00:c::1], hlim=63)/",
    },
    Case {
        to: "fd02::/64",
        encap: r#"{ mode = "encap", segs = ["fc00:b::1", "fc00:c::1"], hmac = 42 }"#,
        sent: "ip6(src=2001:db8:1::1, dst=fd02::9)/tcp(sport=1, dport=2)",
        ours: "encap(src=fc00:a::1, path=[fc00:b::1, fc00:c::1], hlim=63, tlvs=[hmac(key=42, secret=\"secret-key-0123\", form=linux)])/",
    },
    Case {
        to: "fd03::/64",
        encap: r#"{ mode = "encap.red", segs = ["fc00:b::1", "fc00:c::1", "fc00:d::1"] }"#,
        sent: "ip6(src=2001:db8:1::1, dst=fd03::9)/icmp6(id=7, seq=1)/\"ping\"",
        ours: "encap.red(src=fc00:a::1, path=[fc00:b::1, fc00:c::1, fc00:d::1], hlim=63)/",
    },
    Case {
        to: "fd04::/64",
        encap: r#"{ mode = "encap.red", segs = ["fc00:b::1"] }"#,
        sent: "ip6(src=2001:db8:1::1, dst=fd04::9)/udp(sport=1, dport=2)",
        ours: "encap.red(src=fc00:a::1, path=[fc00:b::1], hlim=63)/",
    },
    Case {
        to: "fd05::/64",
        encap: r#"{ mode = "encap.red", segs = ["fc00:b::1", "fc00:c::1"], hmac = 42 }"#,
        sent: "ip6(src=2001:db8:1::1, dst=fd05::9)/udp(sport=1, dport=2)",
        ours: "encap.red(src=fc00:a::1, path=[fc00:b::1, fc00:c::1], hlim=63, tlvs=[hmac(key=42, secret=\"secret-key-0123\", form=linux)])/",
    },
    Case {
        to: "fd06::/64",
        encap: r#"{ mode = "inline", segs = ["fc00:b::1", "fc00:c::1"] }"#,
        sent: "ip6(src=2001:db8:1::1, dst=fd06::9)/udp(sport=1, dport=2)/\"inline\"",
        ours: "inline(path=[fc00:b::1, fc00:c::1], hlim=63)/",
    },
    Case {
        to: "fd07::/64",
        encap: r#"{ mode = "inline", segs = ["fc00:b::1", "fc00:c::1"], hmac = 43 }"#,
        sent: "ip6(src=2001:db8:1::1, dst=fd07::9)/hbh/udp(sport=1, dport=2)",
        ours: "inline(path=[fc00:b::1, fc00:c::1], hlim=63, tlvs=[hmac(key=43, secret=\"another secret\", alg=sha1, form=linux)])/",
    },
    Case {
        to: "fd08::/64",
        encap: r#"{ mode = "l2encap", segs = ["fc00:b::1", "fc00:c::1"] }"#,
        sent: "ip6(src=2001:db8:1::1, dst=fd08::9, flow=0x54321)/udp(sport=1, dport=2)",
        ours: "l2encap(src=fc00:a::1, path=[fc00:b::1, fc00:c::1], hlim=63)/",
    },
    Case {
        to: "fd09::/64",
        encap: r#"{ mode = "l2encap", segs = ["fc00:b::1"], hmac = 43 }"#,
        sent: "ip6(src=2001:db8:1::1, dst=fd09::9)/udp(sport=1, dport=2)",
        ours: "l2encap(src=fc00:a::1, path=[fc00:b::1], hlim=63, tlvs=[hmac(key=43, secret=\"another secret\", alg=sha1, form=linux)])/",
    },
    Case {
        to: "10.9.0.0/16",
        encap: r#"{ mode = "encap", segs = ["fc00:b::1"] }"#,
        sent: "ip4(src=10.0.1.1, dst=10.9.0.9, tos=0x20)/udp(sport=1, dport=2)/\"v4\"",
        ours: "encap(src=fc00:a::1, path=[fc00:b::1], hlim=63)/",
    },
];

/// Runs a script in h, with `$sr6` and `$dir` set, and gives what it prints; `None` where there are no
/// labs with HMAC keys.
fn run(scratch: &Scratch, topology: &str, script: &str) -> Option<String> {
    if !Capability::SysAdmin.held() {
        support::skip("HMAC keys and tunnel sources need root");
        return None;
    }
    let file = scratch.path("oracle.toml");
    fs::write(&file, topology).unwrap();
    let mut command = sr6();
    command.args(["lab", "run"]).arg(&file).args(["h", "--", "sh", "-ec", script]);
    let output = command.env("sr6", SR6).env("dir", scratch.root()).output().unwrap();
    if output.status.code() == Some(3) {
        support::skip(stderr(&output));
        return None;
    }
    Some(stdout(&output).to_owned())
}

#[test]
fn headends_are_the_kernels() {
    let scratch = Scratch::new();
    let mut topology = TOPOLOGY.to_owned();
    for Case { to, encap, .. } in CASES {
        topology += &format!("[[route]]\nnode = \"x\"\nto = \"{to}\"\ndev = \"xb\"\nencap = {encap}\n");
    }
    // What b hears from x, but for neighbour discovery.
    let mut script = format!(
        "ip netns exec b \"$sr6\" capture -i bx -w \"$dir/out.pcap\" -c {} -a duration:20 \
         -f 'ip6 and ip6[6] != 58 and ip6[6] != 0' 2> \"$dir/log\" & tap=$!; sleep 1\n",
        CASES.len()
    );
    for case in CASES {
        let frame = format!("{FRAME}/{}", case.sent);
        script += &format!("\"$sr6\" send -i hx '{frame}' 2> /dev/null\n");
    }
    script += "wait $tap";
    let Some(_) = run(&scratch, &topology, &script) else { return };
    let mut came = read(scratch.path("out.pcap"), |frame| frame.data.to_vec()).into_iter();
    for case in CASES {
        let frame = came.next().unwrap_or_else(|| panic!("nothing from the kernel for {}", case.ours));
        let inner = if case.ours.starts_with("l2") { format!("{FRAME}/{}", case.sent) } else { case.sent.to_owned() };
        let text = format!("{}{inner}", case.ours);
        assert_eq!(hex::encode(build(&text)), hex::encode(&frame[14..]), "\n{text}");
    }
}

#[test]
fn what_is_signed_is_accepted() {
    let scratch = Scratch::new();
    let packet = |name: &str, tlvs: &str| {
        format!(
            "{FRAME}/ip6(src=2001:db8:1::1, dst=fc00:b::1)/srh(path=[fc00:9::1, fc00:b::1], sl=0, tlvs=[{tlvs}])\
             /udp(sport=1, dport=3000)/\"{name}\""
        )
    };
    let digest = |text: &str| {
        let bytes = build(text);
        hex::encode(&bytes[14 + 40 + 40 + 8..][..32])
    };
    let sha256 = "hmac(key=42, secret=\"secret-key-0123\", form=linux)";
    let good = packet("good 256", sha256);
    // The same with one bit of the digest, or of what it covers, the other way.
    let right = digest(&good);
    let wrong = format!("{:x}{}", u8::from_str_radix(&right[..1], 16).unwrap() ^ 1, &right[1..]);
    let flagged = |name: &str, digest: &str| {
        packet(name, &format!("hmac(key=42, digest={digest})")).replace("sl=0,", "sl=0, flags=0x08,")
    };
    let packets = [
        good.clone(),
        packet("good 1", "hmac(key=43, secret=\"another secret\", alg=sha1, form=linux)"),
        flagged("good given", &right),
        flagged("bad bit", &wrong),
        flagged("bad segment", &right).replace("fc00:9::1", "fc00:9::2"),
        packet("bad form", "hmac(key=42, secret=\"secret-key-0123\")"),
        packet("bad secret", "hmac(key=42, secret=\"secret-key-0124\", form=linux)"),
    ];
    let mut script = String::from(
        "ip netns exec b sh -c 'echo 1 > /proc/sys/net/ipv6/conf/bx/seg6_require_hmac'\n\
         ip netns exec b \"$sr6\" server fc00:b::1 3000 --count 4 --timeout 4s 2> /dev/null & server=$!; sleep 1\n",
    );
    for packet in &packets {
        script += &format!("\"$sr6\" send -i hx '{packet}' 2> /dev/null\n");
    }
    script += "wait $server || true";
    let Some(heard) = run(&scratch, TOPOLOGY, &script) else { return };
    for name in ["good 256", "good 1", "good given"] {
        assert!(heard.contains(&format!("\"{name}\"")), "{name} is refused:\n{heard}");
    }
    assert!(!heard.contains("\"bad"), "{heard}");
}

#[test]
fn compressed_paths_are_walked() {
    let scratch = Scratch::new();
    let all = "fcbb:bb00:1::, fcbb:bb00:2::";
    let packets = [
        // To an ordinary address, to a SID of the block, and with no SRH at all.
        format!(
            "ip6(src=2001:db8:1::1)/srh(path=[{all}, 2001:db8:3::2], csid=fcbb:bb00::/32:16)/udp(sport=1, dport=3000)/\"one\""
        ),
        format!(
            "ip6(src=2001:db8:1::1)/srh(path=[{all}, fcbb:bb00:3::], csid=fcbb:bb00::/32:16)/udp(sport=2, dport=3000)/\"two\""
        ),
        "ip6(src=2001:db8:1::1, dst=fcbb:bb00:1:2:4::, csid=fcbb:bb00::/32:16)/udp(sport=3, dport=3000)/\"three\""
            .to_owned(),
        format!(
            "encap(src=2001:db8:1::1, path=[{all}, fcbb:bb00:4::], csid=fcbb:bb00::/32:16)\
             /ip6(src=2001:db8:1::1, dst=fcbb:bb00:3::)/udp(sport=4, dport=3000)/\"four\""
        ),
    ];
    let mut script = String::from(
        "ip netns exec c \"$sr6\" server :: 3000 --count 4 --timeout 5s 2> /dev/null & server=$!; sleep 1\n",
    );
    for packet in &packets {
        script += &format!("\"$sr6\" send -i hx '{FRAME}/{packet}' 2> /dev/null\n");
    }
    script += "wait $server || true";
    let Some(heard) = run(&scratch, TOPOLOGY, &script) else { return };
    for name in ["one", "two", "three", "four"] {
        assert!(heard.contains(&format!("\"{name}\"")), "{name} does not arrive:\n{heard}");
    }
}

#[test]
fn fragments_are_put_together_again() {
    let scratch = Scratch::new();
    let path = "path=[2001:db8:1::2, 2001:db8:3::2]";
    let packets = [
        ("--fragment", format!("{FRAME}/ip6(src=2001:db8:1::1)/srh({path})/udp(sport=1, dport=3000)/pad(3000)")),
        (
            "--fragment=1280",
            format!("{FRAME}/ip6(src=2001:db8:1::1)/srh({path})/dst/udp(sport=2, dport=3000)/pad(9001)"),
        ),
        (
            "--fragment=1300",
            format!("{FRAME}/ip6(src=2001:db8:1::1, dst=2001:db8:3::2)/udp(sport=3, dport=3000)/pad(1400)"),
        ),
    ];
    let mut script = String::from(
        "ip netns exec c \"$sr6\" server :: 3000 --count 3 --timeout 5s 2> /dev/null & server=$!; sleep 1\n",
    );
    for (option, packet) in &packets {
        script += &format!("\"$sr6\" send -i hx {option} --interval 1ms '{packet}' 2> /dev/null\n");
    }
    script += "wait $server || true";
    let Some(heard) = run(&scratch, TOPOLOGY, &script) else { return };
    for (port, bytes) in [(1, 3000), (2, 9001), (3, 1400)] {
        assert!(
            heard.contains(&format!("[2001:db8:1::1]:{port}, {bytes} bytes")),
            "{bytes} bytes do not arrive:\n{heard}"
        );
    }
}
