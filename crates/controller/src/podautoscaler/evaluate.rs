//! Asks each metric of an autoscaler how many replicas it wants.
//! Models computeReplicasForMetrics in pkg/controller/podautoscaler/horizontal.go.

use std::sync::Arc;

use api::Pod;
use api::autoscaling::horizontal_pod_autoscaler::{
    HorizontalPodAutoscaler, MetricIdentifier, MetricSource, MetricSourceStatus, MetricSpec,
    MetricStatus, MetricValueStatus,
};
use api::core::pod_status::ConditionStatus;
use apimachinery::labels::{LabelSelector, Selector, to_selector};
use apimachinery::quantity::{Format, Quantity};
use client::Ctx;

use super::calculator::{self, Proposal, Scene, Target, Tolerances};
use super::{Autoscaler, PodAutoscalerController, metrics};
use crate::controllers::Sync;

/// `--horizontal-pod-autoscaler-tolerance`
const TOLERANCE: f64 = 0.1;

/// What is scaled, as its scale says.
pub struct Scaled {
    pub replicas: i32,
    pub status_replicas: i32,
    pub selector: String,
}

/// The largest proposal, what it is by, and how each metric is.
pub struct Evaluation {
    pub replicas: i32,
    pub metric: String,
}

/// Why a metric gives no number: the reason of the condition and of the event, and the two texts.
struct Failure {
    reason: &'static str,
    inner: String,
    outer: String,
}

fn tolerances(hpa: &HorizontalPodAutoscaler) -> Tolerances {
    let given = |tolerance: Option<&Quantity>| {
        tolerance.map_or(TOLERANCE, |tolerance| {
            // Millionths are finer than anybody's tolerance.
            tolerance.scaled_value(-6) as f64 / 1_000_000.0
        })
    };
    let behavior = hpa.spec.behavior.as_ref();
    let down = behavior.and_then(|behavior| behavior.scale_down.as_ref()?.tolerance.as_ref());
    let up = behavior.and_then(|behavior| behavior.scale_up.as_ref()?.tolerance.as_ref());
    Tolerances { down: given(down), up: given(up) }
}

impl PodAutoscalerController {
    /// The error is a text; what each metric said stands in `statuses` either way.
    pub(super) fn evaluate(
        &mut self,
        sync: &mut Sync<'_, '_>,
        auto: &mut Autoscaler,
        scaled: &Scaled,
        statuses: &mut Vec<MetricStatus>,
    ) -> (Option<Evaluation>, Option<String>) {
        let (selector, pods) = match self.selected_pods(sync, auto, scaled) {
            Ok(selected) => selected,
            Err(error) => return (None, Some(error)),
        };
        let specs = auto.hpa.spec.metrics.clone();
        let (mut best, mut first_failure, mut failures) = (None::<Evaluation>, None, 0);
        for spec in &specs {
            let mut status = MetricStatus::default();
            let scene = Scene {
                pods: &pods,
                resource: "",
                current: scaled.replicas,
                tolerances: tolerances(&auto.hpa),
                now: sync.ctx.time(),
            };
            let namespace = auto.hpa.metadata.namespace.clone();
            let asked = Asked { namespace: &namespace, selector: &selector, scaled };
            match evaluate_one(sync.ctx, spec, scene, &asked, &mut status) {
                Ok((replicas, metric)) => {
                    if best.as_ref().is_none_or(|best| replicas > best.replicas) {
                        best = Some(Evaluation { replicas, metric });
                    }
                }
                Err(failure) => {
                    self.say(sync, auto, "Warning", failure.reason, &failure.inner);
                    failures += 1;
                    first_failure.get_or_insert(failure);
                }
            }
            statuses.push(status);
        }
        let error = first_failure.as_ref().map(|failure| {
            let (outer, count) = (&failure.outer, specs.len());
            format!("invalid metrics ({failures} invalid out of {count}), first error is: {outer}")
        });
        let trusted = best.filter(|best| failures == 0 || best.replicas >= scaled.replicas);
        match (&trusted, first_failure) {
            (Some(best), _) => {
                let by = &best.metric;
                let message =
                    format!("the HPA was able to successfully calculate a replica count from {by}");
                auto.set("ScalingActive", ConditionStatus::True, "ValidMetricFound", &message);
            }
            (None, Some(failure)) => {
                let message =
                    format!("the HPA was unable to compute the replica count: {}", failure.inner);
                auto.set("ScalingActive", ConditionStatus::False, failure.reason, &message);
            }
            (None, None) => {}
        }
        (trusted, error)
    }

