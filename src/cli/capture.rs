//! `sr6 capture`: what `sr6 read` does, of a live interface.

use std::path::Path;
use std::time::{Duration, Instant};

use clap::Args;

use super::dissect_args::DissectArguments;
use super::emit::{self, Followed, Store};
use super::storage::Storing;
use super::{Exit, Failure, Outcome, output, value};
use crate::capture::file::Resolution;
use crate::capture::live::{self, Live, LiveError};
use crate::capture::write::rotate::{Rotating, Rotation};
use crate::capture::write::{self, Mode, Writer};
use crate::pipeline::{Batch, Options, Source};
use crate::sys::{privilege, signal};

/// Capture on an interface and show the packets
///
/// Prints as `sr6 read` does, or writes to a file with -w, or both with -P. It
/// ends on SIGINT or SIGTERM, after -c packets or after -a; what the kernel
/// dropped is reported at the end. Privileges are given up once the interface
/// is open: root becomes the user who called sudo, if there is one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sr6 capture -i eth0
  sr6 capture -i eth0 -V -c 1 -Y 'srh.final == 2001:db9::1'
  sr6 capture -i eth0 -f 'ip6 proto 43' -w srv6.pcapng
  sr6 capture -i eth0 -w ring.pcap -b filesize:10000 -b files:5
  sr6 capture -i eth0 -w - | wireshark -k -i -")]
pub struct Arguments {
    /// The interface
    #[arg(short = 'i', long, value_name = "IF", required_unless_present = "list")]
    interface: Option<String>,
    /// List the interfaces
    #[arg(short = 'D', long)]
    list: bool,
    /// Filter in tcpdump's language, run by the kernel; plain `udp port 53` matches no packet with
    /// a Routing header
    #[arg(short = 'f', long = "capture-filter", value_name = "BPF")]
    bpf: Option<String>,
    /// Stop after this many packets
    #[arg(short = 'c', long, value_name = "N")]
    count: Option<u64>,
    /// Stop after a time: duration:SECONDS
    #[arg(short = 'a', value_name = "CONDITION", value_parser = autostop)]
    autostop: Option<Duration>,
    #[command(flatten)]
    storing: Storing,
    /// Go on to a new file, as dumpcap: filesize:KB, duration:SECONDS, packets:N; files:N keeps
    /// the last N; may be repeated
    #[arg(short = 'b', value_name = "CONDITION", requires = "path")]
    rotate: Vec<String>,
    /// Bytes to keep of each packet; 0 for all
    #[arg(short = 's', long, value_name = "BYTES", default_value_t = 0)]
    snaplen: u32,
    /// Size of the kernel's buffer
    #[arg(short = 'B', long, value_name = "MIB", default_value_t = 8)]
    buffer: usize,
    /// Do not capture what is for other machines
    #[arg(short = 'p', long)]
    no_promiscuous: bool,
    #[command(flatten)]
    output: output::Printing,
    #[command(flatten)]
    knowledge: DissectArguments,
}

/// Reads `duration:SECONDS`.
fn autostop(text: &str) -> Result<Duration, String> {
    text.strip_prefix("duration:").ok_or_else(|| "write duration:SECONDS".to_owned()).and_then(value::duration)
}

/// Runs `sr6 capture`.
pub fn run(arguments: &Arguments) -> Outcome {
    if arguments.list {
        return list();
    }
    let mut plan = arguments.output.plan(arguments.storing.path.is_some())?;
    let snaplen = arguments.snaplen;
    // Standard output and growing files are followed by others.
    let store_options = write::Options { mode: Mode::Grow, snaplen, ..write::Options::default() };
    let store_options = arguments.storing.options(&mut plan, store_options)?;
    let rotation = rotation(&arguments.rotate)?;
    let settings = arguments.knowledge.settings()?;
    signal::catch().map_err(Failure::no)?;
    let interface = arguments.interface.as_deref().unwrap_or_default();
    let live = Live::open(
        interface,
        &live::Options {
            snaplen: arguments.snaplen,
            promiscuous: !arguments.no_promiscuous,
            buffer: arguments.buffer.clamp(1, 2047) << 20,
            filter: arguments.bpf.clone(),
            // Who looks on wants every packet at once; a file can wait.
            immediate: plan.printer.is_some() || arguments.storing.to_stdout(),
            ..live::Options::default()
        },
    )
    .map_err(failure)?;
    privilege::give_up().map_err(|e| Failure::missing(format_args!("cannot give up privileges: {e}")))?;
    let store = match &arguments.storing.path {
        Some(path) => Some(store(path, rotation, &write::Options { link: Some(live.link()), ..store_options })?),
        None => None,
    };
    if plan.printer.is_none() && plan.summary || store.is_some() {
        anstream::eprintln!("sr6: capturing on {interface}");
    }
    if arguments.bpf.as_deref().is_some_and(matches_no_routing_header) {
        anstream::eprintln!(
            "sr6: BPF looks for ports and protocols right behind the IPv6 header: this filter matches no packet with a \
             Routing header; try -f 'ip6 proto 43' and -Y for what is inside"
        );
    }
    let deadline = arguments.autostop.map(|after| Instant::now() + after);
    let options = Options { limit: arguments.count, settings, ..Options::default() };
    let source = Listening { live, deadline };
    let outcome = emit::run(source, &options, &plan, store, failure);
    match signal::caught() {
        // The end that a capture usually has.
        Some(_) if outcome.is_ok() => Ok(Exit::Interrupted),
        _ => outcome,
    }
}

