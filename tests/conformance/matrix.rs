//! The cells: every behaviour, and every packet it gets.

use std::net::Ipv6Addr;

use sr6::srv6::hmac::{Algorithm, Form, Key, Signed};

/// What a packet is sent to.
pub struct Target {
    /// The behaviour, as the tables call it.
    pub name: &'static str,
    /// The destination that reaches it.
    pub address: &'static str,
    /// How the topology file describes it.
    pub toml: String,
    /// Does it need keys, and with them real root?
    pub needs_keys: bool,
}

pub const KEY: u32 = 42;
const SECRET: &str = "secret-key-0123";

/// The part of the topology file for the keys of `x`.
pub fn keys_toml() -> String {
    format!("hmac = [{{ id = {KEY}, algorithm = \"sha256\", secret = \"{SECRET}\" }}]\n")
}

/// Everything this kernel has.
pub fn targets() -> Vec<Target> {
    let sid = |name, address: &'static str, more: &str| Target {
        name,
        address,
        toml: format!("[[sid]]\nnode = 'x'\nsid = '{}'\ndev = 'xb'\n{more}\n", prefix(address)),
        needs_keys: more.contains("hmac"),
    };
    let headend = |name, address: &'static str, encap: &str| Target {
        name,
        address,
        toml: format!("[[route]]\nnode = 'x'\nto = '{address}'\ndev = 'xb'\nencap = {{ {encap} }}\n"),
        needs_keys: encap.contains("hmac"),
    };
    vec![
        Target { name: "plain address", address: "2001:db8:a::2", toml: String::new(), needs_keys: false },
        sid("End", "fc00::1", "action = 'End'"),
        sid("End (PSP)", "fc00::2", "action = 'End'\nflavors = ['psp']"),
        sid("End (NEXT-C-SID), argument", "fcbb:bb00:100:200:300::", "action = 'End'\nflavors = ['next-csid']"),
        sid("End (NEXT-C-SID), no argument", "fcbb:bb00:101::", "action = 'End'\nflavors = ['next-csid']"),
        sid("End (NEXT-C-SID, PSP)", "fcbb:bb00:102::", "action = 'End'\nflavors = ['next-csid', 'psp']"),
        sid("End.X", "fc00::3", "action = 'End.X'\nnh6 = '2001:db8:c::1'"),
        sid(
            "End.X (NEXT-C-SID)",
            "fcbb:bb00:103:200::",
            "action = 'End.X'\nnh6 = '2001:db8:c::1'\nflavors = ['next-csid']",
        ),
        sid(
            "End (NEXT-C-SID of 40 and 24 bits), argument",
            "fcbb:bb00:1c00:7:2000::",
            "action = 'End'\nflavors = ['next-csid']\ncsid = { block = 40, function = 24 }",
        ),
        sid(
            "End.X (NEXT-C-SID of 48 and 16 bits), argument",
            "fcbb:bb00:1d00:7:200::",
            "action = 'End.X'\nnh6 = '2001:db8:c::1'\nflavors = ['next-csid']\ncsid = { block = 48, function = 16 }",
        ),
        sid("End.T", "fc00::4", "action = 'End.T'\nlookup = 100"),
        sid("End.T (PSP, ignored)", "fc00::14", "action = 'End.T'\nlookup = 100\nflavors = ['psp']"),
        sid(
            "End.T (NEXT-C-SID, ignored), argument",
            "fcbb:bb00:104:200::",
            "action = 'End.T'\nlookup = 100\nflavors = ['next-csid']",
        ),
        sid(
            "End.DX2 (NEXT-C-SID, ignored)",
            "fcbb:bb00:105::",
            "action = 'End.DX2'\noif = 'xc'\nflavors = ['next-csid']",
        ),
        sid(
            "End.DX4 (NEXT-C-SID, ignored)",
            "fcbb:bb00:106::",
            "action = 'End.DX4'\nnh4 = '10.0.2.1'\nflavors = ['next-csid']",
        ),
        sid(
            "End.DX6 (NEXT-C-SID, ignored), argument",
            "fcbb:bb00:107:200::",
            "action = 'End.DX6'\nnh6 = '2001:db8:c::1'\nflavors = ['next-csid']",
        ),
        sid(
            "End.DT6 (NEXT-C-SID, ignored)",
            "fcbb:bb00:108::",
            "action = 'End.DT6'\nlookup = 100\nflavors = ['next-csid']",
        ),
        sid(
            "End.B6.Encaps (NEXT-C-SID, ignored), argument",
            "fcbb:bb00:109:200::",
            "action = 'End.B6.Encaps'\nsrh = { segs = ['fc00:b::8'] }\nflavors = ['next-csid']",
        ),
        sid("End.DX2", "fc00::5", "action = 'End.DX2'\noif = 'xc'"),
        sid("End.DX4", "fc00::6", "action = 'End.DX4'\nnh4 = '10.0.2.1'"),
        sid("End.DX4 (inner destination)", "fc00::7", "action = 'End.DX4'\nnh4 = '0.0.0.0'"),
        sid("End.DX6", "fc00::8", "action = 'End.DX6'\nnh6 = '2001:db8:c::1'"),
        sid("End.DX6 (inner destination)", "fc00::9", "action = 'End.DX6'\nnh6 = '::'"),
        sid("End.DT6", "fc00::a", "action = 'End.DT6'\nlookup = 100"),
        sid("End.DT6 (main)", "fc00::b", "action = 'End.DT6'\nlookup = 'main'"),
        sid("End.B6.Insert", "fc00::c", "action = 'End.B6'\nsrh = { segs = ['fc00:b::8', 'fc00:b::9'] }"),
        sid("End.B6.Encaps", "fc00::d", "action = 'End.B6.Encaps'\nsrh = { segs = ['fc00:b::8', 'fc00:b::9'] }"),
        sid("End.B6.Encaps (HMAC)", "fc00::e", "action = 'End.B6.Encaps'\nsrh = { segs = ['fc00:b::8'], hmac = 42 }"),
        headend("H.Encaps", "fc00:e1::1", "mode = 'encap', segs = ['fc00:b::8', 'fc00:b::9']"),
        headend("H.Encaps, one segment", "fc00:e2::1", "mode = 'encap', segs = ['fc00:b::8']"),
        headend("H.Encaps.Red", "fc00:e3::1", "mode = 'encap.red', segs = ['fc00:b::8', 'fc00:b::9']"),
        headend("H.Encaps.Red, one segment", "fc00:e4::1", "mode = 'encap.red', segs = ['fc00:b::8']"),
        headend("H.Insert", "fc00:e5::1", "mode = 'inline', segs = ['fc00:b::8', 'fc00:b::9']"),
        headend("H.Encaps.L2", "fc00:e6::1", "mode = 'l2encap', segs = ['fc00:b::8', 'fc00:b::9']"),
        headend("H.Encaps.L2.Red", "fc00:e7::1", "mode = 'l2encap.red', segs = ['fc00:b::8', 'fc00:b::9']"),
        headend("H.Encaps (HMAC)", "fc00:e8::1", "mode = 'encap', segs = ['fc00:b::8', 'fc00:b::9'], hmac = 42"),
        headend("H.Encaps.Red (HMAC)", "fc00:e9::1", "mode = 'encap.red', segs = ['fc00:b::8'], hmac = 42"),
        headend("H.Insert (HMAC)", "fc00:ea::1", "mode = 'inline', segs = ['fc00:b::8'], hmac = 42"),
        headend("H.Encaps of IPv4", "10.8.0.1", "mode = 'encap', segs = ['fc00:b::8', 'fc00:b::9']"),
        headend("H.Encaps.L2 of IPv4", "10.6.0.1", "mode = 'l2encap', segs = ['fc00:b::8', 'fc00:b::9']"),
        headend("H.Encaps.L2.Red of IPv4", "10.5.0.1", "mode = 'l2encap.red', segs = ['fc00:b::8', 'fc00:b::9']"),
        headend("H.Encaps.Red of IPv4", "10.7.0.1", "mode = 'encap.red', segs = ['fc00:b::8', 'fc00:b::9']"),
    ]
}

