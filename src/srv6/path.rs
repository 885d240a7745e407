//! From a segment list in wire order to a path in the order it is travelled.

use std::net::Ipv6Addr;

use crate::srv6::csid::{self, Locators};
use crate::wire::srh::{SEGMENT_LEN, Srh};

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

/// What the IPv6 destination is to the path of the SRH that it is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The active segment, as the RFC has it.
    Active,
    /// The first segment of a reduced list, which the list leaves out.
    First,
    /// What nodes on the way make of an active segment with compressed SIDs, by
    /// a plan of locators or by its looks.
    Compressed,
    /// The last segment already, as a masquerading proxy has it (End.AM).
    Masqueraded,
    /// None of these.
    Other,
}

impl Relation {
    /// Its name, for filters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::First => "first",
            Self::Compressed => "compressed",
            Self::Masqueraded => "masqueraded",
            Self::Other => "other",
        }
    }

    /// The same in words.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Active => "the active segment",
            Self::First => "the first segment, which the reduced list leaves out",
            Self::Compressed => "the active segment, with compressed SIDs on their way",
            Self::Masqueraded => "the last segment, as a masquerading proxy has it",
            Self::Other => "not the active segment",
        }
    }
}

/// What a destination is to the path of an SRH; `None` where Segments Left
/// points at nothing.
pub fn relation(srh: &Srh<'_>, destination: Ipv6Addr, locators: &Locators) -> Option<Relation> {
    let Some(active) = active(srh) else { return is_reduced(srh).then_some(Relation::First) };
    if destination == active {
        return Some(Relation::Active);
    }
    let planned = !locators.still_to_visit(destination, Some(srh)).is_empty();
    Some(if planned || csid::is_shifted(active, destination) || csid::is_replaced(active, destination) {
        Relation::Compressed
    } else if final_destination(srh) == Some(destination) {
        Relation::Masqueraded
    } else {
        Relation::Other
    })
}

/// How many slots right behind the list look like segments that a Last Entry
/// too small leaves out, rather than TLVs: the first is the IPv6 destination,
/// or none of them parses as TLVs and each starts like an address of this path.
/// What could be TLVs is never taken for segments.
pub fn hidden_segments(srh: &Srh<'_>, destination: Ipv6Addr) -> usize {
    let (slots, _) = srh.tlv_bytes().as_chunks::<SEGMENT_LEN>();
    let Some(first) = slots.first() else { return 0 };
    // A global or unique local unicast address, or one of 5f00::/16 (RFC 9602).
    let unicast = |slot: &[u8; SEGMENT_LEN]| matches!(slot[0], 0x20..=0x3f | 0xfc | 0xfd | 0x5f);
    let starts_like = |slot: &[u8; SEGMENT_LEN]| {
        let known = srh.segments().chain([destination]).map(|segment| segment.octets());
        unicast(slot) && known.into_iter().any(|octets| octets[..2] == slot[..2])
    };
    let certain = unicast(first) && *first == destination.octets();
    if certain || srh.tlvs().last().is_some_and(|tlv| tlv.overruns) {
        slots.iter().take_while(|slot| starts_like(slot)).count()
    } else {
        0
    }
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
    fn the_destination_is_something_to_the_path() {
        let relation = |left: u8, list: &[&str], destination: &str| {
            let bytes = srh(left, list);
            super::relation(&Srh::new(&bytes).unwrap(), destination.parse().unwrap(), &Locators::NONE)
        };
        let carriers = ["fcbb:bb00:7::", "fcbb:bb00:1:2:3::"];
        assert_eq!(relation(1, &carriers, "fcbb:bb00:1:2:3::"), Some(Relation::Active));
        assert_eq!(relation(1, &carriers, "fcbb:bb00:3::"), Some(Relation::Compressed));
        assert_eq!(relation(1, &carriers, "fcbb:bb00:7::"), Some(Relation::Masqueraded));
        assert_eq!(relation(1, &carriers, "fcbb:bb00:9::"), Some(Relation::Other));
        assert_eq!(relation(2, &carriers, "fcbb:bb00:9::"), Some(Relation::First));
        assert_eq!(relation(3, &carriers, "fcbb:bb00:9::"), None);
        // An index into the container.
        assert_eq!(relation(0, &["5:1:4:1:3:1:2:1"], "2001:db8:b:3:1::2"), Some(Relation::Compressed));
    }

    #[test]
    fn hidden_segments_are_no_tlvs() {
        let ip = |text: &str| text.parse::<Ipv6Addr>().unwrap();
        let hidden = |list: &[&str], destination: &str| {
            let mut bytes = srh(0, list);
            bytes[4] = 0;
            hidden_segments(&Srh::new(&bytes).unwrap(), ip(destination))
        };
        assert_eq!(hidden(&["fc00:c::1", "fc00:b::1", "fc00:a::1"], "fc00:9::1"), 2);
        assert_eq!(hidden(&["fc00:c::1", "fc00:b::1"], "2001:db8::1"), 1);
        // Reads as TLVs, but is where the packet goes.
        assert_eq!(hidden(&["fc00:c::1", "2001:db8:100::"], "2001:db8:100::"), 1);
        assert_eq!(hidden(&["fc00:c::1", "2001:db8:100::"], "2001:db8:200::"), 0);
        // An HMAC of a wrong length, padding, and nothing at all.
        assert_eq!(hidden(&["fc00:c::1", "510:8000::2a:aaaa:aaaa:aaaa"], "fc00:c::1"), 0);
        assert_eq!(hidden(&["fc00:c::1", "40e::"], "fc00:c::1"), 0);
        assert_eq!(hidden(&["fc00:c::1"], "fc00:c::1"), 0);
    }

    #[test]
    fn at_the_last_segment_the_ipv6_destination_counts() {
        assert_eq!(checksum_destination(&Srh::new(&srh(0, &["fc00::3", "fc00::2"])).unwrap()), None);
    }
}
