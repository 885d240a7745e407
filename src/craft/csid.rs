//! Paths of compressed SIDs (RFC 9800): what a layer says of them.

use std::net::Ipv6Addr;

use crate::craft::{Arg, Layer, Problem};
use crate::srv6::csid::{Compression, Flavor};
use crate::wire::field::Field;
use crate::wire::sid;

/// How a layer's SIDs are compressed, if they are.
///
/// # Errors
/// What it says is no block, or it says two.
pub(super) fn compression(layer: &Layer) -> Result<Option<(Compression, Flavor)>, Problem> {
    let read = |field: &'static Field, flavor: Flavor| match layer.get(field) {
        Some(Arg::Bytes(text)) => {
            let text = String::from_utf8_lossy(text);
            let read = Compression::parse(&text, flavor).map(|compression| (compression, flavor));
            read.map(Some).map_err(|error| Problem::Compression(field.arg, error))
        }
        _ => Ok(None),
    };
    match (read(&sid::NEXT_PLAN, Flavor::Next)?, read(&sid::REPLACE_PLAN, Flavor::Replace)?) {
        (Some(_), Some(_)) => Err(Problem::Exclusive("csid=", "replace-csid=")),
        (next, replace) => Ok(next.or(replace)),
    }
}

/// The destination as it arrives at the end of the carrier that `destination`
/// is, by what the layer says.
pub(super) fn arriving(layer: &Layer, destination: Ipv6Addr) -> Option<Ipv6Addr> {
    let (compression, _) = compression(layer).ok()??;
    Some(compression.arriving(destination)).filter(|arrives| *arrives != destination)
}
