//! Where Linux does not do what the RFCs say, as a table made from the matrix.

use std::collections::BTreeMap;
use std::fs;

use sr6::simulate::{Network, NodeId};
use sr6::srv6::endpoint::{self, Decision, Forward, Input, Profile};

use super::kernel::frame_header;
use super::matrix::{self, NOT_RUN, Target};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/linux-deviations.md");

/// What a node makes of a packet, by either profile.
fn decision(network: &Network, x: NodeId, packet: &[u8], profile: Profile) -> Decision {
    let interface = network.find_interface(x, "xh");
    let input = Input { packet, frame_header: &frame_header(packet), interface, cache: None };
    endpoint::process(input, network.node(x), profile, &mut ()).decision
}

/// A decision in few words; two that say the same may still differ in bytes.
fn words(network: &Network, x: NodeId, decision: &Decision) -> String {
    match decision {
        Decision::Forward(forward) => {
            format!("forwarded by {}", network.interface_name(x, forward.interface))
        }
        Decision::Flood { .. } => "flooded".into(),
        Decision::Deliver { upper, .. } => format!("delivered to upper layer {upper}"),
        Decision::Error { error, .. } if error.kind == 4 => {
            format!("ICMPv6 {}/{}, pointer {}", error.kind, error.code, error.parameter)
        }
        Decision::Error { error, .. } => format!("ICMPv6 {}/{}", error.kind, error.code),
        Decision::Drop { reason } => format!("silent drop: {}", reason.text()),
    }
}

fn next_hop(forward: &Forward) -> String {
    forward.next_hop.map_or("as a frame".into(), |next_hop| format!("to {next_hop}"))
}

/// What differs between two packets that both go on.
fn difference(rfc: &[u8], linux: &[u8]) -> (String, String) {
    if rfc.len() != linux.len() {
        let name = |packet: &[u8]| match (packet[0] >> 4, packet[6]) {
            (6, 43) => "with its SRH".to_string(),
            (6, _) => "without its SRH".into(),
            _ => "without its first bytes".into(),
        };
        return (name(rfc), name(linux));
    }
    // Behind the outer headers, if there are any: the inner hop limit or TTL.
    let outer = 40 + if rfc[6] == 43 { 8 + 8 * usize::from(rfc[41]) } else { 0 };
    let inner = outer + if rfc.get(outer).is_some_and(|byte| *byte == 0x45) { 8 } else { 7 };
    let told = |bytes: &[u8]| {
        let different = |at: &usize| rfc.get(*at) != linux.get(*at);
        let mut named: Vec<String> = [(7, "hop limit"), (inner, "inner hop limit")]
            .into_iter()
            .filter(|(at, _)| different(at))
            .map(|(at, name)| format!("{name} {}", bytes[at]))
            .collect();
        if different(&45) {
            named.push(if bytes[45] & 8 == 0 { "the RFC's HMAC".into() } else { "Linux's HMAC and its flag".into() });
        }
        named.join(", ")
    };
    (told(rfc), told(linux))
}

/// Packets as a list, or as what is missing from it.
fn listed(packets: &[&str], all: &[&str]) -> String {
    let missing: Vec<_> = all.iter().filter(|name| !packets.contains(name)).copied().collect();
    match missing.len() {
        0 => "all".into(),
        few if few * 2 < packets.len() => format!("all but: {}", missing.join("; ")),
        _ => packets.join("; "),
    }
}

/// Behaviours, each with the packets that part it from the RFCs.
type Row<'a> = Vec<(&'a str, Vec<&'a str>)>;

/// The table, from predictions alone: the matrix holds them to the kernel.
pub fn table(network: &Network, targets: &[Target]) -> String {
    let x = network.find("x").unwrap();
    // RFC, Linux → behaviour → packets; everything in the matrix's order.
    let mut found: Vec<((String, String), Row<'_>)> = Vec::new();
    for target in targets {
        for packet in matrix::packets(target) {
            let bytes = sr6::craft::build(&sr6::notation::parse(&packet.notation).unwrap()).unwrap();
            let rfc = decision(network, x, &bytes, Profile::Rfc);
            let linux = decision(network, x, &bytes, Profile::Linux);
            let (mut rfc_words, mut linux_words) = (words(network, x, &rfc), words(network, x, &linux));
            match (&rfc, &linux) {
                (Decision::Forward(a), Decision::Forward(b)) if a != b => {
                    let (ours, theirs) = match a.next_hop == b.next_hop {
                        true => difference(&a.packet, &b.packet),
                        false => (next_hop(a), next_hop(b)),
                    };
                    rfc_words += &format!(" ({ours})");
                    linux_words += &format!(" ({theirs})");
                }
                _ if rfc_words == linux_words => continue,
                (Decision::Drop { .. }, Decision::Drop { .. }) => continue,
                _ => {}
            }
            let key = (rfc_words, linux_words);
            let at = found.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
                found.push((key, Vec::new()));
                found.len() - 1
            });
            let row = &mut found[at].1;
            match row.iter_mut().find(|(name, _)| *name == target.name) {
                Some((_, packets)) => packets.push(packet.name),
                None => row.push((target.name, vec![packet.name])),
            }
        }
    }
    let mut out = String::from(
        "# Where Linux deviates from the RFCs\n\n\
         Generated by `SR6_UPDATE=1 cargo test --test conformance`, which also checks that it is\n\
         current, and holds the column \"Linux\" to a real kernel, byte for byte. Measured on Linux 6.18.\n\n\
         The RFCs are 8754, 8986 and 9800, as `sr6 simulate --profile rfc` follows them; where they leave\n\
         a choice, as with the hop limit of an encapsulation, the difference is listed all the same.\n",
    );
    for ((rfc, linux), behaviors) in found {
        out += &format!("\n## RFC: {rfc} — Linux: {linux}\n\n| At | Packets |\n|---|---|\n");
        // Behaviours that get the same packets share a line.
        let mut lines: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
        behaviors.into_iter().for_each(|(behavior, packets)| lines.entry(packets).or_default().push(behavior));
        for (packets, behaviors) in lines {
            let target = targets.iter().find(|target| target.name == behaviors[0]).unwrap();
            let all: Vec<_> = matrix::packets(target).iter().map(|packet| packet.name).collect();
            out += &format!("| {} | {} |\n", behaviors.join("; "), listed(&packets, &all));
        }
    }
    out += &format!("\n## Not run\n\nThey need a VRF, which the kernel measured lacks: {}.\n", NOT_RUN.join(", "));
    out
}

/// Is the file what the matrix says? With SR6_UPDATE=1 it becomes so.
pub fn check(network: &Network, targets: &[Target]) -> Result<(), String> {
    let wanted = table(network, targets);
    if std::env::var("SR6_UPDATE").is_ok_and(|value| value == "1") {
        return fs::write(FILE, wanted).map_err(|error| format!("{FILE}: {error}"));
    }
    match fs::read_to_string(FILE) {
        Ok(there) if there == wanted => Ok(()),
        Ok(_) => Err(format!("{FILE} is not current: SR6_UPDATE=1 cargo test --test conformance")),
        Err(error) => Err(format!("{FILE}: {error}")),
    }
}
