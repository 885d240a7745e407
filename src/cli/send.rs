//! `sr6 send`: build packets and transmit them.

use std::net::Ipv6Addr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::value::duration;
use super::{Exit, Failure, Outcome};
use crate::craft::{self, Stack};
use crate::notation;
use crate::sys::signal;
use crate::transmit::pace::{self, Pace, Summary};
use crate::transmit::prepare::{self, PrepareError, Prepared};
use crate::transmit::{Engine, Packet, PacketEngine, Raw6Engine, SendError};
use crate::wire::proto::Proto;

/// Build packets and transmit them
///
/// A packet is given in notation, or by --path and --udp for the common case. It leaves as it is
/// written, right or wrong; only what it leaves open is filled in: the source address from the
/// route, the Ethernet header from the route and the neighbour tables (with a neighbour
/// solicitation where they do not know).
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sr6 send 'ip6()/srh(path=[2001:db8::2, 2001:db9::1])/udp(dport=3000)/\"hello\"' -i v12
  sr6 send --path 2001:db8::2,2001:db9::1 --udp 51129:3000 --data \"Hello, I'm here\" -i v12 -v
  sr6 send 'ip6(dst=ff02::1, hlim=1)/icmp6(type=128)' -i eth0 --via raw6 --count 5 --interval 200ms")]
pub struct Arguments {
    /// Packets, layer by layer; several take turns
    #[arg(value_name = "NOTATION", required_unless_present = "path")]
    notations: Vec<String>,
    /// Interface to send through; the route's where it is not given
    #[arg(short, long, value_name = "IF")]
    interface: Option<String>,
    /// What to send through
    #[arg(long, value_name = "ENGINE", default_value = "packet")]
    via: Via,
    /// Packets to send of each NOTATION, 0 for until interrupted
    #[arg(short, long, value_name = "N", default_value_t = 1)]
    count: u64,
    /// Time from one packet to the next: 10ms, 1s, 0.5
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "1s")]
    interval: Duration,
    #[command(flatten)]
    flags: Flags,
}

