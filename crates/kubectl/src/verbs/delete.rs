//! `kubectl delete`: asks the server, then waits until the objects are gone.
// Models kubectl/pkg/cmd/delete/delete.go.

use client::{DeleteOptions, Propagation};
use clock::{Duration, SimTime};

use crate::command;
use crate::discovery::kind_group;
use crate::fail::{Fail, Outcome, error};
use crate::flags::{ALL, ALL_NAMESPACES, Args, FIELD_SELECTOR, FILENAME, Flag, SELECTOR, WRITE};
use crate::manifest;
use crate::server;
use crate::session::{Cx, Process, Progress};
use crate::target::{self, Ask, Found, Rules};
use crate::verbs::object::DryRun;
use crate::verbs::{Flow, Verb, Words};

static FLAGS: &[Flag] = &[
    Flag::text("cascade").default("background").bare("background").values(&[
        "background",
        "orphan",
        "foreground",
    ]),
    Flag::bool("now"),
    Flag::bool("force"),
    Flag::int("grace-period", "-1"),
    Flag::bool("ignore-not-found"),
    Flag::on("wait"),
    Flag::duration("timeout", "0s"),
    Flag::bool("interactive").short('i'),
    Flag::text("output").short('o').values(&["name"]),
    Flag::text("raw"),
];

pub static VERB: Verb = Verb {
    name: "delete",
    about: "Delete resources by file names, stdin, resources and names, or by resources and \
         label selector",
    usage: "([-f FILENAME] | TYPE [(NAME | -l label | --all)])",
    flags: &[FLAGS, FILENAME, SELECTOR, FIELD_SELECTOR, ALL, ALL_NAMESPACES, WRITE],
    words: Words::Resources,
    run: Some(run),
    ..Verb::NONE
};

/// How the objects go.
struct How {
    options: DeleteOptions,
    forced: bool,
    dry_run: DryRun,
    by_name: bool,
}

fn how(cx: &mut Cx<'_>, args: &Args) -> Outcome<How> {
    let mut grace = args.int("grace-period");
    if args.bool("now") {
        if grace != -1 {
            return error("--now and --grace-period cannot be specified together");
        }
        grace = 1;
    }
    let force = args.bool("force");
    if grace == 0 && !force {
        // Without --force a period of zero means one second and waiting for the end.
        grace = 1;
    }
    if force && grace < 0 {
        grace = 0;
    }
    if force && grace > 0 {
        return error("--force and --grace-period greater than 0 cannot be specified together");
    }
    let propagation = match args.text("cascade") {
        "background" | "true" => Propagation::Background,
        "foreground" => Propagation::Foreground,
        "orphan" | "false" => Propagation::Orphan,
        other => {
            return error(format!(
                "invalid cascade value ({other}). Must be \"background\", \"foreground\", or \
                     \"orphan\""
            ));
        }
    };
    let dry_run = DryRun::of(cx, args)?;
    if force && dry_run == DryRun::None {
        cx.warn(
            "Immediate deletion does not wait for confirmation that the running resource has been \
             terminated. The resource may continue to run on the cluster indefinitely.",
        );
    }
    Ok(How {
        options: DeleteOptions {
            grace_period_seconds: (grace >= 0).then_some(grace),
            propagation: Some(propagation),
            ..DeleteOptions::default()
        },
        forced: force && grace == 0,
        dry_run,
        by_name: args.text("output") == "name",
    })
}

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if args.bool("interactive") {
        return error("--interactive is not supported in this terminal");
    }
    let output = args.text("output");
    if !output.is_empty() && output != "name" {
        return error(format!("unexpected -o output mode: {output}. We only support '-o name'"));
    }
    if args.bool("all") && args.words.is_empty() && !args.changed("filename") {
        return error("at least one resource must be specified to use a selector");
    }
    if args.bool("all") && selects(args) {
        let flag = if args.text("selector").is_empty() { "field-selector" } else { "selector" };
        return error(format!("cannot set --all and --{flag} at the same time"));
    }
    let how = how(cx, args)?;
    let (found, mut fails) = objects(cx, args)?;
    let ignore = args.bool("ignore-not-found") || args.bool("all") || selects(args);
    let is_empty = found.is_empty() && fails.is_empty();
    let mut gone = Vec::new();
    for one in found {
        match delete(cx, &one, &how) {
            Ok(()) => gone.push(one),
            Err(fail) if ignore && fail.is_not_found() => {}
            Err(fail) => fails.push(fail),
        }
    }
    fails.retain(|fail| !(ignore && fail.is_not_found()));
    if is_empty && !args.bool("ignore-not-found") {
        cx.say("No resources found");
    }
    crate::fail::all(fails)?;
    if how.dry_run != DryRun::None || !args.bool("wait") {
        return Ok(Flow::Done);
    }
    let timeout = u64::try_from(args.duration("timeout")).unwrap_or(0);
    let until = (timeout > 0).then(|| cx.now + Duration::from_nanos(timeout));
    Ok(Flow::Wait(Box::new(Gone { objects: gone, until })))
}

