//! `sr6 simulate`: packets through a network on paper.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::capture::write::{Options, Writer};
use crate::capture::{Frame, Timestamp};
use crate::simulate::text::Detail;
use crate::simulate::{Given, Network, NodeId, Walk, draw, json, text};
use crate::wire::link_type::LinkType;

use super::paper::{self, PaperArguments};
use super::{Exit, Failure, Outcome};

/// Walk packets through a network of SRv6 nodes on paper, hop by hop
///
/// Each hop tells the node, the SID's behaviour, what changed, and where the packet went or why it
/// died. Nothing is sent. The exit code is 1 if some packet was delivered nowhere.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sr6 simulate -n line3 'ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/udp(dport=2000)'
  sr6 simulate -n mine.toml -r capture.pcapng --from n1 -T json
  sr6 simulate -n mine.toml --profile linux -w links 'ip6(src=fc00::1, dst=fc00::9)/icmp6(type=echo)'
  sr6 simulate -n mine.toml --svg way.svg 'ip6(src=fc00::1, dst=fc00::9)/udp'")]
pub struct Arguments {
    #[command(flatten)]
    paper: PaperArguments,
    /// Packets in notation
    #[arg(value_name = "NOTATION", required_unless_present = "read")]
    packets: Vec<String>,
    /// Take the packets of a capture file
    #[arg(short, long, value_name = "FILE", conflicts_with = "packets")]
    read: Option<PathBuf>,
    /// The node that sends them [default: the one that has the source address, else the first]
    #[arg(long, value_name = "NODE")]
    from: Option<String>,
    /// Let them arrive at --from by this interface, instead of being made there
    #[arg(long, value_name = "INTERFACE", requires = "from")]
    arriving: Option<String>,
    /// Tell every step of every decision
    #[arg(long)]
    steps: bool,
    /// How to tell it
    #[arg(short = 'T', long = "format", value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
    /// Store what crosses each link in a capture file in this directory
    #[arg(short, long, value_name = "DIR")]
    write: Option<PathBuf>,
    /// Draw the network and the packets' way for Graphviz; `-` is standard output
    #[arg(long, value_name = "FILE")]
    dot: Option<PathBuf>,
    /// Draw the network and the packets' way as a picture; `-` is standard output
    #[arg(long, value_name = "FILE", conflicts_with = "dot")]
    svg: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A paragraph per hop
    Text,
    /// One JSON object per packet and line
    Json,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Outcome {
    let network = arguments.paper.network()?;
    let packets = paper::packets(&arguments.packets, arguments.read.as_ref())?;
    let walks: Vec<_> = packets.iter().map(|given| walk(arguments, &network, given)).collect::<Result<_, _>>()?;
    let mut out = Vec::new();
    let drawing = arguments.dot.as_deref().or(arguments.svg.as_deref());
    if drawing != Some(Path::new("-")) {
        for (number, walk) in walks.iter().enumerate() {
            tell(arguments, &network, walk, number, walks.len(), &mut out);
        }
    }
    if let Some(path) = drawing {
        // One picture shows all packets.
        let all = Walk::together(walks.iter().cloned());
        let picture = if arguments.dot.is_some() { draw::dot(&network, &all) } else { draw::svg(&network, &all) };
        match path {
            path if path == Path::new("-") => out.extend(picture.bytes()),
            path => {
                fs::write(path, picture).map_err(|error| Failure::input(format_args!("{}: {error}", path.display())))?
            }
        }
    }
    if let Some(directory) = &arguments.write {
        store(&network, &walks, directory)?;
    }
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(&out).and_then(|()| stdout.flush()).map_err(|error| Failure::output(&error))?;
    Ok(if walks.iter().all(Walk::is_delivered) { Exit::Done } else { Exit::No })
}

fn walk(arguments: &Arguments, network: &Network, given: &Given) -> Result<Walk, Failure> {
    let node = match &arguments.from {
        Some(name) => paper::node(network, name)?,
        None => given.source().and_then(|source| network.owner(source)).unwrap_or(NodeId(0)),
    };
    let interface = arguments.arriving.as_deref().map(|name| paper::interface(network, node, name)).transpose()?;
    let header: &[u8] = if interface.is_some() { &given.frame_header } else { &[] };
    Ok(network.walk_from(&given.packet, header, node, interface, arguments.paper.profile()))
}

fn tell(arguments: &Arguments, network: &Network, walk: &Walk, number: usize, of: usize, out: &mut Vec<u8>) {
    match arguments.format {
        Format::Text => {
            if of > 1 {
                let blank = if number > 0 { "\n" } else { "" };
                out.extend(format!("{blank}packet {}\n", number + 1).bytes());
            }
            let detail = if arguments.steps { Detail::Steps } else { Detail::Changes };
            out.extend(text::walk(network, walk, detail).bytes());
        }
        Format::Json => {
            let mut value = json::walk(network, walk);
            value["packet"] = json!(number + 1);
            out.extend(format!("{value}\n").bytes());
        }
    }
}

/// One file per link, named after its ends. Times are not real: every frame is
/// a millisecond after the one before.
fn store(network: &Network, walks: &[Walk], directory: &Path) -> Result<(), Failure> {
    fs::create_dir_all(directory).map_err(|error| Failure::input(format_args!("{}: {error}", directory.display())))?;
    for number in 0..network.links().len() {
        let path = directory.join(format!("{}.pcapng", network.link_name(number)));
        let options = Options { link: Some(LinkType::ETHERNET), ..Options::default() };
        let mut writer = Writer::create(&path, &options).map_err(Failure::input)?;
        // All links share one clock, so that captures can be merged.
        let mut clock = 0;
        for crossing in walks.iter().flat_map(|walk| &walk.hops).flat_map(|hop| &hop.crossings) {
            clock += 1_000_000;
            if crossing.link == number {
                let time = Some(Timestamp(clock));
                writer
                    .write(&Frame { time, ..Frame::new(LinkType::ETHERNET, &crossing.frame) })
                    .map_err(Failure::input)?;
            }
        }
        writer.finish().map_err(Failure::input)?;
    }
    Ok(())
}
