//! The lab's library interface on the real kernel, as `sr6 demo` uses it: a
//! sandbox, `line3` in it, closures and commands in its nodes.
//!
//! A program of its own, not a test function: a user namespace can only be
//! made by a process without threads, and the test harness has some.

mod support;

use std::fs;
use std::io::ErrorKind;
use std::net::UdpSocket;
use std::time::Duration;

use sr6::lab::{Lab, LabError, Topology, sandbox};

fn main() {
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    if let Err(error) = sandbox::enter() {
        return support::skip(error);
    }
    let commands = std::sync::Mutex::new(Vec::new());
    let trace = |line: &str| commands.lock().unwrap().push(line.to_string());
    let lab = Lab::build(&Topology::built_in("line3").unwrap(), &trace).unwrap();
    assert!(commands.lock().unwrap().contains(&"ip netns add n1".to_string()));

    nodes_are_apart(&lab);
    neighbours_hear_each_other(&lab);
    the_premise_is_kept(&lab);
    a_second_lab_of_the_same_names_is_refused(&lab);
    println!("sandbox: all well");
}

fn nodes_are_apart(lab: &Lab) {
    assert_eq!(lab.nodes().iter().map(|node| node.name()).collect::<Vec<_>>(), ["n1", "n2", "n3"]);
    assert!(matches!(lab.node("n4"), Err(LabError::NoNode { .. })));
    let interfaces = |node: &str| {
        let all = lab.node(node).unwrap().run(pnet::datalink::interfaces).unwrap();
        let mut names: Vec<_> = all.into_iter().map(|interface| interface.name).collect();
        names.sort();
        names
    };
    assert_eq!(interfaces("n1"), ["lo", "v12"]);
    assert_eq!(interfaces("n2"), ["lo", "v21", "v23"]);
    assert_eq!(interfaces("n3"), ["lo", "v32"]);
    // The thread that asked is where it was.
    assert_eq!(pnet::datalink::interfaces().len(), 1);
    for (node, setting, value) in [
        ("n1", "ipv6/conf/all/seg6_enabled", "1"),
        ("n1", "ipv6/conf/default/seg6_enabled", "1"),
        ("n1", "ipv6/conf/v12/seg6_enabled", "1"),
        ("n2", "ipv6/conf/v21/seg6_enabled", "1"),
        ("n2", "ipv6/conf/v23/seg6_enabled", "1"),
        ("n3", "ipv6/conf/v32/seg6_enabled", "1"),
        ("n1", "ipv6/conf/all/forwarding", "0"),
        ("n2", "ipv6/conf/v21/forwarding", "1"),
        ("n3", "ipv6/conf/all/forwarding", "0"),
    ] {
        let path = format!("/proc/sys/net/{setting}");
        let read = lab.node(node).unwrap().run(|| fs::read_to_string(path)).unwrap().unwrap();
        assert_eq!(read.trim(), value, "{node} {setting}");
    }
}

/// UDP there and back, at once: addresses are usable as soon as the lab is.
fn neighbours_hear_each_other(lab: &Lab) {
    for (here, there, address) in
        [("n1", "n2", "2001:db8::2"), ("n2", "n1", "2001:db8::1"), ("n2", "n3", "2001:db9::1")]
    {
        let bind = |address: &str| UdpSocket::bind(format!("[{address}]:0")).unwrap();
        let server = lab.node(there).unwrap().run(|| bind(address)).unwrap();
        let client = lab.node(here).unwrap().run(|| bind("::")).unwrap();
        for socket in [&server, &client] {
            socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        }
        client.send_to(b"there", server.local_addr().unwrap()).unwrap();
        let mut buffer = [0; 16];
        let (n, from) = server.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..n], b"there");
        server.send_to(b"and back", from).unwrap();
        let n = client.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..n], b"and back");
    }
}

fn the_premise_is_kept(lab: &Lab) {
    for (node, far) in [("n1", "2001:db9::1"), ("n3", "2001:db8::1")] {
        let node = lab.node(node).unwrap();
        let output = node.command("ip").args(["-6", "route", "get", far]).output().unwrap();
        assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let error =
            node.run(|| UdpSocket::bind("[::]:0").unwrap().send_to(b"?", format!("[{far}]:9")).unwrap_err()).unwrap();
        assert_eq!(error.kind(), ErrorKind::NetworkUnreachable);
    }
    // n2, in the middle, does know both.
    let output = lab.node("n2").unwrap().command("ip").args(["-6", "route", "get", "2001:db9::1"]).output().unwrap();
    assert!(output.status.success());
}

fn a_second_lab_of_the_same_names_is_refused(lab: &Lab) {
    let error = Lab::build(&Topology::built_in("line3").unwrap(), &|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "namespace n1 exists already; remove it with: ip netns del n1");
    // And the first one is untouched.
    assert!(lab.node("n1").unwrap().command("ip").args(["link", "show", "v12"]).output().unwrap().status.success());
    assert!(std::path::Path::new("/var/run/netns/n1").exists());
}
