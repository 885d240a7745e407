//! A family of processes that ends together.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

/// The signals by which people and systems ask a program to stop.
const STOP: [libc::c_int; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

/// Splits the process in three: a *supervisor* (the process people see and
/// send signals to), an *init* (process 1 of the pid namespace that the caller
/// must have unshared before) and a *worker*. **Only the worker returns.**
///
/// The three end together, whatever happens. When the worker ends, init ends,
/// and the kernel kills every other process of the pid namespace; when the
/// supervisor dies, even of SIGKILL, init dies with it (PR_SET_PDEATHSIG). The
/// supervisor ends with the worker's exit code, or 128 + N if signal N killed
/// it. Signals sent to the supervisor are passed on to the worker; those of the
/// terminal (Ctrl-C) reach it anyway.
///
/// The process must have one thread only, and nothing unwritten in its buffers.
pub fn supervise() -> io::Result<()> {
    let (reader, writer) = pipe()?;
    let mask = block_signals()?;
    match fork()? {
        Some(init) => {
            drop(reader);
            // Init waits for this byte; if the supervisor died before init
            // asked to be told, the pipe's end tells it.
            let sent = write_byte(&writer);
            if sent.is_err() {
                kill(init, libc::SIGKILL);
            }
            drop(writer);
            std::process::exit(tend(init))
        }
        None => {
            drop(writer);
            // SAFETY: plain integer arguments.
            let armed = unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            if armed < 0 || !matches!(read_byte(&reader), Ok(1)) {
                exit_now(128 + libc::SIGKILL);
            }
            drop(reader);
            match fork() {
                Ok(None) => set_mask(&mask),
                Ok(Some(worker)) => exit_now(tend(worker)),
                Err(_) => exit_now(128 + libc::SIGKILL),
            }
        }
    }
}

/// Waits for `child`, passing on the signals it would not get otherwise and
/// reaping whatever else is orphaned; returns its exit code.
fn tend(child: libc::pid_t) -> libc::c_int {
    let signals = signal_set();
    loop {
        let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
        // SAFETY: both pointers are valid for the call; on success the kernel
        // filled the structure, on failure it is all zero, which is valid too.
        let (signal, code) = unsafe {
            let signal = libc::sigwaitinfo(&signals, info.as_mut_ptr());
            (signal, info.assume_init().si_code)
        };
        match signal {
            libc::SIGCHLD => {
                if let Some(status) = reap(child) {
                    return status;
                }
            }
            // The terminal signals its whole process group, the child included.
            1.. if code != SI_KERNEL => kill(child, signal),
            _ => {}
        }
    }
}

/// `si_code` of a signal that the kernel made itself (asm-generic/siginfo.h).
const SI_KERNEL: libc::c_int = 0x80;

/// Collects every child that ended; `Some(code)` if `child` was among them.
fn reap(child: libc::pid_t) -> Option<libc::c_int> {
    let mut result = None;
    loop {
        let mut status = 0;
        // SAFETY: the pointer is valid for the call.
        let pid = unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) };
        if pid <= 0 {
            return result;
        }
        if pid == child && libc::WIFEXITED(status) {
            result = Some(libc::WEXITSTATUS(status));
        } else if pid == child && libc::WIFSIGNALED(status) {
            result = Some(128 + libc::WTERMSIG(status));
        }
    }
}

/// `None` in the child, its id in the parent.
fn fork() -> io::Result<Option<libc::pid_t>> {
    // SAFETY: the caller is single-threaded (see `supervise`), so the child
    // inherits no lock that somebody else holds.
    let pid = unsafe { libc::fork() };
    check(pid)?;
    Ok((pid != 0).then_some(pid))
}

/// Ends without running anything that belongs to the parent.
fn exit_now(code: libc::c_int) -> ! {
    // SAFETY: never returns, touches no memory.
    unsafe { libc::_exit(code) }
}

fn kill(pid: libc::pid_t, signal: libc::c_int) {
    // SAFETY: plain integers; the child is not reaped yet, so its id is its own.
    unsafe { libc::kill(pid, signal) };
}

/// What [`tend`] waits for.
fn signal_set() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset initialises the set before anything reads it.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in STOP.into_iter().chain([libc::SIGQUIT, libc::SIGCHLD]) {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        set.assume_init()
    }
}

/// Blocks the signals of [`signal_set`] and returns the mask of before.
fn block_signals() -> io::Result<libc::sigset_t> {
    let set = signal_set();
    let mut old = MaybeUninit::uninit();
    // SAFETY: `set` is initialised; the call initialises `old` if it succeeds.
    unsafe {
        check(libc::sigprocmask(libc::SIG_BLOCK, &set, old.as_mut_ptr()))?;
        Ok(old.assume_init())
    }
}

fn set_mask(mask: &libc::sigset_t) -> io::Result<()> {
    // SAFETY: `mask` is an initialised set.
    check(unsafe { libc::sigprocmask(libc::SIG_SETMASK, mask, ptr::null_mut()) })
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut fds = [0; 2];
    // SAFETY: room for two descriptors, which on success are new and ours.
    unsafe {
        check(libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC))?;
        Ok((OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])))
    }
}

fn write_byte(fd: &OwnedFd) -> io::Result<()> {
    // SAFETY: one readable byte.
    check(unsafe { libc::write(fd.as_raw_fd(), [0u8].as_ptr().cast(), 1) } as libc::c_int)
}

fn read_byte(fd: &OwnedFd) -> io::Result<usize> {
    let mut byte = [0u8];
    // SAFETY: one writable byte.
    let n = unsafe { libc::read(fd.as_raw_fd(), byte.as_mut_ptr().cast(), 1) };
    usize::try_from(n).map_err(|_| io::Error::last_os_error())
}

/// The C convention: negative means errno.
fn check(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipes_carry_bytes_and_the_end() {
        let (reader, writer) = pipe().unwrap();
        write_byte(&writer).unwrap();
        drop(writer);
        assert_eq!(read_byte(&reader).unwrap(), 1);
        assert_eq!(read_byte(&reader).unwrap(), 0);
    }
}
