//! Fields and layers that do not matter.

use thiserror::Error;

use crate::caret::nearest;
use crate::dissect::FieldSet;
use crate::wire::field::Field;
use crate::wire::proto::{Proto, ProtoSet, all_fields, field_by_name};

/// What differences are not looked at: fields by name, and whole layers.
#[derive(Debug, Clone)]
pub struct Ignore {
    fields: Vec<&'static Field>,
    /// The fields, for a quick no.
    set: FieldSet,
    layers: ProtoSet,
}

/// A name that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no field or layer '{}'{}", .name.escape_debug(), .near.as_ref().map(|near| format!("; did you mean '{near}'?")).unwrap_or_default())]
pub struct UnknownName {
    /// The name.
    pub name: String,
    /// What was likely meant.
    pub near: Option<String>,
}

impl Default for Ignore {
    fn default() -> Self {
        Self { fields: Vec::new(), set: FieldSet::NONE, layers: ProtoSet::default() }
    }
}

impl Ignore {
    /// Reads names: of a field (`ipv6.hlim`, `ip6.hlim`, `srh.segleft`); of a
    /// layer, for all of its fields and for its being there (`eth`, `srh`); or
    /// the start of names, before a `*` (`eth.*`, `ipv6.tclass*`).
    ///
    /// # Errors
    /// A name that fits nothing.
    pub fn parse<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<Self, UnknownName> {
        let mut ignore = Self::default();
        let mut layers = Vec::new();
        for name in names {
            let (fields, protos) = meant(name);
            if fields.is_empty() && protos.is_empty() {
                let stem = name.trim_end_matches('*').trim_end_matches('.');
                let layers = Proto::ALL.iter().flat_map(|proto| [proto.info().name, proto.info().notation]);
                let known = all_fields().map(|(_, field)| field.name).chain(layers);
                return Err(UnknownName { name: name.to_owned(), near: nearest(stem, known).map(str::to_owned) });
            }
            ignore.fields.extend(fields);
            layers.extend(protos);
        }
        ignore.set = ignore.fields.iter().copied().collect();
        ignore.layers = layers.into_iter().collect();
        Ok(ignore)
    }

    /// Whether a field does not matter.
    pub fn has(&self, field: &'static Field) -> bool {
        !self.fields.is_empty()
            && self.set.may_have(field)
            && self.fields.iter().any(|ignored| std::ptr::eq(*ignored, field))
    }

    /// Whether a layer does not matter.
    pub fn has_layer(&self, proto: Proto) -> bool {
        self.layers.contains(proto)
    }
}

/// The fields and layers that a name means.
fn meant(name: &str) -> (Vec<&'static Field>, Vec<Proto>) {
    let fields = |fits: &dyn Fn(&str) -> bool| {
        all_fields().map(|(_, field)| field).filter(|field| fits(field.name)).collect::<Vec<_>>()
    };
    let protos = |fits: &dyn Fn(&str) -> bool| {
        let named = |proto: &&Proto| {
            let info = proto.info();
            fits(info.name) || (!info.notation.is_empty() && fits(info.notation))
        };
        Proto::ALL.iter().filter(named).copied().collect::<Vec<_>>()
    };
    if let Some(start) = name.strip_suffix('*') {
        if start.is_empty() {
            return (Vec::new(), Vec::new());
        }
        let whole = start.strip_suffix('.');
        let starts = |known: &str| known.starts_with(start) || Some(known) == whole;
        let own = |known: &str| Some(known) == whole || (whole.is_some() && known.starts_with(start));
        return (fields(&starts), protos(&own));
    }
    let layers = protos(&|known| known == name);
    if !layers.is_empty() {
        return (Vec::new(), layers);
    }
    let of_srh = |prefix: &str| name.strip_prefix("srh.").and_then(|rest| field_by_name(&format!("{prefix}.{rest}")));
    let found = field_by_name(name).or_else(|| of_srh("ipv6.routing.srh")).or_else(|| of_srh("ipv6.routing"));
    // Several definitions may carry one name.
    (found.map_or_else(Vec::new, |field| fields(&|known| known == field.name)), Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{ethernet, ipv6, routing, srh};

    #[test]
    fn names_and_starts_of_names() {
        let ignore = |names: &[&str]| Ignore::parse(names.iter().copied()).unwrap();
        let one = ignore(&["ipv6.hlim"]);
        assert!(one.has(&ipv6::HOP_LIMIT) && !one.has(&ipv6::FLOW) && !one.has_layer(Proto::Ipv6));
        assert!(ignore(&["ip6.hlim"]).has(&ipv6::HOP_LIMIT));
        assert!(ignore(&["srh.segleft"]).has(&routing::SEGMENTS_LEFT));
        assert!(ignore(&["srh.tag"]).has(&srh::TAG));
        let layer = ignore(&["eth.*"]);
        assert!(layer.has_layer(Proto::Ethernet) && layer.has(&ethernet::DESTINATION));
        assert!(!layer.has_layer(Proto::Ipv6));
        let all_of_ipv6 = ignore(&["ipv6.*"]);
        assert!(all_of_ipv6.has_layer(Proto::Srh) && all_of_ipv6.has_layer(Proto::Ipv6));
        let class = ignore(&["ipv6.tclass*"]);
        assert!(class.has(&ipv6::TRAFFIC_CLASS) && class.has(&ipv6::ECN) && !class.has_layer(Proto::Ipv6));
        assert!(ignore(&["srh"]).has_layer(Proto::Srh));
    }

    #[test]
    fn what_means_nothing_is_told_with_what_was_meant() {
        let wrong = |name: &str| Ignore::parse([name]).unwrap_err().to_string();
        assert_eq!(wrong("ipv6.hlmi"), "there is no field or layer 'ipv6.hlmi'; did you mean 'ipv6.hlim'?");
        assert_eq!(wrong("ehh.*"), "there is no field or layer 'ehh.*'; did you mean 'eth'?");
        assert!(Ignore::parse(["*"]).is_err() && Ignore::parse([""]).is_err());
    }
}
