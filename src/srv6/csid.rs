//! Compressed SIDs (RFC 9800): which addresses carry several, and which they are.
//!
//! A NEXT-C-SID carrier is an address whose block is followed by C-SIDs, the
//! next one first; a node shifts its own out (§4.1):
//!
//! ```text
//! | block, LBL bits | C-SID, LNFL bits | C-SID | ... | zeros |
//! ```
//!
//! A REPLACE-C-SID container is a list entry that is nothing but C-SIDs, filled
//! from its low end; the destination holds the block, the current C-SID, and in
//! its lowest bits where the container is being read (§4.2). Neither can be told
//! from an address by looking at it: a [`Locators`] plan says where they are.

use std::net::Ipv6Addr;

use serde::Deserialize;
use thiserror::Error;

use crate::srv6::behavior;
use crate::wire::srh::{MAX_SEGMENTS, Srh};

/// How a locator block's SIDs are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flavor {
    /// NEXT-C-SID: shifted out of the destination.
    Next,
    /// REPLACE-C-SID: copied from a container into the destination.
    Replace,
}

/// Where the parts of a compressed SID lie, in bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// The length of the locator block (LBL).
    pub block: u8,
    /// The length of a C-SID (LNFL): locator node and function.
    pub csid: u8,
    /// How it is compressed.
    pub flavor: Flavor,
}

impl Layout {
    /// The common format F3216: a block of 32 bits, C-SIDs of 16.
    pub const F3216: Self = Self { block: 32, csid: 16, flavor: Flavor::Next };

    /// A layout with room for at least one C-SID.
    fn new(block: u8, csid: u8, flavor: Flavor) -> Option<Self> {
        let fits = (8..=120).contains(&block) && (1..=64).contains(&csid) && u32::from(block) + u32::from(csid) <= 128;
        fits.then_some(Self { block, csid, flavor })
    }

    /// The block of an address, and nothing behind it.
    fn block_of(self, address: Ipv6Addr) -> u128 {
        address.to_bits() & !(u128::MAX >> self.block)
    }

    /// The bits of `address` from `at` on, a C-SID's worth.
    fn csid_at(self, address: u128, at: u32) -> u128 {
        address << at >> (128 - u32::from(self.csid))
    }

    /// The SID of a C-SID in a block.
    fn sid(self, block: u128, csid: u128) -> Ipv6Addr {
        Ipv6Addr::from_bits(block | csid << (128 - u32::from(self.block) - u32::from(self.csid)))
    }

    /// The SIDs that a NEXT-C-SID carrier still holds, the current one first.
    /// A C-SID of zero ends them.
    pub fn carried(self, carrier: Ipv6Addr) -> impl Iterator<Item = Ipv6Addr> + Clone {
        let (bits, block) = (carrier.to_bits(), self.block_of(carrier));
        let step = u32::from(self.csid);
        (0..)
            .map(move |index| u32::from(self.block) + index * step)
            .take_while(move |at| at + step <= 128)
            .map(move |at| self.csid_at(bits, at))
            .take_while(|csid| *csid != 0)
            .map(move |csid| self.sid(block, csid))
    }

    /// A carrier as it arrives at the last of its SIDs: block, C-SID, zeros. A
    /// carrier without C-SIDs stays as it is.
    pub fn arriving(self, carrier: Ipv6Addr) -> Ipv6Addr {
        self.carried(carrier).last().unwrap_or(carrier)
    }

    /// Bits of the index that REPLACE-C-SID keeps in the destination.
    fn index_bits(self) -> u32 {
        let per_container = 128 / u32::from(self.csid);
        per_container.next_power_of_two().trailing_zeros()
    }

