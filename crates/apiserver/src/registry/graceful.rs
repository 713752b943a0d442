//! When and how a delete begins: preconditions, grace periods, the garbage collector's finalizers.
// Models apiserver/pkg/registry/rest/delete.go and the deletion part of generic/registry/store.go.

use api::{Object, Pod, as_kind};
use apimachinery::gvk::GroupResource;
use apimachinery::meta::ObjectMeta;
use apimachinery::status::Status;
use apimachinery::time::Time;
use client::{DeleteOptions, Propagation};
use smol_str::SmolStr;

use super::meta::{FOREGROUND, ORPHAN};
use crate::resources::Resource;
use crate::server::Result;

/// How a delete goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// At once.
    Now,
    /// The object was given (or shortened to) this grace period.
    Graceful(i64),
    /// An earlier delete still runs.
    Pending,
}

/// Preconditions of a delete.
pub(crate) fn check(resource: &Resource, meta: &ObjectMeta, options: &DeleteOptions) -> Result<()> {
    let gvk = &resource.info().gvk;
    let about = GroupResource { group: gvk.group.clone(), resource: gvk.kind.clone() };
    if let Some(uid) = options.precondition_uid.filter(|uid| *uid != meta.uid) {
        let why = format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). The object \
             might have been deleted and then recreated",
            meta.uid
        );
        return Err(Status::conflict(&about, &meta.name, &why));
    }
    let version = options.precondition_resource_version;
    if let Some(version) = version.filter(|version| *version != meta.resource_version) {
        let why = format!(
            "the ResourceVersion in the precondition ({version}) does not match the \
             ResourceVersion in record ({}). The object might have been modified",
            meta.resource_version
        );
        return Err(Status::conflict(&about, &meta.name, &why));
    }
    Ok(())
}

/// Begins a delete on a copy of the object. `is_pod`: only pods go gracefully.
pub(crate) fn begin(
    object: &mut dyn Object,
    is_pod: bool,
    options: &DeleteOptions,
    now: Time,
) -> Course {
    if !is_pod {
        return Course::Now;
    }
    // A negative period counts as one second.
    let asked = options.grace_period_seconds.map(|period| if period < 0 { 1 } else { period });
    if object.meta().is_deleting() {
        return shorten(object.meta_mut(), asked, now);
    }
    let period = as_kind::<Pod>(object).map_or(0, |pod| pod.grace_period(asked));
    let meta = object.meta_mut();
    meta.rare_mut().deletion_timestamp = Some(Time(now.0.saturating_add(period)));
    meta.rare_mut().deletion_grace_period_seconds = Some(period);
    if meta.generation > 0 {
        meta.generation += 1;
    }
    Course::Graceful(period)
}

/// A later delete may only make the grace period shorter.
fn shorten(meta: &mut ObjectMeta, asked: Option<i64>, now: Time) -> Course {
    let current = meta.deletion_grace_period_seconds().unwrap_or(0);
    if current == 0 {
        return Course::Now;
    }
    let Some(mut period) = asked.filter(|period| *period < current) else {
        return Course::Pending;
    };
    let began = meta.deletion_timestamp().unwrap_or(now).0.saturating_sub(current);
    let mut at = began.saturating_add(period);
    if at < now.0 {
        at = now.0;
        if period != 0 {
            period = 1;
        }
    }
    meta.rare_mut().deletion_timestamp = Some(Time(at));
    meta.rare_mut().deletion_grace_period_seconds = Some(period);
    Course::Graceful(period)
}

/// Marks an object that finalizers hold.
pub(crate) fn mark_deleting(meta: &mut ObjectMeta, now: Time) {
    let since = meta.deletion_timestamp();
    if since.is_none() && meta.generation > 0 {
        meta.generation += 1;
    }
    if since.is_none_or(|since| since > now) {
        meta.rare_mut().deletion_timestamp = Some(now);
    }
    meta.rare_mut().deletion_grace_period_seconds = Some(0);
}

/// Kinds that outlive the garbage collector's beginnings leave their pods behind unless asked.
/// Models `DefaultGarbageCollectionPolicy` of the strategies.
fn orphans_by_default(resource: &Resource) -> bool {
    let group = &resource.name().group;
    matches!(
        (group.as_str(), resource.plural()),
        ("", "replicationcontrollers") | ("batch", "jobs")
    )
}

/// The finalizers that the propagation policy asks for, if they differ from the present ones.
pub(crate) fn wanted_finalizers(
    resource: &Resource,
    meta: &ObjectMeta,
    propagation: Option<Propagation>,
) -> Option<Vec<SmolStr>> {
    if resource.plural() == "events" {
        return None;
    }
    let has = |name: &str| meta.finalizers().iter().any(|f| f == name);
    let (orphan, foreground) = match propagation {
        Some(Propagation::Orphan) => (true, false),
        Some(Propagation::Foreground) => (false, true),
        Some(Propagation::Background) => (false, false),
        None if has(ORPHAN) => (true, false),
        None if has(FOREGROUND) => (false, true),
        None => (orphans_by_default(resource), false),
    };
    if (orphan, foreground) == (has(ORPHAN), has(FOREGROUND)) {
        return None;
    }
    let others = meta.finalizers().iter().filter(|name| *name != ORPHAN && *name != FOREGROUND);
    let mut wanted: Vec<SmolStr> = others.cloned().collect();
    for (asked, name) in [(orphan, ORPHAN), (foreground, FOREGROUND)] {
        if asked {
            wanted.push(SmolStr::new_static(name));
        }
    }
    Some(wanted)
}
