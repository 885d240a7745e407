//! Display filters against tshark's: the same packets match the same filter.
//!
//! Every frame has an Ethernet source of its own. One run of tshark counts
//! Ethernet endpoints under each of hundreds of filters (`-z
//! endpoints,eth,FILTER`), and the addresses it lists are the frames that
//! matched.

mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sr6::capture::{Frame, Timestamp};
use sr6::dissect::{Dissection, Item, Packet, Visitor};
use sr6::filter::Filter;
use sr6::wire::field::{Field, Origin, Value};
use sr6::wire::link_type::LinkType;
use support::captures::build;
use support::scratch::Scratch;
use support::witness::{run, tshark};

/// The last byte of every frame's Ethernet destination; sources are below.
const DESTINATION: u8 = 0xf0;

/// Frames, without their Ethernet headers.
const PACKETS: &[&str] = &[
    r#"ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/udp(sport=40001, dport=3000)/"Hello, World""#,
    r#"ip6(src=2001:db8::1, dst=2001:db8::2)/ip4(src=10.0.0.1, dst=10.0.0.2)/tcp(sport=80, dport=1024, flags=SA)"#,
    r#"ip4(src=10.0.0.1, dst=10.0.0.2)/udp(sport=3000, dport=3000)/hex(0001)"#,
    r#"ip6(src=2001:db8::1, dst=2001:db8::2)/icmp6(type=echo, id=1, seq=2)/"abc""#,
    r#"ip6(src=2001:db8::1, dst=2001:db8::2, hlim=3)/ip6(src=fc00::1, dst=fc00::2)/udp(sport=9999, dport=4000)/"zz""#,
    r#"ip6(src=2001:db8::1)/srh(path=[fc00:a::1, fc00:b::1, fc00:c::1], reduced, tag=0x1234)/ip6(src=fc00::9, dst=fc00::8)/srh(path=[fc00:d::1, fc00:e::1])/udp(sport=7777, dport=3000)/"two""#,
    r#"ip6(src=2001:db8::1, dst=2001:db8::2, flow=0x12345, tc=0xb8)/udp(sport=1, dport=2, cksum=bad)/"bad""#,
    r#"ip6(src=2001:db8::1, dst=2001:db8::2)/udp(sport=1, dport=2, cksum=0)/"zero""#,
    r#"ip4(src=192.168.1.1, dst=10.0.0.2, ttl=1, df, id=0x1234)/udp(sport=3000, dport=9999, cksum=0)/"none""#,
    r#"vlan(id=7, pcp=3)/ip6(src=fe80::1, dst=ff02::1, hlim=255)/udp(sport=40002, dport=40003)/"vlan""#,
    r#"vlan(id=100)/vlan(id=7, dei)/ip4(src=10.1.2.3, dst=10.4.5.6)/icmp4(type=echo, id=5, seq=6)/"ping""#,
    r#"ip6(src=2001:db8::1, dst=2001:db8::2)/tcp(sport=2001, dport=2002, seq=100, ack=200, flags=PA, win=500)/"data bytes""#,
    r#"ip6(src=2001:db8::1, dst=2001:db8::2)/frag(id=0x1234, off=0, more)/udp(sport=6000, dport=6001)/"fragment of a datagram...""#,
    r#"ip6(src=2001:db8::1, dst=2001:db8::2)/hbh/dst/udp(sport=6002, dport=6003)/"options""#,
    r#"ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1], tlvs=[padn(8)], tag=7)/udp(sport=51130, dport=3001)/"tlv""#,
    r#"ip6(src=2001:db8::3, dst=2001:db8::1)/icmp6(type=3)/ip6(src=2001:db8::1, dst=2001:db8::2, hlim=1)/srh(path=[2001:db8::2, 2001:db9::1])/udp(sport=51131, dport=3002)/"quoted""#,
    r#"ip6(src=2001:db8::1, dst=2001:db8::2)/eth(src=02:00:00:00:11:01, dst=02:00:00:00:11:02)/ip4(src=10.9.9.9, dst=10.8.8.8)/udp(sport=3003, dport=3004)/"layer 2""#,
];

