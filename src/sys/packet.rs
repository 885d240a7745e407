//! AF_PACKET sockets: whole frames, as they are on the wire.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::ptr;
use std::time::Duration;

use super::socket::{self, Ready};

/// A socket that sends frames through the interface of an index. It receives
/// nothing, so that nothing piles up behind it.
///
/// # Errors
/// EPERM without CAP_NET_RAW; ENODEV where there is no such interface.
pub fn sender(interface: u32) -> io::Result<OwnedFd> {
    let socket = socket::open(libc::AF_PACKET, libc::SOCK_RAW, 0)?;
    bind(&socket, 0, interface)?;
    Ok(socket)
}

/// A socket that receives the neighbour advertisements which arrive at the
/// interface of an index, and sends frames too. What the interface sends does
/// not pass by it.
///
/// # Errors
/// As [`sender`].
pub fn advertisements(interface: u32) -> io::Result<OwnedFd> {
    let socket = socket::open(libc::AF_PACKET, libc::SOCK_RAW, 0)?;
    // Next Header 58 in the IPv6 header behind 14 bytes of Ethernet, ICMPv6
    // type 136 behind that; 64 KiB of such a packet or nothing of any other.
    filter(&socket, &[(20, 58), (54, 136)])?;
    bind(&socket, libc::ETH_P_IPV6 as u16, interface)?;
    Ok(socket)
}

/// The next frame of a socket, into `buffer`; `None` where there is none in
/// time, or a signal was caught.
///
/// # Errors
/// As recvmsg(2).
pub fn receive<'a>(socket: &OwnedFd, buffer: &'a mut [u8], timeout: Duration) -> io::Result<Option<&'a [u8]>> {
    match socket::wait_readable(socket, Some(timeout))? {
        Ready::Readable => Ok(Some(socket::receive_message(socket, buffer, &mut [])?.payload)),
        Ready::TimedOut | Ready::Interrupted => Ok(None),
    }
}

fn bind(socket: &OwnedFd, protocol: u16, interface: u32) -> io::Result<()> {
    // SAFETY: sockaddr_ll is plain data, and all zeros is a value of it.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = libc::AF_PACKET as u16;
    address.sll_protocol = protocol.to_be();
    address.sll_ifindex = interface as i32;
    let length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
    // SAFETY: `address` is a sockaddr_ll and the length given is its size.
    match unsafe { libc::bind(socket.as_fd().as_raw_fd(), ptr::from_ref(&address).cast(), length) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Lets only frames through that have these values at these places.
fn filter(socket: &OwnedFd, bytes: &[(u32, u32)]) -> io::Result<()> {
    let jump = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    let load = (libc::BPF_LD | libc::BPF_B | libc::BPF_ABS) as u16;
    let ret = (libc::BPF_RET | libc::BPF_K) as u16;
    let mut program = Vec::new();
    for (n, (at, value)) in bytes.iter().enumerate() {
        // To the last instruction, which refuses.
        let jf = (2 * (bytes.len() - n) - 1) as u8;
        program.push(libc::sock_filter { code: load, jt: 0, jf: 0, k: *at });
        program.push(libc::sock_filter { code: jump, jt: 0, jf, k: *value });
    }
    program.push(libc::sock_filter { code: ret, jt: 0, jf: 0, k: 0xffff });
    program.push(libc::sock_filter { code: ret, jt: 0, jf: 0, k: 0 });
    let length = size_of::<libc::sock_fprog>() as libc::socklen_t;
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the option is a sock_fprog of the length given; it points to as
    // many instructions as it says, and the kernel only reads them.
    let set = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            ptr::from_ref(&program).cast(),
            length,
        )
    };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
