//! What the article claims, held against what happened.

use std::net::{IpAddr, Ipv6Addr};

use super::compare::{self, Difference};
use super::ways::Encapsulation;
use super::{DemoError, MIDDLE, Outcome, PAYLOAD, SOURCE, Seen, TARGET};
use crate::dissect::{Checksum, Packet};
use crate::lab::Node;
use crate::sys::route;
use crate::wire::ipv6::Ipv6;
use crate::wire::proto::Proto;

/// How a claim fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As the article says.
    Ok,
    /// Not so; how instead.
    Fail(String),
}

/// A claim and its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What part of the experiment.
    pub subject: String,
    /// What should be.
    pub claim: String,
    /// Whether it is.
    pub verdict: Verdict,
}

impl Step {
    fn new(subject: impl Into<String>, claim: impl Into<String>, checked: Result<(), String>) -> Self {
        let verdict = checked.map_or_else(Verdict::Fail, |()| Verdict::Ok);
        Self { subject: subject.into(), claim: claim.into(), verdict }
    }
}

/// That only a segment list leads from one end to the other.
pub fn premise(n1: &Node, n3: &Node) -> Result<Step, DemoError> {
    let blind = |node: &Node, to: Ipv6Addr| -> Result<Option<String>, DemoError> {
        let found = node.run(|| route::route(to, None))?;
        Ok(found.is_ok().then(|| format!("{} has a route to {to}", node.name())))
    };
    let wrong = blind(n1, TARGET)?.or(blind(n3, SOURCE)?);
    Ok(Step::new("lab", "n1 and n3 have no route to each other", wrong.map_or(Ok(()), Err)))
}

/// What a packet must look like on a link.
struct Expected {
    destination: Ipv6Addr,
    hop_limit: u8,
    segments_left: u8,
}

/// That a packet looks as expected, and carries the payload under a good
/// checksum.
fn looks(seen: Option<&Seen>, expected: &Expected) -> Result<(), String> {
    let seen = seen.ok_or("it did not come")?;
    seen.ask(|packet| {
        let network = packet.first(Proto::Ipv6).ok_or("no IPv6 header")?;
        let header = Ipv6::new(packet.header(network)).map_err(|e| e.to_string())?;
        let (_, srh) = packet.outer_srhs().next().ok_or("no SRH")?;
        same("the source", header.source(), SOURCE)?;
        same("the destination", header.destination(), expected.destination)?;
        same("the hop limit", header.hop_limit(), expected.hop_limit)?;
        same("Segments Left", srh.segments_left(), expected.segments_left)?;
        same("Last Entry", srh.last_entry(), 1)?;
        let list: Vec<_> = srh.segments().collect();
        if list != [TARGET, MIDDLE] {
            return Err(format!("the segment list is {list:?}"));
        }
        payload(packet)
    })
}

fn same<T: PartialEq + std::fmt::Display>(what: &str, is: T, should: T) -> Result<(), String> {
    if is == should { Ok(()) } else { Err(format!("{what} is {is}, not {should}")) }
}

fn payload(packet: &Packet<'_>) -> Result<(), String> {
    let udp = packet.last(Proto::Udp).ok_or("no UDP header")?;
    match packet.checksum(udp) {
        Some(Checksum::Good(_)) => {}
        other => return Err(format!("the UDP checksum is not good: {other:?}")),
    }
    if packet.payload(udp) == PAYLOAD.as_bytes() { Ok(()) } else { Err("another payload".to_owned()) }
}

