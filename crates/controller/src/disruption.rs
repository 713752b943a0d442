//! The disruption controller: counts the healthy pods of every PodDisruptionBudget, and says how
//! many more may be evicted. Models pkg/controller/disruption/disruption.go.

mod expected;
mod stale;

use std::collections::BTreeMap;

use api::core::reference::ObjectReference;
use api::policy::pod_disruption_budget::{DISRUPTION_ALLOWED, PodDisruptionBudgetStatus};
use api::{Pod, PodDisruptionBudget};
use apimachinery::labels::{LabelSelector, Selector, to_selector};
use apimachinery::meta::Key;
use apimachinery::time::Time;
use client::{ApiExt, EventRecorder};
use clock::Duration;
use smol_str::SmolStr;

use crate::controllers::{Controller, Notice, Sync, SyncError, SyncResult};
use crate::informers::{Change, Informers, Resource};
use crate::pod_store::{Group, PodDelta, same_labels};

pub use stale::StaleDisruptionController;

/// How long an allowed eviction may take until the pod is seen to go.
const DELETION_TIMEOUT_SECONDS: i64 = 120;

pub struct DisruptionController {
    recorder: EventRecorder,
}

impl Default for DisruptionController {
    fn default() -> Self {
        DisruptionController { recorder: EventRecorder::new("controllermanager", "") }
    }
}

/// The pods of a budget that have one controller, or none.
struct Selected<'c> {
    group: &'c Group,
    selector: &'c Selector,
    /// The selector takes all of them.
    whole: bool,
}

impl<'c> Selected<'c> {
    fn pods(&self) -> impl Iterator<Item = &'c std::sync::Arc<Pod>> {
        let (selector, whole) = (self.selector, self.whole);
        let pods = self.group.pods.values();
        pods.filter(move |pod| whole || selector.matches(&pod.metadata.labels))
    }

    fn len(&self) -> usize {
        if self.whole { self.group.pods.len() } else { self.pods().count() }
    }

    /// Pods that are ready and stay.
    fn healthy(&self) -> i32 {
        if self.whole {
            return self.group.totals.ready;
        }
        count(self.pods().filter(|pod| is_healthy(pod)).count())
    }
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn is_healthy(pod: &Pod) -> bool {
    !pod.metadata.is_deleting() && pod.status.is_ready()
}

fn selected<'c>(
    informers: &'c Informers,
    namespace: &str,
    selector: &'c Selector,
) -> Vec<Selected<'c>> {
    let mut found = Vec::new();
    for group in informers.pods.groups_in(namespace) {
        let hits = group.varieties.iter().filter(|v| selector.matches(&v.labels)).count();
        if hits > 0 || group.totals.odd > 0 {
            let whole = group.totals.odd == 0 && hits == group.varieties.len();
            let selected = Selected { group, selector, whole };
            if whole || selected.pods().next().is_some() {
                found.push(selected);
            }
        }
    }
    found
}

impl DisruptionController {
    fn event(
        &mut self,
        sync: &mut Sync<'_, '_>,
        budget: &PodDisruptionBudget,
        type_: &'static str,
        reason: &str,
        message: &str,
    ) {
        let about = ObjectReference::to(budget);
        self.recorder.event(sync.ctx, &about, type_, reason, message);
    }

    fn status(
        &mut self,
        sync: &mut Sync<'_, '_>,
        key: &Key,
        budget: &PodDisruptionBudget,
    ) -> Result<PodDisruptionBudgetStatus, SyncError> {
        let selector = to_selector(budget.spec.selector.as_ref())
            .map_err(|error| SyncError::other(error.to_string()))?;
        let groups = selected(sync.informers, &key.namespace, &selector);
        if groups.is_empty() {
            self.event(sync, budget, "Normal", "NoPods", "No matching pods found");
        }
        let expected = match expected::expected(sync, budget, &groups) {
            Ok(expected) => expected,
            Err(error) => {
                let why = format!("Failed to calculate the number of expected pods: {error}");
                self.event(sync, budget, "Warning", "CalculateExpectedPodCountFailed", &why);
                return Err(error);
            }
        };
        if expected.unmanaged {
            let why = format!(
                "Pods selected by this PodDisruptionBudget (selector: {}) were found to be \
                 unmanaged. As a result, the status of the PDB cannot be calculated correctly, \
                 which may result in undefined behavior. To account for these pods please set \
                 \".spec.minAvailable\" field of the PDB to an integer value.",
                go_text(budget.spec.selector.as_ref())
            );
            self.event(sync, budget, "Warning", "UnmanagedPods", &why);
        }
        let now = sync.ctx.time();
        let leaving = leaving(budget, &groups, now);
        let gone = groups
            .iter()
            .flat_map(Selected::pods)
            .filter(|pod| leaving.contains_key(&pod.metadata.name) && is_healthy(pod));
        let gone = if leaving.is_empty() { 0 } else { count(gone.count()) };
        let healthy: i32 = groups.iter().map(Selected::healthy).sum();
        let healthy = healthy.saturating_sub(gone);
        if let Some(first) = leaving.values().min() {
            let wait = first.0.saturating_add(DELETION_TIMEOUT_SECONDS).saturating_sub(now.0);
            sync.requeue_in(key, Duration::from_secs(u64::try_from(wait).unwrap_or(0) + 1));
        }
        let spare = healthy.saturating_sub(expected.healthy).max(0);
        let mut status = PodDisruptionBudgetStatus {
            conditions: budget.status.conditions.clone(),
            current_healthy: healthy,
            desired_healthy: expected.healthy,
            disrupted_pods: leaving,
            disruptions_allowed: if expected.pods <= 0 { 0 } else { spare },
            expected_pods: expected.pods,
            observed_generation: budget.metadata.generation,
            ..PodDisruptionBudgetStatus::default()
        };
        keep_or_set_condition(&mut status, budget, now);
        Ok(status)
    }
}

