//! The HorizontalPodAutoscaler controller: every 15 s it reads the metrics and sets the size of
//! what it scales. Models pkg/controller/podautoscaler/horizontal.go.

mod calculator;
mod evaluate;
mod limits;
mod metrics;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use api::autoscaling::horizontal_pod_autoscaler::{HpaCondition, HpaStatus, MetricStatus};
use api::core::pod_status::ConditionStatus;
use api::core::reference::ObjectReference;
use api::{HorizontalPodAutoscaler, KindInfo};
use apimachinery::gvk::GroupResource;
use apimachinery::labels::Selector;
use apimachinery::meta::Key;
use apimachinery::status::Status;
use apimachinery::time::Time;
use client::{ApiExt, Body, Ctx, EventRecorder, ReplyBody, Request, Verb};
use clock::Duration;
use serde_json::Value;
use smol_str::SmolStr;

use crate::controllers::{Controller, Notice, Sync, SyncError, SyncResult};
use crate::informers::{Change, Resource};
use evaluate::Scaled;
use limits::{History, Sizes};

/// `--horizontal-pod-autoscaler-sync-period`
const SYNC_PERIOD: Duration = Duration::from_secs(15);
const CONFLICT_RETRIES: u32 = 5;

pub struct PodAutoscalerController {
    recorder: EventRecorder,
    histories: BTreeMap<Key, History>,
    /// Which pods each autoscaler is about, as far as it has looked.
    selectors: BTreeMap<Key, Selector>,
    /// By group and kind.
    kinds: BTreeMap<(SmolStr, SmolStr), KindInfo>,
}

impl Default for PodAutoscalerController {
    fn default() -> Self {
        let infos = api::kinds::kinds().into_iter().map(|entry| entry.info);
        let kinds = infos.map(|info| ((info.gvk.group.clone(), info.gvk.kind.clone()), info));
        PodAutoscalerController {
            recorder: EventRecorder::new("horizontal-pod-autoscaler", ""),
            histories: BTreeMap::new(),
            selectors: BTreeMap::new(),
            kinds: kinds.collect(),
        }
    }
}

/// An autoscaler while it is synced: its status changes on the way.
struct Autoscaler {
    key: Key,
    hpa: HorizontalPodAutoscaler,
    about: ObjectReference,
    now: Time,
}

impl Autoscaler {
    fn set(&mut self, type_: &'static str, status: ConditionStatus, reason: &str, message: &str) {
        let list = &mut self.hpa.status.conditions;
        let at = list.iter().position(|condition| condition.type_ == type_);
        let at = at.unwrap_or_else(|| {
            let type_ = SmolStr::new_static(type_);
            list.push(HpaCondition { type_, ..HpaCondition::default() });
            list.len() - 1
        });
        let Some(condition) = list.get_mut(at) else { return };
        if condition.status != status || condition.last_transition_time.is_none() {
            condition.last_transition_time = Some(self.now);
        }
        condition.status = status;
        condition.reason = reason.into();
        condition.message = message.into();
    }

    fn set_able(&mut self, able: bool, reason: &str, message: &str) {
        self.set("AbleToScale", ConditionStatus::of(able), reason, message);
    }

    fn set_sizes(&mut self, current: i32, desired: i32, metrics: Option<Vec<MetricStatus>>) {
        let status = &mut self.hpa.status;
        status.current_replicas = current;
        status.desired_replicas = desired;
        status.current_metrics = metrics;
        status.observed_generation = None;
    }
}

/// What is scaled, and the scale as the server gave it.
struct ScaleOf {
    resource: GroupResource,
    name: SmolStr,
    value: Value,
}

impl ScaleOf {
    fn request(&self, verb: Verb, namespace: &str) -> Request {
        Request::new(verb, self.resource.clone(), namespace, &self.name).subresource("scale")
    }

    fn read(&mut self, ctx: &mut Ctx<'_>, namespace: &str) -> Result<(), Box<Status>> {
        let reply = ctx.api.call(self.request(Verb::Get, namespace))?;
        if let ReplyBody::Json(value) = reply.body {
            self.value = value;
        }
        Ok(())
    }

