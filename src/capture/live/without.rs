//! Live capture in a build without libpcap: it says so.

use std::convert::Infallible;
use std::time::Duration;

use super::{Interface, LiveError, Options, Stats};
use crate::capture::frame::Frame;
use crate::wire::link_type::LinkType;

/// An interface being listened to; there is none in this build.
#[derive(Debug)]
pub struct Live(Infallible);

impl Live {
    /// # Errors
    /// Always [`LiveError::NotBuilt`].
    pub fn open(_interface: &str, _options: &Options) -> Result<Self, LiveError> {
        Err(LiveError::NotBuilt)
    }

    /// The interface's name.
    pub fn interface(&self) -> &str {
        match self.0 {}
    }

    /// What its frames start with.
    pub fn link(&self) -> LinkType {
        match self.0 {}
    }

    /// The next frame.
    ///
    /// # Errors
    /// None: there is no such value.
    pub fn next_frame(&mut self, _wait: Duration) -> Result<Option<Frame<'_>>, LiveError> {
        match self.0 {}
    }

    /// The next frames.
    ///
    /// # Errors
    /// None: there is no such value.
    pub fn next_batch(
        &mut self,
        _wait: Duration,
        _limit: Option<usize>,
        _each: impl FnMut(Frame<'_>),
    ) -> Result<usize, LiveError> {
        match self.0 {}
    }

    /// Frames received and lost.
    ///
    /// # Errors
    /// None: there is no such value.
    pub fn stats(&mut self) -> Result<Stats, LiveError> {
        match self.0 {}
    }
}

/// A compiled BPF filter; there is none in this build.
#[derive(Debug)]
pub struct Filter(Infallible);

impl Filter {
    /// # Errors
    /// Always [`LiveError::NotBuilt`].
    pub fn compile(_filter: &str, _link: LinkType) -> Result<Self, LiveError> {
        Err(LiveError::NotBuilt)
    }

    /// Whether a frame of these bytes passes.
    pub fn matches(&self, _data: &[u8]) -> bool {
        match self.0 {}
    }
}

/// The interfaces to listen on.
///
/// # Errors
/// Always [`LiveError::NotBuilt`].
pub fn list_interfaces() -> Result<Vec<Interface>, LiveError> {
    Err(LiveError::NotBuilt)
}
