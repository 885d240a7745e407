//! "What would Linux do with it", asked of Linux: every verdict of
//! `srv6::linux` on a packet that a real kernel then gets, at a plain address
//! and at a seg6local End SID.
//!
//! Node `a` sends, `x` decides, `b` is where the next segment is. What `x` did
//! shows in what reaches `b`, or comes back to `a`.
//!
//! A program of its own, not a test function: a sandbox can only be entered by
//! a process without threads, and the test harness has some.

mod support;

use std::net::Ipv6Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sr6::capture::{Frame, Live, live};
use sr6::dissect::{Dissection, Packet, Settings};
use sr6::lab::{Lab, Node, Topology, sandbox};
use sr6::srv6::hmac::{Algorithm, Form, Key, Signed};
use sr6::srv6::linux::Verdict;
use sr6::transmit::{self, Engine, PacketEngine};
use sr6::wire::link_type::LinkType;
use sr6::wire::srh::Srh;
use support::captures;

const NET: &str = r#"
name = "verdict"
[[node]]
name = "a"
[[node]]
name = "x"
forwarding = true
addresses = ["fc00:ff::1/128"]
sysctl = { "net.ipv6.icmp.ratelimit" = 0 }
KEYS
[[node]]
name = "b"
[[link]]
a = { node = "a", interface = "ax", addresses = ["2001:db8:a::1/64"] }
b = { node = "x", interface = "xa", addresses = ["2001:db8:a::2/64"] }
[[link]]
a = { node = "x", interface = "xb", addresses = ["2001:db8:b::2/64"] }
b = { node = "b", interface = "bx", addresses = ["2001:db8:b::1/64"] }
[[route]]
node = "x"
to = "fc00:b::/32"
via = "2001:db8:b::1"
[[sid]]
node = "x"
sid = "fc00::1"
action = "End"
"#;

const SECRET: &str = "secret-key-0123";
const KEYS: &str = r#"hmac = [{ id = 42, algorithm = "sha256", secret = "secret-key-0123" }, { id = 43, algorithm = "sha1", secret = "secret-key-0123" }]"#;

const PLAIN: &str = "fc00:ff::1";
const SID: &str = "fc00::1";

/// What the IPv6 header and the headers before the SRH say, and the SRHs;
/// `{d}` is the destination.
struct Case {
    name: &'static str,
    hop_limit: u8,
    headers: String,
    /// How the HMAC TLV, the last 40 bytes of the SRH, is filled in.
    hmac: Option<Hmac>,
}

/// Which digest goes into an HMAC TLV.
#[derive(Clone, Copy)]
struct Hmac {
    id: u32,
    algorithm: Algorithm,
    form: Form,
    /// Bytes between the TLV and the end of the SRH.
    behind: usize,
    flip: bool,
}

const RIGHT: Hmac = Hmac { id: 42, algorithm: Algorithm::Sha256, form: Form::Linux, behind: 0, flip: false };

fn plain_case(name: &'static str, headers: &str) -> Case {
    Case { name, hop_limit: 64, headers: headers.to_owned(), hmac: None }
}

/// Where a digest will be.
const ROOM: &str = "tlv(5, 0000000000000000000000000000000000000000000000000000000000000000000000000000)";

