//! `sr6 check`: stored captures against stored expectations.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write, stderr};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Exit, Failure, Outcome};
use crate::check::report::{self, Junit};
use crate::check::{self, Options, Totals};
use crate::sys::signal;

/// Check stored captures against what is expected of them
///
/// A suite is a directory. Each NAME.check in it is a case: it names a capture beside it, and says
/// in a line each what has to be true of it. Cases are run on all cores and told in the order of
/// their names; of those that fail, what was expected and what is there instead. A capture that
/// cannot be read fails its case, and no other. The exit code is 1 if a case failed, 2 if an
/// expectation file could not be understood.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sr6 check --init trace.pcap          write trace.check, trace.line and trace.bytes beside it
  sr6 check tests/captures             run every case in a directory and below
  sr6 check trace.pcap                 run the case of a capture
  sr6 check --update tests/captures    accept what is there now, and say what changed
  sr6 check --junit report.xml tests

An expectation file, with everything that may stand in it:
  capture trace.pcap                   # else NAME.pcap, NAME.pcapng, NAME.pcap.gz, ...
  hmac-keys keys.txt                   # what packets do not carry, as with 'sr6 read'
  locators sids.toml
  locator fcbb:bb00::/32:16
  decode-as 5000=stamp
  golden line                          # NAME.line holds what 'sr6 read' prints; -t FORM, -x
  golden tree -O srh                   # -O PROTOCOLS, -x
  golden fields -e ipv6.dst -e ipv6.routing.segleft
  golden json -Y 'srh.segleft > 0' > left.json
  golden hex                           # and notation, ek
  golden bytes                         # every byte of the file, by packet
  golden digest                        # the same as digests, for long captures
  packets == 4                         # == != < <= > >=
  count(srh.segleft > 0) == 3          # any display filter, as with 'sr6 read -Y'
  every packet: ipv6.hlim > 1
  every packet (udp): udp.checksum.status == good
  any packet: icmpv6.type == 1
  no packet: tcp
  packet 4: ipv6.dst == 2001:db9::1 && srh.segleft == 0
  packets 2..4: srh
  no diagnostics above note except checksum.zero, srh.loop
  diagnostics of packet 2 == [checksum.zero]
  path of packet 1 == [2001:db8::2, 2001:db9::1]
  packet 1 == packet 1 of other.pcap except ipv6.flow, eth
  simulate(line3, packet 1) == packet 2
  simulate(net.toml, packet 1, from n2 by v21, linux) at n3 == packet 1 of n3.pcap except ipv6.flow
  simulate(net.toml, packet 3) at n3 == nothing
  breaks record 3 at offset 310 is cut short: 99 bytes announced, 12 left")]
pub struct Arguments {
    /// Expectation files, captures that have one beside them, or directories of them
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Write expectations for these captures as they are now, or for all captures in these
    /// directories
    #[arg(long, conflicts_with_all = ["update", "list", "filter", "fail_fast"])]
    init: bool,
    /// Rewrite goldens that differ or are missing, and say what changed
    #[arg(long)]
    update: bool,
    /// Run only cases whose name has this in it; may be repeated
    #[arg(long, value_name = "NAME")]
    filter: Vec<String>,
    /// List the names of the cases, and run none
    #[arg(long)]
    list: bool,
    /// Stop at the first case that fails
    #[arg(long)]
    fail_fast: bool,
    /// Form of the report on standard output; -v tells the cases that pass, too
    #[arg(short = 'T', value_name = "FORM", value_enum, default_value_t = Form::Text)]
    form: Form,
    /// Write a JUnit report to this file as well
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// What failed, and a summary
    Text,
    /// An object per case and line
    Json,
    /// Test Anything Protocol, version 14
    Tap,
}

/// Runs `sr6 check`.
pub fn run(arguments: &Arguments, verbose: bool) -> Outcome {
    let options = Options { update: arguments.update, threads: None };
    signal::catch().map_err(Failure::no)?;
    if arguments.init {
        return init(arguments, &options, verbose);
    }
    let cases = cases(arguments)?;
    let mut report = Report::new(arguments.form, verbose, cases.len());
    if arguments.list {
        cases.iter().try_for_each(|file| report.print(&format!("{}\n", name(file))))?;
        return Ok(Exit::Done);
    }
    report.start()?;
    let mut junit = arguments.junit.as_ref().map(|_| Junit::default());
    let totals = check::run_all(&cases, &options, arguments.fail_fast, |outcome| {
        if let Some(junit) = &mut junit {
            junit.add(&outcome);
        }
        report.case(&outcome)
    })?;
    finish(arguments, report, junit, &totals)
}

