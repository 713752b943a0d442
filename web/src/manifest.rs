//! What the manifest editor knows about manifests, without the editor.

pub mod changes;
pub mod complete;
pub mod diff;
pub mod editor;
pub mod lint;
