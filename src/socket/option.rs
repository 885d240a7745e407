//! The SRH as Linux wants it in an IPV6_RTHDR option.

use std::net::Ipv6Addr;

use super::SocketError;
use crate::wire::srh::{FIXED_LEN, MAX_SEGMENTS, ROUTING_TYPE, SEGMENT_LEN};

/// The whole path to a destination: the segments as travelled, with the
/// destination last whether or not `path` ends with it.
pub fn whole_path(path: &[Ipv6Addr], destination: Ipv6Addr) -> Vec<Ipv6Addr> {
    let mut whole = path.to_vec();
    if whole.last() != Some(&destination) {
        whole.push(destination);
    }
    whole
}

/// The SRH of a path in travelled order, the destination last: all segments in
/// the list, Segments Left on the first. The kernel fills in Next Header, and
/// writes `Segment List[0]` again from the address sent to.
///
/// # Errors
/// Where the path is longer than a socket option can be.
pub fn routing_header(path: &[Ipv6Addr]) -> Result<Vec<u8>, SocketError> {
    let too_many = || SocketError::TooManySegments(path.len());
    let count = u8::try_from(path.len()).ok().filter(|n| usize::from(*n) <= MAX_SEGMENTS).ok_or_else(too_many)?;
    let last = count.saturating_sub(1);
    let mut header = Vec::with_capacity(FIXED_LEN + path.len() * SEGMENT_LEN);
    header.extend_from_slice(&[0, 2 * count, ROUTING_TYPE, last, last, 0, 0, 0]);
    for segment in path.iter().rev() {
        header.extend_from_slice(&segment.octets());
    }
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::srh::Srh;

    const A: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
    const B: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb9, 0, 0, 0, 0, 0, 1);

    #[test]
    fn the_destination_ends_the_path_once() {
        assert_eq!(whole_path(&[A], B), [A, B]);
        assert_eq!(whole_path(&[A, B], B), [A, B]);
        assert_eq!(whole_path(&[B, A], B), [B, A, B]);
        assert_eq!(whole_path(&[], B), [B]);
    }

    #[test]
    fn the_article_s_header() {
        let header = routing_header(&[A, B]).unwrap();
        assert_eq!(hex::encode(&header[..8]), "0004040101000000");
        let srh = Srh::new(&header).unwrap();
        assert_eq!(srh.len(), header.len());
        assert_eq!(srh.segments().collect::<Vec<_>>(), [B, A]);
    }

    #[test]
    fn as_many_segments_as_an_option_holds() {
        assert_eq!(routing_header(&[A; 127]).unwrap().len(), 2040);
        for count in [128, 255, 256, 1000] {
            assert!(matches!(routing_header(&vec![A; count]), Err(SocketError::TooManySegments(n)) if n == count));
        }
    }
}