fn selects(args: &Args) -> bool {
    !args.text("selector").is_empty() || !args.text("field-selector").is_empty()
}

/// What to delete. Objects named outright are not asked for first, as in kubectl.
fn objects(cx: &mut Cx<'_>, args: &Args) -> Outcome<(Vec<Found>, Vec<Fail>)> {
    if args.changed("filename") {
        return manifest::objects(cx, args);
    }
    let filter = target::filter(args);
    let (mut found, mut fails) = (Vec::new(), Vec::new());
    for ask in target::asks(args, &args.words, Rules::default())? {
        match ask {
            Ask::Name { kind, namespace, name } => found.push(Found {
                kind,
                namespace: if kind.namespaced { namespace } else { String::new() },
                name,
                object: serde_json::Value::Null,
                source: String::new(),
            }),
            list => match target::fetch(cx, &list, &filter) {
                Ok(objects) => found.extend(objects),
                Err(fail) => fails.push(fail),
            },
        }
    }
    Ok((found, fails))
}

fn delete(cx: &mut Cx<'_>, one: &Found, how: &How) -> Outcome {
    if how.dry_run != DryRun::Client {
        let dry = how.dry_run == DryRun::Server;
        let result =
            server::delete(cx, one.kind, &one.namespace, &one.name, (how.options.clone(), dry));
        result.map_err(|fail| match one.source.as_str() {
            "" => fail,
            source => fail.at_source("deleting", source),
        })?;
    }
    let full = kind_group(one.kind);
    if how.by_name {
        cx.say(&format!("{full}/{}", one.name));
        return Ok(());
    }
    let done = if how.forced { "force deleted" } else { "deleted" };
    let place = match one.namespace.as_str() {
        "" => String::new(),
        namespace => format!(" from {namespace} namespace"),
    };
    let dry = match how.dry_run {
        DryRun::None => "",
        DryRun::Client => " (dry run)",
        DryRun::Server => " (server dry run)",
    };
    cx.say(&format!("{full} {:?} {done}{place}{dry}", one.name));
    Ok(())
}

/// Deletes what `replace --force` creates anew; what is not there is no failure.
pub fn to_replace(cx: &mut Cx<'_>, found: &[Found], grace: i64) -> Outcome<Gone> {
    let options = DeleteOptions {
        // A period of zero would not wait for the end.
        grace_period_seconds: (grace >= 0).then_some(grace.max(1)),
        propagation: Some(Propagation::Background),
        ..DeleteOptions::default()
    };
    let how = How { options, forced: false, dry_run: DryRun::None, by_name: false };
    let mut gone = Vec::new();
    for one in found {
        match delete(cx, one, &how) {
            // The file's uid is none to wait by.
            Ok(()) => gone.push(Found { object: serde_json::Value::Null, ..one.clone() }),
            Err(fail) if fail.is_not_found() => {}
            Err(fail) => return Err(fail),
        }
    }
    Ok(Gone { objects: gone, until: None })
}

/// Waits until none of the objects is left.
pub struct Gone {
    objects: Vec<Found>,
    until: Option<SimTime>,
}

impl Gone {
    /// True if the object, or another of its name, is no longer the one that was deleted.
    fn is_gone(cx: &mut Cx<'_>, one: &mut Found) -> bool {
        let Ok(now) = server::get(cx, one.kind, &one.namespace, &one.name) else { return true };
        let uid = now["metadata"]["uid"].as_str().unwrap_or("");
        let known = one.object["metadata"]["uid"].as_str().unwrap_or("");
        if known.is_empty() {
            // The first look after the delete: an object that is not on its way out is a new one.
            if now["metadata"]["deletionTimestamp"].is_null() {
                return true;
            }
            one.object = now;
            return false;
        }
        uid != known
    }
}

impl Process for Gone {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        self.objects.retain_mut(|one| !Gone::is_gone(cx, one));
        let Some(first) = self.objects.first() else { return Progress::Done(0) };
        if self.until.is_some_and(|until| cx.now >= until) {
            let text = format!("timed out waiting for the condition on {}", first.plural_name());
            return Progress::Done(command::print(cx, &Fail::Error(text)));
        }
        let watch = self.objects.iter();
        let watch = watch.map(|one| server::watch(one.kind, &one.namespace, &one.name)).collect();
        Progress::Wait { watch, until: self.until }
    }
}
