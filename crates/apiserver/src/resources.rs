//! The resources that are served: how each is decoded, where it is stored.

use std::sync::Arc;

use api::object::Column;
use api::{KindEntry, KindInfo, Obj};
use apimachinery::gvk::GroupResource;
use apimachinery::status::{Reason, Status};
use apimachinery::wire::WireError;
use etcd::TableId;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use schema::{Schema, TypeId};
use serde_json::Value;
use smol_str::SmolStr;

use crate::unstructured::{self, Unstructured};

/// How objects of a resource are made.
enum Decode {
    Typed(fn(Value) -> Result<Obj, WireError>),
    Untyped(&'static KindInfo),
}

/// One served resource.
pub(crate) struct Resource {
    info: KindInfo,
    decode: Decode,
    pub columns: &'static [Column],
    pub table: TableId,
    /// Its type in the schema.
    pub type_id: Option<TypeId>,
    pub is_pod: bool,
    pub is_service: bool,
    pub is_namespace: bool,
    pub is_event: bool,
    pub is_endpoints: bool,
    /// Its objects change what admission adds to pods.
    pub changes_admission: bool,
}

impl Resource {
    fn new(info: KindInfo, decode: Decode, columns: &'static [Column], table: TableId) -> Self {
        let gvk = &info.gvk;
        let type_id = Schema::get().type_for(&gvk.group, &gvk.version, &gvk.kind);
        let core = |plural| info.resource == GroupResource::fixed("", plural);
        Resource {
            is_pod: core("pods"),
            is_service: core("services"),
            is_namespace: core("namespaces"),
            is_event: core("events"),
            is_endpoints: core("endpoints"),
            changes_admission: info.resource.resource == "priorityclasses",
            info,
            decode,
            columns,
            table,
            type_id,
        }
    }

    pub fn info(&self) -> &KindInfo {
        &self.info
    }

    pub fn name(&self) -> &GroupResource {
        &self.info.resource
    }

    pub fn plural(&self) -> &str {
        &self.info.resource.resource
    }

    /// From the JSON form, already checked against the schema.
    pub fn decode(&self, value: Value) -> Result<Obj, WireError> {
        match self.decode {
            Decode::Typed(decode) => decode(value),
            Decode::Untyped(info) => Unstructured::decode(info, value),
        }
    }

    pub fn has_subresource(&self, name: &str) -> bool {
        self.info.subresources.contains(&name)
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
    /// Kinds with a type of their own first, then all others of the schema.
    pub fn new(mut add_table: impl FnMut() -> TableId) -> Self {
        let mut by_table: Vec<Arc<Resource>> = Vec::new();
        for entry in api::kinds::kinds() {
            let KindEntry { info, columns, decode } = entry;
            let resource = Resource::new(info, Decode::Typed(decode), columns, add_table());
            by_table.push(Arc::new(resource));
        }
        for info in unstructured::infos() {
            if by_table.iter().any(|resource| *resource.name() == info.resource) {
                continue;
            }
            let (decode, columns) = (Decode::Untyped(info), unstructured::COLUMNS);
            let resource = Resource::new(info.clone(), decode, columns, add_table());
            by_table.push(Arc::new(resource));
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
