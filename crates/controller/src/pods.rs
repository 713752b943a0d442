//! What controllers ask of a pod: is it active, since when is it available, and which of several
//! goes first. Models pkg/controller/controller_utils.go and pkg/api/v1/pod/util.go.

use std::cmp::Ordering;
use std::sync::Arc;

use api::Pod;
use api::core::pod_status::{ConditionStatus, ContainerState, PodConditionType, PodPhase};
use apimachinery::time::{MicroTime, Time};

pub const DELETION_COST_ANNOTATION: &str = "controller.kubernetes.io/pod-deletion-cost";

pub fn is_active(pod: &Pod) -> bool {
    !pod.status.phase.is_terminal() && !pod.metadata.is_deleting()
}

pub fn is_terminating(pod: &Pod) -> bool {
    !pod.status.phase.is_terminal() && pod.metadata.is_deleting()
}

/// Whether no container's state says that it runs.
pub fn nothing_runs(pod: &Pod) -> bool {
    let status = &pod.status;
    let all = status.init_container_statuses.iter().chain(&status.container_statuses);
    !all.into_iter().any(|container| matches!(container.state, ContainerState::Running(_)))
}

/// Since when the pod is ready, if it is.
pub fn ready_since(pod: &Pod) -> Option<Time> {
    let ready = pod.status.condition(&PodConditionType::Ready)?;
    (ready.status == ConditionStatus::True).then(|| ready.last_transition_time.unwrap_or_default())
}

/// Whether the pod has been ready for `min_ready_seconds`.
pub fn is_available(pod: &Pod, min_ready_seconds: i32, now: Time) -> bool {
    available_in(pod, min_ready_seconds, now) == Some(0)
}

/// In how many seconds a ready pod counts as available.
pub fn available_in(pod: &Pod, min_ready_seconds: i32, now: Time) -> Option<i64> {
    let since = ready_since(pod)?;
    if min_ready_seconds <= 0 {
        return Some(0);
    }
    if since == Time::default() {
        return None;
    }
    Some(since.0.saturating_add(i64::from(min_ready_seconds)).saturating_sub(now.0).max(0))
}

fn phase_order(phase: PodPhase) -> u8 {
    match phase {
        PodPhase::Unset | PodPhase::Pending => 0,
        PodPhase::Unknown => 1,
        _ => 2,
    }
}

/// The greatest restart count of the containers, and of the sidecars.
fn restarts(pod: &Pod) -> (i32, i32) {
    let most = pod.status.container_statuses.iter().map(|c| c.restart_count).max().unwrap_or(0);
    let is_sidecar = |name: &str| {
        let container = pod.spec.init_containers.iter().find(|c| c.name == name);
        container.is_some_and(|c| c.restart_policy.as_deref() == Some("Always"))
    };
    let sidecars = pod.status.init_container_statuses.iter().filter(|c| is_sidecar(&c.name));
    (most, sidecars.map(|c| c.restart_count).max().unwrap_or(0))
}

fn deletion_cost(pod: &Pod) -> i32 {
    pod.metadata
        .annotation(DELETION_COST_ANNOTATION)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

/// The whole binary logarithm of an age in nanoseconds: times of like age count as equal.
fn logarithmic_rank(since: Time, now: MicroTime) -> i64 {
    let nanos = (i128::from(now.0) - i128::from(MicroTime::from(since).0)) * 1_000;
    if nanos <= 0 { -1 } else { i64::from(nanos.ilog2()) }
}

/// Younger first; of like age, by uid.
fn younger_first(a: (&Pod, Option<Time>), b: (&Pod, Option<Time>), now: MicroTime) -> Ordering {
    match (a.1, b.1) {
        (Some(at), Some(bt)) => logarithmic_rank(at, now)
            .cmp(&logarithmic_rank(bt, now))
            .then_with(|| a.0.metadata.uid.cmp(&b.0.metadata.uid)),
        (at, bt) => at.is_some().cmp(&bt.is_some()),
    }
}

/// A pod with what its place in the order of deletion depends on, read once.
struct Ranked {
    pod: Arc<Pod>,
    ready: Option<Time>,
    cost: i32,
    rank: i32,
    restarts: (i32, i32),
}

/// Orders pods so that those to be deleted come first. `rank` is how many active pods of the same
/// owner share the pod's node. Models ActivePodsWithRanks.
pub fn sort_for_deletion(pods: &mut Vec<Arc<Pod>>, rank: impl Fn(&Pod) -> i32, now: MicroTime) {
    let mut ranked: Vec<Ranked> = std::mem::take(pods)
        .into_iter()
        .map(|pod| Ranked {
            ready: ready_since(&pod),
            cost: deletion_cost(&pod),
            rank: rank(&pod),
            restarts: restarts(&pod),
            pod,
        })
        .collect();
    ranked.sort_by(|a, b| before(a, b, now));
    pods.extend(ranked.into_iter().map(|ranked| ranked.pod));
}

fn before(a: &Ranked, b: &Ranked, now: MicroTime) -> Ordering {
    let (x, y) = (&a.pod, &b.pod);
    let known = |time: Option<Time>| time.filter(|time| *time != Time::default());
    let assigned = |pod: &Pod| !pod.spec.node_name.is_empty();
    assigned(x)
        .cmp(&assigned(y))
        .then_with(|| phase_order(x.status.phase).cmp(&phase_order(y.status.phase)))
        .then_with(|| a.ready.is_some().cmp(&b.ready.is_some()))
        .then_with(|| a.cost.cmp(&b.cost))
        .then_with(|| b.rank.cmp(&a.rank))
        .then_with(|| match (a.ready, b.ready) {
            (Some(at), Some(bt)) if at != bt => {
                younger_first((x, known(a.ready)), (y, known(b.ready)), now)
            }
            _ => Ordering::Equal,
        })
        .then_with(|| b.restarts.cmp(&a.restarts))
        .then_with(|| {
            let (at, bt) = (x.metadata.creation_timestamp, y.metadata.creation_timestamp);
            if at == bt { Ordering::Equal } else { younger_first((x, at), (y, bt), now) }
        })
        // Upstream's sort is not stable; here the uid decides what nothing else does.
        .then_with(|| x.metadata.uid.cmp(&y.metadata.uid))
}
