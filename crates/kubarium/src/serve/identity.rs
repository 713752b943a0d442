//! Who the server is and who its administrator is: a certificate that it makes itself, and a token.

use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio_rustls::rustls::client::danger::HandshakeSignatureValid;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::{
    self, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub certificate: String,
    key: String,
    pub token: String,
}

fn random_hex(bytes: usize) -> Result<String, String> {
    let mut random = vec![0u8; bytes];
    getrandom::fill(&mut random).map_err(|e| e.to_string())?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Identity {
    /// A new one, for this machine and an address.
    pub fn new(address: IpAddr) -> Result<Self, String> {
        let names = ["localhost", "127.0.0.1", "kubernetes", "kubernetes.default.svc"];
        let mut names: Vec<String> = names.map(str::to_owned).into();
        names.push(address.to_string());
        let made = rcgen::generate_simple_self_signed(names).map_err(|e| e.to_string())?;
        Ok(Identity {
            certificate: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
            token: random_hex(16)?,
        })
    }

    pub fn to_saved(&self) -> Value {
        json!({ "certificate": self.certificate, "key": self.key, "token": self.token })
    }

    pub fn from_saved(value: &Value) -> Option<Self> {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        Some(Identity {
            certificate: text("certificate")?,
            key: text("key")?,
            token: text("token")?,
        })
    }

    pub fn tls(&self) -> Result<Arc<ServerConfig>, String> {
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes())
            .map_err(|e| e.to_string())?;
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).map_err(|e| e.to_string())?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| e.to_string())?
            .with_client_cert_verifier(Arc::new(Anybody(ring::default_provider())))
            .with_single_cert(vec![certificate], key)
            .map_err(|e| e.to_string())?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// A kubeconfig for whoever has this token.
    pub fn kubeconfig(&self, access: &Access<'_>, token: &str) -> String {
        let Access { server, cluster, user, authority, namespace } = access;
        let authority = match authority {
            Some(path) => format!("certificate-authority: {path}"),
            None => format!("certificate-authority-data: {}", base64(self.certificate.as_bytes())),
        };
        let namespace = match namespace {
            Some(name) => format!("    namespace: {name}\n"),
            None => String::new(),
        };
        format!(
            "apiVersion: v1\nkind: Config\nclusters:\n- name: {cluster}\n  cluster:\n    server: \
             {server}\n    {authority}\ncontexts:\n- name: {cluster}\n  context:\n    cluster: \
             {cluster}\n{namespace}    user: {user}\ncurrent-context: {cluster}\nusers:\n- name: \
             {user}\n  user:\n    token: {token}\n"
        )
    }
}

/// What a kubeconfig says beside the token.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    pub server: &'a str,
    pub cluster: &'a str,
    pub user: &'a str,
    /// A file with the server's certificate; the certificate itself if absent.
    pub authority: Option<&'a str>,
    pub namespace: Option<&'a str>,
}

impl Default for Access<'_> {
    fn default() -> Self {
        Access { server: "", cluster: "kubarium", user: "", authority: None, namespace: None }
    }
}

/// Lets any client show any certificate whose key it holds: whom it names, and whether this cluster
/// issued it, is the API server's to say.
#[derive(Debug)]
struct Anybody(CryptoProvider);

impl ClientCertVerifier for Anybody {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A certificate as text.
pub fn pem(certificate: &CertificateDer<'_>) -> String {
    let text = base64(certificate);
    let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy);
    let body = lines.collect::<Vec<_>>().join("\n");
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
}

fn base64(bytes: &[u8]) -> String {
    apimachinery::base64::encode(bytes)
}

/// Writes a file that only its owner may read.
pub fn write_private(path: &Path, text: &str) -> Result<(), String> {
    let bad = |e: std::io::Error| format!("{}: {e}", path.display());
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(bad)?;
    }
    fs::write(path, text).map_err(bad)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(bad)?;
    }
    Ok(())
}
