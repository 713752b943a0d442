//! Counts that spreading needs, kept between cycles: which domain every node is in, and how many
//! pods of a selector are on it. Only nodes that changed are counted again.

use std::cell::RefCell;
use std::rc::Rc;

use apimachinery::labels::Selector;
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use smol_str::SmolStr;

use crate::cache::{Cache, NodeId};
use crate::node_info::NodeInfo;

/// How many selectors and topology keys are remembered.
const REMEMBERED_MAX: usize = 16;

/// The domains of one topology key.
pub struct Domains {
    key: SmolStr,
    epoch: u64,
    /// By place: the number of the domain, or `NONE` where the node has no such label.
    of_node: Vec<u32>,
    pub len: usize,
}

impl Domains {
    pub fn of(&self, node: NodeId) -> Option<usize> {
        self.of_node.get(node as usize).filter(|domain| **domain != NONE).map(|d| *d as usize)
    }
}

const NONE: u32 = u32::MAX;

struct Matches {
    namespace: SmolStr,
    selector: Selector,
    /// By place: the node's generation when it was counted, and the count.
    counted: Vec<(u64, i64)>,
}

#[derive(Default)]
pub struct Topology {
    domains: RefCell<Vec<Rc<Domains>>>,
    matches: RefCell<Vec<Matches>>,
}

impl std::fmt::Debug for Topology {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Topology").finish_non_exhaustive()
    }
}

impl Topology {
    pub fn domains(&self, cache: &Cache, key: &SmolStr) -> Rc<Domains> {
        let mut known = self.domains.borrow_mut();
        let current = |d: &&Rc<Domains>| d.key == *key && d.epoch == cache.labels_epoch();
        if let Some(domains) = known.iter().find(current) {
            return Rc::clone(domains);
        }
        known.retain(|domains| domains.key != *key);
        if known.len() >= REMEMBERED_MAX {
            known.remove(0);
        }
        let mut values: IndexSet<SmolStr, FxBuildHasher> = IndexSet::default();
        let mut of_node = vec![NONE; cache.places()];
        for info in cache.infos() {
            let Some(value) = info.label(key) else { continue };
            if let Some(domain) = of_node.get_mut(info.id as usize) {
                *domain = values.insert_full(value.clone()).0 as u32;
            }
        }
        let (key, epoch, len) = (key.clone(), cache.labels_epoch(), values.len());
        let domains = Rc::new(Domains { key, epoch, of_node, len });
        known.push(Rc::clone(&domains));
        domains
    }

    /// How many pods of the namespace the selector matches, by place.
    pub fn counts(&self, cache: &Cache, namespace: &SmolStr, selector: &Selector) -> Vec<i64> {
        let mut known = self.matches.borrow_mut();
        let same = |m: &Matches| m.namespace == *namespace && m.selector == *selector;
        let mut matches = match known.iter().position(same) {
            Some(at) => known.remove(at),
            None => Matches {
                namespace: namespace.clone(),
                selector: selector.clone(),
                counted: Vec::new(),
            },
        };
        matches.counted.resize(cache.places(), (0, 0));
        for ((place, generation), id) in
            matches.counted.iter_mut().zip(cache.generations()).zip(0..)
        {
            if place.0 != *generation {
                let count = cache.node(id).map_or(0, |info| matching(info, selector, namespace));
                *place = (*generation, count);
            }
        }
        let counts = matches.counted.iter().map(|(_, count)| *count).collect();
        if known.len() >= REMEMBERED_MAX {
            known.remove(0);
        }
        known.push(matches);
        counts
    }
}

/// Terminating pods do not count, and a selector of everything counts nothing.
fn matching(info: &NodeInfo, selector: &Selector, namespace: &str) -> i64 {
    if selector.is_everything() || selector.is_nothing() {
        return 0;
    }
    let counts = |pod: &&crate::template::PodInfo| {
        let meta = &pod.pod.metadata;
        !meta.is_deleting() && meta.namespace == namespace && selector.matches(&meta.labels)
    };
    info.pods.iter().filter(counts).count() as i64
}
