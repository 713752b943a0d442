//! Custom resources: what a CustomResourceDefinition says of its objects.
// Models apiextensions-apiserver/pkg.

mod column;
pub(crate) mod definition;
mod structural;
mod validate;

use std::sync::Arc;

use api::KindInfo;
use api::object::Column;
use apimachinery::gvk::{GroupResource, Gvk};
use apimachinery::status::FieldErrors;
use apimachinery::time::Time;
use serde_json::{Map, Value};
use smol_str::SmolStr;

use column::Printer;

/// Where a scale finds its numbers.
#[derive(Clone, Debug)]
pub(crate) struct ScalePaths {
    pub wanted: Vec<String>,
    pub current: Vec<String>,
    pub selector: Vec<String>,
}

/// One version of a custom resource.
#[derive(Debug)]
pub(crate) struct Custom {
    pub info: KindInfo,
    /// `spec.names` of the definition.
    pub names: Value,
    /// The OpenAPI schema of the objects.
    pub schema: Value,
    pub columns: Vec<Column>,
    printers: Vec<Printer>,
    pub has_status: bool,
    pub scale: Option<ScalePaths>,
    preserves_unknown: bool,
}

/// `.spec.replicas` as the names on the way.
fn steps(path: &Value) -> Vec<String> {
    let text = path.as_str().unwrap_or_default();
    text.split('.').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn subresources(has_status: bool, has_scale: bool) -> &'static [&'static str] {
    match (has_status, has_scale) {
        (true, true) => &["status", "scale"],
        (true, false) => &["status"],
        (false, true) => &["scale"],
        (false, false) => &[],
    }
}

impl Custom {
    /// One version of a definition's spec.
    pub fn of(spec: &Value, version: &Value) -> Arc<Custom> {
        let text = |value: &Value| SmolStr::new(value.as_str().unwrap_or_default());
        let names = &spec["names"];
        let parts = &version["subresources"];
        let (has_status, scale) = (parts["status"].is_object(), &parts["scale"]);
        let scale = scale.is_object().then(|| ScalePaths {
            wanted: steps(&scale["specReplicasPath"]),
            current: steps(&scale["statusReplicasPath"]),
            selector: steps(&scale["labelSelectorPath"]),
        });
        let group = text(&spec["group"]);
        let kind = text(&names["kind"]);
        let gvk = Gvk { group: group.clone(), version: text(&version["name"]), kind };
        let schema = version["schema"]["openAPIV3Schema"].clone();
        let (columns, printers) = column::of(&version["additionalPrinterColumns"]);
        Arc::new(Custom {
            info: KindInfo {
                gvk,
                resource: GroupResource { group, resource: text(&names["plural"]) },
                namespaced: spec["scope"] != "Cluster",
                subresources: subresources(has_status, scale.is_some()),
            },
            preserves_unknown: spec["preserveUnknownFields"] == true,
            names: names.clone(),
            schema,
            columns,
            printers,
            has_status,
            scale,
        })
    }

    /// As discovery lists it.
    pub fn resource(&self) -> &'static schema::Resource {
        let text = |name: &str| self.names[name].as_str().unwrap_or_default();
        let list = |name: &str| {
            let list = self.names[name].as_array().into_iter().flatten();
            list.filter_map(Value::as_str).collect()
        };
        schema::custom_resource(&schema::CustomNames {
            group: &self.info.gvk.group,
            version: &self.info.gvk.version,
            kind: &self.info.gvk.kind,
            plural: &self.info.resource.resource,
            singular: text("singular"),
            short_names: list("shortNames"),
            categories: list("categories"),
            namespaced: self.info.namespaced,
            subresources: self.info.subresources,
        })
    }

    /// Fields that the schema does not know; they are taken out of the object.
    pub fn prune(&self, object: &mut Value) -> Vec<String> {
        if self.preserves_unknown {
            return Vec::new();
        }
        structural::prune_object(object, &self.schema)
    }

    pub fn set_defaults(&self, fields: &mut Map<String, Value>) {
        structural::set_defaults(fields, &self.schema);
    }

    pub fn validate(&self, object: &Value) -> FieldErrors {
        validate::validate(object, &self.schema)
    }

    pub fn row(&self, object: &Value, now: Time) -> Vec<Value> {
        let name = object["metadata"]["name"].clone();
        let cells = self.printers.iter().map(|printer| printer.cell(object, now));
        std::iter::once(name).chain(cells).collect()
    }
}

/// The value at the end of a path of names.
pub(crate) fn at<'a>(fields: &'a Map<String, Value>, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(fields.get(first)?, |value, name| value.get(name))
}

/// Sets the value at the end of a path of names.
pub(crate) fn put(fields: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => {
            fields.insert(last.clone(), value);
        }
        [first, rest @ ..] => {
            let inner = fields.entry(first.clone()).or_insert_with(|| Value::Object(Map::new()));
            if let Some(inner) = inner.as_object_mut() {
                put(inner, rest, value);
            }
        }
    }
}
