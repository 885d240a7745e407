//! Every field that bears Wireshark's name, against tshark itself: the same
//! values, packet by packet, on all of `testdata` and on the captures that
//! `SR6_CORPUS` names. `differences.rs` lists where sr6 means to differ, and
//! why; any other difference fails.

mod differences;
#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use differences::{Cell, DIFFERENCES};
use sr6::capture::{ReadError, Reader};
use sr6::dissect::{Diagnosis, Dissection, Packet};
use sr6::show::columns::{Columns, Layout};
use sr6::wire::field::{Field, Origin};
use sr6::wire::proto::Proto;
use support::captures::{corpus, files};
use support::scratch::Scratch;
use support::witness;

/// Every field that sr6 has under Wireshark's name, once for each name.
fn vocabulary() -> Vec<&'static Field> {
    let all = Proto::ALL.iter().flat_map(|proto| proto.info().fields.iter().copied());
    let named: BTreeMap<_, _> = all.filter(|f| f.origin == Origin::Wireshark).map(|f| (f.name, f)).collect();
    named.into_values().collect()
}

/// A packet's fields, in the order of the vocabulary.
type Row = Vec<String>;

/// Files that are not compared, and why.
const NOT_COMPARED: [(&str, &str); 1] =
    [("timestamp_invalid_micro.pcap", "2147483648 microseconds past the second overflow 32 bits in tshark")];

/// What sr6 says of a packet.
struct Ours {
    row: Row,
    findings: Vec<Diagnosis>,
}

