//! Stored captures as tests: what a capture has to be, in a few lines of text
//! beside it.
//!
//! A suite is a directory. Each `NAME.check` in it is a case: which capture, and
//! statements about it, a line each. [`find`] finds cases, [`Case::load`] reads
//! one, [`run`] runs it and [`run_all`] many of them; [`init`] writes one from a
//! capture as it is; [`report`] tells what came of them. A capture that is
//! missing, cut short or damaged fails its case and nothing else.
//!
//! This module knows no command line, and never writes outside the directory of
//! a case.
//!
//! # Expectation files
//!
//! ```text
//! # NAME.check: blank lines and what follows a # are for people
//! capture trace.pcap                      # else NAME.pcap, NAME.pcapng, NAME.pcap.gz, …
//!
//! # what packets do not carry; files are sought beside this one
//! hmac-keys keys.txt                      # as `sr6 read --hmac-keys`
//! locators sids.toml                      # as --locators
//! locator fcbb:bb00::/32:16               # as --locator
//! decode-as 5000=stamp                    # as --decode-as
//!
//! # outputs that must stay as stored, in NAME.line, NAME.tree, …
//! golden line                             # -t FORM -x, as `sr6 read`
//! golden tree -O srh                      # -O PROTOCOLS -x
//! golden hex                              # a line per packet, and its bytes
//! golden fields -e ipv6.dst -e ipv6.routing.segleft -E header=y
//! golden json -Y 'srh.segleft > 0' > left.json
//! golden notation                         # and ek
//! golden bytes                            # every byte of the file, by packet
//! golden digest                           # the same as digests, for long captures
//!
//! # assertions; FILTER is any display filter
//! packets == 4                            # == != < <= > >=
//! count(srh.segleft > 0) == 3
//! every packet: ipv6.hlim > 1
//! every packet (udp): udp.checksum.status == good    # of those that have UDP; one has to
//! any packet: icmpv6.type == 1
//! no packet: tcp
//! packet 4: ipv6.dst == 2001:db9::1 && srh.segleft == 0
//! packets 2..4: srh
//! no diagnostics                          # above note|warn, except ID, ID
//! diagnostics of packet 2 == [checksum.zero]
//! path of packet 1 == [2001:db8::2, 2001:db9::1]
//! packet 1 == packet 1 of other.pcap      # the same bytes; except ipv6.flow, eth
//! simulate(line3, packet 1) == packet 2   # see below
//! breaks record 3 at offset 310 is cut short: 99 bytes announced, 12 left
//! ```
//!
//! `simulate(NET, packet N)` walks a packet through a network on paper
//! ([`simulate`](crate::simulate)): NET is a topology file, or a built-in one. It
//! enters where its source address is, or `from NODE`, or `from NODE by
//! INTERFACE`, and by the rules of the RFCs or `linux`, all after commas. What
//! arrives where its way ends, or ` at NODE`, has to be that packet of this
//! capture, or `of FILE`, byte for byte, `except` some fields, or `nothing`.
//! Ethernet headers count where the network gives the addresses of both ends.
//!
//! `breaks REASON` is for captures that cannot be read to their end, and have to
//! break off just so. A capture without packets fails, unless `packets == 0`.

mod bytes;
mod case;
mod compare;
mod cursor;
mod difference;
mod golden;
mod init;
mod judge;
mod look;
mod parse;
pub mod report;
mod run;
mod simulated;
mod suite;
#[cfg(test)]
mod tests;

pub use case::{Breaks, Case, CaseError, CaseProblem, Expectation, Form, Golden, Order, Other, Simulate, What};
pub use init::{InitError, init};
pub use parse::ReadText;
pub use run::{Change, Failure, Kind, Options, Outcome, Status, run};
pub use suite::{FindError, Totals, captures, find, run_all};
