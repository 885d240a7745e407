//! Netlink messages (rtnetlink(7)): one request, one answer, as bytes.
//!
//! Numbers are in the machine's own byte order, records start at multiples of
//! four bytes, and a length that does not fit ends a walk.

use std::io;
use std::time::Duration;

use super::socket::{self, Ready};

/// `struct nlmsghdr`: length (4), type (2), flags (2), sequence (4), port (4).
const HEADER: usize = 16;
/// Attributes and messages start at multiples of this.
const ALIGN: usize = 4;
/// The kernel answers at once; this only bounds a wait that went wrong.
const PATIENCE: Duration = Duration::from_secs(2);

/// A request under construction.
#[derive(Debug)]
pub struct Request(Vec<u8>);

impl Request {
    /// A request of the type given (such as `libc::RTM_GETROUTE`) with its
    /// fixed part.
    pub fn new(kind: u16, fixed: &[u8]) -> Self {
        let mut bytes = vec![0; HEADER];
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        bytes[6..8].copy_from_slice(&(libc::NLM_F_REQUEST as u16).to_ne_bytes());
        bytes[8..12].copy_from_slice(&1u32.to_ne_bytes());
        bytes.extend_from_slice(fixed);
        Self(bytes)
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        self.0.resize(self.0.len().next_multiple_of(ALIGN), 0);
        self.0.extend_from_slice(&(4 + value.len() as u16).to_ne_bytes());
        self.0.extend_from_slice(&kind.to_ne_bytes());
        self.0.extend_from_slice(value);
        self
    }

    /// Sends the request and waits for its one answer, of the type `answer`
    /// and with a fixed part of `fixed` bytes.
    ///
    /// # Errors
    /// The errno with which the kernel answers; `InvalidData` where it answers
    /// something else; `TimedOut` where it does not answer.
    pub fn ask(mut self, answer: u16, fixed: usize) -> io::Result<Answer> {
        let length = u32::try_from(self.0.len()).map_err(io::Error::other)?;
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        let kernel = socket::netlink_route()?;
        socket::send_message(&kernel, &self.0, &[], None)?;
        if socket::wait_readable(&kernel, Some(PATIENCE))? == Ready::TimedOut {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the kernel does not answer on netlink"));
        }
        let mut buffer = vec![0; 32 * 1024];
        let message = socket::receive_message(&kernel, &mut buffer, &mut [])?;
        parse(message.payload, answer, fixed)
    }
}

/// The kernel's answer to a [`Request`].
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    body: Vec<u8>,
    fixed: usize,
}

impl Answer {
    /// The fixed part, as long as was asked for.
    pub fn fixed(&self) -> &[u8] {
        &self.body[..self.fixed]
    }

    /// The value of the first attribute of a type.
    pub fn attribute(&self, kind: u16) -> Option<&[u8]> {
        let mut rest = self.body.get(self.fixed.next_multiple_of(ALIGN)..)?;
        loop {
            let length = usize::from(u16::from_ne_bytes(*rest.first_chunk()?));
            let found = u16::from_ne_bytes(*rest.get(2..)?.first_chunk()?) & libc::NLA_TYPE_MASK as u16;
            let value = rest.get(4..length)?;
            if found == kind {
                return Some(value);
            }
            rest = rest.get(length.next_multiple_of(ALIGN)..)?;
        }
    }

    /// An attribute's value of exactly `N` bytes.
    pub fn array<const N: usize>(&self, kind: u16) -> Option<[u8; N]> {
        self.attribute(kind)?.try_into().ok()
    }

    /// An attribute's value as a 32-bit number.
    pub fn number(&self, kind: u16) -> Option<u32> {
        self.array(kind).map(u32::from_ne_bytes)
    }
}

/// The answer in a netlink datagram.
fn parse(datagram: &[u8], answer: u16, fixed: usize) -> io::Result<Answer> {
    let odd = || io::Error::new(io::ErrorKind::InvalidData, "the kernel's netlink answer is not understood");
    let length = u32::from_ne_bytes(*datagram.first_chunk().ok_or_else(odd)?) as usize;
    let kind = u16::from_ne_bytes(*datagram.get(4..).and_then(|b| b.first_chunk()).ok_or_else(odd)?);
    let body = datagram.get(HEADER..length).ok_or_else(odd)?;
    if i32::from(kind) == libc::NLMSG_ERROR {
        let errno = i32::from_ne_bytes(*body.first_chunk().ok_or_else(odd)?);
        return Err(io::Error::from_raw_os_error(-errno));
    }
    if kind != answer || body.len() < fixed {
        return Err(odd());
    }
    Ok(Answer { body: body.to_vec(), fixed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn datagram(kind: u16, body: &[u8]) -> Vec<u8> {
        let mut bytes = Request::new(kind, body).0;
        let length = bytes.len() as u32;
        bytes[..4].copy_from_slice(&length.to_ne_bytes());
        bytes
    }

    #[test]
    fn attributes_are_found_behind_others() {
        let request = Request::new(24, &[7; 12]).attribute(1, &[1, 2, 3]).attribute(4, &9u32.to_ne_bytes());
        let answer = parse(&datagram(24, &request.0[HEADER..]), 24, 12).unwrap();
        assert_eq!(answer.fixed(), [7; 12]);
        assert_eq!(answer.attribute(1), Some(&[1, 2, 3][..]));
        assert_eq!(answer.number(4), Some(9));
        assert_eq!(answer.number(1), None);
        assert_eq!(answer.attribute(5), None);
    }

    #[test]
    fn an_error_is_its_errno() {
        let error = parse(&datagram(2, &(-libc::ENETUNREACH).to_ne_bytes()), 24, 12).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENETUNREACH));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(
            body in proptest::collection::vec(any::<u8>(), 0..60), fixed in 0usize..16, kind in 0u16..8
        ) {
            let _ = parse(&body, 24, fixed);
            if let Ok(answer) = parse(&datagram(24, &body), 24, fixed) {
                let _ = answer.attribute(kind);
            }
        }
    }
}
