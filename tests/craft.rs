//! Independent witnesses of the builder: scapy builds the same packets byte
//! for byte, tshark finds every checksum good, etherparse builds the same
//! classic headers; and `sr6 craft` as its user sees it.

mod support;

use std::fmt::Write as _;
use std::process::Output;

use sr6::capture::Frame;
use sr6::wire::link_type::LinkType;
use support::captures::{build, framed, read, write};
use support::process::{feed, sr6, stderr, stdout};
use support::scratch::Scratch;
use support::witness;

/// A small generator of numbers, the same in every run (xorshift64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.roll() >> 16) % n
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn ip6(&mut self) -> String {
        let (x, y) = (self.below(0x10000), self.below(0x10000));
        std::net::Ipv6Addr::from([0x2001, 0xdb8, 0, x as u16, 0, 0, 0, y as u16]).to_string()
    }

    fn ip4(&mut self) -> String {
        format!("10.{}.{}.{}", self.below(256), self.below(256), self.below(256))
    }

    fn mac(&mut self) -> String {
        let octets = (0..5).map(|_| format!("{:02x}", self.below(256))).collect::<Vec<_>>();
        format!("02:{}", octets.join(":"))
    }

    fn hex(&mut self, most: u64) -> String {
        (0..self.below(most + 1)).map(|_| format!("{:02x}", self.below(256))).collect()
    }
}

/// A packet as two tools are told of it.
#[derive(Default)]
struct Recipe {
    /// Whether a packet is quoted in it.
    quotes: bool,
    notation: String,
    scapy: String,
}

impl Recipe {
    fn add(&mut self, notation: &str, scapy: &str) {
        if !self.notation.is_empty() {
            self.notation.push('/');
            self.scapy.push('/');
        }
        self.notation.push_str(notation);
        self.scapy.push_str(scapy);
    }

    /// Anything from a link layer to a payload.
    fn any(dice: &mut Dice) -> Self {
        let mut recipe = Self::default();
        if dice.chance(60) {
            recipe.link(dice, 2);
        } else {
            recipe.ip6(dice, 2);
        }
        recipe
    }

    /// An Ethernet frame with what may follow in one.
    fn link(&mut self, dice: &mut Dice, depth: u32) {
        let (src, dst) = (dice.mac(), dice.mac());
        let addresses = format!("eth(src={src}, dst={dst})");
        if dice.chance(8) {
            self.add(&addresses, &format!("Dot3(src='{src}',dst='{dst}')"));
            self.add("llc", "LLC()/SNAP()");
            return self.ip4(dice, depth);
        }
        self.add(&addresses, &format!("Ether(src='{src}',dst='{dst}')"));
        if dice.chance(40) {
            let (id, pcp) = (dice.below(4096), dice.below(8));
            let (ours, theirs) = if dice.chance(30) { (", tpid=svlan", "Dot1AD") } else { ("", "Dot1Q") };
            self.add(&format!("vlan(id={id}, pcp={pcp}{ours})"), &format!("{theirs}(vlan={id},prio={pcp})"));
        }
        match dice.below(12) {
            0 => {
                let session = dice.below(65536);
                self.add(&format!("pppoe(session={session})/ppp(pfc)"), &format!("PPPoE(sessionid={session})/PPP()"));
                self.ip6(dice, depth);
            }
            1 | 2 => {
                for last in [false, true] {
                    let (label, tc, ttl) = (16 + dice.below(1 << 19), dice.below(8), dice.below(256));
                    if last || dice.chance(50) {
                        self.add(
                            &format!("mpls(label={label}, tc={tc}, ttl={ttl})"),
                            &format!("MPLS(label={label},cos={tc},s={},ttl={ttl})", u8::from(last)),
                        );
                    }
                }
                if dice.chance(50) { self.ip6(dice, depth) } else { self.ip4(dice, depth) }
            }
            3 => {
                let (op, spa, tpa) = (1 + dice.below(2), dice.ip4(), dice.ip4());
                self.add(
                    &format!("arp(op={op}, sha={src}, spa={spa}, tha={dst}, tpa={tpa})"),
                    &format!("ARP(op={op},hwsrc='{src}',psrc='{spa}',hwdst='{dst}',pdst='{tpa}')"),
                );
            }
            _ => self.ip6(dice, depth),
        }
    }

