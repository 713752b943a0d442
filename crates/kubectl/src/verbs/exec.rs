//! `kubectl exec`: one command, without a terminal of its own.
// Models kubectl/pkg/cmd/exec/exec.go.

use client::Verb as Ask;

use crate::discovery;
use crate::fail::{Outcome, error};
use crate::flags::{Args, FILENAME, Flag};
use crate::path::Look;
use crate::server;
use crate::session::Cx;
use crate::verbs::pods;
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "exec",
    about: "Execute a command in a container",
    usage: "(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]",
    flags: &[
        &[
            Flag::text("container").short('c'),
            Flag::bool("stdin").short('i'),
            Flag::bool("tty").short('t'),
            Flag::bool("quiet").short('q'),
            Flag::duration("pod-running-timeout", "1m0s"),
        ],
        FILENAME,
    ],
    words: Words::Pods,
    run: Some(run),
    ..Verb::NONE
};

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let Some(dash) = args.before_dash else {
        if args.words.is_empty() {
            return error("pod, type/name or --filename must be specified");
        }
        if args.words.len() > 1 {
            return args.usage(
                "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- \
                 [COMMAND] instead",
            );
        }
        return error("you must specify at least one command for the container");
    };
    let (target, command) = args.words.split_at_checked(dash).unwrap_or((&args.words, &[]));
    let Some(word) = target.first() else {
        return error("pod, type/name or --filename must be specified");
    };
    if command.is_empty() {
        return error("you must specify at least one command for the container");
    }
    if args.bool("tty") {
        cx.complain("Unable to use a TTY - input is not a terminal or the right kind of file");
    }
    let pod = pods::resolve(cx, args, word)?;
    let container = match args.text("container") {
        "" => pods::default_container(cx, &pod, "Defaulted container"),
        asked => {
            pods::check_container(&pod, asked)?;
            asked.to_owned()
        }
    };
    let (namespace, name) = (pod.text("metadata.namespace"), pod.text("metadata.name"));
    let kind = discovery::resolve("pods")?;
    let mut request = server::request(Ask::Create, kind, namespace, name);
    request.subresource = "exec".into();
    request.query.push(("container".into(), container.into()));
    for part in command {
        request.query.push(("command".into(), part.as_str().into()));
    }
    let result = server::value(cx, request)?;
    cx.out.stdout(result.text("stdout"));
    cx.out.stderr(result.text("stderr"));
    let code = result.int("exitCode");
    if code != 0 {
        cx.complain(&format!("command terminated with exit code {code}"));
    }
    Ok(Flow::Exit(i32::try_from(code).unwrap_or(1)))
}
