//! How fast packets are sent, next to other tools, in one run:
//!
//! ```text
//! cargo bench --bench send                 # a million packets each, some minutes
//! SR6_BENCH_PACKETS=200000 SR6_BENCH_ROUNDS=3 cargo bench --bench send -- replay
//! ```
//!
//! All send through the same veth pair between two network namespaces, each
//! from one core (taskset(1)), in turns, round by round; medians are compared.
//! The packets are of 126 bytes: Ethernet, IPv6, an SRH of three segments, UDP
//! and 8 bytes. What counts is what the peer's interface has received.
//!
//! Two rates are given: by the clock, and by the processor time that the sender
//! used, in which the peer's receiving is included, for the kernel does it on
//! the same core before the sender goes on. On a busy machine, or one with few
//! cores, the second says more.
//!
//! A tool that is not installed is left out. XDP live frames need root.

mod measure;
#[path = "../tests/pair/mod.rs"]
mod pair;
#[path = "../tests/support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use measure::{children, setting};
use pair::Pair;
use sr6::capture::write::{Options, Writer};
use sr6::capture::{Frame, Timestamp};
use sr6::wire::link_type::LinkType;
use support::process::{SR6, stderr};

const PACKET: &str = "eth(src=02:00:00:00:00:0a, dst=02:00:00:00:00:0b)/ip6(src=2001:db8::a, dst=2001:db8::b)\
    /srh(path=[2001:db8::b, 2001:db9::1, 2001:db9::2])/udp(sport=1024, dport=9)/hex(0001020304050607)";
const VARYING: &str = "eth(src=02:00:00:00:00:0a, dst=02:00:00:00:00:0b)/ip6(src=2001:db8::a, dst=2001:db8::b, flow=count)\
    /srh(path=[2001:db8::b, 2001:db9::1, 2001:db9::2], tag=0..999)/udp(sport=1024..2048, dport=9)/hex(0001020304050607)";

/// What is compared: the first task is what the others are compared with.
struct Contest {
    work: &'static str,
    peer: Peer,
    tasks: Vec<Task>,
}

#[derive(Clone, Copy, PartialEq)]
enum Peer {
    Plain,
    Gro,
    /// With IPv6, for sockets; and an interface that has no offload for what
    /// they send, so that every datagram is a frame that counts.
    Sockets,
}

struct Task {
    name: &'static str,
    /// What it should be at least, compared with the first.
    goal: Option<f64>,
    program: &'static str,
    arguments: Vec<String>,
    runs: Vec<Run>,
}

#[derive(Clone, Copy)]
struct Run {
    wall: f64,
    processor: f64,
    /// Packets sent that did not arrive.
    lost: i64,
}

