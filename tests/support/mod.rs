//! What tests share: when one is skipped, and how it makes packets, captures and
//! networks, runs sr6 and calls other tools.

// Every test binary compiles this module and uses its own part of it.
#![allow(dead_code)]

pub mod captures;
pub mod namespaces;
pub mod process;
pub mod scratch;
pub mod witness;

use std::fmt::Display;

/// The topology of a node `x` between `a` and `b`, for tests to add to.
pub const NODE: &str = include_str!("node.toml");

/// Where the keys of `x` go in [`NODE`].
pub const KEYS: &str = "# HMAC keys\n";

/// Says that a test does not run here for something that is missing, and what;
/// where `CI=true` nothing may be missing, and it fails.
pub fn skip(reason: impl Display) {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{reason}, which CI must not skip");
    leave_out(reason);
}

/// Says what a test leaves out that no machine needs to have: a failure nowhere.
pub fn leave_out(reason: impl Display) {
    eprintln!("skipped: {reason}");
}
