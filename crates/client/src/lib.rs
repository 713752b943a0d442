//! The contract between the API server and everything that talks to it, and what every client
//! shares: requests, watches, components, work queues, the event recorder, the physical network.

pub mod api;
pub mod component;
pub mod fabric;
pub mod informer;
pub mod metrics;
pub mod recorder;
pub mod request;
mod saved;
pub mod trace;
pub mod watch;
pub mod work_queue;

pub use api::{Api, ApiExt};
pub use component::{Component, Ctx, Timers};
pub use fabric::Fabric;
pub use informer::{Delta, Store};
pub use recorder::EventRecorder;
pub use request::{
    Accept, Body, Cell, Credentials, DeleteOptions, ExecResult, Impersonate, List, ListOptions,
    LogOptions, PatchType, Propagation, Reply, ReplyBody, Request, Table, TableRow, User, Verb,
};
pub use trace::{Trace, TraceKind};
pub use watch::{WatchEvent, WatchFilter, WatchKind, WatchSpec};
pub use work_queue::WorkQueue;
