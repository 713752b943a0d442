//! What reads text: each target takes an input and says all that came of it.

use std::fmt::Write;
use std::time::Duration;

use apimachinery::cron::Schedule;
use apimachinery::duration::Duration as GoDuration;
use apimachinery::fields::FieldSelector;
use apimachinery::int_or_string::{IntOrString, Round};
use apimachinery::jsonpath::{JsonPath, relaxed_expression};
use apimachinery::labels::Selector;
use apimachinery::quantity::Quantity;
use apimachinery::time::{MicroTime, Time};
use client::User;
use cluster::{Chunk, Cluster, Command, Config, NodeSpec};
use rest::{Catalog, Http, Query};
use serde_json::json;

use crate::corpus;

pub struct Target {
    pub name: &'static str,
    pub corpus: fn() -> Vec<String>,
    /// All that the input leads to, as text.
    pub run: fn(&str) -> String,
    /// How many seeds the test tries.
    pub cases: u64,
    /// How many runs shrinking may take.
    pub tries: u32,
}

pub const TARGETS: &[Target] = &[
    small("quantities", || corpus::expressions("quantities"), quantities),
    small("selectors", || corpus::expressions("selectors"), selectors),
    small("cron", || corpus::expressions("cron"), cron),
    small("jsonpath", || corpus::expressions("jsonpath"), jsonpath),
    whole("templates", || corpus::expressions("templates"), template),
    whole("manifests", corpus::manifests, manifest),
    whole("definitions", corpus::definitions, manifest),
    whole("requests", corpus::requests, request),
    whole("lines", shell_lines, line),
];

const fn small(name: &'static str, corpus: fn() -> Vec<String>, run: fn(&str) -> String) -> Target {
    Target { name, corpus, run, cases: 1_000, tries: 2_000 }
}

/// One that builds a cluster for each input.
const fn whole(name: &'static str, corpus: fn() -> Vec<String>, run: fn(&str) -> String) -> Target {
    Target { name, corpus, run, cases: 4, tries: 120 }
}

fn shell_lines() -> Vec<String> {
    let mut found = corpus::commands();
    found.extend(corpus::expressions("shell"));
    found
}

fn quantities(text: &str) -> String {
    let quantity = Quantity::parse(text);
    let numbers = quantity.as_ref().map(|q| (q.to_string(), q.value(), q.milli_value()));
    let sum = quantity.as_ref().map(|q| {
        let mut sum = q.clone();
        sum.add(q);
        sum.sub(&Quantity::parse("1m").unwrap());
        sum.neg();
        sum.to_string()
    });
    let times = (Time::parse(text), MicroTime::parse(text), GoDuration::parse(text));
    let scaled = IntOrString::parse(text).scaled_value(7, Round::Up);
    format!("{numbers:?} {sum:?} {times:?} {scaled:?}")
}

fn selectors(text: &str) -> String {
    let labels = Selector::parse(text);
    if let Ok(selector) = &labels {
        assert_eq!(Selector::parse(&selector.to_string()).as_ref(), Ok(selector), "reads back");
    }
    let fields = FieldSelector::parse(text).map(|selector| selector.to_string());
    format!("{labels:?} {fields:?}")
}

fn cron(text: &str) -> String {
    let mut said = String::new();
    match Schedule::parse(text) {
        Err(why) => said.push_str(&why),
        Ok(schedule) => {
            // From the first to the last moment that a time of the API can be.
            for after in [-62_167_219_200, -62_135_596_800, 0, 1_795_000_000, 253_402_300_799] {
                let _ = write!(said, "{} ", schedule.next(Time(after)).0);
            }
        }
    }
    said
}

fn jsonpath(text: &str) -> String {
    let pod = |name: &str, phase: &str| {
        json!({"kind": "Pod", "metadata": {"name": name, "labels": {"app": "web"}},
               "spec": {"replicas": 3, "f": 1.5}, "status": {"phase": phase}, "a": null})
    };
    let document =
        json!({"kind": "List", "items": [pod("a", "Running"), pod("b", "Pending"), "x"]});
    let mut said = format!("{:?}", relaxed_expression(text));
    if let Ok(path) = JsonPath::parse(text) {
        let _ = write!(said, "{:?}", path.execute(&document));
        let relaxed = path.allow_missing_keys(true);
        let _ = write!(said, "{:?}", relaxed.execute_as_json(&document));
    }
    said
}

