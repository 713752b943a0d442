//! What the API server must know of a kind: one `impl Kind` beside its type says it all.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use apimachinery::gvk::{GroupResource, Gvk};
use apimachinery::meta::ObjectMeta;
use apimachinery::status::FieldErrors;
use apimachinery::time::Time;
use apimachinery::wire::{Wire, WireError};
use serde_json::{Map, Value};
use smol_str::SmolStr;

/// Names and scope of a kind, as discovery gives them.
#[derive(Clone, Debug)]
pub struct KindInfo {
    pub gvk: Gvk,
    /// Plural, as in paths.
    pub resource: GroupResource,
    pub namespaced: bool,
    pub subresources: &'static [&'static str],
}

impl KindInfo {
    pub const fn fixed(
        group: &'static str,
        version: &'static str,
        kind: &'static str,
        plural: &'static str,
        namespaced: bool,
        subresources: &'static [&'static str],
    ) -> Self {
        KindInfo {
            gvk: Gvk::fixed(group, version, kind),
            resource: GroupResource::fixed(group, plural),
            namespaced,
            subresources,
        }
    }
}

/// A further version in which a kind is served, kept in the form of the kind itself. The group may
/// be another one, as with the events of `events.k8s.io`.
#[derive(Clone, Debug)]
pub struct Version {
    pub info: KindInfo,
    /// From the stored form to this one; neither carries `apiVersion` and `kind`.
    pub from_stored: fn(Map<String, Value>) -> Map<String, Value>,
    pub to_stored: fn(Map<String, Value>) -> Map<String, Value>,
    /// The fields that can be selected by and their names in the stored form, if they differ.
    pub fields: Option<&'static [(&'static str, &'static str)]>,
    /// What this version refuses further of a new object, or of an update of an old one.
    pub validate: fn(&dyn Object, Option<&dyn Object>) -> FieldErrors,
}

impl Version {
    /// A version that differs in its form only.
    pub const fn fixed(
        info: KindInfo,
        from_stored: fn(Map<String, Value>) -> Map<String, Value>,
        to_stored: fn(Map<String, Value>) -> Map<String, Value>,
    ) -> Self {
        Version { info, from_stored, to_stored, fields: None, validate: |_, _| FieldErrors::new() }
    }
}

/// A column of the server's tables. `wide` columns show with `-o wide` only.
#[derive(Clone, Debug)]
pub struct Column {
    pub name: SmolStr,
    /// `string`, `integer`, `boolean` or `date`.
    pub type_: &'static str,
    pub wide: bool,
}

impl Column {
    pub const fn text(name: &'static str) -> Self {
        Column { name: SmolStr::new_static(name), type_: "string", wide: false }
    }
    pub const fn number(name: &'static str) -> Self {
        Column { name: SmolStr::new_static(name), type_: "integer", wide: false }
    }
    pub const fn date(name: &'static str) -> Self {
        Column { name: SmolStr::new_static(name), type_: "date", wide: false }
    }
    pub const fn flag(name: &'static str) -> Self {
        Column { name: SmolStr::new_static(name), type_: "boolean", wide: false }
    }
    pub const fn wide(name: &'static str) -> Self {
        Column { name: SmolStr::new_static(name), type_: "string", wide: true }
    }
}

