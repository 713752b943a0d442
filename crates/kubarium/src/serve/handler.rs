//! One request: what it is for, who asks, and the answer.

use std::sync::Arc;

use apimachinery::status::Status;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use client::User;
use cluster::Cluster;
use rest::{Answer, Call, Catalog, Form, Http, Query};

use super::users::{self, Shown};
use super::{Server, control, page, streams, watch};

type Result<T> = std::result::Result<T, Box<Status>>;

/// The API server's own limit on a request's body.
const BODY_MAX: usize = 3 * 1024 * 1024;

pub fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// All values of a header that may come several times, joined.
fn joined(headers: &HeaderMap, name: header::HeaderName) -> String {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.collect::<Vec<_>>().join(",")
}

fn response(answer: Answer) -> Response<Body> {
    let code = StatusCode::from_u16(answer.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut builder = Response::builder()
        .status(code)
        .header(header::CONTENT_TYPE, answer.content_type)
        .header(header::CACHE_CONTROL, "no-cache, private");
    for warning in &answer.warnings {
        builder = builder.header(header::WARNING, warning);
    }
    if let Some(seconds) = answer.retry_after_seconds {
        builder = builder.header(header::RETRY_AFTER, seconds);
    }
    builder.body(Body::from(answer.body)).unwrap_or_default()
}

pub async fn handle(State(server): State<Arc<Server>>, request: Request) -> Response<Body> {
    let uri = request.uri();
    let (path, query) = (uri.path().to_owned(), Query::parse(uri.query().unwrap_or_default()));
    let headers = request.headers();
    let accept = joined(headers, header::ACCEPT);
    let user_agent = text(headers, header::USER_AGENT).to_owned();
    if !is_api(&path, &accept)
        && let Some(file) = page::file(&server.page, &path).await
    {
        return file;
    }
    let asked = Asked { path, query, accept, user_agent };
    match answer(&server, &asked, request).await {
        Ok(response) => response,
        Err(status) => response(rest::failure(&status, asked.form())),
    }
}

/// Whether a path is the API's rather than the page's.
fn is_api(path: &str, accept: &str) -> bool {
    const API: &[&str] = &[
        "api", "apis", "healthz", "kubarium", "livez", "metrics", "openapi", "openid", "readyz",
        "version",
    ];
    match path.split('/').find(|part| !part.is_empty()) {
        None => !accept.contains("text/html"),
        Some(first) => API.contains(&first),
    }
}

/// The head of a request.
pub struct Asked {
    pub path: String,
    pub query: Query,
    pub accept: String,
    pub user_agent: String,
}

impl Asked {
    /// The form of an error.
    fn form(&self) -> Form {
        rest::negotiate("application/json", &self.query, &self.user_agent).unwrap_or_default()
    }
}

async fn answer(server: &Server, asked: &Asked, request: Request) -> Result<Response<Body>> {
    let shown = request.extensions().get::<Shown>().cloned().unwrap_or_default();
    let sender = Arc::new(users::credentials(request.headers(), &shown));
    let Some(place) = rest::place(&asked.path) else {
        let method = request.method().as_str().to_ascii_lowercase();
        let path = asked.path.clone();
        let asks = move |cluster: &mut Cluster| cluster.authorize_path(&sender, &method, &path);
        server.engine.ask(asks).await??;
        return match asked.path.strip_prefix("/kubarium/v1/") {
            Some(command) => control::run(server, command, &asked.query).await.map(response),
            None => document(server, asked).await.map(response),
        };
    };
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_MAX).await.map_err(|_| {
        let message = format!("limit is {BODY_MAX}");
        Status::new(apimachinery::status::Reason::RequestEntityTooLarge, message)
    })?;
    let http = Http {
        method: parts.method.as_str(),
        accept: &asked.accept,
        content_type: text(&parts.headers, header::CONTENT_TYPE),
        user_agent: &asked.user_agent,
        body: &body,
    };
    let is_known = server.catalog.find(&place.group, &place.version, &place.resource).is_some();
    let mut call = match is_known {
        true => rest::call(&http, &place, &asked.query, &server.catalog)?,
        false => rest::call(&http, &place, &asked.query, &catalog(server).await?)?,
    };
    if matches!(call.request.subresource.as_str(), "exec" | "attach") {
        return streams::container(server, parts, call, sender).await;
    }
    call.request.sender = Some(sender);
    if call.request.subresource == "log" && asked.query.flag("follow") {
        return Ok(stream("text/plain", streams::log(server, call).await?));
    }
    if let Some(wanted) = call.watch.take() {
        let body = watch::body(server, call, wanted).await?;
        return Ok(stream("application/json", body));
    }
    object(server, call).await.map(response)
}

fn stream(content_type: &'static str, body: Body) -> Response<Body> {
    let builder = Response::builder()
        .header(header::CONTENT_TYPE, content_type)
        .header(header::CACHE_CONTROL, "no-cache, private");
    builder.body(body).unwrap_or_default()
}

async fn object(server: &Server, call: Call) -> Result<Answer> {
    let request = call.request.clone();
    let (reply, now) = server
        .engine
        .ask(move |cluster| (cluster.request(&User::anonymous(), request), cluster.time()))
        .await?;
    Ok(rest::answer(&reply?, &call, now))
}

/// What the cluster serves now, custom resources included.
async fn catalog(server: &Server) -> Result<Catalog> {
    let custom = server.engine.ask(|cluster| cluster.server().custom_kinds()).await?;
    Ok(server.catalog.clone().with(custom))
}

/// A path that is no resource's.
async fn document(server: &Server, asked: &Asked) -> Result<Answer> {
    let Asked { path, query, accept, .. } = asked;
    let (catalog, address) = (catalog(server).await?, &server.address);
    let group = match path.strip_prefix("/apis/") {
        Some(rest) => rest.split('/').next(),
        None => path.starts_with("/api/v1/").then_some(""),
    };
    rest::document(path, query, accept, asked.form(), &catalog, address)
        .ok_or_else(|| rest::not_found(group, &catalog))
}
