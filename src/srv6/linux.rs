//! What a Linux node would do with a packet because of its SRH, as measured on
//! kernel 6.18: a node that has the destination as a plain local address
//! (`ipv6_srh_rcv`), and one that has it as a seg6local End SID. Both with
//! SRv6 and forwarding enabled.
//!
//! It is about the SRH alone: what the packet carries, and where it would be
//! forwarded to, is not looked at. [`endpoint`](super::endpoint) looks at both,
//! and goes by the same rules: [`validates`], [`is_beyond_list`], [`hmac_tlv`].

use std::fmt;

use crate::srv6::hmac::{Form, HmacTlv, LINUX_MAX_SEGMENTS, LINUX_TLV_LEN, Status};
use crate::wire::bytes::{array_at, u8_at};
use crate::wire::ipv6;
use crate::wire::srh::{FIXED_LEN, SEGMENT_LEN, Srh, Tlv, flag};

/// What the node would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Process the SRH and go on.
    Accept,
    /// The same, if it has the key of this ID and the HMAC verifies.
    AcceptWithKey(u32),
    /// Answer with an ICMPv6 error: type, code, and pointer where it has one.
    Icmp(u8, u8, Option<u32>),
    /// Drop it without a word.
    Drop(&'static str),
    /// Send it on to the next segment without the first bytes of the IPv6
    /// header: this many are lost.
    Damage(u32),
    /// Leave it, and look at the next Routing header, which has segments left.
    Skip,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept => f.write_str("accept"),
            Self::AcceptWithKey(id) => write!(f, "accept if HMAC key {id} verifies"),
            Self::Icmp(kind, code, Some(pointer)) => write!(f, "ICMPv6 {kind}/{code} pointer {pointer}"),
            Self::Icmp(kind, code, None) => write!(f, "ICMPv6 {kind}/{code}"),
            Self::Drop(why) => write!(f, "silent drop: {why}"),
            Self::Damage(lost) => write!(
                f,
                "forward damaged: the first {lost} bytes of the packet are lost, since the SRH does not follow the IPv6 header at once"
            ),
            Self::Skip => f.write_str("skip: the next Routing header has segments left"),
        }
    }
}

/// What Linux looks at.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The SRH.
    pub srh: &'a Srh<'a>,
    /// All its bytes.
    pub bytes: &'a [u8],
    /// Where it starts, in bytes from the start of the IPv6 header.
    pub offset: u32,
    /// The IPv6 header's Hop Limit.
    pub hop_limit: u8,
    /// What verifying the HMAC with the keys at hand found; `None` where the
    /// SRH has no HMAC TLV.
    pub hmac: Option<Status>,
    /// Whether a later Routing header of the packet has segments left.
    pub followed: bool,
}

