//! Who manages which fields of an object: `metadata.managedFields`, kept small and shared.
//! Objects that only the cluster's own components write need no sets at all: what a component
//! manages follows from the object itself (`Fields::Main`, `Fields::Status`).

use std::sync::Arc;

use smol_str::SmolStr;

use crate::field_set::FieldSet;
use crate::time::Time;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    Apply,
    Update,
}

impl Operation {
    pub const fn as_str(self) -> &'static str {
        match self {
            Operation::Apply => "Apply",
            Operation::Update => "Update",
        }
    }
}

/// Who wrote, how, and through which subresource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Writer {
    pub manager: SmolStr,
    pub operation: Operation,
    pub api_version: SmolStr,
    pub subresource: SmolStr,
}

impl Writer {
    /// Whether both are one manager. An applier stays the same in another version.
    pub fn same_as(&self, other: &Writer) -> bool {
        self.manager == other.manager
            && self.operation == other.operation
            && self.subresource == other.subresource
            && (self.operation == Operation::Apply || self.api_version == other.api_version)
    }
}

/// What a manager owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fields {
    Set(Arc<FieldSet>),
    /// What components write of this kind outside its status.
    Main,
    /// What components write of this kind's status.
    Status,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedEntry {
    pub writer: Arc<Writer>,
    pub time: Option<Time>,
    pub fields: Fields,
}

/// All managers of an object, in upstream's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Managed {
    pub entries: Vec<ManagedEntry>,
}

impl Managed {
    /// Sorts as upstream does. Models managedfields/internal/managedfields.go.
    pub fn sort(&mut self) {
        self.entries.sort_by(|a, b| {
            let key = |entry: &ManagedEntry| {
                let time = entry.time.map_or(0, |time| time.0);
                (entry.writer.operation, time)
            };
            let names = |entry: &ManagedEntry| {
                let writer = &entry.writer;
                (writer.manager.clone(), writer.api_version.clone(), writer.subresource.clone())
            };
            key(a).cmp(&key(b)).then_with(|| names(a).cmp(&names(b)))
        });
    }
}
