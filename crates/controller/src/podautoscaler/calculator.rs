//! How many replicas a metric asks for.
//! Models pkg/controller/podautoscaler/replica_calculator.go and metrics/utilization.go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::Pod;
use api::core::pod_status::{ConditionStatus, PodConditionType, PodPhase};
use apimachinery::time::Time;
use smol_str::SmolStr;

use super::metrics::PodMetrics;

/// `--horizontal-pod-autoscaler-cpu-initialization-period`
const CPU_INITIALIZATION_SECS: i64 = 300;
/// `--horizontal-pod-autoscaler-initial-readiness-delay`
const INITIAL_READINESS_SECS: i64 = 30;

/// How far from its target a metric may be before anything is done.
#[derive(Clone, Copy, Debug)]
pub struct Tolerances {
    pub down: f64,
    pub up: f64,
}

impl Tolerances {
    fn covers(&self, ratio: f64) -> bool {
        (1.0 - self.down..=1.0 + self.up).contains(&ratio)
    }
}

/// What a metric says: how many replicas, and the values that led there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    pub replicas: i32,
    pub utilization: Option<i32>,
    /// In thousandths.
    pub value: i64,
}

type Result<T> = std::result::Result<T, String>;

/// What a pod's usage is held against.
pub enum Target<'a> {
    /// Percent of what each pod requests, by pod, in thousandths.
    Utilization { percent: i32, requests: &'a BTreeMap<SmolStr, i64> },
    /// Thousandths a pod.
    Value(i64),
}

/// Pods and the moment, with what the metric is about.
pub struct Scene<'a> {
    pub pods: &'a [Arc<Pod>],
    /// Empty for metrics that are no resource.
    pub resource: &'a str,
    pub current: i32,
    pub tolerances: Tolerances,
    pub now: Time,
}

fn ceil(value: f64) -> i32 {
    // A cast saturates.
    value.ceil() as i32
}

#[derive(Default)]
struct Groups {
    ready: i32,
    unready: BTreeSet<SmolStr>,
    missing: BTreeSet<SmolStr>,
    ignored: BTreeSet<SmolStr>,
}

fn group(scene: &Scene<'_>, metrics: &PodMetrics) -> Groups {
    let mut groups = Groups::default();
    for pod in scene.pods {
        let name = pod.metadata.name.clone();
        if pod.metadata.is_deleting() || pod.status.phase == PodPhase::Failed {
            groups.ignored.insert(name);
        } else if pod.status.phase == PodPhase::Pending {
            groups.unready.insert(name);
        } else if let Some(metric) = metrics.get(&name) {
            if scene.resource == "cpu" && is_starting(pod, metric.at, metric.window_secs, scene.now)
            {
                groups.unready.insert(name);
            } else {
                groups.ready += 1;
            }
        } else {
            groups.missing.insert(name);
        }
    }
    groups
}

/// Whether what a pod uses of the CPU is that of its start.
fn is_starting(pod: &Pod, sampled: Time, window_secs: i64, now: Time) -> bool {
    let ready = pod.status.condition(&PodConditionType::Ready);
    let (Some(ready), Some(start)) = (ready, pod.status.start_time) else { return true };
    let changed = ready.last_transition_time.unwrap_or_default();
    let unready = ready.status == ConditionStatus::False;
    if start.0.saturating_add(CPU_INITIALIZATION_SECS) > now.0 {
        // The whole window must lie behind the moment at which it became ready.
        return unready || sampled.0 < changed.0.saturating_add(window_secs);
    }
    unready && start.0.saturating_add(INITIAL_READINESS_SECS) > changed.0
}

struct Usage {
    ratio: f64,
    utilization: Option<i32>,
    average: i64,
}

fn usage(target: &Target<'_>, metrics: &PodMetrics) -> Result<Usage> {
    let total = |names: &mut dyn Iterator<Item = i64>| names.fold(0i64, i64::saturating_add);
    match target {
        Target::Value(target) => {
            let count = i64::try_from(metrics.len()).unwrap_or(i64::MAX).max(1);
            let average = total(&mut metrics.values().map(|metric| metric.value)) / count;
            Ok(Usage { ratio: average as f64 / *target as f64, utilization: None, average })
        }
        Target::Utilization { percent, requests } => {
            let known = || metrics.iter().filter(|(name, _)| requests.contains_key(*name));
            let used = total(&mut known().map(|(_, metric)| metric.value));
            let asked = total(&mut known().filter_map(|(name, _)| requests.get(name).copied()));
            let count = i64::try_from(known().count()).unwrap_or(i64::MAX).max(1);
            let Some(now) = used.saturating_mul(100).checked_div(asked) else {
                return Err("no metrics returned matched known pods".to_owned());
            };
            let now = i32::try_from(now).unwrap_or(i32::MAX);
            let ratio = f64::from(now) / f64::from(*percent);
            Ok(Usage { ratio, utilization: Some(now), average: used / count })
        }
    }
}

