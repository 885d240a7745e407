//! STAMP test packets (RFC 8762, RFC 8972).

use crate::craft::build::{Site, Step};
use crate::craft::element;
use crate::craft::link::append;
use crate::craft::rules::Rules;
use crate::wire::stamp;

pub(super) const STAMP: Rules = Rules::new(stamp).port(stamp::PORT);

/// Appends a test packet with its TLVs: a sender's, unless what a reflector
/// writes is given.
fn stamp(site: &Site, bytes: &mut Vec<u8>) -> Step {
    /// The smallest error estimate: its multiplier is never 0 (RFC 4656 §4.1.2).
    const SMALLEST: u8 = 1;

    let tlvs = element::list(site, &stamp::TLVS, 0, element::zeros)?.bytes;
    let header = append(bytes, stamp::LEN + tlvs.len());
    header[stamp::LEN..].copy_from_slice(&tlvs);
    site.put(header, &stamp::ERROR_MULTIPLIER, SMALLEST)
}
