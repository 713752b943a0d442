//! `kubectl wait`.
// Models kubectl/pkg/cmd/wait/*.go.

use apimachinery::jsonpath::{JsonPath, relaxed_expression};
use clock::{Duration, SimTime};
use serde_json::Value;

use crate::command;
use crate::fail::{Fail, Outcome, error};
use crate::flags::{ALL, ALL_NAMESPACES, Args, FIELD_SELECTOR, FILENAME, Flag, SELECTOR};
use crate::manifest;
use crate::path::{Look, scalar};
use crate::printers::columns::go;
use crate::server;
use crate::session::{Cx, Process, Progress};
use crate::target::{self, Ask, Found, Rules};
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "wait",
    about: "Wait for a specific condition on one or many resources",
    usage: "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) \
         [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]]",
    flags: &[
        &[
            Flag::text("for").values(&["condition=", "create", "delete", "jsonpath="]),
            Flag::duration("timeout", "30s"),
            Flag::text("output").short('o'),
        ],
        FILENAME,
        SELECTOR,
        FIELD_SELECTOR,
        ALL,
        ALL_NAMESPACES,
    ],
    words: Words::Resources,
    run: Some(run),
    ..Verb::NONE
};

enum For {
    Create,
    Delete,
    Condition { name: String, status: String },
    Path { path: JsonPath, value: Option<String> },
}

fn parse_for(text: &str) -> Outcome<For> {
    let lower = text.to_ascii_lowercase();
    if lower == "delete" || lower == "create" {
        return Ok(if lower == "delete" { For::Delete } else { For::Create });
    }
    if let Some(condition) = text.strip_prefix("condition=") {
        let (name, status) = condition.split_once('=').unwrap_or((condition, "true"));
        return Ok(For::Condition { name: name.to_owned(), status: status.to_owned() });
    }
    if let Some(rest) = text.strip_prefix("jsonpath=") {
        let rest = rest.trim_matches(|c| c == '\'' || c == '"');
        let (path, value) = match rest.rfind("}=") {
            Some(at) => rest.split_at_checked(at + 1).unwrap_or((rest, "")),
            None => match rest.split_once('=').filter(|_| !rest.starts_with('{')) {
                Some((path, _)) => rest.split_at_checked(path.len()).unwrap_or((rest, "")),
                None => (rest, ""),
            },
        };
        let value = value.strip_prefix('=').map(|value| value.trim_matches(['\'', '"']).to_owned());
        if value.as_deref() == Some("") {
            return error("jsonpath wait value cannot be empty");
        }
        let parsed = relaxed_expression(path)
            .and_then(|path| JsonPath::parse(&path))
            .map_err(|why| Fail::Error(why.to_string()))?;
        return Ok(For::Path { path: parsed.allow_missing_keys(true), value });
    }
    error(format!("unrecognized condition: {text:?}"))
}

struct Wait {
    what: For,
    asks: Vec<Ask>,
    args: Args,
    until: SimTime,
    /// Those that are not done yet; `None` before the first look.
    left: Option<Vec<Found>>,
}

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if args.text("for").is_empty() {
        return error("unrecognized condition: []");
    }
    let what = parse_for(args.text("for"))?;
    let asks = if args.changed("filename") {
        let (found, fails) = manifest::objects(cx, args)?;
        crate::fail::all(fails)?;
        let ask =
            |one: Found| Ask::Name { kind: one.kind, namespace: one.namespace, name: one.name };
        found.into_iter().map(ask).collect()
    } else {
        target::asks(args, &args.words, Rules::default())?
    };
    let timeout = match args.duration("timeout") {
        0 => 0,
        negative if negative < 0 => 7 * 24 * 3600 * 1_000_000_000,
        given => u64::try_from(given).unwrap_or(0),
    };
    let until = cx.now + Duration::from_nanos(timeout);
    Ok(Flow::Wait(Box::new(Wait { what, asks, args: args.clone(), until, left: None })))
}

fn condition_met(object: &Value, name: &str, status: &str) -> bool {
    let generation = object.int("metadata.generation");
    let conditions = object.items("status.conditions").iter();
    let mut named = conditions.filter(|one| one.text("type").eq_ignore_ascii_case(name));
    named.any(|one| {
        let observed = match one.at("observedGeneration").as_i64() {
            Some(observed) => Some(observed),
            None => object.at("status.observedGeneration").as_i64(),
        };
        observed.is_none_or(|observed| observed >= generation)
            && one.text("status").eq_ignore_ascii_case(status)
    })
}

