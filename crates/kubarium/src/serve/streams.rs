//! What lasts: following a log, and exec and attach over WebSockets.
// Models apiserver/pkg/util/wsstream and kubelet/pkg/cri/streaming/remotecommand.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use apimachinery::status::{Reason, Status};
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::Response;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use bytes::Bytes;
use client::{Credentials, Reply, ReplyBody, Request, User, Verb};
use cluster::Cluster;
use futures_util::stream;
use rest::Call;
use serde_json::{Value, json};

use super::Server;
use super::engine::Engine;
use super::terminal::{self, Line, PROMPT, Typed};

type Result<T> = std::result::Result<T, Box<Status>>;

/// How often a followed log is looked at.
const LOOK_PERIOD: Duration = Duration::from_millis(100);
const PROTOCOLS: [&str; 2] = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const ERROR: u8 = 3;
/// The message that closes a channel in v5.
const CLOSE: u8 = 255;
/// More than this on the standard input is not taken.
const INPUT_MAX: usize = 1024 * 1024;

fn text_of(reply: Reply) -> String {
    match reply.body {
        ReplyBody::Text(text) => text,
        _ => String::new(),
    }
}

/// The whole log of a container, whichever part was asked for.
fn whole(request: &Request) -> Request {
    let mut request = request.clone();
    request
        .query
        .retain(|(name, _)| matches!(name.as_str(), "container" | "timestamps" | "previous"));
    request
}

/// Whether the container of a log request still runs.
fn runs(cluster: &mut Cluster, request: &Request) -> bool {
    let resource = request.resource.clone();
    let pod = Request::new(Verb::Get, resource, &request.namespace, &request.name);
    let Ok(reply) = cluster.request(&User::anonymous(), pod) else { return false };
    let Some(pod) = reply.object().map(|object| object.to_wire()) else { return false };
    let statuses = ["initContainerStatuses", "containerStatuses"];
    let all = statuses.iter().filter_map(|list| pod["status"][list].as_array()).flatten();
    let name = request.query("container").unwrap_or_default();
    let mut own = all.filter(|status| name.is_empty() || status["name"] == name);
    own.any(|status| status["state"].get("running").is_some())
}

/// A log as it is and as it grows.
struct Follow {
    engine: Engine,
    request: Request,
    /// Bytes of the whole log that were sent or left out.
    sent: usize,
    first: Option<String>,
}

async fn begin_follow(engine: &Engine, request: Request) -> Result<Follow> {
    let asked = request.clone();
    let (first, sent) = engine
        .ask(move |cluster| {
            let user = User::anonymous();
            let text = text_of(cluster.request(&user, asked.clone())?);
            let all = text_of(cluster.request(&user, whole(&asked))?);
            Ok::<_, Box<Status>>((text, all.len()))
        })
        .await??;
    Ok(Follow { engine: engine.clone(), request, sent, first: Some(first) })
}

impl Follow {
    /// The next piece; none at the end of the container or of the pod.
    async fn next(&mut self) -> Option<String> {
        if let Some(text) = self.first.take().filter(|text| !text.is_empty()) {
            return Some(text);
        }
        loop {
            let mut trusted = whole(&self.request);
            trusted.sender = None;
            let looked = self.engine.look(move |cluster| {
                let goes_on = runs(cluster, &trusted);
                (cluster.request(&User::anonymous(), trusted).map(text_of), goes_on)
            });
            let (Ok(text), goes_on) = looked.await.ok()? else { return None };
            let new = text.get(self.sent..).unwrap_or_default().to_owned();
            self.sent = text.len().max(self.sent);
            if !new.is_empty() {
                return Some(new);
            }
            if !goes_on {
                return None;
            }
            tokio::time::sleep(LOOK_PERIOD).await;
        }
    }
}

/// `pods/log` with `follow`.
pub async fn log(server: &Server, call: Call) -> Result<Body> {
    let follow = begin_follow(&server.engine, call.request).await?;
    let pieces = stream::unfold(follow, |mut follow| async {
        let text = follow.next().await?;
        Some((Ok::<Bytes, Infallible>(Bytes::from(text)), follow))
    });
    Ok(Body::from_stream(pieces))
}

