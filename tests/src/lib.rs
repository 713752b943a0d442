//! Cross-crate tests live in `tests/`; here is what they share.

pub mod session;
