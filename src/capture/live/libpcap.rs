//! Live capture and BPF filters through the `pcap` crate.

use std::fmt;
use std::time::Duration;

use super::{Interface, LiveError, Options, Stats};
use crate::capture::file::MAX_FRAME;
use crate::capture::frame::{Frame, Timestamp};
use crate::sys::socket::{Ready, wait_readable};
use crate::wire::link_type::LinkType;

/// libpcap's pseudo-interface for all of them.
const ANY: &str = "any";

/// What libpcap calls raw IP on a live interface of this system; files say 101.
const DLT_RAW: i32 = 12;

/// An interface being listened to.
pub struct Live {
    capture: pcap::Capture<pcap::Active>,
    what: Described,
    /// Frames handed out.
    count: u64,
    stats: Stats,
    last: [u32; 3],
}

/// What all frames of an interface have in common.
struct Described {
    interface: String,
    link: LinkType,
    nanos: bool,
}

impl Described {
    fn frame<'a>(&'a self, number: u64, packet: &pcap::Packet<'a>) -> Frame<'a> {
        let header = packet.header;
        let fraction = i128::from(header.ts.tv_usec) * if self.nanos { 1 } else { 1000 };
        Frame {
            number,
            time: Some(Timestamp(i128::from(header.ts.tv_sec) * 1_000_000_000 + fraction)),
            original_len: header.len,
            interface: Some(0),
            interface_name: Some(&self.interface),
            ..Frame::new(self.link, packet.data)
        }
    }

    fn refused(&self, error: &pcap::Error) -> LiveError {
        LiveError::Capture { interface: self.interface.clone(), reason: reason(error) }
    }
}

impl Live {
    /// Starts to listen on `interface`; `any` is all of them.
    ///
    /// # Errors
    /// Where there is no such interface, no permission, or the filter is bad.
    pub fn open(interface: &str, options: &Options) -> Result<Self, LiveError> {
        let refused = |error| refusal(interface, &error);
        let snaplen = if options.snaplen == 0 { MAX_FRAME } else { options.snaplen.min(MAX_FRAME) };
        let batch = i32::try_from(options.batch.as_millis()).unwrap_or(i32::MAX).max(1);
        let precision = if options.nanos { pcap::Precision::Nano } else { pcap::Precision::Micro };
        let mut capture = pcap::Capture::from_device(interface)
            .map_err(refused)?
            .snaplen(snaplen as i32)
            // All interfaces at once have no promiscuous mode.
            .promisc(options.promiscuous && interface != ANY)
            .buffer_size(i32::try_from(options.buffer).unwrap_or(i32::MAX))
            .immediate_mode(options.immediate)
            .timeout(batch)
            .precision(precision)
            .open()
            .map_err(refused)?;
        if options.incoming {
            capture.direction(pcap::Direction::In).map_err(refused)?;
        }
        // The newer cooked header also names the interface.
        let sll2 = pcap::Linktype(i32::from(LinkType::LINUX_SLL2.0));
        if interface == ANY && capture.list_datalinks().is_ok_and(|links| links.contains(&sll2)) {
            capture.set_datalink(sll2).map_err(refused)?;
        }
        if let Some(filter) = &options.filter {
            capture.filter(filter, true).map_err(|error| bad_filter(filter, &error))?;
        }
        let link = from_dlt(capture.get_datalink());
        // Waiting is poll(2)'s: libpcap's own timeout only starts with the
        // first frame, and a quiet interface would never return.
        let capture = capture.setnonblock().map_err(refused)?;
        let what = Described { interface: interface.to_owned(), link, nanos: options.nanos };
        Ok(Self { capture, what, count: 0, stats: Stats::default(), last: [0; 3] })
    }

    /// The interface's name.
    pub fn interface(&self) -> &str {
        &self.what.interface
    }

    /// What its frames start with.
    pub fn link(&self) -> LinkType {
        self.what.link
    }

