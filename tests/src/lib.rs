//! Cross-crate tests live in `tests/`; here is what they share.

#[cfg(not(target_arch = "wasm32"))]
pub mod auditor;
#[cfg(not(target_arch = "wasm32"))]
pub mod history;
pub mod session;
#[cfg(not(target_arch = "wasm32"))]
pub mod story;
#[cfg(not(target_arch = "wasm32"))]
pub mod terminal;
