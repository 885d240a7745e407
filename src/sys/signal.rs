//! Interruption: SIGINT, SIGTERM and SIGHUP as a state that waits can see.
//!
//! A command that has something to finish calls [`catch`] first. From then on
//! the first signal is remembered and ends every wait of this crate at once;
//! the second one kills the process as usual, so nothing can hang it.

use std::io::{self, PipeReader, PipeWriter, pipe};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use super::socket::poll_readable;

/// The pipe whose reading end becomes readable, for good, with the first
/// signal. A flag alone would lose a signal that arrives just before a wait.
static PIPE: OnceLock<(PipeReader, PipeWriter)> = OnceLock::new();
static WRITER: AtomicI32 = AtomicI32::new(-1);
static CAUGHT: AtomicI32 = AtomicI32::new(0);

/// Catches SIGINT, SIGTERM and SIGHUP from now on; a SIGHUP that the parent chose
/// to ignore (nohup(1)) stays ignored. Calling it again changes nothing.
///
/// # Errors
/// When no pipe can be opened or no handler installed.
pub fn catch() -> io::Result<()> {
    if PIPE.get().is_none() {
        let ends = pipe()?;
        let writer = PIPE.get_or_init(|| ends).1.as_raw_fd();
        WRITER.store(writer, Ordering::Release);
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
            install(signal)?;
        }
    }
    Ok(())
}

/// The signal that was caught, if one was.
pub fn caught() -> Option<i32> {
    match CAUGHT.load(Ordering::Acquire) {
        0 => None,
        signal => Some(signal),
    }
}

/// Sleeps until `deadline`, or until a signal is caught: false then.
///
/// # Errors
/// As poll(2).
pub fn sleep_until(deadline: Instant) -> io::Result<bool> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if caught().is_some() {
            return Ok(false);
        }
        if left.is_zero() {
            return Ok(true);
        }
        match wake() {
            // poll(2) counts milliseconds; the last fraction is slept exactly.
            Some(_) if left >= Duration::from_millis(2) => {
                poll_readable(&[wake()], left - Duration::from_millis(1))?;
            }
            _ => std::thread::sleep(left),
        }
    }
}

/// What to poll besides one's own descriptor, to be woken by a signal.
pub(super) fn wake() -> Option<BorrowedFd<'static>> {
    PIPE.get().map(|ends| ends.0.as_fd())
}

extern "C" fn handler(signal: libc::c_int) {
    CAUGHT.store(signal, Ordering::Release);
    let fd = WRITER.load(Ordering::Acquire);
    // SAFETY: write(2) and the errno location are async-signal-safe; `fd` is
    // the pipe's writing end, which lives in a static for the whole process.
    // errno is put back because the interrupted code may be about to read it.
    unsafe {
        let errno = libc::__errno_location();
        let saved = *errno;
        libc::write(fd, [1u8].as_ptr().cast(), 1);
        *errno = saved;
    }
}

fn install(signal: libc::c_int) -> io::Result<()> {
    // SAFETY: an all-zero sigaction is a valid one (no flags, empty mask), and
    // the call only fills it.
    let inherited = unsafe {
        let mut old: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, ptr::null(), &mut old);
        old.sa_sigaction
    };
    if signal == libc::SIGHUP && inherited == libc::SIG_IGN {
        return Ok(());
    }
    // SAFETY: as above.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler as extern "C" fn(libc::c_int) as libc::sighandler_t;
    // The second signal of a kind meets the default action again.
    action.sa_flags = libc::SA_RESETHAND;
    // SAFETY: `action` is initialised and outlives the call, the handler only
    // makes async-signal-safe calls, and the old action is not asked for.
    match unsafe { libc::sigaction(signal, &action, ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
