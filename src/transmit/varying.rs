//! Packets that differ from one to the next, as a supply for any number of
//! threads.

use std::error::Error;
use std::sync::Arc;

use super::prepare::{PrepareError, start_error};
use super::{Packet, Source, Supply};
use crate::craft::vary::{Cursor, Series, SeriesError};
use crate::wire::proto::Proto;

/// Series of packets that take turns, without end: after the last packet of a
/// series comes its first.
#[derive(Debug, Clone)]
pub struct Varying(Vec<(Arc<Series>, Start)>);

/// What the packets of a series start with.
#[derive(Debug, Clone, Copy)]
enum Start {
    Frame,
    Ipv6,
}

impl Varying {
    /// Takes series whose packets lack nothing any more.
    ///
    /// # Errors
    /// Where one starts with something that no engine sends.
    pub fn new(series: impl IntoIterator<Item = Arc<Series>>) -> Result<Self, PrepareError> {
        let start = |series: Arc<Series>| match series.given().first().map(|layer| layer.proto) {
            Some(Proto::Ethernet) => Ok((series, Start::Frame)),
            Some(Proto::Ipv6) => Ok((series, Start::Ipv6)),
            other => Err(start_error(other)),
        };
        series.into_iter().map(start).collect::<Result<_, _>>().map(Self)
    }

    /// How many series there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Supply for Varying {
    fn cursor(&self, start: u64, stride: u64) -> Box<dyn Source + '_> {
        let count = (self.0.len() as u64).max(1);
        // This cursor comes back to a series after so many packets of its own,
        // and finds it so many of the series' packets on.
        let onwards = stride / common_divisor(stride, count);
        let cursors = self.0.iter().map(|(series, start)| (series.cursor(0, onwards), *start)).collect();
        Box::new(Shares { cursors, next: start, stride, failure: None })
    }
}

fn common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a.max(1) } else { common_divisor(b, a % b) }
}

/// Every `stride`th packet of them all.
struct Shares {
    cursors: Vec<(Cursor, Start)>,
    next: u64,
    stride: u64,
    failure: Option<SeriesError>,
}

impl Source for Shares {
    fn next(&mut self) -> Option<Packet<'_>> {
        let count = self.cursors.len() as u64;
        let number = self.next;
        let (turn, packet) = if count == 1 { (0, number) } else { (number % count.max(1), number / count.max(1)) };
        let (cursor, start) = self.cursors.get_mut(turn as usize)?;
        self.next = number.wrapping_add(self.stride);
        match cursor.packet(packet) {
            Ok(bytes) => Some(match start {
                Start::Frame => Packet::Frame(bytes),
                Start::Ipv6 => Packet::Ipv6(bytes),
            }),
            Err(failure) => {
                self.failure = Some(failure);
                None
            }
        }
    }

    fn failure(&mut self) -> Option<Box<dyn Error + Send + Sync>> {
        self.failure.take().map(|failure| Box::new(failure) as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::craft::vary::Options;
    use crate::craft::{self, Values, Vary, udp};
    use crate::wire;

    fn series(first: u16, last: u16) -> Arc<Series> {
        let ports = Vary::Each(vec![Values::Range { first: first.into(), last: last.into(), step: 1 }]);
        let packet = craft::ip6() / udp(1, 2).with(&wire::udp::SOURCE, ports) / "x";
        Series::new(packet, &Options::default()).unwrap()
    }

    fn ports(source: &mut dyn Source, count: usize) -> Vec<u16> {
        let port = |packet: Packet<'_>| match packet {
            Packet::Frame(bytes) | Packet::Ipv6(bytes) => u16::from_be_bytes([bytes[40], bytes[41]]),
        };
        (0..count).map(|_| port(source.next().unwrap())).collect()
    }

    #[test]
    fn series_take_turns_however_many_share_them() {
        for (all, expected) in [
            (vec![series(1, 3)], vec![1, 2, 3, 1, 2, 3, 1]),
            (vec![series(1, 3), series(10, 11)], vec![1, 10, 2, 11, 3, 10, 1]),
        ] {
            let supply = Varying::new(all).unwrap();
            let alone = ports(&mut *supply.cursor(0, 1), 60);
            assert_eq!(alone[..7], expected);
            for threads in 1..=5usize {
                for thread in 0..threads {
                    let own = ports(&mut *supply.cursor(thread as u64, threads as u64), 60 / threads);
                    let share: Vec<u16> = alone.iter().skip(thread).step_by(threads).take(own.len()).copied().collect();
                    assert_eq!(own, share, "thread {thread} of {threads}");
                }
            }
        }
    }

    #[test]
    fn what_no_engine_sends_is_refused() {
        let packet = craft::ip4() / udp(1, 2);
        let refused = Varying::new([Series::new(packet, &Options::default()).unwrap()]).unwrap_err();
        assert_eq!(refused.to_string(), "a packet to send starts with eth or ip6, not ip4");
    }
}
