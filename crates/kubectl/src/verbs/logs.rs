//! `kubectl logs`.
// Models kubectl/pkg/cmd/logs/logs.go.

use client::Verb as Ask;
use serde_json::Value;

use crate::command;
use crate::discovery;
use crate::fail::{Fail, Outcome, error};
use crate::flags::{Args, Flag, SELECTOR};
use crate::path::Look;
use crate::server::{self, Filter};
use crate::session::{Cx, Process, Progress};
use crate::verbs::pods;
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "logs",
    aliases: &["log"],
    about: "Print the logs for a container in a pod",
    usage: "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]",
    flags: &[
        &[
            Flag::bool("follow").short('f'),
            Flag::bool("previous").short('p'),
            Flag::text("container").short('c'),
            Flag::bool("all-containers"),
            Flag::bool("all-pods"),
            Flag::bool("timestamps"),
            Flag::bool("prefix"),
            Flag::int("tail", "-1"),
            Flag::duration("since", "0s"),
            Flag::text("since-time"),
            Flag::int("limit-bytes", "0"),
            Flag::bool("ignore-errors"),
            Flag::int("max-log-requests", "5"),
            Flag::duration("pod-running-timeout", "20s"),
        ],
        SELECTOR,
    ],
    words: Words::Pods,
    run: Some(run),
    ..Verb::NONE
};

/// The log of one container, and how much of it was printed.
struct Source {
    namespace: String,
    pod: String,
    container: String,
    printed: usize,
}

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if args.words.is_empty() && args.text("selector").is_empty() {
        return args.usage(
            "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or \
             TYPE/NAME is a required argument for the logs command",
        );
    }
    if args.words.len() > 2 {
        return args.usage(
            "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or \
             TYPE/NAME is a required argument for the logs command",
        );
    }
    if args.changed("since") && args.changed("since-time") {
        return error("at most one of `sinceTime` or `sinceSeconds` may be specified");
    }
    if args.changed("tail") && args.int("tail") < -1 {
        return error("--tail must be greater than or equal to -1");
    }
    let container = match args.words.get(1) {
        Some(word) if !args.changed("container") => word.as_str(),
        _ => args.text("container"),
    };
    let sources = sources(cx, args, container)?;
    let tail = match (args.changed("tail"), args.text("selector").is_empty()) {
        (false, false) => 10,
        _ => args.int("tail"),
    };
    let mut logs = Logs { args: args.clone(), tail, sources };
    if args.bool("follow") {
        return Ok(Flow::Wait(Box::new(logs)));
    }
    logs.print(cx)?;
    Ok(Flow::Done)
}

fn sources(cx: &mut Cx<'_>, args: &Args, container: &str) -> Outcome<Vec<Source>> {
    let found: Vec<Value> = if args.words.is_empty() {
        let filter = Filter { labels: args.text("selector").to_owned(), ..Filter::default() };
        let kind = discovery::resolve("pods")?;
        let pods = server::list(cx, kind, &args.namespace, &filter)?;
        if pods.is_empty() {
            cx.complain(&format!("No resources found in {} namespace.", args.namespace));
        }
        pods
    } else {
        vec![pods::resolve(cx, args, args.word(0)).map_err(|fail| match fail {
            Fail::Status(status) if status.is_not_found() => Fail::Error(format!(
                "error from server (NotFound): {} in namespace {:?}",
                status.message, args.namespace
            )),
            other => other,
        })?]
    };
    let mut sources = Vec::new();
    for pod in &found {
        for name in containers(cx, args, pod, container)? {
            sources.push(Source {
                namespace: pod.text("metadata.namespace").to_owned(),
                pod: pod.text("metadata.name").to_owned(),
                container: name,
                printed: 0,
            });
        }
    }
    let most = usize::try_from(args.int("max-log-requests")).unwrap_or(5);
    if args.bool("follow") && sources.len() > most {
        return error(format!(
            "you are attempting to follow {} log streams, but maximum allowed concurrency is \
             {most}, use --max-log-requests to increase the limit",
            sources.len()
        ));
    }
    Ok(sources)
}

