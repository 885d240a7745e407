//! Why a packet did not leave.

use std::io;
use std::net::Ipv6Addr;

use thiserror::Error;

use crate::sys::route::{self, Link};

/// Why a packet did not leave, in one sentence.
#[derive(Debug, Error)]
pub enum SendError {
    /// There is no interface of this name.
    #[error("there is no interface {0}")]
    NoInterface(String),
    /// The interface is administratively down.
    #[error("interface {interface} is down: sudo ip link set {interface} up")]
    Down {
        /// Its name.
        interface: String,
    },
    /// The interface is up, but nobody is at the other end.
    #[error("interface {interface} has no carrier: what it is connected to is down")]
    NoCarrier {
        /// Its name.
        interface: String,
    },
    /// The interface was removed after the sending had begun.
    #[error("interface {interface} is gone")]
    Gone {
        /// Its name.
        interface: String,
    },
    /// The interface took nothing for a long time, though it is up.
    #[error("the interface takes no more packets: {source}")]
    Stuck {
        /// The kernel's last answer.
        source: io::Error,
    },
    /// CAP_BPF and CAP_NET_ADMIN of the machine are missing.
    #[error("xdp needs root of the machine itself (CAP_BPF and CAP_NET_ADMIN): run as root, or --via afxdp")]
    NoBpf,
    /// A kernel that runs no XDP programs on frames of ours.
    #[error("this kernel has no XDP live frames ({source}): Linux 5.18 or later, or --via afxdp")]
    NoLiveFrames {
        /// The kernel's answer.
        source: io::Error,
    },
    /// The interface dropped the packet.
    #[error("the interface dropped the packet")]
    Dropped,
    /// A kernel without AF_XDP.
    #[error("this kernel has no AF_XDP ({source}): a kernel with CONFIG_XDP_SOCKETS=y, or --via packet")]
    NoAfxdp {
        /// The kernel's answer.
        source: io::Error,
    },
    /// A queue that is not there, or in use already.
    #[error("queue {queue} of {interface} takes no AF_XDP socket ({source}): fewer --threads, or --via packet")]
    NoQueue {
        /// The interface's name.
        interface: String,
        /// Its queue, counted from 0.
        queue: u16,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The interface's frames start with something we cannot make.
    #[error("interface {interface} has link-layer headers of ARPHRD type {kind}, which cannot be made here")]
    LinkKind {
        /// Its name.
        interface: String,
        /// The ARPHRD_ number.
        kind: u16,
    },
    /// CAP_NET_RAW is missing.
    #[error(
        "no permission to open a {socket} socket: run as root, \
         or once: sudo setcap cap_net_raw+ep \"$(command -v sr6)\""
    )]
    Permission {
        /// Which kind of socket.
        socket: &'static str,
    },
    /// A link-layer frame was given to an engine that sends IPv6 packets.
    #[error("a raw IPv6 socket sends IPv6 packets, the kernel makes the Ethernet header: leave eth(...) out")]
    FrameGiven,
    /// Fewer bytes than an IPv6 header has.
    #[error("no whole IPv6 header to take the destination from: {length} bytes of 40")]
    NoHeader {
        /// Bytes given.
        length: usize,
    },
    /// Longer than the interface's MTU.
    #[error("{length} bytes exceed the MTU of {interface}, {mtu} bytes; --fragment splits the packet")]
    TooLong {
        /// The length of the packet, in bytes.
        length: usize,
        /// The interface's name.
        interface: String,
        /// Its MTU, in bytes.
        mtu: u32,
    },
    /// Longer than the engine's frames, though not too long for the interface.
    #[error("{length} bytes are too many for this engine, which takes frames of up to {most}: --via packet takes all")]
    TooLongHere {
        /// The length of the frame, in bytes.
        length: usize,
        /// The most it may be.
        most: usize,
    },
    /// A destination that means something on one link alone, and no link.
    #[error("{0} is valid on one link only: name the interface")]
    NeedsInterface(Ipv6Addr),
    /// No route leads to the destination.
    #[error("no route to {destination}{}", Through(.interface))]
    NoRoute {
        /// Where it should have gone.
        destination: Ipv6Addr,
        /// The interface it had to leave by, if one was named.
        interface: Option<String>,
    },
    /// The destination is this host itself.
    #[error("{0} is an address of this host: send through lo")]
    Own(Ipv6Addr),
    /// No address to send from.
    #[error("interface {interface} has no IPv6 address to reach {address} from")]
    NoSource {
        /// The interface's name.
        interface: String,
        /// Whom to reach.
        address: Ipv6Addr,
    },
    /// The next hop does not answer neighbour solicitations.
    #[error("no neighbour answer from {address} on {interface}")]
    NoNeighbour {
        /// The next hop.
        address: Ipv6Addr,
        /// The interface asked on.
        interface: String,
    },
    /// A signal came while waiting for a neighbour.
    #[error("interrupted")]
    Interrupted,
    /// Anything else the kernel says.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The kernel's answer.
        source: io::Error,
    },
}

