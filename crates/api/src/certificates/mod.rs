//! certificates.k8s.io/v1.

pub mod pkcs10;
pub mod request;
pub mod x509;
