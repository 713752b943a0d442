//! The API server: answers requests on every kind from the store, and tells watchers of changes.
//! A request goes handler → (decode, default) → admission → strategy and validation → etcd.

mod admission;
mod allocator;
mod authentication;
mod authorization;
mod bootstrap;
mod config;
mod custom;
mod definitions;
mod feed;
mod fields;
mod managed;
mod metrics;
mod node_proxy;
mod registry;
mod resources;
mod reviews;
mod server;
mod services;
mod subresources;
mod tail;
mod templates;
mod unstructured;
mod versioned;
mod warnings;
mod watches;

pub use authentication::path_verb;
pub use client::{ExecResult, LogOptions};
pub use config::{Config, StaticToken};
pub use etcd::Compacted;
pub use node_proxy::NodeProxy;
pub use server::{ApiServer, CallCx};
pub use tail::{Tail, TailError};
pub use unstructured::Unstructured;
pub use watches::WatcherId;
