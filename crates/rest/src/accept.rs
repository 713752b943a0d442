//! In which form an answer is wanted.
// Models apiserver/pkg/endpoints/handlers/negotiation/negotiate.go.

use apimachinery::status::{Reason, Status};

use crate::query::Query;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    #[default]
    Object,
    Table,
    /// Metadata only.
    Partial,
}

/// What a table's rows carry beside their cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Include {
    None,
    #[default]
    Metadata,
    Object,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form {
    pub shape: Shape,
    pub include: Include,
    pub yaml: bool,
    /// Indented, for people who look.
    pub pretty: bool,
}

/// One media range of an Accept header.
fn range(text: &str) -> Option<Form> {
    let mut parts = text.split(';').map(str::trim);
    let mut form = Form::default();
    match parts.next()?.to_ascii_lowercase().as_str() {
        "application/json" | "*/*" | "application/*" | "" => {}
        "application/yaml" => form.yaml = true,
        _ => return None,
    }
    let (mut shape, mut group, mut version) = ("", "", "");
    for part in parts {
        match part.split_once('=') {
            Some(("as", value)) => shape = value,
            Some(("g", value)) => group = value,
            Some(("v", value)) => version = value,
            _ => {}
        }
    }
    if shape.is_empty() {
        return Some(form);
    }
    let known = group == "meta.k8s.io" && matches!(version, "v1" | "v1beta1");
    form.shape = match shape {
        "Table" if known => Shape::Table,
        "PartialObjectMetadata" | "PartialObjectMetadataList" if known => Shape::Partial,
        _ => return None,
    };
    Some(form)
}

/// Programs of people get indented JSON unless they ask.
fn is_pretty(query: &Query, user_agent: &str) -> bool {
    match query.get("pretty") {
        Some(_) => query.flag("pretty"),
        None => ["curl", "Wget", "Mozilla/5.0"].iter().any(|agent| user_agent.starts_with(agent)),
    }
}

/// The first form of an Accept header that is served.
pub fn negotiate(
    accept: &str,
    query: &Query,
    user_agent: &str,
) -> std::result::Result<Form, Box<Status>> {
    let Some(mut form) = accept.split(',').find_map(|text| range(text.trim())) else {
        let message = "406: Not Acceptable\n\nAvailable representations: application/json, \
                       application/yaml";
        return Err(Status::new(Reason::NotAcceptable, message));
    };
    form.include = match query.text("includeObject") {
        "None" => Include::None,
        "Object" => Include::Object,
        _ => Include::Metadata,
    };
    form.pretty = is_pretty(query, user_agent);
    Ok(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_form_that_is_served_is_taken() {
        let shape = |accept| negotiate(accept, &Query::default(), "").map(|form| form.shape);
        assert_eq!(
            shape("application/json;as=Table;v=v1;g=meta.k8s.io,application/json"),
            Ok(Shape::Table)
        );
        let partial = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;\
                       v=v1,application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,\
                       application/json";
        assert_eq!(shape(partial), Ok(Shape::Partial));
        assert_eq!(shape(""), Ok(Shape::Object));
        assert_eq!(shape("application/vnd.kubernetes.protobuf").unwrap_err().code(), 406);
    }
}
