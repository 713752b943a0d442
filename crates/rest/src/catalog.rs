//! Which resources are served, and under which names.

use schema::{Resource, Schema};

/// All of them: the core group first, groups by priority, versions by preference.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    pub resources: Vec<&'static Resource>,
}

impl Catalog {
    /// What every cluster serves.
    pub fn builtin() -> Self {
        Catalog { resources: Schema::get().resources().iter().collect() }
    }

    pub fn find(&self, group: &str, version: &str, plural: &str) -> Option<&'static Resource> {
        self.resources
            .iter()
            .find(|r| r.plural == plural && r.group == group && r.version == version)
            .copied()
    }
}
