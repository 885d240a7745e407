//! `sr6 demo`: the article's experiment on this machine.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::{Exit, Failure, Outcome};
use crate::demo::Demo;
use crate::lab::{Lab, Topology, Trace, sandbox};

/// Run the article's experiment on this machine's kernel, start to finish
///
/// Builds three nodes in a sandbox (no root needed where user namespaces are
/// allowed), sends the article's packet from n1 to n3 in three ways through
/// n2's kernel, then lets the kernel encapsulate a ping, and holds everything
/// that was seen on the links and by the server against what the article says.
/// Exits 1 if anything is not so. Nothing is left behind.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sr6 demo\n  sr6 demo --keep captures && sr6 read -V captures/n3-v32.pcap")]
pub struct Arguments {
    /// Store what both links saw, as n1-v12.pcap and n3-v32.pcap in DIR
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments, verbose: bool) -> Outcome {
    // The sandbox has mounts of its own: paths are the outside's.
    sandbox::enter().map_err(Failure::missing)?;
    let topology = Topology::built_in("line3").ok_or_else(|| Failure::input("this build lacks the topology line3"))?;
    let trace: Trace<'_> = if verbose { &|line| anstream::eprintln!("{line}") } else { &|_| () };
    let lab = Lab::build(&topology, trace).map_err(Failure::missing)?;
    let demo = Demo::run(&lab).map_err(Failure::missing)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    demo.write(&mut out).and_then(|()| out.flush()).map_err(|e| Failure::output(&e))?;
    if let Some(directory) = &arguments.keep {
        for path in demo.keep(directory).map_err(Failure::input)? {
            anstream::eprintln!("stored {}", path.display());
        }
    }
    Ok(if demo.succeeded() { Exit::Done } else { Exit::No })
}
