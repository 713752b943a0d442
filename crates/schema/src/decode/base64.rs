//! Where base64 text stops being one.

/// The offset Go's decoder names, or nothing for good text.
// Models encoding/base64 StdEncoding: groups of four, line ends skipped, padding required.
pub fn first_bad_byte(text: &str) -> Option<usize> {
    let mut bytes = text.bytes().enumerate().filter(|(_, b)| !matches!(b, b'\r' | b'\n'));
    let mut in_group = 0;
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => in_group = (in_group + 1) % 4,
            b'=' if in_group < 2 => return Some(at),
            b'=' => {
                if in_group == 2 {
                    match bytes.next() {
                        Some((_, b'=')) => {}
                        Some((at, _)) => return Some(at),
                        None => return Some(text.len()),
                    }
                }
                return bytes.next().map(|(at, _)| at);
            }
            _ => return Some(at),
        }
    }
    (in_group != 0).then(|| text.len().saturating_sub(in_group))
}
