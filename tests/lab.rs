//! `sr6 lab` and `sr6 doctor` on the real kernel, as the user one is and as an
//! ordinary one. Labs that stay are made inside a sandbox (`sr6 lab run … --
//! sr6 lab up …`), so that no test touches the machine's own namespaces.

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use sr6::sys::capability::Capability;
use support::process::{as_nobody, signal};
use support::scratch::shared;

/// `sr6`, as whoever runs the tests.
fn sr6(args: &[&str]) -> Command {
    let mut command = Command::new(shared().path("sr6"));
    command.args(args).stdin(Stdio::null());
    command
}

/// `sr6`, as an ordinary user.
fn sr6_as_nobody(args: &[&str]) -> Command {
    let mut command = as_nobody(shared().path("sr6"));
    command.args(args).stdin(Stdio::null());
    command
}

/// Is there what the tests need?
fn able(command: fn(&[&str]) -> Command) -> bool {
    let output = command(&["lab", "run", "line3", "n1", "--", "true"]).output();
    let reason = match output {
        Ok(output) if output.status.code() != Some(3) => return true,
        Ok(output) => text(&output.stderr),
        Err(error) => error.to_string(),
    };
    support::skip(reason);
    false
}

/// Everybody who can run a lab here: oneself, and an ordinary user.
fn users() -> Vec<fn(&[&str]) -> Command> {
    let all: [fn(&[&str]) -> Command; 2] = [sr6, sr6_as_nobody];
    all.into_iter().filter(|user| able(*user)).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_string()
}

fn check(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, text(&output.stderr));
    text(&output.stdout)
}

/// Runs a shell script in n1 of a private line3, with `$sr6` and `$dir` set.
fn script(user: fn(&[&str]) -> Command, script: &str) -> Output {
    let mut command = user(&["lab", "run", "line3", "n1", "--", "sh", "-c", script]);
    command.env("sr6", shared().path("sr6")).env("dir", shared().root()).env("LC_ALL", "C").output().unwrap()
}

/// A topology file in the shared directory.
fn topology(name: &str, body: &str) -> String {
    let path = shared().text(&format!("{name}.toml"));
    fs::write(&path, format!("name = \"{name}\"\n{body}")).unwrap();
    path
}

/// Waits for something to become true.
fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The processes whose command line is `words`.
fn processes(words: &str) -> Vec<PathBuf> {
    let is = |path: &PathBuf| {
        let line = fs::read(path.join("cmdline")).unwrap_or_default();
        text(&line).replace('\0', " ").trim() == words
    };
    fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path()).filter(is).collect()
}

#[test]
fn a_private_lab_keeps_the_premise() {
    for user in users() {
        let output = script(user, "ip -6 route get 2001:db9::1");
        assert_ne!(output.status.code(), Some(0));
        assert!(text(&output.stderr).contains("unreachable"), "{}", text(&output.stderr));
        let output = script(user, "id -u; ip -6 -o addr show v12 scope global; ip -n n3 -6 route get 2001:db8::1");
        assert_ne!(output.status.code(), Some(0));
        assert!(text(&output.stdout).starts_with("0\n"), "root inside");
        assert!(text(&output.stdout).contains("2001:db8::1/64"));
        assert!(!text(&output.stdout).contains("tentative"));
    }
}

/// n1 reaches n3, to which it has no route, by a segment list through n2 and
/// the kernel's own processing there; and not without one.
#[test]
fn a_segment_list_leads_where_no_route_does() {
    for user in users() {
        let run = "
            ip netns exec n3 $sr6 server 2001:db9::1 2000 --count 1 --timeout 10 >$out &
            server=$!
            for i in $(seq 50); do
                $sr6 client 2001:db9::1 2000 --path 2001:db8::2,2001:db9::1 --data lab-test 2>/dev/null
                sleep 0.1
                kill -0 $server 2>/dev/null || break
            done
            wait $server; cat $out";
        let output = script(user, &format!("out=/var/run/server-out\n{run}"));
        let all = text(&output.stdout);
        assert!(all.contains("lab-test"), "{all}\n{}", text(&output.stderr));
        assert!(all.contains("2001:db8::2"), "{all}");
        let plain = script(user, "$sr6 client 2001:db9::1 2000 --data x");
        assert_ne!(plain.status.code(), Some(0));
    }
}

