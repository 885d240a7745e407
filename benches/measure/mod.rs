//! What the benches have in common.

// Every bench compiles this file and uses its own part of it.
#![allow(dead_code)]

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::Duration;

/// A number from the environment.
pub fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// The most memory that a running process has had resident so far, in KiB.
pub fn peak(id: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or(0)
}

/// Processor time of children that have ended, and of theirs.
pub fn children() -> Duration {
    // SAFETY: getrusage(2) fills the structure, for which zeros are a value.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage);
        usage
    };
    let time = |t: libc::timeval| Duration::new(t.tv_sec as u64, t.tv_usec as u32 * 1000);
    time(usage.ru_utime) + time(usage.ru_stime)
}

/// Reads a file into the page cache anew. What time and other programs leave of it
/// there is in smaller pieces, which take the kernel longer to copy: up to twice as
/// long as what has just been read from one end to the other.
pub fn cache(path: &Path) -> io::Result<()> {
    let mut file = File::open(path)?;
    // Only what is on the disk can be dropped.
    file.sync_all()?;
    // SAFETY: tells the kernel something about a descriptor that is open.
    let failed = unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
    if failed != 0 {
        return Err(io::Error::from_raw_os_error(failed));
    }
    let mut buffer = vec![0; 256 << 10];
    while file.read(&mut buffer)? > 0 {}
    Ok(())
}
