//! What numbers mean: the registries several protocols share, in Wireshark's
//! words, so that trees read alike.

use crate::wire::field::Words;

/// IP protocol numbers (IANA "Assigned Internet Protocol Numbers").
pub mod ip_proto {
    /// IPv6 Hop-by-Hop Options.
    pub const HOP_BY_HOP: u8 = 0;
    /// ICMP.
    pub const ICMP: u8 = 1;
    /// IPv4 encapsulation.
    pub const IPV4: u8 = 4;
    /// TCP.
    pub const TCP: u8 = 6;
    /// UDP.
    pub const UDP: u8 = 17;
    /// IPv6 encapsulation.
    pub const IPV6: u8 = 41;
    /// IPv6 Routing header.
    pub const ROUTING: u8 = 43;
    /// IPv6 Fragment header.
    pub const FRAGMENT: u8 = 44;
    /// Generic Routing Encapsulation.
    pub const GRE: u8 = 47;
    /// Encapsulating Security Payload.
    pub const ESP: u8 = 50;
    /// Authentication Header.
    pub const AH: u8 = 51;
    /// ICMPv6.
    pub const ICMPV6: u8 = 58;
    /// Nothing follows.
    pub const NONE: u8 = 59;
    /// IPv6 Destination Options.
    pub const DESTINATION: u8 = 60;
    /// The Mobility header.
    pub const MOBILITY: u8 = 135;
    /// MPLS (RFC 4023).
    pub const MPLS: u8 = 137;
    /// Ethernet (RFC 8986 §9).
    pub const ETHERNET: u8 = 143;
}

/// Ethertypes (IEEE 802 numbers).
pub mod ether_type {
    /// IPv4.
    pub const IPV4: u16 = 0x0800;
    /// ARP.
    pub const ARP: u16 = 0x0806;
    /// Reverse ARP.
    pub const RARP: u16 = 0x8035;
    /// An Ethernet frame (NVGRE and others).
    pub const BRIDGED: u16 = 0x6558;
    /// PPP.
    pub const PPP: u16 = 0x880b;
    /// MPLS.
    pub const MPLS: u16 = 0x8847;
    /// MPLS with an upstream-assigned label, multicast before.
    pub const MPLS_MULTICAST: u16 = 0x8848;
    /// PPP-over-Ethernet discovery.
    pub const PPPOE_DISCOVERY: u16 = 0x8863;
    /// A PPP-over-Ethernet session.
    pub const PPPOE: u16 = 0x8864;
    /// 802.1Q tag.
    pub const VLAN: u16 = 0x8100;
    /// IPv6.
    pub const IPV6: u16 = 0x86dd;
    /// 802.1ad service tag.
    pub const SERVICE_VLAN: u16 = 0x88a8;
    /// 802.1Q-in-Q before 802.1ad.
    pub const OLD_SERVICE_VLAN: u16 = 0x9100;
    /// For experiments within one network (IEEE 802 §9.2.3).
    pub const LOCAL_EXPERIMENT: u16 = 0x88b5;
}

/// The notation's words for IP protocol numbers: the names of the layers.
pub static IP_PROTO_WORDS: Words = &[
    ("hbh", ip_proto::HOP_BY_HOP as u64),
    ("icmp4", ip_proto::ICMP as u64),
    ("ip4", ip_proto::IPV4 as u64),
    ("tcp", ip_proto::TCP as u64),
    ("udp", ip_proto::UDP as u64),
    ("ip6", ip_proto::IPV6 as u64),
    ("srh", ip_proto::ROUTING as u64),
    ("routing", ip_proto::ROUTING as u64),
    ("frag", ip_proto::FRAGMENT as u64),
    ("gre", ip_proto::GRE as u64),
    ("esp", ip_proto::ESP as u64),
    ("ah", ip_proto::AH as u64),
    ("mobility", ip_proto::MOBILITY as u64),
    ("mpls", ip_proto::MPLS as u64),
    ("icmp6", ip_proto::ICMPV6 as u64),
    ("none", ip_proto::NONE as u64),
    ("dst", ip_proto::DESTINATION as u64),
    ("eth", ip_proto::ETHERNET as u64),
];

/// The notation's words for Ethertypes.
pub static ETHER_TYPE_WORDS: Words = &[
    ("ip4", ether_type::IPV4 as u64),
    ("arp", ether_type::ARP as u64),
    ("vlan", ether_type::VLAN as u64),
    ("ip6", ether_type::IPV6 as u64),
    ("svlan", ether_type::SERVICE_VLAN as u64),
    ("mpls", ether_type::MPLS as u64),
    ("pppoe", ether_type::PPPOE as u64),
    ("pppoed", ether_type::PPPOE_DISCOVERY as u64),
    ("eth", ether_type::BRIDGED as u64),
];

