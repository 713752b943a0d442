//! `kubectl autoscale`.
// Models kubectl/pkg/cmd/autoscale/autoscale.go.

use apimachinery::quantity::Quantity;
use serde_json::{Value, json};

use crate::discovery;
use crate::fail::{Outcome, error};
use crate::flags::{Args, FILENAME, Flag, PRINT, RECORD, SAVE_CONFIG, WRITE};
use crate::session::Cx;
use crate::target::{self, Found, Rules};
use crate::verbs::object::{DryRun, Writer, set_namespace};
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "autoscale",
    about: "Auto-scale a deployment, replica set, stateful set, or replication controller",
    usage: "(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] \
         [--memory=MEMORY]",
    flags: &[
        &[
            Flag::int("min", "-1"),
            Flag::int("max", "-1"),
            Flag::int("cpu-percent", "-1"),
            Flag::text("cpu"),
            Flag::text("memory"),
            Flag::text("name"),
        ],
        FILENAME,
        PRINT,
        WRITE,
        RECORD,
        SAVE_CONFIG,
    ],
    words: Words::Resources,
    run: Some(run),
    ..Verb::NONE
};

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    args.require(&["max"])?;
    let (min, max) = (args.int("min"), args.int("max"));
    if max < 1 {
        return error(format!("--max=MAXPODS is required and must be at least 1, max: {max}"));
    }
    if max < min {
        return error(format!(
            "--max=MAXPODS must be larger or equal to --min=MINPODS, max: {max}, min: {min}"
        ));
    }
    if args.int("cpu-percent") > 0 && !args.text("cpu").is_empty() {
        return error("--cpu-percent and --cpu are mutually exclusive");
    }
    let metrics = metrics(args)?;
    if args.changed("cpu-percent") {
        cx.complain(
            "Flag --cpu-percent has been deprecated, Use --cpu with percentage or resource \
             quantity format (e.g., '70%' for utilization or '500m' for milliCPU).",
        );
    }
    let writer = Writer::of(cx, args)?;
    let (found, fails) = target::find(cx, args, &args.words, Rules::default())?;
    if found.is_empty() && fails.is_empty() {
        return error("no objects passed to autoscale");
    }
    target::each(cx, found, fails, |cx, one| autoscale(cx, &writer, &one, &metrics))?;
    Ok(Flow::Done)
}

fn metric(name: &str, target: Value) -> Value {
    json!({ "type": "Resource", "resource": { "name": name, "target": target } })
}

fn metrics(args: &Args) -> Outcome<Vec<Value>> {
    let mut metrics = Vec::new();
    let percent = args.int("cpu-percent");
    if percent > 0 {
        metrics
            .push(metric("cpu", json!({ "type": "Utilization", "averageUtilization": percent })));
    }
    for (name, unit) in [("cpu", "m"), ("memory", "Mi")] {
        let text = args.text(name).trim();
        if !text.is_empty() {
            metrics.push(metric(name, target(name, text, unit)?));
        }
    }
    Ok(metrics)
}

/// `70%`, `500m`, or a number without its unit.
fn target(name: &str, text: &str, unit: &str) -> Outcome<Value> {
    if let Some(percent) = text.strip_suffix('%') {
        return match percent.parse::<i32>() {
            Ok(number @ 0..) => Ok(json!({ "type": "Utilization", "averageUtilization": number })),
            _ => error(format!("invalid percentage value: {percent}")),
        };
    }
    let plain = text.parse::<f64>().is_ok();
    let with_unit = if plain { format!("{text}{unit}") } else { text.to_owned() };
    match Quantity::parse(&with_unit) {
        Ok(value) => Ok(json!({ "type": "AverageValue", "averageValue": value.to_string() })),
        Err(why) if plain => error(why.to_string()),
        Err(_) => error(format!("invalid resource {name} value: {text}")),
    }
}

fn autoscale(cx: &mut Cx<'_>, writer: &Writer<'_>, one: &Found, metrics: &[Value]) -> Outcome {
    let kind = one.kind;
    if kind.subresource("scale").is_none() {
        let what = discovery::go_resource(kind);
        return error(format!(
            "cannot autoscale a {}: could not find scale subresource for {what} in discovery \
             information",
            kind.kind
        ));
    }
    let args = writer.args;
    let given = args.text("name");
    let version = match kind.group {
        "" => kind.version.to_owned(),
        group => format!("{group}/{}", kind.version),
    };
    let mut value = json!({
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": { "name": if given.is_empty() { &one.name } else { given } },
        "spec": {
            "scaleTargetRef": { "apiVersion": version, "kind": kind.kind, "name": one.name },
            "maxReplicas": args.int("max"),
        },
    });
    if args.int("min") > 0 {
        value["spec"]["minReplicas"] = args.int("min").into();
    }
    if !metrics.is_empty() {
        value["spec"]["metrics"] = metrics.into();
    }
    set_namespace(&mut value, &one.namespace);
    let kind = discovery::resolve("horizontalpodautoscalers.autoscaling")?;
    let dry = writer.dry_run == DryRun::Client;
    let done = if dry { "created" } else { "autoscaled" };
    writer.create_done(cx, kind, value, "kubectl-autoscale", done)
}
