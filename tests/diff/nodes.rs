//! The rules for what nodes may do, held against what nodes do: every packet
//! of the conformance matrix through every behaviour, by the RFCs and as Linux
//! does it.

#[path = "../conformance/matrix.rs"]
#[allow(dead_code)]
mod matrix;

use sr6::simulate::{Network, NodeId};
use sr6::srv6::endpoint::{self, Decision, Input, Profile};
use sr6::topology::Topology;
use sr6::wire::link_type::LinkType;

use crate::semantic::verdicts;
use crate::support::captures::build;
use crate::support::{KEYS, NODE};

/// What the node of the matrix has besides [`NODE`].
const ROUTE: &str = "[[route]]\nnode = \"x\"\nto = \"10.9.0.0/16\"\nvia = \"10.0.2.1\"\n";

/// The blocks that the matrix's C-SIDs are of.
const LOCATORS: [&str; 3] = ["fcbb:bb00::/32:16", "fcbb:bb00:1c00::/40:24", "fcbb:bb00:1d00::/48:16"];

/// What a forwarded frame starts with: where only a frame leaves, as from
/// DX2, it stands at its start.
fn link(packet: &[u8]) -> LinkType {
    match packet.first().map(|first| first >> 4) {
        Some(4 | 6) => LinkType::RAW,
        _ => LinkType::ETHERNET,
    }
}

/// What is not as the RFCs have it, and so has to be flagged.
fn is_rightly_flagged(profile: Profile, target: &str, packet: &str, flagged: &[&str]) -> bool {
    match (profile, flagged) {
        // Linux forgets to decrement what it encapsulates (docs/linux-deviations.md).
        (Profile::Linux, ["hop_limit.kept"]) => target.starts_with("End.B6.Encaps"),
        // It takes a Routing header that is not the first for one that is.
        (Profile::Linux, ["header.removed", ..]) => {
            target == "plain address" && ["two SRHs, the first spent", "destination options before"].contains(&packet)
        }
        // The matrix's checksum is over the carrier; it has to be over the SID
        // that arrives (RFC 9800 §6.5).
        (_, ["checksum.wrong"]) => {
            target.contains("NEXT-C-SID") && packet.contains("SL 0") || packet.contains("no SRH")
        }
        _ => false,
    }
}

#[test]
fn what_nodes_do_is_accepted() {
    let (mut forwarded, mut rightly) = (0, 0);
    let mut wrong = Vec::new();
    for target in matrix::targets() {
        let text = NODE.replace(KEYS, &matrix::keys_toml()) + ROUTE + &target.toml;
        let network = Network::new(&Topology::parse("matrix", &text).unwrap()).unwrap();
        for packet in matrix::packets(&target) {
            let bytes = build(&packet.notation);
            for profile in [Profile::Rfc, Profile::Linux] {
                let header = [2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 0x86, 0xdd];
                let interface = network.find_interface(NodeId(1), "xa");
                let input = Input { packet: &bytes, frame_header: &header, interface, cache: None };
                let outcome = endpoint::process(input, network.node(NodeId(1)), profile, &mut ());
                let Decision::Forward(forward) = outcome.decision else { continue };
                forwarded += 1;
                let mut before = bytes.clone();
                let mut after = forward.packet;
                if link(&after) == LinkType::ETHERNET {
                    // A frame that was carried is one now.
                    before = [&header[..], &bytes].concat();
                } else if target.name.contains("L2") {
                    // The frame that is carried now was one before.
                    before = [&header[..], &bytes].concat();
                    after = [&header[..], &after].concat();
                }
                let link = if before.len() > bytes.len() { LinkType::ETHERNET } else { LinkType::RAW };
                let all = verdicts(&LOCATORS, None, &before, &after, link);
                let flagged: Vec<_> = all.iter().filter(|v| !v.is_accepted()).map(|v| v.id()).collect();
                if is_rightly_flagged(profile, target.name, packet.name, &flagged) {
                    rightly += 1;
                    continue;
                }
                if !flagged.is_empty() {
                    wrong.push(format!(
                        "{profile:?} {} / {}: {}\n  {}",
                        target.name,
                        packet.name,
                        flagged.join(" "),
                        packet.notation
                    ));
                }
            }
        }
    }
    assert!(forwarded > 1000 && rightly > 0, "{forwarded}, {rightly}");
    assert!(wrong.is_empty(), "{} of {forwarded}:\n{}", wrong.len(), wrong.join("\n"));
}
