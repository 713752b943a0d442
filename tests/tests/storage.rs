//! What holds of volumes at every moment. ARCHITECTURE.md names each of these tests.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{PersistentVolume, PersistentVolumeClaim};
use apimachinery::meta::{Key, Uid};
use client::{WatchEvent, WatchKind};
use cluster::{Cluster, Config};
use tests::history::History;
use tests::terminal::Terminal;

const CLAIM: &str = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: NAME}\nspec:\n  \
                     accessModes: [ReadWriteOnce]\n  storageClassName: CLASS\n  \
                     resources: {requests: {storage: 1Gi}}\n";
const VOLUME: &str = "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: NAME}\nspec:\n  \
                      accessModes: [ReadWriteOnce]\n  storageClassName: manual\n  \
                      capacity: {storage: 1Gi}\n  hostPath: {path: /mnt/NAME}\n";
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: NAME}\nspec:\n  nodeName: NODE\n  \
                   containers:\n  - name: c\n    image: nginx\n    \
                   volumeMounts: [{name: d, mountPath: /d}]\n  \
                   volumes: [{name: d, persistentVolumeClaim: {claimName: CLAIM}}]\n";

/// Claims and volumes as they are after each change.
#[derive(Default)]
struct World {
    claims: BTreeMap<Key, Arc<PersistentVolumeClaim>>,
    volumes: BTreeMap<Key, Arc<PersistentVolume>>,
    checked: usize,
    /// The most bindings that there were at one moment.
    most: usize,
}

fn put<K>(known: &mut BTreeMap<Key, Arc<K>>, key: Key, object: Arc<K>, kind: WatchKind) {
    match kind {
        WatchKind::Deleted => drop(known.remove(&key)),
        _ => drop(known.insert(key, object)),
    }
}

impl World {
    /// True if the change was about storage.
    fn apply(&mut self, event: &WatchEvent) -> bool {
        let key = Key::of(event.object.meta());
        if let Some(claim) = event.object::<PersistentVolumeClaim>() {
            put(&mut self.claims, key, claim, event.kind);
        } else if let Some(volume) = event.object::<PersistentVolume>() {
            put(&mut self.volumes, key, volume, event.kind);
        } else {
            return false;
        }
        true
    }

    /// Goes through what happened since the last time.
    fn follow(&mut self, history: &mut History) {
        for event in &history.changes {
            if self.apply(event) {
                self.most = self.most.max(self.check());
                self.checked += 1;
            }
        }
        history.forget();
    }

    fn released(&self) -> Vec<String> {
        let released = self.volumes.values().filter(|volume| volume.status.phase == "Released");
        released.map(|volume| volume.metadata.name.to_string()).collect()
    }

    /// No volume is two claims', and what a bound claim names names the claim.
    fn check(&self) -> usize {
        let mut owners: BTreeMap<&str, Uid> = BTreeMap::new();
        for claim in self.claims.values().filter(|claim| claim.is_bind_completed()) {
            let name = claim.spec.volume_name.as_str();
            let uid = claim.metadata.uid;
            assert_eq!(*owners.entry(name).or_insert(uid), uid, "{name} is bound to two claims");
            let Some(volume) = self.volumes.get(&Key::new("", name)) else { continue };
            let back = volume.spec.claim_ref.as_ref().expect("a bound volume names its claim");
            assert_eq!(back.uid, uid, "{name} names another claim");
        }
        owners.len()
    }
}

fn apply(history: &mut History, name: &str, text: &str) {
    history.file(name, text);
    history.line(&format!("kubectl apply -f {name}"));
}

#[test]
fn a_volume_is_bound_to_one_claim_and_back() {
    let mut history = History::new(Cluster::new(Config::default()));
    history.pass(10);
    let mut world = World::default();
    for n in 0..8 {
        let claim = |class| CLAIM.replace("NAME", &format!("{class}-{n}")).replace("CLASS", class);
        apply(&mut history, "claim.yaml", &claim("manual"));
        apply(&mut history, "volume.yaml", &VOLUME.replace("NAME", &format!("disk-{n}")));
        apply(&mut history, "made.yaml", &claim("standard"));
        history.pass(2);
        if n % 2 == 0 {
            history.line(&format!("kubectl delete pvc manual-{n} standard-{n} --wait=false"));
            history.pass(1);
            apply(&mut history, "claim.yaml", &claim("manual"));
        }
        history.pass(1);
        world.follow(&mut history);
        // A released volume is free again when its reference goes, and whoever waits may have it.
        for name in world.released() {
            let patch = "-p '[{\"op\":\"remove\",\"path\":\"/spec/claimRef\"}]'";
            history.line(&format!("kubectl patch pv {name} --type=json {patch}"));
        }
        history.pass(17);
        world.follow(&mut history);
    }
    let (checked, most) = (world.checked, world.most);
    assert!(checked > 100 && most >= 8, "{checked} changes, {most} bindings");
}

#[test]
fn what_a_pod_wrote_to_a_claim_the_next_pod_reads() {
    let mut terminal = Terminal::new(Config::default());
    terminal.pass(10);
    let claim = CLAIM.replace("NAME", "data").replace("CLASS", "standard");
    terminal.file("claim.yaml", &claim);
    terminal.ok("kubectl apply -f claim.yaml");
    terminal.pass(2);
    let mut expected = String::new();
    for (n, node) in ["node-1", "node-2", "node-1", "node-3"].iter().enumerate() {
        let pod = POD.replace("NAME", &format!("p{n}")).replace("NODE", node);
        terminal.file("pod.yaml", &pod.replace("CLAIM", "data"));
        terminal.ok("kubectl apply -f pod.yaml");
        terminal.ok(&format!("kubectl wait --for=condition=Ready pod/p{n} --timeout=60s"));
        let read = terminal.ok(&format!("kubectl exec p{n} -- sh -c 'touch /d/log; cat /d/log'"));
        assert_eq!(read, expected, "pod {n} on {node}");
        terminal.ok(&format!("kubectl exec p{n} -- sh -c 'echo {n} >> /d/log'"));
        expected.push_str(&format!("{n}\n"));
        terminal.ok(&format!("kubectl delete pod p{n} --now"));
    }
}
