//! The structure of the Kubernetes 1.36 API as data, and what is driven by it: strict decoding,
//! field lookup, resource names, `kubectl explain`, editor completion and patches.
//! Everything here works on `serde_json::Value`; no typed API is known.

mod complete;
mod decode;
pub mod documents;
mod explain;
mod load;
pub mod patch;
mod resources;
mod sha256;
pub mod structured;
mod types;

pub use complete::Completions;
pub use decode::go::go_print;
pub use decode::{DecodeError, DecodeReport, check, check_patched, nearest};
pub use explain::{ExplainError, FieldDoc, explain_custom, explain_text};
pub use load::Schema;
pub use resources::{CustomNames, Resource, Subresource, custom_resource, resolve};
pub use sha256::sha256;
pub use types::{Column, Field, FieldKind, Gvk, ListType, PatchStrategy, Type, TypeId};

/// Values nested deeper than this are refused instead of walked.
pub const MAX_DEPTH: usize = 200;
