//! How fast captures are read, next to other tools, in one run:
//!
//! ```text
//! cargo bench --bench read                 # a million packets, some minutes
//! SR6_BENCH_PACKETS=100000 SR6_BENCH_ROUNDS=3 cargo bench --bench read
//! ```
//!
//! Every tool reads the same packets from the page cache and writes to
//! /dev/null; the tools take turns, round by round, and medians are compared.
//! Slow tools get the first part of the capture, so that a round stays short:
//! what is compared is packets per second. A tool that is not installed is left
//! out. Nothing here fails because something is slow.

mod traffic;

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A tool's work on one of the captures.
struct Task {
    tool: &'static str,
    program: OsString,
    arguments: Vec<&'static str>,
    capture: usize,
    runs: Vec<Run>,
}

#[derive(Clone, Copy)]
struct Run {
    time: Duration,
    /// Peak resident memory, as far as it was seen.
    peak_kib: u64,
}

/// What is compared: the first task with the others.
struct Contest {
    work: &'static str,
    tasks: Vec<Task>,
}

struct Capture {
    path: PathBuf,
    packets: u64,
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// The capture with this many packets, made unless it is there.
fn capture(directory: &Path, packets: u64) -> Capture {
    let path = directory.join(format!("srv6-{packets}.pcap"));
    if !path.exists() {
        traffic::write(&path, packets).expect("the capture can be written");
    }
    Capture { path, packets }
}

fn installed(tool: &str) -> bool {
    Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Runs it once with its output thrown away.
fn run(task: &Task, captures: &[Capture]) -> Run {
    let path = &captures[task.capture].path;
    let place =
        |argument: &&str| if *argument == "FILE" { path.as_os_str().to_owned() } else { OsString::from(argument) };
    let mut command = Command::new(&task.program);
    command.args(task.arguments.iter().map(place)).env("TZ", "UTC").env("LC_ALL", "C.UTF-8");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn().expect("the tool starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    let mut pause = Duration::from_micros(200);
    while child.try_wait().expect("a child to wait for").is_none() {
        peak_kib = peak(&status).unwrap_or(0).max(peak_kib);
        std::thread::sleep(pause);
        pause = (pause * 5 / 4).min(Duration::from_millis(5));
    }
    Run { time: start.elapsed(), peak_kib }
}

fn peak(status: &str) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Reads the file and adds up its bytes: what any reader has to do at least.
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

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

impl Task {
    fn median(&self) -> Duration {
        median(self.runs.iter().map(|run| run.time).collect())
    }

    fn rate(&self, captures: &[Capture]) -> f64 {
        captures[self.capture].packets as f64 / self.median().as_secs_f64()
    }
}

/// Captures by size: all packets, a tenth, a hundredth, one.
const ALL: usize = 0;
const TENTH: usize = 1;
const HUNDREDTH: usize = 2;
const ONE: usize = 3;

fn contests() -> Vec<Contest> {
    let sr6 = |arguments: &str, capture| Task::new("sr6", env!("CARGO_BIN_EXE_sr6"), arguments, capture);
    let peer = |tool: &'static str, arguments: &str, capture| Task::new(tool, tool, arguments, capture);
    let fields = "-T fields -e frame.number -e ipv6.src -e ipv6.dst -e ipv6.routing.segleft -e ipv6.routing.srh.addr -e udp.dstport";
    let contests = vec![
        Contest {
            work: "line",
            tasks: vec![
                sr6("read FILE", ALL),
                peer("tcpdump", "-nn -r FILE", TENTH),
                peer("tshark", "-n -r FILE", HUNDREDTH),
            ],
        },
        Contest { work: "tree", tasks: vec![sr6("read -V FILE", ALL), peer("tshark", "-n -V -r FILE", HUNDREDTH)] },
        Contest {
            work: "json",
            tasks: vec![
                sr6("read -T json FILE", ALL),
                peer("dsct", "read -f jsonl FILE", TENTH),
                peer("tshark", "-n -T ek -r FILE", HUNDREDTH),
            ],
        },
        Contest {
            work: "6 fields",
            tasks: vec![
                Task::new("sr6", env!("CARGO_BIN_EXE_sr6"), &format!("read {fields} FILE"), ALL),
                peer("tshark", &format!("-n {fields} -r FILE"), HUNDREDTH),
            ],
        },
        Contest { work: "checks, no output", tasks: vec![sr6("read -q FILE", ALL), peer("dsct", "stats FILE", TENTH)] },
        Contest {
            work: "one packet",
            tasks: vec![sr6("read FILE", ONE), peer("tcpdump", "-nn -r FILE", ONE), peer("tshark", "-n -r FILE", ONE)],
        },
    ];
    contests
        .into_iter()
        .map(|contest| Contest {
            tasks: contest.tasks.into_iter().filter(|task| task.tool == "sr6" || installed(task.tool)).collect(),
            ..contest
        })
        .collect()
}

impl Task {
    fn new(tool: &'static str, program: &str, arguments: &str, capture: usize) -> Self {
        let arguments = arguments.split(' ').map(|word| &*word.to_owned().leak()).collect();
        Self { tool, program: program.into(), arguments, capture, runs: Vec::new() }
    }
}

fn main() {
    // `cargo test --benches` only wants to know that it starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let packets = setting("SR6_BENCH_PACKETS", 1_000_000);
    let rounds = setting("SR6_BENCH_ROUNDS", 5).max(1);
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let captures = [packets, packets / 10, packets / 100, 1].map(|count| capture(directory, count.max(1)));
    let all = &captures[ALL];
    let bytes = std::fs::metadata(&all.path).expect("the capture").len();
    println!("{} packets, {:.1} MB, {rounds} rounds", all.packets, bytes as f64 / 1e6);

    let only: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let mut contests = contests();
    contests.retain(|contest| only.is_empty() || only.iter().any(|name| contest.work.contains(name.as_str())));
    let mut sums = Vec::new();
    for _ in 0..rounds {
        sums.push(sum(&all.path));
        for task in contests.iter_mut().flat_map(|contest| &mut contest.tasks) {
            let run = run(task, &captures);
            task.runs.push(run);
        }
    }
    let sum_time = median(sums);
    println!("{:18} {:8} {:>12} {:>12} {:>9} {:>10}", "work", "tool", "median", "packets/s", "sr6 is", "peak MiB");
    println!(
        "{:18} {:8} {:>9.1} ms {:>12.0} {:>9} {:>10}",
        "summing the bytes",
        "",
        sum_time.as_secs_f64() * 1e3,
        all.packets as f64 / sum_time.as_secs_f64(),
        "",
        ""
    );
    for contest in &contests {
        let own = contest.tasks[0].rate(&captures);
        for task in &contest.tasks {
            let rate = task.rate(&captures);
            let peak = task.runs.iter().map(|run| run.peak_kib).max().unwrap_or(0);
            let ratio = if task.tool == "sr6" { String::new() } else { format!("{:.1}x", own / rate) };
            println!(
                "{:18} {:8} {:>9.1} ms {rate:>12.0} {ratio:>9} {:>10.1}",
                contest.work,
                task.tool,
                task.median().as_secs_f64() * 1e3,
                peak as f64 / 1024.0
            );
        }
        if contest.work.starts_with("checks") {
            println!("{:18} {:>49.0} %", "  of summing", 100.0 * own * sum_time.as_secs_f64() / all.packets as f64);
        }
    }
}
