//! What SRv6 nodes may do to a packet, rule by rule: each has a packet that
//! keeps it and one that breaks it.

use std::sync::Arc;

use sr6::capture::Frame;
use sr6::diff::{Between, Comparer, Rules, Verdict};
use sr6::dissect::Settings;
use sr6::srv6::csid::Locators;
use sr6::wire::link_type::LinkType;

use crate::captures::{Scratch, run};
use crate::support::captures::framed;
use crate::support::process::text;

/// Compares two frames, the left one before and the right one behind nodes.
pub fn verdicts(locators: &[&str], hops: Option<u8>, left: &[u8], right: &[u8], link: LinkType) -> Vec<Verdict> {
    let mut known = Locators::default();
    locators.iter().for_each(|text| known.add(text).unwrap());
    let settings = Arc::new(Settings { locators: known, ..Settings::default() });
    let between = Between { hops, both_ways: false };
    let rules = Arc::new(Rules { semantic: Some(between), ..Rules::default() });
    let mut comparer = Comparer::new(rules, &settings);
    let frames = [left, right].map(|bytes| Frame::new(link, bytes));
    let comparison = comparer.compare(&frames[0], &frames[1]);
    comparison.differences.iter().map(|difference| difference.verdict.expect("a verdict")).collect()
}

/// The verdicts on two packets in notation, in short: those that flag
/// something, or else those that accept.
fn said(locators: &[&str], hops: Option<u8>, left: &str, right: &str) -> String {
    let ((link, before), (other, after)) = (framed(left), framed(right));
    assert_eq!(link, other, "{left}");
    let all = verdicts(locators, hops, &before, &after, link);
    let flagged: Vec<_> = all.iter().filter(|verdict| !verdict.is_accepted()).map(|verdict| verdict.id()).collect();
    if flagged.is_empty() {
        format!("ok: {}", all.iter().map(|verdict| verdict.id()).collect::<Vec<_>>().join(" "))
    } else {
        flagged.join(" ")
    }
}

const REST: &str = "udp(sport=1, dport=2)/\"hello\"";
const PATH: &str = "segs=[fc00:c::1, fc00:b::1, fc00:a::1]";
const INNER: &str = "ip6(src=fc00:9::1, dst=fc00:9::2, flow=5)/udp(sport=1, dport=2)/\"inner\"";

/// A packet on its way: these arguments of the IPv6 header and of the SRH.
fn way(ip: &str, srh: &str) -> String {
    format!("ip6(src=fc00::1, {ip})/srh({PATH}, {srh})/{REST}")
}

/// The packet before: two segments left, and a flow label.
fn before() -> String {
    way("dst=fc00:a::1, hlim=64, flow=7", "sl=2")
}

/// As an End behind it sends it on.
fn after() -> String {
    way("dst=fc00:b::1, hlim=63, flow=7", "sl=1")
}

#[test]
fn an_end_is_accepted_and_told_why() {
    assert_eq!(said(&[], None, &before(), &after()), "ok: hop_limit destination.segment segments_left");
    // Several of them.
    let later = way("dst=fc00:c::1, hlim=60, flow=7", "sl=0");
    assert_eq!(said(&[], None, &before(), &later), "ok: hop_limit destination.segment segments_left");
    // Only forwarded, or not even that.
    let forwarded = way("dst=fc00:a::1, hlim=62, flow=7", "sl=2");
    assert_eq!(said(&[], None, &before(), &forwarded), "ok: hop_limit");
    assert_eq!(said(&[], None, &before(), &before()), "ok: ");
}

