//! `sr6 lab`: topologies of network namespaces with kernel SRv6.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use clap::{Args, Subcommand};

use crate::lab::named::{self, Named};
use crate::lab::{Lab, LabError, Trace, plan, sandbox};
use crate::sys::signal;
use crate::topology::{self, Topology, TopologyError};

use super::{Exit, Failure, Outcome, lab_check};

/// Network namespaces with kernel SRv6, from a topology file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sr6 lab run line3 n1 -- ping -c1 2001:db8::2   # needs no privilege, leaves nothing behind
  sr6 lab up line3                               # as root: stays until `sr6 lab down`
  sr6 lab exec n1 -- ip -6 route
  sr6 lab check mine.toml                        # does this kernel do what `sr6 simulate` says?
  sr6 lab show line3 > mine.toml                 # a start for a topology of your own")]
pub struct Arguments {
    #[command(subcommand)]
    command: LabCommand,
}

#[derive(Debug, Subcommand)]
enum LabCommand {
    /// Build a topology that stays (root)
    Up {
        /// A built-in topology, or a file
        #[arg(default_value = "line3")]
        topology: String,
    },
    /// Run a command in a node of a lab that is up (root)
    Exec {
        /// The node; LAB/NODE when several labs are up
        node: String,
        /// The command and its arguments
        #[arg(last = true, required = true, num_args = 1..)]
        command: Vec<String>,
    },
    /// Run a command in a node of a private lab that ends with it
    Run {
        /// A built-in topology, or a file
        topology: String,
        /// The node
        node: String,
        /// The command and its arguments
        #[arg(last = true, required = true, num_args = 1..)]
        command: Vec<String>,
    },
    Check(lab_check::Arguments),
    /// List the labs that are up
    List,
    /// Take a lab down (root)
    Down {
        /// The lab, or the file it came from; may be left out if there is one only
        lab: Option<String>,
        /// Take all labs down
        #[arg(long, conflicts_with = "lab")]
        all: bool,
    },
    /// Print a topology's file
    Show {
        /// A built-in topology, or a file
        #[arg(default_value = "line3")]
        topology: String,
        /// Print the commands that build it instead
        #[arg(long)]
        commands: bool,
    },
}

/// Runs the subcommand; with `verbose`, every command that builds or removes
/// something goes to stderr first.
pub fn run(arguments: &Arguments, verbose: bool) -> Outcome {
    let trace: Trace<'_> = if verbose { &|line| anstream::eprintln!("{line}") } else { &|_| () };
    match &arguments.command {
        LabCommand::Up { topology } => up(topology, trace),
        LabCommand::Exec { node, command } => exec(node, command),
        LabCommand::Run { topology, node, command } => run_private(topology, node, command, trace),
        LabCommand::Check(arguments) => lab_check::run(arguments, trace),
        LabCommand::List => list(),
        LabCommand::Down { lab, all } => down(lab.as_deref(), *all, trace),
        LabCommand::Show { topology, commands } => show(topology, *commands),
    }
}

fn up(name_or_path: &str, trace: Trace<'_>) -> Outcome {
    let (topology, text) = load(name_or_path)?;
    catch_signals()?;
    match named::up(&topology, &text, trace) {
        Ok(()) => Ok(Exit::Done),
        Err(LabError::NotRoot) => Err(Failure::missing(format_args!(
            "{}; one for a single command does not: sr6 lab run {} {} -- COMMAND",
            LabError::NotRoot,
            name_or_path.escape_debug(),
            topology.nodes[0].name
        ))),
        Err(error) => failed(error),
    }
}

fn exec(node: &str, command: &[String]) -> Outcome {
    let (lab, node) = match node.split_once('/') {
        Some((lab, node)) => (Some(lab), node),
        None => (None, node),
    };
    let node = match named::find(lab).and_then(|lab| lab.node(node)) {
        Ok(node) => node,
        Err(error) => return failed(error),
    };
    failed(node.exec(&mut to_command(command)))
}

fn run_private(name_or_path: &str, node: &str, command: &[String], trace: Trace<'_>) -> Outcome {
    let (topology, _) = load(name_or_path)?;
    sandbox::enter().map_err(Failure::missing)?;
    match Lab::build(&topology, trace).and_then(|lab| lab.node(node).cloned()) {
        Ok(node) => failed(node.exec(&mut to_command(command))),
        Err(error) => failed(error),
    }
}

fn to_command(words: &[String]) -> Command {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}

fn list() -> Outcome {
    let labs = named::list().map_err(failure)?;
    let mut text = String::new();
    for Named { topology, present } in &labs {
        let nodes = topology.nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>().join(" ");
        let state = match topology.nodes.len() - present {
            0 => String::new(),
            missing => format!("  ({missing} of {} nodes missing: take it down)", topology.nodes.len()),
        };
        text += &format!("{}  {nodes}  {}*{state}\n", topology.name, named::prefix(&topology.name));
    }
    print(&text)
}

fn down(lab: Option<&str>, all: bool, trace: Trace<'_>) -> Outcome {
    let labs = if all {
        named::list().map_err(failure)?
    } else {
        // A file stands for the lab it describes.
        let name = match lab {
            Some(path) if Path::new(path).is_file() => Some(load(path)?.0.name),
            other => other.map(str::to_string),
        };
        vec![named::find(name.as_deref()).map_err(failure)?]
    };
    catch_signals()?;
    for lab in &labs {
        for process in named::down(lab, trace).map_err(failure)? {
            anstream::eprintln!(
                "sr6: process {} ({}) still runs in what was {}",
                process.pid,
                process.name,
                process.node
            );
        }
    }
    Ok(if signal::caught().is_some() { Exit::Interrupted } else { Exit::Done })
}

fn show(name_or_path: &str, commands: bool) -> Outcome {
    let (topology, text) = load(name_or_path)?;
    if !commands {
        return print(&text);
    }
    print(&plan::plan(&topology, "").iter().map(|step| format!("{step}\n")).collect::<String>())
}

/// The topology and its text.
fn load(name_or_path: &str) -> Result<(Topology, String), Failure> {
    topology::text(name_or_path)
        .and_then(|text| Ok((Topology::parse(name_or_path, &text)?, text)))
        .map_err(|error: TopologyError| Failure::input(error))
}

fn print(text: &str) -> Outcome {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| Failure::output(&e))?;
    Ok(Exit::Done)
}

fn catch_signals() -> Result<(), Failure> {
    signal::catch().map_err(|e| Failure::missing(format_args!("cannot catch signals: {e}")))
}

fn failed(error: LabError) -> Outcome {
    match error {
        LabError::Interrupted => Ok(Exit::Interrupted),
        error => Err(failure(error)),
    }
}

/// What the user can mend is input; what the system lacks is missing; the rest
/// is a lab that did not come about.
pub(super) fn failure(error: LabError) -> Failure {
    match &error {
        LabError::NoSeg6
        | LabError::NotInLinux { .. }
        | LabError::NoIp(_)
        | LabError::NotRoot
        | LabError::RealRoot { .. }
        | LabError::Enter { .. }
        | LabError::Sysctl { .. } => Failure::missing(error),
        LabError::Registry { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => {
            Failure::missing(error)
        }
        LabError::Command { .. } => Failure::no(error),
        _ => Failure::input(error),
    }
}