/// What this kernel does not have.
pub const NOT_RUN: [&str; 3] = ["End.DT4", "End.DT46", "End.DT6 with vrf"];

/// A carrier's SID is a prefix, all others are whole addresses.
fn prefix(address: &str) -> String {
    if let Some(rest) = address.strip_prefix("fcbb:bb00:") {
        // Those of 40 and 24, or 48 and 16 bits are longer.
        let groups = if rest.starts_with("1c00") || rest.starts_with("1d00") { 4 } else { 3 };
        let block: Vec<_> = address.split(':').take(groups).collect();
        format!("{}::/{}", block.join(":"), 16 * groups)
    } else {
        address.to_string()
    }
}

/// A packet, in notation.
pub struct Packet {
    pub name: &'static str,
    pub notation: String,
}

const UDP: &str = "udp(sport=1000, dport=2000)/\"payload\"";
const INNER6: &str = "ip6(src=fc00:a::1, dst=fc00:b::7, hlim=9, tc=0x08, flow=0x54321)/udp(sport=1, dport=2)/\"inner\"";
const INNER4: &str = "ip4(src=10.1.1.1, dst=10.9.1.1, ttl=9)/udp(sport=1, dport=2)/\"inner\"";
const FRAME: &str = "eth(src=02:00:00:00:00:05, dst=02:00:00:00:00:06)/ip6(src=fc00:a::1, dst=fc00:b::7)/udp/\"frame\"";

