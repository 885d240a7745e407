//! The packets of a capture file, sent again: `sr6 send -r`.

use std::path::PathBuf;

use clap::Args;

use super::plan::{CALM, Timing};
use crate::capture::Frame;
use crate::cli::Failure;
use crate::dissect::{Dissection, Packet};
use crate::filter::Filter;
use crate::sys::route::Link;
use crate::transmit::pace::{Pace, Speed};
use crate::transmit::replay::{Onto, Plan, Replay, Select};

/// Arguments of sending a capture again.
#[derive(Debug, Args)]
#[command(next_help_heading = "Captured packets")]
pub(super) struct ReplayArguments {
    /// Send the packets of this capture again, at the times they were captured unless told
    /// otherwise; `-` is standard input
    #[arg(
        short = 'r',
        value_name = "FILE",
        conflicts_with_all = ["notations", "path", "file", "threads"],
        requires = "interface"
    )]
    pub(super) read: Option<PathBuf>,
    /// So much faster than captured: 2x, 0.5x
    #[arg(long, value_name = "X", requires = "read")]
    pub(super) speed: Option<Speed>,
    /// Send the file so often, 0 for until interrupted
    #[arg(long = "loop", value_name = "N", default_value_t = 1, requires = "read")]
    pub(super) passes: u64,
    /// Read the file into memory first
    #[arg(long, requires = "read")]
    preload: bool,
    /// Send only packets that this display filter is true of
    #[arg(short = 'Y', long = "display-filter", value_name = "FILTER", requires = "read")]
    filter: Option<String>,
}

impl ReplayArguments {
    /// Opens the file, if there is one.
    pub(super) fn open(
        &self,
        link: Option<&Link>,
        timing: &Timing,
        carries_default: bool,
    ) -> Result<Option<Replay>, Failure> {
        let Some(file) = self.read.clone() else { return Ok(None) };
        let filter = self.filter.as_deref().map(Filter::parse).transpose().map_err(Failure::input)?;
        let limit = match timing.pace {
            Pace::Recorded(speed) if carries_default => Some((CALM, speed)),
            _ => None,
        };
        let onto = link.map_or(Onto::Ipv6, |link| Onto::Link(link.name.clone(), link.kind));
        let passes = (self.passes > 0).then_some(self.passes);
        let plan = Plan { file, onto, passes, preload: self.preload, select: filter.map(select), limit };
        Replay::open(plan).map(Some).map_err(Failure::input)
    }
}

/// A display filter as a selection.
fn select(filter: Filter) -> Select {
    let mut dissection = Dissection::new();
    Box::new(move |frame: &Frame<'_>| {
        if filter.asks_findings() {
            dissection.refill(frame);
        } else {
            dissection.refill_layers(frame);
        }
        filter.matches(&Packet::new(frame, &dissection))
    })
}