#[test]
fn the_exit_code_is_the_commands() {
    for user in users() {
        for code in [0, 1, 7, 255] {
            assert_eq!(script(user, &format!("exit {code}")).status.code(), Some(code));
        }
        assert_eq!(script(user, "kill -SEGV $$").status.code(), Some(128 + 11));
        let output = user(&["lab", "run", "line3", "n1", "--", "no-such-program"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).starts_with("sr6: cannot run no-such-program: "));
    }
}

#[test]
fn killing_the_tool_takes_everything_along() {
    for (number, user) in users().into_iter().enumerate() {
        // One child and one orphan, told apart from all others by their length.
        let child = format!("sleep 9{}{number}1", std::process::id());
        let orphan = format!("sleep 9{}{number}2", std::process::id());
        let mut tool = user(&["lab", "run", "line3", "n1", "--", "sh", "-c", &format!("({orphan} &); {child}; true")])
            .spawn()
            .unwrap();
        let there = || processes(&child).len() + processes(&orphan).len();
        eventually("both run", || there() == 2);
        let namespace = fs::read_link(processes(&orphan)[0].join("ns/net")).unwrap();
        signal(&tool, "KILL");
        tool.wait().unwrap();
        eventually("both are gone", || there() == 0);
        let inside = |path: &Path| fs::read_link(path.join("ns/net")).is_ok_and(|link| link == namespace);
        eventually("nobody is left in the node", || {
            !fs::read_dir("/proc").unwrap().flatten().any(|entry| inside(&entry.path()))
        });
    }
}

#[test]
fn a_signal_to_the_tool_reaches_the_command() {
    for (number, user) in users().into_iter().enumerate() {
        for (name, code) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
            let sleep = format!("8{}{number}", std::process::id());
            let mut tool = user(&["lab", "run", "line3", "n1", "--", "sleep", &sleep]).spawn().unwrap();
            eventually("it runs", || processes(&format!("sleep {sleep}")).len() == 1);
            signal(&tool, name);
            assert_eq!(tool.wait().unwrap().code(), Some(code), "{name}");
            assert!(processes(&format!("sleep {sleep}")).is_empty());
        }
    }
}

#[test]
fn a_lab_that_stays_comes_and_goes() {
    for user in users() {
        let output = script(
            user,
            "set -e
             cd $dir
             $sr6 lab list
             $sr6 lab up line3
             $sr6 lab list
             ip netns list | cut -d' ' -f1 | grep ^sr6- | sort
             $sr6 lab exec n3 -- ip -6 -o addr show scope global | grep -o '2001:[^ ]*'
             $sr6 lab exec line3/n2 -- sh -c 'exit 9' || echo code $?
             $sr6 lab exec n9 -- true || echo code $?
             $sr6 lab exec other/n1 -- true || echo code $?
             $sr6 lab up line3 || echo code $?
             $sr6 lab down
             $sr6 lab list
             ip netns list | grep -c ^sr6- || true
             ls /var/run/sr6/lab
             $sr6 lab down line3 || echo code $?",
        );
        let said = text(&output.stderr);
        assert_eq!(
            text(&output.stdout).lines().collect::<Vec<_>>(),
            [
                "line3  n1 n2 n3  sr6-line3-*",
                "sr6-line3-n1",
                "sr6-line3-n2",
                "sr6-line3-n3",
                "2001:db9::1/64",
                "code 9",
                "code 2",
                "code 2",
                "code 2",
                "0",
                "code 2"
            ],
            "{said}"
        );
        assert_eq!(
            said.lines().collect::<Vec<_>>(),
            [
                "sr6: there is no node \"n9\", only n1, n2, n3",
                "sr6: lab \"other\" is not up; what is: line3",
                "sr6: lab line3 is up already; take it down with: sr6 lab down line3",
                "sr6: lab \"line3\" is not up; what is: none",
            ]
        );
    }
}

