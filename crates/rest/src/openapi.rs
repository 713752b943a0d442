//! The API's structure as OpenAPI documents, made from the embedded schema: types with their merge
//! keys and list kinds, and which path takes what. There is no prose in them.
// Models kube-openapi/pkg/builder and builder3.

mod paths;

use std::collections::{BTreeMap, BTreeSet};

use schema::{Field, FieldKind, ListType, Resource, Schema, Type, TypeId};
use serde_json::{Map, Value, json};

use paths::{paths, prefix};

use crate::catalog::Catalog;

/// The two forms of such documents.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    V2,
    V3,
}

impl Form {
    fn reference(self, name: &str) -> Value {
        match self {
            Form::V2 => json!({ "$ref": format!("#/definitions/{name}") }),
            Form::V3 => json!({ "$ref": format!("#/components/schemas/{name}") }),
        }
    }

    fn parameter(self, name: &str, place: &str, kind: &str) -> Value {
        let mut value = json!({ "name": name, "in": place, "uniqueItems": true });
        let is_required = place == "path";
        match self {
            Form::V2 => value["type"] = kind.into(),
            Form::V3 => {
                value = json!({ "name": name, "in": place, "schema": { "type": kind } });
            }
        }
        if is_required {
            value["required"] = true.into();
        }
        value
    }
}

const TIME: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Time";
const MICRO_TIME: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime";
const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const INT_OR_STRING: &str = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
const STATUS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";
const DELETE_OPTIONS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
const PATCH: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const RESOURCE_LIST: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList";

fn type_name(id: TypeId) -> &'static str {
    Schema::get().ty(id).map_or("", |ty| ty.name)
}

/// The definition that a kind of field refers to, if it is one.
fn named(kind: &FieldKind) -> Option<&'static str> {
    match kind {
        FieldKind::Time => Some(TIME),
        FieldKind::MicroTime => Some(MICRO_TIME),
        FieldKind::Quantity => Some(QUANTITY),
        FieldKind::IntOrString => Some(INT_OR_STRING),
        FieldKind::Object(id) | FieldKind::Any(id) => Some(type_name(*id)),
        _ => None,
    }
}

fn kind_value(form: Form, kind: &FieldKind) -> Value {
    if let Some(name) = named(kind) {
        return form.reference(name);
    }
    match kind {
        FieldKind::Bytes => json!({ "type": "string", "format": "byte" }),
        FieldKind::Int32 => json!({ "type": "integer", "format": "int32" }),
        FieldKind::Int64 => json!({ "type": "integer", "format": "int64" }),
        FieldKind::Number => json!({ "type": "number", "format": "double" }),
        FieldKind::Boolean => json!({ "type": "boolean" }),
        FieldKind::Array(inner) => json!({ "type": "array", "items": kind_value(form, inner) }),
        FieldKind::Map(inner) => {
            json!({ "type": "object", "additionalProperties": kind_value(form, inner) })
        }
        _ => json!({ "type": "string" }),
    }
}

/// What stands beside the type of a field.
fn extensions(field: &Field) -> Map<String, Value> {
    let mut map = Map::new();
    let strategy = &field.patch_strategy;
    let words = [
        (strategy.merge, "merge"),
        (strategy.retain_keys, "retainKeys"),
        (strategy.replace, "replace"),
    ];
    let words: Vec<&str> = words.iter().filter(|(set, _)| *set).map(|(_, word)| *word).collect();
    if !words.is_empty() {
        map.insert("x-kubernetes-patch-strategy".into(), words.join(",").into());
    }
    if let Some(key) = field.merge_key {
        map.insert("x-kubernetes-patch-merge-key".into(), key.into());
    }
    if let Some(list) = field.list_type {
        let word = match list {
            ListType::Atomic => "atomic",
            ListType::Map => "map",
            ListType::Set => "set",
        };
        map.insert("x-kubernetes-list-type".into(), word.into());
    }
    if !field.list_map_keys.is_empty() {
        map.insert("x-kubernetes-list-map-keys".into(), json!(field.list_map_keys));
    }
    if field.atomic {
        map.insert("x-kubernetes-map-type".into(), "atomic".into());
    }
    map
}

fn property(form: Form, field: &Field) -> Value {
    let mut value = kind_value(form, &field.kind);
    let beside = extensions(field);
    if value.get("$ref").is_some() && form == Form::V3 {
        value = json!({ "allOf": [value] });
    }
    if !field.enums.is_empty() {
        let part =
            ["items", "additionalProperties"].into_iter().find(|key| value.get(key).is_some());
        match part {
            Some(key) => value[key]["enum"] = json!(field.enums),
            None => value["enum"] = json!(field.enums),
        }
    }
    if let Some(map) = value.as_object_mut() {
        map.extend(beside);
    }
    value
}

