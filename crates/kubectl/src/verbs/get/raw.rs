//! `kubectl get --raw`: what the server answers at a path, as it is.
// Models kubectl/pkg/rawhttp/raw.go and apiserver/pkg/endpoints/request/requestinfo.go.

use apimachinery::status::{Reason, Status};
use apimachinery::strconv;
use client::{ListOptions, Reply, ReplyBody, Request, Verb};
use schema::{Resource, Schema, documents};
use serde_json::{Value, json};

use crate::discovery::{self, group_resource};
use crate::fail::{Outcome, error};
use crate::flags::Args;
use crate::path::Look;
use crate::server;
use crate::session::Cx;
use crate::verbs::Flow;

pub fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if !args.words.is_empty() {
        return error("arguments may not be passed when --raw is specified");
    }
    let selects = ["watch", "watch-only", "selector", "sort-by", "show-labels", "label-columns"];
    if selects.iter().any(|flag| args.changed(flag)) {
        return error(
            "--raw may not be specified with other flags that filter the server request or alter \
             the output",
        );
    }
    if args.changed("output") {
        return error("--raw and --output are mutually exclusive");
    }
    let url = args.text("raw");
    if !url.starts_with('/') && !url.contains("://") {
        let url = strconv::quote(url);
        return error(format!(
            "--raw must be a valid URL path: parse {url}: invalid URI for request"
        ));
    }
    let text = answer(cx, url)?;
    cx.out.stdout(&text);
    Ok(Flow::Done)
}

/// What a GET of a path answers.
pub fn answer(cx: &mut Cx<'_>, url: &str) -> Outcome<String> {
    let (path, _) = documents::split_url(url);
    let address = if url == "/api" { advertised(cx) } else { String::new() };
    if let Some(text) = documents::document(url, &address) {
        cx.api.ask_path(None, "get", &path)?;
        return Ok(text);
    }
    let Some((resource, request)) = request(url) else {
        cx.api.ask_path(None, "get", &path)?;
        let text = "the server could not find the requested resource";
        return Err(Status::new(Reason::NotFound, text).into());
    };
    let reply = server::send(cx, request)?;
    Ok(text_of(reply, resource))
}

/// Where the server says it can be reached: the endpoint of its own service.
fn advertised(cx: &mut Cx<'_>) -> String {
    let found = discovery::resolve("endpointslices")
        .and_then(|kind| server::get(cx, kind, "default", "kubernetes"));
    let Ok(slice) = found else { return String::new() };
    let address = slice["endpoints"][0]["addresses"][0].as_str().unwrap_or("");
    format!("{address}:{}", slice["ports"][0].int("port"))
}

/// The request a path stands for, and its resource.
fn request(url: &str) -> Option<(&'static Resource, Request)> {
    let (path, query) = documents::split_url(url);
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, plural, ..]
            if Schema::get().resource(group, version, plural).is_some() =>
        {
            (*namespace, rest.get(2..).unwrap_or(&[]))
        }
        _ => ("", rest),
    };
    let (plural, name, subresource) = match rest {
        [plural] => (*plural, "", ""),
        [plural, name] => (*plural, *name, ""),
        [plural, name, subresource] => (*plural, *name, *subresource),
        _ => return None,
    };
    let resource = Schema::get().resource(group, version, plural)?;
    let verb = if name.is_empty() { Verb::List } else { Verb::Get };
    let mut request = Request::new(verb, group_resource(resource), namespace, name);
    request.version = version.into();
    request.subresource = subresource.into();
    let value = |key: &str| query.iter().find(|(k, _)| k == key).map_or("", |(_, v)| v.as_str());
    request.list = ListOptions {
        label_selector: value("labelSelector").into(),
        field_selector: value("fieldSelector").into(),
        limit: value("limit").parse().unwrap_or(0),
        continue_token: value("continue").into(),
    };
    request.query = query.iter().map(|(k, v)| (k.as_str().into(), v.as_str().into())).collect();
    Some((resource, request))
}

fn list_json(resource: &Resource, items: Vec<Value>, revision: u64, token: &str) -> Value {
    let mut items = items;
    for item in items.iter_mut().filter_map(Value::as_object_mut) {
        item.remove("kind");
        item.remove("apiVersion");
    }
    let mut metadata = json!({"resourceVersion": revision.to_string()});
    if !token.is_empty() {
        metadata["continue"] = token.into();
    }
    json!({
        "kind": format!("{}List", resource.kind),
        "apiVersion": resource.api_version(),
        "metadata": metadata,
        "items": items,
    })
}

fn text_of(reply: Reply, resource: &Resource) -> String {
    let value = match reply.body {
        ReplyBody::Text(text) => return text,
        ReplyBody::Object(object) => object.to_wire(),
        ReplyBody::Json(value) => value,
        ReplyBody::List(list) => {
            let items = list.items.iter().map(|object| object.to_wire()).collect();
            list_json(resource, items, list.resource_version, &list.continue_token)
        }
        ReplyBody::Table(table) => {
            let items = table.rows.iter().map(|row| row.object.to_wire()).collect();
            list_json(resource, items, table.resource_version, &table.continue_token)
        }
    };
    format!("{value}\n")
}
