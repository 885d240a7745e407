//! What a case looks at in each packet: outputs, counts, and the packets that
//! are asked for by number.

use std::sync::Arc;

use super::bytes;
use super::case::{Case, Expectation, Form, What};
use crate::capture::Frames;
use crate::capture::file::Resolution;
use crate::dissect::{Item, Packet, Visitor};
use crate::pipeline::Work;
use crate::show::{line, text, time};
use crate::srv6::path;
use crate::wire::field::Field;
use crate::wire::proto::{Proto, ProtoSet, all_fields};

/// Examples that are kept of packets that do not fit.
pub(super) const EXAMPLES: usize = 3;

/// Bytes of output to gather before they are handed on.
const MUCH: usize = 4 << 20;

/// Each thread's share.
#[derive(Clone)]
pub(super) struct Look {
    case: Arc<Case>,
    forms: Vec<Form>,
    /// Numbers of packets to keep, ascending.
    kept: Vec<u64>,
}

/// What was seen of some packets.
#[derive(Default)]
pub(super) struct Seen {
    /// How many there were.
    pub packets: u64,
    /// The goldens' outputs, in their order.
    pub texts: Vec<Vec<u8>>,
    /// The assertions' counts, in their order.
    pub tallies: Vec<Tally>,
    /// Packets that are asked for.
    pub kept: Frames,
}

/// What an assertion has seen.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Packets that were looked at.
    pub of: u64,
    /// Packets that count: that match, or that break a rule.
    pub hits: u64,
    /// The first of those that break a rule.
    pub examples: Vec<String>,
}

impl Tally {
    /// Adds what another has seen of later packets.
    pub fn merge(&mut self, later: &mut Self) {
        self.of += std::mem::take(&mut later.of);
        self.hits += std::mem::take(&mut later.hits);
        let room = EXAMPLES.saturating_sub(self.examples.len());
        self.examples.extend(later.examples.drain(..).take(room));
    }
}

impl Look {
    pub fn new(case: &Arc<Case>) -> Self {
        let mut kept = Vec::new();
        for expectation in &case.expectations {
            match &expectation.what {
                What::Simulate(simulate) => {
                    kept.push(simulate.packet);
                    kept.extend(
                        simulate.result.as_ref().filter(|other| other.file.is_none()).map(|other| other.packet),
                    );
                }
                What::Same(packet, other) => {
                    kept.push(*packet);
                    kept.extend(other.file.is_none().then_some(other.packet));
                }
                _ => {}
            }
        }
        kept.sort_unstable();
        Self { case: Arc::clone(case), forms: case.goldens.iter().map(|golden| golden.form.clone()).collect(), kept }
    }

    /// What an assertion sees in a packet.
    fn judge(of: &Expectation, packet: &Packet<'_>, tally: &mut Tally) {
        let number = packet.frame.number;
        // What is asked of the packet, and whether it breaks the rule.
        let (asked, breaks) = match &of.what {
            What::Packets(..) | What::Same(..) | What::Simulate(_) => return,
            What::Count(filter, ..) | What::Any(filter) => {
                tally.of += 1;
                tally.hits += u64::from(filter.matches(packet));
                return;
            }
            What::Every { of, filter } => {
                let asked = of.as_ref().is_none_or(|of| of.matches(packet));
                (asked, asked && !filter.matches(packet))
            }
            What::No(filter) => (true, filter.matches(packet)),
            What::These { first, last, filter } => {
                let asked = (*first..=*last).contains(&number);
                (asked, asked && !filter.matches(packet))
            }
            What::NoDiagnostics { allowed, except } => {
                let wrong = packet.findings().iter().any(|finding| {
                    allowed.is_none_or(|allowed| finding.what.severity() > allowed) && !except.contains(&finding.what)
                });
                (true, wrong)
            }
            What::Diagnostics(place, ids) => {
                let asked = *place == number;
                let found = packet.findings();
                let same = found.iter().all(|finding| ids.contains(&finding.what))
                    && ids.iter().all(|id| found.iter().any(|finding| finding.what == *id));
                (asked, asked && !same)
            }
            What::Path(place, expected) => {
                let asked = *place == number;
                (asked, asked && travelled(packet) != *expected)
            }
        };
        tally.of += u64::from(asked);
        if breaks {
            tally.hits += 1;
            if tally.examples.len() < EXAMPLES {
                tally.examples.push(example(of, packet));
            }
        }
    }
}

