//! Where things stand in the text, and the index from a field path to its place.

use saphyr_parser::Marker;

/// A place in the text. `line` and `col` count from 1, `col` in characters; `offset` is in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    pub col: u32,
    pub offset: u32,
}

/// From the first character up to, but without, `end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub start: Position,
    pub end: Position,
}

/// Byte offsets of the line starts, so that a line and column becomes an offset.
pub(crate) struct Lines<'a> {
    text: &'a str,
    ascii: bool,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (i, byte) in bytes.iter().enumerate() {
            let lone_return = *byte == b'\r' && bytes.get(i + 1) != Some(&b'\n');
            if *byte == b'\n' || lone_return {
                starts.push(i + 1);
            }
        }
        Lines { text, ascii: text.is_ascii(), starts }
    }

    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// Offset of the first byte of `line`, counted from 0; the end of the text beyond the last.
    pub fn start(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.text.len())
    }

    /// The text of `line`, counted from 0, with its line break.
    pub fn line(&self, line: usize) -> &'a str {
        self.text.get(self.start(line)..self.start(line + 1)).unwrap_or("")
    }

    /// `line` and `col` count from 0.
    pub fn position(&self, line: usize, col: usize) -> Position {
        let start = self.start(line);
        let offset = if self.ascii {
            (start + col).min(self.start(line + 1))
        } else {
            start + self.line(line).chars().take(col).map(char::len_utf8).sum::<usize>()
        };
        Position { line: line as u32 + 1, col: col as u32 + 1, offset: offset as u32 }
    }
}

/// The scanner's marks within one part, translated to places in the whole text.
pub(crate) struct Marks<'a> {
    pub lines: &'a Lines<'a>,
    /// The part's first line, counted from 0.
    pub first_line: usize,
    /// By how many columns each line of the part was moved to the right; empty where none was.
    pub columns: &'a [usize],
}

impl Marks<'_> {
    pub fn position(&self, mark: &Marker) -> Position {
        let line = mark.line().saturating_sub(1);
        let moved = self.columns.get(line).copied().unwrap_or(0);
        self.lines.position(self.first_line + line, mark.col().saturating_sub(moved))
    }

    pub fn span(&self, span: saphyr_parser::Span) -> Span {
        Span { start: self.position(&span.start), end: self.position(&span.end) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Root,
    Field(String),
    Item(u32),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    step: Step,
    key: Option<Span>,
    value: Span,
    children: Vec<u32>,
}

/// The spans of every key and value of one document, found by Kubernetes field path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpanIndex {
    places: Vec<Place>,
}

/// How to reach a value from its parent.
pub(crate) enum Under {
    Field { parent: u32, name: String, key: Span },
    Item { parent: u32, index: usize },
}

impl SpanIndex {
    pub(crate) fn add(&mut self, under: Option<Under>, value: Span) -> u32 {
        let id = self.places.len() as u32;
        let (parent, step, key) = match under {
            None => (None, Step::Root, None),
            Some(Under::Field { parent, name, key }) => {
                (Some(parent), Step::Field(name), Some(key))
            }
            Some(Under::Item { parent, index }) => (Some(parent), Step::Item(index as u32), None),
        };
        self.places.push(Place { step, key, value, children: Vec::new() });
        if let Some(place) = parent.and_then(|p| self.places.get_mut(p as usize)) {
            place.children.push(id);
        }
        id
    }

    pub(crate) fn close(&mut self, id: u32, end: Position) {
        if let Some(place) = self.places.get_mut(id as usize) {
            place.value.end = end;
        }
    }

    /// The span of the value at `path`, or of its nearest parent in the text.
    pub fn value(&self, path: &str) -> Option<Span> {
        self.nearest(path).map(|place| place.value)
    }

    /// The span of the key of `path`; of the list item or root where there is no key.
    pub fn key(&self, path: &str) -> Option<Span> {
        self.nearest(path).map(|place| place.key.unwrap_or(place.value))
    }

    /// Whether the text itself holds `path`.
    pub fn contains(&self, path: &str) -> bool {
        self.walk(path).1
    }

    fn nearest(&self, path: &str) -> Option<&Place> {
        self.places.get(self.walk(path).0)
    }

    /// The last place reached, and whether that was all of the path.
    fn walk(&self, path: &str) -> (usize, bool) {
        let mut rest = path;
        let mut at = 0;
        loop {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            if rest.is_empty() {
                return (at, !self.places.is_empty());
            }
            let Some((child, after)) = self.descend(at, rest) else { return (at, false) };
            (at, rest) = (child, after);
        }
    }

    fn descend<'p>(&self, at: usize, path: &'p str) -> Option<(usize, &'p str)> {
        let children = &self.places.get(at)?.children;
        if let Some(inner) = path.strip_prefix('[') {
            let (name, after) = inner.split_once(']')?;
            let name = name.trim_matches(|c| c == '"' || c == '\'');
            return Some((self.child(children, name)?, after));
        }
        // The longest field name that fits wins: an annotation's key may hold dots itself.
        let mut ends: Vec<usize> = path.match_indices(['.', '[']).map(|(i, _)| i).collect();
        ends.push(path.len());
        ends.iter().rev().find_map(|end| {
            let (name, after) = path.split_at_checked(*end)?;
            Some((self.child(children, name)?, after))
        })
    }

    /// The last of equal keys, for that is the one that counts.
    fn child(&self, children: &[u32], name: &str) -> Option<usize> {
        let index = name.parse::<u32>().ok();
        children.iter().rev().map(|id| *id as usize).find(|id| {
            match self.places.get(*id).map(|place| &place.step) {
                Some(Step::Field(field)) => field == name,
                Some(Step::Item(item)) => Some(*item) == index,
                _ => false,
            }
        })
    }
}
