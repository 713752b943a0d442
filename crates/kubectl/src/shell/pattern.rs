//! Regular expressions as grep knows them: characters, `.`, classes, anchors, repeats, `|`, groups.
//! The search is bounded, so that no pattern can hang the page.

#[derive(Clone, Debug)]
enum Node {
    Char(char),
    Any,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    Start,
    End,
    Group(Vec<Vec<Node>>),
    /// At least, at most.
    Repeat(Box<Node>, u32, u32),
}

#[derive(Clone, Debug)]
pub struct Pattern {
    alternatives: Vec<Vec<Node>>,
    ignore_case: bool,
}

const STEPS_MAX: u32 = 200_000;
const DEPTH_MAX: u32 = 40;

struct Reader<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    /// `|`, `+`, `?`, `(` and `{` mean something without a backslash.
    extended: bool,
    depth: u32,
}

impl Reader<'_> {
    /// Whether the next characters are this operator, in the spelling of the dialect.
    fn operator(&mut self, operator: char) -> bool {
        if self.extended {
            return self.chars.next_if_eq(&operator).is_some();
        }
        let mut ahead = self.chars.clone();
        if ahead.next() == Some('\\') && ahead.next() == Some(operator) {
            self.chars = ahead;
            return true;
        }
        false
    }

    fn alternatives(&mut self) -> Result<Vec<Vec<Node>>, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err("regular expression too big".to_owned());
        }
        let mut all = vec![Vec::new()];
        loop {
            if self.depth > 1 && self.peeks(')') {
                break;
            }
            if self.operator('|') {
                all.push(Vec::new());
                continue;
            }
            let Some(node) = self.repeated()? else { break };
            if let Some(last) = all.last_mut() {
                last.push(node);
            }
        }
        self.depth -= 1;
        Ok(all)
    }

    fn peeks(&mut self, operator: char) -> bool {
        let mut copy =
            Reader { chars: self.chars.clone(), extended: self.extended, depth: self.depth };
        copy.operator(operator)
    }

    fn repeated(&mut self) -> Result<Option<Node>, String> {
        let Some(mut node) = self.atom()? else { return Ok(None) };
        loop {
            let (low, high) = if self.chars.next_if_eq(&'*').is_some() {
                (0, u32::MAX)
            } else if self.operator('+') {
                (1, u32::MAX)
            } else if self.operator('?') {
                (0, 1)
            } else if self.operator('{') {
                self.bounds()?
            } else {
                return Ok(Some(node));
            };
            node = Node::Repeat(Box::new(node), low, high);
        }
    }

    fn bounds(&mut self) -> Result<(u32, u32), String> {
        let body: String =
            std::iter::from_fn(|| self.chars.next_if(|c| c.is_ascii_digit() || *c == ','))
                .collect();
        if !self.operator('}') {
            return Err("Unmatched { or \\{".to_owned());
        }
        let (low, high) = body.split_once(',').unwrap_or((&body, &body));
        let low = low.parse().unwrap_or(0);
        let high = if high.is_empty() { u32::MAX } else { high.parse().unwrap_or(low) };
        Ok((low, high))
    }

    fn atom(&mut self) -> Result<Option<Node>, String> {
        if self.operator('(') {
            let inner = self.alternatives()?;
            if !self.operator(')') {
                return Err("Unmatched ( or \\(".to_owned());
            }
            return Ok(Some(Node::Group(inner)));
        }
        let Some(c) = self.chars.next() else { return Ok(None) };
        Ok(Some(match c {
            '.' => Node::Any,
            '^' => Node::Start,
            '$' => Node::End,
            '[' => self.class()?,
            '\\' => match self.chars.next() {
                None => return Err("Trailing backslash".to_owned()),
                Some('d') => Node::Class { negated: false, ranges: vec![('0', '9')] },
                Some('s') => Node::Class { negated: false, ranges: vec![(' ', ' '), ('\t', '\t')] },
                Some('w') => Node::Class {
                    negated: false,
                    ranges: vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')],
                },
                Some(c) => Node::Char(c),
            },
            c => Node::Char(c),
        }))
    }

    fn class(&mut self) -> Result<Node, String> {
        let negated = self.chars.next_if_eq(&'^').is_some();
        let mut ranges = Vec::new();
        loop {
            let Some(first) = self.chars.next() else {
                return Err("Unmatched [, [^, [:, [., or [=".to_owned());
            };
            if first == ']' && !ranges.is_empty() {
                return Ok(Node::Class { negated, ranges });
            }
            let mut ahead = self.chars.clone();
            match (ahead.next(), ahead.next()) {
                (Some('-'), Some(last)) if last != ']' => {
                    self.chars = ahead;
                    ranges.push((first, last));
                }
                _ => ranges.push((first, first)),
            }
        }
    }
}

struct Search<'a> {
    text: &'a [char],
    steps: u32,
    ignore_case: bool,
}

