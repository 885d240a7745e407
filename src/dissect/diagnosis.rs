//! The catalogue of what can be wrong or unusual with a packet.

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Unusual, or something will not work as meant.
    Warn,
    /// Breaks a format.
    Error,
}

impl Severity {
    /// The word that outputs use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// Lists the diagnoses once: identifier, severity, sentence, source.
macro_rules! catalogue {
    ($($variant:ident $id:literal $severity:ident $sentence:literal $source:literal;)*) => {
        /// Something that can be wrong or unusual. In the sentence, `{a}` and
        /// `{b}` stand for the finding's numbers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Diagnosis { $(#[doc = $sentence] $variant),* }

        impl Diagnosis {
            /// Every diagnosis.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its stable identifier.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id),* }
            }

            /// How much it matters.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),* }
            }

            /// The sentence, with `{a}` and `{b}` for the finding's numbers.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence),* }
            }

            /// Where the rule is written.
            pub fn source(self) -> &'static str {
                match self { $(Self::$variant => $source),* }
            }
        }
    };
}

catalogue! {
    HeaderCut "header.cut" Error "the header needs {a} bytes, {b} are there" "";
    SnapLen "capture.snaplen" Note "the capture kept {b} of the frame's {a} bytes" "";
    LengthOverrun "length.overrun" Error "the length field claims {a} bytes, {b} are there" "RFC 8200 §3, RFC 791 §3.1, RFC 768";
    BadVersion "ip.version" Error "the version is {a}, expected {b}" "RFC 8200 §3";
    BadHeaderLength "ip.header_length" Error "the header length of {a} bytes is below the minimum of {b}" "RFC 791 §3.1, RFC 9293 §3.1";
    NoPayloadLength "ip.payload_length" Note "the payload length is 0, yet {a} bytes follow, and no Jumbo Payload option tells how many" "RFC 8200 §3, RFC 2675 §2";
    HopLimitZero "ip.hop_limit" Warn "the hop limit is 0" "RFC 8200 §3";
    NoNextHeader "ip.no_next_header" Note "{a} bytes follow, though nothing should (Next Header 59)" "RFC 8200 §4.7";
    SegmentsLeft "srh.segments_left" Error "Segments Left is {a}, more than Last Entry {b} + 1" "RFC 8754 §4.3.1.1";
    LastEntry "srh.last_entry" Error "Last Entry is {a}, but Hdr Ext Len has room for {b} segments" "RFC 8754 §4.3.1.1";
    NoRoom "srh.no_room" Error "Hdr Ext Len {a} leaves no room for a segment" "RFC 8754 §2";
    HiddenSlots "srh.hidden_slots" Warn "Last Entry is {a}, but the {b} slots behind it hold what looks like segments, and no TLVs" "RFC 8754 §2";
    DestinationDiffers "srh.destination" Warn "the IPv6 destination is not the active segment, Segment List[{a}]" "RFC 8754 §4.3.1";
    Masqueraded "srh.masqueraded" Note "the IPv6 destination is the last segment already, with {a} segments left, as a masquerading proxy makes it" "draft-ietf-spring-sr-service-programming";
    HopLimitOne "srh.hop_limit" Warn "the hop limit is 1, with {a} segments left" "RFC 8986 §4.1";
    SegmentMulticast "srh.segment.multicast" Warn "Segment List[{a}] is a multicast address" "RFC 8754 §2";
    SegmentUnspecified "srh.segment.unspecified" Warn "Segment List[{a}] is the unspecified address" "RFC 8754 §2";
    Loop "srh.loop" Note "Segment List[{a}] and [{b}] are the same" "RFC 8754 §2";
    ReducedWithTlvs "srh.reduced.tlvs" Note "the list of one segment is reduced, though the SRH has TLVs" "RFC 8754 §4.1.1, erratum 7081";
    TlvOverrun "srh.tlv.overrun" Error "a TLV claims {a} bytes, {b} are left" "RFC 8754 §2.1";
    PadnLength "srh.padn.length" Note "PadN of Length {a}; senders use 5 at most" "RFC 8754 §2.1.1.2";
    PadnNonZero "srh.padn.nonzero" Note "PadN of other bytes than zeros" "RFC 8754 §2.1.1.2";
    Pad1OnLinux "srh.pad1.linux" Warn "Linux takes Pad1 to have a Length, and drops the packet at a SID" "RFC 8754 §2.1.1.1";
    HmacWrong "srh.hmac.wrong" Error "the HMAC of key {a} is wrong, in RFC 8754's form and in Linux's" "RFC 8754 §2.1.2.1";
    HmacNotLinux "srh.hmac.rfc8754_only" Warn "the HMAC is RFC 8754's; Linux, which computes it otherwise, drops the packet" "RFC 8754 §2.1.2.1";
    HmacFlagAlone "srh.hmac.flag_alone" Note "the drafts' HMAC flag is set, but there is no HMAC" "RFC 8754 §2";
    HmacNoFlag "srh.hmac.no_flag" Note "there is an HMAC, which Linux does not see without the drafts' flag" "RFC 8754 §2.1.2";
    HmacTooLong "srh.hmac.too_long" Warn "an HMAC over {a} segments never verifies on Linux, which takes 14 at most" "RFC 8754 §2.1.2";
    HmacReduced "srh.hmac.d_bit" Note "the list is reduced and the HMAC's D bit is not set: nodes that go by the RFC refuse the packet" "RFC 8754 §2.1.2";
    DraftFlags "srh.flags.draft" Note "flag bits that only drafts defined are set (0x{a})" "RFC 8754 §2";
    UnknownFlags "srh.flags.unknown" Note "flag bits that nothing defines are set (0x{a})" "RFC 8754 §2";
    HeaderChecksumBad "ip.checksum" Error "the header checksum is 0x{a}, computed 0x{b}" "RFC 791 §3.1";
    ChecksumBad "checksum.bad" Error "the checksum is 0x{a}, computed 0x{b}" "RFC 8200 §8.1, RFC 1071";
    ChecksumZero "checksum.zero" Warn "the UDP checksum is zero" "RFC 8200 §8.1";
    TrailingBytes "length.trailing" Note "{a} bytes follow the end of the packet, inside the one around it" "";
    TooDeep "dissect.too_deep" Warn "the rest is nested too deep to dissect" "";
    TooManyFindings "dissect.too_many" Note "there are more findings than are listed" "";
    UnknownLinkType "link.unknown" Note "frames of link type {a} are not dissected" "";
}

