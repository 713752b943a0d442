//! `kubectl replace`.
// Models kubectl/pkg/cmd/replace/replace.go.

use crate::command;
use crate::fail::{Outcome, error};
use crate::flags::{Args, FILENAME, Flag, PRINT, RECORD, SAVE_CONFIG, VALIDATE, WRITE};
use crate::manifest;
use crate::server;
use crate::session::{Cx, Process, Progress};
use crate::target::{self, Found};
use crate::verbs::delete::{self, Gone};
use crate::verbs::object::{DryRun, LAST_APPLIED, Writer, annotate, last_applied};
use crate::verbs::{Flow, Verb};

pub static VERB: Verb = Verb {
    name: "replace",
    about: "Replace a resource by file name or stdin",
    usage: "-f FILENAME",
    flags: &[
        &[Flag::bool("force"), Flag::text("subresource"), Flag::int("grace-period", "-1")],
        FILENAME,
        PRINT,
        WRITE,
        RECORD,
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(run),
    ..Verb::NONE
};

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if !args.changed("filename") {
        return error("must specify one of -f and -k");
    }
    if args.int("grace-period") >= 0 && !args.bool("force") {
        return error("--grace-period must have --force specified");
    }
    if args.bool("force") {
        return force(cx, args);
    }
    let writer = Writer::of(cx, args)?;
    let (found, fails) = manifest::objects(cx, args)?;
    if found.is_empty() && fails.is_empty() {
        return error("no objects passed to replace");
    }
    target::each(cx, found, fails, |cx, one| {
        let mut value = one.object;
        if args.bool("save-config") {
            let saved = last_applied(&value);
            annotate(&mut value, LAST_APPLIED, &saved);
        }
        if writer.dry_run != DryRun::Client {
            let mut write = writer.write("kubectl-replace");
            write.subresource = args.text("subresource").to_owned();
            let name = one.name.as_str();
            value = server::update(cx, one.kind, &one.namespace, name, value, &write)
                .map_err(|fail| fail.at_source("replacing", &one.source))?;
        }
        writer.print(cx, one.kind, &value, "replaced")
    })?;
    Ok(Flow::Done)
}

/// Deletes first, waits, and creates anew.
fn force(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if DryRun::of(cx, args)? != DryRun::None {
        return error("--dry-run can not be used when --force is set");
    }
    let (found, fails) = manifest::objects(cx, args)?;
    crate::fail::all(fails)?;
    if found.is_empty() {
        return error("no objects passed to replace");
    }
    let gone = delete::to_replace(cx, &found, args.int("grace-period"))?;
    Ok(Flow::Wait(Box::new(Force { gone, found, args: args.clone() })))
}

struct Force {
    gone: Gone,
    found: Vec<Found>,
    args: Args,
}

impl Process for Force {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        match self.gone.poll(cx) {
            Progress::Done(0) => {}
            other => return other,
        }
        let found = std::mem::take(&mut self.found);
        match create_all(cx, &self.args, found) {
            Ok(()) => Progress::Done(0),
            Err(fail) => Progress::Done(command::print(cx, &fail)),
        }
    }
}

fn create_all(cx: &mut Cx<'_>, args: &Args, found: Vec<Found>) -> Outcome {
    let writer = Writer::of(cx, args)?;
    target::each(cx, found, Vec::new(), |cx, one| {
        let mut value = one.object;
        if args.bool("save-config") {
            let saved = last_applied(&value);
            annotate(&mut value, LAST_APPLIED, &saved);
        }
        let write = writer.write("kubectl-replace");
        let value = server::create(cx, one.kind, &one.namespace, value, &write)?;
        writer.print(cx, one.kind, &value, "replaced")
    })
}
