//! Which old pods go and on which nodes new ones are made beside them. Without surge old pods are
//! deleted as long as no more than maxUnavailable nodes are without a pod that is available; with
//! surge new pods are made beside up to maxSurge old ones, which go when theirs is available.
//! Models rollingUpdate in pkg/controller/daemon/update.go.

use std::sync::Arc;

use api::{DaemonSet, Pod};
use apimachinery::int_or_string::{IntOrString, Round};
use smol_str::SmolStr;

use super::placement::is_updated;
use super::view::{Plan, View};

fn scaled(value: Option<&IntOrString>, total: usize) -> usize {
    let total = i64::try_from(total).unwrap_or(i64::MAX);
    let scaled = value.and_then(|value| value.scaled_value(total, Round::Up).ok());
    scaled.and_then(|scaled| usize::try_from(scaled).ok()).unwrap_or(0)
}

/// How many nodes may have two pods.
pub fn max_surge(ds: &DaemonSet, nodes: usize) -> usize {
    let strategy = &ds.spec.update_strategy;
    let rolling = strategy.rolling_update.as_ref().filter(|_| strategy.type_ == "RollingUpdate");
    scaled(rolling.and_then(|rolling| rolling.max_surge.as_ref()), nodes)
}

fn max_unavailable(ds: &DaemonSet, nodes: usize) -> usize {
    let rolling = ds.spec.update_strategy.rolling_update.as_ref();
    scaled(rolling.and_then(|rolling| rolling.max_unavailable.as_ref()), nodes)
}

/// The new and the old pod of a node.
type NewAndOld<'p> = (Option<&'p Arc<Pod>>, Option<&'p Arc<Pod>>);

/// `None` where there are several of one sort.
fn new_and_old<'p>(view: &View<'_>, pods: &'p [Arc<Pod>]) -> Option<NewAndOld<'p>> {
    let (mut new, mut old) = (None, None);
    for pod in pods.iter().filter(|pod| !pod.metadata.is_deleting()) {
        let place = if is_updated(pod, view.hash, view.generation) { &mut new } else { &mut old };
        if place.replace(pod).is_some() {
            return None;
        }
    }
    Some((new, old))
}

pub fn plan(view: &View<'_>) -> Plan {
    let wanted = view.nodes.iter().filter(|(_, fit)| fit.run).count();
    let surge = max_surge(view.ds, wanted);
    if surge > 0 {
        return with_surge(view, wanted, surge);
    }
    let unavailable = max_unavailable(view.ds, wanted);
    let unavailable = if wanted > 0 { unavailable.max(1) } else { unavailable };
    without_surge(view, unavailable)
}

fn without_surge(view: &View<'_>, max_unavailable: usize) -> Plan {
    let (mut unavailable, mut replaced, mut candidates) = (0, Vec::new(), Vec::new());
    let empty = view
        .nodes
        .iter()
        .filter(|(node, fit)| fit.run && !view.on_node.contains_key(&node.metadata.name));
    unavailable += empty.count();
    for pods in view.on_node.values() {
        match new_and_old(view, pods) {
            None | Some((None, None)) | Some((Some(_), Some(_))) => unavailable += 1,
            Some((Some(new), None)) => unavailable += usize::from(!view.is_available(new)),
            Some((None, Some(old))) if !view.is_available(old) => {
                replaced.push(Arc::clone(old));
                unavailable += 1;
            }
            Some((None, Some(_))) if unavailable >= max_unavailable => {}
            Some((None, Some(old))) => candidates.push(Arc::clone(old)),
        }
    }
    candidates.truncate(max_unavailable.saturating_sub(unavailable));
    replaced.append(&mut candidates);
    Plan { delete: replaced, create: Vec::new() }
}

fn with_surge(view: &View<'_>, wanted: usize, max_surge: usize) -> Plan {
    let (mut delete, mut misplaced) = (Vec::new(), Vec::new());
    let (mut create, mut candidates): (Vec<SmolStr>, Vec<SmolStr>) = (Vec::new(), Vec::new());
    let (mut surge, mut available) = (0, 0);
    for (name, pods) in &view.on_node {
        let Some((new, old)) = new_and_old(view, pods) else {
            surge += 1;
            continue;
        };
        let counted = old.or(new);
        available += usize::from(counted.is_some_and(|pod| view.is_available(pod)));
        let Some(old) = old else { continue };
        let should_run = view.fit(name).is_some_and(|fit| fit.run);
        match (new, view.is_available(old)) {
            (Some(new), _) if !view.is_available(new) => surge += 1,
            (Some(_), _) => delete.push(Arc::clone(old)),
            (None, false) if !should_run => delete.push(Arc::clone(old)),
            (None, false) => create.push(name.clone()),
            (None, true) if !should_run => misplaced.push(Arc::clone(old)),
            (None, true) if surge < max_surge => candidates.push(name.clone()),
            (None, true) => {}
        }
    }
    // Where the pod has no place any more it goes only when enough others are available.
    misplaced.truncate(available.saturating_sub(wanted));
    delete.append(&mut misplaced);
    candidates.truncate(max_surge.saturating_sub(surge));
    create.append(&mut candidates);
    Plan { delete, create }
}
