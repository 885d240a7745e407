//! AF_PACKET through pnet, one frame at a time: Ethernet frames as given, or
//! IPv6 packets behind an Ethernet header resolved from the kernel's tables.

use std::io;
use std::net::Ipv6Addr;
use std::time::Duration;

use pnet::datalink::{self, Channel, DataLinkReceiver, DataLinkSender, NetworkInterface};
use pnet::util::MacAddr;

use super::neighbour::Mac;
use super::resolve::{Resolver, Wire};
use super::{Engine, Packet, SendError, Told};
use crate::sys::route::{Link, LinkKind};

/// The longest one read waits, so that deadlines and signals are noticed.
const READ_STEP: Duration = Duration::from_millis(20);

/// Sends through one interface by AF_PACKET, each packet as soon as it comes.
pub struct PacketEngine {
    resolver: Resolver,
    channel: Pnet,
    frame: Vec<u8>,
    /// Bytes of the frame taken; 0 for none.
    taken: usize,
}

struct Pnet {
    sender: Box<dyn DataLinkSender>,
    receiver: Box<dyn DataLinkReceiver>,
}

impl PacketEngine {
    /// Opens the interface.
    ///
    /// # Errors
    /// Where there is no such interface, it is down, its link layer is unknown,
    /// or CAP_NET_RAW is missing.
    pub fn open(interface: &str) -> Result<Self, SendError> {
        let resolver = Resolver::open(interface)?;
        let config = datalink::Config {
            read_timeout: Some(READ_STEP),
            // Advertisements come to our own address.
            promiscuous: false,
            ..datalink::Config::default()
        };
        match datalink::channel(&describe(&resolver.link), config).map_err(SendError::open("packet"))? {
            Channel::Ethernet(sender, receiver) => {
                let frame = vec![0; resolver.longest()];
                Ok(Self { resolver, channel: Pnet { sender, receiver }, frame, taken: 0 })
            }
            _ => Err(SendError::Io { doing: "open a socket", source: io::ErrorKind::Unsupported.into() }),
        }
    }

    /// The interface's own MAC address; zeros where it has none.
    pub fn mac(&self) -> Mac {
        self.resolver.mac()
    }

    /// The MAC address to which a packet for `destination` goes: the group's,
    /// or that of the next hop, from the kernel's tables or asked for.
    ///
    /// # Errors
    /// Where no route leads there through this interface, or the next hop does
    /// not answer.
    pub fn next_hop(&mut self, destination: Ipv6Addr) -> Result<Mac, SendError> {
        self.resolver.next_hop(destination, &mut self.channel)
    }
}

impl Wire for Pnet {
    fn put(&mut self, frame: &[u8]) -> io::Result<()> {
        // pnet answers None only for channels that cannot send.
        self.sender.send_to(frame, None).unwrap_or(Err(io::ErrorKind::Unsupported.into()))
    }

    fn get(&mut self) -> io::Result<Option<&[u8]>> {
        match self.receiver.next() {
            Ok(frame) => Ok(Some(frame)),
            Err(e) if matches!(e.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted) => Ok(None),
            Err(e) => Err(e),
        }
    }
}

impl Engine for PacketEngine {
    fn name(&self) -> &str {
        "packet"
    }

    fn room(&self) -> usize {
        1
    }

    fn take(&mut self, packet: Packet<'_>) -> Result<usize, SendError> {
        self.resolver.refresh();
        self.taken = self.resolver.frame(packet, &mut self.frame, &mut self.channel)?;
        Ok(self.taken)
    }

    fn flush(&mut self, told: &mut Told<'_>) {
        let length = std::mem::take(&mut self.taken);
        if length > 0 {
            let sent = self.channel.put(&self.frame[..length]);
            told(sent.map_err(|e| self.resolver.explain(e, length)));
        }
    }
}

/// The interface as pnet wants it described; it looks at the index and the
/// address alone.
fn describe(link: &Link) -> NetworkInterface {
    let mac = match link.kind {
        LinkKind::Ethernet(m) => Some(MacAddr::from(m)),
        LinkKind::Loopback | LinkKind::Bare | LinkKind::Other(_) => None,
    };
    NetworkInterface {
        name: link.name.clone(),
        description: String::new(),
        index: link.index,
        mac,
        ips: Vec::new(),
        flags: 0,
    }
}
