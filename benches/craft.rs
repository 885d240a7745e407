//! How fast packets are crafted, next to scapy, in one run:
//!
//! ```text
//! cargo bench --bench craft
//! SR6_BENCH_PACKETS=2000000 SR6_BENCH_ROUNDS=3 cargo bench --bench craft
//! ```
//!
//! The packets are of 126 bytes: Ethernet, IPv6, an SRH of three segments, UDP
//! and 8 bytes; three fields vary (flow label, first segment and with it the
//! destination, source port), and the checksum follows. sr6 writes them as pcap
//! to /dev/null; scapy only builds them, a part of them, for what is compared is
//! packets per second of processor time. The tools take turns, and medians are
//! compared. Scapy's own start is not counted, sr6's is.

mod measure;

use measure::{children, setting};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const VARYING: &str = "eth(src=02:00:00:00:00:0a, dst=02:00:00:00:00:0b)/ip6(src=2001:db8::a, flow=rand)\
    /srh(path=[2001:db8:b::..2001:db8:b::ffff, 2001:db9::1, 2001:db9::2])/udp(sport=count(1024), dport=9)\
    /hex(0001020304050607)";
const FIXED: &str = "eth(src=02:00:00:00:00:0a, dst=02:00:00:00:00:0b)/ip6(src=2001:db8::a, flow=7)\
    /srh(path=[2001:db8:b::1, 2001:db9::1, 2001:db9::2])/udp(sport=1024, dport=9)/hex(0001020304050607)";

/// Prints packets a second of processor time; the packet is the one above.
const SCAPY: &str = "
import random, sys, time
try:
    from scapy.layers.l2 import Ether
    from scapy.layers.inet import UDP
    from scapy.layers.inet6 import IPv6, IPv6ExtHdrSegmentRouting
    from scapy.packet import Raw
except ImportError:
    sys.exit(77)
count = int(sys.argv[1])
start = time.process_time()
for n in range(count):
    first = '2001:db8:b::%x' % (n % 65536)
    packet = bytes(
        Ether(src='02:00:00:00:00:0a', dst='02:00:00:00:00:0b')
        / IPv6(src='2001:db8::a', dst=first, fl=random.getrandbits(20))
        / IPv6ExtHdrSegmentRouting(addresses=['2001:db9::2', '2001:db9::1', first], segleft=2, lastentry=2)
        / UDP(sport=(1024 + n) % 65536, dport=9)
        / Raw(bytes(range(8)))
    )
    assert len(packet) == 126
print(count / (time.process_time() - start))
";

/// Packets a second of processor time, and by the clock.
fn sr6(notation: &str, packets: u64) -> (f64, f64) {
    let (used, start) = (children(), Instant::now());
    let mut command = Command::new(env!("CARGO_BIN_EXE_sr6"));
    command.args(["craft", "-w", "/dev/null", "--seed", "1", "-c", &packets.to_string(), notation]);
    assert!(command.status().expect("sr6 starts").success());
    let wall = start.elapsed().as_secs_f64();
    (packets as f64 / (children() - used).as_secs_f64().max(0.01), packets as f64 / wall)
}

fn scapy(packets: u64) -> Option<f64> {
    let python = if Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" };
    let mut command = Command::new(python);
    command.args(["-", &packets.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().ok()?;
    child.stdin.take()?.write_all(SCAPY.as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn main() {
    let packets = setting("SR6_BENCH_PACKETS", 10_000_000);
    let rounds = setting("SR6_BENCH_ROUNDS", 3).max(1);
    let few = (packets / 2_000).clamp(500, 5_000);
    let (mut varying, mut clock, mut fixed, mut theirs) = (vec![], vec![], vec![], vec![]);
    for _ in 0..rounds {
        let (processor, wall) = sr6(VARYING, packets);
        varying.push(processor);
        clock.push(wall);
        fixed.push(sr6(FIXED, packets).0);
        theirs.extend(scapy(few));
    }
    let (varying, clock, fixed) = (median(varying), median(clock), median(fixed));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("126-byte SRv6 packets, {rounds} rounds, medians:");
    println!(
        "  {:<46} {:>12.0} packets per second of processor time",
        "sr6 craft -w /dev/null, 3 fields varying", varying
    );
    println!("  {:<46} {:>12.0} by the clock, on {cores} cores", "", clock);
    println!(
        "  {:<46} {:>12.0} packets per second of processor time",
        "sr6 craft -w /dev/null, nothing varying", fixed
    );
    println!("  varying against fixed: {:.2}x", varying / fixed);
    if theirs.is_empty() {
        println!("  scapy is not installed");
        return;
    }
    let theirs = median(theirs);
    println!("  {:<46} {:>12.0} packets per second of processor time", format!("scapy, built only ({few})"), theirs);
    println!(
        "  sr6 against scapy: {:.0}x (goal: 1000x); {:.1} million a second a core (goal: 3)",
        varying / theirs,
        varying / 1e6
    );
}
