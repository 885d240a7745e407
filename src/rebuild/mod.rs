//! The road back: from a packet's bytes to the layers that build the same bytes.
//!
//! [`layers`] gives for any frame a stack of layers from which
//! [`craft::build`] makes exactly the frame's bytes,
//! malformed ones included, and which gives only what the builder would not
//! compute by itself: an ordinary packet comes out short.
//!
//! The stack is not trusted, it is tried: it is built, held against the frame,
//! and given whatever field differs, until nothing does. What no layer can say
//! becomes bytes as they are.

mod elements;
mod shorten;
mod structure;
mod suits;

use crate::craft::{self, Arg, CraftError, Layer, Problem, Stack};
use crate::dissect::{self, Packet};
use crate::wire::bytes::tail;
use crate::wire::field::{At, Field, Kind, Value};
use crate::wire::proto::Proto;
use crate::wire::{data, icmpv4, icmpv6};

/// How often fields that differ are given before the attempt is given up: what
/// one round gives can make another field differ, as a length does a checksum.
const ROUNDS: usize = 8;

/// Layers that build the packet's bytes.
pub fn layers(packet: &Packet<'_>) -> Stack {
    let layers = packet.layers();
    // Each attempt says fewer of the innermost layers as layers.
    (1..=layers.len())
        .rev()
        .find_map(|count| attempt(packet, &layers[..count]))
        .unwrap_or_else(|| Stack(vec![Layer::data(packet.frame.data)]))
}

/// A stack of these layers, and whatever follows them as bytes; `None` where it
/// does not come out as the packet.
fn attempt(packet: &Packet<'_>, layers: &[dissect::Layer]) -> Option<Stack> {
    let frame = packet.frame.data;
    let (last, _) = layers.split_last()?;
    let mut stack = Stack(Vec::with_capacity(layers.len() + 1));
    // Which of the stack's layers each dissected one became.
    let mut places = Vec::with_capacity(layers.len());
    for (index, layer) in layers.iter().enumerate() {
        places.push(stack.0.len());
        let header = packet.header(layer);
        match layer.proto {
            // Bytes that nothing reads belong together, whatever they are.
            Proto::Data => append_data(&mut stack, header),
            Proto::Trailer => stack.0.push(beyond(header, layer, &layers[..index], &places)),
            _ => {
                let before = layers[..index].iter().rfind(|l| l.proto == Proto::Ipv6);
                let (made, taken) = structure::structure(layer.proto, header, before.map(|l| packet.header(l)))?;
                stack.0.push(made);
                append_data(&mut stack, tail(header, taken));
            }
        }
    }
    append_data(&mut stack, tail(frame, last.header_end as usize));
    quote(layers, &places, &mut stack);
    for _ in 0..ROUNDS {
        let built = match craft::build(&stack) {
            Ok(built) => built,
            Err(error) => {
                announce(packet, layers, &places, &error, &mut stack)?;
                continue;
            }
        };
        if built == frame {
            shorten::shorten(&mut stack, frame);
            return Some(stack);
        }
        if built.len() != frame.len() {
            return None;
        }
        // A checksum that differs may do so because of another field.
        let mut give = |checksums| give_what_differs(packet, layers, &places, &built, checksums, &mut stack);
        if !give(false) && !give(true) {
            return None;
        }
    }
    None
}

/// Gives the field in which a layer cannot announce what follows.
fn announce(
    packet: &Packet<'_>,
    layers: &[dissect::Layer],
    places: &[usize],
    error: &CraftError,
    stack: &mut Stack,
) -> Option<()> {
    let Problem::CannotAnnounce { arg, .. } = error.problem else { return None };
    let place = error.number - 1;
    let layer = &layers[places.iter().position(|known| *known == place)?];
    let field = layer.proto.info().fields.iter().find(|field| field.arg == arg)?;
    let value = field.read(packet.header(layer))?;
    stack.0[place].set(field, self::arg(field, value));
    Some(())
}

/// What lies beyond the end of some layers, and inside the others.
fn beyond(bytes: &[u8], layer: &dissect::Layer, before: &[dissect::Layer], places: &[usize]) -> Layer {
    let around = before.iter().rposition(|outer| outer.end > layer.start);
    let inside = around.map_or(0, |outer| places[outer] as u64 + 1);
    Layer::new(Proto::Trailer).with(&data::TAIL, bytes).with(&data::INSIDE, inside)
}

/// Says how much an ICMP message quotes, where extensions follow.
fn quote(layers: &[dissect::Layer], places: &[usize], stack: &mut Stack) {
    let Some(extensions) = layers.iter().find(|layer| layer.proto == Proto::IcmpExtensions) else { return };
    let message = layers.iter().zip(places).rfind(|(layer, _)| {
        matches!(layer.proto, Proto::Icmpv4 | Proto::Icmpv6) && !layer.quoted && layer.start < extensions.start
    });
    let Some((message, place)) = message.filter(|(layer, _)| layer.header_end < extensions.start) else { return };
    let field = if message.proto == Proto::Icmpv6 { &icmpv6::QUOTE } else { &icmpv4::QUOTE };
    stack.0[*place].set(field, extensions.start - message.header_end);
}

