//! Managed fields: who owns which fields of an object. Every write is tracked; what the cluster's
//! components write of the kinds that there are many of is noted without sets (see `derived`).
// Models apimachinery/pkg/util/managedfields.

mod apply;
mod derived;
mod forms;
mod owners;
mod track;

pub(crate) use apply::Applied;
pub(crate) use forms::Forms;
pub(crate) use track::Tracker;

use std::sync::Arc;

use api::Obj;
use apimachinery::managed::{Fields, Managed, ManagedEntry};
use apimachinery::wire::Wire;
use serde_json::{Value, json};

use crate::resources::Resource;
use crate::server::ApiServer;
use owners::Owner;

impl ApiServer {
    /// `metadata.managedFields` as clients read it; none if nobody is tracked.
    pub(crate) fn managed_fields(&self, resource: &Resource, object: &Obj) -> Option<Value> {
        let managed = object.meta().managed.as_ref()?;
        let forms = Forms::new(&self.resources, resource);
        let owners = derived::owners(&forms, object, managed);
        let mut listed: Vec<(&ManagedEntry, &Owner)> =
            managed.entries.iter().zip(&owners).collect();
        listed.retain(|(_, owner)| !owner.set.is_empty());
        Some(listed.into_iter().map(|(entry, owner)| encode(entry, owner)).collect())
    }
}

fn encode(entry: &ManagedEntry, owner: &Owner) -> Value {
    let writer = &entry.writer;
    let mut out = json!({
        "apiVersion": writer.api_version.as_str(),
        "fieldsType": "FieldsV1",
        "fieldsV1": owner.set.to_fields_v1(),
        "manager": writer.manager.as_str(),
        "operation": writer.operation.as_str(),
    });
    if let Some(map) = out.as_object_mut() {
        if !writer.subresource.is_empty() {
            map.insert("subresource".to_owned(), writer.subresource.as_str().into());
        }
        if let Some(time) = entry.time {
            map.insert("time".to_owned(), time.to_value());
        }
    }
    out
}

/// Owners back into the form that is kept.
fn kept(owners: Vec<Owner>, tracker: &mut Tracker) -> Option<Arc<Managed>> {
    let entry = |owner: Owner| ManagedEntry {
        writer: owner.writer,
        time: owner.time,
        fields: Fields::Set(tracker.intern(owner.set)),
    };
    let mut managed = Managed { entries: owners.into_iter().map(entry).collect() };
    managed.sort();
    (!managed.entries.is_empty()).then(|| Arc::new(managed))
}
