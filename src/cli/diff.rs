//! `sr6 diff`: two captures, packet by packet.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::dissect_args::DissectArguments;
use super::value::duration;
use super::{Exit, Failure, Outcome};
use crate::capture::Reader;
use crate::diff::{self, Between, By, Failed, Form, Ignore, Options, Rules, Window, json, text};
use crate::filter::Filter;
use crate::sys::signal;

/// Compare two captures, packet by packet and field by field
///
/// Packets are matched by what SRv6 leaves alone: the innermost packet's addresses (of an SRH, the
/// final destination), ports, ICMP and IP identifiers, and payload; never by Segments Left, the
/// destination on the way, the hop limit, a checksum, an outer header or the link layer. So a capture
/// before a node can be compared with one behind it. What is left over at the same place in both
/// captures is one packet that was changed, if two of addresses, header and payload are the same.
/// The exit code is 0 if the captures are the same, and 1 if not.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sr6 diff expected.pcap actual.pcap
  sr6 diff -q monday.pcap tuesday.pcapng.gz
  sr6 diff --ignore 'eth.*,ipv6.hlim' before.pcap after.pcap
  sr6 diff --semantic before.pcap after.pcap       which changes no correct SRv6 node makes
  sr6 diff --semantic --hops 1 --all n1.pcap n2.pcap
                                                   and which ones it may, with the RFC
  sr6 diff --semantic --both-ways east.pcap west.pcap
  sr6 diff --times -q before.pcap after.pcap       how long the packets took
  sr6 diff --by position -T json expected.pcap - < actual.pcap
  sr6 diff -Y srh --window 10s before.pcap after.pcap

With --semantic, A is before one or more SRv6 nodes and B behind them (with --both-ways, for packets
whose hop limit is higher in B it is the other way round). These may use up segments, remove, insert
or add SRHs and encapsulations, decrement hop limits, and shift compressed SIDs of locators that
--locator names; the payload, flow label, source, segment list, flags, tag and fixed TLVs stay, and
checksums stay right. Changes that are allowed are counted, and shown with --all.

A packet waits for its match while --window others (or seconds) of its capture go by; memory is what
that takes, at most 256 MiB of packets for both captures. Packets whose match may lie beyond the
window are reported as missing, and counted in the summary.

-T json writes an object per line, each with its \"schema\" and \"type\":
  pair                   left, right: frame numbers; matched: key, place, position or time; moved;
                         differences: layer, field, kind (field, layer, bytes, frame), left, right
                         (typed, null where it is absent); with --semantic: accepted, verdict,
                         message, source
  left_only, right_only  left or right, and within_window: whether a match may lie beyond the window
  summary                same, by, left, right, pairs, fields, allowed, not_allowed")]
