//! AF_XDP: frames in memory shared with the kernel, past its queues; without a
//! copy where the driver can.

use std::io;

use super::bulk::Framer;
use super::retry::Patience;
use super::{Engine, Packet, SendError, Told};
use crate::sys::xsk::Xsk;

/// Frames handed over together.
const BATCH: usize = 256;

/// Sends through one queue of an interface by AF_XDP.
pub struct AfxdpEngine {
    framer: Framer,
    socket: Xsk,
    name: &'static str,
    lengths: Vec<usize>,
}

impl AfxdpEngine {
    /// Opens a queue of the interface, counted from 0.
    ///
    /// # Errors
    /// Where there is no such interface or queue, it is down, the kernel has no
    /// AF_XDP, or CAP_NET_RAW is missing.
    pub fn open(interface: &str, queue: u16) -> Result<Self, SendError> {
        let framer = Framer::open(interface)?;
        let link = &framer.resolver.link;
        let socket = Xsk::open(link.index, u32::from(queue), framer.resolver.longest()).map_err(|source| {
            let interface = link.name.clone();
            match source.raw_os_error() {
                Some(libc::EPERM) => SendError::Permission { socket: "AF_XDP" },
                Some(libc::EAFNOSUPPORT | libc::EPROTONOSUPPORT) => SendError::NoAfxdp { source },
                Some(libc::EINVAL | libc::EBUSY) => SendError::NoQueue { interface, queue, source },
                _ => SendError::Io { doing: "open an AF_XDP socket", source },
            }
        })?;
        let name = if socket.is_zero_copy() { "afxdp (zero-copy)" } else { "afxdp (copy)" };
        Ok(Self { framer, socket, name, lengths: Vec::with_capacity(BATCH) })
    }
}

impl Engine for AfxdpEngine {
    fn name(&self) -> &str {
        self.name
    }

    fn room(&self) -> usize {
        BATCH
    }

    fn take(&mut self, packet: Packet<'_>) -> Result<usize, SendError> {
        let full = || SendError::Stuck { source: io::Error::from_raw_os_error(libc::ENOBUFS) };
        let mut patience = Patience::default();
        // All frames under way: those sent before come back as the wire, or the
        // peer, is done with them.
        while self.socket.frame().is_none() {
            if !patience.wait(&io::Error::from_raw_os_error(libc::ENOBUFS)) {
                return Err(full());
            }
        }
        let frame = self.socket.frame().ok_or_else(full)?;
        let length = self.framer.frame(packet, frame)?;
        self.framer.resolver.check(&frame[..length])?;
        if !self.socket.put(length) {
            return Err(full());
        }
        self.lengths.push(length);
        Ok(length)
    }

    fn flush(&mut self, told: &mut Told<'_>) {
        self.socket.publish();
        let count = self.lengths.len() as u32;
        let start = self.socket.written().wrapping_sub(count);
        // Frames told of. The kernel may know of one more than its side of the
        // ring shows: one that it has dropped and nothing after it.
        let mut done = 0;
        let mut patience = Patience::default();
        while done < count {
            let kicked = self.socket.kick();
            let consumed = self.socket.consumed().wrapping_sub(start).min(count);
            let advanced = consumed.saturating_sub(done);
            let dropped = kicked.as_ref().is_err_and(|e| e.raw_os_error() == Some(libc::EBUSY));
            (0..advanced.saturating_sub(u32::from(dropped))).for_each(|_| told(Ok(())));
            done += advanced;
            if advanced > 0 {
                patience.renew();
            }
            match kicked {
                Err(_) if dropped => {
                    done += u32::from(advanced == 0);
                    told(Err(SendError::Dropped));
                }
                Ok(()) if advanced > 0 => {}
                Err(e) if is_over(&e) => {
                    let length = self.lengths.get(done as usize).copied().unwrap_or(0);
                    told(Err(self.framer.resolver.explain(e, length)));
                    break;
                }
                other => {
                    let busy = other.err().unwrap_or_else(|| io::Error::from_raw_os_error(libc::EAGAIN));
                    self.socket.reap();
                    if advanced == 0 && !patience.wait(&busy) {
                        told(Err(SendError::Stuck { source: busy }));
                        break;
                    }
                }
            }
        }
        self.lengths.clear();
        self.socket.reap();
        self.framer.resolver.refresh();
    }
}

/// An answer that no waiting changes.
fn is_over(error: &io::Error) -> bool {
    !matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::ENOBUFS | libc::EINTR | libc::ENOMEM))
}
