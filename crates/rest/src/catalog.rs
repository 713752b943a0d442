//! Which resources are served, and under which names.

use schema::{Resource, Schema};
use serde_json::Value;

/// All of them: the core group first, groups by priority, versions by preference.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    pub resources: Vec<&'static Resource>,
    /// Those among them that are custom, with their OpenAPI schemas.
    pub custom: Vec<(&'static Resource, Value)>,
}

impl Catalog {
    /// What every cluster serves.
    pub fn builtin() -> Self {
        Catalog { resources: Schema::get().resources().iter().collect(), custom: Vec::new() }
    }

    /// The same with a cluster's custom resources.
    pub fn with(mut self, custom: Vec<(&'static Resource, Value)>) -> Self {
        self.resources.extend(custom.iter().map(|(resource, _)| *resource));
        self.custom = custom;
        self
    }

    pub fn find(&self, group: &str, version: &str, plural: &str) -> Option<&'static Resource> {
        self.resources
            .iter()
            .find(|r| r.plural == plural && r.group == group && r.version == version)
            .copied()
    }
}
