//! What a [`Server`](super::Server) received, as text for people and as a
//! value for JSON.

use std::fmt;
use std::net::Ipv6Addr;

use serde::Serialize;

use super::{Received, Transport};
use crate::wire::names;
use crate::wire::srh::{self, Srh};

/// One message with its number, ready to be shown by `Display` or serialised.
#[derive(Debug, Serialize)]
pub struct Report {
    number: u64,
    from: Ipv6Addr,
    port: u16,
    transport: &'static str,
    length: usize,
    /// The payload as hex, and as text where it is UTF-8.
    payload: String,
    text: Option<String>,
    payload_truncated: bool,
    control_truncated: bool,
    routing_headers: Vec<Header>,
    other_control: Vec<Other>,
}

/// One Routing Header.
#[derive(Debug, Serialize)]
struct Header {
    length: usize,
    bytes: String,
    /// The header was cut short.
    truncated: bool,
    next_header: Option<u8>,
    hdr_ext_len: Option<u8>,
    #[serde(rename = "type")]
    kind: Option<u8>,
    segments_left: Option<u8>,
    #[serde(flatten)]
    srh: Option<SrhPart>,
}

/// What only an SRH has.
#[derive(Debug, Serialize)]
struct SrhPart {
    last_entry: u8,
    flags: u8,
    tag: u16,
    /// Wire order.
    segments: Vec<Ipv6Addr>,
    /// Travelled order.
    path: Vec<Ipv6Addr>,
    tlvs: String,
}

/// A control message that is no Routing Header.
#[derive(Debug, Serialize)]
struct Other {
    level: i32,
    #[serde(rename = "type")]
    kind: i32,
    data: String,
}

impl Report {
    /// A report of a message; `number` counts from 1.
    pub fn new(number: u64, received: &Received) -> Self {
        Self {
            number,
            from: *received.from.ip(),
            port: received.from.port(),
            transport: match received.transport {
                Transport::Udp => "udp",
                Transport::Tcp => "tcp",
            },
            length: received.payload.len(),
            payload: hex::encode(&received.payload),
            text: String::from_utf8(received.payload.clone()).ok(),
            payload_truncated: received.payload_truncated,
            control_truncated: received.control_truncated,
            routing_headers: received.routing_headers.iter().map(|bytes| Header::new(bytes)).collect(),
            other_control: received
                .other_control
                .iter()
                .map(|(level, kind, data)| Other { level: *level, kind: *kind, data: hex::encode(data) })
                .collect(),
        }
    }
}

impl Header {
    fn new(bytes: &[u8]) -> Self {
        let srh = Srh::lax(bytes).ok();
        Self {
            length: bytes.len(),
            bytes: hex::encode(bytes),
            truncated: Srh::new(bytes).is_err(),
            next_header: bytes.first().copied(),
            hdr_ext_len: bytes.get(1).copied(),
            kind: bytes.get(2).copied(),
            segments_left: bytes.get(3).copied(),
            srh: srh.filter(|s| s.routing_type() == srh::ROUTING_TYPE).map(|s| SrhPart {
                last_entry: s.last_entry(),
                flags: s.flags(),
                tag: s.tag(),
                segments: s.segments().collect(),
                path: s.segments().rev().collect(),
                tlvs: hex::encode(s.tlv_bytes()),
            }),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message {} from [{}]:{}, {} bytes: ", self.number, self.from, self.port, self.length)?;
        match &self.text {
            Some(text) => writeln!(f, "{}", quoted(text))?,
            None => writeln!(f, "0x{}", self.payload)?,
        }
        if self.payload_truncated {
            writeln!(f, "  the payload was longer than the buffer (MSG_TRUNC)")?;
        }
        if self.control_truncated {
            writeln!(f, "  the control data was cut (MSG_CTRUNC): Routing Headers may be cut or missing")?;
        }
        if self.transport == "tcp" && !self.routing_headers.is_empty() {
            writeln!(f, "  TCP: the kernel keeps the Routing Headers of the latest segment (IPV6_2292PKTOPTIONS)")?;
        }
        if self.routing_headers.is_empty() {
            writeln!(f, "  the kernel handed over no Routing Header")?;
        }
        for (index, header) in self.routing_headers.iter().enumerate() {
            write!(f, "  Routing Header {} of {}: {header}", index + 1, self.routing_headers.len())?;
        }
        for other in &self.other_control {
            writeln!(f, "  control message: level {}, type {}, 0x{}", other.level, other.kind, other.data)?;
        }
        Ok(())
    }
}

/// Text from the network between double quotes, fit for a terminal.
pub fn quoted(text: &str) -> String {
    // An apostrophe needs no escape here.
    format!("\"{}\"", text.escape_debug().to_string().replace("\\'", "'"))
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(next), Some(len), Some(kind), Some(left)) =
            (self.next_header, self.hdr_ext_len, self.kind, self.segments_left)
        else {
            return writeln!(f, "{} bytes, 0x{}", self.length, self.bytes);
        };
        let cut = if self.truncated { ", cut short" } else { "" };
        writeln!(f, "{} bytes (Hdr Ext Len {len}){cut}", self.length)?;
        let name = names::ip_proto(u64::from(next)).unwrap_or("unknown");
        let srh = if kind == srh::ROUTING_TYPE { " (Segment Routing)" } else { "" };
        writeln!(f, "    Next Header: {next} ({name})")?;
        writeln!(f, "    Routing Type: {kind}{srh}")?;
        writeln!(f, "    Segments Left: {left}")?;
        match &self.srh {
            Some(part) => part.fmt(f),
            None => writeln!(f, "    Bytes: 0x{}", self.bytes),
        }
    }
}

