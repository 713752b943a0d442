//! `pods/eviction`: a delete that disruption budgets may refuse.
// Models pkg/registry/core/pod/storage/eviction.go.

use std::sync::Arc;

use api::core::pod_status::{ConditionStatus, PodCondition, PodConditionType, PodPhase, Why};
use api::policy::pod_disruption_budget::{ALWAYS_ALLOW, DISRUPTION_ALLOWED};
use api::{Obj, Pod, PodDisruptionBudget, as_kind, make_mut, to_kind};
use apimachinery::gvk::GroupResource;
use apimachinery::labels::to_selector;
use apimachinery::meta::{Key, Uid};
use apimachinery::status::{Cause, Reason, Status};
use client::{Body, DeleteOptions, Reply, ReplyBody, Request};
use serde_json::{Value, json};
use smol_str::SmolStr;

use crate::resources::Resource;
use crate::server::{ApiServer, CallCx, Result};

/// More evictions than these must be seen before further ones are allowed.
const MAX_DISRUPTED_PODS: usize = 2000;
const RETRY_SECONDS: i32 = 10;

impl ApiServer {
    pub(crate) fn evict(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        mut request: Request,
    ) -> Result<Reply> {
        let options = match std::mem::take(&mut request.body) {
            Body::None => DeleteOptions::default(),
            Body::Delete(options) => options,
            Body::Json(value) => {
                let name = value["metadata"]["name"].as_str().unwrap_or(&request.name);
                if name != request.name {
                    let message = "name in URL does not match name in Eviction object";
                    return Err(Status::bad_request(message));
                }
                delete_options(&value["deleteOptions"])
            }
            _ => return Err(Status::bad_request("not an Eviction object")),
        };
        let key = Key::new(request.namespace.clone(), request.name.clone());
        let stored = self.found(resource, &key)?;
        if let Some(pod) = as_kind::<Pod>(stored.as_ref())
            && !goes_anyway(pod)
        {
            self.ask_budgets(cx, pod, request.dry_run)?;
        }
        if !request.dry_run {
            self.mark_disrupted(cx, resource, &stored, &options)?;
        }
        // The mark has moved the version that the caller saw.
        let options = DeleteOptions { precondition_resource_version: None, ..options };
        request.body = Body::Delete(options);
        self.delete(cx, resource, request)?;
        Ok(Reply {
            body: ReplyBody::Json(json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                "code": 201,
            })),
            warnings: Vec::new(),
            created: true,
        })
    }

    /// Takes one disruption from the pod's budget, if it has one that protects it.
    fn ask_budgets(&mut self, cx: &CallCx<'_>, pod: &Pod, dry_run: bool) -> Result<()> {
        let name = GroupResource::fixed("policy", "poddisruptionbudgets");
        let Some(resource) = self.resources.get(&name).map(Arc::clone) else { return Ok(()) };
        let namespace = &pod.metadata.namespace;
        let mut budgets: Vec<Obj> = Vec::new();
        for (_, object) in self.in_namespace(&resource, namespace) {
            let Some(budget) = as_kind::<PodDisruptionBudget>(object.as_ref()) else { continue };
            let selector = to_selector(budget.spec.selector.as_ref());
            if selector.is_ok_and(|selector| selector.matches(&pod.metadata.labels)) {
                budgets.push(object.clone());
            }
        }
        if budgets.len() > 1 {
            let message = "This pod has more than one PodDisruptionBudget, which the eviction \
                           subresource does not support.";
            return Err(Status::new(Reason::InternalError, message));
        }
        let Some(stored) = budgets.pop() else { return Ok(()) };
        let Some(budget) = to_kind::<PodDisruptionBudget>(&stored) else { return Ok(()) };
        if !pod.status.is_ready() && unready_may_go(&budget) {
            return Ok(());
        }
        may_disrupt(&budget)?;
        if dry_run {
            return Ok(());
        }
        let mut changed = stored.clone();
        let typed = make_mut(&mut changed).as_any_mut().downcast_mut::<PodDisruptionBudget>();
        if let Some(budget) = typed {
            let status = &mut budget.status;
            status.disruptions_allowed -= 1;
            if status.disruptions_allowed == 0 {
                status.set_condition(cx.time());
            }
            status.disrupted_pods.insert(pod.metadata.name.clone(), cx.time());
        }
        let key = Key::of(stored.meta());
        self.commit(cx, &resource, key, Some(&stored), changed);
        Ok(())
    }

    /// Says on the pod why it goes.
    fn mark_disrupted(
        &mut self,
        cx: &CallCx<'_>,
        resource: &Resource,
        stored: &Obj,
        options: &DeleteOptions,
    ) -> Result<()> {
        let meta = stored.meta();
        let conflict =
            |why: String| Err(Status::conflict(&GroupResource::fixed("", "Pod"), &meta.name, &why));
        if let Some(uid) = options.precondition_uid.filter(|uid| *uid != meta.uid) {
            return conflict(format!(
                "the UID in the precondition ({uid}) does not match the UID in record ({}). The \
                 object might have been deleted and then recreated",
                meta.uid
            ));
        }
        let version = options.precondition_resource_version;
        if let Some(version) = version.filter(|version| *version != meta.resource_version) {
            return conflict(format!(
                "the ResourceVersion in the precondition ({version}) does not match the \
                 ResourceVersion in record ({}). The object might have been modified",
                meta.resource_version
            ));
        }
        let mut marked = stored.clone();
        let Some(pod) = make_mut(&mut marked).as_any_mut().downcast_mut::<Pod>() else {
            return Ok(());
        };
        let type_ = PodConditionType::DisruptionTarget;
        let mut condition = PodCondition::new(type_, ConditionStatus::True, cx.time());
        condition.why = Some(Arc::new(Why {
            reason: SmolStr::new_static("EvictionByEvictionAPI"),
            message: SmolStr::new_static("Eviction API: evicting"),
        }));
        if pod.status.set_condition(condition) {
            self.commit(cx, resource, Key::of(stored.meta()), Some(stored), marked);
        }
        Ok(())
    }
}

