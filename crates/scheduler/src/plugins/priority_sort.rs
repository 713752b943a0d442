//! Pods of higher priority go first.
//! Models pkg/scheduler/framework/plugins/queuesort/priority_sort.go.

use crate::framework::{Plugin, QueueSort};
use crate::template::PodInfo;

pub struct PrioritySort;

impl Plugin for PrioritySort {
    fn name(&self) -> &'static str {
        "PrioritySort"
    }
    fn queue_sort(&self) -> Option<&dyn QueueSort> {
        Some(self)
    }
}

impl QueueSort for PrioritySort {
    fn rank(&self, pod: &PodInfo) -> i64 {
        -i64::from(pod.template.priority())
    }
}
