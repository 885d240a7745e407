//! `sr6 send`: build packets and transmit them.

mod flags;

use std::time::Duration;

use clap::{Args, ValueEnum};

use self::flags::Flags;
use super::value::duration;
use super::{Exit, Failure, Outcome};
use crate::craft::Stack;
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Via {
    /// AF_PACKET: Ethernet frames, the IPv6 ones with a header resolved for them
    Packet,
    /// A raw IPv6 socket: the kernel routes the packet and adds the link layer
    Raw6,
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
