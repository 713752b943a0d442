//! Which path takes and answers what.
// Models kube-openapi/pkg/builder and apiserver/pkg/endpoints/installer.go.

use std::collections::BTreeSet;

use schema::{Resource, Schema};
use serde_json::{Map, Value, json};

use super::{DELETE_OPTIONS, Form, PATCH, STATUS, STRATEGIC, reach, type_name};

/// One method of a path.
struct Operation<'a> {
    form: Form,
    resource: &'a Resource,
    verb: &'a str,
    /// The type that is sent and answered.
    type_name: &'static str,
    kind: (&'a str, &'a str, &'a str),
}

const PATCHES: [&str; 4] = [
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    STRATEGIC,
];

impl Operation<'_> {
    fn parameters(&self) -> Vec<Value> {
        let names: &[(&str, &str)] = match self.verb {
            "create" | "update" => {
                &[("dryRun", "string"), ("fieldManager", "string"), ("fieldValidation", "string")]
            }
            "patch" => &[
                ("dryRun", "string"),
                ("fieldManager", "string"),
                ("fieldValidation", "string"),
                ("force", "boolean"),
            ],
            "delete" => &[
                ("dryRun", "string"),
                ("gracePeriodSeconds", "integer"),
                ("orphanDependents", "boolean"),
                ("propagationPolicy", "string"),
            ],
            "list" | "deletecollection" => &[
                ("allowWatchBookmarks", "boolean"),
                ("continue", "string"),
                ("fieldSelector", "string"),
                ("labelSelector", "string"),
                ("limit", "integer"),
                ("resourceVersion", "string"),
                ("resourceVersionMatch", "string"),
                ("sendInitialEvents", "boolean"),
                ("timeoutSeconds", "integer"),
                ("watch", "boolean"),
            ],
            _ => &[],
        };
        names.iter().map(|(name, kind)| self.form.parameter(name, "query", kind)).collect()
    }

    /// The type of the body, and the media types in which it may come.
    fn body(&self) -> Option<(&'static str, &'static [&'static str])> {
        match self.verb {
            "create" | "update" => Some((self.type_name, &["*/*"])),
            "patch" => Some((PATCH, &PATCHES)),
            "delete" | "deletecollection" => Some((DELETE_OPTIONS, &["*/*"])),
            _ => None,
        }
    }

    fn value(&self) -> Value {
        let answer = match self.verb {
            "delete" | "deletecollection" => STATUS,
            _ => self.type_name,
        };
        let (group, version, kind) = self.kind;
        let mut parameters = self.parameters();
        let mut value = json!({
            "x-kubernetes-action": action(self.verb),
            "x-kubernetes-group-version-kind": { "group": group, "version": version, "kind": kind },
        });
        let schema = self.form.reference(answer);
        match self.form {
            Form::V2 => {
                value["responses"] = json!({ "200": { "description": "OK", "schema": schema } });
                if let Some((name, types)) = self.body() {
                    let schema = self.form.reference(name);
                    parameters.push(
                        json!({ "name": "body", "in": "body", "required": true, "schema": schema }),
                    );
                    value["consumes"] = json!(types);
                }
            }
            Form::V3 => {
                let content = json!({ "application/json": { "schema": schema } });
                value["responses"] = json!({ "200": { "description": "OK", "content": content } });
                if let Some((name, types)) = self.body() {
                    let schema = json!({ "schema": self.form.reference(name) });
                    let content = types.iter().map(|media| ((*media).to_owned(), schema.clone()));
                    value["requestBody"] =
                        json!({ "content": Value::Object(content.collect()), "required": true });
                }
            }
        }
        let word = if self.resource.namespaced { "Namespaced" } else { "" };
        value["operationId"] = format!("{}{word}{kind}", self.verb).into();
        value["parameters"] = parameters.into();
        value
    }
}

fn action(verb: &str) -> &str {
    match verb {
        "create" => "post",
        "update" => "put",
        other => other,
    }
}

fn method(verb: &str) -> Option<&'static str> {
    Some(match verb {
        "get" | "list" => "get",
        "create" => "post",
        "update" => "put",
        "patch" => "patch",
        "delete" | "deletecollection" => "delete",
        _ => return None,
    })
}

fn type_of(group: &str, version: &str, kind: &str) -> &'static str {
    Schema::get().type_for(group, version, kind).map_or(STATUS, type_name)
}

pub(super) fn prefix(group: &str, version: &str) -> String {
    match group {
        "" => format!("/api/{version}"),
        group => format!("/apis/{group}/{version}"),
    }
}

/// The paths of one resource, and the types that they name.
pub(super) fn paths(
    form: Form,
    resource: &Resource,
    out: &mut Map<String, Value>,
    used: &mut BTreeSet<&'static str>,
) {
    let (group, version, kind) = (resource.group, resource.version, resource.kind);
    let root = prefix(group, version);
    let place = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
    let all = format!("{root}{place}/{}", resource.plural);
    let one = format!("{all}/{{name}}");
    let mut add = |path: &str, verb: &str, kind: (&str, &str, &str), list: bool| {
        let Some(method) = method(verb) else { return };
        let (group, version, name) = kind;
        let of_list = type_of(group, version, &format!("{name}List"));
        let type_name = if list { of_list } else { type_of(group, version, name) };
        reach(type_name, used);
        let operation = Operation { form, resource, verb, type_name, kind }.value();
        let slot = out.entry(path).or_insert_with(|| path_item(form, path));
        slot[method] = operation;
    };
    for verb in &resource.verbs {
        let own = (group, version, kind);
        match *verb {
            "list" => {
                add(&all, verb, own, true);
                if resource.namespaced {
                    add(&format!("{root}/{}", resource.plural), verb, own, true);
                }
            }
            "create" => add(&all, verb, own, false),
            "deletecollection" => add(&all, verb, own, false),
            _ => add(&one, verb, own, false),
        }
    }
    for part in &resource.subresources {
        for verb in &part.verbs {
            let own = (part.group, part.version, part.kind);
            add(&format!("{one}/{}", part.name), verb, own, false);
        }
    }
}

fn path_item(form: Form, path: &str) -> Value {
    let names = ["name", "namespace"].into_iter().filter(|n| path.contains(&format!("{{{n}}}")));
    let parameters: Vec<Value> = names.map(|name| form.parameter(name, "path", "string")).collect();
    json!({ "parameters": parameters })
}