/// Filters that ask for what generated ones do not.
const FILTERS: &[&str] = &[
    // Existence and joining.
    "udp && ip",
    "udp and not ipv6",
    "tcp || icmpv6",
    "not ip",
    "! ip.addr == 10.0.0.2",
    "!!udp",
    "udp or tcp and ip",
    "tcp and ip or udp",
    "(udp or tcp) and ip",
    "ipv6.routing",
    "eth && vlan",
    "icmp",
    "vlan.id == 7 and ip",
    "!(udp or tcp)",
    // Several occurrences.
    "ipv6.src == 2001:db8::1",
    "ipv6.src != 2001:db8::1",
    "ipv6.src === 2001:db8::1",
    "ipv6.src !== 2001:db8::1",
    "ipv6.src ~= 2001:db8::1",
    "any ipv6.src != 2001:db8::1",
    "all ipv6.src == 2001:db8::1",
    "all ip.addr != 10.0.0.1",
    "any ip.addr == 10.0.0.1",
    "all udp.port > 1000",
    "any udp.port > 9000",
    "udp.port any_eq 3000",
    "udp.port all_ne 3000",
    "all udp.port in {3000}",
    "any udp.port in {3000, 3001}",
    "all vlan.id >= 7",
    "ipv6.hlim != 64",
    "all ipv6.hlim < 64",
    // Field against field.
    "udp.srcport == udp.dstport",
    "udp.port == udp.srcport",
    "udp.port != udp.srcport",
    "udp.port === udp.srcport",
    "udp.port !== udp.srcport",
    "udp.srcport < udp.dstport",
    "ipv6.src == ipv6.dst",
    "ipv6.hlim == ipv6.nxt",
    "ipv6.dst == ipv6.routing.srh.addr",
    "ipv6.hlim < ipv6.routing.segleft",
    "udp.port == tcp.flags.syn",
    "ip.ttl == ipv6.hlim",
    "udp.srcport == udp.dstport == 3000",
    "udp.srcport < udp.dstport < 4001",
    // Addresses and prefixes.
    "ipv6.src == 2001:db8::/32",
    "ipv6.addr == fc00::/8",
    "ipv6.addr != fc00::/8",
    "ip.src == 10.0.0.0/8",
    "ip.src != 10.0.0.0/8",
    "ip.src > 10.0.0.0/8",
    "ip.src >= 10.9.0.0/8",
    "ip.src > 10.0.0.1",
    "ipv6.src > 2001:db8::1",
    "ipv6.dst < 2001:db8::2",
    "ipv6.src == fc00::1/128",
    "ipv6.src == ::/0",
    "ipv6.src == FC00::1",
    "ip.addr == 192.168.0.0/16",
    "ip.src <= 10.0.0.0/9",
    "ipv6.routing.srh.addr == fc00:d::1",
    "ipv6.routing.srh.addr == 2001:db8::/32",
    "ipv6.routing.srh.addr != 2001:db8::/16",
    "eth.src == 02:00:00:00:00:03",
    "eth.src == 02-00-00-00-00-03",
    "eth.src == 0200.0000.0003",
    "eth.src == 020000000003",
    "eth.addr == 02:00:00:00:11:01",
    "eth.src > 02:00:00:00:00:09",
    "eth.src[0:3] == 02:00:00",
    "eth.src[5] == 03",
    // Sets.
    "udp.port in {3000, 5000}",
    "udp.port in {3000..5000}",
    "udp.port in {1, 5000..6001}",
    "udp.port not in {3000}",
    "not udp.port in {3000}",
    "ip.src in {10.0.0.0/8}",
    "ip.addr in {10.0.0.1..10.4.5.6}",
    "ipv6.addr in {fc00::1..fc00::9}",
    "ipv6.addr in {2001:db9::1, fc00:a::/32}",
    "frame.number in {3, 5..7}",
    "eth.src in {02:00:00:00:00:01, 02:00:00:00:00:04}",
    // Numbers.
    "udp.dstport == 0xbb8",
    "udp.dstport == 05670",
    "udp.dstport == 0b101110111000",
    "tcp.flags == 0x12",
    "tcp.flags & 2",
    "tcp.flags & 2 == 2",
    "tcp.flags & 0x10",
    "tcp.flags & 1",
    "udp.srcport & 1",
    "udp.srcport bitwise_and 1",
    "udp.srcport + 1 == 3001",
    "udp.srcport + udp.dstport == 6000",
    "udp.srcport - 3000 == 0",
    "{udp.srcport + 1} * 2 == 6002",
    "udp.srcport * 2 + 1 == 6001",
    "udp.srcport / 2 == 1500",
    "udp.srcport % 10 == 9",
    "udp.srcport + 1",
    "udp.srcport - 3000",
    "udp.length - 8 > 5",
    "udp.port + udp.port == 6000",
    "udp.srcport % 0 == 1",
    "udp.port == 2900 + 100",
    "udp.srcport & 1 + 4 == 5",
    "-udp.srcport == -3000",
    "udp.srcport - 60000 < 0",
    // Words.
    "udp.checksum.status == Good",
    "udp.checksum.status == good",
    "udp.checksum.status == \"Good\"",
    "udp.checksum.status == \"Bad\"",
    "udp.checksum.status != \"Good\"",
    "tcp.flags.syn == Set",
    "tcp.flags.syn == \"Not set\"",
    "tcp.flags.syn == 2",
    "tcp.flags.syn == TRUE",
    "tcp.flags.syn > 0",
    "tcp.flags.syn",
    "ipv6.nxt == TCP",
    "ipv6.nxt == \"Routing Header for IPv6\"",
    "ip.proto == UDP",
    "ip.proto == \"udp\"",
    "eth.type == IPv4",
    "icmpv6.type == \"Echo (ping) request\"",
    "ipv6.routing.type == \"Segment Routing\"",
    "ip.proto == 'a'",
    "ip.dsfield.dscp == \"Default\"",
    "vlan.dei == Eligible",
    // Bytes and text.
    "udp contains \"Hello\"",
    "udp contains 48:65",
    "udp contains 4c",
    "frame contains \"World\"",
    "eth contains \"vlan\"",
    "ipv6 contains \"two\"",
    "ipv6.routing contains \"Hello\"",
    "tcp contains \"data\"",
    "udp matches \"hello\"",
    "frame matches \"W.rld\"",
    "udp.payload contains \"llo\"",
    "udp.payload matches r\"^h.*d$\"",
    "udp.payload ~ \"^hello\"",
    "udp.payload == \"Hello, World\"",
    "udp.payload == 00:01",
    "udp.payload == 0001",
    "udp.payload > 48",
    "udp.payload < 48:65:6c",
    "frame.protocols contains \"udp\"",
    "frame.protocols matches \"ipv6:UDP\"",
    "frame.protocols matches \"vlan.*icmp\"",
    "frame.protocols == \"eth:ethertype:ip:udp:data\"",
    "frame.protocols contains r\"\\x65\"",
    "frame.protocols contains \"\\x65\"",
    "eth.src contains 00:03",
    "udp contains \"\\x00\\x01\"",
    "udp contains '\\x00'",
    "udp contains \"\"",
    "frame.protocols contains \"\"",
    "frame.protocols matches \"\"",
    "tcp.flags.str contains \"A\"",
    "frame.protocols >= \"eth:ethertype:ipv6\"",
    "frame contains 0x48",
    // Slices.
    "udp.payload[0] == 48",
    "udp.payload[0] == 0x48",
    "udp.payload[0] == 72",
    "udp.payload[0] == \"H\"",
    "udp.payload[0] == 'H'",
    "udp.payload[-1] == 64",
    "udp.payload[0-1] == 48:65",
    "udp.payload[0,2-3] == 48:6c:6c",
    "udp.payload[:2] == 48:65",
    "udp.payload[2:] == \"llo, World\"",
    "udp.payload[1:] == 01",
    "udp.payload[1:100] == 01",
    "udp.payload[5:1]",
    "udp.payload[0:2] > 48:64",
    "udp.payload[0:2] != 48:65",
    "udp.payload[-3:2] == 72:6c",
    "ipv6.src[0:2] == 20:01",
    "udp[0:2] == 0b:b8",
    "udp[7:1]",
    "udp[8:1]",
    "ipv6[0:1] == 60",
    "ipv6[40:1]",
    "eth[12:2] == 86:dd",
    "eth[14:1]",
    "ip[20:1]",
    "frame[14] == 60",
    "frame[-1] == 64",
    "ipv6.routing[2:1] == 04",
    "ipv6.routing[40:1]",
    "tcp[13] == 12",
    "tcp[20:1]",
    "icmpv6[0] == 80",
    "icmpv6[8:3] == \"abc\"",
    "vlan[0:2] == 60:07",
    "frame.protocols[0:3] == \"eth\"",
    "ip.src[0] == 0a",
    "ipv6.fraghdr[0] == 11",
    "ipv6.fraghdr[8:1]",
    "ipv6.hopopts[1] == 00",
    "icmp[0] == 08",
    // Layers.
    "ipv6.src#1 == fc00::1",
    "ipv6.src#2 == fc00::1",
    "ipv6.src#[1-2] == fc00::1",
    "ipv6.src#[-1] == fc00::1",
    "ipv6.addr#[2] == fc00::2",
    "ipv6#2",
    "ipv6.src#2",
    "ip.src#1 == 10.0.0.1",
    "vlan.id#2 == 7",
    "eth.src#2",
    "udp.port#1 == 3000",
    "ipv6.hlim#[2:] == 64",
    // Functions.
    "len(udp.payload) == 12",
    "len(udp) == 8",
    "len(udp) > 8",
    "len(ipv6.src) == 16",
    "len(udp.port) == 2",
    "len(ipv6.flow) == 3",
    "len(frame) > 100",
    "len(eth) == 14",
    "len(frame.protocols) > 30",
    "len(eth.src) == 6",
    "count(ip.addr) == 2",
    "count(ipv6.addr) == 4",
    "count(udp.port) == 0",
    "count(ipv6.routing.srh.addr) > 2",
    "upper(frame.protocols) contains \"UDP\"",
    "lower(frame.protocols) contains \"UDP\"",
    "lower(frame.protocols)[0:3] == \"eth\"",
    "string(udp.port) contains \"300\"",
    "string(ip.src) matches r\"^10\\.\"",
    "string(ip.src) == \"10.0.0.1\"",
    "string(tcp.flags) == \"18\"",
    "string(eth.src) == \"02:00:00:00:00:03\"",
    "string(ipv6.src) == \"fc00::1\"",
    "max(udp.srcport, udp.dstport) == 3000",
    "max(udp.port) == 3000",
    "min(udp.port) == 1",
    "max(ipv6.hlim, 5) == 64",
    "max(ip.src, ip.dst) == 10.0.0.2",
    "abs(udp.srcport) == 3000",
    "max(udp.port, 100) == 100",
    // Frames and time.
    "frame.number == 3",
    "frame.number >= 15",
    "frame.len > 100",
    "frame.cap_len < 60",
    "frame.time >= \"2023-11-14 22:13:25Z\"",
    "frame.time < \"Nov 14, 2023 22:13:24\"",
    "frame.time == \"2023-11-14T22:13:21Z\"",
    "frame.time_epoch > 1700000005",
    "frame.time_delta == 1",
    "frame.time_delta < 0.5",
    "frame.time_relative >= 3.000000",
    "frame.time_delta + 1 > 1",
    "frame.time_relative - frame.time_delta > 2",
];

