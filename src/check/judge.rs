//! Whether assertions hold, once the whole capture has been seen.

use std::path::Path;
use std::sync::Arc;

use super::case::{Expectation, Order, What};
use super::look::Tally;
use super::simulated;
use crate::capture::file::Resolution;
use crate::capture::{Frames, Reader};
use crate::dissect::Settings;

/// A packet that an assertion asks for, or why it is not there.
pub(super) type Found = Result<Frames, String>;

/// The packet that is asked for: one of those that were kept of a capture of
/// so many packets, or one of another file.
pub(super) fn find(kept: &Frames, number: u64, file: Option<&Path>, packets: u64) -> Found {
    let mut found = Frames::new();
    match file {
        None => {
            let frame = (0..kept.len()).filter_map(|at| kept.frame(at)).find(|frame| frame.number == number);
            let frame = frame.ok_or_else(|| format!("there is no packet {number}, only {packets}"))?;
            found.push(&frame, Resolution::NANOS);
        }
        Some(file) => {
            let mut reader = Reader::open(file).map_err(|error| error.to_string())?;
            let mut packets = 0;
            while let Some(frame) = reader.next_frame().map_err(|error| error.to_string())? {
                packets += 1;
                if frame.number == number {
                    found.push(&frame, Resolution::NANOS);
                    return Ok(found);
                }
            }
            return Err(format!("{}: there is no packet {number}, only {packets}", file.display()));
        }
    }
    Ok(found)
}

/// Why an assertion does not hold: a sentence, and lines about it.
pub(super) fn verdict(
    of: &Expectation,
    tally: &Tally,
    packets: u64,
    settings: &Arc<Settings>,
    find: impl Fn(u64, Option<&Path>) -> Found,
) -> Option<(String, String)> {
    let examples = || {
        let mut text = tally.examples.concat();
        let more = tally.hits.saturating_sub(tally.examples.len() as u64);
        if more > 0 && !text.is_empty() {
            text.push_str(&format!("… and {}\n", counted(more, "more packet")));
        }
        text
    };
    let fail = |message: String| Some((message, examples()));
    match &of.what {
        What::Packets(order, number) => number_is(*order, packets, *number),
        What::Count(_, order, number) => number_is(*order, tally.hits, *number),
        What::Every { .. } if tally.of == 0 => fail("there is no such packet, so nothing was checked".to_owned()),
        What::Every { .. } | What::NoDiagnostics { .. } | What::No(_) if tally.hits > 0 => {
            fail(format!("not so of {} of {}", tally.hits, counted(tally.of, "packet")))
        }
        What::Any(_) if tally.hits == 0 => fail(format!("not so of any of {}", counted(tally.of, "packet"))),
        What::These { last, .. } if *last > packets => {
            fail(format!("there is no packet {last}, only {}", counted(packets, "packet")))
        }
        What::Diagnostics(number, _) | What::Path(number, _) if *number > packets => {
            fail(format!("there is no packet {number}, only {}", counted(packets, "packet")))
        }
        What::These { .. } | What::Diagnostics(..) | What::Path(..) if tally.hits > 0 => fail("not so".to_owned()),
        What::Same(packet, right) => {
            let other = find(right.packet, right.file.as_deref());
            let (left, other) = match (find(*packet, None), other) {
                (Ok(left), Ok(other)) => (left, other),
                (Err(message), _) | (_, Err(message)) => return fail(message),
            };
            simulated::unequal(&left.frame(0)?, &other.frame(0)?, &right.except, settings)
                .map(|detail| ("they differ".to_owned(), detail))
        }
        What::Simulate(simulate) => {
            let packet = match find(simulate.packet, None) {
                Ok(packet) => packet,
                Err(message) => return fail(message),
            };
            let result = simulate.result.as_ref().map(|other| find(other.packet, other.file.as_deref()));
            let result = match result.transpose() {
                Ok(result) => result,
                Err(message) => return fail(message),
            };
            let result = result.as_ref().and_then(|frames| frames.frame(0));
            let unequal = simulated::simulate(simulate, &packet.frame(0)?, result.as_ref(), settings).err()?;
            Some((unequal.message, unequal.detail))
        }
        _ => None,
    }
}

fn number_is(order: Order, is: u64, wanted: u64) -> Option<(String, String)> {
    if order.holds(is, wanted) { None } else { Some((format!("there are {is}"), String::new())) }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
