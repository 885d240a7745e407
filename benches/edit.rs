//! How fast captures are changed, written as recipes and built from them, in
//! one run; tcprewrite beside the first, though what it writes is wrong for
//! SRv6 (see tests/edit.rs):
//!
//! ```text
//! cargo bench --bench edit                 # 200,000 packets, a minute
//! SR6_BENCH_PACKETS=1000000 SR6_BENCH_ROUNDS=9 cargo bench --bench edit
//! ```
//!
//! The works take turns, round by round, and medians are compared. Nothing here
//! fails because something is slow.

mod measure;
mod traffic;

use measure::setting;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs a command; `None` where it is not installed or does not succeed.
fn run(command: &[String]) -> Option<Duration> {
    let (program, arguments) = command.split_first()?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    command.status().ok()?.success().then(|| start.elapsed())
}

fn main() {
    let (packets, rounds) = (setting("SR6_BENCH_PACKETS", 200_000), setting("SR6_BENCH_ROUNDS", 5));
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = |name: &str| directory.join(name).to_str().expect("a path in UTF-8").to_owned();
    let (capture, recipe, out) = (file("edit.pcap"), file("edit.sr6"), file("edit-out.pcap"));
    traffic::write(Path::new(&capture), packets, traffic::Mix::Flows).expect("the capture can be written");
    let sr6 = env!("CARGO_BIN_EXE_sr6");
    let text = Command::new(sr6).args(["read", "-T", "notation", &capture]).output().expect("sr6 runs").stdout;
    std::fs::write(&recipe, text).expect("the recipe can be written");

    let words = |text: &str| {
        let place = |word: &str| match word {
            "sr6" => sr6.to_owned(),
            "FILE" => capture.clone(),
            "RECIPE" => recipe.clone(),
            "OUT" => out.clone(),
            word => word.to_owned(),
        };
        text.split(' ').map(place).collect::<Vec<_>>()
    };
    let works = [
        ("map addresses", words("sr6 craft --from FILE --map-addr 2001:db8::/32=fd00::/32 -w OUT")),
        ("  tcprewrite", words("tcprewrite --pnat=[2001:db8::/32]:[fd00::/32] -C -i FILE -o OUT")),
        ("set a field", words("sr6 craft --from FILE --set ip6.hlim=9 -w OUT")),
        ("as a recipe", words("sr6 read -T notation FILE")),
        ("from a recipe", words("sr6 craft -f RECIPE --time 0 -w OUT")),
    ];
    let mut times = vec![Vec::new(); works.len()];
    for _ in 0..rounds {
        for ((_, command), times) in works.iter().zip(&mut times) {
            times.extend(run(command));
        }
    }
    println!("{:<16}{:>12}{:>22}", "work", "Mpkt/s", "of 'map addresses'");
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times.get(times.len() / 2).map(Duration::as_secs_f64)
    };
    let first = times.first_mut().and_then(median);
    for ((work, _), times) in works.iter().zip(&mut times) {
        match (median(times), first) {
            (Some(time), Some(first)) => {
                println!("{work:<16}{:>12.2}{:>21.2}x", packets as f64 / time / 1e6, first / time);
            }
            _ => println!("{work:<16}{:>12}", "left out"),
        }
    }
}
