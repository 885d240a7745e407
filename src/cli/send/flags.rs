//! One packet by flags instead of notation: the common case.

use std::net::Ipv6Addr;

use clap::Args;

use crate::craft::{self, Stack};

/// The packet by flags instead of notation.
#[derive(Debug, Args)]
#[command(next_help_heading = "One packet without notation")]
pub(super) struct Flags {
    /// Segments in the order they are travelled, the destination last
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', conflicts_with = "notations", requires = "udp")]
    pub(super) path: Vec<Ipv6Addr>,
    /// UDP ports
    #[arg(long, value_name = "SPORT:DPORT", value_parser = ports, requires = "path")]
    udp: Option<(u16, u16)>,
    /// Payload
    #[arg(long, value_name = "TEXT", requires = "path")]
    data: Option<String>,
    /// Source address; the route's choice where it is not given
    #[arg(long, value_name = "ADDR", requires = "path")]
    src: Option<Ipv6Addr>,
    /// Hop limit
    #[arg(long, value_name = "N", requires = "path")]
    hlim: Option<u8>,
    /// Flow label
    #[arg(long, value_name = "N", requires = "path")]
    flow: Option<u32>,
    /// The SRH's tag
    #[arg(long, value_name = "N", requires = "path")]
    tag: Option<u16>,
}

impl Flags {
    /// The layers that the flags stand for.
    pub(super) fn stack(&self) -> Stack {
        let mut ip6 = craft::ip6();
        if let Some(address) = self.src {
            ip6 = ip6.src(address);
        }
        if let Some(label) = self.flow {
            ip6 = ip6.flow(label);
        }
        if let Some(limit) = self.hlim {
            ip6 = ip6.hlim(limit);
        }
        let mut srh = craft::srh().path(self.path.iter().copied());
        if let Some(tag) = self.tag {
            srh = srh.tag(tag);
        }
        let (sport, dport) = self.udp.unwrap_or_default();
        let stack = ip6 / srh / craft::udp(sport, dport);
        match &self.data {
            Some(text) => stack / text.as_str(),
            None => stack,
        }
    }
}

/// Reads `SPORT:DPORT`.
fn ports(text: &str) -> Result<(u16, u16), String> {
    let (source, destination) = text.split_once(':').ok_or("two ports are needed: SPORT:DPORT")?;
    let port = |text: &str| text.parse().map_err(|_| format!("{text:?} is not a port"));
    Ok((port(source)?, port(destination)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notation;

    #[test]
    fn flags_as_notation() {
        let mut flags = Flags {
            path: vec!["2001:db8::2".parse().unwrap(), "2001:db9::1".parse().unwrap()],
            udp: Some((51129, 3000)),
            data: Some("Hello, I'm here\n".to_owned()),
            src: None,
            hlim: None,
            flow: None,
            tag: None,
        };
        assert_eq!(
            notation::print(&flags.stack()),
            "ip6/srh(path=[2001:db8::2, 2001:db9::1])/udp(sport=51129, dport=3000)/\"Hello, I'm here\\n\""
        );
        flags.src = Some("fc00::1".parse().unwrap());
        (flags.hlim, flags.flow, flags.tag) = (Some(3), Some(0xabcde), Some(7));
        flags.data = None;
        assert_eq!(
            notation::print(&flags.stack()),
            "ip6(src=fc00::1, flow=0xabcde, hlim=3)/srh(path=[2001:db8::2, 2001:db9::1], tag=0x7)\
             /udp(sport=51129, dport=3000)"
        );
    }

    #[test]
    fn port_pairs() {
        assert_eq!(ports("1:65535"), Ok((1, 65535)));
        for text in ["1", "1:", ":1", "1:65536", "a:b"] {
            assert!(ports(text).is_err(), "{text}");
        }
    }
}
