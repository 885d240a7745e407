//! The HMAC of an SRH (RFC 8754 §2.1.2), as the RFC defines it and as Linux
//! computes it.
//!
//! The two differ in the text that is authenticated, and so never agree:
//!
//! ```text
//! RFC 8754: source 16 | Last Entry 1 | Flags 1 | D bit + reserved 2 | Key ID 4 | segment list
//! Linux:    source 16 | Last Entry 1 | Flags 1 |                      Key ID 4 | segment list
//! ```
//!
//! Linux also looks for the TLV only where Flags has the drafts' HMAC bit, and
//! only as the last 40 bytes of the SRH.

use std::fmt;
use std::net::Ipv6Addr;

use hmac::{KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use thiserror::Error;

use crate::wire::srh::{Srh, Tlv};

/// The TLV's type.
pub const TLV_TYPE: u8 = 5;

/// Bytes of the TLV's value before the digest: D bit and reserved bits, Key ID.
pub const FIXED_LEN: usize = 6;

/// The bytes of a Linux HMAC TLV, type and length included.
pub const LINUX_TLV_LEN: usize = 40;

/// The longest segment list that Linux computes an HMAC over: longer texts
/// overflow its buffer, and such packets never verify.
pub const LINUX_MAX_SEGMENTS: usize = 14;

/// The longest secret that Linux takes, in bytes.
pub const LINUX_MAX_SECRET: usize = 64;

/// A keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC-SHA-1, 20 bytes.
    Sha1,
    /// HMAC-SHA-256, 32 bytes.
    Sha256,
}

impl Algorithm {
    /// Its name, as `ip sr hmac` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }

    /// The algorithm of a name.
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            "sha1" => Some(Self::Sha1),
            "sha256" => Some(Self::Sha256),
            _ => None,
        }
    }

    /// The digest of `parts`, one after the other, as an SRH carries it: cut to
    /// 32 bytes, and padded with zeros to a multiple of 8 (SHA-1: 24 bytes).
    fn digest(self, secret: &[u8], parts: &[&[u8]]) -> Digest {
        fn run<M: Mac + KeyInit>(secret: &[u8], parts: &[&[u8]], len: usize) -> Digest {
            let mut bytes = [0; 32];
            // HMAC takes keys of any length.
            if let Ok(mut mac) = <M as KeyInit>::new_from_slice(secret) {
                parts.iter().for_each(|part| mac.update(part));
                let digest = mac.finalize().into_bytes();
                bytes[..digest.len()].copy_from_slice(&digest);
            }
            Digest { bytes, len }
        }
        match self {
            Self::Sha1 => run::<hmac::Hmac<Sha1>>(secret, parts, 24),
            Self::Sha256 => run::<hmac::Hmac<Sha256>>(secret, parts, 32),
        }
    }
}

/// A digest as an SRH carries it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    bytes: [u8; 32],
    len: usize,
}

impl Digest {
    /// The bytes for a TLV as the RFC sizes it: 24 for SHA-1, 32 for SHA-256.
    pub fn rfc8754(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// The bytes for a TLV as Linux sizes it: always 32, zeros at the end.
    pub fn linux(&self) -> &[u8; 32] {
        &self.bytes
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({} bytes)", self.len)
    }
}

/// Which text an HMAC is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// RFC 8754 §2.1.2.1.
    Rfc8754,
    /// As Linux computes it: without the D bit and the reserved bits.
    Linux,
}

impl Form {
    /// Its name, as in the packet notation.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rfc8754 => "rfc8754",
            Self::Linux => "linux",
        }
    }
}

/// A key: what a Key ID stands for.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// The Key ID.
    pub id: u32,
    /// The keyed hash.
    pub algorithm: Algorithm,
    secret: Vec<u8>,
}

impl Key {
    /// A key of any secret.
    pub fn new(id: u32, algorithm: Algorithm, secret: impl Into<Vec<u8>>) -> Self {
        Self { id, algorithm, secret: secret.into() }
    }

