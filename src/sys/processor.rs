//! Which processors the threads of this process run on.

use std::io;
use std::mem::{size_of_val, zeroed};

/// The processors that threads may run on, for as many threads to have one each.
///
/// The kernel lets a thread run beside the one that wakes it if the other processors
/// look busy. To the guest of a virtual machine they do even while they sleep, since
/// then the host has others run in their stead; and some ten milliseconds pass until
/// one of the two is moved away. Large files are read in less.
#[derive(Clone, Copy)]
pub struct Processors {
    allowed: libc::cpu_set_t,
    count: usize,
    /// The one that the first thread runs on.
    first: usize,
}

/// Keeps a thread on a processor; dropped by that thread, lets it go again.
#[must_use]
pub struct Held(libc::cpu_set_t);

impl Processors {
    /// Those of this thread, which counts as the first.
    ///
    /// # Errors
    /// The kernel does not tell, or knows more processors than fit in its own set.
    pub fn of_this_thread() -> io::Result<Self> {
        // SAFETY: the set is a bit mask, of which all zeros is a value; the kernel fills
        // at most the bytes that it is told there are.
        let allowed = unsafe {
            let mut allowed = zeroed::<libc::cpu_set_t>();
            if libc::sched_getaffinity(0, size_of_val(&allowed), &mut allowed) != 0 {
                return Err(io::Error::last_os_error());
            }
            allowed
        };
        // SAFETY: takes no arguments.
        let first = usize::try_from(unsafe { libc::sched_getcpu() }).map_err(|_| io::Error::last_os_error())?;
        // SAFETY: reads the set.
        let count = unsafe { libc::CPU_COUNT(&allowed) } as usize;
        Ok(Self { allowed, count, first })
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Keeps this thread, the `index`-th counted from 0, on a processor of its own.
    /// There must be one.
    ///
    /// # Errors
    /// The kernel's. The thread then runs where it did.
    pub fn hold(&self, index: usize) -> io::Result<Held> {
        // SAFETY: reads a bit of the set, which has as many.
        let is_allowed = |processor: &usize| unsafe { libc::CPU_ISSET(*processor, &self.allowed) };
        let others = (0..libc::CPU_SETSIZE as usize).filter(is_allowed).filter(|processor| *processor != self.first);
        let Some(own) = std::iter::once(self.first).chain(others).nth(index) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        // SAFETY: all zeros is a set, and the bit is one of it.
        let only = unsafe {
            let mut only = zeroed::<libc::cpu_set_t>();
            libc::CPU_SET(own, &mut only);
            only
        };
        restrict(&only)?;
        Ok(Held(self.allowed))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // It was allowed before; and who may not go back can go on where it is.
        let _ = restrict(&self.0);
    }
}

/// Restricts this thread to processors.
fn restrict(to: &libc::cpu_set_t) -> io::Result<()> {
    // SAFETY: the kernel reads the set, of the length that it is told.
    match unsafe { libc::sched_setaffinity(0, size_of_val(to), to) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_has_a_processor_of_its_own_and_is_let_go() {
        let processors = Processors::of_this_thread().unwrap();
        let threads = (0..processors.count()).map(|index| {
            std::thread::spawn(move || {
                let held = processors.hold(index).unwrap();
                let here = Processors::of_this_thread().unwrap();
                assert_eq!(here.count(), 1);
                drop(held);
                assert_eq!(Processors::of_this_thread().unwrap().count(), processors.count());
                here.first
            })
        });
        let threads: Vec<_> = threads.collect();
        let mut own: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert_eq!(own[0], processors.first);
        own.sort_unstable();
        own.dedup();
        assert_eq!(own.len(), processors.count());
    }

    #[test]
    fn there_are_no_more_than_there_are() {
        let processors = Processors::of_this_thread().unwrap();
        assert!(processors.hold(processors.count()).is_err());
        assert_eq!(Processors::of_this_thread().unwrap().count(), processors.count());
    }
}
