//! Writes the lines of a description and sets their columns.

use apimachinery::duration::human_duration;
use apimachinery::time::{MicroTime, Time};
use serde_json::Value;

use crate::path::{Look, scalar};
use crate::printers::TabWriter;

/// Text whose cells end with tabs.
pub struct Pen {
    text: String,
    now: Time,
}

/// Annotations longer than this get lines of their own.
const ANNOTATION_MAX: usize = 140;

impl Pen {
    pub fn new(now: Time) -> Self {
        Pen { text: String::new(), now }
    }

    /// What `write` writes stands `level` levels further in.
    pub fn nested(&mut self, level: usize, write: impl FnOnce(&mut Pen)) {
        let mut inner = Pen::new(self.now);
        write(&mut inner);
        inner.text.lines().for_each(|line| self.line(level, line));
    }

    /// Text without its columns set, as `rollout history` prints it.
    pub fn raw(self) -> String {
        self.text
    }

    pub fn set(self) -> String {
        TabWriter::describe().format(&self.text)
    }

    /// One line, two blanks a level.
    pub fn line(&mut self, level: usize, text: &str) {
        self.text.extend(std::iter::repeat_n("  ", level));
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// `Name:\tvalue`
    pub fn field(&mut self, level: usize, name: &str, value: &str) {
        self.line(level, &format!("{name}:\t{value}"));
    }

    /// As `field`, unless the value is empty.
    pub fn some(&mut self, level: usize, name: &str, value: &str) {
        if !value.is_empty() {
            self.field(level, name, value);
        }
    }

    /// Lines under one title; `<none>` if there are none.
    pub fn lines(&mut self, title: &str, lines: &[String]) {
        match lines.split_first() {
            None => self.field(0, title, "<none>"),
            Some((first, rest)) => {
                self.field(0, title, first);
                rest.iter().for_each(|line| self.line(0, &format!("\t{line}")));
            }
        }
    }

    /// A map as `key=value` lines.
    pub fn labels(&mut self, title: &str, labels: &Value) {
        let pairs = labels.pairs("");
        let lines: Vec<String> =
            pairs.iter().map(|(key, value)| format!("{key}={}", scalar(value))).collect();
        self.lines(title, &lines);
    }

    pub fn annotations(&mut self, title: &str, annotations: &Value) {
        let mut lines = Vec::new();
        for (key, value) in annotations.pairs("") {
            if key == crate::verbs::object::LAST_APPLIED {
                continue;
            }
            let value = value.as_str().unwrap_or("").trim_end_matches('\n');
            if value.len() + key.len() + 2 > ANNOTATION_MAX || value.contains('\n') {
                lines.push(format!("{key}:"));
                lines.extend(value.split('\n').map(|line| format!("  {}", shorten(line))));
            } else {
                lines.push(format!("{key}: {value}"));
            }
        }
        self.lines(title, &lines);
    }

    /// Name, namespace, labels and annotations.
    pub fn head(&mut self, object: &Value) {
        self.field(0, "Name", object.text("metadata.name"));
        self.field(0, "Namespace", object.text("metadata.namespace"));
        self.labels("Labels", object.at("metadata.labels"));
        self.annotations("Annotations", object.at("metadata.annotations"));
    }

    /// How long ago a timestamp was.
    pub fn since(&self, timestamp: &Value) -> String {
        match time(timestamp) {
            Some(then) => human_duration(self.now.0.saturating_sub(then.0)),
            None => "<unknown>".to_owned(),
        }
    }
}

fn shorten(line: &str) -> String {
    let max = ANNOTATION_MAX - 2;
    if line.len() <= max {
        return line.to_owned();
    }
    let end = (0..=max).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
    format!("{}...", line.get(..end).unwrap_or(""))
}

/// A timestamp of either precision.
pub fn time(timestamp: &Value) -> Option<Time> {
    let text = timestamp.as_str()?;
    Time::parse(text).ok().or_else(|| MicroTime::parse(text).ok().map(MicroTime::time))
}

/// `Fri, 20 Nov 2026 12:34:28 +0000`
pub fn long_time(timestamp: &Value) -> String {
    time(timestamp).map_or_else(|| "Mon, 01 Jan 0001 00:00:00 +0000".to_owned(), Time::rfc1123z)
}

pub fn or_none(text: &str) -> &str {
    if text.is_empty() { "<none>" } else { text }
}

/// `Kind/name` of the owner marked as controller.
pub fn controller(object: &Value) -> String {
    let owners = object.items("metadata.ownerReferences");
    match owners.iter().find(|owner| owner.flag("controller")) {
        Some(owner) => format!("{}/{}", owner.text("kind"), owner.text("name")),
        None => String::new(),
    }
}
