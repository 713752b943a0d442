//! kubectl as a library: a terminal line becomes a command, a command becomes output.
//!
//! `start` turns a whole shell line into a `Process` that the host polls; nothing blocks and
//! nothing is async, so a command that waits says for what and is polled again.

mod bytes;
mod command;
mod complete;
mod describe;
mod discovery;
mod fail;
mod flags;
mod go_template;
mod help;
mod kubeconfig;
mod manifest;
mod path;
mod printers;
mod server;
mod session;
mod shell;
mod target;
mod unified;
mod verbs;

pub use complete::{Completions, complete};
pub use describe::describe_object;
pub use kubeconfig::Kubeconfig;
pub use session::{Chunk, Cx, Files, Output, Process, Progress, Session, Stream};
pub use shell::start;
