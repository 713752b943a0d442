//! The resources that are served: how each is decoded, where it is stored.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use api::object::Column;
use api::{KindEntry, KindInfo, Obj, Version};
use apimachinery::gvk::GroupResource;
use apimachinery::status::{Reason, Status};
use apimachinery::wire::WireError;
use etcd::TableId;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use schema::structured::Place;
use schema::{Schema, TypeId};
use serde_json::Value;
use smol_str::SmolStr;

use crate::custom::Custom;
use crate::unstructured::{self, Kindred, Unstructured};
use crate::versioned;

/// How objects of a resource are made.
#[derive(Clone)]
enum Decode {
    Typed(fn(Value) -> Result<Obj, WireError>),
    Untyped(Kindred),
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.info.resource)
    }
}

/// One served resource in one version.
#[derive(Clone)]
pub(crate) struct Resource {
    info: KindInfo,
    decode: Decode,
    /// Set if it is a custom resource.
    pub custom: Option<Arc<Custom>>,
    /// The custom resource definitions themselves.
    pub is_definition: bool,
    /// Set if this is not the version in which the objects are kept.
    pub version: Option<&'static Version>,
    pub columns: Cow<'static, [Column]>,
    pub table: TableId,
    /// Its type in the schema.
    pub type_id: Option<TypeId>,
    pub is_pod: bool,
    pub is_service: bool,
    pub is_namespace: bool,
    pub is_event: bool,
    pub is_endpoints: bool,
    /// A role or a binding.
    pub is_rbac: bool,
    /// Its objects change what admission adds to pods.
    pub changes_admission: bool,
}

impl Resource {
    fn new(info: KindInfo, decode: Decode, columns: &'static [Column], table: TableId) -> Self {
        let type_id = type_of(&info);
        let core = |plural| info.resource == GroupResource::fixed("", plural);
        Resource {
            is_pod: core("pods"),
            is_service: core("services"),
            is_namespace: core("namespaces"),
            is_event: core("events"),
            is_endpoints: core("endpoints"),
            changes_admission: ["limitranges", "priorityclasses"]
                .contains(&info.resource.resource.as_str()),
            is_definition: info.resource
                == GroupResource::fixed("apiextensions.k8s.io", "customresourcedefinitions"),
            custom: None,
            is_rbac: info.resource.group == api::rbac::GROUP,
            info,
            decode,
            version: None,
            columns: Cow::Borrowed(columns),
            table,
            type_id,
        }
    }

    /// The same objects in another version.
    fn in_version(&self, version: &'static Version) -> Self {
        Resource {
            info: version.info.clone(),
            version: Some(version),
            type_id: type_of(&version.info),
            ..self.clone()
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

    /// From the JSON form of this version, already checked against the schema.
    pub fn decode(&self, mut value: Value) -> Result<Obj, WireError> {
        if let Some(version) = self.version {
            value = versioned::to_stored(value, version);
        }
        match &self.decode {
            Decode::Typed(decode) => decode(value),
            Decode::Untyped(kind) => Unstructured::decode(kind.clone(), value),
        }
    }

    /// A stored object in this version.
    pub fn view(&self, object: &Obj) -> Obj {
        match self.version {
            Some(version) => versioned::view(Arc::clone(object), Some(version), None),
            None => Arc::clone(object),
        }
    }

    /// Its type, for structured merges.
    pub fn place(&self) -> Place<'_> {
        match (&self.custom, self.type_id) {
            (Some(custom), _) => Place::CustomRoot(&custom.schema),
            (None, Some(ty)) => Place::Object(ty),
            (None, None) => Place::Deduced,
        }
    }

    /// Whether a component's object is one of these.
    pub fn holds(&self, object: &Obj) -> bool {
        object.info().resource == self.info.resource
    }

    pub fn has_subresource(&self, name: &str) -> bool {
        self.info.subresources.contains(&name)
    }
}

fn type_of(info: &KindInfo) -> Option<TypeId> {
    Schema::get().type_for(&info.gvk.group, &info.gvk.version, &info.gvk.kind)
}

/// All of them, by name.
pub(crate) struct Resources {
    /// The versions of each; the one that requests without a version mean comes first.
    by_name: IndexMap<GroupResource, Vec<Arc<Resource>>, FxBuildHasher>,
    by_table: Vec<Arc<Resource>>,
    /// Versions of custom resources beside the stored ones.
    versions: Vec<&'static Version>,
}

/// What a server says of a path that it does not know.
pub(crate) fn unknown_resource() -> Box<Status> {
    Status::new(Reason::NotFound, "the server could not find the requested resource")
}

impl Resources {
    /// Kinds with a type of their own first, then all others of the schema.
    pub fn new(mut add_table: impl FnMut() -> TableId) -> Self {
        let mut by_table: Vec<Arc<Resource>> = Vec::new();
        let mut further: Vec<Arc<Resource>> = Vec::new();
        for entry in api::kinds::kinds() {
            let KindEntry { info, columns, versions, decode } = entry;
            let resource = Resource::new(info, Decode::Typed(decode), columns, add_table());
            further.extend(versions.iter().map(|version| Arc::new(resource.in_version(version))));
            by_table.push(Arc::new(resource));
        }
        let taken = |info: &KindInfo| {
            let mut known = by_table.iter().chain(&further);
            known.any(|resource| *resource.name() == info.resource)
        };
        let untyped: Vec<&KindInfo> =
            unstructured::infos().iter().filter(|info| !taken(info)).collect();
        for info in untyped {
            let decode = Decode::Untyped(Kindred::Known(info));
            let mut resource =
                Resource::new(info.clone(), decode, unstructured::COLUMNS, add_table());
            if resource.is_definition {
                resource.columns = Cow::Borrowed(unstructured::DEFINITION_COLUMNS);
            }
            by_table.push(Arc::new(resource));
        }
        let mut by_name: IndexMap<_, Vec<_>, _> = IndexMap::default();
        for resource in by_table.iter().chain(&further) {
            by_name.entry(resource.name().clone()).or_default().push(Arc::clone(resource));
        }
        Resources { by_name, by_table, versions: Vec::new() }
    }

