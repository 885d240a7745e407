//! The walk: from the link header inwards, noting where each header lies.
//!
//! Lengths narrow the walk as it goes in: an IPv6 Payload Length that ends
//! before the frame does leaves a tail, which becomes a layer of its own once
//! the walk is over, so that no byte is lost. A length that claims more than
//! there is never widens it.

mod link;
mod network;
pub(super) mod tunnel;
mod upper;

use crate::capture::Frame;
use crate::dissect::diagnosis::{Diagnosis, Finding};
use crate::dissect::{Dissection, Layer, MAX_LAYERS};
use crate::wire::proto::Proto;

/// The most lengths that may narrow one walk.
pub(super) const MAX_TAILS: usize = 16;

/// Headers noted before the walk stops going in: the rest of the list is for
/// the data and the tails.
const MAX_HEADERS: usize = MAX_LAYERS - MAX_TAILS - 1;

/// Dissects `frame` into `dissection`, which is empty.
pub(super) fn walk(dissection: &mut Dissection, frame: &Frame<'_>) {
    let captured = frame.data.len();
    let original = (frame.original_len as usize).max(captured);
    let mut walk = Walk {
        dissection,
        data: frame.data,
        end: captured,
        claimed_end: original,
        network: Layer::NO_NETWORK,
        quoted: false,
        tail_count: 0,
    };
    if original > captured {
        walk.find(Diagnosis::SnapLen, captured, 0, original as u64, captured as u64);
    }
    walk.link(frame.link);
    walk.close_tails(0);
}

/// Where the packet ended before a length narrowed it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tail {
    end: usize,
    claimed_end: usize,
    /// The IP layer that the bytes up to `end` belong to.
    network: u8,
}

impl Tail {
    /// Fills unused places.
    pub const NONE: Self = Self { end: 0, claimed_end: 0, network: Layer::NO_NETWORK };
}

struct Walk<'w, 'a> {
    dissection: &'w mut Dissection,
    data: &'a [u8],
    /// Where the bytes of the packet being walked end.
    end: usize,
    /// Where its length fields claim that they end.
    claimed_end: usize,
    /// The IP layer being walked.
    network: u8,
    quoted: bool,
    /// How many ends were narrowed; they are the dissection's tails, outermost
    /// first.
    tail_count: usize,
}

impl<'a> Walk<'_, 'a> {
    /// The bytes from `at` to the end of the packet being walked.
    fn rest(&self, at: usize) -> &'a [u8] {
        self.data.get(at..self.end).unwrap_or_default()
    }

    fn find(&mut self, what: Diagnosis, start: usize, len: usize, a: u64, b: u64) {
        let layer = self.dissection.next_index().saturating_sub(1);
        self.dissection.findings.add(Finding { what, layer, start: start as u32, len: len as u32, a, b });
    }

    /// Notes a header of `len` bytes, or of what is left of them.
    fn header(&mut self, proto: Proto, at: usize, len: usize) {
        let next = self.dissection.next_index();
        if matches!(proto, Proto::Ipv4 | Proto::Ipv6) {
            self.network = next;
        }
        self.dissection.push(Layer {
            proto,
            quoted: self.quoted,
            network: self.network,
            start: at as u32,
            header_end: (at + len).min(self.end) as u32,
            end: self.end as u32,
            claimed_end: self.claimed_end as u32,
        });
    }

    /// Notes the rest as data, if there is any.
    fn data(&mut self, at: usize) {
        if at < self.end {
            self.header(Proto::Data, at, self.end - at);
        }
    }

    /// Whether a header of `needed` bytes fits at `at`, with room to note it.
    /// If not, what is there is noted: as the start of the header where what
    /// it shows is worth seeing, else as data.
    #[inline]
    fn fits(&mut self, proto: Proto, at: usize, needed: usize) -> bool {
        let fits = !self.is_deep() && self.rest(at).len() >= needed;
        if !fits {
            self.note_unfit(proto, at, needed);
        }
        fits
    }

    /// Whether there is no room to go further in.
    fn is_deep(&self) -> bool {
        self.dissection.layer_count >= MAX_HEADERS || self.tail_count >= MAX_TAILS
    }

    /// Notes what [`fits`](Self::fits) found not to.
    #[cold]
    fn note_unfit(&mut self, proto: Proto, at: usize, needed: usize) {
        let available = self.rest(at).len();
        if self.is_deep() {
            self.data(at);
            self.find(Diagnosis::TooDeep, at, available, 0, 0);
        } else {
            match proto {
                _ if available == 0 => {}
                Proto::Ipv4 | Proto::Ipv6 | Proto::Udp | Proto::Tcp | Proto::Icmpv4 | Proto::Icmpv6 => {
                    self.header(proto, at, available);
                }
                Proto::HopByHop | Proto::Destination | Proto::Routing | Proto::Fragment | Proto::Ah => {
                    self.header(proto, at, available);
                }
                _ => self.data(at),
            }
            self.cut(at, needed);
        }
    }

    /// Reports that a header of `needed` bytes ends early, unless the capture
    /// is to blame or the packet is a quotation, where that is usual.
    fn cut(&mut self, at: usize, needed: usize) {
        let available = self.rest(at).len();
        if !self.quoted && at + needed > self.claimed_end {
            self.find(Diagnosis::HeaderCut, at, available, needed as u64, available as u64);
        }
    }

    /// Takes a length field's word for where the packet ends, as far as the
    /// bytes go. Call it before noting the header that has the field.
    fn narrow(&mut self, at: usize, claimed_end: usize) {
        if claimed_end > self.claimed_end {
            if !self.quoted {
                let (claimed, available) = ((claimed_end - at) as u64, self.claimed_end.saturating_sub(at) as u64);
                // It is about the header that comes next.
                let layer = self.dissection.next_index();
                let what = Diagnosis::LengthOverrun;
                self.dissection.findings.add(Finding {
                    what,
                    layer,
                    start: at as u32,
                    len: 0,
                    a: claimed,
                    b: available,
                });
            }
        } else if claimed_end < self.end {
            if let Some(place) = self.dissection.tails.get_mut(self.tail_count) {
                *place = Tail { end: self.end, claimed_end: self.claimed_end, network: self.network };
                self.tail_count += 1;
            }
            self.end = claimed_end;
        }
        self.claimed_end = claimed_end;
    }

    /// Notes what the narrowed lengths left over, innermost first, until `keep`
    /// of them are left.
    fn close_tails(&mut self, keep: usize) {
        while self.tail_count > keep {
            self.tail_count -= 1;
            let Some(tail) = self.dissection.tails.get(self.tail_count).copied() else { break };
            let start = self.end;
            (self.end, self.claimed_end, self.network) = (tail.end, tail.claimed_end, tail.network);
            if start < self.end {
                self.header(Proto::Trailer, start, self.end - start);
            }
        }
    }
}
