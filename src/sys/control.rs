//! Control messages (ancillary data, RFC 3542 §4.2): the records that travel
//! beside the payload of recvmsg(2) and sendmsg(2).
//!
//! The records are read from and written to plain bytes, so this file needs no
//! `unsafe`; a length that does not fit ends the walk.

/// One control message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control<'a> {
    /// The protocol that made it, such as `libc::IPPROTO_IPV6`.
    pub level: i32,
    /// Its type within that level, such as `libc::IPV6_RTHDR`.
    pub kind: i32,
    /// Its data, as long as its header says.
    pub data: &'a [u8],
}

/// Records start at multiples of the size of a C `long`.
const ALIGN: usize = size_of::<libc::c_long>();
/// `struct cmsghdr`: the length as `size_t`, then level and type as `int`.
const HEADER: usize = size_of::<libc::cmsghdr>();

/// Every control message in a buffer filled by recvmsg(2) or getsockopt(2), in
/// the kernel's order.
#[derive(Debug, Clone)]
pub struct Controls<'a> {
    rest: &'a [u8],
}

impl<'a> Controls<'a> {
    /// Walks `bytes`, the part of the buffer that the kernel filled.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }
}

impl<'a> Iterator for Controls<'a> {
    type Item = Control<'a>;

    fn next(&mut self) -> Option<Control<'a>> {
        let (length, rest) = self.rest.split_first_chunk::<{ size_of::<usize>() }>()?;
        let (level, rest) = rest.split_first_chunk::<4>()?;
        let (kind, _) = rest.split_first_chunk::<4>()?;
        let length = usize::from_ne_bytes(*length);
        let Some(data) = self.rest.get(HEADER..length) else {
            self.rest = &[];
            return None;
        };
        self.rest = self.rest.get(length.next_multiple_of(ALIGN)..).unwrap_or_default();
        Some(Control { level: i32::from_ne_bytes(*level), kind: i32::from_ne_bytes(*kind), data })
    }
}

/// Appends a control message to a buffer for sendmsg(2), padded so that
/// another may follow.
pub fn push(buffer: &mut Vec<u8>, message: Control<'_>) {
    buffer.extend_from_slice(&(HEADER + message.data.len()).to_ne_bytes());
    buffer.extend_from_slice(&message.level.to_ne_bytes());
    buffer.extend_from_slice(&message.kind.to_ne_bytes());
    buffer.extend_from_slice(message.data);
    buffer.resize(buffer.len().next_multiple_of(ALIGN), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_pushed_is_walked(
            messages in proptest::collection::vec((any::<i32>(), any::<i32>(), proptest::collection::vec(any::<u8>(), 0..50)), 0..6)
        ) {
            let mut buffer = Vec::new();
            for (level, kind, data) in &messages {
                push(&mut buffer, Control { level: *level, kind: *kind, data });
            }
            let walked: Vec<_> = Controls::new(&buffer).map(|m| (m.level, m.kind, m.data.to_vec())).collect();
            prop_assert_eq!(walked, messages);
        }

        #[test]
        fn any_bytes_end_the_walk(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Controls::new(&bytes).count() <= bytes.len() / HEADER);
        }
    }

    #[test]
    fn a_length_shorter_than_its_header_ends_the_walk() {
        let mut buffer = Vec::new();
        push(&mut buffer, Control { level: 41, kind: 57, data: &[1; 8] });
        buffer[..size_of::<usize>()].copy_from_slice(&3usize.to_ne_bytes());
        assert_eq!(Controls::new(&buffer).count(), 0);
    }
}
