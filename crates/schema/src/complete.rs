//! What may be written at a place of a manifest: the editor's completion.

use crate::Schema;
use crate::explain::FieldDoc;
use crate::types::{FieldKind, TypeId};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// Fields of the object at the place.
    pub fields: Vec<FieldDoc>,
    /// Values of the scalar at the place: enum values, `true` and `false`.
    pub values: Vec<&'static str>,
}

impl Schema {
    /// What may stand at a path such as `["spec", "containers", "0", "imagePullPolicy"]`, with the
    /// indexes of lists and the keys of maps. Nothing for an unknown path.
    pub fn completions(&self, id: TypeId, path: &[&str]) -> Option<Completions> {
        let root = FieldKind::Object(id);
        let mut kind = &root;
        let mut enums: &[&'static str] = &[];
        for segment in path {
            match kind {
                FieldKind::Object(id) => {
                    let field = self.field(*id, segment)?;
                    (kind, enums) = (&field.kind, &field.enums);
                }
                FieldKind::Array(inner) if segment.parse::<u32>().is_ok() => kind = inner,
                FieldKind::Map(inner) => kind = inner,
                _ => return None,
            }
        }
        let mut found = Completions::default();
        match kind {
            FieldKind::Object(id) => {
                found.fields = self.ty(*id)?.fields.iter().map(FieldDoc::of).collect();
            }
            FieldKind::Boolean => found.values = vec!["true", "false"],
            FieldKind::Map(_) | FieldKind::Array(_) => {}
            _ => found.values = enums.to_vec(),
        }
        Some(found)
    }

    /// The kinds that can be written in a manifest, with their `apiVersion`.
    pub fn kinds(&self) -> impl Iterator<Item = (String, &'static str)> {
        self.resources()
            .iter()
            .filter(|r| r.verbs.contains(&"create"))
            .map(|r| (r.api_version(), r.kind))
    }
}
