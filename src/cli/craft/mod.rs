//! `sr6 craft`: notation to bytes, shown or stored.

mod edit;
mod layers;
mod output;
mod recipe;
mod series;
mod show;

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use self::edit::EditArguments;
use self::output::Output;
use super::value::{duration, timestamp};
use super::vary::VaryArguments;
use super::{Exit, Failure, Outcome};
use crate::capture::Timestamp;
use crate::recipe::Record;
use crate::sys::signal;

/// Build packets from notation, and show or store them
///
/// Layers are joined by `/`, outermost first; what is left out is computed. Lengths, next headers,
/// the IPv6 destination of a path, padding, and checksums over the final destination are filled in
/// unless given; what is given is written as it is, right or wrong (cksum=bad, len=, nxt=, sl=).
///
/// A value can vary from packet to packet: ranges and lists make a packet of each value (of each
/// combination, where there are several; the last varies fastest), counters and random values go on
/// with every packet.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sr6 craft 'ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/udp(dport=3000)/\"Hello\\n\"'
  sr6 craft -o hex 'ip6(dst=::1)/icmp6(type=echo, id=7, seq=1)'
  sr6 craft -w bad.pcap 'eth/ip6(dst=::1)/srh(segs=[::1], sl=9)/udp(cksum=bad)/hex(00ff)'
  sr6 craft -w all.pcapng -f packets.sr6
  sr6 craft -w scan.pcap --interval 1ms 'ip6(dst=::2, flow=rand)/udp(dport=1..1024)/pad(64)'
  sr6 craft --layers srh
  sr6 read -T notation --times trace.pcap | sr6 craft -f - -w same.pcap
  sr6 craft --from trace.pcap -Y srh --set srh.tag=7 --set ip6.hlim=3 -w edited.pcap
  sr6 craft --from trace.pcap --map-addr 2001:db8:1::/48=2001:db8:2::/48 -w moved.pcap
  sr6 craft --from trace.pcap --pop 'vlan[*]' --push 'vlan(id=7)' -w retagged.pcap

Values that vary: 1024..2048  0..100..5 (every fifth)  each(53, 80, 8000..8010)  2001:db8::/120
  rand  rand(1..9)  rand(2001:db8::/64)  rand(53, 80)  count  count(START, STEP)
