//! AF_XDP sockets, for sending: frames in memory shared with the kernel, and
//! rings of descriptors that say which of them to send.
//!
//! ```text
//!         TX ring                            completion ring
//!   us ──descriptors──▶ kernel ──▶ wire ──▶ ──frames done with──▶ us
//! ```
//!
//! Nothing is received: no XDP program is loaded.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::mapping::Mapping;
use super::socket;

/// Descriptors in each ring.
const RING: u32 = 1024;
/// Bytes of frames to send from; half of what an ordinary process may lock.
const MEMORY: u32 = 4 << 20;
/// Frames lent to a driver that keeps the interface's own reception in the same
/// memory.
const LENT: u32 = 512;
/// A queue is taken for a moment longer than the socket that had it.
const RELEASE: Duration = Duration::from_secs(1);
/// Frames that the kernel sends by one system call where it makes packets of
/// them itself (linux/if_xdp.h, since 6.17).
const XDP_MAX_TX_SKB_BUDGET: i32 = 9;

/// Whether the kernel has AF_XDP at all.
///
/// # Errors
/// EAFNOSUPPORT where it has not; EPERM without CAP_NET_RAW.
pub fn supported() -> io::Result<()> {
    socket::open(libc::AF_XDP, libc::SOCK_RAW, 0).map(drop)
}

/// A socket that sends frames through one queue of an interface.
#[derive(Debug)]
pub struct Xsk {
    // Before the memory: the kernel lets go of it with the socket.
    socket: OwnedFd,
    transmit: Ring,
    completion: Ring,
    _fill: Ring,
    memory: Mapping,
    /// Bytes of a frame.
    size: u32,
    /// Frames that nobody uses.
    free: Vec<u32>,
    /// Descriptors written, and those of them that the kernel knows of.
    written: u32,
    told: u32,
    zero_copy: bool,
}

impl Xsk {
    /// Opens a socket for frames of up to `longest` bytes through a queue of
    /// the interface of an index: the driver sends from our memory if it can,
    /// else the kernel makes copies.
    ///
    /// # Errors
    /// EPERM without CAP_NET_RAW; EAFNOSUPPORT or EINVAL where the kernel has no
    /// AF_XDP; EINVAL or EBUSY where there is no such queue or it is taken.
    pub fn open(interface: u32, queue: u32, longest: usize) -> io::Result<Self> {
        let deadline = Instant::now() + RELEASE;
        loop {
            let mut opened = Self::bound(interface, queue, longest, libc::XDP_ZEROCOPY | libc::XDP_USE_NEED_WAKEUP);
            if opened.as_ref().is_err_and(|e| !matches!(e.raw_os_error(), Some(libc::EPERM | libc::EBUSY))) {
                opened = Self::bound(interface, queue, longest, libc::XDP_COPY | libc::XDP_USE_NEED_WAKEUP);
            }
            match opened {
                Err(e) if e.raw_os_error() == Some(libc::EBUSY) && Instant::now() < deadline => {
                    std::thread::sleep(RELEASE / 100);
                }
                opened => return opened,
            }
        }
    }

