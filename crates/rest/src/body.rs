//! Bodies of requests: objects, patches and delete options, as JSON or YAML.
// Models apiserver/pkg/endpoints/handlers/{create,update,patch,delete}.go.

use apimachinery::meta::Uid;
use apimachinery::status::{Reason, Status};
use client::{Body, DeleteOptions, PatchType, Propagation};
use serde_json::Value;

use crate::protobuf;
use crate::query::Query;

type Result<T> = std::result::Result<T, Box<Status>>;

/// How much of a body that cannot be read an error repeats.
const SUMMARY_MAX: usize = 30;

const ACCEPTED: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

fn unsupported(accepted: &str) -> Box<Status> {
    let message = format!(
        "the body of the request was in an unknown format - accepted media types include: \
         {accepted}"
    );
    Status::new(Reason::UnsupportedMediaType, message)
}

/// The media type without its parameters.
fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

fn summary(body: &[u8]) -> String {
    let cut = body.get(..SUMMARY_MAX).unwrap_or(body);
    let dots = if cut.len() < body.len() { " ..." } else { "" };
    match body.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => format!("{}{dots}", String::from_utf8_lossy(cut)),
        Some(_) => {
            let hex: String = cut.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{hex}{dots}")
        }
    }
}

fn unrecognized(kind: &str, why: &str, body: &[u8]) -> Box<Status> {
    Status::bad_request(format!(
        "the object provided is unrecognized (must be of type {kind}): {why} ({})",
        summary(body)
    ))
}

fn from_yaml(text: &str) -> std::result::Result<Value, String> {
    let parsed = yaml::parse(text, &yaml::Limits::default());
    let wrong = parsed.diagnostics.iter().find(|one| one.severity == yaml::Severity::Error);
    match (wrong, parsed.documents.into_iter().next()) {
        (Some(wrong), _) => {
            let text = wrong.parse_error();
            let bare = text.strip_prefix("error converting YAML to JSON: ");
            Err(bare.map(str::to_owned).unwrap_or(text))
        }
        (None, Some(document)) => Ok(document.value),
        (None, None) => Ok(Value::Null),
    }
}

fn from_json(body: &[u8]) -> std::result::Result<Value, String> {
    serde_json::from_slice(body).map_err(|error| match crate::syntax::complaint(body) {
        Some(complaint) => complaint,
        None => error.to_string(),
    })
}

/// An object of a kind.
pub(crate) fn object(content_type: &str, body: &[u8], kind: &str) -> Result<Value> {
    let read = match media_type(content_type) {
        "" | "application/json" | "*/*" => from_json(body)
            .map_err(|why| format!("couldn't get version/kind; json parse error: {why}")),
        "application/yaml" => from_yaml(&String::from_utf8_lossy(body)),
        "application/vnd.kubernetes.protobuf" => protobuf::decode(body).ok_or_else(|| {
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
                .to_owned()
        }),
        _ => return Err(unsupported(ACCEPTED)),
    };
    read.map_err(|why| unrecognized(kind, &why, body))
}

/// A patch; its kind is its media type.
pub(crate) fn patch(content_type: &str, body: &[u8]) -> Result<Body> {
    let kind = match media_type(content_type) {
        "application/json-patch+json" => PatchType::Json,
        "application/merge-patch+json" => PatchType::Merge,
        "application/strategic-merge-patch+json" => PatchType::Strategic,
        "application/apply-patch+yaml" => PatchType::Apply,
        _ => {
            return Err(Status::new(Reason::UnsupportedMediaType, "415: Unsupported Media Type"));
        }
    };
    let patch = match kind {
        PatchType::Apply => from_yaml(&String::from_utf8_lossy(body))
            .map_err(|why| Status::bad_request(format!("error decoding YAML: {why}")))?,
        _ => from_json(body)
            .map_err(|why| Status::bad_request(format!("error decoding patch: {why}")))?,
    };
    Ok(Body::Patch(kind, patch))
}

fn propagation(text: &str) -> Option<Propagation> {
    match text {
        "Orphan" => Some(Propagation::Orphan),
        "Foreground" => Some(Propagation::Foreground),
        "Background" => Some(Propagation::Background),
        _ => None,
    }
}

/// What a delete says in its body or, without one, in its query; and whether it is a dry run.
pub(crate) fn delete(
    content_type: &str,
    body: &[u8],
    query: &Query,
) -> Result<(DeleteOptions, bool)> {
    let (grace, policy, orphan, dry_run, conditions) = if body.is_empty() {
        let flag = query.get("orphanDependents").map(|_| query.flag("orphanDependents"));
        let grace = query.get("gracePeriodSeconds").and_then(|text| text.parse().ok());
        (grace, query.text("propagationPolicy").to_owned(), flag, false, Value::Null)
    } else {
        let mut value = object(content_type, body, "DeleteOptions")?;
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let dry_run = value["dryRun"].as_array().is_some_and(|all| !all.is_empty());
        let (grace, policy) = (value["gracePeriodSeconds"].as_i64(), text("propagationPolicy"));
        let orphan = value["orphanDependents"].as_bool();
        (grace, policy, orphan, dry_run, value["preconditions"].take())
    };
    let orphaned = orphan.map(|orphan| match orphan {
        true => Propagation::Orphan,
        false => Propagation::Background,
    });
    let version = conditions["resourceVersion"].as_str();
    let options = DeleteOptions {
        grace_period_seconds: grace,
        propagation: propagation(&policy).or(orphaned),
        precondition_uid: conditions["uid"].as_str().and_then(Uid::parse),
        precondition_resource_version: version.and_then(|version| version.parse().ok()),
    };
    Ok((options, dry_run))
}