fn ours(path: &Path, fields: &[&'static Field]) -> Vec<Ours> {
    let mut columns = Columns::new(fields, Layout::default());
    let mut packets = Vec::new();
    let mut dissection = Dissection::new();
    let (mut first, mut previous) = (None, None);
    let Ok(mut reader) = Reader::open(path) else { return packets };
    // What a damaged file still gives is compared all the same.
    let _ = reader.for_each(|frame| {
        dissection.refill(&frame);
        let mut packet = Packet::new(&frame, &dissection);
        first = first.or(frame.time);
        packet.first_time = first;
        packet.previous_time = previous.or(frame.time);
        previous = frame.time;
        let mut line = Vec::new();
        columns.line(&mut line, &packet);
        let line = String::from_utf8_lossy(&line);
        packets.push(Ours {
            row: line.trim_end_matches('\n').split('\t').map(str::to_owned).collect(),
            findings: packet.findings().iter().map(|finding| finding.what).collect(),
        });
        Ok::<_, ReadError>(())
    });
    packets
}

/// The protocols of Wireshark's that tshark is to dissect: those of sr6, so
/// that both stop at the same places.
const PROTOCOLS: [&str; 44] = [
    "ah",
    "arp",
    "chdlc",
    "data",
    "esp",
    "eth",
    "ethertype",
    "frame",
    "geneve",
    "gre",
    "gtp",
    "icmp",
    "icmpv6",
    "ieee8021ad",
    "ip",
    "ipv6",
    "ipv6.dstopts",
    "ipv6.fraghdr",
    "ipv6.hopopts",
    "ipv6.routing",
    "ipv6.routing.type.crh",
    "ipv6.routing.type.mipv6",
    "ipv6.routing.type.rpl",
    "ipv6.routing.type.rt0",
    "ipv6.routing.type.srh",
    "llc",
    "mipv6",
    "mpls",
    "null",
    "pkt_comment",
    "ppp",
    "ppp_hdlc",
    "pppoe",
    "pppoed",
    "pppoes",
    "pwethcw",
    "pwethheuristic",
    "pwethnocw",
    "raw",
    "sll",
    "tcp",
    "udp",
    "vlan",
    "vxlan",
];

/// Protocols whose options Wireshark registers as protocols, too.
const FAMILIES: [&str; 6] = ["geneve.", "gtp.", "ip.options.", "ipv6.", "mip6.", "tcp.options."];

/// A directory with a configuration of tshark's.
struct Profile(Scratch);

impl Profile {
    /// `None` where there is no tshark.
    fn new() -> Option<Self> {
        let mut list = witness::command("tshark");
        list.args(["-G", "protocols"]);
        let known = witness::run(list)?.stdout;
        let names = known.lines().filter_map(|line| line.split('\t').nth(2));
        let wanted = |name: &&str| PROTOCOLS.contains(name) || FAMILIES.iter().any(|family| name.starts_with(family));
        let disabled: BTreeSet<&str> = names.filter(|name| !wanted(name)).collect();
        let scratch = Scratch::new();
        let list = disabled.into_iter().flat_map(|name| [name, "\n"]).collect::<String>();
        fs::write(scratch.path("disabled_protos"), list).expect("a file");
        Some(Self(scratch))
    }
}

/// What tshark says of a file's packets. Custom blocks, which it numbers as
/// frames and which have no link type, are left out.
fn tsharks(profile: &Profile, path: &Path, fields: &[&'static Field]) -> Option<Vec<Row>> {
    let mut command = witness::tshark(path);
    command.env("WIRESHARK_CONFIG_DIR", profile.0.root()).args(["-T", "fields"]);
    for option in [
        "ip.defragment:FALSE",
        "ipv6.defragment:FALSE",
        "tcp.desegment_tcp_streams:FALSE",
        "tcp.analyze_sequence_numbers:FALSE",
    ] {
        command.args(["-o", option]);
    }
    for field in fields {
        command.args(["-e", field.name]);
    }
    let link = fields.iter().position(|f| f.name == "frame.encap_type").expect("a field of every frame");
    let rows = witness::run(command)?.stdout;
    let rows = rows.lines().map(|line| line.split('\t').map(str::to_owned).collect::<Row>());
    Some(rows.filter(|row| !row[link].is_empty()).collect())
}

#[test]
fn fields_are_tsharks() {
    let Some(profile) = Profile::new() else { return };
    let mut found = [files("testdata"), corpus().unwrap_or_default()].concat();
    found.retain(|path| Reader::open(path).is_ok());
    let fields = vocabulary();
    let mut unlisted = Vec::new();
    let mut used = vec![0; DIFFERENCES.len()];
    let (mut packets, mut filled) = (0, 0);
    for path in &found {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some((_, why)) = NOT_COMPARED.iter().find(|(ending, _)| name.ends_with(ending)) {
            eprintln!("not compared: {name}: {why}");
            continue;
        }
        let ours = ours(path, &fields);
        let Some(theirs) = tsharks(&profile, path, &fields) else { return };
        // Who disagrees about the frames has nothing to compare; that they agree
        // is what `capture_corpus.rs` tests.
        if ours.len() != theirs.len() {
            eprintln!("not compared: {name}: {} frames, tshark's {}", ours.len(), theirs.len());
            continue;
        }
        for (index, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            packets += 1;
            filled += ours.row.iter().filter(|value| !value.is_empty()).count();
            let names = fields.iter().map(|field| field.name);
            for ((field, a), b) in names.zip(&ours.row).zip(theirs).filter(|((_, a), b)| a != b) {
                let cell =
                    Cell { field, ours: a, theirs: b, fields: &fields, row: &ours.row, findings: &ours.findings };
                match DIFFERENCES.iter().position(|difference| difference.covers(&cell)) {
                    Some(listed) => used[listed] += 1,
                    None => unlisted.push(format!("{name}: packet {}: {field}: {a:?}, tshark's {b:?}", index + 1)),
                }
            }
        }
    }
    for (difference, count) in DIFFERENCES.iter().zip(used) {
        eprintln!("{count:>6} {}", difference.reason);
    }
    eprintln!("{} files, {packets} packets, {filled} values", found.len());
    assert!(filled > 1000, "hardly anything was compared: {filled} values in {packets} packets");
    let shown = unlisted.iter().take(40).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(unlisted.is_empty(), "{} differences that nothing explains:\n{shown}", unlisted.len());
}
