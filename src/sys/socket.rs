//! Sockets beyond what std offers: IPv6 options, control messages, raw and
//! netlink sockets, waiting that a signal can end.
//!
//! Descriptors are `OwnedFd`; functions take anything `AsFd`, so std's sockets
//! work with them too.

use std::io;
use std::mem;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;
use std::time::Duration;

use super::control::Controls;
use super::signal;

/// A raw IPv6 socket that sends packets as given, IPv6 header included
/// (IPPROTO_RAW). It receives nothing.
///
/// # Errors
/// EPERM without CAP_NET_RAW.
pub fn raw_ipv6() -> io::Result<OwnedFd> {
    open(libc::AF_INET6, libc::SOCK_RAW, libc::IPPROTO_RAW)
}

/// A TCP socket over IPv6, neither bound nor connected, so that options can be
/// set before the first segment leaves.
///
/// # Errors
/// As socket(2).
pub fn stream_ipv6() -> io::Result<OwnedFd> {
    open(libc::AF_INET6, libc::SOCK_STREAM, libc::IPPROTO_TCP)
}

/// A socket that asks the kernel about links, routes and neighbours.
///
/// # Errors
/// As socket(2).
pub fn netlink_route() -> io::Result<OwnedFd> {
    open(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE)
}

pub(super) fn open(domain: libc::c_int, kind: libc::c_int, protocol: libc::c_int) -> io::Result<OwnedFd> {
    // SAFETY: socket(2) takes no pointers.
    let fd = check(unsafe { libc::socket(domain, kind | libc::SOCK_CLOEXEC, protocol) })?;
    // SAFETY: `fd` was just opened and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// setsockopt(2) with the option's bytes as they are; empty bytes are a
/// length of 0.
///
/// # Errors
/// As setsockopt(2) and the option say.
pub fn set_option(socket: impl AsFd, level: i32, name: i32, value: &[u8]) -> io::Result<()> {
    let length = value.len() as libc::socklen_t;
    // SAFETY: the kernel reads `length` bytes from `value`, which has as many.
    check(unsafe { libc::setsockopt(raw(&socket), level, name, value.as_ptr().cast(), length) })?;
    Ok(())
}

/// getsockopt(2) into `value`; the length the kernel filled.
///
/// # Errors
/// As getsockopt(2) and the option say.
pub fn get_option(socket: impl AsFd, level: i32, name: i32, value: &mut [u8]) -> io::Result<usize> {
    let mut length = value.len() as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes to `value`, which has
    // as many, and the length it wrote to `length`.
    check(unsafe { libc::getsockopt(raw(&socket), level, name, value.as_mut_ptr().cast(), &mut length) })?;
    Ok((length as usize).min(value.len()))
}

/// setsockopt(2) for options whose value is an `int`.
///
/// # Errors
/// As [`set_option`].
pub fn set_int(socket: impl AsFd, level: i32, name: i32, value: i32) -> io::Result<()> {
    set_option(socket, level, name, &value.to_ne_bytes())
}

/// Sets the Routing Header that every packet of the socket will carry (the
/// sticky option IPV6_RTHDR, RFC 3542 §6); an empty one takes it off again.
/// For type 4, Linux puts the destination into `Segment List[0]` and sends to
/// `Segment List[Segments Left]`. No privilege is needed.
///
/// # Errors
/// EINVAL for a header that the kernel does not accept.
pub fn set_routing_header(socket: impl AsFd, header: &[u8]) -> io::Result<()> {
    set_option(socket, libc::IPPROTO_IPV6, libc::IPV6_RTHDR, header)
}

/// Asks for received Routing Headers as control messages (IPV6_RECVRTHDR).
///
/// # Errors
/// As setsockopt(2).
pub fn receive_routing_headers(socket: impl AsFd) -> io::Result<()> {
    set_int(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVRTHDR, 1)
}

/// Ties the socket to one interface (SO_BINDTODEVICE).
///
/// # Errors
/// ENODEV where there is no such interface; EPERM on kernels before 5.7
/// without CAP_NET_RAW.
pub fn bind_to_device(socket: impl AsFd, interface: &str) -> io::Result<()> {
    set_option(socket, libc::SOL_SOCKET, libc::SO_BINDTODEVICE, interface.as_bytes())
}

/// Bounds sends, and with them connect(2), in time (SO_SNDTIMEO).
///
/// # Errors
/// As setsockopt(2).
pub fn set_send_timeout(socket: impl AsFd, timeout: Duration) -> io::Result<()> {
    let mut value = [0; size_of::<libc::timeval>()];
    let (seconds, micros) = value.split_at_mut(size_of::<libc::time_t>());
    let whole = libc::time_t::try_from(timeout.as_secs()).unwrap_or(libc::time_t::MAX);
    seconds.copy_from_slice(&whole.to_ne_bytes());
    micros.copy_from_slice(&libc::suseconds_t::from(timeout.subsec_micros() as i32).to_ne_bytes());
    set_option(socket, libc::SOL_SOCKET, libc::SO_SNDTIMEO, &value)
}

/// Has the kernel cut each payload into datagrams of so many bytes, the last
/// of what is left (UDP_SEGMENT); 0 for not any more.
///
/// # Errors
/// As setsockopt(2).
pub fn set_segment(socket: impl AsFd, bytes: u16) -> io::Result<()> {
    set_int(socket, libc::SOL_UDP, libc::UDP_SEGMENT, i32::from(bytes))
}

/// Whether [`set_segment`] can be expected to work.
///
/// # Errors
/// ENOPROTOOPT where it cannot.
pub fn segmentation_supported() -> io::Result<()> {
    let socket = open(libc::AF_INET6, libc::SOCK_DGRAM, libc::IPPROTO_UDP)?;
    set_segment(&socket, 0)
}

/// bind(2).
///
/// # Errors
/// As bind(2).
pub fn bind(socket: impl AsFd, address: &SocketAddrV6) -> io::Result<()> {
    let address = to_sockaddr(address);
    // SAFETY: `address` is a sockaddr_in6 and the length given is its size.
    check(unsafe { libc::bind(raw(&socket), ptr::from_ref(&address).cast(), sockaddr_len(&address)) })?;
    Ok(())
}

/// connect(2).
///
/// # Errors
/// As connect(2); EINPROGRESS where the send timeout ran out.
pub fn connect(socket: impl AsFd, address: &SocketAddrV6) -> io::Result<()> {
    let address = to_sockaddr(address);
    // SAFETY: `address` is a sockaddr_in6 and the length given is its size.
    check(unsafe { libc::connect(raw(&socket), ptr::from_ref(&address).cast(), sockaddr_len(&address)) })?;
    Ok(())
}

/// sendmsg(2): a payload with control messages, made by
/// [`push`](super::control::push), to an address, or to the peer of a
/// connected socket. Returns the bytes sent.
///
/// # Errors
/// As sendmsg(2).
pub fn send_message(socket: impl AsFd, payload: &[u8], control: &[u8], to: Option<&SocketAddrV6>) -> io::Result<usize> {
    let mut address = to.map(to_sockaddr);
    let mut part = libc::iovec { iov_base: payload.as_ptr().cast_mut().cast(), iov_len: payload.len() };
    let mut message = empty_message();
    message.msg_iov = &mut part;
    message.msg_iovlen = 1;
    if let Some(address) = &mut address {
        message.msg_namelen = sockaddr_len(address);
        message.msg_name = ptr::from_mut(address).cast();
    }
    if !control.is_empty() {
        message.msg_control = control.as_ptr().cast_mut().cast();
        message.msg_controllen = control.len();
    }
    // SAFETY: every pointer in `message` is to a value that outlives the call
    // with the length given beside it; sendmsg(2) writes to none of them.
    // MSG_NOSIGNAL: a closed stream is an error here, not a SIGPIPE.
    check_len(unsafe { libc::sendmsg(raw(&socket), &message, libc::MSG_NOSIGNAL) })
}

/// What recvmsg(2) delivered, in the buffers it was given.
#[derive(Debug)]
pub struct Message<'a> {
    /// The payload.
    pub payload: &'a [u8],
    /// The control data, as the kernel filled it.
    pub control: &'a [u8],
    /// The sender, where the protocol names one per message and it is IPv6.
    pub from: Option<SocketAddrV6>,
    /// The payload buffer was too short and the rest is lost (MSG_TRUNC).
    pub payload_truncated: bool,
    /// The control buffer was too short and the rest is lost (MSG_CTRUNC).
    pub control_truncated: bool,
}

