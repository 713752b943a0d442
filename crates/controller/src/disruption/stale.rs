//! Pods that were to go and stayed: after two minutes their condition DisruptionTarget is taken
//! back. Models syncStalePodDisruption of pkg/controller/disruption/disruption.go.

use api::Pod;
use api::core::pod_status::{ConditionStatus, PodCondition, PodConditionType};
use apimachinery::meta::Key;
use apimachinery::time::Time;
use client::ApiExt;
use clock::Duration;

use crate::controllers::{Controller, Notice, Sync, SyncResult};
use crate::informers::{Change, Resource};

const TIMEOUT_SECONDS: i64 = 120;
/// The kubelet takes as long as it needs.
const BY_KUBELET: &str = "TerminationByKubelet";

#[derive(Default)]
pub struct StaleDisruptionController;

/// Since when a pod that stays is said to go.
fn stale_since(pod: &Pod) -> Option<Time> {
    if pod.metadata.is_deleting() || pod.status.phase.is_terminal() {
        return None;
    }
    let condition = pod.status.condition(&PodConditionType::DisruptionTarget)?;
    let told = condition.status == ConditionStatus::True && condition.reason() != BY_KUBELET;
    told.then(|| condition.last_transition_time.unwrap_or_default())
}

impl Controller for StaleDisruptionController {
    fn name(&self) -> &'static str {
        "stale-pod-disruption-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::Pod]
    }

    fn workers(&self) -> usize {
        1
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        let Change::Pod(delta) = change else { return };
        if !delta.is_deleted() && stale_since(&delta.new).is_some() {
            notice.queue.add(Key::of(&delta.new.metadata));
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let pod = match sync.ctx.api.get::<Pod>(&key.namespace, &key.name) {
            Ok(pod) => pod,
            Err(status) if status.is_not_found() => return Ok(()),
            Err(status) => return Err(status.into()),
        };
        let Some(since) = stale_since(&pod) else { return Ok(()) };
        let now = sync.ctx.time();
        let left = since.0.saturating_add(TIMEOUT_SECONDS).saturating_sub(now.0);
        if left > 0 {
            sync.requeue_in(key, Duration::from_secs(u64::try_from(left).unwrap_or(0)));
            return Ok(());
        }
        let mut changed = (*pod).clone();
        let type_ = PodConditionType::DisruptionTarget;
        changed.status.set_condition(PodCondition::new(type_, ConditionStatus::False, now));
        sync.ctx.api.update_status(changed)?;
        Ok(())
    }
}
