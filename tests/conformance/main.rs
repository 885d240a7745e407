//! Linux, as `srv6::endpoint` predicts it, against Linux: every behaviour this
//! kernel has, times packets good and bad, in a sandbox on the real kernel.
//! What comes out must be the prediction, byte for byte, or nothing where
//! nothing is predicted.
//!
//! A program of its own, not a test function: a user namespace can only be
//! made by a process without threads, and the test harness has some.
//!
//! `cargo test --test conformance -- WORD` runs the cells with WORD in their
//! name, and prints them.

mod deviations;
mod kernel;
mod matrix;
#[path = "../support/mod.rs"]
mod support;

use std::time::Instant;

use kernel::{Kernel, frame_header};
use sr6::lab::{LabError, sandbox};
use sr6::simulate::{End, Network, NodeId};
use sr6::srv6::endpoint::{Decision, Profile};
use sr6::sys::capability::Capability;
use sr6::topology::Topology;

/// A setting of the ingress interface under which the whole matrix is run.
struct Phase {
    name: &'static str,
    setting: &'static str,
    value: i32,
}

const PHASES: [Phase; 4] = [
    Phase { name: "HMAC if present", setting: "seg6_require_hmac", value: 0 },
    Phase { name: "HMAC required", setting: "seg6_require_hmac", value: 1 },
    Phase { name: "HMAC ignored", setting: "seg6_require_hmac", value: -1 },
    Phase { name: "seg6 disabled", setting: "seg6_enabled", value: 0 },
];

/// The network, with the settings of a phase.
fn topology(targets: &[matrix::Target], keys: bool, phase: &Phase) -> Topology {
    let mut text = include_str!("net.toml").to_string();
    let here = "[[node]]\nname = \"x\"\n";
    let mut more = here.to_string();
    if keys {
        more += &matrix::keys_toml();
    }
    text = text
        .replace(here, &more)
        .replace("sysctl = { ", &format!("sysctl = {{ \"net.ipv6.conf.xh.{}\" = {}, ", phase.setting, phase.value));
    targets.iter().for_each(|target| text += &target.toml);
    Topology::parse("conformance", &text).unwrap()
}

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    // The table needs no kernel.
    let all = matrix::targets();
    let network = Network::new(&topology(&all, true, &PHASES[0])).unwrap();
    if let Err(error) = deviations::check(&network, &all) {
        panic!("{error}");
    }
    // Keys are for the root of the machine, not of a user namespace.
    let keys = Capability::SysAdmin.held();
    if let Err(error) = sandbox::enter() {
        return support::skip(error);
    }
    let mut targets = all;
    if !keys {
        support::skip("cells with HMAC keys, which real root alone can set");
        targets.retain(|target| !target.needs_keys);
    }
    println!("not run, since this kernel has no VRF: {}", matrix::NOT_RUN.join(", "));
    run(&targets, keys, &arguments)
}

fn run(targets: &[matrix::Target], keys: bool, words: &[String]) {
    let started = Instant::now();
    let mut kernel = match Kernel::build(&topology(targets, keys, &PHASES[0])) {
        Ok(kernel) => kernel,
        Err(error @ (LabError::NoSeg6 | LabError::NoIp(_))) => return support::skip(error),
        Err(error) => panic!("{error}"),
    };
    let (mut cells, mut wrong) = (0, 0);
    for phase in &PHASES {
        let network = Network::new(&topology(targets, keys, phase)).unwrap();
        kernel.set("seg6_require_hmac", 0);
        kernel.set("seg6_enabled", 1);
        kernel.set(phase.setting, phase.value);
        let mut names = Vec::new();
        let mut packets = Vec::new();
        for target in targets {
            for packet in matrix::packets(target) {
                let name = format!("{}; {}; {}", phase.name, target.name, packet.name);
                if words.iter().all(|word| name.contains(word.as_str())) {
                    names.push((name, packet.notation.clone()));
                    packets.push(support::captures::build(&packet.notation));
                }
            }
        }
        if packets.is_empty() {
            continue;
        }
        let came = kernel.send(&packets);
        for (((name, notation), packet), came) in names.iter().zip(&packets).zip(&came) {
            cells += 1;
            let predicted = Prediction::new(&network, packet);
            if !words.is_empty() {
                println!("{name}: {}", predicted.text);
            }
            if let Err(difference) = predicted.compare(came) {
                wrong += 1;
                println!("{name}\n    {notation}\n    predicted: {}\n{difference}", predicted.text);
            }
        }
    }
    kernel.finish();
    println!("conformance: {cells} cells, {wrong} wrong, {:.1} s", started.elapsed().as_secs_f64());
    assert!(wrong == 0 && cells > 0);
}

/// What is to come out, by link.
struct Prediction {
    text: String,
    frames: [Vec<Vec<u8>>; 3],
    /// A packet for the node's own upper layer, and its protocol: that answers
    /// UDP to a closed port and echo requests.
    delivered: Option<(Vec<u8>, u8)>,
}

impl Prediction {
    fn new(network: &Network, packet: &[u8]) -> Self {
        let x: NodeId = network.find("x").unwrap();
        let interface = network.find_interface(x, "xh");
        let walk = network.walk_from(packet, &frame_header(packet), x, interface, Profile::Linux);
        let hop = &walk.hops[0];
        let mut frames: [Vec<Vec<u8>>; 3] = Default::default();
        for crossing in &hop.crossings {
            let mut frame = crossing.frame.clone();
            if crossing.end == End::NoNeighbour {
                // To somebody who is not there; see `kernel::STRANGER`.
                frame[..6].copy_from_slice(&kernel::STRANGER);
            }
            frames[crossing.link].push(frame);
        }
        let delivered = match &hop.decision {
            Decision::Deliver { packet, upper, .. } => Some((packet.clone(), *upper)),
            _ => None,
        };
        Self { text: sr6::simulate::text::outcome(network, hop), frames, delivered }
    }

    fn compare(&self, came: &[Vec<Vec<u8>>; 3]) -> Result<(), String> {
        if let Some((packet, upper)) = &self.delivered {
            return self.compare_answer(packet, *upper, came);
        }
        let mut out = String::new();
        for (link, name) in ["to h by xh", "by xb", "by xc"].iter().enumerate() {
            if self.frames[link] != came[link] {
                let list = |frames: &[Vec<u8>]| match frames {
                    [] => "nothing".into(),
                    frames => frames.iter().map(hex::encode).collect::<Vec<_>>().join("\n               "),
                };
                out += &format!(
                    "    {name}\n      wanted {}\n      came   {}\n",
                    list(&self.frames[link]),
                    list(&came[link])
                );
            }
        }
        if out.is_empty() { Ok(()) } else { Err(out) }
    }

    /// The upper layer is not predicted, but what it got shows in its answer:
    /// UDP's error quotes the packet.
    fn compare_answer(&self, packet: &[u8], upper: u8, came: &[Vec<Vec<u8>>; 3]) -> Result<(), String> {
        let wanted = match (upper, &came[0][..]) {
            (17, [answer]) => answer.get(54..56) == Some(&[1, 4]) && answer.get(62..) == Some(packet),
            (58, [answer]) => answer.get(54) == Some(&129),
            _ => false,
        };
        if wanted && came[1].is_empty() && came[2].is_empty() {
            return Ok(());
        }
        Err(format!("    came {came:02x?}\n"))
    }
}