#[test]
fn every_fixed_field_has_its_rule() {
    let changed = |ip: &str, srh: &str| said(&[], None, &before(), &way(ip, srh));
    let good = "dst=fc00:b::1, hlim=63, flow=7";
    for (ip, srh, flagged) in [
        ("dst=fc00:b::1, hlim=65, flow=7", "sl=1", "hop_limit.raised"),
        ("dst=fc00:b::1, hlim=64, flow=7", "sl=1", "hop_limit.kept"),
        ("dst=fc00:b::1, hlim=63, flow=8", "sl=1", "flow"),
        ("dst=fc00:b::1, hlim=63, flow=0", "sl=1", "flow"),
        ("dst=fc00:b::1, hlim=63, flow=7, tc=0xb8", "sl=1", "traffic_class"),
        ("dst=fc00:b::1, hlim=63, flow=7, tc=3", "sl=1", "traffic_class"),
        ("dst=fc00:b::1, hlim=63, flow=7, plen=9", "sl=1", "length.wrong"),
        ("dst=fc00:a::1, hlim=63, flow=7", "sl=1", "destination.not_segment"),
        ("dst=fc00:d::1, hlim=63, flow=7", "sl=1", "destination.not_segment"),
        ("dst=fc00:b::1, hlim=63, flow=7", "sl=2", "destination"),
        (good, "sl=1, tag=1", "srh.tag"),
        (good, "sl=1, flags=0x20", "srh.flags"),
        (good, "sl=1, last=1", "srh.fixed"),
    ] {
        assert!(
            changed(ip, srh).split(' ').any(|verdict| verdict == flagged),
            "{ip} {srh}: {} instead of {flagged}",
            changed(ip, srh)
        );
    }
    // More segments left than before.
    assert_eq!(
        said(&[], None, &after(), &way("dst=fc00:a::1, hlim=62, flow=7", "sl=2")),
        "destination segments_left.raised"
    );
    // The source, and what is carried.
    assert!(said(&[], None, &before(), &after().replace("src=fc00::1", "src=fc00::2")).contains("source"));
    assert!(said(&[], None, &before(), &after().replace("hello", "hellO")).contains("payload"));
    assert!(said(&[], None, &before(), &after().replace("dport=2", "dport=3")).contains("payload"));
    let other_list = after().replace("segs=[fc00:c::1", "segs=[fc00:c::2");
    assert!(said(&[], None, &before(), &other_list).contains("srh.list"));
    // A label where there was none, and congestion where it may be marked.
    let unlabelled = |text: String, more: &str| text.replace("flow=7", more);
    assert!(said(&[], None, &unlabelled(before(), "flow=0"), &after()).starts_with("ok: flow.set"));
    let marked = said(&[], None, &unlabelled(before(), "tc=2"), &unlabelled(after(), "tc=3"));
    assert!(marked.starts_with("ok: congestion"), "{marked}");
}

#[test]
fn checksums_stay_right() {
    let broken = after().replace("dport=2", "dport=2, cksum=0x1234");
    assert_eq!(said(&[], None, &before(), &broken), "checksum.wrong");
    // It was wrong before: not this node's fault.
    let wrong = |text: String| text.replace("dport=2", "dport=2, cksum=0x1234");
    assert!(said(&[], None, &wrong(before()), &wrong(after())).starts_with("ok: "));
    // The destination that it is made for went: nothing else tells.
    let list = |text: String| {
        text.replace("fc00:c::1, fc00:b::1", "fc00:c::9, fc00:b::1").replace("dport=2", "dport=2, cksum=0x2f4e")
    };
    assert!(said(&[], None, &before(), &list(after())).contains("srh.list"));
    // Left to hardware before, complete after: the sum of the pseudo-header.
    let (link, mut partial) = framed(&before());
    let (_, complete) = framed(&after());
    let at = partial.len() - 13 + 6;
    let sum = sr6::wire::checksum::Sum::default().pseudo_header(
        &"fc00::1".parse::<std::net::Ipv6Addr>().unwrap().octets(),
        &"fc00:c::1".parse::<std::net::Ipv6Addr>().unwrap().octets(),
        13,
        17,
    );
    partial[at..at + 2].copy_from_slice(&sum.folded().to_be_bytes());
    let all = verdicts(&[], None, &partial, &complete, link);
    assert!(all.contains(&Verdict::Completed) && all.iter().all(|verdict| verdict.is_accepted()), "{all:?}");
}

#[test]
fn an_srh_goes_when_nothing_is_left() {
    let one_left = way("dst=fc00:b::1, hlim=64", "sl=1");
    let plain = |ip: &str| format!("ip6(src=fc00::1, {ip})/{REST}");
    let psp = said(&[], None, &one_left, &plain("dst=fc00:c::1, hlim=63"));
    assert_eq!(psp, "ok: length next_header hop_limit destination.last srh.psp");
    assert_eq!(
        said(&[], None, &one_left, &plain("dst=fc00:d::1, hlim=63")),
        "destination.not_last srh.removed payload"
    );
    assert_eq!(said(&[], None, &one_left, &plain("dst=fc00:c::1, hlim=64")), "hop_limit.kept");
    assert_eq!(
        said(&[], None, &one_left, &plain("dst=fc00:b::1, hlim=63, plen=13")).split(' ').next(),
        Some("srh.removed")
    );
    // At the end.
    let at_end = way("dst=fc00:c::1, hlim=64", "sl=0");
    assert_eq!(said(&[], None, &at_end, &plain("dst=fc00:c::1, hlim=63")), "ok: length next_header hop_limit srh.usp");
    // Two segments left are more than one hop uses up.
    assert!(said(&[], None, &before(), &plain("dst=fc00:c::1, hlim=62, flow=7")).starts_with("ok: "));
    assert!(said(&[], Some(1), &before(), &plain("dst=fc00:c::1, hlim=63, flow=7")).contains("srh.removed"));
}

