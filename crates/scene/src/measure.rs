//! How wide text is, without a browser: Inter's advance widths, rounded up, for words and a fixed
//! pitch for code. Conservative, so that what fits here fits on the page.

use smol_str::SmolStr;

use crate::display::Font;

/// Hundredths of an em for the printable ASCII characters, by weight.
const REGULAR: [u8; 95] = [
    29, 28, 41, 64, 64, 82, 64, 23, 37, 37, 50, 66, 28, 47, 28, 36, 63, 47, 61, 64, 65, 61, 63, 58,
    62, 63, 28, 28, 66, 66, 66, 51, 94, 68, 66, 73, 72, 60, 59, 75, 75, 27, 55, 66, 57, 89, 76, 77,
    64, 77, 64, 64, 65, 75, 68, 95, 65, 67, 63, 37, 36, 37, 47, 46, 50, 57, 63, 56, 63, 59, 37, 61,
    60, 24, 24, 55, 24, 87, 59, 60, 61, 61, 38, 53, 37, 59, 56, 82, 54, 56, 55, 37, 33, 37, 66,
];
const BOLD: [u8; 95] = [
    25, 33, 40, 65, 66, 86, 68, 22, 41, 41, 57, 68, 31, 47, 30, 39, 69, 49, 63, 66, 68, 65, 67, 60,
    67, 67, 30, 31, 68, 68, 68, 57, 104, 75, 67, 76, 73, 62, 59, 77, 75, 29, 57, 69, 57, 92, 75,
    79, 65, 79, 66, 66, 67, 74, 75, 104, 72, 73, 67, 41, 39, 41, 49, 48, 50, 59, 64, 59, 64, 60,
    40, 64, 63, 28, 28, 59, 28, 92, 63, 63, 64, 64, 41, 57, 39, 63, 59, 86, 58, 59, 58, 41, 38, 41,
    68,
];

/// One character in em.
fn advance(c: char, font: Font, bold: bool) -> f32 {
    let wide =
        matches!(c, '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{d7ff}' | '\u{ff00}'..='\u{ffef}');
    if font == Font::Code {
        return if wide { 1.0 } else { 0.602 };
    }
    if wide {
        return 0.94;
    }
    let table = if bold { &BOLD } else { &REGULAR };
    let index = (c as usize).wrapping_sub(32);
    match (table.get(index), c) {
        (Some(width), _) => f32::from(*width) / 100.0 * 1.02,
        (None, '·') => 0.34,
        (None, '…') => 0.84,
        (None, '→') => 1.0,
        (None, '✓') => 0.9,
        (None, _) => 1.0,
    }
}

/// Width in points.
pub fn width(text: &str, font: Font, size: f32, weight: u16) -> f32 {
    text.chars().map(|c| advance(c, font, weight >= 600)).sum::<f32>() * size
}

/// The text with its middle left out so that it fits: a generated name keeps its end, which tells
/// it from its siblings.
pub fn elide_middle(text: &str, font: Font, size: f32, weight: u16, max: f32) -> SmolStr {
    if width(text, font, size, weight) <= max {
        return text.into();
    }
    let chars: Vec<char> = text.chars().collect();
    let tail = tail_length(&chars);
    for keep in (0..chars.len()).rev() {
        let back = tail.min(keep * 2 / 3 + 1).min(keep);
        let front = keep - back;
        let mut short: String = chars.iter().take(front).collect();
        short.push('…');
        short.extend(chars.iter().skip(chars.len() - back));
        if width(&short, font, size, weight) <= max {
            return short.into();
        }
    }
    SmolStr::new_static("…")
}

/// `-x7k2p` of `web-7887448d46-x7k2p`; a third of other names.
fn tail_length(chars: &[char]) -> usize {
    let suffix = chars.iter().rev().take_while(|c| **c != '-').count();
    if suffix < chars.len() && suffix <= 6 { suffix + 1 } else { chars.len() / 3 }
}

/// The text with its end left out so that it fits.
pub fn elide_end(text: &str, font: Font, size: f32, weight: u16, max: f32) -> SmolStr {
    if width(text, font, size, weight) <= max {
        return text.into();
    }
    let mut short = String::new();
    let mut used = advance('…', font, weight >= 600) * size;
    for c in text.chars() {
        used += advance(c, font, weight >= 600) * size;
        if used > max {
            break;
        }
        short.push(c);
    }
    let mut short: String = short.trim_end().into();
    short.push('…');
    short.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_end() {
        let name = "web-7887448d46-x7k2p";
        let short = elide_middle(name, Font::Code, 12.0, 600, 100.0);
        assert_eq!(short, "web-788…-x7k2p".replace("788", "78"));
        assert!(width(&short, Font::Code, 12.0, 600) <= 100.0);
        assert_eq!(elide_middle("redis-0", Font::Code, 12.0, 600, 100.0), "redis-0");
    }

    #[test]
    fn whatever_the_room_the_text_fits_or_is_an_ellipsis() {
        let long = "a-very-long-deployment-name-of-somebody-6d5f8c9b7-abcde";
        for max in 8..600 {
            for text in [long, "데이터베이스-파드-이름-0", "x"] {
                for short in [
                    elide_middle(text, Font::Text, 12.0, 600, max as f32),
                    elide_end(text, Font::Text, 12.0, 600, max as f32),
                ] {
                    let fits = width(&short, Font::Text, 12.0, 600) <= max as f32;
                    assert!(fits || short == "…", "{short} in {max}");
                }
            }
        }
    }
}
