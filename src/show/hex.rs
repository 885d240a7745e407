//! The frame as a hexdump: offset, sixteen bytes, their characters.

use crate::show::text;

/// Appends a hexdump of `bytes`, in tshark's layout.
pub fn dump(out: &mut Vec<u8>, bytes: &[u8]) {
    for (row, chunk) in bytes.chunks(16).enumerate() {
        text::hexadecimal(out, row as u64 * 16, 4);
        out.push(b' ');
        for column in 0..16 {
            out.push(b' ');
            match chunk.get(column) {
                Some(byte) => text::hex_bytes(out, &[*byte]),
                None => out.extend_from_slice(b"  "),
            }
        }
        out.extend_from_slice(b"   ");
        out.extend(chunk.iter().map(|b| if (0x20..0x7f).contains(b) { *b } else { b'.' }));
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_line_up() {
        let mut out = Vec::new();
        dump(&mut out, b"Hello, I'm here!\n\x1b");
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "0000  48 65 6c 6c 6f 2c 20 49 27 6d 20 68 65 72 65 21   Hello, I'm here!\n\
             0010  0a 1b                                             ..\n"
        );
    }
}
