//! A capture running on one node's interface while something goes on in the lab.
//! Always through libpcap's ring: what `recv` hands over near a seg6local SID may
//! already have been changed by it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{LabError, Node};
use crate::capture::live::{Live, LiveError, Options};
use crate::capture::{Frame, Timestamp};
use crate::dissect::{Dissection, Packet};
use crate::wire::link_type::LinkType;

/// The longest a tap waits before it looks whether it shall stop.
const TICK: Duration = Duration::from_millis(20);

/// Why a link cannot be listened to.
#[derive(Debug, thiserror::Error)]
pub enum TapError {
    /// The node.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// The capture.
    #[error(transparent)]
    Capture(#[from] LiveError),
    /// The capturing thread is gone.
    #[error("a capture ended before it began")]
    Ended,
    /// Not everything was seen.
    #[error("the capture on {interface} lost {frames} frames: the machine is too busy")]
    #[allow(missing_docs)] // the sentence says it
    Lost { interface: String, frames: u64 },
}

/// How long a frame may wait for others.
const BATCH: Duration = Duration::from_millis(2);

/// A frame that was seen on a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When.
    pub time: Option<Timestamp>,
    /// What it starts with.
    pub link: LinkType,
    /// Its bytes.
    pub data: Vec<u8>,
}

impl Seen {
    /// The frame, as a source of frames would hand it out.
    pub fn frame(&self, number: u64) -> Frame<'_> {
        Frame { number, time: self.time, ..Frame::new(self.link, &self.data) }
    }

    /// Asks a question of the dissected frame.
    pub fn ask<T>(&self, question: impl FnOnce(&Packet<'_>) -> T) -> T {
        let frame = self.frame(1);
        let dissection = Dissection::of(&frame);
        question(&Packet::new(&frame, &dissection))
    }
}

/// What the capturing thread and its reader share.
#[derive(Debug, Default)]
struct Shared {
    frames: Mutex<Vec<Seen>>,
    more: Condvar,
    stop: AtomicBool,
}

/// A capture under way.
#[derive(Debug)]
pub struct Tap {
    shared: Arc<Shared>,
    thread: JoinHandle<Result<(), TapError>>,
}

impl Tap {
    /// Starts capturing; returns once the capture sees everything. With
    /// `incoming`, what the node itself sends is left out.
    ///
    /// # Errors
    /// Where the node or its interface is gone.
    pub fn start(node: &Node, interface: &str, incoming: bool) -> Result<Self, TapError> {
        let shared = Arc::new(Shared::default());
        let (opened, ready) = mpsc::channel();
        let thread = {
            let (node, interface, shared) = (node.clone(), interface.to_owned(), Arc::clone(&shared));
            std::thread::spawn(move || {
                // Batches, since a ring that hands over each frame at once has
                // slots of the largest frame's size, and so but a few.
                let options = Options { batch: BATCH, buffer: 4 << 20, incoming, ..Options::default() };
                let open = || -> Result<Live, TapError> {
                    node.enter()?;
                    Ok(Live::open(&interface, &options)?)
                };
                let live = open();
                let mut live = match live {
                    Ok(live) => {
                        // The starter waits for this word; it cannot be gone.
                        let _ = opened.send(Ok(()));
                        live
                    }
                    Err(error) => {
                        let _ = opened.send(Err(error));
                        return Ok(());
                    }
                };
                while !shared.stop.load(Ordering::Relaxed) {
                    let mut batch = Vec::new();
                    live.next_batch(TICK, None, |frame| {
                        batch.push(Seen { time: frame.time, link: frame.link, data: frame.data.to_vec() });
                    })?;
                    if !batch.is_empty() {
                        shared.frames.lock().unwrap_or_else(PoisonError::into_inner).extend(batch);
                        shared.more.notify_all();
                    }
                }
                match live.stats()?.dropped {
                    0 => Ok(()),
                    frames => Err(TapError::Lost { interface, frames }),
                }
            })
        };
        match ready.recv() {
            Ok(Ok(())) => Ok(Self { shared, thread }),
            Ok(Err(error)) => Err(error),
            Err(mpsc::RecvError) => Err(TapError::Ended),
        }
    }

    /// How many frames were seen so far.
    pub fn mark(&self) -> usize {
        self.shared.frames.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// What was seen after `mark`.
    pub fn since(&self, mark: usize) -> Vec<Seen> {
        let frames = self.shared.frames.lock().unwrap_or_else(PoisonError::into_inner);
        frames.get(mark..).unwrap_or_default().to_vec()
    }

    /// Waits until `enough` says so of what was seen after `mark`; `false` if it
    /// does not before `deadline`.
    pub fn wait_until(&self, mark: usize, deadline: Instant, enough: impl Fn(&[Seen]) -> bool) -> bool {
        let mut frames = self.shared.frames.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if enough(frames.get(mark..).unwrap_or_default()) {
                return true;
            }
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { return false };
            frames = self.shared.more.wait_timeout(frames, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The first frame after `mark` that `wanted` says yes to, if it comes
    /// before `timeout`.
    pub fn wait(&self, mark: usize, timeout: Duration, wanted: impl Fn(&Packet<'_>) -> bool) -> Option<Seen> {
        let deadline = Instant::now() + timeout;
        let mut frames = self.shared.frames.lock().unwrap_or_else(PoisonError::into_inner);
        let mut looked_at = mark;
        loop {
            if let Some(found) = frames[looked_at..].iter().find(|seen| seen.ask(&wanted)) {
                return Some(found.clone());
            }
            looked_at = frames.len();
            let left = deadline.checked_duration_since(Instant::now())?;
            frames = self.shared.more.wait_timeout(frames, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Stops, and hands over everything that was seen.
    ///
    /// # Errors
    /// Where the capture broke off.
    pub fn finish(self) -> Result<Vec<Seen>, TapError> {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok(std::mem::take(&mut *self.shared.frames.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}