fn cases() -> Vec<Case> {
    let fifteen: Vec<_> = (1..15).map(|i| format!("fc00:b::{i:x}")).chain(["{d}".to_owned()]).collect();
    let long = |n: usize| fifteen[15 - n..].join(", ");
    let mut cases = vec![
        plain_case("two segments, one left", "srh(segs=[fc00:b::1, {d}], sl=1)"),
        plain_case("none left", "srh(segs=[{d}, fc00:b::1], sl=0)"),
        plain_case("reduced to one", "srh(segs=[fc00:b::1], sl=1)"),
        plain_case("reduced to two", "srh(segs=[fc00:b::2, fc00:b::1], sl=2)"),
        plain_case("reduced, with TLVs", "srh(segs=[fc00:b::1], sl=1, tlvs=[padn(7), padn(7), padn(2)])"),
        plain_case("reduced, with 8 bytes of TLVs", "srh(segs=[fc00:b::1], sl=1, tlvs=[padn(4), padn(4)])"),
        plain_case("too many left", "srh(segs=[fc00:b::1, {d}], sl=3)"),
        plain_case("far too many left", "srh(segs=[fc00:b::1, {d}], sl=255)"),
        plain_case(
            "next segment among the TLVs",
            "srh(segs=[fc00:b::1], sl=2, tlvs=[hex(fc00000b000000000000000000000009), hex(00000000000000000000000000000000)])",
        ),
        plain_case("Last Entry too big", "srh(segs=[fc00:b::1, {d}], sl=1, last=7)"),
        plain_case("Last Entry too small", "srh(segs=[fc00:b::1, {d}], sl=1, last=0)"),
        plain_case("a TLV runs over", "srh(segs=[fc00:b::1, {d}], sl=1, tlvs=[hex(09c8000000000000)])"),
        plain_case("odd length", "srh(segs=[fc00:b::1, {d}], sl=1, tlvs=[padn(4), padn(4)])"),
        plain_case("Pad1 at the end", "srh(segs=[fc00:b::1, {d}], sl=1, tlvs=[tlv(9, 0102030405), pad1])"),
        plain_case("Pad1 that fits by luck", "srh(segs=[fc00:b::1, {d}], sl=1, tlvs=[pad1, tlv(4, 0000000000)])"),
        plain_case("longer than the packet", "srh(segs=[fc00:b::1, {d}], sl=1, len=200)"),
        plain_case("next segment is multicast", "srh(segs=[ff05::9, {d}], sl=1)"),
        plain_case("next segment is all nodes", "srh(segs=[ff02::1, {d}], sl=1)"),
        plain_case("behind Hop-by-Hop Options", "hbh()/srh(segs=[fc00:b::1, {d}], sl=1)"),
        plain_case("too many left, behind Hop-by-Hop Options", "hbh()/srh(segs=[fc00:b::1, {d}], sl=3)"),
        plain_case("a spent SRH before", "srh(segs=[{d}], sl=0)/srh(segs=[fc00:b::1, {d}], sl=1)"),
        plain_case(
            "a spent one that does not validate",
            "srh(segs=[{d}], sl=0, last=9)/srh(segs=[fc00:b::1, {d}], sl=1)",
        ),
        plain_case("two that are unspent", "srh(segs=[fc00:b::1, {d}], sl=1)/srh(segs=[fc00:b::2, {d}], sl=9)"),
        plain_case("flags and tag", "srh(segs=[fc00:b::1, {d}], sl=1, flags=0xf7, tag=0xbeef)"),
        plain_case("HMAC flag alone", "srh(segs=[fc00:b::1, {d}], sl=1, flags=8)"),
        Case { hop_limit: 1, ..plain_case("hop limit 1", "srh(segs=[fc00:b::1, {d}], sl=1)") },
        Case { hop_limit: 1, ..plain_case("hop limit 1, none left", "srh(segs=[{d}], sl=0)") },
        Case {
            hop_limit: 1,
            ..plain_case("hop limit 1, does not validate", "srh(segs=[fc00:b::1, {d}], sl=1, last=7)")
        },
    ];
    let two = format!("srh(segs=[fc00:b::1, {{d}}], sl=1, flags=8, tlvs=[{ROOM}])");
    let mut hmac = |name, headers: &str, hmac| {
        cases.push(Case { hmac: Some(hmac), ..plain_case(name, headers) });
    };
    hmac("HMAC", &two, RIGHT);
    hmac("HMAC at the last segment", &two.replace("sl=1", "sl=0"), RIGHT);
    hmac("HMAC with SHA-1", &two, Hmac { id: 43, algorithm: Algorithm::Sha1, ..RIGHT });
    hmac("a wrong HMAC", &two, Hmac { flip: true, ..RIGHT });
    hmac("an HMAC of RFC 8754", &two, Hmac { form: Form::Rfc8754, ..RIGHT });
    hmac("an HMAC of RFC 8754, no flag", &two.replace("flags=8, ", ""), Hmac { form: Form::Rfc8754, ..RIGHT });
    hmac("a wrong HMAC, no flag", &two.replace("flags=8, ", ""), Hmac { flip: true, ..RIGHT });
    hmac("a key nobody has", &two, Hmac { id: 77, ..RIGHT });
    hmac("PadN before the HMAC", &two.replace("tlvs=[", "tlvs=[padn(4), padn(4), "), RIGHT);
    let behind = two.replace(")])", "), padn(4), padn(4)])");
    hmac("PadN behind a wrong HMAC", &behind, Hmac { behind: 8, flip: true, ..RIGHT });
    hmac("HMAC over 14 segments", &format!("srh(segs=[{}], sl=13, flags=8, tlvs=[{ROOM}])", long(14)), RIGHT);
    hmac("HMAC over 15 segments", &format!("srh(segs=[{}], sl=14, flags=8, tlvs=[{ROOM}])", long(15)), RIGHT);
    cases
}

/// The packet of a case, with a flow label and a source port to know it by.
fn build(case: &Case, destination: &str, flow: u32) -> Vec<u8> {
    let headers = case.headers.replace("{d}", destination);
    let hop_limit = case.hop_limit;
    let text = format!(
        "ip6(src=2001:db8:a::1, dst={destination}, hlim={hop_limit}, flow={flow})/{headers}/udp(sport={flow}, dport=9)/\"x\""
    );
    let mut bytes = captures::build(&text);
    if let Some(hmac) = case.hmac {
        sign(&mut bytes[40..], hmac);
    }
    bytes
}

