//! The JSON Schema of what [`crate::show::json`] writes, made from the same
//! vocabulary.

use serde_json::{Map, Value, json};

use crate::dissect::{Diagnosis, Severity};
use crate::show::json::SCHEMA;
use crate::wire::field::{Field, Kind};
use crate::wire::proto::{Proto, all_fields};

/// The schema, in the dialect of 2020-12.
pub fn schema() -> Value {
    let mut fields = Map::new();
    for (_, field) in all_fields().filter(|(_, field)| !is_heading(field)) {
        fields.insert(field.name.to_owned(), of_field(field));
    }
    fields.insert("ranges".to_owned(), ranges());
    let mut layer = fields.clone();
    layer.insert("protocol".to_owned(), json!({"type": "string", "enum": protocols()}));
    layer.insert("quoted".to_owned(), json!({"type": "boolean", "description": "Inside an ICMP error"}));
    let count = json!({"type": "integer", "minimum": 0});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:{SCHEMA}"),
        "title": "One packet, as sr6 prints it on a line of its own",
        "type": "object",
        "required": ["schema", "number", "link_type", "length", "captured", "layers"],
        "additionalProperties": false,
        "properties": {
            "schema": {"const": SCHEMA},
            "number": {"type": "integer", "minimum": 1},
            "time": {"type": "string", "format": "date-time", "description": "UTC, in nanoseconds; absent where the capture has none"},
            "time_relative": {"type": "number", "description": "Seconds since the first packet"},
            "interface": count,
            "interface_name": {"type": "string"},
            "link_type": {"type": "integer", "minimum": 0, "maximum": 65535, "description": "LINKTYPE_ value"},
            "length": {"type": "integer", "minimum": 0, "description": "Bytes on the wire"},
            "captured": {"type": "integer", "minimum": 0, "description": "Bytes in the capture"},
            "comments": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            "layers": {
                "type": "array",
                "description": "Outermost first",
                "items": {
                    "type": "object",
                    "required": ["protocol"],
                    "additionalProperties": false,
                    "properties": layer,
                },
            },
            "findings": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["id", "severity", "layer", "message", "start", "len"],
                    "additionalProperties": false,
                    "properties": {
                        "id": {"type": "string", "enum": Diagnosis::ALL.iter().map(|d| d.id()).collect::<Vec<_>>()},
                        "severity": {
                            "type": "string",
                            "enum": [Severity::Note.name(), Severity::Warn.name(), Severity::Error.name()],
                        },
                        "layer": {"type": "integer", "minimum": 0, "description": "Place in layers, from 0"},
                        "message": {"type": "string"},
                        "source": {"type": "string", "description": "Where the rule is written"},
                        "start": count,
                        "len": count,
                    },
                },
            },
        },
        "$defs": {
            "group": {"type": "object", "additionalProperties": false, "properties": fields},
        },
    })
}

/// Whether the field only heads others, and has no member of its own.
fn is_heading(field: &Field) -> bool {
    field.kind == Kind::Group && !field.many
}

fn protocols() -> Vec<&'static str> {
    let named = Proto::ALL.iter().filter(|proto| **proto != Proto::Frame).map(|proto| proto.info());
    let mut names: Vec<_> =
        named.map(|info| if info.notation.is_empty() { info.name } else { info.notation }).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn of_field(field: &Field) -> Value {
    let mut schema = match field.kind {
        Kind::Group => json!({"$ref": "#/$defs/group"}),
        Kind::Bool => json!({"type": "boolean"}),
        Kind::Uint(..) => json!({"type": "integer", "minimum": 0}),
        Kind::Ether => json!({"type": "string", "pattern": "^([0-9a-f]{2}:){5}[0-9a-f]{2}$"}),
        Kind::Ipv4 => json!({"type": "string", "format": "ipv4"}),
        Kind::Ipv6 => json!({"type": "string", "format": "ipv6"}),
        Kind::Bytes => json!({"type": "string", "pattern": "^([0-9a-f]{2})*$"}),
        Kind::Text => json!({"type": "string"}),
        Kind::Time => json!({"type": "string", "format": "date-time"}),
        Kind::Duration => json!({"type": "number"}),
    };
    // A group may also stand under a field that has bytes of its own elsewhere.
    if field.many && field.kind == Kind::Bytes {
        schema = json!({"anyOf": [schema, {"$ref": "#/$defs/group"}]});
    }
    let title = if field.about.is_empty() { field.label } else { field.about };
    if field.many {
        json!({"type": "array", "minItems": 1, "items": schema, "description": title})
    } else {
        schema["description"] = title.into();
        schema
    }
}

fn ranges() -> Value {
    let range = json!({
        "type": "array",
        "prefixItems": [{"type": "integer", "minimum": 0}, {"type": "integer", "minimum": 1}],
        "minItems": 2,
        "maxItems": 2,
        "description": "First byte and count of bytes",
    });
    json!({
        "type": "object",
        "description": "Where fields stand in the frame",
        "additionalProperties": {"anyOf": [range, {"type": "array", "items": range}]},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_in_the_schema_with_one_type() {
        let schema = schema();
        let layer = &schema["properties"]["layers"]["items"]["properties"];
        for (_, field) in all_fields().filter(|(_, field)| !is_heading(field)) {
            assert_eq!(layer[field.name]["type"] == "array", field.many, "{}", field.name);
            assert!(layer[field.name]["description"].is_string(), "{}", field.name);
        }
        assert_eq!(layer["ipv6.hlim"]["type"], "integer");
        assert_eq!(layer["ipv6.routing.srh.addr"]["items"]["format"], "ipv6");
        assert!(layer["protocol"]["enum"].as_array().unwrap().contains(&"srh".into()));
    }
}
