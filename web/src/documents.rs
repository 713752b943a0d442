//! The manifests that a person writes: named texts, kept in the browser's storage.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use yew::Reducible;

use crate::examples::EXAMPLES;
use crate::storage;

const KEY: &str = "kubarium.documents";
const DOCUMENTS_MAX: usize = 100;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    pub name: String,
    pub text: Rc<str>,
    /// The text that was applied last.
    pub applied: Option<Rc<str>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Documents {
    pub all: Vec<Document>,
    pub current: usize,
    /// Moves when the text was changed by something other than the editor.
    #[serde(skip)]
    pub loaded: u32,
}

pub enum Change {
    Edit(String),
    Select(usize),
    Add { name: String, text: String },
    Rename(String),
    Delete,
    Applied,
}

impl Default for Documents {
    fn default() -> Self {
        let all = EXAMPLES.iter().take(1).map(|example| Document {
            name: example.name.to_owned(),
            text: example.text.into(),
            applied: None,
        });
        Documents { all: all.collect(), current: 0, loaded: 0 }
    }
}

impl Documents {
    pub fn load() -> Self {
        let mut kept = storage::load::<Documents>(KEY).unwrap_or_default();
        if kept.all.is_empty() {
            kept = Documents::default();
        }
        kept.current = kept.current.min(kept.all.len().saturating_sub(1));
        for document in &mut kept.all {
            // The cluster is a new one.
            document.applied = None;
        }
        kept
    }

    pub fn current(&self) -> Option<&Document> {
        self.all.get(self.current)
    }

    /// `web.yaml`, or `web-2.yaml` where that is taken.
    fn free_name(&self, wanted: &str) -> String {
        let wanted = clean(wanted);
        let taken = |name: &str| self.all.iter().any(|document| document.name == name);
        if !taken(&wanted) {
            return wanted;
        }
        let (stem, end) = wanted.rsplit_once('.').unwrap_or((&wanted, "yaml"));
        let mut names = (2..).map(|number| format!("{stem}-{number}.{end}"));
        names.find(|name| !taken(name)).unwrap_or(wanted)
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Edit(text) => {
                if let Some(document) = self.all.get_mut(self.current) {
                    document.text = text.into();
                }
            }
            Change::Select(index) => {
                self.current = index.min(self.all.len().saturating_sub(1));
                self.loaded += 1;
            }
            Change::Add { name, text } => {
                if self.all.len() >= DOCUMENTS_MAX {
                    return;
                }
                let name = self.free_name(&name);
                self.all.push(Document { name, text: text.into(), applied: None });
                self.current = self.all.len() - 1;
                self.loaded += 1;
            }
            Change::Rename(name) => {
                let current = self.current().map(|document| document.name.clone());
                if current.as_ref() != Some(&clean(&name)) {
                    let name = self.free_name(&name);
                    if let Some(document) = self.all.get_mut(self.current) {
                        document.name = name;
                    }
                }
            }
            Change::Delete => {
                if self.current < self.all.len() {
                    self.all.remove(self.current);
                }
                if self.all.is_empty() {
                    *self = Documents { loaded: self.loaded, ..Documents::default() };
                }
                self.current = self.current.min(self.all.len() - 1);
                self.loaded += 1;
            }
            Change::Applied => {
                if let Some(document) = self.all.get_mut(self.current) {
                    document.applied = Some(document.text.clone());
                }
            }
        }
    }
}

/// A file name that the terminal needs no quotes for.
fn clean(name: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let name: String = name.trim().chars().take(60).map(kept).collect();
    let name = name.trim_matches(['-', '.']).to_owned();
    match name.rsplit_once('.') {
        _ if name.is_empty() => "manifest.yaml".to_owned(),
        Some((_, "yaml" | "yml" | "json")) => name,
        _ => name + ".yaml",
    }
}

impl Reducible for Documents {
    type Action = Change;

    fn reduce(self: Rc<Self>, change: Change) -> Rc<Self> {
        let mut next = (*self).clone();
        next.apply(change);
        storage::save(KEY, &next);
        Rc::new(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_clean_and_unique() {
        assert_eq!(clean("  my file (1)"), "my-file--1.yaml");
        assert_eq!(clean("../../etc/passwd"), "etc-passwd.yaml");
        assert_eq!(clean("///"), "manifest.yaml");
        let mut documents = Documents::default();
        documents.all.push(Document { name: "a.yaml".into(), text: "".into(), applied: None });
        assert_eq!(documents.free_name("a.yaml"), "a-2.yaml");
    }
}
