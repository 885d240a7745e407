//! The receiving side: Routing Headers as control messages.

use std::net::{SocketAddr, SocketAddrV6, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use super::{SocketError, Transport};
use crate::sys::control::{Control, Controls};
use crate::sys::socket::{self, Ready};

/// More than any datagram.
const PAYLOAD: usize = 64 * 1024;

/// One message: a datagram, or what one read of a stream gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Its sender.
    pub from: SocketAddrV6,
    /// Its payload.
    pub payload: Vec<u8>,
    /// What carried it. On a TCP stream the Routing Headers are those of the
    /// latest segment, which is all that the kernel keeps.
    pub transport: Transport,
    /// Every Routing Header that the kernel handed over, in the packet's
    /// order, as it arrived.
    pub routing_headers: Vec<Vec<u8>>,
    /// Every other control message: level, type, data.
    pub other_control: Vec<(i32, i32, Vec<u8>)>,
    /// The payload was longer than the buffer (MSG_TRUNC).
    pub payload_truncated: bool,
    /// The control data was longer than its buffer, and the rest is lost
    /// (MSG_CTRUNC): Routing Headers may be cut or missing.
    pub control_truncated: bool,
}

impl Received {
    /// Sorts one control message in.
    fn sort(&mut self, control: Control<'_>) {
        if (control.level, control.kind) == (libc::IPPROTO_IPV6, libc::IPV6_RTHDR) {
            self.routing_headers.push(control.data.to_vec());
        } else {
            self.other_control.push((control.level, control.kind, control.data.to_vec()));
        }
    }
}

/// A socket that receives payloads with their Routing Headers.
#[derive(Debug)]
pub struct Server {
    socket: Socket,
    payload: Vec<u8>,
    control: Vec<u8>,
}

#[derive(Debug)]
enum Socket {
    Udp(UdpSocket),
    /// One connection at a time, and who is at its other end.
    Tcp(TcpListener, Option<(TcpStream, SocketAddrV6)>),
}

impl Server {
    /// Control data is kept up to this many bytes unless said otherwise: room
    /// for the Routing Headers of any packet up to an MTU of 9000.
    pub const CONTROL: usize = 16 * 1024;

    /// Binds an address and port (0 for any), and asks for Routing Headers.
    ///
    /// # Errors
    /// Where the address is not ours, the port is taken or privileged.
    pub fn bind(address: SocketAddrV6, transport: Transport) -> Result<Self, SocketError> {
        let bound = |source| SocketError::Address { address, source };
        let asked = SocketError::io("set IPV6_RECVRTHDR");
        let socket = match transport {
            Transport::Udp => {
                let socket = UdpSocket::bind(address).map_err(bound)?;
                // A datagram that was announced may turn out to have a bad
                // checksum; reading must not block then.
                socket.set_nonblocking(true).map_err(SocketError::io("prepare the socket"))?;
                socket::receive_routing_headers(&socket).map_err(asked)?;
                Socket::Udp(socket)
            }
            Transport::Tcp => {
                let listener = TcpListener::bind(address).map_err(bound)?;
                // Connections inherit the option.
                socket::receive_routing_headers(&listener).map_err(asked)?;
                // A connection may be gone between the wait and the accept.
                listener.set_nonblocking(true).map_err(SocketError::io("prepare the socket"))?;
                Socket::Tcp(listener, None)
            }
        };
        Ok(Self { socket, payload: vec![0; PAYLOAD], control: vec![0; Self::CONTROL] })
    }

    /// Keeps control data up to `bytes`; what is longer will be cut.
    #[must_use]
    pub fn with_control_buffer(mut self, bytes: usize) -> Self {
        self.control = vec![0; bytes];
        self
    }

    /// The address and port bound.
    ///
    /// # Errors
    /// As getsockname(2).
    pub fn local_address(&self) -> Result<SocketAddr, SocketError> {
        match &self.socket {
            Socket::Udp(s) => s.local_addr(),
            Socket::Tcp(s, _) => s.local_addr(),
        }
        .map_err(SocketError::io("ask for the local address"))
    }

