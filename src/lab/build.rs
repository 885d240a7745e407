//! A topology on the real kernel: running the plan's steps, and taking
//! everything back if one fails.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use pnet::datalink::NetworkInterface;

use crate::srv6::endpoint::InLinux;
use crate::sys::{namespace, signal};

use super::plan::{self, Action, Step};
use super::{LabError, Node};
use crate::topology::Topology;

/// Where `ip netns` keeps its names.
pub(super) const NETNS: &str = "/var/run/netns";

/// Told of every command before it runs.
pub type Trace<'a> = &'a dyn Fn(&str);

/// Runs every step of the topology's plan; after a failure or an interruption
/// nothing of it is left.
pub(super) fn build(topology: &Topology, prefix: &str, trace: Trace<'_>) -> Result<Vec<Node>, LabError> {
    if !Path::new("/proc/sys/net/ipv6/conf/all/seg6_enabled").exists() {
        return Err(LabError::NoSeg6);
    }
    for node in &topology.nodes {
        if let Some(sid) = node.sids.iter().find(|sid| sid.behavior.in_linux(&sid.flavors) == InLinux::Missing) {
            let (sid, behavior) = (sid.sid.to_string(), sid.behavior.name());
            return Err(LabError::NotInLinux { node: node.name.clone(), sid, behavior });
        }
        let namespace = plan::namespace(prefix, &node.name);
        if Path::new(NETNS).join(&namespace).exists() {
            return Err(LabError::Exists { namespace });
        }
    }
    let result = plan::plan(topology, prefix)
        .iter()
        .try_for_each(|step| match signal::caught() {
            Some(_) => Err(LabError::Interrupted),
            None => run(step, trace),
        })
        .and_then(|()| {
            topology.nodes.iter().map(|node| Node::open(&node.name, &plan::namespace(prefix, &node.name))).collect()
        })
        .and_then(|nodes: Vec<Node>| {
            nodes.iter().try_for_each(|node| settle(topology, node))?;
            Ok(nodes)
        });
    if result.is_err() {
        for node in &topology.nodes {
            // What counts is the error that led here.
            let _ = delete(&plan::namespace(prefix, &node.name), trace);
        }
    }
    result
}

/// How long a link may take to come up. It is a matter of milliseconds, but the
/// kernel promises nothing below a second.
const SETTLE: Duration = Duration::from_secs(3);

/// Waits until a node's interfaces carry packets and have their link-local
/// addresses: bringing a link up only starts that.
fn settle(topology: &Topology, node: &Node) -> Result<(), LabError> {
    let wanted: Vec<_> = topology.interfaces(node.name()).map(|end| end.interface.as_str()).collect();
    let deadline = Instant::now() + SETTLE;
    node.run(|| {
        loop {
            let interfaces = pnet::datalink::interfaces();
            let find = |name: &str| interfaces.iter().find(|i| i.name == name);
            let down = wanted.iter().find(|name| !find(name).is_some_and(|i| i.is_running()));
            let local = |ip: IpAddr| matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
            let complete = |i: &NetworkInterface| i.ips.iter().any(|net| local(net.ip()));
            let settled = down.is_none() && wanted.iter().all(|name| find(name).is_some_and(complete));
            let late = Instant::now() > deadline;
            match down {
                _ if signal::caught().is_some() => return Err(LabError::Interrupted),
                Some(name) if late => {
                    return Err(LabError::Down { node: node.name().to_string(), interface: name.to_string() });
                }
                // A topology may forbid link-local addresses by sysctl.
                _ if settled || late => return Ok(()),
                _ => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    })?
}

/// Deletes a named namespace; one that does not exist is no error.
pub(super) fn delete(namespace: &str, trace: Trace<'_>) -> Result<(), LabError> {
    if !Path::new(NETNS).join(namespace).exists() {
        return Ok(());
    }
    let args = ["netns", "del", namespace].map(str::to_string).to_vec();
    run(&Step { place: format!("namespace {namespace}"), action: Action::Ip(args) }, trace)
}

/// Deletes an interface, and with it the other end of its link.
pub(super) fn delete_link(namespace: &str, interface: &str, trace: Trace<'_>) -> Result<(), LabError> {
    let args = ["-n", namespace, "link", "del", interface].map(str::to_string).to_vec();
    run(&Step { place: format!("link {interface}"), action: Action::Ip(args) }, trace)
}

fn run(step: &Step, trace: Trace<'_>) -> Result<(), LabError> {
    trace(&step.to_string());
    match &step.action {
        Action::Ip(args) => finish(step, ip(args, None)),
        Action::IpAsking(args, input) => finish(step, ip(args, Some(input))),
        Action::Sysctl { namespace, key, value } => set(namespace, key, value).map_err(|source| LabError::Sysctl {
            place: step.place.clone(),
            key: key.clone(),
            value: value.clone(),
            source,
        }),
    }
}

fn ip(args: &[String], input: Option<&str>) -> io::Result<Output> {
    let mut command = Command::new("ip");
    // Its own process group: a Ctrl-C must not kill it half-way, least of all
    // while it takes things back.
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).env("LC_ALL", "C");
    let Some(input) = input else {
        return command.process_group(0).output();
    };
    namespace::start_without_terminal(&mut command);
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    // A child that does not read has failed, and its status will say so.
    let _ = child.stdin.take().map(|mut stdin| writeln!(stdin, "{input}"));
    child.wait_with_output()
}

fn finish(step: &Step, output: io::Result<Output>) -> Result<(), LabError> {
    let output = output.map_err(LabError::no_ip)?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    if stderr.contains("not permitted") && step.is_for_real_root() {
        return Err(LabError::RealRoot { place: step.place.clone(), command: step.to_string() });
    }
    let said = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
    Err(LabError::Command {
        place: step.place.clone(),
        command: step.to_string(),
        said: if said.is_empty() { output.status.to_string() } else { said.escape_debug().to_string() },
    })
}

/// Writes `/proc/sys` from a thread inside the namespace.
fn set(namespace: &str, key: &str, value: &str) -> io::Result<()> {
    let file = File::open(Path::new(NETNS).join(namespace))?;
    std::thread::scope(|scope| {
        let write = scope.spawn(move || {
            namespace::enter_network(std::os::fd::AsFd::as_fd(&file))?;
            fs::write(Path::new("/proc/sys").join(key.replace('.', "/")), value)
        });
        write.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
