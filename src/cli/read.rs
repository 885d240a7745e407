//! `sr6 read`: dissect capture files.

use std::path::PathBuf;

use clap::Args;

use super::dissect_args::DissectArguments;
use super::progress::Progress;
use super::storage::Storing;
use super::{Failure, Outcome, emit, output};
use crate::capture::file::Piece;
use crate::capture::{Merge, ReadError, Reader, Writer, write};
use crate::pipeline::{Batch, Options, Source};
use crate::sys::signal;

/// Read capture files and show the packets
///
/// Reads pcap and pcapng, and tells what it sees by the path, not only by the header: the active
/// segment and the final destination, how far the packet is, what it carries at the end, and
/// what is wrong with it. By default a line per packet.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sr6 read trace.pcap
  sr6 read -V -c 1 trace.pcapng
  sr6 read -O srh trace.pcap | less
  sr6 read -T fields -e frame.number -e ipv6.dst -e srh.final trace.pcap
  sr6 read -Y 'inner.udp.dstport == 53 && srh.segleft > 0' trace.pcap
  sr6 read -Y 'diag.severity >= warn' -w odd.pcap trace.pcap
  sr6 read -w for-wireshark.pcapng.gz --comment diag trace.pcap.zst
  sr6 read -q n1.pcap n2.pcap
  tcpdump -i eth0 -U -w - ip6 | sr6 read -

Filters (-Y) are in Wireshark's display filter language, over the names that 'sr6 fields' lists:
  udp.port in {53, 1000..2000} && !(ipv6.src == fc00::/16)   sets, ranges, prefixes, ! && || ^^
  any ipv6.hlim < 5, all tcp.port > 1023                      of several occurrences; != means all
  udp.payload[0:2] == 00:01, frame contains \"GET\"             slices, parts, matches r\"REGEX\"
  len(udp.payload) > 100, count(srh) == 2, tcp.flags & 0x12   functions and arithmetic
and of sr6's own:
  srh.segment in fc00:a::/32, srh.path, srh.active, srh.final, srh.hmac.status == wrong, csid
  inner.udp.dstport, outer.ipv6.dst, quoted.ipv6.dst          inside the outermost IP packet, not
                                                              inside it, inside an ICMP error
  diag == \"srh.tlv.overrun\", diag.severity >= warn            findings")]
pub struct Arguments {
    /// Files to read, merged by time; `-` is standard input
    #[arg(value_name = "FILE", required_unless_present = "input")]
    files: Vec<PathBuf>,
    /// File to read, as other tools have it
    #[arg(short = 'r', value_name = "FILE", hide = true, conflicts_with = "files")]
    input: Vec<PathBuf>,
    /// Stop after this many packets
    #[arg(short = 'c', long = "count", value_name = "N")]
    count: Option<u64>,
    #[command(flatten)]
    storing: Storing,
    /// At the end of the file, wait for it to grow, until interrupted
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    output: output::Printing,
    #[command(flatten)]
    knowledge: DissectArguments,
}

/// Runs `sr6 read`.
pub fn run(arguments: &Arguments) -> Outcome {
    let write = arguments.storing.path.as_deref();
    let mut plan = arguments.output.plan(write.is_some())?;
    let store_options = arguments.storing.options(&mut plan, write::Options::default())?;
    let files = if arguments.files.is_empty() { &arguments.input } else { &arguments.files };
    signal::catch().map_err(Failure::no)?;
    let input = Input::open(files, arguments.follow).map_err(Failure::input)?;
    let writer = match write {
        Some(path) => {
            let writer = Writer::create(path, &store_options).map_err(Failure::input)?;
            Some(Box::new(writer) as Box<dyn emit::Store>)
        }
        None => None,
    };
    let options = Options { limit: arguments.count, settings: arguments.knowledge.settings()?, ..Options::default() };
    let progress = if arguments.follow { None } else { Progress::start(files, write) };
    let source = Watched { input, progress };
    emit::run(source, &options, &plan, writer, Failure::input)
}

/// One file, or several as one.
enum Input {
    One(Box<Reader>),
    Several(Merge),
}

impl Input {
    fn open(files: &[PathBuf], follow: bool) -> Result<Self, String> {
        match files {
            [file] if follow => Reader::follow(file).map(|reader| Self::One(Box::new(reader))),
            [file] => Reader::open(file).map(|reader| Self::One(Box::new(reader))),
            _ if follow => return Err("--follow follows one file".to_owned()),
            _ => files.iter().map(Reader::open).collect::<Result<Vec<_>, _>>().map(|r| Self::Several(Merge::new(r))),
        }
        .map_err(|error| error.to_string())
    }
}

/// An input whose reading is shown on a terminal.
struct Watched {
    input: Input,
    progress: Option<Progress>,
}

impl Watched {
    /// Shows how far it is.
    fn show(&mut self) {
        let position = match &self.input {
            Input::One(reader) => reader.position(),
            Input::Several(merge) => merge.position(),
        };
        if let Some(progress) = &mut self.progress {
            progress.at(position);
        }
    }
}

impl Source for Watched {
    type Error = ReadError;

    fn next(&mut self, batch: &mut Batch) -> Result<bool, ReadError> {
        let more = match &mut self.input {
            Input::One(reader) => reader.next(batch),
            Input::Several(merge) => merge.next(batch),
        };
        self.show();
        more
    }

    fn next_piece(&mut self) -> Option<Piece> {
        match &mut self.input {
            Input::One(reader) => reader.next_piece(),
            Input::Several(_) => None,
        }
    }

    fn next_from(&mut self, piece: Piece, batch: &mut Batch) -> Result<bool, ReadError> {
        let more = match &mut self.input {
            Input::One(reader) => reader.next_from(piece, batch),
            Input::Several(merge) => merge.next(batch),
        };
        self.show();
        more
    }
}
