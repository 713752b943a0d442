//! Inputs that nearly make sense: texts of a corpus with some edits, each input by its seed alone,
//! and the shortest one that still fails.

/// Signs and values at which parsers break.
const STRANGE: &[&str] = &[
    "",
    " ",
    "\n",
    "\t",
    "'",
    "\"",
    "`",
    "\\",
    "$",
    "${",
    "$(",
    "{{",
    "}}",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "|",
    "||",
    "&&",
    ";",
    "<<E",
    ">",
    "#",
    "*",
    "&a ",
    "*a",
    "!!",
    "%",
    "..",
    "/",
    "//",
    "=",
    "==",
    "!=",
    ":",
    ": ",
    ",",
    "-",
    "--",
    "0",
    "-1",
    "1e309",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "0.0000000001",
    "1e-400",
    "2147483648",
    "NaN",
    "null",
    "~",
    "true",
    "[]",
    "{}",
    "\u{0}",
    "\u{7f}",
    "é",
    "한",
    "\u{202e}",
    "😀",
    "9999999999Ei",
    "1n",
    "-0",
    "0x1F",
    "2026-02-30T25:61:61Z",
    "9999-12-31T23:59:59Z",
    "a.b/c",
    "999999h",
];

/// Chance by one seed (splitmix64).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Chance(seed)
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`; zero if that is zero.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.draw() % bound.max(1) as u64) as usize
    }

    pub fn pick<'a>(&mut self, of: &'a [String]) -> &'a str {
        of.get(self.below(of.len())).map_or("", String::as_str)
    }
}

/// Words, runs of spaces and single signs, in order.
fn tokens(text: &str) -> Vec<String> {
    let class = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 1,
        ' ' => 2,
        _ => 0,
    };
    let mut found: Vec<String> = Vec::new();
    let mut before = 0;
    for c in text.chars() {
        match found.last_mut() {
            Some(last) if class(c) != 0 && class(c) == before => last.push(c),
            _ => found.push(c.into()),
        }
        before = class(c);
    }
    found
}

/// What inputs are made of.
pub struct Mutator {
    corpus: Vec<String>,
    words: Vec<String>,
}

impl Mutator {
    pub fn new(corpus: Vec<String>) -> Self {
        let mut words: Vec<String> = corpus.iter().flat_map(|text| tokens(text)).collect();
        words.retain(|word| !word.trim().is_empty());
        words.sort();
        words.dedup();
        Mutator { corpus, words }
    }

    /// A text of the corpus after one to six edits.
    pub fn input(&self, seed: u64) -> String {
        let mut chance = Chance::new(seed);
        let mut text = chance.pick(&self.corpus).to_owned();
        for _ in 0..=chance.below(6) {
            text = match chance.below(4) {
                0 => self.edit_lines(&text, &mut chance),
                _ => self.edit_tokens(&text, &mut chance),
            };
        }
        text
    }

    fn replacement(&self, chance: &mut Chance) -> String {
        match chance.below(3) {
            0 => STRANGE[chance.below(STRANGE.len())].to_owned(),
            1 => chance.pick(&self.words).repeat(1 + chance.below(2)),
            _ => chance.pick(&self.words).to_owned(),
        }
    }

    fn edit_tokens(&self, text: &str, chance: &mut Chance) -> String {
        let mut parts = tokens(text);
        let at = chance.below(parts.len() + 1);
        let end = (at + 1 + chance.below(4)).min(parts.len());
        match chance.below(6) {
            0 => parts.drain(at..end.max(at)).for_each(drop),
            1 => parts.insert(at, self.replacement(chance)),
            2 => {
                let copy = parts[at..end.max(at)].to_vec();
                let to = chance.below(parts.len() + 1);
                parts.splice(to..to, copy).for_each(drop);
            }
            _ => match parts.get_mut(at) {
                Some(part) => *part = self.replacement(chance),
                None => parts.push(self.replacement(chance)),
            },
        }
        parts.concat()
    }

    fn edit_lines(&self, text: &str, chance: &mut Chance) -> String {
        let mut lines: Vec<&str> = text.split('\n').collect();
        let (at, other) = (chance.below(lines.len()), chance.below(lines.len()));
        let from: Vec<&str> = chance.pick(&self.corpus).split('\n').collect();
        match chance.below(4) {
            0 => lines.swap(at, other),
            1 => lines.insert(other, lines[at]),
            2 => lines.insert(at, from[chance.below(from.len())]),
            _ => {
                lines.remove(at);
            }
        }
        lines.join("\n")
    }
}

/// How a text falls into parts.
type Cut = fn(&str) -> Vec<String>;

/// A shorter input that still fails: lines, then tokens, then halves of tokens are left out as
/// long as that goes, with at most `tries` runs.
pub fn shrink(input: &str, mut tries: u32, fails: &mut dyn FnMut(&str) -> bool) -> String {
    let mut best = input.to_owned();
    let lines: Cut = |text| text.split_inclusive('\n').map(str::to_owned).collect();
    let chars: Cut = |text| text.chars().map(String::from).collect();
    let cuts: [Cut; 3] = [lines, |text| tokens(text), chars];
    for cut in cuts {
        let mut size = cut(&best).len().div_ceil(2).max(1);
        loop {
            let (mut at, mut shorter) = (0, false);
            while at < cut(&best).len() && tries > 0 {
                let mut parts = cut(&best);
                parts.drain(at..(at + size).min(parts.len()));
                tries -= 1;
                let candidate = parts.concat();
                match fails(&candidate) {
                    true => (best, shorter) = (candidate, true),
                    false => at += size,
                }
            }
            if tries == 0 || (size == 1 && !shorter) {
                break;
            }
            size = (size / 2).max(1);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_is_one_input_and_seeds_differ() {
        let mutator = Mutator::new(vec!["kind: Pod\nmetadata: {name: a}\n".to_owned()]);
        assert_eq!(mutator.input(7), mutator.input(7));
        let others = (0..50).map(|seed| mutator.input(seed));
        assert!(others.collect::<std::collections::BTreeSet<_>>().len() > 40);
    }

    #[test]
    fn what_does_not_matter_is_left_out() {
        let text = "kind: Pod\nspec: {replicas: 3}\nmetadata: {name: boom, labels: {}}\n";
        let found = shrink(text, 500, &mut |text| text.contains("boom") && text.contains('3'));
        assert_eq!(found, "3boom");
    }
}
