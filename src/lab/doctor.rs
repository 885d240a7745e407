//! Is this machine ready? What the kernel offers, what its settings say, what
//! the user may do, and which programs are there; for each shortcoming the
//! command that mends it.
//!
//! What can be tried is tried, in namespaces that vanish at once; nothing of
//! the machine's own configuration is touched.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Serialize;

use crate::sys::capability::Capability;
use crate::sys::libpcap;
use crate::sys::namespace::{self, Kinds};
use crate::sys::{bpf, socket, xsk};

use super::sandbox::{self, SandboxError};

/// How a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// Something will not work, though much does.
    Warn,
    /// Not there.
    Missing,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub name: String,
    /// How it is.
    pub state: State,
    /// What was found, and what it means.
    pub detail: String,
    /// The command that mends it.
    pub fix: Option<String>,
    /// Does `sr6 demo` need it?
    pub demo: bool,
}

/// There is no such interface.
#[derive(Debug, thiserror::Error)]
#[error("there is no interface {0:?} with IPv6 here")]
pub struct NoInterface(String);

/// Looks at everything; at the settings of one interface only, if one is given.
pub fn examine(interface: Option<&str>) -> Result<Vec<Finding>, NoInterface> {
    let interfaces = match interface {
        Some(name) if conf(name, "seg6_enabled").is_some() && name != "all" && name != "default" => {
            vec![name.to_string()]
        }
        Some(name) => return Err(NoInterface(name.to_string())),
        None => interfaces(),
    };
    let mut findings = programs();
    let possible = namespaces(&mut findings);
    kernel(&mut findings, possible);
    privileges(&mut findings);
    settings(&mut findings, &interfaces, conf);
    Ok(findings)
}

/// Is everything there that `sr6 demo` needs?
pub fn ready(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| !finding.demo || finding.state != State::Missing)
}

fn finding(name: impl Into<String>, demo: bool, verdict: Result<String, (State, String, String)>) -> Finding {
    let name = name.into();
    match verdict {
        Ok(detail) => Finding { name, state: State::Ok, detail, fix: None, demo },
        Err((state, detail, fix)) => {
            let fix = (!fix.is_empty()).then_some(fix);
            Finding { name, state, detail, fix, demo }
        }
    }
}

fn programs() -> Vec<Finding> {
    let ip = Command::new("ip").arg("-V").stdin(Stdio::null()).output();
    let ip = match ip {
        Ok(output) => Ok(String::from_utf8_lossy(&output.stdout).trim().trim_start_matches("ip utility, ").to_string()),
        Err(e) => Err((State::Missing, format!("cannot run ip: {e}"), "apt-get install iproute2".into())),
    };
    let pcap = libpcap::version().ok_or_else(|| {
        let fix = "apt-get install libpcap0.8 && cargo install --path .".to_string();
        (State::Missing, "built without libpcap: no live capture".to_string(), fix)
    });
    vec![finding("iproute2", true, ip), finding("libpcap", true, pcap)]
}

/// Tries to make namespaces; says whether the sandbox's kind can be made.
fn namespaces(findings: &mut Vec<Finding>) -> bool {
    let user = Kinds { user: true, network: true, mount: true, pid: true };
    let root = !sandbox::kinds().user;
    let attempt = |kinds: Kinds| {
        // Any program will do; this one is sure to exist.
        let mut command = Command::new("/proc/self/exe");
        command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        namespace::start_isolated(&mut command, kinds);
        command.status()
    };
    let verdict = |result: io::Result<_>, refused: State| match result {
        Ok(_) => Ok("can be made".to_string()),
        Err(source) => {
            let error = sandbox::explain("unshare", source);
            let fix = match &error {
                SandboxError::Forbidden { fix, .. } => fix.clone(),
                _ => String::new(),
            };
            Err((refused, error.to_string(), fix))
        }
    };
    let as_user = attempt(user);
    let mut possible = as_user.is_ok();
    if root {
        let as_root = attempt(sandbox::kinds());
        possible = as_root.is_ok();
        findings.push(finding("namespaces", true, verdict(as_root, State::Missing)));
    }
    let refused = if root { State::Warn } else { State::Missing };
    findings.push(finding("user namespaces", !root, verdict(as_user, refused)));
    possible
}

