//! What can be said of a difference between a packet before and after SRv6
//! nodes, and who says so.

/// Lists the verdicts once: identifier, whether it is accepted, sentence, source.
macro_rules! catalogue {
    ($($variant:ident $id:literal $accepted:literal $sentence:literal $source:literal;)*) => {
        /// What is to be said of a difference.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Verdict { $(#[doc = $sentence] $variant),* }

        impl Verdict {
            /// Every verdict.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name in outputs.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id),* }
            }

            /// Whether a correct node, or several, may have made the difference.
            pub fn is_accepted(self) -> bool {
                match self { $(Self::$variant => $accepted),* }
            }

            /// The reason, as a sentence.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence),* }
            }

            /// Where it is written.
            pub fn source(self) -> &'static str {
                match self { $(Self::$variant => $source),* }
            }
        }
    };
}

catalogue! {
    Link "link" true "each link has headers and padding of its own" "RFC 2464 §3";
    HopLimit "hop_limit" true "each node takes one off the Hop Limit" "RFC 8200 §3";
    TimeToLive "ttl" true "each node takes one off the Time to Live" "RFC 1812 §5.3.1";
    HeaderChecksum "ip.checksum" true "the header checksum follows the Time to Live" "RFC 1812 §4.2.2.5";
    Congestion "congestion" true "a congested node marks it" "RFC 3168 §5";
    FlowSet "flow.set" true "a node may label a flow that has no label" "RFC 6437 §3";
    SegmentsLeft "segments_left" true "an endpoint goes to the next segment" "RFC 8754 §4.3.1.1";
    Segment "destination.segment" true "the destination is the segment that Segments Left points at" "RFC 8754 §4.3.1.1";
    Compressed "destination.csid" true "C-SIDs before the current one are used up" "RFC 9800 §4";
    LastSegment "destination.last" true "the destination is the last segment of the SRH that was removed" "RFC 8986 §4.16.1";
    Psp "srh.psp" true "the penultimate segment's endpoint removes the SRH" "RFC 8986 §4.16.1";
    Usp "srh.usp" true "the ultimate segment's endpoint removes the SRH" "RFC 8986 §4.16.2";
    Inserted "srh.inserted" true "an SRH was inserted that leads back to the old path" "draft-filsfils-spring-srv6-net-pgm-insertion §4";
    Encapsulated "encapsulated" true "a headend or a binding segment encapsulates" "RFC 8986 §5.1";
    Decapsulated "decapsulated" true "the end of the path decapsulates" "RFC 8986 §4.4-4.12";
    LengthFollows "length" true "the length follows from the headers that were added or removed" "RFC 8200 §3";
    NextFollows "next_header" true "the next header is another" "RFC 8200 §4";
    TlvMutable "tlv.mutable" true "a TLV whose type has the highest bit set may change" "RFC 8754 §2.1";
    OptionMutable "option.mutable" true "an option whose type has the third bit set may change" "RFC 8200 §4.2";
    Completed "checksum.completed" true "the checksum was left to hardware, which completed it" "RFC 8200 §8.1";
    Captured "captured" true "how much of it is kept is the capture's choice" "";
    TimePassed "time" true "it was seen later" "";

    HopLimitRaised "hop_limit.raised" false "nothing adds to the Hop Limit" "RFC 8200 §3";
    HopLimitKept "hop_limit.kept" false "a segment was used up and the Hop Limit is still the same" "RFC 8754 §4.3.1.1";
    HopCount "hop_limit.count" false "it did not become less by the hops that were said to be between" "RFC 8200 §3";
    TimeToLiveRaised "ttl.raised" false "nothing adds to the Time to Live" "RFC 1812 §5.3.1";
    HeaderChecksumWrong "ip.checksum.wrong" false "the header checksum does not fit the header any more" "RFC 1812 §4.2.2.5";
    TrafficClass "traffic_class" false "no SRv6 behavior writes it, and congestion marks only what can be marked" "RFC 3168 §5";
    Flow "flow" false "a label that is set stays until the destination" "RFC 6437 §2";
    Source "source" false "no SRv6 behavior writes the source of a packet that exists" "RFC 8754 §4.3.1.1";
    SegmentsLeftRaised "segments_left.raised" false "Segments Left only decreases" "RFC 8754 §4.3.1.1";
    SegmentsLeftJump "segments_left.jump" false "more segments were used up than there are hops between" "RFC 8754 §4.3.1.1";
    NotSegment "destination.not_segment" false "the destination is not the segment that Segments Left points at" "RFC 8754 §4.3.1.1";
    NotLastSegment "destination.not_last" false "the SRH is gone, and the destination is not its last segment" "RFC 8986 §4.16.1";
    Destination "destination" false "no segment was used up, and the destination is another" "RFC 8754 §4.3";
    UnknownLocator "destination.csid.unknown" false "it looks like used up C-SIDs of a locator that is not known: see --locator" "RFC 9800 §4.1";
    SrhRemovedEarly "srh.removed" false "an SRH is removed only when no segments are left" "RFC 8986 §4.16.1";
    InsertedWrong "srh.inserted.wrong" false "the inserted SRH does not lead back to the old path" "draft-filsfils-spring-srv6-net-pgm-insertion §4";
    OuterDestination "encapsulated.destination" false "the destination of the encapsulation is not its active segment" "RFC 8986 §5.1";
    DecapsulatedEarly "decapsulated.early" false "there were segments left" "RFC 8986 §4.4";
    SegmentList "srh.list" false "the segment list stays as it is" "RFC 8754 §4.3.1.1";
    SrhFixed "srh.fixed" false "of an SRH's fixed part only Segments Left changes" "RFC 8754 §4.3.1.1";
    Tag "srh.tag" false "no behavior in use writes the Tag" "RFC 8754 §2";
    Flags "srh.flags" false "no behavior in use writes the Flags" "RFC 8754 §2";
    Tlv "tlv" false "a TLV whose type has the highest bit clear does not change" "RFC 8754 §2.1";
    Option "option" false "an option whose type has the third bit clear does not change" "RFC 8200 §4.2";
    LengthWrong "length.wrong" false "the length does not follow from the headers that were added or removed" "RFC 8200 §3";
    NextWrong "next_header.wrong" false "the headers are the same, and the number of the next is not" "RFC 8200 §4";
    HeaderAdded "header.added" false "only SRHs and encapsulations are added on the way" "RFC 8200 §4";
    HeaderRemoved "header.removed" false "only SRHs and encapsulations are removed on the way" "RFC 8200 §4";
    ChecksumWrong "checksum.wrong" false "the checksum does not fit the packet any more" "RFC 8200 §8.1";
    Payload "payload" false "what SRv6 carries stays as it is" "RFC 8754 §4.3.1.1";
    Other "other" false "nothing on the way writes it" "RFC 8200 §4";
    TimeBackwards "time.backwards" false "it was seen earlier after the node than before" "";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_unique() {
        let mut ids: Vec<_> = Verdict::ALL.iter().map(|verdict| verdict.id()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), Verdict::ALL.len());
    }
}
