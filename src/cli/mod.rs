//! The command line: one file per subcommand, each of them arguments → a
//! validated plan → one call into the library → an exit code.

mod capture;
mod check;
mod client;
mod craft;
mod demo;
mod diff;
mod dissect_args;
mod doctor;
mod emit;
mod exit;
mod explain;
mod fields;
mod lab;
mod lab_check;
mod manual;
mod output;
mod paper;
mod progress;
mod read;
mod send;
mod server;
mod simulate;
mod storage;
mod value;
mod vary;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
pub use exit::{Exit, Failure, Outcome};

/// Craft, send, capture, dissect and check SRv6 packets.
#[derive(Debug, Parser)]
#[command(name = "sr6", version, about, max_term_width = 100, disable_version_flag = true)]
struct Cli {
    /// Print the version
    // Long only: -V is the tree of `read` and `capture`, as in tshark.
    #[arg(long, action = clap::ArgAction::Version)]
    version: Option<bool>,
    /// More detail on stderr; may be repeated
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Arguments),
    Craft(craft::Arguments),
    Read(read::Arguments),
    Capture(capture::Arguments),
    Check(check::Arguments),
    Client(client::Arguments),
    Send(send::Arguments),
    Server(server::Arguments),
    Fields(fields::Arguments),
    Doctor(doctor::Arguments),
    Diff(diff::Arguments),
    Simulate(simulate::Arguments),
    Explain(explain::Arguments),
    Lab(lab::Arguments),
    Completions(manual::CompletionArguments),
    Man(manual::ManArguments),
}

/// Parses the process's arguments, runs the subcommand, and reports.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let _ = e.print();
            return Exit::from_clap(&e).into();
        }
    };
    exit::report(run(&cli))
}

fn run(cli: &Cli) -> Outcome {
    match &cli.command {
        Command::Read(arguments) => read::run(arguments),
        Command::Capture(arguments) => capture::run(arguments),
        Command::Check(arguments) => check::run(arguments, cli.verbose > 0),
        Command::Demo(arguments) => demo::run(arguments, cli.verbose > 0),
        Command::Craft(arguments) => craft::run(arguments, cli.verbose),
        Command::Client(arguments) => client::run(arguments, cli.verbose),
        Command::Send(arguments) => send::run(arguments, cli.verbose),
        Command::Server(arguments) => server::run(arguments),
        Command::Fields(arguments) => fields::run(arguments),
        Command::Doctor(arguments) => doctor::run(arguments),
        Command::Diff(arguments) => diff::run(arguments),
        Command::Simulate(arguments) => simulate::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::Lab(arguments) => lab::run(arguments, cli.verbose > 0),
        Command::Completions(arguments) => manual::completions(arguments),
        Command::Man(arguments) => manual::man(arguments),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn arguments_fit_together() {
        super::Cli::command().debug_assert();
    }
}