    /// What carries a packet in a packet.
    fn tunnel(&mut self, dice: &mut Dice, depth: u32) {
        let id = dice.below(1 << 24);
        match dice.below(4) {
            0 => {
                let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                let mut option = |dice: &mut Dice, our: &str, their: String| {
                    if dice.chance(50) {
                        ours.push(our.to_owned());
                        theirs.push(their);
                    }
                };
                option(dice, "csum", "chksum_present=1".to_owned());
                option(dice, &format!("key={id}"), format!("key_present=1,key={id}"));
                option(dice, &format!("seq={id}"), format!("seqnum_present=1,seqence_number={id}"));
                // scapy finds no number for 802.3.
                let frame = dice.chance(50);
                theirs.push(format!("proto={}", if frame { 0x6558 } else { 0x86dd }));
                self.add(&format!("gre({})", ours.join(", ")), &format!("GRE({})", theirs.join(",")));
                if frame { self.link(dice, depth) } else { self.ip6(dice, depth) }
            }
            1 => {
                self.add(&format!("udp(sport=7)/vxlan(vni={id})"), &format!("UDP(sport=7)/VXLAN(vni={id},flags=8)"));
                self.link(dice, depth);
            }
            2 => {
                self.add(
                    &format!("udp(sport=2152)/gtpu(teid={id})"),
                    &format!("UDP(sport=2152,dport=2152)/GTP_U_Header(teid={id})"),
                );
                self.ip4(dice, depth);
            }
            _ => {
                self.add(
                    &format!("udp(sport=7)/geneve(vni={id})"),
                    &format!("UDP(sport=7,dport=6081)/GENEVE(vni={id},proto=0x6558)"),
                );
                self.link(dice, depth);
            }
        }
    }

    /// An ICMPv6 error about a packet.
    fn error(&mut self, dice: &mut Dice, depth: u32) {
        self.quotes = true;
        let (code, value) = (dice.below(8), dice.below(1280));
        match dice.below(4) {
            0 => self.add(&format!("icmp6(type=unreach, code={code})"), &format!("ICMPv6DestUnreach(code={code})")),
            1 => self.add("icmp6(type=timex)", "ICMPv6TimeExceeded()"),
            2 => self.add(&format!("icmp6(type=toobig, mtu={value})"), &format!("ICMPv6PacketTooBig(mtu={value})")),
            _ => self.add(
                &format!("icmp6(type=paramprob, code={code}, ptr={value})"),
                &format!("ICMPv6ParamProblem(code={code},ptr={value})"),
            ),
        }
        self.ip6(dice, depth);
    }

    /// A message of neighbour or listener discovery.
    fn discovery(&mut self, dice: &mut Dice) {
        let (target, mac) = (dice.ip6(), dice.mac());
        match dice.below(5) {
            0 => self.add(
                &format!("icmp6(type=ns, target={target}, options=[slla({mac})])"),
                &format!("ICMPv6ND_NS(tgt='{target}')/ICMPv6NDOptSrcLLAddr(lladdr='{mac}')"),
            ),
            1 => self.add(
                &format!("icmp6(type=na, target={target}, solicited, override, options=[tlla({mac})])"),
                &format!("ICMPv6ND_NA(tgt='{target}',R=0,S=1,O=1)/ICMPv6NDOptDstLLAddr(lladdr='{mac}')"),
            ),
            2 => {
                let (hlim, lifetime, mtu) = (dice.below(256), dice.below(65536), dice.below(9000));
                self.add(
                    &format!(
                        "icmp6(type=ra, hlim={hlim}, managed, lifetime={lifetime}, options=[slla({mac}), mtu({mtu}), \
                         prefix(2001:db8::, valid=7, preferred=5)])"
                    ),
                    &format!(
                        "ICMPv6ND_RA(chlim={hlim},M=1,prf=0,routerlifetime={lifetime})/\
                         ICMPv6NDOptSrcLLAddr(lladdr='{mac}')/ICMPv6NDOptMTU(mtu={mtu})/\
                         ICMPv6NDOptPrefixInfo(prefix='2001:db8::',prefixlen=64,L=1,A=1,validlifetime=7,preferredlifetime=5)"
                    ),
                );
            }
            3 => {
                let delay = dice.below(65536);
                self.add(
                    &format!("icmp6(type=query, delay={delay}, group={target})"),
                    &format!("ICMPv6MLQuery(mrd={delay},mladdr='{target}')"),
                );
            }
            _ => self.add(
                &format!("icmp6(type=report2, records=[rec({target}, type=exclude), rec(ff02::7, type=allow, sources=[{target}])])"),
                &format!(
                    "ICMPv6MLReport2(records_number=2,records=[ICMPv6MLDMultAddrRec(rtype=2,dst='{target}',sources=[]),\
                     ICMPv6MLDMultAddrRec(rtype=5,dst='ff02::7',sources=['{target}'],sources_number=1)])"
                ),
            ),
        }
    }