    fn bound(interface: u32, queue: u32, longest: usize, flags: u16) -> io::Result<Self> {
        let socket = socket::open(libc::AF_XDP, libc::SOCK_RAW, 0)?;
        // Frames are powers of two between 2048 bytes and a page.
        let size = if longest <= 2048 { 2048u32 } else { 4096 };
        let frames = MEMORY / size;
        let memory = Mapping::anonymous((frames + LENT) as usize * size as usize)?;
        let mut area = [0; 32];
        area[..8].copy_from_slice(&(memory.at(0, 0) as u64).to_ne_bytes());
        area[8..16].copy_from_slice(&(memory.len() as u64).to_ne_bytes());
        area[16..20].copy_from_slice(&size.to_ne_bytes());
        // struct xdp_umem_reg: address, length, frame size, then headroom,
        // flags and the length of metadata, which are all 0.
        set(&socket, libc::XDP_UMEM_REG, &area)?;
        for ring in [libc::XDP_UMEM_FILL_RING, libc::XDP_UMEM_COMPLETION_RING, libc::XDP_TX_RING] {
            set(&socket, ring, &RING.to_ne_bytes())?;
        }
        // Older kernels send 32 frames by one call, which does as well.
        let _ = set(&socket, XDP_MAX_TX_SKB_BUDGET, &RING.to_ne_bytes());

        let layout = layout(&socket)?;
        let map = |at: &libc::xdp_ring_offset, entry: usize, page: u64| {
            let length = at.desc as usize + RING as usize * entry;
            let memory = Mapping::shared(socket.as_raw_fd(), length, page as i64)?;
            Ok::<_, io::Error>(Ring {
                memory,
                producer: at.producer as usize,
                consumer: at.consumer as usize,
                flags: at.flags as usize,
                entries: at.desc as usize,
                entry,
            })
        };
        let transmit = map(&layout.tx, size_of::<libc::xdp_desc>(), libc::XDP_PGOFF_TX_RING as u64)?;
        let completion = map(&layout.cr, size_of::<u64>(), libc::XDP_UMEM_PGOFF_COMPLETION_RING)?;
        let fill = map(&layout.fr, size_of::<u64>(), libc::XDP_UMEM_PGOFF_FILL_RING)?;
        if flags & libc::XDP_ZEROCOPY != 0 {
            // What else arrives at this queue now arrives in our memory, and
            // goes on from there to where it would have gone.
            for n in 0..LENT {
                fill.write_u64(n, u64::from(frames + n) * u64::from(size));
            }
            fill.publish(LENT);
        }
        bind(&socket, interface, queue, flags)?;
        Ok(Self {
            socket,
            transmit,
            completion,
            _fill: fill,
            memory,
            size,
            free: (0..frames).collect(),
            written: 0,
            told: 0,
            zero_copy: flags & libc::XDP_ZEROCOPY != 0,
        })
    }

    /// Whether the driver sends from our memory, without a copy.
    pub fn is_zero_copy(&self) -> bool {
        self.zero_copy
    }

    /// How many frames can be [put](Self::put) before the kernel has to be told.
    pub fn room(&self) -> usize {
        RING as usize
    }

    /// The bytes of a frame that is free, to be written to and then
    /// [put](Self::put); `None` while all are under way.
    pub fn frame(&mut self) -> Option<&mut [u8]> {
        if self.free.is_empty() {
            self.reap();
        }
        let size = self.size as usize;
        let start = self.memory.at(*self.free.last()? as usize * size, size);
        // SAFETY: `size` bytes of the mapping that are initialised (the kernel
        // gives zeros) and, as the frame is free, used by nobody else: not by
        // the kernel, and not by another slice, which would borrow `self` too.
        Some(unsafe { std::slice::from_raw_parts_mut(start, size) })
    }

    /// Puts the frame that [`frame`](Self::frame) gave last into the ring, with
    /// `length` bytes. False where there is no room for it.
    pub fn put(&mut self, length: usize) -> bool {
        if self.written.wrapping_sub(self.transmit.consumer()) >= RING {
            return false;
        }
        let Some(frame) = self.free.pop() else { return false };
        let descriptor = libc::xdp_desc {
            addr: u64::from(frame) * u64::from(self.size),
            len: (length as u32).min(self.size),
            options: 0,
        };
        self.transmit.write_descriptor(self.written, descriptor);
        self.written = self.written.wrapping_add(1);
        true
    }

    /// Tells the kernel of the frames that were put.
    pub fn publish(&mut self) {
        if self.told != self.written {
            self.told = self.written;
            self.transmit.publish(self.written);
        }
    }

    /// Frames put so far, as a number that wraps.
    pub fn written(&self) -> u32 {
        self.written
    }

    /// Frames that the kernel has taken from the ring so far, as a number that
    /// wraps.
    pub fn consumed(&self) -> u32 {
        self.transmit.consumer()
    }