/// The packet by flags instead of notation.
#[derive(Debug, Args)]
#[command(next_help_heading = "One packet without notation")]
struct Flags {
    /// Segments in the order they are travelled, the destination last
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', conflicts_with = "notations", requires = "udp")]
    path: Vec<Ipv6Addr>,
    /// UDP ports
    #[arg(long, value_name = "SPORT:DPORT", value_parser = ports, requires = "path")]
    udp: Option<(u16, u16)>,
    /// Payload
    #[arg(long, value_name = "TEXT", requires = "path")]
    data: Option<String>,
    /// Source address; the route's choice where it is not given
    #[arg(long, value_name = "ADDR", requires = "path")]
    src: Option<Ipv6Addr>,
    /// Hop limit
    #[arg(long, value_name = "N", requires = "path")]
    hlim: Option<u8>,
    /// Flow label
    #[arg(long, value_name = "N", requires = "path")]
    flow: Option<u32>,
    /// The SRH's tag
    #[arg(long, value_name = "N", requires = "path")]
    tag: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Via {
    /// AF_PACKET: Ethernet frames, the IPv6 ones with a header resolved for them
    Packet,
    /// A raw IPv6 socket: the kernel routes the packet and adds the link layer
    Raw6,
}

impl Flags {
    /// The layers that the flags stand for.
    fn stack(&self) -> Stack {
        let mut ip6 = craft::ip6();
        if let Some(address) = self.src {
            ip6 = ip6.src(address);
        }
        if let Some(label) = self.flow {
            ip6 = ip6.flow(label);
        }
        if let Some(limit) = self.hlim {
            ip6 = ip6.hlim(limit);
        }
        let mut srh = craft::srh().path(self.path.iter().copied());
        if let Some(tag) = self.tag {
            srh = srh.tag(tag);
        }
        let (sport, dport) = self.udp.unwrap_or_default();
        let stack = ip6 / srh / craft::udp(sport, dport);
        match &self.data {
            Some(text) => stack / text.as_str(),
            None => stack,
        }
    }
}

/// Reads `SPORT:DPORT`.
fn ports(text: &str) -> Result<(u16, u16), String> {
    let (source, destination) = text.split_once(':').ok_or("two ports are needed: SPORT:DPORT")?;
    let port = |text: &str| text.parse().map_err(|_| format!("{text:?} is not a port"));
    Ok((port(source)?, port(destination)?))
}

/// Runs `sr6 send`.
pub fn run(arguments: &Arguments, verbose: u8) -> Outcome {
    let stacks = if arguments.flags.path.is_empty() {
        let parsed = arguments.notations.iter().map(|text| notation::parse(text));
        parsed.collect::<Result<Vec<_>, _>>().map_err(Failure::input)?
    } else {
        let stack = arguments.flags.stack();
        if verbose > 0 {
            anstream::eprintln!("{}", notation::print(&stack));
        }
        vec![stack]
    };
    signal::catch().map_err(Failure::no)?;
    let (mut engine, packets) = open(arguments, stacks)?;
    let mut list: &[Packet<'_>] = &packets.iter().map(Prepared::packet).collect::<Vec<_>>();
    let pace = Pace {
        count: (arguments.count > 0).then(|| arguments.count.saturating_mul(list.len() as u64)),
        interval: arguments.interval,
    };
    let summary = pace::run(&mut *engine, &mut list, pace, &mut |index, packet, outcome| {
        if verbose > 0 {
            report(index + 1, packet, outcome, verbose > 1);
        }
    });
    finish(summary)
}

/// Opens the engine and makes the packets ready for it.
fn open(arguments: &Arguments, mut stacks: Vec<Stack>) -> Result<(Box<dyn Engine>, Vec<Prepared>), Failure> {
    let named = arguments.interface.as_deref();
    let engine: Box<dyn Engine> = match arguments.via {
        Via::Packet => {
            let interface = match (named, stacks.first()) {
                (Some(name), _) => name.to_owned(),
                (None, Some(first)) => {
                    let link = prepare::outgoing_interface(first).map_err(unprepared)?;
                    link.ok_or_else(|| Failure::input("a frame needs the interface it leaves by: -i IF"))?.name
                }
                (None, None) => return Err(Failure::input("nothing to send")),
            };
            let mut engine = PacketEngine::open(&interface).map_err(unsent)?;
            for stack in &mut stacks {
                prepare::fill_source(stack, Some(&interface)).map_err(unprepared)?;
                prepare::fill_macs(stack, &mut engine).map_err(unprepared)?;
            }
            Box::new(engine)
        }
        Via::Raw6 => {
            let engine = Raw6Engine::open(named).map_err(unsent)?;
            if stacks.iter().any(|stack| stack.first().is_some_and(|layer| layer.proto == Proto::Ethernet)) {
                return Err(unsent(SendError::FrameGiven));
            }
            for stack in &mut stacks {
                prepare::fill_source(stack, named).map_err(unprepared)?;
            }
            Box::new(engine)
        }
    };
    let packets = stacks.iter().map(|stack| prepare::build(stack)).collect::<Result<_, _>>().map_err(unprepared)?;
    Ok((engine, packets))
}

/// One line about one packet.
fn report(number: u64, packet: Packet<'_>, outcome: &Result<usize, SendError>, bytes: bool) {
    match outcome {
        Ok(length) => anstream::eprintln!("packet {number}: {length} bytes sent"),
        Err(e) => anstream::eprintln!("packet {number}: {e}"),
    }
    if bytes {
        let (Packet::Frame(data) | Packet::Ipv6(data)) = packet;
        anstream::eprintln!("{}", hex::encode(data));
    }
}

/// The summary, and what it means for the exit code.
fn finish(summary: Summary) -> Outcome {
    anstream::eprintln!(
        "{} sent, {} bytes, {} failed, in {:.3} s",
        summary.sent,
        summary.bytes,
        summary.errors,
        summary.elapsed.as_secs_f64()
    );
    match (summary.interrupted, summary.first_error) {
        (true, _) if signal::caught() == Some(libc::SIGINT) => Ok(Exit::Interrupted),
        (true, _) | (_, None) => Ok(Exit::Done),
        (_, Some(error)) => Err(unsent(error)),
    }
}

fn unprepared(error: PrepareError) -> Failure {
    match error {
        PrepareError::Send(error) => unsent(error),
        PrepareError::Start(_) | PrepareError::NoNeighbourToAsk | PrepareError::Craft(_) => Failure::input(error),
    }
}

/// The exit code of an error of sending.
fn unsent(error: SendError) -> Failure {
    match &error {
        SendError::Permission { .. } => Failure::missing(error),
        SendError::NoInterface(_)
        | SendError::LinkKind { .. }
        | SendError::FrameGiven
        | SendError::NoHeader { .. }
        | SendError::TooLong { .. }
        | SendError::NeedsInterface(_)
        | SendError::Own(_) => Failure::input(error),
        SendError::Down { .. }
        | SendError::NoRoute { .. }
        | SendError::NoSource { .. }
        | SendError::NoNeighbour { .. }
        | SendError::Interrupted
        | SendError::Io { .. } => Failure::no(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_as_notation() {
        let mut flags = Flags {
            path: vec!["2001:db8::2".parse().unwrap(), "2001:db9::1".parse().unwrap()],
            udp: Some((51129, 3000)),
            data: Some("Hello, I'm here\n".to_owned()),
            src: None,
            hlim: None,
            flow: None,
            tag: None,
        };
        assert_eq!(
            notation::print(&flags.stack()),
            "ip6/srh(path=[2001:db8::2, 2001:db9::1])/udp(sport=51129, dport=3000)/\"Hello, I'm here\\n\""
        );
        flags.src = Some("fc00::1".parse().unwrap());
        (flags.hlim, flags.flow, flags.tag) = (Some(3), Some(0xabcde), Some(7));
        flags.data = None;
        assert_eq!(
            notation::print(&flags.stack()),
            "ip6(src=fc00::1, flow=0xabcde, hlim=3)/srh(path=[2001:db8::2, 2001:db9::1], tag=0x7)\
             /udp(sport=51129, dport=3000)"
        );
    }

    #[test]
    fn port_pairs() {
        assert_eq!(ports("1:65535"), Ok((1, 65535)));
        for text in ["1", "1:", ":1", "1:65536", "a:b"] {
            assert!(ports(text).is_err(), "{text}");
        }
    }
}