fn installed(tool: &str) -> bool {
    tool == SR6 || Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// The packet as bytes.
fn packet() -> Vec<u8> {
    let layers = sr6::notation::parse(PACKET).expect("the notation");
    let bytes = sr6::craft::build(&layers).expect("the packet");
    assert_eq!(bytes.len(), 126);
    bytes
}

/// The packet as trafgen(8) wants it: bytes, which it does not look into.
fn trafgen_file(directory: &Path) -> PathBuf {
    let bytes: Vec<String> = packet().iter().map(|byte| format!("0x{byte:02x}")).collect();
    let path = directory.join("srv6.trafgen");
    std::fs::write(&path, format!("{{ {} }}\n", bytes.join(", "))).expect("a file");
    path
}

/// A capture of so many packets.
fn capture(directory: &Path, packets: u64) -> PathBuf {
    let path = directory.join("send-replay.pcap");
    let mut writer = Writer::create(&path, &Options::default()).expect("a capture");
    let bytes = packet();
    for n in 0..packets {
        let time = Some(Timestamp(i128::from(n) * 1000));
        writer.write(&Frame { time, ..Frame::new(LinkType::ETHERNET, &bytes) }).expect("a frame");
    }
    writer.finish().expect("the capture");
    path
}

impl Task {
    fn new(name: &'static str, goal: Option<f64>, program: &'static str, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|word| (*word).to_owned()).collect();
        Self { name, goal, program, arguments, runs: Vec::new() }
    }

    /// Runs it on one core, to its end.
    fn run(&mut self, net: &Pair, packets: u64) {
        let before = net.received().0;
        let used = children();
        let start = Instant::now();
        let output = net
            .on("a", "taskset")
            .args(["-c", "0", self.program])
            .args(&self.arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .output()
            .expect("the tool starts");
        let wall = start.elapsed().as_secs_f64();
        let processor = (children() - used).as_secs_f64();
        assert!(output.status.success(), "{}: {}", self.name, stderr(&output));
        // What is still on its way, or counted in a while.
        std::thread::sleep(Duration::from_millis(20));
        let received = net.received().0 - before;
        let lost = packets as i64 - received as i64;
        let rate = |seconds: f64| received as f64 / seconds;
        self.runs.push(Run { wall: rate(wall), processor: rate(processor), lost });
    }

    fn median(&self, of: impl Fn(&Run) -> f64) -> f64 {
        let mut all: Vec<f64> = self.runs.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

fn contests(directory: &Path, packets: u64) -> Vec<Contest> {
    let count = packets.to_string();
    let config = trafgen_file(directory);
    let config = config.to_str().expect("a path");
    let in_file = packets.min(10_000);
    let capture = capture(directory, in_file);
    let capture = capture.to_str().expect("a path");
    let passes = (packets / in_file).to_string();
    let trafgen = || {
        Task::new("trafgen", None, "trafgen", &["--conf", config, "--out", "va", "--num", &count, "--cpus", "1", "-q"])
    };
    let sr6 = |name, goal, notation: &str, via: &str| {
        Task::new(name, goal, SR6, &["send", notation, "-i", "va", "--topspeed", "-c", &count, "--via", via])
    };
    let replay = |name, goal, via: &str| {
        let arguments = ["send", "-r", capture, "-i", "va", "--topspeed", "--preload", "--loop", &passes, "--via", via];
        Task::new(name, goal, SR6, &arguments)
    };
    let client = |name, goal, more: &[&str]| {
        let all = ["client", "2001:db9::2", "9", "--path", "2001:db8::b,2001:db9::1", "--data", "01234567"];
        let all: Vec<&str> =
            all.into_iter().chain(["--count", &count, "--interval", "0"]).chain(more.iter().copied()).collect();
        Task::new(name, goal, SR6, &all)
    };
    vec![
        Contest {
            work: "bulk",
            peer: Peer::Plain,
            tasks: vec![
                trafgen(),
                sr6("sr6 packet", Some(1.1), PACKET, "packet"),
                sr6("sr6 afxdp", Some(1.5), PACKET, "afxdp"),
            ],
        },
        Contest {
            work: "bulk, GRO",
            peer: Peer::Gro,
            tasks: vec![trafgen(), sr6("sr6 xdp", Some(3.0), PACKET, "xdp")],
        },
        Contest {
            work: "varying",
            peer: Peer::Plain,
            tasks: vec![sr6("sr6, fixed", None, PACKET, "packet"), sr6("sr6, 3 fields", Some(0.9), VARYING, "packet")],
        },
        Contest {
            work: "sockets",
            peer: Peer::Sockets,
            tasks: vec![client("sr6 client", None, &[]), client("sr6 client --gso", Some(2.5), &["--gso"])],
        },
        Contest {
            work: "replay",
            peer: Peer::Plain,
            tasks: vec![
                Task::new(
                    "tcpreplay",
                    None,
                    "tcpreplay",
                    &["-i", "va", "--topspeed", "--preload-pcap", "-q", "--loop", &passes, capture],
                ),
                replay("sr6 packet", Some(1.4), "packet"),
                replay("sr6 afxdp", Some(1.4), "afxdp"),
            ],
        },
    ]
}

/// The namespaces for a contest; `None`, with the reason printed, where they
/// cannot be made.
fn network(peer: Peer) -> Option<Pair> {
    let net = if peer == Peer::Sockets { Pair::with_ipv6() } else { Pair::silent() }?;
    match peer {
        Peer::Plain => {}
        Peer::Gro if net.is_of_user() => {
            eprintln!("skipped: XDP live frames need root");
            return None;
        }
        Peer::Gro => net.set_gro().then_some(())?,
        Peer::Sockets => {
            net.ip("a", "link set va gso_max_segs 1");
        }
    }
    Some(net)
}

fn main() {
    // `cargo test --benches` only wants to know that it starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let packets = setting("SR6_BENCH_PACKETS", 1_000_000).max(1000) / 1000 * 1000;
    let packets = if packets > 10_000 { packets / 10_000 * 10_000 } else { packets };
    let rounds = setting("SR6_BENCH_ROUNDS", 5).max(1);
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let only: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    println!("{packets} packets of 126 bytes, one core, {rounds} rounds; rates in million packets a second");
    println!(
        "{:10} {:17} {:>8} {:>8} {:>14} {:>8} {:>9}",
        "work", "sender", "by clock", "ratio", "by CPU-second", "ratio", "goal"
    );
    for mut contest in contests(directory, packets) {
        if !only.is_empty() && !only.iter().any(|name| contest.work.contains(name.as_str())) {
            continue;
        }
        contest.tasks.retain(|task| installed(task.program));
        let Some(net) = network(contest.peer) else { continue };
        for _ in 0..rounds {
            for task in &mut contest.tasks {
                task.run(&net, packets);
            }
        }
        let Some(base) = contest.tasks.first() else { continue };
        let (clock, processor) = (base.median(|run| run.wall), base.median(|run| run.processor));
        for task in &contest.tasks {
            let (own_clock, own_processor) = (task.median(|run| run.wall), task.median(|run| run.processor));
            let goal = task.goal.map(|goal| format!(">= {goal:.1}")).unwrap_or_default();
            let lost: i64 = task.runs.iter().map(|run| run.lost).sum();
            let lost = if lost == 0 { String::new() } else { format!("  sent - received = {lost}") };
            println!(
                "{:10} {:17} {:>8.3} {:>7.2}x {:>14.3} {:>7.2}x {goal:>9}{lost}",
                contest.work,
                task.name,
                own_clock / 1e6,
                own_clock / clock,
                own_processor / 1e6,
                own_processor / processor,
            );
        }
    }
}
