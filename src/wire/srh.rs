//! The Segment Routing Header (RFC 8754 §2).
//!
//! ```text
//! +---------------+---------------+---------------+---------------+
//! |  Next Header  |  Hdr Ext Len  | Routing Type 4| Segments Left |
//! +---------------+---------------+---------------+---------------+
//! |  Last Entry   |     Flags     |              Tag              |
//! +---------------+---------------+---------------+---------------+
//! |  Segment List[0], 16 bytes: the LAST segment of the path      |
//! |  ...                                                          |
//! |  Segment List[Last Entry]: the first segment of the path      |
//! +---------------------------------------------------------------+
//! |  TLVs, up to 8 * (Hdr Ext Len + 1) bytes from the start       |
//! ```
//!
//! Two numbers say how long the list is, and they can disagree: Last Entry,
//! which a sender writes, and Hdr Ext Len, which bounds the header. [`Srh`]
//! keeps them apart: [`Srh::segments`] is what Last Entry claims as far as the
//! header holds it, [`Srh::slots`] how many entries the header has room for.

use std::net::Ipv6Addr;

use crate::wire::error::LengthError;
use crate::wire::field::{At, Field, Kind, Protocol, bytes, fields};
use crate::wire::{routing, sid, srh_tlv};

/// The SRH's routing type.
pub const ROUTING_TYPE: u8 = 4;

/// Bytes before the segment list.
pub const FIXED_LEN: usize = 8;

/// Bytes of one segment.
pub const SEGMENT_LEN: usize = 16;

/// The most segments Hdr Ext Len has room for.
pub const MAX_SEGMENTS: usize = 127;

/// Bits of the Flags octet that mean, or once meant, something.
pub mod flag {
    /// O-flag: punt a copy to the OAM process (RFC 9259 §2.1).
    pub const OAM: u8 = 0x20;
    /// "Clean-up" in the first drafts.
    pub const DRAFT_CLEANUP: u8 = 0x80;
    /// "Protected" in drafts.
    pub const DRAFT_PROTECTED: u8 = 0x40;
    /// "Alert" in drafts.
    pub const DRAFT_ALERT: u8 = 0x10;
    /// "HMAC TLV present" in drafts; Linux still depends on it.
    pub const DRAFT_HMAC: u8 = 0x08;
}

