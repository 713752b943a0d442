//! The type of a place in a document: of the API's own schema, or of a custom resource's.

use apimachinery::field_set::PathElement;
use serde_json::{Map, Value};
use smol_str::SmolStr;

use crate::{Field, FieldKind, ListType, MAX_DEPTH, Schema, TypeId};

/// Where one stands in a document.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    Object(TypeId),
    Field(&'a Field),
    /// The element of a list or a map.
    Kind(&'a FieldKind),
    /// A JSON schema, as custom resource definitions have it.
    Custom(&'a Value),
    /// The whole object of a custom resource: with the metadata of every object.
    CustomRoot(&'a Value),
    /// Anything, as one unit.
    Untyped,
    /// Anything; its maps are owned field by field.
    Deduced,
}

/// How the items of a list are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    Atomic,
    Set,
    Keys(Vec<SmolStr>),
}

#[derive(Clone, Debug)]
pub enum Atom<'a> {
    Scalar,
    List(Relation, Place<'a>),
    /// Whether it is one unit; the place itself tells the types of its fields.
    Map(bool),
}

impl<'a> Place<'a> {
    /// What stands here, given a value; the value decides where several things may.
    pub fn atom(self, value: Option<&Value>) -> Atom<'a> {
        match (self.typed_atom(value), value) {
            (Atom::Map(_), Some(value)) if !value.is_object() && !value.is_null() => Atom::Scalar,
            (Atom::List(..), Some(value)) if !value.is_array() && !value.is_null() => Atom::Scalar,
            (atom, _) => atom,
        }
    }

    fn typed_atom(self, value: Option<&Value>) -> Atom<'a> {
        match self {
            Place::Object(ty) => Atom::Map(Schema::get().ty(ty).is_some_and(|ty| ty.atomic)),
            Place::Field(field) => match &field.kind {
                FieldKind::Array(element) => Atom::List(relation(field), Place::Kind(element)),
                FieldKind::Map(_) => Atom::Map(field.atomic),
                FieldKind::Object(_) if field.granular => Atom::Map(false),
                FieldKind::Object(ty) if !field.atomic => Place::Object(*ty).typed_atom(value),
                FieldKind::Object(_) => Atom::Map(true),
                kind => Place::Kind(kind).typed_atom(value),
            },
            Place::Kind(kind) => match kind {
                FieldKind::Array(element) => Atom::List(Relation::Atomic, Place::Kind(element)),
                FieldKind::Map(_) => Atom::Map(false),
                FieldKind::Object(ty) => Place::Object(*ty).typed_atom(value),
                FieldKind::Any(_) => Place::Untyped.typed_atom(value),
                _ => Atom::Scalar,
            },
            Place::Custom(schema) => custom_atom(schema, value),
            Place::CustomRoot(_) => Atom::Map(false),
            Place::Untyped | Place::Deduced => match value {
                Some(Value::Array(_)) => Atom::List(Relation::Atomic, Place::Untyped),
                Some(Value::Object(_)) => Atom::Map(matches!(self, Place::Untyped)),
                _ => Atom::Scalar,
            },
        }
    }

    /// The simple kind that stands here, where the API's own schema tells.
    pub(crate) fn kind(self) -> Option<&'a FieldKind> {
        match self {
            Place::Kind(kind) | Place::Field(Field { kind, .. }) => Some(kind),
            _ => None,
        }
    }

    /// Whether fields that are not declared are wrong here.
    pub(crate) fn is_closed(self) -> bool {
        match self {
            Place::Custom(schema) | Place::CustomRoot(schema) => {
                schema.get("properties").is_some()
                    && schema.get("x-kubernetes-preserve-unknown-fields")
                        != Some(&Value::Bool(true))
            }
            place => object_type(place).is_some(),
        }
    }

    /// The place of a field, and whether the type declares it by name.
    pub fn field(self, name: &str) -> (Place<'a>, bool) {
        match self {
            Place::Object(ty) => match Schema::get().field(ty, name) {
                Some(field) => (Place::Field(field), true),
                None if name == "apiVersion" || name == "kind" => (Place::Untyped, true),
                None => (Place::Deduced, false),
            },
            Place::Field(field) => Place::Kind(&field.kind).field(name),
            Place::Kind(FieldKind::Object(ty)) => Place::Object(*ty).field(name),
            Place::Kind(FieldKind::Map(element)) => (Place::Kind(element), false),
            Place::Kind(_) | Place::Untyped => (Place::Untyped, false),
            Place::Deduced => (Place::Deduced, false),
            Place::CustomRoot(schema) => match name {
                "apiVersion" | "kind" => (Place::Untyped, true),
                "metadata" => (meta_place(), true),
                _ => Place::Custom(schema).field(name),
            },
            Place::Custom(schema) => {
                if let Some(field) = schema.get("properties").and_then(|fields| fields.get(name)) {
                    return (Place::Custom(field), true);
                }
                match schema.get("additionalProperties") {
                    Some(element @ Value::Object(_)) => (Place::Custom(element), false),
                    _ => (Place::Deduced, false),
                }
            }
        }
    }
}