    /// The SIDs that a packet under REPLACE-C-SID still visits, the current one
    /// first, as each stands in the destination but without the index (RFC 9800
    /// §4.2.1's steps).
    fn replaced(self, destination: Ipv6Addr, srh: &Srh<'_>) -> Vec<Ipv6Addr> {
        let per_container = 128 / u32::from(self.csid);
        let index_mask = (1u128 << self.index_bits()) - 1;
        let entry = |left: usize| srh.segment(left).map(Ipv6Addr::to_bits);
        let csid = |left: usize, index: u32| entry(left).map(|bits| self.csid_at(bits, index * u32::from(self.csid)));
        let mut left = usize::from(srh.segments_left());
        let mut index = (destination.to_bits() & index_mask) as u32;
        let mut sids = vec![Ipv6Addr::from_bits(destination.to_bits() & !index_mask)];
        let block = self.block_of(destination);
        while sids.len() < MAX_SEGMENTS * per_container as usize {
            if index != 0 {
                index -= 1;
                if index < per_container
                    && let Some(next @ 1..) = csid(left, index)
                {
                    sids.push(self.sid(block, next));
                    continue;
                }
                // The container is used up: the next entry is a full SID.
                let Some(next) = left.checked_sub(1).and_then(entry) else { break };
                left -= 1;
                index = (next & index_mask) as u32;
                sids.push(Ipv6Addr::from_bits(next & !index_mask));
            } else {
                let Some(fewer) = left.checked_sub(1) else { break };
                left = fewer;
                index = per_container - 1;
                match csid(left, index) {
                    Some(next @ 1..) => sids.push(self.sid(block, next)),
                    _ => break,
                }
            }
        }
        sids
    }
}

/// A name for a SID, or for all SIDs of a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    prefix: Prefix,
    /// What people call the node or the SID.
    pub name: Option<String>,
    /// The behaviour bound to it.
    pub behavior: Option<String>,
    /// Bits of the locator, from the start; the function follows.
    pub locator: Option<u8>,
    /// Bits of the function; the argument follows.
    pub function: Option<u8>,
    /// What the argument is.
    pub argument: Argument,
}

/// What a SID's argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Argument {
    /// Bits of no known meaning.
    #[default]
    Opaque,
    /// Args.Mob.Session (RFC 9433 §6.1): QFI 6 bits, R 1, U 1, PDU Session ID 32.
    MobSession,
}

/// Args.Mob.Session taken apart (RFC 9433 §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MobSession {
    /// QoS Flow Identifier.
    pub qfi: u8,
    /// Reflective QoS Indication.
    pub reflective: bool,
    /// The U bit.
    pub unused: bool,
    /// PDU Session ID, or TEID.
    pub session: u32,
}

/// A SID taken apart by a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// The locator as an address, and its length in bits.
    pub locator: (Ipv6Addr, u8),
    /// The function.
    pub function: u64,
    /// The argument's bits, right-aligned, and their count.
    pub argument: (u128, u8),
}

impl Named {
    /// Takes a SID apart, where the plan says how.
    pub fn parts(&self, sid: Ipv6Addr) -> Option<Parts> {
        let (locator, function) = (self.locator?, self.function?);
        let bits = sid.to_bits();
        let rest = 128 - u32::from(locator);
        let below = rest.checked_sub(u32::from(function))?;
        let mask = |len: u32| if len >= 128 { u128::MAX } else { (1 << len) - 1 };
        Some(Parts {
            locator: (Ipv6Addr::from_bits(bits & !mask(rest)), locator),
            function: u64::try_from(bits >> below & mask(u32::from(function))).ok()?,
            argument: (bits & mask(below), below as u8),
        })
    }

    /// The argument as Args.Mob.Session, where the plan says that it is one and
    /// it has the room: its 40 bits come first.
    pub fn mob_session(&self, sid: Ipv6Addr) -> Option<MobSession> {
        let (bits, len) = self.parts(sid)?.argument;
        let below = u32::from(len).checked_sub(40)?;
        if self.argument != Argument::MobSession {
            return None;
        }
        let bits = (bits >> below) as u64;
        Some(MobSession {
            qfi: (bits >> 34) as u8 & 0x3f,
            reflective: bits >> 33 & 1 == 1,
            unused: bits >> 32 & 1 == 1,
            session: bits as u32,
        })
    }
}

/// An address prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Prefix {
    bits: u128,
    len: u8,
}

