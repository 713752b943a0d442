//! Following the history from a revision: what a watch over HTTP reads. A reader has a place and
//! nothing else: a slow one costs no memory, and one that is too slow finds its place compacted.
// Models apiserver/pkg/storage/cacher/cache_watcher.go, and etcd3/watcher.go for what leaves a selection.

use std::fmt;
use std::sync::Arc;

use api::{Obj, make_mut};
use apimachinery::status::{Reason, Status};
use apimachinery::time::Time;
use client::{Request, WatchEvent, WatchKind};
use etcd::Compacted;
use smol_str::SmolStr;

use crate::authorization::Attributes;
use crate::registry::Selection;
use crate::resources::Resource;
use crate::server::{ApiServer, Result};

/// A reader's place in the history of a resource, and what it wants of it.
pub struct Tail {
    resource: Arc<Resource>,
    selection: Selection,
    /// Empty: all.
    namespace: SmolStr,
    managed_fields: bool,
    /// Everything up to this revision has been read.
    pub after: u64,
}

impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} after {}", self.resource.name(), self.after)
    }
}

/// The place is older than the history that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TailError(Compacted);

impl TailError {
    pub fn status(&self) -> Box<Status> {
        Status::new(Reason::Expired, self.0.to_string())
    }
}

impl ApiServer {
    /// Whether whoever sends a list request may watch what it selects.
    pub fn authorize_watch(&self, request: &Request, now: Time) -> Result<()> {
        let Some(credentials) = &request.sender else { return Ok(()) };
        let asked = Attributes { verb: "watch", ..Attributes::of(request) };
        let user = self.identify_for(credentials, now, &asked)?;
        self.authorize(&user, &asked)
    }

    /// A place at the present, for what a list request selects.
    pub fn open_tail(&self, request: &Request) -> Result<Tail> {
        let resource = self.resources.find(&request.resource, &request.version)?;
        let selection = Selection::parse(&resource, &request.list)?;
        let namespaced = resource.info().namespaced;
        let namespace = if namespaced { request.namespace.clone() } else { SmolStr::default() };
        let managed_fields = request.managed_fields;
        Ok(Tail { resource, selection, namespace, managed_fields, after: self.revision() })
    }

    /// Appends at most `limit` changes, oldest first, and moves the place behind them.
    pub fn read_tail(
        &self,
        tail: &mut Tail,
        limit: usize,
        out: &mut Vec<WatchEvent>,
    ) -> std::result::Result<(), TailError> {
        let changes = self.store.table_changes_since(tail.resource.table, tail.after);
        let full = out.len().saturating_add(limit);
        for change in changes.map_err(TailError)? {
            if out.len() >= full {
                return Ok(());
            }
            tail.after = change.revision;
            if !tail.namespace.is_empty() && change.key.namespace != tail.namespace {
                continue;
            }
            let wanted = |object: &&Obj| tail.selection.matches(object);
            let old = change.previous.as_ref().map(|item| &item.value).filter(wanted);
            let new = change.value.as_ref().filter(wanted);
            let (kind, object) = match (old, new) {
                (None, Some(new)) => (WatchKind::Added, Arc::clone(new)),
                (Some(_), Some(new)) => (WatchKind::Modified, Arc::clone(new)),
                (Some(old), None) => (WatchKind::Deleted, at_revision(old, change.revision)),
                (None, None) => continue,
            };
            let view = |object: Obj| match tail.managed_fields {
                true => self.viewed(&tail.resource, &object, true),
                false => tail.resource.view(&object),
            };
            let previous = old.cloned().map(view);
            out.push(WatchEvent { kind, object: view(object), previous });
        }
        tail.after = tail.after.max(self.revision());
        Ok(())
    }
}

/// What is gone is told with the revision at which it went.
fn at_revision(object: &Obj, revision: u64) -> Obj {
    let mut last = Arc::clone(object);
    make_mut(&mut last).meta_mut().resource_version = revision;
    last
}