fn containers(cx: &mut Cx<'_>, args: &Args, pod: &Value, asked: &str) -> Outcome<Vec<String>> {
    if args.bool("all-containers") {
        let lists = ["spec.initContainers", "spec.containers", "spec.ephemeralContainers"];
        let all = lists.iter().flat_map(|list| pod.items(list));
        return Ok(all.map(|container| container.text("name").to_owned()).collect());
    }
    if asked.is_empty() {
        return Ok(vec![pods::default_container(cx, pod, "Defaulted container")]);
    }
    pods::check_container(pod, asked)?;
    Ok(vec![asked.to_owned()])
}

struct Logs {
    args: Args,
    tail: i64,
    sources: Vec<Source>,
}

impl Logs {
    fn print(&mut self, cx: &mut Cx<'_>) -> Outcome {
        let kind = discovery::resolve("pods")?;
        for source in &mut self.sources {
            let mut request = server::request(Ask::Get, kind, &source.namespace, &source.pod);
            request.subresource = "log".into();
            let mut add = |key: &'static str, value: String| {
                request.query.push((key.into(), value.into()));
            };
            add("container", source.container.clone());
            for (flag, key) in [("previous", "previous"), ("timestamps", "timestamps")] {
                if self.args.bool(flag) {
                    add(key, "true".to_owned());
                }
            }
            let since = self.args.duration("since");
            if since > 0 {
                // Whole seconds, rounded up.
                add("sinceSeconds", ((since + 999_999_999) / 1_000_000_000).to_string());
            }
            if self.args.changed("since-time") {
                add("sinceTime", self.args.text("since-time").to_owned());
            }
            if self.args.int("limit-bytes") > 0 {
                add("limitBytes", self.args.text("limit-bytes").to_owned());
            }
            // Who follows needs the whole log, to know what is new.
            if self.tail >= 0 && !self.args.bool("follow") {
                add("tailLines", self.tail.to_string());
            }
            let text = server::text(cx, request)?;
            let fresh = fresh(source, &text, self.tail, self.args.bool("follow"));
            let prefix = match self.args.bool("prefix") {
                true => format!("[pod/{}/{}] ", source.pod, source.container),
                false => String::new(),
            };
            for line in fresh.split_inclusive('\n') {
                cx.out.stdout(&format!("{prefix}{line}"));
            }
        }
        Ok(())
    }
}

/// What was not printed before.
fn fresh<'a>(source: &mut Source, text: &'a str, tail: i64, follows: bool) -> &'a str {
    if !follows {
        return text;
    }
    let begins = source.printed == 0;
    let new = text.get(source.printed..).unwrap_or(text);
    source.printed = text.len();
    match usize::try_from(tail) {
        Ok(tail) if begins => {
            let lines = new.lines().count();
            let skip = lines.saturating_sub(tail);
            let skipped: usize = new.split_inclusive('\n').take(skip).map(str::len).sum();
            new.get(skipped..).unwrap_or("")
        }
        _ => new,
    }
}

impl Process for Logs {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        if let Err(fail) = self.print(cx) {
            return Progress::Done(command::print(cx, &fail));
        }
        let Ok(kind) = discovery::resolve("pods") else { return Progress::Done(1) };
        self.sources.retain(|source| match server::get(cx, kind, &source.namespace, &source.pod) {
            Ok(pod) => pods::may_still_log(&pod, &source.container),
            Err(_) => false,
        });
        if self.sources.is_empty() {
            return Progress::Done(0);
        }
        let sources = self.sources.iter();
        let watch = sources.map(|one| server::watch(kind, &one.namespace, &one.pod)).collect();
        // Logs grow without any event.
        let until = Some(cx.now + clock::Duration::from_millis(500));
        Progress::Wait { watch, until }
    }
}
