//! `kubectl replace`, and `kubectl edit`, which needs an editor.

use crate::fail::{Outcome, error};
use crate::flags::{Args, FILENAME, Flag, PRINT, SAVE_CONFIG, VALIDATE, WRITE};
use crate::manifest;
use crate::server;
use crate::session::Cx;
use crate::target;
use crate::verbs::object::{DryRun, LAST_APPLIED, Writer, annotate, last_applied};
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "replace",
    about: "Replace a resource by file name or stdin",
    usage: "-f FILENAME",
    flags: &[
        &[Flag::bool("force"), Flag::text("subresource"), Flag::int("grace-period", "-1")],
        FILENAME,
        PRINT,
        WRITE,
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(run),
    ..Verb::NONE
};

pub static EDIT: Verb = Verb {
    name: "edit",
    about: "Edit a resource on the server",
    usage: "(RESOURCE/NAME | -f FILENAME)",
    flags: &[FILENAME, PRINT, WRITE, VALIDATE, SAVE_CONFIG],
    words: Words::Resources,
    run: Some(|_, _| {
        error(
            "kubectl edit needs an editor, which is not supported in this terminal; use kubectl \
                 get -o yaml, the manifest editor and kubectl apply, or kubectl patch",
        )
    }),
    ..Verb::NONE
};

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if !args.changed("filename") {
        return args.usage("must specify --filename to replace");
    }
    if args.bool("force") {
        return error(
            "--force is not supported in this terminal; use kubectl delete and kubectl create",
        );
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