pub struct Arguments {
    /// The left, or expected, or earlier capture; `-` is standard input
    #[arg(value_name = "A")]
    left: PathBuf,
    /// The right, or actual, or later capture; `-` is standard input
    #[arg(value_name = "B")]
    right: PathBuf,
    /// How packets are matched [default: by key, and what that leaves over by its place]
    #[arg(long, value_enum, value_name = "WAY")]
    by: Option<Way>,
    /// With --by time: how much times may differ
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0", hide_default_value = true)]
    within: Duration,
    /// How far apart packets may be and be matched by key: packets, or seconds (10s)
    #[arg(long, value_name = "N", value_parser = window, default_value = "65536")]
    window: Window,
    /// Fields and layers that do not matter (comma-separated): ipv6.hlim, srh, eth.*, ipv6.tclass*
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Accept what correct SRv6 nodes between A and B may have changed, and flag the rest
    #[arg(long)]
    semantic: bool,
    /// With --semantic: exactly so many hops lie between [default: any number]
    #[arg(long, value_name = "N", requires = "semantic")]
    hops: Option<u8>,
    /// With --semantic: packets go from B to A, too, if their hop limit is higher in B
    #[arg(long, requires = "semantic")]
    both_ways: bool,
    /// With --semantic: show what is accepted, too
    #[arg(long, requires = "semantic")]
    all: bool,
    /// Compare times, too, and show by how much they differ
    #[arg(long)]
    times: bool,
    /// Do not count packets that come in another order as a difference
    #[arg(long)]
    any_order: bool,
    /// Take only packets that this display filter is true of, from both captures
    #[arg(short = 'Y', long = "display-filter", value_name = "FILTER")]
    filter: Option<String>,
    /// Take only this many packets of each capture
    #[arg(short = 'c', long = "count", value_name = "N")]
    count: Option<u64>,
    /// Form of the output
    #[arg(short = 'T', value_enum, value_name = "FORM", default_value_t = FormName::Text, conflicts_with = "quiet")]
    form: FormName,
    /// Print the summary alone
    #[arg(short = 'q')]
    quiet: bool,
    #[command(flatten)]
    knowledge: DissectArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Way {
    /// By what SRv6 leaves alone, and by nothing else
    Key,
    /// The first with the first, the second with the second
    Position,
    /// In order, where the times are the same (see --within)
    Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormName {
    /// A paragraph per pair that differs, and a summary
    Text,
    /// An object per line
    Json,
}

/// Reads a window: a number of packets, or a duration with its unit.
fn window(text: &str) -> Result<Window, String> {
    match text.parse::<u64>() {
        Ok(0) => Err("a window of no packets matches nothing: use --by position".to_owned()),
        Ok(packets) => Ok(Window::Packets(packets)),
        Err(_) if text.ends_with(|c: char| c.is_ascii_digit()) => Err(format!("{text:?} is no number of packets")),
        Err(_) => duration(text).map(|span| Window::Nanos(span.as_nanos() as i128)),
    }
}

/// Runs `sr6 diff`.
pub fn run(arguments: &Arguments) -> Outcome {
    let files = [&arguments.left, &arguments.right];
    if files.iter().all(|path| path.as_path() == Path::new("-")) {
        return Err(Failure::input("only one of the captures can be standard input"));
    }
    let by = match arguments.by {
        None => By::KeyAndPlace,
        Some(Way::Key) => By::Key,
        Some(Way::Position) => By::Position,
        Some(Way::Time) => By::Time(arguments.within.as_nanos() as i128),
    };
    if !arguments.within.is_zero() && !matches!(by, By::Time(_)) {
        return Err(Failure::input("--within belongs to --by time"));
    }
    let form = match arguments.form {
        _ if arguments.quiet => Form::Quiet,
        FormName::Text => Form::Text,
        FormName::Json => Form::Json,
    };
    let between = Between { hops: arguments.hops, both_ways: arguments.both_ways };
    let rules = Rules {
        ignore: Ignore::parse(arguments.ignore.iter().map(String::as_str))
            .map_err(|error| Failure::input(format_args!("--ignore: {error}")))?,
        times: arguments.times,
        semantic: arguments.semantic.then_some(between),
        any_order: arguments.any_order,
    };
    let names = files.map(|path| Arc::from(name(path)));
    let options = Options {
        by,
        window: arguments.window,
        rules: Arc::new(rules),
        filter: arguments.filter.as_deref().map(Filter::parse).transpose().map_err(Failure::input)?,
        limit: arguments.count,
        settings: arguments.knowledge.settings()?,
        form,
        all: arguments.all,
        names,
        threads: None,
    };
    signal::catch().map_err(Failure::no)?;
    let [left, right] = files.map(Reader::open);
    let (left, right) = (left.map_err(Failure::input)?, right.map_err(Failure::input)?);
    let (tally, result) = diff::run(left, right, &options, |text| io::stdout().write_all(text));
    let interrupted = signal::caught();
    let failure = match result {
        Ok(()) => None,
        Err(Failed::Sink(error)) => return Err(Failure::output(&error)),
        // What was cut by the interruption is no fault of the file.
        Err(Failed::Source(..)) if interrupted.is_some() => None,
        Err(Failed::Source(_, error)) => Some(Failure::input(error)),
    };
    let names = [&*options.names[0], &*options.names[1]];
    let summary = match form {
        Form::Json => json::summary(&tally, names, by),
        Form::Text | Form::Quiet => text::summary(&tally, names, by, arguments.semantic),
    };
    io::stdout().write_all(summary.as_bytes()).map_err(|error| Failure::output(&error))?;
    match (failure, interrupted) {
        (Some(failure), _) => Err(failure),
        (None, Some(libc::SIGINT)) => Ok(Exit::Interrupted),
        (None, _) if tally.is_same() => Ok(Exit::Done),
        (None, _) => Ok(Exit::No),
    }
}

/// What a capture is called in the output.
fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}