/// Filters that both refuse.
const REFUSED: &[&str] = &[
    "udp.dstport == \"53\"",
    "ipv6.src == \"2001:db8::1\"",
    "ipv6.src == 5",
    "ipv6.src == ip.src",
    "udp.dstport == 70000",
    "udp.dstport == abc",
    "tcp.flags.syn == yes",
    "udp contains Hello",
    "ipv6.src matches \"20\"",
    "udp.port contains 1",
    "udp.port in {53 80}",
    "udp.port in {}",
    "udp.port == 50..60",
    "nosuch == 1",
    "udp.port ==",
    "udp.port == 53)",
    "(udp.port == 53",
    "frame.time == frame.time_epoch",
    "len(udp.payload)",
    "udp.port[0] == 0",
    "udp.payload[0:0]",
    "eth.src == 02:00:00",
    "ip.src == 10.0.0",
    "ip.src == 10.0.0.1/33",
    "frame.protocols matches udp",
    "frame.protocols matches \"(\"",
    "any udp",
    "udp.port EQ 53",
    "nofunc(ip.src) == 4",
    "len(ip.src, ip.dst) == 4",
    "upper(ip.src) == \"1\"",
    "string(udp.payload) == \"1\"",
    "ip.src + 1 == 10.0.0.2",
    "udp.payload + 1",
    "frame.protocols matches \"\\.\"",
    "tcp.flags.syn contains 1",
    "udp.port == 1e3",
    "1 == 1 || udp",
];

