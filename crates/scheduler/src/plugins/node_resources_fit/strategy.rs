//! What a node's use is worth under each strategy.
//! Models pkg/scheduler/framework/plugins/noderesources/{least_allocated,most_allocated,
//! requested_to_capacity_ratio,resource_allocation}.go.

use smol_str::SmolStr;

use crate::config::{ScoringStrategy, Strategy};
use crate::framework::MAX_NODE_SCORE;
use crate::node_info::NodeInfo;
use crate::resources::PodRequests;

/// Scores of a shape go to 10.
const SHAPE_SCALE: i64 = MAX_NODE_SCORE / 10;

/// What would be taken of a resource with the pod, and how much there is.
fn use_of(name: &SmolStr, asked: &PodRequests, info: &NodeInfo) -> (i64, i64) {
    let (room, taken) = (&info.allocatable, &info.requested);
    match name.as_str() {
        "cpu" => (info.nonzero_milli_cpu + asked.nonzero_milli_cpu, room.milli_cpu),
        "memory" => (info.nonzero_memory + asked.nonzero_memory, room.memory),
        "ephemeral-storage" => {
            let taken = taken.ephemeral_storage + asked.asked.ephemeral_storage;
            (taken, room.ephemeral_storage)
        }
        name => match asked.asked.scalar(name) {
            // A pod that does not ask for a device is not judged by it.
            0 => (0, 0),
            asked => (taken.scalar(name) + asked, room.scalar(name)),
        },
    }
}

pub fn score(strategy: &ScoringStrategy, asked: &PodRequests, info: &NodeInfo) -> i64 {
    let resources = strategy.resources.iter().map(|(name, weight)| {
        let (taken, room) = use_of(name, asked, info);
        (taken, room, *weight)
    });
    let known = resources.filter(|(_, room, _)| *room != 0);
    match &strategy.strategy {
        Strategy::LeastAllocated => mean(known.map(|(taken, room, weight)| {
            let free = (room - taken).max(0);
            (free.saturating_mul(MAX_NODE_SCORE) / room, weight)
        })),
        Strategy::MostAllocated => mean(known.map(|(taken, room, weight)| {
            (taken.min(room).saturating_mul(MAX_NODE_SCORE) / room, weight)
        })),
        Strategy::RequestedToCapacityRatio(shape) => {
            let scores = known.map(|(taken, room, weight)| {
                let percent = if taken > room { 100 } else { taken.saturating_mul(100) / room };
                (on_line(shape, percent), weight)
            });
            rounded_mean(scores.filter(|(score, _)| *score > 0))
        }
    }
}

fn sums(scores: impl Iterator<Item = (i64, i64)>) -> (i64, i64) {
    scores.fold((0, 0), |(sum, weights), (score, weight)| (sum + score * weight, weights + weight))
}

fn mean(scores: impl Iterator<Item = (i64, i64)>) -> i64 {
    match sums(scores) {
        (_, 0) => 0,
        (sum, weights) => sum / weights,
    }
}

fn rounded_mean(scores: impl Iterator<Item = (i64, i64)>) -> i64 {
    match sums(scores) {
        (_, 0) => 0,
        (sum, weights) => (2 * sum + weights) / (2 * weights),
    }
}

/// The height of a broken line at `x`.
fn on_line(shape: &[(i64, i64)], x: i64) -> i64 {
    let mut before: Option<(i64, i64)> = None;
    for (utilization, score) in shape {
        let score = score * SHAPE_SCALE;
        if x <= *utilization {
            return match before {
                None => score,
                Some((at, from)) => from + (score - from) * (x - at) / (utilization - at).max(1),
            };
        }
        before = Some((*utilization, score));
    }
    before.map_or(0, |(_, score)| score)
}
