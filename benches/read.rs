//! How fast captures are read, next to other tools, in one run:
//!
//! ```text
//! cargo bench --bench read                 # a million packets, a few minutes
//! cargo bench --bench read -- tree json    # only this work
//! SR6_BENCH_PACKETS=100000 SR6_BENCH_ROUNDS=3 cargo bench --bench read
//! ```
//!
//! Every tool reads the same packets from the page cache, into which they are
//! read anew before each work and round, and writes to /dev/null; the tools take
//! turns, round by round, and medians are compared.
//! tshark gets the first tenth of the capture, so that a round stays short: what
//! is compared is packets a second, and of the time of a tool that gets but a
//! part, that of the same command on a single packet is taken off, lest its start
//! count for more than it does with many. A tool that is not
//! installed is left out. Processor seconds for a million packets stand beside
//! the time on the clock, which another program's work makes longer. Each row
//! tells the goal and whether it is met; nothing here fails because something
//! is slow.

mod measure;
mod traffic;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use measure::{cache, children, peak, setting};
use traffic::Mix;

/// A tool's work on one of the captures.
struct Task {
    tool: &'static str,
    program: &'static str,
    arguments: Vec<String>,
    capture: usize,
    /// How many times as fast sr6 is to be.
    goal: f64,
    runs: Vec<Run>,
    /// The same on one packet.
    starts: Vec<Run>,
}

/// What one run took.
struct Run {
    /// From start to end.
    time: Duration,
    /// What it took of processors, in user and kernel mode: unlike `time`, much
    /// the same on a machine that has other things to do.
    cpu: Duration,
    /// Peak resident memory, as far as it was seen.
    peak_kib: u64,
}

/// What is compared: the first task, sr6's, with the others.
struct Contest {
    work: &'static str,
    tasks: Vec<Task>,
}

struct Capture {
    path: PathBuf,
    packets: u64,
}

/// Captures by size: all packets, a tenth, one.
const ALL: usize = 0;
const TENTH: usize = 1;
const ONE: usize = 2;
/// As many as all, and a tenth, of packets that have little in common.
const SCATTERED: usize = 3;
const SCATTERED_TENTH: usize = 4;

/// The share of the speed of summing the file's bytes that checking is to have.
const OF_SUMMING: f64 = 1.0 / 3.0;

/// The work whose speed is compared with that of summing the bytes, too.
const CHECKS: &str = "checks, no output";

fn contests() -> Vec<Contest> {
    let sr6 = |arguments: &str, capture| Task::new("sr6", arguments, capture, 0.0);
    let rare = traffic::RARE_PORT;
    let fields = "-T fields -e frame.number -e ipv6.src -e ipv6.dst -e ipv6.routing.segleft -e ipv6.routing.srh.addr -e udp.dstport";
    let contest = |work, tasks| Contest { work, tasks };
    vec![
        contest(
            "line",
            vec![
                sr6("read FILE", ALL),
                Task::new("tcpdump", "-nn -r FILE", ALL, 20.0),
                Task::new("tshark", "-n -r FILE", TENTH, 100.0),
            ],
        ),
        contest("tree", vec![sr6("read -V FILE", ALL), Task::new("tshark", "-n -V -r FILE", TENTH, 50.0)]),
        contest(
            "json",
            vec![
                sr6("read -T json FILE", ALL),
                Task::new("dsct", "read --no-limit FILE", ALL, 8.0),
                Task::new("tshark", "-n -T ek -r FILE", TENTH, 200.0),
            ],
        ),
        contest("ek", vec![sr6("read -T ek FILE", ALL), Task::new("tshark", "-n -T ek -r FILE", TENTH, 200.0)]),
        contest(
            "6 fields",
            vec![
                sr6(&format!("read {fields} FILE"), ALL),
                Task::new("tshark", &format!("-n {fields} -r FILE"), TENTH, 60.0),
            ],
        ),
        contest(
            "filter, count",
            vec![
                sr6(&format!("read -q -Y inner.udp.dstport=={rare} FILE"), ALL),
                Task::new("dsct", &format!("read --no-limit -f udp.dst_port={rare} FILE"), ALL, 5.0),
            ],
        ),
        contest(CHECKS, vec![sr6("read -q FILE", ALL), Task::new("dsct", "stats FILE", ALL, 8.0)]),
        // Where nothing that was worked out for one packet serves another.
        contest(
            "tree, scattered",
            vec![sr6("read -V FILE", SCATTERED), Task::new("tshark", "-n -V -r FILE", SCATTERED_TENTH, 50.0)],
        ),
        contest(
            "json, scattered",
            vec![
                sr6("read -T json FILE", SCATTERED),
                Task::new("dsct", "read --no-limit FILE", SCATTERED, 8.0),
                Task::new("tshark", "-n -T ek -r FILE", SCATTERED_TENTH, 200.0),
            ],
        ),
        contest("one packet", vec![sr6("read FILE", ONE), Task::new("tshark", "-n -r FILE", ONE, 20.0)]),
    ]
}