    fn scaled(&self) -> Scaled {
        let number = |part: &str| {
            let number = self.value[part]["replicas"].as_i64().unwrap_or(0);
            i32::try_from(number).unwrap_or(i32::MAX)
        };
        let selector = self.value["status"]["selector"].as_str().unwrap_or_default().to_owned();
        Scaled { replicas: number("spec"), status_replicas: number("status"), selector }
    }

    /// Sets the size; upon a conflict once more with what is there now.
    fn write(
        &mut self,
        ctx: &mut Ctx<'_>,
        namespace: &str,
        replicas: i32,
    ) -> Result<(), Box<Status>> {
        let mut tries = 0;
        loop {
            self.value["spec"] = serde_json::json!({ "replicas": replicas });
            let request = self.request(Verb::Update, namespace);
            match ctx.api.call(request.body(Body::Json(self.value.clone()))) {
                Ok(_) => return Ok(()),
                Err(status) if status.is_conflict() && tries < CONFLICT_RETRIES => {
                    tries += 1;
                    self.read(ctx, namespace)?;
                }
                Err(status) => return Err(status),
            }
        }
    }
}

impl Controller for PodAutoscalerController {
    fn name(&self) -> &'static str {
        "horizontal-pod-autoscaler-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::HorizontalPodAutoscaler]
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        let Change::HorizontalPodAutoscaler(delta) = change else { return };
        let key = Key::of(&delta.new.metadata);
        if delta.is_deleted() {
            self.selectors.remove(&key);
            return;
        }
        notice.queue.add_at(notice.now + SYNC_PERIOD, key);
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let Some(hpa) = sync.informers.horizontal_pod_autoscalers.get(key) else {
            self.histories.remove(key);
            return Ok(());
        };
        sync.requeue_in(key, SYNC_PERIOD);
        let mut auto = Autoscaler {
            key: key.clone(),
            about: ObjectReference::to(&**hpa),
            hpa: (**hpa).clone(),
            now: sync.ctx.time(),
        };
        let before = hpa.status.clone();
        // Whatever went wrong is told in the status, and 15 s later it is tried again.
        self.reconcile(sync, &mut auto);
        self.write_status(sync, auto, &before);
        Ok(())
    }
}

impl PodAutoscalerController {
    fn say(
        &mut self,
        sync: &mut Sync<'_, '_>,
        auto: &Autoscaler,
        type_: &'static str,
        reason: &str,
        message: &str,
    ) {
        self.recorder.event(sync.ctx, &auto.about, type_, reason, message);
    }

    fn write_status(&mut self, sync: &mut Sync<'_, '_>, auto: Autoscaler, before: &HpaStatus) {
        if auto.hpa.status == *before {
            return;
        }
        if let Err(status) = sync.ctx.api.update_status(auto.hpa.clone()) {
            let message = SyncError::from(status).to_string();
            self.say(sync, &auto, "Warning", "FailedUpdateStatus", &message);
        }
    }

    fn find_scale(
        &mut self,
        sync: &mut Sync<'_, '_>,
        auto: &Autoscaler,
    ) -> Result<ScaleOf, String> {
        let target = &auto.hpa.spec.scale_target_ref;
        let (group, _) = target.api_version.split_once('/').unwrap_or_default();
        let known = self.kinds.get(&(group.into(), target.kind.clone()));
        let Some(info) = known else {
            let kind = &target.kind;
            return Err(format!("no matches for kind {:?} in group {group:?}", kind.as_str()));
        };
        let (resource, name) = (info.resource.clone(), target.name.clone());
        let mut scale = ScaleOf { resource, name, value: Value::Null };
        let read = scale.read(sync.ctx, &auto.key.namespace);
        read.map_err(|status| status.to_string())?;
        Ok(scale)
    }

