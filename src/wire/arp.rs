//! ARP, recognised so that it is not called unknown; its fields are not shown.

use crate::wire::field::{Field, Protocol};

/// The packet as a field.
pub static HEADER: Field = Field::group("arp", "Address Resolution Protocol");

/// ARP.
pub static PROTOCOL: Protocol = Protocol {
    name: "arp",
    notation: "",
    title: "Address Resolution Protocol",
    short: "ARP",
    header: &HEADER,
    fields: &[],
    inside: false,
};
