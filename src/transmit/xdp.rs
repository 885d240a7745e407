//! XDP live frames: the kernel makes the frames itself and gives them straight
//! to the interface, without a packet buffer for each.
//!
//! An interface that cannot take frames this way drops them without a word, as
//! a veth does whose peer has neither GRO nor an XDP program. So the first
//! frames are a trial: unless the interface counts them, they leave by another
//! engine, and everything after them too.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::bulk::Framer;
use super::{Engine, Packet, SendError, Told};
use crate::sys::bpf::{self, LiveFrames};
use crate::sys::route::{self, Counters};
use crate::sys::signal;

/// Frames of the trial.
const TRIAL: usize = 32;
/// How long a virtual interface may take to count a frame, and another one,
/// whose counters may be its hardware's.
const VIRTUAL: Duration = Duration::from_millis(100);
const PHYSICAL: Duration = Duration::from_secs(2);
/// Copies of one packet handed over together: so many that starting takes no
/// time in comparison, so few that an end is noticed.
const COPIES: usize = 8192;
/// How often copies that the interface dropped are sent again before it counts
/// as stuck.
const ATTEMPTS: u32 = 1000;

/// Sends through one interface by XDP live frames, or else by another engine.
pub struct XdpEngine {
    framer: Framer,
    frames: LiveFrames,
    /// Bytes of the frames taken.
    lengths: Vec<usize>,
    /// The frames taken are this many copies of the first one.
    copies: usize,
    state: State,
    trial: Trial,
    fallback: Box<dyn Engine>,
    notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// The trial is ahead.
    #[default]
    Untried,
    Works,
    /// The other engine has taken over.
    Replaced,
}

/// What engines that send through one interface at the same time share: its
/// counters are those of all of them.
#[derive(Debug, Clone, Default)]
pub struct Trial(Arc<Mutex<Shared>>);

#[derive(Debug, Default)]
struct Shared {
    /// How the trial ended, and what there is to say about it.
    state: State,
    note: String,
    /// Frames that the interface has dropped and an engine knows of.
    dropped: u64,
}

impl Trial {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl XdpEngine {
    /// Opens the interface; `fallback` sends if the trial says that it takes
    /// nothing this way.
    ///
    /// # Errors
    /// Where there is no such interface, it is down, the kernel is too old, or
    /// CAP_BPF and CAP_NET_ADMIN are missing.
    pub fn open(interface: &str, fallback: Box<dyn Engine>, trial: Trial) -> Result<Self, SendError> {
        let framer = Framer::open(interface)?;
        let frames = LiveFrames::open(framer.resolver.link.index).map_err(|source| match source.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => SendError::NoBpf,
            _ => SendError::NoLiveFrames { source },
        })?;
        let notes = fallback.fallbacks().to_vec();
        let lengths = Vec::with_capacity(bpf::SLOTS);
        Ok(Self { framer, frames, lengths, copies: 1, state: State::Untried, trial, fallback, notes })
    }

    fn counters(&self) -> Counters {
        // An interface that is gone counts nothing any more.
        route::counters(self.framer.resolver.link.index).unwrap_or_default()
    }

    /// How many more frames the interface has dropped, that no other engine
    /// has answered for; `most` of them at once.
    fn lost(&self, most: usize) -> usize {
        let mut shared = self.trial.lock();
        let lost = self.counters().tx_dropped.saturating_sub(shared.dropped).min(most as u64);
        shared.dropped += lost;
        lost as usize
    }

    /// Packets that were taken.
    fn taken(&self) -> usize {
        if self.copies > 1 { self.copies } else { self.lengths.len() }
    }

    /// Has the kernel send `count` frames from where it is.
    fn send(&mut self, count: usize) -> io::Result<()> {
        let target = self.frames.done() + count;
        let length = self.lengths.first().copied().unwrap_or(0);
        loop {
            let left = target.saturating_sub(self.frames.done());
            if left == 0 {
                return Ok(());
            }
            match self.frames.run(left, length) {
                // A signal: who caught it decides when to end.
                Err(e) if e.raw_os_error() == Some(libc::EINTR) => {}
                Ok(()) if self.frames.done() == target => return Ok(()),
                Ok(()) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Err(e) => return Err(e),
            }
        }
    }

