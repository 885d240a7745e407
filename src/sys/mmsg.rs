//! Many messages by one system call: sendmmsg(2).

use std::io;
use std::mem;
use std::net::SocketAddrV6;
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd};
use std::ptr;

use super::socket::to_sockaddr;

/// Messages to send, each in a slot of its own. Made to be used again.
pub struct Batch {
    /// All slots, one behind the other.
    bytes: Box<[u8]>,
    /// Bytes of a slot.
    size: usize,
    lengths: Box<[usize]>,
    addresses: Box<[Option<libc::sockaddr_in6>]>,
    // What the kernel reads; written anew for every call.
    parts: Box<[libc::iovec]>,
    heads: Box<[libc::mmsghdr]>,
}

// SAFETY: the pointers in `parts` and `heads` are only looked at during
// `send`, which has just made them from memory that the batch owns.
unsafe impl Send for Batch {}

impl Batch {
    /// Room for `slots` messages of up to `size` bytes.
    pub fn new(slots: usize, size: usize) -> Self {
        // SAFETY: all zeros are a valid mmsghdr and a valid iovec: null
        // pointers with lengths of 0.
        let (head, part): (libc::mmsghdr, libc::iovec) = unsafe { (mem::zeroed(), mem::zeroed()) };
        Self {
            bytes: vec![0; slots * size].into(),
            size,
            lengths: vec![0; slots].into(),
            addresses: vec![None; slots].into(),
            parts: vec![part; slots].into(),
            heads: vec![head; slots].into(),
        }
    }

    /// How many messages there is room for.
    pub fn slots(&self) -> usize {
        self.lengths.len()
    }

    /// The bytes of a slot, to be written to.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn slot(&mut self, slot: usize) -> &mut [u8] {
        &mut self.bytes[slot * self.size..][..self.size]
    }

    /// Says how many bytes of a slot are its message, and where it goes;
    /// `None` for where the socket is bound or connected to.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn set(&mut self, slot: usize, length: usize, to: Option<&SocketAddrV6>) {
        self.lengths[slot] = length.min(self.size);
        self.addresses[slot] = to.map(to_sockaddr);
    }

    /// How many bytes of a slot are its message; 0 where there is no such slot.
    pub fn length(&self, slot: usize) -> usize {
        self.lengths.get(slot).copied().unwrap_or(0)
    }

    /// Sends the messages of some slots, in order; how many of them the kernel
    /// took. An error is that of the first one; where a later one fails, the
    /// call returns before it.
    ///
    /// # Errors
    /// As sendmmsg(2).
    pub fn send(&mut self, socket: impl AsFd, slots: Range<usize>) -> io::Result<usize> {
        let slots = slots.start.min(self.slots())..slots.end.min(self.slots());
        for slot in slots.clone() {
            let message = &mut self.bytes[slot * self.size..][..self.lengths[slot]];
            self.parts[slot] = libc::iovec { iov_base: message.as_mut_ptr().cast(), iov_len: message.len() };
            let head = &mut self.heads[slot].msg_hdr;
            (head.msg_iov, head.msg_iovlen) = (&mut self.parts[slot], 1);
            (head.msg_name, head.msg_namelen) = match &mut self.addresses[slot] {
                Some(address) => (ptr::from_mut(address).cast(), size_of::<libc::sockaddr_in6>() as libc::socklen_t),
                None => (ptr::null_mut(), 0),
            };
        }
        let heads = &mut self.heads[slots];
        let fd = socket.as_fd().as_raw_fd();
        // SAFETY: `heads` are as many mmsghdr as is said. Their pointers were
        // just set to a slot's bytes, iovec and address, each with its length;
        // all of them live as long as this borrow.
        let sent =
            unsafe { libc::sendmmsg(fd, heads.as_mut_ptr(), heads.len() as libc::c_uint, libc::MSG_NOSIGNAL as _) };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{SocketAddr, UdpSocket};

    #[test]
    fn messages_arrive_in_order_with_their_own_lengths_and_addresses() {
        let receivers = [UdpSocket::bind("[::1]:0").unwrap(), UdpSocket::bind("[::1]:0").unwrap()];
        let sender = UdpSocket::bind("[::1]:0").unwrap();
        let mut batch = Batch::new(5, 16);
        for slot in 0..5 {
            batch.slot(slot).fill(slot as u8);
            let SocketAddr::V6(to) = receivers[slot % 2].local_addr().unwrap() else { unreachable!() };
            batch.set(slot, slot + 1, Some(&to));
        }
        assert_eq!(batch.send(&sender, 0..2).unwrap(), 2);
        assert_eq!(batch.send(&sender, 2..9).unwrap(), 3);
        for slot in 0..5 {
            let mut buffer = [0xff; 32];
            let length = receivers[slot % 2].recv(&mut buffer).unwrap();
            assert_eq!(&buffer[..length], vec![slot as u8; slot + 1]);
        }
    }

    #[test]
    fn an_error_is_the_first_messages() {
        let sender = UdpSocket::bind("[::1]:0").unwrap();
        let mut batch = Batch::new(2, 4);
        batch.set(0, 9, None);
        let error = batch.send(&sender, 0..1).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EDESTADDRREQ));
        assert_eq!(batch.send(&sender, 2..2).unwrap(), 0);
    }
}
