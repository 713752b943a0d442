//! `kubectl create job` and `kubectl create cronjob`.
// Models kubectl/pkg/cmd/create/{create_job,create_cronjob}.go.

use serde_json::{Value, json};

use super::{FORM, one_name, submit};
use crate::discovery;
use crate::fail::{Outcome, error};
use crate::flags::{Args, Flag};
use crate::server;
use crate::session::Cx;
use crate::verbs::{Flow, Verb};

pub static JOB: Verb = Verb {
    name: "job",
    about: "Create a job with the specified name",
    usage: "NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...]",
    flags: &[&[Flag::text("image"), Flag::text("from")], FORM[0], FORM[1], FORM[2], FORM[3]],
    run: Some(job),
    ..Verb::NONE
};

pub static CRON_JOB: Verb = Verb {
    name: "cronjob",
    aliases: &["cj"],
    about: "Create a cron job with the specified name",
    usage: "NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...]",
    flags: &[
        &[Flag::text("image"), Flag::text("schedule"), Flag::text("restart")],
        FORM[0],
        FORM[1],
        FORM[2],
        FORM[3],
    ],
    run: Some(cron_job),
    ..Verb::NONE
};

fn template(name: &str, args: &Args, command: &[String], restart: &str) -> Value {
    let mut container = json!({ "name": name, "image": args.text("image"), "resources": {} });
    if !command.is_empty() {
        container["command"] = json!(command);
    }
    json!({ "metadata": {}, "spec": { "containers": [container], "restartPolicy": restart } })
}

fn job(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let mut args = args.clone();
    let command = args.words.split_off(args.before_dash.unwrap_or(args.words.len()));
    let name = one_name(&args)?;
    let (image, from) = (args.text("image"), args.text("from"));
    if image.is_empty() == from.is_empty() {
        return error("either --image or --from must be specified");
    }
    if !command.is_empty() && !from.is_empty() {
        return error("cannot specify --from and command");
    }
    let mut value = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": { "name": name },
        "spec": { "template": template(name, &args, &command, "Never") },
        "status": {},
    });
    if !from.is_empty() {
        let cron_job = cron_job_named(cx, &args, from)?;
        value["metadata"] = metadata_from(&cron_job, name);
        value["spec"] = cron_job["spec"]["jobTemplate"]["spec"].clone();
    }
    submit(cx, &args, "jobs.batch", value, "failed to create job:")
}

/// The cron job that `--from` names.
fn cron_job_named(cx: &mut Cx<'_>, args: &Args, from: &str) -> Outcome<Value> {
    let Some((resource, name)) = from.split_once('/') else {
        return error("from must be an existing cronjob");
    };
    let kind = discovery::resolve(resource)?;
    let object = server::get(cx, kind, &args.namespace, name)?;
    if kind.kind != "CronJob" {
        return error(format!("unknown object type *{}.{}", kind.version, kind.kind));
    }
    Ok(object)
}

// Models createJobFromCronJob: the cron job owns the job as if it had made it.
fn metadata_from(cron_job: &Value, name: &str) -> Value {
    let template = &cron_job["spec"]["jobTemplate"]["metadata"];
    let mut annotations = json!({ "cronjob.kubernetes.io/instantiate": "manual" });
    if let (Some(all), Some(more)) =
        (annotations.as_object_mut(), template["annotations"].as_object())
    {
        all.extend(more.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    let owner = json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": cron_job["metadata"]["name"],
        "uid": cron_job["metadata"]["uid"],
        "controller": true,
    });
    let mut metadata =
        json!({ "name": name, "annotations": annotations, "ownerReferences": [owner] });
    if let Some(labels) = template.get("labels") {
        metadata["labels"] = labels.clone();
    }
    metadata
}

fn cron_job(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    args.require(&["image", "schedule"])?;
    let mut args = args.clone();
    let command = args.words.split_off(args.before_dash.unwrap_or(args.words.len()));
    let name = one_name(&args)?;
    let restart = match args.text("restart") {
        "" => "OnFailure",
        given => given,
    };
    let value = json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": { "name": name },
        "spec": {
            "jobTemplate": {
                "metadata": { "name": name },
                "spec": { "template": template(name, &args, &command, restart) },
            },
            "schedule": args.text("schedule"),
        },
        "status": {},
    });
    submit(cx, &args, "cronjobs.batch", value, "failed to create cronjob:")
}
