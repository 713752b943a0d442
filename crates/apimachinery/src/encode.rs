//! Hashes and random numbers as name parts, in an alphabet without vowels.
// Models apimachinery/pkg/util/rand/rand.go and Go's hash/fnv.

pub const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

fn letter(index: u32) -> char {
    let index = (index % 27) as usize;
    ALPHABET.get(index).copied().map_or('b', char::from)
}

/// Each character of the text, by its code point, as a letter of the alphabet.
pub fn safe_encode_string(text: &str) -> String {
    text.chars().map(|c| letter(u32::from(c))).collect()
}

/// 32-bit FNV-1a, continued from `state`.
pub fn fnv32a_more(state: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(state, |hash, b| (hash ^ u32::from(*b)).wrapping_mul(16_777_619))
}

pub const FNV32A_START: u32 = 2_166_136_261;

pub fn fnv32a(bytes: &[u8]) -> u32 {
    fnv32a_more(FNV32A_START, bytes)
}

/// 32-bit FNV-1, which multiplies first.
pub fn fnv32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(FNV32A_START, |hash, b| hash.wrapping_mul(16_777_619) ^ u32::from(*b))
}

/// `length` letters drawn from random numbers: five bits each, those past the alphabet skipped.
pub fn random_suffix(length: u32, mut next: impl FnMut() -> u64) -> String {
    let mut suffix = String::new();
    while (suffix.len() as u32) < length {
        let mut bits = next() >> 1;
        for _ in 0..12 {
            let index = (bits & 31) as u32;
            if index < 27 && (suffix.len() as u32) < length {
                suffix.push(letter(index));
            }
            bits >>= 5;
        }
    }
    suffix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv_is_the_standard_one() {
        assert_eq!(fnv32a(b""), 0x811c_9dc5);
        assert_eq!(fnv32a(b"foobar"), 0xbf9c_f968);
        assert_eq!(fnv32(b"foobar"), 0x31f0_b262);
    }

    #[test]
    fn suffixes_have_their_length_and_alphabet() {
        let mut state = 1u64;
        let suffix = random_suffix(5, || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state
        });
        assert_eq!(suffix.len(), 5);
        assert!(suffix.bytes().all(|b| ALPHABET.contains(&b)));
    }
}