#[test]
fn several_labs_are_told_apart_and_all_go_down() {
    topology("one", "[[node]]\nname = \"a\"");
    topology("two", "[[node]]\nname = \"a\"");
    for user in users() {
        let output = script(
            user,
            "cd $dir; $sr6 lab up ./one.toml && $sr6 lab up two.toml && $sr6 lab list
             $sr6 lab exec a -- true; $sr6 lab down
             $sr6 lab exec two/a -- echo in two
             $sr6 lab down one.toml && $sr6 lab list
             $sr6 lab up one.toml && $sr6 lab down --all; $sr6 lab list; $sr6 lab down --all && echo nothing left",
        );
        assert_eq!(
            text(&output.stdout).lines().collect::<Vec<_>>(),
            ["one  a  sr6-one-*", "two  a  sr6-two-*", "in two", "two  a  sr6-two-*", "nothing left"]
        );
        let line = "sr6: several labs are up (one, two): say which";
        assert_eq!(text(&output.stderr), format!("{line}\n{line}"));
    }
}

#[test]
fn a_process_that_stays_loses_its_links() {
    for user in users() {
        let output = script(
            user,
            "$sr6 lab up; $sr6 lab exec n1 -- sleep 100 & while ! $sr6 lab exec n1 -- true; do sleep 0.1; done
             while ! grep -qs sleep /proc/$!/comm; do sleep 0.1; done
             $sr6 lab down; ls /proc/$!/ns/net >/dev/null && tail -n +3 /proc/$!/net/dev | wc -l; kill $!",
        );
        let said = text(&output.stderr);
        assert!(said.contains("(sleep) still runs in what was n1"), "{said}");
        assert_eq!(text(&output.stdout), "1", "lo alone");
    }
}

/// The kernel refuses the last of many steps.
const REFUSED: &str = r#"
[[node]]
name = "a"
[[node]]
name = "b"
[[link]]
a = { node = "a", interface = "ab", addresses = ["2001:db8::1/64"] }
b = { node = "b", interface = "ba", addresses = ["2001:db8::2/64"] }
[[route]]
node = "b"
to = "fc00::/64"
via = "2001:dead::1"
"#;

#[test]
fn a_refused_topology_leaves_nothing() {
    let path = topology("refused", REFUSED);
    for user in users() {
        let output = script(
            user,
            &format!("$sr6 lab up {path}; echo code $?; ip netns list | grep sr6-; $sr6 lab list; ls /var/run/sr6/lab"),
        );
        assert_eq!(text(&output.stdout), "code 1");
        let said = text(&output.stderr);
        assert!(said.starts_with("sr6: route to fc00::/64 on b: "), "{said}");
        assert!(said.ends_with("(from: ip -n sr6-refused-b -6 route add fc00::/64 via 2001:dead::1)"), "{said}");
        let output = user(&["lab", "run", &path, "a", "--", "echo", "never"]).output().unwrap();
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""));
    }
}

#[test]
fn a_setting_the_kernel_does_not_have_is_named() {
    let path = topology("setting", "[[node]]\nname = \"a\"\nsysctl = { \"net.ipv6.no_such\" = 1 }");
    for user in users() {
        let output = user(&["lab", "run", &path, "a", "--", "true"]).output().unwrap();
        assert!(
            text(&output.stderr).starts_with("sr6: node a: cannot set net.ipv6.no_such to \"1\": "),
            "{}",
            text(&output.stderr)
        );
    }
}

/// Forty nodes take long enough to be interrupted at.
fn large(name: &str) -> String {
    topology(name, &(0..40).map(|n| format!("[[node]]\nname = \"n{n}\"\n")).collect::<String>())
}

#[test]
fn an_interrupted_lab_leaves_nothing() {
    let path = large("interrupted");
    for user in users() {
        let output = script(
            user,
            &format!(
                "mkfifo /var/run/f; $sr6 -v lab up {path} 2>/var/run/f & exec 3</var/run/f
                 read -r line <&3; kill -TERM $!; cat <&3 >/var/run/rest; wait $!; echo code $?
                 ip netns list | grep -c sr6-; $sr6 lab list; ls /var/run/sr6/lab; grep -c 'netns del' /var/run/rest"
            ),
        );
        let lines = text(&output.stdout);
        let lines: Vec<_> = lines.lines().collect();
        assert_eq!(lines[..2], ["code 130", "0"], "{}", text(&output.stderr));
        assert_ne!(lines[2], "0", "it had begun");
        assert_eq!(lines.len(), 3);
    }
}

