//! The arithmetic of a rollout as data, for whoever wants to read why it does its next step or
//! waits. The controller itself decides by these numbers.
//! Models NewRSNewReplicas and reconcileOldReplicaSets of pkg/controller/deployment.

use std::sync::Arc;

use api::{Deployment, ReplicaSet};
use smol_str::SmolStr;

use super::fenceposts::{
    is_rolling_update, max_surge, max_unavailable, new_replica_set_replicas, replicas,
};
use super::replica_sets::{ReplicaSets, size, split};
use super::revision::revision;

/// One ReplicaSet's part, all in pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    pub name: SmolStr,
    pub revision: i64,
    /// Whether its template is the deployment's.
    pub is_new: bool,
    pub wanted: i32,
    pub actual: i32,
    pub available: i32,
}

/// Where a rollout stands, all in pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    pub desired: i32,
    /// False for the strategy `Recreate`, which knows no fence posts.
    pub rolling: bool,
    pub max_surge: i32,
    pub max_unavailable: i32,
    /// There are never more than this.
    pub most: i32,
    /// There are never fewer available than this by the rollout's own doing.
    pub least: i32,
    pub wanted: i32,
    pub available: i32,
    /// By how many the new ReplicaSet may grow now.
    pub may_create: i32,
    /// By how many the old ones may shrink now.
    pub may_remove: i32,
    /// The new one first, then those that still have pods.
    pub shares: Vec<Share>,
}

/// What the old ReplicaSets may lose at most: new pods that are not available yet count against it.
pub(super) fn removable(d: &Deployment, sets: &ReplicaSets) -> i32 {
    let Some(new) = &sets.new else { return 0 };
    let least = replicas(d).saturating_sub(max_unavailable(d));
    let unavailable = size(new).saturating_sub(new.status.available_replicas);
    sets.wanted().saturating_sub(least).saturating_sub(unavailable)
}

fn share(rs: &ReplicaSet, is_new: bool) -> Share {
    Share {
        name: rs.metadata.name.clone(),
        revision: revision(rs).unwrap_or(0),
        is_new,
        wanted: size(rs),
        actual: rs.status.replicas,
        available: rs.status.available_replicas,
    }
}

/// The arithmetic of a deployment that owns these ReplicaSets.
pub fn rollout(d: &Deployment, owned: Vec<Arc<ReplicaSet>>) -> Rollout {
    let sets = split(d, owned);
    let desired = replicas(d);
    let size_of_new = sets.new.as_deref().map_or(0, size);
    let grown = new_replica_set_replicas(d, sets.wanted(), size_of_new).unwrap_or(size_of_new);
    let old: i32 = sets.old.iter().map(|rs| size(rs)).sum();
    let new = sets.new.iter().map(|rs| share(rs, true));
    let rest = sets.old.iter().filter(|rs| size(rs) > 0 || rs.status.replicas > 0);
    Rollout {
        desired,
        rolling: is_rolling_update(d),
        max_surge: max_surge(d),
        max_unavailable: max_unavailable(d),
        most: desired.saturating_add(max_surge(d)),
        least: desired.saturating_sub(max_unavailable(d)),
        wanted: sets.wanted(),
        available: sets.available(),
        may_create: grown.min(desired).saturating_sub(size_of_new).max(0),
        may_remove: removable(d, &sets).clamp(0, old),
        shares: new.chain(rest.map(|rs| share(rs, false))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use api::apps::deployment::RollingUpdateDeployment;
    use apimachinery::int_or_string::IntOrString;

    use super::*;

    fn set(d: &Deployment, image: &str, wanted: i32, available: i32) -> Arc<ReplicaSet> {
        let mut rs = ReplicaSet::default();
        rs.metadata.name = image.into();
        rs.spec.template = d.spec.template.clone();
        rs.spec.template.metadata.set_annotation("image", image);
        rs.spec.replicas = Some(wanted);
        rs.status.replicas = wanted;
        rs.status.available_replicas = available;
        Arc::new(rs)
    }

    /// Ten pods with 25 % and 25 %, as recorded: new 0→3, old 10→8, new 3→5, then it waits.
    #[test]
    fn ten_pods_step_by_step() {
        let mut d = Deployment::default();
        d.spec.replicas = Some(10);
        d.spec.strategy.type_ = "RollingUpdate".into();
        d.spec.strategy.rolling_update = Some(RollingUpdateDeployment {
            max_surge: Some(IntOrString::String("25%".into())),
            max_unavailable: Some(IntOrString::String("25%".into())),
            ..RollingUpdateDeployment::default()
        });
        let old_template = d.clone();
        d.spec.template.metadata.set_annotation("image", "new");
        // (new, of it available, old) and what may be created and removed.
        for ((new, ready, old), (create, remove)) in [
            ((0, 0, 10), (3, 2)),
            ((3, 0, 10), (0, 2)),
            ((3, 0, 8), (2, 0)),
            ((5, 0, 8), (0, 0)),
            ((5, 1, 8), (0, 1)),
            ((10, 10, 0), (0, 0)),
        ] {
            let sets = vec![set(&d, "new", new, ready), set(&old_template, "old", old, old)];
            let told = rollout(&d, sets);
            let numbers = (told.most, told.least, told.may_create, told.may_remove);
            assert_eq!(numbers, (13, 8, create, remove), "{new} {ready} {old}");
        }
    }
}
