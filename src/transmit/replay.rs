//! The packets of a capture file, to be sent again.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use thiserror::Error;

use super::pace::Speed;
use super::{Packet, Source};
use crate::capture::{Chunk, Frame, Frames, ReadError, Reader, Timestamp};
use crate::sys::route::LinkKind;
use crate::wire::link_type::LinkType;

/// Which captured frames are wanted.
pub type Select = Box<dyn FnMut(&Frame<'_>) -> bool + Send>;

/// What to send again, and how.
pub struct Plan {
    /// The capture; `-` is standard input.
    pub file: PathBuf,
    /// Where the frames go.
    pub onto: Onto,
    /// How often the file is sent; `None` for without end.
    pub passes: Option<u64>,
    /// Read all frames before the first is sent.
    pub preload: bool,
    /// Which frames are wanted; all without.
    pub select: Option<Select>,
    /// The most packets due in any second at a speed, if that is bounded.
    pub limit: Option<(u64, Speed)>,
}

/// What an interface's frames start with, and so which captured ones fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Onto {
    /// An interface of this name and kind.
    Link(String, LinkKind),
    /// A raw socket, which takes IPv6 packets.
    Ipv6,
}

/// Why a replay ended before its end.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The file cannot be read further.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A frame that the interface cannot send.
    #[error("frame {number} of {file} is of link type {link}, which does not fit {onto}; -Y selects frames")]
    Link {
        /// Its number in the file.
        number: u64,
        /// The file's name.
        file: String,
        /// What the frame starts with.
        link: LinkType,
        /// What the interface takes.
        onto: String,
    },
    /// No frame at all.
    #[error("{0}: no packets to send in it")]
    Nothing(String),
    /// Standard input was read once, and is empty now.
    #[error("standard input can be sent once: --preload keeps it for more than that")]
    Once,
    /// More packets in a second than is allowed.
    #[error(
        "from frame {number} of {file} on, more than {most} packets are due in a second, through an interface with a default route: --yes-really-on IF, or a --rate"
    )]
    TooFast {
        /// The frame's number in the file.
        number: u64,
        /// The file's name.
        file: String,
        /// The packets allowed.
        most: u64,
    },
}

/// A capture file as a source of packets. The file is read as it is sent, so
/// memory is a few hundred kilobytes, unless it is preloaded.
pub struct Replay {
    plan: Plan,
    input: Input,
    position: usize,
    /// Passes over the file that are done, and packets of this one so far.
    done: u64,
    in_pass: u64,
    /// The packet that comes next was found: since when, and how it is sent.
    found: Option<(Duration, Form)>,
    /// The time of the first frame, what to add for the passes before this one,
    /// and the latest moment so far.
    first: Option<Timestamp>,
    base: Duration,
    latest: Duration,
    window: (Duration, u64),
    cut_short: Arc<AtomicU64>,
    failure: Option<ReplayError>,
}

enum Input {
    Stream(Box<Reader>, Chunk),
    Loaded(Frames),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Frame,
    Ipv6,
}

impl Replay {
    /// Opens the file and finds the first packet in it.
    ///
    /// # Errors
    /// Where it is no capture, nothing in it is to be sent, or its first packet
    /// does not fit the interface.
    pub fn open(plan: Plan) -> Result<Self, ReplayError> {
        let reader = Reader::open(&plan.file)?;
        let mut replay = Self {
            plan,
            input: Input::Stream(Box::new(reader), Chunk::new()),
            position: 0,
            done: 0,
            in_pass: 0,
            found: None,
            first: None,
            base: Duration::ZERO,
            latest: Duration::ZERO,
            window: (Duration::ZERO, 0),
            cut_short: Arc::default(),
            failure: None,
        };
        if replay.plan.preload {
            replay.load()?;
        }
        replay.find();
        match replay.failure.take() {
            Some(error) => Err(error),
            None if replay.found.is_none() => Err(ReplayError::Nothing(replay.name())),
            None => Ok(replay),
        }
    }

