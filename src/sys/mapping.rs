//! Memory shared with the kernel: mmap(2).

use std::io;
use std::os::fd::RawFd;
use std::ptr::{self, NonNull};

/// A mapping, unmapped when dropped. What is behind it may be written by the
/// kernel at any time, so it is given out as a pointer and not as a slice.
#[derive(Debug)]
pub(super) struct Mapping {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the memory belongs to the mapping alone and is not tied to a thread.
unsafe impl Send for Mapping {}

impl Mapping {
    /// `length` bytes of fresh memory.
    pub fn anonymous(length: usize) -> io::Result<Self> {
        Self::new(length, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_POPULATE, -1, 0)
    }

    /// `length` bytes of what a descriptor has at an offset.
    pub fn shared(descriptor: RawFd, length: usize, offset: i64) -> io::Result<Self> {
        Self::new(length, libc::MAP_SHARED | libc::MAP_POPULATE, descriptor, offset)
    }

    fn new(length: usize, flags: i32, descriptor: RawFd, offset: i64) -> io::Result<Self> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at a place of the kernel's choice touches no
        // memory that exists.
        let start = unsafe { libc::mmap(ptr::null_mut(), length, access, flags, descriptor, offset) };
        match NonNull::new(start.cast::<u8>()) {
            Some(start) if start.as_ptr().cast::<libc::c_void>() != libc::MAP_FAILED => Ok(Self { start, length }),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Its bytes.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Where `size` bytes at `offset` are.
    ///
    /// # Panics
    /// If they are not all within the mapping.
    pub fn at(&self, offset: usize, size: usize) -> *mut u8 {
        assert!(offset.checked_add(size).is_some_and(|end| end <= self.length), "{offset} + {size} of {}", self.length);
        // SAFETY: the offset was just checked to be within the mapping.
        unsafe { self.start.as_ptr().add(offset) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: this is what mmap(2) gave, and nothing refers to it any more.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_memory_is_zero_and_bounded() {
        let mapping = Mapping::anonymous(8192).unwrap();
        assert_eq!(mapping.len(), 8192);
        // SAFETY: a byte of the mapping.
        assert_eq!(unsafe { *mapping.at(8191, 1) }, 0);
        assert!(std::panic::catch_unwind(|| mapping.at(8191, 2)).is_err());
        assert!(std::panic::catch_unwind(|| mapping.at(usize::MAX, 2)).is_err());
        assert!(Mapping::shared(-1, 4096, 0).is_err());
    }
}