fields! {
    shared [
        routing::NEXT_HEADER, routing::LENGTH, routing::OCTETS, routing::TYPE, routing::SEGMENTS_LEFT, srh_tlv::HMAC_D, srh_tlv::HMAC_RESERVED, srh_tlv::HMAC_KEY_ID, srh_tlv::HMAC_DIGEST, srh_tlv::HMAC_STATUS, srh_tlv::HMAC_FORM, srh_tlv::RESERVED, srh_tlv::FLAGS, srh_tlv::NODE, srh_tlv::OPAQUE, srh_tlv::NSH, srh_tlv::HIDDEN, srh_tlv::PT_INTERFACE, srh_tlv::PT_LOAD, srh_tlv::PT_TIME, srh_tlv::PT_SESSION, srh_tlv::PT_SEQUENCE, sid::CSID, sid::CSIDS, sid::CARRIED, sid::NAME, sid::BEHAVIOR, sid::LOCATOR, sid::FUNCTION, sid::ARGUMENT, sid::QFI, sid::REFLECTIVE, sid::U_BIT, sid::SESSION, sid::NEXT_PLAN, sid::REPLACE_PLAN, sid::LINUX_PLAIN, sid::LINUX_END
    ]
    LAST_ENTRY = Field::dec("ipv6.routing.srh.last_entry", "Last Entry", bytes(4, 1)).arg("last");
    FLAGS = Field::hex("ipv6.routing.srh.flags", "Flags", bytes(5, 1)).arg("flags");
    TAG = Field::bytes("ipv6.routing.srh.tag", "Tag", bytes(6, 2)).arg("tag");
    SEGMENT = Field::ipv6("ipv6.routing.srh.addr", "Address", At::Varies).many();
    SEGMENTS = Field::new("srh.segs", "Segment List", Kind::Ipv6, At::Varies)
        .own("The segment list in wire order: the last segment of the path first").arg("segs");
    PATH = Field::new("srh.path", "Path", Kind::Ipv6, At::Derived)
        .own("The segments in the order they are travelled; of a reduced list, without the first").arg("path").many();
    REDUCED = Field::bool("srh.reduced", "Reduced", At::Derived)
        .own("Whether the list leaves out the first segment of the path, which is in the IPv6 destination alone (RFC 8754 §4.1.1)")
        .arg("reduced");
    ACTIVE = Field::ipv6("srh.active", "Active Segment", At::Derived)
        .own("The entry of the segment list that Segments Left points at; absent where it points past the list");
    DESTINATION = Field::text("srh.destination", "Destination Address is", At::Derived)
        .own("What the IPv6 destination is to the path: active, first, compressed, masqueraded or other");
    FINAL = Field::ipv6("srh.final", "Final Destination", At::Derived)
        .own("Where the path ends: Segment List[0]");
    TLVS = Field::bytes("srh.tlvs", "TLVs", At::Varies).own("The bytes after the segment list").arg("tlvs").elements(&srh_tlv::TLVS).many();
    TLV_TYPE = Field::dec("srh.tlv.type", "Type", At::Varies).size(1).own("The type of a TLV (RFC 8754 §2.1)").names(tlv_name);
    TLV_LENGTH = Field::dec("srh.tlv.len", "Length", At::Varies).size(1).own("The length in bytes of a TLV's value");
    TLV_VALUE = Field::bytes("srh.tlv.value", "Value", At::Varies).own("The value of a TLV");
}

/// The header as a field: its filter name is that of every Routing header.
pub static HEADER: Field = Field::group("ipv6.routing", "Routing Header for IPv6 (Segment Routing)");

/// The SRH.
pub static PROTOCOL: Protocol = Protocol {
    name: "ipv6.routing",
    notation: "srh",
    title: "Routing Header for IPv6 (Segment Routing)",
    short: "SRH",
    header: &HEADER,
    fields: FIELDS,
    inside: true,
};

/// Names of SRH TLV types (RFC 8754 §8.2; drafts marked as such).
pub fn tlv_name(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "Pad1",
        1 => "Ingress Node (draft)",
        2 => "Egress Node (draft)",
        3 => "Opaque Container (draft)",
        4 => "PadN",
        5 => "HMAC",
        6 => "NSH Carrier (draft)",
        128 => "Path Tracing (draft)",
        _ => return None,
    })
}

/// A Segment Routing Header as it lies in a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Srh<'a> {
    fixed: &'a [u8; FIXED_LEN],
    /// Everything after the fixed part that Hdr Ext Len claims and that is there.
    rest: &'a [u8],
}

impl<'a> Srh<'a> {
    /// Views the header at the start of `bytes`, all of which must be there;
    /// what follows it is ignored. The routing type is not checked.
    ///
    /// # Errors
    /// `bytes` is shorter than the fixed part, or than Hdr Ext Len says.
    pub fn new(bytes: &'a [u8]) -> Result<Self, LengthError> {
        let srh = Self::lax(bytes)?;
        if srh.len() < srh.claimed_len() {
            return Err(LengthError {
                layer: "SRH",
                offset: 0,
                needed: srh.claimed_len(),
                available: bytes.len(),
                says: Some(("Hdr Ext Len", u32::from(srh.hdr_ext_len()))),
            });
        }
        Ok(srh)
    }

    /// As [`Srh::new`], but a header cut short is viewed as far as it goes.
    ///
    /// # Errors
    /// `bytes` is shorter than the fixed part.
    pub fn lax(bytes: &'a [u8]) -> Result<Self, LengthError> {
        let (fixed, rest) = bytes.split_first_chunk::<FIXED_LEN>().ok_or(LengthError {
            layer: "SRH",
            offset: 0,
            needed: FIXED_LEN,
            available: bytes.len(),
            says: None,
        })?;
        let claimed = usize::from(fixed[1]) * 8;
        Ok(Self { fixed, rest: &rest[..claimed.min(rest.len())] })
    }

