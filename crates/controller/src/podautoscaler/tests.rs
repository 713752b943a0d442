//! The arithmetic of an autoscaler: one look at a time, and a recorded run of four of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::Pod;
use api::autoscaling::horizontal_pod_autoscaler::HorizontalPodAutoscaler;
use api::core::pod_status::{ConditionStatus, PodCondition, PodConditionType, PodPhase};
use apimachinery::time::Time;
use apimachinery::wire::Wire;
use clock::SimTime;
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

use super::calculator::{Proposal, Scene, Target, Tolerances, by_average, by_pods, by_total};
use super::limits::{History, Sizes};
use super::metrics::{PodMetric, PodMetrics};

const NOW: Time = Time(10_000);
const TEN_PERCENT: Tolerances = Tolerances { down: 0.1, up: 0.1 };

/// `ready`, `pending`, `failed`, `deleted`; `unready`: runs for a minute and is not ready;
/// `fresh`: became ready after its metric was read.
fn pod(number: usize, state: &str) -> Arc<Pod> {
    let mut pod = Pod::default();
    pod.metadata.name = format_smolstr!("p{number}");
    let (phase, ready, since, started) = match state {
        "pending" => (PodPhase::Pending, false, 9_990, 9_990),
        "failed" => (PodPhase::Failed, false, 9_000, 5_000),
        "unready" => (PodPhase::Running, false, 9_940, 9_940),
        "fresh" => (PodPhase::Running, true, 9_995, 9_940),
        _ => (PodPhase::Running, true, 5_001, 5_000),
    };
    pod.status.phase = phase;
    pod.status.start_time = Some(Time(started));
    let status = ConditionStatus::of(ready);
    pod.status.set_condition(PodCondition::new(PodConditionType::Ready, status, Time(since)));
    if state == "deleted" {
        pod.metadata.rare_mut().deletion_timestamp = Some(NOW);
    }
    Arc::new(pod)
}

/// Pods as `state` or `state:milli`; each requests 1000.
fn look(pods: &str, current: i32, target: Option<i32>) -> Result<Proposal, String> {
    let (mut list, mut metrics, mut requests) = (Vec::new(), PodMetrics::new(), BTreeMap::new());
    for (number, text) in pods.split_whitespace().enumerate() {
        let (state, value) = text.split_once(':').unwrap_or((text, ""));
        let name = format_smolstr!("p{number}");
        requests.insert(name.clone(), 1000);
        if let Ok(value) = value.parse() {
            metrics.insert(name, PodMetric { at: Time(9_998), window_secs: 15, value });
        }
        list.push(pod(number, state));
    }
    let scene = Scene { pods: &list, resource: "cpu", current, tolerances: TEN_PERCENT, now: NOW };
    let target = match target {
        Some(percent) => Target::Utilization { percent, requests: &requests },
        None => Target::Value(500),
    };
    by_pods(&scene, metrics, &target)
}

#[test]
fn replicas_by_what_pods_use() {
    for (pods, current, replicas, utilization) in [
        // Up, down, and within a tenth.
        ("ready:300 ready:500 ready:700", 3, 5, 50),
        ("ready:100 ready:300 ready:500 ready:250 ready:250", 5, 5, 28),
        ("ready:100 ready:100 ready:100 ready:100", 4, 2, 10),
        ("ready:310 ready:300 ready:320", 3, 3, 31),
        // Those that start count as using nothing when scaling up, and not at all when down.
        ("ready:600 unready:900", 2, 2, 60),
        ("ready:1200 unready:900", 2, 4, 120),
        ("ready:1200 fresh:900 pending", 3, 4, 120),
        ("ready:100 unready:900", 2, 1, 10),
        // Missing ones use nothing when scaling up and all that they request when down.
        ("ready:600 ready", 2, 2, 60),
        ("ready:900 ready", 2, 3, 90),
        ("ready:100 ready:100 ready", 3, 3, 10),
        ("ready:10 ready:10 ready:10 ready:10 ready", 5, 4, 1),
        // Failed and deleted ones are not there.
        ("ready:600 failed:900 deleted:900", 1, 2, 60),
    ] {
        let proposal = look(pods, current, Some(30)).expect(pods);
        assert_eq!(
            (proposal.replicas, proposal.utilization),
            (replicas, Some(utilization)),
            "{pods}"
        );
    }
    for (pods, current, replicas, value) in [
        ("ready:1000 ready:1000", 2, 4, 1000),
        ("ready:520 ready:500", 2, 2, 510),
        ("ready:100 ready", 2, 2, 100),
        ("ready:1000 ready", 2, 2, 1000),
    ] {
        let proposal = look(pods, current, None).expect(pods);
        assert_eq!((proposal.replicas, proposal.value), (replicas, value), "{pods}");
    }
}

