//! Frames from a live interface, through libpcap and its ring shared with the
//! kernel (feature `pcap`).
//!
//! Without the feature the same names exist, and say so when called.

#[cfg(feature = "pcap")]
mod libpcap;
#[cfg(not(feature = "pcap"))]
mod without;

use std::fmt;
use std::io;
use std::time::Duration;

use thiserror::Error;

#[cfg(feature = "pcap")]
pub use self::libpcap::{Filter, Live, list_interfaces};
#[cfg(not(feature = "pcap"))]
pub use self::without::{Filter, Live, list_interfaces};

/// How to listen.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bytes of a frame to keep at most; 0 for all of it.
    pub snaplen: u32,
    /// Whether to also see frames that are for other machines.
    pub promiscuous: bool,
    /// Size of the ring in bytes, for what comes while nobody reads.
    pub buffer: usize,
    /// Whether every frame is handed over at once rather than in batches,
    /// which costs a wake-up for each.
    pub immediate: bool,
    /// How long a batch may wait to become full.
    pub batch: Duration,
    /// A filter in tcpdump's language, run by the kernel.
    pub filter: Option<String>,
    /// Whether times are in nanoseconds rather than microseconds.
    pub nanos: bool,
    /// Whether to leave out what this machine sends.
    pub incoming: bool,
}

impl Default for Options {
    /// Whole frames, promiscuous, 8 MiB of ring, batches of at most 100 ms, no
    /// filter, nanoseconds, both directions.
    fn default() -> Self {
        Self {
            snaplen: 0,
            promiscuous: true,
            buffer: 8 << 20,
            immediate: false,
            batch: Duration::from_millis(100),
            filter: None,
            nanos: true,
            incoming: false,
        }
    }
}

/// How many frames there were since the interface was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Frames that passed the kernel's filter. On a loopback interface each
    /// counts twice: as sent, which libpcap then leaves out, and as received.
    pub received: u64,
    /// Those of them lost because the ring was full.
    pub dropped: u64,
    /// Frames the interface or its driver lost.
    pub dropped_by_interface: u64,
}

/// An interface to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// What libpcap says it is.
    pub description: Option<String>,
    /// Whether it is up.
    pub up: bool,
    /// Whether it is a loopback interface.
    pub loopback: bool,
}

/// Why there is nothing to listen to.
#[derive(Debug, Error)]
pub enum LiveError {
    /// No interface has that name.
    #[error("no interface {name}; there are: {}", List(known))]
    NoInterface {
        /// The name that was asked for.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// The user may not capture.
    #[error(
        "no permission to capture on {interface}: it takes CAP_NET_RAW; run as root, or once: setcap cap_net_raw+ep $(command -v sr6)"
    )]
    Permission {
        /// The interface.
        interface: String,
    },
    /// The filter is not one.
    #[error("the filter '{filter}' does not compile: {reason}")]
    Filter {
        /// Its text.
        filter: String,
        /// What libpcap says about it.
        reason: String,
    },
    /// Something else that libpcap refuses.
    #[error("cannot capture on {interface}: {reason}")]
    Capture {
        /// The interface.
        interface: String,
        /// What libpcap says.
        reason: String,
    },
    /// The interfaces cannot be listed.
    #[error("cannot list the interfaces: {0}")]
    List(String),
    /// The system failed while waiting for frames.
    #[error("cannot wait for frames on {interface}: {source}")]
    Wait {
        /// The interface.
        interface: String,
        /// What it said.
        source: io::Error,
    },
    /// This build has no libpcap.
    #[error("this sr6 was built without libpcap (feature 'pcap'): it has no live capture and no BPF filters")]
    NotBuilt,
}

/// Names as a list, or that there is none.
struct List<'a>(&'a [String]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("none") } else { f.write_str(&self.0.join(", ")) }
    }
}