impl Prefix {
    fn parse(text: &str) -> Result<Self, LocatorError> {
        let (address, len) = text.split_once('/').unwrap_or((text, "128"));
        let address: Ipv6Addr = address.parse().map_err(|_| LocatorError::Prefix(text.to_owned()))?;
        let len = len.parse().ok().filter(|len| *len <= 128).ok_or_else(|| LocatorError::Prefix(text.to_owned()))?;
        Ok(Self { bits: address.to_bits() & Self::mask(len), len })
    }

    fn mask(len: u8) -> u128 {
        if len == 0 { 0 } else { u128::MAX << (128 - len) }
    }

    fn contains(self, address: Ipv6Addr) -> bool {
        address.to_bits() & Self::mask(self.len) == self.bits
    }
}

/// A plan: which blocks are compressed how, and what SIDs are called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Locators {
    blocks: Vec<(Prefix, Layout)>,
    names: Vec<Named>,
    /// Take addresses that look like F3216 carriers for such.
    guess: bool,
}

/// What is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LocatorError {
    /// Not a prefix.
    #[error("'{}' is not an IPv6 address or prefix", .0.escape_debug())]
    Prefix(String),
    /// Not a locator.
    #[error("'{}' is not a locator: BLOCK/LENGTH:C-SID-LENGTH[:next|replace], or auto", .0.escape_debug())]
    Form(String),
    /// Lengths that do not fit.
    #[error("a block of {block} bits and C-SIDs of {csid} do not fit in 128")]
    Lengths {
        /// Bits of the block.
        block: u8,
        /// Bits of a C-SID.
        csid: u8,
    },
    /// No such behaviour.
    #[error("'{}' is not a registered SRv6 behaviour", .0.escape_debug())]
    Behavior(String),
    /// Not a plan's file.
    #[error("{0}")]
    File(String),
}

/// The file form of a plan.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    locator: Vec<FileLocator>,
    #[serde(default)]
    sid: Vec<FileSid>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileLocator {
    prefix: String,
    csid: u8,
    #[serde(default = "next")]
    flavor: Flavor,
}

