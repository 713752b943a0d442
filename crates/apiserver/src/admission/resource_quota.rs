//! ResourceQuotas: a write that would take more than a namespace may have is refused, one that
//! fits is noted in the quota's status at once.
// Models apiserver/pkg/admission/plugin/resourcequota/controller.go.

use std::sync::Arc;

use api::core::container::ResourceList;
use api::core::resource_list::{add, increase, mask, pretty};
use api::quota::Evaluator;
use api::{Obj, ResourceQuota, make_mut, to_kind};
use apimachinery::gvk::GroupResource;
use apimachinery::meta::Key;

use super::Checked;
use crate::server::{ApiServer, CallCx, Result};

pub(super) fn validate(
    server: &mut ApiServer,
    cx: &mut CallCx<'_>,
    checked: &Checked<'_>,
) -> Result<()> {
    if checked.namespace.is_empty() {
        return Ok(());
    }
    let Some(resource) = server.resources.get(&GroupResource::fixed("", "resourcequotas")) else {
        return Ok(());
    };
    let resource = Arc::clone(resource);
    let quotas: Vec<Obj> =
        server.in_namespace(&resource, checked.namespace).map(|(_, quota)| quota.clone()).collect();
    if quotas.is_empty() {
        return Ok(());
    }
    let Some(evaluator) = Evaluator::of(checked.resource.name()) else { return Ok(()) };
    if let Some(old) = checked.old
        && !evaluator.handles_update(checked.object.as_ref(), old.as_ref())
    {
        return Ok(());
    }
    let changes = changes(cx, checked, &evaluator, &quotas)?;
    if checked.dry_run {
        return Ok(());
    }
    for (quota, used) in changes {
        let mut changed = quota.clone();
        if let Some(quota) = make_mut(&mut changed).as_any_mut().downcast_mut::<ResourceQuota>() {
            quota.status.used = used;
        }
        server.commit(cx, &resource, Key::of(quota.meta()), Some(&quota), changed);
    }
    Ok(())
}

/// The quotas whose usage a write changes, with what it becomes.
fn changes(
    cx: &CallCx<'_>,
    checked: &Checked<'_>,
    evaluator: &Evaluator,
    quotas: &[Obj],
) -> Result<Vec<(Obj, ResourceList)>> {
    let object = checked.object.as_ref();
    let mut concerned = Vec::new();
    for stored in quotas {
        let Some(quota) = to_kind::<ResourceQuota>(stored) else { continue };
        let bounds = evaluator.measured(&quota.status.hard);
        if bounds.is_empty() || !evaluator.in_scope(&quota, object) {
            continue;
        }
        let name = &quota.metadata.name;
        if let Some(missing) = evaluator.missing(&bounds, object) {
            return Err(checked.forbidden(&format!("failed quota: {name}: {missing}")));
        }
        if bounds.keys().any(|bound| !quota.status.used.contains_key(bound)) {
            let names: Vec<&str> = bounds.keys().map(|name| name.as_str()).collect();
            let resources = names.join(",");
            let why = format!("status unknown for quota: {name}, resources: {resources}");
            return Err(checked.forbidden(&why));
        }
        concerned.push((stored, quota));
    }
    if concerned.is_empty() {
        return Ok(Vec::new());
    }
    let usage = evaluator.usage(object, cx.time());
    let mut changes = Vec::new();
    for (stored, quota) in concerned {
        let before = checked.old.filter(|old| evaluator.in_scope(&quota, old.as_ref()));
        let before = before.map(|old| evaluator.usage(old.as_ref(), cx.time()));
        let more = increase(&usage, &before.unwrap_or_default());
        let requested = mask(&more, &quota.status.hard);
        let mut used = quota.status.used.clone();
        add(&mut used, &requested);
        let exceeded = exceeded(&requested, &used, &quota.status.hard);
        if !exceeded.is_empty() {
            return Err(checked.forbidden(&format!(
                "exceeded quota: {}, requested: {}, used: {}, limited: {}",
                quota.metadata.name,
                pretty(&mask(&requested, &exceeded)),
                pretty(&mask(&quota.status.used, &exceeded)),
                pretty(&exceeded),
            )));
        }
        if used != quota.status.used {
            changes.push((stored.clone(), used));
        }
    }
    Ok(changes)
}

/// The bounds that the usage of what is requested passes.
fn exceeded(requested: &ResourceList, used: &ResourceList, hard: &ResourceList) -> ResourceList {
    let passed = mask(hard, requested).into_iter();
    passed.filter(|(name, bound)| used.get(name).is_some_and(|used| used > bound)).collect()
}
