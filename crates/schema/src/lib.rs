//! The structure of the Kubernetes 1.36 API as data, and what is driven by it: strict decoding,
//! field lookup, resource names, `kubectl explain`, editor completion and patches.
//! Everything here works on `serde_json::Value`; no typed API is known.

mod decode;
mod load;
pub mod patch;
mod resources;
mod types;

pub use decode::{DecodeError, DecodeReport, check, nearest};
pub use load::Schema;
pub use resources::{Resource, Subresource};
pub use types::{Column, Field, FieldKind, Gvk, ListType, PatchStrategy, Type, TypeId};

/// Values nested deeper than this are refused instead of walked.
pub const MAX_DEPTH: usize = 200;
