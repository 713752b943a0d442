//! Which pods of one node would have to go: all that matter less, and then back those that need
//! not go, the most important first.
//! Models SelectVictimsOnNode of pkg/scheduler/framework/plugins/defaultpreemption.

use std::cmp::Reverse;

use super::budgets::Budgets;
use super::{Candidate, NO_VICTIMS};
use crate::framework::{Cycle, CycleState, Status};
use crate::node_info::NodeInfo;
use crate::nominated;
use crate::profile::{Filters, Profile};
use crate::template::PodInfo;

/// A cycle that looks at nodes as they would be without some pods.
pub struct DryRun<'a, 'c> {
    pub profile: &'a Profile,
    pub cycle: &'a Cycle<'c>,
    pub filters: &'a Filters<'a>,
    pub budgets: &'a Budgets,
}

/// More important pods first: by priority, then those that have run for longer.
fn importance(pod: &PodInfo) -> (Reverse<i32>, i64) {
    (Reverse(pod.template.priority()), started(pod))
}

/// Pods that have not started count as started now, which is after all others.
pub fn started(pod: &PodInfo) -> i64 {
    pod.pod.status.start_time.map_or(i64::MAX, |time| time.0)
}

impl DryRun<'_, '_> {
    fn remove(&self, state: &mut CycleState, info: &mut NodeInfo, pod: &PodInfo) {
        info.remove_pod(pod.uid());
        self.profile.remove_pod(self.cycle, state, pod, info);
    }

    fn add(&self, state: &mut CycleState, info: &mut NodeInfo, pod: &PodInfo) {
        info.add_pod(pod.clone());
        self.profile.add_pod(self.cycle, state, pod, info);
    }

    fn refusal(&self, state: &mut CycleState, info: &NodeInfo) -> Option<Status> {
        let said = nominated::refusal(self.profile, self.cycle, state, self.filters, info);
        said.map(|(_, status)| status)
    }

    /// The victims on a node, or why none of them would help. `state` is left as it was.
    pub fn victims(&self, state: &mut CycleState, node: &NodeInfo) -> Result<Candidate, Status> {
        let priority = self.cycle.template().priority();
        let less = |pod: &&PodInfo| pod.template.priority() < priority;
        let mut lesser: Vec<PodInfo> = node.pods.iter().filter(less).cloned().collect();
        if lesser.is_empty() {
            return Err(NO_VICTIMS);
        }
        let mut info = node.clone();
        lesser.iter().for_each(|pod| self.remove(state, &mut info, pod));
        if let Some(status) = self.refusal(state, &info) {
            lesser.iter().for_each(|pod| self.add(state, &mut info, pod));
            return Err(status);
        }
        lesser.sort_by_key(importance);
        let (protected, others) = self.budgets.split(lesser);
        let mixed = !protected.is_empty() && !others.is_empty();
        let mut victims = Vec::new();
        let mut violations = 0;
        for (pods, counts) in [(protected, true), (others, false)] {
            for pod in pods {
                self.add(state, &mut info, &pod);
                if self.refusal(state, &info).is_some() {
                    self.remove(state, &mut info, &pod);
                    victims.push(pod);
                    violations += i64::from(counts);
                }
            }
        }
        victims.iter().for_each(|pod| self.add(state, &mut info, pod));
        if mixed {
            victims.sort_by_key(importance);
        }
        if victims.is_empty() {
            let why = format!("expected at least one victim pod on node {:?}", node.name);
            return Err(Status::new(crate::framework::Code::Error, why));
        }
        Ok(Candidate { node: node.name.clone(), victims, violations })
    }
}
