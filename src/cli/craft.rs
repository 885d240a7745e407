//! `sr6 craft`: notation to bytes, shown or stored.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Exit, Failure, Outcome};
use crate::capture::write::{Options, WriteError, Writer};
use crate::capture::{Frame, Timestamp};
use crate::craft::{self, Stack};
use crate::dissect::{Dissection, Packet};
use crate::notation;
use crate::show::{hex, tree};

/// Build packets from notation, and show or store them
///
/// Layers are joined by `/`, outermost first; what is left out is computed. Lengths, next headers,
/// the IPv6 destination of a path, padding, and checksums over the final destination are filled in
/// unless given; what is given is written as it is, right or wrong (cksum=bad, len=, nxt=, sl=).
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sr6 craft 'ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/udp(dport=3000)/\"Hello\\n\"'
  sr6 craft -o hex 'ip6(dst=::1)/icmp6(type=echo, id=7, seq=1)'
  sr6 craft -w bad.pcap 'eth/ip6(dst=::1)/srh(segs=[::1], sl=9)/udp(cksum=bad)/hex(00ff)'
  sr6 craft -w all.pcapng - < packets.txt

Layers: eth vlan sll null ip4 ip6 hbh dst routing srh frag udp tcp icmp4 icmp6 \"text\" hex(00ff)")]
pub struct Arguments {
    /// Packets; `-` reads one per line from standard input (# starts a comment line)
    #[arg(required = true, value_name = "NOTATION")]
    packets: Vec<String>,
    /// Print a hexdump of each packet too
    #[arg(short = 'x', long)]
    hex: bool,
    /// What to print of each packet [default: tree, or nothing with -w]
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<Format>,
    /// Store the packets in a capture file; pcapng if it is named so, `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// When the packets were captured, in seconds since 1970 [default: now]
    #[arg(long, value_name = "SECONDS", value_parser = timestamp)]
    time: Option<Timestamp>,
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

/// One packet, ready to be shown.
struct Crafted {
    layers: Stack,
    bytes: Vec<u8>,
}

/// Runs the subcommand. Every packet is built before anything is written.
pub fn run(arguments: &Arguments) -> Outcome {
    let to_stdout = arguments.write.as_ref().is_some_and(|path| path.as_os_str() == "-");
    if to_stdout && (arguments.hex || arguments.output.is_some()) {
        return Err(Failure::input("-w - has standard output for itself; leave out -x and -o, or name a file"));
    }
    let mut packets = Vec::new();
    for (index, text) in arguments.packets.iter().enumerate() {
        match text.as_str() {
            "-" => read_lines(io::stdin().lock(), &mut packets)?,
            // One packet needs no number to be found by.
            text if arguments.packets.len() == 1 => packets.push(craft(text, "")?),
            text => packets.push(craft(text, &format!("packet {}: ", index + 1))?),
        }
    }
    let mut out = Vec::new();
    render(arguments, &packets, &mut out)?;
    if let Some(path) = &arguments.write {
        let mut writer = Writer::create(path, &Options::default()).map_err(unwritten)?;
        for packet in &packets {
            let time = Some(arguments.time.unwrap_or_else(Timestamp::now));
            writer.write(&Frame { time, ..packet.frame()? }).map_err(unwritten)?;
        }
        writer.finish().map_err(unwritten)?;
    }
    let mut stdout = io::stdout().lock();
    stdout.write_all(&out).and_then(|()| stdout.flush()).map_err(|error| Failure::output(&error))?;
    Ok(Exit::Done)
}

/// Crafts each line that is neither empty nor a comment.
fn read_lines(input: impl BufRead, packets: &mut Vec<Crafted>) -> Result<(), Failure> {
    for (index, line) in input.lines().enumerate() {
        let place = format!("line {}: ", index + 1);
        let line = line.map_err(|error| Failure::input(format_args!("standard input: {place}{error}")))?;
        if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
            packets.push(craft(&line, &place)?);
        }
    }
    Ok(())
}