impl fmt::Display for SrhPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "    Last Entry: {} (the first segment's index)", self.last_entry)?;
        writeln!(f, "    Flags: {:#04x}", self.flags)?;
        writeln!(f, "    Tag: {:#06x}", self.tag)?;
        for (index, segment) in self.segments.iter().enumerate() {
            writeln!(f, "    Segment List[{index}]: {segment}")?;
        }
        let path: Vec<String> = self.path.iter().map(Ipv6Addr::to_string).collect();
        writeln!(f, "    Travelled: {}", path.join(", "))?;
        if !self.tlvs.is_empty() {
            writeln!(f, "    TLVs: 0x{}", self.tlvs)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(header: &str) -> Received {
        Received {
            from: "[2001:db8::1]:51129".parse().unwrap(),
            payload: b"I'm\x1b[31m\\\n".to_vec(),
            transport: Transport::Udp,
            routing_headers: vec![hex::decode(header).unwrap()],
            other_control: vec![(41, 52, vec![64, 0, 0, 0])],
            payload_truncated: false,
            control_truncated: false,
        }
    }

    const TWO: &str = concat!(
        "1105040001200012",
        "20010db9000000000000000000000001",
        "20010db8000000000000000000000002",
        "0406000000000000"
    );

    #[test]
    fn text_for_people() {
        let expected = "\
message 7 from [2001:db8::1]:51129, 10 bytes: \"I'm\\u{1b}[31m\\\\\\n\"
  Routing Header 1 of 1: 48 bytes (Hdr Ext Len 5)
    Next Header: 17 (UDP)
    Routing Type: 4 (Segment Routing)
    Segments Left: 0
    Last Entry: 1 (the first segment's index)
    Flags: 0x20
    Tag: 0x0012
    Segment List[0]: 2001:db9::1
    Segment List[1]: 2001:db8::2
    Travelled: 2001:db8::2, 2001:db9::1
    TLVs: 0x0406000000000000
  control message: level 41, type 52, 0x40000000
";
        assert_eq!(Report::new(7, &received(TWO)).to_string(), expected);
    }

    #[test]
    fn a_value_for_json() {
        let json = serde_json::to_value(Report::new(7, &received(TWO))).unwrap();
        assert_eq!(json["from"], "2001:db8::1");
        assert_eq!(json["text"], "I'm\u{1b}[31m\\\n");
        let header = &json["routing_headers"][0];
        assert_eq!(header["type"], 4);
        assert_eq!(header["last_entry"], 1);
        assert_eq!(header["path"], serde_json::json!(["2001:db8::2", "2001:db9::1"]));
        assert_eq!(header["segments"], serde_json::json!(["2001:db9::1", "2001:db8::2"]));
    }

    #[test]
    fn what_is_cut_or_not_an_srh_is_shown_as_far_as_it_goes() {
        let cut = Report::new(1, &received(&TWO[..64])).to_string();
        assert!(cut.contains("32 bytes (Hdr Ext Len 5), cut short"), "{cut}");
        assert!(cut.contains("Segment List[0]: 2001:db9::1\n    Travelled: 2001:db9::1\n"), "{cut}");
        let short = Report::new(1, &received("1105")).to_string();
        assert!(short.contains("2 bytes, 0x1105"), "{short}");
        let other = Report::new(1, &received("3b00030000000000")).to_string();
        assert!(other.contains("Routing Type: 3\n    Segments Left: 0\n    Bytes: 0x3b00"), "{other}");
    }
}