impl Contest {
    /// What its tools read.
    fn captures(&self) -> BTreeSet<usize> {
        self.tasks.iter().map(|task| task.capture).collect()
    }
}

impl Task {
    fn new(tool: &'static str, arguments: &str, capture: usize, goal: f64) -> Self {
        let program = if tool == "sr6" { env!("CARGO_BIN_EXE_sr6") } else { tool };
        let arguments = arguments.split(' ').map(str::to_owned).collect();
        Self { tool, program, arguments, capture, goal, runs: Vec::new(), starts: Vec::new() }
    }

    fn is_installed(&self) -> bool {
        let mut command = Command::new(self.program);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    }

    fn run_on(&self, capture: &Capture) -> Run {
        let mut command = Command::new(self.program);
        for argument in &self.arguments {
            match argument.as_str() {
                "FILE" => command.arg(&capture.path),
                other => command.arg(other),
            };
        }
        run(command.env("TZ", "UTC").env("LC_ALL", "C.UTF-8"))
    }

    /// Whether it gets a part of the capture, and then some more than one packet.
    fn has_part(&self) -> bool {
        matches!(self.capture, TENTH | SCATTERED_TENTH)
    }

    fn round(&mut self, captures: &[Capture]) {
        self.runs.push(self.run_on(&captures[self.capture]));
        if self.has_part() {
            self.starts.push(self.run_on(&captures[ONE]));
        }
    }

    /// Packets a second.
    fn rate(&self, captures: &[Capture]) -> f64 {
        let packets = captures[self.capture].packets as f64;
        let time = median(self.runs.iter().map(|run| run.time));
        if self.has_part() {
            let start = median(self.starts.iter().map(|run| run.time));
            return (packets - 1.0) / time.saturating_sub(start).max(Duration::from_micros(1)).as_secs_f64();
        }
        packets / time.as_secs_f64()
    }

    /// Processor seconds for a million packets.
    fn cpu(&self, captures: &[Capture]) -> f64 {
        let packets = captures[self.capture].packets as f64;
        let cpu = |runs: &[Run]| median(runs.iter().map(|run| run.cpu));
        let start = if self.has_part() { cpu(&self.starts) } else { Duration::ZERO };
        cpu(&self.runs).saturating_sub(start).as_secs_f64() / packets * 1e6
    }

    fn peak_mib(&self) -> f64 {
        self.runs.iter().map(|run| run.peak_kib).max().unwrap_or(0) as f64 / 1024.0
    }
}

/// Runs a command to its end, without input or output.
fn run(command: &mut Command) -> Run {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let before = children();
    let start = Instant::now();
    let mut child = command.spawn().expect("the tool starts");
    let id = child.id();
    let ended = AtomicBool::new(false);
    // Looked at from aside, so that the end is seen when it comes.
    let (time, peak_kib) = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let (mut peak_kib, mut pause) = (0, Duration::from_micros(500));
            while !ended.load(Ordering::Relaxed) {
                peak_kib = peak(id).max(peak_kib);
                std::thread::sleep(pause);
                pause = (pause * 5 / 4).min(Duration::from_millis(10));
            }
            peak_kib
        });
        child.wait().expect("a child to wait for");
        let time = start.elapsed();
        ended.store(true, Ordering::Relaxed);
        (time, watch.join().expect("who watches"))
    });
    Run { time, cpu: children().saturating_sub(before), peak_kib }
}

/// Reads a file and adds up its bytes: what any reader has to do at least.
fn sum(path: &Path) -> Duration {
    let start = Instant::now();
    let mut file = File::open(path).expect("the capture");
    let mut buffer = vec![0; 256 << 10];
    let mut total = 0u64;
    loop {
        let count = file.read(&mut buffer).expect("the capture can be read");
        if count == 0 {
            break;
        }
        total = total.wrapping_add(buffer[..count].iter().map(|byte| u64::from(*byte)).sum());
    }
    std::hint::black_box(total);
    start.elapsed()
}

