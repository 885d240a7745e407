//! bpf(2), as far as it takes to send frames: a program of a few instructions
//! that the kernel runs on frames of our own making
//! (BPF_PROG_TEST_RUN with BPF_F_TEST_XDP_LIVE_FRAMES, since Linux 5.18).
//!
//! The kernel makes a page for a frame, runs the program on it as if it had
//! just been received, and does what the program says: redirect it to an
//! interface. The program copies the frame from a map that we write to, anew
//! for each, because pages are used again and what became of a frame on its way
//! may be in them.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::mapping::Mapping;
use super::namespace::{self, Kinds};

const BPF_MAP_CREATE: i32 = 0;
const BPF_PROG_LOAD: i32 = 5;
const BPF_PROG_TEST_RUN: i32 = 10;
const BPF_LINK_CREATE: i32 = 28;
const BPF_XDP: u32 = 37;
const XDP_FLAGS_SKB_MODE: u32 = 1 << 1;
const BPF_MAP_TYPE_ARRAY: u32 = 2;
const BPF_F_MMAPABLE: u32 = 1 << 10;
const BPF_PROG_TYPE_XDP: u32 = 6;
const BPF_F_TEST_XDP_LIVE_FRAMES: u32 = 1 << 1;

/// Frames that the program takes turns with.
pub const SLOTS: usize = 2048;
/// Bytes of the longest frame: what a page has room for beside what the kernel
/// keeps in it, rounded down.
pub const LONGEST: usize = 3072;
/// In front of a frame in its slot: its length (4), nothing (4).
const SLOT_HEADER: usize = 8;
const SLOT: usize = SLOT_HEADER + LONGEST;
const PAGE: usize = 4096;
/// Frames between two times that the kernel looks whether somebody else wants
/// the processor, and lets the interface work.
const BATCH: u32 = 64;

/// Whether the kernel takes the program and runs it on live frames: on none.
///
/// # Errors
/// EPERM without the privileges; EINVAL where the kernel is too old.
pub fn supported() -> io::Result<()> {
    let loopback = 1;
    let mut frames = LiveFrames::open(loopback)?;
    // An empty slot, which the program drops.
    frames.rewind(1);
    frames.run(1, 14)
}

/// Frames that the kernel sends from itself.
#[derive(Debug)]
pub struct LiveFrames {
    program: OwnedFd,
    slots: Mapping,
    state: Mapping,
    // The program holds the maps, too; these are for the mappings.
    _maps: [OwnedFd; 2],
    _hold: Option<Hold>,
}

impl LiveFrames {
    /// Loads the program for the interface of an index.
    ///
    /// # Errors
    /// EPERM without CAP_BPF and CAP_NET_ADMIN of the machine itself; EINVAL
    /// where the kernel is too old.
    pub fn open(interface: u32) -> io::Result<Self> {
        let frames = array(SLOT as u32, SLOTS as u32)?;
        let state = array(PAGE as u32, 1)?;
        let code = program(interface, state.as_raw_fd(), frames.as_raw_fd());
        let program = load(&code)?;
        let slots = Mapping::shared(frames.as_raw_fd(), (SLOTS * SLOT).next_multiple_of(PAGE), 0)?;
        let own = Mapping::shared(state.as_raw_fd(), PAGE, 0)?;
        let hold = Hold::on(&program).ok();
        Ok(Self { program, slots, state: own, _maps: [frames, state], _hold: hold })
    }

