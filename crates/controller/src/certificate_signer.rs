//! The signer of `kubernetes.io/kube-apiserver-client`: who is approved gets a certificate.
//! Models pkg/controller/certificates/signer/signer.go.

use api::CertificateSigningRequest;
use api::certificates::request::{APPROVED, FAILED, RequestCondition};
use api::certificates::{pkcs10, x509};
use apimachinery::base64;
use apimachinery::meta::Key;
use client::ApiExt;
use smol_str::SmolStr;

use crate::controllers::{Controller, Notice, Sync, SyncError, SyncResult};
use crate::informers::{Change, Resource};

const SIGNER: &str = "kubernetes.io/kube-apiserver-client";
/// `--cluster-signing-duration`
const LONGEST_SECONDS: i32 = 365 * 24 * 3600;
const SHORTEST_SECONDS: i32 = 600;

#[derive(Default)]
pub struct CertificateSigner;

fn waits(request: &CertificateSigningRequest) -> bool {
    request.spec.signer_name == SIGNER
        && request.has(APPROVED)
        && !request.has(FAILED)
        && request.status.certificate.is_empty()
}

/// Why a client may not have a certificate for what it wants to use it for.
fn usages(usages: &[SmolStr]) -> Result<(), String> {
    const CLIENT: &str = "client auth";
    let known = ["digital signature", "key encipherment", CLIENT];
    if let Some(other) = usages.iter().find(|usage| !known.contains(&usage.as_str())) {
        return Err(format!("invalid usage for client certificate: {other}"));
    }
    if !usages.iter().any(|usage| usage == CLIENT) {
        return Err(format!("missing required usage for client certificate: {CLIENT}"));
    }
    Ok(())
}

impl Controller for CertificateSigner {
    fn name(&self) -> &'static str {
        "csrsigning-kube-apiserver-client"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::CertificateSigningRequest]
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        let Change::CertificateSigningRequest(delta) = change else { return };
        if !delta.is_deleted() && waits(&delta.new) {
            notice.queue.add(Key::of(&delta.new.metadata));
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let requests = &sync.informers.certificate_signing_requests;
        let Some(request) = requests.get(key).filter(|request| waits(request)) else {
            return Ok(());
        };
        let mut copy = (**request).clone();
        match usages(&copy.spec.usages) {
            Err(message) => copy.status.conditions.push(RequestCondition {
                type_: FAILED.into(),
                status: "True".into(),
                reason: "SignerValidationFailure".into(),
                message: message.into(),
                ..RequestCondition::default()
            }),
            Ok(()) => {
                let subject = pkcs10::parse(&copy.spec.request).map_err(SyncError::other)?;
                let seconds = copy.spec.expiration_seconds.unwrap_or(LONGEST_SECONDS);
                let seconds = seconds.clamp(SHORTEST_SECONDS, LONGEST_SECONDS);
                let (serial, now) = (sync.ctx.rng.next_u64(), sync.ctx.time());
                let pem = x509::issue(&subject, serial, now, i64::from(seconds));
                copy.status.certificate = base64::encode(pem.as_bytes());
            }
        }
        sync.ctx.api.update_status(copy)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_for_clients() {
        let check = |texts: &[&str]| {
            let texts: Vec<SmolStr> = texts.iter().map(SmolStr::new).collect();
            usages(&texts).err().unwrap_or_default()
        };
        assert_eq!(check(&["client auth", "digital signature"]), "");
        assert_eq!(check(&["server auth"]), "invalid usage for client certificate: server auth");
        let missing = "missing required usage for client certificate: client auth";
        assert_eq!(check(&["key encipherment"]), missing);
    }
}
