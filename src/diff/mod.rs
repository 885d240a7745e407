//! Two captures, packet by packet and field by field.
//!
//! Which packet is which is told by what SRv6 leaves alone ([`key`]), or by
//! position or time. Of a pair, bytes are compared first; only where they
//! differ the layers are put side by side ([`layers`]), and only of layers that
//! differ the fields are looked at. [`semantic`] says what of it a correct SRv6
//! node may have done.
//!
//! Captures of any size are compared in bounded memory: a packet waits for its
//! match as long as the [`Window`] says, and what the window passes is reported
//! as missing, with a note.
//!
//! ```
//! use std::convert::Infallible;
//! use sr6::capture::Merge;
//! use sr6::diff::{self, Options};
//!
//! let none = || Merge::new([]); // no files
//! let (tally, result) = diff::run(none(), none(), &Options::default(), |_: &[u8]| Ok::<_, Infallible>(()));
//! assert!(result.is_ok() && tally.is_same());
//! ```

mod align;
pub mod compare;
mod feed;
mod fields;
mod fixed;
pub mod ignore;
pub mod json;
pub mod key;
pub mod layers;
mod matcher;
mod run;
pub mod semantic;
mod side;
mod tally;
#[cfg(test)]
mod tests;
pub mod text;
mod work;

use std::num::NonZeroUsize;
use std::sync::Arc;

use thiserror::Error;

use crate::dissect::Settings;
use crate::filter::Filter;

pub use compare::{Comparer, Comparison, Difference, Rules, What};
pub use ignore::{Ignore, UnknownName};
pub use matcher::{By, How, Window};
pub use run::run;
pub use semantic::{Between, Verdict};
pub use tally::{Delay, Tally};

/// What is written of each difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// A paragraph per pair.
    #[default]
    Text,
    /// An object per line.
    Json,
    /// Nothing.
    Quiet,
}

/// How to diff.
#[derive(Debug, Clone)]
pub struct Options {
    /// How packets are matched.
    pub by: By,
    /// How far apart they may be.
    pub window: Window,
    /// What is compared.
    pub rules: Arc<Rules>,
    /// Which packets of both captures are looked at.
    pub filter: Option<Filter>,
    /// The most frames to take from each capture.
    pub limit: Option<u64>,
    /// What dissecting knows beyond the packets.
    pub settings: Arc<Settings>,
    /// What is written.
    pub form: Form,
    /// Whether differences that are accepted are written, too.
    pub all: bool,
    /// What the captures are called.
    pub names: [Arc<str>; 2],
    /// Threads at most; `None` for one per core, up to [`crate::pipeline::MAX_THREADS`].
    pub threads: Option<NonZeroUsize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            by: By::default(),
            window: Window::default(),
            rules: Arc::default(),
            filter: None,
            limit: None,
            settings: Arc::default(),
            form: Form::default(),
            all: false,
            names: ["left".into(), "right".into()],
            threads: None,
        }
    }
}

/// What ended a diff early.
#[derive(Debug, Error)]
pub enum Failed<E, X> {
    /// A source broke, the left (0) or the right (1).
    #[error("{1}")]
    Source(usize, E),
    /// The sink would take no more.
    #[error("{0}")]
    Sink(X),
}
