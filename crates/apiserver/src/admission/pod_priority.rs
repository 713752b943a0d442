//! The number behind a pod's priority class; one class at most is the default.
// Models plugin/pkg/admission/priority/admission.go.

use api::scheduling::priority_class::PREEMPT_LOWER_PRIORITY;
use api::{Pod, PriorityClass, as_kind, make_mut};
use apimachinery::gvk::GroupResource;
use apimachinery::meta::Key;
use client::Verb;
use smol_str::SmolStr;

use super::{Attributes, Checked};
use crate::resources::Resource;
use crate::server::{ApiServer, CallCx, Result};

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
    let priority = match pod.spec.priority_class_name.as_str() {
        "" => default_class(server),
        class => find(server, class).ok_or_else(|| {
            attributes.forbidden(&format!("no PriorityClass with name {class} was found"))
        })?,
    };
    if given.0.is_some_and(|value| value != priority.value) {
        return Err(attributes.forbidden(&format!(
            "the integer value of priority ({}) must not be provided in pod spec; priority \
             admission controller computed {} from the given PriorityClass name",
            given.0.unwrap_or_default(),
            priority.value
        )));
    }
    if given.1.as_ref().is_some_and(|policy| *policy != priority.preemption_policy) {
        return Err(attributes.forbidden(&format!(
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

pub(super) fn validate(
    server: &mut ApiServer,
    _: &mut CallCx<'_>,
    checked: &Checked<'_>,
) -> Result<()> {
    let Some(class) = as_kind::<PriorityClass>(checked.object.as_ref()) else { return Ok(()) };
    if !class.global_default {
        return Ok(());
    }
    match marked(server) {
        Some(other)
            if checked.verb == Verb::Create || other.metadata.name != class.metadata.name =>
        {
            Err(checked.forbidden(&format!(
                "PriorityClass {} is already marked as default. Only one default can exist",
                other.metadata.name
            )))
        }
        _ => Ok(()),
    }
}

fn classes(server: &ApiServer) -> Option<&Resource> {
    let name = GroupResource::fixed("scheduling.k8s.io", "priorityclasses");
    server.resources.get(&name).map(|resource| resource.as_ref())
}

fn read(class: &PriorityClass) -> Priority {
    Priority {
        class: class.metadata.name.clone(),
        value: class.value,
        preemption_policy: class.policy(),
    }
}

fn find(server: &ApiServer, name: &str) -> Option<Priority> {
    let stored = server.stored(classes(server)?, &Key::new("", name))?;
    as_kind::<PriorityClass>(stored.as_ref()).map(read)
}

/// The class marked as default; the lowest, if several are.
fn marked(server: &ApiServer) -> Option<&PriorityClass> {
    let stored = server.store.range(classes(server)?.table, ..);
    let classes = stored.filter_map(|(_, item)| as_kind::<PriorityClass>(item.value.as_ref()));
    classes.filter(|class| class.global_default).min_by_key(|class| class.value)
}

/// What a pod without a class gets: the default class, or zero.
fn default_class(server: &ApiServer) -> Priority {
    marked(server).map(read).unwrap_or(Priority {
        class: SmolStr::default(),
        value: 0,
        preemption_policy: SmolStr::new_static(PREEMPT_LOWER_PRIORITY),
    })
}
