//! What becomes of a packet, and why.

use std::net::IpAddr;

use super::model::Interface;

/// What a node does with a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It leaves.
    Forward(Forward),
    /// A frame leaves by several interfaces (End.DT2U, unknown address).
    Flood {
        /// The frame.
        frame: Vec<u8>,
        /// Where it leaves.
        ports: Vec<Interface>,
    },
    /// It has arrived: the node's own upper layer gets it.
    Deliver {
        /// The packet as the upper layer sees it.
        packet: Vec<u8>,
        /// The upper-layer protocol.
        upper: u8,
        /// Where its header starts, in bytes.
        offset: usize,
    },
    /// It is dropped, and its source is told.
    Error {
        /// What the source is told.
        error: IcmpError,
        /// The packet as the node had it by then; what the message quotes.
        packet: Vec<u8>,
        /// The message on its way; `None` where it cannot or must not be sent
        /// (no route back, an error about an error; RFC 4443 §2.4).
        reply: Option<Forward>,
    },
    /// It is dropped without a word.
    Drop {
        /// Why.
        reason: Reason,
    },
}

/// A packet on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forward {
    /// Its bytes, from the header that `kind` says.
    pub packet: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// The interface it leaves by.
    pub interface: Interface,
    /// Whose link-layer address it is sent to; `None` for frames, which have
    /// one.
    pub next_hop: Option<IpAddr>,
}

/// What the bytes of a packet start with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An IPv6 header.
    Ipv6,
    /// An IPv4 header.
    Ipv4,
    /// An Ethernet header.
    Ethernet,
    /// An MPLS label.
    Mpls,
}

impl Kind {
    /// The Ethertype in front of such a packet; `None` for a frame.
    pub fn ethertype(self) -> Option<u16> {
        match self {
            Self::Ipv6 => Some(0x86dd),
            Self::Ipv4 => Some(0x0800),
            Self::Mpls => Some(0x8847),
            Self::Ethernet => None,
        }
    }
}

/// An ICMPv6 error message (RFC 4443 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcmpError {
    /// Type: 1 unreachable, 2 too big, 3 time exceeded, 4 parameter problem.
    pub kind: u8,
    /// Code.
    pub code: u8,
    /// Pointer or MTU; 0 where the type has none.
    pub parameter: u32,
    /// What was wrong.
    pub reason: Reason,
}

/// Lists the reasons once: variant, sentence, where it is written.
macro_rules! reasons {
    ($($variant:ident = $text:literal, $rfc:literal;)*) => {
        /// Why a packet went no further.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason { $(#[doc = $text] $variant),* }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The reason as a clause.
            pub fn text(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// Where the rule is written.
            pub fn section(self) -> &'static str {
                match self { $(Self::$variant => $rfc),* }
            }
        }
    };
}

