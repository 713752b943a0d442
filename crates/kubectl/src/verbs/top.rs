//! `kubectl top`.
// Models kubectl/pkg/cmd/top/{top_node,top_pod}.go and pkg/metricsutil.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use apimachinery::gvk::GroupResource;
use apimachinery::quantity::Quantity;
use client::{Request, Verb as Ask};
use serde_json::Value;

use crate::discovery;
use crate::fail::{Fail, Outcome, error};
use crate::flags::{ALL_NAMESPACES, Args, FIELD_SELECTOR, Flag, SELECTOR};
use crate::path::Look;
use crate::printers::TabWriter;
use crate::server::{self, Filter};
use crate::session::Cx;
use crate::verbs::{Flow, Verb};

pub static VERB: Verb = Verb {
    name: "top",
    about: "Display resource (CPU/memory) usage",
    usage: "",
    children: &[&NODE, &POD],
    ..Verb::NONE
};

static NODE: Verb = Verb {
    name: "node",
    aliases: &["nodes", "no"],
    about: "Display resource (CPU/memory) usage of nodes",
    usage: "[NAME | -l label]",
    flags: &[
        SELECTOR,
        &[
            Flag::text("sort-by"),
            Flag::bool("no-headers"),
            Flag::bool("show-capacity"),
            Flag::on("use-protocol-buffers"),
        ],
    ],
    run: Some(nodes),
    ..Verb::NONE
};

static POD: Verb = Verb {
    name: "pod",
    aliases: &["pods", "po"],
    about: "Display resource (CPU/memory) usage of pods",
    usage: "[NAME | -l label]",
    flags: &[
        SELECTOR,
        FIELD_SELECTOR,
        ALL_NAMESPACES,
        &[
            Flag::text("sort-by"),
            Flag::bool("containers"),
            Flag::bool("no-headers"),
            Flag::bool("sum"),
            Flag::on("use-protocol-buffers"),
        ],
    ],
    run: Some(pods),
    ..Verb::NONE
};

/// Thousandths of a core, and bytes.
#[derive(Clone, Copy, Default)]
struct Usage {
    cpu: i64,
    memory: i64,
}

impl Usage {
    fn of(value: &Value) -> Self {
        let quantity = |name: &str| Quantity::from_json(value.at(name)).unwrap_or_default();
        Usage { cpu: quantity("cpu").milli_value(), memory: quantity("memory").value() }
    }

    fn plus(self, other: Usage) -> Usage {
        Usage {
            cpu: self.cpu.saturating_add(other.cpu),
            memory: self.memory.saturating_add(other.memory),
        }
    }

    fn cells(self) -> String {
        format!("{}m\t{}Mi\t", self.cpu, self.memory / (1024 * 1024))
    }
}

struct Line {
    namespace: String,
    name: String,
    containers: Vec<(String, Usage)>,
    total: Usage,
}

fn check(args: &Args, selector: &str) -> Outcome {
    if !matches!(args.text("sort-by"), "" | "cpu" | "memory") {
        return error("--sort-by accepts only cpu or memory");
    }
    let selected = !args.text("selector").is_empty() || !args.text("field-selector").is_empty();
    if !args.word(0).is_empty() && selected {
        return error(format!("only one of NAME or {selector} can be provided"));
    }
    Ok(())
}

/// What the metrics API says of one object or of all that are asked for.
fn metrics(
    cx: &mut Cx<'_>,
    args: &Args,
    plural: &'static str,
    namespace: &str,
) -> Outcome<Vec<Value>> {
    let name = args.word(0);
    let verb = if name.is_empty() { Ask::List } else { Ask::Get };
    let resource = GroupResource::fixed("metrics.k8s.io", plural);
    let mut request = Request::new(verb, resource, namespace, name);
    request.list.label_selector = args.text("selector").into();
    match server::value(cx, request) {
        // No path at all, not just no such pod.
        Err(Fail::Status(status)) if status.is_not_found() && status.name.is_empty() => {
            error("Metrics API not available")
        }
        Ok(value) if name.is_empty() => Ok(value.items("items").to_vec()),
        Ok(value) => Ok(vec![value]),
        Err(fail) => Err(fail),
    }
}

fn sort(lines: &mut [Line], by: &str, with_namespace: bool) {
    lines.sort_by_key(|line| {
        let amount = match by {
            "cpu" => line.total.cpu,
            "memory" => line.total.memory,
            _ => 0,
        };
        let namespace = if with_namespace { line.namespace.clone() } else { String::new() };
        (Reverse(amount), namespace, line.name.clone())
    });
}

