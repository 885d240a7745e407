//! `--fragment`: packets that are too long, in parts.

use std::hash::{BuildHasher, Hasher, RandomState};

use super::Failure;
use crate::craft;
use crate::sys::route::Link;
use crate::transmit::prepare::Prepared;

/// The packets in fragments that fit the MTU: the given one, or the link's where
/// that is 0.
pub fn split(packets: Vec<Prepared>, mtu: usize, link: Option<&Link>) -> Result<Vec<Prepared>, Failure> {
    let mtu = match (mtu, link) {
        (0, Some(link)) => link.mtu as usize,
        (0, None) => {
            return Err(Failure::input("--fragment needs the interface that the MTU is of: -i IF, or --fragment=MTU"));
        }
        (mtu, _) => mtu,
    };
    let mut parts = Vec::new();
    for packet in packets {
        // Unpredictable, as RFC 7739 wants them.
        let id = RandomState::new().build_hasher().finish() as u32;
        let (Prepared::Frame(bytes) | Prepared::Ipv6(bytes)) = &packet;
        let fragments = craft::fragment(bytes, mtu, id).map_err(Failure::input)?;
        let is_frame = matches!(packet, Prepared::Frame(_));
        parts.extend(fragments.into_iter().map(if is_frame { Prepared::Frame } else { Prepared::Ipv6 }));
    }
    Ok(parts)
}
