//! Text ⇄ layers: the notation in which people write packets and read them.
//!
//! Layers are joined by `/`, outermost first; arguments are given by name, and
//! what is left out is computed ([`craft`](crate::craft)):
//!
//! ```text
//! ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/udp(sport=51129, dport=3000)/"Hello, I'm here\n"
//! ```
//!
//! ```text
//! packet   = layer { "/" layer }
//! layer    = name [ "(" [ argument { "," argument } ] ")" ] | string | hex
//! argument = name "=" value | flag
//! value    = number | address | word | string | hex | call | list | range | prefix
//! list     = "[" [ value { "," value } ] "]"
//! call     = name "(" [ value { "," value } ] ")"
//! range    = value ".." value [ ".." step ]
//! prefix   = address "/" length
//! hex      = "hex(" hexadecimal digits, spaces anywhere ")"
//! string   = '"' characters, or \n \t \r \0 \" \\ \xHH '"'
//! ```
//!
//! - Numbers are decimal, or hexadecimal after `0x`. Many fields know words
//!   too: `nxt=udp`, `type=reply`, `flags=SA`, and `cksum=bad` for a checksum
//!   that is wrong whatever the right one is.
//! - A value of bytes is written in hexadecimal: `data=05020000`; `hex(…)` may
//!   stand for the raw bytes of any field that fills whole bytes.
//! - Options and TLVs are lists of calls, by name: `tlvs=[padn(4), hmac(key=42,
//!   secret="…", form=linux), tlv(9, 00ff00)]`, `options=[mss(1460), nop, ts(1, 2)]`.
//!   Their first values stand without names, where that is the custom; `tlv(TYPE,
//!   BYTES)` and `opt(TYPE, BYTES)` are any type, and bare hexadecimal stands for
//!   itself. Padding that aligns them follows by itself.
//! - `csid=fcbb:bb00::/32:16` packs a `path` into NEXT-C-SID carriers, and
//!   `replace-csid=2001:db8:b::/48:32` into REPLACE-C-SID containers (RFC 9800);
//!   checksums are over the destination as it arrives at the end.
//! - Headends wrap what is behind them: `encap(src=…, path=[…])`, `encap.red`,
//!   `l2encap`, `l2encap.red` around a packet or a frame, `inline(path=[…])` into
//!   an IPv6 packet, as RFC 8986 and Linux do ([`headend`](crate::craft::headend)).
//!   They take the arguments of ip6 and of srh, and are these two once read.
//! - An ICMP error quotes the packet behind it; `quote=` bytes of it, where not
//!   all. `icmpext` behind that are its extensions (RFC 4884). `trailer(data=…)`
//!   are bytes beyond the end that the lengths before it give, but for those of
//!   the `in=` outermost layers.
//! - A value can be another one in each packet ([`Vary`](crate::craft::Vary)):
//!   `1024..2048` is each number from the one to the other, `0..100..5` every
//!   fifth, `each(53, 80, 8000..8010)` these one after the other, `rand` any,
//!   `rand(1..9)`, `rand(2001:db8::/64)` and `rand(53, 80)` one of these,
//!   `count` the number of the packet and `count(100, 2)` two more each time
//!   from 100 on. Addresses, segments and whole lists of them vary likewise.
//! - Payloads: `file("hello.bin")` is what stands in a file
//!   ([`parse_with_files`]), `pad(64)` is so many zeros, `pad(64..1400)` of every length,
//!   `rand(8)` so many random bytes, `count(4)` and `count(4, 100, 2)` a counter
//!   of so many bytes, `each("a", hex(00ff))` and `rand("a", "b")` one of these.
//! - Spaces and line breaks may stand between any two parts.
//!
//! Every layer and every argument is a definition of [`wire`](crate::wire); the
//! notation has no list of its own. An error points at the place in the text
//! and suggests the nearest name.
//!
//! This module computes nothing about packets and never sees their bytes.

mod file;
mod print;
mod resolve;
mod syntax;
mod vary;

pub use print::{print, quote};

use crate::caret::Fault;
pub use crate::caret::ParseError;
use crate::craft::Stack;

/// Reads a packet in notation.
///
/// ```
/// let packet = sr6::notation::parse("ip6(dst=::1, hlim=3)/udp(dport=53)/\"?\"")?;
/// assert_eq!(packet.len(), 3);
/// assert_eq!(sr6::craft::build(&packet)?[7], 3);
///
/// let error = sr6::notation::parse("ip6(hlmi=3)/udp").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "unknown argument 'hlmi' of ip6; did you mean 'hlim'?\n  ip6(hlmi=3)/udp\n      ^^^^"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The text does not follow the grammar, names a layer or an argument that does
/// not exist, or gives a field a value that it cannot take.
pub fn parse(text: &str) -> Result<Stack, ParseError> {
    read(text, false)
}

/// As [`parse`], but `file("NAME")` stands for the bytes of that file, where it
/// is an ordinary one of at most 65,536 bytes: for texts from whoever may read
/// files here.
///
/// # Errors
/// Those of [`parse`], and where a file cannot be read.
pub fn parse_with_files(text: &str) -> Result<Stack, ParseError> {
    read(text, true)
}

fn read(text: &str, files: bool) -> Result<Stack, ParseError> {
    let fault = |fault: Fault| fault.within(text);
    let packet = syntax::parse(text).map_err(fault)?;
    resolve::packet(&packet, files).map_err(fault)
}

#[cfg(test)]
mod series_tests;
#[cfg(test)]
mod tests;
