//! CustomResourceDefinition: defaults, validation, status.
// Models apiextensions-apiserver/pkg/apis/apiextensions/{v1,validation} and controller/status.

use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use serde_json::{Map, Value, json};

pub(crate) const FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";

fn spec_mut(fields: &mut Map<String, Value>) -> Option<&mut Map<String, Value>> {
    fields.get_mut("spec").and_then(Value::as_object_mut)
}

fn versions(spec: &Value) -> &[Value] {
    spec["versions"].as_array().map_or(&[], Vec::as_slice)
}

fn storage_version(spec: &Value) -> Option<&Value> {
    versions(spec).iter().find(|version| version["storage"] == true)
}

/// What upstream's defaulting fills.
pub(crate) fn set_defaults(fields: &mut Map<String, Value>) {
    let Some(spec) = spec_mut(fields) else { return };
    spec.entry("conversion").or_insert_with(|| json!({"strategy": "None"}));
    let Some(names) = spec.get_mut("names").and_then(Value::as_object_mut) else { return };
    let kind = names.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    if kind.is_empty() {
        return;
    }
    names.entry("singular").or_insert_with(|| kind.to_lowercase().into());
    names.entry("listKind").or_insert_with(|| format!("{kind}List").into());
}

/// The status of a new definition: the version in which its objects are kept.
pub(crate) fn begin(fields: &mut Map<String, Value>) {
    let spec = fields.get("spec").unwrap_or(&Value::Null);
    let stored = storage_version(spec).map(|version| version["name"].clone());
    let stored: Vec<Value> = stored.into_iter().collect();
    fields.insert("status".to_owned(), json!({ "storedVersions": stored }));
}

/// An update keeps the status, and adds a new storage version to it.
pub(crate) fn carry_stored(fields: &mut Map<String, Value>) {
    let spec = fields.get("spec").unwrap_or(&Value::Null);
    let Some(name) = storage_version(spec).map(|version| version["name"].clone()) else { return };
    let Some(status) = fields.get_mut("status").and_then(Value::as_object_mut) else { return };
    let stored = status.entry("storedVersions").or_insert_with(|| Value::Array(Vec::new()));
    if let Some(stored) = stored.as_array_mut()
        && !stored.contains(&name)
    {
        stored.push(name);
    }
}

fn condition(kind: &str, status: bool, reason: &str, message: &str, now: &str) -> Value {
    json!({
        "type": kind, "status": if status { "True" } else { "False" }, "reason": reason,
        "message": message, "lastTransitionTime": now,
    })
}

