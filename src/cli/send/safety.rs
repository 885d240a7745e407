//! Many packets a second only where somebody wants them.

use super::Failure;
use super::plan::{CALM, Timing};
use crate::sys::route::{self, Link};

/// Refuses a fast run through the interface that this machine's own traffic
/// leaves by, unless it was named for that. Whether it is such an interface,
/// and was not named.
pub fn check(link: &Link, timing: &Timing, allowed: Option<&str>) -> Result<bool, Failure> {
    if let Some(name) = allowed
        && name != link.name
    {
        return Err(Failure::input(format_args!("--yes-really-on {name}: the packets leave by {}", link.name)));
    }
    if allowed.is_some() {
        return Ok(false);
    }
    let names = route::default_interfaces().map_err(|e| Failure::no(format_args!("cannot read the routes: {e}")))?;
    let defaults = names.iter().filter_map(|name| route::link(name).ok()).collect::<Vec<_>>();
    match carries(link, &defaults) {
        Some(other) if timing.is_fast() => Err(Failure::input(format_args!(
            "{} carries a default route{}: more than {CALM} packets a second need --yes-really-on {}",
            link.name,
            if other == link.name { String::new() } else { format!(" (by {other})") },
            link.name
        ))),
        other => Ok(other.is_some()),
    }
}

/// The interface of a default route whose packets pass through `link`: itself,
/// the bridge or bond it belongs to, or a VLAN on it.
fn carries<'a>(link: &Link, defaults: &'a [Link]) -> Option<&'a str> {
    let passes = |other: &&Link| {
        other.index == link.index || link.master == Some(other.index) || other.lower == Some(link.index)
    };
    defaults.iter().find(passes).map(|other| other.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::route::LinkKind;

    fn link(index: u32, master: Option<u32>, lower: Option<u32>) -> Link {
        let name = format!("if{index}");
        Link { name, index, kind: LinkKind::Bare, mtu: 1500, up: true, carrier: true, master, lower, is_virtual: true }
    }

    #[test]
    fn ports_and_lower_interfaces_carry_a_default_route_too() {
        let defaults = [link(1, None, None), link(5, None, Some(4))];
        for (index, master, expected) in [
            (1, None, Some("if1")),
            (2, None, None),
            (3, Some(1), Some("if1")),
            (4, None, Some("if5")),
            (6, Some(9), None),
        ] {
            assert_eq!(carries(&link(index, master, None), &defaults), expected, "if{index}");
        }
    }
}
