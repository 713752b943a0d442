//! A pod carries the zone and the region of its node as labels from its binding on.
// Models plugin/pkg/admission/podtopologylabels/admission.go.

use api::{Node, Pod, as_kind, make_mut};
use apimachinery::gvk::GroupResource;
use apimachinery::meta::Key;
use client::Verb;
use smol_str::SmolStr;

use super::Attributes;
use crate::server::{ApiServer, CallCx, Result};

const ZONE: &str = "topology.kubernetes.io/zone";
const REGION: &str = "topology.kubernetes.io/region";

/// A pod that is made on a node from the start (static pods, daemons of old).
pub(super) fn admit(
    server: &ApiServer,
    _: &mut CallCx<'_>,
    attributes: &mut Attributes<'_>,
) -> Result<()> {
    if !attributes.resource.is_pod || attributes.verb != Verb::Create {
        return Ok(());
    }
    let Some(pod) = as_kind::<Pod>(attributes.object.as_ref()) else { return Ok(()) };
    if pod.spec.node_name.is_empty() {
        return Ok(());
    }
    let labels = topology_labels(server, &pod.spec.node_name);
    let meta = make_mut(attributes.object).meta_mut();
    for (key, value) in labels {
        meta.labels.make_mut().insert(SmolStr::new_static(key), value);
    }
    Ok(())
}

/// The topology labels of a node; none if it is not known.
pub(crate) fn topology_labels(server: &ApiServer, node: &str) -> Vec<(&'static str, SmolStr)> {
    let nodes = GroupResource::fixed("", "nodes");
    let stored = server.resources.get(&nodes).and_then(|r| server.stored(r, &Key::new("", node)));
    let Some(node) = stored.and_then(|object| as_kind::<Node>(object.as_ref())) else {
        return Vec::new();
    };
    let labels = &node.metadata.labels;
    [ZONE, REGION]
        .into_iter()
        .filter_map(|key| labels.get(key).map(|value| (key, value.clone())))
        .collect()
}