/// Where the packets are written.
fn store(path: &Path, rotation: Rotation, options: &write::Options) -> Result<Box<dyn Store>, Failure> {
    if rotation.rotates() {
        return Ok(Box::new(Rotating::new(path, options, rotation)));
    }
    Ok(Box::new(Followed(Writer::create(path, options).map_err(Failure::input)?)))
}

fn rotation(conditions: &[String]) -> Result<Rotation, Failure> {
    let mut rotation = Rotation::default();
    for text in conditions {
        let wrong = || {
            Failure::input(format_args!(
                "-b {}: write filesize:KB, duration:SECONDS, packets:N or files:N",
                text.escape_debug()
            ))
        };
        let (name, number) = text.split_once(':').ok_or_else(wrong)?;
        let count = || number.parse::<u64>().ok().filter(|n| *n > 0).ok_or_else(wrong);
        match name {
            // dumpcap's kilobytes are of 1000 bytes.
            "filesize" => rotation.bytes = Some(count()?.saturating_mul(1000)),
            "duration" => rotation.time = Some(value::duration(number).map_err(|_| wrong())?),
            "packets" => rotation.frames = Some(count()?),
            "files" => rotation.keep = Some(count()? as usize),
            _ => return Err(wrong()),
        }
    }
    if rotation.keep.is_some() && !rotation.rotates() {
        return Err(Failure::input("-b files:N keeps the last N files of -b filesize, duration or packets"));
    }
    Ok(rotation)
}

/// Whether a filter asks for what BPF finds only right behind the IPv6 header.
fn matches_no_routing_header(filter: &str) -> bool {
    let mut words = filter.split(|c: char| !c.is_ascii_alphanumeric());
    let asks = words.clone().any(|word| matches!(word, "port" | "portrange" | "udp" | "tcp" | "icmp6"));
    asks && !words.any(|word| matches!(word, "43" | "protochain" | "or"))
}

fn list() -> Outcome {
    let mut text = String::new();
    for interface in live::list_interfaces().map_err(failure)? {
        let state = if interface.up { "" } else { " (down)" };
        text += &format!("{}{state}\n", interface.name.escape_debug());
    }
    std::io::Write::write_all(&mut std::io::stdout().lock(), text.as_bytes()).map_err(|e| Failure::output(&e))?;
    Ok(Exit::Done)
}

fn failure(error: LiveError) -> Failure {
    match error {
        LiveError::Permission { .. } | LiveError::NotBuilt => Failure::missing(error),
        _ => Failure::input(error),
    }
}

/// The longest a wait lasts before the deadline is looked at.
const TICK: Duration = Duration::from_millis(250);
/// Frames at most in one batch.
const BATCH: usize = 512;

/// An interface until its deadline, or a signal.
struct Listening {
    live: Live,
    deadline: Option<Instant>,
}

impl Source for Listening {
    type Error = LiveError;

    fn next(&mut self, batch: &mut Batch) -> Result<bool, LiveError> {
        let frames = batch.frames();
        frames.clear();
        while frames.is_empty() {
            let left = self.deadline.map_or(TICK, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() || signal::caught().is_some() {
                return Ok(false);
            }
            self.live.next_batch(left.min(TICK), Some(BATCH), |frame| frames.push(&frame, Resolution::Decimal(9)))?;
        }
        Ok(true)
    }
}

impl Drop for Listening {
    /// What was lost is said, however the capture ended.
    fn drop(&mut self) {
        if let Ok(stats) = self.live.stats() {
            let dropped = stats.dropped + stats.dropped_by_interface;
            if dropped > 0 {
                anstream::eprintln!("sr6: {dropped} packets dropped, of {} received; try a larger -B", stats.received);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_filters_are_recognised() {
        for filter in ["udp port 53", "tcp", "icmp6", "ip6 and port 80"] {
            assert!(matches_no_routing_header(filter), "{filter}");
        }
        for filter in ["ip6 proto 43", "ip6 protochain 17 and port 53", "host ::1", "ip6[6] = 43 and udp"] {
            assert!(!matches_no_routing_header(filter), "{filter}");
        }
    }
}
