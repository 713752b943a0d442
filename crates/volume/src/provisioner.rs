//! The component: makes volumes for claims, deletes released ones, and attaches.
//! Models sig-storage-lib-external-provisioner and kubernetes-csi/external-attacher.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::core::reference::ObjectReference;
use api::core::volume_binding::{PROVISIONED_BY, STORAGE_PROVISIONER};
use api::{Object, PersistentVolume, PersistentVolumeClaim, StorageClass, VolumeAttachment};
use apimachinery::meta::Key;
use client::{
    ApiExt, Component, Ctx, DeleteOptions, Delta, EventRecorder, Store, User, WatchEvent, WatchSpec,
};
use clock::SimTime;
use smol_str::SmolStr;

use crate::driver::{Driver, Source};

/// What is to be done next, by the object it is done for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Task {
    Provision(Key),
    Delete(Key),
    Attach(Key),
    Detach(Key),
}

/// Plays all drivers of a cluster.
pub struct Provisioner {
    drivers: Vec<Driver>,
    recorders: Vec<EventRecorder>,
    classes: Store<StorageClass>,
    claims: Store<PersistentVolumeClaim>,
    volumes: Store<PersistentVolume>,
    attachments: Store<VolumeAttachment>,
    due: BTreeSet<(SimTime, Task)>,
    planned: BTreeMap<Task, SimTime>,
}

fn attach_finalizer(driver: &str) -> SmolStr {
    let name = driver.replace('.', "-");
    smol_str::format_smolstr!("external-attacher/{name}")
}

impl Provisioner {
    pub fn new(drivers: Vec<Driver>) -> Self {
        Provisioner {
            recorders: drivers.iter().map(|d| EventRecorder::new(&d.says_as, "")).collect(),
            drivers,
            classes: Store::default(),
            claims: Store::default(),
            volumes: Store::default(),
            attachments: Store::default(),
            due: BTreeSet::new(),
            planned: BTreeMap::new(),
        }
    }

    fn driver(&self, name: &str) -> Option<&Driver> {
        self.drivers.iter().find(|driver| driver.name == name)
    }

    fn plan(&mut self, ctx: &mut Ctx<'_>, driver: &str, task: Task) {
        let Some(driver) = self.driver(driver) else { return };
        if self.planned.contains_key(&task) {
            return;
        }
        let at = ctx.now + driver.delay;
        self.planned.insert(task.clone(), at);
        self.due.insert((at, task));
        ctx.timers.at(at, 0);
    }

    fn hear(&mut self, ctx: &mut Ctx<'_>, event: &WatchEvent) {
        if let Some(delta) = Delta::<StorageClass>::of(event) {
            self.classes.apply(&delta);
        } else if let Some(delta) = Delta::<PersistentVolumeClaim>::of(event) {
            self.claims.apply(&delta);
            let claim = &delta.new;
            let asked = claim.metadata.annotation(STORAGE_PROVISIONER);
            if let (Some(driver), true) = (asked, claim.spec.volume_name.is_empty()) {
                self.plan(ctx, driver, Task::Provision(Key::of(&claim.metadata)));
            }
        } else if let Some(delta) = Delta::<PersistentVolume>::of(event) {
            self.volumes.apply(&delta);
            let volume = &delta.new;
            let maker = volume.metadata.annotation(PROVISIONED_BY);
            if let (Some(driver), true) = (maker, is_to_be_deleted(volume)) {
                self.plan(ctx, driver, Task::Delete(Key::of(&volume.metadata)));
            }
        } else if let Some(delta) = Delta::<VolumeAttachment>::of(event) {
            self.attachments.apply(&delta);
            let attachment = &delta.new;
            let key = Key::of(&attachment.metadata);
            match (attachment.metadata.is_deleting(), attachment.status.attached) {
                (true, _) => self.plan(ctx, &attachment.spec.attacher, Task::Detach(key)),
                (false, false) => self.plan(ctx, &attachment.spec.attacher, Task::Attach(key)),
                (false, true) => {}
            }
        }
    }

    fn act(&mut self, ctx: &mut Ctx<'_>, task: &Task) {
        match task {
            Task::Provision(key) => self.provision(ctx, key),
            Task::Delete(key) => self.delete(ctx, key),
            Task::Attach(key) => self.attach(ctx, key),
            Task::Detach(key) => self.detach(ctx, key),
        }
    }

