//! `sr6 doctor`: is this machine ready?

use std::io::Write;

use anstyle::{AnsiColor, Style};
use clap::{Args, ValueEnum};

use crate::lab::doctor::{self, Finding, State};

use super::{Exit, Failure, Outcome};

/// Say whether this machine is ready for SRv6, and how to make it so
///
/// Ends with 0 if everything is there that `sr6 demo` needs, and with 1 if not. What is only
/// needed to take part in SRv6 on this machine's own interfaces is a warning.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sr6 doctor
  sr6 doctor eth0
  sr6 doctor -T json | jq '.[] | select(.state != \"ok\")'")]
pub struct Arguments {
    /// The interface to look at; all of them if left out
    #[arg(value_name = "IF")]
    interface: Option<String>,
    /// Form of the output
    #[arg(short = 'T', default_value = "text", value_name = "FORM")]
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// One line each, and the fix below it
    Text,
    /// One array of objects
    Json,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Outcome {
    let findings = doctor::examine(arguments.interface.as_deref()).map_err(Failure::input)?;
    let text = match arguments.form {
        Form::Text => text(&findings),
        Form::Json => serde_json::to_string_pretty(&findings).map_err(Failure::no)? + "\n",
    };
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| Failure::output(&e))?;
    Ok(if doctor::ready(&findings) { Exit::Done } else { Exit::No })
}

fn text(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Finding { name, state, detail, fix, .. } in findings {
        let (word, color) = match state {
            State::Ok => ("ok", AnsiColor::Green),
            State::Warn => ("warn", AnsiColor::Yellow),
            State::Missing => ("missing", AnsiColor::Red),
        };
        let style = Style::new().fg_color(Some(color.into()));
        text += &format!("{style}{word:7}{style:#}  {name:width$}  {detail}\n");
        if let Some(fix) = fix {
            text += &format!("{:9}{:width$}  fix: {fix}\n", "", "");
        }
    }
    text += if doctor::ready(findings) { "Ready for: sr6 demo\n" } else { "Not ready for: sr6 demo\n" };
    text
}
