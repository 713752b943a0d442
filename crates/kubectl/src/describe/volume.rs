//! The volumes of pods and templates.

use serde_json::Value;

use crate::describe::Pen;
use crate::path::{Look, scalar};

pub fn volumes(pen: &mut Pen, volumes: &[Value], is_template: bool) {
    let (space, indent) = if is_template { ("  ", " ") } else { ("", "") };
    if volumes.is_empty() {
        pen.line(0, &format!("{space}Volumes:\t<none>"));
        return;
    }
    pen.line(0, &format!("{space}Volumes:"));
    for volume in volumes {
        pen.line(1, &format!("{indent}{}:", volume.text("name")));
        volume_source(pen, volume);
    }
}

fn volume_source(pen: &mut Pen, volume: &Value) {
    let source =
        volume.pairs("").into_iter().find(|(key, value)| *key != "name" && value.is_object());
    let Some((kind, source)) = source else {
        pen.line(1, "<unknown>");
        return;
    };
    let optional = source.flag("optional").to_string();
    match kind {
        "hostPath" => {
            pen.field(2, "Type", "HostPath (bare host directory volume)");
            pen.field(2, "Path", source.text("path"));
            let ty = source.at("type").as_str();
            pen.field(2, "HostPathType", ty.unwrap_or("<none>"));
        }
        "emptyDir" => {
            pen.field(2, "Type", "EmptyDir (a temporary directory that shares a pod's lifetime)");
            pen.field(2, "Medium", source.text("medium"));
            let limit = scalar(source.at("sizeLimit"));
            let is_set = !limit.is_empty() && limit != "0";
            pen.field(2, "SizeLimit", if is_set { &limit } else { "<unset>" });
        }
        "secret" => {
            pen.field(2, "Type", "Secret (a volume populated by a Secret)");
            pen.field(2, "SecretName", source.text("secretName"));
            pen.field(2, "Optional", &optional);
        }
        "configMap" => {
            pen.field(2, "Type", "ConfigMap (a volume populated by a ConfigMap)");
            pen.field(2, "Name", source.text("name"));
            pen.field(2, "Optional", &optional);
        }
        "persistentVolumeClaim" => {
            pen.field(
                2,
                "Type",
                "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same \
                     namespace)",
            );
            pen.field(2, "ClaimName", source.text("claimName"));
            pen.field(2, "ReadOnly", &source.flag("readOnly").to_string());
        }
        "downwardAPI" => {
            pen.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
            pen.line(2, "Items:");
            for item in source.items("items") {
                let from = match item.has("fieldRef") {
                    true => item.text("fieldRef.fieldPath"),
                    false => item.text("resourceFieldRef.resource"),
                };
                pen.line(3, &format!("{from} -> {}", item.text("path")));
            }
        }
        "projected" => projected(pen, source),
        other => pen.field(2, "Type", other),
    }
}

fn projected(pen: &mut Pen, volume: &Value) {
    let about = "Projected (a volume that contains injected data from multiple sources)";
    pen.field(2, "Type", about);
    for source in volume.items("sources") {
        for (field, title) in [("secret", "SecretName"), ("configMap", "ConfigMapName")] {
            if source.has(field) {
                let source = source.at(field);
                pen.field(2, title, source.text("name"));
                pen.field(2, "Optional", &source.flag("optional").to_string());
            }
        }
        if source.has("downwardAPI") {
            pen.field(2, "DownwardAPI", "true");
        }
        if source.has("serviceAccountToken") {
            let seconds = source.int("serviceAccountToken.expirationSeconds");
            pen.field(2, "TokenExpirationSeconds", &seconds.to_string());
        }
    }
}
