//! Annotations that keep a deployment's history: revisions, and the sizes a ReplicaSet was made
//! for. Models the annotation rules in deployment_util.go.

use std::sync::Arc;

use api::{Deployment, ReplicaSet};
use smol_str::{SmolStr, format_smolstr};

use super::fenceposts::{max_surge, replicas};

pub const REVISION: &str = "deployment.kubernetes.io/revision";
pub const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
pub const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
pub const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";
pub const ROLLBACK_TO: &str = "deprecated.deployment.rollback.to";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The history annotation grows no longer than this.
const REVISION_HISTORY_CHARS_MAX: usize = 2000;

/// Whether an annotation is a deployment's own and not handed on to its ReplicaSets.
pub fn is_own(key: &str) -> bool {
    [LAST_APPLIED, REVISION, REVISION_HISTORY, DESIRED_REPLICAS, MAX_REPLICAS, ROLLBACK_TO]
        .contains(&key)
}

/// The revision of a ReplicaSet: 0 without the annotation, nothing if it is no number.
pub fn revision(rs: &ReplicaSet) -> Option<i64> {
    rs.metadata.annotation(REVISION).map_or(Some(0), |text| text.parse().ok())
}

pub fn max_revision<'r>(list: impl Iterator<Item = &'r Arc<ReplicaSet>>) -> i64 {
    list.filter_map(|rs| revision(rs)).max().unwrap_or(0).max(0)
}

/// The second highest revision: what an undo without a number goes back to.
pub fn last_revision<'r>(list: impl Iterator<Item = &'r Arc<ReplicaSet>>) -> i64 {
    let (mut highest, mut second) = (0, 0);
    for revision in list.filter_map(|rs| revision(rs)) {
        if revision >= highest {
            (highest, second) = (revision, highest);
        } else if revision > second {
            second = revision;
        }
    }
    second
}

fn annotate(rs: &mut ReplicaSet, key: &'static str, value: SmolStr) -> bool {
    if rs.metadata.annotation(key) == Some(&value) {
        return false;
    }
    rs.metadata.annotations.make_mut().insert(SmolStr::new_static(key), value);
    true
}

/// `desired-replicas` and `max-replicas` as they should be. True if one changed.
pub fn set_replicas_annotations(rs: &mut ReplicaSet, d: &Deployment) -> bool {
    let desired = annotate(rs, DESIRED_REPLICAS, format_smolstr!("{}", replicas(d)));
    annotate(rs, MAX_REPLICAS, max_replicas(d)) || desired
}

fn max_replicas(d: &Deployment) -> SmolStr {
    format_smolstr!("{}", replicas(d).saturating_add(max_surge(d)))
}

pub fn replicas_annotations_need_update(rs: &ReplicaSet, d: &Deployment) -> bool {
    rs.metadata.annotation(DESIRED_REPLICAS) != Some(&format_smolstr!("{}", replicas(d)))
        || rs.metadata.annotation(MAX_REPLICAS) != Some(&max_replicas(d))
}

/// A number that is not negative.
pub fn annotated_number(rs: &ReplicaSet, key: &str) -> Option<i32> {
    let text = rs.metadata.annotation(key)?;
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// Gives the new ReplicaSet the deployment's annotations and its revision; an earlier revision of
/// it goes into its history. True if anything changed.
pub fn set_new_replica_set_annotations(
    d: &Deployment,
    rs: &mut ReplicaSet,
    new_revision: i64,
    exists: bool,
) -> bool {
    let mut changed = false;
    for (key, value) in d.metadata.annotations.iter().filter(|(key, _)| !is_own(key)) {
        if rs.metadata.annotation(key) != Some(value) {
            rs.metadata.annotations.make_mut().insert(key.clone(), value.clone());
            changed = true;
        }
    }
    let old_text = rs.metadata.annotation(REVISION).map(SmolStr::from);
    let old_revision: i64 = match old_text.as_deref() {
        None | Some("") => 0,
        Some(text) => match text.parse() {
            Ok(number) => number,
            Err(_) => return false,
        },
    };
    if old_revision < new_revision {
        annotate(rs, REVISION, format_smolstr!("{new_revision}"));
        changed = true;
        if let Some(old) = old_text {
            remember_revision(rs, &old);
        }
    }
    if !exists && set_replicas_annotations(rs, d) {
        changed = true;
    }
    changed
}

/// Appends a revision to the history, dropping the oldest where it gets too long.
fn remember_revision(rs: &mut ReplicaSet, old: &str) {
    let history = SmolStr::from(rs.metadata.annotation(REVISION_HISTORY).unwrap_or_default());
    if history.is_empty() {
        annotate(rs, REVISION_HISTORY, old.into());
        return;
    }
    let mut kept: Vec<&str> = history.split(',').collect();
    let mut length = history.len() + old.len() + 1;
    while length > REVISION_HISTORY_CHARS_MAX && !kept.is_empty() {
        length -= kept.remove(0).len() + 1;
    }
    if length <= REVISION_HISTORY_CHARS_MAX {
        kept.push(old);
        let joined = kept.join(",");
        annotate(rs, REVISION_HISTORY, joined.into());
    }
}

/// True if the deployment did not carry this revision yet.
pub fn set_deployment_revision(d: &mut Deployment, revision: &str) -> bool {
    if d.metadata.annotation(REVISION) == Some(revision) {
        return false;
    }
    d.metadata.set_annotation(REVISION, revision);
    true
}
