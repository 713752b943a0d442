//! Several schedulers in one, each with plugins, weights and a strategy of its own.

mod support;

use std::sync::Arc;

use scheduler::{Config, Outcome};
use serde_json::{Value, json};
use support::{World, node, pod};

fn configuration(profiles: Value) -> Value {
    json!({"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration",
        "profiles": profiles})
}

fn fit(name: &str, strategy: Value) -> Value {
    json!({"schedulerName": name, "pluginConfig": [{"name": "NodeResourcesFit",
        "args": {"scoringStrategy": strategy}}]})
}

/// Two nodes of 4 CPU; the first has 2 of them taken, and a taint that is only a wish.
fn world(profiles: Value) -> World {
    let config = Config::from_value(&configuration(profiles)).expect("a configuration");
    let mut world = World::new(config);
    for (name, taints) in [
        ("full", json!([{"key": "a", "value": "b", "effect": "PreferNoSchedule"}])),
        ("empty", json!([])),
    ] {
        world.add(Arc::new(node(json!({
            "metadata": {"name": name}, "spec": {"taints": taints},
            "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}},
        }))));
    }
    let requests = json!({"cpu": "2", "memory": "4Gi"});
    world.create_pod(pod(json!({"metadata": {"name": "first"}, "spec": {"nodeName": "full",
        "containers": [{"name": "c", "resources": {"requests": requests}}]}})));
    world
}

fn asking(scheduler: &str) -> Value {
    json!({"metadata": {"name": "p"}, "spec": {"schedulerName": scheduler, "containers": [
        {"name": "c", "resources": {"requests": {"cpu": "1", "memory": "2Gi"}}}]}})
}

/// Where a pod goes, and the weighted scores of one plugin on both nodes, the full one first.
fn check(profiles: Value, scheduler: &str, node: &str, (plugin, scores): (&str, [i32; 2])) {
    let mut world = world(profiles);
    world.create_pod(pod(asking(scheduler)));
    world.run_for_millis(2);
    let attempt = world.scheduler.attempts("default", "p").last().expect("an attempt").clone();
    assert_eq!(attempt.outcome, Outcome::Bound { node: node.into() }, "{scheduler}");
    let at = attempt.plugins.iter().position(|name| *name == plugin).expect("it scores");
    let of = |name: &str| {
        let row = attempt.scores.iter().find(|row| row.node == name).expect("a row");
        row.plugins[at].weighted
    };
    assert_eq!([of("full"), of("empty")], scores, "{scheduler}");
    assert_eq!(world.api.events[0].reporting_component, scheduler);
}

#[test]
fn strategies_weights_and_plugins_decide() {
    let no_taints = json!({"multiPoint": {"disabled": [{"name": "TaintToleration"}]}});
    let most = |weight: u32| {
        let mut profile = fit("most", json!({"type": "MostAllocated"}));
        profile["plugins"] = json!({"score": {"enabled": [
            {"name": "NodeResourcesFit", "weight": weight}]}});
        profile
    };
    let fit_of = |scores: [i32; 2]| ("NodeResourcesFit", scores);
    let all = json!([{"schedulerName": "default-scheduler"}, most(1), most(7)]);
    check(json!([all[0], all[1]]), "default-scheduler", "empty", fit_of([25, 75]));
    // The taint's wish is 300, more than packing is worth, unless packing is worth seven times.
    check(json!([all[0], all[1]]), "most", "empty", fit_of([75, 25]));
    check(json!([all[2]]), "most", "full", fit_of([525, 175]));
    let mut untainted = most(1);
    untainted["plugins"]["multiPoint"] = no_taints["multiPoint"].clone();
    check(json!([untainted]), "most", "full", fit_of([75, 25]));
    let shape = json!([{"utilization": 0, "score": 0}, {"utilization": 50, "score": 10},
        {"utilization": 100, "score": 0}]);
    let ratio = fit(
        "ratio",
        json!({"type": "RequestedToCapacityRatio",
        "resources": [{"name": "cpu", "weight": 3}], "requestedToCapacityRatio": {"shape": shape}}),
    );
    check(json!([ratio]), "ratio", "empty", fit_of([50, 50]));
}

#[test]
fn a_scheduler_that_is_not_here_gets_no_pods() {
    let mut world = world(json!([{"schedulerName": "mine"}]));
    world.create_pod(pod(asking("default-scheduler")));
    world.run_for_millis(2);
    assert_eq!(world.scheduler.attempts("default", "p").count(), 0);
}

#[test]
fn what_is_not_modelled_is_refused_by_name() {
    let one = |profile: Value| configuration(json!([profile]));
    for (value, why) in [
        (json!({"kind": "Pod"}), "no kind"),
        (one(json!({"plugins": {"bind": {}}})), "profiles[0].plugins.bind: not supported"),
        (
            one(json!({"plugins": {"score": {"enabled": [{"name": "Magic"}]}}})),
            "profiles[0].plugins.score.enabled[0]: plugin \"Magic\" does not exist",
        ),
        (one(fit("x", json!({"type": "Best"}))), "profiles[0].pluginConfig[0]: Unsupported value"),
        (
            configuration(json!([{}, {}])),
            "profiles[1].schedulerName: Duplicate value: \"default-scheduler\"",
        ),
    ] {
        let error = Config::from_value(&value).expect_err("refused");
        assert!(error.starts_with(why), "{error}");
    }
}