impl<'a> Message<'a> {
    /// Every control message, in the kernel's order.
    pub fn controls(&self) -> Controls<'a> {
        Controls::new(self.control)
    }
}

/// recvmsg(2) into the two buffers.
///
/// # Errors
/// As recvmsg(2).
pub fn receive_message<'a>(socket: impl AsFd, payload: &'a mut [u8], control: &'a mut [u8]) -> io::Result<Message<'a>> {
    // SAFETY: sockaddr_in6 is plain data, and all zeros is a value of it.
    let mut address: libc::sockaddr_in6 = unsafe { mem::zeroed() };
    let mut part = libc::iovec { iov_base: payload.as_mut_ptr().cast(), iov_len: payload.len() };
    let mut message = empty_message();
    message.msg_iov = &mut part;
    message.msg_iovlen = 1;
    message.msg_namelen = sockaddr_len(&address);
    message.msg_name = ptr::from_mut(&mut address).cast();
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = control.len();
    // SAFETY: every pointer in `message` is to memory borrowed mutably for
    // this call, and the kernel keeps to the lengths given beside them.
    let length = check_len(unsafe { libc::recvmsg(raw(&socket), &mut message, 0) })?;
    let named = message.msg_namelen >= sockaddr_len(&address) && i32::from(address.sin6_family) == libc::AF_INET6;
    Ok(Message {
        payload: &payload[..length.min(payload.len())],
        control: &control[..message.msg_controllen.min(control.len())],
        from: named.then(|| from_sockaddr(&address)),
        payload_truncated: message.msg_flags & libc::MSG_TRUNC != 0,
        control_truncated: message.msg_flags & libc::MSG_CTRUNC != 0,
    })
}

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ready {
    /// There is something to read, or an error to fetch.
    Readable,
    /// The time ran out.
    TimedOut,
    /// A signal was caught (see [`signal::catch`]).
    Interrupted,
}