/// By what each pod uses.
pub fn by_pods(
    scene: &Scene<'_>,
    mut metrics: PodMetrics,
    target: &Target<'_>,
) -> Result<Proposal> {
    if scene.pods.is_empty() {
        return Err("no pods returned by selector while calculating replica count".to_owned());
    }
    let groups = group(scene, &metrics);
    metrics.retain(|name, _| !groups.ignored.contains(name) && !groups.unready.contains(name));
    if metrics.is_empty() {
        let why = "did not receive metrics for targeted pods (pods might be unready)";
        return Err(why.to_owned());
    }
    let now = usage(target, &metrics)?;
    let keep =
        Proposal { replicas: scene.current, utilization: now.utilization, value: now.average };
    let unready_count = !groups.unready.is_empty() && now.ratio > 1.0;
    if !unready_count && groups.missing.is_empty() {
        if scene.tolerances.covers(now.ratio) {
            return Ok(keep);
        }
        return Ok(Proposal { replicas: ceil(now.ratio * f64::from(groups.ready)), ..keep });
    }
    assume(&mut metrics, &groups, target, now.ratio, unready_count);
    let ratio = usage(target, &metrics)?.ratio;
    let turned = (now.ratio < 1.0 && ratio > 1.0) || (now.ratio > 1.0 && ratio < 1.0);
    if scene.tolerances.covers(ratio) || turned {
        return Ok(keep);
    }
    let replicas = ceil(ratio * metrics.len() as f64);
    let contrary =
        (ratio < 1.0 && replicas > scene.current) || (ratio > 1.0 && replicas < scene.current);
    Ok(if contrary { keep } else { Proposal { replicas, ..keep } })
}

/// Pods without a metric are taken to need all of their target when scaling down and nothing when
/// scaling up, and unready ones nothing: that keeps what is done small.
fn assume(
    metrics: &mut PodMetrics,
    groups: &Groups,
    target: &Target<'_>,
    ratio: f64,
    unready_count: bool,
) {
    let mut set = |name: &SmolStr, value: i64| {
        metrics.entry(name.clone()).or_default().value = value;
    };
    for name in &groups.missing {
        if ratio < 1.0 {
            set(
                name,
                match target {
                    Target::Value(target) => *target,
                    Target::Utilization { percent, requests } => {
                        let request = requests.get(name).copied().unwrap_or(0);
                        request.saturating_mul(i64::from(*percent).max(100)) / 100
                    }
                },
            );
        } else if ratio > 1.0 {
            set(name, 0);
        }
    }
    if unready_count {
        groups.unready.iter().for_each(|name| set(name, 0));
    }
}

/// By one value for all pods together.
pub fn by_total(scene: &Scene<'_>, usage: i64, target: i64) -> Result<Proposal> {
    let ratio = usage as f64 / target as f64;
    let keep = Proposal { replicas: scene.current, utilization: None, value: usage };
    if scene.current == 0 {
        return Ok(Proposal { replicas: ceil(ratio), ..keep });
    }
    if scene.tolerances.covers(ratio) {
        return Ok(keep);
    }
    if scene.pods.is_empty() {
        let why = "no pods returned by selector while calculating replica count";
        return Err(format!("unable to calculate ready pods: {why}"));
    }
    let ready = |pod: &&Arc<Pod>| pod.status.phase == PodPhase::Running && pod.status.is_ready();
    let ready = scene.pods.iter().filter(ready).count();
    Ok(Proposal { replicas: ceil(ratio * ready as f64), ..keep })
}

/// By one value that is shared by as many pods as there are.
pub fn by_average(tolerances: Tolerances, replicas: i32, usage: i64, target: i64) -> Proposal {
    let ratio = usage as f64 / (target as f64 * f64::from(replicas));
    let wanted = match tolerances.covers(ratio) {
        true => replicas,
        false => ceil(usage as f64 / target as f64),
    };
    let value = (usage as f64 / f64::from(replicas)).ceil() as i64;
    Proposal { replicas: wanted, utilization: None, value }
}

/// What each pod, or one container of it, requests, in thousandths.
pub fn requests(
    pods: &[Arc<Pod>],
    container: &str,
    resource: &str,
) -> Result<BTreeMap<SmolStr, i64>> {
    let request =
        |pod: &Arc<Pod>| Ok((pod.metadata.name.clone(), request(pod, container, resource)?));
    pods.iter().map(request).collect()
}

fn request(pod: &Pod, container: &str, resource: &str) -> Result<i64> {
    let name = &pod.metadata.name;
    let spec = &pod.spec;
    let sidecars = spec.init_containers.iter();
    let sidecars = sidecars.filter(|one| one.restart_policy.as_deref() == Some("Always"));
    let mut total = 0i64;
    for one in spec.containers.iter().chain(sidecars) {
        if !container.is_empty() && one.name != container {
            continue;
        }
        let Some(amount) = one.resources.requests.get(resource) else {
            let container = &one.name;
            return Err(format!(
                "missing request for {resource} in container {container} of Pod {name}"
            ));
        };
        total = total.saturating_add(amount.milli_value());
        if one.name == container {
            return Ok(total);
        }
    }
    if !container.is_empty() {
        return Err(format!("container {container} not found in Pod {name}"));
    }
    Ok(total)
}
