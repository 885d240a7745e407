//! What `sr6 read` and `sr6 capture` print, and in which form.

use std::io::stdout;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use super::Failure;
use crate::dissect::Packet;
use crate::filter::Filter;
use crate::show::columns::Columns;
use crate::show::ek::Ek;
use crate::show::json::Json;
use crate::show::line::Lines;
use crate::show::printer::{Form, Printer};
use crate::show::{choose, time, tree};
use crate::wire::proto::ProtoSet;
use crate::{rebuild, recipe};

/// Arguments of commands that print packets.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct Printing {
    /// Take only packets that this display filter is true of, in Wireshark's language:
    /// 'inner.udp.dstport == 53', 'srh.segment in fc00:a::/32 && !diag'
    #[arg(short = 'Y', long = "display-filter", value_name = "FILTER", help_heading = None)]
    filter: Option<String>,
    /// Print each packet as a tree of all its fields
    #[arg(short = 'V')]
    tree: bool,
    /// Print the tree, but open only these protocols (comma-separated)
    #[arg(short = 'O', value_name = "PROTOCOLS", value_delimiter = ',')]
    only: Vec<String>,
    /// Print each packet's bytes, too
    #[arg(short = 'x')]
    hex: bool,
    /// Form of the output
    #[arg(short = 'T', value_name = "FORM")]
    form: Option<FormName>,
    /// Print this field; may be repeated, and implies `-T fields`
    #[arg(short = 'e', value_name = "FIELD")]
    fields: Vec<String>,
    /// Layout of the fields: header=y|n, separator=/t|/s|CHAR, occurrence=f|l|a,
    /// aggregator=,|/s|CHAR, quote=d|s|n
    #[arg(short = 'E', value_name = "NAME=VALUE")]
    layout: Vec<String>,
    /// With `-T json`: tell where in the frame each field stands
    #[arg(long)]
    ranges: bool,
    /// With `-T notation`: tell each packet's time
    #[arg(long)]
    times: bool,
    /// With `-T notation`: tell the name of each packet's interface, and its comments
    #[arg(long)]
    notes: bool,
    /// Time of each packet's line, always UTC: r since the first packet, d since the one before,
    /// a or u the time of day, ad or ud with the date, e seconds since 1970
    #[arg(short = 't', value_name = "FORM", default_value = "r", hide_possible_values = true,
        value_parser = PossibleValuesParser::new(choose::TIME_FORMS))]
    time: String,
    /// Print packets even though they are written to a file (-w)
    #[arg(short = 'P', long)]
    print: bool,
    /// Do not print packets; print how many there were, and what was found about them
    #[arg(short = 'q', conflicts_with_all = ["tree", "only", "hex", "form", "fields", "print"])]
    quiet: bool,
    /// Resolve no names, which never happens: accepted because other tools have it
    #[arg(short = 'n', hide = true)]
    numeric: bool,
    /// When to colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: When,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormName {
    /// A line per packet, or what -V and -x ask for
    Text,
    /// The fields given by -e, a line per packet
    Fields,
    /// An object per packet and line; `sr6 fields --json-schema` describes it
    Json,
    /// Two lines per packet for Elasticsearch's bulk interface, as tshark writes them
    Ek,
    /// A recipe that `sr6 craft -f` builds the same packets from, a line per packet
    Notation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum When {
    /// If standard output is a terminal, and NO_COLOR is not set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What happens with each packet.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Which packets are taken at all.
    pub filter: Option<Filter>,
    /// Prints it.
    pub printer: Option<Printer>,
    /// Whether a summary comes at the end.
    pub summary: bool,
    /// Whether what was found about it is noted where it is written.
    pub comments: bool,
}

impl Printing {
    /// Checks the arguments. `writes` is whether packets go to a file, too,
    /// which by itself ends printing.
    pub fn plan(&self, writes: bool) -> Result<Plan, Failure> {
        let asked = self.print || self.tree || self.hex || self.form.is_some();
        let asked = asked || !self.only.is_empty() || !self.fields.is_empty();
        let prints = !self.quiet && (asked || !writes);
        let printer = if prints { Some(self.printer()?) } else { None };
        let filter = self.filter.as_deref().map(Filter::parse).transpose().map_err(Failure::input)?;
        Ok(Plan { filter, printer, summary: self.quiet, comments: false })
    }

    fn printer(&self) -> Result<Printer, Failure> {
        let color = match self.color {
            When::Always => true,
            When::Never => false,
            When::Auto => anstream::AutoStream::choice(&stdout()) != anstream::ColorChoice::Never,
        };
        let wants_tree = self.tree || !self.only.is_empty();
        let form = match self.form {
            None if !self.fields.is_empty() => FormName::Fields,
            form => form.unwrap_or(FormName::Text),
        };
        if form != FormName::Fields && !(self.fields.is_empty() && self.layout.is_empty()) {
            return Err(Failure::input("-e and -E choose and lay out fields: use them with -T fields"));
        }
        if self.ranges && form != FormName::Json {
            return Err(Failure::input("--ranges belongs to -T json"));
        }
        if (self.times || self.notes) && form != FormName::Notation {
            return Err(Failure::input("--times and --notes belong to -T notation"));
        }
        let form = match form {
            FormName::Text if wants_tree => Form::Tree(tree::Trees::new(tree::Options { only: self.only()?, color })),
            FormName::Text => Form::Line(Lines::new(Some(self.time()))),
            _ if wants_tree || self.hex => return Err(Failure::input("-V, -O and -x belong to -T text")),
            FormName::Json => Form::Json(Json::new(self.ranges)),
            FormName::Ek => Form::Ek(Ek::default()),
            FormName::Notation => Form::Other(match (self.times, self.notes) {
                (false, false) => as_recipe::<false, false>,
                (false, true) => as_recipe::<false, true>,
                (true, false) => as_recipe::<true, false>,
                (true, true) => as_recipe::<true, true>,
            }),
            FormName::Fields => Form::Columns(self.columns()?),
        };
        Ok(Printer { form, hex: self.hex, color })
    }

    fn time(&self) -> time::Form {
        choose::time_form(&self.time).unwrap_or_default()
    }

    /// The protocols to open, by the names that fields or the notation give them.
    fn only(&self) -> Result<Option<ProtoSet>, Failure> {
        if self.only.is_empty() {
            return Ok(None);
        }
        choose::protocols(&self.only).map(Some).map_err(Failure::input)
    }

    fn columns(&self) -> Result<Columns, Failure> {
        if self.fields.is_empty() {
            return Err(Failure::input("-T fields needs the fields to print: -e FIELD; `sr6 fields` lists them"));
        }
        let fields = self.fields.iter().map(|name| choose::field(name)).collect::<Result<Vec<_>, _>>();
        let layout = choose::layout(&self.layout).map_err(Failure::input)?;
        Ok(Columns::new(&fields.map_err(Failure::input)?, layout))
    }
}

/// A packet as a line of a recipe.
fn as_recipe<const TIME: bool, const NOTES: bool>(out: &mut Vec<u8>, packet: &Packet<'_>) {
    recipe::print(out, packet.frame, &rebuild::layers(packet), recipe::Told { time: TIME, notes: NOTES });
}
