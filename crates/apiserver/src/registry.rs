//! The generic registry: what every kind's create, read, update, patch and delete have in common.
// Models apiserver/pkg/registry/generic/registry/store.go.

mod apply;
mod create;
mod decode;
mod delete;
mod graceful;
mod meta;
mod paging;
mod patch;
mod read;
mod selection;
mod update;

pub(crate) use patch::apply as apply_patch;
pub(crate) use read::key_of;
pub(crate) use selection::Selection;
pub(crate) use update::Part;
