//! Images: present, pulled, or not to be had. Models pkg/kubelet/images/image_manager.go.

use api::Pod;
use apimachinery::duration::Duration as GoDuration;
use client::Ctx;
use client::fabric::PullError;
use client::fabric::machine::CachedImage;
use client::fabric::registry::{digest, full_name, split_reference};
use clock::{Duration, SimTime};
use smol_str::{SmolStr, format_smolstr};

use crate::kubelet::Shared;
use crate::token::Kind;
use crate::worker::{State, Worker};

/// What a look at a manifest takes when its layers are there.
const MANIFEST_CHECK: Duration = Duration::from_millis(400);

const EMULATED_RETRY: Duration = Duration::from_secs(300);

fn image_id(reference: &str) -> SmolStr {
    let (repository, tag) = split_reference(reference);
    let name = full_name(repository);
    format_smolstr!("{name}@sha256:{}", digest(&format!("{name}:{tag}")))
}

/// As the emulated kubelets of the recordings wrote it: with the tag that the pod asked for.
fn recorded_image_id(reference: &str) -> SmolStr {
    let (repository, tag) = split_reference(reference);
    let name = full_name(repository);
    let asked =
        if reference.ends_with(&format!(":{tag}")) { format!(":{tag}") } else { String::new() };
    format_smolstr!("{name}{asked}@sha256:{}", digest(&format!("{name}:{tag}")))
}

fn millis(span: Duration) -> GoDuration {
    GoDuration(i64::try_from(span.as_millis()).unwrap_or(i64::MAX).saturating_mul(1_000_000))
}

impl Worker {
    /// A pod's images may change: the containers concerned start anew, without back-off.
    /// Models pkg/kubelet/kuberuntime/kuberuntime_manager.go `containerChanged`.
    pub(crate) fn change_images(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>, old: &Pod) {
        let before = old.spec.init_containers.iter().chain(&old.spec.containers);
        let before: Vec<SmolStr> = before.map(|container| container.image.clone()).collect();
        if let Some(sandbox) = ctx.fabric.sandboxes.get_mut(&self.uid()) {
            sandbox.place.body = self.pod.spec.body.clone();
        }
        for (index, image) in before.iter().enumerate() {
            let Some(container) = self.container(index).filter(|c| c.image != *image) else {
                continue;
            };
            let words =
                format!("Container {} definition changed, will be restarted", container.name);
            let grace = self.pod.spec.termination_grace_period_seconds.unwrap_or(30);
            let stays = index >= self.init_count() || self.is_sidecar(index);
            let Some(work) = self.works.get_mut(index) else { continue };
            work.pull_backoff = Default::default();
            match &mut work.state {
                State::Pulling { .. } | State::NoImage { .. } => work.state = State::Waiting,
                State::CrashLoop { until, .. } => {
                    *until = ctx.now;
                    work.backoff = Default::default();
                }
                State::Running { .. } if stays => {
                    let end = Duration::from_secs(u64::try_from(grace).unwrap_or(0).max(1));
                    self.stop(shared, ctx, index, ctx.now + end, ctx.now, &words);
                }
                _ => {}
            }
        }
    }

    /// The first thing a container needs.
    pub(crate) fn want_image(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>, index: usize) {
        let Some((reference, policy)) =
            self.container(index).map(|c| (c.image.clone(), c.image_pull_policy.clone()))
        else {
            return;
        };
        let found = ctx.fabric.registry.find(&reference).map(|(image, _)| image.size_bytes());
        if let Err(PullError::InvalidName(message)) = &found {
            return self.no_image(shared, ctx, index, "InvalidImageName", message, None);
        }
        let preloaded = ctx.fabric.registry.preloaded && found.is_ok();
        let Some(machine) = ctx.fabric.machines.get_mut(&shared.config.name) else { return };
        if preloaded && !machine.images.contains_key(&reference) {
            let size_bytes = found.as_ref().copied().unwrap_or(0);
            let id = recorded_image_id(&reference);
            let image = CachedImage { id, size_bytes, pulled_at: ctx.now };
            machine.images.insert(reference.clone(), image);
        }
        let cached = machine.images.get(&reference).filter(|image| image.pulled_at <= ctx.now);
        let must_ask = policy == "Always" && !preloaded;
        if let Some(image) = cached.filter(|_| !must_ask) {
            let id = image.id.clone();
            if let Some(work) = self.works.get_mut(index) {
                work.image_id = id;
            }
            let message = format!(
                "Container image \"{reference}\" already present on machine and can be accessed \
                 by the pod"
            );
            self.container_event(shared, ctx, index, "Normal", "Pulled", &message);
            return self.create(shared, ctx, index);
        }
        if policy == "Never" {
            let message =
                format!("Container image \"{reference}\" is not present with pull policy of Never");
            return self.no_image(shared, ctx, index, "ErrImageNeverPull", &message, None);
        }
        self.pull(shared, ctx, index, &reference, found.unwrap_or(0));
    }