/// Waits until `socket` can be read, `timeout` has passed (`None`: for as long
/// as it takes) or a signal is caught.
///
/// # Errors
/// As poll(2).
pub fn wait_readable(socket: impl AsFd, timeout: Option<Duration>) -> io::Result<Ready> {
    let deadline = timeout.and_then(|t| std::time::Instant::now().checked_add(t));
    loop {
        if signal::caught().is_some() {
            return Ok(Ready::Interrupted);
        }
        let left = deadline.map(|d| d.saturating_duration_since(std::time::Instant::now()));
        // Without a deadline, wake up now and then; it costs nothing.
        let step = left.unwrap_or(Duration::from_secs(60));
        if poll_readable(&[Some(socket.as_fd()), signal::wake()], step)? {
            if signal::caught().is_none() {
                return Ok(Ready::Readable);
            }
        } else if left.is_some_and(|l| l <= step) {
            return Ok(Ready::TimedOut);
        }
    }
}

/// poll(2) for reading: whether any of the descriptors is ready within
/// `timeout`, which is rounded up to milliseconds. An interrupting signal ends
/// the wait with nothing ready; the pipe it wrote to is for the next wait.
pub(super) fn poll_readable(descriptors: &[Option<BorrowedFd<'_>>], timeout: Duration) -> io::Result<bool> {
    let mut polled: Vec<libc::pollfd> = descriptors
        .iter()
        .flatten()
        .map(|fd| libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 })
        .collect();
    let millis = i32::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
    // SAFETY: `polled` is an array of as many pollfd as the count given.
    match check(unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, millis) }) {
        Ok(ready) => Ok(ready > 0),
        Err(e) if e.kind() == io::ErrorKind::Interrupted => Ok(false),
        Err(e) => Err(e),
    }
}

fn empty_message() -> libc::msghdr {
    // SAFETY: all zeros is a valid msghdr: null pointers with lengths of 0.
    unsafe { mem::zeroed() }
}

fn raw(socket: &impl AsFd) -> libc::c_int {
    socket.as_fd().as_raw_fd()
}

fn sockaddr_len<T>(_: &T) -> libc::socklen_t {
    size_of::<T>() as libc::socklen_t
}

pub(super) fn to_sockaddr(address: &SocketAddrV6) -> libc::sockaddr_in6 {
    libc::sockaddr_in6 {
        sin6_family: libc::AF_INET6 as libc::sa_family_t,
        sin6_port: address.port().to_be(),
        sin6_flowinfo: address.flowinfo(),
        sin6_addr: libc::in6_addr { s6_addr: address.ip().octets() },
        sin6_scope_id: address.scope_id(),
    }
}

