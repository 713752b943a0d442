//! Decision by decision against recordings of the real scheduler: the same feasible nodes, the same
//! score of every plugin on every node, a winner of maximal total, the same messages. Each pod then
//! goes where the recording put it.

mod support;

use std::collections::BTreeMap;

use apimachinery::meta::Key;
use scheduler::{Attempt, Config, Outcome};
use serde_json::{Value, json};
use support::tally::{Tally, recordings};
use support::{World, node, pod};

const DATA: [(&str, &str); 7] = [
    ("03a-binpack", include_str!("data/03a-binpack.json")),
    ("all-10", include_str!("data/all-10.json")),
    ("big-3", include_str!("data/big-3.json")),
    ("nodeaffinity-taints-4", include_str!("data/nodeaffinity-taints-4.json")),
    ("podaffinity-6", include_str!("data/podaffinity-6.json")),
    ("requests-1", include_str!("data/requests-1.json")),
    ("spread-8", include_str!("data/spread-8.json")),
];

type Scores = BTreeMap<String, BTreeMap<String, i64>>;

fn recorded(decision: &Value) -> Scores {
    serde_json::from_value(decision["weightedScores"].clone()).expect("scores")
}

fn scored(attempt: &Attempt) -> Scores {
    let of_node = |row: &scheduler::NodeScore| {
        let names = attempt.plugins.iter().map(ToString::to_string);
        names.zip(row.plugins.iter().map(|score| i64::from(score.weighted))).collect()
    };
    attempt.scores.iter().map(|row| (row.node.to_string(), of_node(row))).collect()
}

fn compare(name: &str, decision: &Value, attempt: &Attempt, tally: &mut Tally) {
    let (want, got) = (recorded(decision), scored(attempt));
    let label = format!("{name} {}", attempt.pod);
    let feasible = |scores: &Scores| scores.keys().cloned().collect::<Vec<_>>();
    let only = attempt.feasible == 1 && want.is_empty() && !decision["node"].is_null();
    tally.count("feasible", only || feasible(&want) == feasible(&got), || {
        format!("{label}: want {:?}, got {:?}", feasible(&want), feasible(&got))
    });
    for (node, plugins) in &want {
        let mine = got.get(node).cloned().unwrap_or_default();
        for (plugin, score) in plugins {
            tally.count(plugin, mine.get(plugin) == Some(score), || {
                format!("{label} {node}: want {score}, got {:?}", mine.get(plugin))
            });
        }
        let extra: Vec<_> = mine.keys().filter(|plugin| !plugins.contains_key(*plugin)).collect();
        tally.count("scoring plugins", extra.is_empty(), || format!("{label} {node}: {extra:?}"));
    }
    match (&decision["message"], &attempt.outcome) {
        (Value::String(want), Outcome::Unschedulable { message }) => {
            tally.count("message", want == message, || {
                format!("{label}:\n  want {want}\n  got  {message}")
            });
        }
        (Value::Null, Outcome::Bound { node }) => {
            let recorded = decision["node"].as_str().unwrap_or_default();
            let tied = attempt.tie.iter().any(|name| name == recorded) || recorded == node;
            tally.count("winner", tied, || format!("{label}: want {recorded}, got {attempt:?}"));
        }
        (want, got) => tally.count("outcome", false, || format!("{label}: {want} / {got:?}")),
    }
}

fn replay(name: &str, data: &Value, config: &Config, tally: &mut Tally) {
    let mut world = World::new(config.clone());
    for n in data["nodes"].as_array().expect("nodes") {
        let node = node(json!({
            "metadata": {"name": n["name"], "labels": n["labels"]},
            "spec": {"taints": n["taints"], "unschedulable": n["unschedulable"]},
            "status": {"allocatable": n["allocatable"]},
        }));
        world.add(std::sync::Arc::new(node));
    }
    for decision in data["decisionsInOrder"].as_array().expect("decisions") {
        let waiting = world.create_pod(pod(decision["pod"].clone()));
        let key = Key::of(&waiting.metadata);
        let deadline = world.now + clock::Duration::from_millis(2);
        while world.due.first().is_some_and(|(at, _)| *at <= deadline) {
            let (at, token) = world.due.pop_first().expect("a timer");
            world.now = at;
            world.act(|s, ctx| client::Component::on_timer(s, ctx, token));
        }
        world.now = deadline;
        let attempt = world.scheduler.attempts(&key.namespace, &key.name).last().expect("a try");
        compare(name, decision, attempt, tally);
        world.api.updates.clear();
        match decision["node"].as_str() {
            Some(node) => {
                let mut placed = (*waiting).clone();
                placed.spec.node_name = node.into();
                world.change(waiting, std::sync::Arc::new(placed));
            }
            None => world.delete(waiting),
        }
    }
}

#[test]
fn as_the_real_scheduler_decided() {
    for reuse in [true, false] {
        let config = Config { reuse, ..Config::default() };
        let mut tally = Tally::default();
        for (name, data) in recordings(&DATA, Value::is_array) {
            replay(&name, &data, &config, &mut tally);
        }
        tally.finish();
    }
}