impl Seen<'_> {
    /// The node that has the destination as a plain local address.
    pub fn plain_address(&self) -> Verdict {
        let (left, hdr_ext_len) = (self.srh.segments_left(), self.srh.hdr_ext_len());
        if self.srh.len() < self.srh.claimed_len() {
            return Verdict::Drop("the header is longer than the packet");
        }
        let passed = match self.hmac_verdict() {
            Err(drop) => return drop,
            Ok(verdict) => verdict,
        };
        if left == 0 {
            return passed;
        }
        if is_beyond_list(left, hdr_ext_len) {
            return Verdict::Icmp(4, 0, Some(self.offset + 3));
        }
        // Last Entry is never looked at: the next segment may be TLV bytes.
        let at = FIXED_LEN + (usize::from(left) - 1) * SEGMENT_LEN;
        if array_at::<SEGMENT_LEN>(self.bytes, at).is_some_and(|next| next[0] == 0xff) {
            return Verdict::Drop("the next segment is multicast");
        }
        if self.hop_limit <= 1 {
            return Verdict::Icmp(3, 0, None);
        }
        // `ipv6_srh_rcv` goes back by the length of an IPv6 header, not to where
        // that header is.
        match self.offset.checked_sub(ipv6::LEN as u32) {
            Some(lost @ 1..) => Verdict::Damage(lost),
            _ => passed,
        }
    }

    /// The node that has the destination as an End SID.
    pub fn end_sid(&self) -> Verdict {
        // seg6local looks for the first Routing header with segments left.
        if self.srh.segments_left() == 0 && self.followed {
            return Verdict::Skip;
        }
        if !validates(self.srh) {
            return Verdict::Drop("the SRH does not validate");
        }
        let passed = match self.hmac_verdict() {
            Err(drop) => return drop,
            Ok(verdict) => verdict,
        };
        if self.srh.segments_left() == 0 {
            return Verdict::Drop("no segments are left");
        }
        let at = FIXED_LEN + (usize::from(self.srh.segments_left()) - 1) * SEGMENT_LEN;
        if array_at::<SEGMENT_LEN>(self.bytes, at).is_some_and(|next| next[0] == 0xff) {
            return Verdict::Drop("the next segment is multicast");
        }
        if self.hop_limit <= 1 { Verdict::Icmp(3, 0, None) } else { passed }
    }

    /// What the HMAC lets through: an error where it does not.
    fn hmac_verdict(&self) -> Result<Verdict, Verdict> {
        let Some(tlv) = hmac_tlv(self.srh) else { return Ok(Verdict::Accept) };
        if is_too_long_to_sign(self.srh) {
            return Err(Verdict::Drop("an HMAC over more than 14 segments never verifies"));
        }
        match self.hmac {
            Some(Status::Valid(Form::Linux)) => Ok(Verdict::Accept),
            Some(Status::Valid(Form::Rfc8754)) => Err(Verdict::Drop("the HMAC is RFC 8754's, not Linux's")),
            Some(Status::Wrong) => Err(Verdict::Drop("the HMAC is wrong")),
            _ => Ok(Verdict::AcceptWithKey(tlv.key_id)),
        }
    }
}

/// Whether seg6local takes an SRH (`seg6_validate_srh`): reduced lists too, and
/// Pad1 is read as if it had a length.
pub fn validates(srh: &Srh<'_>) -> bool {
    srh.len() == srh.claimed_len()
        && usize::from(srh.last_entry()) < srh.slots()
        && usize::from(srh.segments_left()) <= usize::from(srh.last_entry()) + 1
        && tlvs_parse_on_linux(srh.tlv_bytes())
}

/// Whether Segments Left is too big for a plain address (`ipv6_srh_rcv`), to
/// which Last Entry does not matter.
pub fn is_beyond_list(segments_left: u8, hdr_ext_len: u8) -> bool {
    segments_left >= hdr_ext_len >> 1
}

/// Whether the list is too long for Linux's HMAC, which then never verifies.
pub fn is_too_long_to_sign(srh: &Srh<'_>) -> bool {
    usize::from(srh.last_entry()) >= LINUX_MAX_SEGMENTS
}

/// The HMAC TLV, where Linux finds one (`seg6_get_tlv_hmac`): the drafts' flag
/// is set, and the last 40 bytes are a TLV of type 5 and length 38.
pub fn hmac_tlv<'a>(srh: &Srh<'a>) -> Option<HmacTlv<'a>> {
    let least = 2 * (usize::from(srh.last_entry()) + 1) + LINUX_TLV_LEN / 8;
    if usize::from(srh.hdr_ext_len()) < least || srh.flags() & flag::DRAFT_HMAC == 0 {
        return None;
    }
    let bytes = srh.tlv_bytes();
    let last = bytes.get(bytes.len().checked_sub(LINUX_TLV_LEN)?..)?;
    let (kind, length) = (*last.first()?, *last.get(1)?);
    let value = last.get(2..2 + usize::from(length))?;
    let tlv = Tlv { kind, length: Some(length), value, offset: 0, overruns: false };
    HmacTlv::of(&tlv).filter(|hmac| hmac.digest.len() == 32)
}