    /// An IPv6 header with extension headers and what they carry, at most
    /// `depth` packets inside each other.
    fn ip6(&mut self, dice: &mut Dice, depth: u32) {
        let (src, dst) = (dice.ip6(), dice.ip6());
        let (hlim, flow, tc) = (dice.below(256), dice.below(1 << 20), dice.below(256));
        let segments: Vec<String> = (0..1 + dice.below(5)).map(|_| dice.ip6()).collect();
        let has_srh = dice.chance(75);
        // Without one given, the destination is the first segment.
        let given = !has_srh || dice.chance(50);
        let n = segments.len() as u64;
        let left = if dice.chance(60) { n - 1 } else { dice.below(n) };
        let active = &segments[(n - 1 - left) as usize];
        let (ours, theirs) = if given { (format!(", dst={dst}"), &dst) } else { (String::new(), active) };
        self.add(
            &format!("ip6(src={src}{ours}, hlim={hlim}, flow={flow:#x}, tc={tc})"),
            &format!("IPv6(src='{src}',dst='{theirs}',hlim={hlim},fl={flow},tc={tc})"),
        );
        for (ours, theirs) in [("hbh", "IPv6ExtHdrHopByHop"), ("dst", "IPv6ExtHdrDestOpt")] {
            if dice.chance(15) {
                let value = dice.hex(20);
                let (ours_option, option) = match dice.below(3) {
                    0 => ("ra(1)".to_owned(), "RouterAlert(value=1)".to_owned()),
                    1 => (format!("home({src})"), format!("HAO(hoa='{src}')")),
                    _ => {
                        let bytes = format!("HBHOptUnknown(otype=0x1e,optdata=bytes.fromhex('{value}'))");
                        (if value.is_empty() { "opt(30)".to_owned() } else { format!("opt(30, {value})") }, bytes)
                    }
                };
                self.add(&format!("{ours}(options=[{ours_option}])"), &format!("{theirs}(options=[{option}])"));
            }
        }
        if has_srh {
            self.srh(dice, &segments, left);
        }
        if dice.chance(10) {
            let id = dice.below(1 << 32);
            self.add(&format!("frag(id={id:#x})"), &format!("IPv6ExtHdrFragment(id={id})"));
        }
        self.upper(dice, depth, true);
    }

    fn srh(&mut self, dice: &mut Dice, segments: &[String], left: u64) {
        let (tag, flags) = (dice.below(0x10000), if dice.chance(20) { 0x20 } else { 0 });
        let wire: Vec<&str> = segments.iter().rev().map(String::as_str).collect();
        let list = if dice.chance(50) {
            format!("path=[{}]", segments.join(", "))
        } else {
            format!("segs=[{}]", wire.join(", "))
        };
        let mut ours = format!("{list}, sl={left}, tag={tag:#x}, flags={flags}");
        let mut theirs = format!(
            "addresses={wire:?},segleft={left},lastentry={},tag={tag},oam={}",
            segments.len() - 1,
            u8::from(flags != 0)
        );
        if dice.chance(30) {
            // Of a size that needs no padding: scapy pads by Pad1.
            let value = "5a".repeat([6, 14, 22][dice.below(3) as usize]);
            let _ = write!(ours, ", tlvs=[tlv(9, {value})]");
            let len = value.len() / 2;
            let tlv = format!("IPv6ExtHdrSegmentRoutingTLV(type=9,len={len},value=bytes.fromhex('{value}'))");
            let _ = write!(theirs, ",tlv_objects=[{tlv}]");
        }
        self.add(&format!("srh({ours})"), &format!("IPv6ExtHdrSegmentRouting({theirs})"));
    }

