//! A capture running on one node's interface while the experiment goes on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::DemoError;
use crate::capture::live::{Live, LiveError, Options};
use crate::capture::{Frame, Timestamp};
use crate::dissect::{Dissection, Packet};
use crate::lab::Node;
use crate::wire::link_type::LinkType;

/// The longest a tap waits before it looks whether it shall stop.
const TICK: Duration = Duration::from_millis(20);

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
        question(&Packet::new(frame, &dissection))
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
    thread: JoinHandle<Result<(), LiveError>>,
}

impl Tap {
    /// Starts capturing; returns once the capture sees everything.
    pub fn start(node: &Node, interface: &str) -> Result<Self, DemoError> {
        let shared = Arc::new(Shared::default());
        let (opened, ready) = mpsc::channel();
        let thread = {
            let (node, interface, shared) = (node.clone(), interface.to_owned(), Arc::clone(&shared));
            std::thread::spawn(move || {
                let options = Options { immediate: true, buffer: 1 << 20, ..Options::default() };
                let open = || -> Result<Live, DemoError> {
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
                    if let Some(frame) = live.next_frame(TICK)? {
                        let seen = Seen { time: frame.time, link: frame.link, data: frame.data.to_vec() };
                        shared.frames.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
                        shared.more.notify_all();
                    }
                }
                Ok(())
            })
        };
        match ready.recv() {
            Ok(Ok(())) => Ok(Self { shared, thread }),
            Ok(Err(error)) => Err(error),
            Err(mpsc::RecvError) => Err(DemoError::Recipe("a capture ended before it began".into())),
        }
    }

    /// How many frames were seen so far.
    pub fn mark(&self) -> usize {
        self.shared.frames.lock().unwrap_or_else(PoisonError::into_inner).len()
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
    pub fn finish(self) -> Result<Vec<Seen>, DemoError> {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok(std::mem::take(&mut *self.shared.frames.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}
