//! A cloud's service controller, as far as a tunnel to one machine is one: it gives addresses to
//! services of type LoadBalancer. Off unless asked for.
//! Models k8s.io/cloud-provider/controllers/service.

use std::collections::{BTreeMap, BTreeSet};

use api::core::reference::ObjectReference;
use api::core::service::{LoadBalancerIngress, LoadBalancerStatus};
use apimachinery::meta::Key;
use client::{ApiExt, EventRecorder};
use smol_str::format_smolstr;

use crate::controllers::{Controller, Notice, Sync, SyncError, SyncResult};
use crate::informers::{Change, Resource};

pub struct ServiceLbController {
    recorder: EventRecorder,
    given: BTreeMap<Key, u8>,
}

impl Default for ServiceLbController {
    fn default() -> Self {
        let recorder = EventRecorder::new("service-controller", "");
        ServiceLbController { recorder, given: BTreeMap::new() }
    }
}

impl ServiceLbController {
    /// The last part of an address in 203.0.113.0/24 that no service has.
    fn give(&mut self, key: &Key) -> Option<u8> {
        if let Some(known) = self.given.get(key) {
            return Some(*known);
        }
        let taken: BTreeSet<u8> = self.given.values().copied().collect();
        let free = (1..=254).find(|part| !taken.contains(part))?;
        self.given.insert(key.clone(), free);
        Some(free)
    }
}

impl Controller for ServiceLbController {
    fn name(&self) -> &'static str {
        "service-lb-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::Service]
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        let Change::Service(delta) = change else { return };
        notice.queue.add(Key::of(&delta.new.metadata));
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let Some(service) = sync.informers.services.get(key) else {
            self.given.remove(key);
            return Ok(());
        };
        let wanted = service.spec.type_ == "LoadBalancer"
            && service.spec.load_balancer_class.is_none()
            && !service.metadata.is_deleting();
        let has = !service.status.load_balancer.ingress.is_empty();
        if wanted == has {
            return Ok(());
        }
        let mut copy = (**service).clone();
        let about = ObjectReference::to(&**service);
        if !wanted {
            copy.status.load_balancer = LoadBalancerStatus::default();
            sync.ctx.api.update_status(copy)?;
            self.given.remove(key);
            return Ok(());
        }
        let ensuring = "Ensuring load balancer";
        self.recorder.event(sync.ctx, &about, "Normal", "EnsuringLoadBalancer", ensuring);
        let Some(part) = self.give(key) else {
            return Err(SyncError::other("no addresses are left"));
        };
        copy.status.load_balancer.ingress = vec![LoadBalancerIngress {
            ip: format_smolstr!("203.0.113.{part}"),
            ip_mode: Some("VIP".into()),
            ..LoadBalancerIngress::default()
        }];
        sync.ctx.api.update_status(copy)?;
        let ensured = "Ensured load balancer";
        self.recorder.event(sync.ctx, &about, "Normal", "EnsuredLoadBalancer", ensured);
        Ok(())
    }
}
