//! Network namespaces with kernel SRv6: topologies from text files, built with
//! iproute2's `ip`, on which everything else can be tried against a real
//! kernel.
//!
//! - [`plan`]: a [topology](crate::topology) as the shell commands that build it.
//! - [`sandbox`]: a private place to build it in, for everybody, that leaves
//!   nothing behind.
//! - [`named`]: labs that stay, under names, for root.
//! - [`tap`]: captures on its links.
//! - [`check`]: what the kernel does with packets, held against the simulation.
//! - [`doctor`]: is this machine ready?
//!
//! ```no_run
//! use sr6::lab::{Lab, Topology, sandbox};
//!
//! sandbox::enter()?; // before any thread is started
//! let lab = Lab::build(&Topology::built_in("line3").unwrap(), &|command| eprintln!("{command}"))?;
//! let socket = lab.node("n3")?.run(|| std::net::UdpSocket::bind("[2001:db9::1]:2000"))??;
//! let status = lab.node("n1")?.command("ip").args(["-6", "route"]).status()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Nothing here touches a namespace that it did not make.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use crate::sys::namespace::{self, Kinds};

mod build;
pub mod check;
pub mod doctor;
pub mod named;
pub mod plan;
pub mod sandbox;
pub mod tap;

pub use crate::topology::{Topology, TopologyError};
pub use build::Trace;

/// A topology that exists on this kernel.
#[derive(Debug)]
pub struct Lab {
    nodes: Vec<Node>,
}

impl Lab {
    /// Builds a topology under its plain node names. To be called inside a
    /// [`sandbox`], where those names are private and the lab ends with the
    /// process.
    pub fn build(topology: &Topology, trace: Trace<'_>) -> Result<Self, LabError> {
        Ok(Self { nodes: build::build(topology, "", trace)? })
    }

    /// The node of that name.
    pub fn node(&self, name: &str) -> Result<&Node, LabError> {
        self.nodes.iter().find(|node| node.name == name).ok_or_else(|| LabError::NoNode {
            node: name.escape_debug().to_string(),
            nodes: self.nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>().join(", "),
        })
    }

    /// All nodes, in the topology's order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }
}

/// A node of a running lab: a network namespace to run things in. Cheap to
/// clone; the namespace lives at least as long as any clone.
#[derive(Debug, Clone)]
pub struct Node {
    name: String,
    namespace: Arc<File>,
}

impl Node {
    /// Opens the namespace that `ip netns` knows by a name.
    fn open(name: &str, namespace: &str) -> Result<Self, LabError> {
        let open = File::open(Path::new(build::NETNS).join(namespace));
        let file = open.map_err(|source| LabError::Enter { node: name.to_string(), source })?;
        Ok(Self { name: name.to_string(), namespace: Arc::new(file) })
    }

    /// Its name in the topology.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs a closure in the node, on a thread of its own, and waits for it.
    /// Sockets it opens stay in the node wherever they are used; threads it
    /// starts are in the node too.
    ///
    /// # Panics
    /// If the closure does.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, LabError> {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| self.enter().map(|()| work()));
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Moves the calling thread into the node, for good. The other threads
    /// stay where they are.
    pub fn enter(&self) -> Result<(), LabError> {
        namespace::enter_network(self.namespace.as_fd())
            .map_err(|source| LabError::Enter { node: self.name.clone(), source })
    }

    /// A command that will run in the node.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        namespace::start_in(&mut command, Shared(self.namespace.clone()));
        command
    }

    /// Becomes a command in the node: replaces this process, so that signals,
    /// terminal and exit code are the command's own. Returns only if that
    /// failed. Where the system allows it, `/sys` shows the node's interfaces.
    ///
    /// To be called by a process without other threads.
    pub fn exec(&self, command: &mut Command) -> LabError {
        if let Err(error) = self.enter() {
            return error;
        }
        let own_sys = || {
            namespace::unshare(Kinds { mount: true, ..Kinds::default() })?;
            namespace::make_mounts_private()?;
            namespace::mount_sysfs()
        };
        // Few programs look there, and a container may forbid it.
        let _: io::Result<()> = own_sys();
        let program = command.get_program().to_string_lossy().escape_debug().to_string();
        LabError::Exec { program, source: command.exec() }
    }
}

/// What a command keeps alive until it has started.
struct Shared(Arc<File>);

impl AsFd for Shared {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Why a lab could not be built, found or used.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // every field is explained by the sentence it is in
pub enum LabError {
    /// The kernel lacks SRv6 altogether.
    #[error("this kernel has no SRv6: /proc/sys/net/ipv6/conf/all/seg6_enabled is missing")]
    NoSeg6,
    /// A behaviour that can only be simulated.
    #[error("sid {sid} on {node}: Linux has no {behavior} with these flavors; sr6 simulate does")]
    NotInLinux { node: String, sid: String, behavior: &'static str },
    /// iproute2 is not installed.
    #[error("cannot run ip ({0}): install iproute2")]
    NoIp(io::Error),
    /// A command failed.
    #[error("{place}: {said} (from: {command})")]
    Command { place: String, command: String, said: String },
    /// A command that user namespaces do not allow.
    #[error("{place}: tunsrc and hmac need real root, a user namespace is not enough (from: {command})")]
    RealRoot { place: String, command: String },
    /// A setting could not be made.
    #[error("{place}: cannot set {key} to {value:?}: {source}")]
    Sysctl { place: String, key: String, value: String, source: io::Error },
    /// Somebody else's namespace has the name we need.
    #[error("namespace {namespace} exists already; remove it with: ip netns del {namespace}")]
    Exists { namespace: String },
    /// A link that stays down.
    #[error("node {node}: interface {interface} did not come up")]
    Down { node: String, interface: String },
    /// A node that the lab does not have.
    #[error("there is no node {node:?}, only {nodes}")]
    NoNode { node: String, nodes: String },
    /// The namespace cannot be entered.
    #[error("cannot enter node {node}: {source}")]
    Enter { node: String, source: io::Error },
    /// The command to become cannot be started.
    #[error("cannot run {program}: {source}")]
    Exec { program: String, source: io::Error },
    /// The lab is there already.
    #[error("lab {lab} is up already; take it down with: sr6 lab down {lab}")]
    IsUp { lab: String },
    /// The lab is not there.
    #[error("lab {lab:?} is not up; what is: {up}")]
    NotUp { lab: String, up: String },
    /// A node name that several labs have, or none was named.
    #[error("several labs are up ({up}): say which")]
    Several { up: String },
    /// There is nothing to choose from.
    #[error("no lab is up; make one with: sr6 lab up line3")]
    NoneUp,
    /// Named namespaces are for root.
    #[error("a lab that stays needs root (CAP_SYS_ADMIN)")]
    NotRoot,
    /// The list of labs cannot be read or written.
    #[error("{path}: {source}")]
    Registry { path: String, source: io::Error },
    /// The list of labs has an entry that is no topology.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// A signal came; what had been built is gone.
    #[error("interrupted")]
    Interrupted,
}

impl LabError {
    fn no_ip(source: io::Error) -> Self {
        Self::NoIp(source)
    }
}
