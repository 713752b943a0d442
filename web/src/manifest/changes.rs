//! What apply changed: the objects of a manifest before and after, field by field.

use cluster::Cluster;
use serde_json::Value;
use yaml::Limits;

const CHANGES_MAX: usize = 8;

/// An object that a manifest names.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    pub kind: String,
    pub namespace: String,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Created(Named),
    Unchanged(Named),
    Field { of: Named, field: String, from: String, to: String },
}

/// The objects of a manifest, as they are in the cluster.
pub fn look(cluster: &Cluster, text: &str) -> Vec<(Named, Option<Value>)> {
    let parsed = yaml::parse(text, &Limits::default());
    let text = |value: &Value, pointer: &str| {
        value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let mut wanted: Vec<(Named, Option<Value>)> = Vec::new();
    for document in parsed.documents.iter().take(100) {
        let value = &document.value;
        let named = Named {
            kind: text(value, "/kind"),
            namespace: text(value, "/metadata/namespace"),
            name: text(value, "/metadata/name"),
        };
        if !named.kind.is_empty() && !named.name.is_empty() {
            wanted.push((named, None));
        }
    }
    let ours = cluster.session().namespace();
    cluster.server().for_each_object(&mut |object| {
        let (meta, kind) = (object.meta(), object.gvk().kind);
        for (named, found) in &mut wanted {
            let namespace = if named.namespace.is_empty() { ours } else { &named.namespace };
            let same = meta.name == named.name && kind == named.kind;
            if same && (meta.namespace.is_empty() || meta.namespace == *namespace) {
                *found = Some(object.to_wire());
            }
        }
    });
    wanted
}

pub fn between(before: &[(Named, Option<Value>)], after: &[(Named, Option<Value>)]) -> Vec<Change> {
    let mut changes = Vec::new();
    for (named, now) in after {
        let Some(now) = now else { continue };
        let old = before.iter().find(|(other, _)| other == named).and_then(|(_, old)| old.as_ref());
        let Some(old) = old else {
            changes.push(Change::Created(named.clone()));
            continue;
        };
        let count = changes.len();
        compare(named, &mut Vec::new(), Some(old), Some(now), &mut changes);
        if changes.len() == count {
            changes.push(Change::Unchanged(named.clone()));
        }
    }
    changes.truncate(CHANGES_MAX);
    changes
}

/// What the server keeps for itself is no change of the person's.
fn is_own(path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["status"] => true,
        ["metadata", field] => !["labels", "annotations"].contains(field),
        ["metadata", "annotations", name] => {
            name.starts_with("kubectl.kubernetes.io/")
                || name.starts_with("deployment.kubernetes.io/")
        }
        _ => false,
    }
}

fn compare(
    of: &Named,
    path: &mut Vec<String>,
    old: Option<&Value>,
    new: Option<&Value>,
    changes: &mut Vec<Change>,
) {
    if old == new || is_own(path) || changes.len() > CHANGES_MAX || path.len() > 40 {
        return;
    }
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                path.push(key.clone());
                compare(of, path, old.get(key), new.get(key), changes);
                path.pop();
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for index in 0..old.len().max(new.len()) {
                path.push(index.to_string());
                compare(of, path, old.get(index), new.get(index), changes);
                path.pop();
            }
        }
        _ => changes.push(Change::Field {
            of: of.clone(),
            field: field_name(path),
            from: brief(old),
            to: brief(new),
        }),
    }
}

/// `replicas` of `spec.replicas`; `containers[0].image` of a template's container.
fn field_name(path: &[String]) -> String {
    let mut name = String::new();
    let skipped = ["spec", "template", "metadata"];
    let start = path.iter().position(|step| !skipped.contains(&step.as_str())).unwrap_or(0);
    for step in path.iter().skip(start) {
        if step.parse::<usize>().is_ok() {
            name.push_str(&format!("[{step}]"));
        } else {
            name.push_str(if name.is_empty() { "" } else { "." });
            name.push_str(step);
        }
    }
    name
}

fn brief(value: Option<&Value>) -> String {
    const CHARS_MAX: usize = 40;
    let text = match value {
        None => return "∅".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    if text.chars().count() <= CHARS_MAX {
        return text;
    }
    text.chars().take(CHARS_MAX).chain(std::iter::once('…')).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_are_told_field_by_field() {
        let named = Named { kind: "Deployment".into(), namespace: "".into(), name: "web".into() };
        let object = |replicas: i32, image: &str, revision: &str| {
            json!({"metadata": {"name": "web", "resourceVersion": revision},
                   "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"image": image}]}}},
                   "status": {"replicas": revision}})
        };
        let before = [(named.clone(), Some(object(3, "nginx", "1")))];
        let after = [(named.clone(), Some(object(5, "nginx:1.29", "2")))];
        let field = |field: &str, from: &str, to: &str| Change::Field {
            of: named.clone(),
            field: field.into(),
            from: from.into(),
            to: to.into(),
        };
        let want =
            [field("replicas", "3", "5"), field("containers[0].image", "nginx", "nginx:1.29")];
        assert_eq!(between(&before, &after), want);
        assert_eq!(between(&before, &before), [Change::Unchanged(named.clone())]);
        assert_eq!(between(&[], &after), [Change::Created(named)]);
    }
}