    /// The type of the header that follows.
    pub fn next_header(&self) -> u8 {
        self.fixed[0]
    }

    /// Hdr Ext Len: the header's length in units of 8 bytes after the first 8.
    pub fn hdr_ext_len(&self) -> u8 {
        self.fixed[1]
    }

    /// The Routing Type octet; 4 in an SRH.
    pub fn routing_type(&self) -> u8 {
        self.fixed[2]
    }

    /// Segments Left: the index of the active segment.
    pub fn segments_left(&self) -> u8 {
        self.fixed[3]
    }

    /// Last Entry: the index of the last element of the segment list (the
    /// drafts' "First Segment").
    pub fn last_entry(&self) -> u8 {
        self.fixed[4]
    }

    /// The Flags octet; see [`flag`].
    pub fn flags(&self) -> u8 {
        self.fixed[5]
    }

    /// The Tag.
    pub fn tag(&self) -> u16 {
        u16::from_be_bytes([self.fixed[6], self.fixed[7]])
    }

    /// The length in bytes that Hdr Ext Len claims.
    pub fn claimed_len(&self) -> usize {
        FIXED_LEN + usize::from(self.hdr_ext_len()) * 8
    }

    /// The length in bytes that is there, at most [`Srh::claimed_len`].
    pub fn len(&self) -> usize {
        FIXED_LEN + self.rest.len()
    }

    /// Whether there is nothing after the fixed part.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many whole segments Hdr Ext Len has room for, whatever Last Entry says.
    pub fn slots(&self) -> usize {
        usize::from(self.hdr_ext_len()) / 2
    }

    /// How many segments the list has: Last Entry + 1, as far as the header
    /// has them.
    pub fn segment_count(&self) -> usize {
        (usize::from(self.last_entry()) + 1).min(self.rest.len() / SEGMENT_LEN)
    }

    /// Whether Last Entry claims more segments than Hdr Ext Len has room for.
    pub fn last_entry_overruns(&self) -> bool {
        usize::from(self.last_entry()) + 1 > self.slots()
    }

    /// Entry `index` of the segment list, as Last Entry claims the list.
    pub fn segment(&self, index: usize) -> Option<Ipv6Addr> {
        let (segments, _) = self.rest.as_chunks::<SEGMENT_LEN>();
        segments.get(..self.segment_count())?.get(index).map(|octets| Ipv6Addr::from(*octets))
    }

    /// The segment list in wire order: the last segment of the path first.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = Ipv6Addr> + ExactSizeIterator + Clone + 'a {
        let (segments, _) = self.rest.as_chunks::<SEGMENT_LEN>();
        segments[..self.segment_count()].iter().map(|octets| Ipv6Addr::from(*octets))
    }

    /// The bytes of the segment list, as Last Entry claims it.
    pub fn list_bytes(&self) -> &'a [u8] {
        &self.rest[..self.segment_count() * SEGMENT_LEN]
    }

    /// Where the TLVs start, in bytes from the header's start.
    pub fn tlv_offset(&self) -> usize {
        FIXED_LEN + self.segment_count() * SEGMENT_LEN
    }

    /// The bytes after the segment list, within the header.
    pub fn tlv_bytes(&self) -> &'a [u8] {
        &self.rest[self.segment_count() * SEGMENT_LEN..]
    }

    /// The TLVs, walked as RFC 8754 §2.1 says.
    pub fn tlvs(&self) -> Tlvs<'a> {
        Tlvs { bytes: self.tlv_bytes(), offset: self.tlv_offset() }
    }
}

