//! Clients that stand outside: whoever speaks HTTP with the API server.

use apimachinery::status::{Reason, Status};
use apimachinery::time::Time;
use apiserver::{Tail, TailError};
use client::{Api, Credentials, Reply, Request, User, Verb, WatchEvent};
use serde_json::Value;
use smol_str::SmolStr;

use super::Cluster;
use crate::command::{Command, Logged};
use crate::host::Connection;
use crate::nodes::NodeConnections;

type Result<T> = std::result::Result<T, Box<Status>>;

/// Whether a request leaves everything as it was. Whatever else draws chance, writes, or runs
/// something in a container.
fn only_reads(request: &Request) -> bool {
    matches!(request.verb, Verb::Get | Verb::List) && request.subresource != "exec"
}

impl Cluster {
    /// Answers a request from outside, now. One that may change something joins the log.
    pub fn request(&mut self, user: &User, request: Request) -> Result<Reply> {
        if only_reads(&request) {
            return self.call_as(user, request);
        }
        self.run_until(self.now);
        let saved = request.to_saved();
        let command = Command::Request { user: user.clone(), request: saved };
        self.log.push(Logged { at: self.now, command });
        let reply = self.call_as(user, request);
        self.wake_watchers();
        reply
    }

    pub(super) fn perform(&mut self, user: &User, request: Value) -> Result<Reply> {
        match Request::from_saved(request) {
            Some(request) => self.call_as(user, request),
            None => Err(Status::new(Reason::InternalError, "the log holds what is no request")),
        }
    }

    fn call_as(&mut self, user: &User, request: Request) -> Result<Reply> {
        let from = SmolStr::new_static("client");
        let mut nodes = NodeConnections {
            fabric: &mut self.fabric,
            now: self.now,
            epoch: self.config.epoch,
            rng: &mut self.node_rng,
        };
        let mut connection = Connection {
            server: &mut self.server,
            user,
            from: &from,
            now: self.now,
            epoch: self.config.epoch,
            rng: &mut self.server_rng,
            nodes: &mut nodes,
            traces: &mut self.traces,
            latency: &self.config.latency,
            changed_at: &mut self.changed_at,
            gate: self.faults.gate(""),
            faults: None,
        };
        connection.call(request)
    }

    /// Whether a sender may ask a path that is no resource; the verb is the method in lower case.
    pub fn authorize_path(&self, sender: &Credentials, verb: &str, path: &str) -> Result<()> {
        let user = self.server.identify(sender, self.time(), (verb, path))?;
        self.server.authorize_path(&user, verb, path)
    }

    /// Now, as API objects tell it.
    pub fn time(&self) -> Time {
        let seconds = self.now.nanos() / 1_000_000_000;
        Time(self.config.epoch.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX)))
    }

    /// Begins to follow what a list request asks for, if its sender may watch that. Nothing of it
    /// touches the cluster.
    pub fn open_tail(&self, request: &Request) -> Result<Tail> {
        self.server.authorize_watch(request, self.time())?;
        self.server.open_tail(request)
    }

    /// Appends at most `limit` changes and moves the tail's place behind them.
    pub fn read_tail(
        &self,
        tail: &mut Tail,
        limit: usize,
        out: &mut Vec<WatchEvent>,
    ) -> std::result::Result<(), TailError> {
        self.server.read_tail(tail, limit, out)
    }
}