    /// How many of the packets sent so far were cut short when they were
    /// captured; to be asked while the replay is under way elsewhere.
    pub fn cut_short(&self) -> Arc<AtomicU64> {
        self.cut_short.clone()
    }

    fn name(&self) -> String {
        self.plan.file.display().to_string()
    }

    /// Reads the frames that are wanted into memory.
    fn load(&mut self) -> Result<(), ReplayError> {
        let Input::Stream(reader, chunk) = &mut self.input else { return Ok(()) };
        let mut frames = Frames::new();
        while reader.next_chunk(chunk)? {
            for position in 0..chunk.len() {
                let Some(frame) = chunk.frame(position) else { continue };
                if self.plan.select.as_mut().is_none_or(|select| select(&frame)) {
                    frames.push(&frame, crate::capture::file::Resolution::NANOS);
                }
            }
        }
        self.plan.select = None;
        self.input = Input::Loaded(frames);
        Ok(())
    }

    /// Finds the packet that comes next, if there is one.
    fn find(&mut self) {
        while self.found.is_none() && self.failure.is_none() {
            let frame = match &mut self.input {
                Input::Stream(_, chunk) => chunk.frame(self.position),
                Input::Loaded(frames) => frames.frame(self.position),
            };
            let Some(frame) = frame else {
                match self.go_on() {
                    Ok(true) => continue,
                    Ok(false) => return,
                    Err(error) => {
                        self.failure = Some(error);
                        return;
                    }
                }
            };
            if self.plan.select.as_mut().is_some_and(|select| !select(&frame)) {
                self.position += 1;
                continue;
            }
            let Some(form) = self.plan.onto.form(&frame) else {
                let (number, link) = (frame.number, frame.link);
                self.failure =
                    Some(ReplayError::Link { number, file: self.name(), link, onto: self.plan.onto.to_string() });
                return;
            };
            let since = match (frame.time, self.first) {
                (Some(time), Some(first)) => {
                    Duration::from_nanos(u64::try_from(time.0.saturating_sub(first.0).max(0)).unwrap_or(u64::MAX))
                }
                (Some(time), None) => {
                    self.first = Some(time);
                    Duration::ZERO
                }
                (None, _) => Duration::ZERO,
            };
            // A clock that was set back while capturing stands still here.
            self.latest = self.latest.max(self.base.saturating_add(since));
            let number = frame.number;
            if !self.is_within_limit() {
                let most = self.plan.limit.map_or(0, |(most, _)| most);
                self.failure = Some(ReplayError::TooFast { number, file: self.name(), most });
                return;
            }
            self.found = Some((self.latest, form));
        }
    }

    /// Reads on, or starts over; false at the end of the last pass.
    fn go_on(&mut self) -> Result<bool, ReplayError> {
        if let Input::Stream(reader, chunk) = &mut self.input {
            self.position = 0;
            if reader.next_chunk(chunk)? {
                return Ok(true);
            }
        }
        self.done += 1;
        // A file without any packet would be read for ever.
        if self.in_pass == 0 || self.plan.passes.is_some_and(|passes| self.done >= passes) {
            return Ok(false);
        }
        if let Input::Stream(reader, chunk) = &mut self.input {
            if self.plan.file.as_os_str() == "-" {
                return Err(ReplayError::Once);
            }
            **reader = Reader::open(&self.plan.file)?;
            *chunk = Chunk::new();
        }
        (self.position, self.in_pass, self.base) = (0, 0, self.latest);
        Ok(true)
    }

    /// Counts one packet at the latest moment, in windows of a second.
    fn is_within_limit(&mut self) -> bool {
        let Some((most, speed)) = self.plan.limit else { return true };
        let due = speed.due(self.latest);
        let (start, count) = &mut self.window;
        if due >= *start + Duration::from_secs(1) {
            (*start, *count) = (due, 0);
        }
        *count += 1;
        *count <= most
    }
}

