//! Services and their slices as both kube-proxy and the DNS keep them.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{EndpointSlice, Service};
use apimachinery::meta::Key;
use client::fabric::FxIndexMap;
use client::{WatchEvent, WatchKind};
use smol_str::SmolStr;

const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";

#[derive(Debug, Default)]
pub(crate) struct Cache {
    pub services: FxIndexMap<Key, Arc<Service>>,
    slices: FxIndexMap<Key, BTreeMap<SmolStr, Arc<EndpointSlice>>>,
}

impl Cache {
    /// Takes a change in and says which service it is about.
    pub fn take(&mut self, event: &WatchEvent) -> Option<Key> {
        let gone = event.kind == WatchKind::Deleted;
        if let Some(service) = event.object::<Service>() {
            let key = Key::of(&service.metadata);
            if gone {
                self.services.swap_remove(&key);
            } else {
                self.services.insert(key.clone(), service);
            }
            return Some(key);
        }
        let slice = event.object::<EndpointSlice>()?;
        let owner = slice.metadata.label(SERVICE_NAME_LABEL)?;
        let key = Key::new(slice.metadata.namespace.clone(), owner);
        let name = slice.metadata.name.clone();
        if gone {
            if let Some(slices) = self.slices.get_mut(&key) {
                slices.remove(&name);
                if slices.is_empty() {
                    self.slices.swap_remove(&key);
                }
            }
        } else {
            self.slices.entry(key.clone()).or_default().insert(name, slice);
        }
        Some(key)
    }

    /// A service's IPv4 slices, by name.
    pub fn slices(&self, key: &Key) -> impl Iterator<Item = &Arc<EndpointSlice>> {
        self.slices
            .get(key)
            .into_iter()
            .flat_map(|slices| slices.values())
            .filter(|slice| slice.address_type == "IPv4")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use api::Obj;
    use serde_json::{Value, json};

    pub fn added<K: api::Kind>(value: Value) -> WatchEvent {
        let object: Obj = Arc::new(K::from_value(value).expect("an object"));
        WatchEvent { kind: WatchKind::Added, object, previous: None }
    }

    pub fn service(name: &str, spec: Value) -> WatchEvent {
        added::<Service>(json!({"metadata": {"name": name, "namespace": "default"}, "spec": spec}))
    }

    /// `(address, node, ready)` each.
    pub fn slice(service: &str, port: i32, endpoints: &[(&str, &str, bool)]) -> WatchEvent {
        let endpoints: Vec<Value> = endpoints
            .iter()
            .map(|(address, node, ready)| {
                json!({"addresses": [address], "nodeName": node, "hostname": format!("h{address}"),
                    "conditions": {"ready": ready, "serving": ready, "terminating": false}})
            })
            .collect();
        added::<EndpointSlice>(json!({"addressType": "IPv4", "endpoints": endpoints,
            "metadata": {"name": format!("{service}-abcde"), "namespace": "default",
                "labels": {SERVICE_NAME_LABEL: service}},
            "ports": [{"name": "", "port": port, "protocol": "TCP"}]}))
    }
}