fn from_sockaddr(address: &libc::sockaddr_in6) -> SocketAddrV6 {
    SocketAddrV6::new(
        Ipv6Addr::from(address.sin6_addr.s6_addr),
        u16::from_be(address.sin6_port),
        address.sin6_flowinfo,
        address.sin6_scope_id,
    )
}

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn check_len(result: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{SocketAddr, TcpListener, UdpSocket};

    fn v6(address: SocketAddr) -> SocketAddrV6 {
        match address {
            SocketAddr::V6(a) => a,
            SocketAddr::V4(a) => panic!("{a} is not IPv6"),
        }
    }

    #[test]
    fn a_datagram_keeps_its_sender_and_says_what_was_cut() {
        let receiver = UdpSocket::bind("[::1]:0").unwrap();
        let sender = UdpSocket::bind("[::1]:0").unwrap();
        let to = v6(receiver.local_addr().unwrap());
        assert_eq!(send_message(&sender, b"hello", &[], Some(&to)).unwrap(), 5);
        let (mut payload, mut control) = ([0; 3], [0; 64]);
        assert_eq!(wait_readable(&receiver, Some(Duration::from_secs(5))).unwrap(), Ready::Readable);
        let message = receive_message(&receiver, &mut payload, &mut control).unwrap();
        assert_eq!(message.payload, b"hel");
        assert!(message.payload_truncated && !message.control_truncated);
        assert_eq!(message.from, Some(v6(sender.local_addr().unwrap())));
        assert_eq!(message.controls().count(), 0);
    }

    #[test]
    fn a_control_buffer_too_small_is_said() {
        let receiver = UdpSocket::bind("[::1]:0").unwrap();
        set_int(&receiver, libc::IPPROTO_IPV6, libc::IPV6_RECVHOPLIMIT, 1).unwrap();
        let sender = UdpSocket::bind("[::1]:0").unwrap();
        for (size, truncated, expected) in [(64, false, 1), (0, true, 0)] {
            send_message(&sender, b"x", &[], Some(&v6(receiver.local_addr().unwrap()))).unwrap();
            let (mut payload, mut control) = ([0; 8], vec![0; size]);
            let message = receive_message(&receiver, &mut payload, &mut control).unwrap();
            assert_eq!(message.control_truncated, truncated);
            assert_eq!(message.controls().count(), expected);
            for control in message.controls() {
                assert_eq!((control.level, control.kind), (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT));
                assert_eq!(control.data, 64i32.to_ne_bytes());
            }
        }
    }

    #[test]
    fn a_wait_ends_in_time() {
        let socket = UdpSocket::bind("[::1]:0").unwrap();
        let start = std::time::Instant::now();
        assert_eq!(wait_readable(&socket, Some(Duration::from_millis(20))).unwrap(), Ready::TimedOut);
        assert!(start.elapsed() >= Duration::from_millis(20));
    }

    #[test]
    fn connect_and_bind_before_the_first_segment() {
        let listener = TcpListener::bind("[::1]:0").unwrap();
        let socket = stream_ipv6().unwrap();
        set_send_timeout(&socket, Duration::from_millis(1500)).unwrap();
        let mut value = [0; 16];
        let length = get_option(&socket, libc::SOL_SOCKET, libc::SO_SNDTIMEO, &mut value).unwrap();
        assert_eq!(value[..length], [1i64.to_ne_bytes(), 500_000i64.to_ne_bytes()].concat());
        bind(&socket, &SocketAddrV6::new(Ipv6Addr::LOCALHOST, 0, 0, 0)).unwrap();
        connect(&socket, &v6(listener.local_addr().unwrap())).unwrap();
        assert!(listener.accept().is_ok());
    }

    #[test]
    fn the_kernel_judges_a_routing_header() {
        let socket = UdpSocket::bind("[::1]:0").unwrap();
        let mut header = [0u8; 24];
        header[1..5].copy_from_slice(&[2, 4, 0, 0]);
        set_routing_header(&socket, &header).unwrap();
        set_routing_header(&socket, &[]).unwrap();
        // Segments Left beyond Last Entry.
        header[3] = 1;
        assert_eq!(set_routing_header(&socket, &header).unwrap_err().raw_os_error(), Some(libc::EINVAL));
    }
}
