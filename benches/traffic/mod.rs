//! Captures to measure with: SRv6 as a backbone carries it.

use std::path::Path;

use sr6::capture::write::{Options, Precision};
use sr6::capture::{Frame, Timestamp, WriteError, Writer};
use sr6::wire::checksum::Sum;
use sr6::wire::link_type::LinkType;

/// The port that one packet in a hundred is for.
pub const RARE_PORT: u16 = 48_879;

/// A small generator of numbers (xorshift64), the same on every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// How packets resemble each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// As on a real link: packets belong to flows, which keep their addresses,
    /// ports, flow label (RFC 6437 §3) and path, and a tenth of the flows has
    /// nine tenths of the packets. The paths are those of some hundred policies.
    Flows,
    /// Every packet has addresses, ports, a flow label and a path of its own: the
    /// worst there can be for who remembers.
    #[allow(dead_code, reason = "not every bench measures it")]
    Scattered,
}

/// How many flows there are.
const FLOWS: usize = 20_000;

/// How many policies each ingress node has.
const POLICIES: u64 = 32;

/// Writes a pcap file of `count` packets of about 440 bytes: Ethernet, IPv6, an
/// SRH with 2 to 6 segments, and UDP directly or in an inner IPv6 packet, with
/// good checksums and the few distinct addresses of a real network.
pub fn write(path: &Path, count: u64, mix: Mix) -> Result<u64, WriteError> {
    let options = Options { precision: Precision::Micros, link: Some(LinkType::ETHERNET), ..Options::default() };
    let mut writer = Writer::create(path, &options)?;
    let mut numbers = Numbers(0x5eed_5eed_5eed_5eed);
    let flows = if mix == Mix::Flows { flows(&mut numbers) } else { Vec::new() };
    let mut bytes = Vec::new();
    for number in 0..count {
        bytes.clear();
        let own;
        let flow = match mix {
            Mix::Flows => &flows[few(&mut numbers, FLOWS as u64) as usize],
            Mix::Scattered => {
                let policy = Policy::new(&mut numbers);
                own = Flow::new(&mut numbers, policy);
                &own
            }
        };
        packet(&mut bytes, &mut numbers, flow);
        let time = Timestamp::new(1_700_000_000, 0).0 + i128::from(number) * 7_000;
        let frame = Frame { time: Some(Timestamp(time)), ..Frame::new(LinkType::ETHERNET, &bytes) };
        writer.write(&frame)?;
    }
    writer.finish()
}

/// A number below `limit`, small ones much more often: a tenth of them comes
/// nine times out of ten.
fn few(numbers: &mut Numbers, limit: u64) -> u64 {
    (0..5).fold(limit, |limit, _| numbers.below(limit) + 1) - 1
}

fn flows(numbers: &mut Numbers) -> Vec<Flow> {
    let policies: Vec<Policy> = (0..8 * POLICIES).map(|_| Policy::new(numbers)).collect();
    let any = |numbers: &mut Numbers| policies[numbers.below(policies.len() as u64) as usize].clone();
    (0..FLOWS)
        .map(|_| {
            let policy = any(numbers);
            Flow::new(numbers, policy)
        })
        .collect()
}

/// A path through the network, as one link sees it.
#[derive(Clone)]
struct Policy {
    ingress: [u8; 16],
    list: Vec<[u8; 16]>,
    left: usize,
}

impl Policy {
    fn new(numbers: &mut Numbers) -> Self {
        let segments = 2 + numbers.below(5) as usize;
        let left = numbers.below(segments as u64) as usize;
        let ingress = host(numbers.below(8), 1);
        let list = (0..segments).map(|_| sid(numbers.below(32), 0xe000 + numbers.below(4) as u16)).collect();
        Self { ingress, list, left }
    }
}

/// What the packets of a flow have in common.
struct Flow {
    policy: Policy,
    /// Whether it is an inner IPv6 packet that takes the path.
    inner: bool,
    label: u64,
    client: [u8; 16],
    server: [u8; 16],
    ports: [u16; 2],
}

impl Flow {
    fn new(numbers: &mut Numbers, policy: Policy) -> Self {
        Self {
            policy,
            inner: numbers.below(2) == 0,
            label: numbers.below(1 << 20),
            client: host(8 + numbers.below(8), numbers.below(200)),
            server: host(16 + numbers.below(8), numbers.below(50)),
            ports: [50_000 + numbers.below(1000) as u16, 49_200 + numbers.below(500) as u16],
        }
    }
}

/// A node's address or SID in the locator fcbb:0:NODE::/48.
fn sid(node: u64, function: u16) -> [u8; 16] {
    let mut octets = [0xfc, 0xbb, 0, 0, 0, node as u8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    octets[6..8].copy_from_slice(&function.to_be_bytes());
    octets
}

fn host(net: u64, host: u64) -> [u8; 16] {
    let mut octets = [0x20, 1, 0xd, 0xb8, 0, net as u8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    octets[14..].copy_from_slice(&(host as u16).to_be_bytes());
    octets
}

fn ipv6(bytes: &mut Vec<u8>, label: u64, payload: usize, next: u8, source: [u8; 16], destination: [u8; 16]) {
    bytes.extend((0x6000_0000u32 | label as u32 & 0xf_ffff).to_be_bytes());
    bytes.extend((payload as u16).to_be_bytes());
    bytes.extend([next, 60]);
    bytes.extend(source);
    bytes.extend(destination);
}

fn packet(bytes: &mut Vec<u8>, numbers: &mut Numbers, flow: &Flow) {
    let Flow { policy: Policy { ingress, list, left }, inner, label, client, server, ports } = flow;
    let segments = list.len();
    let payload = 240 + numbers.below(90) as usize;
    let port = if numbers.below(100) == 0 { RARE_PORT } else { ports[1] };
    let udp_len = 8 + payload;
    let behind_srh = udp_len + if *inner { 40 } else { 0 };
    bytes.extend([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd]);
    ipv6(bytes, *label, 8 + 16 * segments + behind_srh, 43, *ingress, list[*left]);
    bytes.extend([if *inner { 41 } else { 17 }, 2 * segments as u8, 4, *left as u8, segments as u8 - 1, 0, 0, 0]);
    list.iter().for_each(|segment| bytes.extend(segment));
    if *inner {
        ipv6(bytes, *label, udp_len, 17, *client, *server);
    }
    let udp_at = bytes.len();
    bytes.extend(ports[0].to_be_bytes());
    bytes.extend(port.to_be_bytes());
    bytes.extend((udp_len as u16).to_be_bytes());
    bytes.extend([0, 0]);
    let mut word = numbers.below(u64::MAX);
    for _ in 0..payload {
        bytes.push((word >> 56) as u8);
        word = word.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
    }
    let (source, destination) = if *inner { (client, server) } else { (ingress, &list[0]) };
    let sum = Sum::default().pseudo_header(source, destination, udp_len as u32, 17).bytes(&bytes[udp_at..]);
    bytes[udp_at + 6..udp_at + 8].copy_from_slice(&sum.udp_checksum().to_be_bytes());
}
