//! A place that nobody else sees and that leaves nothing behind: namespaces of
//! the process's own, for the demo, for tests, and for people without root.
//!
//! [`enter`] puts the process into new network, mount and process namespaces
//! (and, for those who lack CAP_SYS_ADMIN, into a user namespace where they are
//! root). The names that `ip netns` gives in there are private too, so labs in
//! sandboxes never meet each other or the user's own namespaces. When the
//! process ends in any way, even by SIGKILL, the kernel ends all its children
//! and frees everything.

use std::fs;
use std::io;

use crate::sys::capability::Capability;
use crate::sys::namespace::{self, IdMaps, Kinds};
use crate::sys::process;

/// Why there is no sandbox; one line that names the setting or privilege.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The system forbids it, and we know which setting does.
    #[error("{setting} forbids user namespaces to ordinary users: {fix}, or run as root")]
    Forbidden {
        /// The setting and its value.
        setting: String,
        /// How to change it.
        fix: String,
    },
    /// The system forbids it, as containers do, without saying where.
    #[error(
        "this process may not make namespaces ({source} at {step}): it lacks CAP_SYS_ADMIN, and a container or security policy forbids user namespaces; run as root, or start the container with --privileged"
    )]
    Refused {
        /// The step that was refused.
        step: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
    /// Something else went wrong.
    #[error("cannot make a sandbox: {step}: {source}")]
    Step {
        /// The step that failed.
        step: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
    /// Called too late.
    #[error("cannot make a sandbox in a process with {0} threads")]
    Threads(usize),
}

/// Which namespaces a sandbox consists of: with CAP_SYS_ADMIN there is no need
/// for a user namespace, and more kernels allow it.
pub fn kinds() -> Kinds {
    Kinds { user: !Capability::SysAdmin.held(), network: true, mount: true, pid: true }
}

/// Puts the process into a sandbox. Call it first thing in a command, before
/// threads are started or anything is printed.
///
/// Only the process inside returns; the one that called stays outside, passes
/// signals on, and ends with the exit code of the one inside
/// (see [`process::supervise`]).
///
/// Inside, the process is user 0 with all capabilities over its namespaces,
/// the network is an unconfigured `lo`, and `/var/run` is empty, so that `ip
/// netns` and [`named`](super::named) know no names yet.
pub fn enter() -> Result<(), SandboxError> {
    let threads = namespace::threads();
    if threads > 1 {
        return Err(SandboxError::Threads(threads));
    }
    let kinds = kinds();
    let maps = IdMaps::of_this_process();
    namespace::unshare(kinds).map_err(|e| explain("unshare", e))?;
    if kinds.user {
        maps.write().map_err(|e| explain("uid_map", e))?;
    }
    process::supervise().map_err(|source| SandboxError::Step { step: "fork", source })?;
    namespace::make_mounts_private().map_err(|e| explain("mount --make-rprivate /", e))?;
    // Containers may forbid a new /proc; the old one serves as well, since
    // everything here goes by /proc/self.
    let _ = namespace::mount_proc();
    // Where `ip netns` and `named` keep their names.
    namespace::mount_tmpfs(c"/var/run").map_err(|e| explain("mount tmpfs on /var/run", e))
}

/// Finds the words for a refusal.
pub(super) fn explain(step: &'static str, source: io::Error) -> SandboxError {
    let read = |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_string());
    explain_with(step, source, read)
}

fn explain_with(step: &'static str, source: io::Error, read: impl Fn(&str) -> Option<String>) -> SandboxError {
    let refused = [libc::EPERM, libc::EACCES, libc::ENOSPC, libc::EUSERS, libc::EINVAL];
    if !source.raw_os_error().is_some_and(|errno| refused.contains(&errno)) {
        return SandboxError::Step { step, source };
    }
    // The value that forbids, and the one that does not.
    let settings = [
        ("user.max_user_namespaces", "0", "10000"),
        ("kernel.unprivileged_userns_clone", "0", "1"),
        ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
    ];
    for (key, forbidding, allowing) in settings {
        if read(&format!("/proc/sys/{}", key.replace('.', "/"))).as_deref() == Some(forbidding) {
            let setting = format!("{key}={forbidding}");
            return SandboxError::Forbidden { setting, fix: format!("sysctl -w {key}={allowing}") };
        }
    }
    SandboxError::Refused { step, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(errno: i32, setting: Option<(&str, &str)>) -> String {
        let read = |path: &str| setting.filter(|(known, _)| *known == path).map(|(_, value)| value.to_string());
        explain_with("unshare", io::Error::from_raw_os_error(errno), read).to_string()
    }

    #[test]
    fn a_refusal_names_the_setting() {
        for (path, value, said) in [
            ("/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces=0"),
            ("/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=0"),
            (
                "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
                "1",
                "kernel.apparmor_restrict_unprivileged_userns=1",
            ),
        ] {
            let text = explained(libc::EPERM, Some((path, value)));
            assert!(text.starts_with(&format!("{said} forbids")), "{text}");
            assert!(!text.contains('\n'));
        }
    }

    #[test]
    fn a_refusal_without_a_setting_names_the_privilege() {
        let text = explained(libc::EPERM, Some(("/proc/sys/user/max_user_namespaces", "96365")));
        assert!(text.contains("CAP_SYS_ADMIN"), "{text}");
    }

    #[test]
    fn other_failures_are_told_as_they_are() {
        let text = explained(libc::ENOMEM, Some(("/proc/sys/user/max_user_namespaces", "0")));
        assert!(text.starts_with("cannot make a sandbox: unshare"), "{text}");
    }

    #[test]
    fn a_process_with_threads_is_told_so() {
        std::thread::scope(|scope| {
            let (release, wait) = std::sync::mpsc::channel::<()>();
            scope.spawn(move || wait.recv());
            assert!(matches!(enter(), Err(SandboxError::Threads(2..))));
            drop(release);
        });
    }
}