/// What the kernel was built with, found out by doing it where possible.
fn kernel(findings: &mut Vec<Finding>, possible: bool) {
    let built = |name: &str, demo: bool, there: bool, option: &str| {
        let verdict = if there {
            Ok("supported".to_string())
        } else {
            Err((State::Missing, "not in this kernel".to_string(), format!("a kernel with {option}=y")))
        };
        finding(name, demo, verdict)
    };
    let sysctl = |key: &str| Path::new("/proc/sys/net/ipv6/conf/all").join(key).exists();
    findings.push(built("kernel SRv6", true, sysctl("seg6_enabled"), "CONFIG_IPV6"));
    for (name, demo, command, fix) in [
        (
            "kernel encap seg6",
            true,
            "route add fc00::/64 encap seg6 mode encap segs fc00::1 dev lo",
            "a kernel with CONFIG_IPV6_SEG6_LWTUNNEL=y",
        ),
        (
            "kernel seg6local",
            false,
            "route add fc00::1/128 encap seg6local action End dev lo",
            "a kernel with CONFIG_IPV6_SEG6_LWTUNNEL=y",
        ),
        (
            "kernel VRF (End.DT4, End.DT46)",
            false,
            "link add vrf-sr6 type vrf table 10",
            "modprobe vrf, or a kernel with CONFIG_NET_VRF=m",
        ),
    ] {
        let verdict = match try_ip(command) {
            Ok(()) => Ok("supported".to_string()),
            Err(_) if !possible => Err((State::Warn, "not tried, for want of namespaces".into(), String::new())),
            Err(said) => {
                let state = if demo { State::Missing } else { State::Warn };
                Err((state, said, fix.to_string()))
            }
        };
        findings.push(finding(name, demo, verdict));
    }
    let hmac = built("kernel SRv6 HMAC", false, sysctl("seg6_require_hmac"), "CONFIG_IPV6_SEG6_HMAC");
    findings.push(hmac);
    findings.extend(fast_sending());
}

/// The ways to send many packets a second that not every kernel has.
fn fast_sending() -> Vec<Finding> {
    let verdict = |tried: io::Result<()>, gives: &str, privilege: &str, fix: &str| match tried {
        Ok(()) => Ok(format!("supported: {gives}")),
        Err(e) if matches!(e.raw_os_error(), Some(libc::EPERM | libc::EACCES)) => {
            Err((State::Warn, format!("not tried, which takes {privilege}: {gives}"), String::new()))
        }
        Err(e) => Err((State::Warn, format!("{e}: no {gives}"), fix.to_owned())),
    };
    let afxdp = verdict(xsk::supported(), "sr6 send --via afxdp", "CAP_NET_RAW", "a kernel with CONFIG_XDP_SOCKETS=y");
    let live = verdict(
        bpf::supported(),
        "sr6 send --via xdp",
        "root of the machine (CAP_BPF and CAP_NET_ADMIN)",
        "Linux 5.18 or later, with CONFIG_BPF_SYSCALL=y",
    );
    let gso = verdict(socket::segmentation_supported(), "sr6 client --gso", "nothing", "Linux 4.18 or later");
    vec![finding("AF_XDP", false, afxdp), finding("XDP live frames", false, live), finding("UDP GSO", false, gso)]
}

