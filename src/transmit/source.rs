//! Where packets to send come from: fixed ones, varying ones, captured ones.

use std::error::Error;
use std::time::Duration;

use super::Packet;
use super::prepare::Prepared;

/// Packets, one after the other.
///
/// A lending iterator: what it gives is good until the next call, so that one
/// buffer can serve for all packets and nothing is allocated for any of them.
pub trait Source: Send {
    /// The next packet; `None` after the last one, or where the source broke.
    fn next(&mut self) -> Option<Packet<'_>>;

    /// When the packet that comes next was recorded, as the time since the
    /// first one; `None` for packets that were not.
    fn recorded(&mut self) -> Option<Duration> {
        None
    }

    /// Whether every packet is the same as the first, so that an engine may
    /// keep it.
    fn is_constant(&self) -> bool {
        false
    }

    /// Why there are no more packets, where that is not for being done.
    fn failure(&mut self) -> Option<Box<dyn Error + Send + Sync>> {
        None
    }
}

/// Packets that several threads can send, each of them its share.
pub trait Supply: Sync {
    /// The packets with the numbers `start`, `start + stride`, … counted from
    /// 0. However many cursors share the numbers, together they give the same
    /// packets as `cursor(0, 1)` does alone.
    fn cursor(&self, start: u64, stride: u64) -> Box<dyn Source + '_>;
}

/// Packets that take turns, without end.
#[derive(Debug, Clone, Copy)]
pub struct Turns<'a>(pub &'a [Prepared]);

impl<'a> Turns<'a> {
    /// As [`Supply::cursor`]; it holds on to the packets alone.
    pub fn source(self, start: u64, stride: u64) -> Box<dyn Source + 'a> {
        let count = (self.0.len() as u64).max(1);
        Box::new(Turn { packets: self.0, at: (start % count) as usize, step: (stride % count) as usize })
    }
}

impl Supply for Turns<'_> {
    fn cursor(&self, start: u64, stride: u64) -> Box<dyn Source + '_> {
        self.source(start, stride)
    }
}

struct Turn<'a> {
    packets: &'a [Prepared],
    at: usize,
    step: usize,
}

impl Source for Turn<'_> {
    fn next(&mut self) -> Option<Packet<'_>> {
        let packet = self.packets.get(self.at)?;
        self.at += self.step;
        if self.at >= self.packets.len() {
            self.at -= self.packets.len();
        }
        Some(packet.packet())
    }

    fn is_constant(&self) -> bool {
        self.step == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(source: &mut dyn Source, count: usize) -> Vec<u8> {
        let mut numbers = Vec::new();
        while numbers.len() < count {
            let Some(Packet::Frame(bytes) | Packet::Ipv6(bytes)) = source.next() else { break };
            numbers.push(bytes[0]);
        }
        numbers
    }

    #[test]
    fn packets_take_turns_however_many_share_them() {
        let packets: Vec<_> = (0..5).map(|n| Prepared::Frame(vec![n])).collect();
        let turns = Turns(&packets);
        let alone = numbers(&mut *turns.cursor(0, 1), 60);
        assert_eq!(alone[..7], [0, 1, 2, 3, 4, 0, 1]);
        for threads in 1..=7usize {
            let mut shared = vec![0; 60];
            for thread in 0..threads {
                let share = (60 - thread).div_ceil(threads);
                let own = numbers(&mut *turns.cursor(thread as u64, threads as u64), share);
                assert_eq!(own.len(), share);
                for (n, number) in own.into_iter().enumerate() {
                    shared[thread + n * threads] = number;
                }
            }
            assert_eq!(shared, alone, "{threads} threads");
        }
    }

    #[test]
    fn one_packet_is_constant_and_none_is_the_end() {
        let one = [Prepared::Ipv6(vec![7])];
        assert!(Turns(&one).cursor(3, 2).is_constant());
        assert_eq!(numbers(&mut *Turns(&one).cursor(3, 2), 3), [7, 7, 7]);
        assert!(Turns(&[]).cursor(0, 1).next().is_none());
        let two = [Prepared::Ipv6(vec![1]), Prepared::Ipv6(vec![2])];
        assert!(!Turns(&two).cursor(0, 1).is_constant());
        // Of two packets, every second is the same one.
        assert!(Turns(&two).cursor(1, 2).is_constant());
    }
}