#[test]
fn a_lab_whose_making_was_killed_can_be_taken_down() {
    let path = large("killed");
    for user in users() {
        let output = script(
            user,
            &format!(
                "mkfifo /var/run/f; $sr6 -v lab up {path} 2>/var/run/f & exec 3</var/run/f
                 read -r line <&3; kill -KILL $!; cat <&3 >/var/run/rest; wait $!
                 $sr6 lab list | grep -o 'killed .*missing'
                 $sr6 lab down killed; echo code $?; ip netns list | grep -c sr6-; $sr6 lab list"
            ),
        );
        let said = text(&output.stdout);
        assert!(said.starts_with("killed  n0 ") && said.ends_with("missing\ncode 0\n0"), "{said}");
    }
}

#[test]
fn the_commands_can_be_pasted() {
    let user = match users().first() {
        Some(user) => *user,
        None => return,
    };
    // `sysctl` is not everywhere; a function that does the same is.
    let output = script(
        user,
        "for n in n1 n2 n3; do ip netns del $n; done
         mkdir /var/run/bin; PATH=/var/run/bin:$PATH
         printf '#!/bin/sh\\nk=${2%%%%=*}; echo ${2#*=} >/proc/sys/$(echo $k | tr . /)\\n' >/var/run/bin/sysctl
         chmod +x /var/run/bin/sysctl
         $sr6 lab show line3 --commands >/var/run/script && sh -e /var/run/script && echo built
         ip netns list | wc -l; ip -n n3 -6 -o addr show v32 scope global | grep -o 2001:.*/64
         ip netns exec n2 cat /proc/sys/net/ipv6/conf/v23/seg6_enabled /proc/sys/net/ipv6/conf/all/forwarding",
    );
    assert_eq!(text(&output.stdout), "built\n3\n2001:db9::1/64\n1\n1", "{}", text(&output.stderr));
}

/// Everything a topology can say about SRv6, as the kernel shows it.
const EVERYTHING: &str = r#"
[[node]]
name = "a"
forwarding = true
addresses = ["fc00:a::1/128"]
tunsrc = "fc00:a::1"
hmac = [{ id = 42, algorithm = "sha256", secret = "secret-key-0123" }]
sysctl = { "net.ipv6.seg6_flowlabel" = 1 }
[[node]]
name = "b"
seg6 = false
[[link]]
mtu = 9000
a = { node = "a", interface = "ab", addresses = ["2001:db8::1/64", "10.0.0.1/24"], mac = "02:00:00:00:00:0a" }
b = { node = "b", interface = "ba", addresses = ["2001:db8::2/64", "10.0.0.2/24"] }
[[route]]
node = "a"
to = "fc00:1::/64"
dev = "ab"
via = "2001:db8::2"
encap = { mode = "encap", segs = ["fc00:b::1", "fc00:c::1"], hmac = 42 }
[[route]]
node = "a"
to = "fc00:2::/64"
dev = "ab"
encap = { mode = "inline", segs = ["fc00:b::1"] }
[[route]]
node = "a"
to = "fc00:3::/64"
dev = "ab"
encap = { mode = "encap.red", segs = ["fc00:b::1", "fc00:c::1"] }
[[route]]
node = "a"
to = "fc00:4::/64"
dev = "ab"
encap = { mode = "l2encap", segs = ["fc00:b::1"] }
[[route]]
node = "a"
to = "10.9.0.0/16"
dev = "ab"
encap = { segs = ["fc00:b::1"] }
[[route]]
node = "a"
to = "fc00:5::/64"
via = "2001:db8::2"
table = 100
metric = 7
[[sid]]
node = "a"
sid = "fc00:a::e"
action = "End"
flavors = ["psp"]
count = true
[[sid]]
node = "a"
sid = "fcbb:bb00:100::/48"
action = "End"
flavors = ["next-csid"]
[[sid]]
node = "a"
sid = "fc00:a::e2"
action = "End.X"
nh6 = "2001:db8::2"
[[sid]]
node = "a"
sid = "fc00:a::e3"
action = "End.T"
lookup = 100
[[sid]]
node = "a"
sid = "fc00:a::d2"
action = "End.DX2"
oif = "ab"
[[sid]]
node = "a"
sid = "fc00:a::d6"
action = "End.DX6"
nh6 = "::"
[[sid]]
node = "a"
sid = "fc00:a::d4"
action = "End.DX4"
nh4 = "10.0.0.2"
[[sid]]
node = "a"
sid = "fc00:a::d7"
action = "End.DT6"
lookup = "main"
[[sid]]
node = "a"
sid = "fc00:a::b6"
action = "End.B6"
srh = { segs = ["fc00:b::1", "fc00:c::1"] }
[[sid]]
node = "a"
sid = "fc00:a::b7"
action = "End.B6.Encaps"
srh = { segs = ["fc00:b::1"] }
"#;

