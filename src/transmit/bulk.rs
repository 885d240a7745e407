//! AF_PACKET for many frames: sendmmsg(2), a batch at a time.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use super::resolve::{Resolver, Wire};
use super::{Engine, Packet, SendError, Told, retry};
use crate::sys::mmsg::Batch;
use crate::sys::packet;

/// Frames per system call. More would save nothing: a call takes less time than
/// one of the frames.
pub(super) const BATCH: usize = 64;
/// The longest one read waits, so that deadlines and signals are noticed.
const READ_STEP: Duration = Duration::from_millis(20);
/// Longer than any neighbour advertisement.
const ADVERTISEMENT: usize = 2048;

/// Sends through one interface by AF_PACKET, in batches.
pub struct BulkEngine {
    framer: Framer,
    batch: Batch,
    taken: usize,
}

/// Makes frames of packets without a socket of pnet's, which would get a copy
/// of every frame sent.
pub(super) struct Framer {
    pub resolver: Resolver,
    pub sockets: Sockets,
}

pub(super) struct Sockets {
    pub sender: OwnedFd,
    advertisements: OwnedFd,
    buffer: Box<[u8]>,
}

impl Framer {
    pub fn open(interface: &str) -> Result<Self, SendError> {
        let resolver = Resolver::open(interface)?;
        let index = resolver.link.index;
        let sockets = Sockets {
            sender: packet::sender(index).map_err(SendError::open("packet"))?,
            advertisements: packet::advertisements(index).map_err(SendError::open("packet"))?,
            buffer: vec![0; ADVERTISEMENT].into(),
        };
        Ok(Self { resolver, sockets })
    }

    /// Writes the frame of a packet to `out`; its length.
    pub fn frame(&mut self, packet: Packet<'_>, out: &mut [u8]) -> Result<usize, SendError> {
        self.resolver.frame(packet, out, &mut self.sockets)
    }
}

impl Wire for Sockets {
    fn put(&mut self, frame: &[u8]) -> io::Result<()> {
        crate::sys::socket::send_message(&self.sender, frame, &[], None).map(drop)
    }

    fn get(&mut self) -> io::Result<Option<&[u8]>> {
        packet::receive(&self.advertisements, &mut self.buffer, READ_STEP)
    }
}

impl BulkEngine {
    /// Opens the interface.
    ///
    /// # Errors
    /// Where there is no such interface, it is down, or CAP_NET_RAW is missing.
    pub fn open(interface: &str) -> Result<Self, SendError> {
        let framer = Framer::open(interface)?;
        let batch = Batch::new(BATCH, framer.resolver.longest());
        Ok(Self { framer, batch, taken: 0 })
    }
}

impl Engine for BulkEngine {
    fn name(&self) -> &str {
        "packet (sendmmsg)"
    }

    fn room(&self) -> usize {
        self.batch.slots()
    }

    fn take(&mut self, packet: Packet<'_>) -> Result<usize, SendError> {
        let length = self.framer.frame(packet, self.batch.slot(self.taken))?;
        self.batch.set(self.taken, length, None);
        self.taken += 1;
        Ok(length)
    }

    fn flush(&mut self, told: &mut Told<'_>) {
        let taken = std::mem::take(&mut self.taken);
        let Self { framer: Framer { resolver, sockets }, batch, .. } = self;
        retry::send(batch, &sockets.sender, taken, &mut |_, e, length| resolver.explain(e, length), told);
        resolver.refresh();
    }
}
