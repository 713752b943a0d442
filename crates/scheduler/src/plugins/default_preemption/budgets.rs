//! Which victims disruption budgets would have to give up.
//! Models filterPodsWithPDBViolation of pkg/scheduler/framework/plugins/defaultpreemption.

use std::collections::BTreeMap;

use api::PodDisruptionBudget;
use apimachinery::labels::{Selector, to_selector};
use apimachinery::time::Time;
use smol_str::SmolStr;

use crate::template::PodInfo;

struct Budget {
    namespace: SmolStr,
    selector: Selector,
    allowed: i32,
    /// Pods that the budget has given up already.
    disrupted: BTreeMap<SmolStr, Time>,
}

/// All budgets, as far as they protect anything.
pub struct Budgets(Vec<Budget>);

impl Budgets {
    pub fn of<'a>(budgets: impl Iterator<Item = &'a PodDisruptionBudget>) -> Self {
        let compiled = budgets.filter_map(|budget| {
            let selector = to_selector(budget.spec.selector.as_ref()).ok()?;
            let protects = !selector.is_everything() && !selector.is_nothing();
            protects.then(|| Budget {
                namespace: budget.metadata.namespace.clone(),
                selector,
                allowed: budget.status.disruptions_allowed,
                disrupted: budget.status.disrupted_pods.clone(),
            })
        });
        Budgets(compiled.collect())
    }

    /// Pods whose loss would violate a budget, and the others; each in their order.
    pub fn split(&self, pods: Vec<PodInfo>) -> (Vec<PodInfo>, Vec<PodInfo>) {
        if self.0.is_empty() {
            return (Vec::new(), pods);
        }
        let mut allowed: Vec<i32> = self.0.iter().map(|budget| budget.allowed).collect();
        pods.into_iter().partition(|pod| {
            let meta = &pod.pod.metadata;
            let mut violated = false;
            for (budget, left) in self.0.iter().zip(&mut allowed) {
                let concerned = budget.namespace == meta.namespace
                    && !meta.labels.is_empty()
                    && budget.selector.matches(&meta.labels)
                    && !budget.disrupted.contains_key(&meta.name);
                if concerned {
                    *left -= 1;
                    violated |= *left < 0;
                }
            }
            violated
        })
    }
}
