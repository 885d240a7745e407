//! `sr6 completions` and `sr6 man`: made from the same definitions as `--help`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Exit, Failure, Outcome};

/// Print a shell's completions for sr6
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sr6 completions bash > ~/.local/share/bash-completion/completions/sr6\n  \
                        sr6 completions zsh > ~/.zfunc/_sr6")]
pub struct CompletionArguments {
    /// Which shell
    shell: Shell,
}

/// Print the manual page, or write the pages of all commands to a directory
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sr6 man | man -l -\n  sr6 man --directory ~/.local/share/man/man1")]
pub struct ManArguments {
    /// The command whose page to print; sr6's own if left out
    command: Option<String>,
    /// Write sr6.1 and a page for each command to DIR
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    directory: Option<PathBuf>,
}

/// Runs `sr6 completions`.
pub fn completions(arguments: &CompletionArguments) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "sr6", &mut text);
    print(&text)
}

/// Runs `sr6 man`.
pub fn man(arguments: &ManArguments) -> Outcome {
    let mut cli = Cli::command();
    cli.build();
    if let Some(directory) = &arguments.directory {
        std::fs::create_dir_all(directory)
            .and_then(|()| clap_mangen::generate_to(cli, directory))
            .map_err(|e| Failure::input(format_args!("cannot write to {}: {e}", directory.display())))?;
        return Ok(Exit::Done);
    }
    let page = match &arguments.command {
        None => cli,
        Some(name) => cli.find_subcommand(name).cloned().ok_or_else(|| {
            Failure::input(format_args!("there is no command '{}'; 'sr6 help' lists them", name.escape_debug()))
        })?,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text).map_err(|e| Failure::output(&e))?;
    print(&text)
}

fn print(text: &[u8]) -> Outcome {
    let mut out = io::stdout().lock();
    out.write_all(text).and_then(|()| out.flush()).map_err(|e| Failure::output(&e))?;
    Ok(Exit::Done)
}
