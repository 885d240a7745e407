//! Many datagrams by one system call, each behind the SRH: the kernel cuts a
//! long payload into them (UDP_SEGMENT, generic segmentation offload).

use std::os::fd::AsFd;

use super::SocketError;
use crate::sys::socket;

/// The most datagrams that every kernel with UDP_SEGMENT cuts.
pub const MOST: usize = 64;
/// The most bytes of UDP header and payload together.
const LONGEST: usize = 65_535;
const UDP: usize = 8;

/// Copies of one payload, to be cut into a datagram each.
#[derive(Debug)]
pub struct Burst {
    bytes: Vec<u8>,
    each: usize,
}

impl Burst {
    /// As many copies of a payload as can be sent at once behind an SRH of
    /// `header` bytes, but no more than `most`.
    ///
    /// # Errors
    /// Where the payload is empty, so that there is nothing to cut, or the
    /// kernel has no UDP_SEGMENT.
    pub(super) fn new(udp: impl AsFd, payload: &[u8], header: usize, most: usize) -> Result<Self, SocketError> {
        let each = u16::try_from(payload.len()).ok().filter(|each| *each > 0).ok_or(SocketError::NothingToCut)?;
        socket::set_segment(udp, each).map_err(|source| match source.raw_os_error() {
            Some(libc::ENOPROTOOPT) => SocketError::NoSegmentation,
            _ => SocketError::Io { doing: "set UDP_SEGMENT", source },
        })?;
        let room = LONGEST.saturating_sub(UDP + header) / payload.len();
        let copies = room.min(MOST).min(most).max(1);
        Ok(Self { bytes: payload.repeat(copies), each: payload.len() })
    }

    /// How many datagrams it has at most.
    pub fn most(&self) -> usize {
        self.bytes.len() / self.each
    }

    /// The payload of so many datagrams.
    pub(super) fn payload(&self, count: usize) -> &[u8] {
        &self.bytes[..count.min(self.most()) * self.each]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    #[test]
    fn as_many_as_fit() {
        let socket = UdpSocket::bind("[::1]:0").unwrap();
        let most = |length: usize, header, most| Burst::new(&socket, &vec![7; length], header, most).unwrap().most();
        assert_eq!((most(16, 40, 64), most(16, 40, 1000), most(16, 40, 3)), (64, 64, 3));
        assert_eq!((most(1400, 40, 64), most(1400, 2040, 64)), (46, 45));
        assert_eq!(most(65_000, 2040, 64), 1);
        assert!(matches!(Burst::new(&socket, &[], 40, 64), Err(SocketError::NothingToCut)));
        let burst = Burst::new(&socket, b"ab", 40, 3).unwrap();
        assert_eq!((burst.payload(2), burst.payload(9)), (&b"abab"[..], &b"ababab"[..]));
    }

    #[test]
    fn the_kernel_cuts() {
        let (sender, receiver) = (UdpSocket::bind("[::1]:0").unwrap(), UdpSocket::bind("[::1]:0").unwrap());
        let burst = Burst::new(&sender, b"abc", 0, 5).unwrap();
        sender.send_to(burst.payload(4), receiver.local_addr().unwrap()).unwrap();
        receiver.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
        for _ in 0..4 {
            let mut buffer = [0; 16];
            let length = receiver.recv(&mut buffer).unwrap();
            assert_eq!(&buffer[..length], b"abc");
        }
    }
}
