//! Structured merge: documents whose types say how lists and maps are owned and merged, the base of
//! managed fields and server-side apply.
// Models sigs.k8s.io/structured-merge-diff/typed and kube-openapi/pkg/schemaconv.

mod check;
mod compare;
mod extract;
mod merge;
mod remove;
mod typed;

pub use check::check;
pub use compare::{Comparison, compare};
pub use extract::field_set;
pub use merge::merge;
pub use remove::{remove, with_named_fields};
pub(crate) use typed::element_of;
pub use typed::{Atom, Place, Relation, fill_structs};