    fn ip4(&mut self, dice: &mut Dice, depth: u32) {
        let (src, dst, ttl, id, tos) = (dice.ip4(), dice.ip4(), dice.below(256), dice.below(65536), dice.below(256));
        let df = dice.chance(50);
        let (ours, theirs) = if df { (", df", "DF") } else { ("", "") };
        self.add(
            &format!("ip4(src={src}, dst={dst}, ttl={ttl}, id={id}, tos={tos}{ours})"),
            &format!("IP(src='{src}',dst='{dst}',ttl={ttl},id={id},tos={tos},flags='{theirs}')"),
        );
        self.upper(dice, depth, false);
    }

    /// What an IP header carries.
    fn upper(&mut self, dice: &mut Dice, depth: u32, in_ip6: bool) {
        let (sport, dport) = (dice.below(65536), dice.below(65536));
        let (id, seq) = (dice.below(65536), dice.below(65536));
        if in_ip6 && dice.chance(8) {
            return self.discovery(dice);
        }
        match dice.below(if depth > 0 { 8 } else { 4 }) {
            0 | 1 => {
                self.add(&format!("udp(sport={sport}, dport={dport})"), &format!("UDP(sport={sport},dport={dport})"));
            }
            2 => {
                let (seq, ack, win) = (dice.below(1 << 32), dice.below(1 << 32), dice.below(65536));
                let flags = ["S", "SA", "A", "PA", "FA", "R"][dice.below(6) as usize];
                let (ours, theirs) = match dice.chance(40) {
                    true if dice.chance(50) => (
                        ", options=[mss(1460), sackok, ts(1, 2), nop, wscale(7)]",
                        "[('MSS',1460),('SAckOK',b''),('Timestamp',(1,2)),('NOP',None),('WScale',7)]",
                    ),
                    true => (", options=[nop, nop, sack([5, 9])]", "[('NOP',None),('NOP',None),('SAck',(5,9))]"),
                    false => ("", "[]"),
                };
                self.add(
                    &format!("tcp(sport={sport}, dport={dport}, seq={seq}, ack={ack}, flags={flags}, win={win}{ours})"),
                    &format!(
                        "TCP(sport={sport},dport={dport},seq={seq},ack={ack},flags='{flags}',window={win},options={theirs})"
                    ),
                );
            }
            3 if in_ip6 => {
                let (ours, theirs) = [("echo", "Request"), ("reply", "Reply")][dice.below(2) as usize];
                self.add(
                    &format!("icmp6(type={ours}, id={id}, seq={seq})"),
                    &format!("ICMPv6Echo{theirs}(id={id},seq={seq})"),
                );
            }
            3 => self.add(&format!("icmp4(id={id}, seq={seq})"), &format!("ICMP(type=8,id={id},seq={seq})")),
            4 => return self.ip4(dice, depth - 1),
            6 => return self.tunnel(dice, depth - 1),
            7 if in_ip6 => return self.error(dice, 0),
            _ => return self.ip6(dice, depth - 1),
        }
        let payload = dice.hex(40);
        if dice.chance(80) {
            self.add(&format!("hex({payload})"), &format!("Raw(bytes.fromhex('{payload}'))"));
        }
    }
}

/// Some thousands of packets, the same in every run.
fn recipes() -> Vec<Recipe> {
    let mut dice = Dice(0x5eed_0000_8754);
    (0..3000).map(|_| Recipe::any(&mut dice)).collect()
}