fn meta_place<'a>() -> Place<'a> {
    let name = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
    Schema::get().type_named(name).map_or(Place::Deduced, Place::Object)
}

fn relation(field: &Field) -> Relation {
    let own = |names: &[&str]| Relation::Keys(names.iter().map(|name| (*name).into()).collect());
    match (field.list_type, field.merge_key) {
        (Some(ListType::Atomic), _) => Relation::Atomic,
        (Some(ListType::Set), _) => Relation::Set,
        (Some(ListType::Map), _) => own(&field.list_map_keys),
        (None, Some(key)) if field.patch_strategy.merge => own(&[key]),
        (None, None) if field.patch_strategy.merge => Relation::Set,
        (None, _) => Relation::Atomic,
    }
}

fn custom_atom<'a>(schema: &'a Value, value: Option<&Value>) -> Atom<'a> {
    let text = |name: &str| schema.get(name).and_then(Value::as_str);
    let is_free = schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true));
    match text("type") {
        Some("array") => {
            let element = schema.get("items").map_or(Place::Untyped, Place::Custom);
            let relation = match text("x-kubernetes-list-type") {
                Some("set") => Relation::Set,
                Some("map") => {
                    let keys = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
                    let keys = keys.into_iter().flatten().filter_map(Value::as_str);
                    Relation::Keys(keys.map(SmolStr::from).collect())
                }
                _ => Relation::Atomic,
            };
            Atom::List(relation, element)
        }
        Some("object") => {
            let is_open =
                schema.get("properties").is_none() && schema.get("additionalProperties").is_none();
            match text("x-kubernetes-map-type") {
                Some(kind) => Atom::Map(kind == "atomic"),
                None => Atom::Map(is_open && !is_free),
            }
        }
        None if is_free => Place::Deduced.typed_atom(value),
        None => Place::Untyped.typed_atom(value),
        Some(_) => Atom::Scalar,
    }
}

/// How a list's item is named in a path; none if it has no keys.
pub(crate) fn element_of(
    relation: &Relation,
    element: Place<'_>,
    item: &Value,
) -> Option<PathElement> {
    match relation {
        Relation::Atomic => None,
        Relation::Set => Some(PathElement::Value(Box::new(item.clone()))),
        Relation::Keys(names) => {
            let map = item.as_object()?;
            let value = |name: &SmolStr| {
                let value = map.get(name.as_str()).cloned();
                value.or_else(|| default_key(element, name)).map(|value| (name.clone(), value))
            };
            let keys: Vec<(SmolStr, Value)> = names.iter().filter_map(value).collect();
            (!keys.is_empty()).then(|| PathElement::key(keys))
        }
    }
}

/// Keys may be left out where they have a default.
fn default_key(element: Place<'_>, name: &str) -> Option<Value> {
    match element {
        Place::Custom(schema) => schema.get("properties")?.get(name)?.get("default").cloned(),
        _ if name == "protocol" => Some("TCP".into()),
        _ => None,
    }
}

/// Puts in the structs and the required lists that are always there in Go, where their parents are.
pub fn fill_structs(value: &mut Value, place: Place<'_>) {
    fill(value, place, 0);
}

fn fill(value: &mut Value, place: Place<'_>, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match (place.atom(Some(value)), value) {
        (Atom::Map(false), Value::Object(map)) => {
            if let Some(ty) = object_type(place) {
                let fields = Schema::get().ty(ty).map_or(&[][..], |ty| &ty.fields);
                for field in fields {
                    if field.value_struct {
                        map.entry(field.name).or_insert_with(|| Value::Object(Map::new()));
                    } else if field.required && matches!(field.kind, FieldKind::Array(_)) {
                        map.entry(field.name).or_insert(Value::Null);
                    }
                }
            }
            for (name, inner) in map.iter_mut() {
                fill(inner, place.field(name).0, depth + 1);
            }
        }
        (Atom::List(relation, element), Value::Array(items)) if relation != Relation::Atomic => {
            items.iter_mut().for_each(|item| fill(item, element, depth + 1));
        }
        _ => {}
    }
}

fn object_type(place: Place<'_>) -> Option<TypeId> {
    match place {
        Place::Object(ty) => Some(ty),
        Place::Kind(kind) | Place::Field(Field { kind, .. }) => match kind {
            FieldKind::Object(ty) => Some(*ty),
            _ => None,
        },
        _ => None,
    }
}
