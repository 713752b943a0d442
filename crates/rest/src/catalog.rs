//! Which resources are served, and under which names.

use schema::Schema;
use smol_str::SmolStr;

/// A part of a resource that has a path of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub name: SmolStr,
    pub group: SmolStr,
    pub version: SmolStr,
    pub kind: SmolStr,
    pub verbs: Vec<SmolStr>,
}

/// One resource in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    pub group: SmolStr,
    pub version: SmolStr,
    pub kind: SmolStr,
    pub plural: SmolStr,
    pub singular: SmolStr,
    pub short_names: Vec<SmolStr>,
    pub namespaced: bool,
    pub verbs: Vec<SmolStr>,
    pub categories: Vec<SmolStr>,
    pub parts: Vec<Part>,
}

impl Served {
    /// `v1` or `apps/v1`
    pub fn api_version(&self) -> SmolStr {
        apimachinery::gvk::api_version(&self.group, &self.version)
    }

    pub fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }

    pub fn allows(&self, verb: &str) -> bool {
        self.verbs.iter().any(|own| own == verb)
    }
}

/// All of them: the core group first, groups by priority, versions by preference.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    pub resources: Vec<Served>,
}

fn names(list: &[&'static str]) -> Vec<SmolStr> {
    list.iter().map(|name| SmolStr::new_static(name)).collect()
}

fn served(resource: &'static schema::Resource) -> Served {
    let part = |sub: &'static schema::Subresource| Part {
        name: SmolStr::new_static(sub.name),
        group: SmolStr::new_static(sub.group),
        version: SmolStr::new_static(sub.version),
        kind: SmolStr::new_static(sub.kind),
        verbs: names(&sub.verbs),
    };
    Served {
        group: SmolStr::new_static(resource.group),
        version: SmolStr::new_static(resource.version),
        kind: SmolStr::new_static(resource.kind),
        plural: SmolStr::new_static(resource.plural),
        singular: SmolStr::new_static(resource.singular),
        short_names: names(&resource.short_names),
        namespaced: resource.namespaced,
        verbs: names(&resource.verbs),
        categories: names(&resource.categories),
        parts: resource.subresources.iter().map(part).collect(),
    }
}

impl Catalog {
    /// What every cluster serves.
    pub fn builtin() -> Self {
        Catalog { resources: Schema::get().resources().iter().map(served).collect() }
    }

    pub fn find(&self, group: &str, version: &str, plural: &str) -> Option<&Served> {
        self.resources
            .iter()
            .find(|r| r.plural == plural && r.group == group && r.version == version)
    }

    /// Groups with their versions, the preferred version first; the core group is `""`.
    pub fn groups(&self) -> Vec<(SmolStr, Vec<SmolStr>)> {
        let mut groups: Vec<(SmolStr, Vec<SmolStr>)> = Vec::new();
        for resource in &self.resources {
            let version = &resource.version;
            match groups.iter_mut().find(|(name, _)| *name == resource.group) {
                Some((_, versions)) if versions.contains(version) => {}
                Some((_, versions)) => versions.push(version.clone()),
                None => groups.push((resource.group.clone(), vec![version.clone()])),
            }
        }
        groups
    }
}
