//! What is inside the TLVs of an SRH: field definitions by TLV type.
//!
//! ```text
//! HMAC (RFC 8754 §2.1.2):
//! | 5 | Length | D 1 bit | reserved 15 bits | Key ID 4 | digest 8..32 |
//! Path Tracing (draft-filsfils-ippm-path-tracing):
//! | 128 | 14 | interface 12 bits | load 4 bits | T64 8 | session 2 | sequence 2 |
//! Ingress and Egress Node, Opaque Container (drafts):
//! | 1, 2, 3 | 18 | reserved 1 | flags 1 | 16 bytes |
//! NSH Carrier (drafts):
//! | 6 | Length | reserved 1 | flags 1 | NSH |
//! ```
//!
//! Offsets count from the TLV's type.

use crate::wire::field::{At, Field, bits, bytes, fields};
use crate::wire::names;

/// Ingress Node (drafts).
pub const INGRESS: u8 = 1;
/// Egress Node (drafts).
pub const EGRESS: u8 = 2;
/// Opaque Container (drafts).
pub const OPAQUE_CONTAINER: u8 = 3;
/// NSH Carrier (drafts).
pub const NSH_CARRIER: u8 = 6;
/// HMAC.
pub const HMAC: u8 = 5;
/// PadN.
pub const PADN: u8 = 4;
/// Path Tracing.
pub const PATH_TRACING: u8 = 128;

fields! {
    HMAC_D = Field::bool("srh.hmac.d", "D bit", bits(16, 1).drawn(2, 2)).names(names::set)
        .own("The HMAC's D bit: the destination is not to be checked, since the list is reduced");
    HMAC_RESERVED = Field::hex("srh.hmac.reserved", "Reserved", bits(17, 15).drawn(2, 2)).own("The HMAC's reserved bits");
    HMAC_KEY_ID = Field::dec("srh.hmac.keyid", "Key ID", bytes(4, 4)).own("Which key an HMAC was made with");
    HMAC_DIGEST = Field::bytes("srh.hmac.digest", "HMAC", At::Varies).own("The digest");
    HMAC_STATUS = Field::text("srh.hmac.status", "HMAC Status", At::Derived)
        .own("What verifying the HMAC found: valid, wrong, no-key or unverifiable");
    HMAC_FORM = Field::text("srh.hmac.form", "HMAC Form", At::Derived)
        .own("Which text a valid HMAC is over: rfc8754 or linux");
    RESERVED = Field::hex("srh.tlv.reserved", "Reserved", bytes(2, 1)).own("The reserved octet of a draft TLV");
    FLAGS = Field::hex("srh.tlv.flags", "Flags", bytes(3, 1)).own("The flags of a draft TLV");
    OPAQUE = Field::bytes("srh.tlv.opaque", "Container", bytes(4, 16)).own("What is in a draft Opaque Container TLV");
    NSH = Field::bytes("srh.tlv.nsh", "Network Service Header", At::Varies).own("What is in a draft NSH Carrier TLV");
    HIDDEN = Field::ipv6("srh.hidden", "Slot", At::Varies).many()
        .own("What looks like a segment behind the list, left out by a Last Entry that is too small");
    NODE = Field::ipv6("srh.tlv.node", "Node", bytes(4, 16)).own("The address in a draft Ingress or Egress Node TLV");
    PT_INTERFACE = Field::dec("srh.pt.interface", "Interface ID", bits(16, 12).drawn(2, 2)).own("Path Tracing: outgoing interface");
    PT_LOAD = Field::dec("srh.pt.load", "Interface Load", bits(28, 4).drawn(2, 2)).own("Path Tracing: its load");
    PT_TIME = Field::new("srh.pt.time", "Timestamp", crate::wire::field::Kind::Time, At::Varies)
        .own("Path Tracing: when the packet left, seconds and nanoseconds");
    PT_SESSION = Field::dec("srh.pt.session", "Session ID", bytes(12, 2)).own("Path Tracing: session");
    PT_SEQUENCE = Field::dec("srh.pt.sequence", "Sequence Number", bytes(14, 2)).own("Path Tracing: sequence number in the session");
}

/// Bytes of a Path Tracing TLV.
pub const PATH_TRACING_LEN: usize = 16;
