//! Taking the next segment of an SRH as RFC 8754 and RFC 9800 have it: from the
//! list, or, with REPLACE-C-SID, from a container in it.

use crate::srv6::csid::Layout;

use super::decision::Reason;
use super::packet::Header;
use super::run::{Next, Run};
use super::trace::Step;

/// What is in a Routing header that matters.
#[derive(Clone, Copy)]
pub(super) struct Numbers {
    pub left: u8,
    last: u8,
    /// Last Entry's largest value: Hdr Ext Len / 2 - 1.
    max_last: i32,
}

impl Numbers {
    pub fn of(run: &mut Run<'_>, header: Header) -> Option<Self> {
        let srh = run.packet.srh(header.offset)?;
        let numbers =
            Self { left: srh.segments_left(), last: srh.last_entry(), max_last: i32::from(srh.hdr_ext_len() / 2) - 1 };
        run.step(Step::Srh { offset: header.offset, segments_left: numbers.left, last_entry: numbers.last });
        Some(numbers)
    }

    /// S09, for a list in which Segments Left may be `over` more than Last Entry.
    pub fn are_valid(self, over: u8) -> bool {
        i32::from(self.last) <= self.max_last && self.left <= self.last.saturating_add(over)
    }
}

/// An error that points at Segments Left.
pub(super) fn segments_left_error(run: &mut Run<'_>, header: Header, reason: Reason) -> Next {
    run.error(4, 0, header.offset as u32 + 3, reason)
}

/// Puts the next segment into the destination, after S09's check of the list.
/// Is it then the last one, after which nothing is left in the SRH?
pub(super) fn advance(
    run: &mut Run<'_>,
    layout: Option<Layout>,
    header: Header,
    numbers: Numbers,
) -> Result<bool, Next> {
    let index = layout.map(|layout| (layout, layout.index(run.packet.destination6())));
    if !numbers.are_valid(u8::from(index.is_none_or(|(_, index)| index == 0))) {
        return Err(segments_left_error(run, header, Reason::SegmentsLeftTooBig));
    }
    match index {
        Some((layout, index)) => replace(run, layout, index, header, numbers.left),
        None => whole(run, header),
    }
}

/// The next entry of the list as it is.
fn whole(run: &mut Run<'_>, header: Header) -> Result<bool, Next> {
    run.next_segment(header).ok_or(Next::dropped(Reason::SegmentsLeftTooBig))?;
    Ok(run.packet.0.get(header.offset + 3) == Some(&0))
}

/// R03-R20 (RFC 9800 §4.2.1): the next C-SID of the container, or where it is
/// used up the next entry of the list as it is.
fn replace(run: &mut Run<'_>, layout: Layout, index: u32, header: Header, mut left: u8) -> Result<bool, Next> {
    let place = match index.checked_sub(1) {
        Some(place) if csid(run, layout, header, left, place) == 0 => return whole(run, header),
        Some(place) => place,
        None => {
            left = left.saturating_sub(1);
            run.packet.set_segments_left(header.offset, left);
            run.step(Step::SegmentsLeft { from: left + 1, to: left });
            layout.places() - 1
        }
    };
    let next = csid(run, layout, header, left, place);
    let text = "REPLACE-C-SID: the next C-SID of the container goes into the destination";
    run.step(Step::Rule { text, section: "RFC 9800 §4.2.1" });
    run.set_destination(layout.replace(run.packet.destination6(), next, place));
    Ok(left == 0 && is_container_done(run, layout, header))
}

/// Segment List[`entry`][`place`].
fn csid(run: &Run<'_>, layout: Layout, header: Header, entry: u8, place: u32) -> u128 {
    run.packet.slot(header.offset, entry).map_or(0, |container| layout.place(container, place))
}

/// With no segments left: is nothing left in the container either (R01)?
pub(super) fn is_container_done(run: &Run<'_>, layout: Layout, header: Header) -> bool {
    match layout.index(run.packet.destination6()).checked_sub(1) {
        Some(place) => csid(run, layout, header, 0, place) == 0,
        None => true,
    }
}