    /// Whether the interface counts as many frames as were sent, in a while.
    /// Half of them will do: a few others may always pass by.
    fn counts(&self, before: Counters, frames: usize, bytes: usize) -> bool {
        let patience = if self.framer.resolver.link.is_virtual { VIRTUAL } else { PHYSICAL };
        let deadline = Instant::now() + patience;
        loop {
            let now = self.counters();
            let counted = now.tx_packets.wrapping_sub(before.tx_packets) as usize;
            let counted_bytes = now.tx_bytes.wrapping_sub(before.tx_bytes) as usize;
            if counted >= frames && counted_bytes >= bytes {
                return true;
            }
            if Instant::now() >= deadline || signal::caught().is_some() {
                return counted * 2 >= frames && counted_bytes * 2 >= bytes;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Sends what was taken to see whether it leaves. True where it did; the
    /// engine's state is then known.
    fn try_out(&mut self) -> bool {
        let trial = self.trial.clone();
        let mut shared = trial.lock();
        if shared.state != State::Untried {
            self.state = shared.state;
            self.note(&shared.note);
            return false;
        }
        let (count, before) = (self.taken(), self.counters());
        let bytes = self.lengths.iter().sum::<usize>() * self.copies;
        self.frames.rewind(self.lengths.len());
        let refused = self.send(count).err();
        let works = refused.is_none() && self.counts(before, count, bytes);
        if works {
            self.state = State::Works;
        } else {
            let counter = "its counter stood still (a veth needs GRO or an XDP program at its peer)";
            let why = refused.map_or_else(|| counter.to_owned(), |e| e.to_string());
            let interface = &self.framer.resolver.link.name;
            shared.note = format!("xdp sends nothing on {interface}: {why}; going on with {}", self.fallback.name());
            self.state = State::Replaced;
            self.note(&shared.note);
        }
        shared.state = self.state;
        shared.dropped = self.counters().tx_dropped;
        works
    }

    fn note(&mut self, text: &str) {
        if !text.is_empty() {
            self.notes.insert(0, text.to_owned());
        }
    }

    /// Gives everything that was taken to the other engine.
    fn fall_back(&mut self, told: &mut Told<'_>) {
        let (copies, lengths) = (self.copies, std::mem::take(&mut self.lengths));
        let mut at = 0;
        while at < self.copies.max(lengths.len()) {
            let slot = if copies > 1 { 0 } else { at };
            let frame = &self.frames.slot(slot)[..lengths[slot]];
            if let Err(error) = self.fallback.take(Packet::Frame(frame)) {
                self.fallback.flush(told);
                let lasting = error.is_lasting();
                told(Err(error));
                if lasting {
                    return;
                }
            }
            at += 1;
            if at % self.fallback.room() == 0 {
                self.fallback.flush(told);
            }
        }
        self.fallback.flush(told);
    }

    /// The frames taken went out; `lost` of them the interface dropped.
    fn tell(&mut self, sent: usize, lost: usize, told: &mut Told<'_>) {
        (0..sent - lost).for_each(|_| told(Ok(())));
        (0..lost).for_each(|_| told(Err(SendError::Dropped)));
        self.lengths.clear();
    }
}

impl Engine for XdpEngine {
    fn name(&self) -> &str {
        match self.state {
            State::Untried | State::Works => "xdp (live frames)",
            State::Replaced => self.fallback.name(),
        }
    }

    fn room(&self) -> usize {
        match self.state {
            State::Untried => TRIAL,
            State::Works => bpf::SLOTS,
            State::Replaced => self.fallback.room(),
        }
    }

    fn room_for_copies(&self) -> usize {
        match self.state {
            State::Untried => TRIAL,
            State::Works => COPIES,
            State::Replaced => self.fallback.room_for_copies(),
        }
    }

    fn take(&mut self, packet: Packet<'_>) -> Result<usize, SendError> {
        if self.state == State::Replaced {
            return self.fallback.take(packet);
        }
        let slot = self.lengths.len();
        let length = self.framer.frame(packet, self.frames.slot(slot))?;
        self.framer.resolver.check(&self.frames.slot(slot)[..length])?;
        self.frames.set(slot, length);
        self.lengths.push(length);
        self.copies = 1;
        Ok(length)
    }

    fn take_copies(&mut self, packet: Packet<'_>, copies: usize) -> Result<usize, SendError> {
        if self.state == State::Replaced {
            return self.fallback.take_copies(packet, copies);
        }
        let length = self.take(packet)?;
        self.copies = copies;
        Ok(length)
    }

    fn flush(&mut self, told: &mut Told<'_>) {
        let count = self.taken();
        if self.state == State::Untried && count > 0 && self.try_out() {
            return self.tell(count, 0, told);
        }
        if self.state == State::Replaced {
            return if self.lengths.is_empty() { self.fallback.flush(told) } else { self.fall_back(told) };
        }
        if count == 0 {
            return;
        }
        self.frames.rewind(self.lengths.len());
        let sent = self.send(count);
        if let Err(e) = sent {
            // Of those the program did not see, none left.
            let done = self.frames.done().min(count);
            self.tell(done, 0, told);
            return told(Err(SendError::vanished_or(e, &self.framer.resolver.link)));
        }
        let mut lost = self.lost(count);
        // Copies are all the same, so those that were dropped can be sent again.
        let mut attempts = 0;
        while lost > 0 && self.copies > 1 && attempts < ATTEMPTS && signal::caught().is_none() {
            std::thread::sleep(Duration::from_micros(50));
            if self.send(lost).is_err() {
                break;
            }
            lost = self.lost(usize::MAX);
            attempts += 1;
        }
        lost = lost.min(count);
        self.tell(count, lost, told);
        self.framer.resolver.refresh();
    }

    fn fallbacks(&self) -> &[String] {
        &self.notes
    }
}
