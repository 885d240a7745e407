//! `simulate(NET, packet 1) == packet 2`: a network's nodes on paper against
//! what was captured behind them.

use std::sync::Arc;

use super::bytes;
use super::case::Simulate;
use super::compare::Difference;
use super::difference;
use crate::capture::Frame;
use crate::dissect::{Dissection, Item, Packet, Settings, Visitor};
use crate::show::tree;
use crate::simulate::text::{self, Detail};
use crate::simulate::{Crossing, Given, Network, NodeId, Walk};
use crate::wire::field::{At, Field};
use crate::wire::link_type::LinkType;
use crate::wire::proto::Proto;

/// Why it is not so: a sentence, and what it is about.
pub(super) struct Unequal {
    pub message: String,
    pub detail: String,
}

/// Walks `packet` and holds what arrives against `result`.
pub(super) fn simulate(
    of: &Simulate,
    packet: &Frame<'_>,
    result: Option<&Frame<'_>>,
    settings: &Arc<Settings>,
) -> Result<(), Unequal> {
    let network = &*of.network;
    let unequal = |message: String, detail: String| Err(Unequal { message, detail });
    let Some(given) = with_packet(packet, settings, Given::of) else {
        return unequal(format!("packet {} is no IPv6 or IPv4 packet", of.packet), String::new());
    };
    let (node, interface) =
        of.from.unwrap_or_else(|| (given.source().and_then(|source| network.owner(source)).unwrap_or(NodeId(0)), None));
    let header: &[u8] = if interface.is_some() { &given.frame_header } else { &[] };
    let walk = network.walk_from(&given.packet, header, node, interface, of.profile);
    let arriving = arrivals(network, &walk, of.at);
    let way = || format!("the way of packet {}:\n{}", of.packet, text::walk(network, &walk, Detail::Changes));
    let place = of.at.map(|at| format!(" at {}", network.name(at))).unwrap_or_default();
    let Some(result) = result else {
        return match arriving.first() {
            None => Ok(()),
            Some(crossing) => unequal(format!("a packet arrives {}", arrives(network, crossing)), way()),
        };
    };
    let except = of.result.as_ref().map(|other| &other.except[..]).unwrap_or_default();
    if arriving.iter().any(|crossing| same(network, crossing, result, except, settings)) {
        return Ok(());
    }
    // The one that is most like it.
    let wanted = trimmed(result, settings);
    let distance = |crossing: &&&Crossing| {
        let same = crossing.frame.iter().rev().zip(wanted.iter().rev()).filter(|(a, b)| a == b).count();
        crossing.frame.len().max(wanted.len()) - same
    };
    let Some(nearest) = arriving.iter().min_by_key(distance) else {
        return unequal(format!("nothing arrives{place}"), way());
    };
    let made = Frame { number: result.number, time: result.time, ..Frame::new(LinkType::ETHERNET, &nearest.frame) };
    let trees = trees(&Frame { data: wanted, ..*result }, &made, settings);
    let message = format!("another packet arrives {}", arrives(network, nearest));
    unequal(message, format!("{trees}{}", way()))
}

/// What differs between two frames' bytes, as trees and as places; `None` where
/// nothing does.
pub(super) fn unequal(
    left: &Frame<'_>,
    right: &Frame<'_>,
    except: &[&'static Field],
    settings: &Arc<Settings>,
) -> Option<String> {
    if masked(left, except, settings) == masked(right, except, settings) {
        return None;
    }
    let right = Frame { number: left.number, time: left.time, ..*right };
    let places = bytes::places(left.data, right.data).join(", ");
    Some(format!("{}{places}\n", trees(left, &right, settings)))
}

/// The difference of two frames' trees.
fn trees(left: &Frame<'_>, right: &Frame<'_>, settings: &Arc<Settings>) -> String {
    let show = |frame: &Frame<'_>| {
        let mut out = Vec::new();
        with_packet(frame, settings, |packet| {
            tree::tree(&mut out, packet);
            Some(())
        });
        String::from_utf8_lossy(&out).into_owned()
    };
    difference::unified(&Difference { line: 0, stored: show(left), made: show(right), cut: false }).text
}

