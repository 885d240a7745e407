//! Which privileges the calling thread holds right now: capabilities(7), read
//! from `/proc/thread-self/status`, so that it is true inside a user namespace
//! too, where user id 0 alone means nothing.

use std::fs;

/// A capability this tool asks about; the number is the kernel's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// Interfaces, routes, sysctls of a network namespace.
    NetAdmin = 12,
    /// Raw and packet sockets.
    NetRaw = 13,
    /// Namespaces and mounts.
    SysAdmin = 21,
}

impl Capability {
    /// Its name as capabilities(7) writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::NetAdmin => "CAP_NET_ADMIN",
            Self::NetRaw => "CAP_NET_RAW",
            Self::SysAdmin => "CAP_SYS_ADMIN",
        }
    }

    /// Is it in the calling thread's effective set? An unreadable `/proc`
    /// counts as no.
    pub fn held(self) -> bool {
        let status = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
        effective(&status).is_some_and(|set| set & (1 << self as u32) != 0)
    }
}

/// The effective set in the text of a `status` file.
fn effective(status: &str) -> Option<u64> {
    let hex = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(hex.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effective_set_is_read_as_hexadecimal() {
        assert_eq!(effective("CapPrm:\tff\nCapEff:\t0000000000003000\n"), Some(0x3000));
        assert_eq!(effective("Name:\tsr6\n"), None);
        assert_eq!(effective("CapEff:\tnonsense\n"), None);
    }

    #[test]
    fn numbers_are_the_kernels() {
        assert_eq!(0x3000, 1u64 << Capability::NetAdmin as u32 | 1u64 << Capability::NetRaw as u32);
        assert_eq!(Capability::SysAdmin as u32, 21);
    }
}
