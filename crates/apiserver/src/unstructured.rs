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

use crate::custom::{self, Custom, ScalePaths, definition};

/// What is known of a kind without a type.
#[derive(Clone, Debug)]
pub(crate) enum Kindred {
    /// A resource of the schema.
    Known(&'static KindInfo),
    /// A custom resource, in the version in which its objects are kept.
    Custom(Arc<Custom>),
}

impl Kindred {
    fn info(&self) -> &KindInfo {
        match self {
            Kindred::Known(info) => info,
            Kindred::Custom(custom) => &custom.info,
        }
    }

    fn is_definition(&self) -> bool {
        self.info().gvk.kind == "CustomResourceDefinition"
            && self.info().gvk.group == "apiextensions.k8s.io"
    }
}

/// An object in its JSON form; only its metadata is typed.
#[derive(Clone, Debug)]
pub struct Unstructured {
    kind: Kindred,
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
    pub(crate) fn decode(kind: Kindred, value: Value) -> Result<Obj, WireError> {
        let mut fields = take_object(value)?;
        fields.remove("apiVersion");
        fields.remove("kind");
        let metadata = fields.remove("metadata").unwrap_or_default();
        let metadata = match metadata {
            Value::Null => ObjectMeta::default(),
            value => ObjectMeta::from_value(value).map_err(|error| error.under("metadata"))?,
        };
        Ok(Arc::new(Unstructured { kind, metadata, fields }))
    }

    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    pub(crate) fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    pub(crate) fn set_status(&mut self, status: Value) {
        self.fields.insert("status".to_owned(), status);
    }

    fn has_status(&self) -> bool {
        self.kind.info().subresources.contains(&"status")
    }

    fn custom_scale(&self) -> Option<&ScalePaths> {
        match &self.kind {
            Kindred::Custom(custom) => custom.scale.as_ref(),
            Kindred::Known(_) => None,
        }
    }

    fn number(&self, path: &[String]) -> i32 {
        let count = custom::at(&self.fields, path).and_then(Value::as_i64);
        count.and_then(|n| i32::try_from(n).ok()).unwrap_or(0)
    }

    fn replicas(&self, part: &str) -> i32 {
        self.number(&[part.to_owned(), "replicas".to_owned()])
    }

    /// Whether an update moves the generation: of custom objects, anything but the status does.
    fn is_changed(&self, old: &Unstructured) -> bool {
        match &self.kind {
            Kindred::Known(_) => self.fields.get("spec") != old.fields.get("spec"),
            Kindred::Custom(custom) => {
                let counts = |name: &str| !(custom.has_status && name == "status");
                let own = self.fields.iter().filter(|(name, _)| counts(name));
                own.ne(old.fields.iter().filter(|(name, _)| counts(name)))
            }
        }
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
        self.kind.info().clone()
    }

    fn gvk(&self) -> Gvk {
        self.kind.info().gvk.clone()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn to_wire(&self) -> Value {
        let mut map = self.fields.clone();
        let gvk = &self.kind.info().gvk;
        map.insert("apiVersion".into(), gvk.api_version().as_str().into());
        map.insert("kind".into(), gvk.kind.as_str().into());
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

    fn set_defaults(&mut self) {
        match &self.kind {
            Kindred::Custom(custom) => custom.set_defaults(&mut self.fields),
            Kindred::Known(_) if self.kind.is_definition() => {
                definition::set_defaults(&mut self.fields);
            }
            Kindred::Known(_) => {}
        }
    }

    fn prepare_for_create(&mut self) {
        if self.has_status() {
            self.fields.remove("status");
        }
        if self.fields.contains_key("spec") || matches!(self.kind, Kindred::Custom(_)) {
            self.metadata.generation = 1;
        }
        if self.kind.is_definition() {
            definition::begin(&mut self.fields);
        }
    }

    fn prepare_for_update(&mut self, old: &dyn Object) {
        let Some(old) = same_kind(old) else { return };
        if self.has_status() {
            self.take_from("status", old);
        }
        if self.is_changed(old) {
            self.metadata.generation = old.metadata.generation + 1;
        }
        if self.kind.is_definition() {
            definition::carry_stored(&mut self.fields);
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
        match &self.kind {
            Kindred::Custom(custom) => custom.validate(&Value::Object(self.fields.clone())),
            Kindred::Known(_) if self.kind.is_definition() => {
                definition::validate(&self.metadata, &self.fields)
            }
            Kindred::Known(_) => FieldErrors::new(),
        }
    }

    fn validate_update(&self, _: &dyn Object) -> FieldErrors {
        self.validate()
    }

    fn validate_status_update(&self, _: &dyn Object) -> FieldErrors {
        self.validate()
    }

    fn same_as(&self, other: &dyn Object) -> bool {
        same_kind(other).is_some_and(|other| {
            self.kind.info().resource == other.kind.info().resource
                && self.metadata == other.metadata
                && self.fields == other.fields
        })
    }

    fn columns(&self) -> Cow<'static, [Column]> {
        match &self.kind {
            Kindred::Custom(custom) => Cow::Owned(custom.columns.clone()),
            Kindred::Known(_) if self.kind.is_definition() => Cow::Borrowed(DEFINITION_COLUMNS),
            Kindred::Known(_) => Cow::Borrowed(COLUMNS),
        }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        if let Kindred::Custom(custom) = &self.kind {
            return custom.row(&self.to_wire(), now);
        }
        if self.kind.is_definition() {
            let created = self.metadata.creation_timestamp.map(|time| time.to_string());
            return vec![self.metadata.name.as_str().into(), created.unwrap_or_default().into()];
        }
        vec![self.metadata.name.as_str().into(), api::object::age(&self.metadata, now).into()]
    }

    fn selectable_fields(&self) -> Vec<(&'static str, SmolStr)> {
        Vec::new()
    }

    fn node_name(&self) -> &str {
        ""
    }

    fn scale(&self) -> Option<(i32, i32, String)> {
        if let Some(paths) = self.custom_scale() {
            let selector = custom::at(&self.fields, &paths.selector).and_then(Value::as_str);
            let selector = selector.unwrap_or_default().to_owned();
            return Some((self.number(&paths.wanted), self.number(&paths.current), selector));
        }
        if !self.kind.info().subresources.contains(&"scale") {
            return None;
        }
        let selector = self.fields.get("spec").and_then(|spec| spec.get("selector")).cloned();
        let selector = selector.and_then(|value| LabelSelector::from_value(value).ok());
        let text = selector.map(|selector| selector.format()).unwrap_or_default();
        Some((self.replicas("spec"), self.replicas("status"), text))
    }

    fn set_scale(&mut self, replicas: i32) {
        if let Some(path) = self.custom_scale().map(|paths| paths.wanted.clone()) {
            custom::put(&mut self.fields, &path, replicas.into());
            return;
        }
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

/// What it shows of custom resource definitions.
pub(crate) const DEFINITION_COLUMNS: &[Column] =
    &[Column::text("Name"), Column::text("Created At")];
