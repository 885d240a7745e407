//! A walk for programs: one JSON object.

use serde_json::{Value, json};

use crate::srv6::endpoint::{Decision, Forward, Step};

use super::network::Network;
use super::walk::{End, Hop, Walk};

/// The walk as JSON; hops numbered from 1.
pub fn walk(network: &Network, walk: &Walk) -> Value {
    let hops: Vec<_> = walk.hops.iter().enumerate().map(|(number, hop)| self::hop(network, number, hop)).collect();
    json!({ "network": network.title(), "delivered": walk.is_delivered(), "hops": hops })
}

/// One hop as JSON; `number` counts from 0.
pub fn hop(network: &Network, number: usize, hop: &Hop) -> Value {
    let name = |interface| network.interface_name(hop.node, interface).to_string();
    let steps: Vec<_> = hop.steps.iter().map(|step| step.text(&name)).collect();
    let changes: Vec<_> = hop.steps.iter().filter_map(change).collect();
    let crossings: Vec<_> = hop
        .crossings
        .iter()
        .map(|crossing| {
            let link = &network.links()[crossing.link];
            let far = &link.ends[1 - crossing.from];
            let end = match crossing.end {
                End::Hop(next) => json!(next + 1),
                End::NoNeighbour => json!("no neighbour"),
                End::NotForIt => json!("not for it"),
                End::NotIp => json!("not IP"),
                End::TooLong => json!("walk too long"),
            };
            json!({
                "to": network.name(far.node),
                "interface": network.interface_name(far.node, far.interface),
                "error": crossing.is_reply,
                "frame": hex::encode(&crossing.frame),
                "hop": end,
            })
        })
        .collect();
    json!({
        "hop": number + 1,
        "cause": hop.cause.map(|cause| cause + 1),
        "node": network.name(hop.node),
        "interface": hop.interface.map(name),
        "packet": hex::encode(&hop.packet),
        "behavior": hop.steps.iter().find_map(|step| match step {
            Step::Behavior { name, flavors } => Some(json!({ "name": name, "flavors": flavors.to_string() })),
            _ => None,
        }),
        "changes": changes,
        "steps": steps,
        "oam_copy": hop.oam_copy,
        "decision": decision(network, hop),
        "crossings": crossings,
    })
}

/// What a step changed, as fields.
fn change(step: &Step) -> Option<Value> {
    Some(match step {
        Step::SegmentsLeft { from, to } => json!({ "field": "segments_left", "from": from, "to": to }),
        Step::Destination { from, to } => json!({ "field": "destination", "from": from, "to": to }),
        Step::HopLimit { from, to } => json!({ "field": "hop_limit", "from": from, "to": to }),
        Step::Removed { bytes, flavor } => json!({ "removed": "srh", "bytes": bytes, "flavor": flavor }),
        Step::Decapsulated { bytes, protocol } => json!({ "removed": "outer", "bytes": bytes, "inner": protocol }),
        Step::Encapsulated { name, source, destination, segments, bytes } => json!({
            "pushed": "outer", "by": name, "source": source, "destination": destination,
            "segments": segments, "bytes": bytes,
        }),
        Step::Inserted { name, destination, segments, bytes } => json!({
            "pushed": "srh", "by": name, "destination": destination, "segments": segments, "bytes": bytes,
        }),
        Step::Labelled { labels } => json!({ "pushed": "mpls", "labels": labels }),
        _ => return None,
    })
}

fn decision(network: &Network, hop: &Hop) -> Value {
    let forward = |forward: &Forward| {
        json!({
            "interface": network.interface_name(hop.node, forward.interface),
            "next_hop": forward.next_hop.map(|next_hop| next_hop.to_string()),
            "packet": hex::encode(&forward.packet),
        })
    };
    match &hop.decision {
        Decision::Forward(f) => json!({ "forward": forward(f) }),
        Decision::Flood { frame, ports } => json!({ "flood": {
            "frame": hex::encode(frame),
            "interfaces": ports.iter().map(|port| network.interface_name(hop.node, *port)).collect::<Vec<_>>(),
        } }),
        Decision::Deliver { upper, offset, .. } => json!({ "deliver": { "protocol": upper, "offset": offset } }),
        Decision::Error { error, reply, .. } => json!({ "error": {
            "type": error.kind, "code": error.code, "parameter": error.parameter, "reason": error.reason.text(),
            "section": error.reason.section(), "reply": reply.as_ref().map(forward),
        } }),
        Decision::Drop { reason } => json!({ "drop": { "reason": reason.text(), "section": reason.section() } }),
    }
}
