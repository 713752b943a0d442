//! The number behind a pod's priority class.
// Models plugin/pkg/admission/priority/admission.go.

use api::{Pod, as_kind, make_mut};
use apimachinery::gvk::GroupResource;
use apimachinery::meta::Key;
use apimachinery::status::Status;
use client::Verb;
use smol_str::SmolStr;

use super::Attributes;
use crate::server::{ApiServer, CallCx, Result};

const PREEMPT_LOWER: &str = "PreemptLowerPriority";

/// Priority and preemption policy that a class gives.
struct Priority {
    class: SmolStr,
    value: i32,
    preemption_policy: SmolStr,
}

pub(super) fn admit(
    server: &ApiServer,
    _: &mut CallCx<'_>,
    attributes: &mut Attributes<'_>,
) -> Result<()> {
    let create = attributes.verb == Verb::Create;
    if !attributes.resource.is_pod || !create || attributes.known {
        return Ok(());
    }
    let Some(pod) = as_kind::<Pod>(attributes.object.as_ref()) else { return Ok(()) };
    let given = (pod.spec.priority, pod.spec.preemption_policy.clone());
    let forbidden = |why: &str| {
        Status::forbidden(attributes.resource.name(), &attributes.object.meta().name, why)
    };
    let priority = match pod.spec.priority_class_name.as_str() {
        "" => default_class(server),
        class => find(server, class)
            .ok_or_else(|| forbidden(&format!("no PriorityClass with name {class} was found")))?,
    };
    if given.0.is_some_and(|value| value != priority.value) {
        return Err(forbidden(&format!(
            "the integer value of priority ({}) must not be provided in pod spec; priority \
             admission controller computed {} from the given PriorityClass name",
            given.0.unwrap_or_default(),
            priority.value
        )));
    }
    if given.1.as_ref().is_some_and(|policy| *policy != priority.preemption_policy) {
        return Err(forbidden(&format!(
            "the string value of PreemptionPolicy ({}) must not be provided in pod spec; priority \
             admission controller computed {} from the given PriorityClass name",
            given.1.unwrap_or_default(),
            priority.preemption_policy
        )));
    }
    if let Some(pod) = make_mut(attributes.object).as_any_mut().downcast_mut::<Pod>() {
        let body = pod.spec.body_mut();
        body.priority_class_name = priority.class;
        body.priority = Some(priority.value);
        body.preemption_policy = Some(priority.preemption_policy);
    }
    Ok(())
}

fn classes() -> GroupResource {
    GroupResource::fixed("scheduling.k8s.io", "priorityclasses")
}

/// The classes that are there without being objects.
fn system_class(name: &str) -> Option<i32> {
    match name {
        "system-cluster-critical" => Some(2_000_000_000),
        "system-node-critical" => Some(2_000_001_000),
        _ => None,
    }
}

fn read(class: &serde_json::Value) -> Priority {
    let policy = class.get("preemptionPolicy").and_then(serde_json::Value::as_str);
    Priority {
        class: class["metadata"]["name"].as_str().unwrap_or_default().into(),
        value: class["value"].as_i64().and_then(|n| i32::try_from(n).ok()).unwrap_or(0),
        preemption_policy: policy.unwrap_or(PREEMPT_LOWER).into(),
    }
}

fn find(server: &ApiServer, name: &str) -> Option<Priority> {
    let resource = server.resources.get(&classes());
    let stored = resource.and_then(|r| server.stored(r, &Key::new("", name)));
    if let Some(object) = stored {
        return Some(read(&object.to_wire()));
    }
    let value = system_class(name)?;
    let preemption_policy = SmolStr::new_static(PREEMPT_LOWER);
    Some(Priority { class: name.into(), value, preemption_policy })
}

/// The class marked as default (the lowest, if several are), or zero.
fn default_class(server: &ApiServer) -> Priority {
    let marked = server.resources.get(&classes()).and_then(|resource| {
        let objects = server.store.range(resource.table, ..).map(|(_, item)| item.value.to_wire());
        objects
            .filter(|class| class["globalDefault"] == true)
            .map(|class| read(&class))
            .min_by_key(|priority| priority.value)
    });
    marked.unwrap_or(Priority {
        class: SmolStr::default(),
        value: 0,
        preemption_policy: SmolStr::new_static(PREEMPT_LOWER),
    })
}