fn nodes(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    check(args, "--selector")?;
    let metrics = metrics(cx, args, "nodes", "")?;
    if metrics.is_empty() {
        return error("metrics not available yet");
    }
    let kind = discovery::resolve("nodes")?;
    let filter = Filter { labels: args.text("selector").to_owned(), ..Filter::default() };
    let known = match args.word(0) {
        "" => server::list(cx, kind, "", &filter)?,
        name => vec![server::get(cx, kind, "", name)?],
    };
    let part = if args.bool("show-capacity") { "capacity" } else { "allocatable" };
    let mut rooms: BTreeMap<String, Usage> = known
        .iter()
        .map(|node| {
            let room = node.at("status").at(part);
            (node.text("metadata.name").to_owned(), Usage::of(room))
        })
        .collect();
    let mut lines: Vec<Line> = metrics
        .iter()
        .map(|one| Line {
            namespace: String::new(),
            name: one.text("metadata.name").to_owned(),
            containers: Vec::new(),
            total: Usage::of(one.at("usage")),
        })
        .collect();
    sort(&mut lines, args.text("sort-by"), false);
    let mut text = String::new();
    if !args.bool("no-headers") {
        text.push_str("NAME\tCPU(cores)\tCPU(%)\tMEMORY(bytes)\tMEMORY(%)\t\n");
    }
    for line in lines {
        let room = rooms.remove(&line.name).unwrap_or_default();
        let percent = |used: i64, room: i64| match room {
            0 => 0,
            room => used.saturating_mul(100) / room,
        };
        let Usage { cpu, memory } = line.total;
        let (of_cpu, of_memory) = (percent(cpu, room.cpu), percent(memory, room.memory));
        let mebibytes = memory / (1024 * 1024);
        text.push_str(&format!(
            "{}\t{cpu}m\t{of_cpu}%\t{mebibytes}Mi\t{of_memory}%\t\n",
            line.name
        ));
    }
    for name in rooms.keys() {
        text.push_str(&format!("{name}\t{}\n", "<unknown>\t".repeat(4)));
    }
    cx.out.stdout(&TabWriter::table().format(&text));
    Ok(Flow::Done)
}

fn pods(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    check(args, "selector")?;
    let everywhere = args.bool("all-namespaces");
    let namespace = if everywhere { String::new() } else { args.namespace.clone() };
    let metrics = metrics(cx, args, "pods", &namespace)?;
    let mut lines: Vec<Line> = metrics.iter().map(pod_line).collect();
    if !args.text("field-selector").is_empty() {
        let known = known_pods(cx, args, &namespace)?;
        lines.retain(|line| known.iter().any(|pod| pod.text("metadata.name") == line.name));
    }
    if lines.is_empty() {
        return nothing(cx, args, &namespace);
    }
    sort(&mut lines, args.text("sort-by"), everywhere);
    let text = pod_table(args, &mut lines);
    cx.out.stdout(&TabWriter::table().format(&text));
    Ok(Flow::Done)
}

fn pod_line(one: &Value) -> Line {
    let of =
        |container: &Value| (container.text("name").to_owned(), Usage::of(container.at("usage")));
    let containers: Vec<(String, Usage)> = one.items("containers").iter().map(of).collect();
    let total = containers.iter().fold(Usage::default(), |sum, (_, usage)| sum.plus(*usage));
    Line {
        namespace: one.text("metadata.namespace").to_owned(),
        name: one.text("metadata.name").to_owned(),
        containers,
        total,
    }
}

fn known_pods(cx: &mut Cx<'_>, args: &Args, namespace: &str) -> Outcome<Vec<Value>> {
    let filter = Filter {
        labels: args.text("selector").to_owned(),
        fields: args.text("field-selector").to_owned(),
    };
    server::list(cx, discovery::resolve("pods")?, namespace, &filter)
}

fn nothing(cx: &mut Cx<'_>, args: &Args, namespace: &str) -> Outcome<Flow> {
    if !known_pods(cx, args, namespace)?.is_empty() {
        return error("metrics not available yet");
    }
    cx.out.stderr(&match namespace {
        "" => "No resources found\n".to_owned(),
        namespace => format!("No resources found in {namespace} namespace.\n"),
    });
    Ok(Flow::Done)
}

fn pod_table(args: &Args, lines: &mut [Line]) -> String {
    let (everywhere, each) = (args.bool("all-namespaces"), args.bool("containers"));
    let mut text = String::new();
    let mut columns = 3;
    if !args.bool("no-headers") {
        for (shown, title) in [(everywhere, "NAMESPACE\t"), (each, "POD\t")] {
            if shown {
                text.push_str(title);
                columns += 1;
            }
        }
        text.push_str("NAME\tCPU(cores)\tMEMORY(bytes)\t\n");
    }
    for line in lines.iter_mut() {
        let namespace = if everywhere { format!("{}\t", line.namespace) } else { String::new() };
        if !each {
            text.push_str(&format!("{namespace}{}\t{}\n", line.name, line.total.cells()));
            continue;
        }
        let by = args.text("sort-by").to_owned();
        line.containers.sort_by_key(|(name, usage)| {
            let amount = match by.as_str() {
                "cpu" => usage.cpu,
                "memory" => usage.memory,
                _ => 0,
            };
            (Reverse(amount), name.clone())
        });
        for (container, usage) in &line.containers {
            let pod = &line.name;
            text.push_str(&format!("{namespace}{pod}\t{container}\t{}\n", usage.cells()));
        }
    }
    if args.bool("sum") {
        let total = lines.iter().fold(Usage::default(), |sum, line| sum.plus(line.total));
        text.push_str(&format!("{}________\t________\t\n", "\t".repeat(columns - 2)));
        text.push_str(&format!("{}\t{}\n", "\t".repeat(columns - 3), total.cells()));
    }
    text
}
