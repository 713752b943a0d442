//! Prefers nodes that already hold the pod's images: the larger and more widely spread, the more.
//! Models pkg/scheduler/framework/plugins/imagelocality/image_locality.go.

use crate::framework::{Cycle, CycleState, MAX_NODE_SCORE, Plugin, Score};
use crate::node_info::NodeInfo;

const MIB: i64 = 1024 * 1024;
const MIN_THRESHOLD: i64 = 23 * MIB;
const MAX_CONTAINER_THRESHOLD: i64 = 1000 * MIB;

pub struct ImageLocality;

impl Plugin for ImageLocality {
    fn name(&self) -> &'static str {
        "ImageLocality"
    }
    fn score(&self) -> Option<&dyn Score> {
        Some(self)
    }
}

impl Score for ImageLocality {
    fn score(&self, cycle: &Cycle<'_>, _: &CycleState, info: &NodeInfo) -> i64 {
        let Some(node) = &info.node else { return 0 };
        let total = cycle.cache.order().len() as f64;
        let images = &cycle.template().images;
        let mut sum = 0;
        for wanted in images {
            let held = node.status.images.iter().any(|image| image.names.contains(wanted));
            if let (true, Some((size, nodes))) = (held, cycle.cache.image(wanted)) {
                let spread = f64::from(nodes) / total;
                sum += (size as f64 * spread) as i64;
            }
        }
        let max = MAX_CONTAINER_THRESHOLD.saturating_mul(images.len() as i64);
        let sum = sum.min(max).max(MIN_THRESHOLD);
        MAX_NODE_SCORE * (sum - MIN_THRESHOLD) / (max - MIN_THRESHOLD).max(1)
    }
}
