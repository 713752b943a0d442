//! From the event stream of one document to its value and its span index.
//!
//! Models go.yaml.in/yaml/v2 decode.go: aliases are expanded, `<<` merges, a repeated key
//! replaces the earlier one. Built with a stack of its own, never by recursion.

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::limits::Limits;
use crate::parse::{Document, is_name};
use crate::resolve::Resolved;
use crate::scalar;
use crate::span::{Marks, Position, Span, SpanIndex, Under};
use saphyr_parser::{Event, ScalarStyle, Tag};
use serde_json::map::Entry;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A place for what stands under a map used as key: it cannot be reached.
const NOWHERE: u32 = u32::MAX;

struct Key {
    name: String,
    span: Span,
    is_merge: bool,
    is_text: bool,
}

enum Body {
    List(Vec<Value>),
    Fields { map: Map<String, Value>, key: Option<Key>, merged: Vec<String> },
}

/// A list or map that is still open.
struct Frame {
    body: Body,
    place: u32,
    start: Position,
    anchor: usize,
    is_key: bool,
    /// Values inside so far, itself included.
    nodes: usize,
    /// Levels below it.
    height: usize,
}

struct Anchored {
    value: Value,
    nodes: usize,
    height: usize,
}

/// A finished value on its way into its parent.
struct Node {
    value: Value,
    span: Span,
    nodes: usize,
    height: usize,
    is_alias: bool,
}

pub(crate) struct Composer<'a> {
    marks: &'a Marks<'a>,
    limits: Limits,
    index: SpanIndex,
    frames: Vec<Frame>,
    anchors: BTreeMap<usize, Anchored>,
    root: Option<(Value, Span)>,
    warnings: Vec<Diagnostic>,
    /// Syntax comes first: what cannot be decoded is told only when the whole part was read.
    failure: Option<Diagnostic>,
    decoded: usize,
    from_aliases: usize,
    last_end: Position,
}

impl<'a> Composer<'a> {
    pub fn new(marks: &'a Marks<'a>, limits: &Limits) -> Self {
        Composer {
            marks,
            limits: *limits,
            index: SpanIndex::default(),
            frames: Vec::new(),
            anchors: BTreeMap::new(),
            root: None,
            warnings: Vec::new(),
            failure: None,
            decoded: 0,
            from_aliases: 0,
            last_end: marks.lines.position(marks.first_line, 0),
        }
    }