fn no_upgrade(name: &str) -> Box<Status> {
    Status::new(
        Reason::BadRequest,
        format!("{name} is served over WebSockets only ({}), not over SPDY", PROTOCOLS.join(", ")),
    )
}

/// `pods/exec` and `pods/attach`. What can be refused is refused before the connection changes.
pub async fn container(
    server: &Server,
    mut parts: Parts,
    mut call: Call,
    sender: Arc<Credentials>,
) -> Result<Response<Body>> {
    call.request.sender = Some(sender);
    let name = call.request.subresource.clone();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await.ok();
    let session = match name.as_str() {
        "exec" => exec(server, &call.request, upgrade.is_some()).await?,
        _ => Session::Attach(Box::new(attach(server, call.request).await?)),
    };
    let Some(upgrade) = upgrade else { return Err(no_upgrade(&name)) };
    let answer = upgrade.protocols(PROTOCOLS).on_upgrade(|socket| session.run(socket));
    Ok(answer.into_response())
}

enum Session {
    Done(Value),
    /// The command runs when its input is complete.
    Input(Engine, Box<Request>),
    Attach(Box<Follow>),
}

/// Asks for the pod only: for clients whose connection cannot be upgraded, and before input.
async fn look(server: &Server, request: &Request) -> Result<()> {
    let mut pod =
        Request::new(Verb::Get, request.resource.clone(), &request.namespace, &request.name);
    pod.sender.clone_from(&request.sender);
    let looked =
        server.engine.ask(move |cluster| cluster.request(&User::anonymous(), pod).map(drop));
    looked.await?
}

async fn exec(server: &Server, request: &Request, upgrades: bool) -> Result<Session> {
    let takes_input = matches!(request.query("stdin"), Some("true" | "1"));
    if !upgrades || takes_input {
        look(server, request).await?;
        return Ok(Session::Input(server.engine.clone(), Box::new(request.clone())));
    }
    let asked = request.clone();
    let reply = server.engine.ask(move |cluster| cluster.request(&User::anonymous(), asked));
    Ok(Session::Done(result_of(reply.await??)))
}

fn result_of(reply: Reply) -> Value {
    match reply.body {
        ReplyBody::Json(value) => value,
        _ => Value::Null,
    }
}

async fn attach(server: &Server, mut request: Request) -> Result<Follow> {
    look(server, &request).await?;
    request.subresource = "log".into();
    request.verb = Verb::Get;
    // Who may attach sees what is written.
    request.sender = None;
    let mut follow = begin_follow(&server.engine, request).await?;
    follow.first = None;
    Ok(follow)
}

fn message(channel: u8, text: &str) -> Message {
    let mut bytes = vec![channel];
    bytes.extend_from_slice(text.as_bytes());
    Message::Binary(bytes.into())
}

/// How a command ended, as the error channel tells it.
fn ending(code: i64) -> String {
    if code == 0 {
        return json!({ "metadata": {}, "status": "Success" }).to_string();
    }
    json!({
        "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
        "message": format!("command terminated with exit code {code}"),
        "details": { "causes": [{ "reason": "ExitCode", "message": code.to_string() }] },
    })
    .to_string()
}

