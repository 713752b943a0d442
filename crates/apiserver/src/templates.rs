//! The pods of one template arrive with one shared body. It is defaulted, admitted and validated
//! once; every further pod gets the same result, shared again.

use std::collections::VecDeque;
use std::sync::Arc;

use api::core::pod_spec::PodBody;
use api::{Obj, Pod, as_kind, make_mut};
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::wire::StringMap;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use smol_str::SmolStr;

/// Under this annotation a pod carries what LimitRanges gave to its body.
pub(crate) const LIMIT_RANGER: &str = "kubernetes.io/limit-ranger";

/// How many of each are remembered. Remembered inputs stay alive, so an address is never reused.
const LIMIT: usize = 512;

/// A bounded memory by address; the oldest goes first.
#[derive(Debug)]
struct Memo<V> {
    entries: IndexMap<usize, V, FxBuildHasher>,
    order: VecDeque<usize>,
}

impl<V> Default for Memo<V> {
    fn default() -> Self {
        Memo { entries: IndexMap::default(), order: VecDeque::new() }
    }
}

impl<V> Memo<V> {
    fn insert(&mut self, address: usize, value: V) {
        if self.entries.insert(address, value).is_none() {
            self.order.push_back(address);
        }
        if self.order.len() > LIMIT
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.swap_remove(&oldest);
        }
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.order.clear();
    }
}

/// Labels with some more: what went in, what was added, what came out.
type Labelled = (StringMap, Vec<(&'static str, SmolStr)>, StringMap);

/// What becomes of a body.
#[derive(Debug)]
struct Stored {
    /// Kept alive, so that its address stays its own.
    _given: Arc<PodBody>,
    body: Arc<PodBody>,
    /// What LimitRanges have to say of what they added.
    limited: Option<SmolStr>,
}

#[derive(Debug, Default)]
pub(crate) struct Templates {
    bodies: Memo<Stored>,
    /// Labels that were found valid.
    labels: Memo<StringMap>,
    labelled: Memo<Vec<Labelled>>,
    /// A shared body on its way through admission and validation.
    coming: Option<Arc<PodBody>>,
}

fn address<T>(pointer: &Arc<T>) -> usize {
    Arc::as_ptr(pointer) as usize
}

fn labels_address(labels: &StringMap) -> Option<usize> {
    labels.get_ref().map(|map| std::ptr::from_ref(map) as usize)
}

impl Templates {
    /// Gives a pod the stored form of its body, if that body came before. True if it did.
    pub fn recognise(&mut self, object: &mut Obj) -> bool {
        self.coming = None;
        let Some(pod) = as_kind::<Pod>(object.as_ref()) else { return false };
        let given = &pod.spec.body;
        let Some(stored) = self.bodies.entries.get(&address(given)) else {
            if Arc::strong_count(given) > 1 {
                self.coming = Some(Arc::clone(given));
            }
            return false;
        };
        if let Some(pod) = make_mut(object).as_any_mut().downcast_mut::<Pod>() {
            pod.spec.body = Arc::clone(&stored.body);
            if let Some(text) = &stored.limited {
                let annotations = pod.metadata.annotations.make_mut();
                annotations.insert(SmolStr::new_static(LIMIT_RANGER), text.clone());
            }
        }
        true
    }

    /// Remembers what became of the body that `recognise` did not know, and valid labels.
    pub fn learn(&mut self, object: &Obj) {
        if let Some(address) = labels_address(&object.meta().labels) {
            self.labels.insert(address, object.meta().labels.clone());
        }
        let Some(given) = self.coming.take() else { return };
        let Some(pod) = as_kind::<Pod>(object.as_ref()) else { return };
        let stored = &pod.spec.body;
        // Image pull secrets come from the service account and may change with it.
        if stored.extra.get("imagePullSecrets") == given.extra.get("imagePullSecrets") {
            let limited = pod.metadata.annotation(LIMIT_RANGER).map(SmolStr::from);
            let limited = limited.filter(|_| !same_resources(&given, stored));
            let remember = |_given: Arc<PodBody>, limited| Stored {
                _given,
                body: Arc::clone(stored),
                limited,
            };
            self.bodies.insert(address(&given), remember(Arc::clone(&given), limited));
            self.bodies.insert(address(stored), remember(Arc::clone(stored), None));
        }
    }

    /// Forgets all bodies: what admission adds has changed.
    pub fn forget(&mut self) {
        self.bodies.clear();
    }

    pub fn knows_labels(&self, labels: &StringMap) -> bool {
        labels_address(labels).is_some_and(|address| self.labels.entries.contains_key(&address))
    }

    /// Labels with a node's topology labels, shared by all pods of a template in one zone.
    pub fn with_labels(
        &mut self,
        labels: &StringMap,
        more: Vec<(&'static str, SmolStr)>,
    ) -> StringMap {
        let known = labels_address(labels).and_then(|address| self.labelled.entries.get(&address));
        let known = known.and_then(|list| list.iter().find(|(_, added, _)| *added == more));
        if let Some((_, _, result)) = known {
            return result.clone();
        }
        let mut result = labels.clone();
        for (key, value) in &more {
            result.make_mut().insert(SmolStr::new_static(key), value.clone());
        }
        if let Some(address) = labels_address(labels) {
            let entry = (labels.clone(), more, result.clone());
            match self.labelled.entries.get_mut(&address) {
                Some(list) => list.push(entry),
                None => self.labelled.insert(address, vec![entry]),
            }
        }
        result
    }
}

fn same_resources(a: &PodBody, b: &PodBody) -> bool {
    let of = |body: &PodBody| {
        let containers = body.containers.iter().chain(&body.init_containers);
        containers.map(|container| container.resources.clone()).collect::<Vec<_>>()
    };
    of(a) == of(b)
}

/// Whether two pods have the very same body, so that defaulting has nothing to do.
pub(crate) fn same_body(a: &Obj, b: &Obj) -> bool {
    match (as_kind::<Pod>(a.as_ref()), as_kind::<Pod>(b.as_ref())) {
        (Some(a), Some(b)) => Arc::ptr_eq(&a.spec.body, &b.spec.body),
        _ => false,
    }
}

/// What is left to validate of a pod whose body is known: its name.
pub(crate) fn validate_name(meta: &ObjectMeta) -> FieldErrors {
    let texts = names::is_dns1123_subdomain(&meta.name);
    texts
        .iter()
        .map(|text| FieldError::invalid("metadata.name", meta.name.as_str(), text))
        .collect()
}
