//! Every pod is somebody: its service account must exist, and its token is mounted.
// Models plugin/pkg/admission/serviceaccount/admission.go.

use api::core::pod_spec::TOKEN_VOLUME_PREFIX;
use api::{Obj, Pod, ServiceAccount, as_kind, make_mut};
use apimachinery::encode::random_suffix;
use apimachinery::gvk::GroupResource;
use apimachinery::meta::Key;
use client::Verb;
use smol_str::SmolStr;

use super::Attributes;
use crate::server::{ApiServer, CallCx, Result};

const DEFAULT: &str = "default";
const MIRROR_ANNOTATION: &str = "kubernetes.io/config.mirror";

pub(super) fn admit(
    server: &ApiServer,
    cx: &mut CallCx<'_>,
    attributes: &mut Attributes<'_>,
) -> Result<()> {
    if !attributes.resource.is_pod || attributes.verb != Verb::Create {
        return Ok(());
    }
    let Some(pod) = as_kind::<Pod>(attributes.object.as_ref()) else { return Ok(()) };
    if pod.metadata.annotation(MIRROR_ANNOTATION).is_some() {
        return Ok(());
    }
    let name = match pod.spec.service_account_name.as_str() {
        "" => SmolStr::new_static(DEFAULT),
        _ => pod.spec.service_account_name.clone(),
    };
    let account = find(server, attributes, &name)?;
    let mounts = mounts_token(pod, account);
    let secrets = match pod.spec.extra.get("imagePullSecrets") {
        None => account.image_pull_secrets.clone(),
        Some(_) => Vec::new(),
    };
    let Some(pod) = writable(attributes.object) else { return Ok(()) };
    if pod.spec.service_account_name.is_empty() {
        let body = pod.spec.body_mut();
        body.service_account_name = name.clone();
        body.service_account = name;
    }
    if !secrets.is_empty() {
        pod.spec.body_mut().extra.insert("imagePullSecrets", secrets.into());
    }
    if mounts && pod.spec.token_volume.is_empty() {
        pod.spec.token_volume = random_suffix(5, || cx.rng.next_u64()).into();
    }
    Ok(())
}

fn writable(object: &mut Obj) -> Option<&mut Pod> {
    make_mut(object).as_any_mut().downcast_mut::<Pod>()
}

fn find<'a>(
    server: &'a ApiServer,
    attributes: &Attributes<'_>,
    name: &SmolStr,
) -> Result<&'a ServiceAccount> {
    let accounts = GroupResource::fixed("", "serviceaccounts");
    let key = Key::new(attributes.namespace, name.clone());
    let stored = server.resources.get(&accounts).and_then(|r| server.stored(r, &key));
    stored.and_then(|object| as_kind::<ServiceAccount>(object.as_ref())).ok_or_else(|| {
        let why = format!(
            "error looking up service account {}/{name}: serviceaccount {name:?} not found",
            attributes.namespace
        );
        attributes.forbidden(&why)
    })
}

/// Whether the pod gets a token that it does not mount already.
fn mounts_token(pod: &Pod, account: &ServiceAccount) -> bool {
    let wanted = pod.spec.automount_service_account_token;
    let wanted = wanted.or(account.automount_service_account_token).unwrap_or(true);
    wanted && !pod.spec.volumes.iter().any(|volume| volume.name.starts_with(TOKEN_VOLUME_PREFIX))
}
