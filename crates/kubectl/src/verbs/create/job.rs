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
    if !args.changed("image") && !args.changed("from") {
        return error("either --image or --from must be specified");
    }
    let mut spec = json!({ "template": template(name, &args, &command, "Never") });
    let mut metadata = json!({ "name": name });
    if let Some(from) = args.text("from").split_once('/') {
        let kind = discovery::resolve(from.0)?;
        let namespace = args.namespace.clone();
        let cron = server::get(cx, kind, &namespace, from.1)?;
        spec = cron["spec"]["jobTemplate"]["spec"].clone();
        metadata["annotations"] = json!({ "cronjob.kubernetes.io/instantiate": "manual" });
    }
    let value = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": spec,
        "status": {},
    });
    submit(cx, &args, "jobs.batch", value, "failed to create job:")
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
