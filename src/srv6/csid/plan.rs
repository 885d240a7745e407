//! A plan of locators: which blocks are compressed how, and what SIDs are
//! called.

use std::net::Ipv6Addr;

use serde::Deserialize;
use thiserror::Error;

use super::looks::looks_like_f3216;
use super::{Flavor, Layout};
use crate::srv6::behavior;
use crate::wire::srh::Srh;

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
        if self.blocks.is_empty() && !self.guess {
            return Vec::new();
        }
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
                return layout.replaced(destination, *srh).collect();
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

    /// The SID that an address is to the node that has it: of a carrier, the
    /// block and the first C-SID.
    pub fn current(&self, address: Ipv6Addr) -> Ipv6Addr {
        let layout = self.layout(address).filter(|layout| layout.flavor == Flavor::Next);
        layout.and_then(|layout| layout.carried(address).next()).unwrap_or(address)
    }

    /// What stands behind the C-SIDs of a carrier, as a count of bits cannot
    /// tell: an argument.
    pub fn argument(&self, carrier: Ipv6Addr) -> Option<u128> {
        self.layout(carrier).filter(|layout| layout.flavor == Flavor::Next)?.argument(carrier)
    }

    /// The destination that a packet arrives with at the end of its path, where
    /// that is not simply `last`, its last segment: a carrier's last SID.
    pub fn arriving(&self, destination: Ipv6Addr, srh: Option<&Srh<'_>>, last: Ipv6Addr) -> Option<Ipv6Addr> {
        match (self.layout(destination), srh) {
            (Some(layout @ Layout { flavor: Flavor::Replace, .. }), Some(srh)) => {
                layout.replaced(destination, *srh).last()
            }
            _ => self.layout(last).filter(|layout| layout.flavor == Flavor::Next).map(|layout| layout.arriving(last)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Ipv6Addr {
        text.parse().unwrap()
    }

    #[test]
    fn guessing_needs_a_carriers_shape() {
        let mut guess = Locators::default();
        guess.add("auto").unwrap();
        assert_eq!(guess.layout(ip("fcbb:bb00:1:2::")), Some(Layout::F3216));
        for other in ["fc00:a::1", "2001:db8:1:2::", "fcbb:bb00::", "fc00:0:2::100"] {
            assert_eq!(guess.layout(ip(other)), None, "{other}");
        }
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