/// Everything that comes on the standard input, until it is closed.
async fn input(socket: &mut WebSocket) -> String {
    let mut bytes = Vec::new();
    while let Some(Ok(message)) = socket.recv().await {
        let Message::Binary(data) = message else { continue };
        match data.split_first() {
            Some((&STDIN, rest)) if bytes.len() + rest.len() <= INPUT_MAX => {
                bytes.extend_from_slice(rest);
            }
            Some((&CLOSE, [STDIN])) | None => break,
            _ => {}
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn tell(socket: &mut WebSocket, result: &Value) -> Option<()> {
    for (channel, part) in [(STDOUT, "stdout"), (STDERR, "stderr")] {
        let text = result[part].as_str().unwrap_or_default();
        if !text.is_empty() {
            socket.send(message(channel, text)).await.ok()?;
        }
    }
    let code = result["exitCode"].as_i64().unwrap_or(0);
    socket.send(message(ERROR, &ending(code))).await.ok()
}

impl Session {
    async fn run(self, mut socket: WebSocket) {
        // Whoever left needs to be told nothing.
        let _ = match self {
            Session::Done(result) => tell(&mut socket, &result).await,
            Session::Input(engine, request) => with_input(&mut socket, &engine, *request).await,
            Session::Attach(mut follow) => {
                while let Some(text) = follow.next().await {
                    if socket.send(message(STDOUT, &text)).await.is_err() {
                        return;
                    }
                }
                socket.send(message(ERROR, &ending(0))).await.ok()
            }
        };
        let normal = CloseFrame { code: close_code::NORMAL, reason: "".into() };
        let _ = socket.send(Message::Close(Some(normal))).await;
    }
}

/// Runs a command, or in its place one line of a shell.
async fn run(engine: &Engine, request: &Request, line: Option<&str>) -> Result<Value> {
    let mut request = request.clone();
    if let Some(line) = line {
        request.query.retain(|(name, _)| name != "command");
        let words = ["sh", "-c", line].map(|word| ("command".into(), word.into()));
        request.query.extend(words);
    }
    let reply = engine.ask(move |cluster| cluster.request(&User::anonymous(), request));
    Ok(result_of(reply.await??))
}

/// A command that has an input: a shell runs it, line by line if it has a terminal.
async fn with_input(socket: &mut WebSocket, engine: &Engine, request: Request) -> Option<()> {
    let words = request.query.iter().filter(|(name, _)| name == "command");
    let words: Vec<&str> = words.map(|(_, word)| word.as_str()).collect();
    let is_shell = terminal::is_shell(&words);
    if is_shell && matches!(request.query("tty"), Some("true" | "1")) {
        return on_terminal(socket, engine, &request).await;
    }
    let result = if is_shell {
        let text = input(socket).await;
        run(engine, &request, Some(&text)).await
    } else {
        run(engine, &request, None).await
    };
    match result {
        Ok(result) => tell(socket, &result).await,
        Err(status) => socket.send(message(ERROR, &status.to_value().to_string())).await.ok(),
    }
}

async fn show(socket: &mut WebSocket, text: &str) -> Option<()> {
    socket.send(message(STDOUT, text)).await.ok()
}

async fn on_terminal(socket: &mut WebSocket, engine: &Engine, request: &Request) -> Option<()> {
    let (mut line, mut code) = (Line::default(), 0);
    show(socket, PROMPT).await?;
    while let Some(Ok(got)) = socket.recv().await {
        let Message::Binary(data) = got else { continue };
        let Some((&STDIN, keys)) = data.split_first() else { continue };
        for key in String::from_utf8_lossy(keys).chars() {
            let text = match line.key(key) {
                Typed::Echo(text) => text,
                Typed::Line(text) if text.trim().is_empty() => format!("\r\n{PROMPT}"),
                Typed::Line(text) if text.trim() == "exit" => {
                    show(socket, "\r\n").await?;
                    return socket.send(message(ERROR, &ending(code))).await.ok();
                }
                Typed::Line(text) => match run(engine, request, Some(&text)).await {
                    Ok(result) => {
                        code = result["exitCode"].as_i64().unwrap_or(0);
                        let said = ["stdout", "stderr"].map(|part| result[part].as_str());
                        let said: String = said.into_iter().flatten().collect();
                        format!("\r\n{}{PROMPT}", terminal::lines(&said))
                    }
                    // The container is gone: so is the shell.
                    Err(_) => return socket.send(message(ERROR, &ending(137))).await.ok(),
                },
                Typed::End => {
                    show(socket, "\r\n").await?;
                    return socket.send(message(ERROR, &ending(code))).await.ok();
                }
            };
            if !text.is_empty() {
                show(socket, &text).await?;
            }
        }
    }
    None
}
