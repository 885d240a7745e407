//! The experiment of the article "Build your very own SRv6 probe", on this
//! machine's kernel: three nodes in a line, a packet led through the middle one
//! by its segment list, sent in three ways, seen at both ends; then the same
//! by the kernel's own encapsulation.
//!
//! Every claim is a [`Step`] with a verdict. Nothing here decides what is
//! printed where: [`Demo`] runs the experiment and [`Demo::write`] tells of it.

mod compare;
mod report;
mod steps;
mod ways;

use std::io;
use std::net::Ipv6Addr;
use std::path::PathBuf;

use thiserror::Error;

pub use crate::lab::tap::Seen;
pub use compare::Difference;
pub use steps::{Step, Verdict};
pub use ways::Way;

use crate::capture::write::WriteError;
use crate::lab::tap::{Tap, TapError};
use crate::lab::{Lab, LabError};
use crate::socket::SocketError;
use crate::transmit::SendError;

/// The first node, which sends.
pub const SOURCE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
/// The middle node, as the first one sees it: the first segment.
pub const MIDDLE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
/// The middle node, as the last one sees it.
pub const MIDDLE_FAR: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb9, 0, 0, 0, 0, 0, 2);
/// The last node, where the server is: the last segment.
pub const TARGET: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb9, 0, 0, 0, 0, 0, 1);
/// The server's UDP port.
pub const PORT: u16 = 3000;
/// What the client says.
pub const PAYLOAD: &str = "Hello, I'm here";

/// Why the experiment could not be run at all.
#[derive(Debug, Error)]
pub enum DemoError {
    /// The nodes.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// The captures.
    #[error(transparent)]
    Capture(#[from] TapError),
    /// The server or the client.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The engines.
    #[error(transparent)]
    Send(#[from] SendError),
    /// A recipe of the demo's own does not build.
    #[error("{0}")]
    Recipe(String),
    /// A capture to be kept.
    #[error(transparent)]
    Keep(#[from] WriteError),
    /// The directory for captures to be kept.
    #[error("cannot make {}: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An `ip` command of the demo's own.
    #[error("'{command}' failed: {message}")]
    Command {
        /// The command, as one would type it.
        command: String,
        /// What it said.
        message: String,
    },
}

/// What one way of sending led to.
#[derive(Debug)]
pub struct Outcome {
    /// The way.
    pub way: Way,
    /// The packet on n1's link, just sent.
    pub near: Option<Seen>,
    /// The packet on n3's link, after the middle node.
    pub far: Option<Seen>,
    /// What the server read, as text.
    pub server: Option<String>,
}

/// The experiment, run.
#[derive(Debug)]
pub struct Demo {
    /// The recipe the crafted packets were built from.
    pub recipe: String,
    /// What each way led to.
    pub outcomes: Vec<Outcome>,
    /// Where the three packets differ, from the IPv6 header on.
    pub differences: Vec<Difference>,
    /// The kernel's encapsulated echo request, on n1's link.
    pub encapsulated: Option<Seen>,
    /// The `ip` commands that made the kernel encapsulate.
    pub commands: Vec<String>,
    /// The verdicts, in the order of the experiment.
    pub steps: Vec<Step>,
    /// Everything both links saw: name and frames.
    pub captures: Vec<(String, Vec<Seen>)>,
}

impl Demo {
    /// Runs the experiment in a lab of the topology `line3`.
    ///
    /// # Errors
    /// Where something that the experiment needs is missing. That a packet did
    /// not do as the article says is no error but a failed step.
    pub fn run(lab: &Lab) -> Result<Self, DemoError> {
        let (n1, n3) = (lab.node("n1")?, lab.node("n3")?);
        let near = Tap::start(n1, "v12", false)?;
        let far = Tap::start(n3, "v32", false)?;
        let mut steps = vec![steps::premise(n1, n3)?];

        let (recipe, outcomes) = ways::all(n1, n3, &near, &far)?;
        for outcome in &outcomes {
            steps.extend(steps::arrival(outcome));
        }
        let differences = compare::differences(&outcomes);
        steps.push(steps::same_bytes(&differences));

        let encapsulation = ways::encapsulation(n1, n3, &near)?;
        steps.extend(steps::encapsulation(&encapsulation));

        let captures = vec![("n1-v12".to_owned(), near.finish()?), ("n3-v32".to_owned(), far.finish()?)];
        Ok(Self {
            recipe,
            outcomes,
            differences,
            encapsulated: encapsulation.request,
            commands: encapsulation.commands,
            steps,
            captures,
        })
    }

    /// Whether everything was as the article says.
    pub fn succeeded(&self) -> bool {
        self.steps.iter().all(|step| step.verdict == Verdict::Ok)
    }
}