fn next() -> Flavor {
    Flavor::Next
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSid {
    sid: String,
    name: Option<String>,
    behavior: Option<String>,
    locator: Option<u8>,
    function: Option<u8>,
    #[serde(default)]
    argument: Argument,
}

impl Locators {
    /// No plan.
    pub const NONE: Self = Self { blocks: Vec::new(), names: Vec::new(), guess: false };

    /// Adds what an option says: `fcbb:bb00::/32:16`, with `:replace` behind it
    /// for REPLACE-C-SID, or `auto` for guessing F3216.
    ///
    /// # Errors
    /// It is none of these.
    pub fn add(&mut self, text: &str) -> Result<(), LocatorError> {
        if text == "auto" {
            self.guess = true;
            return Ok(());
        }
        let form = || LocatorError::Form(text.to_owned());
        let slash = text.find('/').ok_or_else(form)?;
        let (address, rest) = text.split_at(slash);
        let mut parts = rest[1..].split(':');
        let (Some(len), Some(csid)) = (parts.next(), parts.next()) else { return Err(form()) };
        let flavor = match (parts.next(), parts.next()) {
            (None | Some("next"), None) => Flavor::Next,
            (Some("replace"), None) => Flavor::Replace,
            _ => return Err(form()),
        };
        let csid = csid.parse().map_err(|_| form())?;
        self.add_block(Prefix::parse(&format!("{address}/{len}"))?, csid, flavor)
    }

    fn add_block(&mut self, prefix: Prefix, csid: u8, flavor: Flavor) -> Result<(), LocatorError> {
        let layout = Layout::new(prefix.len, csid, flavor).ok_or(LocatorError::Lengths { block: prefix.len, csid })?;
        self.blocks.push((prefix, layout));
        // The longest block first, so that the first match is the best.
        self.blocks.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len));
        Ok(())
    }

    /// Adds what a TOML file says:
    ///
    /// ```toml
    /// [[locator]]                    # a block of compressed SIDs
    /// prefix = "fcbb:bb00::/32"
    /// csid = 16                      # bits of a C-SID
    /// flavor = "next"                # or "replace"; next if left out
    ///
    /// [[sid]]                        # a SID, or all SIDs of a prefix
    /// sid = "fcbb:bb00:100::/48"
    /// name = "n2"
    /// behavior = "End"               # of the IANA registry
    /// locator = 48                   # bits of the locator,
    /// function = 16                  # and of the function; the rest is the argument
    /// argument = "mob-session"       # RFC 9433's Args.Mob.Session; opaque if left out
    /// ```
    ///
    /// # Errors
    /// It is not TOML, has other keys, or a value makes no sense.
    pub fn add_file(&mut self, text: &str) -> Result<(), LocatorError> {
        let file: File = toml::from_str(text).map_err(|e| LocatorError::File(e.to_string().trim_end().to_owned()))?;
        for locator in &file.locator {
            self.add_block(Prefix::parse(&locator.prefix)?, locator.csid, locator.flavor)?;
        }
        for sid in file.sid {
            if let Some(name) = sid.behavior.as_deref().filter(|name| !behavior::is_name(name)) {
                return Err(LocatorError::Behavior(name.to_owned()));
            }
            let FileSid { sid, name, behavior, locator, function, argument } = sid;
            self.names.push(Named { prefix: Prefix::parse(&sid)?, name, behavior, locator, function, argument });
        }
        self.names.sort_by_key(|named| std::cmp::Reverse(named.prefix.len));
        Ok(())
    }

    /// Whether there is no plan at all.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.names.is_empty() && !self.guess
    }

    /// How an address is compressed, if it is: by the longest block that
    /// matches, or by guessing where that was asked for.
    pub fn layout(&self, address: Ipv6Addr) -> Option<Layout> {
        let configured = self.blocks.iter().find(|(prefix, _)| prefix.contains(address)).map(|(_, layout)| *layout);
        configured.or_else(|| (self.guess && looks_like_f3216(address)).then_some(Layout::F3216))
    }

    /// What is known of a SID, by the longest prefix.
    pub fn named(&self, sid: Ipv6Addr) -> Option<&Named> {
        self.names.iter().find(|named| named.prefix.contains(sid))
    }

    /// The SIDs that a packet still visits, the current one first: carriers and
    /// containers taken apart, as far as the plan knows them. Empty where
    /// nothing is compressed.
    pub fn still_to_visit(&self, destination: Ipv6Addr, srh: Option<&Srh<'_>>) -> Vec<Ipv6Addr> {
        let mut compressed = false;
        let mut expand = |address: Ipv6Addr, sids: &mut Vec<Ipv6Addr>| {
            let before = sids.len();
            if let Some(layout) = self.layout(address).filter(|layout| layout.flavor == Flavor::Next) {
                sids.extend(layout.carried(address));
                compressed |= sids.len() > before;
            }
            if sids.len() == before {
                sids.push(address);
            }
        };
        let mut sids = Vec::new();
        match (self.layout(destination), srh) {
            (Some(layout @ Layout { flavor: Flavor::Replace, .. }), Some(srh)) => {
                return layout.replaced(destination, srh);
            }
            (_, srh) => {
                expand(destination, &mut sids);
                let left = srh.map_or(0, |srh| usize::from(srh.segments_left()));
                for segment in (0..left).rev().filter_map(|index| srh.and_then(|srh| srh.segment(index))) {
                    expand(segment, &mut sids);
                }
            }
        }
        if compressed { sids } else { Vec::new() }
    }

    /// The destination that a packet arrives with at the end of its path, where
    /// that is not simply `last`, its last segment: a carrier's last SID.
    pub fn arriving(&self, destination: Ipv6Addr, srh: Option<&Srh<'_>>, last: Ipv6Addr) -> Option<Ipv6Addr> {
        match (self.layout(destination), srh) {
            (Some(layout @ Layout { flavor: Flavor::Replace, .. }), Some(srh)) => {
                layout.replaced(destination, srh).last().copied()
            }
            _ => self.layout(last).filter(|layout| layout.flavor == Flavor::Next).map(|layout| layout.arriving(last)),
        }
    }
}

