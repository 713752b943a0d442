//! `kubectl create deployment`.
// Models kubectl/pkg/cmd/create/create_deployment.go.

use serde_json::{Value, json};

use super::{FORM, one_name, submit};
use crate::fail::{Outcome, error};
use crate::flags::{Args, Flag};
use crate::session::Cx;
use crate::verbs::{Flow, Verb};

pub static VERB: Verb = Verb {
    name: "deployment",
    aliases: &["deploy"],
    about: "Create a deployment with the specified name",
    usage: "NAME --image=image -- [COMMAND] [args...]",
    flags: &[
        &[Flag::list("image"), Flag::int("replicas", "1").short('r'), Flag::int("port", "-1")],
        FORM[0],
        FORM[1],
        FORM[2],
        FORM[3],
    ],
    run: Some(run),
    ..Verb::NONE
};

/// The name a container gets from its image: `docker.io/a/nginx:1.2` gives `nginx`.
pub fn container_name(image: &str) -> String {
    let name = image.rsplit('/').next().unwrap_or(image);
    let name = name.split(['@', ':']).next().unwrap_or(name).to_ascii_lowercase();
    let clean: String = name
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' { c } else { '-' })
        .collect();
    clean
}

fn containers(args: &Args, command: &[String]) -> Vec<Value> {
    let images = args.list("image");
    let container = |image: &String| {
        let mut container =
            json!({ "image": image, "name": container_name(image), "resources": {} });
        if !command.is_empty() {
            container["command"] = json!(command);
        }
        if args.int("port") >= 0 {
            container["ports"] = json!([{ "containerPort": args.int("port") }]);
        }
        container
    };
    images.iter().map(container).collect()
}

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    args.require(&["image"])?;
    let mut args = args.clone();
    let command = args.words.split_off(args.before_dash.unwrap_or(args.words.len()));
    let name = one_name(&args)?;
    if args.list("image").len() > 1 && !command.is_empty() {
        return error("cannot specify multiple --image options and command");
    }
    let port = args.int("port");
    if port > 65535 {
        return error(format!("--port={port} must be between 1 and 65535"));
    }
    let labels = json!({ "app": name });
    let value = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": name, "labels": labels },
        "spec": {
            "replicas": args.int("replicas"),
            "selector": { "matchLabels": labels },
            "strategy": {},
            "template": {
                "metadata": { "labels": labels },
                "spec": { "containers": containers(&args, &command) },
            },
        },
        "status": {},
    });
    submit(cx, &args, "deployments.apps", value, "failed to create deployment:")
}
