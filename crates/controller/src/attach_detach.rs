//! Brings CSI volumes to the nodes of the pods that use them, and takes them away again.
//! Models pkg/controller/volume/attachdetach.

mod desired;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::core::reference::ObjectReference;
use api::storage::volume_attachment::{VolumeAttachmentSource, VolumeAttachmentSpec};
use api::{Node, Pod, VolumeAttachment};
use apimachinery::meta::{Key, ObjectMeta};
use client::{ApiExt, DeleteOptions, EventRecorder};
use clock::Duration;
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

use crate::controllers::{Controller, Notice, Sync, SyncResult};
use crate::informers::{Change, Resource};
use desired::{Wanted, wanted_on};

/// Set by kubelets that leave attaching to this controller.
const MANAGED: &str = "volumes.kubernetes.io/controller-managed-attach-detach";
const ATTACHED: &str = "volumesAttached";
const RETRY: Duration = Duration::from_millis(500);

pub struct AttachDetachController {
    recorder: EventRecorder,
    /// Attachments by node.
    by_node: BTreeMap<SmolStr, BTreeSet<Key>>,
    /// Nodes to which a volume is attached or being attached, by volume.
    nodes_of: BTreeMap<SmolStr, BTreeSet<SmolStr>>,
    /// Attachments that pods were told of.
    told: BTreeSet<Key>,
    /// Volume and node of which it was said that another node has the volume.
    refused: BTreeSet<(SmolStr, SmolStr)>,
}

impl Default for AttachDetachController {
    fn default() -> Self {
        AttachDetachController {
            recorder: EventRecorder::new("attachdetach-controller", ""),
            by_node: BTreeMap::new(),
            nodes_of: BTreeMap::new(),
            told: BTreeSet::new(),
            refused: BTreeSet::new(),
        }
    }
}

fn attachment(name: &str, wanted: &Wanted, node: &str) -> VolumeAttachment {
    VolumeAttachment {
        metadata: ObjectMeta::named("", name),
        spec: VolumeAttachmentSpec {
            attacher: wanted.driver.clone(),
            node_name: node.into(),
            source: VolumeAttachmentSource {
                persistent_volume_name: Some(wanted.volume.metadata.name.clone()),
                ..VolumeAttachmentSource::default()
            },
            ..VolumeAttachmentSpec::default()
        },
        ..VolumeAttachment::default()
    }
}

impl AttachDetachController {
    fn learn(&mut self, attachment: &VolumeAttachment, gone: bool) {
        let key = Key::of(&attachment.metadata);
        let node = attachment.spec.node_name.clone();
        let volume: SmolStr = attachment.volume_name().unwrap_or_default().into();
        let keys = self.by_node.entry(node.clone()).or_default();
        let nodes = self.nodes_of.entry(volume.clone()).or_default();
        if gone {
            keys.remove(&key);
            nodes.remove(&node);
            self.told.remove(&key);
        } else {
            keys.insert(key);
            nodes.insert(node);
        }
        self.by_node.retain(|_, keys| !keys.is_empty());
        self.nodes_of.retain(|_, nodes| !nodes.is_empty());
    }

    fn tell(
        &mut self,
        sync: &mut Sync<'_, '_>,
        pods: &[Arc<Pod>],
        type_: &'static str,
        reason: &str,
        message: impl Fn(&Pod) -> String,
    ) {
        for pod in pods {
            let about = ObjectReference::to(&**pod);
            self.recorder.event(sync.ctx, &about, type_, reason, &message(pod));
        }
    }

    /// Asks for an attachment, unless another node has the volume for itself.
    fn attach(
        &mut self,
        sync: &mut Sync<'_, '_>,
        wanted: &Wanted,
        node: &SmolStr,
        name: &str,
    ) -> SyncResult {
        let volume = wanted.volume.metadata.name.clone();
        let nodes = self.nodes_of.get(&volume).cloned().unwrap_or_default();
        let elsewhere: Vec<SmolStr> = nodes.into_iter().filter(|other| other != node).collect();
        if !elsewhere.is_empty() && !wanted.is_shared() {
            if self.refused.insert((volume.clone(), node.clone())) {
                let others = desired::users(sync.informers, &wanted.volume, &elsewhere);
                self.tell(sync, &wanted.pods, "Warning", "FailedAttachVolume", |pod| {
                    let why = desired::who_has_it(&others, &pod.metadata.namespace);
                    format!("Multi-Attach error for volume {volume:?} {why}")
                });
            }
            sync.requeue_in(&Key::new("", node.clone()), RETRY);
            return Ok(());
        }
        self.refused.remove(&(volume, node.clone()));
        let made = match sync.ctx.api.create(attachment(name, wanted, node)) {
            Err(status) if status.is_already_exists() => return Ok(()),
            made => made?,
        };
        self.learn(&made, false);
        Ok(())
    }