/// Types that have no fields to tell of.
fn opaque(form: Form, name: &str) -> Value {
    match (name, form) {
        (INT_OR_STRING, Form::V2) => json!({ "type": "string", "format": "int-or-string" }),
        (INT_OR_STRING, Form::V3) => json!({
            "format": "int-or-string", "oneOf": [{ "type": "integer" }, { "type": "string" }],
        }),
        (QUANTITY, Form::V2) => json!({ "type": "string" }),
        (QUANTITY, Form::V3) => json!({ "oneOf": [{ "type": "string" }, { "type": "number" }] }),
        (TIME | MICRO_TIME, _) => json!({ "type": "string", "format": "date-time" }),
        _ if name.contains("JSON") => json!({}),
        _ => json!({ "type": "object" }),
    }
}

fn definition(form: Form, ty: &Type) -> Value {
    if ty.fields.is_empty() {
        return opaque(form, ty.name);
    }
    let properties: Map<String, Value> =
        ty.fields.iter().map(|field| (field.name.to_owned(), property(form, field))).collect();
    let required = ty.fields.iter().filter(|field| field.required).map(|field| field.name);
    let required: Vec<&str> = required.collect();
    let mut value = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        value["required"] = json!(required);
    }
    if ty.atomic {
        value["x-kubernetes-map-type"] = "atomic".into();
    }
    if !ty.gvks.is_empty() {
        let gvk = |own: &schema::Gvk| json!({ "group": own.group, "version": own.version, "kind": own.kind });
        value["x-kubernetes-group-version-kind"] = ty.gvks.iter().map(gvk).collect();
    }
    value
}

/// The types that a type needs, itself included.
fn reach(name: &'static str, seen: &mut BTreeSet<&'static str>) {
    if !seen.insert(name) {
        return;
    }
    let schema = Schema::get();
    let Some(ty) = schema.type_named(name).and_then(|id| schema.ty(id)) else { return };
    for field in &ty.fields {
        let mut kind = &field.kind;
        while let Some(inner) = kind.element() {
            kind = inner;
        }
        if let Some(name) = named(kind) {
            reach(name, seen);
        }
    }
}

fn definitions(form: Form, names: &BTreeSet<&'static str>) -> Value {
    let schema = Schema::get();
    let one = |name: &&'static str| {
        let ty = schema.type_named(name).and_then(|id| schema.ty(id));
        let value = ty.map_or_else(|| opaque(form, name), |ty| definition(form, ty));
        ((*name).to_owned(), value)
    };
    Value::Object(names.iter().map(one).collect())
}

fn info() -> Value {
    json!({ "title": "Kubernetes", "version": "v1.36.2" })
}

fn always_used() -> BTreeSet<&'static str> {
    let mut used = BTreeSet::new();
    reach("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", &mut used);
    for name in [STATUS, DELETE_OPTIONS, PATCH, RESOURCE_LIST] {
        reach(name, &mut used);
    }
    used
}

/// `com.example.stable.v1.CronTab`.
fn custom_name(resource: &Resource) -> String {
    let mut parts: Vec<&str> = resource.group.split('.').collect();
    parts.reverse();
    format!("{}.{}.{}", parts.join("."), resource.version, resource.kind)
}

/// The schema of a custom kind, with what every object has.
fn custom_definition(resource: &Resource, schema: &Value) -> Value {
    let mut schema = schema.clone();
    let meta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
    for (name, field) in [
        ("apiVersion", json!({ "type": "string" })),
        ("kind", json!({ "type": "string" })),
        ("metadata", json!({ "allOf": [Form::V3.reference(meta)] })),
    ] {
        schema["properties"][name] = field;
    }
    schema["x-kubernetes-group-version-kind"] = json!([
        { "group": resource.group, "version": resource.version, "kind": resource.kind },
    ]);
    schema
}

/// `/openapi/v3/apis/GROUP/VERSION` and `/openapi/v3/api/v1`; none if nothing is served there.
pub fn v3(catalog: &Catalog, group: &str, version: &str) -> Option<Value> {
    let (mut all, mut used) = (Map::new(), always_used());
    let mut custom = Map::new();
    for resource in &catalog.resources {
        if resource.group != group || resource.version != version {
            continue;
        }
        paths(Form::V3, resource, &mut all, &mut used);
        if let Some((_, schema)) = catalog.custom.iter().find(|(other, _)| other == resource) {
            custom.insert(custom_name(resource), custom_definition(resource, schema));
        }
    }
    if all.is_empty() {
        return None;
    }
    let mut schemas = definitions(Form::V3, &used);
    if let Some(schemas) = schemas.as_object_mut() {
        schemas.append(&mut custom);
    }
    let bearer = json!({ "type": "apiKey", "name": "authorization", "in": "header" });
    Some(json!({
        "openapi": "3.0.0",
        "info": info(),
        "paths": all,
        "components": {
            "schemas": schemas, "securitySchemes": { "BearerToken": bearer },
        },
    }))
}

/// Documents of paths that are no version's: what they hold is one path.
const OTHERS: &[&str] =
    &["api", "apis", "version", ".well-known/openid-configuration", "openid/v1/jwks"];

