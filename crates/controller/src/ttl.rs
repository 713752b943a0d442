//! The TTL controller: tells kubelets how long they may keep secrets and config maps, the longer
//! the larger the cluster. Models pkg/controller/ttl/ttl_controller.go.

use apimachinery::meta::Key;
use client::ApiExt;

use crate::controllers::{Controller, Notice, Sync, SyncResult};
use crate::informers::{Change, Resource};

const ANNOTATION: &str = "node.alpha.kubernetes.io/ttl";

/// From so many nodes on, back again below so many, and the seconds.
const STEPS: [(usize, usize, &str); 5] =
    [(0, 0, "0"), (101, 90, "15"), (501, 450, "30"), (1001, 900, "60"), (2001, 1800, "300")];

#[derive(Default)]
pub struct TtlController {
    step: usize,
}

impl TtlController {
    fn adapt(&mut self, nodes: usize) -> bool {
        let before = self.step;
        while STEPS.get(self.step + 1).is_some_and(|(from, _, _)| nodes >= *from) {
            self.step += 1;
        }
        while STEPS.get(self.step).is_some_and(|(_, until, _)| nodes < *until) {
            self.step -= 1;
        }
        before != self.step
    }

    fn seconds(&self) -> &'static str {
        STEPS.get(self.step).map_or("0", |(_, _, seconds)| seconds)
    }
}

impl Controller for TtlController {
    fn name(&self) -> &'static str {
        "ttl-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::Node]
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        let Change::Node(delta) = change else { return };
        self.adapt(notice.informers.nodes.len());
        let node = &delta.new.metadata;
        if !delta.is_deleted() && node.annotation(ANNOTATION) != Some(self.seconds()) {
            notice.queue.add(Key::of(node));
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let Some(node) = sync.informers.nodes.get(key) else { return Ok(()) };
        if node.metadata.annotation(ANNOTATION) == Some(self.seconds()) {
            return Ok(());
        }
        let mut copy = (**node).clone();
        copy.metadata.set_annotation(ANNOTATION, self.seconds());
        sync.ctx.api.update(copy)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_at_once_and_shrinks_late() {
        let mut ttl = TtlController::default();
        for (nodes, seconds) in
            [(3, "0"), (100, "0"), (101, "15"), (95, "15"), (89, "0"), (5000, "300"), (1799, "60")]
        {
            ttl.adapt(nodes);
            assert_eq!(ttl.seconds(), seconds, "{nodes}");
        }
    }
}
