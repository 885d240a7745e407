//! `sr6 client`: send with an SRH, as a plain socket can.

use std::io::{self, Read, Write};
use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::{Duration, Instant};

use clap::Args;

use super::server::fail;
use super::value::{Scoped, duration, scoped};
use super::{Exit, Failure, Outcome};
use crate::socket::{Client, Mode, Plan, Transport, quoted};
use crate::sys::signal;

/// Send UDP or TCP with a Segment Routing Header set as a socket option
///
/// The header is given to the kernel by setsockopt(IPV6_RTHDR); no privilege is needed. The kernel
/// writes the destination into Segment List[0], sends to the first segment, and computes the
/// checksum over the destination.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sr6 client 2001:db9::1 3000 --path 2001:db8::2 --data \"Hello, I'm here\"
  echo hello | sr6 client 2001:db9::1 3000 --path 2001:db8::2,2001:db9::1 --tcp
  sr6 client 2001:db9::1 3000 --path 2001:db8::2 --data ping --reply 2s
  sr6 client 2001:db9::1 3000 --path 2001:db8::2 --data x --count 1000000 --interval 0 --gso")]
pub struct Arguments {
    /// Where the payload goes, in the end; link-local as ADDR%IF
    #[arg(value_name = "DEST", value_parser = scoped)]
    destination: Scoped,
    /// Port it goes to
    port: u16,
    /// Segments in the order they are travelled; DEST is added unless it is the last
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    path: Vec<Ipv6Addr>,
    /// Payload; standard input where it is not given
    #[arg(long, value_name = "TEXT")]
    data: Option<String>,
    /// Send on a TCP connection instead of in a datagram
    #[arg(long)]
    tcp: bool,
    /// Give the header with each datagram, as ancillary data, and see what the kernel says
    #[arg(long, requires = "path", conflicts_with = "tcp")]
    per_packet: bool,
    /// Hand messages to the kernel together, up to 64 at once, which cuts them into datagrams with
    /// an SRH each (UDP_SEGMENT); as many leave together as are due in their --interval
    #[arg(long, conflicts_with_all = ["tcp", "per_packet", "reply"])]
    gso: bool,
    /// Source address
    #[arg(long, value_name = "ADDR")]
    source: Option<Ipv6Addr>,
    /// Wait this long for an answer to each message and print it
    #[arg(long, value_name = "TIME", value_parser = duration)]
    reply: Option<Duration>,
    /// Send this many times
    #[arg(short, long, value_name = "N", default_value_t = 1)]
    count: u32,
    /// Time from one message to the next: 10ms, 1s, 0.5
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "1s")]
    interval: Duration,
}

/// Runs `sr6 client`.
pub fn run(arguments: &Arguments, verbose: u8) -> Outcome {
    let payload = match &arguments.data {
        Some(text) => text.clone().into_bytes(),
        None => standard_input()?,
    };
    if arguments.tcp && payload.is_empty() {
        return Err(Failure::input("nothing to send: TCP has no empty messages"));
    }
    signal::catch().map_err(Failure::no)?;
    let mut client = Client::open(&Plan {
        destination: SocketAddrV6::new(arguments.destination.address, arguments.port, 0, arguments.destination.scope),
        path: arguments.path.clone(),
        source: arguments.source,
        transport: if arguments.tcp { Transport::Tcp } else { Transport::Udp },
        mode: if arguments.per_packet { Mode::PerPacket } else { Mode::Sticky },
    })
    .map_err(fail)?;
    if verbose > 0 {
        anstream::eprintln!("IPV6_RTHDR: {}", hex::encode(client.routing_header()));
    }

    let burst =
        if arguments.gso { Some(client.burst(&payload, arguments.count as usize).map_err(fail)?) } else { None };
    let together = burst.as_ref().map_or(1, |burst| burst.most() as u32);
    let start = Instant::now();
    let (mut sent, mut answered) = (0, 0);
    for number in (0..arguments.count).step_by(together as usize) {
        let due = start.checked_add(arguments.interval.saturating_mul(number));
        if !due.map_or(Ok(true), signal::sleep_until).map_err(Failure::no)? {
            break;
        }
        let count = together.min(arguments.count - number);
        match &burst {
            Some(burst) => client.send_burst(burst, count as usize),
            None => client.send(&payload),
        }
        .map_err(fail)?;
        sent += count;
        if verbose > 0 {
            let from = client.local_address().map_err(fail)?;
            anstream::eprintln!("sent {} bytes, message {sent}, from port {}", payload.len(), from.port());
        }
        if let Some(timeout) = arguments.reply
            && let Some((from, answer)) = client.receive(timeout).map_err(fail)?
        {
            answered += 1;
            let text = quoted(&String::from_utf8_lossy(&answer));
            writeln!(io::stdout(), "answer from {from}, {} bytes: {text}", answer.len())
                .map_err(|e| Failure::output(&e))?;
        }
    }
    let answers = if arguments.reply.is_some() { format!(", {answered} answered") } else { String::new() };
    anstream::eprintln!(
        "{sent} sent, {} bytes each behind an SRH of {}{answers}",
        payload.len(),
        client.routing_header().len()
    );
    match signal::caught() {
        Some(libc::SIGINT) => Ok(Exit::Interrupted),
        Some(_) => Ok(Exit::Done),
        None if arguments.reply.is_some() && answered < sent => Err(Failure::no("no answer in time")),
        None => Ok(Exit::Done),
    }
}

fn standard_input() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|e| Failure::input(format_args!("cannot read standard input: {e}")))?;
    Ok(bytes)
}