/// The expectation files that are asked for, each once.
fn cases(arguments: &Arguments) -> Result<Vec<PathBuf>, Failure> {
    let mut seen = BTreeSet::new();
    let mut cases = Vec::new();
    for path in &arguments.paths {
        let found = check::find(path).map_err(Failure::input)?;
        cases.extend(found.into_iter().filter(|file| seen.insert(file.clone())));
    }
    if !arguments.filter.is_empty() {
        cases.retain(|file| arguments.filter.iter().any(|part| name(file).contains(part)));
        if cases.is_empty() {
            let asked = arguments.filter.join("' or '");
            return Err(Failure::input(format_args!("no case has '{asked}' in its name; --list lists them")));
        }
    }
    Ok(cases)
}

/// A case's name.
fn name(file: &Path) -> String {
    file.with_extension("").display().to_string()
}

/// Writes cases for captures.
fn init(arguments: &Arguments, options: &Options, verbose: bool) -> Outcome {
    let mut captures = Vec::new();
    for path in &arguments.paths {
        if path.is_dir() {
            let found = check::captures(path).map_err(Failure::input)?;
            if found.is_empty() {
                return Err(Failure::input(format_args!("{}: no capture files in it or below", path.display())));
            }
            captures.extend(found);
        } else {
            captures.push(path.clone());
        }
    }
    let mut report = Report::new(arguments.form, verbose, captures.len());
    report.start()?;
    let mut junit = arguments.junit.as_ref().map(|_| Junit::default());
    let mut totals = Totals::default();
    // What cannot be written is told at the end; the others are written.
    let mut failures = Vec::new();
    for capture in &captures {
        if signal::caught().is_some() {
            totals.left = captures.len() - totals.cases;
            break;
        }
        match check::init(capture, options) {
            Ok(outcome) => {
                totals.add(&outcome);
                if arguments.form == Form::Text {
                    report.print(&format!("new     {}\n", outcome.file.display()))?;
                }
                if let Some(junit) = &mut junit {
                    junit.add(&outcome);
                }
                report.case(&outcome)?;
            }
            Err(error) => failures.push(error.to_string()),
        }
    }
    let exit = finish(arguments, report, junit, &totals)?;
    if failures.is_empty() { Ok(exit) } else { Err(Failure::input(failures.join("\nsr6: "))) }
}

/// What comes after the last case.
fn finish(arguments: &Arguments, mut report: Report, junit: Option<Junit>, totals: &Totals) -> Outcome {
    report.finish(totals)?;
    if let (Some(junit), Some(path)) = (junit, &arguments.junit) {
        junit.store(path).map_err(|error| Failure::input(format_args!("{}: {error}", path.display())))?;
    }
    Ok(match totals {
        _ if signal::caught() == Some(libc::SIGINT) => Exit::Interrupted,
        Totals { errors: 1.., .. } => Exit::Input,
        Totals { failed: 1.., .. } => Exit::No,
        _ => Exit::Done,
    })
}

/// Standard output, and how far the work is, on a terminal.
struct Report {
    form: Form,
    verbose: bool,
    out: AutoStream<std::io::Stdout>,
    cases: usize,
    told: usize,
    bar: Option<ProgressBar>,
}

impl Report {
    fn new(form: Form, verbose: bool, cases: usize) -> Self {
        let choice = AutoStream::choice(&std::io::stdout());
        // JSON and TAP have no colours.
        let choice = if form == Form::Text { choice } else { ColorChoice::Never };
        Self { form, verbose, out: AutoStream::new(std::io::stdout(), choice), cases, told: 0, bar: None }
    }

    fn start(&mut self) -> Result<(), Failure> {
        if stderr().is_terminal()
            && let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len} cases, {eta} left")
        {
            self.bar = Some(ProgressBar::new(self.cases as u64).with_style(style));
        }
        if self.form == Form::Tap { self.print(&report::tap_plan(self.cases)) } else { Ok(()) }
    }

    fn case(&mut self, outcome: &check::Outcome) -> Result<(), Failure> {
        self.told += 1;
        if let Some(bar) = &self.bar {
            bar.set_position(self.told as u64);
        }
        let text = match self.form {
            Form::Text => report::text(outcome, self.verbose),
            Form::Json => report::json(outcome),
            Form::Tap => report::tap(outcome, self.told),
        };
        if text.is_empty() { Ok(()) } else { self.print(&text) }
    }

    fn finish(&mut self, totals: &Totals) -> Result<(), Failure> {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        match self.form {
            Form::Text if *totals == Totals::default() => Ok(()),
            Form::Text => self.print(&report::summary(totals)),
            Form::Tap if totals.left > 0 => self.print(&format!("Bail out! {} cases were not run\n", totals.left)),
            Form::Tap | Form::Json => Ok(()),
        }
    }

    fn print(&mut self, text: &str) -> Result<(), Failure> {
        let out = &mut self.out;
        let mut write = || out.write_all(text.as_bytes()).and_then(|()| out.flush());
        let written = match &self.bar {
            // Above the bar, not into it.
            Some(bar) => bar.suspend(write),
            None => write(),
        };
        written.map_err(|error| Failure::output(&error))
    }
}
