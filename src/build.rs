//! Finds libpcap for the `pcap` feature.
//!
//! The `pcap` crate asks the linker for `-lpcap`, which only exists where the
//! development package is installed. Machines that merely run tcpdump have the
//! runtime library `libpcap.so.0.8` and nothing else; a symbolic link of the
//! expected name in `OUT_DIR` is all the linker needs, since the crate brings
//! its own declarations.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    println!("cargo::rerun-if-env-changed=LIBPCAP_LIBDIR");
    let wants_pcap = std::env::var_os("CARGO_FEATURE_PCAP").is_some();
    let on_linux = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux");
    if !wants_pcap || !on_linux || std::env::var_os("LIBPCAP_LIBDIR").is_some() {
        return;
    }
    let dirs = library_dirs();
    let found = |name: &str| dirs.iter().map(|d| d.join(name)).find(|p| p.exists());
    if found("libpcap.so").is_some() || found("libpcap.a").is_some() {
        return;
    }
    match ["libpcap.so.0.8", "libpcap.so.1"].iter().find_map(|name| found(name)) {
        Some(runtime) => link_to_runtime(&runtime),
        None => println!(
            "cargo::error=libpcap not found: run 'apt-get install libpcap0.8' (or build with --no-default-features, without live capture)"
        ),
    }
}

/// Gives the runtime library the name the linker looks for.
fn link_to_runtime(runtime: &Path) {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let link = out.join("libpcap.so");
    let _ = std::fs::remove_file(&link);
    match std::os::unix::fs::symlink(runtime, &link) {
        Ok(()) => println!("cargo::rustc-link-search=native={}", out.display()),
        Err(e) => println!("cargo::error=cannot link {} to {}: {e}", link.display(), runtime.display()),
    }
}

/// Where the C compiler would look for libraries, then the usual places.
fn library_dirs() -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    if let Ok(out) = Command::new("cc").arg("-print-search-dirs").output() {
        let text = String::from_utf8_lossy(&out.stdout);
        if let Some(list) = text.lines().find_map(|l| l.strip_prefix("libraries: =")) {
            dirs.extend(std::env::split_paths(list));
        }
    }
    let multiarch = std::env::var("TARGET").map(|t| t.replace("-unknown", "")).unwrap_or_default();
    for base in ["/usr/lib", "/lib", "/usr/lib64", "/lib64", "/usr/local/lib"] {
        dirs.push(PathBuf::from(base));
        dirs.push(Path::new(base).join(&multiarch));
    }
    dirs
}