/// One finding: a diagnosis, where it was made, and its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub what: Diagnosis,
    /// The index of the layer it is about.
    pub layer: u8,
    /// The first byte it is about, from the start of the frame.
    pub start: u32,
    /// The count of bytes it is about.
    pub len: u32,
    /// The sentence's `{a}`.
    pub a: u64,
    /// The sentence's `{b}`.
    pub b: u64,
}

impl Finding {
    /// Fills unused places.
    pub(super) const NOTHING: Self = Self { what: Diagnosis::TooDeep, layer: 0, start: 0, len: 0, a: 0, b: 0 };
}

impl std::fmt::Display for Finding {
    /// The sentence with its numbers; those after `0x` in hexadecimal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut rest = self.what.sentence();
        while let Some((before, after)) = rest.split_once('{') {
            f.write_str(before)?;
            let Some((name, tail)) = after.split_once('}') else { break };
            let number = if name == "a" { self.a } else { self.b };
            if before.ends_with("0x") {
                // Whole bytes, as the field has them.
                let digits = (number.checked_ilog2().unwrap_or(0) as usize / 8 + 1) * 2;
                write!(f, "{number:0digits$x}")?
            } else {
                write!(f, "{number}")?
            }
            rest = tail;
        }
        f.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_unique() {
        let mut ids: Vec<_> = Diagnosis::ALL.iter().map(|d| d.id()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), Diagnosis::ALL.len());
    }

    #[test]
    fn sentences_take_their_numbers() {
        let finding = Finding { what: Diagnosis::ChecksumBad, a: 0xbeef, b: 0x12, ..Finding::NOTHING };
        assert_eq!(finding.to_string(), "the checksum is 0xbeef, computed 0x12");
        let zero = Finding { b: 0xb20, ..finding };
        assert_eq!(zero.to_string(), "the checksum is 0xbeef, computed 0x0b20");
    }
}