reasons! {
    NotIp = "neither IPv6 nor IPv4", "RFC 8200 §3";
    Truncated = "shorter than its header says", "RFC 8200 §3";
    BadSource = "a source address that nothing may be forwarded from", "RFC 4291 §2.5.2, §2.7";
    NotForwarding = "the node forwards nothing (net.ipv6.conf.all.forwarding = 0)", "RFC 8200 §2";
    NoRoute = "no route to the destination", "RFC 4443 §3.1";
    HopLimit = "the hop limit ends here", "RFC 4443 §3.3";
    TtlExceeded = "the TTL ends here", "RFC 1812 §5.3.1";
    TooBig = "larger than the next link's MTU", "RFC 4443 §3.2";
    Multicast = "a multicast address is no next segment", "RFC 8754 §4.3.1.1";
    NextSegmentLocal = "the next segment is a plain address of the same node", "Linux seg6_lookup_nexthop; RFC 8986 §4.1 would deliver";
    Seg6Disabled = "SRHs are not processed on the interface it came by (seg6_enabled = 0)", "RFC 8754 §4.3.2 asks for an ICMPv6 error";
    UnknownRouting = "a routing header of an unknown type with segments left", "RFC 8200 §4.4";
    SegmentsLeftTooBig = "Last Entry or Segments Left exceeds the list", "RFC 8754 §4.3.1.1";
    ReducedAtPlainAddress = "Segments Left is not below Hdr Ext Len / 2, so Linux takes no reduced list here", "Linux ipv6_srh_rcv; RFC 8754 §4.3.1.1 allows Last Entry + 1";
    InvalidSrh = "no SRH that Linux accepts (type, Last Entry, Segments Left or TLVs)", "Linux seg6_validate_srh; RFC 8754 §4.3.1.1 asks for an ICMPv6 error";
    NoSrh = "no SRH with segments left, which this behaviour needs", "Linux seg6_get_srh; RFC 8986 §4.1.1 asks for an ICMPv6 error";
    SegmentsRemain = "segments are left at a behaviour that must be the last", "RFC 8986 §4.4";
    WrongUpper = "not the upper layer this behaviour decapsulates", "RFC 8986 §4.4";
    UpperLayer = "an upper layer that this SID does not allow", "RFC 8986 §4.1.1";
    UnknownNextHeader = "a next header that the node does not know", "RFC 4443 §3.4";
    NoNextHeader = "there is no next header", "RFC 8200 §4.7";
    TlvOverrun = "a TLV runs past the end of the SRH", "RFC 8754 §2.1";
    HmacMissing = "the HMAC TLV that the interface requires is missing", "RFC 8754 §2.1.2.1";
    HmacUnknownKey = "the node has no key of the HMAC TLV's id", "RFC 8754 §2.1.2.1";
    HmacWrong = "the HMAC does not fit", "RFC 8754 §2.1.2.1";
    HmacUnsigned = "the headend has no key to sign its SRH with", "RFC 8754 §2.1.2";
    NoTable = "the behaviour's table does not exist", "RFC 8986 §4.3";
    NotEthernet = "the frame inside has no Ethernet II or 802.3 header", "RFC 8986 §4.9";
    NoFrame = "there is no Ethernet header to encapsulate", "RFC 8986 §5.3";
    NotIpv6 = "an SRH cannot be put into IPv4", "RFC 8754 §2";
    TooLong = "longer than a Payload Length can say", "RFC 8200 §3";
    ListTooLong = "the SRH would be longer than Hdr Ext Len can say", "RFC 8754 §2";
    NoCache = "the service returned a packet before any was sent to it", "draft-ietf-spring-sr-service-programming §6.2";
    NoSource = "the node has no address to encapsulate from", "RFC 8986 §5.1";
    NotInLinux = "Linux has no such behaviour or flavor", "Linux seg6_action_table";
    Loop = "too many SIDs one after the other on one node", "a bound of this program";
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.text(), self.section())
    }
}

impl IcmpError {
    /// The message's name (RFC 4443, RFC 8754 §10.2 for 4/4).
    pub fn name(&self) -> &'static str {
        match (self.kind, self.code) {
            (1, 0) => "Destination Unreachable: no route",
            (1, 2) => "Destination Unreachable: beyond scope of source address",
            (1, 3) => "Destination Unreachable: address",
            (1, 4) => "Destination Unreachable: port",
            (1, _) => "Destination Unreachable",
            (2, _) => "Packet Too Big",
            (3, _) => "Time Exceeded: hop limit",
            (4, 0) => "Parameter Problem: erroneous header field",
            (4, 1) => "Parameter Problem: unrecognized next header",
            (4, 4) => "Parameter Problem: SR Upper-layer Header Error",
            (4, _) => "Parameter Problem",
            _ => "ICMPv6 error",
        }
    }
}

impl std::fmt::Display for IcmpError {
    /// `ICMPv6 4/0 (Parameter Problem: erroneous header field), pointer 43: …`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ICMPv6 {}/{} ({})", self.kind, self.code, self.name())?;
        match self.kind {
            2 => write!(f, ", MTU {}", self.parameter)?,
            4 => write!(f, ", pointer {}", self.parameter)?,
            _ => {}
        }
        write!(f, ": {}", self.reason)
    }
}
