//! From a path to its compressed form (RFC 9800 §6): carriers and containers.

use std::net::Ipv6Addr;

use super::{Flavor, Layout, LocatorError};

/// The block whose SIDs are compressed, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compression {
    block: Ipv6Addr,
    layout: Layout,
}

/// A path with its SIDs compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// What takes the place of the path, in the order it is travelled.
    pub segments: Vec<Ipv6Addr>,
    /// The destination that the packet arrives with at the end.
    pub arrives: Option<Ipv6Addr>,
}

impl Compression {
    /// Reads `fcbb:bb00::/32:16`: a block with its length, and the length of a
    /// C-SID, in bits.
    ///
    /// # Errors
    /// It is not of that form, or the lengths do not fit in an address.
    pub fn parse(text: &str, flavor: Flavor) -> Result<Self, LocatorError> {
        let form = || LocatorError::Form(text.to_owned());
        let (address, lengths) = text.split_once('/').ok_or_else(form)?;
        let (block, csid) = lengths.split_once(':').ok_or_else(form)?;
        let address: Ipv6Addr = address.parse().map_err(|_| LocatorError::Prefix(text.to_owned()))?;
        let (block, csid) = (block.parse().map_err(|_| form())?, csid.parse().map_err(|_| form())?);
        let layout = Layout::new(block, csid, flavor).ok_or(LocatorError::Lengths { block, csid })?;
        Ok(Self { block: Ipv6Addr::from_bits(layout.block_of(address)), layout })
    }

    /// Whether an address is in the block.
    fn has(&self, address: Ipv6Addr) -> bool {
        self.layout.block_of(address) == self.block.to_bits()
    }

    /// The C-SID of a SID that can be compressed: one of the block, without an
    /// argument.
    fn csid(&self, sid: Ipv6Addr) -> Option<u128> {
        let csid = self.layout.csid_at(sid.to_bits(), self.layout.block.into());
        (self.has(sid) && csid != 0 && self.layout.sid(self.block.to_bits(), csid) == sid).then_some(csid)
    }

    /// An address as it arrives at the last of the SIDs it carries; itself
    /// where it carries none.
    pub fn arriving(&self, address: Ipv6Addr) -> Ipv6Addr {
        if self.layout.flavor == Flavor::Next && self.has(address) { self.layout.arriving(address) } else { address }
    }

    /// Compresses a path. SIDs of other blocks, or with arguments, stay whole.
    pub fn pack(&self, path: &[Ipv6Addr]) -> Packed {
        match self.layout.flavor {
            Flavor::Next => self.carriers(path),
            Flavor::Replace => self.containers(path),
        }
    }

    /// NEXT-C-SID (§6.2): a carrier takes up SIDs as long as there is room.
    fn carriers(&self, path: &[Ipv6Addr]) -> Packed {
        let mut segments = Vec::new();
        let mut run: Vec<Ipv6Addr> = Vec::new();
        let close = |run: &mut Vec<Ipv6Addr>, segments: &mut Vec<Ipv6Addr>| {
            segments.extend(self.layout.carrying(run));
            run.clear();
        };
        for sid in path {
            if self.csid(*sid).is_none() {
                close(&mut run, &mut segments);
                segments.push(*sid);
                continue;
            }
            run.push(*sid);
            if self.layout.carrying(&run).is_none() {
                run.pop();
                close(&mut run, &mut segments);
                run.push(*sid);
            }
        }
        close(&mut run, &mut segments);
        Packed { arrives: segments.last().map(|last| self.arriving(*last)), segments }
    }

