//! Affinity and anti-affinity between pods, required and preferred, in both directions.
//! Models pkg/scheduler/framework/plugins/interpodaffinity.

mod hints;
mod required;
mod wishes;

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::framework::kind;
use crate::framework::{ClusterEvent, Filter, Plugin, PreFilter, PreScore, Score};
use crate::lookup::Lookup;
use crate::node_info::NodeInfo;
use crate::template::PodInfo;

pub struct InterPodAffinity;

impl Plugin for InterPodAffinity {
    fn name(&self) -> &'static str {
        "InterPodAffinity"
    }
    fn pre_filter(&self) -> Option<&dyn PreFilter> {
        Some(self)
    }
    fn filter(&self) -> Option<&dyn Filter> {
        Some(self)
    }
    fn pre_score(&self) -> Option<&dyn PreScore> {
        Some(self)
    }
    fn score(&self) -> Option<&dyn Score> {
        Some(self)
    }
    fn events(&self) -> u16 {
        kind::NODE_ADD
            | kind::NODE_LABEL
            | kind::POD_ADD
            | kind::POD_UPDATE
            | kind::POD_DELETE
            | kind::SELF_UPDATE
    }
    fn hint(&self, pod: &PodInfo, event: &ClusterEvent<'_>, lookup: &Lookup) -> bool {
        hints::hint(pod, event, &lookup.namespaces)
    }
}

/// Sums by topology key and value.
#[derive(Default)]
struct Domains(BTreeMap<SmolStr, BTreeMap<SmolStr, i64>>);

impl Domains {
    /// Adds to the domain of the node, if it has that label.
    fn add(&mut self, info: &NodeInfo, key: &SmolStr, amount: i64) {
        let Some(value) = info.label(key) else { return };
        let values = match self.0.get_mut(key) {
            Some(values) => values,
            None => self.0.entry(key.clone()).or_default(),
        };
        match values.get_mut(value) {
            Some(sum) => *sum += amount,
            None => {
                values.insert(value.clone(), amount);
            }
        }
    }

    /// As `add`, and forgets what has become nothing.
    fn change(&mut self, info: &NodeInfo, key: &SmolStr, by: i64) {
        self.add(info, key, by);
        let (Some(values), Some(value)) = (self.0.get_mut(key), info.label(key)) else { return };
        if values.get(value) == Some(&0) {
            values.remove(value);
        }
        if values.is_empty() {
            self.0.remove(key);
        }
    }

    fn get(&self, key: &str, value: &str) -> i64 {
        self.0.get(key).and_then(|values| values.get(value)).copied().unwrap_or(0)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
