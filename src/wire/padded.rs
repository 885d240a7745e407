//! Words that are written so often that even copying them has to be quick.

use crate::wire::text;

/// Room for the longest words and what stands around them.
const ROOM: usize = 64;

/// Words in room of a fixed size: a copy of all of it is a few instructions,
/// where one of the words' own length is a call.
#[derive(Debug, Clone, Copy)]
pub struct Padded {
    text: [u8; ROOM],
    len: usize,
}

impl Padded {
    /// A name as the key of a JSON member that follows others: `,"ipv6.hlim":`.
    ///
    /// # Panics
    /// At compile time, where the name has no room, or JSON something to escape.
    pub const fn key(name: &str) -> Self {
        let mut at = 0;
        while at < name.len() {
            let byte = name.as_bytes()[at];
            assert!(byte > b' ' && byte != b'"' && byte != b'\\');
            at += 1;
        }
        Self::joined([",\"", name, "\":"])
    }

    /// What a tree writes before a value: `Hop Limit: `.
    ///
    /// # Panics
    /// At compile time, where the label has no room.
    pub const fn label(label: &str) -> Self {
        Self::joined([label, ": ", ""])
    }

    /// Words put together.
    ///
    /// # Panics
    /// At compile time, where they have no room.
    pub const fn joined(parts: [&str; 3]) -> Self {
        let mut text = [0; ROOM];
        let (mut len, mut part) = (0, 0);
        while part < parts.len() {
            let mut at = 0;
            while at < parts[part].len() {
                text[len] = parts[part].as_bytes()[at];
                len += 1;
                at += 1;
            }
            part += 1;
        }
        Self { text, len }
    }

    /// Appends the words. Inlined, since which words is mostly known: of short ones
    /// less is copied.
    #[inline(always)]
    pub fn append(&self, out: &mut Vec<u8>) {
        match (self.text.first_chunk::<16>(), self.text.first_chunk::<32>()) {
            (Some(short), _) if self.len <= short.len() => text::append(out, short, self.len),
            (_, Some(half)) if self.len <= half.len() => text::append(out, half, self.len),
            _ => text::append(out, &self.text, self.len),
        }
    }

    /// Appends the words but for the first byte: the key of an object's first
    /// member.
    #[inline]
    pub fn append_first(&self, out: &mut Vec<u8>) {
        let [_, rest @ ..] = &self.text;
        text::append(out, rest, self.len - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_put_together() {
        static KEY: Padded = Padded::key("ipv6.hlim");
        static LABEL: Padded = Padded::label("Hop Limit");
        let mut out = b"{".to_vec();
        KEY.append_first(&mut out);
        KEY.append(&mut out);
        LABEL.append(&mut out);
        assert_eq!(out, b"{\"ipv6.hlim\":,\"ipv6.hlim\":Hop Limit: ");
    }
}