/// The packets a target gets. An IPv4 target gets plain IPv4 alone.
pub fn packets(target: &Target) -> Vec<Packet> {
    let to = target.address;
    let packet = |name, notation| Packet { name, notation };
    if !to.contains(':') {
        let v4 = |ttl: u8| format!("ip4(src=10.0.1.1, dst={to}, ttl={ttl}, tos=0x20)/{UDP}");
        return vec![packet("IPv4", v4(64)), packet("IPv4, TTL 2", v4(2))];
    }
    let ip = |hlim: u8| format!("ip6(src=2001:db8:a::1, dst={to}, hlim={hlim}, tc=0x20, flow=0x12345)");
    let srh = |args: &str, rest: &str| format!("{}/srh({args})/{rest}", ip(64));
    let done = |rest: &str| srh(&format!("segs=[{to}, fc00::77], sl=0"), rest);
    let two = format!("segs=[fc00:b::1, {to}]");
    let mut all = vec![
        packet("normal", srh(&format!("{two}, sl=1"), UDP)),
        packet("three segments", srh(&format!("segs=[fc00:b::1, fc00:b::2, {to}], sl=2, tag=0x1234"), UDP)),
        packet("reduced", srh("segs=[fc00:b::1], sl=1", UDP)),
        packet("reduced, three segments", srh("segs=[fc00:b::1, fc00:b::2], sl=2", UDP)),
        packet("Segments Left too big", srh("segs=[fc00:b::1], sl=2", UDP)),
        packet("Segments Left far too big", srh(&format!("{two}, sl=9"), UDP)),
        packet("Last Entry too big", srh(&format!("{two}, sl=1, last=2"), UDP)),
        packet("Last Entry too small", srh(&format!("segs=[fc00:b::1, fc00:b::2, {to}], sl=1, last=0"), UDP)),
        packet("O-flag", srh(&format!("{two}, sl=1, flags=0x20"), UDP)),
        packet("TLV of padding", srh(&format!("{two}, sl=1, tlvs=[padn(8)]"), UDP)),
        packet("unknown TLV", srh(&format!("{two}, sl=1, tlvs=[tlv(124, 000102030405)]"), UDP)),
        packet("TLV overruns", srh(&format!("{two}, sl=1, tlvs=[7cff0102030405ff]"), UDP)),
        packet("Pad1 after a TLV", srh(&format!("{two}, sl=1, tlvs=[tlv(124, 0001020304), pad1]"), UDP)),
        packet("reduced with TLVs", srh("segs=[fc00:b::1], sl=1, tlvs=[padn(16)]", UDP)),
        packet("hop limit 1", format!("{}/srh({two}, sl=1)/{UDP}", ip(1))),
        packet("hop limit 2", format!("{}/srh({two}, sl=1)/{UDP}", ip(2))),
        packet("next segment multicast", srh(&format!("segs=[ff02::1, {to}], sl=1"), UDP)),
        packet("next segment unroutable", srh(&format!("segs=[fd00::1, {to}], sl=1"), UDP)),
        packet("next segment a plain address of the node", srh(&format!("segs=[2001:db8:b::2, {to}], sl=1"), UDP)),
        packet("next segment another SID of the node", srh(&format!("segs=[fc00:b::1, fc00::1, {to}], sl=2"), UDP)),
        packet("SL 0, UDP", done(UDP)),
        packet("SL 0, echo request", done("icmp6(type=echo, id=7, seq=1)")),
        packet("SL 0, IPv6 inside", done(INNER6)),
        packet("SL 0, IPv4 inside", done(INNER4)),
        packet("SL 0, Ethernet inside", done(FRAME)),
        packet("SL 0, next header 59", format!("{}/srh(segs=[{to}], sl=0, nxt=59)", ip(64))),
        packet("SL 0, next header 253", format!("{}/srh(segs=[{to}], sl=0, nxt=253)/hex(0011223344556677)", ip(64))),
        packet("SL 0, inner hop limit 1", done(&INNER6.replace("hlim=9", "hlim=1"))),
        packet("SL 0, inner destination unroutable", done(&INNER6.replace("fc00:b::7", "fd00::9"))),
        packet(
            "SL 0, inner source on the link",
            done(&INNER6.replace("fc00:a::1", "2001:db8:a::1").replace("hlim=9", "hlim=1")),
        ),
        packet("SL 1, IPv6 inside", srh(&format!("{two}, sl=1"), INNER6)),
        packet("SL too big, IPv6 inside", srh("segs=[fc00:b::1], sl=2", INNER6)),
        packet("SL 0 and bad Last Entry, IPv6 inside", srh("segs=[fc00:b::1], sl=0, last=1", INNER6)),
        packet("no SRH, UDP", format!("{}/{UDP}", ip(64))),
        packet("no SRH, IPv6 inside", format!("{}/{INNER6}", ip(64))),
        packet("no SRH, IPv4 inside", format!("{}/{INNER4}", ip(64))),
        packet("no SRH, Ethernet inside", format!("{}/{FRAME}", ip(64))),
        packet("two SRHs, the first spent", format!("{}/srh(segs=[fc00::77], sl=0)/srh({two}, sl=1)/{UDP}", ip(64))),
        packet("two SRHs, none spent", format!("{}/srh({two}, sl=1)/srh({two}, sl=1)/{UDP}", ip(64))),
        packet(
            "two spent SRHs, IPv6 inside",
            format!("{}/srh(segs=[fc00::77], sl=0)/srh(segs=[fc00::78], sl=0)/{INNER6}", ip(64)),
        ),
        packet("destination options before", format!("{}/dst/srh({two}, sl=1)/{UDP}", ip(64))),
        packet("another routing type", format!("{}/routing(type=5, sl=1)/{UDP}", ip(64))),
        packet("HMAC missing, flag set", srh(&format!("{two}, sl=1, flags=8"), UDP)),
        packet("HMAC not last", hmac(to, &two, 1, 8, Form::Linux, KEY, "0406000000000000", UDP)),
        packet("HMAC after padding", {
            let signed = hmac(to, &two, 1, 8, Form::Linux, KEY, "", UDP);
            signed.replace("tlvs=[", "tlvs=[padn(8), ")
        }),
    ];
    for (name, flags, form, id) in [
        ("HMAC good", 8, Form::Linux, KEY),
        ("HMAC good, without the flag", 0, Form::Linux, KEY),
        ("HMAC of the RFC", 0, Form::Rfc8754, KEY),
        ("HMAC of the RFC, flag set", 8, Form::Rfc8754, KEY),
        ("HMAC of an unknown key", 8, Form::Linux, KEY + 1),
    ] {
        all.push(packet(name, hmac(to, &two, 1, flags, form, id, "", UDP)));
    }
    all.push(packet("HMAC good, SL 0, IPv6 inside", hmac(to, &two, 0, 8, Form::Linux, KEY, "", INNER6)));
    let bad = hmac(to, &two, 1, 8, Form::Linux, KEY, "", UDP).replace("tag=7", "tag=8");
    all.push(packet("HMAC good, tag changed", bad.clone()));
    all.push(packet("HMAC bad", bad.replace("segs=[fc00:b::1,", "segs=[fc00:b::2,")));
    all
}

/// A packet with an HMAC TLV, and what follows it among the TLVs.
#[allow(clippy::too_many_arguments)] // one place, every part varies
fn hmac(to: &str, segs: &str, left: u8, flags: u8, form: Form, id: u32, after: &str, rest: &str) -> String {
    let source: Ipv6Addr = "2001:db8:a::1".parse().unwrap();
    let list: Vec<u8> = ["fc00:b::1", to].iter().flat_map(|s| s.parse::<Ipv6Addr>().unwrap().octets()).collect();
    let key = Key::new(id, Algorithm::Sha256, SECRET);
    let digest = key.digest(form, source, &Signed { last_entry: 1, flags, list: &list }, 0);
    let value = format!("0000{id:08x}{}", hex::encode(digest.linux()));
    let after = if after.is_empty() { String::new() } else { format!(", {after}") };
    format!(
        "ip6(src={source}, dst={to})/srh({segs}, sl={left}, flags={flags}, tag=7, tlvs=[tlv(5, {value}){after}])/{rest}"
    )
}
