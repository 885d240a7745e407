//! Why a socket did not do what was asked.

use std::io;
use std::net::{Ipv6Addr, SocketAddrV6};

use thiserror::Error;

/// Why a socket did not do what was asked, in one sentence.
#[derive(Debug, Error)]
pub enum SocketError {
    /// More segments than an IPV6_RTHDR option holds.
    #[error("a path of {0} segments: Linux takes at most 127 (IPV6_RTHDR is at most 2040 bytes)")]
    TooManySegments(usize),
    /// The kernel does not accept the SRH as a sticky option.
    #[error("the kernel refuses this SRH as a socket option (setsockopt IPV6_RTHDR: EINVAL)")]
    OptionRefused,
    /// The kernel does not accept an SRH as ancillary data.
    #[error(
        "this kernel takes no SRH per packet (sendmsg with an IPV6_RTHDR control message of type 4: EINVAL); \
         set it as a sticky option, or send through a raw socket"
    )]
    PerPacketRefused,
    /// Datagrams without payload cannot be cut from one.
    #[error("nothing to cut into datagrams: --gso needs a payload of 1 to 65535 bytes")]
    NothingToCut,
    /// A kernel that does not cut payloads into datagrams.
    #[error("this kernel has no UDP_SEGMENT: Linux 4.18 or later, or leave --gso out")]
    NoSegmentation,
    /// Payload and headers do not fit.
    #[error(
        "the kernel refuses {payload} bytes behind an SRH of {header} (EMSGSIZE){}",
        Mtu(*.mtu, *.next)
    )]
    TooLong {
        /// Bytes of payload.
        payload: usize,
        /// Bytes of SRH.
        header: usize,
        /// Where the packet would go first.
        next: Ipv6Addr,
        /// The MTU of the interface towards there, where it is known.
        mtu: Option<u32>,
    },
    /// Not even a connection's first segment would fit.
    #[error("an SRH of {header} bytes leaves no room for TCP: the MTU towards {next} is {mtu}")]
    NoRoom {
        /// Bytes of SRH.
        header: usize,
        /// Where the segment would go first.
        next: Ipv6Addr,
        /// The MTU of the interface towards there.
        mtu: u32,
    },
    /// No route, or one that says no.
    #[error("no route to {0}")]
    NoRoute(Ipv6Addr),
    /// The local address cannot be used.
    #[error("cannot use {address}: {source}")]
    Address {
        /// What should have been bound.
        address: SocketAddrV6,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The connection could not be made.
    #[error("cannot connect to {to}: {source}")]
    Connect {
        /// The other end.
        to: SocketAddrV6,
        /// The kernel's answer.
        source: io::Error,
    },
    /// Anything else the kernel says.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The kernel's answer.
        source: io::Error,
    },
}

/// The end of a sentence about an MTU that may be known.
struct Mtu(Option<u32>, Ipv6Addr);

impl std::fmt::Display for Mtu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self(Some(mtu), next) => write!(f, "; the MTU towards {next} is {mtu}"),
            Self(None, _) => Ok(()),
        }
    }
}

impl SocketError {
    /// For use with `map_err`: an I/O error with what was being done.
    pub(super) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }
}