    /// Reads `ID:ALGORITHM:SECRET`, ID in decimal or in hexadecimal after 0x,
    /// ALGORITHM sha1 or sha256, SECRET any text.
    ///
    /// # Errors
    /// A part is missing or wrong. The error never repeats the secret.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (id, rest) = text.split_once(':').ok_or(KeyError::Form)?;
        let (algorithm, secret) = rest.split_once(':').ok_or(KeyError::Form)?;
        let number = match id.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => id.parse(),
        };
        let id = number.ok().filter(|id| *id != 0).ok_or(KeyError::Id)?;
        let algorithm = Algorithm::by_name(algorithm).ok_or(KeyError::Algorithm)?;
        if secret.is_empty() {
            return Err(KeyError::Empty);
        }
        Ok(Self::new(id, algorithm, secret))
    }

    /// The digest of an SRH: of what does not change on the way. `reserved` are
    /// the 16 bits before the Key ID, with the D bit first; Linux leaves them out.
    pub fn digest(&self, form: Form, source: Ipv6Addr, srh: &Signed<'_>, reserved: u16) -> Digest {
        let (source, id) = (source.octets(), self.id.to_be_bytes());
        let (fixed, reserved) = ([srh.last_entry, srh.flags], reserved.to_be_bytes());
        let reserved: &[u8] = if form == Form::Rfc8754 { &reserved } else { &[] };
        self.algorithm.digest(&self.secret, &[&source, &fixed, reserved, &id, srh.list])
    }
}

impl fmt::Debug for Key {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, {})", self.id, self.algorithm.name())
    }
}

impl Drop for Key {
    /// Overwrites the secret, as far as the language lets us.
    fn drop(&mut self) {
        self.secret.fill(0);
        std::hint::black_box(&self.secret);
    }
}

/// What is wrong with a key's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Not three parts.
    #[error("a key is written ID:ALGORITHM:SECRET")]
    Form,
    /// Not a Key ID.
    #[error("a Key ID is a number from 1 to 4294967295")]
    Id,
    /// Not an algorithm.
    #[error("an algorithm is sha1 or sha256")]
    Algorithm,
    /// No secret.
    #[error("the secret is empty")]
    Empty,
}

/// The keys there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys(Vec<Key>);

/// What is wrong with a file of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("line {line}: {problem}")]
pub struct KeysError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: KeyError,
}

impl Keys {
    /// No keys.
    pub const NONE: Self = Self(Vec::new());

    /// Adds a key; of two with one ID the last counts.
    pub fn add(&mut self, key: Key) {
        self.0.retain(|known| known.id != key.id);
        self.0.push(key);
    }

    /// Adds the keys of a file: one a line, written ID:ALGORITHM:SECRET; blank
    /// lines and those that start with `#` are skipped. The secret goes up to
    /// the end of the line, spaces included.
    ///
    /// # Errors
    /// A line is none of these.
    pub fn add_file(&mut self, text: &str) -> Result<(), KeysError> {
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_start();
            if !line.is_empty() && !line.starts_with('#') {
                self.add(Key::parse(line).map_err(|problem| KeysError { line: index + 1, problem })?);
            }
        }
        Ok(())
    }

    /// The key of an ID.
    pub fn get(&self, id: u32) -> Option<&Key> {
        self.0.iter().find(|key| key.id == id)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The part of an SRH that an HMAC covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed<'a> {
    /// Last Entry.
    pub last_entry: u8,
    /// The Flags octet.
    pub flags: u8,
    /// The segment list, in wire order.
    pub list: &'a [u8],
}

impl<'a> Signed<'a> {
    /// The covered part of an SRH; `None` where its list is not whole.
    pub fn of(srh: &Srh<'a>) -> Option<Self> {
        let list = srh.list_bytes();
        let whole = list.len() == (usize::from(srh.last_entry()) + 1) * crate::wire::srh::SEGMENT_LEN;
        whole.then(|| Self { last_entry: srh.last_entry(), flags: srh.flags(), list })
    }
}

/// An HMAC TLV taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HmacTlv<'a> {
    /// The D bit and the 15 reserved bits.
    pub reserved: u16,
    /// The Key ID.
    pub key_id: u32,
    /// The digest, as long as it is there.
    pub digest: &'a [u8],
}