    /// The next frame; `None` where none came within `wait`, or where a signal
    /// was caught meanwhile (see [`crate::sys::signal`]).
    ///
    /// # Errors
    /// Where the interface is gone.
    pub fn next_frame(&mut self, wait: Duration) -> Result<Option<Frame<'_>>, LiveError> {
        if !self.ready(wait)? {
            return Ok(None);
        }
        let what = &self.what;
        match self.capture.next_packet() {
            Ok(packet) => {
                self.count += 1;
                Ok(Some(what.frame(self.count, &packet)))
            }
            Err(pcap::Error::TimeoutExpired | pcap::Error::NoMorePackets) => Ok(None),
            Err(error) => Err(what.refused(&error)),
        }
    }

    /// Calls `each` with the frames that are there, at most `limit`, after
    /// waiting for the first of them up to `wait`: how many there were. The way
    /// to keep up with a busy interface.
    ///
    /// # Errors
    /// Where the interface is gone.
    pub fn next_batch(
        &mut self,
        wait: Duration,
        limit: Option<usize>,
        mut each: impl FnMut(Frame<'_>),
    ) -> Result<usize, LiveError> {
        if !self.ready(wait)? {
            return Ok(0);
        }
        let Self { capture, what, count, .. } = self;
        // libpcap counts in an int.
        let limit = limit.map(|limit| limit.min(i32::MAX as usize));
        capture
            .dispatch(limit, |packet| {
                *count += 1;
                each(what.frame(*count, &packet));
            })
            .map_err(|error| what.refused(&error))
    }

    /// Waits until there is something to read, or to learn.
    fn ready(&self, wait: Duration) -> Result<bool, LiveError> {
        match wait_readable(&self.capture, Some(wait)) {
            Ok(Ready::Readable) => Ok(true),
            Ok(Ready::TimedOut | Ready::Interrupted) => Ok(false),
            Err(source) => Err(LiveError::Wait { interface: self.what.interface.clone(), source }),
        }
    }

    /// Frames received and lost so far. To be asked at least every 2³² frames,
    /// where the kernel's counters wrap.
    ///
    /// # Errors
    /// Where libpcap cannot tell.
    pub fn stats(&mut self) -> Result<Stats, LiveError> {
        let now = self.capture.stats().map_err(|error| self.what.refused(&error))?;
        let now = [now.received, now.dropped, now.if_dropped];
        let since = |at: usize| u64::from(now[at].wrapping_sub(self.last[at]));
        self.stats.received += since(0);
        self.stats.dropped += since(1);
        self.stats.dropped_by_interface += since(2);
        self.last = now;
        Ok(self.stats)
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Described { interface, link, .. } = &self.what;
        f.debug_struct("Live").field("interface", interface).field("link", link).finish_non_exhaustive()
    }
}

/// A compiled filter in tcpdump's language, for frames of one link type from
/// anywhere. Not to be shared: each thread compiles its own.
pub struct Filter(pcap::BpfProgram);

impl Filter {
    /// Compiles a filter.
    ///
    /// It knows no Segment Routing Header: `udp` and `port` do not match behind
    /// one; `ip6 proto 43`, `ip6 protochain 17` and offsets (`ip6[42] = 4`) do.
    ///
    /// # Errors
    /// Where libpcap does not understand it, or not for this link type.
    pub fn compile(filter: &str, link: LinkType) -> Result<Self, LiveError> {
        pcap::Capture::dead(to_dlt(link))
            .and_then(|dead| dead.compile(filter, true))
            .map(Self)
            .map_err(|error| bad_filter(filter, &error))
    }

    /// Whether a frame of these bytes passes. Its length, as far as the filter
    /// asks for it, is that of the bytes.
    pub fn matches(&self, data: &[u8]) -> bool {
        self.0.filter(data)
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter").field("instructions", &self.0.get_instructions().len()).finish()
    }
}

/// The interfaces to listen on. Needs no privilege.
///
/// # Errors
/// Where libpcap cannot tell.
pub fn list_interfaces() -> Result<Vec<Interface>, LiveError> {
    let devices = pcap::Device::list().map_err(|error| LiveError::List(reason(&error)))?;
    let interface = |device: pcap::Device| Interface {
        up: device.flags.is_up(),
        loopback: device.flags.is_loopback(),
        name: device.name,
        description: device.desc,
    };
    Ok(devices.into_iter().map(interface).collect())
}

/// Why an interface could not be opened: libpcap's codes do not come through,
/// so what it says is completed by what else is known.
fn refusal(interface: &str, error: &pcap::Error) -> LiveError {
    let reason = reason(error);
    if reason.contains("ermission") || reason.contains("not permitted") {
        return LiveError::Permission { interface: interface.to_owned() };
    }
    match list_interfaces() {
        Ok(known) if known.iter().all(|known| known.name != interface) => LiveError::NoInterface {
            name: interface.to_owned(),
            known: known.into_iter().map(|known| known.name).collect(),
        },
        _ => LiveError::Capture { interface: interface.to_owned(), reason },
    }
}

fn bad_filter(filter: &str, error: &pcap::Error) -> LiveError {
    LiveError::Filter { filter: filter.to_owned(), reason: reason(error) }
}

/// libpcap's own words, where it had any.
fn reason(error: &pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(words) => words.trim().to_owned(),
        other => other.to_string(),
    }
}

/// The value files use for what libpcap calls `dlt` here.
fn from_dlt(dlt: pcap::Linktype) -> LinkType {
    match dlt.0 {
        DLT_RAW => LinkType::RAW,
        other => LinkType(other as u16),
    }
}

fn to_dlt(link: LinkType) -> pcap::Linktype {
    match link {
        LinkType::RAW => pcap::Linktype(DLT_RAW),
        other => pcap::Linktype(i32::from(other.0)),
    }
}
