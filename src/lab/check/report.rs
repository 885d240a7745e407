//! Verdicts for people, a line per hop, and for programs, an object per packet.

use std::fmt::Write;

use serde_json::{Value, json};

use super::judge::ends;
use super::{Checked, Compared, Judged, Verdict};
use crate::capture::Frame;
use crate::dissect::{Dissection, Packet};
use crate::show::line;
use crate::simulate::{End, Network, json as walked, text};
use crate::wire::link_type::LinkType;

/// Differences shown of one frame; the rest are counted.
const MOST_SHOWN: usize = 12;

/// How many hops there were, and how many of them were not as predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Packets sent.
    pub packets: usize,
    /// Of these, not as predicted.
    pub different_packets: usize,
    /// Hops judged.
    pub hops: usize,
    /// Of these, not as predicted.
    pub different_hops: usize,
}

impl Tally {
    /// Counts a packet in.
    pub fn add(&mut self, checked: &Checked) {
        let report = &checked.report;
        self.packets += 1;
        self.different_packets += usize::from(!report.is_good());
        self.hops += report.hops.len();
        self.different_hops += report.hops.iter().filter(|judged| !judged.is_good()).count();
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        write!(f, "{}, {}: ", counted(self.packets, "packet"), counted(self.hops, "hop"))?;
        match self.different_packets {
            0 => write!(f, "all as predicted"),
            packets => {
                let hops = counted(self.different_hops, "hop");
                write!(f, "{hops} of {} not as predicted", counted(packets, "packet"))
            }
        }
    }
}

/// The verdicts on one packet: a line per hop, and lines below it where
/// something is not as predicted.
pub fn told(network: &Network, checked: &Checked) -> String {
    let mut out = String::new();
    for (number, judged) in checked.report.hops.iter().enumerate() {
        let hop = &judged.hop;
        let how = match hop.interface {
            Some(interface) => format!("by {}", network.interface_name(hop.node, interface)),
            None => "made here".into(),
        };
        let verdict = if judged.is_good() { "equal" } else { "DIFFERENT" };
        let name = network.name(hop.node);
        let outcome = text::outcome(network, hop);
        let _ = writeln!(out, "  {verdict:9}  {}. {name}, {how}: {outcome}", number + 1);
        if let Some(refused) = checked.refused.as_ref().filter(|_| number == 0) {
            let _ = writeln!(out, "               the kernel of {name} did not send it: {}", refused.escape_debug());
        }
        if hop.crossings.iter().any(|crossing| crossing.end == End::NoNeighbour) {
            let _ = writeln!(out, "               nobody there has that address: nothing is to be sent");
        }
        for crossing in &judged.crossings {
            compared(&mut out, network, crossing);
        }
    }
    for stray in &checked.report.strays {
        let _ = writeln!(out, "  DIFFERENT  from a node that the packet never was at");
        compared(&mut out, network, stray);
    }
    out
}

fn compared(out: &mut String, network: &Network, crossing: &Compared) {
    let (near, far) = ends(network, crossing);
    let way = format!("{} → {}", network.name(near), network.name(far));
    let frame = |frame: &Option<Vec<u8>>| frame.as_deref().map(summary).unwrap_or_default();
    let _ = match &crossing.verdict {
        Verdict::Equal => Ok(()),
        Verdict::Answer => writeln!(out, "               {way}: its answer, not predicted: {}", frame(&crossing.seen)),
        Verdict::Missing => {
            writeln!(out, "               {way}: predicted, did not come: {}", frame(&crossing.predicted))
        }
        Verdict::Extra => writeln!(out, "               {way}: came, not predicted: {}", frame(&crossing.seen)),
        Verdict::Different(differences) => differences.iter().take(MOST_SHOWN).try_for_each(|difference| {
            let value = |value: &Option<String>| value.as_deref().unwrap_or("none").escape_debug().to_string();
            let (predicted, seen) = (value(&difference.predicted), value(&difference.seen));
            writeln!(out, "               {way}: {}: predicted {predicted}, came {seen}", difference.field)
        }),
    };
    if let Verdict::Different(differences) = &crossing.verdict
        && let Some(more @ 1..) = differences.len().checked_sub(MOST_SHOWN)
    {
        let _ = writeln!(out, "               {way}: and {more} fields more");
    }
}

/// A frame in a line.
fn summary(bytes: &[u8]) -> String {
    let frame = Frame { number: 0, ..Frame::new(LinkType::ETHERNET, bytes) };
    let dissection = Dissection::of(&frame);
    let mut text = Vec::new();
    line::line(&mut text, &Packet::new(&frame, &dissection), None);
    // Its number, which it has none of, comes first.
    let text = String::from_utf8_lossy(&text);
    text.trim().trim_start_matches('0').trim_start().to_string()
}

/// The verdicts on one packet as an object.
pub fn object(network: &Network, checked: &Checked) -> Value {
    let hop = |(number, judged): (usize, &Judged)| {
        let mut value = walked::hop(network, number, &judged.hop);
        value["equal"] = json!(judged.is_good());
        value["links"] = judged.crossings.iter().map(|crossing| link(network, crossing)).collect();
        // What was to cross is told with what did.
        value.as_object_mut().map(|object| object.remove("crossings"));
        value
    };
    json!({
        "equal": checked.report.is_good(),
        "refused": checked.refused,
        "hops": checked.report.hops.iter().enumerate().map(hop).collect::<Vec<_>>(),
        "strays": checked.report.strays.iter().map(|stray| link(network, stray)).collect::<Vec<_>>(),
    })
}

fn link(network: &Network, crossing: &Compared) -> Value {
    let (near, far) = ends(network, crossing);
    let (verdict, differences) = match &crossing.verdict {
        Verdict::Equal => ("equal", &[][..]),
        Verdict::Answer => ("answer", &[][..]),
        Verdict::Missing => ("missing", &[][..]),
        Verdict::Extra => ("extra", &[][..]),
        Verdict::Different(differences) => ("different", &differences[..]),
    };
    let differences: Vec<_> =
        differences.iter().map(|d| json!({ "field": d.field, "predicted": d.predicted, "seen": d.seen })).collect();
    json!({
        "link": network.link_name(crossing.link),
        "from": network.name(near),
        "to": network.name(far),
        "verdict": verdict,
        "predicted": crossing.predicted.as_ref().map(hex::encode),
        "seen": crossing.seen.as_ref().map(hex::encode),
        "differences": differences,
    })
}
