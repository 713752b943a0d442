//! `pods/binding`: the scheduler's decision becomes the pod's node.
// Models pkg/registry/core/pod/storage/storage.go assignPod.

use api::core::pod_status::{ConditionStatus, PodCondition, PodConditionType};
use api::{Pod, as_kind, make_mut};
use apimachinery::gvk::GroupResource;
use apimachinery::meta::Key;
use apimachinery::status::{FieldError, Status};
use apimachinery::time::Time;
use client::{Body, Reply, ReplyBody, Request};
use serde_json::{Value, json};
use smol_str::SmolStr;

use crate::admission::topology_labels;
use crate::resources::Resource;
use crate::server::{ApiServer, CallCx, Result};

impl ApiServer {
    pub(crate) fn bind(
        &mut self,
        cx: &CallCx<'_>,
        resource: &Resource,
        mut request: Request,
    ) -> Result<Reply> {
        let body = std::mem::take(&mut request.body);
        let node = target(&request, body)?;
        let key = Key::new(request.namespace.clone(), request.name.clone());
        let existing = self.found(resource, &key)?;
        if let Some(why) = as_kind::<Pod>(existing.as_ref()).and_then(obstacle) {
            let about = GroupResource::fixed("", "pods/binding");
            return Err(Status::conflict(&about, &key.name, &why));
        }
        let labels = topology_labels(self, &node);
        let mut object = existing.clone();
        if let Some(pod) = make_mut(&mut object).as_any_mut().downcast_mut::<Pod>() {
            assign(pod, node, cx.time());
            if !labels.is_empty() {
                pod.metadata.labels = self.templates.with_labels(&pod.metadata.labels, labels);
            }
        }
        if !request.dry_run {
            self.commit(cx, resource, key, Some(&existing), object);
        }
        Ok(Reply {
            body: ReplyBody::Json(json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                "code": 201,
            })),
            warnings: Vec::new(),
            created: true,
        })
    }
}

fn target(request: &Request, body: Body) -> Result<SmolStr> {
    let node = match body {
        Body::Binding(node) => node,
        Body::Json(value) => {
            let name = value["metadata"]["name"].as_str().unwrap_or_default();
            if name != request.name {
                return Err(Status::bad_request(
                    "name in URL does not match name in Binding object",
                ));
            }
            let kind = value["target"]["kind"].as_str().unwrap_or_default();
            if !matches!(kind, "" | "Node") {
                let supported = ["Node", "<empty>"];
                let error = FieldError::not_supported("target.kind", kind, &supported);
                return Err(Status::bad_request(error.to_string()));
            }
            value["target"].get("name").and_then(Value::as_str).unwrap_or_default().into()
        }
        _ => return Err(Status::bad_request("not a Binding object")),
    };
    if node.is_empty() {
        let error = FieldError::required("target.name", "");
        return Err(Status::bad_request(error.to_string()));
    }
    Ok(node)
}

fn obstacle(pod: &Pod) -> Option<String> {
    let name = &pod.metadata.name;
    if pod.metadata.is_deleting() {
        return Some(format!("pod {name} is being deleted, cannot be assigned to a host"));
    }
    if !pod.spec.node_name.is_empty() {
        let node = &pod.spec.node_name;
        return Some(format!("pod {name} is already assigned to node {node:?}"));
    }
    if !pod.spec.scheduling_gates.is_empty() {
        return Some(format!("pod {name} has non-empty .spec.schedulingGates"));
    }
    None
}

fn assign(pod: &mut Pod, node: SmolStr, now: Time) {
    pod.spec.node_name = node;
    pod.status.nominated_node_name = SmolStr::default();
    let type_ = PodConditionType::PodScheduled;
    pod.status.set_condition(PodCondition::new(type_, ConditionStatus::True, now));
}