    /// Serves a custom resource in these versions; the stored one comes first.
    pub fn serve(&mut self, versions: &[(Arc<Custom>, bool)], add_table: impl FnOnce() -> TableId) {
        let Some((stored, _)) = versions.first() else { return };
        let name = &stored.info.resource;
        let known = self.by_table.iter().position(|resource| resource.name() == name);
        let table = match known.and_then(|at| self.by_table.get(at)) {
            Some(resource) => resource.table,
            None => add_table(),
        };
        let decode = Decode::Untyped(Kindred::Custom(Arc::clone(stored)));
        let first = Resource::new(stored.info.clone(), decode, &[], table);
        let mut served = Vec::new();
        for (index, (custom, is_served)) in versions.iter().enumerate() {
            let version = (index > 0).then(|| self.identity(&custom.info));
            let resource = Arc::new(Resource {
                info: custom.info.clone(),
                columns: Cow::Owned(custom.columns.clone()),
                custom: Some(Arc::clone(custom)),
                version,
                type_id: None,
                ..first.clone()
            });
            if index == 0 {
                match known.and_then(|at| self.by_table.get_mut(at)) {
                    Some(place) => *place = Arc::clone(&resource),
                    None => self.by_table.push(Arc::clone(&resource)),
                }
            }
            if *is_served {
                served.push(resource);
            }
        }
        self.by_name.insert(name.clone(), served);
    }

    /// Serves a custom resource no more.
    pub fn withdraw(&mut self, name: &GroupResource) {
        self.by_name.shift_remove(name);
    }

    /// The custom resources that are served, in the version of each that counts first.
    pub fn custom(&self) -> impl Iterator<Item = &Arc<Custom>> {
        self.by_name.values().flatten().filter_map(|resource| resource.custom.as_ref())
    }

    /// A version that differs from the stored one in its name only. Made once for each name.
    fn identity(&mut self, info: &KindInfo) -> &'static Version {
        let known = self.versions.iter().find(|version| {
            version.info.gvk == info.gvk
                && version.info.resource == info.resource
                && version.info.subresources == info.subresources
        });
        if let Some(version) = known {
            return version;
        }
        let version: &'static Version =
            Box::leak(Box::new(Version::fixed(info.clone(), |map| map, |map| map)));
        self.versions.push(version);
        version
    }

    pub fn find(
        &self,
        name: &GroupResource,
        version: &SmolStr,
    ) -> Result<Arc<Resource>, Box<Status>> {
        let mut versions = self.by_name.get(name).into_iter().flatten();
        versions
            .find(|resource| version.is_empty() || *version == resource.info().gvk.version)
            .map(Arc::clone)
            .ok_or_else(unknown_resource)
    }

    pub fn get(&self, name: &GroupResource) -> Option<&Arc<Resource>> {
        self.by_name.get(name)?.first()
    }

    /// The version of a table's objects by its `apiVersion`.
    pub fn in_version(&self, table: TableId, api_version: &str) -> Option<&Resource> {
        let all = self.by_name.values().flatten().map(Arc::as_ref);
        let mut versions = all.filter(|resource| resource.table == table);
        versions.find(|resource| resource.info.gvk.api_version() == api_version)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.by_table.iter()
    }
}
