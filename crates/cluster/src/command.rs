//! What people do to a cluster, as plain data: seed and commands are the whole save file.

use clock::SimTime;
use smol_str::SmolStr;

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
}

/// A command with the moment at which it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    pub at: SimTime,
    pub command: Command,
}
