//! A pod stays five minutes on a node that is lost, unless it says otherwise.
// Models plugin/pkg/admission/defaulttolerationseconds/admission.go.

use api::core::pod_spec::Toleration;
use api::{Pod, as_kind, make_mut};
use smol_str::SmolStr;

use super::Attributes;
use crate::server::{ApiServer, CallCx, Result};

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const SECONDS: i64 = 300;

pub(super) fn admit(
    _: &ApiServer,
    _: &mut CallCx<'_>,
    attributes: &mut Attributes<'_>,
) -> Result<()> {
    let writes = !matches!(attributes.verb, client::Verb::Delete);
    if !attributes.resource.is_pod || !writes || attributes.known {
        return Ok(());
    }
    let Some(pod) = as_kind::<Pod>(attributes.object.as_ref()) else { return Ok(()) };
    let missing: Vec<&'static str> = [NOT_READY, UNREACHABLE]
        .into_iter()
        .filter(|key| !pod.spec.tolerations.iter().any(|t| tolerates(t, key)))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if let Some(pod) = make_mut(attributes.object).as_any_mut().downcast_mut::<Pod>() {
        pod.spec.body_mut().tolerations.extend(missing.into_iter().map(toleration));
    }
    Ok(())
}

fn tolerates(toleration: &Toleration, key: &str) -> bool {
    let effect = toleration.effect.as_str();
    (toleration.key == key || toleration.key.is_empty()) && matches!(effect, "NoExecute" | "")
}

fn toleration(key: &'static str) -> Toleration {
    Toleration {
        key: SmolStr::new_static(key),
        operator: SmolStr::new_static("Exists"),
        effect: SmolStr::new_static("NoExecute"),
        toleration_seconds: Some(SECONDS),
        ..Toleration::default()
    }
}