/// What arrives at a node, or where the packet's way ends.
fn arrivals<'w>(network: &Network, walk: &'w Walk, at: Option<NodeId>) -> Vec<&'w Crossing> {
    match at {
        Some(node) => {
            let there = |crossing: &&Crossing| far(network, crossing) == node;
            walk.hops.iter().flat_map(|hop| &hop.crossings).filter(there).collect()
        }
        None => {
            let own = walk.hops.iter().filter(|hop| !walk.is_about_error(hop));
            own.flat_map(|hop| &hop.crossings).rfind(|crossing| !crossing.is_reply).into_iter().collect()
        }
    }
}

fn far(network: &Network, crossing: &Crossing) -> NodeId {
    network.links()[crossing.link].ends[1 - crossing.from].node
}

/// Where a frame arrives: `at n3 by v32, from n2 by v23`.
fn arrives(network: &Network, crossing: &Crossing) -> String {
    let ends = &network.links()[crossing.link].ends;
    let [to, from] = [&ends[1 - crossing.from], &ends[crossing.from]]
        .map(|end| format!("{} by {}", network.name(end.node), network.interface_name(end.node, end.interface)));
    format!("at {to}, from {from}")
}

/// Whether a frame is the captured one: byte for byte, without the Ethernet
/// header where the capture has none, or where the network does not say the
/// addresses of the link's ends.
fn same(
    network: &Network,
    crossing: &Crossing,
    captured: &Frame<'_>,
    except: &[&'static Field],
    settings: &Arc<Settings>,
) -> bool {
    let wanted = masked(&Frame { data: trimmed(captured, settings), ..*captured }, except, settings);
    let made = masked(&Frame::new(LinkType::ETHERNET, &crossing.frame), except, settings);
    if captured.link == LinkType::ETHERNET && wanted == made {
        return true;
    }
    let told = network.links()[crossing.link].ends.iter().all(|end| end.mac_is_known);
    if captured.link == LinkType::ETHERNET && told {
        return false;
    }
    let packet_of = |link, data: &[u8]| with_packet(&Frame::new(link, data), settings, Given::of).map(|g| g.packet);
    let wanted = packet_of(captured.link, &wanted);
    wanted.is_some() && packet_of(LinkType::ETHERNET, &made) == wanted
}

/// The frame's bytes, with zeros for fields that do not count.
fn masked(frame: &Frame<'_>, except: &[&'static Field], settings: &Arc<Settings>) -> Vec<u8> {
    let mut mask = Mask { except, bytes: frame.data.to_vec() };
    if !except.is_empty() {
        with_packet(frame, settings, |packet| {
            packet.visit(&mut mask);
            Some(())
        });
    }
    mask.bytes
}

/// Blanks out fields.
struct Mask<'f> {
    except: &'f [&'static Field],
    bytes: Vec<u8>,
}

impl Mask<'_> {
    fn take(&mut self, item: &Item<'_>) {
        if !self.except.iter().any(|field| field.name == item.field.name) {
            return;
        }
        let start = item.start as usize;
        let (first, count) = match item.field.at {
            At::Bits { offset, width, .. } => (usize::from(offset) % 8, usize::from(width)),
            _ => (0, item.len as usize * 8),
        };
        for bit in first..first + count {
            if let Some(byte) = self.bytes.get_mut(start + bit / 8) {
                *byte &= !(0x80 >> (bit % 8));
            }
        }
    }
}

impl Visitor for Mask<'_> {
    fn leaf(&mut self, item: &Item<'_>) {
        self.take(item);
    }

    fn open(&mut self, item: &Item<'_>) {
        self.take(item);
    }

    fn close(&mut self) {}
}

/// The frame without what links pad short packets with.
fn trimmed<'f>(frame: &Frame<'f>, settings: &Arc<Settings>) -> &'f [u8] {
    let end = with_packet(frame, settings, |packet| {
        let network = packet.layers().iter().find(|layer| matches!(layer.proto, Proto::Ipv6 | Proto::Ipv4))?;
        Some(network.end as usize)
    });
    &frame.data[..end.unwrap_or(frame.data.len()).min(frame.data.len())]
}

fn with_packet<T>(
    frame: &Frame<'_>,
    settings: &Arc<Settings>,
    see: impl FnOnce(&Packet<'_>) -> Option<T>,
) -> Option<T> {
    let mut dissection = Dissection::with(Arc::clone(settings));
    dissection.refill(frame);
    see(&Packet::new(frame, &dissection))
}