    /// The bytes of a slot, to be written to; [`set`](Self::set) says how many
    /// of them are the frame.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn slot(&mut self, slot: usize) -> &mut [u8] {
        assert!(slot < SLOTS);
        let start = self.slots.at(slot * SLOT + SLOT_HEADER, LONGEST);
        // SAFETY: bytes of the mapping, initialised by the kernel. The program
        // reads them, but only while `run` has `self`.
        unsafe { std::slice::from_raw_parts_mut(start, LONGEST) }
    }

    /// Says how long the frame in a slot is.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn set(&mut self, slot: usize, length: usize) {
        assert!(slot < SLOTS && length <= LONGEST);
        let place = self.slots.at(slot * SLOT, 4).cast::<u32>();
        // SAFETY: four bytes of the mapping, which nobody reads during this.
        unsafe { place.write_unaligned(length as u32) };
    }

    /// Starts over with the first slot, to take turns with the first `slots`.
    pub fn rewind(&mut self, slots: usize) {
        self.write(State::NEXT, 0);
        self.write(State::SLOTS, slots.clamp(1, SLOTS) as u32);
        self.write(State::DONE, 0);
    }

    /// Frames sent since [`rewind`](Self::rewind), as far as the program knows.
    pub fn done(&self) -> usize {
        let place = self.state.at(State::DONE, 4).cast::<u32>();
        // SAFETY: four bytes of the mapping; the program only runs in `run`.
        unsafe { place.read_unaligned() as usize }
    }

    fn write(&mut self, field: usize, value: u32) {
        let place = self.state.at(field, 4).cast::<u32>();
        // SAFETY: four bytes of the mapping; the program only runs in `run`.
        unsafe { place.write_unaligned(value) };
    }

    /// Sends `count` frames, from where it left off; `length` is that of most
    /// of them.
    ///
    /// # Errors
    /// EINTR where a signal came before all were sent.
    pub fn run(&mut self, count: usize, length: usize) -> io::Result<()> {
        // The page starts out as this; the program makes it the frame.
        let data = [0u8; LONGEST];
        let mut attributes = Attributes::new();
        attributes.u32(0, self.program.as_raw_fd() as u32);
        attributes.u32(8, length.clamp(14, LONGEST) as u32);
        attributes.u64(16, data.as_ptr() as u64);
        attributes.u32(32, u32::try_from(count).unwrap_or(u32::MAX));
        attributes.u32(64, BPF_F_TEST_XDP_LIVE_FRAMES);
        attributes.u32(72, BATCH);
        // SAFETY: data_in points to at least data_size_in bytes, which live
        // through the call; nothing is to be written to.
        unsafe { attributes.call(BPF_PROG_TEST_RUN) }.map(drop)
    }
}

/// Keeps a program in use, by attaching it where no packet ever comes.
///
/// The kernel writes a jump to a program into its own code while it is in use,
/// and waits a few dozen milliseconds whenever that changes: without this, at
/// the start and the end of every [`LiveFrames::run`].
#[derive(Debug)]
struct Hold {
    _link: OwnedFd,
    // The loopback interface that the program is attached to is gone with it.
    _namespace: File,
}

impl Hold {
    fn on(program: &OwnedFd) -> io::Result<Self> {
        let attach = || {
            namespace::unshare(Kinds { network: true, ..Kinds::default() })?;
            let namespace = File::open("/proc/thread-self/ns/net")?;
            let mut attributes = Attributes::new();
            let loopback = 1;
            for (at, number) in [(0, program.as_raw_fd() as u32), (4, loopback), (8, BPF_XDP), (12, XDP_FLAGS_SKB_MODE)]
            {
                attributes.u32(at, number);
            }
            // SAFETY: no pointers.
            let fd = unsafe { attributes.call(BPF_LINK_CREATE) }?;
            // SAFETY: the descriptor is new and ours.
            Ok(Self { _link: unsafe { OwnedFd::from_raw_fd(fd) }, _namespace: namespace })
        };
        // A network namespace is a thread's, so only this one has the new one.
        let thread = std::thread::Builder::new();
        std::thread::scope(|scope| {
            let thread = thread.spawn_scoped(scope, attach)?;
            thread.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
        })
    }
}

/// What the program and we tell each other, as offsets into a map's value.
struct State;

impl State {
    /// The slot whose turn is next.
    const NEXT: usize = 0;
    /// How many slots take turns.
    const SLOTS: usize = 4;
    /// How many frames were sent.
    const DONE: usize = 8;
}

/// `union bpf_attr`, field by field at its offset.
#[repr(align(8))]
struct Attributes([u8; 80]);

impl Attributes {
    fn new() -> Self {
        Self([0; 80])
    }

    fn u32(&mut self, at: usize, value: u32) {
        self.0[at..at + 4].copy_from_slice(&value.to_ne_bytes());
    }