    fn selected_pods(
        &mut self,
        sync: &mut Sync<'_, '_>,
        auto: &mut Autoscaler,
        scaled: &Scaled,
    ) -> Result<(Selector, Vec<Arc<Pod>>), String> {
        let refuse = |this: &mut Self,
                      sync: &mut Sync<'_, '_>,
                      auto: &mut Autoscaler,
                      event: &str,
                      reason: &str,
                      error: String,
                      message: &str| {
            this.say(sync, auto, "Warning", event, &error);
            auto.set("ScalingActive", ConditionStatus::False, reason, message);
            Err(error)
        };
        if scaled.selector.is_empty() {
            let message = "the HPA target's scale is missing a selector";
            let error = "selector is required".to_owned();
            return refuse(self, sync, auto, "SelectorRequired", "InvalidSelector", error, message);
        }
        let selector = match Selector::parse(&scaled.selector) {
            Ok(selector) => selector,
            Err(why) => {
                let error = format!(
                    "couldn't convert selector into a corresponding internal selector object: {why}"
                );
                let message = error.clone();
                let (event, reason) = ("InvalidSelector", "InvalidSelector");
                return refuse(self, sync, auto, event, reason, error, &message);
            }
        };
        self.selectors.insert(auto.key.clone(), selector.clone());
        let groups = sync.informers.pods.groups_in(&auto.key.namespace);
        let pods = groups.flat_map(|group| group.pods.values());
        let pods: Vec<Arc<Pod>> =
            pods.filter(|pod| selector.matches(&pod.metadata.labels)).cloned().collect();
        let others = self.selectors.iter().filter(|(key, selector)| {
            key.namespace == auto.key.namespace
                && pods.iter().any(|pod| selector.matches(&pod.metadata.labels))
        });
        let names: Vec<String> =
            others.map(|(key, _)| format!("{{{} {}}}", key.name, key.namespace)).collect();
        if names.len() > 1 {
            let error = format!(
                "pods by selector {} are controlled by multiple HPAs: [{}]",
                scaled.selector,
                names.join(" ")
            );
            let message = error.clone();
            let (event, reason) = ("AmbiguousSelector", "AmbiguousSelector");
            return refuse(self, sync, auto, event, reason, error, &message);
        }
        Ok((selector, pods))
    }
}

struct Asked<'a> {
    namespace: &'a str,
    selector: &'a Selector,
    scaled: &'a Scaled,
}

type One = Result<(i32, String), Failure>;

fn evaluate_one(
    ctx: &mut Ctx<'_>,
    spec: &MetricSpec,
    scene: Scene<'_>,
    asked: &Asked<'_>,
    status: &mut MetricStatus,
) -> One {
    let source = match spec.type_.as_str() {
        "Resource" => &spec.resource,
        "ContainerResource" => &spec.container_resource,
        "Pods" => &spec.pods,
        "Object" => &spec.object,
        "External" => &spec.external,
        _ => &None,
    };
    let Some(source) = source else {
        let why = format!("unknown metric source type {:?}", spec.type_.as_str());
        let reason = "InvalidMetricSourceType";
        return Err(Failure { reason, inner: why.clone(), outer: why });
    };
    let (proposal, metric, reason, kind) = match spec.type_.as_str() {
        "Pods" => {
            let name = named(source).name.clone();
            let result = pods_metric(ctx, source, &scene, asked);
            let metric = format!("pods metric {name}");
            (result, metric, "FailedGetPodsMetric", "pods metric".to_owned())
        }
        "Object" => {
            let (result, metric) = object_metric(ctx, source, &scene, asked);
            (result, metric, "FailedGetObjectMetric", "object metric".to_owned())
        }
        "External" => {
            let (result, metric) = external_metric(ctx, source, &scene, asked);
            let kind = format!("{} external metric", named(source).name);
            (result, metric, "FailedGetExternalMetric", kind)
        }
        "Resource" => {
            let kind = format!("{} resource metric", source.name);
            let (result, metric) = resource_metric(ctx, source, scene, asked, "resource");
            (result, metric, "FailedGetResourceMetric", kind)
        }
        _ => {
            let kind = format!("{} container metric", source.container);
            let (result, metric) = resource_metric(ctx, source, scene, asked, "container resource");
            (result, metric, "FailedGetContainerResourceMetric", kind)
        }
    };
    match proposal {
        Ok(proposal) => {
            tell(spec, source, &proposal, status);
            Ok((proposal.replicas, metric))
        }
        Err(inner) => {
            let outer = format!("failed to get {kind} value: {inner}");
            Err(Failure { reason, inner, outer })
        }
    }
}