/// Names of IP protocol numbers.
pub fn ip_proto(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "IPv6 Hop-by-Hop Option",
        1 => "ICMP",
        2 => "IGMP",
        4 => "IPIP",
        6 => "TCP",
        8 => "EGP",
        17 => "UDP",
        33 => "Datagram Congestion Control Protocol",
        41 => "IPv6",
        43 => "Routing Header for IPv6",
        44 => "Fragment Header for IPv6",
        46 => "Reservation Protocol",
        47 => "Generic Routing Encapsulation",
        50 => "Encap Security Payload",
        51 => "Authentication Header",
        58 => "ICMPv6",
        59 => "No Next Header for IPv6",
        60 => "Destination Options for IPv6",
        88 => "EIGRP",
        89 => "OSPF IGP",
        97 => "Ether in IP",
        103 => "PIM",
        108 => "IPComp",
        112 => "VRRP",
        115 => "Layer 2 Tunneling",
        132 => "SCTP",
        135 => "Mobile IPv6",
        136 => "UDPLite",
        137 => "MPLS in IP",
        139 => "HIP",
        140 => "Shim6 header",
        143 => "Ethernet",
        _ => return None,
    })
}

/// Names of Ethertypes.
pub fn ether_type(number: u64) -> Option<&'static str> {
    Some(match number {
        0x0800 => "IPv4",
        0x0806 => "ARP",
        0x6558 => "Transparent Ethernet bridging",
        0x8035 => "RARP",
        0x8100 => "802.1Q Virtual LAN",
        0x86dd => "IPv6",
        0x8808 => "MAC Control",
        0x8809 => "Slow Protocols",
        0x8847 => "MPLS label switched packet",
        0x8848 => "MPLS multicast label switched packet",
        0x8863 => "PPPoE Discovery",
        0x8864 => "PPPoE Session",
        0x888e => "802.1X Authentication",
        0x88a8 => "802.1ad Provider Bridge (Q-in-Q)",
        0x88cc => "802.1 Link Layer Discovery Protocol (LLDP)",
        0x88e5 => "802.1AE (MACsec)",
        0x894f => "Network Service Header",
        _ => return None,
    })
}

/// Long names of DSCP values (RFC 2474, 2597, 3246, 5865, 8622).
pub fn dscp(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "Default",
        1 => "Lower Effort",
        8 => "Class Selector 1",
        10 => "Assured Forwarding 11",
        12 => "Assured Forwarding 12",
        14 => "Assured Forwarding 13",
        16 => "Class Selector 2",
        18 => "Assured Forwarding 21",
        20 => "Assured Forwarding 22",
        22 => "Assured Forwarding 23",
        24 => "Class Selector 3",
        26 => "Assured Forwarding 31",
        28 => "Assured Forwarding 32",
        30 => "Assured Forwarding 33",
        32 => "Class Selector 4",
        34 => "Assured Forwarding 41",
        36 => "Assured Forwarding 42",
        38 => "Assured Forwarding 43",
        40 => "Class Selector 5",
        44 => "Voice Admit",
        46 => "Expedited Forwarding",
        48 => "Class Selector 6",
        56 => "Class Selector 7",
        _ => return None,
    })
}

/// Short names of DSCP values, as in a traffic class's summary.
pub fn dscp_short(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "CS0",
        1 => "LE",
        8 => "CS1",
        10 => "AF11",
        12 => "AF12",
        14 => "AF13",
        16 => "CS2",
        18 => "AF21",
        20 => "AF22",
        22 => "AF23",
        24 => "CS3",
        26 => "AF31",
        28 => "AF32",
        30 => "AF33",
        32 => "CS4",
        34 => "AF41",
        36 => "AF42",
        38 => "AF43",
        40 => "CS5",
        44 => "VOICE-ADMIT",
        46 => "EF PHB",
        48 => "CS6",
        56 => "CS7",
        _ => return None,
    })
}

/// Long names of ECN codepoints (RFC 3168 §5).
pub fn ecn(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "Not ECN-Capable Transport",
        1 => "ECN-Capable Transport codepoint '01'",
        2 => "ECN-Capable Transport codepoint '10'",
        3 => "Congestion Experienced",
        _ => return None,
    })
}

/// Short names of ECN codepoints.
pub fn ecn_short(number: u64) -> &'static str {
    match number & 3 {
        0 => "Not-ECT",
        1 => "ECT(1)",
        2 => "ECT(0)",
        _ => "CE",
    }
}

/// A flag that is set or not.
pub fn set(number: u64) -> Option<&'static str> {
    Some(if number == 0 { "Not set" } else { "Set" })
}

/// A flag that is a yes or a no.
pub fn yes(number: u64) -> Option<&'static str> {
    Some(if number == 0 { "No" } else { "Yes" })
}

/// The results of checking a checksum, numbered as in Wireshark.
pub fn checksum_status(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "Bad",
        1 => "Good",
        2 => "Unverified",
        3 => "Not present",
        4 => "Illegal",
        _ => return None,
    })
}
