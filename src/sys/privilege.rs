//! Giving up the privileges that opening a socket took.

use std::io;

/// Makes a root process that sudo started run as the user who called sudo, for
/// good. Any other process is left as it is: it has what its user has, or what
/// the system gave it on purpose.
///
/// # Errors
/// As setgroups(2), setresgid(2) and setresuid(2).
pub fn give_up() -> io::Result<()> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u32>().ok());
    let (Some(user), Some(group)) = (number("SUDO_UID"), number("SUDO_GID")) else { return Ok(()) };
    // SAFETY: geteuid(2) has no arguments and cannot fail.
    if unsafe { libc::geteuid() } != 0 || user == 0 {
        return Ok(());
    }
    // SAFETY: no groups are read from the null pointer, for their count is 0.
    check(unsafe { libc::setgroups(0, std::ptr::null()) })?;
    // SAFETY: plain numbers; the group goes first, while root may still change it.
    check(unsafe { libc::setresgid(group, group, group) })?;
    // SAFETY: plain numbers.
    check(unsafe { libc::setresuid(user, user, user) })
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