/// One TLV of an SRH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// The Type octet.
    pub kind: u8,
    /// The Length octet, in bytes of value; `None` for Pad1, which has none,
    /// and for a TLV cut off before it.
    pub length: Option<u8>,
    /// The value, as far as it is there.
    pub value: &'a [u8],
    /// Where the TLV starts, in bytes from the SRH's start.
    pub offset: usize,
    /// Whether the header ends before the TLV does.
    pub overruns: bool,
}

impl Tlv<'_> {
    /// Bytes the TLV takes up, as far as they are there.
    pub fn len(&self) -> usize {
        1 + usize::from(self.length.is_some()) + self.value.len()
    }

    /// Never: a TLV has at least its type.
    pub fn is_empty(&self) -> bool {
        false
    }
}

/// Iterates over TLVs; the one that overruns is the last.
#[derive(Debug, Clone)]
pub struct Tlvs<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Iterator for Tlvs<'a> {
    type Item = Tlv<'a>;

    fn next(&mut self) -> Option<Tlv<'a>> {
        let (&kind, rest) = self.bytes.split_first()?;
        let offset = self.offset;
        let tlv = match rest.split_first() {
            // Pad1 is a single byte (RFC 8754 §2.1.1.1).
            _ if kind == 0 => Tlv { kind, length: None, value: &[], offset, overruns: false },
            None => Tlv { kind, length: None, value: &[], offset, overruns: true },
            Some((&length, after)) => match after.get(..usize::from(length)) {
                Some(value) => Tlv { kind, length: Some(length), value, offset, overruns: false },
                None => Tlv { kind, length: Some(length), value: after, offset, overruns: true },
            },
        };
        self.bytes = self.bytes.get(tlv.len()..).unwrap_or_default();
        self.offset += tlv.len();
        Some(tlv)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn article() -> Vec<u8> {
        let mut bytes = vec![17, 4, 4, 1, 1, 0, 0, 7];
        bytes.extend(["2001:db9::1", "2001:db8::2"].iter().flat_map(|a| a.parse::<Ipv6Addr>().unwrap().octets()));
        bytes
    }

    #[test]
    fn reads_the_articles_header() {
        let bytes = article();
        let srh = Srh::new(&bytes).unwrap();
        assert_eq!(
            (
                srh.next_header(),
                srh.hdr_ext_len(),
                srh.routing_type(),
                srh.segments_left(),
                srh.last_entry(),
                srh.tag()
            ),
            (17, 4, 4, 1, 1, 7)
        );
        assert_eq!(srh.segments().map(|s| s.to_string()).collect::<Vec<_>>(), ["2001:db9::1", "2001:db8::2"]);
        assert_eq!((srh.len(), srh.tlv_bytes().len()), (40, 0));
    }

    #[test]
    fn a_short_header_says_what_is_missing() {
        assert_eq!(
            Srh::new(&article()[..20]).unwrap_err().to_string(),
            "SRH: 40 bytes needed at offset 0, 20 available (Hdr Ext Len says 4)"
        );
        assert_eq!(Srh::lax(&article()[..24]).unwrap().segments().len(), 1);
    }

    #[test]
    fn walks_tlvs_and_marks_the_one_that_overruns() {
        let mut bytes = article();
        bytes[1] = 5;
        bytes.extend([0, 4, 1, 0, 9, 200, 1, 2]);
        let srh = Srh::new(&bytes).unwrap();
        let tlvs: Vec<_> = srh.tlvs().map(|t| (t.kind, t.length, t.value.len(), t.offset, t.overruns)).collect();
        assert_eq!(tlvs, [(0, None, 0, 40, false), (4, Some(1), 1, 41, false), (9, Some(200), 2, 44, true)]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_covered_exactly(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(srh) = Srh::lax(&bytes) {
                let tlvs: usize = srh.tlvs().map(|t| t.len()).sum();
                prop_assert_eq!(srh.tlv_offset() + tlvs, srh.len());
                prop_assert!(srh.len() <= bytes.len().min(srh.claimed_len()));
                prop_assert_eq!(srh.segments().len(), srh.segment_count());
                prop_assert_eq!(srh.segment(srh.segment_count()), None);
            }
        }
    }
}
