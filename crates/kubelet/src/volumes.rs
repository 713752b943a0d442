//! A pod's volumes: filled, found or waited for before its sandbox is made.
//! Models pkg/kubelet/volumemanager and the plugins below pkg/volume.

use std::collections::BTreeMap;

use api::core::volume::Volume;
use api::core::volume_binding::PROVISIONED_BY;
use api::{CSIDriver, Node, PersistentVolume, PersistentVolumeClaim, Pod};
use apimachinery::meta::Key;
use client::fabric::sandbox::{Backing, Files, Shared as SharedVolume};
use client::{ApiExt, Ctx};
use clock::Duration;
use serde_json::Value;
use smol_str::SmolStr;

use crate::kubelet::Shared;
use crate::token::Kind;
use crate::worker::{Stage, Worker};

const MOUNT_RETRY: Duration = Duration::from_secs(2);
/// How often the kubelet looks whether the attacher is done.
const ATTACH_LOOK: Duration = Duration::from_millis(300);
/// From here on the kubelet says that it waits (`podAttachAndMountTimeout`).
const ATTACH_PATIENCE: Duration = Duration::from_secs(123);
/// A pod that could not be synced comes back after this.
const SYNC_RETRY: Duration = Duration::from_secs(10);
/// Folders that every machine has.
const SYSTEM_FOLDERS: [&str; 10] =
    ["/", "/dev", "/etc", "/home", "/proc", "/run", "/sys", "/tmp", "/usr", "/var"];

/// What a pod's containers can mount.
#[derive(Debug, Default)]
pub(crate) struct Mounted {
    /// Files that live as long as the pod.
    pub own: BTreeMap<SmolStr, Files>,
    pub shared: BTreeMap<SmolStr, SharedVolume>,
}

/// Why a volume is not there.
#[derive(Debug)]
pub(crate) enum Missing {
    /// It could not be set up: the volume, and why.
    SetUp(SmolStr, String),
    /// It could not even be found out what it is.
    Unknown(SmolStr, String),
    /// It is not attached yet.
    Attach(SmolStr),
}

fn is_attached(node: Option<&Node>, name: &str) -> bool {
    let attached = node.and_then(|node| node.status.extra.get("volumesAttached"));
    let all = attached.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    all.iter().any(|one| one["name"] == name)
}

/// What is at a path of the machine, as far as anybody put something there.
fn check_host_path(ctx: &mut Ctx<'_>, node: &str, path: &str, kind: &str) -> Result<(), String> {
    let Some(machine) = ctx.fabric.machines.get_mut(node) else { return Ok(()) };
    let path = format!("/{}", path.trim_matches('/'));
    let folder = format!("{}/", path.trim_end_matches('/'));
    let files = &mut machine.files;
    let is_file = files.contains_key(&path);
    let is_folder = SYSTEM_FOLDERS.contains(&path.as_str())
        || path.strip_prefix("/var/").is_some_and(|rest| ["lib", "log", "run"].contains(&rest))
        || files.keys().any(|name| name.starts_with(&folder));
    let fail = |what: &str| Err(format!("hostPath type check failed: {path} is not a {what}"));
    match kind {
        "Directory" if !is_folder => fail("directory"),
        "File" if !is_file => fail("file"),
        "Socket" => fail("socket file"),
        "CharDevice" => fail("character device"),
        "BlockDevice" => fail("block device"),
        "DirectoryOrCreate" if is_file => fail("directory"),
        "FileOrCreate" if is_folder => fail("file"),
        "DirectoryOrCreate" if !is_folder => {
            files.insert(folder, String::new());
            Ok(())
        }
        "FileOrCreate" => {
            files.entry(path).or_default();
            Ok(())
        }
        _ => Ok(()),
    }
}

impl Worker {
    /// Everything the containers can mount, or the first volume that is not there.
    pub(crate) fn mount_volumes(
        &self,
        shared: &Shared,
        ctx: &mut Ctx<'_>,
        node: Option<&Node>,
    ) -> Result<Mounted, Missing> {
        let mut mounted = Mounted::default();
        let pod = self.pod.clone();
        for volume in &pod.spec.volumes {
            let name = volume.name.clone();
            if volume.empty_dir.is_some() {
                mounted.own.insert(name, Files::new());
            } else if let Some(claim) = volume.claim_name(&pod) {
                let found = self.find_claimed(shared, ctx, node, volume, &claim)?;
                mounted.shared.extend(found.map(|found| (name, found)));
            } else if let Some(source) = &volume.host_path {
                let text = |field: &str| source[field].as_str().unwrap_or_default();
                let (path, kind) = (text("path"), text("type"));
                let checked = check_host_path(ctx, &shared.config.name, path, kind);
                if let Some(why) = checked.err().filter(|_| !shared.knobs().as_recorded) {
                    return Err(Missing::SetUp(name, why));
                }
                let backing = Backing::Host(path.into());
                mounted.shared.insert(name, SharedVolume { backing, read_only: false });
            } else {
                let files = self.files_of_volume(ctx, volume);
                let files = files.map_err(|why| Missing::SetUp(name.clone(), why))?;
                mounted.own.extend(files.map(|files| (name, files)));
            }
        }
        Ok(mounted)
    }

