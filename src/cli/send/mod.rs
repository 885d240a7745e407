//! `sr6 send`: build packets, or take captured ones, and transmit them.

mod flags;
mod fragment;
mod listen;
mod open;
mod plan;
mod replay;
mod report;
mod safety;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::{Args, ValueEnum};

use self::flags::Flags;
use self::replay::ReplayArguments;
use super::value::duration;
use super::vary::VaryArguments;
use super::{Failure, Outcome};
use crate::craft::Stack;
use crate::craft::vary::Series;
use crate::notation;
use crate::recipe::Recipe;
use crate::sys::{privilege, signal};
use crate::transmit::pace::Rate;
use crate::transmit::{self, Lane, Replay, SendError, Source, Watch, prepare};

/// Build packets and transmit them
///
/// A packet is given in notation, or by --path and --udp for the common case. It leaves as it is
/// written, right or wrong; only what it leaves open is filled in: the source address from the
/// route, the Ethernet header from the route and the neighbour tables (with a neighbour
/// solicitation where they do not know). Values that vary from packet to packet are written as for
/// sr6 craft; what is filled in is that of the first packet. Or the packets of a capture are sent
/// again (-r).
///
/// Above 10,000 packets a second a run needs an end (--count or --duration), and an interface that
/// a default route leads through has to be named again (--yes-really-on).
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sr6 send 'ip6()/srh(path=[2001:db8::2, 2001:db9::1])/udp(dport=3000)/\"hello\"' -i v12
  sr6 send --path 2001:db8::2,2001:db9::1 --udp 51129:3000 --data \"Hello, I'm here\" -i v12 -v
  sr6 send 'ip6(dst=ff02::1, hlim=1)/icmp6(type=128)' -i eth0 --via raw6 --count 5 --interval 200ms
  sr6 send 'ip6(dst=2001:db8::2)/udp(dport=9)' -i v12 --rate 50kpps --duration 10s
  sr6 send 'ip6(dst=2001:db8::2)/udp(dport=9)' -i v12 --topspeed --count 1000000 -T json
  sr6 send 'ip6(hlim=1..4)/srh(path=[2001:db8::2, 2001:db9::1])/udp(dport=33434)' -i v12 --listen
  sr6 send 'ip6(dst=2001:db8::2, flow=rand)/udp(dport=1..1024)/pad(64)' -i v12 --interval 1ms
  sr6 send -f probes.sr6 -i v12 --interval 10ms
  sr6 send 'ip6/srh(path=[2001:db8::2, 2001:db9::1])/udp(dport=3000)/pad(4000)' -i v12 --fragment
  sr6 send -r trace.pcap -i v12                      at the times it was captured
  sr6 send -r trace.pcap -i v12 -Y srh --speed 2x
  sr6 send -r trace.pcap -i v12 --topspeed --loop 100 --preload --via fastest")]
pub struct Arguments {
    /// Packets, layer by layer; several take turns
    #[arg(value_name = "NOTATION", required_unless_present_any = ["path", "file", "read"])]
    notations: Vec<String>,
    /// Take packets from this recipe file, too, as sr6 craft reads it; `-` is standard input
    #[arg(short, long, value_name = "FILE", conflicts_with = "path")]
    file: Vec<PathBuf>,
    /// Interface to send through; the route's where it is not given
    #[arg(short, long, value_name = "IF")]
    interface: Option<String>,
    /// What to send through; packet where it is not given
    #[arg(long, value_name = "ENGINE")]
    via: Option<Via>,
    /// Packets to send of each NOTATION, 0 for until interrupted; where nothing says how long, one
    /// of each value that varies and has an end, or one. With -r, packets of the file, all where it
    /// is not given
    #[arg(short, long, value_name = "N")]
    count: Option<u64>,
    /// Time from one packet to the next: 10ms, 1s, 0.5; 1s where nothing says how fast
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with_all = ["rate", "topspeed", "speed"])]
    interval: Option<Duration>,
    /// Packets or bits of frames a second: 500, 10kpps, 1.5Mpps, 100Mbit
    #[arg(long, value_name = "RATE", conflicts_with_all = ["topspeed", "speed"])]
    rate: Option<Rate>,
    /// As fast as it goes
    #[arg(long, conflicts_with = "speed")]
    topspeed: bool,
    /// Send for so long: 10s, 1m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
    /// Split packets that are longer than the interface's MTU, or this one, into fragments; each
    /// repeats the headers up to the last Routing header
    #[arg(long, value_name = "MTU", num_args = 0..=1, require_equals = true, default_missing_value = "0")]
    fragment: Option<usize>,
    /// Threads to send from; the count is shared among them
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: u16,
    /// Allow more than 10,000 packets a second on this interface, though a default route leads
    /// through it
    #[arg(long, value_name = "IF")]
    yes_really_on: Option<String>,
    /// Form of the summary: text on standard error, or an object on standard output
    #[arg(short = 'T', value_name = "FORM", default_value = "text")]
    form: Form,
    #[command(flatten)]
    answers: listen::Answering,
    #[command(flatten)]
    flags: Flags,
    #[command(flatten)]
    vary: VaryArguments,
    #[command(flatten)]
    replay: ReplayArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Via {
    /// AF_PACKET: Ethernet frames, the IPv6 ones with a header resolved for them; in batches by
    /// sendmmsg(2) with --rate, --topspeed, --duration or --threads
    Packet,
    /// A raw IPv6 socket: the kernel routes the packet and adds the link layer
    Raw6,
    /// AF_XDP: frames in memory shared with the kernel, without a copy where the driver can; a
    /// queue of the interface for each thread
    Afxdp,
    /// XDP live frames: the kernel makes the frames itself; where the interface takes none this
    /// way, afxdp or packet does it
    Xdp,
    /// The first of xdp, afxdp and packet that works here
    Fastest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A line for people
    Text,
    /// An object with everything that was counted
    Json,
}

