//! What a namespace's conditions say of its deletion.
//! Models pkg/controller/namespace/deletion/status_condition_utils.go.

use std::collections::BTreeMap;

use api::core::namespace::{NamespaceCondition, NamespaceStatus};
use apimachinery::gvk::GroupResource;
use apimachinery::status::Status;
use apimachinery::time::Time;
use smol_str::SmolStr;

use super::Counts;

/// What is left of a namespace.
#[derive(Debug, Default)]
pub struct Remaining {
    pub resources: BTreeMap<GroupResource, u32>,
    pub finalizers: Counts,
    pub errors: Vec<String>,
    /// The rest was not looked at: it says nothing of itself yet.
    pub only_pods: bool,
}

impl Remaining {
    pub fn failed(&mut self, status: &Status) -> i64 {
        self.errors.push(status.to_string());
        0
    }
}

/// `(type, reason when all is well, message when all is well)`.
const CONDITIONS: [(&str, &str, &str); 5] = [
    (
        "NamespaceDeletionDiscoveryFailure",
        "ResourcesDiscovered",
        "All resources successfully discovered",
    ),
    (
        "NamespaceDeletionGroupVersionParsingFailure",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    (
        "NamespaceDeletionContentFailure",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    ("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"),
    (
        "NamespaceFinalizersRemaining",
        "ContentHasNoFinalizers",
        "All content-preserving finalizers finished",
    ),
];

/// Reason and message of a condition that is not well.
fn trouble(type_: &str, remaining: &Remaining) -> Option<(&'static str, String)> {
    match type_ {
        "NamespaceDeletionContentFailure" if !remaining.errors.is_empty() => {
            let mut errors = remaining.errors.clone();
            errors.sort();
            let (count, list) = (errors.len(), errors.join(", "));
            let message = format!("Failed to delete all resource types, {count} remaining: {list}");
            Some(("ContentDeletionFailed", message))
        }
        "NamespaceContentRemaining" if !remaining.resources.is_empty() && !remaining.only_pods => {
            let one = |(r, count): (&GroupResource, &u32)| {
                format!("{}.{} has {count} resource instances", r.resource, r.group)
            };
            let mut list: Vec<String> = remaining.resources.iter().map(one).collect();
            list.sort();
            let message = format!("Some resources are remaining: {}", list.join(", "));
            Some(("SomeResourcesRemain", message))
        }
        "NamespaceFinalizersRemaining"
            if !remaining.finalizers.is_empty() && !remaining.only_pods =>
        {
            let one =
                |(name, count): (&SmolStr, &u32)| format!("{name} in {count} resource instances");
            let list: Vec<String> = remaining.finalizers.iter().map(one).collect();
            let what = "Some content in the namespace has finalizers remaining";
            Some(("SomeFinalizersRemain", format!("{what}: {}", list.join(", "))))
        }
        _ => None,
    }
}

/// Brings the conditions up to date. True if one changed.
pub fn update(status: &mut NamespaceStatus, remaining: &Remaining, now: Time) -> bool {
    let mut changed = false;
    for (type_, well, all_is_well) in CONDITIONS {
        let (holds, reason, message) = match trouble(type_, remaining) {
            Some((reason, message)) => ("True", reason, message),
            None => ("False", well, all_is_well.to_owned()),
        };
        let wanted = NamespaceCondition {
            type_: SmolStr::new_static(type_),
            status: SmolStr::new_static(holds),
            reason: SmolStr::new_static(reason),
            message: message.into(),
            last_transition_time: Some(now),
            ..NamespaceCondition::default()
        };
        match status.conditions.iter_mut().find(|condition| condition.type_ == type_) {
            None => {
                status.conditions.push(wanted);
                changed = true;
            }
            Some(old) => {
                let since = if old.status == wanted.status {
                    old.last_transition_time
                } else {
                    wanted.last_transition_time
                };
                let wanted = NamespaceCondition { last_transition_time: since, ..wanted };
                changed |= *old != wanted;
                *old = wanted;
            }
        }
    }
    changed
}