    /// Tells pods of what has arrived, and the node of all that is there.
    fn report(
        &mut self,
        sync: &mut Sync<'_, '_>,
        node: &Node,
        wanted: &BTreeMap<SmolStr, Wanted>,
    ) -> SyncResult {
        let mut there: Vec<Value> = Vec::new();
        for (name, wanted) in wanted {
            let found = sync.informers.volume_attachments.named("", name);
            let attached = found.is_some_and(|one| one.status.attached);
            if !attached {
                continue;
            }
            there.push(json!({"name": wanted.volume.attached_as().as_deref(), "devicePath": ""}));
            if self.told.insert(Key::new("", name.clone())) {
                let volume = &wanted.volume.metadata.name;
                let message = format!("AttachVolume.Attach succeeded for volume {volume:?} ");
                let say = |_: &Pod| message.clone();
                self.tell(sync, &wanted.pods, "Normal", "SuccessfulAttachVolume", say);
            }
        }
        let there = (!there.is_empty()).then(|| Value::from(there));
        if node.status.extra.get(ATTACHED) == there.as_ref() {
            return Ok(());
        }
        let mut fresh = (*sync.ctx.api.get::<Node>("", &node.metadata.name)?).clone();
        match there {
            Some(there) => fresh.status.extra.insert(ATTACHED, there),
            None => drop(fresh.status.extra.remove(ATTACHED)),
        }
        sync.ctx.api.update_status(fresh)?;
        Ok(())
    }

    fn detach(&self, sync: &mut Sync<'_, '_>, unwanted: &[Key]) -> SyncResult {
        for key in unwanted {
            let found = sync.informers.volume_attachments.get(key);
            if found.is_none_or(|found| found.metadata.is_deleting()) {
                continue;
            }
            let options = DeleteOptions::default();
            match sync.ctx.api.delete::<VolumeAttachment>("", &key.name, options) {
                Err(status) if !status.is_not_found() => return Err(status.into()),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Controller for AttachDetachController {
    fn name(&self) -> &'static str {
        "persistentvolume-attach-detach-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::PersistentVolumeClaim, Resource::Pod, Resource::VolumeAttachment]
    }

    fn workers(&self) -> usize {
        1
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        match change {
            Change::Pod(delta) if delta.new.claims().next().is_some() => {
                let node = &delta.new.spec.node_name;
                let was = delta.old.as_ref();
                let moved = was.is_none_or(|old| {
                    old.spec.node_name != *node
                        || crate::persistent_volume::is_terminated(old)
                            != crate::persistent_volume::is_terminated(&delta.new)
                });
                if !node.is_empty() && (moved || delta.is_deleted()) {
                    notice.queue.add(Key::new("", node.clone()));
                }
            }
            Change::PersistentVolumeClaim(delta) if delta.new.status.phase == "Bound" => {
                if delta.old.as_ref().is_some_and(|old| old.status.phase == "Bound") {
                    return;
                }
                let claim = Key::of(&delta.new.metadata);
                for pod in notice.informers.pods.using_claim(&claim) {
                    if !pod.spec.node_name.is_empty() {
                        notice.queue.add(Key::new("", pod.spec.node_name.clone()));
                    }
                }
            }
            Change::VolumeAttachment(delta) => {
                self.learn(&delta.new, delta.is_deleted());
                notice.queue.add(Key::new("", delta.new.spec.node_name.clone()));
            }
            _ => {}
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let name = &key.name;
        let node = sync.informers.nodes.named("", name).cloned();
        let managed = node.as_ref().is_none_or(|node| node.metadata.annotation(MANAGED).is_some());
        if !managed {
            return Ok(());
        }
        let wanted: BTreeMap<SmolStr, Wanted> = wanted_on(sync.informers, name)
            .into_iter()
            .map(|wanted| (wanted.attachment_name(name), wanted))
            .collect();
        let there = self.by_node.get(name).cloned().unwrap_or_default();
        let unwanted: Vec<Key> =
            there.iter().filter(|key| !wanted.contains_key(&key.name)).cloned().collect();
        if let Some(node) = &node {
            for (attachment, wanted) in &wanted {
                if !there.contains(&Key::new("", attachment.clone())) {
                    self.attach(sync, wanted, name, attachment)?;
                }
            }
            self.report(sync, node, &wanted)?;
        }
        self.detach(sync, &unwanted)
    }
}

/// `csi-` and 64 letters, the same for the same volume on the same node.
fn attachment_name(handle: &str, driver: &str, node: &str) -> SmolStr {
    let digest = client::fabric::registry::digest(&format!("{handle}{driver}{node}"));
    format_smolstr!("csi-{digest}")
}