/// Sets the condition unless it says the same already, as upstream looks at status and reason.
fn keep_or_set_condition(
    status: &mut PodDisruptionBudgetStatus,
    budget: &PodDisruptionBudget,
    now: Time,
) {
    let mut fresh = status.clone();
    fresh.set_condition(now);
    let known = status.conditions.iter().find(|c| c.type_ == DISRUPTION_ALLOWED);
    let wanted = fresh.conditions.iter().find(|c| c.type_ == DISRUPTION_ALLOWED);
    let same = known.zip(wanted).is_some_and(|(known, wanted)| {
        known.status == wanted.status && known.reason == wanted.reason
    });
    if !same || *status != budget.status {
        *status = fresh;
    }
}

/// Pods whose eviction was allowed and that are not seen to go yet, while that may still be.
fn leaving(
    budget: &PodDisruptionBudget,
    groups: &[Selected<'_>],
    now: Time,
) -> BTreeMap<SmolStr, Time> {
    let known = &budget.status.disrupted_pods;
    if known.is_empty() {
        return BTreeMap::new();
    }
    let staying = groups.iter().flat_map(Selected::pods).filter(|p| !p.metadata.is_deleting());
    let listed = staying.filter_map(|pod| known.get_key_value(&pod.metadata.name));
    let recent = listed.filter(|(_, at)| at.0.saturating_add(DELETION_TIMEOUT_SECONDS) >= now.0);
    recent.map(|(name, at)| (name.clone(), *at)).collect()
}

/// A selector as Go prints it.
fn go_text(selector: Option<&LabelSelector>) -> String {
    let Some(selector) = selector else { return "nil".to_owned() };
    let labels: String =
        selector.match_labels.iter().map(|(key, value)| format!("{key}: {value},")).collect();
    let rules = selector.match_expressions.iter().map(|rule| {
        let values: Vec<&str> = rule.values.iter().map(SmolStr::as_str).collect();
        format!(
            "LabelSelectorRequirement{{Key:{},Operator:{},Values:[{}],}},",
            rule.key,
            rule.operator,
            values.join(" ")
        )
    });
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},\
         MatchExpressions:[]LabelSelectorRequirement{{{}}},}}",
        rules.collect::<String>()
    )
}

/// Whether a budget's count may be another after this.
fn matters(delta: &PodDelta) -> bool {
    let Some(old) = delta.old.as_ref().filter(|_| !delta.is_deleted()) else { return true };
    is_healthy(old) != is_healthy(&delta.new)
        || old.metadata.is_deleting() != delta.new.metadata.is_deleting()
        || !same_labels(&old.metadata.labels, &delta.new.metadata.labels)
}

impl Controller for DisruptionController {
    fn name(&self) -> &'static str {
        "disruption-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::Pod, Resource::PodDisruptionBudget]
    }

    fn workers(&self) -> usize {
        1
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        match change {
            Change::PodDisruptionBudget(delta) if !delta.is_deleted() => {
                notice.queue.add(Key::of(&delta.new.metadata));
            }
            Change::Pod(delta) if matters(delta) => {
                let namespace = &delta.new.metadata.namespace;
                let budgets = notice.informers.pod_disruption_budgets.namespace(namespace);
                for budget in budgets {
                    let selector = to_selector(budget.spec.selector.as_ref());
                    if selector.is_ok_and(|s| s.matches(&delta.new.metadata.labels)) {
                        notice.queue.add(Key::of(&budget.metadata));
                    }
                }
            }
            _ => {}
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let Some(budget) = sync.informers.pod_disruption_budgets.get(key) else { return Ok(()) };
        let status = match self.status(sync, key, budget) {
            Ok(status) => status,
            Err(error) => {
                let mut status = budget.status.clone();
                status.disruptions_allowed = 0;
                let now = sync.ctx.time();
                status.put_condition("False", "SyncFailed", &error.to_string(), now);
                status
            }
        };
        if status == budget.status {
            return Ok(());
        }
        let mut changed = (**budget).clone();
        changed.status = status;
        sync.ctx.api.update_status(changed)?;
        Ok(())
    }
}
