//! Namespaces, ConfigMaps, Secrets and ServiceAccounts.

use serde_json::Value;

use crate::describe::Pen;
use crate::describe::pen::long_time;
use crate::path::Look;
use crate::session::Cx;

pub fn namespace(cx: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.field(0, "Name", object.text("metadata.name"));
    pen.labels("Labels", object.at("metadata.labels"));
    pen.annotations("Annotations", object.at("metadata.annotations"));
    pen.field(0, "Status", object.text("status.phase"));
    let conditions = object.items("status.conditions");
    if !conditions.is_empty() {
        pen.line(0, "Conditions:");
        pen.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
        pen.line(1, "----\t------\t------------------\t------\t-------");
    }
    for one in conditions {
        let time = long_time(one.at("lastTransitionTime"));
        let (ty, status) = (one.text("type"), one.text("status"));
        let (reason, message) = (one.text("reason"), one.text("message"));
        pen.line(1, &format!("{ty}\t{status}\t{time}\t{reason}\t{message}"));
    }
    super::policy::of_namespace(cx, pen, object.text("metadata.name"));
}

pub fn config_map(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.head(object);
    pen.line(0, "\nData\n====");
    for (key, value) in object.pairs("data") {
        pen.line(0, &format!("{key}:\n----"));
        pen.line(0, value.as_str().unwrap_or(""));
        pen.line(0, "");
    }
    pen.line(0, "\nBinaryData\n====");
    for (key, value) in object.pairs("binaryData") {
        let bytes = decoded_length(value.as_str().unwrap_or(""));
        pen.line(0, &format!("{key}: {bytes} bytes"));
    }
    pen.line(0, "");
}

/// How many bytes a base64 text holds.
fn decoded_length(text: &str) -> usize {
    let padding = text.bytes().rev().take_while(|b| *b == b'=').count();
    (text.len() / 4 * 3).saturating_sub(padding)
}

pub fn secret(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.head(object);
    pen.line(0, &format!("\nType:\t{}", object.text("type")));
    pen.line(0, "\nData\n====");
    for (key, value) in object.pairs("data") {
        let bytes = decoded_length(value.as_str().unwrap_or(""));
        pen.field(0, key, &format!("{bytes} bytes"));
    }
}

pub fn service_account(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.head(object);
    let names = |field: &str| -> Vec<String> {
        object.items(field).iter().map(|one| one.text("name").to_owned()).collect()
    };
    pen.lines("Image pull secrets", &names("imagePullSecrets"));
    let secrets = names("secrets");
    if !secrets.is_empty() {
        pen.lines("Mountable secrets", &secrets);
    }
}