/// A document with nothing but a path to read; none if there is no such path.
pub fn v3_of_path(catalog: &Catalog, path: &str) -> Option<Value> {
    let is_group = |group: &str| catalog.resources.iter().any(|r| r.group == group);
    if !OTHERS.contains(&path) && !path.strip_prefix("apis/").is_some_and(is_group) {
        return None;
    }
    let url = format!("/{path}/");
    let url = if path.starts_with("api") { url } else { format!("/{path}") };
    let answer = json!({ "200": { "description": "OK" } });
    let mut paths = Map::new();
    paths.insert(url, json!({ "get": { "responses": answer } }));
    Some(json!({ "openapi": "3.0.0", "info": info(), "paths": paths }))
}

/// A number that changes with what is served.
fn hash(text: &str) -> String {
    let halves = ["", "\n"].map(|end| schema::sha256(format!("{text}{end}").as_bytes()));
    halves.iter().flatten().map(|byte| format!("{byte:02X}")).collect()
}

/// `/openapi/v3`: where the documents are.
pub fn v3_index(catalog: &Catalog) -> Value {
    let mut served: BTreeMap<String, String> = BTreeMap::new();
    for path in OTHERS {
        served.insert((*path).to_owned(), String::new());
    }
    for resource in &catalog.resources {
        let path = prefix(resource.group, resource.version).trim_start_matches('/').to_owned();
        if !resource.group.is_empty() {
            served.entry(format!("apis/{}", resource.group)).or_default();
        }
        let names = served.entry(path).or_default();
        names.push_str(&format!("{}/{}\n", resource.plural, resource.kind));
    }
    let entry = |(path, names): (String, String)| {
        let hash = hash(&format!("{} {path}\n{names}", env!("CARGO_PKG_VERSION")));
        let url = format!("/openapi/v3/{path}?hash={hash}");
        (path, json!({ "serverRelativeURL": url }))
    };
    json!({ "paths": served.into_iter().map(entry).collect::<Map<String, Value>>() })
}

/// `/openapi/v2` in the form of protobuf, for kubectl's look at kinds that no version has: it names
/// none. Field numbers are those of gnostic's Document and Info.
pub fn v2_protobuf() -> String {
    let part = |tag: u8, text: &str| {
        let length = u8::try_from(text.len()).unwrap_or(0);
        format!("{}{}{text}", char::from(tag), char::from(length))
    };
    let info = part(0x0a, "Kubernetes") + &part(0x12, "v1.36.2");
    part(0x0a, "2.0") + &part(0x12, &info)
}

/// `/openapi/v2`: everything in one.
pub fn v2(catalog: &Catalog) -> Value {
    let (mut all, mut used) = (Map::new(), always_used());
    let is_custom = |own: &Resource| catalog.custom.iter().any(|(other, _)| *other == own);
    for resource in catalog.resources.iter().filter(|resource| !is_custom(resource)) {
        paths(Form::V2, resource, &mut all, &mut used);
    }
    json!({
        "swagger": "2.0",
        "info": info(),
        "paths": all,
        "definitions": definitions(Form::V2, &used),
        "securityDefinitions": {
            "BearerToken": { "type": "apiKey", "name": "authorization", "in": "header" },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_holds_paths_with_their_kinds_and_types_with_their_merge_keys() {
        let catalog = Catalog::builtin();
        let apps = v3(&catalog, "apps", "v1").unwrap();
        let patch =
            &apps["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"];
        let gvk = json!({ "group": "apps", "version": "v1", "kind": "Deployment" });
        assert_eq!(patch["x-kubernetes-group-version-kind"], gvk);
        assert!(
            patch["parameters"].as_array().unwrap().iter().any(|p| p["name"] == "fieldValidation")
        );
        let types = &apps["components"]["schemas"];
        assert_eq!(
            types["io.k8s.api.apps.v1.Deployment"]["x-kubernetes-group-version-kind"][0],
            gvk
        );
        let containers = &types["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"];
        assert_eq!(containers["x-kubernetes-patch-merge-key"], "name");
        assert_eq!(containers["x-kubernetes-list-map-keys"], json!(["name"]));
        assert!(v3(&catalog, "apps", "v2").is_none());
    }

    /// Every reference of a document names a type that it holds.
    fn check_references(value: &Value, types: &Value) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(reference)) = map.get("$ref") {
                    let name = reference.rsplit('/').next().unwrap();
                    assert!(types.get(name).is_some(), "{name}");
                }
                map.values().for_each(|inner| check_references(inner, types));
            }
            Value::Array(items) => items.iter().for_each(|inner| check_references(inner, types)),
            _ => {}
        }
    }

    #[test]
    fn documents_are_closed() {
        let catalog = Catalog::builtin();
        for path in v3_index(&catalog)["paths"].as_object().unwrap().keys() {
            let parts: Vec<&str> = path.split('/').collect();
            let document = match parts.as_slice() {
                ["api", version] => v3(&catalog, "", version),
                ["apis", group, version] => v3(&catalog, group, version),
                _ => v3_of_path(&catalog, path),
            };
            let document = document.expect(path);
            check_references(&document, &document["components"]["schemas"]);
        }
        let all = v2(&catalog);
        check_references(&all, &all["definitions"]);
    }
}