/// An API type together with its strategy. Adding a kind is one file with this impl and one line
/// in `kinds.rs`.
pub trait Kind: Wire + Clone + PartialEq + fmt::Debug + Send + Sync + 'static {
    const INFO: KindInfo;

    /// Versions beside the stored one.
    const VERSIONS: &'static [Version] = &[];

    fn meta(&self) -> &ObjectMeta;
    fn meta_mut(&mut self) -> &mut ObjectMeta;

    /// Fills what upstream's defaulting fills. Models pkg/apis/*/v1/defaults.go.
    fn set_defaults(&mut self) {}

    /// Drops what a creator may not set and starts the generation. Models the registry strategies'
    /// `PrepareForCreate`.
    fn prepare_for_create(&mut self) {}

    /// Keeps what an update may not change (status, when the main resource is updated) and moves
    /// the generation when the spec changed. Models `PrepareForUpdate`.
    fn prepare_for_update(&mut self, _old: &Self) {}

    /// The same for the status subresource: keeps everything but status (and what status updates
    /// may touch).
    fn prepare_for_status_update(&mut self, _old: &Self) {}

    /// Models pkg/apis/*/validation.
    fn validate(&self) -> FieldErrors {
        FieldErrors::new()
    }

    fn validate_update(&self, _old: &Self) -> FieldErrors {
        FieldErrors::new()
    }

    /// What an update of the status may not say.
    fn validate_status_update(&self, _old: &Self) -> FieldErrors {
        FieldErrors::new()
    }

    /// Columns of the server's table, `Name` first, in upstream's order.
    fn columns() -> &'static [Column] {
        const { &[Column::text("Name"), Column::text("Age")] }
    }

    /// One cell a column. `now` is for ages. Models pkg/printers/internalversion/printers.go.
    fn row(&self, now: Time) -> Vec<Value> {
        vec![self.meta().name.as_str().into(), age(self.meta(), now).into()]
    }

    /// Fields a field selector may name beside `metadata.name` and `metadata.namespace`.
    fn selectable_fields(&self) -> Vec<(&'static str, SmolStr)> {
        Vec::new()
    }

    /// The node whose kubelet watches this object by `spec.nodeName`.
    fn node_name(&self) -> &str {
        ""
    }

    /// `(spec.replicas, status.replicas, status selector text)` for kinds with a scale.
    fn scale(&self) -> Option<(i32, i32, String)> {
        None
    }

    fn set_scale(&mut self, _replicas: i32) {}

    /// The grace period with which a delete without one begins; `None` deletes at once.
    /// Models pkg/registry/core/pod/strategy.go `CheckGracefulDelete`.
    fn default_grace_period(&self) -> Option<i64> {
        None
    }
}

/// Age of an object as kubectl prints it.
pub fn age(meta: &ObjectMeta, now: Time) -> String {
    since(meta.creation_timestamp, now)
}

/// How long something is ago, as tables print it.
pub fn since(time: Option<Time>, now: Time) -> String {
    match time {
        Some(time) => apimachinery::duration::human_duration(now.0.saturating_sub(time.0)),
        None => "<unknown>".to_owned(),
    }
}