#[test]
fn the_kernel_takes_everything_a_topology_can_say() {
    let all = topology("everything", EVERYTHING);
    // Linux lets nobody but the machine's own root set these two.
    let of_root = |line: &&str| line.starts_with("tunsrc") || line.starts_with("hmac");
    let less: Vec<_> = EVERYTHING.lines().filter(|line| !of_root(line)).collect();
    let less = topology("less", &less.join("\n").replace(", hmac = 42", ""));
    for user in users() {
        let output = user(&["lab", "run", &all, "a", "--", "true"]).output().unwrap();
        let real = output.status.success();
        if !real {
            let said = "sr6: node a: tunsrc and hmac need real root, a user namespace is not enough (from: ip -n a sr";
            assert!(text(&output.stderr).starts_with(said), "{}", text(&output.stderr));
            assert_eq!(output.status.code(), Some(3));
        }
        let path = if real { &all } else { &less };
        let show =
            "ip link show ab; ip sr tunsrc show; ip sr hmac show; ip -6 route; ip -6 route show table 100; ip -4 route
                    cat /proc/sys/net/ipv6/seg6_flowlabel /proc/sys/net/ipv6/conf/ab/seg6_enabled; echo
                    ip netns exec b cat /proc/sys/net/ipv6/conf/ba/seg6_enabled";
        let shown = check(user(&["lab", "run", path, "a", "--", "sh", "-c", show]));
        for part in [
            "mtu 9000",
            "link/ether 02:00:00:00:00:0a",
            "encap seg6 mode encap segs 2 [ fc00:b::1 fc00:c::1 ]",
            "encap seg6 mode inline segs 2 [ fc00:b::1 :: ]",
            "encap seg6 mode encap.red segs 2 [ fc00:b::1 fc00:c::1 ]",
            "encap seg6 mode l2encap segs 1 [ fc00:b::1 ]",
            "10.9.0.0/16  encap seg6 mode encap segs 1 [ fc00:b::1 ]",
            "fc00:5::/64 via 2001:db8::2 dev ab metric 7",
            "action End flavors psp",
            "flavors next-csid lblen 32 nflen 16",
            "End.X nh6 2001:db8::2",
            "End.T table 100",
            "End.DX2 oif ab",
            "End.DX6 nh6 ::",
            "End.DX4 nh4 10.0.0.2",
            "End.DT6 table",
            "End.B6 segs 3 [ fc00:b::1 fc00:c::1 :: ]",
            "End.B6.Encaps segs 1 [ fc00:b::1 ]",
        ] {
            assert!(shown.contains(part), "{part} in:\n{shown}");
        }
        for part in ["tunsrc addr fc00:a::1", "secret-key-0123", "fc00:c::1 ] hmac 2A"] {
            assert_eq!(shown.contains(part), real, "{part} in:\n{shown}");
        }
        assert!(shown.ends_with("1\n1\n\n0"), "{shown}");
    }
}

#[test]
fn topologies_are_shown_as_they_are_written() {
    let written = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/topology/line3.toml")).unwrap();
    assert_eq!(check(sr6(&["lab", "show", "line3"])), written.trim());
    let output = sr6(&["lab", "show", "./line3"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        text(&output.stderr),
        "sr6: ./line3: neither a built-in topology (line3) nor a readable file: No such file or directory (os error 2)"
    );
}

#[test]
fn a_lab_that_stays_is_for_root() {
    for args in [&["lab", "up"][..], &["lab", "up", "line3"]] {
        let output = sr6_as_nobody(args).output().unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(
            text(&output.stderr),
            "sr6: a lab that stays needs root (CAP_SYS_ADMIN); one for a single command does not: sr6 lab run line3 n1 -- COMMAND"
        );
    }
}

#[test]
fn without_namespaces_one_line_says_why() {
    // A user namespace that may not have any below it, as a hardened system.
    if !able(sr6_as_nobody) {
        return;
    }
    let inner = "echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all \
                 $sr6 lab run line3 n1 -- true";
    let output = script(sr6_as_nobody, inner);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let said = text(&output.stderr);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("sr6: user.max_user_namespaces=0 forbids user namespaces"), "{said}");
}

