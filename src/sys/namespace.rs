//! Namespaces(7): making them, entering them, and mounting inside them.
//!
//! A network namespace belongs to a *thread*, so [`enter_network`] on one
//! thread leaves the others where they are. A user namespace can only be made
//! by a single-threaded process.

use std::ffi::CStr;
use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Which namespaces to make anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kinds {
    /// User and group ids, and with them all capabilities inside.
    pub user: bool,
    /// Interfaces, routes, sockets, `/proc/sys/net`.
    pub network: bool,
    /// The mount table.
    pub mount: bool,
    /// Process ids, for the children: when the first of them ends, the kernel
    /// kills all others.
    pub pid: bool,
}

impl Kinds {
    fn flags(self) -> libc::c_int {
        [
            (self.user, libc::CLONE_NEWUSER),
            (self.network, libc::CLONE_NEWNET),
            (self.mount, libc::CLONE_NEWNS),
            (self.pid, libc::CLONE_NEWPID),
        ]
        .into_iter()
        .filter(|(wanted, _)| *wanted)
        .fold(0, |flags, (_, flag)| flags | flag)
    }
}

/// unshare(2): moves the calling thread (for `user` and `pid`: the process)
/// into new namespaces.
pub fn unshare(kinds: Kinds) -> io::Result<()> {
    // SAFETY: plain integer argument; the kernel checks it.
    check(unsafe { libc::unshare(kinds.flags()) })
}

/// setns(2): moves the calling thread into a network namespace, given by an
/// open `/proc/…/ns/net` or `/run/netns/…` file.
pub fn enter_network(namespace: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: the descriptor is open for as long as it is borrowed.
    check(unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) })
}

/// Makes a command start in a network namespace. The command keeps
/// `namespace` alive.
pub fn start_in<F>(command: &mut Command, namespace: F)
where
    F: AsFd + Send + Sync + 'static,
{
    let enter = move || enter_network(namespace.as_fd());
    // SAFETY: between fork and exec only setns(2) is called, which is
    // async-signal-safe and allocates nothing.
    unsafe { command.pre_exec(enter) };
}

/// Makes a command start without a controlling terminal (setsid(2)), so that
/// programs which insist on asking the terminal read their standard input.
pub fn start_without_terminal(command: &mut Command) {
    let detach = || {
        // SAFETY: no arguments; fails only for a process group leader, which a
        // freshly forked child is not.
        check(unsafe { libc::setsid() })
    };
    // SAFETY: setsid(2) is async-signal-safe.
    unsafe { command.pre_exec(detach) };
}

/// Makes a command start in namespaces of its own, where it is user 0. For
/// trying what the system permits; the command's start fails with the errno of
/// the step that was refused.
pub fn start_isolated(command: &mut Command, kinds: Kinds) {
    let maps = kinds.user.then(IdMaps::of_this_process);
    let isolate = move || {
        unshare(kinds)?;
        maps.as_ref().map_or(Ok(()), IdMaps::write)
    };
    // SAFETY: unshare(2), and open, write and close on strings that were made
    // before the fork: nothing allocates or takes a lock.
    unsafe { command.pre_exec(isolate) };
}

/// The lines that make the process's user and group number 0 in the user
/// namespace it just made.
#[derive(Debug)]
pub struct IdMaps {
    user: String,
    group: String,
}

impl IdMaps {
    /// Takes the effective ids of now, before [`unshare`] hides them.
    pub fn of_this_process() -> Self {
        // SAFETY: no arguments, cannot fail.
        let (user, group) = unsafe { (libc::geteuid(), libc::getegid()) };
        Self { user: format!("0 {user} 1"), group: format!("0 {group} 1") }
    }

    /// Writes them, after [`unshare`]. `setgroups` has to be denied first: an
    /// ordinary user may not map a group otherwise.
    pub fn write(&self) -> io::Result<()> {
        write_proc(c"/proc/self/setgroups", "deny")?;
        write_proc(c"/proc/self/uid_map", &self.user)?;
        write_proc(c"/proc/self/gid_map", &self.group)
    }
}

/// One write(2), without the allocation that `std::fs` would do, because it
/// runs between fork and exec.
fn write_proc(path: &CStr, text: &str) -> io::Result<()> {
    // SAFETY: the path is NUL-terminated, the buffer valid for its length, and
    // the descriptor closed once.
    unsafe {
        let fd = libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        check(fd)?;
        let written = libc::write(fd, text.as_ptr().cast(), text.len());
        let result = if written == text.len() as isize { Ok(()) } else { Err(io::Error::last_os_error()) };
        libc::close(fd);
        result
    }
}

/// Cuts the mount namespace's ties to where it came from: what is mounted in
/// it from now on stays in it.
pub fn make_mounts_private() -> io::Result<()> {
    mount(None, c"/", None, libc::MS_REC | libc::MS_PRIVATE)
}

/// Mounts an empty tmpfs over a directory.
pub fn mount_tmpfs(target: &CStr) -> io::Result<()> {
    mount(Some(c"tmpfs"), target, Some(c"tmpfs"), libc::MS_NOSUID | libc::MS_NODEV)
}

/// Mounts a `/proc` that shows the process's own pid namespace.
pub fn mount_proc() -> io::Result<()> {
    mount(Some(c"proc"), c"/proc", Some(c"proc"), libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC)
}

/// Mounts a `/sys` that shows the thread's own network namespace.
pub fn mount_sysfs() -> io::Result<()> {
    mount(Some(c"sysfs"), c"/sys", Some(c"sysfs"), libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC)
}

fn mount(source: Option<&CStr>, target: &CStr, kind: Option<&CStr>, flags: libc::c_ulong) -> io::Result<()> {
    let pointer = |text: Option<&CStr>| text.map_or(std::ptr::null(), CStr::as_ptr);
    // SAFETY: all strings are NUL-terminated and outlive the call; a null
    // source, type and data are allowed.
    check(unsafe { libc::mount(pointer(source), target.as_ptr(), pointer(kind), flags, std::ptr::null()) })
}

/// How many threads this process has; 0 if `/proc` does not say.
pub fn threads() -> usize {
    fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// The C convention: negative means errno.
fn check(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_become_flags() {
        assert_eq!(Kinds::default().flags(), 0);
        let both = Kinds { user: true, network: true, ..Kinds::default() };
        assert_eq!(both.flags(), libc::CLONE_NEWUSER | libc::CLONE_NEWNET);
    }

    #[test]
    fn a_file_that_is_no_namespace_is_refused() {
        let file = fs::File::open("/dev/null").unwrap();
        assert!(enter_network(file.as_fd()).is_err());
        let mut command = Command::new("true");
        start_in(&mut command, file);
        assert!(command.status().is_err());
    }

    #[test]
    fn the_test_runner_has_threads() {
        assert!(threads() >= 1);
    }
}
