//! What is no header: the frame as a whole, payload, and what lies beyond the
//! end of a packet.

use crate::craft::build::{Site, Step};
use crate::craft::rules::Rules;
use crate::wire::data;

pub(super) const FRAME: Rules = Rules::new(nothing);
pub(super) const DATA: Rules = Rules::new(payload);
pub(super) const TRAILER: Rules = Rules::new(trailer);

/// A frame has no bytes of its own.
fn nothing(_: &Site, _: &mut Vec<u8>) -> Step {
    Ok(())
}

/// Appends payload as it is, or zeros up to its length.
fn payload(site: &Site, bytes: &mut Vec<u8>) -> Step {
    let start = bytes.len();
    bytes.extend(site.layer().raw(&data::DATA));
    if let Some(len) = site.layer().uint(&data::LENGTH) {
        bytes.resize(start + len.min(data::MAX_LENGTH) as usize, 0);
    }
    Ok(())
}

/// Appends what lies beyond the end of what is before it.
fn trailer(site: &Site, bytes: &mut Vec<u8>) -> Step {
    bytes.extend(site.layer().raw(&data::TAIL));
    Ok(())
}
