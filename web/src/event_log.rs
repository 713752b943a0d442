//! The last Event objects, in the order in which they were said.

use std::collections::VecDeque;
use std::sync::Arc;

use api::Event;
use client::{WatchEvent, WatchKind};

const KEPT_MAX: usize = 2_000;

/// Newest last.
#[derive(Default)]
pub struct EventLog(VecDeque<Arc<Event>>);

impl EventLog {
    pub fn apply(&mut self, changes: &[WatchEvent], relisted: bool) {
        if relisted {
            self.0.clear();
        }
        for change in changes {
            let Some(event) = change.object::<Event>() else { continue };
            // What is said again moves to the end. It is usually young, so look from there.
            let known = self.0.iter().rposition(|old| old.metadata.uid == event.metadata.uid);
            if let Some(at) = known {
                self.0.remove(at);
            }
            if change.kind != WatchKind::Deleted {
                self.0.push_back(event);
            }
            if self.0.len() > KEPT_MAX {
                self.0.pop_front();
            }
        }
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Arc<Event>> {
        self.0.iter().rev()
    }
}

/// When it was said last, in Unix seconds.
pub fn said_at(event: &Event) -> i64 {
    let newer = event.event_time.map(|time| time.0 / 1_000_000);
    event.last_timestamp.map(|time| time.0).or(newer).unwrap_or(0)
}