    fn reconcile(&mut self, sync: &mut Sync<'_, '_>, auto: &mut Autoscaler) {
        let mut scale = match self.find_scale(sync, auto) {
            Ok(scale) => scale,
            Err(why) => {
                self.say(sync, auto, "Warning", "FailedGetScale", &why);
                let message = format!(
                    "the HPA controller was unable to get the target's current scale: {why}"
                );
                return auto.set_able(false, "FailedGetScale", &message);
            }
        };
        let message = "the HPA controller was able to get the target's current scale";
        auto.set_able(true, "SucceededGetScale", message);
        let scaled = scale.scaled();
        let current = scaled.replicas;
        let history = self.histories.entry(auto.key.clone()).or_default();
        history.begin(current, sync.ctx.now);
        let (min, max) = (auto.hpa.spec.min_replicas.unwrap_or(1), auto.hpa.spec.max_replicas);
        let mut statuses = None;
        let (desired, reason) = if current == 0 {
            let message = "scaling is disabled since the replica count of the target is zero";
            auto.set("ScalingActive", ConditionStatus::False, "ScalingDisabled", message);
            (current, String::new())
        } else if current > max {
            (max, "Current number of replicas above Spec.MaxReplicas".to_owned())
        } else if current < min {
            (min, "Current number of replicas below Spec.MinReplicas".to_owned())
        } else {
            let mut told = Vec::new();
            let wanted = self.by_metrics(sync, auto, &scaled, &mut told);
            statuses = Some(told);
            let Some(wanted) = wanted else {
                let desired = auto.hpa.status.desired_replicas;
                return auto.set_sizes(current, desired, statuses);
            };
            wanted
        };
        if desired == current {
            return auto.set_sizes(current, current, statuses);
        }
        self.rescale(sync, auto, &mut scale, [current, desired], &reason, statuses);
    }

    /// What the metrics ask for within the limits, and why.
    fn by_metrics(
        &mut self,
        sync: &mut Sync<'_, '_>,
        auto: &mut Autoscaler,
        scaled: &Scaled,
        statuses: &mut Vec<MetricStatus>,
    ) -> Option<(i32, String)> {
        let (evaluation, error) = self.evaluate(sync, auto, scaled, statuses);
        let Some(evaluation) = evaluation else {
            let error = error.unwrap_or_default();
            self.say(sync, auto, "Warning", "FailedComputeMetricsReplicas", &error);
            return None;
        };
        let (current, wanted) = (scaled.replicas, evaluation.replicas.max(0));
        let reason = match wanted.cmp(&current) {
            std::cmp::Ordering::Greater => format!("{} above target", evaluation.metric),
            std::cmp::Ordering::Less => "All metrics below target".to_owned(),
            std::cmp::Ordering::Equal => String::new(),
        };
        let min = auto.hpa.spec.min_replicas.unwrap_or(1);
        let history = self.histories.entry(auto.key.clone()).or_default();
        let sizes = Sizes { current, wanted, min };
        let limited = history.limit(&auto.hpa.spec, sizes, sync.ctx.now);
        auto.set_able(true, limited.able.0, limited.able.1);
        let status = ConditionStatus::of(limited.limited);
        auto.set("ScalingLimited", status, limited.why.0, limited.why.1);
        Some((limited.replicas, reason))
    }

    fn rescale(
        &mut self,
        sync: &mut Sync<'_, '_>,
        auto: &mut Autoscaler,
        scale: &mut ScaleOf,
        [current, desired]: [i32; 2],
        reason: &str,
        statuses: Option<Vec<MetricStatus>>,
    ) {
        if let Err(status) = scale.write(sync.ctx, &auto.key.namespace, desired) {
            let message = format!("New size: {desired}; reason: {reason}; error: {status}");
            self.say(sync, auto, "Warning", "FailedRescale", &message);
            let message =
                format!("the HPA controller was unable to update the target scale: {status}");
            auto.set_able(false, "FailedUpdateScale", &message);
            let before = auto.hpa.status.desired_replicas;
            return auto.set_sizes(current, before, statuses);
        }
        let message =
            format!("the HPA controller was able to update the target scale to {desired}");
        auto.set_able(true, "SucceededRescale", &message);
        let message = format!("New size: {desired}; reason: {reason}");
        self.say(sync, auto, "Normal", "SuccessfulRescale", &message);
        let history = self.histories.entry(auto.key.clone()).or_default();
        history.scaled(auto.hpa.spec.behavior.as_ref(), current, desired, sync.ctx.now);
        auto.set_sizes(current, desired, statuses);
        auto.hpa.status.last_scale_time = Some(auto.now);
    }
}
