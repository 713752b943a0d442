//! The node IPAM controller: each node gets the next free /24 of the cluster's pod addresses, in
//! order of arrival. Models pkg/controller/nodeipam/ipam/range_allocator.go.

use std::collections::{BTreeMap, BTreeSet};

use api::Node;
use api::core::reference::ObjectReference;
use apimachinery::meta::Key;
use client::{ApiExt, EventRecorder};
use smol_str::{SmolStr, format_smolstr};

use crate::controllers::{Controller, Notice, Sync, SyncError, SyncResult};
use crate::informers::{Change, Resource};

/// 10.64.0.0/10 holds so many /24.
const RANGES: u32 = 1 << 14;

pub struct NodeIpamController {
    recorder: EventRecorder,
    used: BTreeSet<u32>,
    by_node: BTreeMap<SmolStr, u32>,
}

impl Default for NodeIpamController {
    fn default() -> Self {
        NodeIpamController {
            recorder: EventRecorder::new("cidrAllocator", ""),
            used: BTreeSet::new(),
            by_node: BTreeMap::new(),
        }
    }
}

/// `10.64.3.0/24` is number 3.
fn text(range: u32) -> SmolStr {
    format_smolstr!("10.{}.{}.0/24", 64 + range / 256, range % 256)
}

fn number(text: &str) -> Option<u32> {
    let mut parts = text.strip_prefix("10.")?.strip_suffix(".0/24")?.split('.');
    let high: u32 = parts.next()?.parse().ok()?;
    let low: u32 = parts.next()?.parse().ok()?;
    let range = high.checked_sub(64)? * 256 + low;
    (range < RANGES && low < 256 && parts.next().is_none()).then_some(range)
}

impl NodeIpamController {
    fn occupy(&mut self, node: &Node) {
        if let Some(range) = number(&node.spec.pod_cidr) {
            self.used.insert(range);
            self.by_node.insert(node.metadata.name.clone(), range);
        }
    }

    fn next_free(&self) -> Option<u32> {
        let mut expected = 0;
        for used in &self.used {
            if *used > expected {
                break;
            }
            expected = used + 1;
        }
        (expected < RANGES).then_some(expected)
    }
}

impl Controller for NodeIpamController {
    fn name(&self) -> &'static str {
        "node-ipam-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::Node]
    }

    fn workers(&self) -> usize {
        1
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        let Change::Node(delta) = change else { return };
        if delta.is_deleted() {
            if let Some(range) = self.by_node.remove(&delta.new.metadata.name) {
                self.used.remove(&range);
            }
        } else if delta.new.spec.pod_cidr.is_empty() {
            notice.queue.add(Key::of(&delta.new.metadata));
        } else {
            self.occupy(&delta.new);
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let Some(node) = sync.informers.nodes.get(key) else { return Ok(()) };
        if !node.spec.pod_cidr.is_empty() {
            self.occupy(node);
            return Ok(());
        }
        let known = self.by_node.get(&key.name).copied();
        let Some(range) = known.or_else(|| self.next_free()) else {
            let message = format!("Node {} status is now: CIDRNotAvailable", key.name);
            let about = ObjectReference::to(&**node);
            self.recorder.event(sync.ctx, &about, "Normal", "CIDRNotAvailable", &message);
            return Err(SyncError::other("failed to allocate cidr: there are no remaining CIDRs"));
        };
        self.used.insert(range);
        self.by_node.insert(key.name.clone(), range);
        let mut copy = (**node).clone();
        copy.spec.pod_cidr = text(range);
        copy.spec.pod_cidrs = vec![text(range)];
        sync.ctx.api.update(copy)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_go_on_past_a_full_octet() {
        for (range, cidr) in [(0, "10.64.0.0/24"), (255, "10.64.255.0/24"), (256, "10.65.0.0/24")] {
            assert_eq!(text(range), cidr);
            assert_eq!(number(cidr), Some(range));
        }
        assert_eq!(number("10.63.0.0/24"), None);
        assert_eq!(number("192.168.0.0/24"), None);
    }
}
