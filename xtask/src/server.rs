//! `serve`: a small file server for one folder, on this machine only.

use crate::{Result, shell, site, watch};
use lexopt::prelude::*;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const RELOAD_PATH: &str = "/__reload";
const RELOAD_SCRIPT: &str = "<script>\
    new EventSource(\"/__reload\").onmessage = () => location.reload();</script>";

/// The number of the build that is being served; a change makes the page load again.
pub type Version = Arc<AtomicU64>;

#[derive(Clone)]
struct Site {
    dist: PathBuf,
    reload: Option<Version>,
}

pub fn command(mut parser: lexopt::Parser) -> Result<ExitCode> {
    let (mut port, mut dev, mut open) = (8080_u16, false, false);
    let wrong = |e: lexopt::Error| e.to_string();
    while let Some(arg) = parser.next().map_err(wrong)? {
        match arg {
            Long("port") => port = parser.value().and_then(|v| v.parse()).map_err(wrong)?,
            Long("dev") => dev = true,
            Long("open") => open = true,
            other => return Err(other.unexpected().to_string()),
        }
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map_err(|e| format!("port {port}: {e}; choose another with --port"))?;
    let dist = if dev {
        shell::target_dir()?.join("site").join("dev")
    } else {
        shell::root().join("dist")
    };
    let profile = if dev { site::Profile::Dev } else { site::Profile::Release };
    let version = Version::default();
    match site::build(profile, &dist) {
        Err(message) if dev => eprintln!("error: {message}"),
        built => built?,
    }
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    println!("Kubarium is at http://{address}/  (Ctrl-C stops it)");
    if open {
        open_browser(&format!("http://{address}/"));
    }
    let reload = dev.then(|| version.clone());
    if dev {
        let dist = dist.clone();
        std::thread::spawn(move || watch::rebuild(profile, &dist, &version));
    }
    let site = Site { dist, reload };
    for stream in listener.incoming().flatten() {
        let site = site.clone();
        std::thread::spawn(move || answer(stream, &site));
    }
    Ok(ExitCode::SUCCESS)
}

fn open_browser(address: &str) {
    let program = ["xdg-open", "open", "wslview"].into_iter().find(|p| shell::which(p).is_some());
    let started = program.map(|p| shell::cmd(p).arg(address).spawn());
    if !matches!(started, Some(Ok(_))) {
        eprintln!("No program to open a browser was found: open {address} by hand");
    }
}

/// Answers one request and closes; a client that goes away is no error.
fn answer(mut stream: TcpStream, site: &Site) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
    let Some((method, target)) = request(&stream) else { return };
    let path = target.split(['?', '#']).next().unwrap_or_default();
    if method != "GET" && method != "HEAD" {
        let _ = respond(&mut stream, "405 Method Not Allowed", "text/plain", b"", true);
        return;
    }
    if let (Some(version), RELOAD_PATH) = (&site.reload, path) {
        announce(&mut stream, version);
        return;
    }
    let file = local_path(path).map(|relative| site.dist.join(relative));
    let file = file.map(|f| if f.is_dir() { f.join("index.html") } else { f });
    let found = file.and_then(|f| Some((std::fs::read(&f).ok()?, mime(&f))));
    let with_body = method == "GET";
    let _ = match found {
        Some((mut body, kind)) => {
            if site.reload.is_some() && kind.starts_with("text/html") {
                body.extend_from_slice(RELOAD_SCRIPT.as_bytes());
            }
            respond(&mut stream, "200 OK", kind, &body, with_body)
        }
        None => respond(&mut stream, "404 Not Found", "text/plain", b"not found\n", with_body),
    };
}

/// The method and target of a request whose header is read to its end.
fn request(stream: &TcpStream) -> Option<(String, String)> {
    let mut lines = BufReader::new(stream).lines().map_while(std::result::Result::ok);
    let first = lines.next()?;
    lines.by_ref().take_while(|line| !line.is_empty()).take(200).for_each(drop);
    let mut words = first.split(' ');
    Some((words.next()?.to_owned(), words.next()?.to_owned()))
}

fn respond(
    stream: &mut TcpStream,
    status: &str,
    kind: &str,
    body: &[u8],
    with_body: bool,
) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(if with_body { body } else { b"" })
}

/// Keeps the connection and sends a line whenever a new build is there.
fn announce(stream: &mut TcpStream, version: &Version) {
    let header = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                  Cache-Control: no-store\r\nConnection: close\r\n\r\n";
    let mut sent = version.load(Ordering::Relaxed);
    let mut alive = stream.write_all(header.as_bytes()).is_ok();
    while alive {
        std::thread::sleep(Duration::from_millis(100));
        let now = version.load(Ordering::Relaxed);
        if now != sent {
            sent = now;
            alive = stream.write_all(format!("data: {now}\n\n").as_bytes()).is_ok();
        }
    }
}

/// The path of a request below the served folder; `None` when it would leave it.
fn local_path(path: &str) -> Option<PathBuf> {
    let decoded = percent_decode(path)?;
    let relative = PathBuf::from(decoded.trim_start_matches('/'));
    let inside = relative.components().all(|c| matches!(c, Component::Normal(_)));
    inside.then_some(relative)
}

fn percent_decode(path: &str) -> Option<String> {
    let mut pieces = path.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(piece.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(piece.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

fn mime(file: &Path) -> &'static str {
    match file.extension().and_then(|e| e.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" | "md" | "yaml" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leaves_the_folder() {
        for path in ["/../secret", "/a/../../b", "/%2e%2e/secret", "/a/%2E%2E/%2e%2e/b", "/%zz"] {
            assert_eq!(local_path(path), None, "{path}");
        }
        assert_eq!(local_path("/a%20b/c.js"), Some(PathBuf::from("a b/c.js")));
        assert_eq!(local_path("/"), Some(PathBuf::new()));
    }

    #[test]
    fn wasm_has_the_type_that_streaming_compilation_wants() {
        assert_eq!(mime(Path::new("a/kubarium_bg.wasm")), "application/wasm");
    }
}
