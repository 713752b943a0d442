//! What a Kubernetes has no API for: virtual time and the machines, below `/kubarium/v1/`. RBAC
//! guards these paths as all that are no resource's.

use apimachinery::status::{Reason, Status};
use clock::Duration;
use cluster::Command;
use rest::{Answer, Form, Query};
use serde_json::json;

use super::Server;
use super::engine::Goal;

type Result<T> = std::result::Result<T, Box<Status>>;

fn seconds(query: &Query, name: &str, otherwise: f64) -> Result<Duration> {
    let text = query.get(name);
    let number = text.map_or(Ok(otherwise), str::parse::<f64>).ok();
    number.and_then(|number| Duration::try_from_secs_f64(number).ok()).ok_or_else(|| {
        Status::bad_request(format!("{name}: {:?} is no number of seconds", query.text(name)))
    })
}

/// Runs one command and tells the time.
pub async fn run(server: &Server, name: &str, query: &Query) -> Result<Answer> {
    let engine = &server.engine;
    let now = engine.ask(|cluster| cluster.now()).await?;
    let node = query.text("node").into();
    match name {
        "time" => {}
        "advance" => engine.jump(Goal::Until(now + seconds(query, "seconds", 0.0)?)).await?,
        "settle" => {
            let (quiet, max) = (seconds(query, "quiet", 1.6)?, seconds(query, "max", 60.0)?);
            engine.jump(Goal::Calm { quiet, end: now + max }).await?;
        }
        "stop" => engine.command(Command::StopKubelet { node }).await?,
        "start" => engine.command(Command::StartKubelet { node }).await?,
        _ => return Err(Status::new(Reason::NotFound, format!("{name:?} is no command"))),
    }
    let (now, time) = engine.ask(|cluster| (cluster.now(), cluster.time())).await?;
    let value = json!({ "seconds": now.secs_f64(), "time": time.0 });
    Ok(Answer::document(200, &value, Form::default()))
}
