//! `minikube`: the cluster of this page, told in minikube's words.

use serde_json::Value;

use crate::command::Command;
use crate::discovery;
use crate::path::{self, Look, scalar};
use crate::server::{self, Filter};
use crate::session::{Cx, Process};
use crate::shell::programs::once;

const KUBERNETES: &str = "v1.36.2";

pub fn start(args: Vec<String>) -> Box<dyn Process> {
    match args.split_first() {
        Some((first, rest)) if first == "kubectl" => {
            let rest = rest.iter().skip_while(|arg| *arg == "--").cloned().collect();
            Box::new(Command::new(rest, String::new()))
        }
        _ => once(move |cx| run(cx, &args)),
    }
}

fn run(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    let words: Vec<&str> =
        args.iter().map(String::as_str).filter(|arg| !arg.starts_with('-')).collect();
    let is_given = |flag: &str| args.iter().any(|arg| arg == flag);
    match words.as_slice() {
        [] | ["help"] => {
            cx.say("minikube provisions and manages local Kubernetes clusters.\n");
            cx.say("Commands here: addons list, dashboard, ip, kubectl, profile list, service,");
            cx.say("  start, status, version");
            0
        }
        ["start", ..] => begin(cx),
        ["status"] => status(cx),
        ["ip"] => {
            let address = address(cx);
            cx.say(&address);
            0
        }
        ["version"] => {
            cx.say("minikube version: v1.37.0");
            0
        }
        ["service", "list", ..] => service_list(cx),
        ["service", name] => service(cx, name, namespace(args), is_given("--url")),
        ["service"] => {
            cx.complain("❌  Exiting due to MK_USAGE: You must specify a service name");
            64
        }
        ["addons", "list"] | ["addons"] => addons(cx),
        ["addons", "enable" | "disable", name] => addon(cx, name),
        ["profile", "list"] => profile(cx),
        ["dashboard"] => {
            cx.say("🤔  Verifying dashboard health ...");
            cx.say("🎉  Opening the dashboard: it is this page's own picture of the cluster.");
            0
        }
        [verb @ ("stop" | "delete" | "pause" | "unpause" | "tunnel" | "ssh" | "image"), ..] => {
            cx.complain(&format!("minikube: {verb} is not supported in this terminal"));
            1
        }
        [other, ..] => {
            cx.complain(&format!(
                "Error: unknown command \"{other}\" for \"minikube\"\nRun 'minikube --help' for usage."
            ));
            64
        }
    }
}

fn namespace(args: &[String]) -> String {
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "-n" || arg == "--namespace" {
            return args.next().cloned().unwrap_or_default();
        }
        if let Some(name) = arg.strip_prefix("--namespace=") {
            return name.to_owned();
        }
    }
    "default".to_owned()
}

fn list(cx: &mut Cx<'_>, resource: &str) -> Vec<Value> {
    discovery::resolve(resource)
        .and_then(|kind| server::list(cx, kind, "", &Filter::default()))
        .unwrap_or_default()
}

fn is_control_plane(node: &Value) -> bool {
    path::keyed(node, "metadata.labels", "node-role.kubernetes.io/control-plane").is_some()
}

/// Nodes, the control plane first.
fn nodes(cx: &mut Cx<'_>) -> Vec<Value> {
    let mut nodes = list(cx, "nodes");
    nodes.sort_by_key(|node| !is_control_plane(node));
    nodes
}

/// The address under which node ports are reached from outside.
fn address(cx: &mut Cx<'_>) -> String {
    let nodes = nodes(cx);
    let Some(node) = nodes.first() else { return String::new() };
    let addresses = node.items("status.addresses");
    let internal = addresses.iter().find(|one| one.text("type") == "InternalIP");
    internal.map_or("", |one| one.text("address")).to_owned()
}

fn begin(cx: &mut Cx<'_>) -> i32 {
    let name = nodes(cx).first().map(|node| path::name(node).to_owned()).unwrap_or_default();
    let context = context(cx);
    for line in [
        "😄  minikube v1.37.0 on Kubarium".to_owned(),
        "✨  Using the docker driver based on existing profile".to_owned(),
        format!("👍  Starting \"{name}\" primary control-plane node in \"{context}\" cluster"),
        format!("🏃  Updating the running docker \"{name}\" container ..."),
        format!("🐳  Preparing Kubernetes {KUBERNETES} on Docker 28.3.2 ..."),
        "🔎  Verifying Kubernetes components...".to_owned(),
        "🌟  Enabled addons: storage-provisioner, default-storageclass".to_owned(),
        format!(
            "🏄  Done! kubectl is now configured to use \"{context}\" cluster and \"default\" \
             namespace by default"
        ),
    ] {
        cx.say(&line);
    }
    0
}

fn status(cx: &mut Cx<'_>) -> i32 {
    let mut code = 0;
    for node in nodes(cx) {
        let conditions = node.items("status.conditions");
        let ready = conditions.iter().find(|one| one.text("type") == "Ready");
        let is_ready = ready.is_some_and(|one| one.text("status") == "True");
        let state = if is_ready { "Running" } else { "Stopped" };
        code = if is_ready { code } else { 2 };
        cx.say(path::name(&node));
        if is_control_plane(&node) {
            cx.say(&format!(
                "type: Control Plane\nhost: {state}\nkubelet: {state}\napiserver: Running\n\
                 kubeconfig: Configured\n"
            ));
        } else {
            cx.say(&format!("type: Worker\nhost: {state}\nkubelet: {state}\n"));
        }
    }
    code
}

