//! ObjectMeta in a compact form: what every object has lies flat, what few have is boxed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};
use smol_str::SmolStr;

use crate::managed::Managed;
use crate::time::Time;
use crate::wire::{Extra, Shared, StringMap, Wire, WireError, take_field, take_object};

/// A UUID of version 4, by its 128 bits; zero means unset.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Uid(pub u128);

impl Uid {
    /// Makes a UUID of version 4, variant 1 of 128 random bits.
    pub fn from_random(bits: u128) -> Self {
        let version = (bits & !(0xf << 76)) | (0x4 << 76);
        Uid((version & !(0x3 << 62)) | (0x2 << 62))
    }

    pub fn is_unset(self) -> bool {
        self.0 == 0
    }

    pub fn parse(text: &str) -> Option<Self> {
        let hex: String = text.chars().filter(|c| *c != '-').collect();
        if hex.len() != 32 || text.len() != 36 {
            return None;
        }
        u128::from_str_radix(&hex, 16).ok().map(Uid)
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            n >> 96,
            (n >> 80) & 0xffff,
            (n >> 64) & 0xffff,
            (n >> 48) & 0xffff,
            n & 0xffff_ffff_ffff
        )
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Wire for Uid {
    fn from_value(value: Value) -> Result<Self, WireError> {
        let text = String::from_value(value)?;
        if text.is_empty() {
            return Ok(Uid(0));
        }
        Uid::parse(&text).ok_or_else(|| WireError::new(format!("{text:?} is not a UUID")))
    }
    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
    fn is_empty(&self) -> bool {
        self.is_unset()
    }
}

crate::wire_struct! {
    /// Who owns an object. `uid` of an owner that never existed is kept as zero.
    pub struct OwnerReference {
        pub api_version: SmolStr => "apiVersion" keep,
        pub block_owner_deletion: Option<bool> => "blockOwnerDeletion",
        pub controller: Option<bool> => "controller",
        pub kind: SmolStr => "kind" keep,
        pub name: SmolStr => "name" keep,
        pub uid: Uid => "uid" keep,
    }
}

/// What few objects have: boxed away.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RareMeta {
    pub deletion_timestamp: Option<Time>,
    pub deletion_grace_period_seconds: Option<i64>,
    pub finalizers: Vec<SmolStr>,
    /// As a client sent them; the server keeps them in `ObjectMeta::managed`.
    pub managed_fields: Vec<Value>,
    pub extra: Extra,
}

/// Metadata of every object. Models apimachinery/pkg/apis/meta/v1/types.go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectMeta {
    pub name: SmolStr,
    pub namespace: SmolStr,
    pub generate_name: SmolStr,
    pub uid: Uid,
    /// The store's revision of the last write; zero means unset.
    pub resource_version: u64,
    pub generation: i64,
    pub creation_timestamp: Option<Time>,
    pub labels: StringMap,
    pub annotations: StringMap,
    pub owner_references: Shared<Vec<OwnerReference>>,
    /// Who manages which fields. Not part of the JSON form: the API server adds it where asked.
    pub managed: Option<Arc<Managed>>,
    rare: Option<Box<RareMeta>>,
}

impl ObjectMeta {
    pub fn named(namespace: &str, name: &str) -> Self {
        ObjectMeta { name: name.into(), namespace: namespace.into(), ..ObjectMeta::default() }
    }

    pub fn rare(&self) -> Option<&RareMeta> {
        self.rare.as_deref()
    }

    /// The boxed part for writing. Call `tidy` after emptying it.
    pub fn rare_mut(&mut self) -> &mut RareMeta {
        self.rare.get_or_insert_default()
    }

    /// Drops the boxed part if nothing is left in it.
    pub fn tidy(&mut self) {
        if self.rare.as_deref().is_some_and(|rare| *rare == RareMeta::default()) {
            self.rare = None;
        }
    }

    pub fn deletion_timestamp(&self) -> Option<Time> {
        self.rare.as_ref().and_then(|rare| rare.deletion_timestamp)
    }

    pub fn is_deleting(&self) -> bool {
        self.deletion_timestamp().is_some()
    }

    pub fn deletion_grace_period_seconds(&self) -> Option<i64> {
        self.rare.as_ref().and_then(|rare| rare.deletion_grace_period_seconds)
    }

    pub fn finalizers(&self) -> &[SmolStr] {
        self.rare.as_ref().map_or(&[], |rare| &rare.finalizers)
    }

