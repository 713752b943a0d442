//! Namespace: a room of names.

use crate::object::{Kind, KindInfo};
use apimachinery::meta::ObjectMeta;
use apimachinery::time::Time;
use apimachinery::wire_struct;
use smol_str::SmolStr;

wire_struct! {
    /// Who must let go before the namespace disappears.
    pub struct NamespaceSpec {
        pub finalizers: Vec<SmolStr> => "finalizers",
    }
}

wire_struct! {
    /// What still stands in the way of deletion.
    pub struct NamespaceCondition {
        pub last_transition_time: Option<Time> => "lastTransitionTime",
        pub message: SmolStr => "message",
        pub reason: SmolStr => "reason",
        pub status: SmolStr => "status" keep,
        pub type_: SmolStr => "type" keep,
    }
}

wire_struct! {
    /// `Active` or `Terminating`.
    pub struct NamespaceStatus {
        pub conditions: Vec<NamespaceCondition> => "conditions",
        pub phase: SmolStr => "phase",
    }
}

wire_struct! {
    /// A room of names.
    pub struct Namespace {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: NamespaceSpec => "spec" keep,
        pub status: NamespaceStatus => "status" keep,
    }
}

impl Kind for Namespace {
    const INFO: KindInfo =
        KindInfo::fixed("", "v1", "Namespace", "namespaces", false, &["finalize", "status"]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
