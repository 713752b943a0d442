//! Watches as streams of lines. A stream asks the engine for more when its reader took what was
//! there: a slow reader costs one batch of pointers, and one that is too slow is ended with 410.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use api::Obj;
use apimachinery::status::Status;
use apimachinery::time::Time;
use axum::body::Body;
use bytes::Bytes;
use client::{ReplyBody, Request, User, WatchEvent, WatchKind};
use cluster::Tail;
use futures_util::{FutureExt, stream};
use rest::{Call, Watch};
use tokio::time::Instant;

use super::Server;
use super::engine::{Engine, News};

type Result<T> = std::result::Result<T, Box<Status>>;
type Next = Pin<Box<dyn Future<Output = Result<News>> + Send>>;

const BOOKMARK_PERIOD: Duration = Duration::from_secs(60);
/// A watch that names no limit ends after this; clients begin again where they were.
const WATCH_MAX: Duration = Duration::from_secs(45 * 60);
/// How many of the objects that exist go into one piece.
const PIECE_MAX: usize = 256;

struct State {
    engine: Engine,
    call: Arc<Call>,
    watch: Watch,
    /// Objects that exist, still to be told of.
    existing: VecDeque<Obj>,
    revision: u64,
    time: Time,
    tell_end_of_existing: bool,
    next: Option<Next>,
    ends: Instant,
    is_first: bool,
}

/// What there is to watch at its beginning.
struct Beginning {
    tail: Tail,
    existing: Vec<Obj>,
    revision: u64,
    time: Time,
}

async fn begin(engine: &Engine, request: Request, watch: &Watch) -> Result<Beginning> {
    let after = watch.resource_version.parse::<u64>().unwrap_or(0);
    let lists = after == 0 || watch.initial_events;
    engine
        .ask(move |cluster| {
            let user = User::anonymous();
            let mut tail = cluster.open_tail(&request)?;
            let (mut existing, revision) = (Vec::new(), tail.after);
            if lists {
                // Who may watch is told what there is.
                let mut request = request;
                request.sender = None;
                request.accept = client::Accept::Object;
                request.list.limit = 0;
                if let ReplyBody::List(list) = cluster.request(&user, request)?.body {
                    existing = list.items;
                }
            } else {
                tail.after = after;
            }
            Ok(Beginning { tail, existing, revision, time: cluster.time() })
        })
        .await?
}

/// The body of a watch's answer.
pub async fn body(server: &Server, call: Call, watch: Watch) -> Result<Body> {
    let begun = begin(&server.engine, call.request.clone(), &watch).await?;
    let limit = watch.timeout_seconds.filter(|seconds| *seconds > 0).map(Duration::from_secs);
    let state = State {
        engine: server.engine.clone(),
        call: Arc::new(call),
        existing: begun.existing.into(),
        revision: begun.revision,
        time: begun.time,
        tell_end_of_existing: watch.initial_events && watch.bookmarks,
        next: Some(pull(server.engine.clone(), begun.tail)),
        ends: Instant::now() + limit.unwrap_or(WATCH_MAX),
        is_first: true,
        watch,
    };
    let pieces = stream::unfold(Some(state), |state| async {
        let (piece, state) = piece(state?).await?;
        Some((Ok::<Bytes, Infallible>(Bytes::from(piece)), state))
    });
    Ok(Body::from_stream(pieces))
}

fn pull(engine: Engine, tail: Tail) -> Next {
    Box::pin(async move { engine.pull(tail).await })
}

/// The next piece of text, and the state after it; without a state it was the last one.
async fn piece(mut state: State) -> Option<(String, Option<State>)> {
    if !state.existing.is_empty() {
        return Some((existing(&mut state), Some(state)));
    }
    if std::mem::take(&mut state.tell_end_of_existing) {
        let line = rest::bookmark(&state.call, state.revision, true);
        return Some((line, Some(state)));
    }
    loop {
        let mut next = state.next.take()?;
        let tick = (Instant::now() + BOOKMARK_PERIOD).min(state.ends);
        let news = match tokio::time::timeout_at(tick, &mut next).await {
            Ok(news) => news,
            Err(_) if Instant::now() >= state.ends => return None,
            Err(_) => {
                let revision = state.engine.look(|cluster| cluster.server().revision()).await;
                match (next.as_mut().now_or_never(), revision) {
                    (Some(news), _) => news,
                    (None, Ok(revision)) if state.watch.bookmarks => {
                        state.next = Some(next);
                        let line = rest::bookmark(&state.call, revision, false);
                        return Some((line, Some(state)));
                    }
                    (None, Ok(_)) => {
                        state.next = Some(next);
                        continue;
                    }
                    (None, Err(_)) => return None,
                }
            }
        };
        return match news {
            Ok(news) => {
                let text = lines(&mut state, &news.events, news.time);
                state.next = Some(pull(state.engine.clone(), news.tail));
                Some((text, Some(state)))
            }
            Err(status) if status.code() == 410 => Some((rest::expired(&status), None)),
            Err(_) => None,
        };
    }
}

fn lines(state: &mut State, events: &[WatchEvent], time: Time) -> String {
    let mut text = String::new();
    for event in events {
        text.push_str(&rest::event(event, &state.call, time, state.is_first));
        state.is_first = false;
    }
    text
}

fn existing(state: &mut State) -> String {
    let count = state.existing.len().min(PIECE_MAX);
    let added = |object| WatchEvent { kind: WatchKind::Added, object, previous: None };
    let events: Vec<WatchEvent> = state.existing.drain(..count).map(added).collect();
    let time = state.time;
    lines(state, &events, time)
}
