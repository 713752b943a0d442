//! Where in an object a value stands: `spec.containers[0].name`, `metadata.labels[app]`.
// Models apimachinery/pkg/util/validation/field/path.go.

use std::fmt;

/// A path from the object's root. Building a child leaves the parent as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldPath(String);

impl FieldPath {
    /// The root; it prints as nothing, or as `<nil>` where an error names it alone.
    pub fn root() -> Self {
        FieldPath::default()
    }

    pub fn new(name: &str) -> Self {
        FieldPath(name.to_owned())
    }

    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        FieldPath(if self.0.is_empty() { name.to_owned() } else { format!("{}.{name}", self.0) })
    }

    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        FieldPath(format!("{}[{index}]", self.0))
    }

    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        FieldPath(format!("{}[{key}]", self.0))
    }

    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(if self.is_root() { "<nil>" } else { &self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_children_indexes_and_keys() {
        let spec = FieldPath::new("spec");
        let name = spec.child("containers").index(0).child("name");
        assert_eq!(name.to_string(), "spec.containers[0].name");
        let label = FieldPath::new("metadata").child("labels").key("app");
        assert_eq!(label.to_string(), "metadata.labels[app]");
        assert_eq!(spec.to_string(), "spec");
        assert_eq!(FieldPath::root().to_string(), "<nil>");
    }
}
