//! Directories for the files of tests.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::process::SR6;

/// A directory of a test's own; gone when this is dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    /// An empty one, which no other has.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("sr6-test-{}-{number}", std::process::id()));
        // An earlier process of the same number may have died before its end.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).expect("a directory");
        Self(path)
    }

    /// One that everybody may write to, with the program in it: the build
    /// directory may be closed to an ordinary user.
    pub fn for_everybody() -> Self {
        let scratch = Self::new();
        fs::set_permissions(&scratch.0, fs::Permissions::from_mode(0o777)).unwrap();
        fs::copy(SR6, scratch.path("sr6")).unwrap();
        scratch
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// Where a file of this name is in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The same as text, as arguments are.
    pub fn text(&self, name: &str) -> String {
        self.path(name).into_os_string().into_string().expect("UTF-8")
    }

    /// The names of what is in it, in order.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// One for everybody that all tests of a program share: the program is large.
pub fn shared() -> &'static Scratch {
    static SHARED: OnceLock<Scratch> = OnceLock::new();
    SHARED.get_or_init(|| {
        let scratch = Scratch::for_everybody();
        // Nothing is dropped at the end of a program: removed by whoever is
        // left when the tests are over.
        let wait = format!("while kill -0 {}; do sleep 1; done", std::process::id());
        let cleaner = format!("({wait}; rm -rf '{}') &", scratch.0.display());
        let mut shell = Command::new("setsid");
        shell.args(["sh", "-c", &cleaner]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(shell.status().unwrap().success());
        scratch
    })
}