    /// The document and its warnings; nothing where there was no value but null.
    pub fn finish(self) -> Result<Option<(Document, Vec<Diagnostic>)>, Diagnostic> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        Ok(self
            .root
            .filter(|(value, _)| !value.is_null())
            .map(|(value, span)| (Document { value, span, index: self.index }, self.warnings)))
    }

    pub fn accept(
        &mut self,
        event: Event<'_>,
        span: saphyr_parser::Span,
    ) -> Result<(), Diagnostic> {
        let mut span = self.marks.span(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let omitted = text.is_empty() && style == ScalarStyle::Plain;
                if omitted {
                    span = Span { start: self.last_end, end: self.last_end };
                }
                self.last_end = span.end;
                self.scalar(text, style, anchor, tag.as_deref(), span);
                Ok(())
            }
            Event::Alias(anchor) => {
                self.last_end = span.end;
                self.alias(anchor, span)
            }
            Event::SequenceStart(anchor, _) => self.open(Body::List(Vec::new()), anchor, span),
            Event::MappingStart(anchor, _) => {
                let body = Body::Fields { map: Map::new(), key: None, merged: Vec::new() };
                self.open(body, anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if span.end.offset > span.start.offset {
                    self.last_end = span.end;
                }
                self.close();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn refuse(&mut self, code: Code, span: Span, message: String) {
        self.failure.get_or_insert(Diagnostic::error(code, span, message));
    }

    fn awaits_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { body: Body::Fields { key: None, .. }, .. }))
    }

    /// Enters the value about to be read into the index.
    fn place(&mut self, span: Span) -> u32 {
        let under = match self.frames.last() {
            None => None,
            Some(Frame { place, body: Body::List(items), .. }) => {
                Some(Under::Item { parent: *place, index: items.len() })
            }
            Some(Frame { place, body: Body::Fields { key: Some(key), .. }, .. }) => {
                Some(Under::Field { parent: *place, name: key.name.clone(), key: key.span })
            }
            Some(_) => return NOWHERE,
        };
        self.index.add(under, span)
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) {
        let resolved = scalar::read(&text, style, tag).unwrap_or_else(|(code, message)| {
            self.refuse(code, span, message);
            Resolved::Text
        });
        self.decoded += 1;
        let is_key = self.awaits_key();
        if is_key && anchor == 0 {
            return self.take_key(resolved, text, span);
        }
        let key = is_key.then(|| text.clone());
        let value = scalar::to_value(resolved, text).unwrap_or_else(|(code, message)| {
            self.refuse(code, span, message);
            Value::Null
        });
        if anchor != 0 {
            let anchored = Anchored { value: value.clone(), nodes: 1, height: 0 };
            self.anchors.insert(anchor, anchored);
        }
        if let Some(key) = key {
            return self.take_key(resolved, key, span);
        }
        self.place(span);
        self.deliver(Node { value, span, nodes: 1, height: 0, is_alias: false });
    }

    fn take_key(&mut self, resolved: Resolved, text: Cow<'_, str>, span: Span) {
        let name = scalar::to_key(resolved, text).unwrap_or_else(|(code, message)| {
            self.refuse(code, span, message);
            String::new()
        });
        let is_text = matches!(resolved, Resolved::Text | Resolved::Timestamp);
        let is_merge = resolved == Resolved::Merge;
        if let Some(Frame { body: Body::Fields { key, .. }, .. }) = self.frames.last_mut() {
            *key = Some(Key { name, span, is_merge, is_text });
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Diagnostic> {
        let Some(Anchored { value, nodes, height }) = self.anchors.get(&anchor) else {
            let name = self.alias_name(span);
            let message = format!("yaml: anchor '{name}' value contains itself");
            return Err(Diagnostic::error(Code::Reference, span, message));
        };
        let (nodes, height) = (*nodes, *height);
        self.decoded += nodes + 1;
        self.from_aliases += nodes;
        self.check_depth(self.frames.len() + height, span)?;
        // Models allowedAliasRatio; the budget keeps far below where its scale begins to fall.
        let lopsided = self.from_aliases > 100
            && self.decoded > 1000
            && self.from_aliases * 100 > self.decoded * 99;
        if lopsided || self.from_aliases > self.limits.alias_nodes_max {
            let message = "yaml: document contains excessive aliasing".to_string();
            return Err(Diagnostic::error(Code::Limit, span, message));
        }
        let value = value.clone();
        if self.awaits_key() {
            self.take_value_as_key(value, span);
            return Ok(());
        }
        self.place(span);
        self.deliver(Node { value, span, nodes, height, is_alias: true });
        Ok(())
    }

    fn alias_name(&self, span: Span) -> &'a str {
        let line = self.marks.lines.line(span.start.line.saturating_sub(1) as usize);
        let at = line.char_indices().nth(span.start.col as usize).map_or(line.len(), |(i, _)| i);
        let rest = line.get(at..).unwrap_or("");
        rest.split(|c: char| !is_name(c)).next().unwrap_or("")
    }

    fn take_value_as_key(&mut self, value: Value, span: Span) {
        match value {
            Value::Array(_) | Value::Object(_) => {
                let message = format!("yaml: invalid map key: {}", scalar::go_syntax(&value));
                self.refuse(Code::NotJson, span, message);
                self.take_key(Resolved::Text, Cow::default(), span);
            }
            Value::String(text) => self.take_key(Resolved::Text, text.into(), span),
            Value::Null => self.take_key(Resolved::Null, Cow::default(), span),
            other => self.take_key(Resolved::Text, other.to_string().into(), span),
        }
    }

    fn check_depth(&self, depth: usize, span: Span) -> Result<(), Diagnostic> {
        let depth_max = self.limits.depth();
        if depth <= depth_max {
            return Ok(());
        }
        let message = format!("yaml: exceeded max depth of {depth_max}");
        Err(Diagnostic::error(Code::Limit, span, message))
    }

    fn open(&mut self, body: Body, anchor: usize, span: Span) -> Result<(), Diagnostic> {
        self.check_depth(self.frames.len() + 1, span)?;
        let is_key = self.awaits_key();
        let place = self.place(span);
        self.decoded += 1;
        self.frames.push(Frame {
            body,
            place,
            start: span.start,
            anchor,
            is_key,
            nodes: 1,
            height: 1,
        });
        Ok(())
    }

    fn close(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        let value = match frame.body {
            Body::List(items) => Value::Array(items),
            Body::Fields { map, .. } => Value::Object(map),
        };
        let span = Span { start: frame.start, end: self.last_end.max(frame.start) };
        self.index.close(frame.place, span.end);
        let (nodes, height) = (frame.nodes, frame.height);
        if frame.anchor != 0 {
            let anchored = Anchored { value: value.clone(), nodes, height };
            self.anchors.insert(frame.anchor, anchored);
        }
        if frame.is_key {
            self.take_value_as_key(value, span);
        } else {
            self.deliver(Node { value, span, nodes, height, is_alias: false });
        }
    }

    /// Puts a finished value into the list or map that waits for it.
    fn deliver(&mut self, node: Node) {
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some((node.value, node.span));
            return;
        };
        frame.nodes += node.nodes;
        frame.height = frame.height.max(node.height + 1);
        let Body::Fields { map, key, merged } = &mut frame.body else {
            if let Body::List(items) = &mut frame.body {
                items.push(node.value);
            }
            return;
        };
        let Some(key) = key.take() else { return };
        if key.is_merge {
            if merge(map, merged, node.value, node.is_alias).is_none() {
                let message = "yaml: map merge requires map or sequence of maps as the value";
                self.refuse(Code::Reference, node.span, message.to_string());
            }
            return;
        }
        let was_merged = merged.iter().position(|name| *name == key.name);
        if let Some(at) = was_merged {
            merged.swap_remove(at);
        }
        match map.entry(key.name) {
            Entry::Vacant(entry) => {
                entry.insert(node.value);
            }
            Entry::Occupied(mut entry) => {
                entry.insert(node.value);
                let shown =
                    if key.is_text { format!("{:?}", entry.key()) } else { entry.key().clone() };
                if was_merged.is_none() {
                    self.warn_duplicate(&shown, key.span, node.span);
                }
            }
        }
    }

    fn warn_duplicate(&mut self, shown: &str, key: Span, value: Span) {
        let line = (value.start.line as usize).saturating_sub(self.marks.first_line);
        let message =
            format!("yaml: unmarshal errors:\n  line {line}: key {shown} already set in map");
        let (severity, code) = (Severity::Warning, Code::DuplicateKey);
        self.warnings.push(Diagnostic { severity, code, span: key, message });
    }
}

/// Fields of the merged map replace what stands above `<<`; of several maps the first wins.
fn merge(
    map: &mut Map<String, Value>,
    merged: &mut Vec<String>,
    value: Value,
    is_alias: bool,
) -> Option<()> {
    let sources = match value {
        Value::Object(fields) => vec![fields],
        Value::Array(items) if !is_alias => items
            .into_iter()
            .map(|item| match item {
                Value::Object(fields) => Some(fields),
                _ => None,
            })
            .collect::<Option<Vec<_>>>()?,
        _ => return None,
    };
    for (name, value) in sources.into_iter().rev().flatten() {
        merged.push(name.clone());
        map.insert(name, value);
    }
    Some(())
}
