//! The resources the API server lists, and how kubectl's arguments name them.

use std::sync::{Mutex, PoisonError};

use crate::Schema;

#[derive(Debug, PartialEq, Eq)]
pub struct Resource {
    pub group: &'static str,
    pub version: &'static str,
    pub kind: &'static str,
    pub plural: &'static str,
    pub singular: &'static str,
    pub short_names: Vec<&'static str>,
    pub namespaced: bool,
    pub verbs: Vec<&'static str>,
    pub categories: Vec<&'static str>,
    pub subresources: Vec<Subresource>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Subresource {
    pub name: &'static str,
    pub group: &'static str,
    pub version: &'static str,
    pub kind: &'static str,
    pub verbs: Vec<&'static str>,
}

impl Resource {
    /// `v1` or `apps/v1`
    pub fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// `pods` or `deployments.apps`, as messages name a resource.
    pub fn group_resource(&self) -> String {
        match self.group {
            "" => self.plural.to_owned(),
            group => format!("{}.{group}", self.plural),
        }
    }

    pub fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|sub| sub.name == name)
    }

    fn answers_to(&self, name: &str) -> bool {
        self.plural == name || self.singular == name || self.short_names.contains(&name)
    }
}

impl Schema {
    /// In the order a server lists them: the core group first, groups by priority, versions by
    /// preference.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    pub fn resource(&self, group: &str, version: &str, plural: &str) -> Option<&Resource> {
        self.resources
            .iter()
            .find(|r| r.plural == plural && r.group == group && r.version == version)
    }

    pub fn resource_for_kind(&self, group: &str, version: &str, kind: &str) -> Option<&Resource> {
        self.resources.iter().find(|r| r.kind == kind && r.group == group && r.version == version)
    }

    /// Groups with their versions, the preferred version first; the core group is `""`.
    pub fn groups(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let mut groups: Vec<(&'static str, Vec<&'static str>)> = Vec::new();
        for resource in &self.resources {
            let at = groups.iter().position(|(name, _)| *name == resource.group);
            match at.and_then(|at| groups.get_mut(at)) {
                Some((_, versions)) if versions.contains(&resource.version) => {}
                Some((_, versions)) => versions.push(resource.version),
                None => groups.push((resource.group, vec![resource.version])),
            }
        }
        groups
    }

    pub fn preferred_version(&self, group: &str) -> Option<&'static str> {
        self.resources.iter().find(|r| r.group == group).map(|r| r.version)
    }

    /// Resolves `po`, `deploy`, `Deployment`, `deployment.apps`, `deployments.v1.apps`.
    pub fn resolve(&self, argument: &str) -> Option<&Resource> {
        resolve(&self.resources.iter().collect::<Vec<_>>(), argument)
    }

    /// The resources of a category such as `all`.
    pub fn category<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Resource> + 'a {
        self.resources.iter().filter(move |r| r.categories.contains(&name))
    }
}

/// The resource of a list that an argument means.
// Models apimachinery/pkg/api/meta/restmapper.go and kubectl's ParseResourceArg: the form
// resource.version.group is tried before resource.group, an exact group before a prefix.
pub fn resolve<'a>(resources: &[&'a Resource], argument: &str) -> Option<&'a Resource> {
    let argument = argument.to_ascii_lowercase();
    let all = || resources.iter().copied();
    let Some((name, rest)) = argument.split_once('.') else {
        return all().find(|r| r.answers_to(&argument));
    };
    let named = || all().filter(|r| r.answers_to(name));
    let (version, group) = rest.split_once('.').unwrap_or((rest, ""));
    named()
        .find(|r| r.version == version && r.group == group)
        .or_else(|| named().find(|r| r.group == rest))
        .or_else(|| named().find(|r| r.group.starts_with(rest)))
}

/// The names of a custom resource in one version.
#[derive(Debug)]
pub struct CustomNames<'a> {
    pub group: &'a str,
    pub version: &'a str,
    pub kind: &'a str,
    pub plural: &'a str,
    pub singular: &'a str,
    pub short_names: Vec<&'a str>,
    pub categories: Vec<&'a str>,
    pub namespaced: bool,
    /// `status` and `scale`.
    pub subresources: &'a [&'static str],
}

const VERBS: &[&str] =
    &["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

impl CustomNames<'_> {
    fn are_of(&self, resource: &Resource) -> bool {
        let own: Vec<&str> = resource.subresources.iter().map(|part| part.name).collect();
        (resource.group, resource.version, resource.kind) == (self.group, self.version, self.kind)
            && (resource.plural, resource.singular) == (self.plural, self.singular)
            && resource.short_names == self.short_names
            && resource.categories == self.categories
            && resource.namespaced == self.namespaced
            && own == self.subresources
    }
}

/// The entry of a custom resource, made once for its names and kept as long as the program: like
/// the schema's own, so that whoever holds resources need not tell them apart.
pub fn custom_resource(names: &CustomNames<'_>) -> &'static Resource {
    static MADE: Mutex<Vec<&'static Resource>> = Mutex::new(Vec::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = made.iter().find(|resource| names.are_of(resource)) {
        return known;
    }
    let keep = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    let all = |list: &[&str]| list.iter().map(|text| keep(text)).collect();
    let (group, version, kind) = (keep(names.group), keep(names.version), keep(names.kind));
    let part = |name: &&'static str| Subresource {
        name,
        group: if *name == "scale" { "autoscaling" } else { group },
        version: if *name == "scale" { "v1" } else { version },
        kind: if *name == "scale" { "Scale" } else { kind },
        verbs: vec!["get", "patch", "update"],
    };
    let resource: &'static Resource = Box::leak(Box::new(Resource {
        group,
        version,
        kind,
        plural: keep(names.plural),
        singular: keep(names.singular),
        short_names: all(&names.short_names),
        namespaced: names.namespaced,
        verbs: VERBS.to_vec(),
        categories: all(&names.categories),
        subresources: names.subresources.iter().map(part).collect(),
    }));
    made.push(resource);
    resource
}
