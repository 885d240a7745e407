//! Recipes: files of packets in notation, and one packet as a line of one.
//!
//! ```text
//! # The article's packet, twice, a millisecond apart.
//! let n2 = 2001:db8::2
//! let path = [$n2, 2001:db9::1]
//!
//! frame(time=1700000000.5)/ip6(src=2001:db8::1)/srh(path=$path)/udp(dport=3000)/"Hello"
//! frame(time=+1ms, comment="again")
//!   /ip6(src=2001:db8::1)/srh(path=$path, tag=7)
//!   /udp(dport=3000)/"Hello"
//! ```
//!
//! - A packet ends with its line, unless a parenthesis or bracket is open, or
//!   the line ends or the next begins with `/`. `#` starts a comment anywhere
//!   but in a string.
//! - `let NAME = …` names a piece of notation: a value, a list, layers. `$NAME`
//!   stands for it from then on, also in later `let` lines; in strings `$` is
//!   an ordinary character.
//! - `frame(…)` before a packet's layers tells what a capture file knows of it
//!   besides its bytes ([`About`]): `time=` in seconds since 1970, `time=+1ms`
//!   after the packet before, `time=none`; `link=` a link type by name or
//!   number, where the first layer does not imply it; `cap=` how many of its bytes are
//!   kept, the lengths and checksums being those of them all; `len=` the length
//!   on the wire, where bytes are missing; `if=` and `ifname=` the interface;
//!   `comment=`, which may be given several times.
//!
//! [`Recipe`] reads statement by statement with bounded memory; [`Record`] is
//! what one of them means; [`print()`] writes the line for a captured packet.
//! Everything about the layers themselves is [`notation`](crate::notation)'s.

mod about;
mod cut;
mod expand;
mod print;
mod record;
#[cfg(test)]
mod tests;

pub use about::{About, Clock, Time};
pub use cut::{Batch, Recipe};
pub use print::{Told, print};
pub use record::Record;

use std::io;

use thiserror::Error;

use crate::caret::ParseError;

/// Why a recipe cannot be read on.
#[derive(Debug, Error)]
pub enum RecipeError {
    /// The operating system refused.
    #[error("{file}: cannot read: {source}")]
    Io {
        /// The file, or "standard input".
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// Something in the text is wrong.
    #[error("{file}:{line}:{column}: {error}")]
    Text {
        /// The file, or "standard input".
        file: String,
        /// The line, counted from 1.
        line: u64,
        /// The character in the line, counted from 1.
        column: usize,
        /// What is wrong; displays the line and carets under the place.
        error: Box<ParseError>,
    },
}