#[test]
fn srhs_are_inserted_before_others() {
    let inserted = |list: &str, dst: &str| {
        format!("ip6(src=fc00::1, dst={dst}, hlim=63, flow=7)/srh(segs=[{list}])/srh({PATH}, sl=2)/{REST}")
    };
    let good = said(&[], None, &before(), &inserted("fc00:a::1, fc00:7::1", "fc00:7::1"));
    assert_eq!(good, "ok: length hop_limit srh.inserted srh.inserted");
    // Where the path ends, the old SRH goes on; without one it has to end at
    // the old destination.
    assert!(said(&[], None, &before(), &inserted("fc00:a::2, fc00:7::1", "fc00:7::1")).starts_with("ok: "));
    let plain = "ip6(src=fc00::1, dst=fc00:c::1)/udp/\"x\"";
    let headend = |list: &str| format!("ip6(src=fc00::1, hlim=63)/srh(segs=[{list}])/udp/\"x\"");
    assert!(said(&[], None, plain, &headend("fc00:c::1, fc00:7::1")).starts_with("ok: "));
    let elsewhere = said(&[], None, plain, &headend("fc00:c::2, fc00:7::1"));
    assert!(elsewhere.contains("srh.inserted.wrong"), "{elsewhere}");
    let not_active = said(&[], None, &before(), &inserted("fc00:a::1, fc00:7::1", "fc00:8::1"));
    assert!(not_active.contains("srh.inserted.wrong"), "{not_active}");
}

#[test]
fn encapsulations_come_and_go() {
    let outer = |dst: &str| format!("ip6(src=fc00:f::1, dst={dst})/srh(segs=[fc00:b::1, fc00:a::1])/{INNER}");
    assert_eq!(said(&[], None, INNER, &outer("fc00:a::1")), "ok: encapsulated encapsulated");
    assert_eq!(said(&[], None, INNER, &outer("fc00:7::1")), "encapsulated.destination");
    assert_eq!(said(&[], None, INNER, &format!("ip6(src=fc00:f::1, dst=fc00:a::1)/{INNER}")), "ok: encapsulated");
    let spent = outer("fc00:b::1").replace("fc00:a::1]", "fc00:a::1], sl=0");
    assert_eq!(said(&[], None, &spent, INNER), "ok: decapsulated decapsulated");
    assert!(said(&[], None, &outer("fc00:a::1"), INNER).starts_with("ok: "));
    assert_eq!(said(&[], Some(1), &outer("fc00:a::1"), INNER), "decapsulated.early");
    // The packet inside stays; but for its hop limit.
    let inner = |more: &str| INNER.replace("flow=5", more);
    assert_eq!(
        said(&[], None, INNER, &outer("fc00:a::1").replace("flow=5", "flow=5, hlim=63")),
        "ok: encapsulated encapsulated hop_limit"
    );
    assert!(said(&[], None, INNER, &outer("fc00:a::1").replace("flow=5", "flow=6")).contains("flow"));
    assert!(said(&[], None, &spent, &inner("flow=5, hlim=65")).contains("hop_limit.raised"));
    // IPv4 and frames inside.
    let four = "ip4(src=10.0.0.1, dst=10.0.0.2, ttl=64)/udp/\"four\"";
    let in_six = |text: &str| format!("ip6(src=fc00:f::1)/srh(segs=[fc00:b::1, fc00:a::1])/{text}");
    assert_eq!(
        said(&[], None, four, &in_six(&four.replace("64", "63"))),
        "ok: encapsulated encapsulated ttl ip.checksum"
    );
    let stale = four.replace("ttl=64", "ttl=63, cksum=0x66c9");
    assert!(said(&[], None, four, &in_six(&stale)).contains("ip.checksum.wrong"));
    let frame = format!("eth(src=02:00:00:00:00:05, dst=02:00:00:00:00:06)/{INNER}");
    let on_link = |text: &str| format!("eth(src=02:00:00:00:00:01, dst=02:00:00:00:00:02)/{text}");
    assert!(said(&[], None, &frame, &on_link(&in_six(&frame))).starts_with("ok: "));
    assert!(said(&[], None, &on_link(&in_six(&frame)), &frame).starts_with("ok: "));
    // Other tunnels are not SRv6's.
    let gre = format!("ip6(src=fc00:f::1, dst=fc00:a::1, nxt=47)/hex(000086dd{})", hex::encode(framed(INNER).1));
    assert!(said(&[], None, INNER, &gre).contains("header.added"));
    assert!(said(&[], None, &gre, INNER).contains("header.removed"));
}