/// Where the two differ on purpose: a filter or a field, and why.
const DIFFERENT: &[(&str, &str)] =
    &[("frame.interface_id", "in a pcap file tshark numbers no interfaces; here the only one is 0")];

/// The frames of the capture.
fn frames() -> Vec<Vec<u8>> {
    let of = |(index, text): (usize, &&str)| {
        build(&format!("eth(src=02:00:00:00:00:{:02x}, dst=02:00:00:00:00:{DESTINATION:02x})/{text}", index + 1))
    };
    PACKETS.iter().enumerate().map(of).collect()
}

/// Seconds since 1970 of the frame at `index`.
fn seconds(index: usize) -> u32 {
    1_700_000_000 + index as u32
}

/// Does something with each frame, dissected.
fn each_packet(frames: &[Vec<u8>], mut each: impl FnMut(usize, &Packet<'_>)) {
    let mut dissection = Dissection::new();
    let at = |index: usize| Some(Timestamp::new(i64::from(seconds(index)), 0));
    for (index, bytes) in frames.iter().enumerate() {
        let mut frame = Frame::new(LinkType::ETHERNET, bytes);
        (frame.number, frame.time) = (index as u64 + 1, at(index));
        dissection.refill(&frame);
        let mut packet = Packet::new(&frame, &dissection);
        (packet.first_time, packet.previous_time) = (at(0), at(index.saturating_sub(1)));
        each(index, &packet);
    }
}

/// Writes a pcap file of the frames, without sr6's doing.
fn write(path: &Path, frames: &[Vec<u8>]) {
    let mut bytes = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
        bytes.extend(word.to_le_bytes());
    }
    for (index, frame) in frames.iter().enumerate() {
        for word in [seconds(index), 0, frame.len() as u32, frame.len() as u32] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(frame);
    }
    fs::write(path, bytes).expect("a temporary file");
}

