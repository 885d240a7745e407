//! Where packets that should be the same differ, field for field and byte for
//! byte, and why.

use super::{Outcome, Seen};
use crate::dissect::{Item, Visitor};
use crate::show::text;
use crate::wire::field::Kind;
use crate::wire::proto::Proto;

/// A field in which the packets differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its first byte, from the start of the IPv6 header.
    pub offset: usize,
    /// Its count of bytes.
    pub len: usize,
    /// Its name.
    pub field: &'static str,
    /// Its value in each packet; empty where a packet lacks it.
    pub values: Vec<String>,
    /// Why it may differ; `None` where it must not.
    pub reason: Option<&'static str>,
}

/// A packet's bytes from its first IPv6 header on.
pub fn from_ipv6(seen: &Seen) -> Vec<u8> {
    seen.ask(|packet| packet.first(Proto::Ipv6).map(|layer| packet.whole(layer).to_vec())).unwrap_or_default()
}

/// Where the packets on n1's link differ. A packet that never came differs in
/// everything.
pub fn differences(outcomes: &[Outcome]) -> Vec<Difference> {
    let bytes: Vec<_> = outcomes.iter().map(|o| o.near.as_ref().map(from_ipv6).unwrap_or_default()).collect();
    let fields: Vec<_> = outcomes.iter().map(|o| o.near.as_ref().map(fields).unwrap_or_default()).collect();
    let Some(model) = fields.iter().max_by_key(|fields| fields.len()) else { return Vec::new() };
    let mut found = Vec::new();
    for (index, field) in model.iter().enumerate() {
        let value =
            |of: &Vec<Leaf>| of.get(index).filter(|leaf| leaf.name == field.name).map(|leaf| leaf.value.clone());
        let values: Vec<_> = fields.iter().map(|of| value(of).unwrap_or_default()).collect();
        if values.windows(2).any(|pair| pair[0] != pair[1]) {
            let Leaf { name, offset, len, .. } = *field;
            found.push(Difference { offset, len, field: name, values, reason: reason(name) });
        }
    }
    // No byte may differ that no field speaks for.
    let longest = bytes.iter().map(Vec::len).max().unwrap_or(0);
    for offset in 0..longest {
        let differs = bytes.windows(2).any(|pair| pair[0].get(offset) != pair[1].get(offset));
        if differs && !found.iter().any(|known| (known.offset..known.offset + known.len).contains(&offset)) {
            let hex = |of: &Vec<u8>| of.get(offset).map(|byte| format!("{byte:02x}")).unwrap_or_default();
            let values = bytes.iter().map(hex).collect();
            found.push(Difference { offset, len: 1, field: "(byte)", values, reason: None });
        }
    }
    found
}

/// What a sender chooses for itself.
fn reason(field: &str) -> Option<&'static str> {
    match field {
        "ipv6.flow" => Some("the kernel labels its sockets' flows (net.ipv6.auto_flowlabels); sr6 sends 0"),
        _ => None,
    }
}

/// A field with a value and a place.
#[derive(Debug)]
struct Leaf {
    name: &'static str,
    offset: usize,
    len: usize,
    value: String,
}

/// The fields of a packet from its first IPv6 header on, with their values.
fn fields(seen: &Seen) -> Vec<Leaf> {
    seen.ask(|packet| {
        let base = packet.first(Proto::Ipv6).map_or(0, |layer| layer.start as usize);
        let mut leaves = Leaves { base, found: Vec::new() };
        packet.visit(&mut leaves);
        leaves.found
    })
}

/// Collects the fields that stand in the packet.
struct Leaves {
    base: usize,
    found: Vec<Leaf>,
}

impl Visitor for Leaves {
    fn wants(&mut self, proto: Proto) -> bool {
        !matches!(proto, Proto::Frame | Proto::Ethernet)
    }

    fn leaf(&mut self, item: &Item<'_>) {
        let Some(offset) = (item.start as usize).checked_sub(self.base) else { return };
        if item.len > 0 && item.field.kind != Kind::Group {
            let mut value = Vec::new();
            text::value(&mut value, item.field, &item.value);
            let value = String::from_utf8_lossy(&value).into_owned();
            self.found.push(Leaf { name: item.field.name, offset, len: item.len as usize, value });
        }
    }

    fn open(&mut self, item: &Item<'_>) {
        self.leaf(item);
    }

    fn close(&mut self) {}
}