/// The segments of the first SRH in the order they are travelled, as `srh.path`
/// has them.
fn travelled(packet: &Packet<'_>) -> Vec<std::net::Ipv6Addr> {
    let srh = packet.first(Proto::Srh).and_then(|layer| packet.srh(layer));
    srh.map(|srh| path::travelled(&srh).collect()).unwrap_or_default()
}

/// A packet that breaks a rule: its line, and what the rule is about.
fn example(of: &Expectation, packet: &Packet<'_>) -> String {
    let mut out = Vec::new();
    line::line(&mut out, packet, Some(time::Form::Relative));
    let about_findings = matches!(of.what, What::NoDiagnostics { .. } | What::Diagnostics(..));
    if about_findings || of.text.contains("diag") {
        for finding in packet.findings() {
            out.extend(format!("    {}: {}: {finding}\n", finding.what.severity().name(), finding.what.id()).bytes());
        }
    }
    let fields = &of.fields;
    match &of.what {
        What::NoDiagnostics { .. } | What::Diagnostics(..) => {}
        What::Path(..) => {
            let path: Vec<_> = travelled(packet).iter().map(ToString::to_string).collect();
            out.extend(format!("    the path is [{}]\n", path.join(", ")).bytes());
        }
        _ => {
            let mut values = Values { fields, values: vec![Vec::new(); fields.len()] };
            packet.visit(&mut values);
            for (field, value) in fields.iter().zip(&values.values) {
                out.extend_from_slice(b"    ");
                out.extend_from_slice(field.name.as_bytes());
                out.extend_from_slice(if value.is_empty() { b" is not there" } else { b": " });
                out.extend_from_slice(value);
                out.push(b'\n');
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Collects the values of fields, in words.
struct Values<'f> {
    fields: &'f [&'static Field],
    values: Vec<Vec<u8>>,
}

impl Values<'_> {
    fn take(&mut self, item: &Item<'_>) {
        let Some(at) = self.fields.iter().position(|field| field.name == item.field.name) else { return };
        let value = &mut self.values[at];
        if !value.is_empty() {
            value.extend_from_slice(b", ");
        }
        text::described(value, item.field, &item.value);
    }
}

impl Visitor for Values<'_> {
    fn wants(&mut self, proto: Proto) -> bool {
        let named = |field: &Field| self.fields.iter().any(|wanted| wanted.name == field.name);
        all_fields().filter(|(_, field)| named(field)).map(|(proto, _)| proto).collect::<ProtoSet>().contains(proto)
    }

    fn leaf(&mut self, item: &Item<'_>) {
        self.take(item);
    }

    fn open(&mut self, item: &Item<'_>) {
        self.take(item);
    }

    fn close(&mut self) {}
}

impl Work for Look {
    type Output = Seen;

    fn packet(&mut self, packet: &Packet<'_>, _position: usize, seen: &mut Seen) {
        seen.packets += 1;
        seen.texts.resize_with(self.forms.len(), Vec::new);
        for ((form, golden), out) in self.forms.iter_mut().zip(&self.case.goldens).zip(&mut seen.texts) {
            if golden.filter.as_ref().is_some_and(|filter| !filter.matches(packet)) {
                continue;
            }
            match form {
                Form::Printed(printer) => printer.packet(out, packet),
                Form::Bytes => bytes::packet(out, packet.frame, false),
                Form::Digest => bytes::packet(out, packet.frame, true),
            }
        }
        seen.tallies.resize_with(self.case.expectations.len(), Tally::default);
        for (expectation, tally) in self.case.expectations.iter().zip(&mut seen.tallies) {
            Self::judge(expectation, packet, tally);
        }
        if self.kept.binary_search(&packet.frame.number).is_ok() {
            seen.kept.push(packet.frame, Resolution::NANOS);
        }
    }

    fn is_full(&self, seen: &Seen) -> bool {
        seen.texts.iter().map(Vec::len).sum::<usize>() >= MUCH
    }
}
