//! How fast nodes of a zone may be tainted: one in ten seconds, slower where most of the zone is
//! unhealthy, and not at all when everything is, for then it is the control plane that is cut off.
//! Models handleDisruption and the rate-limited queues in node_lifecycle_controller.go.

use std::collections::{BTreeMap, VecDeque};

use api::Node;
use api::core::pod_status::ConditionStatus;
use clock::{Duration, SimTime};
use smol_str::{SmolStr, format_smolstr};

const UNHEALTHY_ZONE_PERCENT: usize = 55;
const LARGE_ZONE: usize = 50;
/// `--node-eviction-rate` 0.1
const INTERVAL: Duration = Duration::from_secs(10);
/// `--secondary-node-eviction-rate` 0.01
const INTERVAL_SECONDARY: Duration = Duration::from_secs(100);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Normal,
    Partial,
    Full,
}

#[derive(Clone, Debug, Default)]
struct Zone {
    state: State,
    nodes: usize,
    /// Nodes that wait for their taint.
    waiting: VecDeque<SmolStr>,
    next: SimTime,
}

#[derive(Clone, Debug, Default)]
pub struct Zones {
    zones: BTreeMap<SmolStr, Zone>,
    all_disrupted: bool,
}

/// Region and zone of a node.
pub fn zone_of(node: &Node) -> SmolStr {
    let label = |key| node.metadata.label(key).unwrap_or_default();
    let region = label("topology.kubernetes.io/region");
    let zone = label("topology.kubernetes.io/zone");
    format_smolstr!("{region}:{zone}")
}

fn state_of(conditions: &[Option<ConditionStatus>]) -> State {
    let ready = conditions.iter().filter(|c| **c == Some(ConditionStatus::True)).count();
    let not_ready = conditions.len() - ready;
    if ready == 0 && not_ready > 0 {
        State::Full
    } else if not_ready > 2 && not_ready * 100 >= UNHEALTHY_ZONE_PERCENT * conditions.len() {
        State::Partial
    } else {
        State::Normal
    }
}

impl Zone {
    /// Time between two taints; nothing if there are none.
    fn interval(&self) -> Option<Duration> {
        match self.state {
            State::Normal | State::Full => Some(INTERVAL),
            State::Partial if self.nodes > LARGE_ZONE => Some(INTERVAL_SECONDARY),
            State::Partial => None,
        }
    }
}

impl Zones {
    /// Puts an unready node into its zone's queue unless it is tainted, and a ready one out of it.
    pub fn note(&mut self, node: &Node, zone: &SmolStr, ready: ConditionStatus) {
        let name = &node.metadata.name;
        let tainted = node.spec.taints.iter().any(|taint| {
            taint.effect == "NoExecute"
                && ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
                    .contains(&taint.key.as_str())
        });
        let queue = &mut self.zones.entry(zone.clone()).or_default().waiting;
        if ready == ConditionStatus::True || tainted {
            queue.retain(|waiting| waiting != name);
        } else if !queue.contains(name) {
            queue.push_back(name.clone());
        }
    }

    pub fn forget(&mut self, node: &str) {
        for zone in self.zones.values_mut() {
            zone.waiting.retain(|waiting| waiting != node);
        }
    }

    /// Takes the zones' states from the nodes' conditions. True if everything has just failed:
    /// then no node shall stay tainted.
    pub fn weigh(
        &mut self,
        conditions: &BTreeMap<SmolStr, Vec<Option<ConditionStatus>>>,
        now: SimTime,
    ) -> bool {
        for (name, conditions) in conditions {
            let zone = self.zones.entry(name.clone()).or_default();
            zone.state = state_of(conditions);
            zone.nodes = conditions.len();
        }
        let all = !conditions.is_empty()
            && conditions.values().all(|conditions| state_of(conditions) == State::Full);
        let just = all && !self.all_disrupted;
        if self.all_disrupted && !all {
            for zone in self.zones.values_mut() {
                zone.next = now;
            }
        }
        self.all_disrupted = all;
        just
    }

    /// The nodes whose turn it is.
    pub fn due(&mut self, now: SimTime) -> Vec<SmolStr> {
        let mut due = Vec::new();
        if self.all_disrupted {
            return due;
        }
        for zone in self.zones.values_mut().filter(|zone| zone.next <= now) {
            let Some(interval) = zone.interval() else { continue };
            if let Some(node) = zone.waiting.front() {
                due.push(node.clone());
                zone.next = now + interval;
            }
        }
        due
    }

    /// When the next waiting node's turn comes, if it does.
    pub fn next_turn(&self) -> Option<SimTime> {
        let waiting = self.zones.values().filter(|zone| !zone.waiting.is_empty());
        let able = waiting.filter(|zone| !self.all_disrupted && zone.interval().is_some());
        able.map(|zone| zone.next).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_as_its_nodes_are() {
        let (yes, no) = (Some(ConditionStatus::True), Some(ConditionStatus::Unknown));
        assert_eq!(state_of(&[yes, yes, no]), State::Normal);
        assert_eq!(state_of(&[yes, no, no]), State::Normal);
        assert_eq!(state_of(&[yes, yes, no, no, no]), State::Partial);
        assert_eq!(state_of(&[no, no]), State::Full);
        assert_eq!(state_of(&[]), State::Normal);
    }
}