    /// The disk behind a claim. The recordings' kubelets took every volume as there.
    fn find_claimed(
        &self,
        shared: &Shared,
        ctx: &mut Ctx<'_>,
        node: Option<&Node>,
        volume: &Volume,
        claim: &str,
    ) -> Result<Option<SharedVolume>, Missing> {
        let lenient = shared.knobs().as_recorded;
        let found = match bound_volume(ctx, &self.pod, claim) {
            Ok(found) => found,
            Err(_) if lenient => return Ok(None),
            Err(why) => return Err(Missing::Unknown(volume.name.clone(), why)),
        };
        let extra = &found.spec.extra;
        if let (Some(source), Some(name), false) = (extra.get("csi"), found.attached_as(), lenient)
            && must_attach(ctx, source)
            && !is_attached(node, &name)
        {
            return Err(Missing::Attach(volume.name.clone()));
        }
        let made = found.metadata.annotation(PROVISIONED_BY).is_some();
        let backing = match extra.get("hostPath") {
            Some(source) if !made => {
                let text = |field: &str| source[field].as_str().unwrap_or_default();
                let (path, kind) = (text("path"), text("type"));
                let checked = check_host_path(ctx, &shared.config.name, path, kind);
                if let Some(why) = checked.err().filter(|_| !lenient) {
                    return Err(Missing::SetUp(found.metadata.name.clone(), why));
                }
                Backing::Host(path.into())
            }
            _ => Backing::Disk(found.disk(&shared.config.name)),
        };
        let asked = volume.persistent_volume_claim.as_ref();
        let read_only = asked.is_some_and(|source| source["readOnly"] == true);
        Ok(Some(SharedVolume { backing, read_only }))
    }

    /// Tells of a volume that is not there and comes back.
    pub(crate) fn wait_for_volume(
        &mut self,
        shared: &mut Shared,
        ctx: &mut Ctx<'_>,
        missing: &Missing,
    ) {
        let since = ctx.sim_time(self.start_time);
        let (retry, message) = match missing {
            Missing::SetUp(volume, why) => {
                let what = format!("MountVolume.SetUp failed for volume \"{volume}\" : {why}");
                (MOUNT_RETRY, Some(what))
            }
            Missing::Unknown(volume, why) => {
                let what = format!(
                    "Unable to attach or mount volumes: unmounted volumes=[{volume}], unattached \
                     volumes=[], failed to process volumes=[{volume}]: {why}"
                );
                (SYNC_RETRY, Some(what))
            }
            Missing::Attach(volume) => {
                let what = format!(
                    "Unable to attach or mount volumes: unmounted volumes=[{volume}], unattached \
                     volumes=[{volume}], failed to process volumes=[]: context deadline exceeded"
                );
                let late = ctx.now.since(since) >= ATTACH_PATIENCE;
                (if late { ATTACH_PATIENCE } else { ATTACH_LOOK }, late.then_some(what))
            }
        };
        if let Some(message) = message {
            let pod = self.pod.clone();
            shared.event(ctx, &pod, None, "Warning", "FailedMount", &message);
        }
        let due = ctx.now + retry;
        self.stage = Stage::Sandbox { due };
        ctx.timers.at(due, self.token(Kind::Sync, 0));
    }
}

/// The volume that a pod's claim is bound to.
/// Models getPVCExtractPV of pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go.
fn bound_volume(
    ctx: &mut Ctx<'_>,
    pod: &Pod,
    name: &str,
) -> Result<std::sync::Arc<PersistentVolume>, String> {
    let key = Key::new(pod.metadata.namespace.clone(), name);
    let fail = |why: String| format!("error processing PVC {}/{}: {why}", key.namespace, key.name);
    let claim = ctx.api.get::<PersistentVolumeClaim>(&key.namespace, name);
    let claim =
        claim.map_err(|status| fail(format!("failed to fetch PVC from API server: {status}")))?;
    if claim.metadata.is_deleting() {
        return Err(fail("PVC is being deleted".to_owned()));
    }
    if claim.status.phase != "Bound" || claim.spec.volume_name.is_empty() {
        return Err(fail("PVC is not bound".to_owned()));
    }
    let volume = &claim.spec.volume_name;
    ctx.api
        .get::<PersistentVolume>("", volume)
        .map_err(|status| fail(format!("failed to fetch PV {volume} from API server: {status}")))
}

/// Whether the driver's volumes are attached to nodes; a driver that says nothing does.
fn must_attach(ctx: &mut Ctx<'_>, source: &Value) -> bool {
    let name = source["driver"].as_str().unwrap_or_default();
    ctx.api.get::<CSIDriver>("", name).map_or(true, |driver| driver.attaches())
}