/// Runs one `ip` command in namespaces made for it.
fn try_ip(line: &str) -> Result<(), String> {
    let mut command = Command::new("ip");
    command.args(["-6", "-batch", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    namespace::start_isolated(&mut command, Kinds { pid: false, mount: false, ..sandbox::kinds() });
    let mut child = command.spawn().map_err(|e| format!("cannot try it: {e}"))?;
    // A child that does not read has failed, and its status will say so.
    let _ = child.stdin.take().map(|mut stdin| write!(stdin, "link set lo up\n{line}\n"));
    let output = child.wait_with_output().map_err(|e| format!("cannot try it: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(stderr.lines().next().unwrap_or("ip failed").trim().escape_debug().to_string())
}

fn privileges(findings: &mut Vec<Finding>) {
    let program = std::env::current_exe().map_or("sr6".into(), |path| path.display().to_string());
    for (capability, gives) in [
        (Capability::NetRaw, "raw packets and capture on this machine's interfaces"),
        (Capability::NetAdmin, "routes and settings of this machine"),
    ] {
        let verdict = if capability.held() {
            Ok(gives.to_string())
        } else {
            let fix = format!("sudo setcap cap_net_raw,cap_net_admin+ep {program}");
            Err((State::Warn, format!("not held: no {gives} (the lab and the demo do without)"), fix))
        };
        findings.push(finding(capability.name(), false, verdict));
    }
}

/// Settings that decide whether this machine itself takes part in SRv6. The
/// demo has its own.
fn settings(findings: &mut Vec<Finding>, interfaces: &[String], conf: impl Fn(&str, &str) -> Option<i64>) {
    let warn = |detail: String, fix: String| Err((State::Warn, detail, fix));
    let all = conf("all", "seg6_enabled");
    let verdict = match all {
        Some(1..) => Ok("1".to_string()),
        Some(_) => warn(
            "0: packets with an SRH to this machine's addresses are dropped".into(),
            "sysctl -w net.ipv6.conf.all.seg6_enabled=1".into(),
        ),
        None => Err((State::Missing, "no such setting".into(), String::new())),
    };
    findings.push(finding("seg6_enabled on all", false, verdict));
    let verdict = match conf("all", "forwarding") {
        Some(1..) => Ok("1: this machine routes IPv6".to_string()),
        _ => warn(
            "0: fine at the end of a path, but not for a segment on the way".into(),
            "sysctl -w net.ipv6.conf.all.forwarding=1".into(),
        ),
    };
    findings.push(finding("forwarding", false, verdict));
    for name in interfaces {
        let own = conf(name, "seg6_enabled").unwrap_or(0);
        let verdict = match all.unwrap_or(0).min(own) {
            1.. => Ok("1: SRHs that arrive here are processed".to_string()),
            effective => warn(
                format!("{effective}: the smaller of all ({}) and {name} ({own})", all.unwrap_or(0)),
                format!("sysctl -w net.ipv6.conf.all.seg6_enabled=1 net.ipv6.conf.{}.seg6_enabled=1", key(name)),
            ),
        };
        findings.push(finding(format!("seg6_enabled on {name}"), false, verdict));
        let verdict = match conf(name, "seg6_require_hmac") {
            Some(0) => Ok("0: an HMAC is verified if there is one".to_string()),
            Some(..0) => Ok("-1: HMACs are ignored".to_string()),
            Some(_) => warn(
                "1: SRHs without a valid HMAC are dropped".into(),
                format!("sysctl -w net.ipv6.conf.{}.seg6_require_hmac=0", key(name)),
            ),
            None => continue, // said once, of the kernel
        };
        findings.push(finding(format!("seg6_require_hmac on {name}"), false, verdict));
    }
}

/// An interface's name as sysctl(8) wants it: its dots swapped for slashes.
fn key(interface: &str) -> String {
    interface.replace('.', "/")
}

/// A number from an interface's IPv6 settings.
fn conf(interface: &str, setting: &str) -> Option<i64> {
    if interface.is_empty() || interface.contains('/') || interface.starts_with('.') {
        return None;
    }
    let path = Path::new("/proc/sys/net/ipv6/conf").join(interface).join(setting);
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// The interfaces with IPv6, but for the loopback.
fn interfaces() -> Vec<String> {
    let Ok(entries) = fs::read_dir("/proc/sys/net/ipv6/conf") else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<_> = names.filter(|name| !matches!(name.as_str(), "all" | "default" | "lo")).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The findings for one interface, given what `conf` would read.
    fn judge(values: &[(&str, &str, i64)]) -> Vec<Finding> {
        let read = |interface: &str, setting: &str| {
            values.iter().find(|(i, s, _)| *i == interface && *s == setting).map(|(_, _, value)| *value)
        };
        let mut findings = Vec::new();
        settings(&mut findings, &["eth0.5".to_string()], read);
        findings
    }

    fn find<'a>(findings: &'a [Finding], name: &str) -> &'a Finding {
        findings.iter().find(|finding| finding.name == name).unwrap_or_else(|| panic!("{name} in {findings:?}"))
    }

    #[test]
    fn the_smaller_seg6_enabled_counts() {
        for (all, own, state) in [(1, 1, State::Ok), (0, 1, State::Warn), (1, 0, State::Warn), (0, 0, State::Warn)] {
            let findings = judge(&[("all", "seg6_enabled", all), ("eth0.5", "seg6_enabled", own)]);
            let finding = find(&findings, "seg6_enabled on eth0.5");
            assert_eq!(finding.state, state, "{all} {own}");
            assert_eq!(finding.fix.is_some(), state == State::Warn);
        }
    }

    #[test]
    fn a_fix_can_be_pasted_for_a_vlan_interface() {
        let findings = judge(&[("all", "seg6_enabled", 1), ("eth0.5", "seg6_require_hmac", 1)]);
        let fix = find(&findings, "seg6_require_hmac on eth0.5").fix.as_deref();
        assert_eq!(fix, Some("sysctl -w net.ipv6.conf.eth0/5.seg6_require_hmac=0"));
    }

    #[test]
    fn hmac_modes_are_told_apart() {
        for (value, state) in [(-1, State::Ok), (0, State::Ok), (1, State::Warn)] {
            let findings = judge(&[("eth0.5", "seg6_require_hmac", value)]);
            let finding = find(&findings, "seg6_require_hmac on eth0.5");
            assert_eq!(finding.state, state);
            assert!(finding.detail.starts_with(&value.to_string()));
        }
        assert!(judge(&[]).iter().all(|finding| !finding.name.starts_with("seg6_require_hmac")));
    }

    #[test]
    fn only_what_the_demo_needs_makes_a_machine_unready() {
        let of = |state, demo| Finding { name: "x".into(), state, detail: String::new(), fix: None, demo };
        assert!(ready(&[of(State::Ok, true), of(State::Warn, true), of(State::Missing, false)]));
        assert!(!ready(&[of(State::Ok, true), of(State::Missing, true)]));
    }

    #[test]
    fn names_that_are_paths_read_nothing() {
        for name in ["", "..", "../../ipv4/conf/all", "a/b"] {
            assert!(conf(name, "forwarding").is_none(), "{name}");
            assert!(examine(Some(name)).is_err(), "{name}");
        }
    }
}