impl Wait {
    fn is_met(&self, object: &Value) -> bool {
        match &self.what {
            For::Create => true,
            For::Delete => false,
            For::Condition { name, status } => condition_met(object, name, status),
            For::Path { path, value } => {
                let found: Vec<Value> =
                    path.results(object).unwrap_or_default().into_iter().flatten().collect();
                match value {
                    None => !found.is_empty(),
                    Some(value) => {
                        found.len() == 1
                            && found.iter().all(|one| scalar(one) == *value || go(one) == *value)
                    }
                }
            }
        }
    }

    fn done(&self, cx: &mut Cx<'_>, one: &Found) {
        let done = if matches!(self.what, For::Create | For::Condition { .. } | For::Path { .. }) {
            "condition met"
        } else {
            "deleted"
        };
        match (self.args.text("output"), done) {
            ("name", _) => cx.say(&one.full_name()),
            (_, "deleted") => {
                let place = match one.namespace.as_str() {
                    "" => String::new(),
                    namespace => format!(" from {namespace} namespace"),
                };
                let kind = crate::discovery::kind_group(one.kind);
                cx.say(&format!("{kind} {:?} deleted{place}", one.name));
            }
            _ => cx.say(&format!("{} {done}", one.full_name())),
        }
    }

    /// The objects to wait for; nothing yet if they are to be created first.
    fn begin(&mut self, cx: &mut Cx<'_>) -> Outcome<Option<Vec<Found>>> {
        let filter = target::filter(&self.args);
        let mut all = Vec::new();
        for ask in &self.asks {
            match target::fetch(cx, ask, &filter) {
                Ok(found) => all.extend(found),
                Err(fail) if fail.is_not_found() => match self.what {
                    For::Create => return Ok(None),
                    For::Delete => {}
                    _ => return Err(fail),
                },
                Err(fail) => return Err(fail),
            }
        }
        if all.is_empty() && matches!(self.what, For::Create) {
            return Ok(None);
        }
        if all.is_empty() && !matches!(self.what, For::Delete) {
            return error("no matching resources found");
        }
        Ok(Some(all))
    }

    /// True when nothing is left to wait for.
    fn look(&mut self, cx: &mut Cx<'_>) -> Outcome<bool> {
        let left = match self.left.take() {
            Some(left) => left,
            None => match self.begin(cx)? {
                Some(found) => found,
                None => return Ok(false),
            },
        };
        let mut still = Vec::new();
        for mut one in left {
            let uid = one.object.text("metadata.uid").to_owned();
            let is_delete = matches!(self.what, For::Delete);
            match one.refresh(cx) {
                Ok(()) if is_delete && one.object.text("metadata.uid") != uid => {
                    self.done(cx, &one);
                }
                Ok(()) if self.is_met(&one.object) => self.done(cx, &one),
                Ok(()) => still.push(one),
                Err(fail) if fail.is_not_found() && is_delete => self.done(cx, &one),
                Err(fail) => return Err(fail),
            }
        }
        let done = still.is_empty();
        self.left = Some(still);
        Ok(done)
    }

    fn timed_out(&self) -> Fail {
        let text = |one: &Found| {
            Fail::Error(format!("timed out waiting for the condition on {}", one.plural_name()))
        };
        match self.left.as_deref() {
            None | Some([]) => Fail::Error("timed out waiting for the condition".to_owned()),
            Some([one]) => text(one),
            Some(many) => Fail::Many(many.iter().map(text).collect()),
        }
    }
}

impl Process for Wait {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        match self.look(cx) {
            Ok(true) => return Progress::Done(0),
            Ok(false) => {}
            Err(fail) => return Progress::Done(command::print(cx, &fail)),
        }
        if cx.now >= self.until {
            let fail = self.timed_out();
            return Progress::Done(command::print(cx, &fail));
        }
        let watch = match self.left.as_deref() {
            Some(left) => {
                left.iter().map(|one| server::watch(one.kind, &one.namespace, &one.name)).collect()
            }
            None => self.asks.iter().map(|ask| server::watch(ask.kind(), "", "")).collect(),
        };
        Progress::Wait { watch, until: Some(self.until) }
    }
}
