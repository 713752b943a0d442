//! Names of kinds and resources.

use std::fmt;

use smol_str::SmolStr;

/// Group, version and kind; the core group is the empty string.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Gvk {
    pub group: SmolStr,
    pub version: SmolStr,
    pub kind: SmolStr,
}

impl Gvk {
    pub const fn fixed(group: &'static str, version: &'static str, kind: &'static str) -> Self {
        Gvk {
            group: SmolStr::new_static(group),
            version: SmolStr::new_static(version),
            kind: SmolStr::new_static(kind),
        }
    }

    /// `v1` or `apps/v1`.
    pub fn api_version(&self) -> SmolStr {
        api_version(&self.group, &self.version)
    }

    /// Reads `apiVersion` and `kind` as an object carries them.
    pub fn parse(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Gvk { group: group.into(), version: version.into(), kind: kind.into() }
    }
}

/// Joins group and version as `apiVersion` does.
pub fn api_version(group: &str, version: &str) -> SmolStr {
    if group.is_empty() { version.into() } else { smol_str::format_smolstr!("{group}/{version}") }
}

/// A resource of a group: `deployments` of `apps`. Versions of one resource share their objects.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct GroupResource {
    pub group: SmolStr,
    pub resource: SmolStr,
}

impl GroupResource {
    pub const fn fixed(group: &'static str, resource: &'static str) -> Self {
        GroupResource { group: SmolStr::new_static(group), resource: SmolStr::new_static(resource) }
    }
}

/// `deployments.apps`, or `pods` in the core group: as error texts name it.
impl fmt::Display for GroupResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() {
            f.write_str(&self.resource)
        } else {
            write!(f, "{}.{}", self.resource, self.group)
        }
    }
}

impl fmt::Debug for GroupResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