    /// REPLACE-C-SID (§6.4): the first SID of a series stays whole, those after
    /// it fill containers from the low end.
    fn containers(&self, path: &[Ipv6Addr]) -> Packed {
        let places = self.layout.places() as usize;
        let mut packed = Packed { segments: Vec::new(), arrives: path.last().copied() };
        let mut rest = path;
        while let Some((first, after)) = rest.split_first() {
            packed.segments.push(*first);
            packed.arrives = Some(*first);
            rest = after;
            if self.csid(*first).is_none() {
                continue;
            }
            let series = after.iter().take_while(|sid| self.csid(**sid).is_some()).count();
            let whole_follows = series < after.len();
            // A container that is full to its last place would have what
            // follows it read as the next one: the series is cut in two before.
            let taken =
                if whole_follows && series > 0 && series % places == 0 { series - 2.min(series) } else { series };
            for container in after[..taken].chunks(places) {
                let mut bits = 0;
                for (index, sid) in container.iter().enumerate() {
                    let place = places - 1 - index;
                    let shift = 128 - (place as u32 + 1) * u32::from(self.layout.csid);
                    bits |= self.csid(*sid).unwrap_or_default() << shift;
                    // The destination says which place it came from.
                    packed.arrives = Some(Ipv6Addr::from_bits(sid.to_bits() | place as u128));
                }
                packed.segments.push(Ipv6Addr::from_bits(bits));
            }
            rest = &after[taken..];
        }
        packed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::srv6::csid::Locators;
    use crate::wire::srh::Srh;
    use proptest::prelude::*;

    fn ip(text: &str) -> Ipv6Addr {
        text.parse().unwrap()
    }

    fn packed(text: &str, flavor: Flavor, path: &[&str]) -> (Vec<String>, String) {
        let path: Vec<_> = path.iter().map(|sid| ip(sid)).collect();
        let packed = Compression::parse(text, flavor).unwrap().pack(&path);
        (packed.segments.iter().map(ToString::to_string).collect(), packed.arrives.unwrap().to_string())
    }

    #[test]
    fn carriers_take_up_what_fits() {
        let next = |path: &[&str]| packed("fcbb:bb00::/32:16", Flavor::Next, path);
        let (segments, arrives) = next(&["fcbb:bb00:1::", "fcbb:bb00:2::", "fcbb:bb00:3::"]);
        assert_eq!((segments, arrives.as_str()), (vec!["fcbb:bb00:1:2:3::".to_owned()], "fcbb:bb00:3::"));
        let seven: Vec<_> = (1..=7).map(|n| format!("fcbb:bb00:{n}::")).collect();
        let seven: Vec<_> = seven.iter().map(String::as_str).collect();
        assert_eq!(next(&seven).0, ["fcbb:bb00:1:2:3:4:5:6", "fcbb:bb00:7::"]);
        let (segments, arrives) = next(&["fcbb:bb00:1::", "fcbb:bb00:2::", "2001:db8::9"]);
        assert_eq!((segments.join(" ").as_str(), arrives.as_str()), ("fcbb:bb00:1:2:: 2001:db8::9", "2001:db8::9"));
        // With an argument it stands alone.
        assert_eq!(next(&["fcbb:bb00:1::", "fcbb:bb00:2::5"]).0, ["fcbb:bb00:1::", "fcbb:bb00:2::5"]);
    }

    /// The RFC's example of five SIDs.
    #[test]
    fn containers_fill_from_the_low_end() {
        let sids: Vec<_> = (1..=5).map(|n| format!("2001:db8:b:{n}:1::")).collect();
        let sids: Vec<_> = sids.iter().map(String::as_str).collect();
        let (segments, arrives) = packed("2001:db8:b::/48:32", Flavor::Replace, &sids);
        assert_eq!(segments, ["2001:db8:b:1:1::", "5:1:4:1:3:1:2:1"]);
        assert_eq!(arrives, "2001:db8:b:5:1::");
        let (segments, arrives) = packed("2001:db8:b::/48:32", Flavor::Replace, &sids[..3]);
        assert_eq!(
            (segments.join(" ").as_str(), arrives.as_str()),
            ("2001:db8:b:1:1:: ::3:1:2:1", "2001:db8:b:3:1::2")
        );
    }

    #[test]
    fn what_is_no_locator_is_refused() {
        for text in ["fcbb:bb00::", "fcbb:bb00::/32", "fcbb:bb00::/x:16", "fcbb::/120:16", "x/32:16", "::/32:0"] {
            assert!(Compression::parse(text, Flavor::Next).is_err(), "{text}");
        }
    }

    proptest! {
        /// Whoever reads the compressed path finds the SIDs of the one given.
        #[test]
        fn what_is_packed_is_visited(
            replace in any::<bool>(),
            series in prop::collection::vec((2usize..9, 0usize..3), 1..4),
            numbers in prop::collection::vec(1u128..0xffff, 40),
        ) {
            let text = "2001:db8:b::/48:32";
            let flavor = if replace { Flavor::Replace } else { Flavor::Next };
            let (block, other) = (ip("2001:db8:b::").to_bits(), ip("fc00::").to_bits());
            // Runs of SIDs of the block, at least two each, and others between them.
            let mut numbers = numbers.into_iter();
            let mut path = Vec::new();
            for (inside, outside) in series {
                path.extend(numbers.by_ref().take(inside).map(|number| Ipv6Addr::from_bits(block | number << 48)));
                path.extend(numbers.by_ref().take(outside).map(|number| Ipv6Addr::from_bits(other | number)));
            }
            let packed = Compression::parse(text, flavor).unwrap().pack(&path);
            let count = packed.segments.len() as u8;
            let mut bytes = vec![59, count * 2, 4, count - 1, count - 1, 0, 0, 0];
            bytes.extend(packed.segments.iter().rev().flat_map(|segment| segment.octets()));
            let mut plan = Locators::default();
            plan.add(&format!("{text}{}", if replace { ":replace" } else { "" })).unwrap();
            let visited = plan.still_to_visit(packed.segments[0], Some(&Srh::new(&bytes).unwrap()));
            prop_assert_eq!(visited, path);
        }
    }
}