fn append_data(stack: &mut Stack, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    if let Some(Layer { proto: Proto::Data, .. }) = stack.0.last() {
        let before = match stack.0.pop().as_ref().and_then(|layer| layer.args().next().map(|(_, arg)| arg.clone())) {
            Some(Arg::Bytes(before)) => before,
            _ => Vec::new(),
        };
        stack.0.push(Layer::data([before.as_slice(), bytes].concat()));
    } else {
        stack.0.push(Layer::data(bytes));
    }
}

/// Gives the stack every field at a fixed place in which what was built differs
/// from the packet, checksums only or all others; whether there was any.
fn give_what_differs(
    packet: &Packet<'_>,
    layers: &[dissect::Layer],
    places: &[usize],
    built: &[u8],
    checksums: bool,
    stack: &mut Stack,
) -> bool {
    let mut any = false;
    for (layer, place) in layers.iter().zip(places) {
        let actual = packet.header(layer);
        let made = built.get(layer.start as usize..layer.header_end as usize).unwrap_or_default();
        if actual == made || matches!(layer.proto, Proto::Data | Proto::Trailer) {
            continue;
        }
        // Fields overlap: whole ones come before their parts, and say it all.
        let mut given: Vec<(u16, u16)> = Vec::new();
        for field in layer.proto.info().fields.iter().filter(|field| !field.arg.is_empty()) {
            if (field.arg == "cksum") != checksums || !suits::suits(layer.proto, actual, field) {
                continue;
            }
            let At::Bits { offset, width, .. } = field.at else { continue };
            if given.iter().any(|(from, len)| *from <= offset && offset + width <= from + len) {
                continue;
            }
            if a_flag_says_it(layer.proto, field, actual, made) {
                continue;
            }
            let value = field.read(actual);
            if let Some(value) = value.filter(|value| field.read(made) != Some(*value)) {
                stack.0[*place].set(field, arg(field, value));
                given.push((offset, width));
                any = true;
            }
        }
    }
    any
}

/// Whether a single flag inside a field of flags says all that differs in it:
/// then it is given alone.
fn a_flag_says_it(proto: Proto, whole: &'static Field, actual: &[u8], made: &[u8]) -> bool {
    let bits = |field: &Field| match field.at {
        At::Bits { offset, width, .. } => (u32::from(offset), u32::from(offset) + u32::from(width)),
        _ => (0, 0),
    };
    let (start, end) = bits(whole);
    if whole.kind == Kind::Bool || end - start > 16 || whole.read(actual) == whole.read(made) {
        return false;
    }
    proto.info().fields.iter().any(|flag| {
        let (first, last) = bits(flag);
        let inside =
            flag.kind == Kind::Bool && !flag.arg.is_empty() && last == first + 1 && start <= first && last <= end;
        let Some(Value::Bool(set)) = flag.read(actual).filter(|_| inside && suits::suits(proto, actual, flag)) else {
            return false;
        };
        let mut with = made.to_vec();
        flag.write_uint(&mut with, set.into()).is_ok() && whole.read(&with) == whole.read(actual)
    })
}