    pub fn managed_fields(&self) -> &[Value] {
        self.rare.as_ref().map_or(&[], |rare| &rare.managed_fields)
    }

    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(SmolStr::as_str)
    }

    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).map(SmolStr::as_str)
    }

    pub fn set_label(&mut self, key: &str, value: &str) {
        self.labels.make_mut().insert(key.into(), value.into());
    }

    pub fn set_annotation(&mut self, key: &str, value: &str) {
        self.annotations.make_mut().insert(key.into(), value.into());
    }

    /// The owner marked as controller, if any.
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|owner| owner.controller == Some(true))
    }
}

impl Wire for ObjectMeta {
    fn from_value(value: Value) -> Result<Self, WireError> {
        let mut map = take_object(value)?;
        let version: String = take_field(&mut map, "resourceVersion")?;
        let resource_version = if version.is_empty() {
            0
        } else {
            version.parse().map_err(|_| {
                WireError::new(format!("Invalid value: {version:?}: must be an integer"))
                    .under("resourceVersion")
            })?
        };
        let mut meta = ObjectMeta {
            name: take_field(&mut map, "name")?,
            namespace: take_field(&mut map, "namespace")?,
            generate_name: take_field(&mut map, "generateName")?,
            uid: take_field(&mut map, "uid")?,
            resource_version,
            generation: take_field(&mut map, "generation")?,
            creation_timestamp: take_field(&mut map, "creationTimestamp")?,
            labels: take_field(&mut map, "labels")?,
            annotations: take_field(&mut map, "annotations")?,
            owner_references: take_field(&mut map, "ownerReferences")?,
            managed: None,
            rare: None,
        };
        let rare = RareMeta {
            deletion_timestamp: take_field(&mut map, "deletionTimestamp")?,
            deletion_grace_period_seconds: take_field(&mut map, "deletionGracePeriodSeconds")?,
            finalizers: take_field(&mut map, "finalizers")?,
            managed_fields: take_field(&mut map, "managedFields")?,
            extra: Extra::keep(map),
        };
        meta.rare = Some(Box::new(rare));
        meta.tidy();
        Ok(meta)
    }

    fn to_value(&self) -> Value {
        let mut map = Map::new();
        put(&mut map, "name", &self.name);
        put(&mut map, "namespace", &self.namespace);
        put(&mut map, "generateName", &self.generate_name);
        put(&mut map, "uid", &self.uid);
        if self.resource_version != 0 {
            map.insert("resourceVersion".into(), self.resource_version.to_string().into());
        }
        put(&mut map, "generation", &self.generation);
        put(&mut map, "creationTimestamp", &self.creation_timestamp);
        put(&mut map, "labels", &self.labels);
        put(&mut map, "annotations", &self.annotations);
        put(&mut map, "ownerReferences", &self.owner_references);
        if let Some(rare) = &self.rare {
            put(&mut map, "deletionTimestamp", &rare.deletion_timestamp);
            put(&mut map, "deletionGracePeriodSeconds", &rare.deletion_grace_period_seconds);
            put(&mut map, "finalizers", &rare.finalizers);
            put(&mut map, "managedFields", &rare.managed_fields);
            if let Some(extra) = &rare.extra.0 {
                map.extend(extra.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
        }
        Value::Object(map)
    }

    fn is_empty(&self) -> bool {
        *self == ObjectMeta::default()
    }
}

fn put<T: Wire>(map: &mut Map<String, Value>, name: &str, field: &T) {
    if !field.is_empty() {
        map.insert(name.to_owned(), field.to_value());
    }
}

/// A name within a namespace; cluster-scoped objects have an empty namespace.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Key {
    pub namespace: SmolStr,
    pub name: SmolStr,
}

impl Key {
    pub fn new(namespace: impl Into<SmolStr>, name: impl Into<SmolStr>) -> Self {
        Key { namespace: namespace.into(), name: name.into() }
    }

    pub fn of(meta: &ObjectMeta) -> Self {
        Key { namespace: meta.namespace.clone(), name: meta.name.clone() }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{}/{}", self.namespace, self.name)
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Labels as a plain map, for tests and builders.
pub fn string_map(pairs: &[(&str, &str)]) -> StringMap {
    pairs.iter().map(|(key, value)| (SmolStr::from(*key), SmolStr::from(*value))).collect()
}

/// The map of a `StringMap`, for comparing.
pub fn plain(map: &StringMap) -> &BTreeMap<SmolStr, SmolStr> {
    map
}