    /// Waits for a message; `None` where none comes within `timeout` (`None`:
    /// however long it takes) or a signal is caught.
    ///
    /// # Errors
    /// As recvmsg(2) and accept(2).
    pub fn receive(&mut self, timeout: Option<Duration>) -> Result<Option<Received>, SocketError> {
        let deadline = timeout.and_then(|t| Instant::now().checked_add(t));
        loop {
            let left = deadline.map(|d| d.saturating_duration_since(Instant::now()));
            let ready = match &self.socket {
                Socket::Udp(s) => socket::wait_readable(s, left),
                Socket::Tcp(_, Some((stream, _))) => socket::wait_readable(stream, left),
                Socket::Tcp(listener, None) => socket::wait_readable(listener, left),
            };
            match ready.map_err(SocketError::io("wait for a message"))? {
                Ready::Readable => {}
                Ready::TimedOut | Ready::Interrupted => return Ok(None),
            }
            let received = match &mut self.socket {
                Socket::Udp(s) => datagram(s, &mut self.payload, &mut self.control)?,
                Socket::Tcp(_, connection @ Some(_)) => read(connection, &mut self.payload, &mut self.control)?,
                Socket::Tcp(listener, connection) => {
                    *connection = accept(listener)?;
                    None
                }
            };
            if received.is_some() {
                return Ok(received);
            }
        }
    }

    /// Sends an answer to the sender of the message received last.
    ///
    /// # Errors
    /// As sendmsg(2).
    pub fn reply(&mut self, to: &Received, payload: &[u8]) -> Result<(), SocketError> {
        match &mut self.socket {
            Socket::Udp(s) => s.send_to(payload, to.from).map(drop),
            Socket::Tcp(_, Some((stream, _))) => std::io::Write::write_all(stream, payload),
            Socket::Tcp(_, None) => Err(std::io::ErrorKind::NotConnected.into()),
        }
        .map_err(SocketError::io("send an answer"))
    }
}

/// Receives one datagram; `None` for one whose checksum turned out to be bad
/// after it had been announced.
fn datagram(socket: &UdpSocket, payload: &mut [u8], control: &mut [u8]) -> Result<Option<Received>, SocketError> {
    let message = match socket::receive_message(socket, payload, control) {
        Ok(message) => message,
        Err(e) if passing(&e) => return Ok(None),
        Err(e) => return Err(SocketError::Io { doing: "receive a message", source: e }),
    };
    // Only a socket of another family would give no sender.
    let Some(from) = message.from else { return Ok(None) };
    let mut received = Received {
        from,
        payload: message.payload.to_vec(),
        transport: Transport::Udp,
        routing_headers: Vec::new(),
        other_control: Vec::new(),
        payload_truncated: message.payload_truncated,
        control_truncated: message.control_truncated,
    };
    message.controls().for_each(|c| received.sort(c));
    Ok(Some(received))
}

/// Reads from the connection; `None`, and no connection any more, at its end.
fn read(
    connection: &mut Option<(TcpStream, SocketAddrV6)>,
    payload: &mut [u8],
    control: &mut [u8],
) -> Result<Option<Received>, SocketError> {
    let Some((stream, from)) = connection else { return Ok(None) };
    let message = match socket::receive_message(&*stream, payload, control) {
        Ok(message) if !message.payload.is_empty() => message,
        Err(e) if passing(&e) => return Ok(None),
        // An orderly end, or a reset: either way the next one may connect.
        _ => {
            *connection = None;
            return Ok(None);
        }
    };
    let mut received = Received {
        from: *from,
        payload: message.payload.to_vec(),
        transport: Transport::Tcp,
        routing_headers: Vec::new(),
        other_control: Vec::new(),
        payload_truncated: false,
        control_truncated: message.control_truncated,
    };
    message.controls().for_each(|c| received.sort(c));
    // recvmsg gives no Routing Headers on a stream. This getsockopt, older
    // than RFC 3542, gives those of the latest segment that had any.
    let length = socket::get_option(&*stream, libc::IPPROTO_IPV6, libc::IPV6_2292PKTOPTIONS, control)
        .map_err(SocketError::io("ask for the Routing Header (IPV6_2292PKTOPTIONS)"))?;
    Controls::new(&control[..length]).for_each(|c| received.sort(c));
    Ok(Some(received))
}

fn accept(listener: &TcpListener) -> Result<Option<(TcpStream, SocketAddrV6)>, SocketError> {
    match listener.accept() {
        Ok((stream, SocketAddr::V6(from))) => {
            stream.set_nonblocking(false).map_err(SocketError::io("prepare the connection"))?;
            Ok(Some((stream, from)))
        }
        // A socket of this family has no other peers.
        Ok((_, SocketAddr::V4(_))) => Ok(None),
        Err(e) if passing(&e) || e.kind() == std::io::ErrorKind::ConnectionAborted => Ok(None),
        Err(e) => Err(SocketError::Io { doing: "accept a connection", source: e }),
    }
}

/// Nothing was there after all: wait again.
fn passing(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::Interrupted)
}