    /// Pulls of one node go one after the other, as `serializeImagePulls` has them.
    fn pull(
        &mut self,
        shared: &mut Shared,
        ctx: &mut Ctx<'_>,
        index: usize,
        reference: &SmolStr,
        size_bytes: u64,
    ) {
        let message = format!("Pulling image \"{reference}\"");
        self.container_event(shared, ctx, index, "Normal", "Pulling", &message);
        let registry = &ctx.fabric.registry;
        let exists = registry.pull(reference).is_ok();
        let whole = registry.latency + registry.transfer(size_bytes);
        let transfer = whole * registry.slowness(reference);
        let latency = registry.latency;
        let Some(machine) = ctx.fabric.machines.get_mut(&shared.config.name) else { return };
        let began = machine.pull_free_at.max(ctx.now);
        let span = match machine.images.get(reference) {
            _ if !exists => latency / 2,
            Some(_) => MANIFEST_CHECK,
            None => transfer,
        };
        let due = began + shared.about(ctx, span);
        let Some(machine) = ctx.fabric.machines.get_mut(&shared.config.name) else { return };
        machine.pull_free_at = due;
        if exists && !machine.images.contains_key(reference) {
            let image = CachedImage { id: image_id(reference), size_bytes, pulled_at: due };
            machine.images.insert(reference.clone(), image);
        }
        ctx.timers.at(due, self.token(Kind::Sync, index));
        // A pull may be long: meanwhile the pod's address is told.
        self.dirty = true;
        if let Some(work) = self.works.get_mut(index) {
            work.state = State::Pulling { due, asked: ctx.now, began };
        }
    }

    pub(crate) fn pulled(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>, index: usize) {
        let Some(reference) = self.container(index).map(|c| c.image.clone()) else { return };
        let Some(State::Pulling { due, asked, began }) = self.works.get(index).map(|w| &w.state)
        else {
            return;
        };
        let (took, waited) = (millis(due.since(*began)), millis(due.since(*asked)));
        if let Err(
            PullError::NotFound(why) | PullError::InvalidName(why) | PullError::Unreachable(why),
        ) = ctx.fabric.registry.pull(&reference)
        {
            let message = format!("Failed to pull image \"{reference}\": {why}");
            self.container_event(shared, ctx, index, "Warning", "Failed", &message);
            return self.pull_failed(shared, ctx, index, &why);
        }
        let machine = ctx.fabric.machines.get(&shared.config.name);
        let Some(image) = machine.and_then(|machine| machine.images.get(&reference)) else {
            return;
        };
        let (id, size) = (image.id.clone(), image.size_bytes);
        if let Some(work) = self.works.get_mut(index) {
            work.image_id = id;
            work.pull_backoff = Default::default();
        }
        let message = format!(
            "Successfully pulled image \"{reference}\" in {took} ({waited} including waiting). \
             Image size: {size} bytes."
        );
        self.container_event(shared, ctx, index, "Normal", "Pulled", &message);
        self.create(shared, ctx, index);
    }

    fn pull_failed(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>, index: usize, why: &str) {
        let knobs = shared.knobs().clone();
        let Some(work) = self.works.get_mut(index) else { return };
        let (initial, max) = (knobs.backoff_initial_secs, knobs.backoff_max_secs);
        work.pull_backoff.next(ctx.now, ctx.now, initial, max);
        let wait = Duration::from_secs(u64::from(work.pull_backoff.secs));
        // The emulated kubelets of the recordings were never seen to ask again.
        let lag = if knobs.as_recorded { EMULATED_RETRY } else { knobs.pull_retry_lag };
        let retry = ctx.now + wait + lag;
        self.no_image(shared, ctx, index, "ErrImagePull", why, Some(retry));
    }

    fn no_image(
        &mut self,
        shared: &mut Shared,
        ctx: &mut Ctx<'_>,
        index: usize,
        reason: &'static str,
        why: &str,
        retry: Option<SimTime>,
    ) {
        let knobs = shared.knobs().clone();
        if reason == "InvalidImageName" {
            self.container_event(shared, ctx, index, "Warning", "InspectFailed", why);
        } else if reason == "ErrImageNeverPull" {
            self.container_event(shared, ctx, index, "Warning", "ErrImageNeverPull", why);
        }
        self.container_event(shared, ctx, index, "Warning", "Failed", &format!("Error: {reason}"));
        let backoff_at = ctx.now + knobs.pull_resync;
        let retry_at = retry.unwrap_or(ctx.now + Duration::from_secs(15));
        for at in [backoff_at, retry_at] {
            ctx.timers.at(at, self.token(Kind::Sync, index));
        }
        let message = SmolStr::from(why);
        if let Some(work) = self.works.get_mut(index) {
            work.state = State::NoImage { reason, message, backoff_at, retry_at };
        }
        self.dirty = true;
    }

    pub(crate) fn pull_backed_off(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>, index: usize) {
        let Some(reference) = self.container(index).map(|c| c.image.clone()) else { return };
        let words = format!("Back-off pulling image \"{reference}\"");
        self.container_event(shared, ctx, index, "Normal", "BackOff", &words);
        self.container_event(shared, ctx, index, "Warning", "Failed", "Error: ImagePullBackOff");
        let Some(work) = self.works.get_mut(index) else { return };
        if let State::NoImage { reason, message, .. } = &mut work.state {
            *reason = "ImagePullBackOff";
            *message = format_smolstr!("{words}: ErrImagePull: {message}");
        }
        self.dirty = true;
    }
}
