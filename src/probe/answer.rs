//! What came back.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::wire::{icmpv4, icmpv6};

/// An answer to a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The packet's number in its run, counted from 0.
    pub number: u64,
    /// Who answered.
    pub from: IpAddr,
    /// What it says.
    pub kind: Kind,
    /// The hop limit, or TTL, that the answer arrived with.
    pub hop_limit: u8,
    /// The answer's length on the wire, in bytes.
    pub length: u32,
    /// From just before the packet left to the kernel's time of receipt; `None`
    /// where the clock was set in between and says that the answer came first.
    pub round_trip: Option<Duration>,
    /// Whether the packet had been answered before.
    pub duplicate: bool,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// An ICMP or ICMPv6 echo reply.
    EchoReply,
    /// A datagram from the port that was asked to the one that asked.
    Udp {
        /// Bytes of its payload.
        payload: u32,
    },
    /// A segment that acknowledges or refuses what was sent.
    Tcp {
        /// The flags, FIN lowest.
        flags: u16,
    },
    /// An ICMP error.
    Error {
        /// Whether it is of ICMPv6 rather than of ICMP.
        v6: bool,
        /// The message's type.
        kind: u8,
        /// Its code.
        code: u8,
        /// The pointer of a Parameter Problem, in bytes from the start of the
        /// quoted packet.
        pointer: Option<u32>,
        /// The MTU of a Packet Too Big.
        mtu: Option<u32>,
        /// The packet as the sender of the error saw it.
        quoted: Quoted,
    },
}

/// How a packet looked where an error was made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quoted {
    /// Where it was bound for then.
    pub destination: IpAddr,
    /// The hop limit it had left.
    pub hop_limit: u8,
    /// Segments Left and Last Entry of its first SRH.
    pub segments: Option<(u8, u8)>,
}

impl fmt::Display for Answer {
    /// `Echo (ping) reply from 2001:db9::1, hop limit 63, 0.214 ms`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, hop_limit, kind, .. } = self;
        write!(f, "{kind} from {from}, hop limit {hop_limit}")?;
        match self.round_trip {
            Some(time) => write!(f, ", {:.3} ms", time.as_secs_f64() * 1e3)?,
            None => f.write_str(", before it was sent, by the clock")?,
        }
        if let Kind::Error { quoted, .. } = kind {
            write!(f, "; it was bound for {}", quoted.destination)?;
            if let Some((left, last)) = quoted.segments {
                write!(f, ", SL {left}/{}", u16::from(last) + 1)?;
            }
        }
        f.write_str(if self.duplicate { " (duplicate)" } else { "" })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::EchoReply => f.write_str("Echo (ping) reply"),
            Self::Udp { payload } => write!(f, "UDP, {payload} bytes"),
            Self::Tcp { flags } => {
                f.write_str("TCP")?;
                let names = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"];
                let set = names.iter().enumerate().filter(|(bit, _)| flags >> bit & 1 == 1);
                set.enumerate().try_for_each(|(n, (_, name))| write!(f, "{}{name}", if n == 0 { " " } else { "," }))
            }
            Self::Error { v6, kind, code, pointer, mtu, .. } => {
                let number = u64::from(kind);
                let (protocol, name, meaning) = if v6 {
                    ("ICMPv6", icmpv6::type_name(number), icmpv6::code_name(kind, code))
                } else {
                    ("ICMP", icmpv4::type_name(number), icmpv4::code_name(kind, code))
                };
                match name {
                    Some(name) => write!(f, "{name}")?,
                    None => write!(f, "{protocol} type {kind}")?,
                }
                match meaning {
                    Some(meaning) => write!(f, " ({meaning}")?,
                    None => write!(f, " (code {code}")?,
                }
                match (pointer, mtu) {
                    (Some(pointer), _) => write!(f, ", pointer {pointer})"),
                    (None, Some(mtu)) => write!(f, ", MTU {mtu})"),
                    (None, None) => f.write_str(")"),
                }
            }
        }
    }
}