/// Writes a value of a field as filters have it; `None` for those that are
/// nothing to compare with.
fn literal(field: &Field, value: &Value<'_>) -> Option<String> {
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":");
    Some(match value {
        Value::None => return None,
        Value::Bool(flag) => u8::from(*flag).to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Ether(octets) => hex(octets),
        Value::Ipv4(octets) => std::net::Ipv4Addr::from(*octets).to_string(),
        Value::Ipv6(octets) => std::net::Ipv6Addr::from(*octets).to_string(),
        // A long string of bytes is easier to read, and a single one a number.
        Value::Bytes(bytes) if (2..=32).contains(&bytes.len()) => hex(bytes),
        Value::Bytes(_) => return None,
        Value::Text(text) => format!("{text:?}"),
        Value::Nanos(_) if field.kind == sr6::wire::field::Kind::Time => return None,
        Value::Nanos(nanos) => format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000),
    })
}

/// For each field with Wireshark's name that a packet has: whether it is there,
/// and how it compares with values that occur.
struct Generate {
    filters: BTreeSet<String>,
    seen: Vec<(&'static str, u32)>,
}

impl Visitor for Generate {
    fn leaf(&mut self, item: &Item<'_>) {
        let (name, origin) = (item.field.name, item.field.origin);
        if origin != Origin::Wireshark {
            return;
        }
        let at = self.seen.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            self.seen.push((name, 0));
            self.filters.insert(name.to_owned());
            self.filters.insert(format!("not {name}"));
            self.seen.len() - 1
        });
        // A few values of each are enough.
        if self.seen[at].1 >= 3 {
            return;
        }
        self.seen[at].1 += 1;
        let Some(value) = literal(item.field, &item.value) else { return };
        for relation in ["==", "!=", "===", "!==", "<", ">="] {
            self.filters.insert(format!("{name} {relation} {value}"));
        }
        self.filters.insert(format!("{name} in {{{value}}}"));
    }

    fn open(&mut self, item: &Item<'_>) {
        self.leaf(item);
    }

    fn close(&mut self) {}
}

