//! Roles, bindings and certificate requests.

use api::certificates::pkcs10;
use api::rbac::policy_rule::PolicyRule;
use api::rbac::rules;
use apimachinery::duration::human_duration;
use apimachinery::wire::Wire;
use serde_json::Value;

use crate::describe::Pen;
use crate::describe::pen::long_time;
use crate::path::Look;
use crate::session::Cx;
use crate::verbs::rule_line;

fn head(pen: &mut Pen, object: &Value) {
    pen.field(0, "Name", object.text("metadata.name"));
    pen.labels("Labels", object.at("metadata.labels"));
    pen.annotations("Annotations", object.at("metadata.annotations"));
}

pub fn role(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    head(pen, object);
    pen.line(0, "PolicyRule:");
    pen.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
    pen.line(1, "---------\t-----------------\t--------------\t-----");
    let all = object.items("rules").iter();
    let all: Vec<PolicyRule> =
        all.filter_map(|rule| PolicyRule::from_value(rule.clone()).ok()).collect();
    for rule in rules::for_display(&all) {
        pen.line(1, rule_line(&rule).trim_end_matches('\n'));
    }
}

pub fn binding(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    head(pen, object);
    pen.line(0, "Role:");
    pen.field(1, "Kind", object.text("roleRef.kind"));
    pen.field(1, "Name", object.text("roleRef.name"));
    pen.line(0, "Subjects:");
    pen.line(1, "Kind\tName\tNamespace");
    pen.line(1, "----\t----\t---------");
    for one in object.items("subjects") {
        let [kind, name, namespace] = ["kind", "name", "namespace"].map(|part| one.text(part));
        pen.line(1, &format!("{kind}\t{name}\t{namespace}"));
    }
}

/// Labels on one line, as requests show them.
fn joined(labels: &Value) -> String {
    let pairs = labels.pairs("");
    if pairs.is_empty() {
        return "<none>".to_owned();
    }
    let pairs = pairs.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or("")));
    pairs.collect::<Vec<_>>().join(",")
}

pub fn certificate_request(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.field(0, "Name", object.text("metadata.name"));
    pen.field(0, "Labels", &joined(object.at("metadata.labels")));
    pen.field(0, "Annotations", &joined(object.at("metadata.annotations")));
    pen.field(0, "CreationTimestamp", &long_time(object.at("metadata.creationTimestamp")));
    pen.field(0, "Requesting User", object.text("spec.username"));
    pen.some(0, "Signer", object.text("spec.signerName"));
    if object.has("spec.expirationSeconds") {
        let duration = human_duration(object.int("spec.expirationSeconds"));
        pen.field(0, "Requested Duration", &duration);
    }
    let request = api::CertificateSigningRequest::from_value(object.clone());
    pen.field(0, "Status", &request.map(|request| request.state()).unwrap_or_default());
    let subject = pkcs10::parse(object.text("spec.request")).unwrap_or_default();
    pen.line(0, "Subject:");
    pen.line(0, &format!("\tCommon Name:\t{}", subject.common_name));
    pen.line(0, "\tSerial Number:\t");
    if !subject.organizations.is_empty() {
        pen.line(0, &format!("\tOrganization:\t{}", subject.organizations.join("\n\t\t")));
    }
}