fn cluster() -> Cluster {
    let nodes = vec![NodeSpec::worker(1)];
    let mut cluster = Cluster::new(Config { nodes, system_pods: false, ..Config::default() });
    cluster.run_until(cluster.now() + Duration::from_secs(2));
    cluster
}

fn file(cluster: &mut Cluster, name: &str, text: &str) {
    cluster.execute(Command::WriteFile { name: name.into(), text: text.to_owned() });
}

/// What came of it all: output, and the cluster after some time.
fn end(mut cluster: Cluster, seconds: u64) -> String {
    cluster.run_until(cluster.now() + Duration::from_secs(seconds));
    cluster.execute(Command::Interrupt { terminal: 0 });
    let said: String = cluster.take_output(0).iter().map(Chunk::text).collect();
    assert!(cluster.read("kubectl get nodes").contains("NAME"), "the API answers");
    format!("{said}\n{:x}", cluster.hash())
}

fn template(text: &str) -> String {
    let mut cluster = cluster();
    file(&mut cluster, "t", text);
    let list = cluster.read("kubectl get nodes,services -A -o go-template-file=t 2>&1");
    let one = cluster.read("kubectl get service kubernetes -o go-template-file=t 2>&1");
    format!("{list}{one}")
}

fn manifest(text: &str) -> String {
    let mut cluster = cluster();
    file(&mut cluster, "m.yaml", text);
    for line in [
        "kubectl apply -f m.yaml",
        "kubectl apply -f m.yaml --server-side --force-conflicts",
        "kubectl diff -f m.yaml",
        "kubectl get -f m.yaml -o yaml",
        "kubectl describe -f m.yaml",
        "kubectl replace -f m.yaml",
        "kubectl delete -f m.yaml --wait=false",
    ] {
        cluster.execute(Command::Line { terminal: 0, line: line.to_owned() });
        cluster.run_until(cluster.now() + Duration::from_secs(3));
    }
    end(cluster, 20)
}

/// The first line is method, path and media type; what follows it is the body.
fn request(text: &str) -> String {
    let (head, body) = text.split_once('\n').unwrap_or((text, ""));
    let mut words = head.split(' ');
    let mut word = || words.next().unwrap_or_default();
    let (method, target, content_type) = (word().to_ascii_uppercase(), word(), word());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let Some(place) = rest::place(path) else { return String::new() };
    let query = Query::parse(query);
    let body = body.as_bytes();
    let mut said = String::new();
    let mut cluster = cluster();
    for accept in ["application/json", "application/json;as=Table;g=meta.k8s.io;v=v1,*/*"] {
        let http = Http { method: &method, accept, content_type, user_agent: "fuzz", body };
        let catalog = Catalog::builtin().with(cluster.server().custom_kinds());
        let call = match rest::call(&http, &place, &query, &catalog) {
            Ok(call) => call,
            Err(status) => return format!("{status:?}"),
        };
        let user = User::new("kubernetes-admin", &["system:masters", "system:authenticated"]);
        let _ = match cluster.request(&user, call.request.clone()) {
            Ok(reply) => write!(said, "{:?}", rest::answer(&reply, &call, cluster.time())),
            Err(status) => write!(said, "{status:?}"),
        };
    }
    said + &end(cluster, 10)
}

fn line(text: &str) -> String {
    let mut cluster = cluster();
    for line in ["kubectl create deployment web --image=nginx", text] {
        cluster.execute(Command::Line { terminal: 0, line: line.to_owned() });
        cluster.run_until(cluster.now() + Duration::from_secs(5));
    }
    for cursor in [text.len() / 2, text.len()] {
        if text.is_char_boundary(cursor) {
            cluster.complete(text, cursor);
        }
    }
    end(cluster, 20)
}