impl<'a> HmacTlv<'a> {
    /// Takes a TLV apart; `None` where it is no HMAC or too short to be one.
    pub fn of(tlv: &Tlv<'a>) -> Option<Self> {
        if tlv.kind != TLV_TYPE || tlv.overruns {
            return None;
        }
        let (fixed, digest) = tlv.value.split_first_chunk::<FIXED_LEN>()?;
        let [a, b, id @ ..] = *fixed;
        Some(Self { reserved: u16::from_be_bytes([a, b]), key_id: u32::from_be_bytes(id), digest })
    }

    /// The D bit: the destination is not to be checked against the list, since
    /// the list is reduced.
    pub fn d_bit(&self) -> bool {
        self.reserved & 0x8000 != 0
    }
}

/// What verifying an HMAC found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The digest is right.
    Valid(Form),
    /// The digest is wrong in either form.
    Wrong,
    /// There is no key of this Key ID.
    NoKey,
    /// It cannot be verified.
    Unverifiable(&'static str),
}

impl Status {
    /// Its name: `valid`, `wrong`, `no-key` or `unverifiable`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid(_) => "valid",
            Self::Wrong => "wrong",
            Self::NoKey => "no-key",
            Self::Unverifiable(_) => "unverifiable",
        }
    }
}

/// Verifies the HMAC TLV of an SRH behind an IPv6 header with this source,
/// trying both forms.
pub fn verify(keys: &Keys, source: Ipv6Addr, srh: &Srh<'_>, tlv: &Tlv<'_>) -> Status {
    let Some(hmac) = HmacTlv::of(tlv) else { return Status::Unverifiable("the TLV is too short or cut off") };
    if hmac.digest.is_empty() || !hmac.digest.len().is_multiple_of(8) || hmac.digest.len() > 32 {
        return Status::Unverifiable("the digest is not 8 to 32 bytes long, in steps of 8");
    }
    let Some(signed) = Signed::of(srh) else { return Status::Unverifiable("the segment list is not whole") };
    let Some(key) = keys.get(hmac.key_id) else { return Status::NoKey };
    let matches = |form| {
        let digest = key.digest(form, source, &signed, hmac.reserved);
        // The RFC allows to cut it; Linux pads it to 32 bytes.
        digest.bytes[..hmac.digest.len()] == *hmac.digest
    };
    [Form::Rfc8754, Form::Linux].into_iter().find(|form| matches(*form)).map_or(Status::Wrong, Status::Valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        let mut keys = Keys::default();
        keys.add_file("# test keys\n42:sha256:secret-key-0123\n\n0x2b:sha1:secret-key-0123\n").unwrap();
        keys
    }

    /// What a kernel made: SRHs behind source fc00:a::1, with the RFC's digest
    /// of the same inputs.
    const VECTORS: [(&str, &str); 3] = [
        (
            "2909040101080000 fc00000c000000000000000000000001 fc00000b000000000000000000000001\
             052600000000002a aa2ef2990f9937db621349da59573a53119a7394b837a797888f7cc6f71cf9e7",
            "2a9cb85f8dcfbe84b42baef7686e91893b5cf85c2918a7ee790c3f49089608b8",
        ),
        (
            "3a0b040202080000 fc00000d000001010000000000000001 fc00000c000000000000000000000001\
             fc00000b000000000000000000000001 052600000000002b 68fd4bcae00d3a580fe6daa8fa2f254fa2b3b78c\
             000000000000000000000000",
            "0f9995fb4be076c9518208d041870a2055a703a0",
        ),
        (
            "2907040100080000 fc00000c000000000000000000000001\
             052600000000002a 499831e20d653fa6163824f8bbe8bf6fac358f36e0e9c39fee82848453ca491e",
            "798c74b666d8989057a0acaed546e9c8505a5db589d9713c1ab168c181afad00",
        ),
    ];

    fn bytes(hex: &str) -> Vec<u8> {
        hex::decode(hex.split_whitespace().collect::<String>()).unwrap()
    }

    fn status(srh: &[u8], source: &str) -> Status {
        let srh = Srh::new(srh).unwrap();
        let tlv = srh.tlvs().find(|tlv| tlv.kind == TLV_TYPE).unwrap();
        verify(&keys(), source.parse().unwrap(), &srh, &tlv)
    }

    #[test]
    fn what_the_kernel_made_is_valid_in_linux_form() {
        for (srh, rfc) in VECTORS {
            let srh = bytes(srh);
            assert_eq!(status(&srh, "fc00:a::1"), Status::Valid(Form::Linux));
            let view = Srh::new(&srh).unwrap();
            let tlv = HmacTlv::of(&view.tlvs().next().unwrap()).unwrap();
            let key = keys().get(tlv.key_id).cloned().unwrap();
            let signed = Signed::of(&view).unwrap();
            let digest = key.digest(Form::Rfc8754, "fc00:a::1".parse().unwrap(), &signed, tlv.reserved);
            let rfc = bytes(rfc);
            assert_eq!(digest.rfc8754()[..rfc.len()], rfc);
            assert!(digest.rfc8754()[rfc.len()..].iter().all(|byte| *byte == 0));
            assert_eq!(digest.rfc8754().len() % 8, 0);
        }
    }

    #[test]
    fn the_rfc_form_is_told_apart() {
        let mut srh = bytes(VECTORS[0].0);
        let at = srh.len() - 32;
        srh[at..].copy_from_slice(&bytes(VECTORS[0].1));
        assert_eq!(status(&srh, "fc00:a::1"), Status::Valid(Form::Rfc8754));
    }

    #[test]
    fn what_is_covered_may_not_change() {
        let srh = bytes(VECTORS[0].0);
        let changed = |at: usize| {
            let mut srh = srh.clone();
            srh[at] ^= 0x40;
            srh
        };
        assert_eq!(status(&srh, "fc00:a::2"), Status::Wrong);
        for covered in [5, 8, 39, 60, 79] {
            assert_eq!(status(&changed(covered), "fc00:a::1"), Status::Wrong, "byte {covered}");
        }
        // Next Header, Segments Left and Tag change on the way, or may.
        for free in [0, 3, 6] {
            assert_eq!(status(&changed(free), "fc00:a::1"), Status::Valid(Form::Linux), "byte {free}");
        }
        assert_eq!(status(&changed(45), "fc00:a::1"), Status::NoKey);
    }

    #[test]
    fn what_cannot_be_verified_says_why() {
        let mut srh = bytes(VECTORS[0].0);
        srh[4] = 200;
        let view = Srh::new(&srh).unwrap();
        let tlv = Tlv { kind: 5, length: Some(38), value: &srh[42..80], offset: 40, overruns: false };
        assert!(matches!(
            verify(&keys(), Ipv6Addr::UNSPECIFIED, &view, &tlv),
            Status::Unverifiable("the segment list is not whole")
        ));
        let short = Tlv { value: &srh[42..46], length: Some(4), ..tlv };
        assert!(matches!(verify(&keys(), Ipv6Addr::UNSPECIFIED, &view, &short), Status::Unverifiable(_)));
    }

    #[test]
    fn keys_are_read_and_never_shown() {
        let key = Key::parse("7:sha1:a:b c").unwrap();
        assert_eq!((key.id, key.algorithm, key.secret.as_slice()), (7, Algorithm::Sha1, &b"a:b c"[..]));
        assert_eq!(format!("{key:?}"), "Key(7, sha1)");
        for (text, error) in [
            ("7", KeyError::Form),
            ("7:sha1", KeyError::Form),
            ("0:sha1:x", KeyError::Id),
            ("x:sha1:x", KeyError::Id),
            ("7:md5:x", KeyError::Algorithm),
            ("7:sha1:", KeyError::Empty),
        ] {
            assert_eq!(Key::parse(text), Err(error), "{text}");
        }
        let error = Keys::default().add_file("1:sha1:x\nhidden").unwrap_err();
        assert_eq!(error.to_string(), "line 2: a key is written ID:ALGORITHM:SECRET");
    }
}
