//! The service account controller: every namespace has an account `default`.
//! Models pkg/controller/serviceaccount/serviceaccounts_controller.go.

use api::ServiceAccount;
use apimachinery::meta::{Key, ObjectMeta};
use client::ApiExt;

use crate::controllers::{Controller, Notice, Sync, SyncResult};
use crate::informers::{Change, Resource};

#[derive(Default)]
pub struct ServiceAccountController;

const DEFAULT: &str = "default";

impl Controller for ServiceAccountController {
    fn name(&self) -> &'static str {
        "service-account-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::Namespace, Resource::ServiceAccount]
    }

    fn workers(&self) -> usize {
        1
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        match change {
            Change::Namespace(delta) if !delta.is_deleted() => {
                notice.queue.add(Key::of(&delta.new.metadata));
            }
            Change::ServiceAccount(delta) if delta.is_deleted() => {
                notice.queue.add(Key::new("", delta.new.metadata.namespace.clone()));
            }
            _ => {}
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let active = |status: &api::core::namespace::NamespaceStatus| status.phase != "Terminating";
        let namespace = sync.informers.namespaces.get(key);
        if namespace.is_none_or(|namespace| !active(&namespace.status)) {
            return Ok(());
        }
        if sync.informers.service_accounts.named(&key.name, DEFAULT).is_some() {
            return Ok(());
        }
        let metadata = ObjectMeta::named(&key.name, DEFAULT);
        match sync.ctx.api.create(ServiceAccount { metadata, ..ServiceAccount::default() }) {
            Err(status) if !status.is_already_exists() => Err(status.into()),
            _ => Ok(()),
        }
    }
}