/// Any API object behind a pointer. Every `Kind` is one.
pub trait Object: Any + fmt::Debug + Send + Sync {
    fn info(&self) -> KindInfo;
    fn gvk(&self) -> Gvk;
    fn meta(&self) -> &ObjectMeta;
    fn meta_mut(&mut self) -> &mut ObjectMeta;
    /// The JSON form with `apiVersion` and `kind`.
    fn to_wire(&self) -> Value;
    fn clone_object(&self) -> Obj;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn into_any_arc(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;

    fn set_defaults(&mut self);
    fn prepare_for_create(&mut self);
    /// `old` is of the same kind; of another kind it is ignored.
    fn prepare_for_update(&mut self, old: &dyn Object);
    fn prepare_for_status_update(&mut self, old: &dyn Object);
    fn validate(&self) -> FieldErrors;
    fn validate_update(&self, old: &dyn Object) -> FieldErrors;
    fn validate_status_update(&self, old: &dyn Object) -> FieldErrors;
    /// Whether the other is of the same kind and equal in everything.
    fn same_as(&self, other: &dyn Object) -> bool;
    fn columns(&self) -> Cow<'static, [Column]>;
    fn row(&self, now: Time) -> Vec<Value>;
    fn selectable_fields(&self) -> Vec<(&'static str, SmolStr)>;
    fn node_name(&self) -> &str;
    fn scale(&self) -> Option<(i32, i32, String)>;
    fn set_scale(&mut self, replicas: i32);
    fn default_grace_period(&self) -> Option<i64>;
}

/// A shared, immutable API object.
pub type Obj = Arc<dyn Object>;

/// Borrows the typed object, if it is of that kind.
pub fn as_kind<K: Kind>(object: &dyn Object) -> Option<&K> {
    object.as_any().downcast_ref::<K>()
}

/// The typed pointer, if it is of that kind.
pub fn to_kind<K: Kind>(object: &Obj) -> Option<Arc<K>> {
    Arc::clone(object).into_any_arc().downcast::<K>().ok()
}

/// Writable access to an object behind its pointer, copying it first if it is shared.
pub fn make_mut(object: &mut Obj) -> &mut dyn Object {
    if Arc::get_mut(object).is_none() {
        *object = object.clone_object();
    }
    // A fresh clone has one owner; `unreachable!` documents that and cannot be reached by input.
    match Arc::get_mut(object) {
        Some(inner) => inner,
        None => unreachable!("a fresh object has one owner"),
    }
}

impl<K: Kind> Object for K {
    fn info(&self) -> KindInfo {
        K::INFO
    }
    fn gvk(&self) -> Gvk {
        K::INFO.gvk
    }
    fn meta(&self) -> &ObjectMeta {
        Kind::meta(self)
    }
    fn meta_mut(&mut self) -> &mut ObjectMeta {
        Kind::meta_mut(self)
    }
    fn to_wire(&self) -> Value {
        let mut value = self.to_value();
        if let Some(map) = value.as_object_mut() {
            map.insert("apiVersion".into(), K::INFO.gvk.api_version().as_str().into());
            map.insert("kind".into(), K::INFO.gvk.kind.as_str().into());
        }
        value
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
        Kind::set_defaults(self);
    }
    fn prepare_for_create(&mut self) {
        Kind::prepare_for_create(self);
    }
    fn prepare_for_update(&mut self, old: &dyn Object) {
        if let Some(old) = as_kind::<K>(old) {
            Kind::prepare_for_update(self, old);
        }
    }
    fn prepare_for_status_update(&mut self, old: &dyn Object) {
        if let Some(old) = as_kind::<K>(old) {
            Kind::prepare_for_status_update(self, old);
        }
    }
    fn validate(&self) -> FieldErrors {
        Kind::validate(self)
    }
    fn validate_update(&self, old: &dyn Object) -> FieldErrors {
        as_kind::<K>(old).map_or_else(FieldErrors::new, |old| Kind::validate_update(self, old))
    }
    fn validate_status_update(&self, old: &dyn Object) -> FieldErrors {
        as_kind::<K>(old)
            .map_or_else(FieldErrors::new, |old| Kind::validate_status_update(self, old))
    }
    fn same_as(&self, other: &dyn Object) -> bool {
        as_kind::<K>(other).is_some_and(|other| self == other)
    }
    fn columns(&self) -> Cow<'static, [Column]> {
        Cow::Borrowed(K::columns())
    }
    fn row(&self, now: Time) -> Vec<Value> {
        Kind::row(self, now)
    }
    fn selectable_fields(&self) -> Vec<(&'static str, SmolStr)> {
        Kind::selectable_fields(self)
    }
    fn node_name(&self) -> &str {
        Kind::node_name(self)
    }
    fn scale(&self) -> Option<(i32, i32, String)> {
        Kind::scale(self)
    }
    fn set_scale(&mut self, replicas: i32) {
        Kind::set_scale(self, replicas);
    }
    fn default_grace_period(&self) -> Option<i64> {
        Kind::default_grace_period(self)
    }
}

/// How the registry makes objects of a kind.
#[derive(Clone)]
pub struct KindEntry {
    pub info: KindInfo,
    pub columns: &'static [Column],
    pub versions: &'static [Version],
    /// From the JSON form, already checked against the schema. `apiVersion` and `kind` are ignored.
    pub decode: fn(Value) -> Result<Obj, WireError>,
}

impl KindEntry {
    pub fn of<K: Kind>() -> Self {
        KindEntry {
            info: K::INFO,
            columns: K::columns(),
            versions: K::VERSIONS,
            decode: |mut value| {
                if let Some(map) = value.as_object_mut() {
                    map.remove("apiVersion");
                    map.remove("kind");
                }
                K::from_value(value).map(|object| Arc::new(object) as Obj)
            },
        }
    }
}