/// Pods that do not run or go already disturb nobody.
fn goes_anyway(pod: &Pod) -> bool {
    let phase = &pod.status.phase;
    phase.is_terminal() || *phase == PodPhase::Pending || pod.metadata.is_deleting()
}

fn unready_may_go(budget: &PodDisruptionBudget) -> bool {
    let status = &budget.status;
    budget.spec.unhealthy_pod_eviction_policy.as_deref() == Some(ALWAYS_ALLOW)
        || (status.current_healthy >= status.desired_healthy && status.desired_healthy > 0)
}

fn too_many(retry_after_seconds: i32, why: String) -> Box<Status> {
    let message = "Cannot evict pod as it would violate the pod's disruption budget.";
    let mut status = Status::new(Reason::TooManyRequests, message);
    status.retry_after_seconds = retry_after_seconds;
    status.causes.push(Cause {
        reason: SmolStr::new_static("DisruptionBudget"),
        message: why,
        field: String::new(),
    });
    status
}

/// Whether a budget allows one more disruption. Models `checkAndDecrement`.
fn may_disrupt(budget: &PodDisruptionBudget) -> Result<()> {
    let (name, status) = (&budget.metadata.name, &budget.status);
    if status.observed_generation < budget.metadata.generation {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Err(too_many(RETRY_SECONDS, why));
    }
    let resource = GroupResource::fixed("policy", "poddisruptionbudget");
    if status.disruptions_allowed < 0 {
        let why = "pdb disruptions allowed is negative";
        return Err(Status::forbidden(&resource, name, why));
    }
    if status.disrupted_pods.len() > MAX_DISRUPTED_PODS {
        let why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller";
        return Err(Status::forbidden(&resource, name, why));
    }
    if status.disruptions_allowed > 0 {
        return Ok(());
    }
    let condition = status.conditions.iter().find(|c| c.type_ == DISRUPTION_ALLOWED);
    let refusal = condition.filter(|c| c.status == "False" && !c.message.is_empty());
    let currently = format!("The disruption budget {name} does not allow evicting pods currently");
    let why = match refusal {
        Some(refusal) if refusal.reason == "SyncFailed" => {
            format!("{currently} because it failed sync: {}", refusal.message)
        }
        _ if status.current_healthy <= status.desired_healthy => format!(
            "The disruption budget {name} needs {} healthy pods and has {} currently",
            status.desired_healthy, status.current_healthy
        ),
        Some(refusal) => format!("{currently} ({}): {}", refusal.reason, refusal.message),
        None => currently,
    };
    Err(too_many(0, why))
}

fn delete_options(value: &Value) -> DeleteOptions {
    let preconditions = &value["preconditions"];
    DeleteOptions {
        grace_period_seconds: value["gracePeriodSeconds"].as_i64(),
        propagation: None,
        precondition_uid: preconditions["uid"].as_str().and_then(Uid::parse),
        precondition_resource_version: preconditions["resourceVersion"]
            .as_str()
            .and_then(|version| version.parse().ok()),
    }
}
