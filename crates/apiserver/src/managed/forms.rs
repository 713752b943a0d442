//! An object's documents in the versions that its managers speak.

use api::Obj;
use apimachinery::field_set::FieldSet;
use schema::structured::{Place, fill_structs};
use serde_json::{Map, Value};

use crate::resources::{Resource, Resources};
use crate::versioned;

/// The versions of one resource.
#[derive(Clone, Copy)]
pub(crate) struct Forms<'a> {
    resources: &'a Resources,
    resource: &'a Resource,
}

impl<'a> Forms<'a> {
    pub fn new(resources: &'a Resources, resource: &'a Resource) -> Self {
        Forms { resources, resource }
    }

    pub fn resource(&self) -> &'a Resource {
        self.resource
    }

    /// The same objects in another version; none if it is not served.
    pub fn in_version(&self, api_version: &str) -> Option<Forms<'a>> {
        if self.resource.info().gvk.api_version() == api_version {
            return Some(*self);
        }
        let resource = self.resources.in_version(self.resource.table, api_version)?;
        Some(Forms { resources: self.resources, resource })
    }

    pub fn place(&self) -> Place<'a> {
        self.resource.place()
    }

    /// The object's document as upstream compares it: with the structs that Go always has.
    pub fn document(&self, object: &Obj) -> Value {
        self.filled(self.resource.view(object).to_wire())
    }

    pub fn filled(&self, mut document: Value) -> Value {
        fill_structs(&mut document, self.place());
        document
    }

    /// What a new object is compared with.
    pub fn nothing(&self) -> Value {
        self.filled(Value::Object(Map::new()))
    }

    /// A document of this version in another one.
    pub fn convert(&self, document: &Value, to: &Forms<'_>) -> Value {
        if self.resource.info().gvk == to.resource.info().gvk {
            return document.clone();
        }
        let mut document = document.clone();
        if let Some(version) = self.resource.version {
            document = versioned::to_stored(document, version);
        }
        if let Some(version) = to.resource.version {
            document = versioned::from_stored(document, version);
        }
        if let Some(map) = document.as_object_mut() {
            let gvk = &to.resource.info().gvk;
            map.insert("apiVersion".to_owned(), gvk.api_version().as_str().into());
            map.insert("kind".to_owned(), gvk.kind.as_str().into());
        }
        to.filled(document)
    }

    /// Fields that a write through this subresource does not own (`GetResetFields`).
    pub fn ignored(&self, subresource: &str) -> FieldSet {
        match subresource {
            // The time of a volume's phase is the server's own doing.
            "status" => FieldSet::of(&[&["spec"], &["status", "lastPhaseTransitionTime"]]),
            "" if self.resource.has_subresource("status") => FieldSet::of(&[&["status"]]),
            _ => FieldSet::default(),
        }
    }
}