#[test]
fn nothing_to_calculate_with_is_said() {
    for (pods, error) in [
        ("", "no pods returned by selector while calculating replica count"),
        ("ready", "did not receive metrics for targeted pods (pods might be unready)"),
        ("unready:900", "did not receive metrics for targeted pods (pods might be unready)"),
    ] {
        assert_eq!(look(pods, 1, Some(50)), Err(error.to_owned()));
    }
}

#[test]
fn one_value_for_all() {
    let pods: Vec<Arc<Pod>> = ["ready", "ready", "unready"].iter().map(|s| pod(0, s)).collect();
    let at =
        |current| Scene { pods: &pods, resource: "", current, tolerances: TEN_PERCENT, now: NOW };
    for (current, usage, replicas) in
        [(3, 20_000, 4), (3, 10_500, 3), (3, 4_000, 1), (0, 25_000, 3)]
    {
        assert_eq!(by_total(&at(current), usage, 10_000).map(|p| p.replicas), Ok(replicas));
    }
    for (current, usage, replicas, value) in [(3, 20_000, 4, 6_667), (2, 10_400, 2, 5_200)] {
        let proposal = by_average(TEN_PERCENT, current, usage, 5_000);
        assert_eq!((proposal.replicas, proposal.value), (replicas, value));
    }
}

/// The sizes that an autoscaler with this behavior goes through under the recorded load: the
/// moments at which 60, 400, 2000 and 53 thousandths of a core were asked for, and a look each
/// 15 s, taken from the recording 15-hpa-with-metrics.
fn recorded_run(behavior: Value) -> Vec<(u64, i32)> {
    let spec = json!({"maxReplicas": 10, "scaleTargetRef": {"kind": "Deployment", "name": "web"},
        "behavior": behavior});
    let mut hpa = HorizontalPodAutoscaler::from_value(json!({ "spec": spec })).expect("decodes");
    api::Kind::set_defaults(&mut hpa);
    let (mut history, mut current, mut sizes) = (History::default(), 1, Vec::new());
    for secs in (38..240).step_by(15) {
        let load = match secs {
            ..54 => 60,
            54..104 => 400,
            104..164 => 2000,
            _ => 53,
        };
        let each = (load + i64::from(current) - 1) / i64::from(current);
        let (mut pods, mut metrics, mut requests) =
            (Vec::new(), PodMetrics::new(), BTreeMap::new());
        for number in 0..usize::try_from(current).expect("positive") {
            let name: SmolStr = format_smolstr!("p{number}");
            pods.push(pod(number, "ready"));
            requests.insert(name.clone(), 100);
            metrics.insert(name, PodMetric { at: NOW, window_secs: 15, value: each });
        }
        let scene =
            Scene { pods: &pods, resource: "cpu", current, tolerances: TEN_PERCENT, now: NOW };
        let target = Target::Utilization { percent: 50, requests: &requests };
        let wanted = by_pods(&scene, metrics, &target).expect("metrics for all").replicas;
        let now = SimTime::from_secs(secs);
        history.begin(current, now);
        let limited = history.limit(&hpa.spec, Sizes { current, wanted, min: 1 }, now);
        if limited.replicas != current {
            history.scaled(hpa.spec.behavior.as_ref(), current, limited.replicas, now);
            current = limited.replicas;
            sizes.push((secs, current));
        }
    }
    sizes
}

#[test]
fn four_recorded_autoscalers() {
    let up_one = json!({"stabilizationWindowSeconds": 0,
        "policies": [{"type": "Pods", "value": 1, "periodSeconds": 15}]});
    let down_half = json!({"stabilizationWindowSeconds": 30,
        "policies": [{"type": "Percent", "value": 50, "periodSeconds": 15}]});
    for (behavior, sizes) in [
        (Value::Null, vec![(38, 2), (68, 4), (83, 8), (113, 10)]),
        (
            json!({"scaleDown": {"stabilizationWindowSeconds": 0}}),
            vec![(38, 2), (68, 6), (83, 9), (113, 10), (173, 2)],
        ),
        (
            json!({"scaleUp": up_one, "scaleDown": down_half}),
            vec![
                (38, 2),
                (68, 3),
                (83, 4),
                (98, 5),
                (113, 6),
                (128, 7),
                (143, 8),
                (158, 9),
                (188, 4),
                (203, 2),
            ],
        ),
        (
            json!({"scaleDown": {"selectPolicy": "Disabled"}}),
            vec![(38, 2), (68, 6), (83, 9), (113, 10)],
        ),
    ] {
        assert_eq!(recorded_run(behavior.clone()), sizes, "{behavior}");
    }
}
