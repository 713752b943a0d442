//! A new node takes no pods before it was seen to be ready.
// Models plugin/pkg/admission/nodetaint/admission.go.

use api::core::node::Taint;
use api::{Node, make_mut};
use client::Verb;
use smol_str::SmolStr;

use super::Attributes;
use crate::server::{ApiServer, CallCx, Result};

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const NO_SCHEDULE: &str = "NoSchedule";

pub(super) fn admit(
    _: &ApiServer,
    _: &mut CallCx<'_>,
    attributes: &mut Attributes<'_>,
) -> Result<()> {
    if attributes.verb != Verb::Create || attributes.resource.plural() != "nodes" {
        return Ok(());
    }
    if let Some(node) = make_mut(attributes.object).as_any_mut().downcast_mut::<Node>() {
        let taints = &mut node.spec.taints;
        if !taints.iter().any(|taint| taint.key == NOT_READY && taint.effect == NO_SCHEDULE) {
            taints.push(Taint {
                key: SmolStr::new_static(NOT_READY),
                effect: SmolStr::new_static(NO_SCHEDULE),
                ..Taint::default()
            });
        }
    }
    Ok(())
}
