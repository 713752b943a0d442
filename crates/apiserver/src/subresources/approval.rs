//! `certificatesigningrequests/approval`: the conditions of a request, written by an approver; and
//! who may approve for a signer, or sign as it.
// Models pkg/registry/certificates/certificates/strategy.go and plugin/pkg/admission/certificates.

use api::certificates::request::CertificateSigningRequest;
use api::{Obj, as_kind};
use apimachinery::status::{FieldErrors, Status};
use apimachinery::time::Time;
use client::User;

use crate::authorization::Attributes;
use crate::registry::Part;
use crate::resources::Resource;
use crate::server::{ApiServer, CallCx, Result};

fn prepare(object: &mut Obj, old: &CertificateSigningRequest, part: Part, now: Time) {
    let object = api::make_mut(object).as_any_mut();
    match (object.downcast_mut::<CertificateSigningRequest>(), part) {
        (Some(new), Part::Approval) => new.prepare_for_approval(old, now),
        (Some(new), Part::Status) => new.stamp(old, now),
        _ => {}
    }
}

pub(crate) fn validate(object: &Obj, existing: &Obj) -> FieldErrors {
    let old = as_kind::<CertificateSigningRequest>(existing.as_ref());
    let new = as_kind::<CertificateSigningRequest>(object.as_ref());
    old.zip(new).map_or_else(FieldErrors::new, |(old, new)| new.validate_approval(old))
}

/// A new request is its sender's, whatever it says.
pub(crate) fn set_requestor(object: &mut Obj, user: &User) {
    if as_kind::<CertificateSigningRequest>(object.as_ref()).is_none() {
        return;
    }
    let object = api::make_mut(object).as_any_mut();
    if let Some(request) = object.downcast_mut::<CertificateSigningRequest>() {
        let spec = &mut request.spec;
        spec.username = user.name.clone();
        spec.uid = user.uid.clone();
        spec.groups = user.groups.clone();
        spec.user_extra = user.extra.clone();
    }
}

/// Gives conditions their times. Approving, and signing, needs a right on the signer of its own.
pub(crate) fn admit(
    server: &ApiServer,
    cx: &CallCx<'_>,
    resource: &Resource,
    object: &mut Obj,
    existing: &Obj,
    part: Part,
) -> Result<()> {
    let old = as_kind::<CertificateSigningRequest>(existing.as_ref());
    let Some(old) = old else { return Ok(()) };
    prepare(object, old, part, cx.time());
    let user = cx.user;
    let new = as_kind::<CertificateSigningRequest>(object.as_ref());
    let Some(new) = new.filter(|_| user.restricted) else { return Ok(()) };
    let (verb, what) = match part {
        Part::Approval => ("approve", "approve"),
        Part::Status if new.status.certificate != old.status.certificate => ("sign", "sign"),
        _ => return Ok(()),
    };
    let signer = old.spec.signer_name.as_str();
    let domain = signer.split('/').next().unwrap_or_default();
    let may = |name: &str| {
        let attributes = Attributes {
            verb,
            group: "certificates.k8s.io",
            resource: "signers",
            name,
            ..Attributes::default()
        };
        server.decide(user, &attributes).allowed
    };
    if may(signer) || may(&format!("{domain}/*")) {
        return Ok(());
    }
    let why = format!("user not permitted to {what} requests with signerName {signer:?}");
    Err(Status::forbidden(resource.name(), &existing.meta().name, &why))
}