#[test]
fn scapy_builds_the_same_bytes() {
    const SCRIPT: &str = "
import sys
try:
    from scapy.layers.l2 import *
    from scapy.layers.inet import *
    from scapy.layers.inet6 import *
    from scapy.layers.ppp import *
    from scapy.layers.vxlan import VXLAN
    from scapy.contrib.geneve import GENEVE
    from scapy.contrib.gtp import GTP_U_Header
    from scapy.contrib.mpls import MPLS
    from scapy.packet import Raw
except ImportError:
    sys.exit(77)
for line in sys.stdin:
    print(bytes(eval(line)).hex())
";
    let recipes = recipes();
    let script: String = recipes.iter().map(|recipe| recipe.scapy.clone() + "\n").collect();
    let Some(stdout) = witness::scapy(SCRIPT, &script) else { return };
    assert_eq!(stdout.lines().count(), recipes.len());
    for (recipe, theirs) in recipes.iter().zip(stdout.lines()) {
        assert_eq!(hex::encode(build(&recipe.notation)), theirs, "\n{}\n{}", recipe.notation, recipe.scapy);
    }
}

#[test]
fn tshark_finds_every_checksum_good() {
    const STATUS: [&str; 6] = [
        "gre.checksum.status",
        "ip.checksum.status",
        "udp.checksum.status",
        "tcp.checksum.status",
        "icmp.checksum.status",
        "icmpv6.checksum.status",
    ];
    let recipes = recipes();
    let scratch = Scratch::new();
    let file = scratch.path("craft.pcapng");
    let packets: Vec<_> = recipes.iter().map(|recipe| framed(&recipe.notation)).collect();
    write(&file, packets.iter().map(|(link, bytes)| Frame::new(*link, bytes)));

    let fields = [&STATUS[..], &["_ws.malformed"]].concat();
    let Some(run) = witness::fields(&file, &[], &fields) else { return };
    let lines = run.lines();
    assert_eq!(lines.len(), recipes.len());
    for (recipe, line) in recipes.iter().zip(lines) {
        let columns: Vec<&str> = line.split('\t').collect();
        let (statuses, malformed) = (&columns[..STATUS.len()], columns[STATUS.len()]);
        // What it takes random payload for is its own affair.
        let known = ["IP", "ICMP", "UDP", "TCP", "GRE", "MPLS", "PPP", "VLAN", "802", "ARP", "GTP", "VXLAN", "GENEVE"];
        let blamed = malformed.split(": ").nth(1).unwrap_or_default();
        assert!(!known.iter().any(|name| blamed.to_uppercase().starts_with(name)), "{malformed}: {}", recipe.notation);
        // tshark takes quoted checksums to be over the destination as it stands.
        let last = statuses.len() - 1;
        let statuses = if recipe.quotes { &statuses[last..] } else { statuses };
        let all: Vec<&str> = statuses.iter().flat_map(|s| s.split(',')).filter(|s| !s.is_empty()).collect();
        let all = if recipe.quotes { &all[..all.len().min(1)] } else { &all[..] };
        // ARP has none, and a message with a Fragment header is not looked into.
        let has_some = !all.is_empty() || recipe.quotes || recipe.notation.contains("arp(");
        assert!(has_some && all.iter().all(|status| *status == "1"), "{line}\n{}", recipe.notation);
    }
}

