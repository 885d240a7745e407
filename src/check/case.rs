//! What an expectation file says.

use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::caret::ParseError;
use crate::dissect::{Diagnosis, Settings, Severity};
use crate::filter::Filter;
use crate::show::printer::Printer;
use crate::simulate::{Network, NodeId};
use crate::srv6::endpoint::{Interface, Profile};
use crate::wire::field::Field;

/// One expectation file, read and checked.
#[derive(Debug, Clone)]
pub struct Case {
    /// The file's path without `.check`.
    pub name: String,
    /// The expectation file.
    pub file: PathBuf,
    /// The capture it is about.
    pub capture: PathBuf,
    /// What dissecting needs to know beyond the packets.
    pub settings: Arc<Settings>,
    /// How the capture is to break off.
    pub breaks: Option<Breaks>,
    /// Stored outputs.
    pub goldens: Vec<Golden>,
    /// Assertions.
    pub expectations: Vec<Expectation>,
}

/// That a capture cannot be read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaks {
    /// The line that says so.
    pub line: usize,
    /// The reason, as reading it gives it.
    pub reason: String,
}

/// A stored output.
#[derive(Debug, Clone)]
pub struct Golden {
    /// The line that asks for it.
    pub line: usize,
    /// The statement.
    pub text: String,
    /// Where it is stored.
    pub file: PathBuf,
    /// Which packets are in it.
    pub filter: Option<Filter>,
    /// What is in it.
    pub form: Form,
}

/// What is stored of each packet.
#[derive(Debug, Clone)]
pub enum Form {
    /// What `sr6 read` prints.
    Printed(Box<Printer>),
    /// Every byte, in hex.
    Bytes,
    /// A digest of every byte.
    Digest,
}

/// An assertion.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// The line that makes it.
    pub line: usize,
    /// The statement.
    pub text: String,
    /// What it says.
    pub what: What,
    /// The fields that its filter names, to be shown where it fails.
    pub fields: Vec<&'static Field>,
}

/// What an assertion says.
#[derive(Debug, Clone)]
pub enum What {
    /// `packets == N`
    Packets(Order, u64),
    /// `count(FILTER) == N`
    Count(Filter, Order, u64),
    /// `every packet: FILTER`, `every packet (OF THESE): FILTER`
    Every {
        /// Which packets; all if `None`.
        of: Option<Filter>,
        /// What has to be true of them.
        filter: Filter,
    },
    /// `any packet: FILTER`
    Any(Filter),
    /// `no packet: FILTER`
    No(Filter),
    /// `packet N: FILTER`, `packets N..M: FILTER`
    These {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
        /// What has to be true of them.
        filter: Filter,
    },
    /// `no diagnostics`, `no diagnostics above note`, `… except ID, ID`
    NoDiagnostics {
        /// The greatest severity that is allowed.
        allowed: Option<Severity>,
        /// What is allowed beyond that.
        except: Vec<Diagnosis>,
    },
    /// `diagnostics of packet N == [ID, ID]`
    Diagnostics(u64, Vec<Diagnosis>),
    /// `path of packet N == [SEGMENT, SEGMENT]`
    Path(u64, Vec<Ipv6Addr>),
    /// `packet N == packet M of FILE`
    Same(u64, Other),
    /// `simulate(NET, packet N) == packet M`
    Simulate(Simulate),
}

/// A comparison of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Order {
    /// Their signs; those that begin others come after them.
    pub const SIGNS: [(&str, Self); 6] = [
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("<", Self::Less),
        (">", Self::Greater),
    ];

    /// Whether it holds.
    pub fn holds(self, left: u64, right: u64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

/// A packet of this capture, or of another, to be compared with.
#[derive(Debug, Clone)]
pub struct Other {
    /// Its number.
    pub packet: u64,
    /// The other capture.
    pub file: Option<PathBuf>,
    /// Fields that may differ.
    pub except: Vec<&'static Field>,
}

/// What a network is to do with a packet.
#[derive(Debug, Clone)]
pub struct Simulate {
    /// The network.
    pub network: Arc<Network>,
    /// Whose rules its nodes follow.
    pub profile: Profile,
    /// The packet that enters.
    pub packet: u64,
    /// Where: the node that makes it, or that it arrives at by an interface.
    pub from: Option<(NodeId, Option<Interface>)>,
    /// Where the result is looked at; where the way ends if `None`.
    pub at: Option<NodeId>,
    /// The packet that has to arrive there; `None` for no packet at all.
    pub result: Option<Other>,
}

/// What is wrong with an expectation file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseError {
    /// The file's path without `.check`.
    pub name: String,
    /// The file.
    pub file: PathBuf,
    /// What is wrong.
    pub problem: CaseProblem,
}

/// What can be wrong with an expectation file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseProblem {
    /// It cannot be read.
    Unreadable(String),
    /// Its text is none, at a line and a column of it, both from 1.
    Text(Box<ParseError>, usize, usize),
}

impl std::error::Error for CaseError {}

impl std::fmt::Display for CaseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let file = self.file.display();
        match &self.problem {
            CaseProblem::Unreadable(reason) => write!(f, "{file}: {reason}"),
            CaseProblem::Text(error, line, column) => write!(f, "{file}:{line}:{column}: {error}"),
        }
    }
}
