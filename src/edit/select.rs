//! Which layers, and which field of them: `srh.tag`, `ip6[1].hlim`,
//! `inner.udp.dport`, `ipv6.hlim`.

use super::ChangeError;
use crate::caret::nearest;
use crate::craft::Layer;
use crate::wire::field::Field;
use crate::wire::proto::{Proto, all_fields, field_by_name};

/// Chooses layers of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// Layers of these protocols.
    protos: Vec<Proto>,
    which: Which,
    /// Only those inside the outermost IP packet.
    inner: bool,
}

/// Which of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    /// The one with this number, counted from 0, outermost first.
    Number(usize),
    /// The innermost.
    Last,
    /// All.
    All,
}

/// Protocols that can be written, and their layers' names.
fn known() -> impl Iterator<Item = (Proto, &'static str)> {
    let named = |proto: &Proto| (*proto, if *proto == Proto::Data { "data" } else { proto.info().notation });
    Proto::ALL.iter().map(named).filter(|(_, name)| !name.is_empty())
}

impl Selector {
    /// Reads `LAYER`, `LAYER[N]`, `LAYER[last]`, `LAYER[*]`, each of them also
    /// after `inner.`.
    ///
    /// # Errors
    /// There is no such layer.
    pub fn layer(text: &str) -> Result<Self, ChangeError> {
        let (inner, rest) = inner(text);
        let (name, which) = indexed(rest)?;
        match known().find(|(_, known)| *known == name) {
            Some((proto, _)) => Ok(Self { protos: vec![proto], which, inner }),
            None => Err(unknown("layer", name, known().map(|(_, name)| name))),
        }
    }

    /// Reads `LAYER.FIELD` by the notation's names, or a field by Wireshark's:
    /// the layers, the notation's name of one of them, and the field.
    pub(super) fn field(text: &str) -> Result<(Self, &'static str, &'static Field), ChangeError> {
        let (within, rest) = inner(text);
        let (before, after) = rest.split_once('.').unwrap_or((rest, ""));
        let (name, which) = indexed(before)?;
        let writable = |proto: Proto| proto.info().fields.iter().copied().filter(|field| !field.arg.is_empty());
        if let Some((proto, layer)) = known().find(|(_, known)| *known == name)
            && let Some(field) = writable(proto).find(|field| field.arg == after)
        {
            return Ok((Self { protos: vec![proto], which, inner: within }, layer, field));
        }
        if let Some((_, layer)) = known().find(|(_, known)| *known == name).filter(|_| after.is_empty()) {
            return Err(ChangeError::Name(format!("'{layer}' needs a field: {layer}.FIELD=VALUE")));
        }
        let full = format!("{name}.{after}");
        if let Some(field) = field_by_name(&full) {
            let has = |(proto, _): &(Proto, &str)| writable(*proto).any(|own| std::ptr::eq(own, field));
            let owners: Vec<_> = known().filter(has).collect();
            return match owners.first() {
                Some((_, layer)) => {
                    let protos = owners.iter().map(|(proto, _)| *proto).collect();
                    Ok((Self { protos, which, inner: within }, layer, field))
                }
                None => Err(ChangeError::Name(format!("'{full}' cannot be set: it is worked out from other fields"))),
            };
        }
        if let Some((proto, layer)) = known().find(|(_, known)| *known == name) {
            return Err(unknown(&format!("field of {layer}"), after, writable(proto).map(|field| field.arg)));
        }
        let ours =
            known().flat_map(|(proto, layer)| writable(proto).map(move |field| format!("{layer}.{}", field.arg)));
        let names: Vec<_> = ours.chain(all_fields().map(|(_, field)| field.name.to_owned())).collect();
        Err(unknown("field", &full, names.iter().map(String::as_str)))
    }

    /// The places in a stack that are chosen, outermost first.
    pub(super) fn places(&self, layers: &[Layer]) -> Vec<usize> {
        let start = if self.inner { inside(layers) } else { 0 };
        let of = |at: &usize| self.protos.contains(&layers[*at].proto);
        let mut places = (start..layers.len()).filter(of);
        match self.which {
            Which::Number(number) => places.nth(number).into_iter().collect(),
            Which::Last => places.next_back().into_iter().collect(),
            Which::All => places.collect(),
        }
    }
}

/// Whether `inner.` comes first, and what follows.
fn inner(text: &str) -> (bool, &str) {
    text.strip_prefix("inner.").map_or((false, text), |rest| (true, rest))
}

/// A name, and the index in brackets after it.
fn indexed(text: &str) -> Result<(&str, Which), ChangeError> {
    let Some((name, index)) = text.split_once('[') else { return Ok((text, Which::Number(0))) };
    let wrong = || ChangeError::Name(format!("'{text}': an index is a number from 0, last or *"));
    match index.strip_suffix(']').ok_or_else(wrong)? {
        "last" => Ok((name, Which::Last)),
        "*" => Ok((name, Which::All)),
        number => Ok((name, Which::Number(number.parse().map_err(|_| wrong())?))),
    }
}

/// Where what is inside the outermost IP header starts to be a packet of its
/// own; the end where nothing is.
fn inside(layers: &[Layer]) -> usize {
    let ip = |layer: &Layer| matches!(layer.proto, Proto::Ipv4 | Proto::Ipv6);
    let Some(outer) = layers.iter().position(ip) else { return layers.len() };
    let packet = |layer: &Layer| ip(layer) || layer.proto == Proto::Ethernet;
    layers[outer + 1..].iter().position(packet).map_or(layers.len(), |at| outer + 1 + at)
}

fn unknown<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> ChangeError {
    let meant = nearest(name, known).map(|known| format!("; did you mean '{known}'?")).unwrap_or_default();
    ChangeError::Name(format!("there is no {what} '{}'{meant}", name.escape_debug()))
}