#[test]
fn etherparse_builds_the_same_classic_headers() {
    use etherparse::PacketBuilder;
    let mut dice = Dice(7);
    for _ in 0..100 {
        let (sport, dport, ttl) = (dice.below(65536) as u16, dice.below(65536) as u16, dice.below(256) as u8);
        let (seq, win) = (dice.below(1 << 32) as u32, dice.below(65536) as u16);
        let (s4, d4, s6, d6) = (dice.ip4(), dice.ip4(), dice.ip6(), dice.ip6());
        let payload = dice.hex(30);
        let data = hex::decode(&payload).unwrap();
        let octets4 = |text: &str| text.parse::<std::net::Ipv4Addr>().unwrap().octets();
        let octets6 = |text: &str| text.parse::<std::net::Ipv6Addr>().unwrap().octets();

        let mut theirs = Vec::new();
        PacketBuilder::ipv4(octets4(&s4), octets4(&d4), ttl).udp(sport, dport).write(&mut theirs, &data).unwrap();
        // etherparse sets Don't Fragment.
        let ours = format!("ip4(src={s4}, dst={d4}, ttl={ttl}, df)/udp(sport={sport}, dport={dport})/hex({payload})");
        assert_eq!(hex::encode(build(&ours)), hex::encode(&theirs), "{ours}");

        let mut theirs = Vec::new();
        let builder = PacketBuilder::ipv6(octets6(&s6), octets6(&d6), ttl).tcp(sport, dport, seq, win).syn();
        builder.write(&mut theirs, &data).unwrap();
        let ours = format!(
            "ip6(src={s6}, dst={d6}, hlim={ttl})/tcp(sport={sport}, dport={dport}, seq={seq}, win={win})/hex({payload})"
        );
        assert_eq!(hex::encode(build(&ours)), hex::encode(&theirs), "{ours}");
    }
}

/// Runs `sr6 craft` with something to read.
fn craft(arguments: &[&str], input: &str) -> Output {
    feed(sr6().arg("craft").args(arguments), input.as_bytes()).unwrap()
}

#[test]
fn a_mistake_is_pointed_at() {
    let output = craft(&["ip6(hlmi=3)/udp"], "");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stdout, b"");
    assert_eq!(
        stderr(&output),
        "sr6: unknown argument 'hlmi' of ip6; did you mean 'hlim'?\n  ip6(hlmi=3)/udp\n      ^^^^\n"
    );
}

#[test]
fn a_mistake_in_the_last_packet_leaves_nothing_behind() {
    let scratch = Scratch::new();
    let path = &scratch.text("half.pcap");
    let output = craft(&["-w", path, "-o", "hex", "ip6(dst=::1)", "-"], "# fine\nip6\n\nip6/srh\n");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stdout, b"");
    assert_eq!(stderr(&output), "sr6: standard input:4:5: layer 2 (srh): needs path= or segs=\n  ip6/srh\n      ^^^\n");
    assert_eq!(scratch.names(), [""; 0]);
}

#[test]
fn packets_are_stored_with_their_link_type_and_time() {
    let scratch = Scratch::new();
    let path = &scratch.text("stored.pcap");
    let output = craft(&["-w", path, "--time", "1700000000.5", "eth/ip6/\"x\"", "eth/ip6/\"yy\""], "");
    assert_eq!(stdout(&output), "");
    let stored = read(path, |frame| (frame.link, frame.time.unwrap().to_string(), frame.data.len()));
    let expected = [55, 56].map(|length| (LinkType::ETHERNET, "1700000000.500000000".to_owned(), length));
    assert_eq!(stored, expected);
}

#[test]
fn outputs_are_what_was_asked_for() {
    let packet = "ip6(src=::1, dst=::2)/udp(sport=1, dport=2)/\"hi\"";
    let text = |arguments: &[&str], input: &str| stdout(&craft(arguments, input)).to_owned();
    let line = text(&["-o", "hex", packet], "");
    let addresses = format!("{:032x}{:032x}", 1, 2);
    assert_eq!(line, format!("60000000000a1140{addresses}00010002000a976b6869\n"));
    assert_eq!(text(&["-o", "hex", "-"], &format!("{packet}\n{packet}\n")), line.repeat(2));
    assert_eq!(text(&["-o", "notation", &packet.replace(", ", " ,\n ")], ""), format!("{packet}\n"));
    let tree = text(&["-x", packet], "");
    assert!(tree.contains("Internet Protocol Version 6, Src: ::1, Dst: ::2"), "{tree}");
    assert!(tree.contains("[Checksum Status: Good]"), "{tree}");
    assert!(tree.contains("\n\n0000  60 00 00 00"), "{tree}");
    let refused = craft(&["hex(00)"], "");
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(text(&["-o", "hex", "hex(00)"], ""), "00\n");
}
