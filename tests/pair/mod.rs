//! Two namespaces and a veth pair between them, made with iproute2 alone.

// Every test binary compiles this file and uses its own part of it.
#![allow(dead_code)]

use std::io::{BufRead, BufReader};
use std::ops::Deref;
use std::process::{Child, ChildStderr, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use sr6::capture::Timestamp;

use crate::support::captures::read;
use crate::support::namespaces::Namespaces;
use crate::support::process::{signal, stderr, text};
use crate::support::scratch::Scratch;
use crate::support::skip;

/// The pair: namespaces `a` and `b`.
pub struct Pair(Namespaces);

impl Deref for Pair {
    type Target = Namespaces;

    fn deref(&self) -> &Namespaces {
        &self.0
    }
}

/// A frame from a's to b's MAC address with an SRH, 127 bytes long.
pub const FRAME: &str = "eth(src=02:00:00:00:00:0a, dst=02:00:00:00:00:0b)\
    /ip6(src=2001:db8::a, dst=2001:db8::b)/srh(path=[2001:db8::b, 2001:db9::1])/udp(sport=51129, dport=9)/\"Hello, I am here once more\"";

impl Pair {
    /// A pair that says nothing by itself.
    pub fn silent() -> Option<Self> {
        Self::up("silent")
    }

    /// A pair with IPv6: 2001:db8::a and 2001:db8::b.
    pub fn with_ipv6() -> Option<Self> {
        Self::up("ipv6")
    }

    fn up(kind: &str) -> Option<Self> {
        // bpf(2) takes root of the machine, not of a user namespace.
        let user = !sr6::sys::capability::Capability::SysAdmin.held();
        Namespaces::up("pair/up.sh", &[kind], user).map(Self)
    }

    /// sr6 on side a, to its end.
    pub fn sr6(&self, arguments: &[&str]) -> Output {
        self.0.sr6("a", arguments)
    }

    /// `sr6 send -T json` on side a: its exit code, its summary and what it
    /// said.
    pub fn send(&self, arguments: &[&str]) -> (i32, Value, String) {
        let all: Vec<&str> = ["send", "-T", "json"].iter().chain(arguments).copied().collect();
        let output = self.sr6(&all);
        let summary =
            text(&output.stdout).lines().last().map_or(Value::Null, |line| serde_json::from_str(line).unwrap());
        (output.status.code().unwrap(), summary, stderr(&output).to_owned())
    }

    /// Lets vb take frames as XDP hands them over: a veth does with GRO. False,
    /// with the reason printed, where that cannot be set.
    pub fn set_gro(&self) -> bool {
        // ETHTOOL_SGRO by SIOCETHTOOL, for machines without ethtool(8).
        let script = "import array, fcntl, socket, struct\n\
            value = array.array('B', struct.pack('II', 0x2c, 1))\n\
            request = struct.pack('16sP', b'vb', value.buffer_info()[0])\n\
            fcntl.ioctl(socket.socket(), 0x8946, request)";
        let set = self.on("b", "/usr/bin/python3").args(["-c", script]).output().unwrap();
        if !set.status.success() {
            skip(format!("GRO cannot be set: {}", stderr(&set)));
        }
        set.status.success()
    }

    /// Captures on vb, by tcpdump, so many frames that match a filter; it is
    /// ready when this returns. `None` without tcpdump.
    pub fn capture(&self, count: usize, filter: &str) -> Option<Capture> {
        let scratch = Scratch::new();
        let mut command = self.on("b", "tcpdump");
        command.args(["-i", "vb", "-n", "-B", "65536", "-c", &count.to_string(), "-w"]).arg(scratch.path(CAPTURE));
        command.args(["-Z", "root", "--time-stamp-precision=nano", filter]).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while errors.read_line(&mut said).unwrap() > 0 {
            if said.contains("listening on") {
                return Some(Capture { child, scratch, _errors: errors });
            }
        }
        child.wait().unwrap();
        skip(format!("no tcpdump here: {said}"));
        None
    }

    /// Packets and bytes that b's interface has received, by its own count.
    pub fn received(&self) -> (u64, u64) {
        let links: Value = serde_json::from_str(&self.ip("b", "-s -j link show vb")).unwrap();
        let rx = &links[0]["stats64"]["rx"];
        (rx["packets"].as_u64().unwrap(), rx["bytes"].as_u64().unwrap())
    }
}

/// A frame, and when the kernel had it.
pub type Arrived = (Timestamp, Vec<u8>);

/// What tcpdump calls its file.
const CAPTURE: &str = "pair.pcap";

/// tcpdump at work.
pub struct Capture {
    child: Child,
    scratch: Scratch,
    _errors: BufReader<ChildStderr>,
}

impl Capture {
    /// The frames with their times, once all have come; after a while, those
    /// that have.
    pub fn frames(mut self) -> Vec<Arrived> {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.child.try_wait().unwrap().is_none() {
            if Instant::now() > deadline {
                signal(&self.child, "INT");
                self.child.wait().unwrap();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        read(self.scratch.path(CAPTURE), |frame| (frame.time.unwrap(), frame.data.to_vec()))
    }
}
