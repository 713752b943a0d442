//! The resources that are served: how each is decoded, where it is stored.

use std::sync::Arc;

use api::{KindEntry, KindInfo};
use apimachinery::gvk::GroupResource;
use apimachinery::status::{Reason, Status};
use etcd::TableId;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use schema::{Schema, TypeId};
use smol_str::SmolStr;

/// One served resource.
pub(crate) struct Resource {
    pub entry: KindEntry,
    pub table: TableId,
    /// Its type in the schema.
    pub type_id: Option<TypeId>,
    pub is_pod: bool,
    pub is_service: bool,
    pub is_namespace: bool,
    pub is_event: bool,
    /// Its objects change what admission adds to pods.
    pub changes_admission: bool,
}

impl Resource {
    fn new(entry: KindEntry, table: TableId) -> Self {
        let gvk = &entry.info.gvk;
        let type_id = Schema::get().type_for(&gvk.group, &gvk.version, &gvk.kind);
        let core = |plural| entry.info.resource == GroupResource::fixed("", plural);
        Resource {
            is_pod: core("pods"),
            is_service: core("services"),
            is_namespace: core("namespaces"),
            is_event: core("events"),
            changes_admission: entry.info.resource.resource == "priorityclasses",
            entry,
            table,
            type_id,
        }
    }

    pub fn info(&self) -> &KindInfo {
        &self.entry.info
    }

    pub fn name(&self) -> &GroupResource {
        &self.entry.info.resource
    }

    pub fn plural(&self) -> &str {
        &self.entry.info.resource.resource
    }

    pub fn has_subresource(&self, name: &str) -> bool {
        self.entry.info.subresources.contains(&name)
    }
}

/// All of them, by name.
pub(crate) struct Resources {
    by_name: IndexMap<GroupResource, Arc<Resource>, FxBuildHasher>,
    by_table: Vec<Arc<Resource>>,
}

/// What a server says of a path that it does not know.
pub(crate) fn unknown_resource() -> Box<Status> {
    Status::new(Reason::NotFound, "the server could not find the requested resource")
}

impl Resources {
    pub fn new(entries: Vec<KindEntry>, mut add_table: impl FnMut() -> TableId) -> Self {
        let mut by_table: Vec<Arc<Resource>> = Vec::new();
        for entry in entries {
            if !by_table.iter().any(|resource| *resource.name() == entry.info.resource) {
                by_table.push(Arc::new(Resource::new(entry, add_table())));
            }
        }
        let by_name = by_table.iter().map(|r| (r.name().clone(), Arc::clone(r))).collect();
        Resources { by_name, by_table }
    }

    pub fn find(
        &self,
        name: &GroupResource,
        version: &SmolStr,
    ) -> Result<Arc<Resource>, Box<Status>> {
        match self.by_name.get(name) {
            Some(resource) if version.is_empty() || *version == resource.info().gvk.version => {
                Ok(Arc::clone(resource))
            }
            _ => Err(unknown_resource()),
        }
    }

    pub fn get(&self, name: &GroupResource) -> Option<&Arc<Resource>> {
        self.by_name.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.by_table.iter()
    }
}
