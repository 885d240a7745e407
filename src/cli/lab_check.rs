//! `sr6 lab check`: a topology on paper and on the kernel, side by side.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::lab::failure;
use super::paper::{self, Rules};
use super::{Exit, Failure, Outcome};
use crate::capture::write::{Options, Writer};
use crate::lab::check::report::{self, Tally};
use crate::lab::check::{CheckError, Checker, defaults};
use crate::lab::tap::Seen;
use crate::lab::{Topology, Trace, sandbox};
use crate::simulate::{Given, Network, NodeId};
use crate::sys::signal;
use crate::wire::link_type::LinkType;

/// Hold a topology's simulation against this machine's kernel, hop by hop
///
/// Builds the topology in a sandbox, as any user, sends each packet from its node, captures every
/// link, and compares the bytes with what `sr6 simulate` says: one line per hop. Without packets,
/// some are made from the topology's addresses, SIDs and routes. Exit code 1: something is not as
/// predicted.
///
/// So that both have the same premises, the lab knows its neighbours from the start, does not limit
/// ICMPv6 errors, labels no flows, and does not filter source addresses.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sr6 lab check line3
  sr6 lab check mine.toml 'ip6(src=fc00::1)/srh(path=[fc00:2::e, fc00:3::d])/udp' --keep captures
  sr6 lab check mine.toml -r capture.pcap --from n1 -T json
  sr6 lab check mine.toml --profile rfc          # where this kernel is not as the RFCs have it")]
pub struct Arguments {
    /// A built-in topology, or a file
    topology: String,
    /// Packets in notation [default: some that the topology suggests]
    #[arg(value_name = "NOTATION")]
    packets: Vec<String>,
    /// Take the packets of a capture file
    #[arg(short, long, value_name = "FILE", conflicts_with = "packets")]
    read: Option<PathBuf>,
    /// The node that sends them [default: the one that has the source address, else the first; for
    /// suggested packets, every node that is no router]
    #[arg(long, value_name = "NODE")]
    from: Option<String>,
    /// Let them arrive at --from by this interface, instead of being made there
    #[arg(long, value_name = "INTERFACE", requires = "from")]
    arriving: Option<String>,
    /// Whose rules the prediction follows
    #[arg(long, value_enum, default_value_t = Rules::Linux)]
    profile: Rules,
    /// How to tell it
    #[arg(short = 'T', long = "format", value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
    /// Store what crossed each link in a capture file in this directory
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line per hop
    Text,
    /// One JSON object per packet and line
    Json,
}

/// A packet to be sent.
struct Sent {
    /// What it is called in the output.
    title: String,
    given: Given,
    node: NodeId,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments, trace: Trace<'_>) -> Outcome {
    let topology = Topology::load(&arguments.topology).map_err(Failure::input)?;
    let network = Network::new(&topology)
        .map_err(|error| Failure::input(format_args!("{}: {error}", arguments.topology.escape_debug())))?;
    let from = arguments.from.as_deref().map(|name| paper::node(&network, name)).transpose()?;
    let interface = match (from, &arguments.arriving) {
        (Some(node), Some(name)) => Some(paper::interface(&network, node, name)?),
        _ => None,
    };
    let packets = packets(arguments, &topology, &network, from)?;
    sandbox::enter().map_err(Failure::missing)?;
    let mut checker = Checker::start(&topology, arguments.profile.into(), trace).map_err(failed)?;
    // A lab that is built takes no time to end; what was said so far stays said.
    signal::catch().map_err(|e| Failure::missing(format_args!("cannot catch signals: {e}")))?;
    let mut tally = Tally::default();
    for (number, sent) in packets.iter().enumerate() {
        if signal::caught().is_some() {
            break;
        }
        let Sent { title, given, node } = sent;
        let checked = checker.check(&given.packet, &given.frame_header, *node, interface).map_err(failed)?;
        tally.add(&checked);
        let name = checker.network().name(*node);
        let text = match arguments.format {
            Format::Text => {
                let how = if interface.is_some() { "arriving at" } else { "from" };
                format!("packet {} {how} {name}: {title}\n{}", number + 1, report::told(checker.network(), &checked))
            }
            Format::Json => {
                let mut value = report::object(checker.network(), &checked);
                value["packet"] = json!(number + 1);
                value["from"] = json!(name);
                value["recipe"] = json!(title);
                format!("{value}\n")
            }
        };
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| Failure::output(&error))?;
    }
    let names: Vec<_> = (0..network.links().len()).map(|link| network.link_name(link)).collect();
    let captures = checker.finish().map_err(failed)?;
    if let Some(directory) = &arguments.keep {
        keep(directory, &names, &captures)?;
    }
    if arguments.format == Format::Text {
        print(&format!("{tally}\n"))?;
    }
    Ok(match tally.different_packets {
        _ if tally.packets < packets.len() => Exit::Interrupted,
        0 => Exit::Done,
        _ => Exit::No,
    })
}

fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| Failure::output(&error))
}

/// The packets that are given, or that the topology suggests.
fn packets(
    arguments: &Arguments,
    topology: &Topology,
    network: &Network,
    from: Option<NodeId>,
) -> Result<Vec<Sent>, Failure> {
    if arguments.packets.is_empty() && arguments.read.is_none() {
        let suggested = defaults::suggest(topology, network, from);
        if suggested.is_empty() {
            let text = "no node has a global IPv6 address and a route to another: name packets, or -r FILE";
            return Err(Failure::input(format_args!("{}: {text}", arguments.topology.escape_debug())));
        }
        if suggested.len() == defaults::MOST {
            anstream::eprintln!("sr6: the topology suggests more packets than {}: these are the first", defaults::MOST);
        }
        let sent = |suggested: &defaults::Suggested| {
            let given = paper::packets(std::slice::from_ref(&suggested.notation), None)?.remove(0);
            Ok(Sent { title: suggested.notation.clone(), given, node: suggested.from })
        };
        return suggested.iter().map(sent).collect();
    }
    let given = paper::packets(&arguments.packets, arguments.read.as_ref())?;
    let title = |number: usize| match &arguments.read {
        Some(path) => format!("the {}. of {}", number + 1, path.display()),
        None => arguments.packets.get(number).cloned().unwrap_or_default(),
    };
    let sent = |(number, given): (usize, Given)| {
        let node = from.or_else(|| given.source().and_then(|source| network.owner(source))).unwrap_or(NodeId(0));
        Sent { title: title(number), given, node }
    };
    Ok(given.into_iter().enumerate().map(sent).collect())
}

/// One file per link, named after its ends.
fn keep(directory: &Path, names: &[String], captures: &[Vec<Seen>]) -> Result<(), Failure> {
    std::fs::create_dir_all(directory)
        .map_err(|error| Failure::input(format_args!("{}: {error}", directory.display())))?;
    for (name, seen) in names.iter().zip(captures) {
        let path = directory.join(format!("{name}.pcapng"));
        let options = Options { link: Some(LinkType::ETHERNET), ..Options::default() };
        let mut writer = Writer::create(&path, &options).map_err(Failure::input)?;
        for (number, seen) in seen.iter().enumerate() {
            writer.write(&seen.frame(number as u64 + 1)).map_err(Failure::input)?;
        }
        writer.finish().map_err(Failure::input)?;
        anstream::eprintln!("stored {}", path.display());
    }
    Ok(())
}

fn failed(error: CheckError) -> Failure {
    match error {
        CheckError::Lab(error) => failure(error),
        CheckError::Network(_) | CheckError::NotIp { .. } => Failure::input(error),
        CheckError::Tap(_) | CheckError::Send(_) | CheckError::Socket { .. } | CheckError::Stalled { .. } => {
            Failure::missing(error)
        }
    }
}
