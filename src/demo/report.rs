//! The experiment told: what was sent, what was seen, and the verdicts.

use std::io::{self, Write};
use std::path::Path;

use super::compare::from_ipv6;
use super::{Demo, DemoError, MIDDLE, MIDDLE_FAR, SOURCE, Seen, TARGET, Verdict};
use crate::capture::write::{Options, Writer};
use crate::show::tree;

impl Demo {
    /// Tells of the experiment.
    ///
    /// # Errors
    /// Where `out` cannot be written to.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "  n1 {SOURCE} ──── {MIDDLE} n2 {MIDDLE_FAR} ──── {TARGET} n3\n")?;
        writeln!(out, "Packet: {}\n", self.recipe)?;
        if let Some(first) = self.outcomes.first() {
            if let Some(report) = &first.server {
                heading(out, &format!("What the server on n3 read ({})", first.way.name()))?;
                writeln!(out, "{}\n", report.trim_end())?;
            }
            shown(out, &format!("On n1's link, just sent ({})", first.way.name()), first.near.as_ref())?;
            shown(out, &format!("On n3's link, after n2 ({})", first.way.name()), first.far.as_ref())?;
        }
        self.comparison(out)?;
        heading(out, "The kernel's own encapsulation, both ways")?;
        for command in &self.commands {
            writeln!(out, "  {command}")?;
        }
        writeln!(out)?;
        heading(out, "Verdicts")?;
        for step in &self.steps {
            let (word, instead) = match &step.verdict {
                Verdict::Ok => ("OK  ", String::new()),
                Verdict::Fail(instead) => ("FAIL", format!(": {instead}")),
            };
            writeln!(out, "  {word}  {:<10}  {}{instead}", step.subject, step.claim)?;
        }
        let good = self.steps.iter().filter(|step| step.verdict == Verdict::Ok).count();
        writeln!(out, "\n{good} of {} steps OK", self.steps.len())
    }

    /// The table of bytes that differ between the ways.
    fn comparison(&self, out: &mut dyn Write) -> io::Result<()> {
        heading(out, "The three packets on n1's link, byte for byte from the IPv6 header on")?;
        write!(out, "  {:<9} {:<14}", "bytes", "field")?;
        for outcome in &self.outcomes {
            write!(out, " {:<11}", outcome.way.name())?;
        }
        writeln!(out, " why")?;
        for difference in &self.differences {
            let last = difference.offset + difference.len.max(1) - 1;
            write!(out, "  {:<9} {:<14}", format!("{}-{last}", difference.offset), difference.field)?;
            for value in &difference.values {
                write!(out, " {value:<11}")?;
            }
            writeln!(out, " {}", difference.reason.unwrap_or("(nothing explains this)"))?;
        }
        let total = self.outcomes.iter().find_map(|o| o.near.as_ref()).map_or(0, |seen| from_ipv6(seen).len());
        let differs = |at: &usize| self.differences.iter().any(|d| (d.offset..d.offset + d.len).contains(at));
        let same = (0..total).filter(|at| !differs(at)).count();
        writeln!(out, "  the other {same} of {total} bytes are the same in all three\n")
    }

    /// Stores what both links saw, a capture file each, in a directory that is
    /// made if need be; the files' paths.
    ///
    /// # Errors
    /// Where the directory or a file cannot be written.
    pub fn keep(&self, directory: &Path) -> Result<Vec<std::path::PathBuf>, DemoError> {
        std::fs::create_dir_all(directory)
            .map_err(|source| DemoError::Directory { path: directory.to_owned(), source })?;
        let mut paths = Vec::new();
        for (name, frames) in &self.captures {
            let path = directory.join(format!("{name}.pcap"));
            let mut writer = Writer::create(&path, &Options::default())?;
            for (number, seen) in frames.iter().enumerate() {
                writer.write(&seen.frame(number as u64 + 1))?;
            }
            writer.finish()?;
            paths.push(path);
        }
        Ok(paths)
    }
}

fn heading(out: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(out, "== {text}")
}

fn shown(out: &mut dyn Write, title: &str, seen: Option<&Seen>) -> io::Result<()> {
    heading(out, title)?;
    match seen {
        Some(seen) => {
            let mut text = Vec::new();
            seen.ask(|packet| tree::tree(&mut text, packet));
            out.write_all(&text)?;
        }
        None => writeln!(out, "  (it did not come)")?,
    }
    writeln!(out)
}