#[test]
fn tlvs_and_options_change_only_where_their_type_says_so() {
    let tlv = |text: String, tlv: &str| text.replace("sl=", &format!("tlvs=[{tlv}], sl="));
    let both = |one: &str, two: &str| said(&[], None, &tlv(before(), one), &tlv(after(), two));
    assert!(both("tlv(0x7c, 000102030405)", "tlv(0x7c, 000102030405)").starts_with("ok: "));
    assert_eq!(both("tlv(0x7c, 000102030405)", "tlv(0x7c, 000102030406)"), "tlv");
    assert!(both("tlv(0xfc, 000102030405)", "tlv(0xfc, 000102030406)").starts_with("ok: "));
    assert!(both("tlv(0xfc, 000102030405)", "tlv(0xfd, 000102030405)").contains("tlv"));
    assert!(both("tlv(0xfc, 000102030405)", "padn(8)").contains("tlv"));
    // An option of four bytes in a header that is put before the SRH.
    let with_option = |text: &str, option: &[u8]| {
        let (_, mut bytes) = framed(text);
        let header = [&[43, 0], option].concat();
        bytes.splice(40..40, header);
        bytes[5] += 8;
        bytes[6] = 0;
        bytes
    };
    let options = |one: &[u8], two: &[u8]| {
        let (left, right) = (with_option(&before(), one), with_option(&after(), two));
        let all = verdicts(&[], None, &left, &right, LinkType::RAW);
        let flagged: Vec<_> = all.iter().filter(|verdict| !verdict.is_accepted()).map(|verdict| verdict.id()).collect();
        (all.contains(&Verdict::OptionMutable), flagged)
    };
    assert_eq!(options(&[0x1e, 4, 0, 1, 2, 3], &[0x1e, 4, 0, 1, 2, 4]), (false, vec!["option"]));
    assert_eq!(options(&[0x3e, 4, 0, 1, 2, 3], &[0x3e, 4, 0, 1, 2, 4]), (true, vec![]));
    // Nobody on the way adds such a header.
    let (_, left) = framed(&before());
    let right = with_option(&after(), &[0x1e, 4, 0, 1, 2, 3]);
    let all = verdicts(&[], None, &left, &right, LinkType::RAW);
    assert!(all.contains(&Verdict::HeaderAdded), "{all:?}");
}

#[test]
fn compressed_sids_are_used_up_where_the_locator_is_known() {
    let carrier = |dst: &str, hlim: u8| format!("ip6(src=fc00::1, dst={dst}, hlim={hlim})/udp(cksum=0x1111)/\"x\"");
    let (one, two) = (carrier("fcbb:bb00:1:2:3::", 64), carrier("fcbb:bb00:2:3::", 63));
    let known = ["fcbb:bb00::/32:16"];
    assert_eq!(said(&known, None, &one, &two), "ok: hop_limit destination.csid");
    assert_eq!(said(&[], None, &one, &two), "destination.csid.unknown");
    assert_eq!(said(&known, None, &one, &carrier("fcbb:bb00:3:2::", 63)), "destination");
    assert_eq!(said(&known, None, &two, &carrier("fcbb:bb00:1:2:3::", 62)), "destination");
    // Within a list, where the carrier after it comes next.
    let listed = |dst: &str, hlim: u8, sl: u8| {
        format!("ip6(src=fc00::1, dst={dst}, hlim={hlim})/srh(segs=[fc00:c::1, fcbb:bb00:1:2::], sl={sl})/{REST}")
    };
    let start = listed("fcbb:bb00:1:2::", 64, 1);
    assert_eq!(said(&known, None, &start, &listed("fcbb:bb00:2::", 63, 1)), "ok: hop_limit destination.csid");
    assert!(said(&known, None, &start, &listed("fc00:c::1", 62, 0)).starts_with("ok: "));
    // REPLACE-C-SID: the index says where in the container it is.
    let replace = |dst: &str, hlim: u8, sl: u8| {
        format!(
            "ip6(src=fc00::1, dst={dst}, hlim={hlim})/srh(segs=[5:1:4:1:3:1:2:1], sl={sl}, last=0)/udp(cksum=0x1111)/\"x\""
        )
    };
    let plan = ["2001:db8:b::/48:32:replace"];
    let before = replace("2001:db8:b:2:1::3", 64, 0);
    assert_eq!(said(&plan, None, &before, &replace("2001:db8:b:3:1::2", 63, 0)), "ok: hop_limit destination.csid");
    assert_eq!(said(&plan, None, &before, &replace("2001:db8:b:4:1::2", 63, 0)), "destination");
}