/// The middle one.
fn median(times: impl IntoIterator<Item = Duration>) -> Duration {
    let mut times: Vec<_> = times.into_iter().collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// The capture with this many packets, made unless it is there.
fn capture(directory: &Path, packets: u64, mix: Mix) -> Capture {
    let name = if mix == Mix::Flows { "flows" } else { "scattered" };
    let path = directory.join(format!("srv6-{name}-{packets}.pcap"));
    if !path.exists() {
        traffic::write(&path, packets, mix).expect("the capture can be written");
    }
    Capture { path, packets }
}

fn row(cells: [&str; 9]) {
    let [work, tool, packets, time, cpu, rate, ratio, goal, peak] = cells;
    println!("{work:18} {tool:8} {packets:>8} {time:>10} {cpu:>7} {rate:>10} {ratio:>7} {goal:>12} {peak:>8}");
}

/// How sr6 compares with what it is to be, as two cells.
fn compared(ratio: f64, goal: f64) -> (String, String) {
    let digits = if goal < 1.0 { 2 } else { 0 };
    let verdict = if ratio >= goal { "met" } else { "missed" };
    (format!("{ratio:.*}x", if ratio < 10.0 { 2 } else { 0 }), format!("{goal:.digits$}x {verdict}"))
}

fn print(contest: &Contest, captures: &[Capture], summing: f64) {
    let own = contest.tasks[0].rate(captures);
    for (index, task) in contest.tasks.iter().enumerate() {
        let rate = task.rate(captures);
        let (ratio, goal) = if index == 0 { Default::default() } else { compared(own / rate, task.goal) };
        let time = median(task.runs.iter().map(|run| run.time));
        row([
            if index == 0 { contest.work } else { "" },
            task.tool,
            &captures[task.capture].packets.to_string(),
            &format!("{:.1} ms", time.as_secs_f64() * 1e3),
            &if task.capture == ONE { String::new() } else { format!("{:.2}", task.cpu(captures)) },
            &format!("{rate:.0}"),
            &ratio,
            &goal,
            &format!("{:.1}", task.peak_mib()),
        ]);
    }
    if contest.work == CHECKS {
        let (ratio, goal) = compared(own / summing, OF_SUMMING);
        row(["", "summing", &captures[ALL].packets.to_string(), "", "", &format!("{summing:.0}"), &ratio, &goal, ""]);
    }
}

fn main() {
    // `cargo test --benches` only wants to know that it starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let packets = setting("SR6_BENCH_PACKETS", 1_000_000).max(100);
    let rounds = setting("SR6_BENCH_ROUNDS", 5).max(1);
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    // A part has to take longer than the start of the tool that gets it.
    let tenth = (packets / 10).max(10_000).min(packets);
    let captures = [
        (packets, Mix::Flows),
        (tenth, Mix::Flows),
        (1, Mix::Flows),
        (packets, Mix::Scattered),
        (tenth, Mix::Scattered),
    ]
    .map(|(count, mix)| capture(directory, count, mix));
    let all = &captures[ALL];
    let bytes = std::fs::metadata(&all.path).expect("the capture").len();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{} packets, {:.0} MB, {rounds} rounds, {cores} cores\n", all.packets, bytes as f64 / 1e6);

    let only: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let mut contests = contests();
    contests.retain(|contest| only.is_empty() || only.iter().any(|name| contest.work.contains(name.as_str())));
    for contest in &mut contests {
        contest.tasks.retain(Task::is_installed);
    }
    let mut sums = Vec::new();
    for _ in 0..rounds {
        cache(&all.path).expect("the capture can be read");
        sums.push(sum(&all.path));
        for contest in &mut contests {
            for index in contest.captures() {
                cache(&captures[index].path).expect("the capture can be read");
            }
            for task in &mut contest.tasks {
                task.round(&captures);
            }
        }
    }
    let summing = all.packets as f64 / median(sums).as_secs_f64();
    row(["work", "tool", "packets", "median", "CPU s/M", "packets/s", "sr6 is", "goal", "peak MiB"]);
    for contest in &contests {
        print(contest, &captures, summing);
    }
}