#[test]
fn without_ip_one_line_says_so() {
    for user in users() {
        let output = user(&["lab", "run", "line3", "n1", "--", "true"]);
        let mut command = Command::new(output.get_program());
        command.args(output.get_args()).stdin(Stdio::null());
        // `setpriv`, if it is that, is found by its path.
        let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .map(|directory| directory.join(output.get_program()))
            .find(|path| path.exists());
        let mut command = found.map_or(command, |path| {
            let mut absolute = Command::new(path);
            absolute.args(output.get_args()).stdin(Stdio::null());
            absolute
        });
        let output = command.env("PATH", "/nonexistent").output().unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert!(text(&output.stderr).ends_with("install iproute2"), "{}", text(&output.stderr));
    }
}

#[test]
fn doctor_tells_what_is_there() {
    for user in users() {
        let output = user(&["doctor"]).output().unwrap();
        let said = text(&output.stdout);
        let ready = said.ends_with("Ready for: sr6 demo") && !said.ends_with("Not ready for: sr6 demo");
        assert_eq!(output.status.code(), Some(if ready { 0 } else { 1 }), "{said}");
        for part in ["iproute2-", "user namespaces", "kernel SRv6", "CAP_NET_RAW", "forwarding", "seg6_enabled on all"]
        {
            assert!(said.contains(part), "{part} in:\n{said}");
        }
        // In a lab's node everything is as the lab has set it.
        let output = script(user, "$sr6 doctor v12 -T json");
        let findings: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let find = |name: &str| {
            let mut all = findings.as_array().unwrap().iter();
            all.find(|finding| finding["name"] == name).unwrap_or_else(|| panic!("{name} in {findings}")).clone()
        };
        assert_eq!(find("seg6_enabled on v12")["state"], "ok");
        assert_eq!(find("seg6_enabled on all")["state"], "ok");
        assert_eq!(find("CAP_NET_RAW")["state"], "ok");
        assert_eq!(find("forwarding")["state"], "warn", "n1 forwards nothing");
        let script_off = "echo 0 >/proc/sys/net/ipv6/conf/v12/seg6_enabled; $sr6 doctor v12 -T json";
        let output = script(user, script_off);
        let findings: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let finding = findings.as_array().unwrap().iter().find(|f| f["name"] == "seg6_enabled on v12").unwrap();
        assert_eq!(finding["state"], "warn");
        assert!(finding["fix"].as_str().unwrap().contains("net.ipv6.conf.v12.seg6_enabled=1"));
    }
    let output = sr6(&["doctor", "no-such-if"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stderr), "sr6: there is no interface \"no-such-if\" with IPv6 here");
}

#[test]
fn doctor_misses_what_is_missing() {
    let mut command = sr6(&["doctor"]);
    let output = command.env("PATH", "/nonexistent").output().unwrap();
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.starts_with("missing  iproute2"), "{said}");
    assert!(said.contains("fix: apt-get install iproute2") && said.ends_with("Not ready for: sr6 demo"), "{said}");
}

/// Under root also without a sandbox around it, in the machine's own names.
#[test]
fn roots_labs_are_known_to_ip_netns() {
    if !Capability::SysAdmin.held() {
        return support::leave_out("not root; the same runs in a sandbox");
    }
    let name = format!("t{}", std::process::id());
    let path = topology(&name, "[[node]]\nname = \"a\"");
    let mut up = sr6(&["-v", "lab", "up", &path]);
    let mut up = up.stderr(Stdio::piped()).spawn().unwrap();
    let first = BufReader::new(up.stderr.take().unwrap()).lines().map_while(Result::ok).next().unwrap();
    assert_eq!(first, format!("ip netns add sr6-{name}-a"));
    assert!(up.wait().unwrap().success());
    assert!(check(sr6(&["lab", "list"])).contains(&name));
    assert!(fs::exists(format!("/var/run/netns/sr6-{name}-a")).unwrap());
    check(sr6(&["lab", "exec", &format!("{name}/a"), "--", "true"]));
    check(sr6(&["lab", "down", &name]));
    assert!(!fs::exists(format!("/var/run/netns/sr6-{name}-a")).unwrap());
    assert!(!fs::exists(format!("/var/run/sr6/lab/{name}.toml")).unwrap());
}
