//! The ways to send: by our own bytes on two kinds of socket, by the kernel's
//! socket option, and by the kernel's encapsulation.

use std::net::SocketAddrV6;
use std::time::Duration;

use super::{DemoError, MIDDLE, MIDDLE_FAR, Outcome, PAYLOAD, PORT, SOURCE, TARGET};
use crate::dissect::Packet;
use crate::lab::Node;
use crate::lab::tap::{Seen, Tap};
use crate::socket::{Client, Mode, Plan, Report, Server, Transport};
use crate::transmit::{self, Engine, PacketEngine, Raw6Engine};
use crate::wire::bytes::u8_at;
use crate::wire::icmpv6::message;
use crate::wire::proto::Proto;
use crate::{craft, notation};

/// How long anything may take to arrive on links that have no delay.
const PATIENCE: Duration = Duration::from_secs(2);

/// A way of sending the article's packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Every byte our own, Ethernet header included, on an AF_PACKET socket.
    Packet,
    /// Every byte our own from the IPv6 header on, on a raw IPv6 socket.
    Raw6,
    /// A UDP socket with the SRH as a sticky option.
    Sticky,
}

impl Way {
    /// All ways, in the order they are tried.
    pub const ALL: [Self; 3] = [Self::Packet, Self::Raw6, Self::Sticky];

    /// What it is called in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Packet => "AF_PACKET",
            Self::Raw6 => "raw IPv6",
            Self::Sticky => "std socket",
        }
    }
}

/// Builds the bytes that a recipe describes.
fn build(recipe: &str) -> Result<Vec<u8>, DemoError> {
    let layers = notation::parse(recipe).map_err(|e| DemoError::Recipe(e.to_string()))?;
    craft::build(&layers).map_err(|e| DemoError::Recipe(e.to_string()))
}

/// Sends the article's packet in every way: the recipe, and what came of each.
pub fn all(n1: &Node, n3: &Node, near: &Tap, far: &Tap) -> Result<(String, Vec<Outcome>), DemoError> {
    let mut server = n3.run(|| Server::bind(SocketAddrV6::new(TARGET, PORT, 0, 0), Transport::Udp))??;
    let plan = Plan {
        destination: SocketAddrV6::new(TARGET, PORT, 0, 0),
        path: vec![MIDDLE, TARGET],
        source: Some(SOURCE),
        transport: Transport::Udp,
        mode: Mode::Sticky,
    };
    // The socket takes the port that it is given, and the others follow suit,
    // so that the packets can be compared.
    let mut client = n1.run(|| Client::open(&plan))??;
    let port = client.local_address()?.port();
    let recipe =
        format!(r#"ip6(src={SOURCE})/srh(path=[{MIDDLE}, {TARGET}])/udp(sport={port}, dport={PORT})/"{PAYLOAD}""#);
    let packet = build(&recipe)?;
    let mut outcomes = Vec::new();
    for way in Way::ALL {
        let marks = (near.mark(), far.mark());
        match way {
            Way::Packet => n1.run(|| send(&mut PacketEngine::open("v12")?, &packet))??,
            Way::Raw6 => n1.run(|| send(&mut Raw6Engine::open(Some("v12"))?, &packet))??,
            Way::Sticky => client.send(PAYLOAD.as_bytes())?,
        }
        let ours = |packet: &Packet<'_>| {
            let to_server = |layer| packet.ports(layer) == Some((port, PORT));
            packet.first(Proto::Srh).is_some() && packet.last(Proto::Udp).is_some_and(to_server)
        };
        outcomes.push(Outcome {
            way,
            near: near.wait(marks.0, PATIENCE, ours),
            far: far.wait(marks.1, PATIENCE, ours),
            server: server.receive(Some(PATIENCE))?.map(|received| Report::new(1, &received).to_string()),
        });
    }
    Ok((recipe, outcomes))
}

fn send(engine: &mut dyn Engine, packet: &[u8]) -> Result<(), DemoError> {
    engine.send(transmit::Packet::Ipv6(packet))?;
    Ok(())
}

/// What the kernel's own encapsulation led to.
#[derive(Debug)]
pub struct Encapsulation {
    /// The `ip` commands.
    pub commands: Vec<String>,
    /// The echo request on n1's link, encapsulated by the kernel.
    pub request: Option<Seen>,
    /// The same, built from notation.
    pub expected: Vec<u8>,
    /// The echo reply on n1's link, still encapsulated.
    pub reply: Option<Seen>,
    /// Echo replies that n1's kernel counted.
    pub replies: u64,
}

/// The article's iproute2 way: routes that encapsulate at both ends, and a ping.
pub fn encapsulation(n1: &Node, n3: &Node, near: &Tap) -> Result<Encapsulation, DemoError> {
    let commands = vec![
        ip(n1, &format!("-6 route add 2001:db9::/64 encap seg6 mode encap segs {MIDDLE},{TARGET} dev v12"))?,
        ip(n3, &format!("-6 route add 2001:db8::/64 encap seg6 mode encap segs {MIDDLE_FAR},{SOURCE} dev v32"))?,
    ];
    let inner = format!(r#"ip6(src={SOURCE}, dst={TARGET})/icmp6(type=128, id=0x5236, seq=1)/"{PAYLOAD}""#);
    let request = build(&inner)?;
    let expected = build(&format!("ip6(src={SOURCE})/srh(path=[{MIDDLE}, {TARGET}])/{inner}"))?;
    let (mark, before) = (near.mark(), n1.run(echo_replies)?);
    n1.run(|| send(&mut Raw6Engine::open(None)?, &request))??;
    let echo = |kind: u8| {
        move |packet: &Packet<'_>| {
            let message = |layer| u8_at(packet.header(layer), 0) == Some(kind);
            packet.first(Proto::Srh).is_some() && packet.last(Proto::Icmpv6).is_some_and(message)
        }
    };
    let request = near.wait(mark, PATIENCE, echo(message::ECHO_REQUEST));
    let reply = near.wait(mark, PATIENCE, echo(message::ECHO_REPLY));
    let mut replies = 0;
    // The reply is on the link a moment before the kernel has counted it.
    for _ in 0..100 {
        replies = n1.run(echo_replies)?.saturating_sub(before);
        if replies > 0 || reply.is_none() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(Encapsulation { commands, request, expected, reply, replies })
}

/// Runs `ip` in a node; how one would type it there.
fn ip(node: &Node, arguments: &str) -> Result<String, DemoError> {
    let command = format!("ip {arguments}");
    let failed = |message: String| DemoError::Command { command: command.clone(), message };
    let output =
        node.command("ip").args(arguments.split_whitespace()).output().map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().escape_debug().to_string()));
    }
    Ok(format!("{}# {command}", node.name()))
}

/// Echo replies that the calling thread's network has received.
fn echo_replies() -> u64 {
    let counters = std::fs::read_to_string("/proc/thread-self/net/snmp6").unwrap_or_default();
    let line = counters.lines().find(|line| line.starts_with("Icmp6InEchoReplies"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}
