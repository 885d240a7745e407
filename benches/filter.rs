//! How many packets a second one core filters. `cargo bench --bench filter`
//!
//! Prints millions of packets a second for each filter: over packets already
//! dissected, and together with the dissection, which is completed for packets
//! that match.

use std::hint::black_box;
use std::time::{Duration, Instant};

use sr6::capture::Frame;
use sr6::dissect::{Dissection, Packet};
use sr6::filter::Filter;
use sr6::wire::link_type::LinkType;

/// How long each measurement takes at least.
const TIME: Duration = Duration::from_millis(400);

const FILTERS: &[&str] = &[
    "udp",
    "udp.dstport == 53",
    "inner.udp.dstport == 53",
    "udp.port in {53, 443, 5000..6000}",
    "srh.segment in 2001:db8:5::/48",
    "srh.final == 2001:db9::7",
    "ipv6.addr == 2001:db8::1 && srh.segleft > 1",
    "udp.checksum.status == Bad",
    "frame.number == 77",
    "udp.payload contains \"needle\"",
    "frame matches r\"needle\\d+\"",
    "diag.severity >= warn",
    "ipv6.routing.len_oct > 100",
    "frame.protocols contains \"tcp\"",
];

/// Packets of some 440 bytes with 2 to 6 segments, and UDP in an inner packet;
/// one in a hundred goes to port 53.
fn frames() -> Vec<Vec<u8>> {
    let eth = "eth(src=02:00:00:00:00:01, dst=02:00:00:00:00:02)";
    (0..1000)
        .map(|n| {
            let mut path: Vec<String> = (0..1 + n % 5).map(|hop| format!("2001:db8:{hop}:{:x}::1", n % 64)).collect();
            path.push(format!("2001:db9::{:x}", n % 16));
            let port = if n % 100 == 0 { 53 } else { 1024 + n };
            let size = 330 - 16 * path.len();
            let data = "2e".repeat(size);
            let text = format!(
                "{eth}/ip6(src=2001:db8::1)/srh(path=[{}])/ip6(src=fc00::{n:x}, dst=fc00::1)/udp(sport=4000, dport={port})/hex({data})",
                path.join(", ")
            );
            let stack = sr6::notation::parse(&text).expect("notation");
            sr6::craft::build(&stack).expect("a packet")
        })
        .collect()
}

/// Millions of packets a second that `round`, which takes `count`, manages.
fn rate(count: usize, mut round: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut rounds = 0;
    while start.elapsed() < TIME {
        round();
        rounds += 1;
    }
    (rounds * count) as f64 / start.elapsed().as_secs_f64() / 1e6
}

fn main() {
    let bytes = frames();
    let frames: Vec<Frame<'_>> = bytes.iter().map(|bytes| Frame::new(LinkType::ETHERNET, bytes)).collect();
    let dissections: Vec<Dissection> = frames.iter().map(Dissection::of).collect();
    let packets: Vec<Packet<'_>> =
        frames.iter().zip(&dissections).map(|(frame, dissection)| Packet::new(frame, dissection)).collect();
    let mut dissection = Dissection::new();
    let alone = rate(frames.len(), || {
        for frame in &frames {
            dissection.refill(black_box(frame));
        }
    });
    let layers = rate(frames.len(), || {
        for frame in &frames {
            dissection.refill_layers(black_box(frame));
        }
    });
    println!("dissection alone: {alone:.2} Mpkt/s, of which the layers: {layers:.2} Mpkt/s");
    println!("{:>10} {:>10} {:>8}  filter", "filter", "dissect+", "matches");
    for text in FILTERS {
        let filter = Filter::parse(text).expect("a filter");
        let matching = packets.iter().filter(|packet| filter.matches(packet)).count();
        let only = rate(packets.len(), || {
            for packet in &packets {
                black_box(filter.matches(black_box(packet)));
            }
        });
        let both = rate(frames.len(), || {
            for frame in &frames {
                dissection.refill_layers(frame);
                if filter.asks_findings() || filter.matches(&Packet::new(frame, &dissection)) {
                    dissection.complete(frame);
                    black_box(filter.matches(&Packet::new(frame, &dissection)));
                }
            }
        });
        println!("{only:>10.2} {both:>10.2} {matching:>8}  {text}");
    }
}