/// A table with lines around its cells; the head is centred, as tablewriter does it.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(head.get(column).map(|cell| cell.len())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let rule: String = widths.iter().map(|width| format!("|{}", "-".repeat(width + 2))).collect();
    let centred: String =
        head.iter().zip(&widths).map(|(cell, width)| format!("| {cell:^width$} ")).collect();
    let mut text = format!("{rule}|\n{centred}|\n{rule}|\n");
    for row in rows {
        let cells: String = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| match cell.chars().all(|c| c.is_ascii_digit()) {
                true => format!("| {cell:>width$} "),
                false => format!("| {cell:<width$} "),
            })
            .collect();
        text.push_str(&format!("{cells}|\n"));
    }
    text + &format!("{rule}|\n")
}

/// Target ports and URLs of a service.
fn urls(cx: &mut Cx<'_>, service: &Value) -> Vec<(String, String)> {
    let address = address(cx);
    let port = |port: &Value| {
        let shown = match port.text("name") {
            "" => scalar(port.at("port")),
            name => format!("{name}/{}", port.int("port")),
        };
        (port.int("nodePort") > 0)
            .then(|| (shown, format!("http://{address}:{}", port.int("nodePort"))))
    };
    service.items("spec.ports").iter().filter_map(port).collect()
}

const SERVICE_HEAD: [&str; 4] = ["NAMESPACE", "NAME", "TARGET PORT", "URL"];

fn service(cx: &mut Cx<'_>, name: &str, namespace: String, only_url: bool) -> i32 {
    let found =
        discovery::resolve("services").and_then(|kind| server::get(cx, kind, &namespace, name));
    let Ok(service) = found else {
        cx.complain(&format!(
            "\n❌  Exiting due to SVC_NOT_FOUND: Service '{name}' was not found in '{namespace}' \
             namespace.\nYou may select another namespace by using 'minikube service {name} -n \
             <namespace>'. Or list out all the services using 'minikube service list'"
        ));
        return 119;
    };
    let urls = urls(cx, &service);
    if only_url {
        urls.iter().for_each(|(_, url)| cx.say(url));
    } else if urls.is_empty() {
        let row =
            vec![namespace.clone(), name.to_owned(), String::new(), "No node port".to_owned()];
        cx.out.stdout(&table(&SERVICE_HEAD, &[row]));
    } else {
        let row = |(port, url): &(String, String)| {
            vec![namespace.clone(), name.to_owned(), port.clone(), url.clone()]
        };
        let rows: Vec<Vec<String>> = urls.iter().map(row).collect();
        cx.out.stdout(&table(&SERVICE_HEAD, &rows));
    }
    if urls.is_empty() {
        cx.complain(&format!("😿  service {namespace}/{name} has no node port"));
    } else if !only_url {
        cx.say(&format!("🎉  Opening service {namespace}/{name} in default browser..."));
    }
    0
}

fn service_list(cx: &mut Cx<'_>) -> i32 {
    let mut rows = Vec::new();
    for service in list(cx, "services") {
        let namespace = service.text("metadata.namespace").to_owned();
        let name = path::name(&service).to_owned();
        let urls = urls(cx, &service);
        if urls.is_empty() {
            rows.push(vec![namespace, name, "No node port".to_owned(), String::new()]);
            continue;
        }
        rows.extend(
            urls.into_iter().map(|(port, url)| vec![namespace.clone(), name.clone(), port, url]),
        );
    }
    cx.out.stdout(&table(&SERVICE_HEAD, &rows));
    0
}

/// Addons, whether the cluster has them, and who maintains them.
const ADDONS: [(&str, bool, &str); 6] = [
    ("dashboard", false, "Kubernetes"),
    ("default-storageclass", true, "Kubernetes"),
    ("ingress", false, "Kubernetes"),
    ("metrics-server", false, "Kubernetes"),
    ("registry", false, "minikube"),
    ("storage-provisioner", true, "minikube"),
];

fn addons(cx: &mut Cx<'_>) -> i32 {
    let profile = context(cx);
    let row = |(name, is_on, who): &(&str, bool, &str)| {
        let state = if *is_on { "enabled ✅" } else { "disabled" };
        vec![(*name).to_owned(), profile.clone(), state.to_owned(), (*who).to_owned()]
    };
    let rows: Vec<Vec<String>> = ADDONS.iter().map(row).collect();
    cx.out.stdout(&table(&["ADDON NAME", "PROFILE", "STATUS", "MAINTAINER"], &rows));
    0
}

fn addon(cx: &mut Cx<'_>, name: &str) -> i32 {
    match ADDONS.iter().find(|(known, ..)| *known == name) {
        Some((_, true, _)) => {
            cx.say(&format!("🌟  The '{name}' addon is enabled"));
            0
        }
        Some((_, false, _)) => {
            cx.complain(&format!("minikube: the addon {name} is not supported in this terminal"));
            1
        }
        None => {
            cx.complain(&format!(
                "\n❌  Exiting due to MK_ADDON_ENABLE: enable failed: {name} is not a valid addon"
            ));
            10
        }
    }
}

fn profile(cx: &mut Cx<'_>) -> i32 {
    let address = address(cx);
    let count = nodes(cx).len().to_string();
    let head =
        ["PROFILE", "DRIVER", "RUNTIME", "IP", "PORT", "VERSION", "STATUS", "NODES", "ACTIVE"];
    let row = [
        context(cx),
        "docker".to_owned(),
        "containerd".to_owned(),
        address,
        "6443".to_owned(),
        KUBERNETES.to_owned(),
        "OK".to_owned(),
        count,
        "*".to_owned(),
    ];
    cx.out.stdout(&table(&head, &[row.to_vec()]));
    0
}

fn context(cx: &Cx<'_>) -> String {
    cx.session.kubeconfig.0.text("current-context").to_owned()
}