impl Source for Replay {
    fn next(&mut self) -> Option<Packet<'_>> {
        self.find();
        let (_, form) = self.found.take()?;
        let position = self.position;
        self.position += 1;
        self.in_pass += 1;
        let frame = match &self.input {
            Input::Stream(_, chunk) => chunk.frame(position),
            Input::Loaded(frames) => frames.frame(position),
        }?;
        if (frame.data.len() as u64) < u64::from(frame.original_len) {
            self.cut_short.fetch_add(1, Ordering::Relaxed);
        }
        Some(match form {
            Form::Frame => Packet::Frame(frame.data),
            Form::Ipv6 => Packet::Ipv6(frame.data),
        })
    }

    fn recorded(&mut self) -> Option<Duration> {
        self.find();
        self.found.map(|(since, _)| since)
    }

    fn failure(&mut self) -> Option<Box<dyn Error + Send + Sync>> {
        self.failure.take().map(Into::into)
    }
}

impl Onto {
    /// How a captured frame is sent; `None` where it cannot be.
    fn form(&self, frame: &Frame<'_>) -> Option<Form> {
        let version = frame.data.first().map_or(0, |byte| byte >> 4);
        let is_ip = matches!(frame.link, LinkType::RAW | LinkType::IPV4 | LinkType::IPV6);
        match self {
            Self::Link(_, LinkKind::Ethernet(_) | LinkKind::Loopback) if frame.link == LinkType::ETHERNET => {
                Some(Form::Frame)
            }
            Self::Link(_, LinkKind::Bare) if is_ip => Some(Form::Frame),
            Self::Link(_, LinkKind::Ethernet(_) | LinkKind::Loopback) | Self::Ipv6 if is_ip && version == 6 => {
                Some(Form::Ipv6)
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Onto {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Link(name, LinkKind::Ethernet(_) | LinkKind::Loopback) => {
                write!(f, "{name} (Ethernet frames and raw IPv6 packets do)")
            }
            Self::Link(name, LinkKind::Bare) => write!(f, "{name} (raw IP packets do)"),
            Self::Link(name, LinkKind::Other(kind)) => write!(f, "{name} (ARPHRD type {kind})"),
            Self::Ipv6 => write!(f, "a raw IPv6 socket (raw IPv6 packets do)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::write::{Options, Writer};

    /// A file with frames: link type, seconds, first byte, length on the wire.
    fn file(name: &str, frames: &[(LinkType, i64, u8, u32)]) -> PathBuf {
        let path = std::env::temp_dir().join(format!("sr6-replay-{}-{name}.pcapng", std::process::id()));
        let mut writer = Writer::create(&path, &Options::default()).unwrap();
        for (link, seconds, first, original_len) in frames {
            let data = [*first, 2, 3];
            let frame = Frame {
                time: Some(Timestamp::new(*seconds, 0)),
                original_len: *original_len,
                ..Frame::new(*link, &data)
            };
            writer.write(&frame).unwrap();
        }
        writer.finish().unwrap();
        path
    }

    fn ethernet() -> Onto {
        Onto::Link("va".into(), LinkKind::Ethernet([2; 6]))
    }

    fn plan(file: PathBuf) -> Plan {
        Plan { file, onto: ethernet(), passes: Some(1), preload: false, select: None, limit: None }
    }

    /// Seconds and first bytes of up to 20 packets.
    fn all(replay: &mut Replay) -> Vec<(u64, u8)> {
        let mut seen = Vec::new();
        while seen.len() < 20 {
            let Some(since) = replay.recorded() else { break };
            seen.push((since.as_secs(), replay.next().unwrap().bytes()[0]));
        }
        seen
    }

    const E: LinkType = LinkType::ETHERNET;

    #[test]
    fn times_count_from_the_first_and_never_run_back() {
        let path = file("times", &[(E, 100, 1, 3), (E, 102, 2, 3), (E, 101, 3, 3), (E, 105, 4, 3)]);
        for preload in [false, true] {
            let mut replay = Replay::open(Plan { preload, passes: Some(2), ..plan(path.clone()) }).unwrap();
            let expected = [(0, 1), (2, 2), (2, 3), (5, 4), (5, 1), (7, 2), (7, 3), (10, 4)];
            assert_eq!(all(&mut replay), expected);
            assert!(replay.next().is_none() && replay.failure().is_none());
            let mut endless = Replay::open(Plan { preload, passes: None, ..plan(path.clone()) }).unwrap();
            assert_eq!(all(&mut endless).len(), 20);
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_selection_and_its_first_frame_count() {
        let path = file("select", &[(E, 1, 1, 3), (LinkType::LINUX_SLL, 2, 9, 3), (E, 3, 2, 30), (E, 7, 3, 3)]);
        let select = || Some(Box::new(|frame: &Frame<'_>| frame.link == E && frame.data[0] > 1) as Select);
        for preload in [false, true] {
            let mut replay = Replay::open(Plan { preload, select: select(), ..plan(path.clone()) }).unwrap();
            let cut = replay.cut_short();
            assert_eq!(all(&mut replay), [(0, 2), (4, 3)]);
            assert_eq!(cut.load(Ordering::Relaxed), 1);
        }
        let nothing = Some(Box::new(|_: &Frame<'_>| false) as Select);
        let refused = Replay::open(Plan { select: nothing, passes: None, ..plan(path.clone()) }).err().unwrap();
        assert!(refused.to_string().ends_with("no packets to send in it"), "{refused}");
        // What does not fit ends the replay where it comes.
        let mut replay = Replay::open(plan(path.clone())).unwrap();
        assert_eq!(all(&mut replay), [(0, 1)]);
        let failure = replay.failure().unwrap().to_string();
        assert!(failure.contains("frame 2 of ") && failure.contains("link type LINUX_SLL"), "{failure}");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn link_types_fit_or_do_not() {
        let bare = Onto::Link("tun0".into(), LinkKind::Bare);
        let other = Onto::Link("x".into(), LinkKind::Other(776));
        for (onto, link, first, expected) in [
            (ethernet(), E, 0, Some(Form::Frame)),
            (ethernet(), LinkType::RAW, 0x60, Some(Form::Ipv6)),
            (ethernet(), LinkType::IPV6, 0x60, Some(Form::Ipv6)),
            (ethernet(), LinkType::RAW, 0x45, None),
            (ethernet(), LinkType::LINUX_SLL2, 0, None),
            (bare.clone(), LinkType::RAW, 0x45, Some(Form::Frame)),
            (bare, E, 0, None),
            (Onto::Ipv6, LinkType::IPV6, 0x60, Some(Form::Ipv6)),
            (Onto::Ipv6, E, 0, None),
            (other, E, 0, None),
        ] {
            let data = [first];
            assert_eq!(onto.form(&Frame::new(link, &data)), expected, "{link} onto {onto}");
        }
    }

    #[test]
    fn too_many_in_a_second_are_refused() {
        let path = file("limit", &[(E, 0, 1, 3), (E, 1, 2, 3), (E, 1, 3, 3), (E, 4, 4, 3)]);
        for (speed, most, sent) in [("1x", 2, 4), ("1x", 1, 2), ("4x", 2, 2), ("4x", 3, 4)] {
            let limit = Some((most, speed.parse().unwrap()));
            let mut replay = Replay::open(Plan { limit, ..plan(path.clone()) }).unwrap();
            assert_eq!(all(&mut replay).len(), sent, "{most} at {speed}");
            assert_eq!(replay.failure().is_some(), sent < 4);
        }
        std::fs::remove_file(path).unwrap();
    }
}