    /// Makes the kernel send, if it does not do so by itself.
    ///
    /// # Errors
    /// EAGAIN, ENOBUFS where frames are left for another call; EBUSY where the
    /// interface dropped one; ENETDOWN, ENXIO where it is down or gone.
    pub fn kick(&mut self) -> io::Result<()> {
        if self.zero_copy && self.transmit.flags() & libc::XDP_RING_NEED_WAKEUP == 0 {
            return Ok(());
        }
        // SAFETY: no data and no address is given, and their lengths are 0.
        let sent = unsafe { libc::sendto(self.socket.as_raw_fd(), ptr::null(), 0, libc::MSG_DONTWAIT, ptr::null(), 0) };
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Takes back the frames that are done with.
    pub fn reap(&mut self) {
        let (from, to) = (self.completion.consumer(), self.completion.producer());
        let mut at = from;
        while at != to {
            let address = self.completion.read_u64(at);
            self.free.push((address / u64::from(self.size)) as u32);
            at = at.wrapping_add(1);
        }
        if from != to {
            self.completion.release(to);
        }
    }
}

/// A ring of descriptors in memory shared with the kernel. One side writes
/// entries and then moves `producer`, the other reads them and then moves
/// `consumer`; both only count up, and wrap.
#[derive(Debug)]
struct Ring {
    memory: Mapping,
    /// Where in the memory things are.
    producer: usize,
    consumer: usize,
    flags: usize,
    entries: usize,
    /// Bytes of an entry.
    entry: usize,
}

impl Ring {
    fn word(&self, offset: usize) -> &AtomicU32 {
        let word = self.memory.at(offset, 4).cast();
        // SAFETY: four bytes of the mapping, which lives as long as `self`. The
        // kernel aligns them, and both sides only use them atomically.
        unsafe { AtomicU32::from_ptr(word) }
    }

    fn producer(&self) -> u32 {
        self.word(self.producer).load(Ordering::Acquire)
    }

    fn consumer(&self) -> u32 {
        self.word(self.consumer).load(Ordering::Acquire)
    }

    fn flags(&self) -> u32 {
        self.word(self.flags).load(Ordering::Acquire)
    }

    /// Entries before this one are written.
    fn publish(&self, producer: u32) {
        self.word(self.producer).store(producer, Ordering::Release);
    }

    /// Entries before this one are read.
    fn release(&self, consumer: u32) {
        self.word(self.consumer).store(consumer, Ordering::Release);
    }

    /// Where an entry is.
    fn place(&self, at: u32) -> *mut u8 {
        self.memory.at(self.entries + (at & (RING - 1)) as usize * self.entry, self.entry)
    }

    fn write_descriptor(&self, at: u32, descriptor: libc::xdp_desc) {
        assert_eq!(self.entry, size_of::<libc::xdp_desc>());
        // SAFETY: the place has as many bytes as a descriptor, and the kernel
        // reads it only once it is published.
        unsafe { self.place(at).cast::<libc::xdp_desc>().write_unaligned(descriptor) };
    }

    fn write_u64(&self, at: u32, value: u64) {
        assert_eq!(self.entry, size_of::<u64>());
        // SAFETY: the place has eight bytes, and the kernel reads it only once
        // it is published.
        unsafe { self.place(at).cast::<u64>().write_unaligned(value) };
    }

    fn read_u64(&self, at: u32) -> u64 {
        assert_eq!(self.entry, size_of::<u64>());
        // SAFETY: the place has eight bytes, which the kernel wrote before it
        // moved the producer past them.
        unsafe { self.place(at).cast::<u64>().read_unaligned() }
    }
}

fn set(socket: &OwnedFd, name: i32, value: &[u8]) -> io::Result<()> {
    socket::set_option(socket, libc::SOL_XDP, name, value)
}

/// Where in the rings' memory things are.
fn layout(socket: &OwnedFd) -> io::Result<libc::xdp_mmap_offsets> {
    let mut bytes = [0; size_of::<libc::xdp_mmap_offsets>()];
    let length = socket::get_option(socket, libc::SOL_XDP, libc::XDP_MMAP_OFFSETS, &mut bytes)?;
    if length != bytes.len() {
        // Before Linux 5.4 the rings had no flags.
        return Err(io::ErrorKind::Unsupported.into());
    }
    // SAFETY: the structure consists of u64 alone, so any bytes are one, and
    // there are as many as it has.
    Ok(unsafe { bytes.as_ptr().cast::<libc::xdp_mmap_offsets>().read_unaligned() })
}

fn bind(socket: &OwnedFd, interface: u32, queue: u32, flags: u16) -> io::Result<()> {
    let address = libc::sockaddr_xdp {
        sxdp_family: libc::AF_XDP as u16,
        sxdp_flags: flags,
        sxdp_ifindex: interface,
        sxdp_queue_id: queue,
        sxdp_shared_umem_fd: 0,
    };
    let length = size_of::<libc::sockaddr_xdp>() as libc::socklen_t;
    // SAFETY: `address` is a sockaddr_xdp and the length given is its size.
    match unsafe { libc::bind(socket.as_raw_fd(), ptr::from_ref(&address).cast(), length) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
