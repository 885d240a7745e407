//! `sr6 server`: what arrives, with its Routing Headers, as a plain socket
//! sees it.

use std::io::{self, Write};
use std::net::SocketAddrV6;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use super::value::{Scoped, duration, scoped};
use super::{Exit, Failure, Outcome};
use crate::socket::{Report, Server, SocketError, Transport};
use crate::sys::signal;

/// Receive UDP or TCP and show the Segment Routing Header of each message
///
/// A plain socket with IPV6_RECVRTHDR: the kernel hands over the Routing Headers of each
/// datagram as control messages, and every one is shown. On a TCP stream it keeps those of the
/// latest segment only. Nothing arrives with a Segment Routing Header unless
/// net.ipv6.conf.{all,IF}.seg6_enabled are both 1.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sr6 server :: 3000
  sr6 server 2001:db9::1 3000 --count 1 --timeout 5s -T json
  sr6 server fe80::1%eth0 3000 --tcp")]
pub struct Arguments {
    /// Address to listen on, `::` for all; link-local as ADDR%IF
    #[arg(value_name = "ADDR", value_parser = scoped)]
    address: Scoped,
    /// Port to listen on, 0 for any
    port: u16,
    /// Accept TCP connections, one at a time, instead of datagrams
    #[arg(long)]
    tcp: bool,
    /// Stop after this many messages (on TCP: after as many reads)
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Stop after this time: 10ms, 5s, 2m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
    /// Output format
    #[arg(short = 'T', value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Send each payload back to its sender
    #[arg(long)]
    echo: bool,
    /// Keep this many bytes of control data per message
    #[arg(long, value_name = "BYTES", default_value_t = Server::CONTROL)]
    control_buffer: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A block of lines per message
    Text,
    /// One JSON object per line and message
    Json,
}

/// Runs `sr6 server`.
pub fn run(arguments: &Arguments) -> Outcome {
    signal::catch().map_err(Failure::no)?;
    let address = SocketAddrV6::new(arguments.address.address, arguments.port, 0, arguments.address.scope);
    let transport = if arguments.tcp { Transport::Tcp } else { Transport::Udp };
    let mut server = Server::bind(address, transport).map_err(fail)?.with_control_buffer(arguments.control_buffer);
    let bound = server.local_address().map_err(fail)?;
    anstream::eprintln!("listening on {bound}{}", if arguments.tcp { " (TCP)" } else { "" });

    let deadline = arguments.timeout.and_then(|t| Instant::now().checked_add(t));
    let mut number = 0;
    while arguments.count.is_none_or(|count| number < count) {
        let left = deadline.map(|d| d.saturating_duration_since(Instant::now()));
        let Some(received) = server.receive(left).map_err(fail)? else { break };
        number += 1;
        write(&Report::new(number, &received), arguments.format).map_err(|e| Failure::output(&e))?;
        if arguments.echo {
            // A sender that went away is no reason to stop listening.
            let _ = server.reply(&received, &received.payload);
        }
    }
    match (signal::caught(), arguments.count) {
        (Some(libc::SIGINT), _) => Ok(Exit::Interrupted),
        (None, Some(count)) if number < count => {
            Err(Failure::no(format_args!("{number} of {count} messages came in time")))
        }
        _ => Ok(Exit::Done),
    }
}

/// Writes one message and makes sure that it is out before the next arrives.
fn write(report: &Report, format: Format) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match format {
        Format::Text => write!(out, "{report}")?,
        Format::Json => {
            serde_json::to_writer(&mut out, report)?;
            writeln!(out)?;
        }
    }
    out.flush()
}

/// The exit code of a socket's error.
pub fn fail(error: SocketError) -> Failure {
    match &error {
        SocketError::PerPacketRefused | SocketError::OptionRefused | SocketError::NoSegmentation => {
            Failure::missing(error)
        }
        SocketError::Address { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => Failure::missing(
            format_args!("{error}: ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE"),
        ),
        SocketError::TooManySegments(_)
        | SocketError::NothingToCut
        | SocketError::TooLong { .. }
        | SocketError::NoRoom { .. }
        | SocketError::Address { .. } => Failure::input(error),
        SocketError::NoRoute(_) | SocketError::Connect { .. } | SocketError::Io { .. } => Failure::no(error),
    }
}