    fn u64(&mut self, at: usize, value: u64) {
        self.0[at..at + 8].copy_from_slice(&value.to_ne_bytes());
    }

    /// bpf(2).
    ///
    /// # Safety
    /// Every pointer among the attributes must be valid for what the command
    /// does with it.
    unsafe fn call(&mut self, command: i32) -> io::Result<i32> {
        // SAFETY: the attributes are as many bytes as is said; the caller
        // vouches for what they point to.
        let result = unsafe { libc::syscall(libc::SYS_bpf, command, self.0.as_mut_ptr(), self.0.len()) };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result as i32) }
    }
}

/// An array that can be mapped into memory.
fn array(value: u32, entries: u32) -> io::Result<OwnedFd> {
    let mut attributes = Attributes::new();
    for (at, number) in [(0, BPF_MAP_TYPE_ARRAY), (4, 4), (8, value), (12, entries), (16, BPF_F_MMAPABLE)] {
        attributes.u32(at, number);
    }
    // SAFETY: no pointers.
    let fd = unsafe { attributes.call(BPF_MAP_CREATE) }?;
    // SAFETY: the descriptor is new and ours.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn load(code: &[Instruction]) -> io::Result<OwnedFd> {
    let mut attributes = Attributes::new();
    attributes.u32(0, BPF_PROG_TYPE_XDP);
    attributes.u32(4, code.len() as u32);
    attributes.u64(8, code.as_ptr() as u64);
    attributes.u64(16, c"Dual MIT/GPL".as_ptr() as u64);
    // SAFETY: as many instructions as is said and a text that ends in NUL, both
    // of which outlive the call and are only read.
    let fd = unsafe { attributes.call(BPF_PROG_LOAD) }?;
    // SAFETY: the descriptor is new and ours.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// `struct bpf_insn`: what to do, destination register in the low half of
/// `registers` and source in the high half, an offset, a number.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Instruction {
    code: u8,
    registers: u8,
    offset: i16,
    number: i32,
}

/// Instructions under construction; jumps to the end are filled in last.
#[derive(Default)]
struct Assembler {
    code: Vec<Instruction>,
    to_drop: Vec<usize>,
}

/// Helpers, by number (linux/bpf.h).
const MAP_LOOKUP_ELEM: i32 = 1;
const REDIRECT: i32 = 23;
const XDP_ADJUST_TAIL: i32 = 65;
const XDP_GET_BUFF_LEN: i32 = 188;
const XDP_STORE_BYTES: i32 = 190;
/// What the program says of a frame that it will not send.
const XDP_DROP: i32 = 1;
/// The register that points to the stack.
const STACK: u8 = 10;

impl Assembler {
    fn push(&mut self, code: u8, to: u8, from: u8, offset: i16, number: i32) {
        self.code.push(Instruction { code, registers: to | from << 4, offset, number });
    }

    fn copy(&mut self, to: u8, from: u8) {
        self.push(0xbf, to, from, 0, 0);
    }

    fn set(&mut self, to: u8, number: i32) {
        self.push(0xb7, to, 0, 0, number);
    }

    fn add(&mut self, to: u8, number: i32) {
        self.push(0x07, to, 0, 0, number);
    }

    fn subtract(&mut self, to: u8, what: u8) {
        self.push(0x1f, to, what, 0, 0);
    }

    /// Loads 32 bits from memory.
    fn load(&mut self, to: u8, base: u8, offset: usize) {
        self.push(0x61, to, base, offset as i16, 0);
    }

    /// Stores 32 bits to memory.
    fn store(&mut self, base: u8, offset: i16, from: u8) {
        self.push(0x63, base, from, offset, 0);
    }

    fn call(&mut self, helper: i32) {
        self.push(0x85, 0, 0, 0, helper);
    }

    /// Looks up the entry of an array whose number is on the stack; to r0.
    fn look_up(&mut self, map: i32) {
        // A 64-bit constant takes two instructions; source 1 says it is a map.
        self.push(0x18, 1, 1, 0, map);
        self.push(0, 0, 0, 0, 0);
        self.copy(2, STACK);
        self.add(2, -4);
        self.call(MAP_LOOKUP_ELEM);
        self.drop_if(0x15, 0, 0);
    }

