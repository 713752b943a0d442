//! Bytes that are no UTF-8 inside the terminal's texts: each becomes one private character, as
//! Python's surrogateescape does, so that files and pipes carry them unharmed.

pub use apimachinery::base64::encode as base64;

/// The private characters U+F780 to U+F7FF stand for the bytes 0x80 to 0xFF.
const BASE: u32 = 0xF700;

fn byte_of(c: char) -> Option<u8> {
    u8::try_from(u32::from(c).checked_sub(BASE)?).ok().filter(|byte| *byte >= 0x80)
}

/// A text that stands for these bytes.
pub fn to_text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        let odd = chunk.invalid().iter();
        text.extend(odd.filter_map(|byte| char::from_u32(BASE + u32::from(*byte))));
    }
    text
}

/// The bytes that a text stands for.
pub fn of_text(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match byte_of(c) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

/// Whether it is UTF-8 throughout.
pub fn is_text(text: &str) -> bool {
    text.chars().all(|c| byte_of(c).is_none())
}

#[cfg(test)]
mod tests {
    use super::{is_text, of_text, to_text};

    #[test]
    fn bytes_come_back() {
        for bytes in
            [&b"\xff\xfebin"[..], b"plain", "w\u{f6}rter \u{20ac}".as_bytes(), b"\x80", b""]
        {
            assert_eq!(of_text(&to_text(bytes)), bytes);
        }
        assert!(is_text(&to_text(b"plain")));
        assert!(!is_text(&to_text(b"\xff")));
    }
}