/// Fills in the HMAC TLV of the SRH at the start of `bytes`.
fn sign(bytes: &mut [u8], hmac: Hmac) {
    let srh = Srh::new(bytes).expect("the SRH is whole");
    let digest_at = srh.len() - hmac.behind - 32;
    let key = Key::new(hmac.id, hmac.algorithm, SECRET);
    let source = "2001:db8:a::1".parse().expect("an address");
    let digest = key.digest(hmac.form, source, &Signed::of(&srh).expect("a list"), 0);
    bytes[digest_at - 4..digest_at].copy_from_slice(&hmac.id.to_be_bytes());
    bytes[digest_at..digest_at + 32].copy_from_slice(digest.linux());
    bytes[digest_at] ^= u8::from(hmac.flip);
}

/// What the library says that Linux would do, with the keys that `x` has: the
/// verdict on the SRH that counts.
fn verdict(bytes: &[u8], at_sid: bool) -> Verdict {
    let mut settings = Settings::default();
    settings.keys.add(Key::new(42, Algorithm::Sha256, SECRET));
    settings.keys.add(Key::new(43, Algorithm::Sha1, SECRET));
    let frame = Frame::new(LinkType::IPV6, bytes);
    let mut dissection = Dissection::with(Arc::new(settings));
    dissection.refill(&frame);
    let packet = Packet::new(&frame, &dissection);
    for (layer, srh) in packet.outer_srhs() {
        let Some(seen) = packet.seen_by_linux(layer, &srh) else { continue };
        match if at_sid { seen.end_sid() } else { seen.plain_address() } {
            Verdict::Skip => {}
            // A plain address goes on to the next one, too.
            Verdict::Accept if srh.segments_left() == 0 && seen.followed => {}
            verdict => return verdict,
        }
    }
    panic!("no SRH counts");
}

/// What `x` did with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// It reached `b` on its way to this segment.
    Forwarded(Ipv6Addr),
    /// Something of this length reached `b`, and is no IPv6 packet.
    Damaged(usize),
    /// This error came back to `a`.
    Icmp(u8, u8, u32),
}

/// What should be seen after a verdict; `None` for silence.
fn expected(verdict: Verdict, bytes: &[u8]) -> Option<Seen> {
    let onwards = || {
        // The next segment of the first SRH that has any left; of none, the
        // closed port.
        let frame = Frame::new(LinkType::IPV6, bytes);
        let dissection = Dissection::of(&frame);
        let packet = Packet::new(&frame, &dissection);
        let next = packet.outer_srhs().find(|(_, srh)| srh.segments_left() > 0).map(|(layer, srh)| {
            let at = 8 + 16 * (usize::from(srh.segments_left()) - 1);
            let octets: [u8; 16] = packet.header(layer)[at..at + 16].try_into().expect("a segment");
            Seen::Forwarded(octets.into())
        });
        next.unwrap_or(Seen::Icmp(1, 4, 0))
    };
    match verdict {
        Verdict::Accept => Some(onwards()),
        Verdict::Icmp(kind, code, pointer) => Some(Seen::Icmp(kind, code, pointer.unwrap_or(0))),
        Verdict::Damage(lost) => Some(Seen::Damaged(bytes.len() - lost as usize)),
        // `x` does not have that key.
        Verdict::AcceptWithKey(77) | Verdict::Drop(_) => None,
        Verdict::AcceptWithKey(id) => panic!("key {id} is known"),
        Verdict::Skip => panic!("judged by the next header"),
    }
}

/// The flow label of the IPv6 packet at the start of `bytes`.
fn flow(bytes: &[u8]) -> Option<u32> {
    let word = u32::from_be_bytes(*bytes.first_chunk()?);
    (word >> 28 == 6).then_some(word & 0xf_ffff)
}

