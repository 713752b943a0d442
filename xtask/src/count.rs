//! Sums the counts that the test harnesses print.

use std::ops::AddAssign;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Count {
    pub passed: u32,
    pub failed: u32,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// What one line of output adds: libtest's and wasm-bindgen's `test result: ok. 3 passed; ...`,
/// or node's `# pass 3` and `# fail 0`.
pub fn line(line: &str) -> Count {
    let plain = without_colour(line);
    if let Some((_, counts)) = plain.split_once("test result: ") {
        return Count { passed: before(counts, " passed"), failed: before(counts, " failed") };
    }
    let number = |word: &str| {
        plain
            .trim_start_matches(['#', 'ℹ'])
            .trim()
            .strip_prefix(word)
            .and_then(|rest| rest.trim().parse().ok())
            .filter(|_| plain.starts_with(['#', 'ℹ']))
            .unwrap_or(0)
    };
    Count { passed: number("pass "), failed: number("fail ") + number("cancelled ") }
}

fn before(text: &str, word: &str) -> u32 {
    let digits = text.find(word).map(|end| &text[..end]);
    digits.and_then(|t| t.split([' ', ';', '.']).next_back()?.parse().ok()).unwrap_or(0)
}

fn without_colour(line: &str) -> String {
    let mut pieces = line.split('\u{1b}');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + piece.split_once('m').map_or(piece, |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_every_harness() {
        let cases = [
            ("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured", 12, 0),
            ("test result: \u{1b}[31mFAILED\u{1b}[0m. 3 passed; 2 failed; 0 ignored", 3, 2),
            ("# pass 7", 7, 0),
            ("ℹ fail 2", 0, 2),
            ("# cancelled 1", 0, 1),
            ("test result_is_kept ... ok", 0, 0),
            ("pass 7", 0, 0),
        ];
        for (text, passed, failed) in cases {
            assert_eq!(line(text), Count { passed, failed }, "{text}");
        }
    }
}