/// Why the names cannot be had: the reason and the message.
pub(crate) type Taken = Option<(&'static str, String)>;

/// The status with the names accepted, or the reason why not. None if nothing changes.
pub(crate) fn accepted(fields: &Map<String, Value>, taken: Taken, now: &str) -> Option<Value> {
    let spec = fields.get("spec")?;
    let mut status = fields.get("status").cloned().unwrap_or_else(|| json!({}));
    let before = status.clone();
    let old = before["conditions"].as_array().cloned().unwrap_or_default();
    let was = |kind: &str| {
        let found = old.iter().find(|condition| condition["type"] == kind);
        found.map(|condition| condition["status"].clone())
    };
    let names = match taken {
        None => condition("NamesAccepted", true, "NoConflicts", "no conflicts found", now),
        Some((reason, ref message)) => condition("NamesAccepted", false, reason, message, now),
    };
    let established = match (&taken, was("Established")) {
        (_, Some(Value::String(text))) if text == "True" => None,
        (None, _) => {
            let text = "the initial names have been accepted";
            Some(condition("Established", true, "InitialNamesAccepted", text, now))
        }
        (Some(_), _) => {
            Some(condition("Established", false, "NotAccepted", "not all names are accepted", now))
        }
    };
    if taken.is_none() {
        status["acceptedNames"] = spec["names"].clone();
    }
    let mut conditions = old.clone();
    for new in std::iter::once(names).chain(established) {
        let same = |known: &&mut Value| known["type"] == new["type"];
        match conditions.iter_mut().find(same) {
            Some(known) if known["status"] == new["status"] => {}
            Some(known) => *known = new,
            None => conditions.push(new),
        }
    }
    status["conditions"] = Value::Array(conditions);
    (status != before).then_some(status)
}

pub(crate) fn terminating(now: &str) -> Value {
    let message = "CustomResourceDefinition marked for deletion; CustomResource deletion will \
                   begin soon";
    condition("Terminating", true, "InstanceDeletionPending", message, now)
}

pub(crate) fn is_established(fields: &Value) -> bool {
    let conditions = fields["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().any(|it| it["type"] == "Established" && it["status"] == "True")
}

pub(crate) fn validate(meta: &ObjectMeta, fields: &Map<String, Value>) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let spec = fields.get("spec").unwrap_or(&Value::Null);
    let (group, names) = (spec["group"].as_str().unwrap_or_default(), &spec["names"]);
    let plural = names["plural"].as_str().unwrap_or_default();
    if meta.name != format!("{plural}.{group}") {
        let detail = "must be spec.names.plural+\".\"+spec.group";
        errors.push(FieldError::invalid("metadata.name", meta.name.as_str(), detail));
    }
    validate_approval(meta, group, &mut errors);
    validate_group(group, &mut errors);
    match spec["scope"].as_str() {
        Some("Cluster" | "Namespaced") => {}
        None | Some("") => errors.push(FieldError::required("spec.scope", "")),
        Some(other) => {
            let known = ["Cluster", "Namespaced"];
            errors.push(FieldError::not_supported("spec.scope", other, &known));
        }
    }
    for (index, version) in versions(spec).iter().enumerate() {
        validate_version(version, &format!("spec.versions[{index}]"), &mut errors);
    }
    let stored = versions(spec).iter().filter(|version| version["storage"] == true).count();
    if stored != 1 {
        let detail = "must have exactly one version marked as storage version";
        let shown: Vec<String> = versions(spec).iter().map(internal).collect();
        errors.push(FieldError {
            value: format!("[{}]", shown.join(",")),
            ..FieldError::invalid("spec.versions", "", detail)
        });
    }
    validate_names(names, "spec.names", &mut errors);
    let status = fields.get("status").unwrap_or(&Value::Null);
    if status["storedVersions"].as_array().is_none_or(Vec::is_empty) {
        let detail = "must have at least one stored version";
        errors.push(FieldError::invalid("status.storedVersions", Value::Null, detail));
    }
    errors
}

/// Groups of Kubernetes itself want to be approved.
fn validate_approval(meta: &ObjectMeta, group: &str, errors: &mut FieldErrors) {
    const ANNOTATION: &str = "api-approved.kubernetes.io";
    let is_protected = ["k8s.io", "kubernetes.io"]
        .iter()
        .any(|domain| group == *domain || group.ends_with(&format!(".{domain}")));
    if is_protected && meta.annotation(ANNOTATION).is_none_or(str::is_empty) {
        let detail = format!(
            "protected groups must have approval annotation {ANNOTATION:?}, see \
             https://github.com/kubernetes/enhancements/pull/1111"
        );
        let field = format!("metadata.annotations[{ANNOTATION}]");
        errors.push(FieldError::required(field, &detail));
    }
}

fn validate_group(group: &str, errors: &mut FieldErrors) {
    if group.is_empty() {
        errors.push(FieldError::required("spec.group", ""));
        return;
    }
    for text in names::is_dns1123_subdomain(group) {
        errors.push(FieldError::invalid("spec.group", group, &text));
    }
    if !group.contains('.') {
        let detail = "should be a domain with at least one dot";
        errors.push(FieldError::invalid("spec.group", group, detail));
    }
}

fn validate_names(list: &Value, path: &str, errors: &mut FieldErrors) {
    let text = |name: &str| list[name].as_str().unwrap_or_default();
    for name in ["plural", "singular", "kind", "listKind"] {
        let (field, value) = (format!("{path}.{name}"), text(name).to_lowercase());
        if value.is_empty() {
            errors.push(FieldError::required(field, ""));
            continue;
        }
        for why in names::is_dns1035_label(&value) {
            let detail = match name {
                "kind" | "listKind" => {
                    format!("may have mixed case, but should otherwise match: {why}")
                }
                _ => why,
            };
            errors.push(FieldError::invalid(&field, text(name), &detail));
        }
    }
    if !text("kind").is_empty() && text("kind") == text("listKind") {
        let detail = "kind and listKind may not be the same";
        errors.push(FieldError::invalid(format!("{path}.listKind"), text("listKind"), detail));
    }
}

fn validate_version(version: &Value, path: &str, errors: &mut FieldErrors) {
    let name = version["name"].as_str().unwrap_or_default();
    for why in names::is_dns1035_label(name) {
        errors.push(FieldError::invalid(format!("{path}.name"), name, &why));
    }
    let schema = &version["schema"]["openAPIV3Schema"];
    let path = format!("{path}.schema.openAPIV3Schema");
    if !schema.is_object() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    match schema["type"].as_str() {
        Some("object") => {}
        None | Some("") => {
            errors.push(FieldError::required(
                format!("{path}.type"),
                "must not be empty at the root",
            ));
        }
        Some(other) => {
            let detail = "must be object at the root";
            errors.push(FieldError::invalid(format!("{path}.type"), other, detail));
        }
    }
    validate_fields(schema, &path, 0, errors);
}

/// A structural schema has a type everywhere.
fn validate_fields(schema: &Value, path: &str, depth: usize, errors: &mut FieldErrors) {
    if depth > schema::MAX_DEPTH {
        return;
    }
    let is_free = |schema: &Value| {
        schema["x-kubernetes-int-or-string"] == true
            || schema["x-kubernetes-preserve-unknown-fields"] == true
    };
    let mut below = |inner: &Value, path: String, what: &str| {
        if inner["type"].as_str().is_none_or(str::is_empty) && !is_free(inner) {
            let detail = format!("must not be empty for specified {what}");
            errors.push(FieldError::required(format!("{path}.type"), &detail));
        }
        validate_fields(inner, &path, depth + 1, errors);
    };
    if schema["items"].is_object() {
        below(&schema["items"], format!("{path}.items"), "array items");
    }
    if schema["additionalProperties"].is_object() {
        let inner = &schema["additionalProperties"];
        below(inner, format!("{path}.additionalProperties"), "object fields");
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        below(inner, format!("{path}.properties[{name}]"), "object fields");
    }
}

/// A version as Go prints its internal type.
fn internal(version: &Value) -> String {
    let flag = |name: &str| version[name] == true;
    format!(
        "{{\"Name\":{},\"Served\":{},\"Storage\":{},\"Deprecated\":{},\"DeprecationWarning\":{},\
         \"Schema\":{},\"Subresources\":{},\"AdditionalPrinterColumns\":{},\
         \"SelectableFields\":{}}}",
        version["name"],
        flag("served"),
        flag("storage"),
        flag("deprecated"),
        version["deprecationWarning"],
        version["schema"],
        version["subresources"],
        version["additionalPrinterColumns"],
        version["selectableFields"],
    )
}

/// Whether the schema has rules in CEL, which are kept and not evaluated.
pub(crate) fn has_rules(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => {
            map.contains_key("x-kubernetes-validations") || map.values().any(has_rules)
        }
        Value::Array(items) => items.iter().any(has_rules),
        _ => false,
    }
}