for any value: path=[2001:db8:2::1..2001:db8:2::9, 2001:db9::1]; or for a whole list:
path=each([2001:db8::2, 2001:db9::1], [2001:db8::3]); or as payload: pad(64) pad(64..1400) rand(8)
count(4) count(4, START, STEP) each(\"a\", hex(00ff)) rand(\"a\", \"b\")

Layers: eth vlan sll null llc pppoe pppoed ppp chdlc mpls cw arp ip4 ip6 hbh dst routing srh frag
ah esp mobility gre udp tcp icmp4 icmp6 icmpext gtpu vxlan geneve stamp trailer \"text\" hex(00ff);
--layers says what they are, and --layers LAYER which arguments one takes.

Recipe files (-f) have a packet a line; it goes on in the next line inside parentheses, after a /
and before one:
  # a comment
  let n2 = 2001:db8::2
  frame(time=+1ms)/ip6(src=2001:db8::1)/srh(path=[$n2, 2001:db9::1])/udp(dport=3000)
frame(…) tells what a capture file knows besides the bytes: time=SECONDS, +TIME after the packet
before, or none; link=NAME or number; cap= bytes kept of it; len= on the wire; if=, ifname=\"…\";
comment=\"…\"

Captured packets (--from) are changed by --pop, --push, --set, maps and --fix, in this order, all
others pass as they are, and a packet without the layer that is asked for does not change. What
depends on a change is computed: lengths, next headers, the destination where it followed the path,
checksums over the final destination, also of packets that the capture cut. What was wrong stays
unless it is set; --set FIELD=auto computes any field. Ends with 1 where no packet changed.")]
pub struct Arguments {
    /// Packets; `-` reads a recipe from standard input
    #[arg(required_unless_present_any = ["file", "layers", "from"], value_name = "NOTATION")]
    packets: Vec<String>,
    /// List the layers, or the arguments of one, instead
    #[arg(long, value_name = "LAYER", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["packets", "file", "output", "write", "hex"])]
    layers: Option<String>,
    /// Read packets from this recipe file; `-` is standard input; may be repeated
    #[arg(short, long, value_name = "FILE")]
    file: Vec<PathBuf>,
    /// Print a hexdump of each packet too
    #[arg(short = 'x', long)]
    hex: bool,
    /// What to print of each packet [default: tree, or nothing with -w]
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<Format>,
    /// Store the packets in a capture file; pcapng if it is named so, `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// When packets that do not say so were captured, in seconds since 1970 [default: now]
    #[arg(long, value_name = "SECONDS", value_parser = timestamp)]
    time: Option<Timestamp>,
    /// How long after the packet before each one was captured, where it does not say so: 1ms, 10us
    #[arg(long, value_name = "TIME", value_parser = duration)]
    interval: Option<Duration>,
    /// Packets to build of each NOTATION, from the first again after the last [default: one of each
    /// value that varies and has an end, or one]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    #[command(flatten)]
    vary: VaryArguments,
    #[command(flatten)]
    edit: EditArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The dissection, a line per field
    Tree,
    /// The bytes in hexadecimal, one line per packet
    Hex,
    /// The packet in notation, as it was understood
    Notation,
}

/// Runs the subcommand. Every packet given as an argument is built before
/// anything is written; those of files come and go.
pub fn run(arguments: &Arguments, verbose: u8) -> Outcome {
    if let Some(layer) = &arguments.layers {
        let text = layers::describe(layer)?;
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| Failure::output(&error))?;
        return Ok(Exit::Done);
    }
    let to_stdout = arguments.write.as_ref().is_some_and(|path| path.as_os_str() == "-");
    if to_stdout && (arguments.hex || arguments.output.is_some()) {
        return Err(Failure::input("-w - has standard output for itself; leave out -x and -o, or name a file"));
    }
    signal::catch().map_err(Failure::no)?;
    if let Some(from) = arguments.edit.from() {
        return edit::run(&arguments.edit, arguments.vary.options(), from, Output::new(arguments, verbose > 0)?);
    }
    let mut files = arguments.file.clone();
    let mut records = Vec::new();
    for (index, text) in arguments.packets.iter().enumerate() {
        match text.as_str() {
            "-" => files.push(PathBuf::from("-")),
            // One packet needs no number to be found by.
            text if arguments.packets.len() == 1 => records.push(record(text, "")?),
            text => records.push(record(text, &format!("packet {}: ", index + 1))?),
        }
    }
    if files.iter().filter(|file| file.as_os_str() == "-").count() > 1 {
        return Err(Failure::input("standard input can be read once"));
    }
    let mut output = Output::new(arguments, verbose > 0)?;
    for record in &records {
        output.record(record)?;
    }
    for file in &files {
        let done = recipe::run(file, &mut output);
        if signal::caught().is_some() {
            // What it was cut by is no fault of the recipe.
            return Ok(Exit::Interrupted);
        }
        done?;
    }
    if signal::caught().is_some() {
        // The file is left as it was.
        return Ok(Exit::Interrupted);
    }
    output.finish()?;
    Ok(Exit::Done)
}

/// Crafts one packet; `place` begins its errors.
fn record(text: &str, place: &str) -> Result<Record, Failure> {
    Record::parse(text).map_err(|error| Failure::input(format_args!("{place}{error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::proto::Proto;

    #[test]
    fn help_names_every_layer() {
        let help = Arguments::augment_args(clap::Command::new("craft")).render_help().to_string();
        let (_, layers) = help.split_once("Layers:").unwrap();
        let names: Vec<_> = layers.split([' ', '(', '\n']).collect();
        for proto in Proto::ALL.iter().map(|proto| proto.info().notation).filter(|name| !name.is_empty()) {
            assert!(names.contains(&proto), "{proto}");
        }
    }
}
