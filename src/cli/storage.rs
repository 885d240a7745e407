//! The file that `sr6 read` and `sr6 capture` write packets to.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Failure;
use super::output::Plan;
use crate::capture::file::Format;
use crate::capture::write::{Options, Precision};

/// Arguments of commands that write packets to a file.
#[derive(Debug, Args)]
pub struct Storing {
    /// Write the packets to this file: pcapng if it is called so, else pcap; compressed if .gz or
    /// .zst follows; `-` is standard output
    #[arg(short = 'w', long = "write", value_name = "FILE")]
    pub path: Option<PathBuf>,
    /// Format of the file, whatever it is called
    #[arg(short = 'F', value_name = "FORMAT", requires = "path")]
    format: Option<FormatName>,
    /// Note on each packet in the pcapng file, as comments that Wireshark shows
    #[arg(long, value_name = "WHAT", requires = "path")]
    comment: Option<Comment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// Times in microseconds, as long as nothing is lost by it
    Pcap,
    /// Times in nanoseconds
    Nsecpcap,
    /// Several interfaces, comments
    Pcapng,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Comment {
    /// What was found about it
    Diag,
}

impl Storing {
    /// Whether packets go to standard output.
    pub fn to_stdout(&self) -> bool {
        self.path.as_deref() == Some(Path::new("-"))
    }

    /// How to write the file, but for what is in `options`; and takes note in
    /// `plan` of what becomes of each packet.
    pub fn options(&self, plan: &mut Plan, options: Options) -> Result<Options, Failure> {
        if self.to_stdout() && (plan.printer.is_some() || plan.summary) {
            return Err(Failure::input("-w - sends packets to standard output, which is where the text would go"));
        }
        plan.comments = self.comment == Some(Comment::Diag);
        if plan.comments && !self.is_pcapng() {
            return Err(Failure::input("--comment needs pcapng: call the file .pcapng, or give -F pcapng"));
        }
        let (format, precision) = match self.format {
            None => (options.format, options.precision),
            Some(FormatName::Pcap) => (Some(Format::Pcap), options.precision),
            Some(FormatName::Nsecpcap) => (Some(Format::Pcap), Precision::Nanos),
            Some(FormatName::Pcapng) => (Some(Format::Pcapng), options.precision),
        };
        Ok(Options { format, precision, ..options })
    }

    fn is_pcapng(&self) -> bool {
        match (self.format, &self.path) {
            (Some(format), _) => format == FormatName::Pcapng,
            (None, Some(path)) => Format::by_name(path) == Format::Pcapng,
            (None, None) => false,
        }
    }
}
