//! What a node does with a packet: a pure function from packet, node and
//! profile to what comes out, or why nothing does.
//!
//! [`process`] answers for one packet at one [`Node`]; nothing is sent,
//! nothing remembered. Two profiles say whose rules are followed:
//! [`Profile::Rfc`] (RFC 8754, 8986, 9800 to the letter) and
//! [`Profile::Linux`] (what the kernel was measured to do: silent drops, its
//! own rules for plain addresses, its order of checks). The two are written
//! apart, each like its source, over the same operations.
//!
//! ```
//! use sr6::srv6::endpoint::{self, Decision, Input, Interface, Node, Port, Profile, Table, Target};
//!
//! // A router that knows where 2001:db9::/64 is.
//! let mut node = Node { forwarding: true, ..Node::default() };
//! node.interfaces.push(Port { name: "v23".into(), mtu: 1500, seg6: true, hmac: Default::default() });
//! let out = Target::Forward { interface: Interface(0), via: None, encap: None };
//! node.fib.add(Table::MAIN, "2001:db9::".parse()?, 64, 0, out);
//!
//! let mut packet = vec![0x60, 0, 0, 0, 0, 0, 59, 64];
//! packet.extend("2001:db8::1".parse::<std::net::Ipv6Addr>()?.octets());
//! packet.extend("2001:db9::1".parse::<std::net::Ipv6Addr>()?.octets());
//! let outcome = endpoint::process(Input::arrived(&packet, Interface(0)), &node, Profile::Rfc, &mut ());
//! let Decision::Forward(forward) = outcome.decision else { panic!() };
//! assert_eq!(forward.packet[7], 63);
//! # Ok::<(), std::net::AddrParseError>(())
//! ```
//!
//! What it leaves out: fragments are not reassembled, ICMPv4 errors not made,
//! neighbour discovery always succeeds, and upper layers never answer.

mod advance;
mod decision;
mod fib;
mod headend;
mod linux;
mod model;
mod packet;
mod proxy;
mod rfc;
mod run;
mod source;
mod trace;
mod verify;

pub use decision::{Decision, Forward, IcmpError, Kind, Reason};
pub use fib::{Fib, Route, Table, Target};
pub use model::{
    Behavior, Bridge, Encap, EncapMode, Flavors, FlowLabel, HmacPolicy, InLinux, Interface, Lookup, Node, Own, Port,
    Proxy, SegmentList, Sid,
};
pub use trace::{Matched, Step, Trace};

/// Whose rules are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// RFC 8754, 8986, 9800, and drafts where those are silent.
    #[default]
    Rfc,
    /// Linux, as measured on 6.18.
    Linux,
}

/// A packet, and how the node came by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input<'a> {
    /// The bytes, from the IPv6 or IPv4 header.
    pub packet: &'a [u8],
    /// The Ethernet header it arrived in (14 bytes, and tags), which a headend
    /// may encapsulate with it; empty if there was none.
    pub frame_header: &'a [u8],
    /// The interface it arrived by; `None` for one that the node made itself.
    pub interface: Option<Interface>,
    /// What a proxy wanted remembered last for this interface
    /// ([`Outcome::learned`]), where the caller did so.
    pub cache: Option<&'a [u8]>,
}

impl<'a> Input<'a> {
    /// A packet that arrived by an interface.
    pub fn arrived(packet: &'a [u8], interface: Interface) -> Self {
        Self { packet, frame_header: &[], interface: Some(interface), cache: None }
    }

    /// A packet that the node made itself.
    pub fn made_here(packet: &'a [u8]) -> Self {
        Self { packet, frame_header: &[], interface: None, cache: None }
    }
}

/// All that comes of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What becomes of it.
    pub decision: Decision,
    /// Did a copy of the packet, as it arrived, go to the OAM process (O-flag,
    /// RFC 9259 §2.1.1)?
    pub oam_copy: bool,
    /// What a proxy wants remembered for the packets that the service returns:
    /// the headers at End.AD, the destination at End.AM with compressed SIDs. For
    /// what comes by that interface.
    pub learned: Option<(Interface, Vec<u8>)>,
}

/// Processes a packet at a node. The steps of the decision go to `trace`;
/// `&mut ()` takes none.
pub fn process(input: Input<'_>, node: &Node, profile: Profile, trace: &mut dyn Trace) -> Outcome {
    run::Run::new(input, node, profile, trace).outcome()
}