/// The end of a sentence about an interface that may be named.
struct Through<'a>(&'a Option<String>);

impl std::fmt::Display for Through<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(interface) => write!(f, " through {interface}"),
            None => Ok(()),
        }
    }
}

impl SendError {
    /// This packet would meet the same error again, while another might not.
    pub fn is_of_packet(&self) -> bool {
        matches!(self, Self::NoHeader { .. } | Self::TooLong { .. } | Self::TooLongHere { .. })
    }

    /// Any other packet would meet the same error: there is no point in going
    /// on.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::NoInterface(_)
            | Self::LinkKind { .. }
            | Self::Permission { .. }
            | Self::FrameGiven
            | Self::NeedsInterface(_)
            | Self::Own(_)
            | Self::Down { .. }
            | Self::NoCarrier { .. }
            | Self::Gone { .. }
            | Self::Stuck { .. }
            | Self::NoAfxdp { .. }
            | Self::NoQueue { .. }
            | Self::NoBpf
            | Self::NoLiveFrames { .. }
            | Self::Interrupted => true,
            Self::NoRoute { .. }
            | Self::NoSource { .. }
            | Self::NoNeighbour { .. }
            | Self::NoHeader { .. }
            | Self::TooLong { .. }
            | Self::TooLongHere { .. }
            | Self::Dropped
            | Self::Io { .. } => false,
        }
    }

    /// A short name to count errors by: that of the errno where there is one.
    pub fn code(&self) -> String {
        let name = match self {
            Self::NoInterface(_) | Self::Gone { .. } => "ENODEV",
            Self::Down { .. } => "ENETDOWN",
            Self::NoCarrier { .. } => "ENOLINK",
            Self::TooLong { .. } | Self::TooLongHere { .. } => "EMSGSIZE",
            Self::NoRoute { .. } => "ENETUNREACH",
            Self::NoNeighbour { .. } => "EHOSTUNREACH",
            Self::Permission { .. } | Self::NoBpf => "EPERM",
            Self::Dropped => "EBUSY",
            Self::NoSource { .. } | Self::NeedsInterface(_) | Self::Own(_) => "EADDRNOTAVAIL",
            Self::LinkKind { .. } => "EPROTONOSUPPORT",
            Self::FrameGiven | Self::NoHeader { .. } => "EINVAL",
            Self::Interrupted => "EINTR",
            Self::Stuck { source }
            | Self::NoAfxdp { source }
            | Self::NoLiveFrames { source }
            | Self::NoQueue { source, .. }
            | Self::Io { source, .. } => match source.raw_os_error() {
                Some(errno) => return errno_name(errno),
                None => "EIO",
            },
        };
        name.to_owned()
    }

    /// For use with `map_err`: an I/O error with what was being done.
    pub(super) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }

    /// An error of opening a socket that needs CAP_NET_RAW.
    pub(super) fn open(socket: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::PermissionDenied => Self::Permission { socket },
            _ => Self::Io { doing: "open a socket", source },
        }
    }

    /// An error of a look-up of an interface by name.
    pub(super) fn interface(name: &str) -> impl FnOnce(io::Error) -> Self {
        let name = name.to_owned();
        move |source| match source.raw_os_error() {
            Some(libc::ENODEV) => Self::NoInterface(name),
            _ => Self::Io { doing: "look up the interface", source },
        }
    }

    /// An error of a route look-up, or of a send that made one.
    pub(super) fn route(destination: Ipv6Addr, interface: Option<&Link>) -> impl FnOnce(io::Error) -> Self {
        let interface = interface.map(|l| l.name.clone());
        move |source| match source.raw_os_error() {
            // Unreachable, prohibited and blackhole routes in turn.
            Some(libc::ENETUNREACH | libc::EHOSTUNREACH | libc::EACCES | libc::EINVAL) => {
                Self::NoRoute { destination, interface }
            }
            _ => Self::Io { doing: "look up the route", source },
        }
    }

    /// An error of sending `length` bytes of IPv6 packet through `link`.
    pub(super) fn sending(source: io::Error, length: usize, link: &Link) -> Self {
        match source.raw_os_error() {
            Some(libc::EMSGSIZE) => Self::TooLong { length, interface: link.name.clone(), mtu: link.mtu },
            Some(libc::ENETDOWN | libc::ENXIO | libc::ENODEV) => Self::vanished(link),
            _ => Self::Io { doing: "send", source },
        }
    }

    /// What became of a link that takes nothing any more: down, or removed.
    pub(super) fn vanished(link: &Link) -> Self {
        let interface = link.name.clone();
        match route::link_by_index(link.index) {
            Err(e) if e.raw_os_error() == Some(libc::ENODEV) => Self::Gone { interface },
            _ => Self::Down { interface },
        }
    }

    /// What an error of something that ought to work means: that the link is
    /// down or gone, if it is.
    pub(super) fn vanished_or(source: io::Error, link: &Link) -> Self {
        Self::of_link(link.index, &link.name).unwrap_or(Self::Stuck { source })
    }

    /// What keeps a link from sending: nothing, as far as it says.
    pub(super) fn of_link(index: u32, name: &str) -> Option<Self> {
        let interface = || name.to_owned();
        match route::link_by_index(index) {
            Err(e) if e.raw_os_error() == Some(libc::ENODEV) => Some(Self::Gone { interface: interface() }),
            Ok(link) if !link.up => Some(Self::Down { interface: interface() }),
            Ok(link) if !link.carrier => Some(Self::NoCarrier { interface: interface() }),
            Ok(_) | Err(_) => None,
        }
    }
}

/// The name of an error number that sending may meet.
fn errno_name(errno: i32) -> String {
    let name = match errno {
        libc::EACCES => "EACCES",
        libc::EADDRNOTAVAIL => "EADDRNOTAVAIL",
        libc::EAGAIN => "EAGAIN",
        libc::EBUSY => "EBUSY",
        libc::EFAULT => "EFAULT",
        libc::EHOSTUNREACH => "EHOSTUNREACH",
        libc::EINTR => "EINTR",
        libc::EINVAL => "EINVAL",
        libc::EIO => "EIO",
        libc::EMSGSIZE => "EMSGSIZE",
        libc::ENETDOWN => "ENETDOWN",
        libc::ENETUNREACH => "ENETUNREACH",
        libc::ENOBUFS => "ENOBUFS",
        libc::ENODEV => "ENODEV",
        libc::ENOMEM => "ENOMEM",
        libc::ENOTSUP => "EOPNOTSUPP",
        libc::ENXIO => "ENXIO",
        libc::EPERM => "EPERM",
        other => return format!("errno {other}"),
    };
    name.to_owned()
}
