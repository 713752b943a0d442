//! Watches: what a component asks to be told, and what it is told.

use std::sync::Arc;

use api::{Kind, Obj, to_kind};
use apimachinery::gvk::GroupResource;
use smol_str::SmolStr;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WatchFilter {
    #[default]
    All,
    /// Objects of one node: `spec.nodeName=NAME`. Routed by index, not by looking.
    Node(SmolStr),
    /// Objects of one namespace.
    Namespace(SmolStr),
    /// One object by name (and namespace, if not empty).
    Name { namespace: SmolStr, name: SmolStr },
}

/// A list followed by a watch: the objects that exist come first, as `Added`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchSpec {
    pub resource: GroupResource,
    /// In which version the objects come; empty means the one that they are kept in.
    pub version: SmolStr,
    pub filter: WatchFilter,
    /// Whether the objects' JSON form shows who manages their fields.
    pub managed_fields: bool,
}

impl WatchSpec {
    pub fn new(resource: GroupResource, filter: WatchFilter) -> Self {
        WatchSpec { resource, version: SmolStr::default(), filter, managed_fields: false }
    }

    pub fn all<K: Kind>() -> Self {
        WatchSpec::new(K::INFO.resource, WatchFilter::All)
    }

    pub fn on_node<K: Kind>(node: &str) -> Self {
        WatchSpec::new(K::INFO.resource, WatchFilter::Node(node.into()))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchKind {
    Added,
    Modified,
    Deleted,
}

/// One change. `previous` is what this watcher knew before, so that no one needs a cache only to
/// compare.
#[derive(Clone, Debug)]
pub struct WatchEvent {
    pub kind: WatchKind,
    pub object: Obj,
    pub previous: Option<Obj>,
}

impl WatchEvent {
    pub fn object<K: Kind>(&self) -> Option<Arc<K>> {
        to_kind::<K>(&self.object)
    }

    pub fn previous<K: Kind>(&self) -> Option<Arc<K>> {
        self.previous.as_ref().and_then(to_kind::<K>)
    }

    pub fn is_of<K: Kind>(&self) -> bool {
        self.object.as_any().is::<K>()
    }
}
