//! `sr6 fields`: the vocabulary.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{Exit, Failure, Outcome};
use crate::dissect::{Diagnosis, Severity};
use crate::show::schema::schema;
use crate::wire::field::{Field, Kind, Origin};
use crate::wire::proto::{Proto, all_fields};

/// List the fields that outputs, filters and the packet notation know
///
/// For each field: its name, its type (with [] where a packet layer can have several), its
/// argument in the packet notation, and what it is. Names are Wireshark's, but for those marked
/// with a star, which only sr6 has. Ends with 1 if nothing matches.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sr6 fields
  sr6 fields segleft
  sr6 fields srh -T json | jq -r '.[].name'
  sr6 fields --diagnostics
  sr6 fields --json-schema > packet.schema.json")]
pub struct Arguments {
    /// Only those whose name, label or protocol has this in it
    #[arg(value_name = "PATTERN")]
    pattern: Option<String>,
    /// List the diagnostics instead: identifier, severity, sentence, and where the rule is written
    #[arg(long)]
    diagnostics: bool,
    /// Print the JSON Schema of `-T json` instead
    #[arg(long, conflicts_with_all = ["pattern", "diagnostics", "form"])]
    json_schema: bool,
    /// Form of the output
    #[arg(short = 'T', default_value = "text", value_name = "FORM")]
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// One line each
    Text,
    /// One array of objects
    Json,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Outcome {
    let pattern = arguments.pattern.as_deref().unwrap_or_default().to_lowercase();
    let has = |texts: &[&str]| texts.iter().any(|text| text.to_lowercase().contains(&pattern));
    let (text, count) = if arguments.json_schema {
        (pretty(&schema())?, 1)
    } else if arguments.diagnostics {
        let rows: Vec<_> = Diagnosis::ALL.iter().filter(|d| has(&[d.id(), d.sentence(), d.source()])).collect();
        let text = if arguments.form == Form::Json {
            pretty(&rows.iter().map(|d| DiagnosisRow::new(**d)).collect::<Vec<_>>())?
        } else {
            diagnostics(&rows)
        };
        (text, rows.len())
    } else {
        let mut rows: Vec<Row> = Vec::new();
        for (proto, field) in all_fields().filter(|(p, f)| has(&[f.name, f.label, p.info().name, p.info().notation])) {
            // A shared field is the field of its first protocol.
            if rows.iter().all(|row| row.name != field.name) {
                rows.push(Row::new(proto, field));
            }
        }
        (if arguments.form == Form::Json { pretty(&rows)? } else { table(&rows) }, rows.len())
    };
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| Failure::output(&e))?;
    Ok(if count == 0 { Exit::No } else { Exit::Done })
}

fn pretty(value: &impl Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(value).map_err(Failure::no)? + "\n")
}

/// A field as it is listed.
#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    #[serde(rename = "type")]
    kind: String,
    /// Whether one layer can have several.
    many: bool,
    protocol: &'static str,
    /// `layer.argument` in the packet notation.
    notation: Option<String>,
    meaning: &'static str,
    /// "wireshark" or "sr6".
    origin: &'static str,
}

impl Row {
    fn new(proto: Proto, field: &'static Field) -> Self {
        let info = proto.info();
        let argument = !field.arg.is_empty() && !info.notation.is_empty();
        Self {
            name: field.name,
            kind: kind(field),
            many: field.many,
            protocol: info.title,
            notation: argument.then(|| format!("{}.{}", info.notation, field.arg)),
            meaning: if field.about.is_empty() { field.label } else { field.about },
            origin: if field.origin == Origin::Sr6 { "sr6" } else { "wireshark" },
        }
    }
}

fn kind(field: &Field) -> String {
    match field.kind {
        Kind::Group => "group".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::Uint(_, bytes) => format!("uint{}", u32::from(bytes) * 8),
        Kind::Ether => "ether".to_owned(),
        Kind::Ipv4 => "ipv4".to_owned(),
        Kind::Ipv6 => "ipv6".to_owned(),
        Kind::Bytes => "bytes".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Time => "time".to_owned(),
        Kind::Duration => "duration".to_owned(),
    }
}

fn table(rows: &[Row]) -> String {
    let kind = |row: &Row| format!("{}{}", row.kind, if row.many { "[]" } else { "" });
    let argument = |row: &Row| row.notation.clone().unwrap_or_default();
    let width = |of: &dyn Fn(&Row) -> usize| rows.iter().map(of).max().unwrap_or(0);
    let names = width(&|row| row.name.len());
    let kinds = width(&|row| kind(row).len());
    let arguments = width(&|row| argument(row).len());
    let bold = Style::new().bold();
    let mut text = String::new();
    let mut protocol = "";
    for row in rows {
        if row.protocol != protocol {
            protocol = row.protocol;
            text += &format!("{bold}{protocol}{bold:#}\n");
        }
        let star = if row.origin == "sr6" { '*' } else { ' ' };
        let (kind, argument) = (kind(row), argument(row));
        text += &format!("  {:names$} {star} {kind:kinds$}  {argument:arguments$}  {}\n", row.name, row.meaning);
    }
    text
}

/// A diagnosis as it is listed.
#[derive(Debug, Serialize)]
struct DiagnosisRow {
    id: &'static str,
    severity: &'static str,
    sentence: &'static str,
    source: &'static str,
}

impl DiagnosisRow {
    fn new(diagnosis: Diagnosis) -> Self {
        Self {
            id: diagnosis.id(),
            severity: diagnosis.severity().name(),
            sentence: diagnosis.sentence(),
            source: diagnosis.source(),
        }
    }
}

fn diagnostics(rows: &[&Diagnosis]) -> String {
    let width = rows.iter().map(|row| row.id().len()).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        let color = match row.severity() {
            Severity::Note => AnsiColor::Cyan,
            Severity::Warn => AnsiColor::Yellow,
            Severity::Error => AnsiColor::Red,
        };
        let style = Style::new().fg_color(Some(color.into()));
        let source = if row.source().is_empty() { String::new() } else { format!(" ({})", row.source()) };
        text +=
            &format!("{:width$}  {style}{:5}{style:#}  {}{source}\n", row.id(), row.severity().name(), row.sentence());
    }
    text
}