/// What tshark leaves alone: each packet stands for itself.
const PREFERENCES: &[&str] = &[
    "ipv6.defragment:FALSE",
    "ip.defragment:FALSE",
    "tcp.desegment_tcp_streams:FALSE",
    "udp.try_heuristic_first:FALSE",
];

#[test]
fn the_same_packets_match() {
    let frames = frames();
    let mut generate = Generate { filters: BTreeSet::new(), seen: Vec::new() };
    each_packet(&frames, |_, packet| packet.visit(&mut generate));
    let mut filters: Vec<String> = FILTERS.iter().map(|filter| (*filter).to_owned()).collect();
    let generated = generate.filters.into_iter().filter(|filter| !filters.contains(filter)).collect::<Vec<_>>();
    filters.extend(generated);
    filters.retain(|filter| different(filter).is_none());

    let mut ours: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); filters.len()];
    let compiled: Vec<Filter> = filters.iter().map(|f| Filter::parse(f).unwrap_or_else(|e| panic!("{e}"))).collect();
    each_packet(&frames, |index, packet| {
        for (filter, matched) in compiled.iter().zip(&mut ours) {
            if filter.matches(packet) {
                matched.insert(index + 1);
            }
        }
    });

    let scratch = Scratch::new();
    let capture = scratch.path("same.pcap");
    write(&capture, &frames);
    let mut wrong = String::new();
    for (filters, ours) in filters.chunks(400).zip(ours.chunks(400)) {
        let mut tshark = tshark(&capture);
        // Distributed Interactive Simulation also claims UDP port 3000.
        tshark.args(["-q", "--disable-protocol", "dis"]);
        for preference in PREFERENCES {
            tshark.args(["-o", preference]);
        }
        for filter in filters {
            tshark.arg("-z").arg(format!("endpoints,eth,{filter}"));
        }
        let Some(answer) = run(tshark) else { return };
        assert!(answer.success, "tshark: {}", answer.stderr);
        // The tables come last one first.
        let tables: Vec<&str> = answer.stdout.split("Filter:").skip(1).collect();
        assert_eq!(tables.len(), filters.len(), "{}", answer.stdout);
        for ((filter, ours), table) in filters.iter().zip(ours).zip(tables.into_iter().rev()) {
            let theirs: BTreeSet<usize> = table
                .lines()
                .filter_map(|line| usize::from_str_radix(line.strip_prefix("02:00:00:00:00:")?.get(..2)?, 16).ok())
                .filter(|number| *number != usize::from(DESTINATION))
                .collect();
            assert!(table.starts_with(filter.as_str()), "'{filter}' is answered by '{table}'");
            if theirs != *ours {
                let _ = writeln!(wrong, "{filter}\n  tshark: {theirs:?}\n  sr6:    {ours:?}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    println!("{} filters over {} packets", filters.len(), frames.len());
}

/// Why a filter is not compared.
fn different(filter: &str) -> Option<&'static str> {
    let words: Vec<&str> = filter.split(|c: char| c.is_whitespace()).collect();
    let is = |what: &str| filter == what || words.contains(&what);
    DIFFERENT.iter().find(|(what, _)| is(what)).map(|(_, why)| *why)
}

#[test]
fn the_same_filters_are_refused() {
    let scratch = Scratch::new();
    let capture = scratch.path("refused.pcap");
    write(&capture, &frames()[..1]);
    for filter in REFUSED {
        assert!(Filter::parse(filter).is_err(), "{filter}");
        let mut tshark = tshark(&capture);
        tshark.args(["-Y", filter]);
        let Some(answer) = run(tshark) else { return };
        assert!(!answer.success, "tshark takes {filter}");
    }
}
