//! A network of SRv6 nodes on paper: which way a packet takes through it, hop
//! by hop, without sending anything.
//!
//! - [`Network`]: a [topology](crate::topology) with everything resolved, each
//!   node an [`endpoint`](crate::srv6::endpoint) node.
//! - [`walk`](Network::walk): a packet's way, and that of the errors and copies
//!   it causes, up to a bound.
//! - [`Given`]: a captured packet, as a node takes it.
//! - [`text`], [`json`], [`draw`]: the way for people, for programs, and as a
//!   picture.
//!
//! ```
//! use sr6::simulate::{End, Network};
//! use sr6::srv6::endpoint::Profile;
//! use sr6::topology::Topology;
//!
//! let network = Network::new(&Topology::built_in("line3").unwrap())?;
//! let packet = sr6::notation::parse("ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/udp(dport=2000)")?;
//! let walk = network.walk(&sr6::craft::build(&packet)?, network.find("n1").unwrap(), Profile::Linux);
//! let names: Vec<_> = walk.hops.iter().map(|hop| network.name(hop.node)).collect();
//! assert_eq!(names, ["n1", "n2", "n3"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Links deliver at once and lose nothing; neighbours always answer.

pub mod draw;
mod given;
pub mod json;
mod network;
pub mod text;
mod walk;

pub use given::Given;
pub use network::{Link, LinkEnd, Network, NetworkError, NodeId};
pub use walk::{Arrival, Crossing, End, Hop, Walk};
