//! The sending side: an SRH as a socket option.

use std::io::{self, Read};
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6, TcpStream, UdpSocket};
use std::time::Duration;

use super::{Burst, SocketError, Transport, option};
use crate::sys::control::{self, Control};
use crate::sys::route;
use crate::sys::socket::{self, Ready};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// More than any datagram.
const BUFFER: usize = 64 * 1024;

/// Bytes of an IPv6 header, and of a SYN with the options Linux gives it.
const IPV6: usize = 40;
const SYN: usize = 40;

/// How the SRH reaches the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Once per socket, by setsockopt(2).
    Sticky,
    /// With each datagram, as ancillary data of sendmsg(2). Linux refuses
    /// type 4 there; this is for finding out.
    PerPacket,
}

/// What a [`Client`] shall do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where the payload goes, in the end.
    pub destination: SocketAddrV6,
    /// The segments in the order they are travelled; the destination is added
    /// at the end unless it is there already. Empty for no SRH at all.
    pub path: Vec<Ipv6Addr>,
    /// The source address; the kernel's choice where there is none.
    pub source: Option<Ipv6Addr>,
    /// What carries the payload.
    pub transport: Transport,
    /// How the SRH reaches the kernel; sticky is all there is for TCP.
    pub mode: Mode,
}

/// A socket that sends with an SRH.
#[derive(Debug)]
pub struct Client {
    socket: Socket,
    destination: SocketAddrV6,
    /// Where packets go first.
    next: Ipv6Addr,
    header: Vec<u8>,
    control: Vec<u8>,
}

#[derive(Debug)]
enum Socket {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Client {
    /// Opens the socket, sets the SRH and, for TCP, connects.
    ///
    /// # Errors
    /// Where the path is too long, the kernel refuses the SRH, the source
    /// address is not ours, or no connection comes about.
    pub fn open(plan: &Plan) -> Result<Self, SocketError> {
        let destination = plan.destination;
        let path = match plan.path.as_slice() {
            [] => Vec::new(),
            path => option::whole_path(path, *destination.ip()),
        };
        let header = if path.is_empty() { Vec::new() } else { option::routing_header(&path)? };
        let next = path.first().copied().unwrap_or(*destination.ip());
        let scope = if plan.source.is_some_and(|s| s.is_unicast_link_local()) { destination.scope_id() } else { 0 };
        let local = SocketAddrV6::new(plan.source.unwrap_or(Ipv6Addr::UNSPECIFIED), 0, 0, scope);
        let mut client = Self {
            socket: match plan.transport {
                Transport::Udp => Socket::Udp(
                    UdpSocket::bind(local).map_err(|source| SocketError::Address { address: local, source })?,
                ),
                Transport::Tcp => Socket::Tcp(unconnected(&local)?),
            },
            destination,
            next,
            header,
            control: Vec::new(),
        };
        if plan.mode == Mode::PerPacket {
            let message = Control { level: libc::IPPROTO_IPV6, kind: libc::IPV6_RTHDR, data: &client.header };
            control::push(&mut client.control, message);
        } else if !client.header.is_empty() {
            client.set_header()?;
        }
        if let Socket::Tcp(stream) = &client.socket {
            client.check_room()?;
            socket::connect(stream, &destination).map_err(|e| client.explain(e, 0))?;
        }
        Ok(client)
    }

    fn set_header(&self) -> Result<(), SocketError> {
        let result = match &self.socket {
            Socket::Udp(s) => socket::set_routing_header(s, &self.header),
            Socket::Tcp(s) => socket::set_routing_header(s, &self.header),
        };
        result.map_err(|e| match e.raw_os_error() {
            Some(libc::EINVAL) => SocketError::OptionRefused,
            _ => SocketError::Io { doing: "set IPV6_RTHDR", source: e },
        })
    }

    /// A SYN that does not fit is dropped in silence, and connect(2) tries
    /// again for minutes: better to say so at once.
    fn check_room(&self) -> Result<(), SocketError> {
        match mtu(self.next) {
            Some(mtu) if IPV6 + self.header.len() + SYN > mtu as usize => {
                Err(SocketError::NoRoom { header: self.header.len(), next: self.next, mtu })
            }
            _ => Ok(()),
        }
    }

    /// The SRH given to the kernel; empty where there is none.
    pub fn routing_header(&self) -> &[u8] {
        &self.header
    }

    /// The address packets leave from, as far as the socket knows.
    ///
    /// # Errors
    /// As getsockname(2).
    pub fn local_address(&self) -> Result<SocketAddr, SocketError> {
        match &self.socket {
            Socket::Udp(s) => s.local_addr(),
            Socket::Tcp(s) => s.local_addr(),
        }
        .map_err(SocketError::io("ask for the local address"))
    }

