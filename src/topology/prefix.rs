//! An address with a prefix length, IPv4 or IPv6.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// `2001:db8::1/64`. The bits after the prefix are kept, since an interface
/// address needs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix {
    /// The address as written.
    pub address: IpAddr,
    /// How many leading bits name the network, at most 32 or 128.
    pub len: u8,
}

impl Prefix {
    /// The prefix length that means this one address.
    pub fn full_len(address: IpAddr) -> u8 {
        if address.is_ipv6() { 128 } else { 32 }
    }

    /// The address with the bits after the prefix cleared.
    pub fn network(&self) -> IpAddr {
        match self.address {
            IpAddr::V4(a) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.len)).unwrap_or(0);
                IpAddr::V4((a.to_bits() & mask).into())
            }
            IpAddr::V6(a) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.len)).unwrap_or(0);
                IpAddr::V6((a.to_bits() & mask).into())
            }
        }
    }

    /// Is `address` of the same family and inside the network?
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv6() == self.address.is_ipv6() && Prefix { address, len: self.len }.network() == self.network()
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.len)
    }
}

/// The text is no address, or its length is none (`2001:db8::1/129`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address or prefix")]
pub struct PrefixError(String);

impl FromStr for Prefix {
    type Err = PrefixError;

    /// Without `/LEN` it is the single address.
    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let error = || PrefixError(text.to_string());
        let (address, len) = match text.split_once('/') {
            Some((address, len)) => (address, Some(len)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| error())?;
        let full = Self::full_len(address);
        let len = len.map_or(Ok(full), |len| len.parse()).map_err(|_| error())?;
        if len > full {
            return Err(error());
        }
        Ok(Self { address, len })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for text in ["2001:db8::1/64", "::/0", "10.0.0.0/8", "0.0.0.0/0", "fc00::1/128"] {
            assert_eq!(text.parse::<Prefix>().unwrap().to_string(), text);
        }
        assert_eq!("fc00::1".parse::<Prefix>().unwrap().to_string(), "fc00::1/128");
        for text in ["", "/", "::/129", "10.0.0.0/33", "10.0.0/8", "::/x", "::/-1", "::/+1x", "fe80::1%eth0/64"] {
            assert!(text.parse::<Prefix>().is_err(), "{text}");
        }
    }

    #[test]
    fn networks_contain_their_addresses_only() {
        let net: Prefix = "2001:db8::1/64".parse().unwrap();
        assert_eq!(net.network(), "2001:db8::".parse::<IpAddr>().unwrap());
        assert!(net.contains("2001:db8::ffff".parse().unwrap()));
        assert!(!net.contains("2001:db9::1".parse().unwrap()));
        assert!(!net.contains("10.0.0.1".parse().unwrap()));
        let all: Prefix = "::/0".parse().unwrap();
        assert!(all.contains("ffff::1".parse().unwrap()));
        let v4: Prefix = "10.1.2.3/8".parse().unwrap();
        assert!(v4.contains("10.255.0.1".parse().unwrap()) && !v4.contains("11.0.0.1".parse().unwrap()));
    }
}
