//! Handing over a batch in spite of a device that is busy.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use super::{SendError, Told};
use crate::sys::mmsg::Batch;
use crate::sys::signal;

/// How long a device may take nothing at all.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// The first wait, and the longest.
const FIRST: Duration = Duration::from_micros(20);
const LONGEST: Duration = Duration::from_millis(5);

/// A device that takes nothing right now is waited for, for a while.
#[derive(Debug, Default)]
pub(super) struct Patience {
    waited: Duration,
    step: Duration,
}

impl Patience {
    /// Whether `error` is one that passes by itself, and after waiting a bit,
    /// it makes sense to try again.
    pub fn wait(&mut self, error: &io::Error) -> bool {
        if !is_busy(error) || self.waited >= PATIENCE || signal::caught().is_some() {
            return false;
        }
        self.step = (self.step * 2).clamp(FIRST, LONGEST);
        std::thread::sleep(self.step);
        self.waited += self.step;
        true
    }

    /// Something was taken.
    pub fn renew(&mut self) {
        *self = Self::default();
    }
}

/// The queue is full (ENOBUFS), the socket's memory is used up (EAGAIN), or a
/// signal came in between (EINTR).
fn is_busy(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOBUFS | libc::EAGAIN | libc::EINTR | libc::EBUSY))
}

/// Sends the first `taken` messages of a batch, and tells of each. `explain`
/// says what the refusal of a slot, and of so many bytes, means.
pub(super) fn send(
    batch: &mut Batch,
    socket: &OwnedFd,
    taken: usize,
    explain: &mut dyn FnMut(usize, io::Error, usize) -> SendError,
    told: &mut Told<'_>,
) {
    let mut patience = Patience::default();
    let mut at = 0;
    while at < taken {
        match batch.send(socket, at..taken) {
            Ok(sent) => {
                (0..sent).for_each(|_| told(Ok(())));
                at += sent;
                patience.renew();
            }
            Err(error) if patience.wait(&error) => {}
            Err(error) => {
                let error = if is_busy(&error) {
                    SendError::Stuck { source: error }
                } else {
                    explain(at, error, batch.length(at))
                };
                let lasting = error.is_lasting();
                told(Err(error));
                if lasting {
                    return;
                }
                at += 1;
            }
        }
    }
}
