//! `kubectl run`.
// Models kubectl/pkg/cmd/run/run.go.

use client::fabric::{PullError, Registry};
use serde_json::{Map, Value, json};

use crate::discovery;
use crate::fail::{Fail, Outcome, error};
use crate::flags::{Args, Flag, PRINT, RECORD, SAVE_CONFIG, WRITE};
use crate::printers::Format;
use crate::session::Cx;
use crate::verbs::object::Writer;
use crate::verbs::{Flow, Verb};

pub static VERB: Verb = Verb {
    name: "run",
    about: "Run a particular image on the cluster",
    usage: "NAME --image=image [--env=\"key=value\"] [--port=port] [--dry-run=server|client] \
         [--command] -- [COMMAND] [args...]",
    flags: &[
        &[
            Flag::text("image"),
            Flag::text("image-pull-policy"),
            Flag::array("env"),
            Flag::text("labels").short('l'),
            Flag::text("port"),
            Flag::bool("expose"),
            Flag::text("restart").default("Always"),
            Flag::bool("command"),
            Flag::bool("stdin").short('i'),
            Flag::bool("tty").short('t'),
            Flag::bool("attach"),
            Flag::bool("rm"),
            Flag::bool("quiet").short('q'),
            Flag::bool("privileged"),
            Flag::array("annotations"),
            Flag::text("overrides"),
        ],
        PRINT,
        WRITE,
        RECORD,
        SAVE_CONFIG,
    ],
    run: Some(run),
    ..Verb::NONE
};

fn pairs(text: &str) -> Outcome<Map<String, Value>> {
    let mut map = Map::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        match part.split_once('=') {
            Some((key, value)) => map.insert(key.to_owned(), value.into()),
            None => return error(format!("unexpected label spec: {part}")),
        };
    }
    Ok(map)
}

fn container(args: &Args, name: &str, command: &[String]) -> Outcome<Value> {
    let mut container = json!({ "image": args.text("image"), "name": name, "resources": {} });
    if !args.text("image-pull-policy").is_empty() {
        container["imagePullPolicy"] = args.text("image-pull-policy").into();
    }
    let mut variables = Vec::new();
    for variable in args.list("env") {
        match variable.split_once('=').filter(|(name, _)| !name.is_empty()) {
            Some((name, value)) => variables.push(json!({ "name": name, "value": value })),
            None => return error(format!("invalid env: {variable}")),
        }
    }
    if !variables.is_empty() {
        container["env"] = variables.into();
    }
    if !args.text("port").is_empty() {
        let port: i64 = args.text("port").parse().map_err(|_| {
            Fail::Error(apimachinery::strconv::int_error("ParseInt", args.text("port")))
        })?;
        container["ports"] = json!([{ "containerPort": port }]);
    }
    if args.bool("privileged") {
        container["securityContext"] = json!({ "privileged": true });
    }
    if !command.is_empty() {
        let field = if args.bool("command") { "command" } else { "args" };
        container[field] = json!(command);
    }
    Ok(container)
}

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    args.require(&["image"])?;
    let Some((name, command)) = args.words.split_first() else {
        return args.usage("NAME is required for run");
    };
    let image = args.text("image");
    if image.is_empty() {
        return error("--image is required");
    }
    if let Err(PullError::InvalidName(_)) = Registry::default().find(image) {
        return error(format!("Invalid image name {image:?}: invalid reference format"));
    }
    let attaches = ["stdin", "tty", "attach"].iter().any(|flag| args.bool(flag));
    if attaches && args.text("dry-run") != "none" {
        return args.usage(
            "--dry-run=[server|client] can't be used with attached containers options (--attach, \
             --stdin, or --tty)",
        );
    }
    if args.bool("rm") && !attaches {
        return error("--rm should only be used for attached containers");
    }
    if ["stdin", "tty", "attach", "rm"].iter().any(|flag| args.bool(flag)) {
        return error(
            "--stdin, --tty, --attach and --rm need an attached terminal, which is not supported \
                 here; run the pod and use kubectl logs",
        );
    }
    if !matches!(args.text("restart"), "Always" | "OnFailure" | "Never") {
        return error(format!("invalid restart policy: {}", args.text("restart")));
    }
    if args.bool("expose") && args.text("port").is_empty() {
        return args.usage("--port must be set when exposing a service");
    }
    let labels = match args.text("labels") {
        "" => json!({ "run": name }),
        given => Value::Object(pairs(given)?),
    };
    let mut metadata = json!({ "name": name, "labels": labels });
    if !args.list("annotations").is_empty() {
        metadata["annotations"] = Value::Object(pairs(&args.list("annotations").join(","))?);
    }
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {
            "containers": [container(args, name, command)?],
            "dnsPolicy": "ClusterFirst",
            "restartPolicy": args.text("restart"),
        },
        "status": {},
    });
    if args.changed("overrides") {
        let patch: Value = serde_json::from_str(args.text("overrides"))
            .map_err(|why| Fail::Error(format!("invalid overrides: {why}")))?;
        pod = schema::patch::merge::apply(&pod, &patch)
            .map_err(|why| Fail::Error(why.to_string()))?;
    }
    let writer = Writer::of(cx, args)?;
    if args.bool("expose") {
        let port: i64 = args.text("port").parse().unwrap_or(0);
        let mut metadata = json!({ "name": name });
        if args.changed("labels") {
            metadata["labels"] = labels.clone();
        }
        let service = json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {
                "ports": [{ "port": port, "protocol": "TCP", "targetPort": port }],
                "selector": labels,
            },
            "status": { "loadBalancer": {} },
        });
        writer.create_as(cx, discovery::resolve("services")?, service, "kubectl-run")?;
        if writer.format == Format::Yaml {
            cx.say("---\n---");
        }
    }
    writer.create_as(cx, discovery::resolve("pods")?, pod, "kubectl-run")?;
    Ok(Flow::Done)
}
