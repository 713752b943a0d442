//! An object seen in another version than the one that it is kept in, or with its managed fields:
//! its JSON form and its names are those of the view, everything else is the object's own.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

use api::object::Column;
use api::{KindInfo, Obj, Object, Version, make_mut};
use apimachinery::gvk::Gvk;
use apimachinery::meta::ObjectMeta;
use apimachinery::status::FieldErrors;
use apimachinery::time::Time;
use serde_json::{Map, Value};
use smol_str::SmolStr;

/// An object in one of its further versions, or with its managed fields.
#[derive(Clone, Debug)]
struct Versioned {
    stored: Obj,
    version: Option<&'static Version>,
    managed_fields: Option<Value>,
}

/// The object in this version.
pub(crate) fn view(
    stored: Obj,
    version: Option<&'static Version>,
    managed_fields: Option<Value>,
) -> Obj {
    Arc::new(Versioned { stored, version, managed_fields })
}

/// Reads the JSON form of this version into the stored one.
pub(crate) fn to_stored(value: Value, version: &'static Version) -> Value {
    convert(value, version.to_stored)
}

/// The stored form in this version, without `apiVersion` and `kind`.
pub(crate) fn from_stored(value: Value, version: &'static Version) -> Value {
    convert(value, version.from_stored)
}

fn convert(value: Value, conversion: fn(Map<String, Value>) -> Map<String, Value>) -> Value {
    match value {
        Value::Object(mut map) => {
            map.remove("apiVersion");
            map.remove("kind");
            Value::Object(conversion(map))
        }
        other => other,
    }
}

impl Object for Versioned {
    fn info(&self) -> KindInfo {
        self.version.map_or_else(|| self.stored.info(), |version| version.info.clone())
    }

    fn gvk(&self) -> Gvk {
        self.version.map_or_else(|| self.stored.gvk(), |version| version.info.gvk.clone())
    }

    fn meta(&self) -> &ObjectMeta {
        self.stored.meta()
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        make_mut(&mut self.stored).meta_mut()
    }

    fn to_wire(&self) -> Value {
        let mut value = self.stored.to_wire();
        if let Some(version) = self.version {
            value = from_stored(value, version);
        }
        if let Some(map) = value.as_object_mut() {
            let gvk = self.gvk();
            map.insert("apiVersion".into(), gvk.api_version().as_str().into());
            map.insert("kind".into(), gvk.kind.as_str().into());
        }
        let metadata = value.get_mut("metadata").and_then(Value::as_object_mut);
        if let (Some(metadata), Some(fields)) = (metadata, &self.managed_fields) {
            metadata.insert("managedFields".to_owned(), fields.clone());
        }
        value
    }

    fn clone_object(&self) -> Obj {
        Arc::new(self.clone())
    }

    /// Typed readers get the object itself.
    fn as_any(&self) -> &dyn Any {
        self.stored.as_any()
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        make_mut(&mut self.stored).as_any_mut()
    }

    fn into_any_arc(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        Arc::clone(&self.stored).into_any_arc()
    }

    fn set_defaults(&mut self) {
        make_mut(&mut self.stored).set_defaults();
    }

    fn prepare_for_create(&mut self) {
        make_mut(&mut self.stored).prepare_for_create();
    }

    fn prepare_for_update(&mut self, old: &dyn Object) {
        make_mut(&mut self.stored).prepare_for_update(old);
    }

    fn prepare_for_status_update(&mut self, old: &dyn Object) {
        make_mut(&mut self.stored).prepare_for_status_update(old);
    }

    fn validate(&self) -> FieldErrors {
        self.stored.validate()
    }

    fn validate_update(&self, old: &dyn Object) -> FieldErrors {
        self.stored.validate_update(old)
    }

    fn validate_status_update(&self, old: &dyn Object) -> FieldErrors {
        self.stored.validate_status_update(old)
    }

    fn same_as(&self, other: &dyn Object) -> bool {
        self.stored.same_as(other)
    }

    fn columns(&self) -> Cow<'static, [Column]> {
        self.stored.columns()
    }

    fn row(&self, now: Time) -> Vec<Value> {
        self.stored.row(now)
    }

    fn selectable_fields(&self) -> Vec<(&'static str, SmolStr)> {
        self.stored.selectable_fields()
    }

    fn node_name(&self) -> &str {
        self.stored.node_name()
    }

    fn scale(&self) -> Option<(i32, i32, String)> {
        self.stored.scale()
    }

    fn set_scale(&mut self, replicas: i32) {
        make_mut(&mut self.stored).set_scale(replicas);
    }

    fn default_grace_period(&self) -> Option<i64> {
        self.stored.default_grace_period()
    }
}