    /// Jumps to the end where a comparison with a number holds: 0x15 equal,
    /// 0x55 not equal, 0x25 greater, 0xa5 less.
    fn drop_if(&mut self, comparison: u8, register: u8, number: i32) {
        self.to_drop.push(self.code.len());
        self.push(comparison, register, 0, 0, number);
    }

    /// Adds the end that drops, and lets the jumps find it.
    fn finish(mut self) -> Vec<Instruction> {
        let end = self.code.len();
        self.set(0, XDP_DROP);
        self.push(0x95, 0, 0, 0, 0);
        for at in self.to_drop {
            self.code[at].offset = (end - at - 1) as i16;
        }
        self.code
    }
}

/// Copies the slot whose turn it is over the frame and redirects it.
fn program(interface: u32, state: i32, frames: i32) -> Vec<Instruction> {
    let mut a = Assembler::default();
    // r6: the frame's context, r9: the state, r7: the slot, r8: its length.
    a.copy(6, 1);
    a.set(7, 0);
    a.store(STACK, -4, 7);
    a.look_up(state);
    a.copy(9, 0);
    a.load(7, 9, State::NEXT);
    a.store(STACK, -4, 7);
    a.look_up(frames);
    a.copy(7, 0);
    a.load(8, 7, 0);
    // Lengths that the verifier can be sure of.
    a.drop_if(0xa5, 8, 1);
    a.drop_if(0x25, 8, LONGEST as i32);
    // The frame's length becomes the slot's.
    a.copy(1, 6);
    a.call(XDP_GET_BUFF_LEN);
    a.copy(2, 8);
    a.subtract(2, 0);
    a.push(0x15, 2, 0, 3, 0); // the same: three instructions on
    a.copy(1, 6);
    a.call(XDP_ADJUST_TAIL);
    a.drop_if(0x55, 0, 0);
    a.copy(1, 6);
    a.set(2, 0);
    a.copy(3, 7);
    a.add(3, SLOT_HEADER as i32);
    a.copy(4, 8);
    a.call(XDP_STORE_BYTES);
    a.drop_if(0x55, 0, 0);
    // The next slot's turn, or the first one's.
    a.load(1, 9, State::NEXT);
    a.add(1, 1);
    a.load(2, 9, State::SLOTS);
    a.push(0xad, 1, 2, 1, 0); // less: one instruction on
    a.set(1, 0);
    a.store(9, State::NEXT as i16, 1);
    a.load(1, 9, State::DONE);
    a.add(1, 1);
    a.store(9, State::DONE as i16, 1);
    a.set(1, interface as i32);
    a.set(2, 0);
    a.call(REDIRECT);
    a.push(0x95, 0, 0, 0, 0);
    a.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_lead_to_the_end_that_drops() {
        assert_eq!(size_of::<Instruction>(), 8);
        let code = program(7, 3, 4);
        let end = code.len() - 2;
        assert_eq!((code[end].number, code[end + 1].code), (XDP_DROP, 0x95));
        let jumps: Vec<_> =
            code.iter().enumerate().filter(|(_, i)| i.code & 7 == 5 && i.code < 0x80 || i.code == 0xa5).collect();
        assert_eq!(jumps.iter().filter(|(at, i)| at + 1 + i.offset as usize == end).count(), 6);
        for (at, jump) in jumps {
            assert!(jump.offset > 0 && at + 1 + jump.offset as usize <= end);
        }
    }

    #[test]
    fn the_kernel_takes_the_program_or_says_why_not() {
        match LiveFrames::open(1) {
            Ok(mut live) => {
                live.slot(SLOTS - 1).fill(7);
                live.set(SLOTS - 1, LONGEST);
                live.rewind(5);
                assert_eq!(live.done(), 0);
                supported().unwrap();
            }
            Err(e) => assert!(matches!(e.raw_os_error(), Some(libc::EPERM | libc::EINVAL | libc::ENOSYS)), "{e}"),
        }
    }
}
