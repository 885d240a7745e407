//! What a name in a filter stands for.

use crate::caret::{Fault, Span, nearest};
use crate::dissect::{Diagnosis, Severity};
use crate::filter::place::Scope;
use crate::filter::read::Read;
use crate::wire::field::{Field, Kind, Names};
use crate::wire::proto::{Proto, ProtoSet, all_fields, field_by_name};

/// What kind of values a thing has, and so what it may be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// A number of so many bytes; of any size where it is computed.
    Number(Option<u8>),
    Flag,
    Ether,
    Ipv4,
    Ipv6,
    Bytes,
    Text,
    /// Nanoseconds since 1970 UTC.
    Time,
    /// Nanoseconds.
    Duration,
    /// A header's bytes.
    Protocol,
    /// No value: it is there, or not.
    Label,
}

impl Type {
    /// As an error names it.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Number(_) => "a number",
            Self::Flag => "a flag",
            Self::Ether => "a MAC address",
            Self::Ipv4 => "an IPv4 address",
            Self::Ipv6 => "an IPv6 address",
            Self::Bytes => "bytes",
            Self::Text => "text",
            Self::Time => "a time",
            Self::Duration => "a duration",
            Self::Protocol => "a protocol",
            Self::Label => "a group without a value",
        }
    }

    /// Whether its values are numbers to the evaluator.
    pub fn is_integer(self) -> bool {
        matches!(self, Self::Number(_) | Self::Flag | Self::Time | Self::Duration)
    }

    /// Whether its values are runs of bytes to the evaluator.
    pub fn is_bytes(self) -> bool {
        !self.is_integer() && self != Self::Label
    }

    /// Whether values of both may be compared.
    pub fn fits(self, other: Self) -> bool {
        let number = |kind| matches!(kind, Self::Number(_) | Self::Flag);
        match (self, other) {
            (Self::Label, _) | (_, Self::Label) => false,
            (Self::Text, Self::Bytes) | (Self::Bytes, Self::Text) => false,
            (a, b) if number(a) => number(b),
            (Self::Bytes, b) => b.is_bytes(),
            (a, Self::Bytes) => a.is_bytes(),
            (a, b) => a == b,
        }
    }

    fn of(field: &Field) -> Self {
        match field.kind {
            Kind::Group => Self::Label,
            Kind::Bool => Self::Flag,
            Kind::Uint(_, size) => Self::Number(Some(size)),
            Kind::Ether => Self::Ether,
            Kind::Ipv4 => Self::Ipv4,
            Kind::Ipv6 => Self::Ipv6,
            Kind::Bytes => Self::Bytes,
            Kind::Text => Self::Text,
            Kind::Time => Self::Time,
            Kind::Duration => Self::Duration,
        }
    }
}

/// What a name stands for.
#[derive(Debug, Clone)]
pub(super) struct Named {
    /// Its full name, without the scope.
    pub name: &'static str,
    pub scope: Scope,
    pub meaning: Meaning,
    /// The protocols that have it.
    pub protos: ProtoSet,
}

#[derive(Debug, Clone)]
pub(super) enum Meaning {
    Field {
        kind: Type,
        names: Option<Names>,
        read: Read,
    },
    Protocol,
    /// The part of the packet that the scope names.
    Part,
}

impl Named {
    /// The name, where it is that of a field.
    pub fn field_name(&self) -> Option<&'static str> {
        matches!(self.meaning, Meaning::Field { .. }).then_some(self.name)
    }
}

/// Filters' own shorter names for fields of the vocabulary.
const ALIASES: &[(&str, &str)] = &[("srh.segment", "ipv6.routing.srh.addr"), ("srh.segs", "ipv6.routing.srh.addr")];

/// The names of diagnoses and of their severity.
const DIAGNOSIS: &str = "diag";
const SEVERITY: &str = "diag.severity";

/// The words of [`SEVERITY`], by their rank.
fn severity_name(rank: u64) -> Option<&'static str> {
    [Severity::Note, Severity::Warn, Severity::Error].into_iter().find(|s| *s as u64 == rank).map(Severity::name)
}