/// A value read from a packet, as one to be given to a field.
fn arg(field: &Field, value: Value<'_>) -> Arg {
    match value {
        Value::Uint(number) => Arg::Uint(number),
        Value::Bool(flag) => Arg::Uint(u64::from(flag)),
        Value::Ether(octets) => Arg::Ether(octets),
        Value::Ipv4(octets) => Arg::Ipv4(octets.into()),
        Value::Ipv6(octets) => Arg::Ipv6(octets.into()),
        Value::Bytes(bytes) if field.kind == Kind::Bytes && bytes.len() <= 2 => {
            Arg::Uint(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
        }
        Value::Bytes(bytes) => Arg::Bytes(bytes.to_vec()),
        Value::None | Value::Text(_) | Value::Nanos(_) => Arg::Bytes(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Frame, Reader};
    use crate::dissect::Dissection;
    use crate::notation;
    use crate::wire::link_type::LinkType;
    use proptest::prelude::*;

    fn rebuilt(link: LinkType, bytes: &[u8]) -> String {
        let frame = Frame::new(link, bytes);
        let dissection = Dissection::of(&frame);
        let stack = layers(&Packet::new(&frame, &dissection));
        assert_eq!(craft::build(&stack).unwrap(), bytes);
        let text = notation::print(&stack);
        let again = notation::parse(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(craft::build(&again).unwrap(), bytes, "{text}");
        text
    }

    fn there_and_back(text: &str) -> String {
        let stack = notation::parse(text).unwrap();
        rebuilt(craft::link_type(&stack).unwrap(), &craft::build(&stack).unwrap())
    }

    #[test]
    fn an_ordinary_packet_reads_short() {
        for text in [
            r#"ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/udp(sport=51129, dport=3000)/"Hello, I am here\n""#,
            r#"ip6(src=::1)/srh(path=[::2, ::3, ::4], reduced)/ip4(src=10.0.0.1, dst=10.0.0.2)/tcp(sport=1, dport=80)"#,
            r#"ip6(src=::1)/srh(path=[::2, ::3], tag=0x7, tlvs=[tlv(9, 00ff)])/icmp6(id=0x1, seq=2)"#,
            r#"ip6(src=::1)/hbh(options=[ra(1), padn(9), opt(0x1e, 0001)])/tcp(sport=1, options=[mss(1460), nop, ts(7, 8)])"#,
            r#"ip6(src=::1)/srh(path=[::2], tlvs=[pad1, pt(if=5, seq=2), hmac(key=7, digest=0011223344556677)])/udp"#,
            r#"ip4(options=[rr([10.0.0.1, 0.0.0.0])])/udp(dport=7)"#,
            "eth/vlan(id=7, type=svlan)/vlan(id=8)/pppoe(session=0x1)/ppp/ip6/udp(dport=7)",
            "eth/pppoed(tags=[service, hostuniq(0011)])",
            "eth/llc/ip6/udp(dport=7)/trailer(data=hex(000000))",
            "eth/arp(spa=10.0.0.1, tha=02:00:00:00:00:01)/trailer(data=hex(0000))",
            "eth/mpls(label=16000)/mpls(label=5, ttl=3)/ip6/udp",
            "eth/mpls/cw(seq=7)/eth/ip4/udp",
            "ppp(framed)/ip6/udp",
            "chdlc/ip4/udp",
            "sll(pkttype=0, src=02:00:00:00:00:01)/ip6/udp",
            "null/ip6/udp",
            "ip6/gre(csum, key=0x7, seq=9)/ip6/udp",
            "ip6/gre/eth/ip4/udp",
            "ip6/udp/gtpu(teid=0x5, ext=[pdu(9), ext(0x40, 0102)])/ip4/udp",
            "ip6/udp/gtpu(seq=0x7)/ip4/udp",
            "ip6/udp/vxlan(vni=5)/eth/ip6/udp",
            "ip6/udp/geneve(vni=0x5, options=[opt(0x102, 0x80, 00112233)])/ip6/udp",
            "ip6/udp/stamp(seq=3, tlvs=[dest(::9), return([segs([::1, ::2])]), tlv(1, 0000)])",
            "ip6(dst=ff02::1)/icmp6(type=ns, target=::7, options=[slla(02:00:00:00:00:01)])",
            "ip6/icmp6(type=ra, hlim=64, managed, options=[prefix(2001:db8::, valid=3600), mtu(1500), rdnss([::1])])",
            "ip6/hbh(options=[ra])/icmp6(type=report2, records=[rec(ff02::5, type=exclude), rec(ff02::6, type=allow, sources=[::1])])",
            "ip6/icmp6(type=query, sources=[], group=ff02::5, qrv=2)",
            "ip6/icmp6(type=unreachable, code=4)/ip6/srh(path=[::2, ::3])/udp/\"lost\"",
            "ip4/icmp4(type=timex)/ip4/udp/icmpext(objects=[mpls([0x3e8140])])",
            "ip6/icmp6(type=timex, quote=48)/ip6/udp/icmpext(objects=[obj(2, 1, 00ff)])",
            "ip6/ah(icv=hex(000102030405060708090a0b), spi=0x5)/udp",
            "ip6/esp(spi=0x5, seq=1)/hex(00ff)",
            "ip6/mobility(data=hex(0001), type=5)",
            "ip6/ip4/udp/\"inside\"/trailer(data=hex(00ff), in=1)",
        ] {
            assert_eq!(there_and_back(text), text);
        }
    }

    #[test]
    fn what_is_wrong_on_purpose_stays() {
        for text in [
            "ip6(plen=3)/udp(len=9, cksum=0x1234)/hex(00ff)",
            "ip6/srh(path=[::2, ::1], sl=9, last=7)/udp(cksum=bad)",
            "ip4(ihl=7, len=3, cksum=bad)/tcp(off=15)",
            "eth(type=0x86dd)/hex(600000)",
        ] {
            there_and_back(text);
        }
    }

    /// A packet can have as many elements as bytes, and each of them may be
    /// padding that the builder would put there: trying them all over the whole
    /// packet takes minutes.
    #[test]
    fn padding_is_taken_back_however_much_there_is() {
        let options = [0u8; 2046];
        let header = |next: u8| [&[next, 255][..], &options].concat();
        let headers = [[60; 9].map(header).concat(), header(59)].concat();
        let payload = (headers.len() as u16).to_be_bytes();
        let bytes = [&[0x60, 0, 0, 0], &payload[..], &[60, 64], &[0; 32], &headers].concat();
        let text = rebuilt(LinkType::IPV6, &bytes);
        assert_eq!(text.matches("pad1").count(), 10 * (options.len() - 1), "the last of each is put there anyway");
        let jumbo = "jumbo(9), ".repeat(200);
        let text = format!("ip6/hbh(options=[{}])", jumbo.trim_end_matches(", "));
        assert_eq!(there_and_back(&text), text);
    }

    #[test]
    fn every_packet_of_testdata() {
        let mut packets = 0;
        for directory in ["crafted", "formats", "kernel"] {
            for entry in std::fs::read_dir(format!("{}/testdata/{directory}", env!("CARGO_MANIFEST_DIR"))).unwrap() {
                let Ok(mut reader) = Reader::open(entry.unwrap().path()) else { continue };
                while let Ok(Some(frame)) = reader.next_frame() {
                    rebuilt(frame.link, frame.data);
                    packets += 1;
                }
            }
        }
        assert!(packets > 50, "{packets}");
    }

    /// Every capture beneath the directory that SR6_CORPUS names.
    #[test]
    fn every_packet_of_a_corpus() {
        let Some(root) = std::env::var_os("SR6_CORPUS") else { return };
        let (mut packets, mut bytes, mut left) = (0, 0, 0);
        let mut directories = vec![std::path::PathBuf::from(root)];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                    continue;
                }
                let Ok(mut reader) = Reader::open(&path) else { continue };
                while let Ok(Some(frame)) = reader.next_frame() {
                    let text = rebuilt(frame.link, frame.data);
                    if std::env::var_os("SR6_SHOW").is_some() && frame.data.len() < 400 {
                        println!("{}: {text}", path.file_name().unwrap().display());
                    }
                    packets += 1;
                    bytes += frame.data.len();
                    left += text.matches("hex(").count();
                }
            }
        }
        println!("{packets} packets, {bytes} bytes, {left} times as bytes");
        assert!(packets > 0);
    }

    /// Frames of which no byte is safe.
    const MUTATED: &[&str] = &[
        "eth/vlan(id=7)/ip6(src=::1)/srh(path=[::2, ::3], tlvs=[padn(8)])/ip6(src=::4, dst=::5)/udp(dport=53)/hex(00112233)",
        "eth/ip6/hbh(options=[ra(0), ioam(trace=0xc00000, hops=2), pt])/dst(options=[home(::7)])/tcp(options=[mss(1460), sackok, ts(1, 2)])/\"x\"",
        "eth/llc/ip6/srh(path=[::2], tlvs=[hmac(key=7, secret=\"k\"), pt])/icmp6(type=ns, options=[slla(02:00:00:00:00:01)])",
        "eth/pppoe/ppp/mpls/mpls/ip4(options=[rr([10.0.0.1])])/gre(csum, key=1, seq=2)/ip6/udp",
        "eth/ip6/udp/gtpu(seq=1, ext=[pdu(3), ext(0x40, 0102)])/ip4/icmp4(type=unreach)/ip4/udp/icmpext(objects=[obj(2, 1, 00)])",
        "eth/ip6/udp/geneve(options=[opt(1, 2, 00112233)])/eth/arp/trailer(data=00000000)",
        "eth/ip6/udp(dport=862)/stamp(tlvs=[return([segs([::1, ::2]), control(1)]), dest(::5)])",
        "eth/ip6/hbh/icmp6(type=report2, records=[rec(ff02::1, sources=[::1])])",
        "eth/ip6/ah(icv=000102030405060708090a0b)/mobility(data=0001)/udp",
        "eth/vlan(tpid=svlan)/vlan/pppoed(tags=[service(\"a\"), cookie(0011)])",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn any_bytes(link in prop::sample::select(vec![0u16, 1, 9, 50, 51, 101, 104, 108, 113, 229, 276]), bytes in prop::collection::vec(any::<u8>(), 1..200)) {
            rebuilt(LinkType(link), &bytes);
        }

        #[test]
        fn mutated_packets(which in 0..MUTATED.len(), at in any::<prop::sample::Index>(), to in any::<u8>(), cut in 0usize..60) {
            let stack = notation::parse(MUTATED[which]).unwrap();
            let mut bytes = craft::build(&stack).unwrap();
            let at = at.index(bytes.len());
            bytes[at] = to;
            bytes.truncate(bytes.len().saturating_sub(cut).max(1));
            rebuilt(LinkType::ETHERNET, &bytes);
        }
    }
}
