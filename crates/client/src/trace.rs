//! Who talked to whom, about what, and when: what the page animates.

use apimachinery::gvk::GroupResource;
use apimachinery::meta::Key;
use clock::SimTime;
use smol_str::SmolStr;

use crate::request::Verb;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceKind {
    /// A client asks the API server.
    Request(Verb),
    /// The API server writes to etcd.
    Etcd,
    /// The API server tells a watcher.
    Watch,
    /// A request of a client to a service or a pod.
    Packet,
}

/// One message.
#[derive(Clone, Debug)]
pub struct Trace {
    pub kind: TraceKind,
    pub from: SmolStr,
    pub to: SmolStr,
    pub start: SimTime,
    pub end: SimTime,
    pub resource: GroupResource,
    pub key: Key,
    pub subresource: SmolStr,
    /// HTTP status of the answer; zero where there is none.
    pub code: u16,
    /// How many objects it carried.
    pub count: u32,
}
