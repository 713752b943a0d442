//! events.k8s.io: the newer form of events.

pub mod event;