/// Whether the TLVs fill their area exactly when every one of them, Pad1
/// included, is taken to have a Length octet: how Linux walks them.
pub fn tlvs_parse_on_linux(mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        let Some(rest) = u8_at(bytes, 1).and_then(|length| bytes.get(2 + usize::from(length)..)) else { return false };
        bytes = rest;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An SRH of two segments, and more bytes behind them.
    fn srh(left: u8, last: u8, tlvs: &[u8]) -> Vec<u8> {
        let mut bytes = vec![17, 4 + (tlvs.len() / 8) as u8, 4, left, last, 0, 0, 0];
        for segment in ["2001:db9::1", "2001:db8::2"] {
            bytes.extend(segment.parse::<std::net::Ipv6Addr>().unwrap().octets());
        }
        bytes.extend(tlvs);
        bytes
    }

    fn verdicts(bytes: &[u8], hop_limit: u8) -> (String, String) {
        let srh = Srh::lax(bytes).unwrap();
        let seen = Seen { srh: &srh, bytes, offset: 40, hop_limit, hmac: None, followed: false };
        (seen.plain_address().to_string(), seen.end_sid().to_string())
    }

    #[test]
    fn both_accept_a_normal_packet() {
        assert_eq!(verdicts(&srh(1, 1, &[]), 64), ("accept".into(), "accept".into()));
    }

    #[test]
    fn only_a_sid_takes_a_reduced_list() {
        assert_eq!(verdicts(&srh(2, 1, &[]), 64), ("ICMPv6 4/0 pointer 43".into(), "accept".into()));
        // With TLVs of 16 bytes there is room, and nobody looks at Last Entry.
        assert_eq!(verdicts(&srh(2, 1, &[4, 14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 64).0, "accept");
    }

    #[test]
    fn the_last_segment_is_for_addresses_only() {
        let (plain, sid) = verdicts(&srh(0, 1, &[]), 64);
        assert_eq!((plain.as_str(), sid.as_str()), ("accept", "silent drop: no segments are left"));
    }

    #[test]
    fn an_address_damages_what_has_a_header_before_the_srh() {
        let bytes = srh(1, 1, &[]);
        let srh = Srh::lax(&bytes).unwrap();
        let seen = Seen { srh: &srh, bytes: &bytes, offset: 48, hop_limit: 64, hmac: None, followed: false };
        assert_eq!((seen.plain_address(), seen.end_sid()), (Verdict::Damage(8), Verdict::Accept));
    }

    #[test]
    fn a_sid_skips_what_is_spent() {
        let bytes = srh(0, 7, &[]);
        let srh = Srh::lax(&bytes).unwrap();
        let seen = Seen { srh: &srh, bytes: &bytes, offset: 40, hop_limit: 1, hmac: None, followed: true };
        assert_eq!((seen.end_sid(), seen.plain_address()), (Verdict::Skip, Verdict::Accept));
    }

    #[test]
    fn a_sid_validates_what_an_address_does_not() {
        for wrong in [srh(1, 7, &[]), srh(1, 1, &[9, 200, 0, 0, 0, 0, 0, 0])] {
            let (plain, sid) = verdicts(&wrong, 64);
            assert_eq!((plain.as_str(), sid.as_str()), ("accept", "silent drop: the SRH does not validate"));
        }
    }

    #[test]
    fn pad1_is_misread() {
        assert!(tlvs_parse_on_linux(&[4, 6, 0, 0, 0, 0, 0, 0]));
        assert!(!tlvs_parse_on_linux(&[9, 5, 1, 2, 3, 4, 5, 0]));
        // By luck: type 0 of length 4.
        assert!(tlvs_parse_on_linux(&[0, 4, 5, 0, 0, 0]));
    }

    #[test]
    fn hop_limits_end() {
        assert_eq!(verdicts(&srh(1, 1, &[]), 1).0, "ICMPv6 3/0");
    }
}
