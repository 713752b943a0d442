//! Resources without a type of their own: stored and served in their JSON form, checked against
//! the schema. What upstream defaults, validates or prints for them in particular is not done.

use std::any::Any;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use api::object::Column;
use api::{KindInfo, Obj, Object};
use apimachinery::gvk::{GroupResource, Gvk};
use apimachinery::labels::LabelSelector;
use apimachinery::meta::ObjectMeta;
use apimachinery::status::FieldErrors;
use apimachinery::time::Time;
use apimachinery::wire::{Wire, WireError, take_object};
use schema::Schema;
use serde_json::{Map, Value};
use smol_str::SmolStr;

/// An object in its JSON form; only its metadata is typed.
#[derive(Clone, Debug)]
pub struct Unstructured {
    info: &'static KindInfo,
    metadata: ObjectMeta,
    fields: Map<String, Value>,
}

/// Verbs of a resource that is an object one can keep.
const VERBS: [&str; 5] = ["create", "delete", "get", "list", "update"];

fn stored(resource: &schema::Resource) -> bool {
    VERBS.iter().all(|verb| resource.verbs.contains(verb))
}

fn info_of(resource: &schema::Resource) -> KindInfo {
    let subresources: Vec<&'static str> =
        resource.subresources.iter().map(|subresource| subresource.name).collect();
    KindInfo {
        gvk: Gvk::fixed(resource.group, resource.version, resource.kind),
        resource: GroupResource::fixed(resource.group, resource.plural),
        namespaced: resource.namespaced,
        subresources: Vec::leak(subresources),
    }
}

/// Every resource of the schema that is kept, in discovery order, at its preferred version. Made
/// once for the whole process.
pub(crate) fn infos() -> &'static [KindInfo] {
    static INFOS: OnceLock<Vec<KindInfo>> = OnceLock::new();
    INFOS.get_or_init(|| {
        let mut seen = BTreeSet::new();
        let resources = Schema::get().resources().iter().filter(|resource| stored(resource));
        let first = resources.filter(|resource| seen.insert((resource.group, resource.plural)));
        first.map(info_of).collect()
    })
}

impl Unstructured {
    pub(crate) fn decode(info: &'static KindInfo, value: Value) -> Result<Obj, WireError> {
        let mut fields = take_object(value)?;
        fields.remove("apiVersion");
        fields.remove("kind");
        let metadata = fields.remove("metadata").unwrap_or_default();
        let metadata = match metadata {
            Value::Null => ObjectMeta::default(),
            value => ObjectMeta::from_value(value).map_err(|error| error.under("metadata"))?,
        };
        Ok(Arc::new(Unstructured { info, metadata, fields }))
    }

    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    fn has_status(&self) -> bool {
        self.info.subresources.contains(&"status")
    }

    fn replicas(&self, part: &str) -> i32 {
        let count = self.fields.get(part).and_then(|part| part.get("replicas"));
        count.and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok()).unwrap_or(0)
    }

    fn take_from(&mut self, name: &str, old: &Unstructured) {
        match old.fields.get(name) {
            Some(value) => self.fields.insert(name.to_owned(), value.clone()),
            None => self.fields.remove(name),
        };
    }
}

fn same_kind(object: &dyn Object) -> Option<&Unstructured> {
    object.as_any().downcast_ref::<Unstructured>()
}

impl Object for Unstructured {
    fn info(&self) -> KindInfo {
        self.info.clone()
    }

    fn gvk(&self) -> Gvk {
        self.info.gvk.clone()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn to_wire(&self) -> Value {
        let mut map = self.fields.clone();
        map.insert("apiVersion".into(), self.info.gvk.api_version().as_str().into());
        map.insert("kind".into(), self.info.gvk.kind.as_str().into());
        map.insert("metadata".into(), self.metadata.to_value());
        Value::Object(map)
    }

    fn clone_object(&self) -> Obj {
        Arc::new(self.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn into_any_arc(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }

    fn set_defaults(&mut self) {}

    fn prepare_for_create(&mut self) {
        if self.has_status() {
            self.fields.remove("status");
        }
        if self.fields.contains_key("spec") {
            self.metadata.generation = 1;
        }
    }

    fn prepare_for_update(&mut self, old: &dyn Object) {
        let Some(old) = same_kind(old) else { return };
        if self.has_status() {
            self.take_from("status", old);
        }
        if self.fields.get("spec") != old.fields.get("spec") {
            self.metadata.generation = old.metadata.generation + 1;
        }
    }

    fn prepare_for_status_update(&mut self, old: &dyn Object) {
        let Some(old) = same_kind(old) else { return };
        let status = self.fields.remove("status");
        self.fields = old.fields.clone();
        match status {
            Some(status) => self.fields.insert("status".to_owned(), status),
            None => self.fields.remove("status"),
        };
        self.metadata.labels = old.metadata.labels.clone();
        self.metadata.owner_references = old.metadata.owner_references.clone();
    }

    fn validate(&self) -> FieldErrors {
        FieldErrors::new()
    }

    fn validate_update(&self, _: &dyn Object) -> FieldErrors {
        FieldErrors::new()
    }

    fn validate_status_update(&self, _: &dyn Object) -> FieldErrors {
        FieldErrors::new()
    }

    fn same_as(&self, other: &dyn Object) -> bool {
        same_kind(other).is_some_and(|other| {
            self.info.resource == other.info.resource
                && self.metadata == other.metadata
                && self.fields == other.fields
        })
    }

    fn columns(&self) -> Cow<'static, [Column]> {
        Cow::Borrowed(COLUMNS)
    }

    fn row(&self, now: Time) -> Vec<Value> {
        vec![self.metadata.name.as_str().into(), api::object::age(&self.metadata, now).into()]
    }

    fn selectable_fields(&self) -> Vec<(&'static str, SmolStr)> {
        Vec::new()
    }

    fn node_name(&self) -> &str {
        ""
    }

    fn scale(&self) -> Option<(i32, i32, String)> {
        if !self.info.subresources.contains(&"scale") {
            return None;
        }
        let selector = self.fields.get("spec").and_then(|spec| spec.get("selector")).cloned();
        let selector = selector.and_then(|value| LabelSelector::from_value(value).ok());
        let text = selector.map(|selector| selector.format()).unwrap_or_default();
        Some((self.replicas("spec"), self.replicas("status"), text))
    }

    fn set_scale(&mut self, replicas: i32) {
        let spec = self.fields.entry("spec").or_insert_with(|| Value::Object(Map::new()));
        if let Some(spec) = spec.as_object_mut() {
            spec.insert("replicas".to_owned(), replicas.into());
        }
    }

    fn default_grace_period(&self) -> Option<i64> {
        None
    }
}

/// What the server's table shows of them.
pub(crate) const COLUMNS: &[Column] = &[Column::text("Name"), Column::text("Age")];