/// Whether an address looks like a NEXT-C-SID carrier of F3216: in unique local
/// space or in 5f00::/16 (RFC 9602), at least one C-SID, and only zeros after
/// the first zero C-SID.
fn looks_like_f3216(address: Ipv6Addr) -> bool {
    let [first, _, csids @ ..] = address.segments();
    let used = csids.iter().take_while(|csid| **csid != 0).count();
    (first & 0xfe00 == 0xfc00 || first == 0x5f00) && used > 0 && csids[used..].iter().all(|csid| *csid == 0)
}

/// Whether `now` is `before` with C-SIDs shifted out, under any layout whose
/// lengths are whole bytes: what NEXT-C-SID nodes on the way make of a carrier.
pub fn is_shifted(before: Ipv6Addr, now: Ipv6Addr) -> bool {
    let (before, now) = (before.to_bits(), now.to_bits());
    (1..15u32).map(|bytes| bytes * 8).any(|block| {
        let same_block = (before ^ now) >> (128 - block) == 0;
        let rest = |bits: u128| bits << block;
        same_block && (1..16 - block / 8).any(|bytes| rest(before) << (bytes * 8) == rest(now)) && rest(now) != 0
    })
}

/// Whether `destination` holds a C-SID of `container` where its lowest bits say,
/// under a layout of 16- or 32-bit C-SIDs: what REPLACE-C-SID nodes make.
pub fn is_replaced(container: Ipv6Addr, destination: Ipv6Addr) -> bool {
    let (container, destination) = (container.to_bits(), destination.to_bits());
    [16u32, 32].into_iter().any(|csid| {
        let index = (destination & u128::from(128 / csid - 1)) as u32;
        let current = container << (index * csid) >> (128 - csid);
        current != 0 && (16..=128 - csid).step_by(8).any(|block| destination << block >> (128 - csid) == current)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Ipv6Addr {
        text.parse().unwrap()
    }

    fn plan(locators: &[&str]) -> Locators {
        let mut plan = Locators::default();
        locators.iter().for_each(|text| plan.add(text).unwrap());
        plan
    }

    fn srh(left: u8, segments: &[&str]) -> Vec<u8> {
        let mut bytes = vec![59, segments.len() as u8 * 2, 4, left, segments.len() as u8 - 1, 0, 0, 0];
        bytes.extend(segments.iter().flat_map(|s| ip(s).octets()));
        bytes
    }

    fn text(sids: &[Ipv6Addr]) -> Vec<String> {
        sids.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_carrier_is_taken_apart() {
        let plan = plan(&["fcbb:bb00::/32:16"]);
        let sids = plan.still_to_visit(ip("fcbb:bb00:100:200:300::"), None);
        assert_eq!(text(&sids), ["fcbb:bb00:100::", "fcbb:bb00:200::", "fcbb:bb00:300::"]);
        let all = ip("fcbb:bb00:1:2:3:4:5:6");
        assert_eq!(plan.still_to_visit(all, None).len(), 6);
        assert_eq!(plan.arriving(all, None, all), Some(ip("fcbb:bb00:6::")));
        assert!(plan.still_to_visit(ip("2001:db8::1"), None).is_empty());
    }

    #[test]
    fn carriers_in_the_list_follow() {
        let plan = plan(&["fcbb:bb00::/32:16"]);
        let bytes = srh(1, &["2001:db8::9", "fcbb:bb00:1:2::"]);
        let header = Srh::new(&bytes).unwrap();
        let sids = plan.still_to_visit(ip("fcbb:bb00:2::"), Some(&header));
        assert_eq!(text(&sids), ["fcbb:bb00:2::", "2001:db8::9"]);
    }

    /// The example of five SIDs in one container.
    #[test]
    fn a_container_is_taken_apart() {
        let plan = plan(&["2001:db8:b::/48:32:replace"]);
        let list = "5:1:4:1:3:1:2:1";
        let expected =
            ["2001:db8:b:1:1::", "2001:db8:b:2:1::", "2001:db8:b:3:1::", "2001:db8:b:4:1::", "2001:db8:b:5:1::"];
        let start = srh(1, &[list]);
        let start = Srh::new(&start).unwrap();
        assert_eq!(text(&plan.still_to_visit(ip("2001:db8:b:1:1::"), Some(&start))), expected);
        let later = srh(0, &[list]);
        let later = Srh::new(&later).unwrap();
        assert_eq!(text(&plan.still_to_visit(ip("2001:db8:b:3:1::2"), Some(&later))), expected[2..]);
        assert_eq!(plan.arriving(ip("2001:db8:b:3:1::2"), Some(&later), ip(list)), Some(ip("2001:db8:b:5:1::")));
    }

    #[test]
    fn guessing_needs_a_carriers_shape() {
        let guess = plan(&["auto"]);
        assert_eq!(guess.layout(ip("fcbb:bb00:1:2::")), Some(Layout::F3216));
        for other in ["fc00:a::1", "2001:db8:1:2::", "fcbb:bb00::", "fc00:0:2::100"] {
            assert_eq!(guess.layout(ip(other)), None, "{other}");
        }
    }

    #[test]
    fn shifted_carriers_are_recognised() {
        assert!(is_shifted(ip("fcbb:bb00:1:2:3::"), ip("fcbb:bb00:2:3::")));
        assert!(is_shifted(ip("fcbb:bb00:1:2:3::"), ip("fcbb:bb00:3::")));
        assert!(!is_shifted(ip("fcbb:bb00:1:2:3::"), ip("fcbb:bb00:4::")));
        assert!(!is_shifted(ip("2001:db8::1"), ip("2001:db8::2")));
        assert!(is_replaced(ip("5:1:4:1:3:1:2:1"), ip("2001:db8:b:3:1::2")));
        assert!(!is_replaced(ip("2001:db8::1"), ip("2001:db8::2")));
    }

    #[test]
    fn a_file_names_sids_and_takes_them_apart() {
        let mut plan = Locators::default();
        plan.add_file(
            r#"
            [[locator]]
            prefix = "fcbb:bb00::/32"
            csid = 16
            [[sid]]
            sid = "2001:db8:a::/48"
            name = "gw"
            behavior = "End.M.GTP4.E"
            locator = 48
            function = 16
            argument = "mob-session"
            [[sid]]
            sid = "2001:db8:a:1::1"
            name = "exact"
            "#,
        )
        .unwrap();
        // QFI 9, R 1, U 0, session 0x11223344, at bit 64.
        let sid = ip("2001:db8:a:7:2611:2233:4400::");
        let named = plan.named(sid).unwrap();
        assert_eq!((named.name.as_deref(), named.behavior.as_deref()), (Some("gw"), Some("End.M.GTP4.E")));
        let parts = named.parts(sid).unwrap();
        assert_eq!((parts.locator, parts.function), ((ip("2001:db8:a::"), 48), 7));
        let session = MobSession { qfi: 9, reflective: true, unused: false, session: 0x1122_3344 };
        assert_eq!(named.mob_session(sid), Some(session));
        assert_eq!(plan.named(ip("2001:db8:a:1::1")).unwrap().name.as_deref(), Some("exact"));
        assert!(plan.named(ip("::1")).is_none());
    }

    #[test]
    fn what_is_wrong_is_said() {
        let error = |text: &str| Locators::default().add(text).unwrap_err().to_string();
        assert!(error("fcbb::").contains("is not a locator"));
        assert!(error("fcbb::/32:16:both").contains("is not a locator"));
        assert_eq!(error("fcbb::/120:16"), "a block of 120 bits and C-SIDs of 16 do not fit in 128");
        assert!(error("x/32:16").contains("is not an IPv6 address or prefix"));
        let file = |text: &str| Locators::default().add_file(text).unwrap_err().to_string();
        assert!(file("[[sid]]\nsid = '::1'\nbehavior = 'End.Nonsense'").contains("not a registered"));
        assert!(file("[[sid]]\nsid = '::1'\ncolour = 3").contains("colour"));
    }
}
