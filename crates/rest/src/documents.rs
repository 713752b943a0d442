//! Paths that are no resource's: discovery, OpenAPI, version, health.

use schema::documents;
use serde_json::Value;

use crate::accept::Form;
use crate::answer::Answer;
use crate::catalog::Catalog;
use crate::openapi;
use crate::query::Query;

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Whether the first form that a client takes is aggregated discovery.
fn wants_aggregated(accept: &str) -> bool {
    let first = accept.split(',').map(str::trim).find(|range| {
        let media = range.split(';').next().unwrap_or_default();
        matches!(media, "application/json" | "*/*" | "application/*" | "")
            && (!range.contains("as=") || has(range, "v=v2"))
    });
    first.is_some_and(|range| {
        has(range, "as=APIGroupDiscoveryList") && has(range, "g=apidiscovery.k8s.io")
    })
}

fn has(range: &str, parameter: &str) -> bool {
    range.split(';').any(|part| part.trim() == parameter)
}

const PROTOBUF: &str = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
/// The name that is a media type in Go's eyes too.
const PROTOBUF_ANSWER: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

fn open_api(parts: &[&str], catalog: &Catalog) -> Option<Value> {
    match parts {
        ["openapi", "v2"] => Some(openapi::v2(catalog)),
        ["openapi", "v3"] => Some(openapi::v3_index(catalog)),
        ["openapi", "v3", "api", version] => openapi::v3(catalog, "", version),
        ["openapi", "v3", "apis", group, version] => openapi::v3(catalog, group, version),
        ["openapi", "v3", path @ ..] => openapi::v3_of_path(catalog, &path.join("/")),
        _ => None,
    }
}

/// The document at a path, if there is one.
pub fn document(
    path: &str,
    query: &Query,
    accept: &str,
    form: Form,
    catalog: &Catalog,
    address: &str,
) -> Option<Answer> {
    let all = &catalog.resources;
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let value = match parts.as_slice() {
        ["api"] | ["apis"] if wants_aggregated(accept) => {
            let value = documents::aggregated(all, parts == ["api"]);
            let mut answer = Answer::document(200, &value, form);
            answer.content_type = AGGREGATED;
            return Some(answer);
        }
        ["openapi", "v2"]
            if accept.starts_with(PROTOBUF) || accept.starts_with(PROTOBUF_ANSWER) =>
        {
            let mut answer = Answer::text(200, openapi::v2_protobuf());
            answer.content_type = PROTOBUF_ANSWER;
            return Some(answer);
        }
        [] => documents::paths(all),
        ["version"] => documents::version(true),
        ["api"] => documents::api_versions(address),
        ["api", version] => documents::api_resource_list(all, "", version)?,
        ["apis"] => documents::api_group_list(all),
        ["apis", group] => documents::api_group(all, group)?,
        ["apis", group, version] => documents::api_resource_list(all, group, version)?,
        ["openapi", ..] => open_api(&parts, catalog)?,
        _ => {
            let pairs = query.0.iter().map(|(name, value)| (name.to_string(), value.to_string()));
            let pairs: Vec<(String, String)> = pairs.collect();
            return documents::health(path, &pairs).map(|text| Answer::text(200, text));
        }
    };
    // People read these two.
    let pretty = form.pretty || matches!(parts.as_slice(), [] | ["version"]);
    Some(Answer::document(200, &value, Form { pretty, ..form }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aggregated_discovery_is_for_who_asks_first_for_it() {
        let v2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
        let beta = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
        assert!(wants_aggregated(&format!("{v2},{beta},application/json")));
        assert!(!wants_aggregated(&format!("{beta},application/json")));
        assert!(!wants_aggregated("application/json"));
        assert!(!wants_aggregated("*/*"));
    }
}
