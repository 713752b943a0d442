//! The root CA publisher: every namespace has the cluster's certificate authority in the
//! ConfigMap `kube-root-ca.crt`. Models pkg/controller/certificates/rootcacertpublisher.

use api::ConfigMap;
use apimachinery::meta::{Key, ObjectMeta};
use client::ApiExt;

use crate::controllers::{Controller, Notice, Sync, SyncResult};
use crate::informers::{Change, Resource};

const NAME: &str = "kube-root-ca.crt";
const KEY: &str = "ca.crt";
const DESCRIPTION: (&str, &str) = (
    "kubernetes.io/description",
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal \
     endpoints such as the internal service IP or kubernetes.default.svc. No other usage is \
     guaranteed across distributions of Kubernetes clusters.",
);

/// Shaped like a certificate; it certifies nothing, for nothing in the cluster is encrypted.
pub const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
S3ViYXJpdW0gc2ltdWxhdGVkIGNlcnRpZmljYXRlIGF1dGhvcml0eSAtIG5vdCBh
IHJlYWwgY2VydGlmaWNhdGUgLSB0aGlzIGNsdXN0ZXIgbGl2ZXMgaW4gYSBicm93
c2VyIHRhYg==
-----END CERTIFICATE-----
";

#[derive(Default)]
pub struct RootCaPublisher;

impl Controller for RootCaPublisher {
    fn name(&self) -> &'static str {
        "root-ca-certificate-publisher"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::ConfigMap, Resource::Namespace]
    }

    fn workers(&self) -> usize {
        1
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        match change {
            Change::Namespace(delta) if !delta.is_deleted() => {
                notice.queue.add(Key::of(&delta.new.metadata));
            }
            Change::ConfigMap(delta) if delta.new.metadata.name == NAME => {
                notice.queue.add(Key::new("", delta.new.metadata.namespace.clone()));
            }
            _ => {}
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let Some(namespace) = sync.informers.namespaces.get(key) else { return Ok(()) };
        if namespace.status.phase == "Terminating" {
            return Ok(());
        }
        let data = [(KEY.into(), CERTIFICATE.to_owned())].into_iter().collect();
        let Some(found) = sync.informers.config_maps.named(&key.name, NAME) else {
            let mut metadata = ObjectMeta::named(&key.name, NAME);
            metadata.set_annotation(DESCRIPTION.0, DESCRIPTION.1);
            let made = ConfigMap { metadata, data, ..ConfigMap::default() };
            return match sync.ctx.api.create(made) {
                Err(status) if !status.is_already_exists() => Err(status.into()),
                _ => Ok(()),
            };
        };
        if found.data != data {
            let mut copy = (**found).clone();
            copy.data = data;
            copy.metadata.set_annotation(DESCRIPTION.0, DESCRIPTION.1);
            sync.ctx.api.update(copy)?;
        }
        Ok(())
    }
}