fn named(source: &MetricSource) -> MetricIdentifier {
    source.metric.clone().unwrap_or_default()
}

fn selector_text(source: &MetricSource) -> Result<String, String> {
    let selector = named(source).selector;
    match to_selector(selector.as_ref()) {
        Ok(_) if selector.is_none() => Ok(String::new()),
        Ok(selector) => Ok(selector.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Go's `%+v` of a pointer to a selector, `nil` mostly.
fn selector_go(selector: Option<&LabelSelector>) -> String {
    selector.map_or_else(|| "nil".to_owned(), |selector| format!("&{}", selector.format()))
}

fn resource_metric(
    ctx: &mut Ctx<'_>,
    source: &MetricSource,
    scene: Scene<'_>,
    asked: &Asked<'_>,
    what: &str,
) -> (Result<Proposal, String>, String) {
    let (name, container) = (&source.name, &source.container);
    let selector = asked.selector.to_string();
    let metrics = metrics::of_resource(ctx, name, asked.namespace, &selector, container);
    let metrics =
        metrics.map_err(|why| format!("unable to get metrics for resource {name}: {why}"));
    let scene = Scene { resource: name, ..scene };
    if let Some(target) = &source.target.average_value {
        let target = Target::Value(target.milli_value());
        let result = metrics.and_then(|metrics| calculator::by_pods(&scene, metrics, &target));
        let result = result.map_err(|why| format!("failed to get {name} usage: {why}"));
        return (result, format!("{name} resource"));
    }
    let Some(percent) = source.target.average_utilization else {
        let why = "invalid resource metric source: neither an average utilization target nor an \
                   average value (usage) target was set";
        return (Err(why.to_owned()), String::new());
    };
    let result = metrics.and_then(|metrics| {
        let requests = calculator::requests(scene.pods, container, name);
        let nothing = std::collections::BTreeMap::new();
        // Missing requests are told of only where there are metrics to compare.
        let given = requests.as_ref().unwrap_or(&nothing);
        let target = Target::Utilization { percent, requests: given };
        match calculator::by_pods(&scene, metrics, &target) {
            Err(why) if why.starts_with("no pods") || why.starts_with("did not") => Err(why),
            result => requests.as_ref().map_err(Clone::clone).and(result),
        }
    });
    let result = result.map_err(|why| format!("failed to get {name} utilization: {why}"));
    (result, format!("{name} {what} utilization (percentage of request)"))
}

fn pods_metric(
    ctx: &mut Ctx<'_>,
    source: &MetricSource,
    scene: &Scene<'_>,
    asked: &Asked<'_>,
) -> Result<Proposal, String> {
    let metric = named(source).name;
    let (selector, chosen) = (asked.selector.to_string(), selector_text(source)?);
    let metrics = metrics::of_pods(ctx, &metric, asked.namespace, [&selector, &chosen])
        .map_err(|why| format!("unable to get metric {metric}: {why}"))?;
    let target = source.target.average_value.as_ref().map_or(0, Quantity::milli_value);
    calculator::by_pods(scene, metrics, &Target::Value(target))
}

fn object_metric(
    ctx: &mut Ctx<'_>,
    source: &MetricSource,
    scene: &Scene<'_>,
    asked: &Asked<'_>,
) -> (Result<Proposal, String>, String) {
    let (metric, object) = (named(source), source.described_object.clone().unwrap_or_default());
    let (name, kind) = (&metric.name, &object.kind);
    let usage = selector_text(source).and_then(|selector| {
        metrics::of_object(ctx, name, asked.namespace, &object, &selector).map_err(|why| {
            let namespace = asked.namespace;
            // Upstream's arguments stand in this order.
            format!("unable to get metric {name}: {kind} on {namespace} {}/{why}", object.name)
        })
    });
    let target = &source.target;
    if let Some(value) = target.value.as_ref().filter(|_| target.type_ == "Value") {
        let result =
            usage.and_then(|usage| calculator::by_total(scene, usage, value.milli_value()));
        return (result, format!("{kind} metric {name}"));
    }
    let Some(average) = target.average_value.as_ref().filter(|_| target.type_ == "AverageValue")
    else {
        let why = "invalid object metric source: neither a value target nor an average value \
                   target was set";
        return (Err(why.to_owned()), String::new());
    };
    let result = usage.map(|usage| {
        let replicas = asked.scaled.status_replicas;
        calculator::by_average(scene.tolerances, replicas, usage, average.milli_value())
    });
    let result = result.map_err(|why| format!("failed to get {name} object metric: {why}"));
    (result, format!("external metric {name}({})", selector_go(metric.selector.as_ref())))
}

fn external_metric(
    ctx: &mut Ctx<'_>,
    source: &MetricSource,
    scene: &Scene<'_>,
    asked: &Asked<'_>,
) -> (Result<Proposal, String>, String) {
    let metric = named(source);
    let (name, selector) = (&metric.name, selector_go(metric.selector.as_ref()));
    let usage = selector_text(source).and_then(|chosen| {
        metrics::external(ctx, name, asked.namespace, &chosen).map_err(|why| {
            let namespace = asked.namespace;
            format!("unable to get external metric {namespace}/{name}/{selector}: {why}")
        })
    });
    let what = format!("external metric {name}({selector})");
    let target = &source.target;
    if let Some(average) = &target.average_value {
        let result = usage.map(|usage| {
            let replicas = asked.scaled.status_replicas;
            calculator::by_average(scene.tolerances, replicas, usage, average.milli_value())
        });
        return (
            result.map_err(|why| format!("failed to get {name} external metric: {why}")),
            what,
        );
    }
    let Some(value) = &target.value else {
        let why = "invalid external metric source: neither a value target nor an average value \
                   target was set";
        return (Err(why.to_owned()), String::new());
    };
    let result = usage.and_then(|usage| calculator::by_total(scene, usage, value.milli_value()));
    (result.map_err(|why| format!("failed to get external metric {name}: {why}")), what)
}

/// Writes down what a metric is.
fn tell(spec: &MetricSpec, source: &MetricSource, proposal: &Proposal, status: &mut MetricStatus) {
    let binary = source.name == "memory";
    let format = if binary { Format::BinarySI } else { Format::DecimalSI };
    let value = Quantity::from_milli(proposal.value, format);
    let total = source.target.average_value.is_none() && source.name.is_empty();
    let current = MetricValueStatus {
        average_utilization: proposal.utilization,
        average_value: (!total).then(|| value.clone()),
        value: total.then_some(value),
        ..MetricValueStatus::default()
    };
    let told = Some(Box::new(MetricSourceStatus {
        container: source.container.clone(),
        current,
        described_object: source.described_object.clone(),
        metric: source.metric.clone(),
        name: source.name.clone(),
        ..MetricSourceStatus::default()
    }));
    status.type_ = spec.type_.clone();
    match spec.type_.as_str() {
        "Resource" => status.resource = told,
        "ContainerResource" => status.container_resource = told,
        "Pods" => status.pods = told,
        "Object" => status.object = told,
        _ => status.external = told,
    }
}