impl Search<'_> {
    fn same(&self, a: char, b: char) -> bool {
        a == b || (self.ignore_case && a.to_lowercase().eq(b.to_lowercase()))
    }

    fn one(&self, node: &Node, at: usize) -> bool {
        let Some(c) = self.text.get(at).copied() else { return false };
        match node {
            Node::Char(want) => self.same(*want, c),
            Node::Any => true,
            Node::Class { negated, ranges } => {
                let inside = |c: char| ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
                let folded = self.ignore_case
                    && (inside(c.to_ascii_lowercase()) || inside(c.to_ascii_uppercase()));
                (inside(c) || folded) != *negated
            }
            _ => false,
        }
    }

    /// Matches `nodes` from `at`, then what the callback asks for.
    fn run(
        &mut self,
        nodes: &[Node],
        at: usize,
        depth: u32,
        then: &mut dyn FnMut(&mut Self, usize) -> bool,
    ) -> bool {
        self.steps += 1;
        if self.steps > STEPS_MAX || depth > 2000 {
            return false;
        }
        let Some((first, rest)) = nodes.split_first() else { return then(self, at) };
        match first {
            Node::Start => at == 0 && self.run(rest, at, depth + 1, then),
            Node::End => at == self.text.len() && self.run(rest, at, depth + 1, then),
            Node::Group(all) => all.iter().any(|inner| {
                self.run(inner, at, depth + 1, &mut |search, at| {
                    search.run(rest, at, depth + 1, then)
                })
            }),
            Node::Repeat(inner, low, high) => {
                self.repeat((inner, *low, *high), rest, at, depth, then)
            }
            single => self.one(single, at) && self.run(rest, at + 1, depth + 1, then),
        }
    }

    fn repeat(
        &mut self,
        (inner, low, high): (&Node, u32, u32),
        rest: &[Node],
        at: usize,
        depth: u32,
        then: &mut dyn FnMut(&mut Self, usize) -> bool,
    ) -> bool {
        if matches!(inner, Node::Group(_) | Node::Repeat(..)) {
            let more = high > 0
                && self.run(std::slice::from_ref(inner), at, depth + 1, &mut |search, next| {
                    let left = (inner, low.saturating_sub(1), high.saturating_sub(1));
                    next != at && search.repeat(left, rest, next, depth + 1, then)
                });
            return more || (low == 0 && self.run(rest, at, depth + 1, then));
        }
        let mut count = 0;
        let mut end = at;
        while count < high && self.one(inner, end) {
            count += 1;
            end += 1;
        }
        loop {
            if count < low {
                return false;
            }
            if self.run(rest, end, depth + 1, then) {
                return true;
            }
            if count == 0 {
                return false;
            }
            count -= 1;
            end -= 1;
        }
    }
}

impl Pattern {
    /// A text that stands for itself.
    pub fn fixed(text: &str, ignore_case: bool) -> Self {
        Pattern { alternatives: vec![text.chars().map(Node::Char).collect()], ignore_case }
    }

    pub fn parse(text: &str, extended: bool, ignore_case: bool) -> Result<Self, String> {
        let mut reader = Reader { chars: text.chars().peekable(), extended, depth: 0 };
        let alternatives = reader.alternatives()?;
        Ok(Pattern { alternatives, ignore_case })
    }

    /// The first match in a line, as a range of characters.
    pub fn find(&self, text: &[char], from: usize) -> Option<(usize, usize)> {
        let mut search = Search { text, steps: 0, ignore_case: self.ignore_case };
        (from..=text.len()).find_map(|start| {
            let mut found = None;
            for nodes in &self.alternatives {
                let hit = search.run(nodes, start, 0, &mut |_, end| {
                    found = Some((start, end));
                    true
                });
                if hit {
                    return found;
                }
            }
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    fn found(pattern: &str, text: &str) -> Option<String> {
        let chars: Vec<char> = text.chars().collect();
        let (start, end) = Pattern::parse(pattern, true, false).unwrap().find(&chars, 0)?;
        Some(chars[start..end].iter().collect())
    }

    #[test]
    fn finds_what_grep_finds() {
        assert_eq!(found("R[a-z]+g", "a Running b").as_deref(), Some("Running"));
        assert_eq!(found("^web-(a|b)+$", "web-abba").as_deref(), Some("web-abba"));
        assert_eq!(found("x{2,3}", "axxxxb").as_deref(), Some("xxx"));
        assert_eq!(found("no|yes", "say yes").as_deref(), Some("yes"));
        assert_eq!(found("^$", ""), Some(String::new()));
        assert_eq!(found("a.c$", "abcd"), None);
    }

    #[test]
    fn a_bad_pattern_ends() {
        let text = "a".repeat(60) + "b";
        assert_eq!(found("(a*)*c", &text), None);
        assert!(Pattern::parse("(", true, false).is_err());
    }
}
