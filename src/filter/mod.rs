//! Display filters: which packets are wanted, in Wireshark's language.
//!
//! A filter is read once by [`Filter::parse`] and then asked of each packet by
//! [`Filter::matches`], which allocates nothing for fields and comparisons.
//! Fields at fixed places are read straight from the bytes; only what a filter
//! names is looked at. This module must never panic, whatever the text.
//!
//! ```
//! use sr6::capture::Frame;
//! use sr6::dissect::{Dissection, Packet};
//! use sr6::filter::Filter;
//! use sr6::wire::link_type::LinkType;
//!
//! let bytes = [0x60, 0, 0, 0, 0, 0, 59, 64].into_iter().chain([0; 32]).collect::<Vec<u8>>();
//! let frame = Frame::new(LinkType::IPV6, &bytes);
//! let dissection = Dissection::of(&frame);
//! let packet = Packet::new(&frame, &dissection);
//! assert!(Filter::parse("ipv6.hlim == 64 && ipv6.src == ::/64 && !srh")?.matches(&packet));
//!
//! let error = Filter::parse("ipv6.hlimm == 3").unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "no field 'ipv6.hlimm'; did you mean 'ipv6.hlim'?\n  ipv6.hlimm == 3\n  ^^^^^^^^^^"
//! );
//! # Ok::<(), sr6::filter::FilterError>(())
//! ```
//!
//! # The language
//!
//! - **A name alone** asks whether it is there: `udp`, `srh`, `ipv6.routing`,
//!   `udp.payload`. Names are those of the vocabulary ([`wire`](crate::wire)),
//!   which are Wireshark's where it has them; the notation's work too (`ip6.hlim`
//!   is `ipv6.hlim`).
//! - **Comparisons**: `==` `!=` `<` `<=` `>` `>=`, or `eq` `ne` `lt` `le` `gt`
//!   `ge`, with a value or another field: `udp.srcport == udp.dstport`. They can
//!   be strung together: `1024 < udp.port < 2048`.
//! - **Several occurrences**: a comparison holds if any occurrence fulfils it,
//!   but `!=` only if all do, as in Wireshark 4. `===` and `!==` turn that
//!   round, and `any` and `all` before a comparison say it: `all ipv6.hlim > 1`.
//!   Where there is no occurrence no comparison holds, not even `!=`.
//! - **Sets**: `udp.port in {53, 1000..2000}`, `ipv6.dst in {fc00::/16, ::1}`;
//!   a single element needs no braces: `srh.segment in 2001:db8:1::/48`.
//!   `not in` is the opposite of `in`.
//! - **Parts of text and bytes**: `frame contains "GET"`, `udp.payload contains
//!   00:01`, `frame.protocols matches r"ipv6:(udp|tcp)"`. Regular expressions
//!   ignore case and need quotes; in `r"…"` a backslash is only a backslash.
//! - **Slices** count bytes: `[start:length]`, `[first-last]`, `[place]`,
//!   `[start:]`, `[:length]`, joined by commas; a negative place counts from the
//!   end: `eth.src[0:3] == 00:00:5e`, `udp.payload[-2:]`. A slice beyond the end
//!   is not there.
//! - **Layers**: `ipv6.src#2` is that of the second IPv6 header, `#[-1]` of the
//!   last, `#[1-2]` of the first two.
//! - **Joining**: `!` or `not`, `&&` or `and`, `^^` or `xor`, `||` or `or`, in
//!   this order of precedence, and parentheses.
//! - **Functions**: `len(x)` in bytes, `count(x)` of occurrences, `lower(x)` and
//!   `upper(x)` of text, `string(x)` of a number or address, `min(x, …)`,
//!   `max(x, …)`, `abs(x)`.
//! - **Arithmetic**: `+ - * / %` and `&` for common bits, in braces where order
//!   matters: `{udp.length - 8} % 4 == 0`; alone, it asks whether the result is
//!   not zero: `tcp.flags & 0x12`.
//! - **Values**: decimal, `0x`, `0b` and octal (`017`) numbers; a field's words
//!   (`udp.checksum.status == "Bad"`); `true` and `false`; addresses, prefixes
//!   and MAC addresses; bytes as `00:11:22`, `00-11`, `0011` or `"text"`; times
//!   as `"2026-07-04 12:34:56"` (UTC unless an offset follows), durations in
//!   seconds. Strings know `\n \t \" \\ \xHH` and the like.
//!
//! What Wireshark does not have:
//!
//! - `srh.path` (segments in travelling order), `srh.segment`, `srh.active`,
//!   `srh.final`, `srh.hmac.status`, `csid`. `srh` is the SRH where `ipv6.routing`
//!   is any Routing header, and `srh.segleft` and `srh.tag` its fields.
//! - `inner.NAME` looks only at what the outermost IP packet carries: further IP
//!   packets and Ethernet frames (`inner.ip.dst`, `inner.udp.dstport`);
//!   `outer.NAME` only at the rest; `quoted.NAME` only at the packet that an
//!   ICMP error quotes. Alone they ask whether there is such a part. A name
//!   without them is looked for everywhere, as in Wireshark.
//! - `diag` is the identifiers of what is wrong or unusual (`diag ==
//!   "srh.tlv.overrun"`, `diag contains "srh"`), `diag.severity` their
//!   severities: `diag.severity >= warn`.
//!
//! A protocol's own bytes, in slices and lengths, are Wireshark's: the header of
//! link layers, IP and UDP, and of others everything from the header on.
//! `contains` and `matches` always look at everything from the header on.

mod compile;
mod lex;
mod literal;
mod names;
mod parse;
mod place;
mod program;
mod read;

use std::fmt;
use std::str::FromStr;

use crate::caret::Fault;
pub use crate::caret::ParseError as FilterError;
use crate::dissect::Packet;

/// The most bytes a filter may have.
const MAX_LEN: usize = 65_536;

/// A display filter.
#[derive(Debug, Clone)]
pub struct Filter {
    text: Box<str>,
    test: program::Test,
    asks_findings: bool,
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// The text does not follow the grammar, names a field that does not exist,
    /// or compares what cannot be compared. The error shows the place.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        if text.len() > MAX_LEN {
            let message = format!("the filter is longer than {MAX_LEN} bytes");
            return Err(Fault::new(0..0, message).within(text));
        }
        let test = parse::parse(text).and_then(|expression| compile::expression(&expression));
        let test = test.map_err(|fault| fault.within(text))?;
        Ok(Self { text: text.into(), asks_findings: test.asks_findings(), test })
    }

    /// Whether it asks for `diag` or `diag.severity`, and so for a complete
    /// dissection; layers alone are enough for any other
    /// ([`Dissection::refill_layers`](crate::dissect::Dissection::refill_layers)).
    pub fn asks_findings(&self) -> bool {
        self.asks_findings
    }

    /// The full name of the field that a word of a filter names: `ipv6.hlim` for
    /// `inner.ip6.hlim`; `None` where it names none.
    pub fn field_name(word: &str) -> Option<&'static str> {
        names::resolve(word).and_then(|named| named.field_name())
    }

    /// Whether it is true of `packet`.
    pub fn matches(&self, packet: &Packet<'_>) -> bool {
        self.test.holds(packet)
    }
}

impl fmt::Display for Filter {
    /// The text it was read from.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests;