    /// Sends a payload: as one datagram, or on the connection, all of it.
    ///
    /// # Errors
    /// What the kernel answers; [`SocketError::PerPacketRefused`] where it does
    /// not take the SRH as ancillary data.
    pub fn send(&mut self, payload: &[u8]) -> Result<(), SocketError> {
        match &mut self.socket {
            Socket::Udp(s) => socket::send_message(&*s, payload, &self.control, Some(&self.destination)).map(drop),
            Socket::Tcp(s) => io::Write::write_all(s, payload),
        }
        .map_err(|e| self.explain(e, payload.len()))
    }

    /// Makes ready to send a payload many times by one call; `most` bounds how
    /// many.
    ///
    /// # Errors
    /// For TCP, for an empty payload, and where the kernel cannot.
    pub fn burst(&self, payload: &[u8], most: usize) -> Result<Burst, SocketError> {
        match &self.socket {
            Socket::Udp(s) => Burst::new(s, payload, self.header.len(), most),
            Socket::Tcp(_) => Err(SocketError::NothingToCut),
        }
    }

    /// Sends the first `count` datagrams of a burst, each behind the SRH.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_burst(&mut self, burst: &Burst, count: usize) -> Result<(), SocketError> {
        let Socket::Udp(s) = &self.socket else { return Err(SocketError::NothingToCut) };
        let each = burst.payload(1).len();
        match socket::send_message(s, burst.payload(count), &[], Some(&self.destination)) {
            Ok(_) => Ok(()),
            // What the kernel answers where a datagram does not fit.
            Err(e) if e.raw_os_error() == Some(libc::EINVAL) => {
                Err(self.explain(io::Error::from_raw_os_error(libc::EMSGSIZE), each))
            }
            Err(e) => Err(self.explain(e, each)),
        }
    }

    /// Waits for an answer: a datagram with its sender, or what the connection
    /// has to read. `None` where nothing comes in time, the connection ends, or
    /// a signal is caught.
    ///
    /// # Errors
    /// As recvmsg(2).
    pub fn receive(&mut self, timeout: Duration) -> Result<Option<(SocketAddr, Vec<u8>)>, SocketError> {
        let failed = SocketError::io("receive an answer");
        let ready = match &self.socket {
            Socket::Udp(s) => socket::wait_readable(s, Some(timeout)),
            Socket::Tcp(s) => socket::wait_readable(s, Some(timeout)),
        };
        match ready {
            Ok(Ready::Readable) => {}
            Ok(Ready::TimedOut | Ready::Interrupted) => return Ok(None),
            Err(e) => return Err(failed(e)),
        }
        let mut buffer = vec![0; BUFFER];
        let (from, length) = match &mut self.socket {
            Socket::Udp(s) => s.recv_from(&mut buffer).map(|(length, from)| (from, length)),
            Socket::Tcp(s) => s.read(&mut buffer).map(|length| (self.destination.into(), length)),
        }
        .map_err(failed)?;
        let ended = length == 0 && matches!(self.socket, Socket::Tcp(_));
        buffer.truncate(length);
        Ok((!ended).then_some((from, buffer)))
    }

    /// Turns the kernel's answer into what it means for this path.
    fn explain(&self, source: io::Error, payload: usize) -> SocketError {
        match source.raw_os_error() {
            Some(libc::EINVAL) if !self.control.is_empty() => SocketError::PerPacketRefused,
            Some(libc::EMSGSIZE) => {
                SocketError::TooLong { payload, header: self.header.len(), next: self.next, mtu: mtu(self.next) }
            }
            Some(libc::ENETUNREACH | libc::EHOSTUNREACH) => SocketError::NoRoute(self.next),
            // What connect(2) answers when its time is up.
            Some(libc::EINPROGRESS) => {
                SocketError::Connect { to: self.destination, source: io::ErrorKind::TimedOut.into() }
            }
            _ => match self.socket {
                Socket::Tcp(_) => SocketError::Connect { to: self.destination, source },
                Socket::Udp(_) => SocketError::Io { doing: "send", source },
            },
        }
    }
}

/// A TCP socket that has not sent anything yet, so that the SRH can be set
/// before the first SYN.
fn unconnected(local: &SocketAddrV6) -> Result<TcpStream, SocketError> {
    let open = || {
        let fd = socket::stream_ipv6()?;
        socket::set_send_timeout(&fd, CONNECT)?;
        Ok(fd)
    };
    let fd = open().map_err(SocketError::io("open a TCP socket"))?;
    socket::bind(&fd, local).map_err(|source| SocketError::Address { address: *local, source })?;
    Ok(TcpStream::from(fd))
}

/// The MTU of the interface that leads to an address.
fn mtu(address: Ipv6Addr) -> Option<u32> {
    let route = route::route(address, None).ok()?;
    Some(route::link_by_index(route.interface).ok()?.mtu)
}