/// That a packet left n1 as the article says, was changed by the middle node as
/// the article says and in nothing else, and reached the server.
pub fn arrival(outcome: &Outcome) -> Vec<Step> {
    let subject = outcome.way.name();
    let near = Expected { destination: MIDDLE, hop_limit: 64, segments_left: 1 };
    let far = Expected { destination: TARGET, hop_limit: 63, segments_left: 0 };
    vec![
        Step::new(
            subject,
            format!("leaves n1 for {MIDDLE}, Segments Left 1, hop limit 64"),
            looks(outcome.near.as_ref(), &near),
        ),
        Step::new(
            subject,
            format!("reaches n3 for {TARGET}, Segments Left 0, hop limit 63"),
            looks(outcome.far.as_ref(), &far),
        ),
        Step::new(subject, "n2 changed nothing else", only_routing_changed(outcome)),
        Step::new(subject, "the server read payload and segments", server_read(outcome)),
    ]
}

/// The bytes of the IPv6 header and the SRH behind it that a node on the path
/// changes: hop limit, destination, Segments Left.
const CHANGED: [std::ops::Range<usize>; 3] = [7..8, 24..40, 43..44];

fn only_routing_changed(outcome: &Outcome) -> Result<(), String> {
    let (Some(near), Some(far)) = (&outcome.near, &outcome.far) else { return Err("it did not come".to_owned()) };
    let (near, far) = (compare::from_ipv6(near), compare::from_ipv6(far));
    same("the length", far.len(), near.len())?;
    let changed = (0..near.len()).filter(|at| near[*at] != far[*at]);
    match changed.clone().find(|at| !CHANGED.iter().any(|range| range.contains(at))) {
        Some(at) => Err(format!("byte {at} changed from {:02x} to {:02x}", near[at], far[at])),
        None if changed.count() == 0 => Err("nothing changed at all".to_owned()),
        None => Ok(()),
    }
}

fn server_read(outcome: &Outcome) -> Result<(), String> {
    let report = outcome.server.as_deref().ok_or("the server read nothing")?;
    let needed = [PAYLOAD.to_owned(), TARGET.to_string(), MIDDLE.to_string()];
    match needed.iter().find(|text| !report.contains(text.as_str())) {
        Some(missing) => Err(format!("the server's report lacks {missing:?}")),
        None => Ok(()),
    }
}

/// That the three ways make the same packet but for what each may choose.
pub fn same_bytes(differences: &[Difference]) -> Step {
    let unexplained = differences.iter().find(|difference| difference.reason.is_none());
    let checked = match unexplained {
        Some(difference) => Err(format!("they differ in {} for no good reason", difference.field)),
        None => Ok(()),
    };
    Step::new("comparison", "the three ways make the same packet, but for what each may choose", checked)
}

/// That the kernel encapsulates as our own notation does, and the ping works.
pub fn encapsulation(seen: &Encapsulation) -> Vec<Step> {
    let bytes = seen.request.as_ref().map(compare::from_ipv6);
    let equal = match &bytes {
        None => Err("no encapsulated echo request was seen".to_owned()),
        Some(bytes) if *bytes == seen.expected => Ok(()),
        Some(bytes) => {
            let at = bytes.iter().zip(&seen.expected).position(|(a, b)| a != b);
            Err(at.map_or_else(
                || format!("the kernel's has {} bytes, ours {}", bytes.len(), seen.expected.len()),
                |at| format!("byte {at} is {:02x} in the kernel's, {:02x} in ours", bytes[at], seen.expected[at]),
            ))
        }
    };
    let from_target = |packet: &Packet<'_>| {
        let inner = packet.layers().iter().rfind(|layer| layer.proto == Proto::Ipv6);
        inner.and_then(|layer| packet.addresses(layer)) == Some((IpAddr::V6(TARGET), IpAddr::V6(SOURCE)))
    };
    let replied = match &seen.reply {
        Some(reply) if reply.ask(from_target) => same("n1's count of echo replies", seen.replies, 1),
        Some(_) => Err("the echo reply is not from n3 to n1".to_owned()),
        None => Err("no echo reply came".to_owned()),
    };
    vec![
        Step::new("iproute2", "the packet of 'encap seg6 mode encap' equals ours, byte for byte", equal),
        Step::new("iproute2", "the ping through both segment lists is answered", replied),
    ]
}
