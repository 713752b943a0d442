//! The types of the 1.36 API: what fields an object has, and how lists and maps in it merge.

use std::fmt;

/// Index of a type in the schema; dense, stable for one build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub u16);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gvk {
    pub group: &'static str,
    pub version: &'static str,
    pub kind: &'static str,
}

#[derive(Debug)]
pub struct Type {
    /// Definition name, such as `io.k8s.api.apps.v1.DeploymentSpec`.
    pub name: &'static str,
    /// Sorted by name.
    pub fields: Vec<Field>,
    pub gvks: Vec<Gvk>,
    /// The object is one unit for server-side apply (`x-kubernetes-map-type: atomic`).
    pub atomic: bool,
}

impl Type {
    /// `DeploymentSpec`
    pub fn short_name(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    /// `v1.DeploymentSpec`, as Go prints the type in decode errors.
    pub fn go_name(&self) -> &'static str {
        let mut dots = self.name.rmatch_indices('.').map(|(at, _)| at);
        let start = dots.nth(1).map_or(0, |at| at + 1);
        self.name.get(start..).unwrap_or(self.name)
    }

    pub fn field(&self, name: &str) -> Option<&Field> {
        let at = self.fields.binary_search_by(|field| field.name.cmp(name)).ok()?;
        self.fields.get(at)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    String,
    Int32,
    Int64,
    Number,
    Boolean,
    /// base64 text
    Bytes,
    Quantity,
    IntOrString,
    Time,
    MicroTime,
    Object(TypeId),
    /// Map from string to this kind.
    Map(Box<FieldKind>),
    Array(Box<FieldKind>),
    /// Any JSON (RawExtension, FieldsV1, a default in a CRD schema); the id names the type.
    Any(TypeId),
}

impl FieldKind {
    /// The type of the object itself or of its elements, through lists and maps.
    pub fn object(&self) -> Option<TypeId> {
        match self {
            FieldKind::Object(id) => Some(*id),
            FieldKind::Map(inner) | FieldKind::Array(inner) => inner.object(),
            _ => None,
        }
    }

    pub fn element(&self) -> Option<&FieldKind> {
        match self {
            FieldKind::Map(inner) | FieldKind::Array(inner) => Some(inner),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListType {
    Atomic,
    Map,
    Set,
}

/// What a strategic merge patch does with a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PatchStrategy {
    pub merge: bool,
    pub replace: bool,
    pub retain_keys: bool,
}

#[derive(Debug)]
pub struct Field {
    pub name: &'static str,
    pub kind: FieldKind,
    pub required: bool,
    pub patch_strategy: PatchStrategy,
    pub merge_key: Option<&'static str>,
    pub list_type: Option<ListType>,
    pub list_map_keys: Vec<&'static str>,
    /// A map that is one unit for server-side apply.
    pub atomic: bool,
    /// Not one unit, even if its type is one.
    pub granular: bool,
    /// A Go struct that is no pointer: always there.
    pub value_struct: bool,
    /// Allowed values; of a list or map, those of its elements.
    pub enums: Vec<&'static str>,
    pub(crate) go_type: Option<&'static str>,
}

/// One column of the server-side table; priority 0 shows always, above only with `-o wide`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    /// `string`, `integer`, `boolean` or `date`
    pub kind: &'static str,
    pub format: &'static str,
    pub priority: i32,
}

impl fmt::Display for Gvk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}, Kind={}", self.group, self.version, self.kind)
    }
}