    fn say(
        &mut self,
        ctx: &mut Ctx<'_>,
        driver: &str,
        about: &dyn Object,
        reason: &str,
        message: &str,
    ) {
        let mut all = self.drivers.iter().zip(&mut self.recorders);
        let found = all.find(|(one, _)| one.name == driver && !one.says_as.is_empty());
        if let Some((_, recorder)) = found {
            recorder.event(ctx, &ObjectReference::to(about), "Normal", reason, message);
        }
    }

    fn provision(&mut self, ctx: &mut Ctx<'_>, key: &Key) {
        let Some(claim) = self.claims.get(key).map(Arc::clone) else { return };
        let Some(name) = claim.metadata.annotation(STORAGE_PROVISIONER) else { return };
        let class = self.classes.named("", claim.class()).cloned();
        let (Some(driver), Some(class)) = (self.driver(name), class) else { return };
        if !claim.spec.volume_name.is_empty() || claim.metadata.is_deleting() {
            return;
        }
        let volume = driver.volume(&claim, &class);
        if self.volumes.named("", &volume.metadata.name).is_some() {
            return;
        }
        let (about, made) = (&*claim, volume.metadata.name.clone());
        let message = format!(
            "External provisioner is provisioning volume for claim \"{}/{}\"",
            key.namespace, key.name
        );
        self.say(ctx, name, about, "Provisioning", &message);
        if ctx.api.create(volume).is_ok() {
            let message = format!("Successfully provisioned volume {made}");
            self.say(ctx, name, about, "ProvisioningSucceeded", &message);
        }
    }

    fn delete(&mut self, ctx: &mut Ctx<'_>, key: &Key) {
        let Some(volume) = self.volumes.get(key) else { return };
        if is_to_be_deleted(volume) {
            ctx.fabric.disks.remove(&volume.disk(""));
            let _ = ctx.api.delete::<PersistentVolume>("", &key.name, DeleteOptions::default());
        }
    }

    fn attach(&mut self, ctx: &mut Ctx<'_>, key: &Key) {
        let Some(attachment) = self.attachments.get(key).map(Arc::clone) else { return };
        let driver = self.driver(&attachment.spec.attacher);
        let attaches = driver.is_some_and(|driver| driver.source == Source::Csi);
        if !attaches || attachment.status.attached || attachment.metadata.is_deleting() {
            return;
        }
        let finalizer = attach_finalizer(&attachment.spec.attacher);
        let mut copy = (*attachment).clone();
        if !attachment.metadata.finalizers().contains(&finalizer) {
            copy.metadata.rare_mut().finalizers.push(finalizer);
            match ctx.api.update(copy) {
                Ok(written) => copy = (*written).clone(),
                Err(_) => return,
            }
        }
        copy.status.attached = true;
        let _ = ctx.api.update_status(copy);
    }

    fn detach(&mut self, ctx: &mut Ctx<'_>, key: &Key) {
        let Some(attachment) = self.attachments.get(key).map(Arc::clone) else { return };
        let finalizer = attach_finalizer(&attachment.spec.attacher);
        if !attachment.metadata.finalizers().contains(&finalizer) {
            return;
        }
        let mut copy = (*attachment).clone();
        copy.metadata.rare_mut().finalizers.retain(|name| *name != finalizer);
        let _ = ctx.api.update(copy);
    }
}

fn is_to_be_deleted(volume: &PersistentVolume) -> bool {
    volume.status.phase == "Released"
        && volume.spec.reclaim_policy == "Delete"
        && !volume.metadata.is_deleting()
}

impl Component for Provisioner {
    fn name(&self) -> SmolStr {
        SmolStr::new_static("storage-provisioner")
    }

    fn user(&self) -> User {
        User {
            name: SmolStr::new_static("system:serviceaccount:kube-system:storage-provisioner"),
            groups: vec![SmolStr::new_static("system:masters")],
            ..User::default()
        }
    }

    fn watches(&self) -> Vec<WatchSpec> {
        vec![
            WatchSpec::all::<StorageClass>(),
            WatchSpec::all::<PersistentVolumeClaim>(),
            WatchSpec::all::<PersistentVolume>(),
            WatchSpec::all::<VolumeAttachment>(),
        ]
    }

    fn start(&mut self, _: &mut Ctx<'_>) {}

    fn on_watch(&mut self, ctx: &mut Ctx<'_>, events: &[WatchEvent]) {
        for event in events {
            self.hear(ctx, event);
        }
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_>, _: u64) {
        while let Some((at, task)) = self.due.first().cloned() {
            if at > ctx.now {
                break;
            }
            self.due.remove(&(at, task.clone()));
            self.planned.remove(&task);
            self.act(ctx, &task);
        }
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn std::any::Any {
        self
    }
}
