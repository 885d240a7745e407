//! What a capture says about a frame as a whole: no bytes of its own.

use crate::wire::field::{At, Field, Kind, Protocol, fields};

/// Names of the encapsulations sr6 dissects, by Wireshark's WTAP_ENCAP number.
fn encapsulation(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "Ethernet",
        4 => "PPP",
        7 => "Raw IP",
        15 => "NULL/Loopback",
        25 => "Linux cooked-mode capture v1",
        28 => "Cisco HDLC",
        129 => "Raw IPv4",
        130 => "Raw IPv6",
        139 => "PPP-over-Ethernet session",
        174 => "OpenBSD loopback",
        210 => "Linux cooked-mode capture v2",
        _ => return None,
    })
}

fields! {
    INTERFACE = Field::dec("frame.interface_id", "Interface id", At::Derived);
    INTERFACE_NAME = Field::text("frame.interface_name", "Interface name", At::Derived);
    ENCAPSULATION = Field::dec("frame.encap_type", "Encapsulation type", At::Derived).size(2).names(encapsulation);
    TIME = Field::new("frame.time", "Arrival Time", Kind::Time, At::Derived);
    TIME_EPOCH = Field::new("frame.time_epoch", "Epoch Time", Kind::Duration, At::Derived);
    TIME_DELTA = Field::new("frame.time_delta", "Time delta from previous captured frame", Kind::Duration, At::Derived);
    TIME_RELATIVE = Field::new("frame.time_relative", "Time since reference or first frame", Kind::Duration, At::Derived);
    NUMBER = Field::dec("frame.number", "Frame Number", At::Derived);
    LENGTH = Field::dec("frame.len", "Frame Length", At::Derived);
    CAPTURED = Field::dec("frame.cap_len", "Capture Length", At::Derived);
    PROTOCOLS = Field::text("frame.protocols", "Protocols in frame", At::Derived);
    COMMENT = Field::text("frame.comment", "Comment", At::Derived).many();
    LINK_TYPE = Field::dec("frame.linktype", "Link type", At::Derived).size(2)
        .own("The LINKTYPE_ value of the frame's interface, as in the capture file");
}

/// The frame as a field.
pub static HEADER: Field = Field::group("frame", "Frame");

/// The frame.
pub static PROTOCOL: Protocol = Protocol {
    name: "frame",
    notation: "",
    title: "Frame",
    short: "Frame",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};
