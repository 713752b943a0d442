//! `kubectl scale`.
// Models kubectl/pkg/cmd/scale/scale.go.

use apimachinery::status::{Reason, Status};
use client::{PatchType, Verb as Ask};
use serde_json::json;

use crate::fail::{Outcome, error};
use crate::flags::{ALL, Args, FILENAME, Flag, PRINT, RECORD, SELECTOR, WRITE};
use crate::path::Look;
use crate::server;
use crate::session::Cx;
use crate::target::{self, Found, Rules};
use crate::verbs::object::{CHANGE_CAUSE, DryRun, Writer};
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "scale",
    about: "Set a new size for a deployment, replica set, or replication controller",
    usage: "[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f \
         FILENAME | TYPE NAME)",
    flags: &[
        &[
            Flag::int("replicas", "0"),
            Flag::int("current-replicas", "-1"),
            Flag::text("resource-version"),
            Flag::duration("timeout", "0s"),
        ],
        FILENAME,
        SELECTOR,
        ALL,
        PRINT,
        WRITE,
        RECORD,
    ],
    words: Words::Resources,
    run: Some(run),
    ..Verb::NONE
};

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    args.require(&["replicas"])?;
    if args.int("replicas") < 0 {
        return error(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
        );
    }
    let writer = Writer::of(cx, args)?;
    let (found, fails) = target::find(cx, args, &args.words, Rules::default())?;
    if found.is_empty() && fails.is_empty() {
        return error("no objects passed to scale");
    }
    target::each(cx, found, fails, |cx, one| scale(cx, &writer, &one))?;
    Ok(Flow::Done)
}

fn scale(cx: &mut Cx<'_>, writer: &Writer<'_>, one: &Found) -> Outcome {
    let args = writer.args;
    if one.kind.subresource("scale").is_none() {
        let text = "the server could not find the requested resource";
        return Err(Status::new(Reason::NotFound, text).into());
    }
    let expected = args.int("current-replicas");
    let version = args.text("resource-version");
    if expected != -1 || !version.is_empty() {
        let mut request = server::request(Ask::Get, one.kind, &one.namespace, &one.name);
        request.subresource = "scale".into();
        let scale = server::value(cx, request)?;
        let now = scale.int("spec.replicas");
        if expected != -1 && now != expected {
            return error(format!("Expected replicas to be {expected}, was {now}"));
        }
        let known = scale.text("metadata.resourceVersion");
        if !version.is_empty() && known != version {
            return error(format!("Expected resource version to be {version}, was {known}"));
        }
    }
    if writer.dry_run != DryRun::Client {
        let mut write = writer.write("kubectl");
        write.subresource = "scale".to_owned();
        let patch = json!({ "spec": { "replicas": args.int("replicas") } });
        let target = (one.namespace.as_str(), one.name.as_str());
        server::patch(cx, one.kind, target, (PatchType::Merge, patch), &write)?;
        if args.bool("record") {
            write.subresource.clear();
            let cause = json!({ CHANGE_CAUSE: args.command_line() });
            let patch = json!({ "metadata": { "annotations": cause } });
            server::patch(cx, one.kind, target, (PatchType::Merge, patch), &write)?;
        }
    }
    writer.print(cx, one.kind, &one.object, "scaled")
}
