//! Verbs that need a stream between the terminal and a container: attach, cp, debug.
//! What they ask for is checked as kubectl does; the stream itself is not there yet.

use crate::discovery;
use crate::fail::{Outcome, error};
use crate::flags::{Args, Flag};
use crate::server;
use crate::verbs::{Flow, Verb, Words, pods};

fn not_yet(args: &Args) -> Outcome<Flow> {
    error(format!("kubectl {} is not supported in this terminal yet", args.verb.name))
}

// Models kubectl/pkg/cmd/attach/attach.go.
pub static ATTACH: Verb = Verb {
    name: "attach",
    about: "Attach to a running container",
    usage: "(POD | TYPE/NAME) -c CONTAINER",
    flags: &[&[
        Flag::text("container").short('c'),
        Flag::bool("stdin").short('i'),
        Flag::bool("tty").short('t'),
        Flag::bool("quiet").short('q'),
        Flag::duration("pod-running-timeout", "1m0s"),
    ]],
    words: Words::Pods,
    run: Some(|cx, args| {
        let Some(word) = args.words.first() else {
            return error("at least 1 argument is required for attach");
        };
        pods::resolve(cx, args, word)?;
        not_yet(args)
    }),
    ..Verb::NONE
};

// Models kubectl/pkg/cmd/cp/cp.go.
pub static CP: Verb = Verb {
    name: "cp",
    about: "Copy files and directories to and from containers",
    usage: "<file-spec-src> <file-spec-dest>",
    flags: &[&[
        Flag::text("container").short('c'),
        Flag::bool("no-preserve"),
        Flag::int("retries", "0"),
    ]],
    run: Some(|cx, args| {
        let [from, to] = args.words.as_slice() else {
            return error("source and destination are required");
        };
        let remote = match (from.split_once(':'), to.split_once(':')) {
            (None, None) => {
                return error("one of src or dest must be a remote file specification");
            }
            (Some(_), Some(_)) => {
                return error("one of src or dest must be a local file specification");
            }
            (Some((pod, _)), None) | (None, Some((pod, _))) => pod,
        };
        let (namespace, pod) = remote.split_once('/').unwrap_or((&args.namespace, remote));
        let kind = discovery::resolve("pods")?;
        server::get(cx, kind, namespace, pod)?;
        not_yet(args)
    }),
    ..Verb::NONE
};

// Models kubectl/pkg/cmd/debug/debug.go.
pub static DEBUG: Verb = Verb {
    name: "debug",
    about: "Create debugging sessions for troubleshooting workloads and nodes",
    usage: "(POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ]",
    flags: &[&[
        Flag::text("image"),
        Flag::text("copy-to"),
        Flag::text("container").short('c'),
        Flag::text("target"),
        Flag::text("profile"),
        Flag::bool("stdin").short('i'),
        Flag::bool("tty").short('t'),
        Flag::bool("attach"),
    ]],
    words: Words::Pods,
    run: Some(|cx, args| {
        if args.text("image").is_empty() && args.text("copy-to").is_empty() {
            return error("you must specify --image when not using --copy-to.");
        }
        let Some(word) = args.words.first() else {
            return error("NAME is required for debug");
        };
        let (kind, name) = word.split_once('/').unwrap_or(("pods", word));
        server::get(cx, discovery::resolve(kind)?, &args.namespace, name)?;
        not_yet(args)
    }),
    ..Verb::NONE
};
