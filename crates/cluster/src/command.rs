//! What people do to a cluster, as plain data: seed and commands are the whole save file.

use client::User;
use clock::SimTime;
use serde_json::Value;
use smol_str::SmolStr;

use crate::faults::Fault;

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// A line typed into a terminal.
    Line {
        terminal: u32,
        line: String,
    },
    /// Ctrl-C in a terminal.
    Interrupt {
        terminal: u32,
    },
    /// Puts a file where `kubectl -f NAME` finds it.
    WriteFile {
        name: SmolStr,
        text: String,
    },
    RemoveFile {
        name: SmolStr,
    },
    /// A client that asks a service `per_second` times a second; zero takes the client away.
    Traffic {
        client: SmolStr,
        target: String,
        per_second: u32,
    },
    /// One request from outside the cluster.
    Send {
        target: String,
    },
    /// Kills a node's kubelet, or brings it back.
    StopKubelet {
        node: SmolStr,
    },
    StartKubelet {
        node: SmolStr,
    },
    /// Breaks something, or mends it.
    Fault(Fault),
    /// A request to the API from outside that may change something, as `Request::to_saved` has it.
    Request {
        user: User,
        request: Value,
    },
}

/// A command with the moment at which it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    pub at: SimTime,
    pub command: Command,
}
