//! Preemption against recordings of the real scheduler: who must go for whom, which node is
//! promised, and what is said meanwhile. Each decision begins with the pods that the recording had.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Pod, PodDisruptionBudget};
use apimachinery::time::Time;
use apimachinery::wire::Wire;
use clock::Rng;
use scheduler::{Attempt, Config, Outcome};
use serde_json::{Value, json};
use support::tally::{Tally, recordings};
use support::{World, plain_node, pod};

const DATA: [(&str, &str); 3] = [
    ("preemption-1", include_str!("data/preemption-1.json")),
    ("preemption-3-pdb", include_str!("data/preemption-3-pdb.json")),
    ("preemption-4-pdb", include_str!("data/preemption-4-pdb.json")),
];

/// Where chance decides between equal nodes, so many chances are tried.
const CHANCES: u64 = 64;

/// One recording: pods by name, nodes, and the budget over them.
struct Recording<'a> {
    name: &'a str,
    nodes: usize,
    pods: BTreeMap<String, Value>,
    budget: Option<(String, [String; 2])>,
}

/// A pod of the recording; its class is named after its priority.
fn typed(value: &Value) -> Pod {
    let mut pod = pod(value.clone());
    let body = pod.spec.body_mut();
    let class = body.priority_class_name.trim_start_matches('p');
    body.priority = Some(class.parse().unwrap_or(0));
    pod
}

impl Recording<'_> {
    /// `minAvailable 100% on app=a`
    fn budget(&self, before: &[Arc<Pod>]) -> Option<PodDisruptionBudget> {
        let (least, [key, value]) = self.budget.as_ref()?;
        let matching = |pod: &&Arc<Pod>| pod.metadata.label(key) == Some(value);
        let matching = before.iter().filter(matching).count() as i32;
        // A share of pods that no controller wants is a share of nothing: nothing is allowed.
        let allowed = least.parse::<i32>().map_or(0, |least| (matching - least).max(0));
        let budget = json!({
            "metadata": {"name": "budget", "namespace": "default"},
            "spec": {"selector": {"matchLabels": {key: value}}},
            "status": {"disruptionsAllowed": allowed, "currentHealthy": matching,
                "desiredHealthy": 0, "expectedPods": 0},
        });
        Some(PodDisruptionBudget::from_value(budget).expect("a budget"))
    }

    /// The cluster before a decision, and the pods in it.
    fn world(&self, decision: &Value, chance: u64) -> World {
        let mut world = World::new(Config::default());
        world.rng = Rng::new(chance);
        for i in 1..=self.nodes {
            let (name, zone) = (format!("node-{i}"), format!("zone-{i}"));
            world.add(Arc::new(plain_node(&name, &zone)));
        }
        let mut before = Vec::new();
        for (name, state) in decision["podsBefore"].as_object().expect("pods") {
            let mut pod = typed(&self.pods[name]);
            pod.spec.node_name = state["node"].as_str().unwrap_or_default().into();
            let started = state["startTime"].as_str().and_then(|text| Time::parse(text).ok());
            pod.status.start_time = started;
            before.push(world.create_pod(pod));
        }
        if let Some(budget) = self.budget(&before) {
            world.add(Arc::new(budget));
        }
        world
    }

    fn check(&self, decision: &Value, tally: &mut Tally) {
        let name = decision["pod"]["metadata"]["name"].as_str().expect("a name");
        let label = format!("{} {name}", self.name);
        let run = |chance: u64| {
            let mut world = self.world(decision, chance);
            world.create_pod(typed(&decision["pod"]));
            world.run_for_millis(2);
            world
        };
        let last = |world: &World| -> Attempt {
            world.scheduler.attempts("default", name).last().expect("an attempt").clone()
        };
        let wanted = decision["nominated"].as_str();
        let bound = decision["node"].as_str().filter(|_| wanted.is_none());
        let same = |attempt: &Attempt| {
            let promised = attempt.nomination.as_ref().map(|n| n.node.as_str());
            promised == wanted
                && match (&attempt.outcome, bound) {
                    (Outcome::Bound { node }, Some(bound)) => node == bound,
                    (Outcome::Bound { .. }, None) => false,
                    (_, bound) => bound.is_none(),
                }
        };
        let worlds = (0..CHANCES).map(run);
        let mut found = worlds.filter(|world| same(&last(world)));
        let world = found.next();
        tally.count("node or nomination", world.is_some(), || {
            format!("{label}: want {bound:?} / {wanted:?}, got {:?}", last(&run(0)))
        });
        let Some(mut world) = world else { return };
        let attempt = last(&world);
        let mut victims: Vec<String> = attempt
            .nomination
            .iter()
            .flat_map(|n| n.victims.iter().map(|victim| victim.pod.metadata.name.to_string()))
            .collect();
        let gone = victims.clone();
        victims.sort();
        let recorded: Vec<String> =
            serde_json::from_value(decision["victims"].clone()).expect("victims");
        tally.count("victims", victims == recorded, || {
            format!("{label}: want {recorded:?}, got {victims:?}")
        });
        let mut said = vec![message(&attempt)];
        // The recording may have looked later, when some of the victims had gone.
        for victim in &gone {
            world.delete_pod(victim);
            world.run_for_millis(2_000);
            said.push(message(&last(&world)));
        }
        if let Some(want) = decision["firstMessage"].as_str() {
            tally.count("message", said.iter().any(|said| said == want), || {
                format!("{label}:\n  want {want}\n  got  {said:?}")
            });
        }
        if let Some(node) = wanted {
            let placed = world.pod(name).spec.node_name.clone();
            tally.count("placed as promised", placed == node, || format!("{label}: {placed:?}"));
        }
    }
}

fn message(attempt: &Attempt) -> String {
    match &attempt.outcome {
        Outcome::Unschedulable { message } | Outcome::Error { message } => message.clone(),
        Outcome::Bound { .. } => String::new(),
    }
}

fn replay(name: &str, data: &Value, tally: &mut Tally) {
    let decisions = data["decisionsInOrder"].as_array().expect("decisions");
    let named = |d: &Value| {
        let name = d["pod"]["metadata"]["name"].as_str().expect("a name");
        (name.to_owned(), d["pod"].clone())
    };
    let nodes = data["nodes"].as_str().and_then(|text| text.split(' ').next()?.parse().ok());
    let budget = data["pdb"].as_str().and_then(|text| {
        let (least, selector) = text.strip_prefix("minAvailable ")?.split_once(" on ")?;
        let (key, value) = selector.split_once('=')?;
        Some((least.to_owned(), [key.to_owned(), value.to_owned()]))
    });
    let pods = decisions.iter().map(named).collect();
    let recording = Recording { name, nodes: nodes.expect("a count"), pods, budget };
    decisions.iter().for_each(|decision| recording.check(decision, tally));
}

#[test]
fn as_the_real_scheduler_preempted() {
    let mut tally = Tally::default();
    for (name, data) in recordings(&DATA, Value::is_string) {
        replay(&name, &data, &mut tally);
    }
    tally.finish();
}