/// Reads frames until one has `last` for a flow label, and a little longer.
fn collect(live: &mut Live, last: u32, seen: &mut Vec<(u32, Seen)>) {
    let mut deadline = Instant::now() + Duration::from_secs(20);
    let mut ended = false;
    while let Some(wait) = deadline.checked_duration_since(Instant::now()) {
        let Some(frame) = live.next_frame(wait.min(Duration::from_millis(100))).expect("a frame") else { continue };
        let Some(packet) = frame.data.get(14..).filter(|packet| packet.len() >= 40) else { continue };
        let found = match packet {
            // What it is about is quoted.
            [first, _, _, _, _, _, 58, ..] if first >> 4 == 6 && packet.len() >= 48 && packet[40] < 128 => {
                let number = u32::from_be_bytes(packet[44..48].try_into().expect("four bytes"));
                flow(&packet[48..]).map(|flow| (flow, Seen::Icmp(packet[40], packet[41], number)))
            }
            [_, _, _, _, _, _, 58, ..] if packet[0] >> 4 == 6 => None,
            // UDP's header and a byte of payload are the end of every packet.
            [.., high, low, _, _, _, _, _, _, _] if packet[0] >> 4 != 6 => {
                let port = u16::from_be_bytes([*high, *low]);
                Some((u32::from(port), Seen::Damaged(packet.len())))
            }
            _ => {
                let destination: [u8; 16] = packet[24..40].try_into().expect("an address");
                flow(packet).map(|flow| (flow, Seen::Forwarded(destination.into())))
            }
        };
        if let Some(found) = found {
            ended |= found.0 == last;
            seen.push(found);
            if ended {
                deadline = deadline.min(Instant::now() + Duration::from_millis(300));
            }
        }
    }
    assert!(ended, "packet {last} never came: {seen:?}");
}

fn listen(node: &Node, interface: &str) -> Live {
    let filter = Some("ip6 and inbound".to_owned());
    let options = live::Options { immediate: true, filter, ..live::Options::default() };
    node.run(|| Live::open(interface, &options).expect("an open interface")).expect("the node")
}

fn send(node: &Node, packets: &[Vec<u8>]) {
    node.run(|| {
        let mut engine = PacketEngine::open("ax").expect("an engine");
        let hop = engine.next_hop("2001:db8:a::2".parse().expect("an address")).expect("the neighbour");
        for packet in packets {
            let mut frame = [&hop[..], &engine.mac()[..], &[0x86, 0xdd]].concat();
            frame.extend(packet);
            engine.send(transmit::Packet::Frame(&frame)).expect("sent");
        }
    })
    .expect("the node");
}

fn main() {
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    // HMAC keys are for the root of the machine alone.
    let keys = !sandbox::kinds().user;
    if let Err(error) = sandbox::enter() {
        return support::skip(error);
    }
    let net = NET.replace("KEYS", if keys { KEYS } else { "" });
    let lab = Lab::build(&Topology::parse("verdict", &net).unwrap(), &|_| ()).unwrap();
    let (a, b) = (lab.node("a").unwrap(), lab.node("b").unwrap());

    let mut cases = cases();
    if !keys {
        support::skip("the cases with an HMAC, which need real root");
        cases.retain(|case| case.hmac.is_none());
    }
    // Before and after them one that surely passes, so that neighbours are
    // known and the end is seen.
    let pass = plain_case("pass", "srh(segs=[fc00:b::1, {d}], sl=1)");
    let all: Vec<(&Case, bool)> = cases.iter().flat_map(|case| [(case, false), (case, true)]).collect();
    let last = all.len() as u32 + 2;
    let packets: Vec<_> = all
        .iter()
        .zip(2..)
        .map(|((case, at_sid), flow)| build(case, if *at_sid { SID } else { PLAIN }, flow))
        .collect();

    let (mut at_a, mut at_b) = (listen(a, "ax"), listen(b, "bx"));
    let mut seen = Vec::new();
    send(a, &[build(&pass, PLAIN, 1)]);
    collect(&mut at_b, 1, &mut seen);
    send(a, &packets);
    // Comes back as an error, and then another that arrives.
    send(a, &[build(&plain_case("back", "srh(segs=[{d}], sl=0)"), PLAIN, last), build(&pass, PLAIN, last)]);
    collect(&mut at_a, last, &mut seen);
    collect(&mut at_b, last, &mut seen);

    let mut wrong = Vec::new();
    let mut counts = [0; 3];
    for (((case, at_sid), packet), flow) in all.iter().zip(&packets).zip(2..) {
        let verdict = verdict(packet, *at_sid);
        let place = if *at_sid { "End SID" } else { "plain address" };
        let did: Vec<_> = seen.iter().filter(|(of, _)| *of == flow).map(|(_, did)| *did).collect();
        let expected: Vec<_> = expected(verdict, packet).into_iter().collect();
        if did != expected {
            wrong.push(format!("{} at a {place}: said {verdict} ({expected:?}), but Linux did {did:?}", case.name));
        }
        counts[match verdict {
            Verdict::Icmp(..) => 1,
            Verdict::Drop(_) | Verdict::Damage(_) | Verdict::AcceptWithKey(_) => 2,
            _ => 0,
        }] += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let [accepted, errors, drops] = counts;
    println!("linux_verdict: {accepted} accepted, {errors} answered with an error, {drops} lost, as said");
}