/// Crafts one packet; `place` begins its errors.
fn craft(text: &str, place: &str) -> Result<Crafted, Failure> {
    let layers = notation::parse(text).map_err(|error| Failure::input(format_args!("{place}{error}")))?;
    let bytes = craft::build(&layers).map_err(|error| Failure::input(format_args!("{place}{error}")))?;
    Ok(Crafted { layers, bytes })
}

impl Crafted {
    /// The packet as if captured; an error where no link type fits it.
    fn frame(&self) -> Result<Frame<'_>, Failure> {
        let link = craft::link_type(&self.layers).ok_or_else(|| {
            let first = self.layers.first().map_or("nothing", |layer| layer.proto.info().notation);
            Failure::input(format_args!(
                "no link type is for packets that start with {first}: begin with eth, ip6, ip4, sll or null, or use -o hex"
            ))
        })?;
        Ok(Frame::new(link, &self.bytes))
    }
}

/// Renders all packets as asked for.
fn render(arguments: &Arguments, packets: &[Crafted], out: &mut Vec<u8>) -> Result<(), Failure> {
    let format = match (arguments.output, &arguments.write) {
        (Some(format), _) => Some(format),
        (None, Some(_)) => None,
        (None, None) => Some(Format::Tree),
    };
    let mut dissection = Dissection::new();
    for (index, packet) in packets.iter().enumerate() {
        if index > 0 && (arguments.hex || format == Some(Format::Tree)) {
            out.push(b'\n');
        }
        match format {
            Some(Format::Tree) => {
                let frame = Frame { number: index as u64 + 1, time: arguments.time, ..packet.frame()? };
                dissection.refill(&frame);
                tree::tree(out, &Packet::new(frame, &dissection));
            }
            Some(Format::Hex) => {
                out.extend(::hex::encode(&packet.bytes).bytes());
                out.push(b'\n');
            }
            Some(Format::Notation) => {
                out.extend(notation::print(&packet.layers).bytes());
                out.push(b'\n');
            }
            None => {}
        }
        if arguments.hex {
            if format.is_some() {
                out.push(b'\n');
            }
            hex::dump(out, &packet.bytes);
        }
    }
    Ok(())
}

/// Why a capture was not written; a pipe closed by its reader is no failure.
fn unwritten(error: WriteError) -> Failure {
    match error {
        WriteError::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe => Failure::output(&source),
        error => Failure::input(error),
    }
}

/// Reads seconds since 1970, with up to nine decimals.
fn timestamp(text: &str) -> Result<Timestamp, String> {
    let wrong = || "not a number of seconds".to_owned();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) || !whole.bytes().all(|b| b.is_ascii_digit())
    {
        return Err(wrong());
    }
    let seconds = whole.parse().map_err(|_| wrong())?;
    let nanos = format!("{fraction:0<9}").parse().map_err(|_| wrong())?;
    Ok(Timestamp::new(seconds, nanos))
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

    #[test]
    fn times_are_decimal_seconds() {
        assert_eq!(timestamp("0"), Ok(Timestamp(0)));
        assert_eq!(timestamp("1700000000.5"), Ok(Timestamp::new(1_700_000_000, 500_000_000)));
        assert_eq!(timestamp("1.000000001"), Ok(Timestamp(1_000_000_001)));
        for text in ["", ".", "-1", "+1", "1e3", "1.0000000001", "1.2.3", "99999999999999999999"] {
            assert!(timestamp(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lines_are_packets_comments_and_blanks() {
        let mut packets = Vec::new();
        read_lines(&b"# two\n\n ip6/\"a\"\nip6(dst=::1)\n"[..], &mut packets).unwrap();
        assert_eq!(packets.iter().map(|p| p.bytes.len()).collect::<Vec<_>>(), [41, 40]);
    }
}
