//! `kubectl create`: from files, or one of the kinds it has a form for.
// Models kubectl/pkg/cmd/create/create.go.

mod config_map;
mod deployment;
mod ingress;
mod job;
mod namespace;
mod policy;
mod rbac;
mod secret;
mod service;
mod token;

use serde_json::Value;

use crate::discovery::{self, Kind};
use crate::fail::{Fail, Outcome, error};
use crate::flags::{Args, FILENAME, Flag, PRINT, RECORD, SAVE_CONFIG, SELECTOR, VALIDATE, WRITE};
use crate::manifest;
use crate::server;
use crate::session::Cx;
use crate::target;
use crate::verbs::object::{CHANGE_CAUSE, DryRun, LAST_APPLIED, Writer, annotate, last_applied};
use crate::verbs::{Flow, Verb};

/// The flags every form has.
const FORM: [&[Flag]; 4] = [PRINT, WRITE, VALIDATE, SAVE_CONFIG];

pub static VERB: Verb = Verb {
    name: "create",
    about: "Create a resource from a file or from stdin",
    usage: "-f FILENAME",
    flags: &[
        &[Flag::bool("edit"), Flag::text("raw"), Flag::bool("windows-line-endings")],
        FILENAME,
        SELECTOR,
        PRINT,
        WRITE,
        RECORD,
        VALIDATE,
        SAVE_CONFIG,
    ],
    children: &[
        &rbac::CLUSTER_ROLE,
        &rbac::CLUSTER_ROLE_BINDING,
        &config_map::VERB,
        &job::CRON_JOB,
        &deployment::VERB,
        &ingress::VERB,
        &job::JOB,
        &namespace::VERB,
        &policy::BUDGET,
        &policy::PRIORITY_CLASS,
        &policy::QUOTA,
        &rbac::ROLE,
        &rbac::ROLE_BINDING,
        &secret::VERB,
        &service::VERB,
        &namespace::SERVICE_ACCOUNT,
        &token::VERB,
    ],
    run: Some(run),
    ..Verb::NONE
};

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if !args.changed("filename") && !args.changed("kustomize") {
        if let Some(word) = args.words.first() {
            return args.usage(&format!("Unexpected args: [{word}]"));
        }
        return error("must specify one of -f and -k");
    }
    if args.bool("edit") {
        return error("--edit opens an editor, which is not supported in this terminal");
    }
    let writer = Writer::of(cx, args)?;
    let (found, fails) = manifest::objects(cx, args)?;
    if found.is_empty() && fails.is_empty() {
        return error("no objects passed to create");
    }
    target::each(cx, found, fails, |cx, one| {
        let mut value = one.object;
        if args.bool("record") {
            annotate(&mut value, CHANGE_CAUSE, &args.command_line());
        }
        if args.bool("save-config") {
            let saved = last_applied(&value);
            annotate(&mut value, LAST_APPLIED, &saved);
        }
        if writer.dry_run != DryRun::Client {
            let write = writer.write("kubectl-create");
            value = server::create(cx, one.kind, &one.namespace, value, &write)
                .map_err(|fail| fail.at_source("creating", &one.source))?;
        }
        writer.print(cx, one.kind, &value, "created")
    })?;
    Ok(Flow::Done)
}

/// The one name a form takes.
fn one_name(args: &Args) -> Outcome<&str> {
    match args.words.as_slice() {
        [name] => Ok(name),
        words => args.usage(&format!("exactly one NAME is required, got {}", words.len())),
    }
}

/// Finds the kind of a form, or says that this cluster does not keep it. A dry run of the client
/// needs no server.
fn form_kind(args: &Args, argument: &str) -> Outcome<Kind> {
    if args.text("dry-run") == "client"
        && let Some(kind) = schema::Schema::get().resolve(argument)
    {
        return Ok(kind);
    }
    discovery::resolve(argument)
}

/// Creates what a form made. A form that fails says `failed` before the server's message, or
/// gives the message as it came when that is empty.
fn submit(
    cx: &mut Cx<'_>,
    args: &Args,
    argument: &str,
    value: Value,
    failed: &str,
) -> Outcome<Flow> {
    let writer = Writer::of(cx, args)?;
    let kind = form_kind(args, argument)?;
    writer.create(cx, kind, value).map_err(|fail| match fail {
        Fail::Status(status) if !failed.is_empty() => {
            Fail::Error(format!("{failed} {}", status.message))
        }
        other => other,
    })?;
    Ok(Flow::Done)
}