/// What `word` stands for; `None` where it is no name.
pub(super) fn resolve(word: &str) -> Option<Named> {
    let word = word.strip_prefix('.').unwrap_or(word);
    let (scope, rest) = Scope::split(word);
    if rest.is_empty() {
        return Some(Named { name: scope.name(), scope, meaning: Meaning::Part, protos: ProtoSet::default() });
    }
    let name = ALIASES.iter().find(|(alias, _)| *alias == rest).map_or(rest, |(_, name)| name);
    let of_packet = |name, kind, names, read| {
        Some(Named { name, scope, meaning: Meaning::Field { kind, names, read }, protos: ProtoSet::default() })
    };
    match name {
        DIAGNOSIS => return of_packet(DIAGNOSIS, Type::Text, None, Read::Diagnosis),
        SEVERITY => return of_packet(SEVERITY, Type::Number(Some(1)), Some(severity_name), Read::Severity),
        _ => {}
    }
    let is_named = |proto: &Proto| {
        let info = proto.info();
        let by_layer = is_layer_name(info.notation) && info.notation == name;
        info.header.kind == Kind::Group && (info.name == name || by_layer)
    };
    if let Some(proto) = Proto::ALL.iter().find(|proto| is_named(proto)) {
        let info = proto.info();
        let name = if info.name == name { info.name } else { info.notation };
        let protos = Proto::ALL.iter().copied().filter(is_named).collect();
        return Some(Named { name, scope, meaning: Meaning::Protocol, protos });
    }
    let of_srh = name.strip_prefix("srh.");
    let field = field_by_name(name).or_else(|| {
        let rest = of_srh?;
        let full = |prefix: &str| field_by_name(&format!("{prefix}.{rest}"));
        full("ipv6.routing.srh").or_else(|| full("ipv6.routing"))
    })?;
    // A protocol may define a field of its own under a name that others have.
    // Other Routing headers share some with the SRH.
    let belongs = |proto: Proto| of_srh.is_none() || proto == Proto::Srh;
    let homes: Vec<_> = all_fields().filter(|(proto, own)| own.name == field.name && belongs(*proto)).collect();
    if homes.is_empty() {
        return None;
    }
    let protos = homes.iter().map(|(proto, _)| *proto).collect();
    let meaning = Meaning::Field { kind: Type::of(field), names: field.names, read: Read::choose(field.name, homes) };
    Some(Named { name: field.name, scope, meaning, protos })
}

/// Whether a notation's name of a layer names it in filters too: those of raw
/// bytes and of text do not.
fn is_layer_name(notation: &str) -> bool {
    !matches!(notation, "" | "hex")
}

/// Every name, without scopes.
fn all() -> impl Iterator<Item = &'static str> {
    let layers = Proto::ALL.iter().map(|proto| proto.info().notation).filter(|name| is_layer_name(name));
    let vocabulary = all_fields().map(|(_, field)| field.name).chain(layers);
    vocabulary.chain(ALIASES.iter().map(|(alias, _)| *alias)).chain([DIAGNOSIS, SEVERITY])
}

/// The name that was probably meant by `word`, which is none.
pub(super) fn suggestion(word: &str) -> Option<String> {
    let (scope, rest) = Scope::split(word);
    let near = nearest(rest, all())?;
    Some(if scope == Scope::Everywhere { near.to_owned() } else { format!("{}.{near}", scope.name()) })
}

/// The error for a word that stands where a field must, and is none.
pub(super) fn unknown(word: &str, span: Span) -> Fault {
    let mut message = format!("no field '{}'", word.escape_default());
    if let Some(near) = suggestion(word) {
        message.push_str(&format!("; did you mean '{near}'?"));
    }
    Fault::new(span, message)
}

/// The error for a diagnosis that does not exist; `None` where it does.
pub(super) fn unknown_diagnosis(id: &str, span: Span) -> Option<Fault> {
    if Diagnosis::ALL.iter().any(|known| known.id() == id) {
        return None;
    }
    let mut message = format!("no diagnosis '{}'", id.escape_default());
    if let Some(near) = nearest(id, Diagnosis::ALL.iter().map(|known| known.id())) {
        message.push_str(&format!("; did you mean '{near}'?"));
    }
    Some(Fault::new(span, message))
}