/// Runs `sr6 send`.
pub fn run(arguments: &Arguments, verbose: u8) -> Outcome {
    let series = if arguments.replay.read.is_some() { Vec::new() } else { series(arguments, verbose)? };
    let timing = plan::timing(arguments, series.iter().map(|series| series.size()).max().unwrap_or(1))?;
    signal::catch().map_err(Failure::no)?;
    let opened = open::open(arguments, &series, timing.is_bulk())?;
    let carries_default = match &opened.link {
        Some(link) => safety::check(link, &timing, arguments.yes_really_on.as_deref())?,
        None => false,
    };
    let listener = match arguments.answers.listen {
        Some(wait) => Some((arguments.answers.open(opened.link.as_ref(), arguments.form)?, wait)),
        None => None,
    };
    privilege::give_up().map_err(Failure::no)?;
    let replay = arguments.replay.open(opened.link.as_ref(), &timing, carries_default)?;
    let takes_turns = if replay.is_some() { 1 } else { opened.packets.len() };
    let plan = timing.plan(takes_turns, opened.link.clone());
    let cut_short = replay.as_ref().map(Replay::cut_short);
    let threads = opened.engines.len() as u64;
    let mut replay = replay.map(|replay| Box::new(replay) as Box<dyn Source>);
    let lane = |(n, engine)| {
        let source = replay.take().unwrap_or_else(|| opened.packets.cursor(n as u64, threads));
        Lane { engine, source }
    };
    let lanes = opened.engines.into_iter().enumerate().map(lane).collect();
    let device = report::Device::before(opened.link);
    let told = report::Told::new(verbose);
    let watch = told.as_ref().map(|told| told as &dyn Watch);
    let go = |watch: Option<&dyn Watch>| {
        let mut line = report::StatusLine::new();
        transmit::run(lanes, &plan, watch, &mut |progress| line.show(progress, &plan))
    };
    let (summary, answers) = match listener {
        None => (go(watch), None),
        Some((listener, wait)) => {
            let (summary, answers) = listener.around(wait, |book| go(Some(&listen::Both(book, watch))))?;
            answers.tell_missing(arguments.form)?;
            (summary, Some(answers))
        }
    };
    let cut_short = cut_short.map_or(0, |count| count.load(Ordering::Relaxed));
    if cut_short > 0 {
        anstream::eprintln!("sr6: {cut_short} packets were captured in part and sent as they are in the file");
    }
    let outcome = report::finish(summary, &device, answers.as_ref(), arguments.form);
    match answers {
        Some(answers) => answers.judge(outcome),
        None => outcome,
    }
}

/// The packets, or what varies from packet to packet.
fn series(arguments: &Arguments, verbose: u8) -> Result<Vec<Arc<Series>>, Failure> {
    let stacks = stacks(arguments, verbose)?;
    for stack in &stacks {
        prepare::check_start(stack).map_err(Failure::input)?;
    }
    let options = arguments.vary.options();
    if verbose > 0 && stacks.iter().any(Stack::varies) {
        arguments.vary.tell(&options);
    }
    let series = stacks.into_iter().map(|stack| Series::new(stack, &options));
    series.collect::<Result<_, _>>().map_err(Failure::input)
}

/// The packets, layer by layer.
fn stacks(arguments: &Arguments, verbose: u8) -> Result<Vec<Stack>, Failure> {
    if arguments.flags.path.is_empty() {
        let parsed = arguments.notations.iter().map(|text| notation::parse_with_files(text));
        let mut stacks = parsed.collect::<Result<Vec<_>, _>>().map_err(Failure::input)?;
        for file in &arguments.file {
            let records = Recipe::open(file).and_then(Recipe::records).map_err(Failure::input)?;
            stacks.extend(records.into_iter().map(|record| record.layers));
        }
        return if stacks.is_empty() { Err(Failure::input("the recipe has no packets")) } else { Ok(stacks) };
    }
    let stack = arguments.flags.stack();
    if verbose > 0 {
        anstream::eprintln!("{}", notation::print(&stack));
    }
    Ok(vec![stack])
}

/// The exit code of an error of sending.
fn unsent(error: SendError) -> Failure {
    match &error {
        SendError::Permission { .. }
        | SendError::NoBpf
        | SendError::NoLiveFrames { .. }
        | SendError::NoAfxdp { .. } => Failure::missing(error),
        SendError::NoInterface(_)
        | SendError::LinkKind { .. }
        | SendError::NoQueue { .. }
        | SendError::FrameGiven
        | SendError::NoHeader { .. }
        | SendError::TooLong { .. }
        | SendError::TooLongHere { .. }
        | SendError::NeedsInterface(_)
        | SendError::Own(_) => Failure::input(error),
        SendError::Down { .. }
        | SendError::NoCarrier { .. }
        | SendError::Gone { .. }
        | SendError::Stuck { .. }
        | SendError::Dropped
        | SendError::NoRoute { .. }
        | SendError::NoSource { .. }
        | SendError::NoNeighbour { .. }
        | SendError::Interrupted
        | SendError::Io { .. } => Failure::no(error),
    }
}