#[test]
fn hops_are_counted_where_their_number_is_known() {
    assert!(said(&[], Some(1), &before(), &after()).starts_with("ok: "));
    assert_eq!(said(&[], Some(2), &before(), &after()), "hop_limit.count");
    let two = way("dst=fc00:c::1, hlim=62, flow=7", "sl=0");
    assert_eq!(said(&[], Some(1), &before(), &two), "hop_limit.count segments_left.jump");
    assert!(said(&[], Some(2), &before(), &two).starts_with("ok: "));
    // Nothing happened, and it should have.
    assert_eq!(said(&[], Some(1), &before(), &before()), "hop_limit.count");
    assert_eq!(said(&[], Some(0), &before(), &before()), "ok: ");
}

#[test]
fn what_an_error_quotes_stays() {
    let error = |hlim: u8, quoted: &str| format!("ip6(src=fc00:b::9, dst=fc00::1, hlim={hlim})/icmp6(type=3)/{quoted}");
    assert_eq!(said(&[], None, &error(64, &before()), &error(63, &before())), "ok: hop_limit");
    let flagged = said(&[], None, &error(64, &before()), &error(63, &after()));
    assert!(flagged.split(' ').all(|verdict| verdict == "payload"), "{flagged}");
}

#[test]
fn links_may_differ() {
    let eth = |number: u8, rest: &str| format!("eth(src=02:00:00:00:00:0{number}, dst=02:00:00:00:00:09)/{rest}");
    assert!(said(&[], None, &eth(1, &before()), &eth(2, &after())).starts_with("ok: link "));
    let tagged = after();
    assert!(said(&[], None, &eth(1, &before()), &eth(1, &format!("vlan(id=7)/{tagged}"))).starts_with("ok: link "));
}

#[test]
fn the_command_counts_and_shows_verdicts() {
    let scratch = Scratch::new();
    let a = scratch.capture("a.pcapng", &[before(), before()]);
    let b = scratch.capture("b.pcapng", &[after(), after().replace("sl=1", "sl=1, tag=5")]);
    let output = run("--semantic", &a, &b);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stdout);
    assert!(told.starts_with("packet 2 ↔ 2\n  srh    ipv6.routing.srh.tag"), "{told}");
    assert!(told.contains("0000 → 0005  wrong: no behavior in use writes the Tag (RFC 8754 §2)"), "{told}");
    assert!(told.contains("1 pairs differ as SRv6 allows\n"), "{told}");
    assert!(told.contains("2 segments_left: an endpoint goes to the next segment (RFC 8754 §4.3.1.1)"), "{told}");
    let all = run("--semantic --all", &a, &b);
    let told = text(&all.stdout);
    assert!(
        told.contains("packet 1 ↔ 1\n") && told.contains("  ok: each node takes one off the Hop Limit (RFC 8200 §3)")
    );
    // Backwards, it is all wrong; unless it may go both ways.
    let one = scratch.capture("one.pcapng", &[after()]);
    let two = scratch.capture("two.pcapng", &[before()]);
    assert_eq!(run("--semantic -q", &one, &two).status.code(), Some(1));
    assert_eq!(run("--semantic --both-ways -q", &one, &two).status.code(), Some(0));
    assert_eq!(run("--hops 1", &a, &b).status.code(), Some(2));
}
