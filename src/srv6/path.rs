//! From a segment list in wire order to a path in the order it is travelled.

use std::net::Ipv6Addr;

use crate::wire::srh::Srh;

/// The segments in the order they are travelled: the list backwards. A reduced
/// list (RFC 8754 §4.1.1) lacks the first segment, which only the IPv6
/// destination ever held.
pub fn travelled<'a>(srh: &Srh<'a>) -> impl ExactSizeIterator<Item = Ipv6Addr> + Clone + 'a {
    srh.segments().rev()
}

/// The entry Segments Left points at; `None` where it points past the list, as
/// it does at the start of a reduced one.
pub fn active(srh: &Srh<'_>) -> Option<Ipv6Addr> {
    srh.segment(usize::from(srh.segments_left()))
}

/// Where the path ends: the first list entry. `None` for an empty list.
pub fn final_destination(srh: &Srh<'_>) -> Option<Ipv6Addr> {
    srh.segment(0)
}

/// The destination that goes into the pseudo-header of an upper-layer checksum
/// (RFC 8200 §8.1), when `srh` is the last Routing header before that layer:
/// the final destination while segments are left, and the IPv6 destination,
/// here `None`, once none are.
pub fn checksum_destination(srh: &Srh<'_>) -> Option<Ipv6Addr> {
    if srh.segments_left() > 0 { final_destination(srh) } else { None }
}

/// Whether the list is reduced: Segments Left points one past it, which no
/// node but the source of a reduced list makes it do.
pub fn is_reduced(srh: &Srh<'_>) -> bool {
    usize::from(srh.segments_left()) == usize::from(srh.last_entry()) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn srh(left: u8, segments: &[&str]) -> Vec<u8> {
        let mut bytes = vec![59, segments.len() as u8 * 2, 4, left, segments.len() as u8 - 1, 0, 0, 0];
        bytes.extend(segments.iter().flat_map(|s| s.parse::<Ipv6Addr>().unwrap().octets()));
        bytes
    }

    #[test]
    fn the_path_is_the_list_backwards() {
        let bytes = srh(2, &["fc00::3", "fc00::2", "fc00::1"]);
        let srh = Srh::new(&bytes).unwrap();
        assert_eq!(travelled(&srh).map(|s| s.to_string()).collect::<Vec<_>>(), ["fc00::1", "fc00::2", "fc00::3"]);
        assert_eq!(active(&srh).unwrap().to_string(), "fc00::1");
        assert_eq!(checksum_destination(&srh).unwrap().to_string(), "fc00::3");
        assert!(!is_reduced(&srh));
    }

    #[test]
    fn a_reduced_list_has_no_active_entry() {
        let bytes = srh(2, &["fc00::3", "fc00::2"]);
        let srh = Srh::new(&bytes).unwrap();
        assert_eq!(active(&srh), None);
        assert!(is_reduced(&srh));
        assert_eq!(checksum_destination(&srh), final_destination(&srh));
    }

    #[test]
    fn at_the_last_segment_the_ipv6_destination_counts() {
        assert_eq!(checksum_destination(&Srh::new(&srh(0, &["fc00::3", "fc00::2"])).unwrap()), None);
    }
}
