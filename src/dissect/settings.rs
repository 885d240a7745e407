//! What a dissection knows beyond the packet's own bytes.

use crate::srv6::csid::Locators;
use crate::srv6::hmac::Keys;
use crate::wire::proto::Proto;

/// Keys, names and choices that a packet does not carry. The default is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The keys that HMAC TLVs are verified with.
    pub keys: Keys,
    /// Which addresses carry compressed SIDs, and what SIDs are called.
    pub locators: Locators,
    /// UDP ports whose payload is a protocol that the port number alone does
    /// not tell.
    pub decode_as: Vec<(u16, Proto)>,
}

impl Settings {
    /// Nothing known.
    pub const NONE: Self = Self { keys: Keys::NONE, locators: Locators::NONE, decode_as: Vec::new() };

    /// What the payload between two UDP ports was said to be.
    pub fn decoded_as(&self, source: u16, destination: u16) -> Option<Proto> {
        self.decode_as.iter().find(|(port, _)| [source, destination].contains(port)).map(|(_, proto)| *proto)
    }
}
