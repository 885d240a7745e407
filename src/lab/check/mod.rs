//! A network on paper and on the kernel, side by side: packets are walked
//! through the simulation and sent through a lab of the same topology, every
//! link is captured, and the bytes are compared hop by hop.
//!
//! - [`Checker`]: the lab with its captures; sends a packet and judges it.
//! - [`judge`]: from frames seen to verdicts, without any I/O.
//! - [`defaults`]: packets for a topology whose user names none.
//! - [`report`]: the verdicts for people and for programs.
//!
//! So that both sides have the same premises, the lab gets what the simulation
//! takes for granted: known Ethernet addresses, neighbours that are known from
//! the start, no limit on ICMPv6 errors, no flow labels of its own, no filter on
//! source addresses.

mod compare;
pub mod defaults;
mod judge;
pub mod report;
mod send;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

pub use compare::Difference;
pub use judge::{Compared, Crossed, Judged, Report, Verdict, judge};

use crate::simulate::{Arrival, End, Network, NetworkError, NodeId};
use crate::srv6::endpoint::{Interface, Profile};
use crate::topology::Topology;
use crate::transmit::{Engine, Packet, PacketEngine, SendError};

use super::tap::{Seen, Tap, TapError};
use super::{Lab, LabError, Trace};

/// Why nothing can be checked.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // every field is explained by the sentence it is in
pub enum CheckError {
    /// The lab.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// The simulation.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The captures.
    #[error(transparent)]
    Tap(#[from] TapError),
    /// An engine.
    #[error(transparent)]
    Send(#[from] SendError),
    /// A socket of our own.
    #[error("cannot send from {node}: {source}")]
    Socket { node: String, source: std::io::Error },
    /// A capture that no longer keeps up.
    #[error("the capture on {interface} of {node} did not see its marker: frames may have been lost")]
    Stalled { node: String, interface: String },
    /// A packet that cannot come from a node as if the node had made it.
    #[error("{node} cannot make a packet that is neither IPv6 nor IPv4")]
    NotIp { node: String },
}

/// How long a predicted frame is waited for. On links without delay it comes
/// at once, or never.
const PATIENCE: Duration = Duration::from_millis(1500);
/// Markers are sent so often at most, whatever still moves.
const MOST_ROUNDS: usize = 64;
/// How long what nobody predicted has time to come, before markers are sent.
const GRACE: Duration = Duration::from_millis(15);
/// How long the kernel asks for a neighbour before it gives up: three times, a
/// second each.
const NEIGHBOUR: Duration = Duration::from_millis(3300);
/// The Ethertype of the frames that tell how far the captures are (IEEE 802
/// local experimental 1).
const MARKER: [u8; 2] = [0x88, 0xb5];

/// A lab of a topology, captured on every link, beside its simulation.
pub struct Checker {
    network: Network,
    profile: Profile,
    lab: Lab,
    ends: Vec<LinkTap>,
    markers: u32,
}

/// One end of a link: what arrives there, and a way to send from there.
struct LinkTap {
    link: usize,
    /// Which end: 0 or 1. What arrives left from the other.
    end: usize,
    tap: Tap,
    engine: PacketEngine,
    /// What had arrived before the packet under judgement.
    mark: usize,
}

/// What became of a packet.
#[derive(Debug)]
pub struct Checked {
    /// The verdicts.
    pub report: Report,
    /// What the node's kernel said when it was to send the packet, if it did not.
    pub refused: Option<String>,
}

impl Checker {
    /// Builds the lab, inside a [`sandbox`](super::sandbox), and starts the
    /// captures. Nodes are predicted by `profile`.
    ///
    /// # Errors
    /// Where the lab cannot be built or listened to, or the topology cannot be
    /// simulated.
    pub fn start(topology: &Topology, profile: Profile, trace: Trace<'_>) -> Result<Self, CheckError> {
        let topology = prepared(topology);
        let network = Network::new(&topology)?;
        let lab = Lab::build(&topology, trace)?;
        for id in network.ids() {
            introduce(&network, &lab, id)?;
        }
        let mut ends = Vec::new();
        for (link, resolved) in network.links().iter().enumerate() {
            for (end, near) in resolved.ends.iter().enumerate() {
                let node = lab.node(network.name(near.node))?;
                let interface = network.interface_name(near.node, near.interface);
                let tap = Tap::start(node, interface, true)?;
                let engine = node.run(|| PacketEngine::open(interface))??;
                ends.push(LinkTap { link, end, tap, engine, mark: 0 });
            }
        }
        Ok(Self { network, profile, lab, ends, markers: 0 })
    }

    /// The simulated network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Sends a packet that `node` makes (`interface` is `None`), or that arrives
    /// there by an interface, and judges what became of it.
    ///
    /// # Errors
    /// Where the packet cannot be sent at all, or a capture fails. That it does
    /// not go the predicted way is none.
    pub fn check(
        &mut self,
        packet: &[u8],
        frame_header: &[u8],
        node: NodeId,
        interface: Option<Interface>,
    ) -> Result<Checked, CheckError> {
        let frame_header = match interface.and_then(|interface| self.network.link(node, interface)) {
            Some((_, near, far)) if frame_header.len() < 14 => {
                let ethertype: [u8; 2] =
                    if packet.first().is_some_and(|byte| byte >> 4 == 4) { [8, 0] } else { [0x86, 0xdd] };
                [&near.mac[..], &far.mac[..], &ethertype[..]].concat()
            }
            Some(_) => frame_header.to_vec(),
            None => Vec::new(),
        };
        let walk = self.network.walk_from(packet, &frame_header, node, interface, self.profile);
        for end in &mut self.ends {
            end.mark = end.tap.mark();
        }
        let refused = match interface {
            Some(interface) => self.inject(node, interface, &[&frame_header[..], packet].concat())?,
            None => send::made_here(&self.network, &self.lab, node, packet)?,
        };
        let crossings = || walk.hops.iter().flat_map(|hop| &hop.crossings);
        let predicted: Vec<_> = crossings().filter(|crossing| crossing.end != End::NoNeighbour).collect();
        let deadline = Instant::now() + PATIENCE;
        for end in self.ends.iter().filter(|_| refused.is_none()) {
            let here = |seen: &[Seen]| {
                let mut wanted = predicted.iter().filter(|p| (p.link, p.from) == (end.link, 1 - end.end));
                wanted.all(|p| seen.iter().any(|seen| seen.data == p.frame))
            };
            end.tap.wait_until(end.mark, deadline, here);
        }
        let forsaken = crossings().any(|crossing| crossing.end == End::NoNeighbour);
        std::thread::sleep(if forsaken { NEIGHBOUR } else { GRACE });
        self.settle()?;
        let mut seen = self.seen(|frame| predicted.iter().any(|predicted| predicted.frame == frame));
        if let Some((link, near, _)) = interface.and_then(|interface| self.network.link(node, interface)) {
            // The frame that was injected is no answer to itself.
            let from = 1 - usize::from(self.network.links()[link].ends[1] == *near);
            let injected =
                |crossed: &Crossed| (crossed.link, crossed.from) == (link, from) && crossed.frame[14..] == *packet;
            if let Some(at) = seen.iter().position(injected) {
                seen.remove(at);
            }
        }
        let first = Arrival { cause: None, node, interface, frame_header, packet: packet.into() };
        Ok(Checked { report: judge(&self.network, self.profile, first, &seen), refused })
    }

    /// Sends a frame from the far end of a node's link.
    fn inject(&mut self, node: NodeId, interface: Interface, frame: &[u8]) -> Result<Option<String>, CheckError> {
        let Some((link, near, _)) = self.network.link(node, interface) else { return Ok(None) };
        let far = 1 - usize::from(self.network.links()[link].ends[1] == *near);
        let end = self.ends.iter_mut().find(|end| (end.link, end.end) == (link, far));
        match end.map(|end| end.engine.send(Packet::Frame(frame))) {
            Some(Err(refused)) => Ok(Some(refused.to_string())),
            _ => Ok(None),
        }
    }

    /// Waits until nothing moves any more: a marker on each link comes after what
    /// was there before it, but that may have gone on to another link meanwhile.
    fn settle(&mut self) -> Result<(), CheckError> {
        let mut before = None;
        for _ in 0..MOST_ROUNDS {
            self.drain()?;
            let frames = |end: &LinkTap| end.tap.since(end.mark).iter().filter(|seen| !is_marker(&seen.data)).count();
            let now = Some(self.ends.iter().map(frames).sum::<usize>());
            if now == before {
                break;
            }
            before = now;
        }
        Ok(())
    }

    /// Sends a marker over every link, both ways, and waits until all captures
    /// have seen theirs, and with it everything that crossed before.
    fn drain(&mut self) -> Result<(), CheckError> {
        self.markers += 1;
        let number = self.markers.to_be_bytes();
        for end in &mut self.ends {
            let ends = &self.network.links()[end.link].ends;
            let (near, far) = (&ends[end.end], &ends[1 - end.end]);
            let mut frame = [&far.mac[..], &near.mac[..], &MARKER[..], &number[..]].concat();
            frame.resize(60, 0);
            end.engine.send(Packet::Frame(&frame))?;
        }
        let deadline = Instant::now() + Duration::from_secs(5);
        for end in &self.ends {
            let marked = |seen: &[Seen]| seen.iter().any(|seen| is_marker(&seen.data) && seen.data[14..18] == number);
            if !end.tap.wait_until(end.mark, deadline, marked) {
                let near = &self.network.links()[end.link].ends[end.end];
                return Err(CheckError::Stalled {
                    node: self.network.name(near.node).into(),
                    interface: self.network.interface_name(near.node, near.interface).into(),
                });
            }
        }
        Ok(())
    }

    /// What crossed the links since the last mark, in order of time, without
    /// what hosts say of themselves (unless it is `wanted`).
    fn seen(&self, wanted: impl Fn(&[u8]) -> bool) -> Vec<Crossed> {
        let mut all = Vec::new();
        for end in &self.ends {
            let seen = once(end.tap.since(end.mark)).into_iter();
            let seen = seen.filter(|seen| !is_marker(&seen.data) && (wanted(&seen.data) || !is_chatter(&seen.data)));
            all.extend(seen.map(|seen| (seen.time, Crossed { link: end.link, from: 1 - end.end, frame: seen.data })));
        }
        all.sort_by_key(|(time, _)| *time);
        all.into_iter().map(|(_, crossed)| crossed).collect()
    }

    /// Ends the captures: everything that was seen on each link, in order.
    ///
    /// # Errors
    /// Where a capture broke off.
    pub fn finish(self) -> Result<Vec<Vec<Seen>>, CheckError> {
        let mut links: BTreeMap<usize, Vec<Seen>> = BTreeMap::new();
        for end in self.ends {
            let seen = once(end.tap.finish()?);
            links.entry(end.link).or_default().extend(seen.into_iter().filter(|seen| !is_marker(&seen.data)));
        }
        Ok(links
            .into_values()
            .map(|mut seen| {
                seen.sort_by_key(|seen| seen.time);
                seen
            })
            .collect())
    }
}

/// Each frame once: a packet that Linux takes out of its tunnel at a plain
/// address goes through the interface once more, so that a capture shows its
/// frame twice, at one and the same time.
fn once(mut seen: Vec<Seen>) -> Vec<Seen> {
    seen.dedup();
    seen
}

/// The topology with what the simulation takes for granted, unless the user
/// says otherwise.
fn prepared(topology: &Topology) -> Topology {
    let mut topology = topology.clone();
    topology.fill_macs();
    for node in &mut topology.nodes {
        for (key, value) in [
            ("net.ipv6.icmp.ratelimit", "0"),
            ("net.ipv6.auto_flowlabels", "0"),
            ("net.ipv4.icmp_ratelimit", "0"),
            ("net.ipv4.conf.all.rp_filter", "0"),
            ("net.ipv4.conf.default.rp_filter", "0"),
        ] {
            if node.sysctls.iter().all(|(known, _)| known != key) {
                node.sysctls.push((key.into(), value.into()));
            }
        }
    }
    topology
}

/// Tells a node its neighbours, so that none is asked for while packets wait.
fn introduce(network: &Network, lab: &Lab, id: NodeId) -> Result<(), CheckError> {
    let mut commands = String::new();
    for link in network.links() {
        for (near, far) in [(&link.ends[0], &link.ends[1]), (&link.ends[1], &link.ends[0])] {
            let there = network.node(far.node).addresses.iter().filter(|own| own.interface == Some(far.interface));
            for own in there.filter(|_| near.node == id) {
                let mac = far.mac.map(|byte| format!("{byte:02x}")).join(":");
                let dev = network.interface_name(id, near.interface);
                commands += &format!("neigh replace {} lladdr {mac} dev {dev} nud permanent\n", own.address);
            }
        }
    }
    let node = lab.node(network.name(id))?;
    let mut ip = node.command("ip");
    ip.args(["-batch", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = ip.spawn().map_err(LabError::no_ip)?;
    // A child that does not read has failed, and its status will say so.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(commands.as_bytes()));
    let output = child.wait_with_output().map_err(LabError::no_ip)?;
    if output.status.success() {
        return Ok(());
    }
    Err(CheckError::Lab(LabError::Command {
        place: format!("node {}", network.name(id)),
        command: "ip neigh replace".into(),
        said: String::from_utf8_lossy(&output.stderr).trim().escape_debug().to_string(),
    }))
}

fn is_marker(frame: &[u8]) -> bool {
    frame.len() >= 18 && frame[12..14] == MARKER
}

/// What hosts say of themselves: ARP, neighbour discovery with redirects, group
/// membership, and ICMPv4 redirects.
fn is_chatter(frame: &[u8]) -> bool {
    match frame.get(12..14) {
        Some([0x86, 0xdd]) => {
            let kind = match frame.get(20) {
                Some(58) => frame.get(54),
                // Listener reports have a router alert in front.
                Some(0) if frame.get(54) == Some(&58) => frame.get(62),
                _ => None,
            };
            let source = frame.get(22..38).unwrap_or_default();
            let link_local = source.first() == Some(&0xfe) && source.get(1).is_some_and(|byte| byte & 0xc0 == 0x80);
            let unspecified = source.iter().all(|byte| *byte == 0);
            match kind {
                Some(133..=137) => true,
                Some(130..=132 | 143) => link_local || unspecified,
                _ => false,
            }
        }
        Some([8, 6]) => true,
        Some([8, 0]) => frame.get(23) == Some(&1) && frame.get(34) == Some(&5),
        _ => false,
    }
}
