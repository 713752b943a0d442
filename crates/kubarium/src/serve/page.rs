//! The built page's files.

use std::path::{Component, Path};

use axum::body::Body;
use axum::http::{Response, StatusCode, header};

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|ext| ext.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "webmanifest" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// A file of the folder; none if there is no such file.
pub async fn file(folder: &Path, path: &str) -> Option<Response<Body>> {
    let name = path.trim_start_matches('/');
    let name = Path::new(if name.is_empty() { "index.html" } else { name });
    if name.components().any(|part| !matches!(part, Component::Normal(_))) {
        return None;
    }
    let bytes = tokio::fs::read(folder.join(name)).await.ok()?;
    Response::builder()
        .status(StatusCode::OK)
        .header(header::CONTENT_TYPE, content_type(name))
        .header(header::CACHE_CONTROL, "no-cache")
        .body(Body::from(bytes))
        .ok()
}
